package exchange

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/depthwire/depthwire/stream"
)

var accountSeeds = flag.Int("account-seeds", 1000, "seeds of accounts that trade while the connection is lost")

// watcher is one reader of everything, who writes down what he gets.
type watcher struct {
	began     time.Time
	mu        sync.Mutex
	orders    []Order
	fills     []Fill
	balances  []Balance
	positions []Position
	deposits  []Transaction
}

func watchAll(t *testing.T, c *Client, symbols ...string) *watcher {
	t.Helper()
	w := &watcher{began: time.Now()}
	orders, err := c.WatchOrders(t.Context(), symbols...)
	note(t, w, orders, err, &w.orders)
	fills, err := c.WatchMyTrades(t.Context(), symbols...)
	note(t, w, fills, err, &w.fills)
	balances, err := c.WatchBalance(t.Context())
	note(t, w, balances, err, &w.balances)
	positions, err := c.WatchPositions(t.Context(), symbols...)
	note(t, w, positions, err, &w.positions)
	deposits, err := c.WatchTransactions(t.Context())
	note(t, w, deposits, err, &w.deposits)
	return w
}

func note[T any](t *testing.T, w *watcher, sub *stream.Subscription[T], err error, to *[]T) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	sub.OnEvent(func(v *T) {
		w.mu.Lock()
		defer w.mu.Unlock()
		*to = append(*to, *v)
	})
}

// trade lets the account do something.
func (b *bank) trade(n func(most int) int) {
	b.mu.Lock()
	open := b.open()
	b.mu.Unlock()
	switch what := n(10); {
	case what < 3 || len(open) == 0:
		o := b.place([]string{"AB", "CD"}[n(2)], []string{"buy", "sell"}[n(2)], 1+n(5))
		if n(3) == 0 {
			b.fill(o, o.size)
		}
	case what < 8:
		o := open[n(len(open))]
		b.fill(o, 1+n(o.size-o.filled))
	case what < 9:
		b.cancel(open[n(len(open))])
	default:
		b.deposit("A", 1+n(9))
	}
}

// The account trades while connections are lost, are not to be had, and REST fails: in the end readers have all, and nothing twice.
func TestAccountOverInterruptions(t *testing.T) {
	for seed := range uint64(*accountSeeds) {
		inBank(t, func(b *bank, f *Family) {
			if seed%3 == 1 { // a venue that wants to be told the market
				f.Pull.MyTrades.Whole, f.Pull.ClosedOrders.Whole = false, false
			}
		}, func(t *testing.T, b *bank, c *Client) {
			r := rand.New(rand.NewPCG(seed, 1))
			var mu sync.Mutex // of r; the bank draws while it is locked, so that it is not called under this one
			n := func(most int) int { mu.Lock(); defer mu.Unlock(); return r.IntN(most) }
			b.way = func() time.Duration { return time.Duration(n(200)) * time.Millisecond }
			b.answer = func(path string) (int, string) {
				if path != "/markets" && seed%5 == 2 && n(4) == 0 {
					return 400, "sorry"
				}
				return 0, ""
			}
			if seed%7 == 3 {
				b.lag = time.Second
			}
			c.venue.Families[0].Codes["sorry"] = ErrUnavailable
			for range n(5) {
				b.trade(n)
			}
			before := len(b.fills)
			time.Sleep(time.Hour)
			var symbols []string
			if seed%3 == 1 {
				symbols = []string{"A/B", "C/D"}
			}
			w := watchAll(t, c, symbols...)
			if n(2) == 0 {
				time.Sleep(time.Second)
			}
			for range 1 + n(6) {
				for range n(12) {
					b.trade(n)
					if n(2) == 0 {
						time.Sleep(time.Duration(n(400)) * time.Millisecond)
					}
				}
				switch n(4) {
				case 0:
					b.lock(func() { b.down = true })
					b.cut()
				case 1:
					b.cut()
				default:
					b.lock(func() { b.down = false })
				}
			}
			b.lock(func() { b.down = false })
			time.Sleep(5 * time.Minute)
			synctest.Wait()
			w.compare(t, b, before, seed%5 != 2 && b.lag == 0)
			if t.Failed() {
				t.Logf("seed %d", seed)
			}
		})
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func (b *bank) lock(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f()
}

// compare finds what a reader does not have as the bank has it. Fills are in order unless REST failed, or did not know them in
// time, and they went on without it.
func (w *watcher) compare(t *testing.T, b *bank, before int, ordered bool) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	orders := make(map[string]Order)
	for _, o := range w.orders {
		if k, ok := orders[o.ID]; ok && (k.terminal() || o.Filled.Cmp(k.Filled) < 0 || o.Status == k.Status && o.Filled.Equal(k.Filled)) {
			t.Errorf("order %s: %s %s after %s %s", o.ID, o.Status, o.Filled, k.Status, k.Filled)
		}
		orders[o.ID] = o
	}
	for _, o := range b.orders {
		id := fmt.Sprint(o.id)
		if got, ok := orders[id]; ok && (string(got.Status) != o.word || got.Filled.String() != fmt.Sprint(o.filled)) {
			t.Errorf("order %s: got %s %s, want %s %d", id, got.Status, got.Filled, o.word, o.filled)
		} else if !ok && (o.word == "open" || o.created.After(w.began)) {
			t.Errorf("order %s is missing: %s", id, o.row())
		}
	}
	seen := make(map[string]bool)
	for i, f := range w.fills {
		if seen[f.ID] {
			t.Errorf("fill %s twice", f.ID)
		}
		if seen[f.ID] = true; ordered && i > 0 && f.Time.Before(w.fills[i-1].Time) {
			t.Errorf("fill %s of %s by %s after one of %s by %s received %s %s", f.ID, f.Time, f.Source, w.fills[i-1].Time, w.fills[i-1].Source, f.Received, w.fills[i-1].Received)
		}
	}
	if got, want := len(seen), len(b.fills)-before; got != want {
		t.Errorf("%d fills, want %d", got, want)
	}
	funds := make(map[string]string)
	for _, v := range w.balances {
		funds[v.Account+v.Asset] = v.Total.String()
	}
	for asset, n := range b.funds {
		if got := funds["spot"+asset]; got != fmt.Sprint(n) && (got != "" || n != 0) {
			t.Errorf("balance of %s: got %s, want %d", asset, got, n)
		}
	}
	held := make(map[string]string)
	for _, v := range w.positions {
		if v.held() {
			held[v.Symbol+string(v.Side)] = v.Size.String()
		} else {
			delete(held, v.Symbol+string(v.Side))
		}
	}
	for market, n := range b.held {
		symbol := market[:1] + "/" + market[1:]
		long, short := held[symbol+"long"], held[symbol+"short"]
		want, wantShort := "", ""
		if n > 0 {
			want = fmt.Sprint(n)
		} else if n < 0 {
			wantShort = fmt.Sprint(-n)
		}
		if long != want || short != wantShort {
			t.Errorf("position %s: long %s, short %s; want %d", symbol, long, short, n)
		}
	}
	moves := make(map[string]bool)
	for _, v := range w.deposits {
		if moves[v.ID] {
			t.Errorf("deposit %s twice", v.ID)
		}
		moves[v.ID] = true
	}
	for i, at := range b.moved {
		if at.After(time.Now().Add(-30*time.Minute)) != moves[strings.Split(b.moves[i], `"`)[3]] {
			t.Errorf("deposit %s", b.moves[i])
		}
	}
}
