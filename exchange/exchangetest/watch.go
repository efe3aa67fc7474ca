package exchangetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/stream"
	"github.com/depthwire/depthwire/venuetest"
)

// watchChecks are those of a method that watches.
func (m *method) watchChecks(f *exchange.Family) []check {
	cs := []check{
		{name: "values", run: m.pushed},
		{name: "unsubscribe", run: m.unsubscribe},
		{name: "reconnect", run: m.reconnect},
		{name: "dead connection", run: m.dead},
		{name: "unknown symbol", run: m.watchUnknown},
		{name: "refused symbol", run: m.refusedSymbol},
		{name: "slow reader", ring: 4, run: m.slowReader},
		{name: "bad frames", run: m.badFrames},
	}
	switch m.name {
	case "WatchOHLCV":
		cs = append(cs, check{name: "intervals", run: pushedIntervals})
	case "WatchOrderBook":
		for _, depth := range depths(f) {
			cs = append(cs, check{name: fmt.Sprintf("gap at depth %d", depth), run: gap(depth)})
		}
		cs = append(cs, check{name: "faults", run: faults}, check{name: "slow start", run: slowStart})
	}
	return cs
}

// both watches all symbols in one call, and waits for values of each.
func (m *method) both(s *scene, n int) (*tap, *ear, error) {
	t, err := m.watch(s, s.symbols...)
	if err != nil {
		return nil, nil, err
	}
	e := listen(t)
	return t, e, s.more(e, n, s.symbols...)
}

// unbroken is an error for each break that readers of the symbols were told.
func (e *ear) unbroken(symbols ...string) error {
	var errs []error
	for _, symbol := range symbols {
		for _, b := range e.get(symbol).breaks {
			errs = append(errs, fmt.Errorf("%s was told of a break: %s, %d lost from %s to %s, healed %t, %v", symbol, b.Cause, b.Lost, b.FromID, b.ToID, b.Healed, b.Err))
		}
	}
	return errors.Join(errs...)
}

// pushed sees that values of several symbols come from one call, without a break, and are right.
func (m *method) pushed(s *scene) error {
	_, e, err := m.both(s, 12)
	return errors.Join(err, e.wrong(), e.unbroken(s.symbols...))
}

// unsubscribe sees that the venue stops to send what nobody reads any more, and goes on with the rest.
func (m *method) unsubscribe(s *scene) error {
	t, e, err := m.both(s, 2)
	if err != nil {
		return err
	}
	first, err := m.watch(s, s.symbols[0])
	if err != nil {
		return err
	}
	kept := listen(first)
	topics := len(s.server.Subscriptions())
	t.close()
	shared := topics < len(s.symbols) // one topic of the venue is about many markets
	if !shared && !s.until(long, func() bool { return len(s.server.Subscriptions()) < topics }) {
		return fmt.Errorf("still subscribed, with one symbol given up: %q", s.server.Subscriptions())
	}
	at := e.get(s.symbols[1]).live
	if err := errors.Join(s.more(kept, 3, s.symbols[0]), kept.wrong(), kept.unbroken(s.symbols...)); err != nil {
		return err
	}
	if n := e.get(s.symbols[1]).live; n > at {
		return fmt.Errorf("%d values after Close", n-at)
	}
	first.close()
	if !s.until(long, func() bool { return len(s.server.Subscriptions()) == 0 }) {
		return fmt.Errorf("still subscribed, with nobody there: %q", s.server.Subscriptions())
	}
	sent := s.sent()
	s.step(20)
	if n := s.sent() - sent; n > 0 {
		return fmt.Errorf("the venue sent %d times more", n)
	}
	return nil
}

// reconnect sees that values go on after a lost connection, and that what it cost is told.
func (m *method) reconnect(s *scene) error {
	_, e, err := m.both(s, 2)
	if err != nil {
		return err
	}
	for i, kind := range []venuetest.Kind{venuetest.ResetSocket, venuetest.CloseSocket, venuetest.CutFrame} {
		before := s.server.Stats().Connections
		s.server.Fault(venuetest.Fault{Kind: kind})
		if err := errors.Join(s.more(e, 3, s.symbols...), e.wrong()); err != nil {
			return fmt.Errorf("%s: %w", kind, err)
		}
		if n := s.server.Stats().Connections - before; n < 1 || n > 6 {
			return fmt.Errorf("%s: %d connections made", kind, n)
		}
		for _, symbol := range s.symbols {
			if err := m.toldOfLoss(e.get(symbol), i+1); err != nil {
				return fmt.Errorf("%s: %s: %w", kind, symbol, err)
			}
		}
	}
	return nil
}

// dead sees that a connection on which nothing comes any more is found and replaced, and that it is told.
func (m *method) dead(s *scene) error {
	_, e, err := m.both(s, 3)
	if err != nil {
		return err
	}
	before := s.server.Stats().Connections
	s.server.Fault(venuetest.Fault{Kind: venuetest.DeadSocket})
	after := 3
	if m.rare {
		after = 1
	}
	if err := errors.Join(s.more(e, after, s.symbols...), e.wrong()); err != nil {
		return err
	}
	if n := s.server.Stats().Connections - before; n < 1 || n > 6 {
		return fmt.Errorf("%d connections made", n)
	}
	for _, symbol := range s.symbols {
		if h := e.get(symbol); len(h.breaks) == 0 && m.name != "WatchTrades" {
			return fmt.Errorf("%s: nobody was told", symbol)
		}
	}
	return nil
}

// toldOfLoss judges the breaks after n lost connections. Trades may need none: ids without
// holes prove that nothing is missing.
func (m *method) toldOfLoss(h heard, n int) error {
	for _, b := range h.breaks {
		if b.Cause != stream.Disconnect && b.Cause != stream.Gap || b.From.IsZero() || !b.To.IsZero() && b.To.Before(b.From) {
			return fmt.Errorf("break %+v", b)
		}
	}
	want := n
	switch m.name {
	case "WatchTrades":
		if len(h.breaks) <= n {
			return nil
		}
	case "WatchOrderBook":
		want = 2 * n // the hole at once, and that it is healed
	}
	if len(h.breaks) != want || !m.event && !h.breaks[want-1].Healed {
		return fmt.Errorf("%d breaks, want %d, the last %+v", len(h.breaks), want, h.breaks)
	}
	return nil
}

func (m *method) watchUnknown(s *scene) error {
	_, err := m.watch(s, s.symbols[0], unknown)
	if wrong := badSymbol(err); wrong != nil {
		return wrong
	}
	if _, err := m.watch(s); !errors.Is(err, exchange.ErrBadRequest) {
		return fmt.Errorf("of no symbols: %v", err)
	}
	if n := s.server.Stats().Connections; n > 0 {
		return fmt.Errorf("%d connections", n)
	}
	_, e, err := m.both(s, 2)
	return errors.Join(err, e.wrong())
}

// refusedSymbol sees that a symbol which the venue will not serve ends, or is named as silent, and hurts no other.
func (m *method) refusedSymbol(s *scene) error {
	bad, good := s.symbols[0], s.symbols[1]
	s.server.Fault(venuetest.Fault{Kind: venuetest.RefuseSubscribe, ID: bad, N: -1})
	t, err := m.watch(s, bad)
	if err != nil {
		return err
	}
	all, err := m.watch(s, good, bad)
	if err != nil {
		return err
	}
	e := listen(all)
	if err := s.more(e, 5, good); err != nil {
		return err
	}
	var why error
	s.until(long, func() bool {
		if _, err := s.next(t); !errors.Is(err, context.DeadlineExceeded) {
			why = err
		}
		return why != nil || s.unserved(bad)
	})
	if why == nil && !s.unserved(bad) && !m.rare {
		return errors.Join(fmt.Errorf("%s is refused, and nobody says so", bad), s.health())
	}
	if why != nil {
		var told *exchange.Error
		if !errors.Is(why, exchange.ErrBadRequest) && !errors.Is(why, exchange.ErrPermission) || !errors.As(why, &told) || told.Symbol != bad {
			return fmt.Errorf("refused with %v", why)
		}
	}
	return errors.Join(s.more(e, 5, good), e.wrong(), e.unbroken(good))
}

// unserved reports whether Health says that the venue does not serve a symbol.
func (s *scene) unserved(symbol string) bool {
	return slices.ContainsFunc(s.client.Health(), func(h exchange.StreamHealth) bool {
		return h.Symbol == symbol && slices.Contains([]stream.TopicState{stream.Unheard, stream.Unanswered, stream.Refused}, h.State)
	})
}

// slowReader sees that one who does not read misses events and is told, or gets the newest state, and that others notice nothing.
func (m *method) slowReader(s *scene) error {
	slow, err := m.watch(s, s.symbols[0])
	if err != nil {
		return err
	}
	_, e, err := m.both(s, 1)
	if err != nil {
		return err
	}
	if err := s.more(e, 12, s.symbols...); err != nil {
		return err
	}
	newest := e.get(s.symbols[0])
	v, err := s.next(slow)
	if err != nil {
		return err
	}
	if !m.event {
		if !v.Received.Equal(newest.last.Received) || v.Break != nil || slow.lost() > 0 {
			return fmt.Errorf("got the state of %s, the newest is of %s; lost %d, break %+v", v.Received, newest.last.Received, slow.lost(), v.Break)
		}
		return errors.Join(v.wrong, e.wrong(), e.unbroken(s.symbols...))
	}
	if v.Break == nil || v.Break.Cause != stream.Overrun || v.Break.Lost == 0 || slow.lost() != v.Break.Lost {
		return fmt.Errorf("lost %d, told %+v", slow.lost(), v.Break)
	}
	if got := int(v.Break.Lost) + 4; got < newest.live || got > newest.live+2 { // the other began to listen a little later
		return fmt.Errorf("told of %d lost events, with 4 left of %d", v.Break.Lost, newest.live)
	}
	return errors.Join(v.wrong, e.wrong(), e.unbroken(s.symbols...))
}

// next reads one value.
func (s *scene) next(t *tap) (value, error) {
	ctx, cancel := context.WithTimeout(s.ctx, time.Second)
	defer cancel()
	return t.next(ctx)
}

// badFrames sees that frames which cannot be understood, or are strange, cost other symbols nothing, and their own at most a break.
func (m *method) badFrames(s *scene) error {
	hurt, other := s.symbols[0], s.symbols[1]
	_, e, err := m.both(s, 3)
	if err != nil {
		return err
	}
	before := s.server.Stats().Connections
	for _, kind := range []venuetest.Kind{
		venuetest.UnknownFields, venuetest.UnknownEvent, venuetest.Fragmented,
		venuetest.TruncatedFrame, venuetest.NonUTF8Frame, venuetest.WrongType, venuetest.DuplicateKeys,
	} {
		s.server.Fault(venuetest.Fault{Kind: kind, ID: hurt})
		if err := errors.Join(s.more(e, 2, hurt, other), e.wrong(), e.unbroken(other)); err != nil {
			return fmt.Errorf("%s: %w", kind, err)
		}
		if strange := kind == venuetest.UnknownFields || kind == venuetest.UnknownEvent || kind == venuetest.Fragmented; strange {
			if err := e.unbroken(hurt); err != nil {
				return fmt.Errorf("%s: %w", kind, err)
			}
		}
	}
	if n := s.server.Stats().Connections - before; n > 0 {
		return fmt.Errorf("%d connections were replaced", n)
	}
	return nil
}

// pushedIntervals sees that candles of each length are pushed, or that it is said that they are not.
func pushedIntervals(s *scene) error {
	var errs []error
	for i := range s.family.Intervals {
		watch := push(func(c *exchange.Client, ctx context.Context, symbols ...string) (*stream.Subscription[exchange.Candle], error) {
			return c.WatchOHLCV(ctx, i, symbols...)
		}, func(j *judge, v *exchange.Candle) value {
			j.interval = i
			return j.candle(v)
		})
		t, err := watch(s, s.symbols[0])
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", i, err))
			continue
		}
		e := listen(t)
		if err := errors.Join(s.more(e, 2, s.symbols[0]), e.wrong()); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", i, err))
		}
		t.close()
	}
	if _, err := s.client.WatchOHLCV(s.ctx, "7m", s.symbols[0]); !errors.Is(err, exchange.ErrBadRequest) {
		errs = append(errs, fmt.Errorf("interval 7m: %v", err))
	}
	return errors.Join(errs...)
}
