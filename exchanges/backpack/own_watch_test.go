package backpack_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/stream"
	"github.com/depthwire/depthwire/venuetest"
)

// heard collects what a subscription brings. It is read after synctest.Wait.
type heard[T any] struct {
	sub *stream.Subscription[T]
	mu  sync.Mutex // feeds overlap
	all []T
}

func hear[T any](sub *stream.Subscription[T]) *heard[T] {
	h := &heard[T]{sub: sub}
	sub.OnEvent(func(v *T) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.all = append(h.all, *v)
	})
	return h
}

// last returns the last value of each thing, by its key.
func (h *heard[T]) last(key func(*T) string) (all []T) {
	where := make(map[string]int)
	for _, v := range h.all {
		k := key(&v)
		i, ok := where[k]
		if !ok {
			i = len(all)
			where[k], all = i, append(all, v)
		}
		all[i] = v
	}
	return all
}

// TestWatchAccount: whatever happens to connections while the account trades, in the end all is known, each fill once.
func TestWatchAccount(t *testing.T) {
	for seed := range uint64(20) {
		owning(t, exchange.Options{}, func(ctx context.Context, c *exchange.Client, s *venuetest.Server, a *venuetest.Account) {
			must(c.FetchMarkets(ctx))(t)
			a.Trade(seed+1000, 30) // before anybody looks
			before := len(a.Fills())
			over := make(map[int64]bool)
			for _, o := range a.Orders() {
				over[o.ID] = o.Status != venuetest.Open
			}
			moved := len(a.Transactions())
			time.Sleep(time.Minute)
			orders, fills := hear(must(c.WatchOrders(ctx))(t)), hear(must(c.WatchMyTrades(ctx))(t))
			balances, positions := hear(must(c.WatchBalance(ctx))(t)), hear(must(c.WatchPositions(ctx))(t))
			moves := hear(must(c.WatchTransactions(ctx))(t))
			time.Sleep(10 * time.Second)
			for i := range 12 {
				a.Trade(seed*100+uint64(i), 15)
				step(s, 10)
				if i%4 == 3 {
					s.Fault(venuetest.Fault{Kind: venuetest.RepeatPush, N: 7})
				}
				if i%4 == 1 {
					s.Fault(venuetest.Fault{Kind: venuetest.ResetSocket})
					a.Trade(seed*100+50+uint64(i), 15)
				}
				time.Sleep(time.Duration(seed%7) * 700 * time.Millisecond)
			}
			time.Sleep(2 * time.Minute)
			synctest.Wait()
			what := func(name string) string { return fmt.Sprintf("seed %d: %s", seed, name) }
			same(t, what("fills"), lines(fills.all, fillLine), lines(a.Fills()[before:], trueFill))
			var want []venuetest.Order
			for _, o := range a.Orders() {
				if !over[o.ID] {
					want = append(want, o)
				}
			}
			same(t, what("orders"), lines(orders.last(func(o *exchange.Order) string { return o.ID }), orderLine), lines(want, trueOrder))
			same(t, what("balances"), lines(balances.last(func(b *exchange.Balance) string { return b.Asset }), balanceLine), lines(a.Balances(), trueBalance))
			var held []exchange.Position
			for _, p := range positions.last(func(p *exchange.Position) string { return p.Symbol + string(p.Side) }) {
				if p.Size.Sign() != 0 {
					held = append(held, p)
				}
			}
			same(t, what("positions"), lines(held, positionSize), lines(a.Positions(), truePositionSize))
			if n := len(a.Transactions()) - moved; len(moves.last(func(v *exchange.Transaction) string { return v.ID })) < n {
				t.Errorf("%s: %d, want %d", what("transactions"), len(moves.all), n)
			}
		})
	}
}

func positionSize(p *exchange.Position) string {
	return fmt.Sprint(p.Symbol, " ", p.Side, " ", text(p.Size))
}

func truePositionSize(p *venuetest.Position) string {
	side := exchange.Long
	if p.Size.Sign() < 0 {
		side = exchange.Short
	}
	return fmt.Sprint(p.Symbol, " ", side, " ", text(p.Size.Abs()))
}

// TestWatchRefused: a signature that the venue does not take ends the subscription with its reason.
func TestWatchRefused(t *testing.T) {
	owning(t, exchange.Options{}, func(ctx context.Context, c *exchange.Client, s *venuetest.Server, a *venuetest.Account) {
		s.Fault(venuetest.Fault{Kind: venuetest.RefuseLogin, N: 9})
		sub := must(c.WatchOrders(ctx))(t)
		for {
			if _, err := sub.Next(ctx); err != nil {
				if !errors.Is(err, exchange.ErrAuth) {
					t.Errorf("got %v", err)
				}
				break
			}
		}
	}, spotSOL)
	owning(t, exchange.Options{}, func(ctx context.Context, c *exchange.Client, s *venuetest.Server, a *venuetest.Account) {
		s.Fault(venuetest.Fault{Kind: venuetest.ClockSkew, For: 10 * time.Second})
		orders := hear(must(c.WatchOrders(ctx))(t))
		time.Sleep(10 * time.Second)
		if _, err := a.Place(venuetest.Order{Symbol: spotSOL, Side: "buy", Type: "limit", Price: dec("50"), Size: dec("1")}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if len(orders.all) != 1 || orders.sub.Err() != nil {
			t.Errorf("with a clock that is off: %+v, %v", orders.all, orders.sub.Err())
		}
	}, spotSOL)
}
