package exchange

import (
	"strings"
	"time"
)

// ledger is what one kind of the account's values is known by, and how it is asked for.
type ledger[T any] struct {
	sequence[T]
	calls   callsOf[T]
	markets bool // each value is of one: a call that is not Whole needs to be told which
}

// callsOf returns the calls of a family that have values of one kind. What lies in one list belongs together; lists are asked beside each
// other.
type callsOf[T any] func(p *Pull) [][]inquiry[T]

// there leaves out the lists that lack a call.
func there[T any](lists ...[]inquiry[T]) (all [][]inquiry[T]) {
	for _, list := range lists {
		offered := len(list) > 0
		for _, k := range list {
			offered = offered && k.Parse != nil
		}
		if offered {
			all = append(all, list)
		}
	}
	return all
}

// either returns the first of the lists that are there.
func either[T any](lists ...[]inquiry[T]) [][]inquiry[T] {
	all := there(lists...)
	return all[:min(len(all), 1)]
}

var balanceLedger = ledger[Balance]{
	sequence: sequence[Balance]{at: func(b *Balance) time.Time { return b.Time }, id: (*Balance).key},
	calls: func(p *Pull) (all [][]inquiry[Balance]) {
		for i := range p.Balances {
			all = append(all, []inquiry[Balance]{{&p.Balances[i], true}})
		}
		return there(all...)
	},
}

var byCreated = sequence[Order]{
	at: func(o *Order) time.Time {
		if o.Created.IsZero() {
			return o.Time
		}
		return o.Created
	},
	id: (*Order).key,
}

var orderLedger = ledger[Order]{sequence: byCreated, markets: true, calls: func(p *Pull) [][]inquiry[Order] {
	// those that are open go first: one that is closed meanwhile is in both, and not in none
	return either([]inquiry[Order]{{&p.Orders, false}}, []inquiry[Order]{{&p.OpenOrders, true}, {&p.ClosedOrders, false}})
}}

var openLedger = ledger[Order]{sequence: byCreated, markets: true, calls: func(p *Pull) [][]inquiry[Order] {
	return there([]inquiry[Order]{{&p.OpenOrders, true}})
}}

var closedLedger = ledger[Order]{
	sequence: sequence[Order]{at: byCreated.at, id: byCreated.id, keep: (*Order).terminal},
	markets:  true,
	calls: func(p *Pull) [][]inquiry[Order] {
		return either([]inquiry[Order]{{&p.ClosedOrders, false}}, []inquiry[Order]{{&p.Orders, false}})
	},
}

var oneLedger = ledger[Order]{sequence: byCreated, markets: true, calls: func(p *Pull) [][]inquiry[Order] {
	return either([]inquiry[Order]{{&p.Order, false}, {&p.ClosedOrders, false}}, []inquiry[Order]{{&p.Order, false}})
}}

var fillLedger = ledger[Fill]{
	sequence: sequence[Fill]{at: func(f *Fill) time.Time { return f.Time }, id: (*Fill).key, byID: true},
	markets:  true,
	calls:    func(p *Pull) [][]inquiry[Fill] { return there([]inquiry[Fill]{{&p.MyTrades, false}}) },
}

var positionLedger = ledger[Position]{
	sequence: sequence[Position]{at: func(p *Position) time.Time { return p.Time }, id: (*Position).key, keep: (*Position).held},
	markets:  true,
	calls:    func(p *Pull) [][]inquiry[Position] { return there([]inquiry[Position]{{&p.Positions, true}}) },
}

var begun = sequence[Transaction]{at: func(v *Transaction) time.Time { return v.Time }, id: (*Transaction).key}

var depositLedger = ledger[Transaction]{sequence: begun, calls: func(p *Pull) [][]inquiry[Transaction] {
	return there([]inquiry[Transaction]{{&p.Deposits, false}})
}}

var withdrawalLedger = ledger[Transaction]{sequence: begun, calls: func(p *Pull) [][]inquiry[Transaction] {
	return there([]inquiry[Transaction]{{&p.Withdrawals, false}})
}}

var transactionLedger = ledger[Transaction]{sequence: begun, calls: func(p *Pull) [][]inquiry[Transaction] {
	return there([]inquiry[Transaction]{{&p.Deposits, false}}, []inquiry[Transaction]{{&p.Withdrawals, false}})
}}

// byAsset leaves those of one asset, which not every venue can be asked for; empty: all.
func byAsset(kept ledger[Transaction], asset string) ledger[Transaction] {
	if asset != "" {
		kept.keep = func(v *Transaction) bool { return strings.EqualFold(v.Asset, asset) }
	}
	return kept
}

// What values are known by, within a venue.

func (b *Balance) key() string     { return b.Account + " " + b.Asset }
func (o *Order) key() string       { return o.Symbol + " " + o.ID }
func (f *Fill) key() string        { return f.Symbol + " " + f.ID + " " + string(f.Side) + " " + f.OrderID }
func (v *Transaction) key() string { return string(v.Kind) + " " + v.ID }
func (p *Position) key() string {
	return p.Symbol + " " + string(p.Side) + " " + string(p.MarginMode)
}

// terminal reports whether an order will not change any more. Of a word that is new nothing is known.
func (o *Order) terminal() bool { return o.Status != OrderOpen && o.Status != "" }

func (p *Position) held() bool { return p.Size.Sign() > 0 || p.Contracts.Sign() > 0 }
