package replay_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/exchanges"
	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/replay"
	"github.com/depthwire/depthwire/venuetest"
)

const token = "professional-0123456789"

var venues = []struct {
	name    string
	start   func(venuetest.Options) *venuetest.Server
	symbols []string
}{
	{"binance", venuetest.Binance, []string{"BTC/USDT", "ETH/USDT", "BTC/USDT:USDT", "ETH/USDT:USDT"}},
	{"okx", venuetest.OKX, []string{"BTC/USDT", "BTC/USDT:USDT"}},
	{"huobi", venuetest.Huobi, []string{"BTC/USDT", "FLO/USDT", "BTC/USDT:USDT", "BTC/USD:BTC"}},
	{"backpack", venuetest.Backpack, []string{"BTC/USDC", "BONK/USDC", "SOL/USDC:USDC"}},
	{"alltick", venuetest.AllTick, []string{"700/HKD", "BTC/USDT", "EUR/USD"}},
}

// seen is what a client was told of: all trades, and the newest state of each book.
type seen struct {
	mu     sync.Mutex
	trades map[string][]string
	books  map[string]string
	breaks int
}

func text(levels []exchange.Level) (all string) {
	for _, l := range levels {
		all += fmt.Sprint(" ", l.Price, "/", l.Size)
	}
	return all
}

// watch follows trades and books until ctx ends.
func watch(ctx context.Context, t *testing.T, c *exchange.Client, symbols []string, work *sync.WaitGroup) *seen {
	t.Helper()
	x := &seen{trades: make(map[string][]string), books: make(map[string]string)}
	trades, err := c.WatchTrades(ctx, symbols...)
	if err != nil {
		t.Fatal(err)
	}
	books, err := c.WatchOrderBook(ctx, 0, symbols...)
	if err != nil {
		t.Fatal(err)
	}
	work.Go(func() {
		for {
			v, err := trades.Next(ctx)
			if err != nil {
				if ctx.Err() == nil {
					t.Errorf("trades: %v", err)
				}
				return
			}
			x.mu.Lock()
			x.trades[v.Symbol] = append(x.trades[v.Symbol], fmt.Sprint(v.ID, v.First, v.Side, v.Price, v.Size, v.Contracts, v.Cost, v.Time.UnixNano(), v.Seq))
			if v.Break != nil {
				x.breaks++
			}
			x.mu.Unlock()
		}
	})
	work.Go(func() {
		for {
			v, err := books.Next(ctx)
			if err != nil {
				if ctx.Err() == nil {
					t.Errorf("books: %v", err)
				}
				return
			}
			x.mu.Lock()
			x.books[v.Symbol] = fmt.Sprint(v.State, v.Seq, v.Time.UnixNano(), v.KnownBid, v.KnownAsk, v.Contracts, text(v.Bids), " |", text(v.Asks))
			x.mu.Unlock()
		}
	})
	return x
}

// recording records a simulated venue, and returns its directory and what a client saw meanwhile.
func recording(t *testing.T, start func(venuetest.Options) *venuetest.Server, name string, symbols []string, meanwhile func(*venuetest.Server)) (string, *seen) {
	t.Helper()
	s := start(venuetest.Options{Memory: true, Depth: 60})
	defer s.Close()
	var raw record.Tap
	c := open(t, name, exchange.Options{Endpoints: s.Endpoints(), DialContext: s.DialContext, Tap: raw.Frame})
	defer c.Close()
	dir := t.TempDir()
	r := record.New(record.Config{Dir: dir, Sources: []record.Source{{Client: c, Symbols: symbols, Raw: &raw}}})
	ctx, stop := context.WithCancel(t.Context())
	var work sync.WaitGroup
	var err error
	work.Go(func() { err = r.Run(ctx) })
	x := watch(ctx, t, c, symbols, &work)
	time.Sleep(20 * time.Second)
	for i := range 40 {
		s.Step(5)
		time.Sleep(200 * time.Millisecond)
		if i == 20 && meanwhile != nil {
			meanwhile(s)
		}
	}
	time.Sleep(20 * time.Second)
	stop()
	work.Wait()
	if err != nil {
		t.Fatalf("Run: %v", err)
	}
	return dir, x
}

func open(t *testing.T, name string, o exchange.Options) *exchange.Client {
	t.Helper()
	if name == "alltick" {
		o.Token, o.Plan = token, "professional"
	}
	c, err := exchanges.Open(name, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// compare watches a recording that is served, and compares.
func compare(t *testing.T, s *venuetest.Server, name string, symbols []string, long time.Duration, want *seen) {
	t.Helper()
	c := open(t, name, exchange.Options{Endpoints: s.Endpoints(), DialContext: s.DialContext})
	defer c.Close()
	ctx, stop := context.WithCancel(t.Context())
	var work sync.WaitGroup
	got := watch(ctx, t, c, symbols, &work)
	time.Sleep(long)
	stop()
	work.Wait()
	for _, symbol := range symbols {
		if len(want.trades[symbol]) < 10 || want.books[symbol] == "" {
			t.Fatalf("%s: %d trades and %q were recorded", symbol, len(want.trades[symbol]), want.books[symbol])
		}
		if !slices.Equal(got.trades[symbol], want.trades[symbol]) {
			t.Errorf("%s: %d trades, want %d\n%v\n%v", symbol, len(got.trades[symbol]), len(want.trades[symbol]), got.trades[symbol], want.trades[symbol])
		}
		if got.books[symbol] != want.books[symbol] {
			t.Errorf("%s: book\n%.300s, want\n%.300s", symbol, got.books[symbol], want.books[symbol])
		}
	}
}

// What a client saw of a venue it sees again when what was recorded is served.
func TestReplayIsExact(t *testing.T) {
	for _, v := range venues {
		t.Run(v.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dir, want := recording(t, v.start, v.name, v.symbols, nil)
				s, err := replay.Open(t.Context(), dir, replay.Options{Memory: true})
				if err != nil {
					t.Fatal(err)
				}
				defer s.Close()
				if s.Venue() != v.name {
					t.Errorf("venue %s", s.Venue())
				}
				compare(t, s, v.name, v.symbols, 12*time.Second, want)
			})
		})
	}
}

