package alltick_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/exchanges/alltick"
	"github.com/depthwire/depthwire/stream"
	"github.com/depthwire/depthwire/venuetest"
)

const token = "professional-0123456789abcdef"

// simulated runs fn with a client of a simulated venue, in fake time: the market moves by itself. Nothing that is
// logged or told may hold the token.
func simulated(t *testing.T, o exchange.Options, fn func(t *testing.T, ctx context.Context, s *venuetest.Server, c *exchange.Client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 9, 16, 13, 20, 0, 0, time.UTC))) // fake time begins in 2000
		s := venuetest.AllTick(venuetest.Options{Seed: 7, Memory: true, Depth: 60, Rate: 50})
		defer s.Close()
		var log bytes.Buffer
		o.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		o.Endpoints, o.DialContext = s.Endpoints(), s.DialContext
		if o.Token == "" {
			o.Token, o.Plan = token, "professional"
		}
		c := alltick.New(o)
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute)
		defer cancel()
		time.Sleep(2 * time.Second) // some trades happen
		fn(t, ctx, s, c)
		c.Close()
		if strings.Contains(log.String(), o.Token) {
			t.Errorf("the token is in the log:\n%s", log.String())
		}
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

var symbols = []string{"700/HKD", "AAPL.US", "600416/CNY", "EUR/USD", "GOLD", "BTC/USDT", "SOYBEAN"}

// sized are those whose volumes the venue sells.
func sized(symbol string) bool {
	return !slices.Contains([]string{"EUR/USD", "GOLD/USD", "SOYBEAN"}, symbol)
}

func unified(symbols []string) (all []string) {
	for _, s := range symbols {
		all = append(all, strings.NewReplacer("AAPL.US", "AAPL/USD", "GOLD", "GOLD/USD").Replace(s))
	}
	return all
}

func TestFetch(t *testing.T) {
	simulated(t, exchange.Options{}, func(t *testing.T, ctx context.Context, s *venuetest.Server, c *exchange.Client) {
		for i, symbol := range symbols {
			name := unified(symbols)[i]
			b := must[exchange.OrderBook](t)(c.FetchOrderBook(ctx, symbol, 0))
			if truth, ok := s.Book(name, b.Seq); !ok || b.Symbol != name || !equal(b, truth) || b.Source != exchange.REST || b.Time.IsZero() {
				t.Errorf("%s: book of %d and %d is not the venue's", symbol, len(b.Bids), len(b.Asks))
			}
			q := must[exchange.BidAsk](t)(c.FetchBidAsk(ctx, symbol))
			if q.Bid.Cmp(q.Ask) >= 0 || q.BidSize.Absent() == sized(name) {
				t.Errorf("%s: %+v", symbol, q)
			}
			v := must[exchange.Ticker](t)(c.FetchTicker(ctx, symbol))
			if v.Last.Sign() <= 0 || v.High.Cmp(v.Low) < 0 || v.PreviousClose.Sign() <= 0 || v.Volume.Absent() == sized(name) || v.OpenTime.Hour() != 0 {
				t.Errorf("%s: %+v", symbol, v)
			}
			ts := must[[]exchange.Trade](t)(c.FetchTrades(ctx, symbol, exchange.Range{}))
			if len(ts) != 1 || ts[0].Price.Sign() <= 0 || ts[0].Size.Absent() == sized(name) || ts[0].ID == "" || (ts[0].Side == "") == sized(name) {
				t.Errorf("%s: %+v", symbol, ts)
			}
		}
		all := must[[]exchange.Ticker](t)(c.FetchTickers(ctx, symbols...))
		if len(all) != len(symbols) {
			t.Errorf("%d tickers of %d", len(all), len(symbols))
		}
		if n := s.Stats().Requests["/quote-b-api/batch-kline"]; n != 5 {
			t.Errorf("%d requests of batch-kline, want 4 and one for all", n)
		}
		for _, symbol := range []string{"NO/SUCH", "NOSUCH.US", "gold", "Silver"} {
			if _, err := c.FetchBidAsk(ctx, symbol); !errors.Is(err, exchange.ErrBadSymbol) {
				t.Errorf("%s: %v", symbol, err)
			}
		}
	})
}

// TestNotSupported: what a vendor of data does not have is refused without a request.
func TestNotSupported(t *testing.T) {
	simulated(t, exchange.Options{}, func(t *testing.T, ctx context.Context, s *venuetest.Server, c *exchange.Client) {
		calls := map[string]func() error{
			"FetchTime":         func() error { _, err := c.FetchTime(ctx); return err },
			"FetchFundingRate":  func() error { _, err := c.FetchFundingRate(ctx, "BTC/USDT"); return err },
			"FetchMarkPrice":    func() error { _, err := c.FetchMarkPrice(ctx, "BTC/USDT"); return err },
			"FetchOpenInterest": func() error { _, err := c.FetchOpenInterest(ctx, "BTC/USDT"); return err },
			"FetchLiquidations": func() error {
				_, err := c.FetchLiquidations(ctx, "BTC/USDT", exchange.Range{})
				return err
			},
			"FetchStatus":       func() error { _, err := c.FetchStatus(ctx); return err },
			"WatchOpenInterest": func() error { _, err := c.WatchOpenInterest(ctx, "BTC/USDT"); return err },
			"WatchLiquidations": func() error { _, err := c.WatchLiquidations(ctx, "BTC/USDT"); return err },
			"FetchTrades":       func() error { _, err := c.FetchTrades(ctx, "BTC/USDT", exchange.Range{Since: time.Now()}); return err },
			"FetchTickers":      func() error { _, err := c.FetchTickers(ctx); return err },
			"WatchOHLCV":        func() error { _, err := c.WatchOHLCV(ctx, "1m", "BTC/USDT"); return err },
			"WatchMarkPrice":    func() error { _, err := c.WatchMarkPrice(ctx, "BTC/USDT"); return err },
		}
		for name, call := range calls {
			if err := call(); !errors.Is(err, exchange.ErrNotSupported) {
				t.Errorf("%s: %v", name, err)
			}
		}
		for _, interval := range []exchange.Interval{"2h", "4h", "3m"} {
			if _, err := c.FetchOHLCV(ctx, "700.HK", interval, exchange.Range{}); !errors.Is(err, exchange.ErrBadRequest) {
				t.Errorf("%s: %v", interval, err)
			}
		}
		if st := s.Stats(); len(st.Requests) != 0 || st.Connections != 0 {
			t.Errorf("asked the venue: %+v", st)
		}
	})
}

func TestFetchOHLCV(t *testing.T) {
	simulated(t, exchange.Options{}, func(t *testing.T, ctx context.Context, s *venuetest.Server, c *exchange.Client) {
		now := time.Now()
		for _, q := range []struct {
			symbol   string
			interval exchange.Interval
			r        exchange.Range
			n        int
		}{
			{"EUR/USD", "1m", exchange.Range{}, 500},
			{"EUR/USD", "1m", exchange.Range{Limit: 7}, 7},
			{"EUR/USD", "4h", exchange.Range{Limit: 700}, 700},
			{"BTC/USDT", "1m", exchange.Range{Since: now.Add(-1200 * time.Minute)}, 1200},
			{"BTC/USDT", "1m", exchange.Range{Since: now.Add(-1200 * time.Minute), Limit: 30}, 30},
			{"BTC/USDT", "1m", exchange.Range{Until: now.Add(-3000 * time.Minute), Limit: 30}, 30},
			{"BTC/USDT", "1M", exchange.Range{Limit: 5}, 5},
			{"700.HK", "1m", exchange.Range{Since: now.Add(-1200 * time.Minute)}, 500}, // there are no others
			{"700.HK", "1m", exchange.Range{Until: now.Add(-60 * time.Minute), Limit: 10}, 10},
		} {
			ks := must[[]exchange.Candle](t)(c.FetchOHLCV(ctx, q.symbol, q.interval, q.r))
			if len(ks) != q.n {
				t.Errorf("%s %s %+v: %d candles, want %d", q.symbol, q.interval, q.r, len(ks), q.n)
				continue
			}
			for i, k := range ks {
				if k.Start.Before(q.r.Since) || (!q.r.Until.IsZero() && !k.Start.Before(q.r.Until)) || k.High.Cmp(k.Low) < 0 || k.Closed != (k.Start.Add(q.interval.Duration()).Before(now) || i < len(ks)-1) {
					t.Fatalf("%s %s %+v: %+v", q.symbol, q.interval, q.r, k)
				}
			}
		}
	})
}

func TestWatch(t *testing.T) {
	simulated(t, exchange.Options{}, func(t *testing.T, ctx context.Context, s *venuetest.Server, c *exchange.Client) {
		watched, stop := context.WithCancel(ctx)
		books := must[*stream.Subscription[exchange.OrderBook]](t)(c.WatchOrderBook(watched, 0, symbols...))
		touches := must[*stream.Subscription[exchange.BidAsk]](t)(c.WatchBidAsk(watched, symbols...))
		trades := must[*stream.Subscription[exchange.Trade]](t)(c.WatchTrades(watched, symbols...))
		tickers := must[*stream.Subscription[exchange.Ticker]](t)(c.WatchTicker(watched, symbols...))
		all := unified(symbols)
		every(t, ctx, books, all, func(b *exchange.OrderBook) (string, bool) {
			truth, ok := s.Book(b.Symbol, b.Seq)
			return b.Symbol, b.State == book.Live && ok && equal(*b, truth) && b.Break == nil
		})
		every(t, ctx, touches, all, func(v *exchange.BidAsk) (string, bool) {
			return v.Symbol, v.Bid.Sign() > 0 && v.Bid.Cmp(v.Ask) < 0 && v.BidSize.Absent() != sized(v.Symbol) && v.Seq > 0
		})
		every(t, ctx, trades, all, func(v *exchange.Trade) (string, bool) {
			return v.Symbol, v.Price.Sign() > 0 && v.Size.Absent() != sized(v.Symbol) && !v.Time.IsZero()
		})
		every(t, ctx, tickers, all, func(v *exchange.Ticker) (string, bool) { return v.Symbol, v.Last.Sign() > 0 })
		for _, n := range s.Stats().Conns {
			if n.Busiest > 1 || n.Requests > 4 {
				t.Errorf("a connection said %d things in a second, %d requests", n.Busiest, n.Requests)
			}
		}
		if n := s.Stats().Connections; n != 2 {
			t.Errorf("%d connections, want one for each family", n)
		}
		stop()
		time.Sleep(12 * time.Second)
		if left := s.Subscriptions(); len(left) != 0 {
			t.Errorf("still subscribed: %q", left)
		}
	})
}

// every reads until a value of each symbol has come.
func every[T any](t *testing.T, ctx context.Context, sub *stream.Subscription[T], of []string, look func(*T) (string, bool)) {
	t.Helper()
	missing := slices.Clone(of)
	for len(missing) > 0 {
		v, err := sub.Next(ctx)
		if err != nil {
			t.Fatalf("%v; nothing of %q", err, missing)
		}
		symbol, ok := look(&v)
		if !ok {
			t.Fatalf("%+v", v)
		}
		missing = slices.DeleteFunc(missing, func(s string) bool { return s == symbol })
	}
}

// TestReplace: what is watched later and given up earlier leaves the other topics alone.
func TestReplace(t *testing.T) {
	simulated(t, exchange.Options{}, func(t *testing.T, ctx context.Context, s *venuetest.Server, c *exchange.Client) {
		first := must[*stream.Subscription[exchange.BidAsk]](t)(c.WatchBidAsk(ctx, "700.HK"))
		must[exchange.BidAsk](t)(first.Next(ctx))
		second := must[*stream.Subscription[exchange.BidAsk]](t)(c.WatchBidAsk(ctx, "AAPL.US", "600416.SH"))
		every(t, ctx, second, []string{"AAPL/USD", "600416/CNY"}, func(v *exchange.BidAsk) (string, bool) { return v.Symbol, true })
		if left := s.Subscriptions(); len(left) != 3 {
			t.Errorf("subscribed: %q, want three", left)
		}
		second.Close()
		time.Sleep(5 * time.Second)
		if left := s.Subscriptions(); len(left) != 1 {
			t.Errorf("still subscribed: %q, want one", left)
		}
		for range 20 {
			if v := must[exchange.BidAsk](t)(first.Next(ctx)); v.Break != nil {
				t.Errorf("broken: %+v", v.Break)
			}
		}
	})
}

// TestUnknownCodes: a code that the venue does not know spoils the list that it is on. It alone is refused.
func TestUnknownCodes(t *testing.T) {
	simulated(t, exchange.Options{}, func(t *testing.T, ctx context.Context, s *venuetest.Server, c *exchange.Client) {
		sub := must[*stream.Subscription[exchange.Trade]](t)(c.WatchTrades(ctx, "EURUSD", "NOSUCH", "BTCUSDT", "NONE"))
		var refused []string
		heard := map[string]bool{}
		for len(refused) < 2 || len(heard) < 2 {
			v, err := sub.Next(ctx)
			var e *exchange.Error
			switch {
			case errors.As(err, &e) && errors.Is(err, exchange.ErrBadSymbol) && e.Code == "600":
				refused = append(refused, e.Symbol)
			case err != nil:
				t.Fatal(err)
			default:
				heard[v.Symbol] = true
			}
		}
		if slices.Sort(refused); !slices.Equal(refused, []string{"NONE", "NOSUCH"}) || !heard["EUR/USD"] || !heard["BTC/USDT"] {
			t.Errorf("refused %q, heard %v", refused, heard)
		}
	})
}

// TestFreePlan: five codes on a list, one request in ten seconds; more codes are refused before they are sent.
func TestFreePlan(t *testing.T) {
	simulated(t, exchange.Options{Token: "free-0123456789abcdef"}, func(t *testing.T, ctx context.Context, s *venuetest.Server, c *exchange.Client) {
		began := time.Now()
		for range 4 {
			must[exchange.BidAsk](t)(c.FetchBidAsk(ctx, "EURUSD"))
			must[exchange.BidAsk](t)(c.FetchBidAsk(ctx, "700.HK"))
		}
		if took := time.Since(began); took < 70*time.Second || took > 80*time.Second {
			t.Errorf("8 requests took %s", took)
		}
		codes := []string{"EURUSD", "GOLD", "BTCUSDT", "SOYBEAN", "USDJPY", "ETHUSDT"}
		sub := must[*stream.Subscription[exchange.Trade]](t)(c.WatchTrades(ctx, codes...))
		_, err := sub.Next(ctx)
		if !errors.Is(err, exchange.ErrPermission) || !errors.Is(err, stream.ErrFull) {
			t.Errorf("six codes: %v", err)
		}
	})
	if err := alltick.New(exchange.Options{Plan: "gold"}).Err(); !errors.Is(err, exchange.ErrBadRequest) || !strings.Contains(err.Error(), "basic, free, premium, professional") {
		t.Errorf("unknown plan: %v", err)
	}
}

// TestNewLimited: the numbers of a token of its own hold, for requests and for lists.
func TestNewLimited(t *testing.T) {
	simulated(t, exchange.Options{}, func(t *testing.T, ctx context.Context, s *venuetest.Server, _ *exchange.Client) {
		o := exchange.Options{Token: token, Plan: "professional", Endpoints: s.Endpoints(), DialContext: s.DialContext}
		c := alltick.NewLimited(o, alltick.Limits{Symbols: 2, Connections: 1, PerSecond: 2, PerMinute: 4})
		defer c.Close()
		began := time.Now()
		for i, most := range []time.Duration{time.Second, time.Second, 3 * time.Second, 3 * time.Second, 70 * time.Second} {
			must[exchange.BidAsk](t)(c.FetchBidAsk(ctx, "EURUSD"))
			if took := time.Since(began); took > most || i == 2 && took < time.Second || i == 4 && took < time.Minute {
				t.Errorf("request %d after %s", i, took)
			}
		}
		sub := must[*stream.Subscription[exchange.Trade]](t)(c.WatchTrades(ctx, "EURUSD", "GOLD", "BTCUSDT"))
		if _, err := sub.Next(ctx); !errors.Is(err, exchange.ErrPermission) || !errors.Is(err, stream.ErrFull) {
			t.Errorf("three codes: %v", err)
		}
		if err := alltick.NewLimited(exchange.Options{Plan: "gold"}, alltick.Limits{Symbols: 2}).Err(); !errors.Is(err, exchange.ErrBadRequest) {
			t.Errorf("unknown plan: %v", err)
		}
	})
}

// TestToken: whatever goes wrong, the token is not in what is told.
func TestToken(t *testing.T) {
	const wrong = "never-0123456789abcdef"
	simulated(t, exchange.Options{Token: wrong}, func(t *testing.T, ctx context.Context, s *venuetest.Server, c *exchange.Client) {
		say := func(err error) string {
			if err == nil || strings.Contains(err.Error(), wrong) {
				t.Errorf("no error, or one with the token: %v", err)
				return ""
			}
			return err.Error()
		}
		_, err := c.FetchBidAsk(ctx, "EURUSD")
		if say(err); !errors.Is(err, exchange.ErrAuth) {
			t.Errorf("REST: %v", err)
		}
		sub := must[*stream.Subscription[exchange.BidAsk]](t)(c.WatchBidAsk(ctx, "EURUSD"))
		_, err = sub.Next(ctx)
		if say(err); !errors.Is(err, exchange.ErrAuth) {
			t.Errorf("socket: %v", err)
		}
		if n := s.Stats().Connections; n != 0 {
			t.Errorf("%d connections", n)
		}
		for _, body := range []string{"you asked for ?token=" + wrong, `{"ret":600,"msg":"` + wrong + `"}`} {
			s.Fault(venuetest.Fault{Kind: venuetest.HTTPStatus, Code: 502, N: -1, Body: body})
			short, cancel := context.WithTimeout(ctx, time.Minute)
			_, err = c.FetchBidAsk(short, "EURUSD")
			say(err)
			cancel()
			s.Heal()
		}
	})
	simulated(t, exchange.Options{}, func(t *testing.T, ctx context.Context, s *venuetest.Server, c *exchange.Client) {
		sub := must[*stream.Subscription[exchange.BidAsk]](t)(c.WatchBidAsk(ctx, "700.HK"))
		must[exchange.BidAsk](t)(sub.Next(ctx))
		s.Fault(venuetest.Fault{Kind: venuetest.CloseSocket, Code: 1008, Text: "who is " + token + "?"})
		synctest.Wait()
		for _, h := range c.Health() {
			if text := fmt.Sprintf("%+v", h); h.Err == nil || strings.Contains(text, token) || !strings.Contains(text, "who is [secret]?") {
				t.Errorf("a venue that quotes the token when it closes: %s", text)
			}
		}
		if text := fmt.Sprintf("%+v", must[exchange.BidAsk](t)(sub.Next(ctx)).Break); strings.Contains(text, token) {
			t.Errorf("the token is in a break: %s", text)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		c := alltick.New(exchange.Options{})
		defer c.Close()
		if _, err := c.FetchBidAsk(t.Context(), "EURUSD"); !errors.Is(err, exchange.ErrAuth) {
			t.Errorf("without a token: %v", err)
		}
		if _, err := c.WatchBidAsk(t.Context(), "EURUSD"); !errors.Is(err, exchange.ErrAuth) {
			t.Errorf("without a token: %v", err)
		}
		if ms, err := c.FetchMarkets(t.Context()); err != nil || len(ms) < 80 {
			t.Errorf("%d markets, %v", len(ms), err)
		}
	})
}

// TestAdopted: a code that is in no list is a market from its first use on, under its symbol too.
func TestAdopted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := alltick.New(exchange.Options{Token: token})
		defer c.Close()
		if _, err := c.Market(t.Context(), "ETC/USD"); !errors.Is(err, exchange.ErrBadSymbol) {
			t.Errorf("before: %v", err)
		}
		for _, name := range []string{"ETC.US", "ETC/USD", "ETC.US", "ETC/USD"} {
			if m := must[exchange.Market](t)(c.Market(t.Context(), name)); m.ID != "ETC.US" || m.Symbol != "ETC/USD" || m.Family != "stock" {
				t.Errorf("%s: %+v", name, m)
			}
			time.Sleep(45 * time.Minute) // the list is made anew
		}
		n := 0
		for _, m := range must[[]exchange.Market](t)(c.FetchMarkets(t.Context())) {
			if m.ID == "ETC.US" {
				n++
			}
		}
		if n != 1 {
			t.Errorf("listed %d times", n)
		}
	})
}

// TestAnswers: an answer that does not come is asked for again, a late one is waited for, heartbeats go on.
func TestAnswers(t *testing.T) {
	for _, fault := range []venuetest.Fault{{Kind: venuetest.NoAck}, {Kind: venuetest.NoAck, N: 2}, {Kind: venuetest.NoPong}, {Kind: venuetest.NeverSpeak}} {
		simulated(t, exchange.Options{}, func(t *testing.T, ctx context.Context, s *venuetest.Server, c *exchange.Client) {
			s.Fault(fault)
			began := time.Now()
			sub := must[*stream.Subscription[exchange.BidAsk]](t)(c.WatchBidAsk(ctx, "700.HK"))
			must[exchange.BidAsk](t)(sub.Next(ctx))
			if took := time.Since(began); took > time.Minute {
				t.Errorf("%s: the first value took %s", fault.Kind, took)
			}
		})
	}
}

// TestQuiet: a market that is closed says nothing for hours, and nothing is done about it.
func TestQuiet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := venuetest.AllTick(venuetest.Options{Memory: true, Depth: 60})
		defer s.Close()
		c := alltick.New(exchange.Options{Token: token, Plan: "professional", Endpoints: s.Endpoints(), DialContext: s.DialContext})
		defer c.Close()
		sub := must[*stream.Subscription[exchange.BidAsk]](t)(c.WatchBidAsk(t.Context(), "EURUSD"))
		time.Sleep(5 * time.Second)
		s.Step(50)
		must[exchange.BidAsk](t)(sub.Next(t.Context()))
		time.Sleep(time.Hour)
		s.Step(200)
		if v := must[exchange.BidAsk](t)(sub.Next(t.Context())); v.Break != nil || s.Stats().Connections != 1 {
			t.Errorf("%+v over %d connections", v.Break, s.Stats().Connections)
		}
	})
}

// TestShutMarket: nothing is pushed, so that the last book is fetched, once.
func TestShutMarket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := venuetest.AllTick(venuetest.Options{Memory: true, Depth: 60})
		defer s.Close()
		c := alltick.New(exchange.Options{Token: token, Plan: "professional", Endpoints: s.Endpoints(), DialContext: s.DialContext})
		defer c.Close()
		sub := must[*stream.Subscription[exchange.OrderBook]](t)(c.WatchOrderBook(t.Context(), 0, "EURUSD"))
		b := must[exchange.OrderBook](t)(sub.Next(t.Context()))
		for b.State != book.Live {
			b = must[exchange.OrderBook](t)(sub.Next(t.Context()))
		}
		if truth, ok := s.Book("EURUSD", b.Seq); !ok || !equal(b, truth) || b.Break != nil {
			t.Errorf("%+v is not the venue's", b)
		}
		time.Sleep(time.Hour)
		if n := s.Stats().Requests["/quote-b-api/depth-tick"]; n != 1 {
			t.Errorf("%d requests", n)
		}
	})
}

// equal reports whether a book is the best levels of the true one. Sizes of A-shares are in lots of 100.
func equal(b exchange.OrderBook, truth venuetest.Book) bool {
	lot := decimal.New(1, 0)
	if strings.HasSuffix(b.Symbol, "/CNY") {
		lot = decimal.New(100, 0)
	}
	side := func(got []exchange.Level, want []venuetest.Level) bool {
		return len(got) > 0 && len(got) <= len(want) && slices.EqualFunc(got, want[:len(got)], func(l exchange.Level, w venuetest.Level) bool {
			if !sized(b.Symbol) {
				return l.Size.Absent() && l.Price.Equal(decimal.MustParse(truth.Price(w)))
			}
			return l.Price.Equal(decimal.MustParse(truth.Price(w))) && l.Size.Equal(decimal.MustParse(truth.Size(w)).Mul(lot))
		})
	}
	return side(b.Bids, truth.Bids) && side(b.Asks, truth.Asks)
}
