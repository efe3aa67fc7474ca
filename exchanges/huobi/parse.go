package huobi

import (
	"cmp"
	"slices"
	"time"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/wire"
)

// rows are where a message has them, pulled, pushed or answered, sections 3 and 4.3. The time may stand behind them, and is awaited.
const rows = "tick data ticks"

// serverTime reads section 3.1: the time of spot is data.
var serverTime = exchange.ServerTime(wire.Compile(wire.Format{Words: wire.Words{wire.Time: "data ts"}}))

// prices are the words of tickers, best prices, candles and marks, sections 3.3, 3.5, 3.7, 3.10, 3.11 and 4.5 to 4.7.
var prices = wire.Compile(wire.Format{
	Words: wire.Words{
		wire.Rows:           rows,
		wire.Market:         "symbol contract_code",
		wire.Time:           "ts quoteTime",
		wire.Seq:            "seqId version",
		wire.Start:          "id",
		wire.Open:           "open",
		wire.High:           "high",
		wire.Low:            "low",
		wire.Close:          "close",
		wire.LastSize:       "lastSize",
		wire.Bid:            "bid",
		wire.BidSize:        "bidSize",
		wire.Ask:            "ask",
		wire.AskSize:        "askSize",
		wire.Volume:         "amount",
		wire.QuoteVolume:    "trade_turnover",
		wire.ContractVolume: "vol",
		wire.Size:           "number_of",
		wire.Trades:         "count",
	},
	Seconds: []wire.Field{wire.Start},
	Awaited: []wire.Field{wire.Time},
})

var none decimal.Decimal

// volumes puts volumes into one unit each: spot has amount in base and vol in quote; contracts amount in coins and vol in contracts, but
// where number_of has these vol is in quote, sections 3.3 and 3.7. Those of contracts are of both sides.
func volumes(r *wire.Row, m *exchange.Market, trades *int64, base, quote, contracts *decimal.Decimal) {
	if m.Contract.Absent() {
		*quote, *contracts = *contracts, none
		return
	}
	if r.Has(wire.Size) {
		*quote, *contracts = *contracts, r.Decimal(wire.Size)
	}
	*trades, *base, *quote, *contracts = *trades/2, half(*base), half(*quote), half(*contracts)
}

// half takes one side of what the venue counts on both: of a contract traded the buyer's and the seller's, section 3.9.
func half(d decimal.Decimal) decimal.Decimal {
	if coef, scale, ok := d.Parts(); ok && coef&1 == 0 {
		return decimal.FromParts(false, coef/2, scale)
	}
	return d.Mul(decimal.New(5, 1))
}

var tickers = exchange.Rows(prices, "", func(v *exchange.Ticker, r *wire.Row, m *exchange.Market) bool {
	if m.Kind == exchange.Spot && r.Has(wire.Market) { // in the list of all pairs these are of the calendar day
		v.Open, v.High, v.Low, v.Change, v.Percent = none, none, none, none, none
	}
	volumes(r, m, &v.Trades, &v.Volume, &v.QuoteVolume, &v.ContractVolume)
	return r.Has(wire.Close) || r.Has(wire.Bid) || r.Has(wire.Ask)
})

// bidAsks reads bbo, or a ticker: REST has no other source of them for one market.
var bidAsks = exchange.Rows(prices, "", func(_ *exchange.BidAsk, r *wire.Row, _ *exchange.Market) bool {
	return r.Has(wire.Bid) || r.Has(wire.Ask)
})

// candles finds the end of months itself, which are those of UTC+8, section 1.4.
var candles = exchange.Rows(prices, "", func(v *exchange.Candle, r *wire.Row, m *exchange.Market) bool {
	if zone := 8 * time.Hour; v.Interval == "1M" {
		v.Closed = !v.Start.Add(zone).AddDate(0, 1, 0).Add(-zone).After(v.Time)
	}
	volumes(r, m, &v.Trades, &v.Volume, &v.QuoteVolume, &v.ContractVolume)
	return r.Has(wire.Start) && r.Has(wire.Close)
})

// marks reads mark prices, which come as candles.
var marks = exchange.Rows(prices, "", func(v *exchange.MarkPrice, r *wire.Row, _ *exchange.Market) bool {
	v.Mark = r.Decimal(wire.Close)
	return r.Has(wire.Close)
})

// matches reads sections 3.4, 3.8, 4.5.4 and 4.6.6: matches have lists of their trades.
var matches = exchange.Rows(wire.Compile(wire.Format{
	Words: wire.Words{
		wire.Rows:    rows,
		wire.Time:    "ts",
		wire.TradeID: "id",
		wire.Seq:     "tradeId trade-id",
		wire.Side:    "direction",
		wire.Price:   "price",
		wire.Size:    "amount",
		wire.Cost:    "trade_turnover",
	},
	Awaited: []wire.Field{wire.Time},
}), "", func(v *exchange.Trade, r *wire.Row, m *exchange.Market) bool {
	if !m.Contract.Absent() {
		v.Size, v.Contracts = m.Sized(half(r.Decimal(wire.Size)), v.Price)
		v.Cost = half(v.Cost)
	}
	return r.Has(wire.Price)
})

// trades reads trades, oldest first: spot sends the newest first. REST has the newest only: a range that begins before them
// cannot be answered, which is not the same as empty.
func trades(dst []exchange.Trade, in *exchange.Scope, b []byte) ([]exchange.Trade, error) {
	n := len(dst)
	dst, err := matches(dst, in, b)
	slices.SortStableFunc(dst[n:], func(x, y exchange.Trade) int { return cmp.Compare(x.Seq, y.Seq) })
	if since := in.Args.Range.Since; !since.IsZero() && len(dst)-n >= mostRows && dst[n].Time.After(since) {
		return dst, refuse(in.Market, exchange.ErrBadRequest, newestOnly)
	}
	return dst, err
}

// span returns the number of a trade. Those of spot grow by one with each, those of contracts have the match before the last four digits.
func span(t *exchange.Trade) (first, last int64, ok bool) { return t.Seq, t.Seq, t.Seq > 0 }

// fundings reads the running rate of the present period, or a page of those that were charged, sections 3.11 and 4.7.2. Beside a
// settlement_time the funding_time is when the rate was computed.
var fundings = exchange.Rows(wire.Compile(wire.Format{
	Words: wire.Words{
		wire.Rows:     rows,
		wire.Market:   "contract_code",
		wire.Time:     "ts",
		wire.Rate:     "funding_rate",
		wire.Realized: "realized_rate",
		wire.Next:     "settlement_time",
		wire.End:      "funding_time",
	},
	Awaited: []wire.Field{wire.Time},
}), "", func(v *exchange.FundingRate, r *wire.Row, _ *exchange.Market) bool {
	if v.Next.IsZero() {
		v.Next = r.Time(wire.End)
	}
	if r.Has(wire.Realized) {
		v.Rate = r.Decimal(wire.Realized)
	}
	return !v.Rate.Absent()
})

// books reads the books of sections 3.2, 3.6, 4.5.5, 4.5.6, 4.6.2 and 4.6.3. A change names the one before it, or has an event that says
// so. The version of a contract's book without an event is the time in seconds: the time serves better.
var books = exchange.Books(wire.Compile(wire.Format{
	Words: wire.Words{
		wire.Rows:  rows,
		wire.Time:  "ts",
		wire.Event: "event",
		wire.Seq:   "version",
		wire.Last:  "seqNum",
		wire.Prev:  "prevSeqNum",
		wire.Bids:  "bids",
		wire.Asks:  "asks",
	},
	Awaited: []wire.Field{wire.Time},
}), "", func(u *book.Update, r *wire.Row, in *exchange.Scope) bool {
	u.Snapshot, u.Limit = !r.Has(wire.Prev) && string(r.Text(wire.Event)) != "update", in.Args.Depth
	switch version := r.Int(wire.Seq); {
	case r.Has(wire.Last):
	case r.Has(wire.Event), version != 0 && in.Market != nil && in.Market.Contract.Absent():
		u.Last = version
	case !u.Time.IsZero():
		u.Last = u.Time.UnixMilli()
	}
	return r.Has(wire.Last) || r.Has(wire.Bids) || r.Has(wire.Asks)
})

// The usual bytes of changes, sections 4.5.6 and 4.6.3. The small books of spot leave out a side that did not change.
var (
	mergeSpot = exchange.Exact(
		wire.MustForm(`{"ch":"market.{market}.mbp.{number}","ts":{time},"tick":{"seqNum":{last},"prevSeqNum":{prev},"bids":[{bids}],"asks":[{asks}]}}`),
		wire.MustForm(`{"ch":"market.{market}.mbp.{number}","ts":{time},"tick":{"seqNum":{last},"prevSeqNum":{prev},"bids":[{bids}]}}`),
		wire.MustForm(`{"ch":"market.{market}.mbp.{number}","ts":{time},"tick":{"seqNum":{last},"prevSeqNum":{prev},"asks":[{asks}]}}`),
	)
	mergeContract = exchange.Exact(
		wire.MustForm(`{"ch":"market.{market}.depth.size_{number}.high_freq","tick":{"asks":[{asks}],"bids":[{bids}],` +
			`"ch":"market.{market}.depth.size_{number}.high_freq","event":"update","id":{number},"mrid":{number},"ts":{time},"version":{last}},"ts":{number}}`),
	)
)

// linked is the rule of section 5.2: each change names the one before it, and numbers grow in steps of any size. A snapshot must
// meet the end of a change: one that lies inside may have a level that came and went within it, of which no change tells. Changes
// that are linked to each other below the book's number are the venue counting anew.
func linked(at book.At, u *book.Update) book.Verdict {
	switch {
	case u.Last <= at.Seq && !at.Fresh && u.Prev == at.Heard && at.Heard < at.Seq:
		return book.Gap
	case u.Last <= at.Seq:
		return book.Skip
	case u.Prev == at.Seq:
		return book.Apply
	case at.Fresh:
		return book.OldSnapshot
	}
	return book.Gap
}

// counted is the rule of section 5.3: versions grow by one on a connection.
func counted(at book.At, u *book.Update) book.Verdict {
	return linked(at, &book.Update{Prev: u.Last - 1, Last: u.Last})
}
