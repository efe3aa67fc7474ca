package exchange

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/depthwire/depthwire/rest"
)

// What the Fetch methods of the account have in common: they need Options.Credentials. Without symbols, or with an empty one, they speak of
// all markets of all families where the venue can be asked so, and are an ErrBadRequest that says it where it cannot. Families and accounts
// that fail are told by the error, what the others said is there. A value whose market is in no list of the venue, loaded anew, has the
// venue's id for its Symbol and, of contracts, no Size: how much one of them is is not known.

// FetchBalance returns what all accounts behind the key have, in no particular order; Balance.Account says whose it is. An account that
// fails is named by the error, those of the others are there.
func (c *Client) FetchBalance(ctx context.Context) ([]Balance, error) {
	return fetchAccount(ctx, c, "FetchBalance", balanceLedger, nil, Args{})
}

// FetchOrders returns orders in any status, by when they were created, oldest first; without Since the newest. How far back the venue
// tells of those that are closed says docs/venues.md: some forget an order that was cancelled without a fill within hours.
func (c *Client) FetchOrders(ctx context.Context, symbol string, r Range) ([]Order, error) {
	return fetchAccount(ctx, c, "FetchOrders", orderLedger, named(symbol), Args{Range: r})
}

// FetchClosedOrders is FetchOrders of those that are filled, cancelled, expired or rejected.
func (c *Client) FetchClosedOrders(ctx context.Context, symbol string, r Range) ([]Order, error) {
	return fetchAccount(ctx, c, "FetchClosedOrders", closedLedger, named(symbol), Args{Range: r})
}

// FetchOpenOrders returns the open orders of the symbols, or of all markets, by when they were created.
func (c *Client) FetchOpenOrders(ctx context.Context, symbols ...string) ([]Order, error) {
	return fetchAccount(ctx, c, "FetchOpenOrders", openLedger, symbols, Args{})
}

// FetchMyTrades returns the fills of the account, oldest first; without Since and FromID the newest.
func (c *Client) FetchMyTrades(ctx context.Context, symbol string, r Range) ([]Fill, error) {
	return fetchAccount(ctx, c, "FetchMyTrades", fillLedger, named(symbol), Args{Range: r})
}

// FetchPositions returns the positions of the symbols, or all. Those that are closed are not there.
func (c *Client) FetchPositions(ctx context.Context, symbols ...string) ([]Position, error) {
	return fetchAccount(ctx, c, "FetchPositions", positionLedger, symbols, Args{})
}

// FetchDeposits returns the deposits of an asset, or of all where it is empty, oldest first; without Since the newest.
func (c *Client) FetchDeposits(ctx context.Context, asset string, r Range) ([]Transaction, error) {
	return fetchAccount(ctx, c, "FetchDeposits", byAsset(depositLedger, asset), nil, Args{Asset: asset, Range: r})
}

// FetchWithdrawals is FetchDeposits of withdrawals.
func (c *Client) FetchWithdrawals(ctx context.Context, asset string, r Range) ([]Transaction, error) {
	return fetchAccount(ctx, c, "FetchWithdrawals", byAsset(withdrawalLedger, asset), nil, Args{Asset: asset, Range: r})
}

// FetchTransactions is FetchDeposits of deposits and withdrawals.
func (c *Client) FetchTransactions(ctx context.Context, asset string, r Range) ([]Transaction, error) {
	return fetchAccount(ctx, c, "FetchTransactions", byAsset(transactionLedger, asset), nil, Args{Asset: asset, Range: r})
}

// FetchOrder returns one order, open or not, by the venue's id or by the customer's own. One that the venue does not know, or not any
// more, is ErrOrderNotFound.
func (c *Client) FetchOrder(ctx context.Context, symbol string, ref Ref) (o Order, err error) {
	const op = "FetchOrder"
	if ref == (Ref{}) {
		return o, c.fail(op, symbol, ErrBadRequest, "an id is needed")
	}
	ctx, cancel, err := c.begin(ctx, op)
	if err != nil {
		return o, err
	}
	defer cancel()
	all, err := parties(ctx, c, op, oneLedger, named(symbol))
	for _, who := range all {
		if o, err = c.order(ctx, op, who, ref, rest.Normal); !errors.Is(err, ErrOrderNotFound) {
			break
		}
	}
	return o, err
}

// order looks for one order: by the call for it, then among those that are closed, of which some venues do not tell by that call.
func (c *Client) order(ctx context.Context, op string, who party[Order], ref Ref, p rest.Priority) (Order, error) {
	for _, k := range who.calls {
		rows, err := pull[Order](ctx, c, who.f, k.Call, who.ms, Args{Ref: ref}, p)
		if err = c.explain(who.f, op, who.symbol(), err); err != nil && !errors.Is(err, ErrOrderNotFound) {
			return Order{}, err
		}
		for i := range rows {
			if o := &rows[i]; o.is(ref) && (who.symbol() == "" || o.Symbol == who.symbol()) {
				return *o, nil
			}
		}
	}
	return Order{}, c.fail(op, who.symbol(), ErrOrderNotFound, "")
}

func (o *Order) is(ref Ref) bool {
	if ref.ID != "" {
		return o.ID == ref.ID
	}
	return o.ClientID == ref.ClientID
}

// fetchAccount asks all who have a part of what is wanted, beside each other, and puts together what they say.
func fetchAccount[T any, P stamped[T]](ctx context.Context, c *Client, op string, kept ledger[T], symbols []string, a Args) ([]T, error) {
	ctx, cancel, err := c.begin(ctx, op)
	if err != nil {
		return nil, err
	}
	defer cancel()
	all, err := parties(ctx, c, op, kept, symbols)
	if err != nil {
		return nil, err
	}
	parts, errs := make([][]T, len(all)), make([]error, len(all))
	var each errgroup.Group
	each.SetLimit(8)
	for i, who := range all {
		each.Go(func() error {
			if parts[i], errs[i] = collect[T, P](ctx, c, op, who, a, kept.sequence); errs[i] != nil && len(all) > 1 {
				errs[i] = fmt.Errorf("%w (%s %s)", errs[i], who.f.Name, who.calls[0].Path)
			}
			return nil
		})
	}
	_ = each.Wait()
	return kept.merge(a.Range, parts), errors.Join(errs...)
}

func named(symbol string) []string {
	if symbol == "" {
		return nil
	}
	return []string{symbol}
}

// parties finds who is to be asked: the families of the symbols, about each of them or as many as go into one request, or else all.
func parties[T any](ctx context.Context, c *Client, op string, kept ledger[T], symbols []string) (all []party[T], err error) {
	var ms []*Market
	if kept.markets {
		if ms, err = c.find(ctx, op, symbols...); err != nil {
			return nil, err
		}
	}
	for _, f := range c.venue.Families {
		for _, asked := range kept.calls(&f.Pull) {
			mine := slices.DeleteFunc(unique(ms), func(m *Market) bool { return m.family != f })
			switch {
			case len(ms) > 0:
				for _, m := range mine {
					if !asked[0].serves(m) {
						return nil, c.fail(op, m.Symbol, ErrNotSupported, "")
					}
				}
				for batch := range slices.Chunk(mine, max(asked[0].Batch, 1)) {
					all = append(all, party[T]{f, batch, asked})
				}
			case kept.markets && slices.ContainsFunc(asked, func(k inquiry[T]) bool { return !k.Whole }):
				return nil, c.fail(op, "", ErrBadRequest, "a symbol is needed: "+f.Name+" cannot be asked for all markets")
			default:
				all = append(all, party[T]{f: f, calls: asked})
			}
		}
	}
	for _, m := range ms {
		if !slices.ContainsFunc(all, func(p party[T]) bool { return slices.Contains(p.ms, m) }) {
			return nil, c.fail(op, m.Symbol, ErrNotSupported, "")
		}
	}
	if len(all) == 0 {
		return nil, c.fail(op, "", ErrNotSupported, "")
	}
	return all, nil
}
