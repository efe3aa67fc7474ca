package binance_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/exchanges/binance"
	"github.com/depthwire/depthwire/venuetest"
)

// desk is a family, how orders reach it, and sizes that it takes.
type desk struct {
	symbol string
	rest   bool // the socket for orders is not there
	size   decimal.Decimal
}

var desks = []desk{
	{spotBTC, false, number("0.00100")},
	{spotBTC, true, number("0.00100")},
	{perpBTC, false, number("0.010")},
	{perpBTC, true, number("0.010")},
}

// each runs f at all desks.
func each(t *testing.T, f func(t *testing.T, ctx context.Context, c *exchange.Client, s *venuetest.Server, a *venuetest.Account, d desk)) {
	for _, d := range desks {
		t.Run(fmt.Sprintf("%s, REST %t", d.symbol, d.rest), func(t *testing.T) {
			at(t, d, 1, func(ctx context.Context, c *exchange.Client, s *venuetest.Server, a *venuetest.Account) {
				f(t, ctx, c, s, a, d)
			})
		})
	}
}

// at runs f with a client that trades at a desk.
func at(t *testing.T, d desk, seed uint64, f func(ctx context.Context, c *exchange.Client, s *venuetest.Server, a *venuetest.Account)) {
	synctest.Test(t, func(t *testing.T) {
		s := venuetest.Binance(venuetest.Options{Memory: true, Seed: seed, Depth: 50})
		defer s.Close()
		a := s.NewAccount(customer())
		o := exchange.Options{Endpoints: s.Endpoints(), DialContext: s.DialContext, Log: quiet(t), Credentials: credentials(keyName, keySecret)}
		if d.rest {
			o.Endpoints["spot.api"], o.Endpoints["linear.api"] = "ws://nowhere.test", "ws://nowhere.test"
			o.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
				if address == "nowhere.test:80" {
					return nil, errors.New("there is nothing")
				}
				return s.DialContext(ctx, network, address)
			}
		}
		c := binance.New(o)
		defer c.Close()
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		f(ctx, c, s, a)
	})
}

// newest compares an order with the last one of the account.
func newest(t *testing.T, a *venuetest.Account, got exchange.Order) {
	t.Helper()
	all := a.Orders()
	if len(all) == 0 {
		t.Fatal("nothing was placed")
	}
	if want := trueOrder(all[len(all)-1]); orderOf(got) != want {
		t.Errorf("got %s, want %s", orderOf(got), want)
	}
}

// TestCreateOrder places orders of all sorts.
func TestCreateOrder(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, c *exchange.Client, s *venuetest.Server, a *venuetest.Account, d desk) {
		b := must(c.FetchOrderBook(ctx, d.symbol, 5))(t)
		bid, ask, low := b.Bids[0].Price, b.Asks[0].Price, b.Bids[0].Price.Sub(number("100"))
		limit := func(side exchange.Side, price decimal.Decimal, change func(o *exchange.NewOrder)) exchange.NewOrder {
			o := exchange.NewOrder{Symbol: d.symbol, Side: side, Type: exchange.LimitOrder, Price: price, Size: d.size}
			if change != nil {
				change(&o)
			}
			return o
		}
		for name, tt := range map[string]struct {
			order  exchange.NewOrder
			status exchange.OrderStatus
		}{
			"resting":   {limit(exchange.Buy, low, nil), exchange.OrderOpen},
			"taking":    {limit(exchange.Buy, ask, nil), exchange.OrderClosed},
			"own id":    {limit(exchange.Sell, bid, func(o *exchange.NewOrder) { o.ClientID = "go-0001" }), exchange.OrderClosed},
			"post only": {limit(exchange.Buy, low, func(o *exchange.NewOrder) { o.PostOnly = true }), exchange.OrderOpen},
			"IOC":       {limit(exchange.Buy, low, func(o *exchange.NewOrder) { o.TimeInForce = exchange.IOC }), exchange.OrderExpired},
			"FOK":       {limit(exchange.Buy, low, func(o *exchange.NewOrder) { o.TimeInForce = exchange.FOK }), exchange.OrderExpired},
			"market":    {exchange.NewOrder{Symbol: d.symbol, Side: exchange.Buy, Type: exchange.MarketOrder, Size: d.size}, exchange.OrderClosed},
		} {
			got, err := c.CreateOrder(ctx, tt.order)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if got.Status != tt.status || tt.order.ClientID != "" && got.ClientID != tt.order.ClientID || got.ClientID == "" || got.PostOnly != tt.order.PostOnly {
				t.Errorf("%s: got %+v", name, got)
			}
			newest(t, a, got)
		}
		refused := func(name string, o exchange.NewOrder, kind error) {
			before := len(a.Orders())
			_, err := c.CreateOrder(ctx, o)
			var told *exchange.OrderError
			if !errors.Is(err, kind) || !errors.As(err, &told) || told.Outcome != exchange.NotPlaced {
				t.Errorf("%s: %v, want %v", name, err, kind)
			}
			if n := len(a.Orders()); n != before {
				t.Errorf("%s: %d orders more", name, n-before)
			}
		}
		refused("post only that takes", limit(exchange.Buy, ask, func(o *exchange.NewOrder) { o.PostOnly = true }), exchange.ErrInvalidOrder)
		tooMuch := number("20")
		if d.symbol == perpBTC {
			tooMuch = number("900")
		}
		refused("beyond the funds", limit(exchange.Buy, low, func(o *exchange.NewOrder) { o.Size = tooMuch }), exchange.ErrFunds)
		refused("off the tick", limit(exchange.Buy, low.Add(number("0.001")), nil), exchange.ErrInvalidOrder)
		if d.symbol == perpBTC {
			reduce := limit(exchange.Sell, bid, func(o *exchange.NewOrder) { o.ReduceOnly = true })
			if got := must(c.CreateOrder(ctx, reduce))(t); got.Status != exchange.OrderClosed || !got.ReduceOnly {
				t.Errorf("got %+v", got)
			}
			return
		}
		got := must(c.CreateOrder(ctx, exchange.NewOrder{Symbol: d.symbol, Side: exchange.Buy, Type: exchange.MarketOrder, QuoteSize: number("100")}))(t)
		if got.Status != exchange.OrderClosed || !got.QuoteSize.Equal(number("100")) || got.Filled.Sign() <= 0 {
			t.Errorf("got %+v", got)
		}
	})
}

func TestCancelAndEdit(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, c *exchange.Client, s *venuetest.Server, a *venuetest.Account, d desk) {
		low := must(c.FetchOrderBook(ctx, d.symbol, 5))(t).Bids[0].Price.Sub(number("100"))
		place := func() exchange.Order {
			return must(c.CreateOrder(ctx, exchange.NewOrder{Symbol: d.symbol, Side: exchange.Buy, Type: exchange.LimitOrder, Price: low, Size: d.size}))(t)
		}
		for _, ref := range []exchange.Ref{{ID: place().ID}, {ClientID: place().ClientID}} {
			got := must(c.CancelOrder(ctx, d.symbol, ref))(t)
			if got.Status != exchange.OrderCanceled || ref.ID != "" && got.ID != ref.ID || ref.ClientID != "" && got.ClientID != ref.ClientID {
				t.Errorf("got %+v of %+v", got, ref)
			}
			_, err := c.CancelOrder(ctx, d.symbol, ref)
			var told *exchange.OrderError
			if !errors.Is(err, exchange.ErrOrderNotFound) || !errors.As(err, &told) {
				t.Errorf("cancelled twice: %v", err)
			}
		}
		half := d.size.Quo(number("2"))
		o := place()
		change := exchange.NewOrder{Symbol: d.symbol, Size: half}
		if d.symbol == perpBTC {
			change.Side, change.Price = exchange.Buy, low.Sub(number("1"))
		} else if _, err := c.EditOrder(ctx, exchange.Ref{ID: o.ID}, exchange.NewOrder{Symbol: d.symbol, Price: low}); !errors.Is(err, exchange.ErrNotSupported) {
			t.Errorf("another price: %v", err)
		}
		got := must(c.EditOrder(ctx, exchange.Ref{ClientID: o.ClientID}, change))(t)
		if got.ID != o.ID || !got.Size.Equal(half) || got.ClientID != o.ClientID {
			t.Errorf("got %+v", got)
		}
		newest(t, a, got)
		place()
		if _, err := c.CancelAllOrders(ctx, d.symbol); err != nil || len(a.OpenOrders()) > 0 {
			t.Errorf("%v, %d open", err, len(a.OpenOrders()))
		}
		if all, err := c.CancelAllOrders(ctx, d.symbol); err != nil || len(all) > 0 {
			t.Errorf("of none: %v, %v", all, err)
		}
	})
}

// TestLostAnswers has answers vanish in all ways: an order is there once or not at all, and what is said of it is true.
func TestLostAnswers(t *testing.T) {
	faults := []venuetest.Fault{
		{Kind: venuetest.LostAnswer},
		{Kind: venuetest.NoAnswer},
		{Kind: venuetest.LateAnswer, For: 20 * time.Second},
		{Kind: venuetest.FalseAnswer, Code: 503},
		{Kind: venuetest.FalseAnswer, Code: 400, Body: `{"code":-1007,"msg":"Timeout waiting for response from backend server. Send status unknown; execution status unknown."}`},
	}
	for _, d := range desks {
		for i, fault := range faults {
			if fault.Kind == venuetest.FalseAnswer && !d.rest {
				continue
			}
			for seed := range uint64(4) {
				at(t, d, seed+1, func(ctx context.Context, c *exchange.Client, s *venuetest.Server, a *venuetest.Account) {
					rng := rand.New(rand.NewPCG(seed, uint64(i)))
					b := must(c.FetchOrderBook(ctx, d.symbol, 5))(t)
					price := b.Asks[0].Price
					if rng.IntN(2) == 0 {
						price = b.Bids[0].Price.Sub(number("100"))
					}
					s.Fault(fault)
					o, err := c.CreateOrder(ctx, exchange.NewOrder{Symbol: d.symbol, Side: exchange.Buy, Type: exchange.LimitOrder, Price: price, Size: d.size})
					if all := a.Orders(); len(all) != 1 {
						t.Fatalf("%+v at %s, seed %d: %d orders: %v", fault, d.symbol, seed, len(all), err)
					}
					if err != nil {
						t.Errorf("%+v at %+v, seed %d: %v", fault, d, seed, err)
						return
					}
					newest(t, a, o)
				})
			}
		}
	}
}

// TestLostRequests has requests vanish that the venue never acts on: that is known when it may not do so any more, and not before.
func TestLostRequests(t *testing.T) {
	for _, d := range desks {
		if !d.rest {
			continue
		}
		for _, tt := range []struct {
			fault venuetest.Fault
			want  exchange.Outcome
		}{
			{venuetest.Fault{Kind: venuetest.HTTPStatus, Code: 503, Path: "/order"}, exchange.NotPlaced},
			{venuetest.Fault{Kind: venuetest.HTTPStatus, Code: 503, N: -1}, exchange.Unknown},
		} {
			at(t, d, 1, func(ctx context.Context, c *exchange.Client, s *venuetest.Server, a *venuetest.Account) {
				low := must(c.FetchOrderBook(ctx, d.symbol, 5))(t).Bids[0].Price.Sub(number("100"))
				s.Fault(tt.fault)
				begun := time.Now()
				_, err := c.CreateOrder(ctx, exchange.NewOrder{Symbol: d.symbol, Side: exchange.Buy, Type: exchange.LimitOrder, Price: low, Size: d.size})
				var told *exchange.OrderError
				if !errors.As(err, &told) || told.Outcome != tt.want || !errors.Is(err, exchange.ErrUnavailable) || told.ClientID == "" {
					t.Errorf("%s: %v, want %s", d.symbol, err, tt.want)
				}
				if took := time.Since(begun); len(a.Orders()) > 0 || took < 5*time.Second {
					t.Errorf("%s: %d orders after %s", d.symbol, len(a.Orders()), took)
				}
			})
		}
	}
}

// TestOrdersDenied has a key that may read, and not trade.
func TestOrdersDenied(t *testing.T) {
	each(t, func(t *testing.T, ctx context.Context, c *exchange.Client, s *venuetest.Server, a *venuetest.Account, d desk) {
		a.Permit(true, false)
		_, err := c.CreateOrder(ctx, exchange.NewOrder{Symbol: d.symbol, Side: exchange.Buy, Type: exchange.MarketOrder, Size: d.size})
		var told *exchange.OrderError
		var e *exchange.Error
		if !errors.As(err, &told) || told.Outcome != exchange.NotPlaced || !errors.As(err, &e) || e.Code != "-2015" || !errors.Is(err, exchange.ErrAuth) {
			t.Errorf("got %v", err)
		}
	})
}
