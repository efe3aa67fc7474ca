package exchange

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/depthwire/depthwire/stream"
)

// told is what a reader gets, as text: by REST in brackets, + before it is a Break that is healed, - one that is not.
type tally[T any] struct {
	sub *stream.Subscription[T]
	say func(*T) string
}

func follow[T any](t *testing.T, sub *stream.Subscription[T], err error, say func(*T) string) *tally[T] {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return &tally[T]{sub, say}
}

// wants compares what has come since the last time.
func (x *tally[T]) wants(t *testing.T, want string) (last T) {
	t.Helper()
	synctest.Wait()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	got := ""
	for {
		v, err := x.sub.Next(ctx)
		if err != nil {
			break
		}
		last = v
		got += " " + x.say(&v)
	}
	if strings.TrimSpace(got) != want {
		t.Errorf("got %q, want %q", strings.TrimSpace(got), want)
	}
	return last
}

func marked(s *Stamp, text string) string {
	if s.Source == REST {
		text = "(" + text + ")"
	}
	switch b := s.Break; {
	case b == nil:
	case b.Healed:
		text = "+" + text
	default:
		text = "-" + text
	}
	return text
}

func sayOrder(o *Order) string {
	return marked(&o.Stamp, fmt.Sprintf("%s%s:%s/%s", o.ID, o.Status[:1], o.Filled, o.Size))
}
func sayFill(f *Fill) string       { return marked(&f.Stamp, f.ID) }
func sayBalance(b *Balance) string { return marked(&b.Stamp, b.Asset+b.Total.String()) }
func sayPosition(p *Position) string {
	return marked(&p.Stamp, p.Symbol+string(p.Side[:1])+p.Size.String())
}
func sayMove(v *Transaction) string { return marked(&v.Stamp, v.ID+string(v.Status)) }

func (b *bank) off() { b.lock(func() { b.down = true }); b.cut(); synctest.Wait() }
func (b *bank) on()  { b.lock(func() { b.down = false }); time.Sleep(time.Minute) }

func TestWatchOrders(t *testing.T) {
	inBank(t, nil, func(t *testing.T, b *bank, c *Client) {
		first, second := b.place("AB", "buy", 3), b.place("CD", "sell", 2)
		b.fill(first, 1)
		done := b.place("AB", "buy", 1)
		b.fill(done, 1)
		time.Sleep(time.Hour)
		sub, err := c.WatchOrders(t.Context())
		all := follow(t, sub, err, sayOrder)
		sub, err = c.WatchOrders(t.Context(), "C/D")
		some := follow(t, sub, err, sayOrder)
		time.Sleep(time.Minute)
		all.wants(t, "(1o:1/3) (2o:0/2)")
		some.wants(t, "(2o:0/2)")
		b.fill(first, 1)
		b.fill(second, 2)
		third := b.place("AB", "buy", 1)
		all.wants(t, "1o:2/3 2c:2/2 8o:0/1")
		some.wants(t, "2c:2/2")
		sub, err = c.WatchOrders(t.Context(), "A/B")
		late := follow(t, sub, err, sayOrder)
		late.wants(t, "1o:2/3 8o:0/1")
		b.lock(func() { b.say("orders", first.row()); b.say("orders", third.row()) }) // again
		b.cancel(third)
		b.lock(func() { third.word = "open"; b.say("orders", third.row()); third.word = "canceled" }) // late
		all.wants(t, "8c:0/1")
		late.wants(t, "8c:0/1")

		health := fmt.Sprint(c.Health())
		for _, h := range c.Health() {
			if h.Topic == "orders" && (h.Kind != "orders" || h.Readers != 3 || h.State != stream.Subscribed || h.Err != nil) {
				t.Errorf("health %+v", h)
			}
		}
		if !strings.Contains(health, "orders") {
			t.Errorf("health %s", health)
		}

		b.off()
		b.fill(first, 1)
		time.Sleep(time.Second)
		fourth := b.place("CD", "sell", 4)
		fifth := b.place("CD", "sell", 5)
		time.Sleep(time.Second)
		b.fill(fourth, 4)
		b.on()
		last := all.wants(t, "+(1c:3/3) (11o:0/5) (10c:4/4)")
		if last.Break != nil {
			t.Errorf("break %+v", last.Break)
		}
		some.wants(t, "+(11o:0/5) (10c:4/4)")
		b.cancel(fifth)
		all.wants(t, "11c:0/5")
		late.wants(t, "+(1c:3/3)")
		b.off()
		b.on()
		all.wants(t, "")
		b.place("AB", "buy", 7)
		last = all.wants(t, "+13o:0/7")
		if b := last.Break; b.Cause != stream.Disconnect || b.From.IsZero() || b.To.IsZero() || b.Err == nil {
			t.Errorf("break %+v", b)
		}
	})
}

// While REST fails readers get what is pushed, and are told; when it answers again, they are told that as well.
func TestAccountWhileRESTFails(t *testing.T) {
	inBank(t, func(b *bank, f *Family) { f.Codes["sorry"] = ErrUnavailable }, func(t *testing.T, b *bank, c *Client) {
		sub, err := c.WatchMyTrades(t.Context())
		fills := follow(t, sub, err, sayFill)
		sub2, err := c.WatchOrders(t.Context())
		orders := follow(t, sub2, err, sayOrder)
		fail := func(path string) (int, string) {
			if path == "/markets" {
				return 0, ""
			}
			return 400, "sorry"
		}
		o := b.place("AB", "buy", 10)
		time.Sleep(time.Minute)
		b.fill(o, 1)
		fills.wants(t, "2")
		orders.wants(t, "(1o:0/10) 1o:1/10")
		b.off()
		b.fill(o, 1)
		b.lock(func() { b.answer = fail })
		b.on()
		b.fill(o, 1)
		if last := fills.wants(t, "-4"); last.Break == nil || !errors.Is(last.Break.Err, ErrUnavailable) {
			t.Errorf("break %+v", last.Break)
		}
		orders.wants(t, "-1o:3/10")
		b.fill(o, 1)
		fills.wants(t, "5")
		found := false
		for _, h := range c.Health() {
			found = found || h.Kind == "fills" && errors.Is(h.Err, ErrUnavailable)
		}
		if !found {
			t.Errorf("health %+v", c.Health())
		}
		b.lock(func() { b.answer = nil })
		time.Sleep(2 * time.Minute)
		fills.wants(t, "+(3)")
		b.fill(o, 1)
		fills.wants(t, "6")
		orders.wants(t, "1o:4/10 +1o:5/10")
	})
}

// What is there when a reader comes is not lost because REST failed at first.
func TestAccountBeginsLate(t *testing.T) {
	inBank(t, func(b *bank, f *Family) { f.Codes["sorry"] = ErrUnavailable }, func(t *testing.T, b *bank, c *Client) {
		first, second := b.place("AB", "buy", 10), b.place("AB", "buy", 10)
		b.answer = func(path string) (int, string) {
			if path == "/open" {
				return 400, "sorry"
			}
			return 0, ""
		}
		sub, err := c.WatchOrders(t.Context())
		orders := follow(t, sub, err, sayOrder)
		time.Sleep(10 * time.Second)
		b.fill(first, 1)
		orders.wants(t, "-1o:1/10")
		b.lock(func() { b.answer = nil })
		time.Sleep(time.Minute)
		orders.wants(t, "+(2o:0/10)")
		b.cancel(second)
		orders.wants(t, "2c:0/10")
	})
}

func TestWatchBalanceAndPositions(t *testing.T) {
	inBank(t, nil, func(t *testing.T, b *bank, c *Client) {
		b.deposit("A", 5)
		o := b.place("AB", "sell", 9)
		sub, err := c.WatchBalance(t.Context())
		funds := follow(t, sub, err, sayBalance)
		sub2, err := c.WatchPositions(t.Context())
		held := follow(t, sub2, err, sayPosition)
		time.Sleep(time.Minute)
		funds.wants(t, "(A5) (A7)")
		held.wants(t, "")
		b.fill(o, 1)
		funds.wants(t, "A4 B100")
		held.wants(t, "A/Bs1")
		b.fill(o, 2)
		back := b.place("AB", "buy", 10)
		b.fill(back, 5)
		held.wants(t, "A/Bs0 A/Bl2")
		b.off()
		b.fill(back, 5)
		b.lock(func() { b.funds["B"], b.held["AB"] = 0, 0 })
		b.on()
		held.wants(t, "+(A/Bl0)")
		funds.wants(t, "+(A12) (B0)")
		sub2, err = c.WatchPositions(t.Context(), "A/B")
		follow(t, sub2, err, sayPosition).wants(t, "")
		b.lock(func() {
			b.held["CD"] = 3
			b.say("positions", b.position("CD"))
			b.held["CD"] = 0
			b.say("positions", b.position("CD"))
		})
		held.wants(t, "C/Dl0") // who is slow gets the newest
	})
}

// However slow a reader is he gets the last of each asset.
func TestSlowReaderOfBalances(t *testing.T) {
	inBank(t, nil, func(t *testing.T, b *bank, c *Client) {
		sub, err := c.WatchBalance(t.Context())
		funds := follow(t, sub, err, sayBalance)
		time.Sleep(time.Minute)
		b.deposit("B", 1)
		for range 10_000 {
			b.deposit("A", 1)
		}
		funds.wants(t, "(A7) B1 A10000")
	})
}

// Some venues say only that something has changed: REST is asked at once, but not for each of many.
func TestAccountHint(t *testing.T) {
	inBank(t, func(_ *bank, f *Family) {
		f.Push.Balances.Parse, f.Push.Balances.Hint = nil, func([]byte) bool { return true }
		f.Pull.Balances = f.Pull.Balances[:1]
	}, func(t *testing.T, b *bank, c *Client) {
		sub, err := c.WatchBalance(t.Context())
		funds := follow(t, sub, err, sayBalance)
		time.Sleep(time.Minute)
		b.paths()
		b.deposit("A", 1)
		synctest.Wait()
		funds.wants(t, "(A1)")
		for range 300 {
			b.deposit("A", 1)
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(time.Minute)
		funds.wants(t, "(A301)")
		if n := len(b.paths()); n < 3 || n > 6 {
			t.Errorf("asked %d times in three seconds", n)
		}
	})
}

// What no topic tells is asked for now and then.
func TestAccountPoll(t *testing.T) {
	inBank(t, func(_ *bank, f *Family) {
		f.Push.Deposits = AccountChannel[Transaction]{Poll: time.Minute}
		f.Codes["sorry"] = ErrUnavailable
	}, func(t *testing.T, b *bank, c *Client) {
		b.deposit("A", 1)
		time.Sleep(time.Hour)
		sub, err := c.WatchTransactions(t.Context())
		moves := follow(t, sub, err, sayMove)
		time.Sleep(time.Second)
		b.deposit("A", 2)
		b.lock(func() { b.moves[1] = strings.Replace(b.moves[1], "ok", "pending", 1) })
		moves.wants(t, "")
		time.Sleep(time.Minute)
		moves.wants(t, "(2pending)")
		time.Sleep(time.Hour)
		b.lock(func() { b.moves[1] = strings.Replace(b.moves[1], "pending", "ok", 1) })
		b.deposit("B", 3)
		time.Sleep(time.Minute)
		moves.wants(t, "(2ok) (3ok)")
		if h := c.Health(); len(h) != 1 || h[0].Endpoint != "rest" || h[0].Topic != "/deposits" || h[0].Kind != "deposits" {
			t.Errorf("health %+v", h)
		}
		b.lock(func() { b.answer = func(string) (int, string) { return 400, "sorry" } })
		time.Sleep(10 * time.Minute)
		b.deposit("B", 4)
		b.lock(func() { b.answer = nil })
		time.Sleep(2 * time.Minute)
		moves.wants(t, "+(4ok)")
		if n := len(b.conns); n != 0 {
			t.Errorf("%d connections", n)
		}
	})
}

// A topic that the venue refuses ends its readers' subscriptions, not the others; who comes later tries again.
func TestAccountRefused(t *testing.T) {
	inBank(t, func(b *bank, _ *Family) { b.refuse = "orders" }, func(t *testing.T, b *bank, c *Client) {
		sub, err := c.WatchOrders(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		other, err := c.WatchMyTrades(t.Context())
		fills := follow(t, other, err, sayFill)
		if _, err := sub.Next(t.Context()); !errors.Is(err, ErrPermission) {
			t.Errorf("error %v", err)
		}
		b.lock(func() { b.refuse = "" })
		again, err := c.WatchOrders(t.Context())
		orders := follow(t, again, err, sayOrder)
		time.Sleep(time.Minute)
		o := b.place("AB", "buy", 1)
		b.fill(o, 1)
		orders.wants(t, "1o:0/1 1c:1/1")
		fills.wants(t, "2")
	})
}

// A key that may not read is told of by the subscription.
func TestAccountMayNotAsk(t *testing.T) {
	inBank(t, nil, func(t *testing.T, b *bank, c *Client) {
		b.answer = func(path string) (int, string) {
			if path == "/markets" {
				return 0, ""
			}
			return 403, ""
		}
		sub, err := c.WatchOrders(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := sub.Next(t.Context()); !errors.Is(err, ErrPermission) {
			t.Errorf("error %v", err)
		}
		nobody := New(b.venue(), Options{Transport: b})
		defer nobody.Close()
		if _, err := nobody.WatchOrders(t.Context()); !errors.Is(err, ErrAuth) {
			t.Errorf("without a key: %v", err)
		}
		if _, err := c.WatchWithdrawals(t.Context()); !errors.Is(err, ErrNotSupported) {
			t.Errorf("not offered: %v", err)
		}
	})
}

// An order in a market that is in no list, or not yet in ours, is not lost.
func TestAccountUnlistedPushed(t *testing.T) {
	inBank(t, nil, func(t *testing.T, b *bank, c *Client) {
		sub, err := c.WatchOrders(t.Context())
		orders := follow(t, sub, err, orderWords)
		time.Sleep(time.Minute)
		b.lock(func() { b.markets = "AB CD EF" })
		b.place("EF", "buy", 1)
		time.Sleep(time.Second)
		orders.wants(t, "E/F:1:open")
		o := b.place("GH", "buy", 1)
		time.Sleep(time.Second)
		b.fill(o, 1)
		orders.wants(t, "GH:2:open GH:2:closed")
	})
}

// What cannot be asked for is not said to be whole.
func TestAccountUnproven(t *testing.T) {
	inBank(t, func(_ *bank, f *Family) { f.Pull.MyTrades.Whole = false }, func(t *testing.T, b *bank, c *Client) {
		sub, err := c.WatchMyTrades(t.Context())
		all := follow(t, sub, err, sayFill)
		if sub, err = c.WatchMyTrades(t.Context(), "A/B"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		b.off()
		b.fill(b.place("AB", "buy", 1), 1)
		open := b.place("CD", "buy", 5) // is found by the open orders
		b.fill(open, 1)
		b.on()
		if last := all.wants(t, "-(2) (4)"); last.Symbol != "C/D" {
			t.Errorf("last %+v", last)
		}
		b.off()
		b.on()
		b.fill(open, 1)
		if last := all.wants(t, "-5"); last.Break.Err == nil || !strings.Contains(last.Break.Err.Error(), "not for all") {
			t.Errorf("break %+v", last.Break)
		}
		sub.Close()
	})
	inBank(t, func(_ *bank, f *Family) { f.Pull.MyTrades.Whole = false }, func(t *testing.T, b *bank, c *Client) {
		sub, err := c.WatchMyTrades(t.Context(), "A/B")
		some := follow(t, sub, err, sayFill)
		time.Sleep(time.Minute)
		b.off()
		b.fill(b.place("AB", "buy", 1), 1)
		b.on()
		some.wants(t, "+(2)")
	})
	inBank(t, func(_ *bank, f *Family) { f.Pull.OpenOrders.Whole = false }, func(t *testing.T, b *bank, c *Client) {
		if _, err := c.WatchOrders(t.Context()); !errors.Is(err, ErrBadRequest) {
			t.Errorf("error %v", err)
		}
	})
}

// An order that was open and that the venue has forgotten is not open.
func TestOrderForgotten(t *testing.T) {
	inBank(t, nil, func(t *testing.T, b *bank, c *Client) {
		o := b.place("AB", "buy", 5)
		sub, err := c.WatchOrders(t.Context())
		orders := follow(t, sub, err, sayOrder)
		time.Sleep(time.Minute)
		orders.wants(t, "(1o:0/5)")
		b.off()
		b.cancel(o)
		b.lock(func() { b.orders = nil })
		b.on()
		if last := orders.wants(t, "-(1c:0/5)"); last.Status != OrderCanceled || last.State != Forgotten {
			t.Errorf("got %+v", last)
		}
	})
}

// A message that cannot be read, and more than can be held, cost nothing but questions.
func TestAccountDoubt(t *testing.T) {
	inBank(t, nil, func(t *testing.T, b *bank, c *Client) {
		sub, err := c.WatchMyTrades(t.Context())
		fills := follow(t, sub, err, sayFill)
		time.Sleep(time.Minute)
		o := b.place("AB", "buy", 100_000)
		b.fill(o, 1)
		fills.wants(t, "2")
		b.lock(func() { b.say("fills", `{"s":`) })
		time.Sleep(time.Minute)
		b.fill(o, 1)
		fills.wants(t, "+3")
		b.way = func() time.Duration { return 10 * time.Second } // REST is slow
		b.off()
		b.fill(o, 1)
		b.lock(func() { b.down = false })
		time.Sleep(time.Second)
		for range mostHeldValues + 100 {
			b.fill(o, 1)
			synctest.Wait()
		}
		time.Sleep(5 * time.Minute)
		seen, n := make(map[string]bool), 0
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		for {
			f, err := sub.Next(ctx)
			if err != nil {
				break
			}
			if seen[f.ID] {
				t.Errorf("fill %s twice", f.ID)
			}
			seen[f.ID], n = true, n+1
		}
		if n+int(sub.Lost()) != mostHeldValues+101 {
			t.Errorf("%d fills and %d that the reader was too slow for, want %d", n, sub.Lost(), mostHeldValues+101)
		}
	})
}
