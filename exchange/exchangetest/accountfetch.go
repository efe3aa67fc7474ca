package exchangetest

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/venuetest"
)

// far is how long ago everything has begun.
const far = 36 * time.Hour

// fetches has the account trade for more than a day, and compares what is fetched with what it has.
func (s *desk) fetches() error {
	for day := range uint64(4) {
		s.trade(s.seed+day, 60)
		time.Sleep(far / 5)
		s.step(1)
	}
	s.trade(s.seed+9, 20)
	time.Sleep(2 * time.Second) // some venues answer from a copy that is a second behind
	return errors.Join(s.fetchBalance(), s.fetchOrders(), s.fetchFills(), s.fetchPositions(), s.fetchTransactions(), s.fetchPages())
}

func (s *desk) since() exchange.Range { return exchange.Range{Since: time.Now().Add(-far)} }

// fetchBalance looks at the accounts of all families: what is fetched is of all.
func (s *desk) fetchBalance() error {
	if !s.offers("FetchBalance") {
		return nil
	}
	all, err := s.client.FetchBalance(s.ctx)
	if s.said.note(err) != nil {
		return err
	}
	told := make(map[string]exchange.Balance)
	for _, b := range all {
		if _, twice := told[b.Account+" "+b.Asset]; twice {
			return fmt.Errorf("%s %s came twice", b.Account, b.Asset)
		}
		told[b.Account+" "+b.Asset] = b
	}
	return about("FetchBalance", s.balances(told))
}

func about(method string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", method, err)
}

// ofAll joins what a method says of each symbol.
func ofAll[T any](s *desk, fetch func(symbol string) ([]T, error)) (all []T, err error) {
	for _, symbol := range s.symbols {
		rows, err := fetch(symbol)
		if s.said.note(err) != nil {
			return nil, fmt.Errorf("%s: %w", symbol, err)
		}
		all = append(all, rows...)
	}
	return all, nil
}

func byID[T any](rows []T, id func(*T) string) (map[string]T, error) {
	all := make(map[string]T, len(rows))
	for i := range rows {
		key := id(&rows[i])
		if _, twice := all[key]; twice {
			return nil, fmt.Errorf("%s came twice", key)
		}
		all[key] = rows[i]
	}
	return all, nil
}

func idOfOrder(o *exchange.Order) string             { return o.ID }
func idOfFill(f *exchange.Fill) string               { return f.ID }
func idOfTransaction(x *exchange.Transaction) string { return transacted(x.Asset, x.Amount, x.Time) }

// fetchOrders compares open, closed and all orders, and each by its id.
func (s *desk) fetchOrders() error {
	truth := s.trueOrders()
	part := func(open bool) map[string]*venuetest.Order {
		some := make(map[string]*venuetest.Order)
		for id, o := range truth {
			if (o.Status == venuetest.Open) == open {
				some[id] = o
			}
		}
		return some
	}
	compare := func(method string, rows []exchange.Order, err error, want map[string]*venuetest.Order) error {
		if s.said.note(err) != nil {
			return about(method, err)
		}
		told, err := byID(rows, idOfOrder)
		if err == nil {
			err = matches("order", told, want, s.order)
		}
		return about(method, err)
	}
	var errs []error
	if s.offers("FetchOpenOrders") {
		rows, err := s.client.FetchOpenOrders(s.ctx, s.symbols...)
		errs = append(errs, compare("FetchOpenOrders", rows, err, part(true)))
	}
	if s.offers("FetchClosedOrders") {
		rows, err := ofAll(s, func(symbol string) ([]exchange.Order, error) {
			return s.client.FetchClosedOrders(s.ctx, symbol, s.since())
		})
		errs = append(errs, compare("FetchClosedOrders", rows, err, s.kept(part(false))))
	}
	if s.offers("FetchOrders") {
		rows, err := ofAll(s, func(symbol string) ([]exchange.Order, error) { return s.client.FetchOrders(s.ctx, symbol, s.since()) })
		errs = append(errs, compare("FetchOrders", rows, err, s.kept(truth)))
	}
	if s.offers("FetchOrder") {
		for id, o := range part(true) {
			v, err := s.client.FetchOrder(s.ctx, o.Symbol, exchange.Ref{ID: id})
			errs = append(errs, compare("FetchOrder", []exchange.Order{v}, err, map[string]*venuetest.Order{id: o}))
		}
		_, err := s.client.FetchOrder(s.ctx, s.symbols[0], exchange.Ref{ID: "1"})
		if s.said.note(err); !errors.Is(err, exchange.ErrOrderNotFound) {
			errs = append(errs, fmt.Errorf("FetchOrder of an unknown one: %v", err))
		}
	}
	return errors.Join(errs...)
}

// kept leaves out what venues do not keep: old orders that ended without a fill.
func (s *desk) kept(orders map[string]*venuetest.Order) map[string]*venuetest.Order {
	some := make(map[string]*venuetest.Order)
	for id, o := range orders {
		if o.Status == venuetest.Open || o.Filled.Sign() > 0 || time.Since(o.Updated) < time.Hour || !slices.Contains(s.h.Forgets, s.family.Name) {
			some[id] = o
		}
	}
	return some
}

func (s *desk) fetchFills() error {
	if !s.offers("FetchMyTrades") {
		return nil
	}
	rows, err := ofAll(s, func(symbol string) ([]exchange.Fill, error) { return s.client.FetchMyTrades(s.ctx, symbol, s.since()) })
	if err != nil {
		return about("FetchMyTrades", err)
	}
	if !slices.IsSortedFunc(rows[:min(len(rows), 1)], func(a, b exchange.Fill) int { return a.Time.Compare(b.Time) }) {
		return errors.New("FetchMyTrades: not in order")
	}
	told, err := byID(rows, idOfFill)
	if err == nil {
		err = matches("fill", told, s.trueFills(), s.fill)
	}
	return about("FetchMyTrades", err)
}

func (s *desk) fetchPositions() error {
	if !s.offers("FetchPositions") {
		return nil
	}
	rows, err := s.client.FetchPositions(s.ctx, s.symbols...)
	if s.said.note(err) != nil {
		return about("FetchPositions", err)
	}
	told, err := byID(rows, func(p *exchange.Position) string { return p.Symbol })
	if err == nil {
		err = s.positions(told)
	}
	return about("FetchPositions", err)
}

func (s *desk) fetchTransactions() error {
	var errs []error
	for _, x := range []struct {
		method string
		kind   exchange.TransactionKind
	}{{"FetchDeposits", exchange.Deposit}, {"FetchWithdrawals", exchange.Withdrawal}} {
		if !s.offers(x.method) {
			continue
		}
		fetch := s.client.FetchDeposits
		if x.kind == exchange.Withdrawal {
			fetch = s.client.FetchWithdrawals
		}
		rows, err := fetch(s.ctx, "", s.since())
		if s.said.note(err) != nil {
			errs = append(errs, about(x.method, err))
			continue
		}
		told, err := byID(rows, idOfTransaction)
		if err == nil {
			err = matches("transaction", told, s.trueTransactions(x.kind), s.transaction)
		}
		errs = append(errs, about(x.method, err))
	}
	return errors.Join(errs...)
}

// fetchPages asks for a part of what there is.
func (s *desk) fetchPages() error {
	if !s.offers("FetchMyTrades") {
		return nil
	}
	all, err := s.client.FetchMyTrades(s.ctx, s.symbols[0], s.since())
	if s.said.note(err) != nil || len(all) < 4 {
		return about("FetchMyTrades", errors.Join(err, fmt.Errorf("%d fills are too few for a test", len(all))))
	}
	var f findings
	first, err := s.client.FetchMyTrades(s.ctx, s.symbols[0], exchange.Range{Since: time.Now().Add(-far), Limit: 3})
	f.want(err == nil && len(first) == 3 && first[0].ID == all[0].ID, "the first three: %d, %v", len(first), err)
	last, err := s.client.FetchMyTrades(s.ctx, s.symbols[0], exchange.Range{Limit: 2})
	f.want(err == nil && len(last) == 2 && last[1].ID == all[len(all)-1].ID, "the last two: %d, %v", len(last), err)
	middle := all[len(all)/2].Time
	before, err := s.client.FetchMyTrades(s.ctx, s.symbols[0], exchange.Range{Since: time.Now().Add(-far), Until: middle})
	f.want(err == nil && len(before) == slices.IndexFunc(all, func(v exchange.Fill) bool { return !v.Time.Before(middle) }), "those before %s: %d, %v", middle, len(before), err)
	return f.about("FetchMyTrades, pages")
}
