package binance_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/stream"
	"github.com/depthwire/depthwire/venuetest"
)

// heard is what a reader was told, in order.
type heard[T any] struct {
	mu  sync.Mutex
	all []T
}

// hear reads a subscription from now on.
func hear[T any](sub *stream.Subscription[T], err error) func(t *testing.T) *heard[T] {
	return func(t *testing.T) *heard[T] {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		h := &heard[T]{}
		sub.OnEvent(func(v *T) {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.all = append(h.all, *v)
		})
		return h
	}
}

func (h *heard[T]) told() []T {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.all)
}

// last are the last values of each thing.
func (h *heard[T]) last(id func(T) string) (values []T) {
	at := make(map[string]int)
	for _, v := range h.told() {
		i, ok := at[id(v)]
		if !ok {
			i = len(values)
			at[id(v)], values = i, append(values, v)
		}
		values[i] = v
	}
	return values
}

func pending(b exchange.Balance) bool { return b.Total.Sign() != 0 }

// watched is all that can be watched of an account, and compares it with the truth.
type watched struct {
	balances  *heard[exchange.Balance]
	orders    *heard[exchange.Order]
	fills     *heard[exchange.Fill]
	positions *heard[exchange.Position]
	moves     *heard[exchange.Transaction]
}

func watch(t *testing.T, ctx context.Context, c *exchange.Client, symbols ...string) *watched {
	t.Helper()
	return &watched{
		hear(c.WatchBalance(ctx))(t), hear(c.WatchOrders(ctx, symbols...))(t), hear(c.WatchMyTrades(ctx, symbols...))(t),
		hear(c.WatchPositions(ctx, perpBTC, perpETH))(t), hear(c.WatchTransactions(ctx))(t),
	}
}

func (w *watched) compare(t *testing.T, a *venuetest.Account) {
	t.Helper()
	same(t, "orders", texts(w.orders.last(func(o exchange.Order) string { return o.Symbol + o.ID }), orderOf, nil), texts(a.Orders(), trueOrder, nil))
	same(t, "fills", texts(w.fills.told(), fillOf, nil), texts(a.Fills(), trueFill, nil))
	same(t, "balances", texts(w.balances.last(func(b exchange.Balance) string { return b.Account + b.Asset }), balanceOf, pending), trueBalances(a))
	same(t, "positions", texts(w.positions.last(func(p exchange.Position) string { return p.Symbol + string(p.Side) }), positionOf, func(p exchange.Position) bool { return p.Size.Sign() != 0 }),
		texts(a.Positions(), truePosition, nil))
	var got, want []string
	for _, v := range w.moves.last(func(v exchange.Transaction) string { return string(v.Kind) + v.ID }) {
		got = append(got, fmt.Sprint(v.Kind, " ", v.Asset, " ", v.Amount.Reduce(), " ", v.Status))
	}
	for _, v := range a.Transactions() {
		kind, status := exchange.Deposit, map[venuetest.TransactionStatus]exchange.TransactionStatus{venuetest.Pending: exchange.TransactionPending, venuetest.Completed: exchange.TransactionOK, venuetest.Failed: exchange.TransactionFailed}[v.Status]
		if v.Withdrawal {
			kind = exchange.Withdrawal
		}
		want = append(want, fmt.Sprint(kind, " ", v.Asset, " ", v.Amount.Reduce(), " ", status))
	}
	same(t, "transactions", got, want)
}

// troubles are what goes wrong with connections of the account, and with the questions that follow.
var troubles = [][]venuetest.Fault{
	{{Kind: venuetest.ResetSocket}},
	{{Kind: venuetest.CloseSocket}},
	{{Kind: venuetest.ExpirePass}},
	{{Kind: venuetest.CutFrame}},
	{{Kind: venuetest.Day}},
	{{Kind: venuetest.ResetSocket}, {Kind: venuetest.HTTPStatus, Code: 503, N: 3}},
	{{Kind: venuetest.Shutdown, For: time.Second}},
	{},
}

// TestWatchAccount has an account trade while connections break: in the end readers know the truth, and were told each fill once.
func TestWatchAccount(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			own(t, customer(), exchange.Options{}, func(ctx context.Context, c *exchange.Client, s *venuetest.Server, a *venuetest.Account) {
				rng := rand.New(rand.NewPCG(seed, 5))
				w := watch(t, ctx, c, spotBTC, spotETH, perpBTC, perpETH)
				time.Sleep(time.Minute)
				for i := range uint64(10) {
					a.Trade(seed*100+i, 10, spotBTC, spotETH, perpBTC, perpETH)
					for _, f := range troubles[rng.IntN(len(troubles))] {
						s.Fault(f)
					}
					a.Trade(seed*100+50+i, 5, spotBTC, perpBTC)
					step(s, 20)
					time.Sleep(time.Duration(rng.IntN(90)) * time.Second)
				}
				s.Heal()
				time.Sleep(10 * time.Minute)
				w.compare(t, a)
			})
		})
	}
}

// TestListenKeyLasts follows futures for longer than a listen key is good that nobody keeps alive.
func TestListenKeyLasts(t *testing.T) {
	own(t, customer(), exchange.Options{}, func(ctx context.Context, c *exchange.Client, s *venuetest.Server, a *venuetest.Account) {
		orders := hear(c.WatchOrders(ctx, perpBTC))(t)
		for range 3 {
			time.Sleep(55 * time.Minute)
			a.Trade(7, 5, perpBTC)
			time.Sleep(time.Second)
		}
		same(t, "orders", texts(orders.last(func(o exchange.Order) string { return o.ID }), orderOf, nil), texts(a.Orders(), trueOrder, nil))
		for _, v := range orders.told() {
			if v.Break != nil {
				t.Errorf("%+v", v.Break)
			}
		}
	})
}

// TestWatchDenied: a key that is not good ends the subscription, with the venue's own word.
func TestWatchDenied(t *testing.T) {
	for name, change := range map[string]func(o *venuetest.AccountOptions){
		"wrong secret":  func(o *venuetest.AccountOptions) { o.Secret = keyName },
		"wrong address": func(o *venuetest.AccountOptions) { o.Addresses = []string{"203.0.113.9"} },
	} {
		t.Run(name, func(t *testing.T) {
			a := customer()
			change(&a)
			own(t, a, exchange.Options{}, func(ctx context.Context, c *exchange.Client, s *venuetest.Server, _ *venuetest.Account) {
				sub, err := c.WatchBalance(ctx)
				if err == nil {
					_, err = sub.Next(ctx)
				}
				var e *exchange.Error
				if !errors.Is(err, exchange.ErrAuth) || !errors.As(err, &e) || e.Code != "-1022" && e.Code != "-2015" {
					t.Errorf("got %v", err)
				}
			})
		})
	}
}

// TestBalanceOfFutures: what is free is asked for at once after a fill, and soon after an order that only holds margin, of which no event tells.
func TestBalanceOfFutures(t *testing.T) {
	own(t, customer(), exchange.Options{}, func(ctx context.Context, c *exchange.Client, s *venuetest.Server, a *venuetest.Account) {
		balances := hear(c.WatchBalance(ctx))(t)
		time.Sleep(time.Minute + time.Second)
		for _, tt := range []struct {
			order venuetest.Order
			wait  time.Duration
		}{
			{venuetest.Order{Symbol: perpBTC, Side: "buy", Type: "market", Size: number("0.100")}, time.Second},
			{venuetest.Order{Symbol: perpBTC, Side: "buy", Type: "limit", Price: number("50000"), Size: number("0.100")}, 11 * time.Second},
			{venuetest.Order{Symbol: spotBTC, Side: "sell", Type: "limit", Price: number("90000"), Size: number("0.001")}, time.Millisecond},
		} {
			if _, err := a.Place(tt.order); err != nil {
				t.Fatal(err)
			}
			time.Sleep(tt.wait)
			synctest.Wait()
			same(t, tt.order.Type, texts(balances.last(func(b exchange.Balance) string { return b.Account + b.Asset }), balanceOf, pending), trueBalances(a))
		}
	})
}

// TestClocksApart: a venue whose clock is another one is asked for its time, and then believes ours.
func TestClocksApart(t *testing.T) {
	for _, skew := range []time.Duration{10 * time.Second, -10 * time.Second} {
		for _, first := range []string{"fetch", "watch", "order"} {
			t.Run(fmt.Sprint(first, " ", skew), func(t *testing.T) {
				own(t, customer(), exchange.Options{}, func(ctx context.Context, c *exchange.Client, s *venuetest.Server, a *venuetest.Account) {
					s.Fault(venuetest.Fault{Kind: venuetest.ClockSkew, For: skew})
					for _, symbol := range []string{spotBTC, perpBTC} {
						var err error
						switch first {
						case "fetch":
							_, err = c.FetchOpenOrders(ctx, symbol)
						case "watch":
							orders := hear(c.WatchOrders(ctx, symbol))(t)
							time.Sleep(time.Minute)
							_, err = a.Place(venuetest.Order{Symbol: symbol, Side: "buy", Type: "market", Size: number("0.010")})
							time.Sleep(time.Second)
							if len(orders.told()) == 0 {
								t.Errorf("%s: nothing was told", symbol)
							}
						case "order":
							_, err = c.CreateOrder(ctx, exchange.NewOrder{Symbol: symbol, Side: exchange.Buy, Type: exchange.MarketOrder, Size: number("0.010")})
						}
						if err != nil {
							t.Errorf("%s: %v", symbol, err)
						}
					}
				})
			})
		}
	}
}

// TestKeyRevoked: the venue tells it unasked, and the subscription ends with its word.
func TestKeyRevoked(t *testing.T) {
	own(t, customer(), exchange.Options{}, func(ctx context.Context, c *exchange.Client, s *venuetest.Server, a *venuetest.Account) {
		sub, err := c.WatchOrders(ctx, spotBTC)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		a.Revoke()
		_, err = sub.Next(ctx)
		var e *exchange.Error
		if !errors.Is(err, exchange.ErrAuth) || !errors.As(err, &e) || e.Code != "-2015" {
			t.Errorf("got %v", err)
		}
	})
}

// TestListenKeyExpires: each time at once there is another.
func TestListenKeyExpires(t *testing.T) {
	own(t, customer(), exchange.Options{}, func(ctx context.Context, c *exchange.Client, s *venuetest.Server, a *venuetest.Account) {
		fills := hear(c.WatchMyTrades(ctx, perpBTC))(t)
		time.Sleep(time.Minute)
		for i := range 3 {
			s.Fault(venuetest.Fault{Kind: venuetest.ExpirePass})
			if _, err := a.Place(venuetest.Order{Symbol: perpBTC, Side: "buy", Type: "market", Size: number("0.010")}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(10 * time.Second)
			same(t, fmt.Sprint("fills after ", i), texts(fills.told(), fillOf, nil), texts(a.Fills(), trueFill, nil))
			if all := fills.told(); len(all) == 0 || all[len(all)-1].Break == nil || !all[len(all)-1].Break.Healed {
				t.Errorf("no healed break in %+v", all)
			}
		}
	})
}
