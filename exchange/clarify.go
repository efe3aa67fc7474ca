package exchange

import (
	"context"
	"errors"
	"time"
)

const (
	firstLook = 50 * time.Millisecond // after a lost answer; then twice as long, and so on
	mostLook  = time.Second
	margin    = 2 * time.Second  // the venue may answer from a copy that is a second old (Binance spot, section 7.2), and its clock may be a second behind
	giveUp    = 10 * time.Second // beyond that: a venue that cannot be asked for so long leaves it unknown
)

// looks are the times to ask what has become of an order, until ctx ends or so long after begun.
func looks(ctx context.Context, begun time.Time, within time.Duration, look func() (again bool)) (err error) {
	for pause := firstLook; ; pause = min(2*pause, mostLook) {
		if time.Since(begun)+pause > within {
			return nil
		}
		wait := time.NewTimer(pause)
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
			return context.Cause(ctx)
		}
		if !look() {
			return nil
		}
	}
}

// clarify finds out what has become of a new order whose answer was lost for the reason why. That it is not found proves something only
// when the venue may not act on it any more, and must be said by all who could know.
func (d *deed) clarify(ctx context.Context, why error) (o Order, err error) {
	in, expires, lost := d.ins[0], d.f.Trade.Expires, time.Now()
	outcome, trouble := Unknown, error(nil)
	ended := looks(ctx, lost, expires+margin+giveUp, func() bool {
		late := expires > 0 && time.Since(lost) > expires+margin
		var found bool
		o, found, err = d.find(ctx, late)
		switch {
		case found:
			outcome = Placed
		case err == nil && late:
			outcome = NotPlaced
		default:
			trouble = err
		}
		return outcome == Unknown
	})
	switch {
	case outcome == Placed && err == nil:
		o.complete(in)
		return o, nil
	case outcome == Unknown:
		err = errors.Join(why, trouble, ended)
	case outcome == NotPlaced:
		err = why
	}
	return Order{}, &OrderError{Outcome: outcome, ClientID: in.ClientID, Order: o, Err: d.told(err)}
}

// find looks for the new order: by its client id, and, where all who could know are to be asked, among the open orders and the fills. An
// order that is found by its fills alone comes with the reason why there is no more of it. Without found and err nobody has it.
func (d *deed) find(ctx context.Context, all bool) (o Order, found bool, err error) {
	in := d.ins[0]
	ms := []*Market{in.Market}
	o, err = d.look(ctx)
	if err == nil || !errors.Is(err, ErrOrderNotFound) && !errors.Is(err, ErrNotSupported) {
		return o, err == nil, err
	}
	absent := err
	if !all && errors.Is(err, ErrOrderNotFound) {
		return Order{}, false, nil
	}
	asked := errors.Is(err, ErrOrderNotFound)
	if k := &d.f.Pull.OpenOrders; k.serves(in.Market) {
		open, err := collect[Order](ctx, d.c, d.op, party[Order]{d.f, ms, []inquiry[Order]{{k, true}}}, Args{}, byCreated)
		if err != nil {
			return Order{}, false, err
		}
		for i := range open {
			if open[i].is(in.named()) {
				return open[i], true, nil
			}
		}
	}
	if k := &d.f.Pull.MyTrades; all && k.serves(in.Market) {
		since := d.c.http[d.f].Clock.Now().Add(-time.Since(d.begun) - time.Minute)
		fills, err := collect[Fill](ctx, d.c, d.op, party[Fill]{d.f, ms, []inquiry[Fill]{{k, false}}}, Args{Range: Range{Since: since}}, fillLedger.sequence)
		if err != nil {
			return Order{}, false, err
		}
		for _, f := range fills {
			if f.ClientID == in.ClientID && f.ClientID != "" {
				return Order{Stamp: f.Stamp, ID: f.OrderID, ClientID: f.ClientID, Side: f.Side}, true, absent
			}
		}
	}
	if !asked {
		return Order{}, false, absent
	}
	return Order{}, false, nil
}

// look asks for the order that the deed is about.
func (d *deed) look(ctx context.Context) (Order, error) {
	in := d.ins[0]
	lists := oneLedger.calls(&d.f.Pull)
	if len(lists) == 0 {
		return Order{}, d.c.fail(d.op, in.Market.Symbol, ErrNotSupported, "the venue cannot be asked for one order")
	}
	return d.c.order(ctx, d.op, party[Order]{d.f, []*Market{in.Market}, lists[0]}, in.named(), d.priority)
}

// endWithin is how long the state of an order is waited for that the venue has agreed to end.
const endWithin = 3 * time.Second

// ended looks whether an order whose cancelling was not answered has ended.
func (d *deed) ended(ctx context.Context) (o Order, known bool) {
	_ = looks(ctx, time.Now(), endWithin, func() bool {
		now, err := d.look(ctx)
		o, known = now, err == nil && now.terminal()
		return !known && err != nil && !errors.Is(err, ErrOrderNotFound) // one that is open, or that nobody knows, is cancelled once more
	})
	return o, known
}

// state is the order behind a cancellation that the venue has accepted, as it stands in the end.
func (d *deed) state(ctx context.Context, rows []Order) (o Order) {
	in := d.ins[0]
	o.ID, o.ClientID, o.Venue, o.Symbol = in.Ref.ID, in.Ref.ClientID, d.c.venue.Name, in.Market.Symbol
	if len(rows) > 0 {
		if rows[0].terminal() {
			return rows[0]
		}
		o.Received, o.Source = rows[0].Received, rows[0].Source
	}
	look := func() bool {
		if now, err := d.look(ctx); err == nil {
			o = now
		}
		return !o.terminal()
	}
	if look() {
		_ = looks(ctx, time.Now(), endWithin, look)
	}
	return o
}

// changed finds out whether an order was changed when the answer was lost for the reason why. An order that has ended, or that is as it was
// when the venue may not act on the request any more, was not.
func (d *deed) changed(ctx context.Context, why error) (o Order, outcome Outcome, err error) {
	in, expires, lost := d.ins[0], d.f.Trade.Expires, time.Now()
	outcome = Unknown
	var trouble error
	done := false
	ended := looks(ctx, lost, expires+margin+giveUp, func() bool {
		late := expires > 0 && time.Since(lost) > expires+margin
		o, trouble = d.look(ctx)
		done = trouble == nil && in.holds(&o)
		if trouble == nil && !done && (late || o.terminal()) {
			outcome = NotDone
		}
		return !done && outcome == Unknown
	})
	switch {
	case done:
		return o, "", nil
	case outcome == Unknown:
		why = errors.Join(why, trouble, ended)
	}
	return Order{}, outcome, d.told(why)
}

// holds reports whether an order is as the instruction wants it.
func (in *Instruction) holds(o *Order) bool {
	size := o.Size
	if !o.Contracts.Absent() {
		size = o.Contracts
	}
	return (in.Price.Absent() || in.Price.Equal(o.Price)) && (in.Amount.Absent() || in.Amount.Equal(size))
}
