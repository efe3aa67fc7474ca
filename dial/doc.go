// Package dial makes connections by address and reads and writes them in
// messages.
//
//	conn, err := dial.Dial(ctx, "wss://host/path|compress=gzip_raw&mode=recv&proxy=socks5://u:p@host:1080")
//
// What follows a single | are options; Parse has their grammar, and Go callers
// fill the same Options. A scheme is whatever Register made known: tcp, tls,
// unix, udp, ws and wss are built in; brokers and databases come with the
// import of their package, such as dial/nats and dial/sqlite.
//
// The byte streams of tcp, tls and unix are read as they come, or cut into
// messages by Options.Framing; a datagram of udp is a message. The peer's end
// of a stream is io.EOF, in the middle of a message io.ErrUnexpectedEOF. A
// TLS stream that ends without TLS's own farewell was cut, and says so.
//
// A WebSocket is dialled, upgraded and written by gorilla/websocket and read
// by this package: frames are parsed where they lie in the receive buffer and
// a message is a slice of it, so that a Read neither copies nor allocates
// unless the message came in fragments or compressed. Pings are answered and
// close frames returned while reading, so somebody must read. Text is not
// checked to be UTF-8, as whoever parses the message will. No extension is
// offered, permessage-deflate least of all.
//
// A message that is too large or damaged costs that message only: Read says
// so, and the next Read goes on behind it. Every other error of Read but the
// end of its ctx is final, unless Options.Reconnect is set: then the Read that
// made the connection anew returns ErrReconnected, once.
//
// NewQueue reads a connection ahead, for a program that looks for messages
// when it has time: Read, ReadTimeout, TryRead and ReadLatest say Message,
// None or Lost.
package dial
