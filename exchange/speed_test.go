package exchange_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/exchanges/binance"
	"github.com/depthwire/depthwire/venuetest"
)

// Books are the true ones however long the venue gathers their changes, and come in the rhythm that was asked for.
func TestBookInterval(t *testing.T) {
	for _, c := range []struct {
		place string
		ask   time.Duration
		topic string // contains
		every time.Duration
	}{
		{"binance spot", 0, "@depth@100ms", 100 * time.Millisecond},
		{"binance spot", 101 * time.Millisecond, "btcusdt@depth", time.Second},
		{"binance spot", time.Minute, "btcusdt@depth", time.Second},
		{"binance linear", 100 * time.Millisecond, "@depth@100ms", 100 * time.Millisecond},
		{"binance linear", 200 * time.Millisecond, "btcusdt@depth", 250 * time.Millisecond},
		{"binance linear", 500 * time.Millisecond, "@depth@500ms", 500 * time.Millisecond},
		{"backpack spot", 0, "depth.BTC_USDC", 0},
		{"backpack spot", 150 * time.Millisecond, "depth.200ms.BTC_USDC", 200 * time.Millisecond},
		{"backpack swap", 600 * time.Millisecond, "depth.600ms.SOL_USDC_PERP", 600 * time.Millisecond},
		{"backpack swap", time.Second, "depth.1000ms.SOL_USDC_PERP", time.Second},
		{"binance spot of 5", time.Second, "@depth5", time.Second},
		{"binance linear of 5", 300 * time.Millisecond, "@depth5@500ms", 500 * time.Millisecond},
		{"okx spot", time.Second, "books:BTC-USDT", 0}, // has one interval only
	} {
		t.Run(c.place+" "+c.ask.String(), func(t *testing.T) {
			name, _, whole := strings.Cut(c.place, " of 5")
			p := places[slices.IndexFunc(places, func(p place) bool { return p.name == name })]
			if whole {
				p.depth = 5
			}
			synctest.Test(t, func(t *testing.T) {
				server, client := p.meet(t, venuetest.Options{Seed: 1, Depth: 150, Rate: 40, Markets: p.only()}, exchange.Options{BookInterval: c.ask})
				defer server.Close()
				defer client.Close()
				w := p.watch(t, server, client, p.symbol)
				pass(15 * time.Second)
				live := w.count()
				pass(10 * time.Second)
				n := w.count() - live
				if most := int(10*time.Second/max(c.every, 10*time.Millisecond)) + 1; n > most || n < 8 || c.every > 0 && n < most*8/10 {
					t.Errorf("%d books in 10 s, every %s", n, c.every)
				}
				if subs := server.Subscriptions(); len(subs) != 1 || !strings.HasSuffix(subs[0], c.topic) {
					t.Errorf("subscribed %q, want %s", subs, c.topic)
				}
				server.Fault(venuetest.Fault{Kind: venuetest.DropDelta, ID: p.symbol, Channel: p.delta}) // a window that is lost is noticed, and made good
				pass(20 * time.Second)
				if !whole && (len(w.breaks) != 2 || w.breaks[0].Healed || !w.breaks[1].Healed) {
					t.Errorf("told %+v, want the hole and its healing", w.breaks)
				}
				server.Fault(venuetest.Fault{Kind: venuetest.ResetSocket})
				pass(20 * time.Second)
				w.check(t)
				w.checkBreaks(t)
			})
		})
	}
}

func (w *watcher) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.live
}

func TestBookIntervalIsNotNegative(t *testing.T) {
	c := binance.New(exchange.Options{BookInterval: -1})
	defer c.Close()
	if err := c.Err(); !errors.Is(err, exchange.ErrBadRequest) {
		t.Errorf("got %v", err)
	}
}
