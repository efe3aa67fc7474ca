package huobi_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/venuetest"
)

const (
	customer = "a7f3c1d2-htx5tst9ky-0b1c2d3e-4f5a6"
	password = "9e8d7c6b-s3cret-16f0e1d2-c3b4a"
)

var (
	credentials   = exchange.Credentials{Key: exchange.NewSecret(customer), Secret: exchange.NewSecret(password)}
	edKey         = ed25519.NewKeyFromSeed([]byte("seed-of-32-bytes-with-s3cret-in."))
	edPublic      = edKey.Public().(ed25519.PublicKey)
	edCredentials = exchange.Credentials{Key: exchange.NewSecret(customer), PrivateKey: exchange.NewSecret(base64.StdEncoding.EncodeToString(edKey.Seed()))}
)

// account runs fn with the client of a customer, in fake time: the market moves by itself.
func account(t *testing.T, v venuetest.Options, fn func(t *testing.T, ctx context.Context, a *venuetest.Account, s *venuetest.Server, c *exchange.Client)) {
	t.Helper()
	var log journal
	o := exchange.Options{Credentials: credentials, Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	simulated(t, v, o, func(t *testing.T, ctx context.Context, s *venuetest.Server, c *exchange.Client) {
		a := s.NewAccount(venuetest.AccountOptions{Key: customer, Secret: password, Balances: map[string]string{
			"USDT": "1000000", "BTC": "10", "ETH": "100", "FLO": "100000000",
		}})
		fn(t, ctx, a, s, c)
	})
	if log.has("s3cret") {
		t.Error("a secret was logged")
	}
}

// journal is a log.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *journal) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(b)
}

func (s *journal) has(word string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Contains(s.text.String(), word)
}

// traded are the markets whose account there is.
var traded = []string{"BTC/USDT", "ETH/USDT", "BTC/USDT:USDT", "ETH/USDT:USDT", "BTC/USDT:USDT-261225"}

func isContract(symbol string) bool { return strings.Contains(symbol, ":") }

// agree compares two lists of lines in whatever order.
func agree(t *testing.T, what string, got, want []string) {
	t.Helper()
	slices.Sort(got)
	slices.Sort(want)
	if len(want) == 0 {
		t.Errorf("%s: the venue has none: the test says nothing", what)
	}
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(got):
			t.Errorf("%s: %d lines, want %d; missing from %s", what, len(got), len(want), want[i])
			return
		case i >= len(want):
			t.Errorf("%s: %d lines, want %d; more from %s", what, len(got), len(want), got[i])
			return
		case got[i] != want[i]:
			t.Errorf("%s: line %d: got\n%s, want\n%s", what, i, got[i], want[i])
			return
		}
	}
}

func plain(d decimal.Decimal) string { return d.Reduce().String() }

// Lines of what both sides know of the same thing.

func orderLine(o *exchange.Order) string {
	amount := o.Size
	if !o.Contracts.Absent() {
		amount = o.Contracts
	}
	if amount.Absent() {
		amount = o.QuoteSize
	}
	filled := o.Filled
	if !o.FilledContracts.Absent() {
		filled = o.FilledContracts
	}
	status := o.Status
	if status == exchange.OrderExpired {
		status = exchange.OrderCanceled
	}
	return fmt.Sprint(o.Symbol, " ", o.ID, " ", o.ClientID, " ", o.Side, " ", o.Type, " ", o.PostOnly, " ", plain(o.Price), " ", plain(amount), " ", plain(filled), " ", plain(o.Cost), " ", plain(o.Fee.Amount), " ", status)
}

func orderTruth(o *venuetest.Order) string {
	amount, status := o.Size, o.Status
	if amount.Absent() {
		amount = o.QuoteSize
	}
	switch status {
	case venuetest.Filled:
		status = "closed"
	case venuetest.Expired:
		status = venuetest.Canceled
	}
	return fmt.Sprint(o.Symbol, " ", o.ID, " ", o.ClientID, " ", o.Side, " ", o.Type, " ", o.PostOnly, " ", plain(o.Price), " ", plain(amount), " ", plain(o.Filled), " ", plain(o.Cost), " ", plain(o.Fee), " ", status)
}

func fillLine(f *exchange.Fill) string {
	size := f.Size
	if !f.Contracts.Absent() {
		size = f.Contracts
	}
	return fmt.Sprint(f.Symbol, " ", f.OrderID, " ", f.Side, " ", f.Role, " ", plain(f.Price), " ", plain(size), " ", plain(f.Cost), " ", plain(f.Fee.Amount), " ", f.Fee.Asset, " ", f.Time.UnixMilli())
}

func fillTruth(f *venuetest.Fill) string {
	role := "taker"
	if f.Maker {
		role = "maker"
	}
	return fmt.Sprint(f.Symbol, " ", f.OrderID, " ", f.Side, " ", role, " ", plain(f.Price), " ", plain(f.Size), " ", plain(f.Cost), " ", plain(f.Fee), " ", f.FeeUnit, " ", f.At.UnixMilli())
}

func lines[T any](all []T, line func(*T) string) (text []string) {
	for i := range all {
		text = append(text, line(&all[i]))
	}
	return text
}

// What is fetched of an account that traded is what the venue has, over all pages and windows.
func TestFetchAccount(t *testing.T) {
	account(t, venuetest.Options{Rate: 5}, func(t *testing.T, ctx context.Context, a *venuetest.Account, _ *venuetest.Server, c *exchange.Client) {
		began := time.Now()
		for i := range 4 {
			a.Trade(uint64(i), 500, traded...)
			time.Sleep(time.Minute)
		}
		var orders, fills []string
		for _, symbol := range traded {
			os := must[[]exchange.Order](t)(c.FetchOrders(ctx, symbol, exchange.Range{Since: began.Add(-time.Minute)}))
			orders = append(orders, lines(os, orderLine)...)
			fs := must[[]exchange.Fill](t)(c.FetchMyTrades(ctx, symbol, exchange.Range{Since: began.Add(-time.Minute)}))
			fills = append(fills, lines(fs, fillLine)...)
		}
		agree(t, "orders", orders, lines(a.Orders(), orderTruth))
		agree(t, "fills", fills, lines(a.Fills(), fillTruth))
		whole := must[[]exchange.Fill](t)(c.FetchMyTrades(ctx, "", exchange.Range{Since: began.Add(-time.Minute)}))
		agree(t, "fills of all markets", lines(whole, fillLine), lines(a.Fills(), fillTruth))
		open := must[[]exchange.Order](t)(c.FetchOpenOrders(ctx))
		agree(t, "open orders", lines(open, orderLine), lines(a.OpenOrders(), orderTruth))

		var balances, truth []string
		for _, b := range must[[]exchange.Balance](t)(c.FetchBalance(ctx)) {
			balances = append(balances, fmt.Sprint(b.Account, " ", b.Asset, " ", plain(b.Free), " ", plain(b.Used), " ", plain(b.Total)))
		}
		for _, b := range a.Balances() {
			truth = append(truth, fmt.Sprint(b.Wallet, " ", b.Asset, " ", plain(b.Free), " ", plain(b.Used), " ", plain(b.Total)))
		}
		agree(t, "balances", balances, truth)

		var moves []string
		for _, v := range must[[]exchange.Transaction](t)(c.FetchTransactions(ctx, "", exchange.Range{Since: began})) {
			moves = append(moves, fmt.Sprint(v.ID, " ", v.Kind, " ", v.Asset, " ", plain(v.Amount), " ", plain(v.Fee.Amount), " ", v.TxID, " ", v.Status == exchange.TransactionPending))
		}
		truth = nil
		for _, v := range a.Transactions() {
			kind := exchange.Deposit
			if v.Withdrawal {
				kind = exchange.Withdrawal
			}
			truth = append(truth, fmt.Sprint(v.ID, " ", kind, " ", v.Asset, " ", plain(v.Amount), " ", plain(v.Fee), " ", v.TxID, " ", v.Status == venuetest.Pending))
		}
		agree(t, "transactions", moves, truth)

		var positions []string
		for _, p := range must[[]exchange.Position](t)(c.FetchPositions(ctx)) {
			positions = append(positions, fmt.Sprint(p.Symbol, " ", p.Side, " ", plain(p.Contracts), " ", plain(p.Size), " ", plain(p.Entry)))
		}
		truth = nil
		for _, p := range a.Positions() {
			side := exchange.Long
			if p.Size.Sign() < 0 {
				side = exchange.Short
			}
			truth = append(truth, fmt.Sprint(p.Symbol, " ", side, " ", plain(p.Size.Abs()), " ", plain(p.Base), " ", plain(p.Entry)))
		}
		agree(t, "positions", positions, truth)
	})
}

// One order is found by either id; one that was cancelled without a fill is gone after two hours.
func TestFetchOrder(t *testing.T) {
	account(t, venuetest.Options{Rate: 1}, func(t *testing.T, ctx context.Context, a *venuetest.Account, _ *venuetest.Server, c *exchange.Client) {
		for _, symbol := range []string{"ETH/USDT", "ETH/USDT:USDT"} {
			o, err := a.Place(venuetest.Order{Symbol: symbol, ClientID: "77001", Side: "buy", Type: "limit", Price: decimal.MustParse("1000.5"), Size: decimal.MustParse("2")})
			if err != nil {
				t.Fatal(err)
			}
			for _, ref := range []exchange.Ref{{ID: fmt.Sprint(o.ID)}, {ClientID: "77001"}} {
				got := must[exchange.Order](t)(c.FetchOrder(ctx, symbol, ref))
				if line, want := orderLine(&got), orderTruth(&o); line != want {
					t.Errorf("%v: got %s, want %s", ref, line, want)
				}
			}
			if err := a.Cancel(o.ID); err != nil {
				t.Fatal(err)
			}
			got := must[exchange.Order](t)(c.FetchOrder(ctx, symbol, exchange.Ref{ClientID: "77001"}))
			if got.Status != exchange.OrderCanceled {
				t.Errorf("%s: %s after the cancel", symbol, got.Status)
			}
			if _, err := c.FetchOrder(ctx, symbol, exchange.Ref{ID: "12345"}); !errors.Is(err, exchange.ErrOrderNotFound) {
				t.Errorf("%s: an order that is none: %v", symbol, err)
			}
		}
		time.Sleep(3 * time.Hour)
		if _, err := c.FetchOrder(context.WithoutCancel(ctx), "ETH/USDT", exchange.Ref{ClientID: "77001"}); !errors.Is(err, exchange.ErrOrderNotFound) {
			t.Errorf("a cancelled order after three hours: %v", err)
		}
	})
}

// Each way of being refused is a kind of error of its own, and no secret is in it.
func TestRefusals(t *testing.T) {
	for _, tt := range []struct {
		name  string
		fault venuetest.Kind
		made  func(o *venuetest.AccountOptions, c *exchange.Credentials)
		want  error
	}{
		{"key", "", func(_ *venuetest.AccountOptions, c *exchange.Credentials) {
			c.Key = exchange.NewSecret("no-such-key-s3cret")
		}, exchange.ErrAuth},
		{"secret", "", func(_ *venuetest.AccountOptions, c *exchange.Credentials) {
			c.Secret = exchange.NewSecret("another-s3cret")
		}, exchange.ErrAuth},
		{"signature", venuetest.WrongSignature, nil, exchange.ErrAuth},
		{"address", "", func(o *venuetest.AccountOptions, _ *exchange.Credentials) { o.Addresses = []string{"192.0.2.1"} }, exchange.ErrAddress},
		{"permission", "", func(o *venuetest.AccountOptions, _ *exchange.Credentials) { o.NoRead = true }, exchange.ErrPermission},
	} {
		for _, symbol := range []string{"BTC/USDT", "BTC/USDT:USDT"} {
			o := venuetest.AccountOptions{Key: customer, Secret: password}
			cred := credentials
			if tt.made != nil {
				tt.made(&o, &cred)
			}
			simulated(t, venuetest.Options{Rate: 1}, exchange.Options{Credentials: cred}, func(t *testing.T, ctx context.Context, s *venuetest.Server, c *exchange.Client) {
				s.NewAccount(o)
				if tt.fault != "" {
					s.Fault(venuetest.Fault{Kind: tt.fault, N: 100})
				}
				_, err := c.FetchOpenOrders(ctx, symbol)
				if !errors.Is(err, tt.want) || tt.want == exchange.ErrAuth && (errors.Is(err, exchange.ErrPermission) || errors.Is(err, exchange.ErrNonce)) {
					t.Errorf("%s, %s: got %v, want %v", tt.name, symbol, err, tt.want)
				}
				if strings.Contains(fmt.Sprint(err), "s3cret") {
					t.Errorf("%s, %s: a secret in %v", tt.name, symbol, err)
				}
			})
		}
	}
}

// A clock that is too far off is measured, and what was refused is asked again.
func TestRefusedTime(t *testing.T) {
	for _, off := range []time.Duration{6 * time.Minute, -6 * time.Minute} {
		simulated(t, venuetest.Options{Rate: 1}, exchange.Options{Credentials: credentials}, func(t *testing.T, ctx context.Context, s *venuetest.Server, c *exchange.Client) {
			s.NewAccount(venuetest.AccountOptions{Key: customer, Secret: password, Balances: map[string]string{"USDT": "5"}})
			s.Fault(venuetest.Fault{Kind: venuetest.ClockSkew, For: off})
			if bs := must[[]exchange.Balance](t)(c.FetchBalance(ctx)); len(bs) != 2 {
				t.Errorf("%s: %+v", off, bs)
			}
		})
	}
}

// Ranges that are wider than what the venue answers at once are put together: nothing is lost where two windows meet.
func TestFetchWindows(t *testing.T) {
	account(t, venuetest.Options{}, func(t *testing.T, ctx context.Context, a *venuetest.Account, _ *venuetest.Server, c *exchange.Client) {
		ctx, began := context.WithoutCancel(ctx), time.Now()
		for i := range 60 {
			a.Trade(uint64(i), 150, "BTC/USDT", "ETH/USDT")
			time.Sleep(3*time.Hour + 17*time.Millisecond)
		}
		var fills, orders []string
		for _, symbol := range []string{"BTC/USDT", "ETH/USDT"} {
			fills = append(fills, lines(must[[]exchange.Fill](t)(c.FetchMyTrades(ctx, symbol, exchange.Range{Since: began.Add(-time.Hour)})), fillLine)...)
			orders = append(orders, lines(must[[]exchange.Order](t)(c.FetchOrders(ctx, symbol, exchange.Range{Since: began.Add(-time.Hour)})), orderLine)...)
		}
		agree(t, "fills", fills, lines(a.Fills(), fillTruth))
		kept := slices.DeleteFunc(a.Orders(), func(o venuetest.Order) bool {
			return o.Status != venuetest.Open && o.Filled.IsZero() && time.Since(o.Updated) > 2*time.Hour
		})
		agree(t, "orders", orders, lines(kept, orderTruth))
		newest := must[[]exchange.Fill](t)(c.FetchMyTrades(ctx, "ETH/USDT", exchange.Range{Limit: 700}))
		if len(newest) != 700 || !newest[699].Time.After(newest[0].Time) {
			t.Errorf("newest: %d", len(newest))
		}
	})
}
