package exchangetest

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/venuetest"
)

// What a client says, beside what the account has.

// same compares numbers of which a venue may not tell the one.
func same(told, want decimal.Decimal) bool { return told.Absent() || told.Cmp(want) == 0 }

var statuses = map[venuetest.Status]exchange.OrderStatus{
	venuetest.Open:     exchange.OrderOpen,
	venuetest.Filled:   exchange.OrderClosed,
	venuetest.Canceled: exchange.OrderCanceled,
	venuetest.Expired:  exchange.OrderExpired,
	venuetest.Rejected: exchange.OrderRejected,
}

// order tells how a told order differs from the true one.
func (s *desk) order(told *exchange.Order, o *venuetest.Order) error {
	size, filled := told.Size, told.Filled
	if !told.Contracts.Absent() || !told.FilledContracts.Absent() {
		size, filled = told.Contracts, told.FilledContracts
	}
	ended := told.Status == exchange.OrderCanceled || told.Status == exchange.OrderExpired
	var f findings
	f.want(told.Venue == s.client.Venue() && told.Symbol == o.Symbol, "of %q %q, want %q", told.Venue, told.Symbol, o.Symbol)
	f.want(told.Status == statuses[o.Status] || ended && o.Status == venuetest.Expired, "status %q (%s), want %s", told.Status, told.State, o.Status)
	f.want(string(told.Side) == o.Side && string(told.Type) == o.Type, "%s %s, want %s %s", told.Side, told.Type, o.Side, o.Type)
	f.want(o.ClientID == "" || told.ClientID == o.ClientID, "client id %q, want %q", told.ClientID, o.ClientID)
	f.want(o.Type != "limit" || told.Price.Cmp(o.Price) == 0, "price %s, want %s", told.Price, o.Price)
	f.want(o.Size.Absent() || size.Cmp(o.Size) == 0 || size.Absent() && !told.QuoteSize.Absent(), "size %s, want %s", size, o.Size)
	f.want(filled.Cmp(o.Filled) == 0 || filled.Absent() && (o.Filled.IsZero() || o.Type == "market"), "filled %s, want %s", filled, o.Filled)
	f.want(same(told.Cost, o.Cost), "cost %s, want %s", told.Cost, o.Cost)
	f.want(o.Fee.IsZero() || same(told.Fee.Amount, o.Fee), "fee %s, want %s", told.Fee.Amount, o.Fee)
	f.want(!told.Received.IsZero() && told.Source != 0, "received %s, source %s", told.Received, told.Source)
	return f.about("order " + s.h.orderID(o))
}

func (s *desk) fill(told *exchange.Fill, v *venuetest.Fill) error {
	size := told.Size
	if !told.Contracts.Absent() {
		size = told.Contracts
	}
	role := exchange.Taker
	if v.Maker {
		role = exchange.Maker
	}
	var f findings
	f.want(told.Symbol == v.Symbol && string(told.Side) == v.Side, "%s %s, want %s %s", told.Symbol, told.Side, v.Symbol, v.Side)
	f.want(told.OrderID == s.h.orderID(&venuetest.Order{ID: v.OrderID}), "of order %q, want %d", told.OrderID, v.OrderID)
	f.want(told.Role == role, "%q, want %s", told.Role, role)
	f.want(told.Price.Cmp(v.Price) == 0 && size.Cmp(v.Size) == 0, "%s at %s, want %s at %s", size, told.Price, v.Size, v.Price)
	f.want(same(told.Cost, v.Cost), "cost %s, want %s", told.Cost, v.Cost)
	f.want(same(told.Fee.Amount, v.Fee) && (told.Fee.Amount.Absent() || told.Fee.Asset == v.FeeUnit), "fee %s %s, want %s %s", told.Fee.Amount, told.Fee.Asset, v.Fee, v.FeeUnit)
	return f.about("fill " + s.h.fillID(v))
}

// about joins findings of one thing.
func (f findings) about(what string) error {
	if len(f) == 0 {
		return nil
	}
	return fmt.Errorf("%s: %w", what, errors.Join(f...))
}

// trueOrders are those of the family, by the venue's ids.
func (s *desk) trueOrders() map[string]*venuetest.Order {
	all := make(map[string]*venuetest.Order)
	for _, o := range s.account.Orders() {
		if slices.Contains(s.symbols, o.Symbol) {
			all[s.h.orderID(&o)] = &o
		}
	}
	return all
}

func (s *desk) trueFills() map[string]*venuetest.Fill {
	all := make(map[string]*venuetest.Fill)
	for _, f := range s.account.Fills() {
		if slices.Contains(s.symbols, f.Symbol) {
			all[s.h.fillID(&f)] = &f
		}
	}
	return all
}

// matches compares two sets by their keys, and what both have by same.
func matches[T, V any](what string, told map[string]T, want map[string]V, same func(*T, V) error) error {
	var errs []error
	for _, id := range slices.Sorted(maps.Keys(want)) {
		v, ok := told[id]
		if !ok {
			errs = append(errs, fmt.Errorf("%s %s is missing: %+v", what, id, want[id]))
			continue
		}
		errs = append(errs, same(&v, want[id]))
	}
	for _, id := range slices.Sorted(maps.Keys(told)) {
		if _, ok := want[id]; !ok {
			errs = append(errs, fmt.Errorf("%s %s is none of the account's: %+v", what, id, told[id]))
		}
	}
	return few(errs)
}

// few joins the first of many errors.
func few(errs []error) error {
	errs = slices.DeleteFunc(errs, func(err error) bool { return err == nil })
	if n := len(errs); n > 5 {
		errs = append(errs[:5], fmt.Errorf("and %d more", n-5))
	}
	return errors.Join(errs...)
}

// balances compares what was told, the newest of each account and asset. What is not told is nothing.
func (s *desk) balances(told map[string]exchange.Balance) error {
	seen := make(map[string]bool)
	var errs []error
	for _, b := range s.account.Balances() {
		name := cmp.Or(s.h.Wallets[b.Wallet], b.Wallet)
		key := name + " " + b.Asset
		if slices.Contains(s.h.Unheld, b.Wallet) {
			continue
		}
		seen[key] = true
		v, ok := told[key]
		switch {
		case !ok && !b.Total.IsZero():
			errs = append(errs, fmt.Errorf("%s is missing: %s", key, b.Total))
		case ok && (!same(v.Total, b.Total) || !same(v.Free, b.Free) || !same(v.Used, b.Used)):
			errs = append(errs, fmt.Errorf("%s: free %s, used %s, total %s; want %s, %s, %s", key, v.Free, v.Used, v.Total, b.Free, b.Used, b.Total))
		case ok && v.Total.Absent() && v.Free.Absent():
			errs = append(errs, fmt.Errorf("%s says nothing", key))
		}
	}
	for key, v := range told {
		if !seen[key] && v.Total.Sign() != 0 {
			errs = append(errs, fmt.Errorf("%s is none of the account's: %s", key, v.Total))
		}
	}
	return few(errs)
}

// positions compares what was told by symbol; what is closed may be there with size zero.
func (s *desk) positions(told map[string]exchange.Position) error {
	var errs []error
	seen := make(map[string]bool)
	for _, p := range s.account.Positions() {
		if !slices.Contains(s.symbols, p.Symbol) || p.Size.IsZero() {
			continue
		}
		seen[p.Symbol] = true
		v, ok := told[p.Symbol]
		size, side := v.Size, exchange.Long
		if !v.Contracts.Absent() {
			size = v.Contracts
		}
		if p.Size.Sign() < 0 {
			side = exchange.Short
		}
		switch {
		case !ok:
			errs = append(errs, fmt.Errorf("position %s is missing: %s", p.Symbol, p.Size))
		case v.Side != side || size.Cmp(p.Size.Abs()) != 0:
			errs = append(errs, fmt.Errorf("position %s: %s %s, want %s", p.Symbol, v.Side, size, p.Size))
		case p.Entry.Sub(v.Entry).Abs().Mul(decimal.New(1_000_000, 0)).Cmp(p.Entry) > 0: // venues write it with as many digits as they please
			errs = append(errs, fmt.Errorf("position %s: entry %s, want %s", p.Symbol, v.Entry, p.Entry))
		}
	}
	for symbol, v := range told {
		if !seen[symbol] && (v.Size.Sign() != 0 || v.Contracts.Sign() != 0) {
			errs = append(errs, fmt.Errorf("position %s is closed, and told as %s %s", symbol, v.Size, v.Contracts))
		}
	}
	return few(errs)
}

var transactionStatuses = map[venuetest.TransactionStatus]exchange.TransactionStatus{
	venuetest.Pending:   exchange.TransactionPending,
	venuetest.Completed: exchange.TransactionOK,
	venuetest.Failed:    exchange.TransactionFailed,
	venuetest.Withdrawn: exchange.TransactionCanceled,
}

// transacted knows a transaction by what it is: venues write ids in their own ways.
func transacted(asset string, amount decimal.Decimal, at time.Time) string {
	return fmt.Sprint(asset, " ", amount.Reduce(), " ", at.Unix())
}

func (s *desk) trueTransactions(kind exchange.TransactionKind) map[string]*venuetest.Transaction {
	all := make(map[string]*venuetest.Transaction)
	for _, x := range s.account.Transactions() {
		if x.Withdrawal == (kind == exchange.Withdrawal) {
			all[transacted(x.Asset, x.Amount, x.At)] = &x
		}
	}
	return all
}

func (s *desk) transaction(told *exchange.Transaction, x *venuetest.Transaction) error {
	var f findings
	f.want(told.Asset == x.Asset && told.Amount.Cmp(x.Amount) == 0, "%s %s, want %s %s", told.Amount, told.Asset, x.Amount, x.Asset)
	want := transactionStatuses[x.Status]
	ended := want == exchange.TransactionFailed || want == exchange.TransactionCanceled // not every venue tells one from the other
	waits := s.h.NeverFail && !x.Withdrawal && want == exchange.TransactionFailed && told.Status == exchange.TransactionPending
	f.want(told.Status == want || waits || ended && (told.Status == exchange.TransactionFailed || told.Status == exchange.TransactionCanceled), "status %q (%s), want %s", told.Status, told.State, x.Status)
	return f.about(fmt.Sprint("transaction ", x.ID))
}
