package exchangetest

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/venuetest"
)

// AccountHarness is what RunAccount needs to know of the private side of a venue.
type AccountHarness struct {
	Harness                              // New, Venue, Serve, Markets, Symbols and Options are used
	Account     venuetest.AccountOptions // the customer: enough of every currency to trade all Symbols
	Credentials exchange.Credentials     // his
	Wrong       map[string]exchange.Credentials
	Kinds       map[string]error // by what is wrong: a key of Wrong, "address", "permission", "login"; nil: no kind of its own, ErrAuth
	Skew        time.Duration    // of a clock that the venue refuses

	OrderID func(o *venuetest.Order) string // as the venue writes it; nil: as a number
	FillID  func(f *venuetest.Fill) string  // nil: as a number
	Wallets map[string]string               // the names of exchange.Balance.Account, by the simulator's wallets
	Unheld  []string                        // wallets that the venue tells nothing of
	// Shrinks are the families whose orders can only be made smaller.
	Shrinks []string
	// Forgets are the families that do not keep for long what ended without a fill.
	Forgets []string
	// NeverFail says that the venue has no word for a deposit that will not arrive: it waits for ever.
	NeverFail bool
	// Secrets are texts that must not be said, beside those of Credentials.
	Secrets []string
}

// What is repeated by seeds: few for every day, -seeds=1000 for a night.
var seeds = flag.Uint64("accountseeds", 25, "seeds of each chaos of accounts")

// RunAccount tests the private side of a venue by its simulation: what is fetched and what is followed equals what the
// account has, also after interruptions in mid-trade; orders are placed once, whatever is lost; refusals have their kinds; and no
// secret is said. Subtests are named family/check.
func RunAccount(t *testing.T, h AccountHarness) {
	for _, f := range h.families() {
		if f.Auth == nil || len(h.Symbols[f.Name]) == 0 {
			continue
		}
		t.Run(f.Name, func(t *testing.T) {
			for _, c := range accountChecks {
				t.Run(c.name, func(t *testing.T) {
					for seed := range max(1, min(*seeds, c.seeds**seeds)) {
						if !h.stage(t, f, c, seed+1) {
							return
						}
					}
				})
			}
		})
	}
}

// accountMethods are what RunAccount tests.
var accountMethods = []string{
	"FetchBalance", "FetchOrder", "FetchOrders", "FetchOpenOrders", "FetchClosedOrders", "FetchMyTrades", "FetchPositions",
	"FetchTransactions", "FetchDeposits", "FetchWithdrawals",
	"WatchBalance", "WatchOrders", "WatchMyTrades", "WatchPositions", "WatchTransactions", "WatchDeposits", "WatchWithdrawals",
	"CreateOrder", "CancelOrder", "CancelAllOrders", "EditOrder",
}

// accountCheck is one thing that must hold of accounts.
type accountCheck struct {
	name  string
	seeds uint64 // 1: it is played for each seed, 0: once
	run   func(s *desk) error
}

var accountChecks = []accountCheck{
	{"fetch", 0, (*desk).fetches},
	{"watch", 0, (*desk).watches},
	{"interruptions", 1, (*desk).interrupted},
	{"orders", 0, (*desk).ordersAsTold},
	{"refused orders", 0, (*desk).ordersRefused},
	{"lost answers", 1, (*desk).lostAnswers},
	{"refusals", 0, (*desk).refusals},
}

// desk is where an account is traded: a family of a simulated venue, the account as the venue has it, and a client.
type desk struct {
	h       *AccountHarness
	family  *exchange.Family
	symbols []string
	seed    uint64
	ctx     context.Context
	server  *venuetest.Server
	account *venuetest.Account
	client  *exchange.Client
	said    said
}

func (h *AccountHarness) stage(t *testing.T, f *exchange.Family, c accountCheck, seed uint64) bool {
	t.Helper()
	ok := true
	synctest.Test(t, func(t *testing.T) {
		if err := h.play(t.Context(), f, c, seed); err != nil {
			ok = false
			t.Errorf("seed %d: %v", seed, err)
		}
	})
	return ok
}

func (h *AccountHarness) play(ctx context.Context, f *exchange.Family, c accountCheck, seed uint64) (err error) {
	time.Sleep(time.Until(epoch))
	before := inBubble()
	s := &desk{h: h, family: f, symbols: h.Symbols[f.Name], seed: seed, ctx: ctx}
	s.server = h.Serve(venuetest.Options{Seed: seed, Memory: true, Depth: levels, Markets: slices.DeleteFunc(slices.Clone(h.Markets), func(m venuetest.Market) bool {
		return !slices.Contains(s.symbols, m.Symbol)
	})})
	s.account = s.server.NewAccount(h.Account)
	s.client = s.open(h.Credentials)
	s.server.Step(10)
	err = c.run(s)
	s.client.Close()
	s.server.Close()
	synctest.Wait()
	if n := inBubble(); n != before {
		err = errors.Join(err, fmt.Errorf("%d goroutines, %d before", n, before))
	}
	return errors.Join(err, s.said.secrets(h))
}

// open makes a client. All that it logs is looked at afterwards.
func (s *desk) open(keys exchange.Credentials) *exchange.Client {
	o := s.h.Options
	o.Credentials = keys
	o.Endpoints, o.DialContext = s.server.Endpoints(), s.server.DialContext
	o.Log = slog.New(slog.NewTextHandler(&s.said, &slog.HandlerOptions{Level: slog.LevelDebug}))
	return s.h.New(o)
}

// step moves the market, and what follows from that.
func (s *desk) step(n int) {
	for range n {
		s.server.Step(2)
		time.Sleep(50 * time.Millisecond)
		synctest.Wait()
	}
}

// trade has the account do something in the family's markets.
func (s *desk) trade(seed uint64, n int) {
	s.account.Trade(seed, n, s.symbols...)
	s.step(1)
}

// offers reports whether a method is offered for the family.
func (s *desk) offers(method string) bool {
	return slices.Contains(s.client.OffersOf(s.family.Name), method)
}

// said is all that was logged.
type said struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (s *said) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all.Write(b)
}

// note has an error looked at, too.
func (s *said) note(err error) error {
	if err != nil {
		fmt.Fprintf(s, "%v %+v %#v\n", err, err, err)
	}
	return err
}

// secrets finds what must not be said.
func (s *said) secrets(h *AccountHarness) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := s.all.String()
	for i, secret := range append([]string{h.Account.Secret, h.Account.Passphrase, h.Account.Key, "s3cret"}, h.Secrets...) {
		if at := strings.Index(text, secret); secret != "" && at >= 0 {
			line := text[:at]
			return fmt.Errorf("secret %d was said: %s[secret]", i, line[strings.LastIndexByte(line, '\n')+1:])
		}
	}
	return nil
}

func (h *AccountHarness) orderID(o *venuetest.Order) string {
	if h.OrderID != nil {
		return h.OrderID(o)
	}
	return strconv.FormatInt(o.ID, 10)
}

func (h *AccountHarness) fillID(f *venuetest.Fill) string {
	if h.FillID != nil {
		return h.FillID(f)
	}
	return strconv.FormatInt(f.ID, 10)
}
