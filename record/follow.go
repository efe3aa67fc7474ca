package record

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/depthwire/depthwire/exchange"
)

// The waits before something is tried again: random up to the bound, which doubles.
const (
	againLeast = 100 * time.Millisecond
	againMost  = 10 * time.Second
)

// pause waits before attempt try + 1; false when ctx ended first.
func pause(ctx context.Context, try int) bool {
	wait := time.NewTimer(rand.N(min(againLeast<<min(try, 16), againMost)))
	defer wait.Stop()
	select {
	case <-wait.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// subscription is what a Watch method returns.
type subscription[T any] interface {
	Next(ctx context.Context) (T, error)
	Err() error
	Close() error
}

// at makes WatchOrderBook like the other Watch methods.
func at[S any](depth int, watch func(ctx context.Context, depth int, symbols ...string) (S, error)) func(context.Context, ...string) (S, error) {
	return func(ctx context.Context, symbols ...string) (S, error) { return watch(ctx, depth, symbols...) }
}

// follow records one channel of one source until ctx ends or the venue ends the stream. Its
// error is one that trying again would not mend.
func follow[T any, S subscription[T]](ctx context.Context, r *Recorder, s Source, k *kind[T], watch func(context.Context, ...string) (S, error)) error {
	// The subscription outlives ctx: what has come until then is still read.
	life, leave := context.WithCancel(context.WithoutCancel(ctx))
	defer leave()
	var sub S
	begin := func() (err error) {
		stop := context.AfterFunc(ctx, leave)
		defer stop()
		sub, err = watch(life, s.Symbols...)
		return err
	}
	if err := r.insistOn(ctx, s.Client.Venue(), k.channel, begin); err != nil || ctx.Err() != nil {
		return err
	}
	defer sub.Close()
	var end time.Time // of ctx
	for {
		v, err := sub.Next(ctx)
		switch {
		case err == nil:
			if end.IsZero() && ctx.Err() != nil {
				end = time.Now()
			}
			if !end.IsZero() && k.stamp(&v).Received.After(end) {
				return nil
			}
			put(r.queue, k, &v)
		case ctx.Err() != nil:
			return nil
		default:
			r.end(s.Client.Venue(), k.channel, err)
			if sub.Err() != nil {
				return nil
			}
		}
	}
}

// insistOn begins a subscription, however long that takes; its error is one that trying
// again would not mend.
func (r *Recorder) insistOn(ctx context.Context, venue string, ch Channel, begin func() error) error {
	for try := 0; ; try++ {
		err := begin()
		switch {
		case err == nil || ctx.Err() != nil:
			return nil
		case !exchange.Retryable(err):
			return err
		}
		r.o.Log.Warn("cannot subscribe, trying again", "venue", venue, "channel", ch, "why", err)
		if !pause(ctx, try) {
			return nil
		}
	}
}

// end notes that a venue has ended a stream: the log says so, a gap, and, when it was the
// last one, Run.
func (r *Recorder) end(venue string, ch Channel, err error) {
	g := Gap{Venue: venue, Channel: ch, Cause: Ended, From: time.Now(), Err: err.Error()}
	var e *exchange.Error
	if errors.As(err, &e) {
		g.Symbol = e.Symbol
	}
	r.queue.end(g)
	r.o.Log.Error("stream ended", "venue", venue, "symbol", g.Symbol, "channel", ch, "why", err)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = append(r.ended, err)
}
