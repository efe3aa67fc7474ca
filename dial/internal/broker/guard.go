package broker

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"sync/atomic"

	"github.com/depthwire/depthwire/dial"
)

// Follower follows the frames of a protocol through what a peer sends.
type Follower interface {
	// Follow is given what came, in order. It returns how many bytes of it may be
	// handed on: all, or with dial.ErrTooLarge or ErrProtocol those
	// before the last byte by which the peer announced what is refused. It keeps nothing of p.
	Follow(p []byte) (int, error)
}

// Guard is a connection that hands on what its Follower lets pass: client
// libraries believe a length, and allocate it.
type Guard struct {
	net.Conn
	follow  Follower
	refused error                 // of who reads
	told    atomic.Pointer[error] // refused, of everybody
}

// NewGuard guards conn, which must be what the library takes for the peer's
// bytes: above TLS.
func NewGuard(conn net.Conn, f Follower) *Guard { return &Guard{Conn: conn, follow: f} }

// Read hands on what came. It is called by one goroutine at a time.
func (g *Guard) Read(p []byte) (int, error) {
	if g.refused != nil {
		return 0, g.refused
	}
	n, err := g.Conn.Read(p)
	passed, refused := g.follow.Follow(p[:n])
	if refused == nil {
		return n, err
	}
	g.refused = refused
	g.told.Store(&refused)
	if passed > 0 {
		return passed, nil
	}
	return 0, refused
}

// Refused says why the connection is of no use any more; nil: it is not the
// guard's doing. Not every library passes on what Read returns.
func (g *Guard) Refused() error {
	if g == nil {
		return nil
	}
	if why := g.told.Load(); why != nil {
		return *why
	}
	return nil
}

// Blame is err, or what the guard refused, which led to it.
func (g *Guard) Blame(err error) error {
	if why := g.Refused(); why != nil {
		return why
	}
	return err
}

// Most is how many bytes a peer may announce at once: the message that costs
// itself only may be twice as large as what is let through, and what goes with it, and answers
// that are no message, take their part.
func Most(o dial.Options) int { return 2*min(o.MaxMessage, 1<<40) + 4<<20 }

// TooLarge says that a peer announced n bytes.
func TooLarge(n, most int) error {
	return fmt.Errorf("%w: the server announces %d bytes, %d are let through", dial.ErrTooLarge, n, most)
}

// Secure makes a TLS connection of conn, or closes it.
func Secure(ctx context.Context, conn net.Conn, config *tls.Config) (net.Conn, error) {
	encrypted := tls.Client(conn, config)
	if err := encrypted.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	return encrypted, nil
}
