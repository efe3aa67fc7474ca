package okx_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/venuetest"
)

// TestOrders: what is ordered over the socket is what the venue has.
func TestOrders(t *testing.T) {
	customer(t, venuetest.Options{}, func(t *testing.T, ctx context.Context, s *venuetest.Server, a *venuetest.Account, c *exchange.Client) {
		for _, tt := range []struct {
			o    exchange.NewOrder
			want string // of the venue
		}{
			{exchange.NewOrder{Symbol: "BTC/USDT", Side: exchange.Buy, Type: exchange.LimitOrder, Price: decimal.MustParse("60000.1"), Size: decimal.MustParse("0.002"), ClientID: "one"}, "BTC/USDT buy limit GTC 60000.1 0.002 open"},
			{exchange.NewOrder{Symbol: "BTC/USDT", Side: exchange.Sell, Type: exchange.MarketOrder, Size: decimal.MustParse("0.002")}, "BTC/USDT sell market GTC  0.002 filled"},
			{exchange.NewOrder{Symbol: "BTC/USDT", Side: exchange.Buy, Type: exchange.MarketOrder, QuoteSize: decimal.MustParse("100")}, "BTC/USDT buy market GTC   filled quote 100"},
			{exchange.NewOrder{Symbol: "BTC/USDT", Side: exchange.Buy, Type: exchange.LimitOrder, Price: decimal.MustParse("70000"), Size: decimal.MustParse("0.002"), PostOnly: true}, "BTC/USDT buy limit GTC 70000 0.002 expired post"},
			{exchange.NewOrder{Symbol: "ETH/USDT", Side: exchange.Sell, Type: exchange.LimitOrder, TimeInForce: exchange.IOC, Price: decimal.MustParse("4000"), Size: decimal.MustParse("0.5")}, "ETH/USDT sell limit IOC 4000 0.5 expired"},
			{exchange.NewOrder{Symbol: "BTC/USDT:USDT", Side: exchange.Sell, Type: exchange.LimitOrder, TimeInForce: exchange.FOK, Price: decimal.MustParse("60000"), Contracts: decimal.MustParse("2")}, "BTC/USDT:USDT sell limit FOK 60000 2 filled"},
			{exchange.NewOrder{Symbol: "BTC/USDT:USDT", Side: exchange.Buy, Type: exchange.LimitOrder, Price: decimal.MustParse("60000"), Size: decimal.MustParse("0.02"), ReduceOnly: true}, "BTC/USDT:USDT buy limit GTC 60000 2 open reduce"},
			{exchange.NewOrder{Symbol: "BTC/USD:BTC", Side: exchange.Buy, Type: exchange.MarketOrder, Contracts: decimal.MustParse("3.1")}, "BTC/USD:BTC buy market GTC  3.1 filled"},
			{exchange.NewOrder{Symbol: "BTC/USDT:USDT-261225", Side: exchange.Buy, Type: exchange.LimitOrder, Price: decimal.MustParse("60000"), Contracts: decimal.MustParse("1")}, "BTC/USDT:USDT-261225 buy limit GTC 60000 1 open"},
		} {
			got, err := c.CreateOrder(ctx, tt.o)
			all := a.Orders()
			i := slices.IndexFunc(all, func(o venuetest.Order) bool { return fmt.Sprint(o.ID) == got.ID })
			if err != nil || i < 0 || got.ClientID == "" || all[i].ClientID != got.ClientID || tt.o.ClientID != "" && got.ClientID != tt.o.ClientID {
				t.Errorf("%+v: %+v, %v", tt.o, got, err)
				continue
			}
			o := all[i]
			what := fmt.Sprint(o.Symbol, " ", o.Side, " ", o.Type, " ", o.TimeInForce, " ", o.Price.Reduce(), " ", o.Size.Reduce(), " ", o.Status)
			for word, is := range map[string]bool{" post": o.PostOnly, " reduce": o.ReduceOnly} {
				if is {
					what += word
				}
			}
			if !o.QuoteSize.Absent() {
				what += " quote " + o.QuoteSize.String()
			}
			if what != tt.want || got.Source != exchange.Stream {
				t.Errorf("%s by %s, want %s", what, got.Source, tt.want)
			}
		}
		edited, err := c.EditOrder(ctx, exchange.Ref{ClientID: "one"}, exchange.NewOrder{Symbol: "BTC/USDT", Price: decimal.MustParse("60001"), Size: decimal.MustParse("0.003")})
		first := a.Orders()[slices.IndexFunc(a.Orders(), func(o venuetest.Order) bool { return o.ClientID == "one" })]
		if err != nil || edited.ID != fmt.Sprint(first.ID) || plain(first.Price) != "60001" || plain(first.Size) != "0.003" {
			t.Errorf("edited: %+v, %v; %+v", edited, err, first)
		}
		cancelled, err := c.CancelOrder(ctx, "BTC/USDT", exchange.Ref{ID: edited.ID})
		if err != nil || cancelled.Status != exchange.OrderCanceled {
			t.Errorf("cancelled: %+v, %v", cancelled, err)
		}
		if _, err := c.CancelOrder(ctx, "BTC/USDT", exchange.Ref{ID: edited.ID}); !errors.Is(err, exchange.ErrOrderNotFound) {
			t.Errorf("again: %v", err)
		}
		paths := s.Stats().Requests
		for path := range paths {
			if strings.HasSuffix(path, "/trade/order") && paths[path] > len(a.Orders()) || strings.Contains(path, "amend") {
				t.Errorf("%d requests of %s: orders go over the socket", paths[path], path)
			}
		}
	})
}

// TestOrderRefused: what the venue refuses is a kind of error, and not placed for certain.
func TestOrderRefused(t *testing.T) {
	customer(t, venuetest.Options{}, func(t *testing.T, ctx context.Context, s *venuetest.Server, a *venuetest.Account, c *exchange.Client) {
		limit := exchange.NewOrder{Symbol: "BTC/USDT", Side: exchange.Buy, Type: exchange.LimitOrder, Price: decimal.MustParse("60000"), Size: decimal.MustParse("0.002"), ClientID: "same"}
		must[exchange.Order](t)(c.CreateOrder(ctx, limit))
		for _, tt := range []struct {
			change func(o *exchange.NewOrder)
			want   error
		}{
			{func(o *exchange.NewOrder) {}, exchange.ErrInvalidOrder},
			{func(o *exchange.NewOrder) { o.ClientID, o.Size = "", decimal.MustParse("500") }, exchange.ErrFunds},
			{func(o *exchange.NewOrder) { o.ClientID = "not-alphanumeric" }, exchange.ErrInvalidOrder},
			{func(o *exchange.NewOrder) { o.ClientID, o.Symbol = "", "LUNA/USDT" }, exchange.ErrInvalidOrder},
		} {
			o := limit
			tt.change(&o)
			_, err := c.CreateOrder(ctx, o)
			var told *exchange.OrderError
			if !errors.Is(err, tt.want) || !errors.As(err, &told) || told.Outcome != exchange.NotPlaced {
				t.Errorf("%+v: %v, want %v", o, err, tt.want)
			}
		}
		a.Permit(true, false)
		limit.ClientID = "other"
		if _, err := c.CreateOrder(ctx, limit); !errors.Is(err, exchange.ErrPermission) {
			t.Errorf("without the permission: %v", err)
		}
		if n := len(a.Orders()); n != 1 {
			t.Errorf("%d orders", n)
		}
	})
}

// TestLostAnswers: whatever becomes of the answer, there is one order, and the client knows it.
func TestLostAnswers(t *testing.T) {
	for _, kind := range []venuetest.Kind{venuetest.LostAnswer, venuetest.NoAnswer, venuetest.LateAnswer} {
		for _, path := range []string{"socket", "rest"} {
			t.Run(string(kind)+" "+path, func(t *testing.T) {
				customer(t, venuetest.Options{}, func(t *testing.T, ctx context.Context, s *venuetest.Server, a *venuetest.Account, c *exchange.Client) {
					must[exchange.Market](t)(c.Market(ctx, "BTC/USDT"))
					if path == "rest" {
						s.Fault(venuetest.Fault{Kind: venuetest.RefuseLogin, N: 1000})
					}
					for i := range 3 {
						s.Fault(venuetest.Fault{Kind: kind, N: 1, Path: "/trade/order", Channel: map[string]string{"socket": "order"}[path], For: 40 * time.Second})
						begun := time.Now()
						got, err := c.CreateOrder(ctx, exchange.NewOrder{Symbol: "BTC/USDT", Side: exchange.Buy, Type: exchange.LimitOrder, Price: decimal.MustParse("60000"), Size: decimal.MustParse("0.002")})
						if all := a.Orders(); err != nil || len(all) != i+1 || got.ID != fmt.Sprint(all[i].ID) {
							t.Errorf("%d orders; %+v, %v", len(all), got, err)
						}
						if by := s.Stats().Requests["/api/v5/trade/order"]; (path == "rest") != (by >= 2*i+2) { // to place it, and to ask for it
							t.Errorf("%d requests", by)
						}
						if took := time.Since(begun); (kind != venuetest.LostAnswer) != (took > 5*time.Second) {
							t.Errorf("it took %s", took)
						}
						time.Sleep(time.Minute)
					}
				})
			})
		}
	}
}

// TestCancelAll: 20 in a request, those that are filled meanwhile left alone.
func TestCancelAll(t *testing.T) {
	customer(t, venuetest.Options{}, func(t *testing.T, ctx context.Context, s *venuetest.Server, a *venuetest.Account, c *exchange.Client) {
		for range 45 {
			if _, err := a.Place(venuetest.Order{Symbol: "BTC/USDT", Side: "buy", Type: "limit", Price: decimal.MustParse("60000"), Size: decimal.MustParse("0.001")}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := a.Place(venuetest.Order{Symbol: "BTC/USDT:USDT", Side: "buy", Type: "limit", Price: decimal.MustParse("60000"), Size: decimal.MustParse("1")}); err != nil {
			t.Fatal(err)
		}
		gone := must[[]exchange.Order](t)(c.CancelAllOrders(ctx, "BTC/USDT"))
		if len(gone) != 45 || len(a.OpenOrders()) != 1 {
			t.Errorf("%d cancelled, %d open", len(gone), len(a.OpenOrders()))
		}
		must[[]exchange.Order](t)(c.CancelAllOrders(ctx))
		if len(a.OpenOrders()) != 0 {
			t.Errorf("%d open", len(a.OpenOrders()))
		}
	})
}
