package exchange

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/depthwire/depthwire/rest"
)

// CancelAllOrders cancels the open orders of the symbols, or of all markets of all families that are traded, and returns those that the venue
// names: some only say that it was done. Where the venue has no such thing the open orders are listed and cancelled one by one, or as many
// as go into one request. Families and markets that fail are told by the error, the orders of the others are there; that no order was
// open is no failure.
func (c *Client) CancelAllOrders(ctx context.Context, symbols ...string) ([]Order, error) {
	const op = "CancelAllOrders"
	failed := func(err error) ([]Order, error) { return nil, &OrderError{Outcome: NotDone, Err: err} }
	ctx, cancel, err := c.begin(ctx, op)
	if err != nil {
		return failed(err)
	}
	defer cancel()
	ms, err := c.find(ctx, op, symbols...)
	if err != nil {
		return failed(err)
	}
	var work []func() ([]Order, error)
	for _, f := range c.venue.Families {
		mine := slices.DeleteFunc(unique(ms), func(m *Market) bool { return m.family != f })
		switch {
		case len(symbols) > 0 && len(mine) == 0, len(symbols) == 0 && f.Trade.Cancel.Parse == nil:
		case f.Trade.Cancel.Parse == nil:
			return failed(c.fail(op, mine[0].Symbol, ErrNotSupported, ""))
		case len(mine) == 0:
			work = append(work, func() ([]Order, error) { return c.cancelWhole(ctx, op, f) })
		}
		for _, m := range mine {
			work = append(work, func() ([]Order, error) { return c.cancelMarket(ctx, op, m) })
		}
	}
	if len(work) == 0 {
		return failed(c.fail(op, "", ErrNotSupported, ""))
	}
	return beside(work)
}

// beside does parts of a work beside each other.
func beside(work []func() ([]Order, error)) ([]Order, error) {
	rows, errs := make([][]Order, len(work)), make([]error, len(work))
	var each errgroup.Group
	each.SetLimit(mostWorkers)
	for i, part := range work {
		each.Go(func() error {
			rows[i], errs[i] = part()
			return nil
		})
	}
	_ = each.Wait()
	return slices.Concat(rows...), errors.Join(errs...)
}

// cancelWhole cancels all orders of a family: at once, or of each market that has some, or one by one.
func (c *Client) cancelWhole(ctx context.Context, op string, f *Family) ([]Order, error) {
	all := &f.Trade.CancelAll
	if all.Parse != nil && all.Whole {
		return c.cancelAt(ctx, op, f, nil)
	}
	if k := &f.Pull.OpenOrders; k.Parse == nil || !k.Whole {
		return nil, &OrderError{Outcome: NotDone, Err: c.fail(op, "", ErrBadRequest, "symbols are needed: "+f.Name+" cannot be asked for all markets")}
	}
	if all.Parse == nil {
		return c.sweep(ctx, op, f, nil, time.Now())
	}
	open, err := c.open(ctx, op, f, nil)
	if err != nil {
		return nil, err
	}
	var work []func() ([]Order, error)
	seen := make(map[string]bool)
	for i := range open {
		if symbol := open[i].Symbol; !seen[symbol] {
			seen[symbol] = true
			work = append(work, func() ([]Order, error) {
				if m := c.market(f, symbol); m != nil {
					return c.cancelAt(ctx, op, f, m)
				}
				return nil, &OrderError{Outcome: NotDone, Err: c.fail(op, symbol, ErrBadSymbol, "")}
			})
		}
	}
	return beside(work)
}

// open lists what is open.
func (c *Client) open(ctx context.Context, op string, f *Family, ms []*Market) ([]Order, error) {
	k, q := &f.Pull.OpenOrders, byCreated
	if k.Parse == nil {
		return nil, &OrderError{Outcome: NotDone, Err: c.fail(op, "", ErrNotSupported, "the venue cannot be asked what is open")}
	}
	q.priority = rest.Cancel
	open, err := collect[Order](ctx, c, op, party[Order]{f, ms, []inquiry[Order]{{k, true}}}, Args{}, q)
	if err != nil {
		return nil, &OrderError{Outcome: NotDone, Err: err}
	}
	return open, nil
}

// cancelMarket cancels the orders of a market.
func (c *Client) cancelMarket(ctx context.Context, op string, m *Market) ([]Order, error) {
	if m.family.Trade.CancelAll.Parse != nil {
		return c.cancelAt(ctx, op, m.family, m)
	}
	return c.sweep(ctx, op, m.family, []*Market{m}, time.Now())
}

// cancelAt has the venue cancel all orders of a market, or of the family. When the answer is lost those that were open before are listed: to
// say it twice could hit new ones.
func (c *Client) cancelAt(ctx context.Context, op string, f *Family, m *Market) ([]Order, error) {
	in, begun := &Instruction{Market: m}, time.Now()
	var ms []*Market
	if m != nil {
		in.Symbol, ms = m.Symbol, []*Market{m}
	}
	d := &deed{c: c, f: f, op: op, action: &f.Trade.CancelAll, ins: []*Instruction{in}, priority: rest.Cancel}
	rows, sure, err := d.do(ctx)
	switch {
	case err == nil:
		return rows, nil
	case !sure:
		more, left := c.sweep(ctx, op, f, ms, begun)
		if left != nil {
			left = errors.Join(left, err)
		}
		return append(rows, more...), left
	case errors.Is(err, ErrOrderNotFound):
		return rows, nil
	}
	return rows, &OrderError{Outcome: NotDone, Err: err}
}

// sweeps is how often orders that are still open are cancelled.
const sweeps = 3

// sweep lists the orders that are open since before begun, and cancels them by their ids.
func (c *Client) sweep(ctx context.Context, op string, f *Family, ms []*Market, begun time.Time) (gone []Order, err error) {
	open, err := c.open(ctx, op, f, ms)
	if err != nil {
		return nil, err
	}
	before := c.http[f].Clock.Now().Add(-time.Since(begun))
	open = slices.DeleteFunc(open, func(o Order) bool { return o.Created.After(before.Add(time.Second)) })
	for try := 0; len(open) > 0 && try < sweeps; try++ {
		var ended []Order
		if open, ended, err = c.cancelListed(ctx, op, f, open); ctx.Err() != nil {
			err = errors.Join(err, context.Cause(ctx))
		}
		gone = append(gone, ended...)
	}
	if len(open) > 0 {
		why := &Error{Venue: c.venue.Name, Op: op, Kind: ErrUnavailable, Message: fmt.Sprintf("%d orders may still be open", len(open)), Err: err}
		return gone, &OrderError{Outcome: Unknown, Err: why}
	}
	return gone, nil
}

// cancelListed cancels orders, as many in one request as the venue takes, and looks what has become of each.
func (c *Client) cancelListed(ctx context.Context, op string, f *Family, open []Order) (left, gone []Order, err error) {
	deeds := make([]*deed, 0, len(open))
	for i := range open {
		if m := c.market(f, open[i].Symbol); m != nil {
			deeds = append(deeds, c.cancelling(op, m, Ref{ID: open[i].ID}))
		} else {
			left = append(left, open[i])
		}
	}
	batches := slices.Collect(slices.Chunk(deeds, max(f.Trade.Cancel.Batch, 1)))
	errs, now := make([]error, len(batches)), make([]Order, len(deeds))
	var each errgroup.Group
	each.SetLimit(mostWorkers)
	for i, batch := range batches {
		each.Go(func() error {
			all := *batch[0]
			all.ins = nil
			for _, d := range batch {
				all.ins = append(all.ins, d.ins...)
			}
			var rows []Order
			rows, _, errs[i] = all.do(ctx)
			for j, d := range batch {
				mine := slices.DeleteFunc(slices.Clone(rows), func(o Order) bool { return !o.is(d.ins[0].Ref) })
				now[i*max(f.Trade.Cancel.Batch, 1)+j] = d.state(ctx, mine)
			}
			return nil
		})
	}
	_ = each.Wait()
	for i := range now {
		if now[i].terminal() || now[i].Status == "" && errs[i/max(f.Trade.Cancel.Batch, 1)] == nil {
			gone = append(gone, now[i])
		} else {
			left = append(left, now[i])
		}
	}
	return left, gone, errors.Join(errs...)
}

// cancelling is the deed of cancelling one order.
func (c *Client) cancelling(op string, m *Market, ref Ref) *deed {
	in := &Instruction{NewOrder: NewOrder{Symbol: m.Symbol}, Ref: ref, Market: m}
	return &deed{c: c, f: m.family, op: op, action: &m.family.Trade.Cancel, ins: []*Instruction{in}, priority: rest.Cancel}
}

// market returns the market of a symbol of a family, nil when it is not known.
func (c *Client) market(f *Family, symbol string) *Market {
	index, _ := c.known()
	if m := index.Symbol(symbol); m != nil && m.family == f {
		return m
	}
	return index.Names(f.Name).ByID([]byte(symbol)) // a hidden one, or one that is in no list
}
