package okx_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/exchanges/okx"
	"github.com/depthwire/depthwire/stream"
	"github.com/depthwire/depthwire/venuetest"
)

// follower keeps what the streams of the account have told, as a bot would. Values may come from several goroutines.
type follower struct {
	mu        sync.Mutex
	orders    map[string]exchange.Order
	fills     []string
	balances  map[string]exchange.Balance
	positions map[string]exchange.Position
	moved     map[string]exchange.Transaction
	wrong     []string
}

// followAccount reads all streams of the account until ctx ends.
func followAccount(t *testing.T, ctx context.Context, c *exchange.Client) *follower {
	t.Helper()
	f := &follower{orders: make(map[string]exchange.Order), balances: make(map[string]exchange.Balance),
		positions: make(map[string]exchange.Position), moved: make(map[string]exchange.Transaction)}
	read(t, ctx, f, func() (*stream.Subscription[exchange.Order], error) { return c.WatchOrders(ctx) }, func(o *exchange.Order) {
		was, known := f.orders[o.Symbol+o.ID]
		if known && (was.Status != exchange.OrderOpen || o.Filled.Cmp(was.Filled) < 0) {
			f.wrong = append(f.wrong, fmt.Sprintf("%s %s after %s %s", o.Status, o.Filled, was.Status, was.Filled))
		}
		f.orders[o.Symbol+o.ID] = *o
	})
	read(t, ctx, f, func() (*stream.Subscription[exchange.Fill], error) { return c.WatchMyTrades(ctx) }, func(v *exchange.Fill) { f.fills = append(f.fills, fillLine(v)) })
	read(t, ctx, f, func() (*stream.Subscription[exchange.Balance], error) { return c.WatchBalance(ctx) }, func(b *exchange.Balance) { f.balances[b.Account+b.Asset] = *b })
	read(t, ctx, f, func() (*stream.Subscription[exchange.Position], error) { return c.WatchPositions(ctx) }, func(p *exchange.Position) {
		if p.Contracts.Sign() > 0 {
			f.positions[p.Symbol+string(p.Side)] = *p
		} else {
			delete(f.positions, p.Symbol+string(p.Side))
		}
	})
	read(t, ctx, f, func() (*stream.Subscription[exchange.Transaction], error) { return c.WatchTransactions(ctx) }, func(v *exchange.Transaction) { f.moved[string(v.Kind)+v.ID] = *v })
	return f
}

// read brings what a stream tells, in a goroutine that ends with ctx, before the bubble of the test does.
func read[T any](t *testing.T, ctx context.Context, f *follower, watch func() (*stream.Subscription[T], error), take func(*T)) {
	t.Helper()
	sub := must[*stream.Subscription[T]](t)(watch())
	var reader sync.WaitGroup
	t.Cleanup(reader.Wait)
	reader.Go(func() {
		for {
			v, err := sub.Next(ctx)
			if err != nil {
				return
			}
			f.mu.Lock()
			take(&v)
			f.mu.Unlock()
		}
	})
}

func values[T any](all map[string]T) (vs []T) {
	for _, v := range all {
		vs = append(vs, v)
	}
	return vs
}

func fillLine(f *exchange.Fill) string {
	size := f.Size
	if !f.Contracts.Absent() {
		size = f.Contracts
	}
	return fmt.Sprint(f.Symbol, " ", f.ID, " ", f.OrderID, " ", f.Side, " ", f.Role, " ", plain(f.Price), " ", plain(size), " ", plain(f.Fee.Amount), " ", f.Fee.Asset)
}

func fillsOf(a *venuetest.Account) (lines []string) {
	for _, f := range a.Fills() {
		role := exchange.Taker
		if f.Maker {
			role = exchange.Maker
		}
		lines = append(lines, fmt.Sprint(f.Symbol, " ", f.ID, " ", f.OrderID, " ", f.Side, " ", role, " ", plain(f.Price), " ", plain(f.Size), " ", plain(f.Fee), " ", f.FeeUnit))
	}
	slices.Sort(lines)
	return lines
}

// compare checks that what was told is what the venue has.
func (f *follower) compare(t *testing.T, a *venuetest.Account) {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	same(t, "orders", known(values(f.orders)), truth(a.Orders(), nil))
	fills := slices.Clone(f.fills)
	slices.Sort(fills)
	same(t, "fills", fills, fillsOf(a))
	same(t, "balances", haves(values(f.balances)), held(a))
	same(t, "positions", positions(values(f.positions)), contracts(a))
	same(t, "transactions", transactions(values(f.moved)), moved(a))
	if len(f.wrong) > 0 {
		t.Errorf("orders that go back: %q", f.wrong)
	}
}

func TestWatchAccount(t *testing.T) {
	customer(t, venuetest.Options{}, func(t *testing.T, ctx context.Context, s *venuetest.Server, a *venuetest.Account, c *exchange.Client) {
		f := followAccount(t, ctx, c)
		time.Sleep(5 * time.Second)
		trade(a, 21, 500)
		time.Sleep(70 * time.Second) // the funding account is asked for once a minute
		f.compare(t, a)
	})
}

// TestDisconnects: while the account trades its connections break, and afterwards the client knows all that the venue knows, each fill once.
func TestDisconnects(t *testing.T) {
	seeds := 16
	if testing.Short() {
		seeds = 4
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			customer(t, venuetest.Options{}, func(t *testing.T, ctx context.Context, s *venuetest.Server, a *venuetest.Account, c *exchange.Client) {
				f := followAccount(t, ctx, c)
				time.Sleep(5 * time.Second)
				kinds := []venuetest.Kind{venuetest.ResetSocket, venuetest.CloseSocket, venuetest.DeadSocket, venuetest.RepeatPush}
				for round := range 6 {
					trade(a, uint64(seed*100+round), 30)
					s.Fault(venuetest.Fault{Kind: kinds[(seed+round)%len(kinds)], Channel: []string{"orders", "account", ""}[round%3], Code: 4006, N: 1 + seed%3})
					trade(a, uint64(seed*100+round+50), 30)
					time.Sleep(time.Duration(seed*round) * 100 * time.Millisecond)
				}
				s.Heal()
				time.Sleep(4 * time.Minute)
				f.compare(t, a)
			})
		})
	}
}

// TestWatchRefused: a login that is refused ends the streams with its kind, and is not tried for ever.
func TestWatchRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(o *venuetest.AccountOptions)
		want   error
	}{
		"secret":     {func(o *venuetest.AccountOptions) { o.Secret = "s3cret-another" }, exchange.ErrAuth},
		"key":        {func(o *venuetest.AccountOptions) { o.Key = "another" }, exchange.ErrAuth},
		"passphrase": {func(o *venuetest.AccountOptions) { o.Passphrase = "s3cret-another" }, exchange.ErrPassphrase},
	} {
		t.Run(name, func(t *testing.T) {
			simulate(t, venuetest.Options{}, exchange.Options{Credentials: credentials()}, func(t *testing.T, ctx context.Context, s *venuetest.Server, c *exchange.Client) {
				o := owner()
				tt.change(&o)
				s.NewAccount(o)
				sub := must[*stream.Subscription[exchange.Order]](t)(c.WatchOrders(ctx, "BTC/USDT"))
				_, err := sub.Next(ctx)
				if !errors.Is(err, tt.want) || strings.Contains(err.Error(), "s3cret") {
					t.Errorf("%v, want %v", err, tt.want)
				}
				before := s.Stats().Connections
				time.Sleep(5 * time.Minute)
				if n := s.Stats().Connections; n > before+2 {
					t.Errorf("%d connections after %d", n, before)
				}
			})
		})
	}
}

// TestSkewedLogin: a time that is refused is measured before the next attempt.
func TestSkewedLogin(t *testing.T) {
	customer(t, venuetest.Options{}, func(t *testing.T, ctx context.Context, s *venuetest.Server, a *venuetest.Account, c *exchange.Client) {
		s.Fault(venuetest.Fault{Kind: venuetest.ClockSkew, For: 5 * time.Minute})
		sub := must[*stream.Subscription[exchange.Order]](t)(c.WatchOrders(ctx, "BTC/USDT"))
		time.Sleep(time.Minute)
		if _, err := a.Place(venuetest.Order{Symbol: "BTC/USDT", Side: "buy", Type: "limit", Price: decimal.MustParse("60000"), Size: decimal.MustParse("0.001")}); err != nil {
			t.Fatal(err)
		}
		if o := must[exchange.Order](t)(sub.Next(ctx)); o.Status != exchange.OrderOpen {
			t.Errorf("%+v", o)
		}
	})
}

// TestPositionClosed: what is bought and sold again is told of with a size of zero.
func TestPositionClosed(t *testing.T) {
	customer(t, venuetest.Options{}, func(t *testing.T, ctx context.Context, s *venuetest.Server, a *venuetest.Account, c *exchange.Client) {
		const symbol = "BTC/USDT:USDT"
		sub := must[*stream.Subscription[exchange.Position]](t)(c.WatchPositions(ctx, symbol))
		time.Sleep(5 * time.Second)
		for _, tt := range []struct {
			side exchange.Side
			size string
			want exchange.PositionSide
			held string
		}{{exchange.Buy, "3", exchange.Long, "3"}, {exchange.Sell, "5", exchange.Short, "2"}, {exchange.Buy, "2", "", "0"}} {
			must[exchange.Order](t)(c.CreateOrder(ctx, exchange.NewOrder{Symbol: symbol, Side: tt.side, Type: exchange.MarketOrder, Contracts: decimal.MustParse(tt.size)}))
			time.Sleep(time.Second)
			held := must[[]exchange.Position](t)(c.FetchPositions(ctx, symbol))
			if tt.want == "" && len(held) != 0 || tt.want != "" && (len(held) != 1 || held[0].Side != tt.want || plain(held[0].Contracts) != tt.held) {
				t.Errorf("fetched: %+v", held)
			}
			for p := (exchange.Position{}); ; {
				if p = must[exchange.Position](t)(sub.Next(ctx)); plain(p.Contracts) == tt.held && (p.Side == tt.want || tt.want == "") {
					break
				}
			}
		}
	})
}

// TestTooManyStreams: the 31st connection of an account with a channel is told, though its subscription was acknowledged.
func TestTooManyStreams(t *testing.T) {
	customer(t, venuetest.Options{}, func(t *testing.T, ctx context.Context, s *venuetest.Server, a *venuetest.Account, c *exchange.Client) {
		for i := range 30 {
			o := exchange.Options{Credentials: credentials(), Endpoints: s.Endpoints(), DialContext: s.DialContext}
			other := okx.New(o)
			defer other.Close()
			must[*stream.Subscription[exchange.Balance]](t)(other.WatchBalance(ctx))
			if i%2 == 1 {
				time.Sleep(time.Second) // three connections a second
			}
		}
		time.Sleep(10 * time.Second)
		sub := must[*stream.Subscription[exchange.Balance]](t)(c.WatchBalance(ctx))
		for {
			if _, err := sub.Next(ctx); err != nil {
				if !errors.Is(err, exchange.ErrRateLimit) {
					t.Error(err)
				}
				return
			}
		}
	})
}
