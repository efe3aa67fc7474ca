package dial

import (
	"context"
	"sync"
)

// pipeDepth is how many messages a Pipe holds in each direction before Write
// waits.
const pipeDepth = 64

// Pipe returns the two ends of a connection in memory: a message written to
// one is read from the other. Each direction holds 64 messages, then Write
// waits for the reader. When an end is closed, the other reads what was
// written before and then a CloseError of code 1000. It works under
// testing/synctest.
func Pipe() (a, b Conn) {
	x, y := newPipeEnd(), newPipeEnd()
	x.peer, y.peer = y, x
	return x, y
}

type pipeEnd struct {
	peer   *pipeEnd
	in     chan []byte
	closed chan struct{}
	close  func()
	last   []byte // reused, as the contract of Read says, so that a test notices who keeps an alias
}

func newPipeEnd() *pipeEnd {
	e := &pipeEnd{in: make(chan []byte, pipeDepth), closed: make(chan struct{})}
	e.close = sync.OnceFunc(func() { close(e.closed) })
	return e
}

func (e *pipeEnd) Read(ctx context.Context) ([]byte, error) {
	if err := e.err(ctx, "read"); err != nil {
		return nil, err
	}
	select {
	case msg := <-e.in:
		return e.keep(msg), nil
	default:
	}
	select {
	case msg := <-e.in:
		return e.keep(msg), nil
	case <-e.closed:
		return nil, pipeError("read", ErrClosed)
	case <-ctx.Done():
		return nil, pipeError("read", ctx.Err())
	case <-e.peer.closed:
	}
	select {
	case msg := <-e.in: // written before the peer closed
		return e.keep(msg), nil
	default:
		return nil, pipeError("read", &CloseError{Code: closeNormal})
	}
}

func (e *pipeEnd) Write(ctx context.Context, msg []byte) error {
	if err := e.err(ctx, "write"); err != nil {
		return err
	}
	select {
	case <-e.peer.closed:
		return pipeError("write", &CloseError{Code: closeNormal})
	default:
	}
	select {
	case e.peer.in <- append([]byte{}, msg...):
		return nil
	case <-e.closed:
		return pipeError("write", ErrClosed)
	case <-e.peer.closed:
		return pipeError("write", &CloseError{Code: closeNormal})
	case <-ctx.Done():
		return pipeError("write", ctx.Err())
	}
}

// Buffered implements Batched.
func (e *pipeEnd) Buffered() bool { return len(e.in) > 0 }

func (e *pipeEnd) Close() error {
	e.close()
	return nil
}

func (e *pipeEnd) keep(msg []byte) []byte {
	e.last = append(e.last[:0], msg...)
	return e.last
}

func (e *pipeEnd) err(ctx context.Context, op string) error {
	select {
	case <-e.closed:
		return pipeError(op, ErrClosed)
	default:
	}
	if err := ctx.Err(); err != nil {
		return pipeError(op, err)
	}
	return nil
}

func pipeError(op string, err error) error { return &Error{Op: op, Addr: "pipe", Err: err} }
