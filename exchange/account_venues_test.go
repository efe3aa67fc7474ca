package exchange_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/venuetest"
)

var venueSeeds = flag.Int("venue-seeds", 5, "seeds of accounts of each simulated venue that trade while connections are lost")

// owned are the venues that have accounts, and what the account of a customer is to be there.
var owned = []struct {
	at      string // of places
	symbols []string
	account venuetest.AccountOptions
}{
	{"binance spot", []string{"BTC/USDT", "BTC/USDT:USDT"}, venuetest.AccountOptions{Balances: map[string]string{"USDT": "1000000", "spot/BTC": "10"}}},
	{"okx spot", []string{"BTC/USDT", "BTC/USDT:USDT"}, venuetest.AccountOptions{Passphrase: "s3cret-passphrase", Balances: map[string]string{"USDT": "1000000", "BTC": "10"}}},
	{"huobi spot", []string{"BTC/USDT", "BTC/USDT:USDT"}, venuetest.AccountOptions{Balances: map[string]string{"USDT": "1000000", "BTC": "10"}}},
	{"backpack spot", []string{"SOL/USDC", "SOL/USDC:USDC"}, venuetest.AccountOptions{Balances: map[string]string{"USDC": "1000000", "SOL": "10000"}}},
}

// books are what one reader was told, all of it.
type books struct {
	mu       sync.Mutex
	orders   map[string]exchange.Order
	fills    map[string]int
	balances map[string]exchange.Balance
	held     map[string]exchange.Position
	unproven []string
}

// The account trades while connections are lost: what readers have in the end is what the venue has, and no fill is missing or there twice.
func TestAccountsOfVenues(t *testing.T) {
	for _, own := range owned {
		t.Run(own.at, func(t *testing.T) {
			for seed := range uint64(*venueSeeds) {
				synctest.Test(t, func(t *testing.T) {
					p := places[slices.IndexFunc(places, func(p place) bool { return p.name == own.at })]
					a, keys := own.account, exchange.Credentials{}
					a.Key = "the-name-of-the-key"
					if strings.HasPrefix(p.name, "backpack") {
						private := ed25519.NewKeyFromSeed([]byte("a seed s3cret of thirty-two byte"))
						a.PublicKey = private.Public().(ed25519.PublicKey)
						a.Key = base64.StdEncoding.EncodeToString(a.PublicKey)
						keys.PrivateKey = exchange.NewSecret(base64.StdEncoding.EncodeToString(private.Seed()))
					} else {
						a.Secret = "the-s3cret-of-the-key"
						keys.Secret = exchange.NewSecret(a.Secret)
					}
					keys.Key, keys.Passphrase = exchange.NewSecret(a.Key), exchange.NewSecret(a.Passphrase)
					server, c := p.meet(t, venuetest.Options{Seed: seed}, exchange.Options{Credentials: keys})
					defer server.Close()
					defer c.Close()
					account := server.NewAccount(a)
					account.Trade(seed+100, 20, own.symbols...)
					time.Sleep(time.Hour)
					before, began := len(account.Fills()), time.Now()
					b := readBooks(t, c, own.symbols)
					for i := range 4 {
						time.Sleep(time.Duration(seed%3) * time.Second)
						for j := range 15 {
							account.Trade(seed<<16+uint64(i)<<8+uint64(j), 1, own.symbols...)
							time.Sleep(time.Duration(1+(seed*7+uint64(j)*13)%300) * time.Millisecond)
							if j == 7 {
								server.Fault(venuetest.Fault{Kind: []venuetest.Kind{venuetest.ResetSocket, venuetest.CloseSocket, venuetest.DeadSocket, venuetest.CutFrame}[(seed+uint64(i))%4]})
							}
						}
					}
					time.Sleep(10 * time.Minute)
					synctest.Wait()
					b.compare(t, account, before, began)
				})
				if t.Failed() {
					t.Fatalf("seed %d", seed)
				}
			}
		})
	}
}

func readBooks(t *testing.T, c *exchange.Client, symbols []string) *books {
	t.Helper()
	b := &books{orders: map[string]exchange.Order{}, fills: map[string]int{}, balances: map[string]exchange.Balance{}, held: map[string]exchange.Position{}}
	ctx := t.Context()
	told := func(s *exchange.Stamp) {
		if s.Break != nil && !s.Break.Healed {
			b.unproven = append(b.unproven, fmt.Sprint(s.Break.Err))
		}
	}
	orders, err := c.WatchOrders(ctx, symbols...)
	if err != nil {
		t.Fatal(err)
	}
	orders.OnEvent(func(o *exchange.Order) {
		b.mu.Lock()
		defer b.mu.Unlock()
		told(&o.Stamp)
		b.orders[o.ID] = *o
	})
	fills, err := c.WatchMyTrades(ctx, symbols...)
	if err != nil {
		t.Fatal(err)
	}
	fills.OnEvent(func(f *exchange.Fill) {
		b.mu.Lock()
		defer b.mu.Unlock()
		told(&f.Stamp)
		b.fills[fill(f.OrderID, f.Price, f.Size)]++
	})
	balances, err := c.WatchBalance(ctx)
	if err != nil {
		t.Fatal(err)
	}
	balances.OnEvent(func(v *exchange.Balance) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.balances[v.Account+"/"+v.Asset] = *v
	})
	positions, err := c.WatchPositions(ctx)
	if err != nil {
		t.Fatal(err)
	}
	positions.OnEvent(func(v *exchange.Position) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.held[v.Symbol+" "+string(v.Side)] = *v
	})
	return b
}

func fill(order string, price, size decimal.Decimal) string {
	return order + " " + price.Reduce().String() + " " + size.Reduce().String()
}

func (b *books) compare(t *testing.T, a *venuetest.Account, before int, began time.Time) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	words := map[venuetest.Status]exchange.OrderStatus{venuetest.Open: exchange.OrderOpen, venuetest.Filled: exchange.OrderClosed, venuetest.Canceled: exchange.OrderCanceled, venuetest.Expired: exchange.OrderExpired}
	for _, o := range a.Orders() {
		got, ok := b.orders[fmt.Sprint(o.ID)]
		if !ok && (o.Status == venuetest.Open || o.Created.After(began)) && o.Status != venuetest.Rejected {
			t.Errorf("order %d is missing: %s %s", o.ID, o.Symbol, o.Status)
		} else if want := words[o.Status]; ok && (got.Status != want && (want != exchange.OrderExpired || got.Status != exchange.OrderCanceled) || !got.Filled.Equal(o.Base)) {
			t.Errorf("order %d: got %s %s, want %s %s", o.ID, got.Status, got.Filled, o.Status, o.Base)
		}
	}
	want := make(map[string]int)
	for _, f := range a.Fills()[before:] {
		want[fill(fmt.Sprint(f.OrderID), f.Price, f.Base)]++
	}
	for id, n := range want {
		if b.fills[id] != n {
			t.Errorf("fill %s: %d times, want %d", id, b.fills[id], n)
		}
	}
	for id, n := range b.fills {
		if want[id] == 0 {
			t.Errorf("fill %s: %d times, want none", id, n)
		}
	}
	for _, v := range a.Balances() {
		got, ok := b.balances[v.Wallet+"/"+v.Asset]
		if !ok {
			got, ok = b.balances["capital/"+v.Asset] // as Backpack calls it
		}
		if !ok && v.Total.Sign() != 0 || ok && (!got.Total.Equal(v.Total) || !got.Free.Equal(v.Free)) {
			t.Errorf("balance %s %s: got %s of %s, want %s of %s; there are %v", v.Wallet, v.Asset, got.Free, got.Total, v.Free, v.Total, slices.Sorted(maps.Keys(b.balances)))
		}
	}
	for _, p := range a.Positions() {
		long, short := b.held[p.Symbol+" long"], b.held[p.Symbol+" short"]
		want := p.Base
		got := long.Size
		if p.Size.Sign() < 0 {
			got, long = short.Size, short
		}
		if !got.Equal(want) && !(p.Size.Sign() == 0 && got.Sign() == 0) {
			t.Errorf("position %s: got %s (long %s, short %s), want %s", p.Symbol, got, b.held[p.Symbol+" long"].Size, short.Size, p.Size)
		}
	}
	if len(b.unproven) > 0 {
		t.Logf("not proven: %s", b.unproven)
	}
}
