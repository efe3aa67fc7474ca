package backpack_test

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/exchanges/backpack"
	"github.com/depthwire/depthwire/stream"
	"github.com/depthwire/depthwire/venuetest"
)

// each waits for a value of each symbol.
func each[T any](t *testing.T, ctx context.Context, sub *stream.Subscription[T], look func(*T) (string, bool), symbols ...string) {
	t.Helper()
	missing := slices.Clone(symbols)
	for len(missing) > 0 {
		v, err := sub.Next(ctx)
		if err != nil {
			t.Fatalf("%v; nothing of %q", err, missing)
		}
		symbol, ok := look(&v)
		if !ok || !slices.Contains(symbols, symbol) {
			t.Fatalf("%+v", v)
		}
		missing = slices.DeleteFunc(missing, func(s string) bool { return s == symbol })
	}
}

func TestWatch(t *testing.T) {
	with(t, exchange.Options{}, func(ctx context.Context, c *exchange.Client, s *venuetest.Server) {
		symbols := []string{spotSOL, "BONK/USDC", perpSOL, perpUS, perpK}
		watching, stop := context.WithCancel(ctx)
		tickers := must(c.WatchTicker(watching, symbols...))(t)
		sides := must(c.WatchBidAsk(watching, symbols...))(t)
		trades := must(c.WatchTrades(watching, symbols...))(t)
		candles := must(c.WatchOHLCV(watching, "1m", symbols...))(t)
		rates := must(c.WatchFundingRate(watching, perpSOL, perpK))(t)
		marks := must(c.WatchMarkPrice(watching, perpSOL, perpUS))(t)
		for range 10 {
			time.Sleep(5 * time.Second)
			step(s, 50)
		}
		each(t, ctx, tickers, func(v *exchange.Ticker) (string, bool) {
			return v.Symbol, v.Last.Sign() > 0 && v.Last.Sub(v.Open).Equal(v.Change) && v.Percent.Sign() == v.Change.Sign() && v.Source == exchange.Stream && time.Since(v.Time).Abs() < time.Minute
		}, symbols...)
		each(t, ctx, sides, func(v *exchange.BidAsk) (string, bool) {
			return v.Symbol, v.Bid.Cmp(v.Ask) < 0 && v.BidSize.Sign() > 0 && v.Seq > 0
		}, symbols...)
		each(t, ctx, trades, func(v *exchange.Trade) (string, bool) {
			old := must(c.FetchTrades(ctx, v.Symbol, exchange.Range{Since: v.Time.Truncate(time.Millisecond)}))(t)
			i := slices.IndexFunc(old, func(o exchange.Trade) bool { return o.ID == v.ID })
			return v.Symbol, i >= 0 && old[i].Price.Equal(v.Price) && old[i].Size.Equal(v.Size) && old[i].Side == v.Side && v.Time.Sub(old[i].Time) < time.Millisecond
		}, symbols...)
		each(t, ctx, candles, func(v *exchange.Candle) (string, bool) {
			return v.Symbol, v.Interval == "1m" && v.High.Cmp(v.Low) >= 0 && v.Start.Equal(v.Start.Truncate(time.Minute)) && time.Since(v.Start) < time.Hour
		}, symbols...)
		each(t, ctx, rates, func(v *exchange.FundingRate) (string, bool) {
			return v.Symbol, v.Rate.String() == "0.0000125" && v.Next.After(v.Time) && v.Mark.Sign() > 0
		}, perpSOL, perpK)
		each(t, ctx, marks, func(v *exchange.MarkPrice) (string, bool) { return v.Symbol, v.Mark.Sign() > 0 && v.Index.Sign() > 0 }, perpSOL, perpUS)
		for want, err := range map[error]error{exchange.ErrNotSupported: second(c.WatchFundingRate(watching, spotSOL)), exchange.ErrBadSymbol: second(c.WatchTicker(watching, "NO/SUCH"))} {
			if !errors.Is(err, want) {
				t.Errorf("got %v, want %v", err, want)
			}
		}
		if n := s.Stats().Connections; n != 1 {
			t.Errorf("%d connections", n)
		}
		stop()
		time.Sleep(5 * time.Second)
		if left := s.Subscriptions(); len(left) > 0 {
			t.Errorf("still subscribed: %v", left)
		}
	})
}

// TestRaw watches what has no unified type.
func TestRaw(t *testing.T) {
	with(t, exchange.Options{}, func(ctx context.Context, c *exchange.Client, s *venuetest.Server) {
		sub := must(c.WatchRaw(ctx, "stream", "openInterest.SOL_USDC_PERP", "depth.200ms.AAPL.US_USDC_PERP"))(t)
		time.Sleep(time.Minute)
		step(s, 5)
		each(t, ctx, sub, func(v *exchange.Raw) (string, bool) { return v.Topic, strings.HasPrefix(string(v.Data), `{"E":`) }, "openInterest.SOL_USDC_PERP", "depth.200ms.AAPL.US_USDC_PERP")
	})
}

// trueBook checks a book against the venue's own at the same id.
func trueBook(t *testing.T, s *venuetest.Server, b *exchange.OrderBook, depth int) {
	t.Helper()
	want, ok := s.Book(b.Symbol, b.Seq)
	if !ok || b.State != book.Live {
		t.Fatalf("%s: %v at %d, known: %v", b.Symbol, b.State, b.Seq, ok)
	}
	for _, side := range []struct {
		got  []exchange.Level
		want []venuetest.Level
	}{{b.Bids, want.Bids}, {b.Asks, want.Asks}} {
		if len(side.got) < min(depth, len(side.want)) {
			t.Fatalf("%s: %d levels of %d", b.Symbol, len(side.got), depth)
		}
		for i, l := range side.got {
			if strip(l.Price.String()) != want.Price(side.want[i]) || strip(l.Size.String()) != want.Size(side.want[i]) {
				t.Fatalf("%s at %d, level %d: got %v, want %s %s", b.Symbol, b.Seq, i, l, want.Price(side.want[i]), want.Size(side.want[i]))
			}
		}
	}
}

func strip(number string) string {
	if strings.Contains(number, ".") {
		return strings.TrimSuffix(strings.TrimRight(number, "0"), ".")
	}
	return number
}

// TestQuietBook: a market in which nothing happens has a book all the same, for it is asked
// for when no delta has come; it stays so on a connection that answers pings only.
func TestQuietBook(t *testing.T) {
	with(t, exchange.Options{}, func(ctx context.Context, c *exchange.Client, s *venuetest.Server) {
		var seen seen
		must(c.WatchOrderBook(ctx, 10, spotSOL))(t).OnEvent(seen.note)
		time.Sleep(5 * time.Second)
		b := seen.book()
		trueBook(t, s, &b, 10)
		time.Sleep(30 * time.Minute / 2)
		step(s, 3)
		b = seen.book()
		trueBook(t, s, &b, 10)
		if n := s.Stats().Connections; n != 1 || b.Seq != s.Last(spotSOL) {
			t.Errorf("%d connections, at %d", n, b.Seq)
		}
	})
}

// seen is what a reader in callbacks was shown.
type seen struct {
	mu             sync.Mutex
	last           exchange.OrderBook
	breaks, healed int
}

func (s *seen) note(b *exchange.OrderBook) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = *b
	s.last.Bids, s.last.Asks = slices.Clone(b.Bids), slices.Clone(b.Asks)
	switch {
	case b.Break == nil:
	case b.Break.Healed:
		s.healed++
	default:
		s.breaks++
	}
}

func (s *seen) book() exchange.OrderBook {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last
}

// TestChaos: whatever happens to deltas and snapshots, a book that is live is the venue's.
func TestChaos(t *testing.T) {
	for seed := range uint64(4) {
		with(t, exchange.Options{}, func(ctx context.Context, c *exchange.Client, s *venuetest.Server) {
			var seen seen
			must(c.WatchOrderBook(ctx, 100, spotSOL))(t).OnEvent(seen.note)
			s.Chaos(seed, 0.1)
			lived := 0
			for i := range 300 {
				if i == 200 {
					s.Chaos(0, 0)
				}
				time.Sleep(100 * time.Millisecond)
				step(s, 3)
				if b := seen.book(); b.State == book.Live {
					lived++
					trueBook(t, s, &b, 100)
				}
			}
			if b := seen.book(); b.State != book.Live || b.Seq != s.Last(spotSOL) || lived < 100 || seen.breaks == 0 {
				t.Errorf("seed %d: %v at %d, %d of 300 times live, %d breaks", seed, b.State, b.Seq, lived, seen.breaks)
			}
		}, spotSOL)
	}
}

// TestSnapshotAfterLoss: a snapshot that comes when the connection has gone makes no book.
func TestSnapshotAfterLoss(t *testing.T) {
	var s *venuetest.Server
	var down atomic.Bool
	o := exchange.Options{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		if down.Load() {
			return nil, errors.New("no network")
		}
		return s.DialContext(ctx, network, address)
	}}
	synctest.Test(t, func(t *testing.T) {
		s = venuetest.Backpack(venuetest.Options{Memory: true})
		defer s.Close()
		o.Endpoints = s.Endpoints()
		c := backpack.New(o)
		defer c.Close()
		s.Fault(venuetest.Fault{Kind: venuetest.SlowSnapshot, For: 5 * time.Second})
		var seen seen
		must(c.WatchOrderBook(t.Context(), 10, spotSOL))(t).OnEvent(seen.note)
		time.Sleep(time.Second)
		step(s, 5)
		down.Store(true)
		s.Fault(venuetest.Fault{Kind: venuetest.ResetSocket})
		time.Sleep(20 * time.Second)
		if b := seen.book(); b.State == book.Live {
			t.Errorf("live at %d without a connection", b.Seq)
		}
		down.Store(false)
		for range 60 {
			time.Sleep(time.Second)
			step(s, 5)
		}
		b := seen.book()
		trueBook(t, s, &b, 10)
	})
}

// TestSilence: the venue answers a wrong subscription with nothing. Who asked for it finds it
// by its name, and what is good beside it goes on.
func TestSilence(t *testing.T) {
	with(t, exchange.Options{}, func(ctx context.Context, c *exchange.Client, s *venuetest.Server) {
		must(c.WatchTicker(ctx, spotSOL))(t).OnEvent(func(v *exchange.Ticker) {
			if v.Break != nil {
				t.Errorf("the good topic is told broken: %+v", v.Break)
			}
		})
		wrong := []string{"depth.5.SOL_USDC", "ticker.OLD_USDC", "trade.NO_SUCH", "nonsense.SOL_USDC"}
		_ = must(c.WatchRaw(ctx, "stream", wrong...))(t)
		states := func() map[string]stream.TopicState {
			all := make(map[string]stream.TopicState)
			for _, h := range c.Health() {
				all[h.Topic] = h.State
			}
			return all
		}
		time.Sleep(20 * time.Second)
		for name, state := range states() {
			if want := map[bool]stream.TopicState{true: stream.Asked, false: stream.Subscribed}[slices.Contains(wrong, name)]; state != want {
				t.Errorf("after 20 s %s is %s", name, state)
			}
		}
		time.Sleep(25 * time.Second)
		for name, state := range states() {
			if want := map[bool]stream.TopicState{true: stream.Unheard, false: stream.Subscribed}[slices.Contains(wrong, name)]; state != want {
				t.Errorf("after 45 s %s is %s", name, state)
			}
		}
		if n := s.Stats().Connections; n != 1 {
			t.Errorf("%d connections", n)
		}
	})
}

// TestUnheardAlone: a topic that never speaks is found when it is alone on its connection too,
// and a request that was lost is made again.
func TestUnheardAlone(t *testing.T) {
	with(t, exchange.Options{}, func(ctx context.Context, c *exchange.Client, s *venuetest.Server) {
		s.Fault(venuetest.Fault{Kind: venuetest.NoAck})
		sub := must(c.WatchTicker(ctx, spotSOL))(t)
		began := time.Now()
		if v := must(sub.Next(ctx))(t); v.Last.Sign() <= 0 || time.Since(began) < 30*time.Second || time.Since(began) > time.Minute {
			t.Errorf("after %v: %+v", time.Since(began), v)
		}
	})
}

// TestTradesWithoutHoles: over a lost connection the number of trades that are missing is told.
func TestTradesWithoutHoles(t *testing.T) {
	with(t, exchange.Options{}, func(ctx context.Context, c *exchange.Client, s *venuetest.Server) {
		var mu sync.Mutex
		last, told, wrong := int64(0), uint64(0), 0
		must(c.WatchTrades(ctx, perpSOL))(t).OnEvent(func(v *exchange.Trade) {
			mu.Lock()
			defer mu.Unlock()
			hole := uint64(0)
			if v.Break != nil {
				hole = v.Break.Lost
			}
			if last > 0 && v.Seq != last+1+int64(hole) {
				wrong++
			}
			last, told = v.Seq, told+hole
		})
		for i := range 40 {
			time.Sleep(500 * time.Millisecond)
			if i == 20 {
				synctest.Wait()
				s.Fault(venuetest.Fault{Kind: venuetest.ResetSocket})
				s.Step(200)
			}
			step(s, 50)
		}
		mu.Lock()
		defer mu.Unlock()
		if wrong > 0 || told == 0 || last == 0 {
			t.Errorf("%d wrong, %d told, last %d", wrong, told, last)
		}
	})
}
