package kafka

import (
	"context"
	"errors"
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/depthwire/depthwire/dial"
)

// failing is a connection on which nothing works any more.
type failing struct {
	net.Conn
	err error
}

func (f failing) Read([]byte) (int, error)  { return 0, f.err }
func (f failing) Write([]byte) (int, error) { return 0, f.err }

// A connection that the peer or the network ended ends the link, whoever notices: kafka-go would go on with another, and nobody be told.
func TestWatched(t *testing.T) {
	for err, lost := range map[error]bool{syscall.ECONNRESET: true, syscall.EPIPE: true, net.ErrClosed: false, os.ErrDeadlineExceeded: false} {
		for name, use := range map[string]func(net.Conn) error{
			"read":  func(c net.Conn) error { _, err := c.Read(nil); return err },
			"write": func(c net.Conn) error { _, err := c.Write(nil); return err },
		} {
			l := new(link)
			l.life, l.cancel = context.WithCancel(t.Context())
			if got := use(&watched{Conn: failing{err: err}, l: l}); !errors.Is(got, err) {
				t.Errorf("%s: %v; want %v", name, got, err)
			}
			if over := l.life.Err() != nil; over != lost || lost && !errors.Is(l.why, dial.ErrLost) {
				t.Errorf("%s: %v ends the link: %v, with %v; want %v", name, err, over, l.why, lost)
			}
			l.cancel()
		}
	}
}
