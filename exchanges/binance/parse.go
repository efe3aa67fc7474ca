package binance

import (
	"time"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/wire"
)

// format adds the words that all messages have. Futures tell by st whose they are, ours or the other ones, section 4.8.
func format(f wire.Format) *wire.Table {
	f.Words[wire.Event], f.Words[wire.Market], f.Words[wire.Class] = "e", "s symbol", "st"
	f.Class = 1
	return wire.Compile(f)
}

// serverTime reads section 3.2.
var serverTime = exchange.ServerTime(wire.Compile(wire.Format{Words: wire.Words{wire.Time: "serverTime"}}))

// tickers reads rows of section 3.6 and @ticker, sections 4.6 and 4.8. Futures have no best prices there. A price of zero
// stands for none: an empty side, a day without trades.
var tickers = exchange.Rows[exchange.Ticker](format(wire.Format{
	Words: wire.Words{
		wire.Time:          "E closeTime",
		wire.Change:        "p priceChange",
		wire.Percent:       "P priceChangePercent",
		wire.VWAP:          "w weightedAvgPrice",
		wire.PreviousClose: "x prevClosePrice",
		wire.Close:         "c lastPrice",
		wire.LastSize:      "Q lastQty",
		wire.Bid:           "b bidPrice",
		wire.BidSize:       "B bidQty",
		wire.Ask:           "a askPrice",
		wire.AskSize:       "A askQty",
		wire.Open:          "o openPrice",
		wire.High:          "h highPrice",
		wire.Low:           "l lowPrice",
		wire.Volume:        "v volume",
		wire.QuoteVolume:   "q quoteVolume",
		wire.OpenTime:      "O openTime",
		wire.Trades:        "n count",
	},
	NoZero: []wire.Field{wire.VWAP, wire.PreviousClose, wire.Close, wire.Bid, wire.Ask, wire.Open, wire.High, wire.Low},
}), "24hrTicker", nil)

// bidAsks reads rows of section 3.7 and @bookTicker, sections 4.6 and 4.8. Spot has no time there.
var bidAsks = exchange.Rows[exchange.BidAsk](format(wire.Format{
	Words: wire.Words{
		wire.Seq:     "u lastUpdateId",
		wire.Time:    "T time",
		wire.Bid:     "b bidPrice",
		wire.BidSize: "B bidQty",
		wire.Ask:     "a askPrice",
		wire.AskSize: "A askQty",
	},
	NoZero: []wire.Field{wire.Bid, wire.Ask},
}), "bookTicker", nil)

// candles reads rows of section 3.5.
var candles = exchange.Rows[exchange.Candle](wire.Compile(wire.Format{
	Columns: []wire.Field{wire.Start, wire.Open, wire.High, wire.Low, wire.Close, wire.Volume, 0, wire.QuoteVolume, wire.Trades},
}), "", nil)

// pushedCandles reads @kline_<interval>, section 4.6.
var pushedCandles = exchange.Rows(format(wire.Format{
	Words: wire.Words{
		wire.Rows:        "k",
		wire.Time:        "E",
		wire.Start:       "t",
		wire.Open:        "o",
		wire.High:        "h",
		wire.Low:         "l",
		wire.Close:       "c",
		wire.Volume:      "v",
		wire.QuoteVolume: "q",
		wire.Trades:      "n",
		wire.Closed:      "x",
	},
	Late: true,
}), "kline", func(_ *exchange.Candle, r *wire.Row, _ *exchange.Market) bool { return r.Has(wire.Start) })

// marked are the words of premiumIndex and of @markPrice, sections 3.9 and 4.8: both the mark price and
// the funding rate are read of them.
var marked = format(wire.Format{
	Words: wire.Words{
		wire.Time:       "E time",
		wire.MarkPrice:  "p markPrice",
		wire.IndexPrice: "i indexPrice",
		wire.Rate:       "r lastFundingRate",
		wire.Next:       "T nextFundingTime",
	},
	NoZero: []wire.Field{wire.MarkPrice, wire.IndexPrice},
})

var markPrices = exchange.Rows[exchange.MarkPrice](marked, "markPriceUpdate", nil)

// fundingRates leaves out dated contracts, whose rate is empty.
var fundingRates = exchange.Rows(marked, "markPriceUpdate", func(_ *exchange.FundingRate, r *wire.Row, _ *exchange.Market) bool {
	return r.Has(wire.Rate)
})

// fundingHistory reads the rates that were charged, some milliseconds after the hour, section 3.9.
var fundingHistory = exchange.Rows(format(wire.Format{
	Words: wire.Words{
		wire.Rate:      "fundingRate",
		wire.Time:      "fundingTime",
		wire.MarkPrice: "markPrice",
	},
	NoZero: []wire.Field{wire.MarkPrice},
}), "", func(v *exchange.FundingRate, _ *wire.Row, _ *exchange.Market) bool {
	v.Next = v.Time.Truncate(time.Hour)
	return true
})

// openInterest reads section 3.9. It is in base units.
var openInterest = exchange.Rows(format(wire.Format{Words: wire.Words{
	wire.Interest: "openInterest",
	wire.Time:     "time",
}}), "", func(_ *exchange.OpenInterest, r *wire.Row, _ *exchange.Market) bool { return r.Has(wire.Interest) })

// liquidations reads @forceOrder, section 4.8: the last order of each second in which there was
// one. The order is an object inside of the event.
var liquidations = exchange.Rows[exchange.Liquidation](format(wire.Format{
	Words: wire.Words{
		wire.Rows:    "o",
		wire.Side:    "S",
		wire.Size:    "q",
		wire.Price:   "p",
		wire.Average: "ap",
		wire.Time:    "T",
	},
	NoZero: []wire.Field{wire.Average},
	Late:   true,
}), "forceOrder", nil)

// trades reads sections 3.4, 4.6 and 4.8, which differ in the words for ids. X tells those that are not of the market: insurance fund, liquidation.
func trades(event, id, first string) exchange.Parser[exchange.Trade] {
	return exchange.Rows(format(wire.Format{Words: wire.Words{
		wire.TradeID: id,
		wire.FirstID: first,
		wire.Price:   "p price",
		wire.Size:    "q qty",
		wire.Cost:    "quoteQty",
		wire.Time:    "T time",
		wire.Maker:   "m isBuyerMaker",
		wire.Kind:    "X",
	}}), event, func(v *exchange.Trade, r *wire.Row, _ *exchange.Market) bool {
		void := v.Price.Sign() <= 0 && v.Size.Sign() <= 0 // some old aggregates, section 3.4
		return !void && (!r.Has(wire.Kind) || string(r.Text(wire.Kind)) == "MARKET")
	})
}

var (
	spotTrades   = trades("trade", "id t l", "f") // matches, and aggregates as what they stand for
	linearTrades = trades("aggTrade", "a", "")
)

// snapshot reads the answer of depth, section 3.3, and @depth5, @depth10, @depth20 of spot,
// section 4.6. Spot has no time. What has no id is another message.
var snapshot = exchange.Books(format(wire.Format{Words: wire.Words{
	wire.Last: "lastUpdateId",
	wire.Time: "T",
	wire.Bids: "bids",
	wire.Asks: "asks",
}}), "", func(u *book.Update, _ *wire.Row, _ *exchange.Scope) bool {
	u.Snapshot = true
	return u.Last != 0
})

// updates reads @depth… of the shape of a delta, sections 4.6 and 4.8. Futures have the time of the
// matching engine beside that of the event.
func updates(time string, whole bool) exchange.Parser[book.Update] {
	return exchange.Books(format(wire.Format{Words: wire.Words{
		wire.Time:  time,
		wire.First: "U",
		wire.Last:  "u",
		wire.Prev:  "pu",
		wire.Bids:  "b",
		wire.Asks:  "a",
	}}), "depthUpdate", func(u *book.Update, _ *wire.Row, _ *exchange.Scope) bool {
		u.Snapshot = whole
		return true
	})
}

var (
	spotDeltas    = updates("E", false)
	linearDeltas  = updates("T", false)
	linearPartial = updates("T", true) // @depth5, @depth10, @depth20 of futures have the name of a delta and are whole
)

// The usual bytes of deltas, sections 4.6 and 4.8.
var (
	mergeSpot   = exchange.Exact(wire.MustForm(`{"e":"depthUpdate","E":{time},"s":"{market}","U":{first},"u":{last},"b":[{bids}],"a":[{asks}]}`))
	mergeLinear = exchange.Exact(wire.MustForm(`{"e":"depthUpdate","E":{number},"T":{time},"s":"{market}","U":{first},"u":{last},"pu":{prev},"b":[{bids}],"a":[{asks}],"ps":"{text}","st":1}`))
)

// restarted reports whether the venue counts anew: ids are less than half of where the book
// stands, section 5.6. What is late or doubled is never that far behind.
func restarted(at book.At, u *book.Update) bool { return !at.Fresh && u.Last < at.Seq/2 }

// spotRule is section 5.2. Ids have no holes: an event whose first id is at most the next one
// continues the book, also where it overlaps it, because sizes are absolute. After a snapshot a
// later event means that the snapshot is the older one: the events that wait are kept. An
// event that overlaps must follow the one before it: one whose ids are wrong may overlap anything.
func spotRule(at book.At, u *book.Update) book.Verdict {
	switch {
	case restarted(at, u):
		return book.Gap
	case u.Last <= at.Seq:
		return book.Skip
	case u.First == at.Seq+1, u.First <= at.Seq && (at.Heard == 0 || u.First == at.Heard+1):
		return book.Apply
	case at.Fresh:
		return book.OldSnapshot
	}
	return book.Gap
}

// linearRule is section 5.3. Ids are shared by all markets, so that only Prev, the last id
// of the event before, links events. An event covers the changes after Prev: it continues
// every snapshot that is not older than Prev, and not newer than itself, if it follows the one
// before it.
func linearRule(at book.At, u *book.Update) book.Verdict {
	switch {
	case restarted(at, u):
		return book.Gap
	case u.Last <= at.Seq:
		return book.Skip
	case u.Prev == at.Seq:
		return book.Apply
	case !at.Fresh:
		return book.Gap
	case u.Prev < at.Seq && (at.Heard == 0 || u.Prev == at.Heard):
		return book.Apply
	}
	return book.OldSnapshot
}
