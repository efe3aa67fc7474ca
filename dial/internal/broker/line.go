package broker

import (
	"context"
	"errors"
	"net"
	"os"
	"sync/atomic"
	"time"

	"github.com/depthwire/depthwire/dial"
)

// WriteLimit is how long the network may take nothing of what is written, at most. The
// client libraries write under locks and without the ctx of who asked: it is
// also how long one of their calls, Close too, may outlast its ctx.
const WriteLimit = 5 * time.Second

// Dialer is the way to the network that o describes, of connections that end
// when they are stuck.
func Dialer(o dial.Options) (func(ctx context.Context, network, address string) (net.Conn, error), error) {
	reach, err := o.Dialer()
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := reach(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &line{Conn: conn}, nil
	}, nil
}

// line is a connection of which no Write waits for ever.
type line struct {
	net.Conn
	asked atomic.Int64 // the deadline for writes that its user has set, in Unix nanoseconds; 0: none
	until atomic.Int64 // the one that holds
}

const (
	atOnce = 64 << 10    // bytes of which some must pass within the limit
	spared = time.Second // of the limit, so that not every Write sets a deadline
)

func (l *line) Write(p []byte) (n int, err error) {
	for {
		l.limit(time.Now())
		some, err := l.Conn.Write(p[n:min(len(p), n+atOnce)])
		n += some
		if errors.Is(err, os.ErrDeadlineExceeded) && l.until.Load() != l.asked.Load() {
			l.Conn.Close() // so that who reads is told
		}
		if err != nil || n == len(p) {
			return n, err
		}
	}
}

// limit sees to it that a Write that begins now ends.
func (l *line) limit(now time.Time) {
	until, asked := now.Add(WriteLimit).UnixNano(), l.asked.Load()
	if asked != 0 && asked < until {
		until = asked
	} else if held := l.until.Load(); held > until-int64(spared) && held <= until {
		return
	}
	l.until.Store(until)
	l.Conn.SetWriteDeadline(time.Unix(0, until))
}

func (l *line) SetWriteDeadline(t time.Time) error {
	var asked int64
	if !t.IsZero() {
		asked = t.UnixNano()
	}
	l.asked.Store(asked)
	l.until.Store(asked) // 0: the next Write sets one
	return l.Conn.SetWriteDeadline(t)
}

func (l *line) SetDeadline(t time.Time) error {
	if err := l.Conn.SetReadDeadline(t); err != nil {
		return err
	}
	return l.SetWriteDeadline(t)
}
