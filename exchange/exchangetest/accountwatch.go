package exchangetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing/synctest"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/stream"
	"github.com/depthwire/depthwire/venuetest"
)

// follower is a reader of all that is pushed of an account.
type follower struct {
	mu           sync.Mutex
	orders       map[string]exchange.Order
	fills        map[string]exchange.Fill
	balances     map[string]exchange.Balance
	positions    map[string]exchange.Position
	transactions map[string]exchange.Transaction
	wrong        []error
	known        map[string]bool // fills of before
	transacted   map[string]bool // transactions of before
	began        time.Time

	subs []interface {
		Close() error
		Err() error
	}
}

// follow begins to read everything that the family offers.
func (s *desk) follow(ctx context.Context) (*follower, error) {
	f := &follower{
		orders: make(map[string]exchange.Order), fills: make(map[string]exchange.Fill), balances: make(map[string]exchange.Balance),
		positions: make(map[string]exchange.Position), transactions: make(map[string]exchange.Transaction), known: make(map[string]bool),
		transacted: make(map[string]bool), began: time.Now(),
	}
	for _, x := range s.account.Transactions() {
		f.transacted[transacted(x.Asset, x.Amount, x.At)] = true
	}
	for id := range s.trueFills() {
		f.known[id] = true
	}
	return f, errors.Join(
		read(s, f, "WatchOrders", func() (*stream.Subscription[exchange.Order], error) { return s.client.WatchOrders(ctx, s.symbols...) }, f.order),
		read(s, f, "WatchMyTrades", func() (*stream.Subscription[exchange.Fill], error) { return s.client.WatchMyTrades(ctx, s.symbols...) }, f.fill),
		read(s, f, "WatchBalance", func() (*stream.Subscription[exchange.Balance], error) { return s.client.WatchBalance(ctx) }, func(v *exchange.Balance) {
			f.balances[v.Account+" "+v.Asset] = *v
		}),
		read(s, f, "WatchPositions", func() (*stream.Subscription[exchange.Position], error) {
			return s.client.WatchPositions(ctx, s.symbols...)
		}, func(v *exchange.Position) {
			f.positions[v.Symbol] = *v
		}),
		read(s, f, "WatchDeposits", func() (*stream.Subscription[exchange.Transaction], error) { return s.client.WatchDeposits(ctx) }, f.transaction),
		read(s, f, "WatchWithdrawals", func() (*stream.Subscription[exchange.Transaction], error) { return s.client.WatchWithdrawals(ctx) }, f.transaction),
	)
}

// read has a follower take what one method brings, where it is offered.
func read[T any](s *desk, f *follower, method string, watch func() (*stream.Subscription[T], error), take func(*T)) error {
	if !s.offers(method) {
		return nil
	}
	sub, err := watch()
	if s.said.note(err) != nil {
		return about(method, err)
	}
	f.subs = append(f.subs, sub)
	sub.OnEvent(func(v *T) {
		f.mu.Lock()
		defer f.mu.Unlock()
		take(v)
	})
	return nil
}

// order takes an order: what has ended does not live again, and what is filled does not shrink.
func (f *follower) order(v *exchange.Order) {
	was, seen := f.orders[v.ID]
	if seen && (was.Status != exchange.OrderOpen && v.Status == exchange.OrderOpen || !v.Filled.Absent() && !was.Filled.Absent() && v.Filled.Cmp(was.Filled) < 0) {
		f.wrong = append(f.wrong, fmt.Errorf("order %s went back from %s, %s filled, to %s, %s filled", v.ID, was.Status, was.Filled, v.Status, v.Filled))
	}
	f.orders[v.ID] = *v
}

func (f *follower) fill(v *exchange.Fill) {
	if _, twice := f.fills[v.ID]; twice {
		f.wrong = append(f.wrong, fmt.Errorf("fill %s came twice", v.ID))
	}
	f.fills[v.ID] = *v
}

func (f *follower) transaction(v *exchange.Transaction) {
	f.transactions[transacted(v.Asset, v.Amount, v.Time)] = *v
}

// settle lets everything come to rest: connections, logins, reconciliation, polls.
func (s *desk) settle() {
	for range 20 {
		s.step(1)
	}
	time.Sleep(settled)
	synctest.Wait()
}

// settled is longer than any poll and any wait before a connection is made again.
const settled = 3 * time.Minute

// agrees compares what was followed with what the account has.
func (s *desk) agrees(f *follower) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	errs := f.wrong
	for _, sub := range f.subs {
		errs = append(errs, about("a subscription ended", sub.Err()))
	}
	if s.offers("WatchOrders") {
		orders := s.trueOrders()
		for id, o := range orders { // what ended before anybody looked is not told
			if _, told := f.orders[id]; !told && o.Status != venuetest.Open && f.before(o.Updated) {
				delete(orders, id)
			}
		}
		errs = append(errs, about("WatchOrders", matches("order", f.orders, orders, s.order)))
	}
	if s.offers("WatchMyTrades") {
		fills := s.trueFills()
		for id := range f.known {
			delete(fills, id)
		}
		errs = append(errs, about("WatchMyTrades", matches("fill", f.fills, fills, s.fill)))
	}
	if s.offers("WatchBalance") {
		errs = append(errs, about("WatchBalance", s.balances(f.balances)))
	}
	if s.offers("WatchPositions") {
		errs = append(errs, about("WatchPositions", s.positions(f.positions)))
	}
	for id, v := range f.transactions {
		x := s.trueTransactions(v.Kind)[id]
		if x == nil {
			errs = append(errs, fmt.Errorf("transaction %s is none of the account's", id))
			continue
		}
		errs = append(errs, s.transaction(&v, x))
	}
	return few(errs)
}

// before reports whether something happened before the follower began.
func (f *follower) before(at time.Time) bool { return !at.After(f.began) }

// watches follows an account that is traded, without disturbances.
func (s *desk) watches() error {
	s.trade(s.seed, 30)
	f, err := s.follow(s.ctx)
	if err != nil {
		return err
	}
	s.settle()
	if err := s.agrees(f); err != nil {
		return fmt.Errorf("at first: %w", err)
	}
	for n := range uint64(20) {
		s.trade(s.seed+n, 5)
	}
	s.settle()
	if err := s.agrees(f); err != nil {
		return errors.Join(err, s.health())
	}
	for _, x := range []struct {
		method string
		kind   exchange.TransactionKind
	}{{"WatchDeposits", exchange.Deposit}, {"WatchWithdrawals", exchange.Withdrawal}} {
		if !s.offers(x.method) {
			continue
		}
		for id := range s.trueTransactions(x.kind) {
			if _, told := f.transactions[id]; !told && !f.transacted[id] {
				return fmt.Errorf("%s: %s was not told", x.method, id)
			}
		}
	}
	for _, sub := range f.subs {
		sub.Close()
	}
	return nil
}

// interrupted follows an account that is traded while connections are lost, and what is asked fails.
func (s *desk) interrupted() error {
	rng := rand.New(rand.NewPCG(s.seed, 7))
	s.trade(s.seed, 20)
	f, err := s.follow(s.ctx)
	if err != nil {
		return err
	}
	s.settle()
	for round := range 3 {
		for range 2 + rng.IntN(6) {
			s.trade(rng.Uint64(), rng.IntN(8))
			s.server.Fault(disturbances[rng.IntN(len(disturbances))])
			s.step(rng.IntN(4))
			if rng.IntN(3) == 0 {
				time.Sleep(time.Duration(rng.IntN(20)) * time.Second)
			}
		}
		s.server.Heal()
		s.settle()
		if err := s.agrees(f); err != nil {
			return fmt.Errorf("round %d: %w", round, errors.Join(err, s.health()))
		}
	}
	return nil
}

var disturbances = []venuetest.Fault{
	{Kind: venuetest.CloseSocket},
	{Kind: venuetest.ResetSocket},
	{Kind: venuetest.ResetSocket},
	{Kind: venuetest.CutFrame},
	{Kind: venuetest.RepeatPush, N: 3},
	{Kind: venuetest.HTTPStatus, Code: 503, N: 2},
	{Kind: venuetest.HTTPStatus, Code: 502, N: 4},
	{Kind: venuetest.DeadSocket},
	{Kind: venuetest.ExpirePass},
}

func (s *desk) health() error {
	var errs []error
	for _, h := range s.client.Health() {
		errs = append(errs, fmt.Errorf("stream %s %s: %s, connected %t, %d malformed, %v", h.Symbol, h.Topic, h.State, h.Connected, h.Malformed, h.Err))
	}
	return errors.Join(errs...)
}
