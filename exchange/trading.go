package exchange

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"

	"github.com/depthwire/depthwire/rest"
)

// What the methods that change orders have in common: they need Options.Credentials. The venue is told over its socket where it has one
// for that, and by REST where it has none or nothing has left on the socket. Nothing is sent a second time as long as the first may have
// been heard: when an answer is lost the venue is asked what has become of the order, by its id, until it is known or ctx ends. Errors
// are *OrderError, which says what is known, around *Error. Money cannot be withdrawn.

// CreateOrder places an order, and returns it as the venue has answered: what it has not said and o does not say is absent. The order has
// o's ClientID, or one that is made for it. What breaks a rule of the market is not sent: the error is ErrInvalidOrder, and an
// *InvalidOrder below it says which rule, and what would keep it. Without an error the order was placed; it may be filled, or
// have expired, already.
func (c *Client) CreateOrder(ctx context.Context, o NewOrder) (Order, error) {
	const op = "CreateOrder"
	failed := func(err error) (Order, error) {
		return Order{}, &OrderError{Outcome: NotPlaced, ClientID: o.ClientID, Err: err}
	}
	ctx, cancel, m, err := c.on(ctx, op, o.Symbol)
	if err != nil {
		return failed(err)
	}
	defer cancel()
	t := &m.family.Trade
	if t.Create.Parse == nil {
		return failed(c.fail(op, m.Symbol, ErrNotSupported, ""))
	}
	in, broken := instruct(m, t, &o)
	if broken != nil {
		return failed(c.invalid(op, m, broken))
	}
	if o.ClientID == "" && t.ClientID != nil {
		o.ClientID = t.ClientID(rand.Uint64())
	}
	in.Symbol, in.ClientID = m.Symbol, o.ClientID
	c.accounts.met.meet(m.family, m.Symbol) // so that its fills are asked for
	d := &deed{c: c, f: m.family, op: op, action: &t.Create, ins: []*Instruction{in}, priority: rest.Order}
	rows, sure, err := d.do(ctx)
	switch {
	case err != nil && sure:
		return failed(err)
	case err != nil || len(rows) == 0 || rows[0].ID == "":
		return d.clarify(ctx, cmp.Or(err, c.fail(op, m.Symbol, ErrMalformed, "the answer names no order")))
	}
	rows[0].complete(in)
	return rows[0], nil
}

// CancelOrder cancels an order, and returns it as it stands then. Where the venue has accepted that but does not say the state, it is
// asked for; Status is open while the cancellation is not done, and empty where the state cannot be had. One that is filled,
// cancelled or unknown already is ErrOrderNotFound.
func (c *Client) CancelOrder(ctx context.Context, symbol string, ref Ref) (Order, error) {
	const op = "CancelOrder"
	failed := func(outcome Outcome, err error) (Order, error) {
		return Order{}, &OrderError{Outcome: outcome, ClientID: ref.ClientID, Err: err}
	}
	ctx, cancel, m, err := c.on(ctx, op, symbol)
	if err != nil {
		return failed(NotDone, err)
	}
	defer cancel()
	t := &m.family.Trade
	switch {
	case t.Cancel.Parse == nil:
		return failed(NotDone, c.fail(op, m.Symbol, ErrNotSupported, ""))
	case ref == (Ref{}):
		return failed(NotDone, c.fail(op, m.Symbol, ErrBadRequest, "an id is needed"))
	}
	d := c.cancelling(op, m, ref)
	rows, sure, err := d.do(ctx)
	if err != nil && !sure { // it may be asked for again: what is cancelled twice is cancelled
		if o, known := d.ended(ctx); known {
			return o, nil
		}
		var again error
		if rows, _, again = d.do(ctx); again != nil {
			if o, known := d.ended(ctx); known {
				return o, nil
			}
			return failed(Unknown, errors.Join(err, again))
		}
		err = nil
	}
	if err != nil {
		return failed(NotDone, err)
	}
	return d.state(ctx, rows), nil
}

// EditOrder changes an order: of its price and its size what change has. Symbol is always needed, some venues want Side and both numbers. Size
// is the whole size, with what is filled. It returns the order as the venue has answered. Where the venue has no such thing it is
// ErrNotSupported: cancelling an order and placing another is the caller's to decide.
func (c *Client) EditOrder(ctx context.Context, ref Ref, change NewOrder) (Order, error) {
	const op = "EditOrder"
	failed := func(outcome Outcome, err error) (Order, error) {
		return Order{}, &OrderError{Outcome: outcome, ClientID: ref.ClientID, Err: err}
	}
	ctx, cancel, m, err := c.on(ctx, op, change.Symbol)
	if err != nil {
		return failed(NotDone, err)
	}
	defer cancel()
	t := &m.family.Trade
	switch {
	case t.Edit.Parse == nil:
		return failed(NotDone, c.fail(op, m.Symbol, ErrNotSupported, ""))
	case ref == (Ref{}):
		return failed(NotDone, c.fail(op, m.Symbol, ErrBadRequest, "an id is needed"))
	}
	in, broken := amend(m, t, ref, &change)
	if broken != nil {
		return failed(NotDone, c.invalid(op, m, broken))
	}
	in.Symbol = m.Symbol
	d := &deed{c: c, f: m.family, op: op, action: &t.Edit, ins: []*Instruction{in}, priority: rest.Order}
	rows, sure, err := d.do(ctx)
	switch {
	case err != nil && sure:
		return failed(NotDone, err)
	case err != nil || len(rows) == 0:
		o, outcome, err := d.changed(ctx, cmp.Or(err, c.fail(op, m.Symbol, ErrMalformed, "the answer names no order")))
		if err != nil {
			return failed(outcome, err)
		}
		return o, nil
	}
	o := rows[0]
	o.ID, o.ClientID = cmp.Or(o.ID, ref.ID), cmp.Or(o.ClientID, ref.ClientID)
	return o, nil
}

func (c *Client) invalid(op string, m *Market, broken *InvalidOrder) error {
	return &Error{Venue: c.venue.Name, Op: op, Symbol: m.Symbol, Kind: ErrInvalidOrder, Err: broken}
}

// complete puts what an order was placed with where the venue has not said it.
func (o *Order) complete(in *Instruction) {
	o.ClientID, o.Side, o.Type = cmp.Or(o.ClientID, in.ClientID), cmp.Or(o.Side, in.Side), cmp.Or(o.Type, in.Type)
	o.TimeInForce = cmp.Or(o.TimeInForce, in.TimeInForce)
	o.PostOnly, o.ReduceOnly = o.PostOnly || in.PostOnly, o.ReduceOnly || in.ReduceOnly
	if o.Price.Absent() {
		o.Price = in.Price
	}
	if o.Size.Absent() && o.Contracts.Absent() && o.QuoteSize.Absent() {
		o.QuoteSize = in.QuoteSize
		if o.Size, o.Contracts = in.Market.Sized(in.Amount, in.Price); in.Amount.Absent() {
			o.Contracts = in.Amount
		}
	}
}
