package backpack_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/venuetest"
)

// far is a limit order that rests.
func far(size string) exchange.NewOrder {
	return exchange.NewOrder{Symbol: spotSOL, Side: exchange.Buy, Type: exchange.LimitOrder, Price: dec("50"), Size: dec(size)}
}

func TestCreateOrder(t *testing.T) {
	owning(t, exchange.Options{}, func(ctx context.Context, c *exchange.Client, s *venuetest.Server, a *venuetest.Account) {
		ask := dec(must(c.FetchOrderBook(ctx, spotSOL, 1))(t).Asks[0].Price.String())
		for name, tt := range map[string]struct {
			bend   func(o *exchange.NewOrder)
			status exchange.OrderStatus
		}{
			"limit":           {func(*exchange.NewOrder) {}, exchange.OrderOpen},
			"own id":          {func(o *exchange.NewOrder) { o.ClientID = "4294967295" }, exchange.OrderOpen},
			"post-only":       {func(o *exchange.NewOrder) { o.PostOnly = true }, exchange.OrderOpen},
			"post-only takes": {func(o *exchange.NewOrder) { o.PostOnly, o.Price = true, ask }, exchange.OrderExpired},
			"takes":           {func(o *exchange.NewOrder) { o.Price = ask.Add(dec("1")) }, exchange.OrderClosed},
			"IOC":             {func(o *exchange.NewOrder) { o.TimeInForce = exchange.IOC }, exchange.OrderExpired},
			"FOK":             {func(o *exchange.NewOrder) { o.TimeInForce, o.Price = exchange.FOK, ask.Add(dec("1")) }, exchange.OrderClosed},
			"market":          {func(o *exchange.NewOrder) { o.Type, o.Price = exchange.MarketOrder, exchange.NewOrder{}.Price }, exchange.OrderClosed},
			"for quote units": {func(o *exchange.NewOrder) {
				o.Type, o.Price, o.Size, o.QuoteSize = exchange.MarketOrder, exchange.NewOrder{}.Price, exchange.NewOrder{}.Size, dec("500")
			}, exchange.OrderClosed},
			"contracts": {func(o *exchange.NewOrder) { o.Symbol = perpSOL }, exchange.OrderOpen},
		} {
			o := far("2")
			tt.bend(&o)
			got := must(c.CreateOrder(ctx, o))(t)
			all := a.Orders()
			want := all[len(all)-1]
			if got.Status != tt.status || orderLine(&got) != trueOrder(&want) || o.ClientID != "" && got.ClientID != o.ClientID {
				t.Errorf("%s: got %s, want %s, %s", name, orderLine(&got), trueOrder(&want), tt.status)
			}
		}
	})
}

func TestCreateOrderRefused(t *testing.T) {
	owning(t, exchange.Options{}, func(ctx context.Context, c *exchange.Client, s *venuetest.Server, a *venuetest.Account) {
		twice := far("1")
		twice.ClientID = "77"
		must(c.CreateOrder(ctx, twice))(t)
		for name, tt := range map[string]struct {
			bend func(o *exchange.NewOrder)
			want error
		}{
			"funds":           {func(o *exchange.NewOrder) { o.Size = dec("900000") }, exchange.ErrFunds},
			"margin":          {func(o *exchange.NewOrder) { o.Symbol, o.Size = perpSOL, dec("900000") }, exchange.ErrFunds},
			"same id":         {func(o *exchange.NewOrder) { o.ClientID = "77" }, exchange.ErrInvalidOrder},
			"form":            {func(o *exchange.NewOrder) { o.ClientID = "mine" }, exchange.ErrInvalidOrder},
			"tick":            {func(o *exchange.NewOrder) { o.Price = dec("50.001") }, exchange.ErrInvalidOrder},
			"step":            {func(o *exchange.NewOrder) { o.Size = dec("1.001") }, exchange.ErrInvalidOrder},
			"closed":          {func(o *exchange.NewOrder) { o.Symbol = "OLD/USDC" }, exchange.ErrInvalidOrder},
			"isolated":        {func(o *exchange.NewOrder) { o.Symbol, o.Margin = perpSOL, exchange.IsolatedMargin }, exchange.ErrNotSupported},
			"no symbol":       {func(o *exchange.NewOrder) { o.Symbol = "NO/SUCH" }, exchange.ErrBadSymbol},
			"reduces nothing": {func(o *exchange.NewOrder) { o.Symbol, o.ReduceOnly = perpSOL, true }, exchange.ErrInvalidOrder},
		} {
			o := far("1")
			tt.bend(&o)
			_, err := c.CreateOrder(ctx, o)
			var failed *exchange.OrderError
			if !errors.Is(err, tt.want) || !errors.As(err, &failed) || failed.Outcome != exchange.NotPlaced {
				t.Errorf("%s: %v", name, err)
			}
		}
		a.Permit(true, false)
		if err := second(c.CreateOrder(ctx, far("1"))); !errors.Is(err, exchange.ErrPermission) {
			t.Errorf("without permission: %v", err)
		}
		if n := len(a.Orders()); n != 1 {
			t.Errorf("%d orders", n)
		}
		a.Permit(true, true) // a code that says everything is about the order where one is placed, and not where all are cancelled
		bad := venuetest.Fault{Kind: venuetest.FalseAnswer, Code: 400, Body: `{"code":"INVALID_CLIENT_REQUEST","message":"Something else"}`, N: 2}
		s.Fault(bad)
		_, created := c.CreateOrder(ctx, far("1"))
		_, cancelled := c.CancelAllOrders(ctx, spotSOL)
		for err, want := range map[error]error{created: exchange.ErrInvalidOrder, cancelled: exchange.ErrBadRequest} {
			if told, ok := errors.AsType[*exchange.Error](err); !ok || told.Kind != want {
				t.Errorf("got %v, want %v", err, want)
			}
		}
	})
}

func TestCancelOrder(t *testing.T) {
	owning(t, exchange.Options{}, func(ctx context.Context, c *exchange.Client, s *venuetest.Server, a *venuetest.Account) {
		var placed []exchange.Order
		for range 6 {
			placed = append(placed, must(c.CreateOrder(ctx, far("2")))(t))
		}
		for i, ref := range []exchange.Ref{{ID: placed[0].ID}, {ClientID: placed[1].ClientID}} {
			if o := must(c.CancelOrder(ctx, spotSOL, ref))(t); o.Status != exchange.OrderCanceled || o.ID != placed[i].ID {
				t.Errorf("got %+v", o)
			}
		}
		s.Fault(venuetest.Fault{Kind: venuetest.FalseAnswer, Code: 202, N: 1}) // no body: it is to be asked for
		if o := must(c.CancelOrder(ctx, spotSOL, exchange.Ref{ID: placed[2].ID}))(t); o.Status != exchange.OrderCanceled || o.ID != placed[2].ID {
			t.Errorf("after an answer without a body: %+v", o)
		}
		var failed *exchange.OrderError
		if _, err := c.CancelOrder(ctx, spotSOL, exchange.Ref{ID: placed[0].ID}); !errors.Is(err, exchange.ErrOrderNotFound) || !errors.As(err, &failed) {
			t.Errorf("once more: %v", err)
		}
		if _, err := c.EditOrder(ctx, exchange.Ref{ID: placed[3].ID}, far("3")); !errors.Is(err, exchange.ErrNotSupported) {
			t.Errorf("a change: %v", err)
		}
		contract := far("1")
		contract.Symbol = perpSOL
		must(c.CreateOrder(ctx, contract))(t)
		if all := must(c.CancelAllOrders(ctx, spotSOL))(t); len(all) != 3 || len(a.OpenOrders()) != 1 {
			t.Errorf("cancelled %d, %d are open", len(all), len(a.OpenOrders()))
		}
	})
}

// TestLostAnswers: whatever becomes of the answer, there is one order, or none, and the client knows which.
func TestLostAnswers(t *testing.T) {
	for seed := range uint64(1000) {
		owning(t, exchange.Options{}, func(ctx context.Context, c *exchange.Client, s *venuetest.Server, a *venuetest.Account) {
			rng := rand.New(rand.NewPCG(seed, 4))
			must(c.FetchMarkets(ctx))(t)
			o, done := far("2"), true
			switch rng.IntN(4) {
			case 0:
				s.Fault(venuetest.Fault{Kind: venuetest.LostAnswer, N: 1})
			case 1:
				s.Fault(venuetest.Fault{Kind: venuetest.FalseAnswer, Code: []int{500, 502, 503, 504}[rng.IntN(4)], N: 1})
			case 2:
				s.Fault(venuetest.Fault{Kind: venuetest.NoAnswer, N: 1})
			case 3:
				s.Fault(venuetest.Fault{Kind: venuetest.HTTPStatus, Path: "/order", Code: []int{500, 502, 503, 504}[rng.IntN(4)], N: 1})
				done = false
			}
			if rng.IntN(2) == 0 {
				o.Type, o.Price = exchange.MarketOrder, exchange.NewOrder{}.Price
			}
			got, err := c.CreateOrder(ctx, o)
			all := a.Orders()
			var failed *exchange.OrderError
			switch {
			case done && (err != nil || len(all) != 1 || got.ID != fmt.Sprint(all[0].ID)):
				t.Errorf("seed %d: %d orders, got %+v, %v", seed, len(all), got, err)
			case !done && (len(all) != 0 || !errors.As(err, &failed) || failed.Outcome != exchange.NotPlaced):
				t.Errorf("seed %d: %d orders, and %v", seed, len(all), err)
			}
			time.Sleep(time.Minute)
			if n := len(a.Orders()); n != len(all) {
				t.Errorf("seed %d: %d orders later", seed, n)
			}
		}, spotSOL)
	}
}
