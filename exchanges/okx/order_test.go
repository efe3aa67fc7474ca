package okx_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/exchanges/okx"
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
						fault := venuetest.Fault{Kind: kind, Channel: "order", For: 40 * time.Second}
						if path == "rest" {
							fault.Channel, fault.Path = "", "/trade/order"
						}
						s.Fault(fault)
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

// TestNeverTwice: whatever happens to connections and answers while an order is placed, there is one order at most, and the client is
// right about whether there is.
func TestNeverTwice(t *testing.T) {
	kinds := []venuetest.Kind{venuetest.LostAnswer, venuetest.NoAnswer, venuetest.LateAnswer, venuetest.FalseAnswer, venuetest.ResetSocket, venuetest.DeadSocket}
	seeds := 60
	if testing.Short() {
		seeds = 6
	}
	for seed := range seeds {
		customer(t, venuetest.Options{}, func(t *testing.T, ctx context.Context, s *venuetest.Server, a *venuetest.Account, c *exchange.Client) {
			rng := rand.New(rand.NewPCG(uint64(seed), 1))
			must[exchange.Market](t)(c.Market(ctx, "BTC/USDT"))
			placed := 0
			for range 5 {
				if rng.IntN(3) == 0 { // by REST
					s.Fault(venuetest.Fault{Kind: venuetest.RefuseLogin, N: 2})
				}
				for range 1 + rng.IntN(3) {
					s.Fault(venuetest.Fault{Kind: kinds[rng.IntN(len(kinds))], N: 1 + rng.IntN(2), For: time.Duration(rng.IntN(20)) * time.Second})
				}
				ctx, cancel := context.WithTimeout(ctx, time.Duration(5+rng.IntN(120))*time.Second)
				o, err := c.CreateOrder(ctx, exchange.NewOrder{Symbol: "BTC/USDT", Side: exchange.Buy, Type: exchange.LimitOrder, Price: decimal.MustParse("60000"), Size: decimal.MustParse("0.002")})
				cancel()
				var told *exchange.OrderError
				errors.As(err, &told)
				all := a.Orders()
				switch n := len(all) - placed; {
				case n > 1, err == nil && (n != 1 || fmt.Sprint(all[placed].ID) != o.ID), err != nil && told == nil,
					told != nil && (told.Outcome == exchange.NotPlaced && n != 0 || told.Outcome == exchange.Placed && n != 1):
					t.Fatalf("seed %d: %d orders; %+v, %v", seed, n, o, err)
				}
				placed = len(all)
				s.Heal()
				time.Sleep(time.Duration(rng.IntN(60)) * time.Second)
			}
		})
	}
}

// TestDemoOrders: the sockets of demo trading do not take the codes of instruments, so that orders go by REST.
func TestDemoOrders(t *testing.T) {
	customer(t, venuetest.Options{}, func(t *testing.T, ctx context.Context, s *venuetest.Server, _ *venuetest.Account, _ *exchange.Client) {
		o := owner()
		o.Key, o.Demo = "8e0c3d1e-demo", true
		a := s.NewAccount(o)
		proof := credentials()
		proof.Key = exchange.NewSecret(o.Key)
		endpoints := s.Endpoints()
		real, err := url.Parse(endpoints["private"])
		if err != nil {
			t.Fatal(err)
		}
		endpoints["private"] = "ws://wspap.okx.com:80/ws/v5/private"
		c := okx.New(exchange.Options{Credentials: proof, Environment: "demo", Endpoints: endpoints, DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if address == "wspap.okx.com:80" {
				address = real.Host
			}
			return s.DialContext(ctx, network, address)
		}})
		defer c.Close()
		got, err := c.CreateOrder(ctx, exchange.NewOrder{Symbol: "BTC/USDT", Side: exchange.Buy, Type: exchange.MarketOrder, Size: decimal.MustParse("0.002")})
		if all := a.Orders(); err != nil || len(all) != 1 || got.Source != exchange.REST || fmt.Sprint(all[0].ID) != got.ID {
			t.Errorf("%d orders; %+v, %v", len(all), got, err)
		}
		if !slices.ContainsFunc(s.Stats().Conns, func(c venuetest.ConnStats) bool { return c.Path == "/ws/v5/private" && c.Received > 0 }) {
			t.Error("the socket was not tried")
		}
	})
}
