package exchangetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/stream"
)

// method is one method of Client, and how it is called. A method of a family that the client offers
// and that stands here is tested by all checks of its sort.
type method struct {
	name  string
	fetch func(s *scene, symbol string) ([]value, error)
	watch func(s *scene, symbols ...string) (*tap, error)
	once  bool // fetch is not about a symbol
	rare  bool // silence means nothing: nobody can tell that a symbol is refused
	event bool // watch brings events; else states, of which the newest wins
}

// interval is that of the candles that are asked for.
const interval = exchange.Interval("1m")

// page is how many values are asked for.
const page = 10

var methods = []method{
	{name: "FetchMarkets", fetch: fetchMarkets, once: true},
	{name: "FetchTime", fetch: fetchTime, once: true},
	{name: "FetchOrderBook", fetch: one(wholeBook, (*judge).orderBook)},
	{name: "FetchOrderBooks", fetch: fetchOrderBooks},
	{name: "FetchTicker", fetch: one((*exchange.Client).FetchTicker, (*judge).ticker)},
	{name: "FetchTickers", fetch: fetchTickers},
	{name: "FetchBidAsk", fetch: one((*exchange.Client).FetchBidAsk, (*judge).bidAsk)},
	{name: "FetchTrades", fetch: many((*exchange.Client).FetchTrades, (*judge).trade)},
	{name: "FetchOHLCV", fetch: many(minutes, (*judge).candle)},
	{name: "FetchFundingRate", fetch: one((*exchange.Client).FetchFundingRate, (*judge).funding)},
	{name: "FetchFundingRateHistory", fetch: many((*exchange.Client).FetchFundingRateHistory, (*judge).charged)},
	{name: "FetchMarkPrice", fetch: one((*exchange.Client).FetchMarkPrice, (*judge).markPrice)},
	{name: "FetchOpenInterest", fetch: one((*exchange.Client).FetchOpenInterest, (*judge).openInterest)},
	{name: "FetchLiquidations", fetch: many((*exchange.Client).FetchLiquidations, (*judge).liquidation)},
	{name: "FetchStatus", fetch: fetchStatus, once: true},
	{name: "WatchOrderBook", watch: push(deepest, (*judge).orderBook)},
	{name: "WatchTicker", watch: push((*exchange.Client).WatchTicker, (*judge).ticker)},
	{name: "WatchBidAsk", watch: push((*exchange.Client).WatchBidAsk, (*judge).bidAsk)},
	{name: "WatchTrades", watch: push((*exchange.Client).WatchTrades, (*judge).trade), event: true},
	{name: "WatchOHLCV", watch: push(pushedMinutes, (*judge).candle), event: true},
	{name: "WatchFundingRate", watch: push((*exchange.Client).WatchFundingRate, (*judge).funding)},
	{name: "WatchMarkPrice", watch: push((*exchange.Client).WatchMarkPrice, (*judge).markPrice)},
	{name: "WatchOpenInterest", watch: push((*exchange.Client).WatchOpenInterest, (*judge).openInterest)},
	{name: "WatchLiquidations", watch: push((*exchange.Client).WatchLiquidations, (*judge).liquidation), event: true, rare: true},
}

func wholeBook(c *exchange.Client, ctx context.Context, symbol string) (exchange.OrderBook, error) {
	return c.FetchOrderBook(ctx, symbol, 0)
}

func minutes(c *exchange.Client, ctx context.Context, symbol string, r exchange.Range) ([]exchange.Candle, error) {
	return c.FetchOHLCV(ctx, symbol, interval, r)
}

func deepest(c *exchange.Client, ctx context.Context, symbols ...string) (*stream.Subscription[exchange.OrderBook], error) {
	return c.WatchOrderBook(ctx, 0, symbols...)
}

func pushedMinutes(c *exchange.Client, ctx context.Context, symbols ...string) (*stream.Subscription[exchange.Candle], error) {
	return c.WatchOHLCV(ctx, interval, symbols...)
}

// one makes the fetch of a method that returns one value.
func one[T any](call func(*exchange.Client, context.Context, string) (T, error), look func(*judge, *T) value) func(*scene, string) ([]value, error) {
	return func(s *scene, symbol string) ([]value, error) {
		v, err := call(s.client, s.ctx, symbol)
		if err != nil {
			return nil, err
		}
		return []value{look(s.judged(exchange.REST), &v)}, nil
	}
}

// many makes the fetch of a method that returns a page, the oldest first.
func many[T any](call func(*exchange.Client, context.Context, string, exchange.Range) ([]T, error), look func(*judge, *T) value) func(*scene, string) ([]value, error) {
	return func(s *scene, symbol string) ([]value, error) {
		rows, err := call(s.client, s.ctx, symbol, exchange.Range{Limit: page})
		if err != nil {
			return nil, err
		}
		values := make([]value, len(rows))
		for i := range rows {
			values[i] = look(s.judged(exchange.REST), &rows[i])
			if i > 0 && values[i].at.Before(values[i-1].at) {
				return values, fmt.Errorf("%s: %s after %s", symbol, values[i].at, values[i-1].at)
			}
			if i > 0 && values[i].at.Equal(values[i-1].at) && values[i].Seq < values[i-1].Seq { // where there are ids at all
				return values, fmt.Errorf("%s: %d after %d, of one time", symbol, values[i].Seq, values[i-1].Seq)
			}
		}
		if len(rows) > page {
			return values, fmt.Errorf("%s: %d values, asked for %d", symbol, len(rows), page)
		}
		return values, nil
	}
}

func fetchMarkets(s *scene, _ string) ([]value, error) {
	ms, err := s.client.FetchMarkets(s.ctx)
	if err != nil {
		return nil, err
	}
	var values []value
	for i := range ms {
		if ms[i].Family == s.family.Name {
			values = append(values, s.judged(exchange.REST).market(&ms[i]))
		}
	}
	for _, symbol := range s.symbols {
		if !slices.ContainsFunc(ms, func(m exchange.Market) bool { return m.Symbol == symbol && m.Active && m.Family == s.family.Name }) {
			return values, fmt.Errorf("%s is not among the active markets of the family", symbol)
		}
	}
	return values, nil
}

func fetchTime(s *scene, _ string) ([]value, error) {
	at, err := s.client.FetchTime(s.ctx)
	if err != nil {
		return nil, err
	}
	var wrong error
	if time.Since(at).Abs() > ahead {
		wrong = fmt.Errorf("the venue's time is %s, ours %s", at, time.Now())
	}
	return []value{{wrong: wrong, live: true}}, nil
}

// fetchOrderBooks asks for the book of a symbol beside that of another. Where one fails the other must be there.
func fetchOrderBooks(s *scene, symbol string) ([]value, error) {
	books, err := s.client.FetchOrderBooks(s.ctx, 5, symbol, s.symbols[1])
	if symbol == unknown && (len(books) != 2 || len(books[1].Bids) == 0) {
		return nil, fmt.Errorf("no book of %s beside an unknown symbol: %v", s.symbols[1], err)
	}
	if err != nil {
		return nil, err
	}
	j := s.judged(exchange.REST)
	return []value{j.orderBook(&books[0]), j.orderBook(&books[1])}, nil
}

// fetchTickers asks for a symbol, and for all.
func fetchTickers(s *scene, symbol string) ([]value, error) {
	named, err := s.client.FetchTickers(s.ctx, symbol)
	if err != nil {
		return nil, err
	}
	several, err := s.client.FetchTickers(s.ctx, s.symbols...)
	if err != nil {
		return nil, err
	}
	if len(named) != 1 || len(several) != len(s.symbols) {
		return nil, fmt.Errorf("%d tickers of %s, %d of %d symbols", len(named), symbol, len(several), len(s.symbols))
	}
	all, err := s.client.FetchTickers(s.ctx)
	if err != nil && !errors.Is(err, exchange.ErrNotSupported) { // some venues do not tell all, or not of each family
		return nil, err
	}
	for _, v := range several {
		if err == nil && !slices.ContainsFunc(all, func(x exchange.Ticker) bool { return x.Symbol == v.Symbol }) {
			return nil, fmt.Errorf("%s is not among all", v.Symbol)
		}
	}
	var values []value
	for _, v := range append(named, several...) {
		values = append(values, s.judged(exchange.REST).ticker(&v))
	}
	return values, nil
}

// tap is a subscription to any kind of value.
type tap struct {
	onEvent func(func(value))
	next    func(context.Context) (value, error)
	close   func() error
	err     func() error
	lost    func() uint64
}

// push makes the watch of a method.
func push[T any](call func(*exchange.Client, context.Context, ...string) (*stream.Subscription[T], error), look func(*judge, *T) value) func(*scene, ...string) (*tap, error) {
	return func(s *scene, symbols ...string) (*tap, error) {
		sub, err := call(s.client, s.ctx, symbols...)
		if err != nil {
			return nil, err
		}
		return &tap{
			onEvent: func(fn func(value)) {
				sub.OnEvent(func(v *T) { fn(look(s.judged(exchange.Stream), v)) })
			},
			next: func(ctx context.Context) (value, error) {
				v, err := sub.Next(ctx)
				if err != nil {
					return value{}, err
				}
				return look(s.judged(exchange.Stream), &v), nil
			},
			close: sub.Close, err: sub.Err, lost: sub.Lost,
		}, nil
	}
}

func fetchStatus(s *scene, _ string) ([]value, error) {
	v, err := s.client.FetchStatus(s.ctx)
	if err != nil {
		return nil, err
	}
	var f findings
	f.want(v.State == exchange.OK && v.Family == "" && v.Until.IsZero(), "%s of %q until %s, and all is well", v.State, v.Family, v.Until)
	f.want(v.Venue == s.judge.venue && v.Source == exchange.REST && !v.Received.IsZero(), "of %q from %q, received %s", v.Venue, v.Source, v.Received)
	return []value{f.of(&v.Stamp)}, nil
}
