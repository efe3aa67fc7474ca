package dial

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// reconnecting is a Conn that outlives its connection. The goroutine that
// reads also dials: there is no other.
type reconnecting struct {
	connect  func(context.Context) (Conn, error)
	interval time.Duration
	life     context.Context // ends with Close
	end      context.CancelFunc

	lost    error       // of the reader: why a new connection is due; nil when none is
	dialled time.Time   // of the reader: when the last attempt began
	told    func(error) // hears of a loss before the dialling begins, if set before the first Read

	mu   sync.Mutex
	conn Conn
}

func newReconnecting(conn Conn, connect func(context.Context) (Conn, error), interval time.Duration) *reconnecting {
	life, end := context.WithCancel(context.Background())
	return &reconnecting{connect: connect, interval: interval, life: life, end: end, conn: conn, dialled: time.Now()}
}

// OnLost implements Enduring.
func (r *reconnecting) OnLost(told func(error)) { r.told = told }

func (r *reconnecting) current() Conn {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.conn
}

func (r *reconnecting) Read(ctx context.Context) ([]byte, error) {
	if r.lost == nil {
		msg, err := r.current().Read(ctx)
		if err == nil || ctx.Err() != nil || r.life.Err() != nil || oneMessage(err) || errors.Is(err, errors.ErrUnsupported) {
			return msg, err
		}
		r.lost = err
		r.current().Close()
		if r.told != nil {
			r.told(err)
		}
	}
	if err := r.redial(ctx); err != nil {
		return nil, err
	}
	cause := r.lost
	r.lost = nil
	return nil, fmt.Errorf("%w: %v", ErrReconnected, cause) // the cause is past: it is told, and not a kind of this error
}

// redial returns with a new connection or when ctx or r is over. Attempts
// begin at least the interval apart, so that the first is made at once unless
// connections break as soon as they stand.
func (r *reconnecting) redial(ctx context.Context) error {
	dialling, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(r.life, cancel)()
	var failure error
	for {
		pause := time.NewTimer(time.Until(r.dialled.Add(r.interval)))
		select {
		case <-pause.C:
		case <-dialling.Done():
			pause.Stop()
			if r.life.Err() != nil {
				return ErrClosed
			}
			if failure == nil {
				return fmt.Errorf("dial: reconnecting: %w", ctx.Err())
			}
			return fmt.Errorf("dial: reconnecting: %w, last attempt: %w", ctx.Err(), failure)
		}
		r.dialled = time.Now()
		var conn Conn
		if conn, failure = r.connect(dialling); failure == nil {
			return r.replace(conn)
		}
	}
}

func (r *reconnecting) replace(conn Conn) error {
	r.mu.Lock()
	r.conn = conn
	r.mu.Unlock()
	if r.life.Err() != nil { // Close came first and closed the old one
		conn.Close()
		return ErrClosed
	}
	return nil
}

// Write gives a connection up that cannot write any more, so that the reader
// makes it anew, even if the peer goes on sending.
func (r *reconnecting) Write(ctx context.Context, msg []byte) error {
	conn := r.current()
	err := conn.Write(ctx, msg)
	if e, ok := errors.AsType[*Error](err); ok && e.mute {
		conn.Close()
	}
	return err
}

func (r *reconnecting) Close() error {
	r.end()
	return r.current().Close()
}

// Buffered implements Batched.
func (r *reconnecting) Buffered() bool {
	b, ok := r.current().(Batched)
	return ok && r.lost == nil && b.Buffered()
}

// Binary implements Typed.
func (r *reconnecting) Binary() bool {
	t, ok := r.current().(Typed)
	return ok && t.Binary()
}

// Ping implements Pinger.
func (r *reconnecting) Ping(ctx context.Context, payload []byte) error {
	if p, ok := r.current().(Pinger); ok {
		return p.Ping(ctx, payload)
	}
	return errors.ErrUnsupported
}

// LastHeard implements Heard: the zero time when the scheme does not know.
func (r *reconnecting) LastHeard() time.Time {
	if h, ok := r.current().(Heard); ok {
		return h.LastHeard()
	}
	return time.Time{}
}

// Acknowledges implements Acknowledging.
func (r *reconnecting) Acknowledges() bool {
	a, ok := r.current().(Acknowledging)
	return ok && a.Acknowledges()
}
