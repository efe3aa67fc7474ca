package exchange

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// Who comes when REST has been asked about the markets of others gets what there is in his.
func TestReadersOfOtherMarkets(t *testing.T) {
	inBank(t, nil, func(t *testing.T, b *bank, c *Client) {
		b.fill(b.place("AB", "buy", 3), 2)
		b.fill(b.place("CD", "sell", 5), 1)
		sub, err := c.WatchOrders(t.Context(), "A/B")
		first := follow(t, sub, err, sayOrder)
		held, err := c.WatchPositions(t.Context(), "A/B")
		one := follow(t, held, err, sayPosition)
		time.Sleep(time.Minute)
		first.wants(t, "(1o:2/3)")
		one.wants(t, "(A/Bl2)")
		sub, err = c.WatchOrders(t.Context(), "C/D")
		second := follow(t, sub, err, sayOrder)
		held, err = c.WatchPositions(t.Context())
		all := follow(t, held, err, sayPosition)
		time.Sleep(time.Minute)
		second.wants(t, "(3o:1/5)")
		all.wants(t, "(A/Bl2) (C/Ds1)")
		first.wants(t, "")
		one.wants(t, "")
	})
}

// A callback may ask how the streams are.
func TestHealthInCallback(t *testing.T) {
	inBank(t, nil, func(t *testing.T, b *bank, c *Client) {
		sub, err := c.WatchOrders(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		readers := 0
		sub.OnEvent(func(*Order) {
			for _, h := range c.Health() {
				readers += h.Readers
			}
		})
		time.Sleep(time.Minute)
		b.place("AB", "buy", 3)
		synctest.Wait()
		if readers != 1 {
			t.Errorf("%d readers", readers)
		}
	})
}

// What is lost while REST answers is not healed by that answer.
func TestLostWhileRESTAnswers(t *testing.T) {
	inBank(t, func(b *bank, f *Family) { f.Codes["sorry"] = ErrUnavailable }, func(t *testing.T, b *bank, c *Client) {
		sub, err := c.WatchMyTrades(t.Context())
		fills := follow(t, sub, err, sayFill)
		time.Sleep(time.Minute)
		o := b.place("AB", "buy", 9)
		b.off()
		b.fill(o, 1)
		b.paths()
		b.lock(func() { b.way = func() time.Duration { return time.Second } })
		b.lock(func() { b.down = false })
		for i := 0; i < 100 && !slices.ContainsFunc(b.paths(), func(p string) bool { return strings.HasPrefix(p, "/fills") }); i++ {
			time.Sleep(100 * time.Millisecond)
		}
		b.lock(func() { b.say("fills", "{") }) // was a fill
		topics := b.topics
		b.lock(func() { b.topics = nil })
		b.fill(o, 1)
		b.lock(func() {
			b.topics = topics
			b.answer = func(string) (int, string) { return 400, "sorry" }
		})
		time.Sleep(5 * time.Second)
		fills.wants(t, "-(2)")
		b.lock(func() { b.answer = nil })
		time.Sleep(time.Minute)
		fills.wants(t, "+(3)")
	})
}
