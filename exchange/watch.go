package exchange

import (
	"context"

	"github.com/depthwire/depthwire/stream"
)

// WatchOrderBook follows the books of the symbols, depth levels a side; depth 0 asks
// for as many as the venue gives. The newest state wins; the first value of a symbol is
// its whole book. When a book ceases to be live the reader is told at once, by a
// value with another State, without levels, and a Break; the next live value
// carries the Break healed.
func (c *Client) WatchOrderBook(ctx context.Context, depth int, symbols ...string) (*stream.Subscription[OrderBook], error) {
	const op = "WatchOrderBook"
	if depth < 0 {
		return nil, c.fail(op, "", ErrBadRequest, "negative depth")
	}
	ms, err := c.targets(ctx, op, symbols)
	if err != nil {
		return nil, err
	}
	return c.kinds.books.watch(ctx, op, depth, ms)
}

// WatchTicker follows the tickers of the symbols; the newest wins.
func (c *Client) WatchTicker(ctx context.Context, symbols ...string) (*stream.Subscription[Ticker], error) {
	return watch(ctx, c, "WatchTicker", c.kinds.ticker, Args{}, symbols)
}

// WatchBidAsk follows the best prices of the symbols; the newest wins.
func (c *Client) WatchBidAsk(ctx context.Context, symbols ...string) (*stream.Subscription[BidAsk], error) {
	return watch(ctx, c, "WatchBidAsk", c.kinds.bidAsk, Args{}, symbols)
}

// WatchTrades follows the public trades of the symbols. None is left out without a
// Break; what a reader is too slow for is counted by Lost and told by a Break.
func (c *Client) WatchTrades(ctx context.Context, symbols ...string) (*stream.Subscription[Trade], error) {
	return watch(ctx, c, "WatchTrades", c.kinds.trades, Args{}, symbols)
}

// WatchOHLCV follows the candles of the symbols: the one under way each time it changes,
// and once when it is Closed. Those that closed while the stream was interrupted, or that
// the venue does not push when they close, are fetched and come in their place, before what
// is pushed next: the Break of an interruption is healed then. Where they cannot be had,
// within a minute, or are more than half of Options.Ring, of which the newest come, the
// Break is not. A candle in which nothing was traded may be left out where the venue does.
func (c *Client) WatchOHLCV(ctx context.Context, interval Interval, symbols ...string) (*stream.Subscription[Candle], error) {
	const op = "WatchOHLCV"
	ms, err := c.targets(ctx, op, symbols)
	if err != nil {
		return nil, err
	}
	for _, m := range ms {
		if err := c.interval(op, m, interval); err != nil {
			return nil, err
		}
	}
	return c.kinds.candles.watch(ctx, op, Args{Interval: interval}, ms)
}

// WatchFundingRate follows the funding rates of perpetual contracts; the newest wins.
func (c *Client) WatchFundingRate(ctx context.Context, symbols ...string) (*stream.Subscription[FundingRate], error) {
	return watch(ctx, c, "WatchFundingRate", c.kinds.funding, Args{}, symbols)
}

// WatchMarkPrice follows the mark prices of contracts; the newest wins.
func (c *Client) WatchMarkPrice(ctx context.Context, symbols ...string) (*stream.Subscription[MarkPrice], error) {
	return watch(ctx, c, "WatchMarkPrice", c.kinds.mark, Args{}, symbols)
}

// WatchOpenInterest follows how much of contracts is open; the newest wins.
func (c *Client) WatchOpenInterest(ctx context.Context, symbols ...string) (*stream.Subscription[OpenInterest], error) {
	return watch(ctx, c, "WatchOpenInterest", c.kinds.open, Args{}, symbols)
}

// WatchLiquidations follows the liquidations of the symbols that the venue tells of, in the
// order in which they come. That none comes for hours is no sign of anything; when the
// connection was lost, a Break before the next one says so.
func (c *Client) WatchLiquidations(ctx context.Context, symbols ...string) (*stream.Subscription[Liquidation], error) {
	return watch(ctx, c, "WatchLiquidations", c.kinds.forced, Args{}, symbols)
}

func watch[T any, P stamped[T]](ctx context.Context, c *Client, op string, s *shelf[T, P], a Args, symbols []string) (*stream.Subscription[T], error) {
	ms, err := c.targets(ctx, op, symbols)
	if err != nil {
		return nil, err
	}
	return s.watch(ctx, op, a, ms)
}

// targets finds the markets of a Watch.
func (c *Client) targets(ctx context.Context, op string, symbols []string) ([]*Market, error) {
	ctx, cancel, err := c.begin(ctx, op)
	if err != nil {
		return nil, err
	}
	defer cancel()
	if len(symbols) == 0 {
		return nil, c.fail(op, "", ErrBadRequest, "no symbols")
	}
	return c.find(ctx, op, symbols...)
}
