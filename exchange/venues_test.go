package exchange_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/exchanges/alltick"
	"github.com/depthwire/depthwire/exchanges/backpack"
	"github.com/depthwire/depthwire/exchanges/binance"
	"github.com/depthwire/depthwire/exchanges/huobi"
	"github.com/depthwire/depthwire/exchanges/okx"
	"github.com/depthwire/depthwire/venuetest"
)

// place is one market of one simulated venue that the promises are tested on.
type place struct {
	name   string
	start  func(venuetest.Options) *venuetest.Server
	client func(exchange.Options) *exchange.Client
	symbol string // whose stream is hurt
	other  string // on the same connection
	depth  int    // that is declared complete
	delta  string // part of the name of its stream of deltas
	whole  bool   // each message has all of the book: what is lost between two is not missed
}

var places = []place{
	{"binance spot", venuetest.Binance, binance.New, "BTC/USDT", "ETH/USDT", 100, "depth", false},
	{"binance linear", venuetest.Binance, binance.New, "BTC/USDT:USDT", "ETH/USDT:USDT", 100, "depth", false},
	{"okx spot", venuetest.OKX, okx.New, "BTC/USDT", "ETH/USDT", 100, "books", false},
	{"okx swap", venuetest.OKX, okx.New, "BTC/USDT:USDT", "BTC/USD:BTC", 100, "books", false},
	{"huobi spot", venuetest.Huobi, huobi.New, "BTC/USDT", "ETH/USDT", 100, "mbp", false},
	{"huobi linear", venuetest.Huobi, huobi.New, "BTC/USDT:USDT", "ETH/USDT:USDT", 100, "high_freq", false},
	{"backpack spot", venuetest.Backpack, backpack.New, "BTC/USDC", "SOL/USDC", 100, "depth", false},
	{"backpack swap", venuetest.Backpack, backpack.New, "SOL/USDC:USDC", "kPEPE/USDC:USDC", 100, "depth", false},
	{"alltick", venuetest.AllTick, withToken, "700/HKD", "9988/HKD", 10, "depth", true},
}

// withToken makes a client of the venue that asks for one.
func withToken(o exchange.Options) *exchange.Client {
	o.Token, o.Plan = "professional-0123456789", "professional"
	return alltick.New(o)
}

// meet starts the venue in memory and a client on it.
func (p place) meet(t testing.TB, o venuetest.Options, c exchange.Options) (*venuetest.Server, *exchange.Client) {
	t.Helper()
	o.Memory = true
	server := p.start(o)
	c.Endpoints, c.DialContext = server.Endpoints(), server.DialContext
	return server, p.client(c)
}

// inVirtualTime runs test for every place in a bubble of its own.
func inVirtualTime(t *testing.T, o venuetest.Options, c exchange.Options, test func(t *testing.T, p place, s *venuetest.Server, c *exchange.Client)) {
	t.Helper()
	inVirtualTimeAt(t, places, o, c, test)
}

// onTwoMarkets runs test for every place, which has no other markets than its two: what one costs the other does not need more.
func onTwoMarkets(t *testing.T, o venuetest.Options, test func(t *testing.T, p place, s *venuetest.Server, c *exchange.Client)) {
	t.Helper()
	for _, p := range places {
		o.Markets = p.only()
		inVirtualTimeAt(t, []place{p}, o, exchange.Options{}, test)
	}
}

// inDeltas runs test for the places whose books can be out of sequence.
func inDeltas(t *testing.T, o venuetest.Options, c exchange.Options, test func(t *testing.T, p place, s *venuetest.Server, c *exchange.Client)) {
	t.Helper()
	inVirtualTimeAt(t, deltas, o, c, test)
}

// deltas are the places whose books come as changes.
var deltas = slices.DeleteFunc(slices.Clone(places), func(p place) bool { return p.whole })

func inVirtualTimeAt(t *testing.T, places []place, o venuetest.Options, c exchange.Options, test func(t *testing.T, p place, s *venuetest.Server, c *exchange.Client)) {
	t.Helper()
	for _, p := range places {
		t.Run(p.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server, client := p.meet(t, o, c)
				defer server.Close()
				defer client.Close()
				test(t, p, server, client)
			})
		})
	}
}

// differs compares a book with the truth at its own sequence number, to the depth that
// it declares; it returns "" when they are equal.
func differs(server *venuetest.Server, b *exchange.OrderBook, depth int) string {
	truth, ok := server.Book(b.Symbol, b.Seq)
	if !ok {
		return fmt.Sprintf("no true book at %d; last is %d", b.Seq, server.Last(b.Symbol))
	}
	if d := sideDiffers(b.Bids, truth.Bids, truth, depth); d != "" {
		return fmt.Sprintf("at %d: bids %s", b.Seq, d)
	}
	if d := sideDiffers(b.Asks, truth.Asks, truth, depth); d != "" {
		return fmt.Sprintf("at %d: asks %s", b.Seq, d)
	}
	return ""
}

func sideDiffers(got []exchange.Level, want []venuetest.Level, truth venuetest.Book, depth int) string {
	if depth > 0 {
		want = want[:min(depth, len(want))]
	}
	if len(got) != len(want) {
		return fmt.Sprintf("%d levels, want %d", len(got), len(want))
	}
	for i, l := range got {
		price, size := decimal.New(want[i].Price, truth.PriceScale), decimal.New(want[i].Size, truth.SizeScale)
		if l.Price.Cmp(price) != 0 || l.Size.Cmp(size) != 0 {
			return fmt.Sprintf("level %d is %s × %s, want %s × %s", i, l.Price, l.Size, price, size)
		}
	}
	return ""
}

// watcher collects what a book's readers are told.
type watcher struct {
	mu     sync.Mutex // timers of a client know nothing of what a test has read before
	server *venuetest.Server
	depth  int
	live   int
	wrong  []string
	breaks []exchange.Break
	states []book.State
	seq    int64     // of the last live book, since the hole before it
	since  time.Time // when the state last changed
	last   exchange.OrderBook
}

// watch follows a symbol by callback, so that nothing of what is published is left out.
func (p place) watch(t testing.TB, server *venuetest.Server, c *exchange.Client, symbol string) *watcher {
	t.Helper()
	w := &watcher{server: server, depth: p.depth}
	sub, err := c.WatchOrderBook(t.Context(), p.depth, symbol)
	if err != nil {
		t.Fatalf("WatchOrderBook: %v", err)
	}
	sub.OnEvent(w.see)
	return w
}

func (w *watcher) see(b *exchange.OrderBook) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if b.Break != nil {
		w.breaks = append(w.breaks, *b.Break)
	}
	if n := len(w.states); n == 0 || w.states[n-1] != b.State {
		w.states = append(w.states, b.State)
		w.since = time.Now()
	}
	if b.State == book.Live {
		if w.live++; b.Break != nil {
			w.seq = 0
		}
		if b.Seq < w.seq && b.Seq > w.seq/2 { // far behind: OKX has begun to count anew, and said so
			w.wrong = append(w.wrong, fmt.Sprintf("at %d after %d", b.Seq, w.seq))
		}
		w.seq = b.Seq
		if d := differs(w.server, b, w.depth); d != "" {
			w.wrong = append(w.wrong, d)
		}
	} else if len(b.Bids)+len(b.Asks) > 0 {
		w.wrong = append(w.wrong, fmt.Sprintf("levels in a book that is %s", b.State))
	}
	w.last = *b
	w.last.Bids, w.last.Asks = slices.Clone(b.Bids), slices.Clone(b.Asks)
}

func (w *watcher) state() book.State {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.states) == 0 {
		return book.Syncing
	}
	return w.states[len(w.states)-1]
}

// step moves the market n times, each told to the clients, with time between.
func step(server *venuetest.Server, n int, every time.Duration) {
	for range n {
		server.Step(3)
		pass(every)
	}
}

func pass(d time.Duration) { time.Sleep(d); synctest.Wait() } // virtual time

// settle moves the market until the books are live, at most for so long.
func settle(t testing.TB, server *venuetest.Server, atMost time.Duration, ws ...*watcher) {
	t.Helper()
	began := time.Now()
	for time.Since(began) < atMost {
		step(server, 1, 50*time.Millisecond)
		if !slices.ContainsFunc(ws, func(w *watcher) bool { return w.state() != book.Live }) {
			return
		}
	}
	for _, w := range ws {
		if w.state() != book.Live {
			t.Fatalf("not live after %s: %v", atMost, w.states)
		}
	}
}

func (w *watcher) check(t testing.TB) {
	t.Helper()
	if len(w.wrong) > 0 {
		t.Errorf("%d of %d live books are wrong, first: %s", len(w.wrong), w.live, w.wrong[0])
	}
	if w.live == 0 {
		t.Error("no live book was seen")
	}
}

func nextWithin[T any](t testing.TB, next func(context.Context) (T, error), d time.Duration) T {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	v, err := next(ctx)
	if err != nil {
		t.Fatalf("nothing within %s: %v", d, err)
	}
	return v
}
