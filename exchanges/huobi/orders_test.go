package huobi_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/venuetest"
)

var dec = decimal.MustParse

// resting is an order that rests in the simulated book.
func resting(symbol string) exchange.NewOrder {
	o := exchange.NewOrder{Symbol: symbol, Side: exchange.Buy, Type: exchange.LimitOrder, Price: dec("1000"), Size: dec("0.5")}
	if isContract(symbol) {
		o.Size, o.Contracts = decimal.Decimal{}, dec("7")
	}
	return o
}

// Orders go over sockets, and by REST where these cannot be had; what comes back is what the venue has.
func TestCreateOrder(t *testing.T) {
	for _, over := range []string{"socket", "REST"} {
		account(t, venuetest.Options{Rate: 1}, func(t *testing.T, ctx context.Context, a *venuetest.Account, s *venuetest.Server, c *exchange.Client) {
			if over == "REST" {
				s.Fault(venuetest.Fault{Kind: venuetest.RefuseLogin, N: 1000})
			}
			var want []exchange.Order
			for _, symbol := range []string{"ETH/USDT", "ETH/USDT:USDT"} {
				change := []func(o *exchange.NewOrder){
					func(*exchange.NewOrder) {},
					func(o *exchange.NewOrder) { o.PostOnly, o.TimeInForce = true, exchange.GTC },
					func(o *exchange.NewOrder) { o.TimeInForce = exchange.IOC },
					func(o *exchange.NewOrder) { o.TimeInForce, o.Price = exchange.FOK, dec("2700") },
					func(o *exchange.NewOrder) { o.ClientID = "4711" },
					func(o *exchange.NewOrder) {
						o.Type, o.Price, o.Side = exchange.MarketOrder, decimal.Decimal{}, exchange.Sell
					},
				}
				if !isContract(symbol) {
					change = append(change, func(o *exchange.NewOrder) {
						o.Type, o.Price, o.Size, o.QuoteSize = exchange.MarketOrder, decimal.Decimal{}, decimal.Decimal{}, dec("500")
					})
				}
				for _, f := range change {
					o := resting(symbol)
					f(&o)
					want = append(want, must[exchange.Order](t)(c.CreateOrder(ctx, o)))
				}
			}
			all := a.Orders()
			if len(all) != len(want) {
				t.Fatalf("%s: %d orders, want %d", over, len(all), len(want))
			}
			for i := range want {
				j := slices.IndexFunc(all, func(o venuetest.Order) bool { return fmt.Sprint(o.ID) == want[i].ID })
				if j < 0 || all[j].ClientID != want[i].ClientID || all[j].Symbol != want[i].Symbol || all[j].Side != string(want[i].Side) || all[j].Type != string(want[i].Type) ||
					all[j].PostOnly != want[i].PostOnly || plain(all[j].Price) != plain(want[i].Price) {
					t.Errorf("%s: got %+v, the venue has %+v", over, want[i], all)
					continue
				}
				got := must[exchange.Order](t)(c.FetchOrder(ctx, want[i].Symbol, exchange.Ref{ID: want[i].ID}))
				if line, truth := orderLine(&got), orderTruth(&all[j]); line != truth {
					t.Errorf("%s: got\n%s, want\n%s", over, line, truth)
				}
			}
			asked := s.Stats().Requests["/v1/order/orders/place"] + s.Stats().Requests["/v5/trade/order"]
			if over == "socket" && s.Stats().Requests["/v1/order/orders/place"] > 0 || over == "REST" && asked < len(want) {
				t.Errorf("%s: %d requests by REST", over, asked)
			}
		})
	}
}

// One order is cancelled by either id, all by market or at once; what is not there is ErrOrderNotFound.
func TestCancelOrder(t *testing.T) {
	for _, over := range []string{"socket", "REST"} {
		cancels(t, over)
	}
}

func cancels(t *testing.T, over string) {
	account(t, venuetest.Options{Rate: 1}, func(t *testing.T, ctx context.Context, a *venuetest.Account, s *venuetest.Server, c *exchange.Client) {
		if over == "REST" {
			s.Fault(venuetest.Fault{Kind: venuetest.RefuseLogin, N: 1000})
		}
		for _, symbol := range []string{"ETH/USDT", "ETH/USDT:USDT"} {
			for _, byID := range []bool{true, false} {
				o := must[exchange.Order](t)(c.CreateOrder(ctx, resting(symbol)))
				ref := exchange.Ref{ClientID: o.ClientID}
				if byID {
					ref = exchange.Ref{ID: o.ID}
				}
				got := must[exchange.Order](t)(c.CancelOrder(ctx, symbol, ref))
				if got.Status != exchange.OrderCanceled || got.ID != o.ID {
					t.Errorf("%s: cancelled: %+v", symbol, got)
				}
				var told *exchange.OrderError
				if _, err := c.CancelOrder(ctx, symbol, ref); !errors.Is(err, exchange.ErrOrderNotFound) || !errors.As(err, &told) {
					t.Errorf("%s: cancelled again: %v", symbol, err)
				}
			}
			if _, err := c.CancelOrder(ctx, symbol, exchange.Ref{ID: "12345"}); !errors.Is(err, exchange.ErrOrderNotFound) {
				t.Errorf("%s: an order that is none: %v", symbol, err)
			}
			if _, err := c.EditOrder(ctx, exchange.Ref{ID: "1"}, resting(symbol)); !errors.Is(err, exchange.ErrNotSupported) {
				t.Errorf("%s: changed: %v", symbol, err)
			}
		}
		for i := range 130 {
			for _, symbol := range []string{"ETH/USDT", "ETH/USDT:USDT"} {
				o := venuetest.Order{Symbol: symbol, Side: "buy", Type: "limit", Price: dec("1000").Add(decimal.New(int64(i), 0)), Size: dec("1")}
				if _, err := a.Place(o); err != nil {
					t.Fatal(err)
				}
			}
		}
		if _, err := c.CancelAllOrders(ctx, "ETH/USDT:USDT"); err != nil || len(a.OpenOrders()) != 130 {
			t.Errorf("of one market: %v, %d are open", err, len(a.OpenOrders()))
		}
		if _, err := c.CancelAllOrders(ctx); err != nil || len(a.OpenOrders()) != 0 { // more than the venue cancels at once
			t.Errorf("all: %v, %d are open", err, len(a.OpenOrders()))
		}
	})
}

// What the venue refuses is of its kind, and nothing was placed.
func TestRefusedOrders(t *testing.T) {
	account(t, venuetest.Options{Rate: 1}, func(t *testing.T, ctx context.Context, a *venuetest.Account, s *venuetest.Server, c *exchange.Client) {
		for _, symbol := range []string{"ETH/USDT", "ETH/USDT:USDT"} {
			for _, tt := range []struct {
				name   string
				change func(o *exchange.NewOrder)
				want   error
			}{
				{"funds", func(o *exchange.NewOrder) {
					if o.Size = dec("9999"); isContract(symbol) {
						o.Size, o.Contracts = decimal.Decimal{}, dec("99999999")
					}
				}, exchange.ErrFunds},
				{"own id", func(o *exchange.NewOrder) { o.ClientID = "a b" }, exchange.ErrInvalidOrder},
				{"tick", func(o *exchange.NewOrder) { o.Price = dec("1000.0001") }, exchange.ErrInvalidOrder},
			} {
				o := resting(symbol)
				tt.change(&o)
				_, err := c.CreateOrder(ctx, o)
				var told *exchange.OrderError
				if !errors.Is(err, tt.want) || !errors.As(err, &told) || told.Outcome != exchange.NotPlaced {
					t.Errorf("%s, %s: %v", symbol, tt.name, err)
				}
			}
			a.Permit(true, false)
			if _, err := c.CreateOrder(ctx, resting(symbol)); !errors.Is(err, exchange.ErrPermission) {
				t.Errorf("%s, permission: %v", symbol, err)
			}
			a.Permit(true, true)
		}
		if all := a.Orders(); len(all) > 0 {
			t.Errorf("%d orders were placed", len(all))
		}
	})
}

// A lost answer never makes two orders, nor an order of which the client does not know.
func TestLostAnswer(t *testing.T) {
	for _, lost := range []venuetest.Kind{venuetest.LostAnswer, venuetest.NoAnswer, venuetest.FalseAnswer} {
		for _, symbol := range []string{"ETH/USDT", "ETH/USDT:USDT"} {
			account(t, venuetest.Options{Rate: 1}, func(t *testing.T, ctx context.Context, a *venuetest.Account, s *venuetest.Server, c *exchange.Client) {
				if lost == venuetest.FalseAnswer { // of REST
					s.Fault(venuetest.Fault{Kind: venuetest.RefuseLogin, N: 1000})
				}
				must[exchange.Order](t)(c.CreateOrder(ctx, resting(symbol)))
				s.Fault(venuetest.Fault{Kind: lost, N: 1})
				began := time.Now()
				o, err := c.CreateOrder(ctx, resting(symbol))
				all := a.Orders()
				if time.Since(began) < 50*time.Millisecond {
					t.Errorf("%s, %s: the answer was not lost", lost, symbol)
				}
				if err != nil || len(all) != 2 || fmt.Sprint(all[1].ID) != o.ID || all[1].ClientID != o.ClientID {
					t.Errorf("%s, %s: %d orders, got %+v, %v", lost, symbol, len(all), o, err)
				}
			})
		}
	}
}

// With an Ed25519 key orders of contracts go by REST.
func TestEd25519Orders(t *testing.T) {
	simulated(t, venuetest.Options{Rate: 1}, exchange.Options{Credentials: edCredentials}, func(t *testing.T, ctx context.Context, s *venuetest.Server, c *exchange.Client) {
		a := s.NewAccount(venuetest.AccountOptions{Key: customer, PublicKey: edPublic, Balances: map[string]string{"USDT": "100000"}})
		for _, symbol := range []string{"ETH/USDT", "ETH/USDT:USDT"} {
			start := time.Now()
			o := must[exchange.Order](t)(c.CreateOrder(ctx, resting(symbol)))
			if took := time.Since(start); took > time.Second {
				t.Errorf("%s: after %v", symbol, took)
			}
			if all := a.OpenOrders(); fmt.Sprint(all[len(all)-1].ID) != o.ID {
				t.Errorf("%s: %+v", symbol, all)
			}
		}
	})
}

// A request that the venue has not taken within the time of its signature was not placed.
func TestNotPlaced(t *testing.T) {
	for symbol, path := range map[string]string{"ETH/USDT": "/orders/place", "ETH/USDT:USDT": "/v5/trade/order"} {
		account(t, venuetest.Options{}, func(t *testing.T, ctx context.Context, a *venuetest.Account, s *venuetest.Server, c *exchange.Client) {
			s.Fault(venuetest.Fault{Kind: venuetest.RefuseLogin, N: 1000})
			s.Fault(venuetest.Fault{Kind: venuetest.HTTPStatus, Code: 503, Path: path})
			_, err := c.CreateOrder(ctx, resting(symbol))
			var told *exchange.OrderError
			if !errors.As(err, &told) || told.Outcome != exchange.NotPlaced || len(a.Orders()) > 0 {
				t.Errorf("%s: %d orders, %v", symbol, len(a.Orders()), err)
			}
		})
	}
}

// However answers are lost, each order that was created is there once, and what the error says of the others is true.
func TestLostAnswers(t *testing.T) {
	rounds := 150 // each looks at all orders before it
	if testing.Short() {
		rounds = 30
	}
	account(t, venuetest.Options{}, func(t *testing.T, ctx context.Context, a *venuetest.Account, s *venuetest.Server, c *exchange.Client) {
		ctx, rng := context.WithoutCancel(ctx), rand.New(rand.NewPCG(5, 7))
		kinds := []venuetest.Kind{venuetest.LostAnswer, venuetest.NoAnswer, venuetest.LateAnswer, venuetest.ResetSocket, venuetest.CutFrame}
		told := make(map[string]string)
		for i := range rounds {
			s.Heal()
			if i%5 > 0 {
				s.Fault(venuetest.Fault{Kind: kinds[rng.IntN(len(kinds))], N: 1, For: time.Duration(rng.IntN(20)) * time.Second, Conn: 0})
			}
			symbol := []string{"ETH/USDT", "ETH/USDT:USDT"}[rng.IntN(2)]
			o, err := c.CreateOrder(ctx, resting(symbol))
			var failed *exchange.OrderError
			switch {
			case err == nil:
				told[o.ClientID] = o.ID
			case !errors.As(err, &failed) || failed.Outcome == exchange.Unknown:
				t.Fatalf("round %d: %v", i, err)
			case failed.Outcome == exchange.Placed:
				told[failed.ClientID] = failed.Order.ID
			}
			for _, o := range a.OpenOrders() {
				if err := a.Cancel(o.ID); err != nil {
					t.Fatal(err)
				}
			}
		}
		all := a.Orders()
		for _, o := range all {
			if told[o.ClientID] != fmt.Sprint(o.ID) {
				t.Errorf("%s: the venue has %d, the client %q", o.ClientID, o.ID, told[o.ClientID])
			}
		}
		if len(all) != len(told) || len(all) < rounds/2 {
			t.Errorf("%d orders, the client knows of %d", len(all), len(told))
		}
	})
}
