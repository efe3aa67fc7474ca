package exchange

import (
	"context"
	"errors"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/depthwire/depthwire/rest"
)

// FetchTime returns the venue's clock, and measures how far ours is from it.
func (c *Client) FetchTime(ctx context.Context) (time.Time, error) {
	const op = "FetchTime"
	ctx, cancel, err := c.begin(ctx, op)
	if err != nil {
		return time.Time{}, err
	}
	defer cancel()
	for _, f := range c.venue.Families {
		if f.Pull.Time.Parse == nil {
			continue
		}
		times, answer, err := ask(ctx, c, f, &f.Pull.Time, nil, Args{}, rest.Normal)
		if err = answered(times, err); err != nil {
			return time.Time{}, c.explain(f, op, "", err)
		}
		c.http[f].Clock.Measure(answer.Sent, answer.Received, times[0])
		return times[0], nil
	}
	return time.Time{}, c.fail(op, "", ErrNotSupported, "")
}

// answered returns why there is no value, nil when there is one.
func answered[T any](rows []T, err error) error {
	if err == nil && len(rows) == 0 {
		return errNothing
	}
	return err
}

// FetchOrderBook returns the best depth levels of both sides; depth 0 asks for as many
// as the venue gives. It reads memory where a stream keeps the book live, and asks REST
// otherwise; Source says which.
func (c *Client) FetchOrderBook(ctx context.Context, symbol string, depth int) (OrderBook, error) {
	const op = "FetchOrderBook"
	ctx, cancel, m, err := c.on(ctx, op, symbol)
	if err != nil {
		return OrderBook{}, err
	}
	defer cancel()
	if depth < 0 {
		return OrderBook{}, c.fail(op, symbol, ErrBadRequest, "negative depth")
	}
	offered := len(m.family.Push.OrderBook) > 0
	if b, ok := c.kinds.books.latest(m, depth); ok {
		return b, nil
	}
	if c.o.Live && offered {
		if b, ok := c.firstBook(ctx, m, depth); ok {
			return b, nil
		}
	}
	if m.family.Pull.OrderBook.Parse == nil {
		if offered {
			return OrderBook{}, c.fail(op, symbol, ErrOutOfSync, "")
		}
		return OrderBook{}, c.fail(op, symbol, ErrNotSupported, "")
	}
	return c.pullBook(ctx, op, m, depth)
}

// FetchOrderBooks returns the books of several symbols, in their order. Where one fails
// its place is empty, the error says so, and the others are there.
func (c *Client) FetchOrderBooks(ctx context.Context, depth int, symbols ...string) ([]OrderBook, error) {
	books := make([]OrderBook, len(symbols))
	errs := make([]error, len(symbols))
	var all errgroup.Group
	all.SetLimit(8)
	for i, symbol := range symbols {
		all.Go(func() error {
			books[i], errs[i] = c.FetchOrderBook(ctx, symbol, depth)
			return nil
		})
	}
	_ = all.Wait()
	return books, errors.Join(errs...)
}

// FetchTicker returns the last 24 hours of a symbol.
func (c *Client) FetchTicker(ctx context.Context, symbol string) (Ticker, error) {
	return fetchState(ctx, c, "FetchTicker", symbol, c.kinds.ticker, func(f *Family) *Call[Ticker] { return &f.Pull.Ticker })
}

// FetchBidAsk returns the best prices of a symbol.
func (c *Client) FetchBidAsk(ctx context.Context, symbol string) (BidAsk, error) {
	return fetchState(ctx, c, "FetchBidAsk", symbol, c.kinds.bidAsk, func(f *Family) *Call[BidAsk] { return &f.Pull.BidAsk })
}

// FetchFundingRate returns the funding rate of the present period.
func (c *Client) FetchFundingRate(ctx context.Context, symbol string) (FundingRate, error) {
	return fetchState(ctx, c, "FetchFundingRate", symbol, c.kinds.funding, func(f *Family) *Call[FundingRate] { return &f.Pull.Funding })
}

// FetchMarkPrice returns the mark price of a contract.
func (c *Client) FetchMarkPrice(ctx context.Context, symbol string) (MarkPrice, error) {
	return fetchState(ctx, c, "FetchMarkPrice", symbol, c.kinds.mark, func(f *Family) *Call[MarkPrice] { return &f.Pull.MarkPrice })
}

// FetchOpenInterest returns how much of a contract is open.
func (c *Client) FetchOpenInterest(ctx context.Context, symbol string) (OpenInterest, error) {
	return fetchState(ctx, c, "FetchOpenInterest", symbol, c.kinds.open, func(f *Family) *Call[OpenInterest] { return &f.Pull.OpenInterest })
}

// FetchTickers returns the tickers of the symbols, in no particular order; without symbols
// those of all markets of the venue. Families that fail are told by the error, the others are there.
func (c *Client) FetchTickers(ctx context.Context, symbols ...string) ([]Ticker, error) {
	const op = "FetchTickers"
	ctx, cancel, err := c.begin(ctx, op)
	if err != nil {
		return nil, err
	}
	defer cancel()
	ms, err := c.find(ctx, op, symbols...)
	if err != nil {
		return nil, err
	}
	var all []Ticker
	var errs []error
	for _, f := range c.venue.Families {
		mine := slices.DeleteFunc(slices.Clone(ms), func(m *Market) bool { return m.family != f })
		if len(symbols) > 0 && len(mine) == 0 {
			continue
		}
		ts, err := c.pullTickers(ctx, op, f, mine)
		errs = append(errs, err)
		all = append(all, ts...)
	}
	return all, errors.Join(errs...)
}

// pullTickers asks for the tickers of ms in as few requests as the venue allows.
func (c *Client) pullTickers(ctx context.Context, op string, f *Family, ms []*Market) (all []Ticker, err error) {
	k := &f.Pull.Tickers
	if k.Parse == nil {
		return nil, c.fail(op, "", ErrNotSupported, f.Name)
	}
	batches := slices.Collect(slices.Chunk(ms, max(k.Batch, 1)))
	if len(ms) == 0 || k.Batch == 0 {
		batches = [][]*Market{nil} // all markets in one answer
	}
	for _, batch := range batches {
		ts, err := pull[Ticker](ctx, c, f, k, batch, Args{}, rest.Normal)
		if err != nil {
			return all, c.explain(f, op, "", err)
		}
		all = append(all, ts...)
	}
	if len(ms) > 0 {
		all = slices.DeleteFunc(all, func(t Ticker) bool {
			return !slices.ContainsFunc(ms, func(m *Market) bool { return m.Symbol == t.Symbol })
		})
	}
	return all, nil
}

// FetchTrades returns public trades, oldest first. Without Since and FromID the newest
// are taken; they come from memory where a stream has them without a hole.
func (c *Client) FetchTrades(ctx context.Context, symbol string, r Range) ([]Trade, error) {
	const op = "FetchTrades"
	ctx, cancel, m, err := c.on(ctx, op, symbol)
	if err != nil {
		return nil, err
	}
	defer cancel()
	if r.Since.IsZero() && r.Until.IsZero() && r.FromID == "" && r.Limit > 0 {
		if c.o.Live && m.family.Push.Trades.Parse != nil {
			_ = keep(c, c.kinds.trades, m, Args{}) // from the next call on memory may have them
		}
		if ts := c.kinds.trades.recent(m, r.Limit); ts != nil {
			return ts, nil
		}
	}
	return many(ctx, c, op, m, &m.family.Pull.Trades, Args{Range: r}, sequence[Trade]{
		at:   func(t *Trade) time.Time { return t.Time },
		id:   func(t *Trade) string { return t.ID },
		byID: true,
	})
}

// FetchOHLCV returns candles, oldest first. Without Since the newest are taken. The last
// one may not be closed yet.
func (c *Client) FetchOHLCV(ctx context.Context, symbol string, interval Interval, r Range) ([]Candle, error) {
	const op = "FetchOHLCV"
	ctx, cancel, m, err := c.on(ctx, op, symbol)
	if err != nil {
		return nil, err
	}
	defer cancel()
	if err := c.interval(op, m, interval); err != nil {
		return nil, err
	}
	return many(ctx, c, op, m, &m.family.Pull.Candles, Args{Interval: interval, Range: r}, sequence[Candle]{
		at: func(k *Candle) time.Time { return k.Start },
		id: func(k *Candle) string { return k.Start.String() },
	})
}

// FetchFundingRateHistory returns the rates that were charged, oldest first: Next is
// when, Rate how much.
func (c *Client) FetchFundingRateHistory(ctx context.Context, symbol string, r Range) ([]FundingRate, error) {
	const op = "FetchFundingRateHistory"
	ctx, cancel, m, err := c.on(ctx, op, symbol)
	if err != nil {
		return nil, err
	}
	defer cancel()
	return many(ctx, c, op, m, &m.family.Pull.History, Args{Range: r}, sequence[FundingRate]{
		at: func(v *FundingRate) time.Time { return v.Next },
		id: func(v *FundingRate) string { return v.Next.String() },
	})
}
