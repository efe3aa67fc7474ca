package exchangetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/stream"
	"github.com/depthwire/depthwire/venuetest"
)

// depths are those that books of the family can be asked for, 0 for all.
func depths(f *exchange.Family) []int {
	all := []int{0}
	for _, ch := range f.Push.OrderBook {
		all = append(all, ch.Depths...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// channel is what serves a depth: the first that goes as deep.
func channel(f *exchange.Family, depth int) *exchange.BookChannel {
	if all := depths(f); depth == 0 {
		depth = all[len(all)-1]
	}
	for i := range f.Push.OrderBook {
		if ch := &f.Push.OrderBook[i]; depth <= slices.Max(ch.Depths) {
			return ch
		}
	}
	return nil
}

// gap sees that a lost delta is told once, that the book is healed and the venue's own, and that the
// other symbol notices nothing. A channel of which each message is the whole book has nothing to tell.
func gap(depth int) func(*scene) error {
	return func(s *scene) error {
		hurt, other := s.symbols[0], s.symbols[1]
		e, ch, err := s.books(depth)
		if err != nil {
			return err
		}
		before := s.server.Stats().Connections
		s.server.Fault(venuetest.Fault{Kind: venuetest.DropDelta, ID: hurt})
		if err := errors.Join(s.more(e, 8, s.symbols...), s.truth(e, ch, depth), e.unbroken(other)); err != nil {
			return err
		}
		if n := s.server.Stats().Connections - before; n > 0 {
			return fmt.Errorf("%d connections were replaced for a lost delta", n)
		}
		return holes(e.get(hurt).breaks, ch.Sync.Source != exchange.EveryMessage)
	}
}

// books watches the books of all symbols and compares them with the oracle.
func (s *scene) books(depth int) (*ear, *exchange.BookChannel, error) {
	watch := push(func(c *exchange.Client, ctx context.Context, symbols ...string) (*stream.Subscription[exchange.OrderBook], error) {
		return c.WatchOrderBook(ctx, depth, symbols...)
	}, (*judge).orderBook)
	t, err := watch(s, s.symbols...)
	if err != nil {
		return new(ear), nil, err
	}
	e := &ear{tap: t, of: make(map[string]*heard)}
	ch := channel(s.family, depth)
	t.onEvent(func(v value) { e.hear(s.compared(v, ch, depth)) })
	if err := errors.Join(s.more(e, 5, s.symbols...), s.truth(e, ch, depth)); err != nil {
		return e, ch, err
	}
	for _, symbol := range s.symbols {
		if s.h.Shallow == "" || len(e.get(symbol).last.book.Bids) < slices.Max(ch.Depths) {
			return e, ch, nil
		}
	}
	return e, ch, fmt.Errorf("all books are %d levels deep in spite of: %s", slices.Max(ch.Depths), s.h.Shallow)
}

// faults sees that the deepest book is never wrong, whatever befalls its messages, that each loss is told and healed, and
// that what loses nothing is not told.
func faults(s *scene) error {
	hurt, other := s.symbols[0], s.symbols[1]
	e, ch, err := s.books(0)
	if err != nil {
		return err
	}
	deltas := ch.Sync.Source != exchange.EveryMessage
	for _, f := range []struct {
		kind  venuetest.Kind
		loses bool // where messages are deltas
	}{
		{venuetest.DuplicateDelta, false}, {venuetest.DropDelta, true}, {venuetest.SwapDeltas, true}, {venuetest.WrongSequence, true}, {venuetest.CrossedBook, true},
	} {
		if !deltas && (f.kind == venuetest.WrongSequence || f.kind == venuetest.CrossedBook) {
			continue // a whole book that is wrong is the venue's
		}
		before := len(e.get(hurt).breaks)
		s.server.Fault(venuetest.Fault{Kind: f.kind, ID: hurt})
		if err := errors.Join(s.more(e, 10, s.symbols...), s.truth(e, ch, 0), e.unbroken(other)); err != nil {
			return fmt.Errorf("%s: %w", f.kind, err)
		}
		told := e.get(hurt).breaks[before:]
		if (len(told) > 0) != (f.loses && deltas) {
			return fmt.Errorf("%s: told %+v", f.kind, told)
		}
		for i, b := range told {
			if b.Healed != (i%2 == 1) || i == len(told)-1 && !b.Healed {
				return fmt.Errorf("%s: told %+v, want each hole healed", f.kind, told)
			}
		}
	}
	return nil
}

// slowStart sees that a book whose beginning is late, too old or lost is waited for without a word, and right then.
func slowStart(s *scene) error {
	for _, f := range []venuetest.Fault{
		{Kind: venuetest.StaleSnapshot, N: 2}, {Kind: venuetest.SlowSnapshot, For: 3 * time.Second}, {Kind: venuetest.SnapshotNever},
		{Kind: venuetest.DelayAck, For: 3 * time.Second}, {Kind: venuetest.NoAck}, {Kind: venuetest.NeverSpeak},
		{Kind: venuetest.HTTPStatus, Code: 503, N: 2},
	} {
		s.server.Fault(f)
		e, _, err := s.books(0)
		mute := f.Kind == venuetest.NoAck || f.Kind == venuetest.NeverSpeak // a book may be live by its snapshot, and is told to be silent
		if err == nil && !mute {
			err = e.unbroken(s.symbols...)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", f.Kind, err)
		}
		s.server.Heal()
		e.tap.close()
		s.step(60) // the connection is given up
	}
	return nil
}

// holes judges the breaks after one lost delta.
func holes(told []stream.Break, noticed bool) error {
	switch {
	case !noticed && len(told) == 0:
		return nil
	case !noticed:
		return fmt.Errorf("told %+v, and each message is the whole book", told)
	case len(told) != 2 || told[0].Healed || !told[1].Healed || told[0].Cause != stream.Gap || told[1].To.Before(told[1].From):
		return fmt.Errorf("told %+v, want one hole and its healing", told)
	}
	return nil
}

// compared judges a book against the oracle, where its sequence is the market's own.
func (s *scene) compared(v value, ch *exchange.BookChannel, depth int) value {
	if !v.live {
		return v
	}
	if truth, ok := s.server.Book(v.Symbol, v.Seq); ok && v.Seq > 0 && v.wrong == nil {
		v.wrong = s.differs(v.book, truth, ch, depth)
	}
	v.book = cloned(v.book)
	return v
}

func cloned(b *exchange.OrderBook) *exchange.OrderBook {
	c := *b
	c.Bids, c.Asks = slices.Clone(b.Bids), slices.Clone(b.Asks)
	return &c
}

// truth compares the books that were heard last with the venue's, while the market stands still.
func (s *scene) truth(e *ear, ch *exchange.BookChannel, depth int) error {
	time.Sleep(2 * time.Second) // what comes at a rhythm has come
	errs := []error{e.wrong()}
	for _, symbol := range s.symbols {
		b, ok := s.server.Book(symbol, s.server.Last(symbol))
		last := e.get(symbol).last.book
		if !ok || last == nil {
			errs = append(errs, fmt.Errorf("%s: no book to compare", symbol))
			continue
		}
		errs = append(errs, s.differs(last, b, ch, depth))
	}
	return errors.Join(errs...)
}

// differs compares a book with the true one to the depth that was asked for.
func (s *scene) differs(b *exchange.OrderBook, truth venuetest.Book, ch *exchange.BookChannel, depth int) error {
	if depth == 0 {
		depth = slices.Max(ch.Depths)
	}
	_, unsized := s.h.Unsized[b.Symbol]
	shallow := s.h.Shallow != ""
	err := errors.Join(differs("bid", b.Bids, truth.Bids, truth, depth, shallow, unsized), differs("ask", b.Asks, truth.Asks, truth, depth, shallow, unsized))
	if err != nil {
		return fmt.Errorf("%s at %d: %w", b.Symbol, b.Seq, err)
	}
	return nil
}

func differs(what string, got []exchange.Level, want []venuetest.Level, truth venuetest.Book, depth int, shallow, unsized bool) error {
	n := min(depth, len(want))
	if shallow && len(got) > 0 {
		n = min(n, len(got))
	}
	if len(got) != n {
		return fmt.Errorf("%d %ss, want %d", len(got), what, n)
	}
	for i, l := range got {
		price, size := decimal.New(want[i].Price, truth.PriceScale), decimal.New(want[i].Size, truth.SizeScale)
		if !l.Price.Equal(price) || !unsized && !l.Size.Equal(size) {
			return fmt.Errorf("%s %d is %s × %s, want %s × %s", what, i, l.Price, l.Size, price, size)
		}
	}
	return nil
}
