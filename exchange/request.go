package exchange

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/depthwire/depthwire/rest"
)

// ask makes one REST call and reads the answer.
func ask[T any](ctx context.Context, c *Client, f *Family, k *Call[T], ms []*Market, a Args, p rest.Priority) ([]T, *rest.Response, error) {
	r := &rest.Request{Method: k.Method, Path: k.Path, Priority: p, Idempotent: true} // all that is asked only reads
	if k.Signed && any(k) != any(&f.Account) {
		var err error
		if a.Account, err = c.account(ctx, f); err != nil {
			return nil, nil, err
		}
	}
	if k.Cost != nil {
		r.Charges = k.Cost(ms, a)
	}
	if k.Request != nil {
		if err := k.Request(r, ms, a); err != nil {
			return nil, nil, err
		}
	}
	r.Signed = k.Signed || f.Token != ""
	answer, err := c.send(ctx, f, r)
	if err != nil {
		return nil, nil, err
	}
	if c.o.Tap != nil && !k.Signed {
		c.overheard(f, r, answer)
	}
	if age := rest.Age(answer.Header); k.MaxAge > 0 && age > k.MaxAge {
		return nil, answer, &Error{Venue: c.venue.Name, Kind: ErrUnavailable, Message: "the answer is a cache's and " + age.String() + " old"}
	}
	scope := c.scope(f, a, k.Signed)
	if scope.Received = answer.Received; len(ms) == 1 {
		scope.Market = ms[0]
	}
	rows, err := k.Parse(nil, &scope, answer.Body)
	if len(scope.strays) > 0 { // what the account has must not be left out because a market is not known
		if err := c.acquaint(ctx, f, scope.strays); err != nil {
			return nil, answer, err
		}
		again := c.scope(f, a, true)
		again.Received = answer.Received
		if rows, err = k.Parse(nil, &again, answer.Body); err == nil && len(again.strays) > 0 {
			err = fmt.Errorf("exchange: market %s is not known", again.strays[0])
		}
	}
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
func pull[T any, P stamped[T]](ctx context.Context, c *Client, f *Family, k *Call[T], ms []*Market, a Args, p rest.Priority) ([]T, error) {
	rows, answer, err := ask(ctx, c, f, k, ms, a, p)
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
	if k.Signed { // balances and transactions have no symbol
		return rows, nil
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
	rows, err := pull[T, P](ctx, c, m.family, k, []*Market{m}, a, rest.Normal)
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
