package exchange

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/stream"
)

// consolidation keeps the merged book of one symbol for one subscription. Each venue has a
// goroutine, which takes the venue's newest book as a reader like any other: the goroutines that
// read sockets wait for none of this. The merge is made by who reads, under mu, and holds up those
// goroutines only.
type consolidation struct {
	symbol string
	depth  int
	feed   *stream.Feed[ConsolidatedBook]
	work   sync.WaitGroup

	turn sync.Mutex // over readers' callbacks, so that these come one at a time

	mu    sync.Mutex
	merge merger
	legs  []*leg
	ended []error // why venues will not come back
}

func newConsolidation(symbol string, depth int, legs []*leg) *consolidation {
	f := &consolidation{symbol: symbol, depth: depth, legs: legs}
	f.feed = stream.NewState(kind[ConsolidatedBook](), f.read)
	return f
}

func (f *consolidation) read(dst *ConsolidatedBook) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.merge.assemble(dst, f.symbol, f.depth, f.legs)
}

func (f *consolidation) start(ctx context.Context) {
	for _, l := range f.legs {
		f.work.Go(func() { f.keep(ctx, l) })
	}
}

// rejoin is the wait before a venue whose subscription failed is asked again.
var rejoin = stream.Backoff{Base: time.Second, Cap: 30 * time.Second}

// keep follows one venue until ctx ends, or until the venue cannot have the symbol.
func (f *consolidation) keep(ctx context.Context, l *leg) {
	for try := 1; ; try++ {
		heard, err := f.follow(ctx, l)
		if ctx.Err() != nil {
			return
		}
		if heard {
			try = 1
		}
		final := hopeless(err)
		f.leave(l, err, final)
		if final {
			return
		}
		wait := time.NewTimer(max(rejoin.Wait(try, rand.Float64()), retryAfter(err)))
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
			return
		}
	}
}

// hopeless reports whether a venue will give the same answer again. What was merely not understood may be
// understood the next time.
func hopeless(err error) bool {
	if Retryable(err) {
		return false
	}
	for _, kind := range []error{ErrBadRequest, ErrNotSupported, ErrAuth, ErrClosed} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

func retryAfter(err error) time.Duration {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.RetryAfter
	}
	return 0
}

// follow takes the books of one subscription on the venue, and returns what ended it.
func (f *consolidation) follow(ctx context.Context, l *leg) (heard bool, err error) {
	m, err := l.find(ctx)
	if err != nil {
		return false, err
	}
	sub, err := l.client.WatchOrderBook(ctx, f.depth, l.theirs)
	if err != nil {
		return false, err
	}
	defer sub.Close()
	f.mu.Lock()
	l.market = m
	f.mu.Unlock()
	var next OrderBook
	for {
		if err := sub.NextInto(ctx, &next); err != nil {
			return heard, err
		}
		heard = heard || next.live()
		f.take(l, &next)
	}
}

// take makes next the venue's book; next is given the one before to be used again.
func (f *consolidation) take(l *leg, next *OrderBook) {
	f.mu.Lock()
	told := l.turned(next)
	l.book, *next = *next, l.book
	told = f.attribute(l, told)
	f.mu.Unlock()
	f.tell(told)
}

// turned brings the state of a venue up to its next book, and returns the hole that it tells of.
func (l *leg) turned(next *OrderBook) *stream.Break {
	s := &l.state
	hole := next.Break
	if hole == nil && next.live() && s.State != book.Live && s.Break != nil { // another subscription than the one that broke
		healed := *s.Break
		healed.To, healed.Healed = next.Received, true
		hole = &healed
	}
	changed, last := s.State != next.State || hole != nil, cmp.Or(hole, s.Break)
	if changed {
		s.Since = time.Now()
	}
	switch {
	case next.live():
		s.Stamp, s.Err = next.Stamp, nil
		s.Raw = nil
	case changed:
		s.Err = l.absence(next.State, last)
	}
	s.State, s.Break = next.State, last
	return hole
}

// absence says why a venue is not in the book.
func (l *leg) absence(state book.State, hole *stream.Break) error {
	e := &Error{Venue: l.state.Venue, Op: "WatchOrderBook", Symbol: l.theirs, Kind: ErrOutOfSync, Message: state.String()}
	if hole != nil && !hole.Healed {
		e.Message, e.Err = e.Message+" after "+string(hole.Cause), hole.Err
	}
	return e
}

// leave takes a venue out whose subscription has failed.
func (f *consolidation) leave(l *leg, err error, final bool) {
	if _, ok := errors.AsType[*Error](err); !ok {
		err = &Error{Venue: l.client.Venue(), Op: "WatchOrderBook", Symbol: l.theirs, Err: err}
	}
	f.mu.Lock()
	s := &l.state
	var told *stream.Break
	if s.State == book.Live {
		told = &stream.Break{Cause: stream.Disconnect, From: s.Received, FromID: id(s.Seq), Err: err}
		s.Break = told
	}
	if s.State != book.Syncing {
		s.Since = time.Now()
	}
	s.State, s.Err = book.Syncing, err
	l.book.Bids, l.book.Asks = l.book.Bids[:0], l.book.Asks[:0]
	told = f.attribute(l, told)
	if final {
		f.ended = append(f.ended, err)
	}
	over := len(f.ended) == len(f.legs)
	f.mu.Unlock()
	f.tell(told)
	if over {
		f.feed.Fail(errors.Join(f.ended...))
	}
}

// attribute makes a venue's hole one of the merged book: with the venue's name, and healed when
// no other venue has one. mu is held.
func (f *consolidation) attribute(l *leg, hole *stream.Break) *stream.Break {
	if hole == nil {
		return nil
	}
	b := *hole
	b.Err = &Error{Venue: l.state.Venue, Op: "WatchOrderBook", Symbol: l.theirs, Kind: ErrOutOfSync, Message: string(b.Cause), Err: hole.Err}
	for _, x := range f.legs {
		if x != l && x.state.State != book.Live && x.state.Break != nil {
			b.Healed = false
		}
	}
	return &b
}

// tell has the readers look.
func (f *consolidation) tell(hole *stream.Break) {
	f.turn.Lock()
	f.feed.Touch(hole, nil)
	f.turn.Unlock()
	f.feed.Flush()
}
