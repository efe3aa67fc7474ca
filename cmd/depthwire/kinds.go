package main

import (
	"context"
	"encoding/json"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/stream"
)

// asking is what a stream is asked for, beside the symbol.
type asking struct {
	depth    int // rows to show
	levels   int // of a side of a book, 0: all
	interval exchange.Interval
	merged   *exchange.Consolidated // of --merged
}

// kind is a kind of data that can be watched.
type kind struct {
	name    string
	stream  string // as Client.Health calls it
	columns []column
	depth   int  // rows of one market, unless the user says how many
	tape    bool // rows are values that came one after another, the newest first
	follow  func(ctx context.Context, c *exchange.Client, symbol string, a asking, see func(value)) error
}

// value is one value of any kind, ready to be shown.
type value struct {
	stamp   exchange.Stamp
	state   string
	rows    [][]cell
	record  []byte                // JSON
	notices []notice              // that stand before it
	venues  []exchange.VenueState // what it is merged of
}

// notice is something beside the values: what is missing, a venue that came or left.
type notice struct {
	at            time.Time
	venue, symbol string
	text          string
}

// kinds are all kinds, the default first.
var kinds = []kind{
	shape[exchange.BidAsk, bidAskRecord]{
		watch: func(ctx context.Context, c *exchange.Client, symbol string, _ asking) (*stream.Subscription[exchange.BidAsk], error) {
			return c.WatchBidAsk(ctx, symbol)
		},
		stamp: func(v *exchange.BidAsk) *exchange.Stamp { return &v.Stamp },
		rows: func(v *exchange.BidAsk, _ int) [][]cell {
			return [][]cell{touch(v.BidSize.String(), v.Bid.String(), v.Ask.String(), v.AskSize.String())}
		},
		record: func(h head, v *exchange.BidAsk) bidAskRecord {
			return bidAskRecord{h, v.Bid, v.BidSize, v.Ask, v.AskSize}
		},
	}.kind(kind{name: "bidask", stream: "best bid/ask", depth: 1, columns: touchColumns}),
	shape[exchange.OrderBook, bookRecord]{
		watch: func(ctx context.Context, c *exchange.Client, symbol string, a asking) (*stream.Subscription[exchange.OrderBook], error) {
			return c.WatchOrderBook(ctx, a.levels, symbol)
		},
		stamp: func(v *exchange.OrderBook) *exchange.Stamp { return &v.Stamp },
		state: func(v *exchange.OrderBook) string { return v.State.String() },
		rows:  bookRows,
		record: func(h head, v *exchange.OrderBook) bookRecord {
			return bookRecord{h, pairs(v.Bids), pairs(v.Asks), v.Contracts}
		},
	}.kind(kind{name: "book", stream: "order book", depth: 5, columns: touchColumns}),
	shape[exchange.Trade, tradeRecord]{
		watch: func(ctx context.Context, c *exchange.Client, symbol string, _ asking) (*stream.Subscription[exchange.Trade], error) {
			return c.WatchTrades(ctx, symbol)
		},
		stamp: func(v *exchange.Trade) *exchange.Stamp { return &v.Stamp },
		rows: func(v *exchange.Trade, _ int) [][]cell {
			return [][]cell{{sideCell(v.Side), {text: v.Price.String()}, {text: v.Size.String()}, {v.ID, faint}}}
		},
		record: func(h head, v *exchange.Trade) tradeRecord {
			return tradeRecord{h, v.ID, v.First, v.Side, v.Price, v.Size, v.Contracts, v.Cost}
		},
	}.kind(kind{name: "trades", stream: "trades", depth: 5, tape: true, columns: []column{{title: "SIDE"}, {title: "PRICE", align: point}, {title: "SIZE", align: point}, {title: "ID", align: right, spare: 2}}}),
	shape[exchange.Ticker, tickerRecord]{
		watch: func(ctx context.Context, c *exchange.Client, symbol string, _ asking) (*stream.Subscription[exchange.Ticker], error) {
			return c.WatchTicker(ctx, symbol)
		},
		stamp:  func(v *exchange.Ticker) *exchange.Stamp { return &v.Stamp },
		rows:   tickerRows,
		record: recordTicker,
	}.kind(kind{name: "ticker", stream: "ticker", depth: 1, columns: []column{{title: "LAST", align: point}, {title: "CHANGE", align: point},
		{title: "HIGH", align: point, spare: 2}, {title: "LOW", align: point, spare: 2}, {title: "VOLUME", align: point, spare: 1}}}),
	shape[exchange.Candle, candleRecord]{
		watch: func(ctx context.Context, c *exchange.Client, symbol string, a asking) (*stream.Subscription[exchange.Candle], error) {
			return c.WatchOHLCV(ctx, a.interval, symbol)
		},
		stamp: func(v *exchange.Candle) *exchange.Stamp { return &v.Stamp },
		rows:  candleRows,
		record: func(h head, v *exchange.Candle) candleRecord {
			return candleRecord{h, v.Interval, moment(v.Start), v.Open, v.High, v.Low, v.Close, v.Volume, v.QuoteVolume, v.ContractVolume, v.Trades, v.Closed}
		},
	}.kind(kind{name: "candles", stream: "candles", depth: 1, columns: []column{{title: "START"}, {title: "OPEN", align: point, spare: 1}, {title: "HIGH", align: point},
		{title: "LOW", align: point}, {title: "CLOSE", align: point}, {title: "VOLUME", align: point, spare: 2}, {title: "CLOSED", spare: 3}}}),
	shape[exchange.FundingRate, fundingRecord]{
		watch: func(ctx context.Context, c *exchange.Client, symbol string, _ asking) (*stream.Subscription[exchange.FundingRate], error) {
			return c.WatchFundingRate(ctx, symbol)
		},
		stamp: func(v *exchange.FundingRate) *exchange.Stamp { return &v.Stamp },
		rows: func(v *exchange.FundingRate, _ int) [][]cell {
			return [][]cell{row(v.Rate.String(), clock(v.Next), every(v.Interval), v.Mark.String())}
		},
		record: func(h head, v *exchange.FundingRate) fundingRecord {
			return fundingRecord{h, v.Rate, moment(v.Next), every(v.Interval), v.Mark}
		},
	}.kind(kind{name: "funding", stream: "funding rate", depth: 1, columns: []column{{title: "RATE", align: point}, {title: "NEXT"}, {title: "EVERY", spare: 2}, {title: "MARK", align: point, spare: 1}}}),
	shape[exchange.MarkPrice, markRecord]{
		watch: func(ctx context.Context, c *exchange.Client, symbol string, _ asking) (*stream.Subscription[exchange.MarkPrice], error) {
			return c.WatchMarkPrice(ctx, symbol)
		},
		stamp: func(v *exchange.MarkPrice) *exchange.Stamp { return &v.Stamp },
		rows: func(v *exchange.MarkPrice, _ int) [][]cell {
			return [][]cell{row(v.Mark.String(), v.Index.String())}
		},
		record: func(h head, v *exchange.MarkPrice) markRecord { return markRecord{h, v.Mark, v.Index} },
	}.kind(kind{name: "mark", stream: "mark price", depth: 1, columns: []column{{title: "MARK", align: point}, {title: "INDEX", align: point}}}),
	shape[exchange.OpenInterest, openInterestRecord]{
		watch: func(ctx context.Context, c *exchange.Client, symbol string, _ asking) (*stream.Subscription[exchange.OpenInterest], error) {
			return c.WatchOpenInterest(ctx, symbol)
		},
		stamp: func(v *exchange.OpenInterest) *exchange.Stamp { return &v.Stamp },
		rows: func(v *exchange.OpenInterest, _ int) [][]cell {
			return [][]cell{row(v.Size.String(), v.Contracts.String(), v.Value.String())}
		},
		record: func(h head, v *exchange.OpenInterest) openInterestRecord {
			return openInterestRecord{h, v.Size, v.Contracts, v.Value}
		},
	}.kind(kind{name: "openinterest", stream: "open interest", depth: 1, columns: []column{{title: "OPEN", align: point}, {title: "CONTRACTS", align: point, spare: 1}, {title: "VALUE", align: point, spare: 2}}}),
	shape[exchange.Liquidation, liquidationRecord]{
		watch: func(ctx context.Context, c *exchange.Client, symbol string, _ asking) (*stream.Subscription[exchange.Liquidation], error) {
			return c.WatchLiquidations(ctx, symbol)
		},
		stamp: func(v *exchange.Liquidation) *exchange.Stamp { return &v.Stamp },
		rows: func(v *exchange.Liquidation, _ int) [][]cell {
			return [][]cell{append([]cell{sideCell(v.Side)}, row(v.Price.String(), v.Average.String(), v.Size.String())...)}
		},
		record: func(h head, v *exchange.Liquidation) liquidationRecord {
			return liquidationRecord{h, v.Side, v.Price, v.Average, v.Size, v.Contracts, v.Cost}
		},
	}.kind(kind{name: "liquidations", stream: "liquidations", depth: 5, tape: true, columns: []column{{title: "SIDE"}, {title: "PRICE", align: point}, {title: "AVERAGE", align: point, spare: 2}, {title: "SIZE", align: point}}}),
}

func kindNames() []string {
	var all []string
	for _, k := range kinds {
		all = append(all, k.name)
	}
	return all
}

// shape tells how values of type T are watched and shown; R is their JSON.
type shape[T, R any] struct {
	watch  func(ctx context.Context, c *exchange.Client, symbol string, a asking) (*stream.Subscription[T], error)
	stamp  func(*T) *exchange.Stamp
	state  func(*T) string // nil: what comes is live
	rows   func(v *T, depth int) [][]cell
	record func(head, *T) R
	venues func(*T) []exchange.VenueState // of values that are merged, else nil
}

// kind fills in what follows a subscription until it ends. It returns nil when ctx ended it.
func (s shape[T, R]) kind(k kind) kind {
	k.follow = func(ctx context.Context, c *exchange.Client, symbol string, a asking, see func(value)) error {
		sub, err := s.watch(ctx, c, symbol, a)
		if err != nil {
			return err
		}
		defer sub.Close()
		var shown value
		for v, err := range sub.All() {
			if err != nil {
				return err
			}
			if shown, err = s.value(k.name, &v, a, shown.venues); err != nil {
				return err
			}
			see(shown)
		}
		return nil
	}
	return k
}

// value makes v ready to be shown. before is what the value before was merged of.
func (s shape[T, R]) value(name string, v *T, a asking, before []exchange.VenueState) (shown value, err error) {
	shown = value{stamp: *s.stamp(v), state: "live", rows: s.rows(v, a.depth)}
	if s.state != nil {
		shown.state = s.state(v)
	}
	switch b := shown.stamp.Break; {
	case s.venues != nil:
		shown.venues = s.venues(v)
		shown.notices = turns(before, shown.venues)
	case b != nil:
		shown.notices = []notice{{shown.stamp.Received, shown.stamp.Venue, shown.stamp.Symbol, "break: " + breakText(b)}}
	}
	shown.record, err = json.Marshal(s.record(newHead(name, shown.state, &shown.stamp), v))
	return shown, err
}

var touchColumns = []column{{title: "SIZE", align: point, spare: 1}, {title: "BID", align: point}, {title: "ASK", align: point}, {title: "SIZE", align: point, spare: 1}}

func sideCell(s exchange.Side) cell {
	if s == exchange.Sell {
		return cell{string(s), bad}
	}
	return cell{string(s), good}
}

// touch is one price of both sides.
func touch(bidSize, bid, ask, askSize string) []cell {
	return []cell{{text: bidSize}, {bid, good}, {ask, bad}, {text: askSize}}
}

// bookRows has always as many rows: a table must not jump when a book is lost.
func bookRows(b *exchange.OrderBook, depth int) [][]cell {
	rows := make([][]cell, max(1, depth))
	for i := range rows {
		var bid, ask exchange.Level
		if i < len(b.Bids) {
			bid = b.Bids[i]
		}
		if i < len(b.Asks) {
			ask = b.Asks[i]
		}
		rows[i] = touch(bid.Size.String(), bid.Price.String(), ask.Price.String(), ask.Size.String())
	}
	return rows
}

func tickerRows(t *exchange.Ticker, _ int) [][]cell {
	change := cell{style: good}
	if !t.Percent.Absent() {
		change.text = t.Percent.Round(2).String() + "%"
	}
	if t.Percent.Sign() < 0 {
		change.style = bad
	}
	return [][]cell{{{t.Last.String(), strong}, change, {text: t.High.String()}, {text: t.Low.String()}, {text: t.Volume.String()}}}
}

func recordTicker(h head, t *exchange.Ticker) tickerRecord {
	return tickerRecord{
		head: h, Last: t.Last, LastSize: t.LastSize, Bid: t.Bid, BidSize: t.BidSize, Ask: t.Ask, AskSize: t.AskSize,
		Open: t.Open, High: t.High, Low: t.Low, PreviousClose: t.PreviousClose, Change: t.Change, Percent: t.Percent, VWAP: t.VWAP,
		Volume: t.Volume, QuoteVolume: t.QuoteVolume, ContractVolume: t.ContractVolume, OpenTime: moment(t.OpenTime), Trades: t.Trades,
	}
}

func candleRows(k *exchange.Candle, _ int) [][]cell {
	closed := ""
	if k.Closed {
		closed = "closed"
	}
	return [][]cell{row(clock(k.Start), k.Open.String(), k.High.String(), k.Low.String(), k.Close.String(), k.Volume.String(), closed)}
}

// clock writes a time of the day, in UTC, as venues do.
func clock(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("15:04:05")
}

func every(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return d.String()
}
