package nats

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"sync"

	"github.com/depthwire/depthwire/dial"
	"github.com/depthwire/depthwire/dial/internal/broker"
)

// network is the way to the server as nats.go wants it, for one link.
type network struct {
	s   *session
	ctx context.Context

	below *greeted // the connection that nats.go has, under its guard; of the goroutine that connects
	guard *broker.Guard

	mu   sync.Mutex
	conn net.Conn
	err  error // why the last host was not reached: nats.go says less
}

func (n *network) Dial(kind, address string) (net.Conn, error) {
	conn, err := n.s.reach(n.ctx, kind, address)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.conn, n.err = conn, err
	if err != nil {
		return nil, err
	}
	if n.ctx.Err() != nil { // cut came before
		conn.Close()
	}
	n.below = &greeted{Conn: conn, address: address}
	n.guard = broker.NewGuard(n.below, &frames{most: broker.Most(n.s.options)})
	return n.guard, nil
}

// cut ends a handshake.
func (n *network) cut() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.conn != nil {
		n.conn.Close()
	}
}

// SkipTLSHandshake is asked by nats.go when the server has said INFO and TLS is
// to follow. It is made here, below the guard, and not there, above.
func (n *network) SkipTLSHandshake() bool {
	n.below.encrypt(n.ctx, n.s.options)
	return true
}

// greeted is a connection whose first line is handed on alone: what follows
// belongs to TLS, if that is used.
type greeted struct {
	net.Conn
	address string
	heard   bool   // the first line
	rest    []byte // what came with it
	err     error  // of TLS: nats.go hears of it when it goes on
}

func (g *greeted) Read(p []byte) (int, error) {
	if g.err != nil {
		return 0, g.err
	}
	if len(g.rest) > 0 {
		n := copy(p, g.rest)
		g.rest = g.rest[n:]
		return n, nil
	}
	n, err := g.Conn.Read(p)
	if g.heard {
		return n, err
	}
	if i := bytes.IndexByte(p[:n], '\n'); i >= 0 {
		g.heard, g.rest = true, bytes.Clone(p[i+1:n])
		return i + 1, nil // an error comes again
	}
	return n, err
}

func (g *greeted) Write(p []byte) (int, error) {
	if g.err != nil {
		return 0, g.err
	}
	return g.Conn.Write(p)
}

func (g *greeted) encrypt(ctx context.Context, o dial.Options) {
	if len(g.rest) > 0 { // it would be taken for what came encrypted
		g.err = fmt.Errorf("%w: the server goes on before TLS", dial.ErrProtocol)
		return
	}
	host, _, _ := net.SplitHostPort(g.address)
	encrypted, err := broker.Secure(ctx, g.Conn, o.TLSFor(host))
	if g.err = err; err == nil {
		g.Conn = encrypted
	}
}
