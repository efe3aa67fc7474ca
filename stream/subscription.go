package stream

import (
	"context"
	"errors"
	"iter"
	"sync"
	"sync/atomic"
)

// ErrClosed is what a Subscription answers after Close.
var ErrClosed = errors.New("stream: subscription closed")

// Subscription reads the values of one or many feeds. Receive them in one of
// three ways, not mixed: Next, NextInto or All in the reader's own goroutine, Chan for
// select, OnEvent in the goroutine that reads the socket. Next, NextInto, All and Chan are for
// one goroutine at a time; Close, Err and Lost are for any.
type Subscription[T any] struct {
	feeds []cursor[T]
	at    int // where the last value was found: the next search begins behind it
	got   T   // where it was put: a variable of Next would be allocated each time

	wake   chan struct{}
	parked atomic.Bool
	call   atomic.Pointer[callback[T]]
	lost   atomic.Uint64

	done    chan struct{}
	pump    sync.WaitGroup
	release func()
	unwatch func() bool

	mu  sync.Mutex
	err error
	out chan T
}

// Subscribe makes a reader of feeds. It ends with ctx or by Close, whichever comes
// first; release, if any, is called once then.
func Subscribe[T any](ctx context.Context, release func(), feeds ...*Feed[T]) *Subscription[T] {
	s := &Subscription[T]{wake: make(chan struct{}, 1), done: make(chan struct{}), release: release}
	s.feeds = make([]cursor[T], len(feeds))
	for i, f := range feeds {
		s.feeds[i] = cursor[T]{sub: s, feed: f}
		f.enter(&s.feeds[i])
	}
	s.mu.Lock() // ctx may have ended already: its AfterFunc runs beside us
	defer s.mu.Unlock()
	s.unwatch = context.AfterFunc(ctx, func() { s.end(context.Cause(ctx)) })
	return s
}

// Next returns the next value and waits for it until ctx ends. Of a feed that has
// ended it returns the reason once, and goes on with the others; when there are no
// others, or the subscription is closed, the error is final and comes again.
func (s *Subscription[T]) Next(ctx context.Context) (v T, err error) {
	if err := s.NextInto(ctx, &s.got); err != nil {
		return v, err
	}
	v, s.got = s.got, v // what the reader is given is his alone
	return v, nil
}

// NextInto is Next for a value that is used again: what dst holds, such as the levels of
// a book, may be overwritten, so that reading a state allocates nothing. After an error dst is undefined.
func (s *Subscription[T]) NextInto(ctx context.Context, dst *T) error {
	for {
		if err := s.Err(); err != nil {
			return err
		}
		if ok, err := s.take(dst); ok || err != nil {
			return err
		}
		s.parked.Store(true)
		if s.waiting() && !s.wait(ctx) {
			s.parked.Store(false)
			return context.Cause(ctx)
		}
		s.parked.Store(false)
	}
}

// wait returns when something may have come, false when ctx ended first.
func (s *Subscription[T]) wait(ctx context.Context) bool {
	select {
	case <-s.wake:
	case <-s.done:
	case <-ctx.Done():
		return false
	}
	return true
}

// All returns the values as they come. The loop ends with the subscription;
// an error is yielded when a feed ends for another reason than Close or ctx, and the
// loop goes on while there are feeds left.
func (s *Subscription[T]) All() iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for {
			v, err := s.Next(context.Background())
			if s.over() || !yield(v, err) || (err != nil && s.Err() != nil) {
				return
			}
		}
	}
}

// Chan returns a channel of the values; it is closed when the subscription
// ends, and Err says why. A state's channel holds the newest one only, of several things they wait. It is
// fed by one goroutine, which ends with the subscription.
func (s *Subscription[T]) Chan() <-chan T {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.out != nil {
		return s.out
	}
	s.out = make(chan T, 1)
	if s.over() {
		close(s.out)
		return s.out
	}
	s.pump.Go(s.feed)
	return s.out
}

// OnEvent has fn called with every value. What has come since the subscription began, and a state that is there
// already, it is shown before OnEvent returns; what comes after, in the goroutine that brings it, which is
// as a rule the one that reads the socket: fn must not block, and must copy what it wants
// to keep of *T. Calls for one feed do not overlap and come in order; those of several
// feeds may overlap. Called again, it replaces fn.
func (s *Subscription[T]) OnEvent(fn func(*T)) {
	b := &callback[T]{}
	b.fn.Store(&fn)
	if !s.call.CompareAndSwap(nil, b) {
		s.call.Load().fn.Store(&fn)
		return
	}
	var v T
	for done := false; !done && !s.over(); done = b.begin(s.feeds) {
		for i := range s.feeds {
			for lost, ok := s.feeds[i].take(&v); ok; lost, ok = s.feeds[i].take(&v) {
				s.lost.Add(lost)
				(*b.fn.Load())(&v)
			}
		}
	}
}

// callback is who wants every value at once.
type callback[T any] struct {
	fn   atomic.Pointer[func(*T)]
	live atomic.Bool // he has been shown all that lay there, and each feed's cursor says up to where

	mu sync.Mutex // orders what is published against the end of what lay there
}

// begin reports whether he has been shown all that there is; from then on he is called with what comes.
func (b *callback[T]) begin(feeds []cursor[T]) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range feeds {
		if c := &feeds[i]; c.next < c.feed.head.Load() {
			return false
		}
	}
	b.live.Store(true)
	return true
}

// begun reports whether begin has said so. A value that was counted before it is asked is not lost when it says no: begin sees it.
func (b *callback[T]) begun() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.live.Load()
}

// Err returns nil while the subscription lives, then why it ended: ErrClosed,
// the cause of its context, or what ended its last feed.
func (s *Subscription[T]) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// Lost returns how many events this reader missed because they were
// overwritten before he came to them. States are never lost this way.
func (s *Subscription[T]) Lost() uint64 { return s.lost.Load() }

// Close ends the subscription. When it was the last reader the venue is told
// to stop sending. It may be called more than once, and from any goroutine but
// that of OnEvent.
func (s *Subscription[T]) Close() error {
	s.end(ErrClosed)
	s.pump.Wait()
	return nil
}

func (s *Subscription[T]) end(why error) {
	s.mu.Lock()
	if s.err != nil && s.over() {
		s.mu.Unlock()
		return
	}
	if s.err == nil {
		s.err = why
	}
	unwatch := s.unwatch
	close(s.done)
	s.mu.Unlock()
	unwatch()
	for i := range s.feeds {
		s.feeds[i].feed.leave(&s.feeds[i])
	}
	if s.release != nil {
		s.release()
	}
}

// over reports whether Close or the context ended the subscription.
func (s *Subscription[T]) over() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

// take finds the next value, or the end of a feed that has not been told.
func (s *Subscription[T]) take(v *T) (bool, error) {
	left := 0
	for n := range s.feeds {
		i := (s.at + 1 + n) % len(s.feeds)
		c := &s.feeds[i]
		if lost, ok := c.take(v); ok {
			s.at = i
			s.lost.Add(lost)
			return true, nil
		}
		if !c.ended {
			left++
		}
	}
	for i := range s.feeds {
		c := &s.feeds[i]
		if err := c.feed.ended(); err != nil && !c.ended {
			c.ended = true
			if left == 1 {
				s.fail(err)
			}
			return false, err
		}
	}
	return false, nil
}

// fail notes the end of the last feed: there is nothing more to come.
func (s *Subscription[T]) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = err
	}
}

// waiting reports whether there is nothing to read, looked at once more after the
// reader has said that he waits: what came in between would not have woken him.
func (s *Subscription[T]) waiting() bool {
	for i := range s.feeds {
		c := &s.feeds[i]
		if c.next < c.feed.head.Load() || (!c.ended && c.feed.ended() != nil) {
			return false
		}
	}
	return true
}

func (s *Subscription[T]) ring() {
	if s.parked.Load() && s.parked.CompareAndSwap(true, false) {
		select {
		case s.wake <- struct{}{}:
		default:
		}
	}
}

// feed is the pump behind Chan. Of a state the newest replaces what has not
// been taken; an event waits for its reader in front of the ring.
func (s *Subscription[T]) feed() {
	defer close(s.out)
	for {
		v, err := s.Next(context.Background())
		switch {
		case s.over():
			return
		case err != nil:
			if s.Err() != nil {
				return
			}
			continue // the others go on; Health and the log tell of the one that ended
		case s.feeds[s.at].feed.size == 0 && s.feeds[s.at].feed.same == nil:
			s.replace(v)
		default:
			select {
			case s.out <- v:
			case <-s.done:
				return
			}
		}
	}
}

func (s *Subscription[T]) replace(v T) {
	select {
	case <-s.out:
	default:
	}
	s.out <- v // never blocks: this goroutine is the only sender
}
