package huobi_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/exchanges/huobi"
	"github.com/depthwire/depthwire/stream"
	"github.com/depthwire/depthwire/venuetest"
)

type body = func(t *testing.T, ctx context.Context, s *venuetest.Server, c *exchange.Client)

// simulated runs fn with a client of a simulated venue, in fake time: the market moves by itself.
func simulated(t *testing.T, v venuetest.Options, o exchange.Options, fn body) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 9, 14, 10, 7, 30, 0, time.UTC))) // fake time begins in 2000
		v.Seed, v.Memory, v.Depth = 7, true, 300
		s := venuetest.Huobi(v)
		defer s.Close()
		o.Endpoints, o.DialContext = s.Endpoints(), s.DialContext
		c := huobi.New(o)
		defer c.Close()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		time.Sleep(time.Second) // some trades happen
		fn(t, ctx, s, c)
	})
}

func moving(t *testing.T, fn body) {
	t.Helper()
	simulated(t, venuetest.Options{Rate: 20}, exchange.Options{}, fn)
}

// alone is a server of one market.
func alone(symbol string) venuetest.Options {
	ms := venuetest.HuobiMarkets()
	return venuetest.Options{Rate: 20, Markets: slices.DeleteFunc(ms, func(m venuetest.Market) bool { return m.Symbol != symbol })}
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

var symbols = []string{"BTC/USDT", "FLO/USDT", "BTC/USDT:USDT", "BTC/USDT:USDT-261225", "BTC/USD:BTC"}

func isPair(symbol string) bool { return !strings.Contains(symbol, ":") }

func TestFetchMarkets(t *testing.T) {
	moving(t, func(t *testing.T, ctx context.Context, s *venuetest.Server, c *exchange.Client) {
		ms := must[[]exchange.Market](t)(c.FetchMarkets(ctx))
		for _, want := range s.Markets() {
			i := slices.IndexFunc(ms, func(m exchange.Market) bool { return m.Symbol == want.Symbol })
			if i < 0 {
				t.Errorf("%s is missing", want.ID)
				continue
			}
			m := ms[i]
			if m.ID != want.ID || string(m.Kind) != want.Kind || m.Family != want.Family || m.Inverse != (want.Family == "inverse") ||
				!same(m.TickSize, want.Tick) || !same(m.StepSize, want.Step) || !same(m.Contract, want.ContractSize) ||
				m.Active != (want.Status == "") || !m.Expiry.Equal(want.Expiry) {
				t.Errorf("%s: %+v", want.ID, m)
			}
		}
	})
}

func same(d decimal.Decimal, text string) bool {
	if text == "" {
		return d.Absent()
	}
	return d.Equal(decimal.MustParse(text))
}

func TestFetch(t *testing.T) {
	moving(t, func(t *testing.T, ctx context.Context, s *venuetest.Server, c *exchange.Client) {
		if at := must[time.Time](t)(c.FetchTime(ctx)); time.Since(at).Abs() > time.Second {
			t.Errorf("venue's time %s", at)
		}
		for _, symbol := range symbols {
			b := must[exchange.OrderBook](t)(c.FetchOrderBook(ctx, symbol, 7))
			full := must[exchange.OrderBook](t)(c.FetchOrderBook(ctx, symbol, 0))
			if len(b.Bids) != 7 || len(b.Asks) != 7 || len(full.Bids) != 150 || b.Source != exchange.REST || full.Contracts == isPair(symbol) {
				t.Errorf("%s: books of %d and %d", symbol, len(b.Bids), len(full.Bids))
			}
			if truth, ok := s.Book(symbol, s.Last(symbol)); !ok || !equal(full, truth, 150) {
				t.Errorf("%s: book at %d is not the venue's", symbol, full.Seq)
			}
			v := must[exchange.Ticker](t)(c.FetchTicker(ctx, symbol))
			if v.Symbol != symbol || v.Last.Sign() <= 0 || v.Bid.Cmp(v.Ask) >= 0 || v.Open.Sign() <= 0 || v.Volume.Sign() <= 0 || v.ContractVolume.Absent() != isPair(symbol) {
				t.Errorf("%s: %+v", symbol, v)
			}
			q := must[exchange.BidAsk](t)(c.FetchBidAsk(ctx, symbol))
			if q.Bid.Cmp(q.Ask) >= 0 || q.BidSize.Sign() <= 0 {
				t.Errorf("%s: %+v", symbol, q)
			}
			ts := must[[]exchange.Trade](t)(c.FetchTrades(ctx, symbol, exchange.Range{Limit: 40}))
			for i, v := range ts {
				if len(ts) != 40 || v.Size.Sign() <= 0 || v.Side == "" || v.Symbol != symbol || v.Contracts.Absent() != isPair(symbol) || i > 0 && v.Seq <= ts[i-1].Seq {
					t.Fatalf("%d trades, %+v", len(ts), v)
				}
			}
			if isPair(symbol) && len(ts[0].ID) != 27 {
				t.Errorf("id %s: want all of its digits", ts[0].ID)
			}
		}
		r := must[exchange.FundingRate](t)(c.FetchFundingRate(ctx, "BTC/USD:BTC"))
		if r.Rate.Absent() || !r.Next.After(r.Time) {
			t.Errorf("funding %+v", r)
		}
		k := must[exchange.MarkPrice](t)(c.FetchMarkPrice(ctx, "BTC/USDT:USDT"))
		if k.Mark.Sign() <= 0 || k.Time.IsZero() {
			t.Errorf("mark %+v", k)
		}
		for _, symbol := range []string{"BTC/USDT:USDT-261225", "BTC/USDT"} {
			if _, err := c.FetchFundingRate(ctx, symbol); !errors.Is(err, exchange.ErrNotSupported) {
				t.Errorf("funding of %s: %v", symbol, err)
			}
		}
		for _, symbol := range []string{"NO/SUCH", "OLD/USDT"} {
			if _, err := c.FetchTicker(ctx, symbol); !errors.Is(err, exchange.ErrBadSymbol) {
				t.Errorf("%s: %v", symbol, err)
			}
		}
		some := must[[]exchange.Ticker](t)(c.FetchTickers(ctx, "BTC/USDT", "BTC/USDT:USDT-261225"))
		if len(some) != 2 {
			t.Errorf("%d tickers of 2", len(some))
		}
	})
}

func TestFetchRanges(t *testing.T) {
	moving(t, func(t *testing.T, ctx context.Context, s *venuetest.Server, c *exchange.Client) {
		now := time.Now()
		for _, q := range []struct {
			r exchange.Range
			n int
		}{
			{exchange.Range{Limit: 7}, 7},
			{exchange.Range{Since: now.Add(-500 * time.Minute), Limit: 400}, 400},
			{exchange.Range{Since: now.Add(-1700 * time.Minute), Until: now.Add(-1200 * time.Minute)}, 500},
			{exchange.Range{Until: now.Add(-1200 * time.Minute), Limit: 130}, 130},
			{exchange.Range{Since: now.Add(-5000 * time.Minute)}, 5000},
		} {
			for _, symbol := range []string{"BTC/USDT", "BTC/USDT:USDT"} {
				ks, err := c.FetchOHLCV(ctx, symbol, "1m", q.r)
				if isPair(symbol) && q.n > 2000 {
					if !errors.Is(err, exchange.ErrBadRequest) {
						t.Errorf("%+v: %v", q.r, err)
					}
					continue
				}
				if err != nil || len(ks) != q.n {
					t.Errorf("%s %+v: %d candles, want %d; %v", symbol, q.r, len(ks), q.n, err)
				}
				for i, k := range ks {
					if k.Start.Before(q.r.Since) || k.Volume.Absent() || k.High.Cmp(k.Low) < 0 || i > 0 && k.Start.Sub(ks[i-1].Start) != time.Minute || k.Closed == (i == len(ks)-1 && q.r.Until.IsZero() && q.r.Limit != 400) {
						t.Fatalf("%s %+v: %+v", symbol, q.r, k)
					}
				}
			}
		}
		rs := must[[]exchange.FundingRate](t)(c.FetchFundingRateHistory(ctx, "BTC/USD:BTC", exchange.Range{Since: now.Add(-40 * 24 * time.Hour), Limit: 70}))
		if len(rs) != 70 || rs[0].Next.Sub(now.Add(-40*24*time.Hour)) > 8*time.Hour {
			t.Errorf("%d rates, the first %+v", len(rs), rs[0])
		}
		if _, err := c.FetchTrades(ctx, "BTC/USDT", exchange.Range{FromID: "1"}); !errors.Is(err, exchange.ErrNotSupported) {
			t.Errorf("trades from an id: %v", err)
		}
		if _, err := c.FetchFundingRateHistory(ctx, "BTC/USD:BTC", exchange.Range{FromID: "2"}); !errors.Is(err, exchange.ErrBadRequest) {
			t.Errorf("rates from an id: %v", err)
		}
		if _, err := c.FetchOHLCV(ctx, "BTC/USDT", "1m", exchange.Range{FromID: "2"}); !errors.Is(err, exchange.ErrBadRequest) {
			t.Errorf("candles from an id: %v", err)
		}
	})
}

func TestRefused(t *testing.T) {
	for _, q := range []struct {
		fault venuetest.Fault
		want  error
	}{
		{venuetest.Fault{Kind: venuetest.HTTPStatus, Code: 429, N: -1}, exchange.ErrRateLimit},
		{venuetest.Fault{Kind: venuetest.HTTPStatus, Code: 200, N: -1, Body: `{"status":"error","err-code":"base-request-exceed-frequency-limit","err-msg":"x","data":null}`}, exchange.ErrRateLimit},
		{venuetest.Fault{Kind: venuetest.HTTPStatus, Code: 200, N: -1, Body: `{"status":"maintain"}`}, exchange.ErrMaintenance},
		{venuetest.Fault{Kind: venuetest.HTTPStatus, Code: 502, N: -1}, exchange.ErrUnavailable},
	} {
		moving(t, func(t *testing.T, ctx context.Context, s *venuetest.Server, c *exchange.Client) {
			must[exchange.Ticker](t)(c.FetchTicker(ctx, "BTC/USDT"))
			q.fault.Path = "/market/detail/merged"
			s.Fault(q.fault)
			if _, err := c.FetchTicker(ctx, "BTC/USDT"); !errors.Is(err, q.want) {
				t.Errorf("%d %s: %v", q.fault.Code, q.fault.Body, err)
			}
		})
	}
}

// TestTradesAfterReset follows trades over a lost connection: what is missing is told, and what
// the venue pushes again after a subscription is not.
func TestTradesAfterReset(t *testing.T) {
	for _, symbol := range []string{"BTC/USDT", "BTC/USDT:USDT"} {
		simulated(t, alone(symbol), exchange.Options{}, func(t *testing.T, ctx context.Context, s *venuetest.Server, c *exchange.Client) {
			sub := must[*stream.Subscription[exchange.Trade]](t)(c.WatchTrades(ctx, symbol))
			last, breaks := int64(0), 0
			for n := range 120 {
				v := must[exchange.Trade](t)(sub.Next(ctx))
				hole := int64(0)
				if v.Break != nil {
					breaks++
					hole = int64(v.Break.Lost)
				}
				if last > 0 && (v.Seq <= last || isPair(symbol) && v.Seq != last+1+hole) {
					t.Fatalf("%s: %d after %d, told of %d", symbol, v.Seq, last, hole)
				}
				if last = v.Seq; n == 50 {
					s.Fault(venuetest.Fault{Kind: venuetest.ResetSocket})
				}
			}
			if breaks > 1 || !isPair(symbol) && breaks == 0 {
				t.Errorf("%s: %d breaks", symbol, breaks)
			}
		})
	}
}

// TestChannelRefused: where deep books are not offered for a market the next channel serves.
func TestChannelRefused(t *testing.T) {
	simulated(t, alone("BTC/USDT"), exchange.Options{}, func(t *testing.T, ctx context.Context, s *venuetest.Server, c *exchange.Client) {
		s.Fault(venuetest.Fault{Kind: venuetest.RefuseSubscribe, Channel: "mbp.150", N: -1})
		sub := must[*stream.Subscription[exchange.OrderBook]](t)(c.WatchOrderBook(ctx, 0, "BTC/USDT"))
		b := must[exchange.OrderBook](t)(sub.Next(ctx))
		if got := s.Subscriptions(); len(b.Bids) != 150 || len(got) != 1 || got[0] != "market.btcusdt.depth.step0" {
			t.Errorf("%d levels by %q", len(b.Bids), got)
		}
	})
}

// equal reports whether a book is the best n levels of the true one.
func equal(b exchange.OrderBook, truth venuetest.Book, n int) bool {
	side := func(got []exchange.Level, want []venuetest.Level) bool {
		return slices.EqualFunc(got, want[:min(n, len(want))], func(l exchange.Level, w venuetest.Level) bool {
			return same(l.Price, truth.Price(w)) && same(l.Size, truth.Size(w))
		})
	}
	return side(b.Bids, truth.Bids) && side(b.Asks, truth.Asks)
}
