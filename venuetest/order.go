package venuetest

import (
	"time"

	"github.com/depthwire/depthwire/decimal"
)

// Order is one order of an account. Of an order to be placed those fields count that a customer chooses: Symbol to
// Margin. Numbers are exact; one that does not apply is absent.
type Order struct {
	Symbol      string // unified; in Place also the venue's id
	ClientID    string // the customer's own id
	Side        string // "buy" or "sell"
	Type        string // "limit" or "market"
	TimeInForce string // "GTC", "IOC" or "FOK"; empty: GTC
	PostOnly    bool
	ReduceOnly  bool
	Price       decimal.Decimal // the limit
	Size        decimal.Decimal // as the book counts: base units, or contracts
	QuoteSize   decimal.Decimal // in place of Size: quote units that a market order spends, or receives
	Word        string          // the venue's own word for the type, kept for its answers
	Margin      string          // the venue's own word for the mode of margin, kept for its answers

	ID      int64
	Market  string          // the venue's id of the market
	Family  string          // of the market
	Filled  decimal.Decimal // as the book counts
	Base    decimal.Decimal // what is filled in base units; of inverse contracts cut to 12 digits after the point
	Cost    decimal.Decimal // what is filled in quote units
	Average decimal.Decimal // price of what is filled: Cost / Base, to the last digit; 0 before
	Fee     decimal.Decimal // of all that is filled
	FeeUnit string          // its asset; empty before the first fill
	Status  Status
	Why     string // why it ended or was refused: the text of a Refused, or one of the reasons below
	Created time.Time
	Updated time.Time
	Fills   int // how many
}

// Status is where an order stands.
type Status string

// The statuses of orders.
const (
	Open     Status = "open"
	Filled   Status = "filled"
	Canceled Status = "canceled"
	Expired  Status = "expired" // ended by the venue
	Rejected Status = "rejected"
)

// Why orders end that are not filled.
const (
	ByCustomer  = "cancelled by the customer"
	ByTest      = "cancelled by the venue"
	Unfilled    = "the rest of an IOC"     // also of a market order that found no more
	Unfillable  = "an FOK that finds less" // nothing of it is filled
	Posted      = "a post-only that would take"
	Overreduced = "a reduce-only without a position"
	Shrunk      = "amended to what is filled"
)

// Refused is why the venue does not do what it is told.
type Refused string

// Error returns the reason.
func (r Refused) Error() string { return "venuetest: " + string(r) }

// The reasons.
const (
	NoMarket     Refused = "unknown market"
	MarketClosed Refused = "the market is closed"
	BadOrder     Refused = "the order makes no sense"
	BadPrice     Refused = "the price is no multiple of the tick"
	BadSize      Refused = "the size is no multiple of the step"
	TooSmall     Refused = "the value is below the least"
	NoFunds      Refused = "not enough funds"
	NoPosition   Refused = "reduce-only without a position"
	WouldTake    Refused = "post-only that would take"
	DuplicateID  Refused = "the client id is taken"
	UnknownOrder Refused = "unknown order"
	OrderEnded   Refused = "the order has ended"
	NoChange     Refused = "nothing to change"
)

// Fill is one trade of an account.
type Fill struct {
	Seq      int64 // from 1, one for each fill of the account; the venue's bill ids may come of it
	ID       int64 // of the trade, growing, unique on the server; public trades have other numbers
	OrderID  int64
	ClientID string
	Symbol   string
	Market   string
	Family   string
	Side     string
	Maker    bool
	Price    decimal.Decimal
	Size     decimal.Decimal // as the book counts
	Base     decimal.Decimal // in base units; of inverse contracts cut to 12 digits after the point
	Cost     decimal.Decimal // in quote units
	Fee      decimal.Decimal // below zero a rebate
	FeeUnit  string
	Profit   decimal.Decimal // that a contract realised, in its currency of settlement
	At       time.Time
}

// Place gives an order as if the customer had, and returns it as it then stands. The error is a Refused.
func (a *Account) Place(o Order) (Order, error) {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	x, err := a.place(a.s.find(o.Symbol), o)
	if x == nil {
		return Order{}, err
	}
	return x.Order, err
}

// Cancel cancels an open order as if the customer had.
func (a *Account) Cancel(id int64) error {
	return a.change(id, func(o *shadow) error { return a.cancel(o, "") })
}

// Amend changes the price and the size of an open order as if the customer had; what is absent stays.
func (a *Account) Amend(id int64, price, size decimal.Decimal) error {
	return a.change(id, func(o *shadow) error { return a.amend(o, amendment{price: price, size: size}) })
}

// Fill fills size of an open order at its own price as maker: no more than is left of it, all of it when size is
// absent. The book does not matter.
func (a *Account) Fill(id int64, size decimal.Decimal) error {
	return a.change(id, func(o *shadow) error {
		sz := o.sz - o.done
		if !size.Absent() {
			n, ok := mantissa(size, o.m.sscale)
			if !ok || n <= 0 || n%o.m.step != 0 {
				return BadSize
			}
			sz = min(sz, n)
		}
		a.fill(o, o.px, sz, true)
		return nil
	})
}

// Expire ends an open order as the venue would.
func (a *Account) Expire(id int64) error {
	return a.change(id, func(o *shadow) error { a.end(o, Expired, ByTest, ""); return nil })
}

// change does something to an open order.
func (a *Account) change(id int64, do func(o *shadow) error) error {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	switch o := a.order(id); {
	case o == nil:
		return UnknownOrder
	case !o.isOpen():
		return OrderEnded
	default:
		return do(o)
	}
}
