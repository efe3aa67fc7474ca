package record

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// write hands batches to the sink until read is closed and everything is written, or ctx ends.
func (r *Recorder) write(ctx context.Context, read <-chan struct{}) error {
	var cursor uint64
	err := r.insist(ctx, "cannot read the sink's cursor", func() (err error) {
		cursor, err = r.o.Sink.Cursor(ctx)
		return err
	})
	if err != nil {
		return r.left(nil, err)
	}
	tick := time.NewTicker(r.o.BatchEvery)
	defer tick.Stop()
	for all, over := false, false; !over; {
		select {
		case <-r.queue.full:
			all = false
		case <-tick.C:
			all = true
		case <-read:
			all, over = true, true
		}
		for b := r.queue.take(all); b != nil; b = r.queue.take(all) {
			// One batch that is not full a turn: what comes meanwhile waits for the next.
			all = all && b.Rows() >= r.queue.size
			b.From, b.To = cursor, cursor+uint64(b.Rows())
			if err := r.insist(ctx, "cannot write", func() error { return r.o.Sink.Write(ctx, b) }); err != nil {
				return r.left(b, err)
			}
			cursor = b.To
			r.queue.stored(b)
		}
	}
	return nil
}

// insist does something with the sink until it succeeds, ctx ends, or the store turns
// out to be another's.
func (r *Recorder) insist(ctx context.Context, failure string, do func() error) error {
	for try := 0; ; try++ {
		err := do()
		if err == nil {
			return nil
		}
		r.queue.failed(err)
		if errors.Is(err, ErrFenced) || errors.Is(err, ErrOverlap) {
			return err
		}
		r.o.Log.Warn(failure+", trying again", "try", try+1, "why", err)
		if !pause(ctx, try) {
			return err
		}
	}
}

// left says what was not written, b and what waits behind it, and why.
func (r *Recorder) left(b *Batch, why error) error {
	rows := r.queue.left(b)
	if rows == "" {
		return why
	}
	return fmt.Errorf("%w: %s: %w", ErrLeft, rows, why)
}
