package backpack

import (
	"errors"
	"slices"
	"time"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/wire"
)

var (
	hundred       = decimal.New(100, 0)
	errIncomplete = errors.New("backpack: value without its id or time")
)

// Times have all the forms of section 3.7 everywhere.

// clock is a row of one column.
var clock = exchange.ServerTime(wire.Compile(wire.Format{Columns: []wire.Field{wire.Time}, AnyTime: true}))

// serverTime reads section 3.1: plain text that is a number.
func serverTime(dst []time.Time, in *exchange.Scope, b []byte) ([]time.Time, error) {
	return clock(dst, in, slices.Concat([]byte("[["), b, []byte("]]")))
}

// tickerRows reads rows of section 3.3, which have no time, and ticker.<symbol>, section 4.3, which leaves the change to the
// reader.
var tickerRows = exchange.Rows(wire.Compile(wire.Format{
	Words: wire.Words{
		wire.Event:       "e",
		wire.Market:      "s symbol",
		wire.Time:        "E",
		wire.Open:        "o firstPrice",
		wire.Close:       "c lastPrice",
		wire.High:        "h high",
		wire.Low:         "l low",
		wire.Volume:      "v volume",
		wire.QuoteVolume: "V quoteVolume",
		wire.Change:      "priceChange",
		wire.Percent:     "priceChangePercent",
		wire.Trades:      "n trades",
	},
	AnyTime: true,
}), "ticker", func(t *exchange.Ticker, r *wire.Row, _ *exchange.Market) bool {
	if r.Has(wire.Change) { // the venue's percentage is a fraction
		t.Percent = r.Decimal(wire.Percent).Mul(hundred)
	}
	return true
})

// tickers reads the answer without body of a market without data too.
func tickers(dst []exchange.Ticker, in *exchange.Scope, b []byte) ([]exchange.Ticker, error) {
	if len(b) == 0 && in.Market != nil {
		return append(dst, exchange.Ticker{Stamp: exchange.Stamp{Symbol: in.Market.Symbol}}), nil
	}
	return tickerRows(dst, in, b)
}

// bidAsks reads bookTicker.<symbol>, section 4.4. An empty side is null.
var bidAsks = exchange.Rows[exchange.BidAsk](wire.Compile(wire.Format{
	Words: wire.Words{
		wire.Event:   "e",
		wire.Market:  "s",
		wire.Time:    "T",
		wire.Seq:     "u",
		wire.Bid:     "b",
		wire.BidSize: "B",
		wire.Ask:     "a",
		wire.AskSize: "A",
	},
	AnyTime: true,
}), "bookTicker", nil)

// tradeRows reads rows of section 3.4, in milliseconds, and trade.<symbol>, section 4.6, in
// microseconds. Its a and b are ids of orders.
var tradeRows = exchange.Rows(wire.Compile(wire.Format{
	Words: wire.Words{
		wire.Event:   "e",
		wire.Market:  "s",
		wire.TradeID: "t id",
		wire.Time:    "T timestamp",
		wire.Price:   "p price",
		wire.Size:    "q quantity",
		wire.Cost:    "quoteQuantity",
		wire.Maker:   "m isBuyerMaker",
	},
	AnyTime: true,
}), "trade", func(t *exchange.Trade, r *wire.Row, _ *exchange.Market) bool {
	if t.Seq <= 0 {
		r.Fail(errIncomplete)
	}
	return t.Seq > 0
})

// trades puts the oldest first: many have the same time.
func trades(dst []exchange.Trade, in *exchange.Scope, b []byte) ([]exchange.Trade, error) {
	was := len(dst)
	dst, err := tradeRows(dst, in, b)
	slices.Reverse(dst[was:])
	return dst, err
}

// span is the id of a trade: they count without holes in each market, section 4.6.
func span(t *exchange.Trade) (first, last int64, ok bool) { return t.Seq, t.Seq, true }

// candles reads rows of section 3.5 and kline.<interval>.<symbol>, section 4.7. One that has
// no prices, because nothing was traded, is left out.
var candles = exchange.Rows(wire.Compile(wire.Format{
	Words: wire.Words{
		wire.Event:       "e",
		wire.Market:      "s",
		wire.Time:        "E",
		wire.Start:       "t start",
		wire.End:         "T end",
		wire.Closed:      "X",
		wire.Open:        "o open",
		wire.High:        "h high",
		wire.Low:         "l low",
		wire.Close:       "c close",
		wire.Volume:      "v volume",
		wire.QuoteVolume: "quoteVolume",
		wire.Trades:      "n trades",
	},
	AnyTime: true,
}), "kline", func(k *exchange.Candle, r *wire.Row, _ *exchange.Market) bool {
	if k.Close.Absent() {
		return false
	}
	if k.Start.IsZero() || r.Time(wire.End).IsZero() {
		r.Fail(errIncomplete)
	}
	return true
})

// marked are the words of markPrices and fundingRates, section 3.6, whose rows have no time of their own, and of
// markPrice.<symbol>, section 4.8.
var marked = wire.Compile(wire.Format{
	Words: wire.Words{
		wire.Event:      "e",
		wire.Market:     "s symbol",
		wire.Time:       "T",
		wire.MarkPrice:  "p markPrice",
		wire.IndexPrice: "i indexPrice",
		wire.Rate:       "f fundingRate",
		wire.Next:       "n nextFundingTimestamp intervalEndTimestamp",
	},
	AnyTime: true,
})

var markPrices = exchange.Rows[exchange.MarkPrice](marked, "markPrice", nil)

// fundingRates reads the estimate for the interval under way, or what was charged.
var fundingRates = exchange.Rows(marked, "markPrice", func(v *exchange.FundingRate, r *wire.Row, _ *exchange.Market) bool {
	if r.Has(wire.Rate) && v.Next.IsZero() {
		r.Fail(errIncomplete)
	}
	return r.Has(wire.Rate)
})

// chargedRates leaves out the interval under way, which stands among the others.
func chargedRates(dst []exchange.FundingRate, in *exchange.Scope, b []byte) ([]exchange.FundingRate, error) {
	was := len(dst)
	dst, err := fundingRates(dst, in, b)
	past := slices.DeleteFunc(dst[was:], func(v exchange.FundingRate) bool { return v.Next.After(in.Received) })
	return dst[:was+len(past)], err
}
