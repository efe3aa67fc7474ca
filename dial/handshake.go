package dial

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

func init() {
	for _, scheme := range []string{"ws", "wss"} {
		Register(scheme, func(ctx context.Context, rest string, o Options) (Conn, error) {
			return openSocket(ctx, scheme, rest, o)
		})
	}
}

// writeBuffers are shared: writing is rare, and a message that fits into one
// is sent as one frame.
var writeBuffers sync.Pool

const writeBuffer = 64 << 10

func openSocket(ctx context.Context, scheme, rest string, o Options) (Conn, error) {
	if o.Framing != Raw {
		return nil, optionError("framing", "none with "+scheme+", which has its own")
	}
	u, err := url.Parse(scheme + "://" + rest)
	if err != nil || u.Hostname() == "" || u.Fragment != "" {
		return nil, fmt.Errorf("%w: want %s://host/path", ErrAddress, scheme) // the cause quotes the address
	}
	s := &socket{addr: scheme + "://" + u.Host, compress: o.Compress, inflates: o.inflates(), outlet: newOutlet()}
	s.inflater.Max = o.MaxMessage
	if o.deflates() {
		if s.deflater, err = newDeflater(o.Compress); err != nil {
			return nil, err
		}
	}
	bounded, cancel := context.WithTimeout(ctx, o.HandshakeTimeout)
	defer cancel()
	if err := s.handshake(bounded, u, o); err != nil {
		return nil, &Error{Op: "dial", Addr: s.addr, Err: dialFailure(ctx, bounded, err)}
	}
	s.reading.set, s.sending.set = s.conn.SetReadDeadline, s.conn.SetWriteDeadline
	s.alarm.set(o.Silence, &s.in.heard, s.reading.close)
	return s, nil
}

// handshake connects s. ctx ends it at any point.
func (s *socket) handshake(ctx context.Context, u *url.URL, o Options) error {
	reach, err := o.dialer()
	if err != nil {
		return err
	}
	if s.raw, err = reach(ctx, "tcp", hostPort(u)); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { s.raw.Close() })
	err = s.upgrade(ctx, u, o)
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		s.raw.Close()
	}
	return err
}

// upgrade makes a WebSocket of the network connection.
func (s *socket) upgrade(ctx context.Context, u *url.URL, o Options) error {
	s.conn = s.raw
	if u.Scheme == "wss" {
		secure := tls.Client(s.raw, o.tlsConfig(u.Hostname(), http11))
		if err := secure.HandshakeContext(ctx); err != nil {
			return err
		}
		s.conn = secure
	}
	s.in = newReceiver(s.conn, o.ReadBuffer, o.MaxMessage)
	s.link = &link{Conn: s.conn, in: s.in, left: maxHandshake}
	ready := func(context.Context, string, string) (net.Conn, error) { return s.link, nil }
	header := maps.Clone(o.Header)
	if u.User != nil {
		if header == nil {
			header = make(http.Header)
		}
		password, _ := u.User.Password()
		header.Set("Authorization", basicAuth(u.User.Username(), password))
		plain := *u
		plain.User = nil
		u = &plain
	}
	dialer := websocket.Dialer{
		NetDialContext:    ready,
		NetDialTLSContext: ready,
		WriteBufferPool:   &writeBuffers,
		WriteBufferSize:   writeBuffer,
	}
	ws, response, err := dialer.DialContext(ctx, u.String(), header)
	switch {
	case errors.Is(err, websocket.ErrBadHandshake) && response.StatusCode != http.StatusSwitchingProtocols:
		body := make([]byte, 1<<10)
		n, _ := response.Body.Read(body) // gorilla has it in memory
		return &HandshakeError{Status: response.StatusCode, Header: response.Header, Body: body[:n]}
	case err != nil && response != nil:
		return fmt.Errorf("%w: %w", ErrProtocol, err)
	case err != nil:
		return err
	case response.Header.Get("Sec-Websocket-Extensions") != "":
		return protocolError("server uses an extension that was not offered")
	}
	s.ws = ws
	return nil
}

// link is the network connection as gorilla sees it. It reads byte by byte
// through the receive buffer, so that nothing behind the handshake is taken
// from there, and leaves all deadlines to the socket.
type link struct {
	net.Conn
	in   *receiver
	left int // bytes that the handshake may still take
	sent int // bytes of the message that is written; of who holds outlet.writing
}

func (l *link) Write(p []byte) (int, error) {
	n, err := l.Conn.Write(p)
	l.sent += n
	return n, err
}

func (l *link) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if l.left--; l.left < 0 {
		return 0, fmt.Errorf("%w: handshake", ErrTooLarge)
	}
	b, err := l.in.ReadByte()
	if err != nil {
		return 0, err
	}
	p[0] = b
	return 1, nil
}

func (l *link) SetDeadline(time.Time) error      { return nil }
func (l *link) SetWriteDeadline(time.Time) error { return nil }
