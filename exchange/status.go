package exchange

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/depthwire/depthwire/rest"
)

// FetchStatus returns whether the venue serves. Where parts of it say that alone, the first
// that is in maintenance answers for all. A venue that refuses the question for that reason
// has answered it.
func (c *Client) FetchStatus(ctx context.Context) (Status, error) {
	const op = "FetchStatus"
	ctx, cancel, err := c.begin(ctx, op)
	if err != nil {
		return Status{}, err
	}
	defer cancel()
	var all *Status
	asked := make(map[string]bool)
	for _, f := range c.venue.Families {
		k := &f.Pull.Status
		if k.Parse == nil || asked[f.Base.Name+k.Path] {
			continue
		}
		asked[f.Base.Name+k.Path] = true
		s, err := c.status(ctx, f)
		if err != nil || s.State != OK {
			return s, c.explain(f, op, "", err)
		}
		if all == nil {
			all = &s
		}
	}
	if all == nil {
		return Status{}, c.fail(op, "", ErrNotSupported, "")
	}
	return *all, nil
}

// status asks one family.
func (c *Client) status(ctx context.Context, f *Family) (Status, error) {
	rows, answer, err := ask(ctx, c, f, &f.Pull.Status, nil, Args{}, rest.Normal)
	var s Status
	var told *Error
	switch translated := c.translate(f, "", "", err); {
	case errors.Is(translated, ErrMaintenance) && errors.As(translated, &told):
		s = Status{Stamp: Stamp{Received: time.Now()}, State: Maintenance, Message: told.Message}
		if told.RetryAfter > 0 {
			s.Until = s.Received.Add(told.RetryAfter)
		}
	case answered(rows, err) != nil:
		return s, answered(rows, err)
	default:
		s = rows[max(slices.IndexFunc(rows, func(s Status) bool { return s.State != OK }), 0)]
		s.Received = answer.Received
	}
	switch {
	case s.State == OK:
		s.Family = ""
	case s.Family == "":
		s.Family = f.Name
	}
	s.Venue, s.Source = c.venue.Name, REST
	return s, nil
}

// FetchLiquidations returns the liquidations of a symbol that the venue tells of, oldest
// first. Without Since the newest are taken.
func (c *Client) FetchLiquidations(ctx context.Context, symbol string, r Range) ([]Liquidation, error) {
	const op = "FetchLiquidations"
	ctx, cancel, m, err := c.on(ctx, op, symbol)
	if err != nil {
		return nil, err
	}
	defer cancel()
	return many(ctx, c, op, m, &m.family.Pull.Liquidations, Args{Range: r}, sequence[Liquidation]{
		at: func(l *Liquidation) time.Time { return l.Time },
		id: func(l *Liquidation) string { // they have none
			return l.Time.String() + " " + string(l.Side) + " " + l.Price.String() + " " + l.Size.String()
		},
	})
}
