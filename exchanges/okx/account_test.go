package okx_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/venuetest"
)

// The made-up key of the tests. What is secret of it says so, for one search to find where it should not be.
const (
	keyName    = "5f0c3d1e-7a2b-4c89-9d10-2e4f6a8b0c1d"
	keySecret  = "s3cret-6D9F2A77C1E04B58"
	passphrase = "s3cret-Pass-1"
)

func credentials() exchange.Credentials {
	return exchange.Credentials{Key: exchange.NewSecret(keyName), Secret: exchange.NewSecret(keySecret), Passphrase: exchange.NewSecret(passphrase)}
}

func owner() venuetest.AccountOptions {
	return venuetest.AccountOptions{Key: keyName, Secret: keySecret, Passphrase: passphrase, ID: "518230047716904960",
		Balances: map[string]string{"USDT": "200000", "BTC": "3", "ETH": "20", "SHIB": "100000000", "funding/USDT": "5000", "funding/ETH": "12.60418833"}}
}

// customer runs fn with the client of an account of a simulated venue, whose log must not have its secrets.
func customer(t *testing.T, v venuetest.Options, fn func(t *testing.T, ctx context.Context, s *venuetest.Server, a *venuetest.Account, c *exchange.Client)) {
	t.Helper()
	var log bytes.Buffer
	o := exchange.Options{Credentials: credentials(), Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	simulate(t, v, o, func(t *testing.T, ctx context.Context, s *venuetest.Server, c *exchange.Client) {
		fn(t, ctx, s, s.NewAccount(owner()), c)
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	if text := log.String(); strings.Contains(text, "s3cret") || strings.Contains(text, keyName) {
		t.Errorf("the log tells:\n%s", text)
	}
}

// trade has an account do things a millisecond apart.
func trade(a *venuetest.Account, seed uint64, n int, symbols ...string) {
	for i := range n {
		a.Trade(seed+uint64(i)<<32, 1, symbols...)
		time.Sleep(time.Millisecond)
	}
}

// said is what the tests compare of orders, in the words of the simulated venue.
func said(symbol string, id any, client string, side, kind any, status any, price, size, filled, average, fee decimal.Decimal) string {
	return fmt.Sprint(symbol, " ", id, " ", client, " ", side, " ", kind, " ", status, " ", plain(price), " ", plain(size), " ", plain(filled), " ", plain(average), " ", plain(fee))
}

func plain(d decimal.Decimal) string {
	if d.Sign() == 0 {
		return "0"
	}
	return d.Neg().Neg().Reduce().String()
}

// truth and known are the orders of the venue and those of the client.
func truth(all []venuetest.Order, want func(*venuetest.Order) bool) (lines []string) {
	for i := range all {
		o := &all[i]
		if want != nil && !want(o) {
			continue
		}
		status, size := string(o.Status), o.Size
		switch o.Status {
		case venuetest.Filled:
			status = "closed"
		case venuetest.Expired:
			status = "canceled"
		}
		lines = append(lines, said(o.Symbol, o.ID, o.ClientID, o.Side, o.Type, status, o.Price, size, o.Filled, o.Average, o.Fee))
	}
	slices.Sort(lines)
	return lines
}

func known(all []exchange.Order) (lines []string) {
	for _, o := range all {
		size, filled := o.Size, o.Filled
		if !o.Contracts.Absent() || !o.FilledContracts.Absent() {
			size, filled = o.Contracts, o.FilledContracts
		}
		lines = append(lines, said(o.Symbol, o.ID, o.ClientID, o.Side, o.Type, o.Status, o.Price, size, filled, o.Average, o.Fee.Amount))
	}
	slices.Sort(lines)
	return lines
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %d, want %d\n%s", what, len(got), len(want), differing(got, want))
	}
}

func differing(got, want []string) string {
	var b strings.Builder
	for _, g := range got {
		if !slices.Contains(want, g) {
			fmt.Fprintln(&b, "got ", g)
		}
	}
	for _, w := range want {
		if !slices.Contains(got, w) {
			fmt.Fprintln(&b, "want", w)
		}
	}
	return b.String()
}

func TestFetchAccount(t *testing.T) {
	customer(t, venuetest.Options{}, func(t *testing.T, ctx context.Context, s *venuetest.Server, a *venuetest.Account, c *exchange.Client) {
		start := time.Now()
		trade(a, 11, 800)

		orders := must[[]exchange.Order](t)(c.FetchOrders(ctx, "", exchange.Range{Since: start}))
		same(t, "orders", known(orders), truth(a.Orders(), nil))
		open := must[[]exchange.Order](t)(c.FetchOpenOrders(ctx))
		same(t, "open orders", known(open), truth(a.OpenOrders(), nil))
		closed := must[[]exchange.Order](t)(c.FetchClosedOrders(ctx, "BTC/USDT:USDT", exchange.Range{Since: start}))
		same(t, "closed orders", known(closed), truth(a.Orders(), func(o *venuetest.Order) bool { return o.Symbol == "BTC/USDT:USDT" && o.Status != venuetest.Open }))
		one := must[exchange.Order](t)(c.FetchOrder(ctx, orders[7].Symbol, exchange.Ref{ID: orders[7].ID}))
		same(t, "one order", known([]exchange.Order{one}), known(orders[7:8]))
		if _, err := c.FetchOrder(ctx, "BTC/USDT", exchange.Ref{ClientID: "none"}); !errors.Is(err, exchange.ErrOrderNotFound) {
			t.Errorf("no order: %v", err)
		}

		var got []string
		for _, f := range must[[]exchange.Fill](t)(c.FetchMyTrades(ctx, "", exchange.Range{Since: start})) {
			got = append(got, fillLine(&f))
		}
		slices.Sort(got)
		want := fillsOf(a)
		same(t, "fills", got, want)
		if len(want) < 250 {
			t.Errorf("%d fills: too few to fill pages", len(want))
		}
		same(t, "balances", haves(must[[]exchange.Balance](t)(c.FetchBalance(ctx))), held(a))
		same(t, "positions", positions(must[[]exchange.Position](t)(c.FetchPositions(ctx))), contracts(a))
		same(t, "transactions", transactions(must[[]exchange.Transaction](t)(c.FetchTransactions(ctx, "", exchange.Range{Since: start}))), moved(a))
	})
}

func haves(all []exchange.Balance) (lines []string) {
	for _, b := range all {
		if b.Total.Sign() != 0 {
			lines = append(lines, fmt.Sprint(b.Account, " ", b.Asset, " ", plain(b.Free), " ", plain(b.Used), " ", plain(b.Total)))
		}
	}
	slices.Sort(lines)
	return lines
}

func held(a *venuetest.Account) (lines []string) {
	for _, b := range a.Balances() {
		if b.Total.Sign() != 0 {
			lines = append(lines, fmt.Sprint(b.Wallet, " ", b.Asset, " ", plain(b.Free), " ", plain(b.Used), " ", plain(b.Total)))
		}
	}
	slices.Sort(lines)
	return lines
}

func positions(all []exchange.Position) (lines []string) {
	for _, p := range all {
		size := p.Contracts
		if p.Side == exchange.Short {
			size = size.Neg()
		}
		lines = append(lines, fmt.Sprint(p.Symbol, " ", p.ID, " ", plain(size), " ", plain(p.Entry), " ", p.MarginMode))
	}
	slices.Sort(lines)
	return lines
}

func contracts(a *venuetest.Account) (lines []string) {
	for _, p := range a.Positions() {
		lines = append(lines, fmt.Sprint(p.Symbol, " ", p.ID, " ", plain(p.Size), " ", plain(p.Entry), " cross"))
	}
	slices.Sort(lines)
	return lines
}

func transactions(all []exchange.Transaction) (lines []string) {
	for _, v := range all {
		lines = append(lines, fmt.Sprint(v.Kind, " ", v.ID, " ", v.Asset, " ", v.Network, " ", v.Address, " ", v.TxID, " ", plain(v.Amount), " ", plain(v.Fee.Amount), " ", v.Status))
	}
	slices.Sort(lines)
	return lines
}

func moved(a *venuetest.Account) (lines []string) {
	for _, v := range a.Transactions() {
		kind, fee := exchange.Deposit, decimal.Decimal{}
		status := map[venuetest.TransactionStatus]exchange.TransactionStatus{venuetest.Pending: exchange.TransactionPending, venuetest.Completed: exchange.TransactionOK,
			venuetest.Failed: exchange.TransactionPending}[v.Status] // a deposit that is frozen
		if v.Withdrawal {
			if kind, fee = exchange.Withdrawal, v.Fee; v.Status == venuetest.Failed {
				status = exchange.TransactionFailed
			}
		}
		lines = append(lines, fmt.Sprint(kind, " ", v.ID, " ", v.Asset, " ", v.Network, " ", v.Address, " ", v.TxID, " ", plain(v.Amount), " ", plain(fee), " ", status))
	}
	slices.Sort(lines)
	return lines
}

// TestFetchLongAgo: what the first path does not have any more is asked of the second.
func TestFetchLongAgo(t *testing.T) {
	customer(t, venuetest.Options{}, func(t *testing.T, _ context.Context, s *venuetest.Server, a *venuetest.Account, c *exchange.Client) {
		start := time.Now()
		for range 4 {
			trade(a, uint64(time.Now().Unix()), 120, "BTC/USDT")
			time.Sleep(3 * 24 * time.Hour)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		fills := must[[]exchange.Fill](t)(c.FetchMyTrades(ctx, "BTC/USDT", exchange.Range{Since: start}))
		if len(fills) != len(a.Fills()) {
			t.Errorf("%d fills, want %d", len(fills), len(a.Fills()))
		}
		orders := must[[]exchange.Order](t)(c.FetchClosedOrders(ctx, "BTC/USDT", exchange.Range{Since: start}))
		same(t, "orders that were filled", known(orders), truth(a.Orders(), func(o *venuetest.Order) bool { return o.Status != venuetest.Open && o.Filled.Sign() > 0 }))
		newest := must[[]exchange.Fill](t)(c.FetchMyTrades(ctx, "BTC/USDT", exchange.Range{Limit: 150}))
		if all := a.Fills(); len(newest) != 150 || newest[149].ID != fmt.Sprint(all[len(all)-1].ID) || newest[0].ID != fmt.Sprint(all[len(all)-150].ID) {
			t.Errorf("%d fills, the first %s", len(newest), newest[0].ID)
		}
	})
}

// TestRefusedKeys: each way to be turned away is a kind of error of its own, by REST.
func TestRefusedKeys(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(o *venuetest.AccountOptions)
		env    string
		want   error
	}{
		"secret":      {func(o *venuetest.AccountOptions) { o.Secret = "s3cret-another" }, "", exchange.ErrAuth},
		"key":         {func(o *venuetest.AccountOptions) { o.Key = "another" }, "", exchange.ErrAuth},
		"passphrase":  {func(o *venuetest.AccountOptions) { o.Passphrase = "s3cret-another" }, "", exchange.ErrPassphrase},
		"address":     {func(o *venuetest.AccountOptions) { o.Addresses = []string{"192.0.2.7"} }, "", exchange.ErrAddress},
		"permission":  {func(o *venuetest.AccountOptions) { o.NoRead = true }, "", exchange.ErrPermission},
		"environment": {func(o *venuetest.AccountOptions) { o.Demo = true }, "", exchange.ErrAuth},
		"demo":        {func(*venuetest.AccountOptions) {}, "demo", exchange.ErrAuth},
		"demo key":    {func(o *venuetest.AccountOptions) { o.Demo = true }, "demo", nil},
	} {
		t.Run(name, func(t *testing.T) {
			simulate(t, venuetest.Options{}, exchange.Options{Credentials: credentials(), Environment: tt.env}, func(t *testing.T, ctx context.Context, s *venuetest.Server, c *exchange.Client) {
				o := owner()
				tt.change(&o)
				s.NewAccount(o)
				_, err := c.FetchBalance(ctx)
				if !errors.Is(err, tt.want) || err != nil && strings.Contains(err.Error(), "s3cret") {
					t.Errorf("%v, want %v", err, tt.want)
				}
			})
		})
	}
}

// TestSkewedClock: a time that is refused is measured, and the request sent once more.
func TestSkewedClock(t *testing.T) {
	customer(t, venuetest.Options{}, func(t *testing.T, ctx context.Context, s *venuetest.Server, a *venuetest.Account, c *exchange.Client) {
		s.Fault(venuetest.Fault{Kind: venuetest.ClockSkew, For: time.Hour})
		if got := must[[]exchange.Balance](t)(c.FetchBalance(ctx)); len(got) == 0 {
			t.Error("no balances")
		}
	})
}
