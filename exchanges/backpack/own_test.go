package backpack_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/exchanges/backpack"
	"github.com/depthwire/depthwire/venuetest"
)

// The key of these tests.
const seedText = "s3cretbackpackKeybackpackKeybackpackKeyabcA="

var (
	private = ed25519.NewKeyFromSeed(decoded(seedText))
	public  = private.Public().(ed25519.PublicKey)
	keyName = base64.StdEncoding.EncodeToString(public)
)

func decoded(text string) []byte {
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		panic(err)
	}
	return b
}

func credentials() exchange.Credentials {
	return exchange.Credentials{Key: exchange.NewSecret(keyName), PrivateKey: exchange.NewSecret(seedText)}
}

// owning runs f with a client whose account the simulated venue has. Nothing that is logged may tell of the key.
func owning(t *testing.T, o exchange.Options, f func(ctx context.Context, c *exchange.Client, s *venuetest.Server, a *venuetest.Account), only ...string) {
	t.Helper()
	if o.Credentials.IsZero() && o.Vault == nil {
		o.Credentials = credentials()
	}
	var log bytes.Buffer
	o.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	defer func() {
		if strings.Contains(log.String(), "s3cret") || strings.Contains(log.String(), keyName) {
			t.Errorf("the key is in the log:\n%s", log.String())
		}
	}()
	with(t, o, func(ctx context.Context, c *exchange.Client, s *venuetest.Server) {
		f(ctx, c, s, s.NewAccount(venuetest.AccountOptions{Key: keyName, PublicKey: public, Balances: map[string]string{
			"USDC": "1000000", "SOL": "5000", "BTC": "5", "BONK": "900000000",
		}}))
	}, only...)
}

func dec(text string) decimal.Decimal { return decimal.MustParse(text) }

func number(id int64) string { return strconv.FormatInt(id, 10) }

// same fails where two lists of lines differ.
func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	slices.Sort(got)
	slices.Sort(want)
	if slices.Equal(got, want) {
		return
	}
	missing := func(a, b []string) []string {
		return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return slices.Contains(b, s) })
	}
	t.Errorf("%s: %d, want %d\nthere, and not so: %.1500q\nmissing: %.1500q", what, len(got), len(want), missing(got, want), missing(want, got))
}

func lines[T any](vs []T, line func(v *T) string) []string {
	all := make([]string, len(vs))
	for i := range vs {
		all[i] = line(&vs[i])
	}
	return all
}

func text(d decimal.Decimal) string {
	if d.Absent() {
		return "-"
	}
	return d.Reduce().String()
}

func orderLine(o *exchange.Order) string {
	return fmt.Sprint(o.Symbol, " ", o.ID, " ", o.ClientID, " ", o.Side, " ", o.Type, " ", o.TimeInForce, " ", o.PostOnly, " ", o.Status, " at ", text(o.Price), " ", text(o.Size), " ", text(o.QuoteSize), " filled ", text(o.Filled), " for ", text(o.Cost))
}

func trueOrder(o *venuetest.Order) string {
	status := exchange.OrderStatus(o.Status)
	if o.Status == venuetest.Filled {
		status = exchange.OrderClosed
	}
	return fmt.Sprint(o.Symbol, " ", o.ID, " ", o.ClientID, " ", o.Side, " ", o.Type, " ", o.TimeInForce, " ", o.PostOnly, " ", status, " at ", text(o.Price), " ", text(o.Size), " ", text(o.QuoteSize), " filled ", text(o.Filled), " for ", text(o.Cost))
}

func fillLine(f *exchange.Fill) string {
	return fmt.Sprint(f.Symbol, " ", f.ID, " of ", f.OrderID, " ", f.ClientID, " ", f.Side, " ", f.Role == exchange.Maker, " ", text(f.Size), " at ", text(f.Price), " for ", text(f.Cost), " fee ", text(f.Fee.Amount), " ", f.Fee.Asset)
}

func trueFill(f *venuetest.Fill) string {
	return fmt.Sprint(f.Symbol, " ", f.ID, " of ", f.OrderID, " ", f.ClientID, " ", f.Side, " ", f.Maker, " ", text(f.Size), " at ", text(f.Price), " for ", text(f.Cost), " fee ", text(f.Fee), " ", f.FeeUnit)
}

func balanceLine(b *exchange.Balance) string {
	return fmt.Sprint(b.Asset, " ", text(b.Free), " + ", text(b.Used), " = ", text(b.Total))
}

func trueBalance(b *venuetest.Balance) string {
	return fmt.Sprint(b.Asset, " ", text(b.Free), " + ", text(b.Used), " = ", text(b.Total))
}

func positionLine(p *exchange.Position) string {
	return fmt.Sprint(p.Symbol, " ", p.Side, " ", text(p.Size), " from ", text(p.Entry), " ", text(p.Realized))
}

func truePosition(p *venuetest.Position) string {
	side := exchange.Long
	if p.Size.Sign() < 0 {
		side = exchange.Short
	}
	return fmt.Sprint(p.Symbol, " ", side, " ", text(p.Size.Abs()), " from ", text(p.Entry), " ", text(p.Realized))
}

func transactionLine(v *exchange.Transaction) string {
	fee := v.Fee.Amount
	if fee.Absent() { // deposits have none
		fee = dec("0")
	}
	return fmt.Sprint(v.ID, " ", v.Kind, " ", v.Asset, " ", v.Network, " ", v.Address, " ", text(v.Amount), " fee ", text(fee), " ", v.Status, " ", v.TxID)
}

func trueTransaction(v *venuetest.Transaction) string {
	kind := exchange.Deposit
	if v.Withdrawal {
		kind = exchange.Withdrawal
	}
	status := map[venuetest.TransactionStatus]exchange.TransactionStatus{venuetest.Pending: "pending", venuetest.Completed: "ok", venuetest.Failed: "failed", venuetest.Withdrawn: "canceled"}
	return fmt.Sprint(v.ID, " ", kind, " ", v.Asset, " ", v.Network, " ", v.Address, " ", text(v.Amount), " fee ", text(v.Fee), " ", status[v.Status], " ", v.TxID)
}

func TestFetchAccount(t *testing.T) {
	owning(t, exchange.Options{}, func(ctx context.Context, c *exchange.Client, s *venuetest.Server, a *venuetest.Account) {
		begin := time.Now()
		for i := range 30 {
			a.Trade(uint64(i), 60)
			step(s, 20)
			time.Sleep(time.Second)
		}
		since := exchange.Range{Since: begin}
		open := must(c.FetchOpenOrders(ctx))(t)
		same(t, "open orders", lines(open, orderLine), lines(a.OpenOrders(), trueOrder))
		orders := must(c.FetchOrders(ctx, "", since))(t)
		same(t, "orders", lines(orders, orderLine), lines(a.Orders(), trueOrder))
		if len(a.Orders()) < 200 || len(a.Fills()) < 200 || len(open) == 0 || len(a.Positions()) == 0 || len(a.Transactions()) < 5 {
			t.Fatalf("%d orders, %d fills, %d open, %d positions, %d transactions: nothing is shown", len(a.Orders()), len(a.Fills()), len(open), len(a.Positions()), len(a.Transactions()))
		}
		closed := must(c.FetchClosedOrders(ctx, "", since))(t)
		if len(closed) != len(orders)-len(open) || slices.ContainsFunc(closed, func(o exchange.Order) bool { return o.Status == exchange.OrderOpen }) {
			t.Errorf("%d orders closed, of %d", len(closed), len(orders))
		}
		same(t, "fills", lines(must(c.FetchMyTrades(ctx, "", since))(t), fillLine), lines(a.Fills(), trueFill))
		same(t, "balances", lines(must(c.FetchBalance(ctx))(t), balanceLine), lines(a.Balances(), trueBalance))
		same(t, "positions", lines(must(c.FetchPositions(ctx))(t), positionLine), lines(a.Positions(), truePosition))
		moved := must(c.FetchTransactions(ctx, "", since))(t)
		if none := must(c.FetchDeposits(ctx, "NO", since))(t); len(none) > 0 {
			t.Errorf("%d deposits of no asset", len(none))
		}
		same(t, "transactions", lines(moved, transactionLine), lines(a.Transactions(), trueTransaction))
		newest := must(c.FetchMyTrades(ctx, spotSOL, exchange.Range{Limit: 7}))(t)
		var ofSOL []venuetest.Fill
		for _, f := range a.Fills() {
			if f.Symbol == spotSOL {
				ofSOL = append(ofSOL, f)
			}
		}
		same(t, "newest fills", lines(newest, fillLine), lines(ofSOL[len(ofSOL)-7:], trueFill))
		for _, o := range []exchange.Order{open[0], closed[0], closed[len(closed)-1]} {
			if got := must(c.FetchOrder(ctx, o.Symbol, exchange.Ref{ID: o.ID}))(t); orderLine(&got) != orderLine(&o) {
				t.Errorf("got %s, want %s", orderLine(&got), orderLine(&o))
			}
		}
		for want, err := range map[error]error{
			exchange.ErrOrderNotFound: second(c.FetchOrder(ctx, spotSOL, exchange.Ref{ID: "7"})),
			exchange.ErrBadRequest:    second(c.FetchOrder(ctx, spotSOL, exchange.Ref{ClientID: "not a number"})),
			exchange.ErrBadSymbol:     second(c.FetchOpenOrders(ctx, "NO/SUCH")),
		} {
			if !errors.Is(err, want) {
				t.Errorf("got %v, want %v", err, want)
			}
		}
	})
}

// TestFetchPages: histories are longer than a page, and many rows have one time.
func TestFetchPages(t *testing.T) {
	owning(t, exchange.Options{}, func(ctx context.Context, c *exchange.Client, s *venuetest.Server, a *venuetest.Account) {
		begin := time.Now()
		for i := range 1250 {
			o, err := a.Place(venuetest.Order{Symbol: spotSOL, Side: "buy", Type: "limit", Price: dec("90"), Size: dec("0.02"), ClientID: number(int64(i + 1))})
			if err != nil {
				t.Fatal(err)
			}
			if err := a.Fill(o.ID, dec("0.01")); err != nil {
				t.Fatal(err)
			}
			if err := a.Fill(o.ID, dec("0.01")); err != nil {
				t.Fatal(err)
			}
			a.Deposit(venuetest.Transaction{Asset: "USDC", Network: "solana", Amount: dec("1")})
			if i%400 == 0 {
				time.Sleep(time.Minute)
			}
		}
		for _, r := range []exchange.Range{{Since: begin}, {Since: begin.Add(-time.Hour), Until: time.Now().Add(time.Hour)}, {Limit: 2500}} {
			same(t, "orders", lines(must(c.FetchOrders(ctx, spotSOL, r))(t), orderLine), lines(a.Orders(), trueOrder))
			same(t, "fills", lines(must(c.FetchMyTrades(ctx, "", r))(t), fillLine), lines(a.Fills(), trueFill))
			if got := must(c.FetchDeposits(ctx, "USDC", r))(t); len(got) != 1250 {
				t.Errorf("%+v: %d deposits", r, len(got))
			}
		}
		first := must(c.FetchMyTrades(ctx, spotSOL, exchange.Range{Since: begin, Limit: 1100}))(t)
		same(t, "the first fills", lines(first, fillLine), lines(a.Fills()[:1100], trueFill))
		middle := exchange.Range{Since: begin.Add(30 * time.Second), Until: begin.Add(90 * time.Second)}
		if got, want := must(c.FetchMyTrades(ctx, spotSOL, middle))(t), 2*400; len(got) != want {
			t.Errorf("%d fills in a minute, want %d", len(got), want)
		}
		byName := must(c.FetchOrder(ctx, spotSOL, exchange.Ref{ClientID: "1250"}))(t)
		if byName.ClientID != "1250" || byName.Status != exchange.OrderClosed {
			t.Errorf("got %+v", byName)
		}
	}, spotSOL)
}

// TestAccountRefused: each refusal is a kind of its own, as far as the venue's are.
func TestAccountRefused(t *testing.T) {
	stranger := ed25519.NewKeyFromSeed(make([]byte, 32))
	strangers := exchange.Credentials{Key: exchange.NewSecret(base64.StdEncoding.EncodeToString(stranger.Public().(ed25519.PublicKey))), PrivateKey: exchange.NewSecret(base64.StdEncoding.EncodeToString(stranger.Seed()))}
	for name, tt := range map[string]struct {
		o    exchange.Options
		bend func(s *venuetest.Server, a *venuetest.Account)
		want error
	}{
		"stranger": {exchange.Options{Credentials: strangers}, func(*venuetest.Server, *venuetest.Account) {}, exchange.ErrAuth},
		"revoked":  {exchange.Options{}, func(_ *venuetest.Server, a *venuetest.Account) { a.Revoke() }, exchange.ErrAuth},
		"wrong signature": {exchange.Options{}, func(s *venuetest.Server, _ *venuetest.Account) {
			s.Fault(venuetest.Fault{Kind: venuetest.WrongSignature, N: 9})
		}, exchange.ErrAuth},
		"wrong address": {exchange.Options{}, func(s *venuetest.Server, _ *venuetest.Account) {
			s.Fault(venuetest.Fault{Kind: venuetest.WrongAddress, N: 9})
		}, exchange.ErrAuth}, // the venue has no word of its own for it
		"may not read": {exchange.Options{}, func(_ *venuetest.Server, a *venuetest.Account) { a.Permit(false, true) }, exchange.ErrPermission},
	} {
		owning(t, tt.o, func(ctx context.Context, c *exchange.Client, s *venuetest.Server, a *venuetest.Account) {
			tt.bend(s, a)
			var told *exchange.Error
			if err := second(c.FetchBalance(ctx)); !errors.As(err, &told) || told.Kind != tt.want || told.Op != "FetchBalance" {
				t.Errorf("%s: %v", name, err)
			}
		}, spotSOL)
	}
	owning(t, exchange.Options{}, func(ctx context.Context, c *exchange.Client, s *venuetest.Server, _ *venuetest.Account) {
		s.Fault(venuetest.Fault{Kind: venuetest.ClockSkew, For: 10 * time.Second})
		if got := must(c.FetchBalance(ctx))(t); len(got) != 4 {
			t.Errorf("with a clock that is off: %v", got)
		}
	}, spotSOL)
	with(t, exchange.Options{}, func(ctx context.Context, c *exchange.Client, _ *venuetest.Server) {
		if err := second(c.FetchBalance(ctx)); !errors.Is(err, exchange.ErrAuth) {
			t.Errorf("without a key: %v", err)
		}
	}, spotSOL)
	if c := backpack.New(exchange.Options{Credentials: exchange.Credentials{Key: exchange.NewSecret(keyName), PrivateKey: strangers.PrivateKey}}); !errors.Is(c.Err(), exchange.ErrAuth) {
		t.Errorf("a key that is not its own: %v", c.Err())
	}
}
