package binance_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/exchanges/binance"
	"github.com/depthwire/depthwire/stream"
	"github.com/depthwire/depthwire/venuetest"
)

// with runs f with a simulated venue and a client of it, under a clock of their own.
func with(t *testing.T, o exchange.Options, f func(ctx context.Context, c *exchange.Client, s *venuetest.Server)) {
	synctest.Test(t, func(t *testing.T) {
		s := venuetest.Binance(venuetest.Options{Memory: true, Seed: 1})
		defer s.Close()
		o.Endpoints, o.DialContext = s.Endpoints(), s.DialContext
		c := binance.New(o)
		defer c.Close()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		f(ctx, c, s)
	})
}

const (
	spotBTC = "BTC/USDT"
	spotETH = "ETH/USDT"
	perpBTC = "BTC/USDT:USDT"
	perpETH = "ETH/USDT:USDT"
	dated   = "BTC/USDT:USDT-261225"
)

func must[T any](v T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// step moves the market and lets everything that follows from it happen.
func step(s *venuetest.Server, n int) {
	synctest.Wait()
	s.Step(n)
	synctest.Wait()
}

func TestFetch(t *testing.T) {
	with(t, exchange.Options{}, func(ctx context.Context, c *exchange.Client, s *venuetest.Server) {
		step(s, 3000)
		ms := must(c.FetchMarkets(ctx))(t)
		if len(ms) != 10 { // the contract of the other futures is not among them
			t.Errorf("got %d markets", len(ms))
		}
		if now := must(c.FetchTime(ctx))(t); time.Until(now).Abs() > time.Second {
			t.Errorf("venue's time %v", now)
		}
		for _, symbol := range []string{spotBTC, spotETH, "SHIB/USDT", "币安人生/USDT", perpBTC, dated} {
			fetchOne(t, ctx, c, s, symbol)
		}
		all := must(c.FetchTickers(ctx))(t)
		if len(all) != 10 {
			t.Errorf("got %d tickers", len(all))
		}
		if two := must(c.FetchTickers(ctx, spotETH, perpBTC, spotBTC))(t); len(two) != 3 {
			t.Errorf("got %d tickers of 3", len(two))
		}
		for _, symbol := range []string{perpBTC, perpETH} {
			r := must(c.FetchFundingRate(ctx, symbol))(t)
			if r.Symbol != symbol || r.Rate.Absent() || !r.Next.After(time.Now()) || r.Mark.Sign() <= 0 {
				t.Errorf("got %+v", r)
			}
		}
		if m := must(c.FetchMarkPrice(ctx, dated))(t); m.Symbol != dated || m.Mark.Sign() <= 0 || m.Index.Sign() <= 0 {
			t.Errorf("got %+v", m)
		}
		for _, err := range []error{
			second(c.FetchFundingRate(ctx, dated)), second(c.FetchFundingRateHistory(ctx, dated, exchange.Range{})),
			second(c.FetchFundingRate(ctx, spotBTC)), second(c.FetchMarkPrice(ctx, spotBTC)),
		} {
			if !errors.Is(err, exchange.ErrNotSupported) {
				t.Errorf("got %v, want not supported", err)
			}
		}
		if _, err := c.FetchTicker(ctx, "NO/SUCH"); !errors.Is(err, exchange.ErrBadSymbol) {
			t.Errorf("got %v, want bad symbol", err)
		}
		if _, err := c.FetchTrades(ctx, spotBTC, exchange.Range{FromID: "x"}); !errors.Is(err, exchange.ErrBadRequest) {
			t.Errorf("got %v, want bad request", err)
		}
	})
}

func second[T any](_ T, err error) error { return err }

func fetchOne(t *testing.T, ctx context.Context, c *exchange.Client, s *venuetest.Server, symbol string) {
	t.Helper()
	for _, depth := range []int{7, 100} {
		b := must(c.FetchOrderBook(ctx, symbol, depth))(t)
		if len(b.Bids) != depth || len(b.Asks) != depth || b.Seq != s.Last(symbol) || b.Source != exchange.REST || b.Symbol != symbol {
			t.Errorf("%s: got %d and %d levels at %d", symbol, len(b.Bids), len(b.Asks), b.Seq)
		}
	}
	if k := must(c.FetchTicker(ctx, symbol))(t); k.Symbol != symbol || k.Last.Sign() <= 0 || k.Volume.Sign() <= 0 || k.Time.IsZero() {
		t.Errorf("got %+v", k)
	}
	b := must(c.FetchOrderBook(ctx, symbol, 1))(t)
	if q := must(c.FetchBidAsk(ctx, symbol))(t); q.Symbol != symbol || !q.Bid.Equal(b.Bids[0].Price) || !q.AskSize.Equal(b.Asks[0].Size) {
		t.Errorf("got %+v, and the book has %+v", q, b)
	}
}

// TestFetchTrades asks for all trades in every way: by id, from a time, the newest.
func TestFetchTrades(t *testing.T) {
	with(t, exchange.Options{}, func(ctx context.Context, c *exchange.Client, s *venuetest.Server) {
		for range 40 {
			time.Sleep(50 * time.Millisecond)
			step(s, 400)
		}
		for _, symbol := range []string{spotBTC, perpBTC} {
			start := time.Now().Add(-time.Hour)
			all := must(c.FetchTrades(ctx, symbol, exchange.Range{Since: start}))(t)
			t.Logf("%s: %d trades", symbol, len(all))
			if len(all) < 1000 {
				t.Fatalf("%s: got %d trades", symbol, len(all))
			}
			follow(t, all)
			newest := must(c.FetchTrades(ctx, symbol, exchange.Range{Limit: len(all) - 200}))(t)
			follow(t, newest)
			if len(newest) != len(all)-200 || newest[len(newest)-1].ID != all[len(all)-1].ID {
				t.Errorf("%s: newest: got %d to %s", symbol, len(newest), newest[len(newest)-1].ID)
			}
			at := newest[10].ID
			after := must(c.FetchTrades(ctx, symbol, exchange.Range{FromID: at, Limit: 1200}))(t)
			follow(t, after)
			if after[0].ID != newest[11].ID || len(after) != min(1200, len(newest)-11) {
				t.Errorf("%s: after %s: got %d from %s", symbol, at, len(after), after[0].ID)
			}
			middle := all[len(all)/2].Time
			part := must(c.FetchTrades(ctx, symbol, exchange.Range{Since: start, Until: middle}))(t)
			before := must(c.FetchTrades(ctx, symbol, exchange.Range{Until: middle, Limit: 1100}))(t)
			follow(t, part)
			follow(t, before)
			for _, some := range [][]exchange.Trade{part, before} {
				last := some[len(some)-1]
				i := slices.IndexFunc(all, func(v exchange.Trade) bool { return v.ID == last.ID })
				if !last.Time.Before(middle) || i < 0 || all[i+1].Time.Before(middle) {
					t.Errorf("%s: until %v: ends at %+v", symbol, middle, last)
				}
			}
		}
	})
}

// follow checks that no id is missing. An aggregate of matches stands for all of them.
func follow(t *testing.T, ts []exchange.Trade) {
	t.Helper()
	last := int64(0)
	for i, v := range ts {
		id, err := strconv.ParseInt(v.ID, 10, 64)
		first := id
		if v.First != "" {
			first, err = strconv.ParseInt(v.First, 10, 64)
		}
		if err != nil || i > 0 && first != last+1 || v.Price.Sign() <= 0 || v.Size.Sign() <= 0 || v.Side == "" || v.Time.IsZero() {
			t.Fatalf("trade %d of %d, after %d: %+v", i, len(ts), last, v)
		}
		last = id
	}
}

func TestFetchOHLCV(t *testing.T) {
	with(t, exchange.Options{}, func(ctx context.Context, c *exchange.Client, s *venuetest.Server) {
		step(s, 500)
		now := time.Now().Truncate(time.Minute)
		for _, symbol := range []string{spotBTC, perpBTC} {
			for _, tt := range []struct {
				r           exchange.Range
				first, last time.Time
				n           int
			}{
				{exchange.Range{Limit: 10}, now.Add(-9 * time.Minute), now, 10},
				{exchange.Range{Limit: 3200}, now.Add(-3199 * time.Minute), now, 3200},
				{exchange.Range{Since: now.Add(-2500 * time.Minute)}, now.Add(-2500 * time.Minute), now, 2501},
				{exchange.Range{Since: now.Add(-2500 * time.Minute), Limit: 1800}, now.Add(-2500 * time.Minute), now.Add(-701 * time.Minute), 1800},
				{exchange.Range{Since: now.Add(-3000 * time.Minute), Until: now.Add(-10 * time.Minute)}, now.Add(-3000 * time.Minute), now.Add(-11 * time.Minute), 2990},
				{exchange.Range{Until: now.Add(-10 * time.Minute), Limit: 1600}, now.Add(-1610 * time.Minute), now.Add(-11 * time.Minute), 1600},
				{exchange.Range{Since: now.Add(-5 * time.Minute), Until: now.Add(time.Hour)}, now.Add(-5 * time.Minute), now, 6},
			} {
				ks := must(c.FetchOHLCV(ctx, symbol, "1m", tt.r))(t)
				if len(ks) != tt.n || !ks[0].Start.Equal(tt.first) || !ks[len(ks)-1].Start.Equal(tt.last) {
					t.Fatalf("%s %+v: got %d from %v to %v", symbol, tt.r, len(ks), ks[0].Start, ks[len(ks)-1].Start)
				}
				for i := range ks {
					if i > 0 && ks[i].Start.Sub(ks[i-1].Start) != time.Minute || ks[i].Interval != "1m" || ks[i].Low.Sign() <= 0 || ks[i].Closed == ks[i].Start.Equal(now) {
						t.Fatalf("%s: %+v", symbol, ks[i])
					}
				}
			}
			if _, err := c.FetchOHLCV(ctx, symbol, "7m", exchange.Range{}); !errors.Is(err, exchange.ErrBadRequest) {
				t.Errorf("got %v", err)
			}
		}
		history := must(c.FetchFundingRateHistory(ctx, perpBTC, exchange.Range{Since: now.Add(-500 * 24 * time.Hour)}))(t)
		if len(history) < 1499 || history[1].Next.Sub(history[0].Next) != 8*time.Hour {
			t.Errorf("got %d rates", len(history))
		}
		if newest := must(c.FetchFundingRateHistory(ctx, perpBTC, exchange.Range{Limit: 1200}))(t); len(newest) != 1200 || !newest[1199].Next.Equal(history[len(history)-1].Next) {
			t.Errorf("got %d rates", len(newest))
		}
	})
}

// next waits for the next value of each symbol.
func next[T any](t *testing.T, ctx context.Context, sub *stream.Subscription[T], symbol func(*T) string, symbols ...string) map[string]T {
	t.Helper()
	got := make(map[string]T)
	for len(got) < len(symbols) {
		v, err := sub.Next(ctx)
		if err != nil {
			t.Fatalf("%v, and %d of %v", err, len(got), symbols)
		}
		if s := symbol(&v); slices.Contains(symbols, s) {
			got[s] = v
		} else {
			t.Fatalf("got %q of %v", s, symbols)
		}
	}
	return got
}

func TestWatch(t *testing.T) {
	with(t, exchange.Options{}, func(ctx context.Context, c *exchange.Client, s *venuetest.Server) {
		four := []string{spotBTC, spotETH, perpBTC, perpETH}
		watching, stop := context.WithCancel(ctx)
		tickers := must(c.WatchTicker(watching, four...))(t)
		sides := must(c.WatchBidAsk(watching, four...))(t)
		trades := must(c.WatchTrades(watching, four...))(t)
		candles := must(c.WatchOHLCV(watching, "1m", four...))(t)
		rates := must(c.WatchFundingRate(watching, perpBTC, perpETH))(t)
		marks := must(c.WatchMarkPrice(watching, perpBTC, dated))(t)
		for range 10 {
			time.Sleep(5 * time.Second)
			step(s, 50)
		}
		for symbol, v := range next(t, ctx, tickers, func(v *exchange.Ticker) string { return v.Symbol }, four...) {
			if v.Last.Sign() <= 0 || v.Bid.Absent() == strings.HasSuffix(symbol, "/USDT") || v.Source != exchange.Stream {
				t.Errorf("got %+v", v)
			}
		}
		for _, v := range next(t, ctx, sides, func(v *exchange.BidAsk) string { return v.Symbol }, four...) {
			if v.Bid.Cmp(v.Ask) >= 0 || v.BidSize.Sign() <= 0 || v.Seq == 0 {
				t.Errorf("got %+v", v)
			}
		}
		for symbol, v := range next(t, ctx, trades, func(v *exchange.Trade) string { return v.Symbol }, four...) {
			recent := must(c.FetchTrades(ctx, symbol, exchange.Range{FromID: strconv.FormatInt(v.Seq-1, 10), Limit: 1}))(t)
			if len(recent) != 1 || recent[0].ID != v.ID || !recent[0].Price.Equal(v.Price) || !recent[0].Size.Equal(v.Size) || !recent[0].Time.Equal(v.Time) || recent[0].Side != v.Side {
				t.Errorf("pushed %+v\nfetched %+v", v, recent)
			}
		}
		for _, v := range next(t, ctx, candles, func(v *exchange.Candle) string { return v.Symbol }, four...) {
			if v.Interval != "1m" || v.High.Cmp(v.Low) < 0 || !v.Start.Equal(v.Start.Truncate(time.Minute)) {
				t.Errorf("got %+v", v)
			}
		}
		for _, v := range next(t, ctx, rates, func(v *exchange.FundingRate) string { return v.Symbol }, perpBTC, perpETH) {
			if v.Rate.Absent() || !v.Next.After(time.Now()) {
				t.Errorf("got %+v", v)
			}
		}
		for _, v := range next(t, ctx, marks, func(v *exchange.MarkPrice) string { return v.Symbol }, perpBTC, dated) {
			if v.Mark.Sign() <= 0 || v.Index.Sign() <= 0 {
				t.Errorf("got %+v", v)
			}
		}
		if _, err := c.WatchFundingRate(watching, dated); !errors.Is(err, exchange.ErrNotSupported) {
			t.Errorf("got %v, want not supported", err)
		}
		stop()
		time.Sleep(5 * time.Second)
		if left := s.Subscriptions(); len(left) > 0 {
			t.Errorf("still subscribed: %v", left)
		}
	})
}
