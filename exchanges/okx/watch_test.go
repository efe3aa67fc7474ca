package okx_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/exchanges/okx"
	"github.com/depthwire/depthwire/stream"
	"github.com/depthwire/depthwire/venuetest"
)

func TestWatch(t *testing.T) {
	simulated(t, exchange.Options{}, func(t *testing.T, ctx context.Context, s *venuetest.Server, c *exchange.Client) {
		watched, stop := context.WithCancel(ctx)
		tickers := must[*stream.Subscription[exchange.Ticker]](t)(c.WatchTicker(watched, symbols...))
		touches := must[*stream.Subscription[exchange.BidAsk]](t)(c.WatchBidAsk(watched, symbols...))
		trades := must[*stream.Subscription[exchange.Trade]](t)(c.WatchTrades(watched, symbols...))
		candles := must[*stream.Subscription[exchange.Candle]](t)(c.WatchOHLCV(watched, "1m", symbols...))
		funding := must[*stream.Subscription[exchange.FundingRate]](t)(c.WatchFundingRate(watched, "BTC/USDT:USDT", "BTC/USD:BTC"))
		marks := must[*stream.Subscription[exchange.MarkPrice]](t)(c.WatchMarkPrice(watched, symbols...))
		every(t, ctx, tickers, symbols, func(v *exchange.Ticker) (string, bool) {
			return v.Symbol, v.Last.Sign() > 0 && v.Bid.Cmp(v.Ask) < 0 && v.Source == exchange.Stream && !v.Time.IsZero()
		})
		every(t, ctx, touches, symbols, func(v *exchange.BidAsk) (string, bool) {
			return v.Symbol, v.Bid.Sign() > 0 && v.Bid.Cmp(v.Ask) < 0 && v.BidSize.Sign() > 0 && v.Seq > 0
		})
		every(t, ctx, trades, symbols, func(v *exchange.Trade) (string, bool) {
			return v.Symbol, v.Size.Sign() > 0 && v.Side != "" && v.Seq > 0 && v.ID != "" && v.Contracts.Absent() == (v.Symbol == "BTC/USDT")
		})
		every(t, ctx, candles, symbols, func(v *exchange.Candle) (string, bool) {
			return v.Symbol, v.Interval == "1m" && v.Close.Sign() > 0 && !v.Start.IsZero()
		})
		every(t, ctx, funding, []string{"BTC/USDT:USDT", "BTC/USD:BTC"}, func(v *exchange.FundingRate) (string, bool) { return v.Symbol, !v.Rate.Absent() && v.Interval > 0 })
		every(t, ctx, marks, symbols, func(v *exchange.MarkPrice) (string, bool) { return v.Symbol, v.Mark.Sign() > 0 })
		if _, err := c.WatchFundingRate(ctx, "BTC/USDT:USDT-261225"); !errors.Is(err, exchange.ErrNotSupported) {
			t.Errorf("funding of a dated future: %v", err)
		}
		if _, err := c.WatchTicker(ctx, "NO/SUCH"); !errors.Is(err, exchange.ErrBadSymbol) {
			t.Errorf("unknown symbol: %v", err)
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

// TestTradesWithoutHoles compares what WatchTrades tells with what the venue did,
// over a lost connection: what is missing is told exactly.
func TestTradesWithoutHoles(t *testing.T) {
	alone(t, func(t *testing.T, ctx context.Context, s *venuetest.Server, c *exchange.Client) {
		sub := must[*stream.Subscription[exchange.Trade]](t)(c.WatchTrades(ctx, only))
		last, lost := int64(0), uint64(0)
		end := time.Now().Add(30 * time.Second)
		for n := 0; time.Now().Before(end); n++ {
			v := must[exchange.Trade](t)(sub.Next(ctx))
			first := number(t, v.ID)
			if v.First != "" {
				first = number(t, v.First)
			}
			hole := uint64(0)
			if v.Break != nil {
				hole = v.Break.Lost
			}
			if last != 0 && first != last+1+int64(hole) {
				t.Fatalf("%d after %d, told of %d", first, last, hole)
			}
			lost += hole
			last = number(t, v.ID)
			if n == 50 {
				s.Fault(venuetest.Fault{Kind: venuetest.ResetSocket})
			}
		}
	})
}

func TestWatchOrderBook(t *testing.T) {
	for _, depth := range []int{0, 1, 5, 20, 400} {
		simulated(t, exchange.Options{}, func(t *testing.T, ctx context.Context, s *venuetest.Server, c *exchange.Client) {
			sub := must[*stream.Subscription[exchange.OrderBook]](t)(c.WatchOrderBook(ctx, depth, symbols...))
			every(t, ctx, sub, symbols, func(b *exchange.OrderBook) (string, bool) { return b.Symbol, b.State == book.Live })
			for range 60 {
				b := must[exchange.OrderBook](t)(sub.Next(ctx))
				n := depth
				if n == 0 {
					n = 400
				}
				if truth, ok := s.Book(b.Symbol, b.Seq); !ok || b.Break != nil || !equal(b, truth, n) {
					t.Fatalf("depth %d, %s at %d: %d and %d levels, break %v: not the venue's", depth, b.Symbol, b.Seq, len(b.Bids), len(b.Asks), b.Break)
				}
			}
		})
	}
}

// TestBookFaults is the table of section 12, as far as it is about books: after one
// fault the book is told broken once, is live again, and is the venue's.
func TestBookFaults(t *testing.T) {
	const symbol = only
	for _, c := range []struct {
		fault  venuetest.Fault
		breaks int
	}{
		{venuetest.Fault{Kind: venuetest.DropDelta}, 1},
		{venuetest.Fault{Kind: venuetest.SwapDeltas}, 1},
		{venuetest.Fault{Kind: venuetest.WrongSequence}, 1},
		{venuetest.Fault{Kind: venuetest.WrongChecksum}, 1},
		{venuetest.Fault{Kind: venuetest.CrossedBook}, 1},
		{venuetest.Fault{Kind: venuetest.DuplicateDelta}, 0},
		{venuetest.Fault{Kind: venuetest.BookHeartbeat}, 0},
		{venuetest.Fault{Kind: venuetest.SequenceReset}, 0},
		{venuetest.Fault{Kind: venuetest.SecondSnapshot}, 0},
		{venuetest.Fault{Kind: venuetest.UnknownEvent, Channel: "books"}, 0},
		{venuetest.Fault{Kind: venuetest.UnknownFields, Channel: "books"}, 0},
		{venuetest.Fault{Kind: venuetest.DuplicateKeys, Channel: "books"}, 0},
		{venuetest.Fault{Kind: venuetest.Fragmented, Channel: "books"}, 0},
		{venuetest.Fault{Kind: venuetest.TruncatedFrame, Channel: "books"}, 1},
		{venuetest.Fault{Kind: venuetest.WrongType, Channel: "books"}, 1},
		{venuetest.Fault{Kind: venuetest.ResetSocket}, 1},
		{venuetest.Fault{Kind: venuetest.CloseSocket, Code: 4004}, 1},
		{venuetest.Fault{Kind: venuetest.DeadSocket}, 1},
	} {
		t.Run(string(c.fault.Kind), func(t *testing.T) {
			alone(t, func(t *testing.T, ctx context.Context, s *venuetest.Server, client *exchange.Client) {
				sub := must[*stream.Subscription[exchange.OrderBook]](t)(client.WatchOrderBook(ctx, 0, symbol))
				must[exchange.OrderBook](t)(sub.Next(ctx))
				s.Fault(c.fault)
				told, since := 0, time.Now()
				var b exchange.OrderBook
				for n := 0; time.Since(since) < 70*time.Second; n++ {
					b = must[exchange.OrderBook](t)(sub.Next(ctx))
					if b.State != book.Live {
						if len(b.Bids)+len(b.Asks) > 0 || b.Break == nil {
							t.Fatalf("%v with %d levels, break %v", b.State, len(b.Bids), b.Break)
						}
						continue // a reader who is not quick enough sees the healed book only
					}
					if b.Break != nil {
						told++
						if !b.Break.Healed {
							t.Fatalf("live with %+v", b.Break)
						}
					}
					if truth, ok := s.Book(symbol, b.Seq); (n < 50 || n%20 == 0) && ok && !equal(b, truth, 400) {
						t.Fatalf("book at %d is not the venue's", b.Seq)
					}
				}
				if told != c.breaks || b.State != book.Live {
					t.Errorf("told %d breaks, want %d; %v in the end", told, c.breaks, b.State)
				}
			})
		})
	}
}

func TestSubscribeRefused(t *testing.T) {
	simulated(t, exchange.Options{}, func(t *testing.T, ctx context.Context, s *venuetest.Server, c *exchange.Client) {
		s.Fault(venuetest.Fault{Kind: venuetest.RefuseSubscribe, ID: "ETH/USDT", Channel: "tickers", Code: 64003})
		sub := must[*stream.Subscription[exchange.Ticker]](t)(c.WatchTicker(ctx, "BTC/USDT", "ETH/USDT", "BTC/USD:BTC"))
		refused, heard := 0, map[string]bool{}
		for refused == 0 || len(heard) < 2 {
			v, err := sub.Next(ctx)
			if err != nil {
				var e *exchange.Error
				if !errors.As(err, &e) || e.Symbol != "ETH/USDT" || e.Code != "64003" || !errors.Is(err, exchange.ErrPermission) {
					t.Fatal(err)
				}
				refused++
				continue
			}
			heard[v.Symbol] = true
		}
	})
}

func TestLivePull(t *testing.T) {
	simulated(t, exchange.Options{Live: true}, func(t *testing.T, ctx context.Context, s *venuetest.Server, c *exchange.Client) {
		for _, symbol := range symbols {
			b := must[exchange.OrderBook](t)(c.FetchOrderBook(ctx, symbol, 10))
			v := must[exchange.Ticker](t)(c.FetchTicker(ctx, symbol))
			if b.Source != exchange.Stream || len(b.Bids) != 10 || v.Source != exchange.Stream {
				t.Errorf("%s: book from %v with %d levels, ticker from %v", symbol, b.Source, len(b.Bids), v.Source)
			}
		}
	})
}

func TestNotice(t *testing.T) {
	alone(t, func(t *testing.T, ctx context.Context, s *venuetest.Server, c *exchange.Client) {
		sub := must[*stream.Subscription[exchange.OrderBook]](t)(c.WatchOrderBook(ctx, 0, only))
		must[exchange.OrderBook](t)(sub.Next(ctx))
		s.Fault(venuetest.Fault{Kind: venuetest.Shutdown})
		since := time.Now()
		for time.Since(since) < 70*time.Second {
			b := must[exchange.OrderBook](t)(sub.Next(ctx))
			if b.State != book.Live && time.Since(since) > 55*time.Second {
				t.Fatalf("lost %s after the notice: it was not heeded", time.Since(since))
			}
		}
	})
}

// TestQuiet has the heartbeat keep a connection on which nothing is pushed but
// every minute: no reconnection, no break.
func TestQuiet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := venuetest.OKX(venuetest.Options{Memory: true})
		defer s.Close()
		c := okx.New(exchange.Options{Endpoints: s.Endpoints(), DialContext: s.DialContext})
		defer c.Close()
		sub, err := c.WatchMarkPrice(t.Context(), "BTC/USDT:USDT")
		if err != nil {
			t.Fatal(err)
		}
		since := time.Now()
		for time.Since(since) < 5*time.Minute {
			if v, err := sub.Next(t.Context()); err != nil || v.Break != nil {
				t.Fatalf("%+v, %v", v, err)
			}
		}
	})
}
