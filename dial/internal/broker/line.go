package broker

import (
	"context"
	"net"
	"sync/atomic"
	"time"

	"github.com/depthwire/depthwire/dial"
)

// WriteLimit is how long the network may take nothing of what is written. The
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
	asked atomic.Int64 // the deadline for writes that its user has set; 0: none
}

// atOnce is how much must pass within the limit.
const atOnce = 64 << 10

func (l *line) Write(p []byte) (n int, err error) {
	for {
		limit := time.Now().Add(WriteLimit)
		asked := l.asked.Load()
		if asked != 0 && asked < limit.UnixNano() {
			l.Conn.SetWriteDeadline(time.Unix(0, asked))
		} else {
			l.Conn.SetWriteDeadline(limit)
		}
		some, err := l.Conn.Write(p[n:min(len(p), n+atOnce)])
		n += some
		if err != nil && !time.Now().Before(limit) {
			l.Conn.Close() // so that who reads is told
		}
		if err != nil || n == len(p) {
			return n, err
		}
	}
}

func (l *line) SetWriteDeadline(t time.Time) error {
	var asked int64
	if !t.IsZero() {
		asked = t.UnixNano()
	}
	l.asked.Store(asked)
	return l.Conn.SetWriteDeadline(t)
}

func (l *line) SetDeadline(t time.Time) error {
	if err := l.Conn.SetReadDeadline(t); err != nil {
		return err
	}
	return l.SetWriteDeadline(t)
}
