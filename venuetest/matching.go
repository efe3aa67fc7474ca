package venuetest

import (
	"math/bits"
	"slices"

	"github.com/depthwire/depthwire/decimal"
)

// Ids that the documents show: large, and beyond what a float64 holds.
const (
	firstOrder = 8_389_765_739_703_625_000
	firstFill  = 6_900_123_400
)

// shadow is an order as the matching engine has it. Prices and sizes are mantissas of its market. Under Server.mu.
type shadow struct {
	Order
	a            *Account
	m            *market
	px, sz, done int64           // px: 0 where there is no limit; sz: 0 of orders for an amount of quote units
	last         bool            // the next fill is the last of an order for quote units: more would be less than a step
	held         decimal.Decimal // of wallet and asset of hold
	hold         *purse
}

func (o *shadow) isOpen() bool { return o.Status == Open }
func (o *shadow) buys() bool   { return o.Side == "buy" }
func (o *shadow) left() int64  { return o.sz - o.done }

// other is the side of the book that the order would take from.
func (o *shadow) other() *side {
	if o.buys() {
		return &o.m.asks
	}
	return &o.m.bids
}

// reaches reports whether the order may trade at a price of the other side.
func (o *shadow) reaches(px int64) bool {
	return o.px == 0 || o.buys() && px <= o.px || !o.buys() && px >= o.px
}

// takes reports whether the book has what the order would take at once.
func (o *shadow) takes() bool {
	s := o.other()
	return len(s.levels) > 0 && o.reaches(s.rank(0).px)
}

// mantissa is v as whole units of 10^-scale; ok is false where it has more digits, or is below zero or too large.
func mantissa(v decimal.Decimal, scale int) (n int64, ok bool) {
	coef, has, ok := v.Reduce().Parts()
	if !ok || has > scale || scale-has >= len(pow10) {
		return 0, false
	}
	hi, lo := bits.Mul64(coef, uint64(pow10[scale-has]))
	return int64(lo), hi == 0 && lo < 1<<63
}

// order returns the order of an id, or nil. Under mu.
func (a *Account) order(id int64) *shadow {
	i, ok := slices.BinarySearchFunc(a.orders, id, func(o *shadow, id int64) int { return compare(o.ID, id) })
	if !ok {
		return nil
	}
	return a.orders[i]
}

// called returns the newest order of a market (nil: of any) that has the customer's own id, an open one before any
// other, or nil. Under mu.
func (a *Account) called(m *market, client string) (found *shadow) {
	for _, o := range a.orders {
		if o.ClientID == client && client != "" && (m == nil || o.m == m) && (found == nil || o.isOpen() || !found.isOpen()) {
			found = o
		}
	}
	return found
}

// place gives an order. With an error there is none, unless the rules keep what is refused. Under mu.
func (a *Account) place(m *market, want Order) (*shadow, error) {
	if m == nil {
		return nil, NoMarket
	}
	o := &shadow{Order: want, a: a, m: m}
	o.Symbol, o.Market, o.Family = m.Symbol, m.ID, m.Family
	o.Filled, o.Base, o.Cost, o.Fee = decimal.New(0, 0), decimal.New(0, 0), decimal.New(0, 0), decimal.New(0, 0)
	o.Average, o.held = decimal.New(0, 0), decimal.New(0, 0)
	if o.TimeInForce == "" {
		o.TimeInForce = "GTC"
	}
	if err := o.check(); err != nil {
		if !a.s.rules.keeps {
			return nil, err
		}
		o.Why = string(err.(Refused))
		a.accept(o, Rejected)
		return o, err
	}
	a.accept(o, Open)
	o.reserve()
	a.settleUp("place")
	o.match()
	return o, nil
}

// check returns why the order is refused, as a Refused, and reads its numbers.
func (o *shadow) check() error {
	if o.m.Status != "" {
		return MarketClosed
	}
	if o.Side != "buy" && o.Side != "sell" || o.Type != "limit" && o.Type != "market" || !slices.Contains([]string{"GTC", "IOC", "FOK"}, o.TimeInForce) {
		return BadOrder
	}
	if (o.Type == "limit") == o.Price.Absent() || o.Size.Absent() == o.QuoteSize.Absent() || o.Type == "limit" && o.Size.Absent() {
		return BadOrder
	}
	var ok bool
	if o.Type == "limit" {
		if o.px, ok = mantissa(o.Price, o.m.pscale); !ok || o.px <= 0 || o.px%o.m.tick != 0 {
			return BadPrice
		}
		o.Price = decimal.New(o.px, o.m.pscale)
	}
	if o.QuoteSize.Absent() {
		if o.sz, ok = mantissa(o.Size, o.m.sscale); !ok || o.sz <= 0 || o.sz%o.m.step != 0 {
			return BadSize
		}
		o.Size = decimal.New(o.sz, o.m.sscale)
	} else if o.QuoteSize.Sign() <= 0 || o.m.Settle != "" {
		return BadSize
	}
	return o.admit()
}

// admit is the part of check that looks at the account and the book.
func (o *shadow) admit() error {
	r, a := &o.a.s.rules, o.a
	if a.taken(o) {
		return DuplicateID
	}
	if r.least != nil && !o.ReduceOnly && o.value().Cmp(r.least(o.m)) < 0 {
		return TooSmall
	}
	if o.ReduceOnly {
		if h := a.holding(o.m); h == nil || h.size == 0 || (h.size > 0) == o.buys() {
			return NoPosition
		}
	}
	if o.PostOnly && !r.expires && o.takes() {
		return WouldTake
	}
	if s := o.other(); !o.QuoteSize.Absent() && len(s.levels) > 0 && o.affords(s.rank(0).px) == 0 {
		return TooSmall
	}
	if hold, need := o.needs(); need.Cmp(hold.free()) > 0 {
		return NoFunds
	}
	return nil
}

// value is what the order is for in quote units, at its limit or at the book's best price.
func (o *shadow) value() decimal.Decimal {
	px, s := o.px, o.other()
	switch {
	case !o.QuoteSize.Absent():
		return o.QuoteSize
	case px == 0 && len(s.levels) > 0:
		px = s.rank(0).px
	}
	return o.m.worth(px, o.sz)
}

// taken reports whether the venue does not take the customer's own id of a new order again.
func (a *Account) taken(o *shadow) bool {
	unique := a.s.rules.unique
	return unique != sharedIDs && o.ClientID != "" && slices.ContainsFunc(a.orders, func(x *shadow) bool {
		return x.ClientID == o.ClientID && x.Family == o.Family && (unique == allIDs || x.isOpen())
	})
}

// accept gives the order an id, and tells that it is there.
func (a *Account) accept(o *shadow, status Status) {
	s := a.s
	first := s.rules.firstOrder(o.m)
	if s.orderIDs == nil {
		s.orderIDs = make(map[int64]int64)
	}
	s.orderIDs[first] += 1 + a.rng.Int64N(20)
	o.ID = first + s.orderIDs[first]
	if o.ClientID == "" && s.rules.clientID != nil {
		o.ClientID = s.rules.clientID(a.rng)
	}
	o.Status, o.Created = status, s.stamp()
	o.Updated = o.Created
	i, _ := slices.BinarySearchFunc(a.orders, o.ID, func(x *shadow, id int64) int { return compare(x.ID, id) })
	a.orders = slices.Insert(a.orders, i, o)
	kind := OrderAccepted
	if status == Rejected {
		kind = OrderRejected
	} else {
		a.open = append(a.open, o)
	}
	a.tell(Event{Kind: kind, Order: o.Order})
}

// match takes what there is, and lets the order rest or ends it.
func (o *shadow) match() {
	switch {
	case o.PostOnly && o.takes():
		o.a.end(o, Expired, Posted, "")
		return
	case o.TimeInForce == "FOK" && o.QuoteSize.Absent() && o.within() < o.left():
		o.a.end(o, Expired, Unfillable, "")
		return
	}
	o.take()
	switch {
	case !o.isOpen():
	case o.Type == "market" || o.TimeInForce != "GTC":
		o.a.end(o, Expired, Unfilled, "")
	case !slices.Contains(o.m.resting, o):
		o.m.resting = append(o.m.resting, o)
	}
}

// within is how much the book has at prices that the order reaches.
func (o *shadow) within() (sz int64) {
	s := o.other()
	for r := range s.levels {
		l := s.rank(r)
		if !o.reaches(l.px) || sz >= o.left() {
			break
		}
		sz += l.sz
	}
	return sz
}

// take fills the order with what the book has, as taker.
func (o *shadow) take() {
	for _, l := range o.other().top(len(o.other().levels)) {
		if !o.isOpen() || !o.reaches(l.px) {
			return
		}
		sz := min(o.left(), l.sz)
		if !o.QuoteSize.Absent() {
			if sz = o.affords(l.px); sz > l.sz {
				sz = l.sz
			} else {
				o.last = true
			}
		}
		if sz > 0 {
			o.a.fill(o, l.px, sz, false)
		}
	}
}

// affords is how much the rest of QuoteSize buys at a price, in whole steps.
func (o *shadow) affords(px int64) int64 {
	rest := o.QuoteSize.Sub(o.Cost)
	lots, ok := mantissa(rest.Quo(o.m.worth(px, o.m.step)).Trunc(0), 0)
	if !ok || o.QuoteSize.Cmp(o.Cost) <= 0 {
		return 0
	}
	return lots * o.m.step
}

// meet fills orders that rest as the market has moved: all of those that the best price of the other side has come to
// or a trade has gone past, and of those at whose price was traded since index from as much as that.
func (s *Server) meet(m *market, from int64) {
	for _, o := range slices.Clone(m.resting) {
		if o.takes() {
			o.fillAll()
			continue
		}
		for _, t := range m.trades.from(from) {
			switch {
			case !o.isOpen() || t.sell != o.buys():
			case t.px == o.px:
				o.a.fill(o, o.px, min(o.left(), t.sz), true)
			case o.buys() == (t.px < o.px):
				o.fillAll()
			}
		}
	}
}

// fillAll fills what is left at the order's price, in up to three parts.
func (o *shadow) fillAll() {
	for n := 1 + o.a.rng.IntN(3); o.isOpen(); n-- {
		part := o.left()
		if lots := part / o.m.step; n > 1 && lots > 1 {
			part = (1 + o.a.rng.Int64N(lots-1)) * o.m.step
		}
		o.a.fill(o, o.px, part, true)
	}
}

// cancel ends an open order at the customer's request, which may have an id of its own.
func (a *Account) cancel(o *shadow, request string) error {
	if !o.isOpen() {
		return OrderEnded
	}
	a.end(o, Canceled, ByCustomer, request)
	return nil
}

// cancelAll cancels the open orders that are wanted, and returns them.
func (a *Account) cancelAll(want func(o *shadow) bool) (done []*shadow) {
	for _, o := range slices.Clone(a.open) {
		if want(o) && a.cancel(o, "") == nil {
			done = append(done, o)
		}
	}
	return done
}

// end ends an order that is open.
func (a *Account) end(o *shadow, status Status, why, request string) {
	a.close(o, status, why)
	kind := OrderCanceled
	if status == Expired {
		kind = OrderExpired
	}
	a.tell(Event{Kind: kind, Order: o.Order, Request: request})
	a.settleUp("cancel")
}

// close takes an order out of the book.
func (a *Account) close(o *shadow, status Status, why string) {
	o.Status, o.Why, o.Updated = status, why, a.s.stamp()
	is := func(x *shadow) bool { return x == o }
	a.open = slices.DeleteFunc(a.open, is)
	o.m.resting = slices.DeleteFunc(o.m.resting, is)
	o.reserve()
}

// amendment is what is to be changed of an order; what is absent or empty stays as it is.
type amendment struct {
	price, size decimal.Decimal // size: with what is filled
	client      string          // the customer's own id, from now on
	request     string          // of the amendment itself
}

// amend changes an open order. What is refused leaves it as it was. Under mu.
func (a *Account) amend(o *shadow, c amendment) error {
	if !o.isOpen() {
		return OrderEnded
	}
	was, free := *o, true
	if !c.price.Absent() {
		o.Price = c.price
	}
	if !c.size.Absent() {
		o.Size = c.size
	}
	if c.client != "" {
		o.ClientID = c.client
	}
	px, okPrice := mantissa(o.Price, o.m.pscale)
	sz, okSize := mantissa(o.Size, o.m.sscale)
	o.px, o.sz = px, max(sz, o.done)
	o.Price, o.Size = decimal.New(px, o.m.pscale), decimal.New(sz, o.m.sscale)
	var err error
	switch {
	case !okPrice || px <= 0 || px%o.m.tick != 0:
		err = BadPrice
	case !okSize || sz <= 0 || sz%o.m.step != 0:
		err = BadSize
	case px == was.px && sz == was.sz && o.ClientID == was.ClientID:
		err = NoChange
	case o.PostOnly && !a.s.rules.expires && o.takes():
		err = WouldTake
	default:
		hold, need := o.needs()
		free = need.Sub(o.held).Cmp(hold.free()) <= 0
	}
	if !free {
		err = NoFunds
	}
	if err != nil {
		*o = was
		return err
	}
	if sz <= o.done {
		a.end(o, Canceled, Shrunk, c.request)
		return nil
	}
	o.Updated = a.s.stamp()
	o.reserve()
	a.tell(Event{Kind: OrderAmended, Order: o.Order, Request: c.request, Was: was.ClientID})
	a.settleUp("amend")
	o.match()
	return nil
}
