package binance_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/exchanges/binance"
	"github.com/depthwire/depthwire/venuetest"
)

const (
	keyName   = "s3cretNameOfTheKeyOfTestsWithSixtyFourLettersAndDigits0123456789"
	keySecret = "s3cretOfTheKeyOfTestsWithSixtyFourLettersAndDigits01234567890123"
)

var number = decimal.MustParse

// credentials are those of an account of the simulated venue.
func credentials(key, secret string) exchange.Credentials {
	return exchange.Credentials{Key: exchange.NewSecret(key), Secret: exchange.NewSecret(secret)}
}

func customer() venuetest.AccountOptions {
	return venuetest.AccountOptions{Key: keyName, Secret: keySecret, Balances: map[string]string{"USDT": "1000000", "spot/BTC": "10", "spot/ETH": "100"}}
}

// own runs f with a client of an account of a simulated venue.
func own(t *testing.T, a venuetest.AccountOptions, o exchange.Options, f func(ctx context.Context, c *exchange.Client, s *venuetest.Server, a *venuetest.Account)) {
	synctest.Test(t, func(t *testing.T) {
		s := venuetest.Binance(venuetest.Options{Memory: true, Seed: 1, Markets: venuetest.BinanceMarkets()})
		defer s.Close()
		account := s.NewAccount(a)
		o.Endpoints, o.DialContext, o.Log = s.Endpoints(), s.DialContext, quiet(t)
		if o.Credentials.IsZero() {
			o.Credentials = credentials(keyName, keySecret)
		}
		c := binance.New(o)
		defer c.Close()
		ctx, cancel := context.WithTimeout(t.Context(), 1000*24*time.Hour)
		defer cancel()
		f(ctx, c, s, account)
	})
}

// quiet is a log of everything that shows at its end that no secret was in it.
func quiet(t *testing.T) *slog.Logger {
	var b safeBuffer
	t.Cleanup(func() {
		for _, secret := range []string{"s3cret", "listenKey=", "signature="} {
			if i := strings.Index(b.String(), secret); i >= 0 {
				t.Errorf("%s was logged: …%.200s", secret, b.String()[max(0, i-100):])
			}
		}
	})
	return slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// trade has the account trade, over some days.
func trade(a *venuetest.Account, s *venuetest.Server, rounds int) {
	for i := range rounds {
		time.Sleep(5 * time.Hour)
		a.Trade(uint64(i), 20, spotBTC, spotETH, perpBTC, perpETH)
		step(s, 50)
	}
}

// what are values by their ids, as text that both sides can write.
func orderText(symbol string, id any, client, side, status string, price, size, filled decimal.Decimal) string {
	return fmt.Sprint(symbol, " ", id, " ", client, " ", side, " ", status, " ", price.Reduce(), " ", size.Reduce(), " ", filled.Reduce())
}

func orderOf(o exchange.Order) string {
	status := string(o.Status)
	if o.Status == exchange.OrderClosed {
		status = string(venuetest.Filled)
	}
	return orderText(o.Symbol, o.ID, o.ClientID, string(o.Side), status, o.Price, o.Size, o.Filled)
}

func trueOrder(o venuetest.Order) string {
	return orderText(o.Symbol, o.ID, o.ClientID, o.Side, string(o.Status), o.Price, o.Size, o.Filled)
}

func fillOf(f exchange.Fill) string {
	return fmt.Sprint(f.Symbol, " ", f.ID, " ", f.OrderID, " ", f.Side, " ", f.Role == exchange.Maker, " ", f.Price.Reduce(), " ", f.Size.Reduce(), " ", f.Fee.Amount.Reduce(), " ", f.Fee.Asset)
}

func trueFill(f venuetest.Fill) string {
	return fmt.Sprint(f.Symbol, " ", f.ID, " ", f.OrderID, " ", f.Side, " ", f.Maker, " ", f.Price.Reduce(), " ", f.Size.Reduce(), " ", f.Fee.Reduce(), " ", f.FeeUnit)
}

// texts are values as text, in order.
func texts[T any](all []T, text func(T) string, want func(T) bool) (lines []string) {
	for _, v := range all {
		if want == nil || want(v) {
			lines = append(lines, text(v))
		}
	}
	slices.Sort(lines)
	return lines
}

// same compares what the client says with the truth.
func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	for _, line := range got {
		if !slices.Contains(want, line) {
			t.Errorf("%s: %s is not true", what, line)
		}
	}
	for _, line := range want {
		if !slices.Contains(got, line) {
			t.Errorf("%s: %s is missing", what, line)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%s: %d, want %d", what, len(got), len(want))
	}
}

func balanceOf(b exchange.Balance) string {
	return fmt.Sprint(b.Account, "/", b.Asset, " ", b.Free.Reduce(), " ", b.Used.Reduce(), " ", b.Total.Reduce())
}

// trueBalances leave out what is zero: spot is asked to, futures list all that the account can hold.
func trueBalances(a *venuetest.Account) []string {
	return texts(a.Balances(), func(b venuetest.Balance) string {
		return fmt.Sprint(b.Wallet, "/", b.Asset, " ", b.Free.Reduce(), " ", b.Used.Reduce(), " ", b.Total.Reduce())
	}, func(b venuetest.Balance) bool { return b.Total.Sign() != 0 })
}

// TestFetchAccount compares all that can be fetched with the truth, over weeks of trading.
func TestFetchAccount(t *testing.T) {
	own(t, customer(), exchange.Options{}, func(ctx context.Context, c *exchange.Client, s *venuetest.Server, a *venuetest.Account) {
		begun := time.Now()
		trade(a, s, 80) // more than two weeks
		for _, symbol := range []string{spotBTC, perpBTC, perpETH} {
			of := func(o venuetest.Order) bool { return o.Symbol == symbol }
			r := exchange.Range{Since: begun}
			same(t, symbol+" orders", texts(must(c.FetchOrders(ctx, symbol, r))(t), orderOf, nil), texts(a.Orders(), trueOrder, of))
			same(t, symbol+" closed", texts(must(c.FetchClosedOrders(ctx, symbol, r))(t), orderOf, nil), texts(a.Orders(), trueOrder, func(o venuetest.Order) bool {
				return of(o) && o.Status != venuetest.Open
			}))
			same(t, symbol+" open", texts(must(c.FetchOpenOrders(ctx, symbol))(t), orderOf, nil), texts(a.OpenOrders(), trueOrder, of))
			fills := must(c.FetchMyTrades(ctx, symbol, r))(t)
			same(t, symbol+" fills", texts(fills, fillOf, nil), texts(a.Fills(), trueFill, func(f venuetest.Fill) bool { return f.Symbol == symbol }))
			if newest := must(c.FetchMyTrades(ctx, symbol, exchange.Range{Limit: 3}))(t); len(newest) != 3 || newest[2].ID != fills[len(fills)-1].ID {
				t.Errorf("%s: newest %d fills", symbol, len(newest))
			}
			if after := must(c.FetchMyTrades(ctx, symbol, exchange.Range{FromID: fills[4].ID}))(t); len(after) != len(fills)-5 || after[0].ID != fills[5].ID {
				t.Errorf("%s: %d fills after the fifth of %d", symbol, len(after), len(fills))
			}
		}
		same(t, "open", texts(must(c.FetchOpenOrders(ctx))(t), orderOf, nil), texts(a.OpenOrders(), trueOrder, nil))
		same(t, "balances", texts(must(c.FetchBalance(ctx))(t), balanceOf, func(b exchange.Balance) bool { return b.Total.Sign() != 0 }), trueBalances(a))
		same(t, "positions", texts(must(c.FetchPositions(ctx))(t), positionOf, nil), texts(a.Positions(), truePosition, nil))
		for _, o := range a.Orders()[:5] {
			ref := exchange.Ref{ID: fmt.Sprint(o.ID)}
			if got := orderOf(must(c.FetchOrder(ctx, o.Symbol, ref))(t)); got != trueOrder(o) {
				t.Errorf("got %s, want %s", got, trueOrder(o))
			}
		}
		if _, err := c.FetchOrder(ctx, spotBTC, exchange.Ref{ClientID: "no-such"}); !errors.Is(err, exchange.ErrOrderNotFound) {
			t.Errorf("got %v, want not found", err)
		}
		if _, err := c.FetchOrders(ctx, "", exchange.Range{}); !errors.Is(err, exchange.ErrBadRequest) || !strings.Contains(err.Error(), "a symbol is needed") {
			t.Errorf("orders of all markets: %v", err)
		}
	})
}

func positionOf(p exchange.Position) string {
	size := p.Size
	if p.Side == exchange.Short {
		size = size.Neg()
	}
	return fmt.Sprint(p.Symbol, " ", size.Reduce(), " ", p.Entry.Round(1).Reduce())
}

func truePosition(p venuetest.Position) string {
	return fmt.Sprint(p.Symbol, " ", p.Size.Reduce(), " ", p.Entry.Round(1).Reduce())
}

// TestFetchTransactions goes over more than one page and more than one span.
func TestFetchTransactions(t *testing.T) {
	own(t, customer(), exchange.Options{}, func(ctx context.Context, c *exchange.Client, s *venuetest.Server, a *venuetest.Account) {
		begun := time.Now().Add(-200 * 24 * time.Hour)
		want := make(map[string]string)
		add := func(id int64, kind string, amount decimal.Decimal) {
			want[fmt.Sprint(kind, " ", amount.Reduce())] = kind
		}
		for i := range 1200 {
			amount := decimal.New(int64(1000+i), 2)
			id := a.Deposit(venuetest.Transaction{Asset: "USDT", Network: "ETH", Address: "0x94df8b352de7f46f64b01d3666bf6e936e44ce60", Amount: amount})
			add(id, "deposit", amount)
			a.Settle(id, venuetest.Completed)
			if i%100 == 0 {
				time.Sleep(time.Hour)
				id, err := a.Withdraw(venuetest.Transaction{Asset: "BTC", Network: "BTC", Address: "bc1qexample0000000000000000000000000000", Amount: decimal.New(int64(100+i), 5)})
				if err != nil {
					t.Fatal(err)
				}
				add(id, "withdrawal", decimal.New(int64(100+i), 5))
			}
		}
		all := must(c.FetchTransactions(ctx, "", exchange.Range{Since: begun}))(t)
		got := make(map[string]string)
		for _, v := range all {
			got[fmt.Sprint(v.Kind, " ", v.Amount.Reduce())] = string(v.Kind)
		}
		if len(all) != len(want) || !maps.Equal(got, want) {
			t.Errorf("got %d transactions, want %d", len(all), len(want))
		}
		for _, v := range must(c.FetchWithdrawals(ctx, "BTC", exchange.Range{}))(t) {
			if v.Asset != "BTC" || v.Status != exchange.TransactionPending || v.Network != "BTC" || v.ID == "" {
				t.Errorf("got %+v", v)
			}
		}
		if none := must(c.FetchDeposits(ctx, "BTC", exchange.Range{Since: begun}))(t); len(none) != 0 {
			t.Errorf("got %d deposits", len(none))
		}
	})
}

// TestEd25519 has a key of the other kind.
func TestEd25519(t *testing.T) {
	seed := []byte("s3cret seed of 32 bytes for test")
	private := ed25519.NewKeyFromSeed(seed)
	a := customer()
	a.Secret, a.PublicKey = "", private.Public().(ed25519.PublicKey)
	o := exchange.Options{Credentials: exchange.Credentials{Key: exchange.NewSecret(keyName), PrivateKey: exchange.NewSecret(base64.StdEncoding.EncodeToString(seed))}}
	own(t, a, o, func(ctx context.Context, c *exchange.Client, s *venuetest.Server, a *venuetest.Account) {
		same(t, "balances", texts(must(c.FetchBalance(ctx))(t), balanceOf, func(b exchange.Balance) bool { return b.Total.Sign() != 0 }), trueBalances(a))
	})
}

// TestKeysRefused has all that can be wrong with a key, of which the venue tells little apart.
func TestKeysRefused(t *testing.T) {
	other := strings.Repeat("x", 64)
	for name, tt := range map[string]struct {
		given  exchange.Credentials
		change func(o *venuetest.AccountOptions)
		code   string
	}{
		"unknown key":   {given: credentials(other, keySecret), code: "-2015"},
		"malformed key": {given: credentials("short-s3cret", keySecret), code: "-2014"},
		"wrong secret":  {given: credentials(keyName, other), code: "-1022"},
		"wrong address": {change: func(o *venuetest.AccountOptions) { o.Addresses = []string{"203.0.113.9"} }, code: "-2015"},
		"no permission": {change: func(o *venuetest.AccountOptions) { o.NoRead = true }, code: "-2015"},
	} {
		t.Run(name, func(t *testing.T) {
			a := customer()
			if tt.change != nil {
				tt.change(&a)
			}
			own(t, a, exchange.Options{Credentials: tt.given}, func(ctx context.Context, c *exchange.Client, s *venuetest.Server, _ *venuetest.Account) {
				for _, symbol := range []string{spotBTC, perpBTC} {
					_, err := c.FetchOpenOrders(ctx, symbol)
					var e *exchange.Error
					if !errors.Is(err, exchange.ErrAuth) || errors.Is(err, exchange.ErrNonce) || !errors.As(err, &e) || e.Code != tt.code {
						t.Errorf("%s: %v, want %s", symbol, err, tt.code)
					}
				}
			})
		})
	}
}
