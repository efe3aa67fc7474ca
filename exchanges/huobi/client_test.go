package huobi_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/depthwire/depthwire/book"
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

func TestWatch(t *testing.T) {
	moving(t, func(t *testing.T, ctx context.Context, s *venuetest.Server, c *exchange.Client) {
		watched, stop := context.WithCancel(ctx)
		swaps := []string{"BTC/USDT:USDT", "BTC/USD:BTC"}
		every(t, ctx, must[*stream.Subscription[exchange.Ticker]](t)(c.WatchTicker(watched, symbols...)), symbols, func(v *exchange.Ticker) (string, bool) {
			return v.Symbol, v.Last.Sign() > 0 && v.Bid.Cmp(v.Ask) < 0 && v.Source == exchange.Stream && !v.Time.IsZero() && v.Open.Sign() > 0
		})
		every(t, ctx, must[*stream.Subscription[exchange.BidAsk]](t)(c.WatchBidAsk(watched, symbols...)), symbols, func(v *exchange.BidAsk) (string, bool) {
			return v.Symbol, v.Bid.Cmp(v.Ask) < 0 && v.BidSize.Sign() > 0 && v.Seq > 0
		})
		every(t, ctx, must[*stream.Subscription[exchange.Trade]](t)(c.WatchTrades(watched, symbols...)), symbols, func(v *exchange.Trade) (string, bool) {
			return v.Symbol, v.Size.Sign() > 0 && v.Side != "" && v.ID != "" && v.Contracts.Absent() == isPair(v.Symbol)
		})
		every(t, ctx, must[*stream.Subscription[exchange.Candle]](t)(c.WatchOHLCV(watched, "1m", symbols...)), symbols, func(v *exchange.Candle) (string, bool) {
			return v.Symbol, v.Interval == "1m" && v.Close.Sign() > 0 && !v.Start.IsZero()
		})
		every(t, ctx, must[*stream.Subscription[exchange.FundingRate]](t)(c.WatchFundingRate(watched, swaps...)), swaps, func(v *exchange.FundingRate) (string, bool) {
			return v.Symbol, !v.Rate.Absent() && v.Next.After(v.Time)
		})
		every(t, ctx, must[*stream.Subscription[exchange.MarkPrice]](t)(c.WatchMarkPrice(watched, swaps...)), swaps, func(v *exchange.MarkPrice) (string, bool) { return v.Symbol, v.Mark.Sign() > 0 })
		for _, depth := range []int{0, 5, 20} {
			every(t, ctx, must[*stream.Subscription[exchange.OrderBook]](t)(c.WatchOrderBook(watched, depth, symbols...)), symbols, func(v *exchange.OrderBook) (string, bool) { return v.Symbol, true })
		}
		time.Sleep(16 * time.Second) // heartbeats of all sockets
		if n := s.Stats().Connections; n != 8 {
			t.Errorf("%d connections, want 8: some were lost", n)
		}
		stop()
		time.Sleep(5 * time.Second)
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

// TestBookFaults: after one fault the book is told broken once, is live again, and is the venue's.
func TestBookFaults(t *testing.T) {
	for _, symbol := range []string{"BTC/USDT", "BTC/USDT:USDT"} {
		for _, q := range []struct {
			fault  venuetest.Fault
			breaks int
		}{
			{venuetest.Fault{Kind: venuetest.DropDelta}, 1},
			{venuetest.Fault{Kind: venuetest.SwapDeltas}, 1},
			{venuetest.Fault{Kind: venuetest.WrongSequence}, 1},
			{venuetest.Fault{Kind: venuetest.CrossedBook}, 1},
			{venuetest.Fault{Kind: venuetest.DuplicateDelta}, 0},
			{venuetest.Fault{Kind: venuetest.UnknownEvent}, 0},
			{venuetest.Fault{Kind: venuetest.UnknownFields}, 0},
			{venuetest.Fault{Kind: venuetest.Fragmented}, 0},
			{venuetest.Fault{Kind: venuetest.TruncatedFrame}, 1},
			{venuetest.Fault{Kind: venuetest.ResetSocket}, 1},
			{venuetest.Fault{Kind: venuetest.CloseSocket, Code: 1003}, 1},
			{venuetest.Fault{Kind: venuetest.DeadSocket}, 1},
		} {
			t.Run(symbol+" "+string(q.fault.Kind), func(t *testing.T) {
				simulated(t, alone(symbol), exchange.Options{}, func(t *testing.T, ctx context.Context, s *venuetest.Server, c *exchange.Client) {
					sub := must[*stream.Subscription[exchange.OrderBook]](t)(c.WatchOrderBook(ctx, 0, symbol))
					must[exchange.OrderBook](t)(sub.Next(ctx))
					s.Fault(q.fault)
					long := 7 * time.Second
					if q.fault.Kind == venuetest.DeadSocket {
						long = 20 * time.Second
					}
					follow(t, ctx, s, sub, q.breaks, long)
				})
			})
		}
	}
}

// follow reads a book for a while and compares what is live with the truth.
func follow(t *testing.T, ctx context.Context, s *venuetest.Server, sub *stream.Subscription[exchange.OrderBook], breaks int, long time.Duration) {
	t.Helper()
	told := 0
	var b exchange.OrderBook
	for n, since := 0, time.Now(); time.Since(since) < long; n++ {
		b = must[exchange.OrderBook](t)(sub.Next(ctx))
		if b.State != book.Live {
			if len(b.Bids)+len(b.Asks) > 0 || b.Break == nil {
				t.Fatalf("%v with %d levels, break %v", b.State, len(b.Bids), b.Break)
			}
			continue
		}
		if b.Break != nil {
			told++
		}
		if isPair(b.Symbol) && n%3 == 0 { // the numbers of contracts are those of the connection
			if truth, ok := s.Book(b.Symbol, b.Seq); !ok || !equal(b, truth, 150) {
				t.Fatalf("book at %d is not the venue's", b.Seq)
			}
		}
	}
	if told != breaks || b.State != book.Live {
		t.Errorf("told %d breaks, want %d; %v in the end", told, breaks, b.State)
	}
	for range 3 { // while nothing else moves
		time.Sleep(time.Until(time.Now().Truncate(20 * time.Millisecond).Add(50 * time.Millisecond)))
		s.Step(3)
		synctest.Wait()
		seq := s.Last(b.Symbol)
		truth, _ := s.Book(b.Symbol, seq)
		for {
			if b = must[exchange.OrderBook](t)(sub.Next(ctx)); b.State == book.Live && (equal(b, truth, 150) || s.Last(b.Symbol) != seq) {
				break
			}
		}
		if s.Last(b.Symbol) == seq && !equal(b, truth, 150) {
			t.Errorf("book is not the venue's")
		}
	}
}

// TestSnapshots: answers to the question for a book that are old, late or do not come delay it,
// and do no more.
func TestSnapshots(t *testing.T) {
	for _, f := range []venuetest.Fault{{Kind: venuetest.StaleSnapshot, N: 3}, {Kind: venuetest.SlowSnapshot, For: 2 * time.Second}, {Kind: venuetest.SnapshotNever, N: 2}, {Kind: venuetest.NoAck}} {
		simulated(t, alone("BTC/USDT"), exchange.Options{}, func(t *testing.T, ctx context.Context, s *venuetest.Server, c *exchange.Client) {
			s.Fault(f)
			began := time.Now()
			sub := must[*stream.Subscription[exchange.OrderBook]](t)(c.WatchOrderBook(ctx, 0, "BTC/USDT"))
			b := must[exchange.OrderBook](t)(sub.Next(ctx))
			for b.State != book.Live {
				b = must[exchange.OrderBook](t)(sub.Next(ctx))
			}
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("%s: live after %s", f.Kind, took)
			}
			follow(t, ctx, s, sub, 0, 2*time.Second)
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

func TestLivePull(t *testing.T) {
	simulated(t, venuetest.Options{Rate: 20}, exchange.Options{Live: true}, func(t *testing.T, ctx context.Context, s *venuetest.Server, c *exchange.Client) {
		for _, symbol := range symbols {
			b := must[exchange.OrderBook](t)(c.FetchOrderBook(ctx, symbol, 10))
			v := must[exchange.Ticker](t)(c.FetchTicker(ctx, symbol))
			if b.Source != exchange.Stream || len(b.Bids) != 10 || v.Source != exchange.Stream {
				t.Errorf("%s: book from %v with %d levels, ticker from %v", symbol, b.Source, len(b.Bids), v.Source)
			}
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
