package huobi_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/stream"
	"github.com/depthwire/depthwire/venuetest"
)

// seen is what a client has been told of an account.
type seen struct {
	orders, balances, positions map[string]string // the last of each
	fills                       map[string]int    // how often each came
	moves                       map[string]string
}

// collect watches all that an account has. What it returns may be looked at after quiet.
func collect(t *testing.T, ctx context.Context, c *exchange.Client) *seen {
	t.Helper()
	s := &seen{make(map[string]string), make(map[string]string), make(map[string]string), make(map[string]int), make(map[string]string)}
	watch(t, must[*stream.Subscription[exchange.Order]](t)(c.WatchOrders(ctx)), func(o *exchange.Order) { s.orders[o.Symbol+" "+o.ID] = orderState(o) })
	watch(t, must[*stream.Subscription[exchange.Balance]](t)(c.WatchBalance(ctx)), func(b *exchange.Balance) {
		if plain(b.Total) == "7777777777" {
			t.Errorf("a balance of another account: %+v", b)
		}
		s.balances[b.Account+" "+b.Asset] = plain(b.Free) + " " + plain(b.Used) + " " + plain(b.Total)
	})
	watch(t, must[*stream.Subscription[exchange.Fill]](t)(c.WatchMyTrades(ctx)), func(f *exchange.Fill) { s.fills[fillLine(f)]++ })
	watch(t, must[*stream.Subscription[exchange.Position]](t)(c.WatchPositions(ctx)), func(p *exchange.Position) {
		line := fmt.Sprint(p.Symbol, " ", p.Side)
		if s.positions[line] = plain(p.Contracts) + " " + plain(p.Entry); p.Contracts.Sign() == 0 {
			delete(s.positions, line)
		}
	})
	watch(t, must[*stream.Subscription[exchange.Transaction]](t)(c.WatchTransactions(ctx)), func(v *exchange.Transaction) {
		s.moves[v.ID] = string(v.Kind) + " " + plain(v.Amount) + " " + string(v.Status)
	})
	return s
}

// watch notes what comes. The test's bubble waits for the goroutine, which ends with the client.
func watch[T any](t *testing.T, sub *stream.Subscription[T], note func(*T)) {
	go func() { // ends with the subscription
		for v := range sub.Chan() {
			note(&v)
		}
	}()
	t.Cleanup(func() {
		if n := sub.Lost(); n > 0 {
			t.Errorf("%d values were overrun", n)
		}
	})
}

// orderState is how an order stands, as far as both sides can tell it: pushes do not say what a market buy has bought.
func orderState(o *exchange.Order) string {
	filled := plain(o.Filled)
	if !o.FilledContracts.Absent() {
		filled = plain(o.FilledContracts)
	}
	if !o.QuoteSize.Absent() {
		filled = plain(o.Cost)
	}
	return filled + " " + string(o.Status)
}

func orderWant(o *venuetest.Order) string {
	filled, status := plain(o.Filled), o.Status
	if o.Type == "market" && o.Side == "buy" && o.Family == "spot" {
		filled = plain(o.Cost)
	}
	switch status {
	case venuetest.Filled:
		status = "closed"
	case venuetest.Expired:
		status = venuetest.Canceled
	}
	return filled + " " + string(status)
}

// matches compares what a client has seen with what the venue has.
func (s *seen) matches(t *testing.T, a *venuetest.Account) {
	t.Helper()
	synctest.Wait() // for those who collect
	var got, want []string
	for key, state := range s.orders {
		got = append(got, key+" "+state)
	}
	for _, o := range a.Orders() {
		want = append(want, fmt.Sprint(o.Symbol, " ", o.ID, " ", orderWant(&o)))
	}
	agree(t, "orders", got, want)
	got, want = nil, nil
	for line, n := range s.fills {
		for range n {
			got = append(got, line)
		}
	}
	agree(t, "fills", got, lines(a.Fills(), fillTruth))
	got = nil
	for key, state := range s.balances {
		got = append(got, key+" "+state)
	}
	for _, b := range a.Balances() {
		want = append(want, fmt.Sprint(b.Wallet, " ", b.Asset, " ", plain(b.Free), " ", plain(b.Used), " ", plain(b.Total)))
	}
	agree(t, "balances", got, want)
	got, want = nil, nil
	for key, state := range s.positions {
		got = append(got, key+" "+state)
	}
	for _, p := range a.Positions() {
		side := exchange.Long
		if p.Size.Sign() < 0 {
			side = exchange.Short
		}
		want = append(want, fmt.Sprint(p.Symbol, " ", side, " ", plain(p.Size.Abs()), " ", plain(p.Entry)))
	}
	slices.Sort(got)
	if slices.Sort(want); !slices.Equal(got, want) { // there may be none
		t.Errorf("positions: got %q, want %q", got, want)
	}
	got, want = nil, nil
	for id, state := range s.moves {
		got = append(got, id+" "+state)
	}
	for _, v := range a.Transactions() {
		kind, status := exchange.Deposit, map[venuetest.TransactionStatus]exchange.TransactionStatus{
			venuetest.Pending: exchange.TransactionPending, venuetest.Completed: exchange.TransactionOK, venuetest.Failed: exchange.TransactionFailed}[v.Status]
		if v.Withdrawal {
			kind = exchange.Withdrawal
		}
		want = append(want, fmt.Sprint(v.ID, " ", kind, " ", plain(v.Amount), " ", status))
	}
	slices.Sort(got)
	if slices.Sort(want); !slices.Equal(got, want) {
		t.Errorf("transactions: got %q, want %q", got, want)
	}
}

// What is watched of an account is what the venue has, however often the connections are lost while it trades.
func TestWatchAccount(t *testing.T) {
	seeds := 40
	if testing.Short() {
		seeds = 4
	}
	for seed := range seeds {
		account(t, venuetest.Options{Rate: 2}, func(t *testing.T, ctx context.Context, a *venuetest.Account, s *venuetest.Server, c *exchange.Client) {
			rng := rand.New(rand.NewPCG(uint64(seed), 9))
			told := collect(t, ctx, c)
			time.Sleep(5 * time.Second)
			for range 12 {
				a.Trade(rng.Uint64(), 1+rng.IntN(20), traded...)
				if seed > 0 {
					s.Fault(venuetest.Fault{Kind: []venuetest.Kind{venuetest.ResetSocket, venuetest.CloseSocket, venuetest.CutFrame}[rng.IntN(3)], Conn: 1 + rng.IntN(6)})
				}
				a.Trade(rng.Uint64(), 1+rng.IntN(20), traded...)
				time.Sleep(time.Duration(rng.IntN(4000)) * time.Millisecond)
			}
			s.Heal()
			for i := range 20 { // the last of the connections is lost
				s.Fault(venuetest.Fault{Kind: venuetest.ResetSocket, Conn: i})
			}
			time.Sleep(3 * time.Minute)
			told.matches(t, a)
			if t.Failed() {
				t.Fatalf("seed %d", seed)
			}
		})
	}
}

// A subscription that dies with code 500 is asked for again; a login that is refused, and one that there cannot be, ends what is watched.
func TestWatchRefused(t *testing.T) {
	account(t, venuetest.Options{}, func(t *testing.T, ctx context.Context, a *venuetest.Account, s *venuetest.Server, c *exchange.Client) {
		s.Fault(venuetest.Fault{Kind: venuetest.RefuseSubscribe, Channel: "accounts.update", Code: 500})
		told := collect(t, ctx, c)
		time.Sleep(time.Minute)
		if _, err := a.Place(venuetest.Order{Symbol: "ETH/USDT", Side: "buy", Type: "market", Size: dec("1")}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second) // less than the time between two polls
		told.matches(t, a)
	})
	account(t, venuetest.Options{}, func(t *testing.T, ctx context.Context, _ *venuetest.Account, s *venuetest.Server, c *exchange.Client) {
		s.Fault(venuetest.Fault{Kind: venuetest.RefuseLogin, N: 1000})
		for _, symbol := range []string{"ETH/USDT", "ETH/USDT:USDT"} {
			if _, err := must[*stream.Subscription[exchange.Order]](t)(c.WatchOrders(ctx, symbol)).Next(ctx); !errors.Is(err, exchange.ErrAuth) {
				t.Errorf("%s: %v", symbol, err)
			}
		}
	})
	simulated(t, venuetest.Options{}, exchange.Options{Credentials: edCredentials}, func(t *testing.T, ctx context.Context, s *venuetest.Server, c *exchange.Client) {
		a := s.NewAccount(venuetest.AccountOptions{Key: customer, PublicKey: edPublic, Balances: map[string]string{"USDT": "100000"}})
		if _, err := must[*stream.Subscription[exchange.Position]](t)(c.WatchPositions(ctx)).Next(ctx); !errors.Is(err, exchange.ErrNotSupported) {
			t.Errorf("positions: %v", err)
		}
		orders := must[*stream.Subscription[exchange.Order]](t)(c.WatchOrders(ctx, "ETH/USDT"))
		time.Sleep(5 * time.Second)
		o, err := a.Place(venuetest.Order{Symbol: "ETH/USDT", Side: "buy", Type: "limit", Price: dec("1000"), Size: dec("1")})
		if err != nil {
			t.Fatal(err)
		}
		if got := must[exchange.Order](t)(orders.Next(ctx)); got.ID != fmt.Sprint(o.ID) {
			t.Errorf("got %+v", got)
		}
	})
}
