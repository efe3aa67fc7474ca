package exchange_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/exchanges/backpack"
	"github.com/depthwire/depthwire/exchanges/binance"
	"github.com/depthwire/depthwire/exchanges/huobi"
	"github.com/depthwire/depthwire/exchanges/okx"
	"github.com/depthwire/depthwire/stream"
	"github.com/depthwire/depthwire/venuetest"
)

// contracts are two markets of each venue that tells what is open, and what it closes.
var contracts = []place{
	{name: "backpack", start: venuetest.Backpack, client: backpack.New, symbol: "SOL/USDC:USDC", other: "kPEPE/USDC:USDC"},
	{name: "binance", start: venuetest.Binance, client: binance.New, symbol: "BTC/USDT:USDT", other: "ETH/USDT:USDT"},
	{name: "huobi", start: venuetest.Huobi, client: huobi.New, symbol: "BTC/USDT:USDT", other: "ETH/USDT:USDT"},
	{name: "okx", start: venuetest.OKX, client: okx.New, symbol: "BTC/USDT:USDT", other: "BTC/USD:BTC"},
}

func withContracts(t *testing.T, test func(t *testing.T, ctx context.Context, p place, s *venuetest.Server, c *exchange.Client)) {
	for _, p := range contracts {
		t.Run(p.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, c := p.meet(t, venuetest.Options{Seed: 3}, exchange.Options{})
				defer s.Close()
				defer c.Close()
				ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
				defer cancel()
				test(t, ctx, p, s, c)
			})
		})
	}
}

// told collects the liquidations of a subscription, by symbol.
type told map[string][]exchange.Liquidation

func collect(sub *stream.Subscription[exchange.Liquidation]) told {
	seen := make(told)
	sub.OnEvent(func(v *exchange.Liquidation) { seen[v.Symbol] = append(seen[v.Symbol], *v) })
	return seen
}

// move moves the market until liquidations of the symbols were seen.
func (seen told) move(t *testing.T, s *venuetest.Server, symbols ...string) {
	t.Helper()
	for range 200 {
		s.Step(100)
		pass(1100 * time.Millisecond)
		if !slices.ContainsFunc(symbols, func(x string) bool { return len(seen[x]) == 0 }) {
			return
		}
	}
	t.Fatalf("liquidations of %d symbols, want of %q", len(seen), symbols)
}

// TestLiquidations: each symbol gets its own, also where a topic is one for all, and when
// nobody wants them the venue is told.
func TestLiquidations(t *testing.T) {
	withContracts(t, func(t *testing.T, ctx context.Context, p place, s *venuetest.Server, c *exchange.Client) {
		watching, stop := context.WithCancel(ctx)
		both, err := c.WatchLiquidations(watching, p.symbol, p.other)
		if err != nil {
			t.Fatal(err)
		}
		one, err := c.WatchLiquidations(ctx, p.other)
		if err != nil {
			t.Fatal(err)
		}
		pass(2 * time.Second)
		want := 2
		if p.name == "okx" { // which has one topic for all
			want = 1
		}
		if on := s.Subscriptions(); len(on) != want {
			t.Errorf("subscribed: %v", on)
		}
		ofBoth, ofOne := collect(both), collect(one)
		ofBoth.move(t, s, p.symbol, p.other)
		for symbol, vs := range ofBoth {
			m, err := c.Market(ctx, symbol)
			if err != nil || symbol != p.symbol && symbol != p.other {
				t.Fatalf("%s: %v", symbol, err)
			}
			for _, v := range vs {
				if v.Side != exchange.Buy && v.Side != exchange.Sell || v.Price.Sign() <= 0 || v.Size.Sign() <= 0 || v.Source != exchange.Stream ||
					v.Contracts.Absent() != m.Contract.Absent() || time.Since(v.Time).Abs() > time.Minute || v.Break != nil {
					t.Errorf("%+v", v)
				}
			}
		}
		stop()
		pass(time.Second)
		clear(ofOne)
		ofOne.move(t, s, p.other)
		if len(ofOne) != 1 {
			t.Errorf("got those of %d symbols", len(ofOne))
		}
		one.Close()
		pass(5 * time.Second)
		if left := s.Subscriptions(); len(left) > 0 {
			t.Errorf("still subscribed: %v", left)
		}
	})
}

// TestLiquidationsAreRare: hours without one are no reason to connect again; what is lost
// before the first is told with it.
func TestLiquidationsAreRare(t *testing.T) {
	withContracts(t, func(t *testing.T, ctx context.Context, p place, s *venuetest.Server, c *exchange.Client) {
		sub, err := c.WatchLiquidations(ctx, p.symbol)
		if err != nil {
			t.Fatal(err)
		}
		pass(3 * time.Hour)
		if n := s.Stats().Connections; n != 1 {
			t.Errorf("%d connections", n)
		}
		for _, h := range c.Health() { // Backpack answers no subscription
			if h.State != stream.Subscribed && p.name != "backpack" || h.State != stream.Asked && p.name == "backpack" || h.Kind != "liquidations" {
				t.Errorf("%+v", h)
			}
		}
		s.Fault(venuetest.Fault{Kind: venuetest.ResetSocket})
		pass(10 * time.Second)
		seen := collect(sub)
		seen.move(t, s, p.symbol)
		if b := seen[p.symbol][0].Break; b == nil || b.Cause != stream.Disconnect || b.From.IsZero() || b.Healed {
			t.Errorf("after a disconnection: %+v", b)
		}
	})
}

func TestOpenInterest(t *testing.T) {
	withContracts(t, func(t *testing.T, ctx context.Context, p place, s *venuetest.Server, c *exchange.Client) {
		v, err := c.FetchOpenInterest(ctx, p.symbol)
		m, _ := c.Market(ctx, p.symbol)
		if err != nil || v.Symbol != p.symbol || v.Source != exchange.REST || v.Size.Sign() <= 0 || v.Contracts.Absent() != m.Contract.Absent() || time.Since(v.Time).Abs() > time.Minute {
			t.Errorf("%+v, %v", v, err)
		}
		if !v.Contracts.Absent() && !m.BaseSize(v.Contracts, v.Size).Equal(v.Size) && !m.Inverse {
			t.Errorf("%s contracts, %s base units", v.Contracts, v.Size)
		}
		if !slices.Contains(c.Offers(), "WatchOpenInterest") {
			if _, err := c.WatchOpenInterest(ctx, p.symbol); !errors.Is(err, exchange.ErrNotSupported) {
				t.Errorf("watch: %v", err)
			}
			return
		}
		sub, err := c.WatchOpenInterest(ctx, p.symbol, p.other)
		if err != nil {
			t.Fatal(err)
		}
		seen := make(map[string]int)
		sub.OnEvent(func(v *exchange.OpenInterest) {
			if v.Size.Sign() <= 0 || v.Source != exchange.Stream {
				t.Errorf("%+v", v)
			}
			seen[v.Symbol]++
		})
		for range 5 {
			s.Step(200)
			pass(61 * time.Second)
		}
		if seen[p.symbol] < 3 || seen[p.other] < 3 {
			t.Errorf("open interest came %v times", seen)
		}
		v, err = c.FetchOpenInterest(ctx, p.symbol)
		if err != nil || v.Source != exchange.Stream {
			t.Errorf("%s, %v", v.Source, err)
		}
		sub.Close()
		pass(5 * time.Second)
		if left := s.Subscriptions(); len(left) > 0 {
			t.Errorf("still subscribed: %v", left)
		}
	})
}

func TestStatus(t *testing.T) {
	withContracts(t, func(t *testing.T, ctx context.Context, p place, s *venuetest.Server, c *exchange.Client) {
		v, err := c.FetchStatus(ctx)
		if err != nil || v.State != exchange.OK || v.Family != "" || !v.Until.IsZero() || v.Venue != p.name || v.Received.IsZero() || v.Source != exchange.REST {
			t.Errorf("%+v, %v", v, err)
		}
		s.Fault(venuetest.Fault{Kind: venuetest.Maintenance, N: -1})
		pass(10 * time.Second)
		v, err = c.FetchStatus(ctx)
		if err != nil || v.State != exchange.Maintenance || v.Family == "" {
			t.Errorf("%+v, %v", v, err)
		}
		if told := p.name == "huobi" || p.name == "okx"; told != (time.Until(v.Until) > 20*time.Minute) {
			t.Errorf("until %s", v.Until)
		}
		s.Heal()
		pass(10 * time.Second)
		if v, err = c.FetchStatus(ctx); err != nil || v.State != exchange.OK {
			t.Errorf("%+v, %v", v, err)
		}
	})
}

// TestStatusRefused: who refuses to answer because of maintenance has answered.
func TestStatusRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := contracts[2]
		s, c := p.meet(t, venuetest.Options{Seed: 3}, exchange.Options{})
		defer s.Close()
		defer c.Close()
		s.Fault(venuetest.Fault{Kind: venuetest.HTTPStatus, Code: 200, Path: "/heartbeat/", Body: `{"status":"maintain"}`, N: 10})
		v, err := c.FetchStatus(t.Context())
		if err != nil || v.State != exchange.Maintenance || v.Family != "linear" || v.Venue != p.name || v.Source != exchange.REST {
			t.Errorf("%+v, %v", v, err)
		}
		s.Heal()
		s.Fault(venuetest.Fault{Kind: venuetest.HTTPStatus, Code: 403, N: -1})
		if v, err := c.FetchStatus(t.Context()); !errors.Is(err, exchange.ErrPermission) || v.State != "" {
			t.Errorf("%+v, %v", v, err)
		}
		if _, err := c.FetchTime(t.Context()); !errors.Is(err, exchange.ErrPermission) {
			t.Errorf("time: %v", err)
		}
	})
}

func TestContractsOnly(t *testing.T) {
	withContracts(t, func(t *testing.T, ctx context.Context, p place, s *venuetest.Server, c *exchange.Client) {
		spot := map[string]string{"backpack": "SOL/USDC"}[p.name]
		if spot == "" {
			spot = "BTC/USDT"
		}
		for symbol, want := range map[string]error{spot: exchange.ErrNotSupported, "NO/SUCH:SUCH": exchange.ErrBadSymbol} {
			_, fetched := c.FetchOpenInterest(ctx, symbol)
			_, watched := c.WatchOpenInterest(ctx, symbol)
			_, listed := c.FetchLiquidations(ctx, symbol, exchange.Range{})
			_, followed := c.WatchLiquidations(ctx, symbol)
			for _, err := range []error{fetched, watched, listed, followed} {
				if !errors.Is(err, want) {
					t.Errorf("%s: got %v, want %v", symbol, err, want)
				}
			}
		}
	})
}
