package okx_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/exchanges/okx"
	"github.com/depthwire/depthwire/stream"
	"github.com/depthwire/depthwire/venuetest"
)

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

// TestBookFaults is the part of the table of section 12 that is this venue's own: after one
// fault the book is told broken once, is live again, and is the venue's.
func TestBookFaults(t *testing.T) {
	const symbol = only
	for _, c := range []struct {
		fault  venuetest.Fault
		breaks int
	}{
		{venuetest.Fault{Kind: venuetest.WrongChecksum}, 1},
		{venuetest.Fault{Kind: venuetest.BookHeartbeat}, 0},
		{venuetest.Fault{Kind: venuetest.SequenceReset}, 0},
		{venuetest.Fault{Kind: venuetest.SecondSnapshot}, 0},
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
