package okx_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/exchanges/okx"
	"github.com/depthwire/depthwire/venuetest"
)

// simulated runs fn with a client of a simulated venue, in fake time: the market moves
// by itself.
func simulated(t *testing.T, o exchange.Options, fn func(t *testing.T, ctx context.Context, s *venuetest.Server, c *exchange.Client)) {
	t.Helper()
	simulate(t, venuetest.Options{Rate: 50}, o, fn)
}

// alone is simulated with BTC/USD:BTC as the only market.
func alone(t *testing.T, fn func(t *testing.T, ctx context.Context, s *venuetest.Server, c *exchange.Client)) {
	t.Helper()
	simulate(t, venuetest.Options{Rate: 50, Markets: []venuetest.Market{{
		Symbol: only, ID: "BTC-USD-SWAP", Family: "inverse", Kind: "swap", Base: "BTC", Quote: "USD", Settle: "BTC",
		Price: "64101.3", Tick: "0.1", Step: "0.1", Size: "120", ContractSize: "100", ContractUnit: "USD",
	}}}, exchange.Options{}, fn)
}

const only = "BTC/USD:BTC"

func simulate(t *testing.T, v venuetest.Options, o exchange.Options, fn func(t *testing.T, ctx context.Context, s *venuetest.Server, c *exchange.Client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 9, 14, 10, 7, 30, 0, time.UTC))) // fake time begins in 2000
		v.Seed, v.Memory, v.Depth = 7, true, 450
		s := venuetest.OKX(v)
		defer s.Close()
		o.Endpoints, o.DialContext = s.Endpoints(), s.DialContext
		c := okx.New(o)
		defer c.Close()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		time.Sleep(2 * time.Second) // some trades happen
		fn(t, ctx, s, c)
	})
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func TestFetchMarkets(t *testing.T) {
	simulated(t, exchange.Options{}, func(t *testing.T, ctx context.Context, s *venuetest.Server, c *exchange.Client) {
		ms := must[[]exchange.Market](t)(c.FetchMarkets(ctx))
		for _, want := range s.Markets() {
			i := slices.IndexFunc(ms, func(m exchange.Market) bool { return m.ID == want.ID })
			if want.Status == "preopen" {
				if i >= 0 {
					t.Errorf("%s is listed: its fields are empty", want.ID)
				}
				continue
			}
			if i < 0 {
				t.Errorf("%s is missing", want.ID)
				continue
			}
			m := ms[i]
			if m.Symbol != want.Symbol || string(m.Kind) != want.Kind || m.Family != want.Kind || m.Inverse != (want.Family == "inverse") ||
				m.TickSize.String() != want.Tick || m.StepSize.String() != want.Step || m.Contract.String() != want.ContractSize ||
				m.Active != (want.Status == "") || (m.Kind == exchange.Future && !m.Expiry.Equal(want.Expiry)) {
				t.Errorf("%s: %+v", want.ID, m)
			}
		}
	})
}

func TestFetchTrades(t *testing.T) {
	alone(t, func(t *testing.T, ctx context.Context, s *venuetest.Server, c *exchange.Client) {
		const symbol = only
		time.Sleep(time.Minute)
		newest := must[[]exchange.Trade](t)(c.FetchTrades(ctx, symbol, exchange.Range{Limit: 700}))
		follow(t, newest, 700)
		for _, v := range newest {
			if v.Contracts.Sign() <= 0 || v.Size.Sign() <= 0 || v.Side == "" || v.Symbol != symbol {
				t.Fatalf("%+v", v)
			}
		}
		middle := newest[350]
		since := must[[]exchange.Trade](t)(c.FetchTrades(ctx, symbol, exchange.Range{Since: middle.Time, Limit: 230}))
		follow(t, since, 230)
		if first := since[0].Time; !first.Equal(middle.Time) || newest[slices.IndexFunc(newest, func(v exchange.Trade) bool { return v.Time.Equal(first) })].ID != since[0].ID {
			t.Errorf("since %s: first %+v", middle.Time, since[0])
		}
		until := newest[600].Time
		all := must[[]exchange.Trade](t)(c.FetchTrades(ctx, symbol, exchange.Range{Since: middle.Time, Until: until}))
		follow(t, all, len(all))
		if last := all[len(all)-1]; len(all) < 200 || !last.Time.Before(until) || newest[slices.IndexFunc(newest, func(v exchange.Trade) bool { return v.ID == last.ID })+1].Time.Before(until) {
			t.Errorf("until %s: %d trades, last %+v", until, len(all), last)
		}
		old := must[[]exchange.Trade](t)(c.FetchTrades(ctx, symbol, exchange.Range{Until: until, Limit: 150}))
		follow(t, old, 150)
		if old[149].ID != all[len(all)-1].ID {
			t.Errorf("until %s: last %s, want %s", until, old[149].ID, all[len(all)-1].ID)
		}
		from := must[[]exchange.Trade](t)(c.FetchTrades(ctx, symbol, exchange.Range{FromID: middle.ID, Limit: 120}))
		follow(t, from, 120)
		if from[0].ID != newest[351].ID {
			t.Errorf("after %s: %s", middle.ID, from[0].ID)
		}
		if _, err := c.FetchTrades(ctx, symbol, exchange.Range{FromID: "x"}); !errors.Is(err, exchange.ErrBadRequest) {
			t.Errorf("id that is none: %v", err)
		}
		if ts, err := c.FetchTrades(ctx, symbol, exchange.Range{Since: time.Now().AddDate(-1, 0, 0)}); !errors.Is(err, exchange.ErrBadRequest) {
			t.Errorf("since a year ago: %d trades, %v", len(ts), err)
		}
	})
}

// follow checks that ids have no holes.
func follow(t *testing.T, ts []exchange.Trade, want int) {
	t.Helper()
	if len(ts) != want {
		t.Fatalf("%d trades, want %d", len(ts), want)
	}
	for i := range ts[1:] {
		if number(t, ts[i+1].ID) != number(t, ts[i].ID)+1 {
			t.Fatalf("%s follows %s", ts[i+1].ID, ts[i].ID)
		}
	}
}

func number(t *testing.T, id string) (n int64) {
	for _, c := range id {
		n = n*10 + int64(c-'0')
	}
	return n
}

func TestFetchOHLCV(t *testing.T) {
	simulated(t, exchange.Options{}, func(t *testing.T, ctx context.Context, s *venuetest.Server, c *exchange.Client) {
		now := time.Now()
		for _, q := range []struct {
			interval exchange.Interval
			r        exchange.Range
			n        int
		}{
			{"1m", exchange.Range{}, 300},
			{"1m", exchange.Range{Limit: 7}, 7},
			{"1m", exchange.Range{Limit: 450}, 450},
			{"1m", exchange.Range{Since: now.Add(-500 * time.Minute), Limit: 400}, 400},
			{"1m", exchange.Range{Since: now.Add(-500 * time.Minute)}, 500},
			{"1m", exchange.Range{Since: now.Add(-3000 * time.Minute), Limit: 250}, 250},
			{"1m", exchange.Range{Since: now.Add(-1700 * time.Minute), Until: now.Add(-1200 * time.Minute)}, 500},
			{"1m", exchange.Range{Until: now.Add(-5000 * time.Minute), Limit: 130}, 130},
			{"1d", exchange.Range{Limit: 20}, 20},
			{"1M", exchange.Range{Since: now.AddDate(-2, 0, 0), Limit: 30}, 24},
		} {
			ks := must[[]exchange.Candle](t)(c.FetchOHLCV(ctx, "BTC/USDT:USDT", q.interval, q.r))
			if len(ks) != q.n {
				t.Errorf("%s %+v: %d candles, want %d", q.interval, q.r, len(ks), q.n)
				continue
			}
			for i, k := range ks {
				if k.Start.Before(q.r.Since) || (!q.r.Until.IsZero() && !k.Start.Before(q.r.Until)) || k.Volume.Absent() || k.ContractVolume.Absent() || k.High.Cmp(k.Low) < 0 {
					t.Errorf("%s %+v: %+v", q.interval, q.r, k)
				}
				if i > 0 && q.interval != "1M" && k.Start.Sub(ks[i-1].Start) != q.interval.Duration() {
					t.Errorf("%s %+v: %s follows %s", q.interval, q.r, k.Start, ks[i-1].Start)
				}
				if q.interval == "1d" && k.Start.Hour() != 0 {
					t.Errorf("day begins at %s", k.Start)
				}
			}
		}
		if _, err := c.FetchOHLCV(ctx, "BTC/USDT", "7m", exchange.Range{}); !errors.Is(err, exchange.ErrBadRequest) {
			t.Errorf("interval of 7m: %v", err)
		}
	})
}

func TestFetchFundingRateHistory(t *testing.T) {
	alone(t, func(t *testing.T, ctx context.Context, s *venuetest.Server, c *exchange.Client) {
		now := time.Now()
		for _, q := range []struct {
			r exchange.Range
			n int
		}{
			{exchange.Range{Limit: 5}, 5},
			{exchange.Range{Since: now.Add(-10 * 24 * time.Hour), Limit: 6}, 6},
			{exchange.Range{Since: now.Add(-10 * 24 * time.Hour), Until: now.Add(-9 * 24 * time.Hour)}, 3},
			{exchange.Range{Since: now.Add(-400 * 24 * time.Hour), Limit: 10}, 10},
		} {
			rs := must[[]exchange.FundingRate](t)(c.FetchFundingRateHistory(ctx, only, q.r))
			if len(rs) != q.n {
				t.Errorf("%+v: %d rates, want %d", q.r, len(rs), q.n)
			}
			for i, r := range rs {
				if r.Rate.Absent() || r.Next.Before(q.r.Since) || i > 0 && r.Next.Sub(rs[i-1].Next) != 8*time.Hour {
					t.Errorf("%+v: %+v", q.r, r)
				}
			}
			if !q.r.Since.IsZero() && q.r.Since.After(now.Add(-80*24*time.Hour)) && rs[0].Next.Sub(q.r.Since) > 8*time.Hour {
				t.Errorf("%+v: first at %s", q.r, rs[0].Next)
			}
		}
	})
}

func TestFetchLiquidations(t *testing.T) {
	alone(t, func(t *testing.T, ctx context.Context, s *venuetest.Server, c *exchange.Client) {
		began := time.Now()
		time.Sleep(8 * time.Minute)
		half, end := began.Add(4*time.Minute), time.Now()
		fetch := func(r exchange.Range) []exchange.Liquidation {
			ls := must[[]exchange.Liquidation](t)(c.FetchLiquidations(ctx, only, r))
			for i, l := range ls {
				if l.Symbol != only || l.Side == "" || l.Contracts.Sign() <= 0 || l.Time.Before(r.Since) || !l.Time.Before(end) || i > 0 && l.Time.Before(ls[i-1].Time) {
					t.Errorf("%+v", l)
				}
			}
			return ls
		}
		all := fetch(exchange.Range{Since: began, Until: end})
		if len(all) < 150 {
			t.Fatalf("%d of 8 minutes, want more than a page", len(all))
		}
		halves := append(fetch(exchange.Range{Since: began, Until: half}), fetch(exchange.Range{Since: half, Until: end})...)
		first, last := fetch(exchange.Range{Since: began, Limit: 7}), fetch(exchange.Range{Until: end, Limit: 120})
		for name, part := range map[string]struct{ got, want []exchange.Liquidation }{
			"halves": {halves, all}, "first": {first, all[:7]}, "last": {last, all[len(all)-120:]},
		} {
			same := func(a, b exchange.Liquidation) bool {
				return a.Time.Equal(b.Time) && a.Price.Equal(b.Price) && a.Contracts.Equal(b.Contracts) && a.Side == b.Side
			}
			if !slices.EqualFunc(part.got, part.want, same) {
				t.Errorf("%s: %d, want %d", name, len(part.got), len(part.want))
			}
		}
	})
}

func TestRefused(t *testing.T) {
	for _, c := range []struct {
		name  string
		fault venuetest.Fault
		want  error
		code  string
	}{
		{"rate", venuetest.Fault{Kind: venuetest.HTTPStatus, Code: 429, N: -1}, exchange.ErrRateLimit, "50011"},
		{"HTML", venuetest.Fault{Kind: venuetest.HTTPStatus, Code: 502, N: -1}, exchange.ErrUnavailable, ""},
		{"status 200", venuetest.Fault{Kind: venuetest.HTTPStatus, Code: 200, N: 5, Body: `{"code":"51001","data":[],"msg":"Instrument ID doesn't exist."}`}, exchange.ErrBadSymbol, "51001"},
	} {
		t.Run(c.name, func(t *testing.T) {
			simulated(t, exchange.Options{}, func(t *testing.T, ctx context.Context, s *venuetest.Server, client *exchange.Client) {
				must[exchange.Ticker](t)(client.FetchTicker(ctx, "BTC/USDT"))
				c.fault.Path = "/market/ticker"
				s.Fault(c.fault)
				_, err := client.FetchTicker(ctx, "BTC/USDT")
				var e *exchange.Error
				if !errors.Is(err, c.want) || !errors.As(err, &e) || e.Code != c.code {
					t.Errorf("%v, want %v %s", err, c.want, c.code)
				}
			})
		})
	}
}

// equal reports whether a book is the best n levels of the true one.
func equal(b exchange.OrderBook, truth venuetest.Book, n int) bool {
	side := func(got []exchange.Level, want []venuetest.Level) bool {
		want = want[:min(n, len(want))]
		return slices.EqualFunc(got, want, func(l exchange.Level, w venuetest.Level) bool {
			return number10(l.Price.String()) == number10(truth.Price(w)) && number10(l.Size.String()) == number10(truth.Size(w))
		})
	}
	return side(b.Bids, truth.Bids) && side(b.Asks, truth.Asks)
}

// number10 is a number's text without zeros at the end of its fraction.
func number10(s string) string {
	if !slices.Contains([]byte(s), '.') {
		return s
	}
	for s[len(s)-1] == '0' {
		s = s[:len(s)-1]
	}
	if s[len(s)-1] == '.' {
		s = s[:len(s)-1]
	}
	return s
}
