package dial

import (
	"context"
	"sync"
	"time"
)

// watch makes one direction of a connection end with a ctx. A ctx is watched
// from its first use until another comes, so that a loop over one ctx pays
// nothing for it.
type watch struct {
	set  func(time.Time) error // SetReadDeadline or SetWriteDeadline
	done <-chan struct{}       // of the ctx that is watched; its user alone changes it, under mu

	mu   sync.Mutex
	stop func() bool
	over bool
	shut bool // no other ctx opens it again
}

// past is a deadline that is over; the clocks of tests start in 2000.
var past = time.Unix(1, 0)

// follow has one caller at a time.
func (w *watch) follow(ctx context.Context) {
	// Channels are compared, for not every ctx is comparable.
	if ctx.Done() != w.done {
		w.change(ctx)
	}
}

func (w *watch) change(ctx context.Context) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over {
		return
	}
	if w.stop != nil {
		w.stop()
	}
	done := ctx.Done()
	w.done, w.stop = done, nil
	if w.shut {
		return
	}
	w.set(time.Time{})
	if done != nil {
		w.stop = context.AfterFunc(ctx, func() { w.expire(done) })
	}
}

// expire unblocks the direction, unless another ctx came meanwhile.
func (w *watch) expire(done <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.done == done && !w.over {
		w.set(past)
	}
}

// close ends the direction, whatever ctx comes.
func (w *watch) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.over {
		w.shut = true
		w.set(past)
	}
}

// release forgets the ctx for good.
func (w *watch) release() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = true
	if w.stop != nil {
		w.stop()
	}
}
