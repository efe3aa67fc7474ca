// Package replay brings raw frames of a recording back: as a simulated venue that the same clients watch, or as a file.
//
//	server, err := replay.Open(ctx, "log", replay.Options{Venue: "okx", Speed: 10})
//	client := okx.New(exchange.Options{Endpoints: server.Endpoints(), DialContext: server.DialContext})
//	<-server.Played() // what the client has subscribed to is at its end
//
// A recording is any [Frames]: the log of a recorder, a store, or a file of JSON lines, which [Write] makes. Each line is an object with
// t (when it was received or sent, ns since 1970), kind (open, in, out and close of a socket; http: the body of an answer), venue, conn
// (the number of the socket), url, and what was said as text, or b64 where it is no text.
package replay
