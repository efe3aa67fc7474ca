package exchange

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/depthwire/depthwire/rest"
)

// ask makes one REST call and reads the answer.
func ask[T any](ctx context.Context, c *Client, f *Family, k *Call[T], ms []*Market, a Args, p rest.Priority) ([]T, *rest.Response, error) {
	r := &rest.Request{Path: k.Path, Priority: p}
	if k.Cost != nil {
		r.Charges = k.Cost(ms, a)
	}
	if k.Request != nil {
		if err := k.Request(r, ms, a); err != nil {
			return nil, nil, err
		}
	}
	r.Signed = f.Token != ""
	answer, err := c.send(ctx, f, r)
	if err != nil {
		return nil, nil, err
	}
	if age := rest.Age(answer.Header); k.MaxAge > 0 && age > k.MaxAge {
		return nil, answer, &Error{Venue: c.venue.Name, Kind: ErrUnavailable, Message: "the answer is a cache's and " + age.String() + " old"}
	}
	index, _ := c.known()
	scope := Scope{Markets: index.Names(f.Name), Args: a, Received: answer.Received}
	if len(ms) == 1 {
		scope.Market = ms[0]
	}
	rows, err := k.Parse(nil, &scope, answer.Body)
	var told *Error
	switch {
	case errors.As(err, &told): // understood, but no answer to what was asked
		return nil, answer, err
	case err != nil:
		return nil, answer, &Error{Venue: c.venue.Name, Kind: ErrMalformed, Err: err}
	}
	return rows, answer, nil
}

// request is ask for those who need the values alone.
func request[T any](ctx context.Context, c *Client, f *Family, k *Call[T], ms []*Market, a Args, p rest.Priority) ([]T, error) {
	rows, _, err := ask(ctx, c, f, k, ms, a, p)
	return rows, err
}

// pull fetches the values of one market, or of several in one request, and stamps them.
func pull[T any, P stamped[T]](ctx context.Context, c *Client, f *Family, k *Call[T], ms []*Market, a Args) ([]T, error) {
	rows, answer, err := ask(ctx, c, f, k, ms, a, rest.Normal)
	if err != nil {
		return nil, err
	}
	for i := range rows {
		s := P(&rows[i]).stamp()
		s.Venue, s.Received, s.Source = c.venue.Name, answer.Received, REST
		if s.Symbol == "" && len(ms) == 1 {
			s.Symbol = ms[0].Symbol
		}
		if c.o.Raw {
			s.Raw = answer.Body
		}
	}
	return slices.DeleteFunc(rows, func(v T) bool { return P(&v).stamp().Symbol == "" }), nil
}

// serves reports whether the call is there for a market.
func (k *Call[T]) serves(m *Market) bool { return k.Parse != nil && (k.For == nil || k.For(m)) }

// one fetches the single value of one market.
func one[T any, P stamped[T]](ctx context.Context, c *Client, op string, m *Market, k *Call[T], a Args) (v T, err error) {
	if !k.serves(m) {
		return v, c.fail(op, m.Symbol, ErrNotSupported, "")
	}
	rows, err := pull[T, P](ctx, c, m.family, k, []*Market{m}, a)
	for i := range rows {
		if P(&rows[i]).stamp().Symbol == m.Symbol {
			return rows[i], nil
		}
	}
	if err == nil {
		err = errNothing
	}
	return v, c.explain(m.family, op, m.Symbol, err)
}

var errNothing = errors.New("exchange: the answer does not speak of the symbol")

// explain is translate with the operation filled in where a part of it failed.
func (c *Client) explain(f *Family, op, symbol string, err error) error {
	var e *Error
	if errors.As(err, &e) && e.Op == "" {
		e.Op, e.Symbol = op, symbol
	}
	if errors.Is(err, errNothing) {
		return &Error{Venue: c.venue.Name, Op: op, Symbol: symbol, Kind: ErrBadSymbol, Err: err}
	}
	return c.translate(f, op, symbol, err)
}

// sequence tells how values of one kind that come in pages are put together.
type sequence[T any] struct {
	at func(*T) time.Time
	id func(*T) string // by which a value that two pages have is known

	byID bool // Range.FromID has a meaning
}

// morePages bounds a call that would go on for ever.
const morePages = 10_000

// many fetches the values of a range, over as many pages as it takes, oldest first.
func many[T any, P stamped[T]](ctx context.Context, c *Client, op string, m *Market, k *Call[T], a Args, q sequence[T]) ([]T, error) {
	if !k.serves(m) {
		return nil, c.fail(op, m.Symbol, ErrNotSupported, "")
	}
	want := a.Range
	if want.Limit < 0 || (!want.Until.IsZero() && !want.Since.Before(want.Until)) {
		return nil, c.fail(op, m.Symbol, ErrBadRequest, "empty range")
	}
	if want.FromID != "" && !q.byID {
		return nil, c.fail(op, m.Symbol, ErrBadRequest, "FromID is for trades: others have no ids")
	}
	got := pages[T]{want: want, sequence: q, seen: make(map[string]bool)}
	for range morePages {
		page, err := pull[T, P](ctx, c, m.family, k, []*Market{m}, a)
		if err != nil {
			return nil, c.explain(m.family, op, m.Symbol, err)
		}
		slices.SortStableFunc(page, func(x, y T) int { return q.at(&x).Compare(q.at(&y)) })
		news := got.add(page)
		if k.Page == nil || (!news && (!k.Sparse || len(page) > 0)) || (want.Limit == 0 && want.Since.IsZero() && want.FromID == "") {
			break
		}
		next, more := k.Page(page, a)
		// Who goes back to Since has the oldest, which count, on his last page.
		back := !want.Since.IsZero() && !next.Range.Until.Equal(a.Range.Until)
		if !more || (want.Limit > 0 && len(got.all) >= want.Limit && !back) {
			break
		}
		a = next
	}
	slices.SortStableFunc(got.all, func(x, y T) int { return q.at(&x).Compare(q.at(&y)) })
	return clip(got.all, want), nil
}

// pages puts together what comes in pages.
type pages[T any] struct {
	sequence[T]
	want Range
	all  []T
	seen map[string]bool
}

// add takes a page, oldest first, and reports whether it had anything new.
func (p *pages[T]) add(page []T) bool {
	before := len(p.seen)
	var fresh []T
	for i := range page {
		id := p.id(&page[i])
		if !p.seen[id] && p.want.holds(p.at(&page[i])) {
			fresh = append(fresh, page[i])
		}
		p.seen[id] = true
	}
	if len(p.all) > 0 && len(fresh) > 0 && p.at(&fresh[0]).Before(p.at(&p.all[0])) { // pages that go back: equals stay in order
		p.all, fresh = fresh, p.all
	}
	p.all = append(p.all, fresh...)
	return len(p.seen) > before
}

// clip leaves as many as were asked for, from the end that counts.
func clip[T any](all []T, want Range) []T {
	switch {
	case want.Limit == 0 || len(all) <= want.Limit:
		return all
	case want.Since.IsZero() && want.FromID == "":
		return all[len(all)-want.Limit:]
	}
	return all[:want.Limit]
}

// interval checks the length of a candle.
func (c *Client) interval(op string, m *Market, i Interval) error {
	if _, ok := m.family.Intervals[i]; ok || len(m.family.Intervals) == 0 {
		return nil
	}
	known := make([]string, 0, len(m.family.Intervals))
	for k := range m.family.Intervals {
		known = append(known, string(k))
	}
	slices.SortFunc(known, func(a, b string) int { return int(Interval(a).Duration()/1e9) - int(Interval(b).Duration()/1e9) })
	return c.fail(op, m.Symbol, ErrBadRequest, fmt.Sprintf("interval %q; there are %s", i, strings.Join(known, " ")))
}

// escape doubles what separates a dial address from its options.
func escape(address string) string { return strings.ReplaceAll(address, "|", "||") }
