package exchange

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/depthwire/depthwire/rest"
)

// What REST is asked, so that what is known of the account is whole.

// question is what is wanted of REST.
type question struct {
	op       string
	since    time.Time // what happened later is wanted, on the venue's clock
	floor    time.Time // when, on the venue's clock, anybody began to want anything
	first    bool      // nothing has been asked before
	all      bool      // of all markets
	markets  []*Market // that are known to matter
	priority rest.Priority
}

// answer is what REST said.
type answer[T any] struct {
	parts    []answerPart[T]
	err      error // some could not be asked, and can be later
	unproven error // some can never be asked
}

// answerPart is the answer to one question, or to the pages of one.
type answerPart[T any] struct {
	rows   []T
	o      origin
	asked  time.Time                // on the venue's clock
	covers func(symbol string) bool // the markets whose values were all listed; nil: none
	whole  bool                     // there is no other call
}

// fewMarkets is how many are asked about one by one though all could be: it costs less.
const fewMarkets = 5

// list asks for what a ledger has in a family: of all markets where that is wanted and can be done, else of those that are known.
func list[T any, P stamped[T]](ctx context.Context, c *Client, f *Family, q *question, kept ledger[T], r Range) (a answer[T]) {
	kept.priority = q.priority
	lists := kept.calls(&f.Pull)
	for i, calls := range lists {
		able := !kept.markets || !slices.ContainsFunc(calls, func(k inquiry[T]) bool { return !k.Whole })
		parties := []party[T]{{f: f, calls: calls}}
		if kept.markets && (!able || !q.all && len(q.markets) <= fewMarkets) {
			parties = nil
			mine := slices.DeleteFunc(slices.Clone(q.markets), func(m *Market) bool { return m.family.Name != f.Name || !calls[0].serves(m) })
			for batch := range slices.Chunk(mine, max(calls[0].Batch, 1)) {
				parties = append(parties, party[T]{f, batch, calls})
			}
			if q.all && !able && !q.first {
				a.unproven = fmt.Errorf("exchange: %s of %s can be asked for %d markets only, not for all", q.op, f.Name, len(mine))
			}
		}
		for _, who := range parties {
			asked := time.Now()
			rows, err := collect[T, P](ctx, c, q.op, who, Args{Range: r}, kept.sequence)
			if err != nil {
				a.err = errors.Join(a.err, err)
				continue
			}
			a.parts = append(a.parts, answerPart[T]{rows, origin{asked: asked, at: asked, call: i, floor: q.floor}, asked.Add(c.http[f].Clock.Offset()), who.about, len(lists) == 1})
		}
	}
	return a
}

// about reports whether a party is asked about a symbol.
func (p *party[T]) about(symbol string) bool {
	return len(p.ms) == 0 || slices.ContainsFunc(p.ms, func(m *Market) bool { return m.Symbol == symbol })
}

func (s *balanceState) question(c *Client, f *Family, q question) func(context.Context) answer[Balance] {
	return func(ctx context.Context) answer[Balance] { return list[Balance](ctx, c, f, &q, balanceLedger, Range{}) }
}

func (s *balanceState) apply(dst []Balance, a *answer[Balance], held []heldValue[Balance]) []Balance {
	for i := range a.parts {
		p := &a.parts[i]
		for j := range p.rows {
			dst = s.take(dst, &p.rows[j], p.o)
		}
		dst = s.gone(dst, p.rows, p.o, p.whole)
	}
	return taken(dst, held, s.take)
}

// taken takes what was held, in the order in which it was pushed.
func taken[T any](dst []T, held []heldValue[T], take func([]T, *T, origin) []T) []T {
	for i := range held {
		dst = take(dst, &held[i].v, held[i].o)
	}
	return dst
}

func (s *positionState) question(c *Client, f *Family, q question) func(context.Context) answer[Position] {
	return func(ctx context.Context) answer[Position] {
		return list[Position](ctx, c, f, &q, positionLedger, Range{})
	}
}

func (s *positionState) apply(dst []Position, a *answer[Position], held []heldValue[Position]) []Position {
	for i := range a.parts {
		p := &a.parts[i]
		dst = s.gone(dst, p.rows, p.o, p.covers) // before others are opened
		for j := range p.rows {
			dst = s.take(dst, &p.rows[j], p.o)
		}
	}
	return taken(dst, held, s.take)
}

func (s *fillState) question(c *Client, f *Family, q question) func(context.Context) answer[Fill] {
	return func(ctx context.Context) answer[Fill] {
		var learned error
		if k := &f.Pull.OpenOrders; q.all && !f.Pull.MyTrades.Whole && k.Parse != nil && k.Whole {
			open := list[Order](ctx, c, f, &question{op: q.op, all: true, priority: q.priority}, openLedger, Range{})
			learned = open.err
			for i := range open.parts {
				q.markets = append(q.markets, c.marketsOf(open.parts[i].rows, q.markets)...)
			}
		}
		a := list[Fill](ctx, c, f, &q, fillLedger, Range{Since: q.since})
		a.err = errors.Join(learned, a.err)
		return a
	}
}

// marketsOf returns the markets of orders that are not among those known.
func (c *Client) marketsOf(rows []Order, known []*Market) (ms []*Market) {
	index, _ := c.known()
	for i := range rows {
		if m := index.Symbol(rows[i].Symbol); m != nil && !slices.Contains(known, m) && !slices.Contains(ms, m) {
			ms = append(ms, m)
		}
	}
	return ms
}

// apply leaves what was filled after the first of several questions to what is pushed, or to the next questions: of the markets that
// were asked about first some of that time may be missing.
func (s *fillState) apply(dst []Fill, a *answer[Fill], held []heldValue[Fill]) []Fill {
	for i := range a.parts {
		a.parts[i].rows = slices.DeleteFunc(a.parts[i].rows, func(f Fill) bool { return f.Time.After(a.parts[0].asked) })
	}
	return taken(dst, inOrder(a, held), s.take)
}

func (s *fillState) all(dst []Fill) []Fill { return dst }

// inOrder puts what REST says and what was held in the order of the venue's time.
func inOrder[T any, P stamped[T]](a *answer[T], held []heldValue[T]) []heldValue[T] {
	var all []heldValue[T]
	for i := range a.parts {
		p := &a.parts[i]
		for j := range p.rows {
			all = append(all, heldValue[T]{p.rows[j], p.o})
		}
	}
	all = append(all, held...)
	slices.SortStableFunc(all, func(x, y heldValue[T]) int { return moment[T, P](&x).Compare(moment[T, P](&y)) })
	return all
}

// moment is when something was, as well as it is known.
func moment[T any, P stamped[T]](h *heldValue[T]) time.Time {
	if at := P(&h.v).stamp().Time; !at.IsZero() {
		return at
	}
	return h.o.at
}

// history is how long ago a transaction may have begun that is not completed when it is watched for the first time.
const history = 7 * 24 * time.Hour

func (s *transactionState) question(c *Client, f *Family, q question) func(context.Context) answer[Transaction] {
	if q.first {
		q.since = q.since.Add(-history)
	}
	for _, k := range s.known.known {
		if (k.status == TransactionPending || k.status == "") && !k.time.IsZero() && k.time.Before(q.since) {
			q.since = k.time
		}
	}
	return func(ctx context.Context) answer[Transaction] {
		return list[Transaction](ctx, c, f, &q, s.ledger, Range{Since: q.since})
	}
}

func (s *transactionState) apply(dst []Transaction, a *answer[Transaction], held []heldValue[Transaction]) []Transaction {
	return taken(dst, inOrder(a, held), s.take)
}

func (s *transactionState) all(dst []Transaction) []Transaction { return dst }

// Forgotten is the State of an order of which all that is known is that it was open, and is not any more: the venue does not know it. It counts
// as canceled. What was filled of it since is in the fills.
const Forgotten = "forgotten"

// young is how long an order may be open before the venue's copies all know it.
const young = 10 * time.Second

var errYoung = errors.New("exchange: an order that was just open is not listed yet")

// question asks for the open orders first, and then for those that are closed: one that is closed meanwhile is in both. What was open,
// and is in none, is asked for one by one.
func (s *orderState) question(c *Client, f *Family, q question) func(context.Context) answer[Order] {
	known := make([]keptOrder, 0, len(s.open))
	for _, k := range s.open {
		known = append(known, *k)
	}
	return func(ctx context.Context) answer[Order] {
		a := list[Order](ctx, c, f, &q, openLedger, Range{})
		missing := slices.DeleteFunc(known, func(k keptOrder) bool {
			return !slices.ContainsFunc(a.parts, func(p answerPart[Order]) bool { return p.covers(k.Symbol) })
		})
		missing = notIn(missing, a.parts)
		closed := list[Order](ctx, c, f, &q, closedLedger, Range{Since: q.since})
		if len(closedLedger.calls(&f.Pull)) == 0 && !q.first {
			closed.unproven = fmt.Errorf("exchange: %s does not tell of closed orders", f.Name)
		}
		for i := range closed.parts {
			closed.parts[i].covers = nil // of what is open they say nothing
		}
		a.parts = append(a.parts, closed.parts...)
		a.err, a.unproven = errors.Join(a.err, closed.err), errors.Join(a.unproven, closed.unproven)
		for _, k := range notIn(missing, closed.parts) {
			found, unproven, err := seek(ctx, c, f, &q, &k)
			if err == nil {
				a.parts = append(a.parts, found)
			}
			a.err, a.unproven = errors.Join(a.err, err), errors.Join(a.unproven, unproven)
		}
		return a
	}
}

// notIn leaves the orders that no answer has.
func notIn(orders []keptOrder, parts []answerPart[Order]) []keptOrder {
	listed := make(map[orderKey]bool)
	for i := range parts {
		for j := range parts[i].rows {
			listed[parts[i].rows[j].known()] = true
		}
	}
	return slices.DeleteFunc(orders, func(k keptOrder) bool { return listed[k.known()] })
}

// seek asks for one order that was open.
func seek(ctx context.Context, c *Client, f *Family, q *question, k *keptOrder) (p answerPart[Order], unproven, err error) {
	asked := time.Now()
	v, err := Order{}, c.fail(q.op, k.Symbol, ErrOrderNotFound, "")
	index, _ := c.known()
	if lists, m := oneLedger.calls(&f.Pull), index.Symbol(k.Symbol); len(lists) > 0 && m != nil {
		v, err = c.order(ctx, q.op, party[Order]{f, []*Market{m}, lists[0]}, Ref{ID: k.ID}, q.priority)
	}
	switch {
	case errors.Is(err, ErrOrderNotFound) && time.Since(k.at) < young:
		return p, nil, errYoung
	case errors.Is(err, ErrOrderNotFound):
		v, err = k.Order, nil
		v.Status, v.State, v.Source, v.Received = OrderCanceled, Forgotten, REST, asked
		unproven = fmt.Errorf("exchange: order %s is not open, and the venue does not know it any more", k.ID)
	case err != nil:
		return p, nil, err
	}
	return answerPart[Order]{rows: []Order{v}, o: origin{asked: asked, at: asked, floor: q.floor}}, unproven, nil
}

func (s *orderState) apply(dst []Order, a *answer[Order], held []heldValue[Order]) []Order {
	return taken(dst, inOrder(a, held), s.take)
}
