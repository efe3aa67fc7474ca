package dial

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/gorilla/websocket"
)

// outlet lets one write at a time onto a connection, each until its ctx ends.
type outlet struct {
	writing chan struct{} // full while a message is written
	sending watch
	closed  atomic.Bool
	done    chan struct{} // closed after closed is set
}

func newOutlet() outlet {
	return outlet{writing: make(chan struct{}, 1), done: make(chan struct{})}
}

// send runs write when no other does, and has it end with ctx.
func (o *outlet) send(ctx context.Context, write func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case o.writing <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	case <-o.done:
		return ErrClosed
	}
	defer func() { <-o.writing }()
	o.sending.follow(ctx)
	err := write()
	switch {
	case err == nil:
		return nil
	case o.closed.Load() || errors.Is(err, websocket.ErrCloseSent):
		return ErrClosed
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return err
}
