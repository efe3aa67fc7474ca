package okx

import (
	"slices"
	"strconv"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/wire"
)

// rows are the words of all messages but those of order books and candles (sections 3.3 to 3.6, 4.4): none means two
// things. Prices of an empty side are "", and absent.
var rows = wire.Compile(wire.Format{Words: wire.Words{
	wire.Rows:              "data",
	wire.Market:            "instId",
	wire.TradeID:           "tradeId",
	wire.Side:              "side",
	wire.Seq:               "seqId",
	wire.Matches:           "count",
	wire.Open:              "open24h",
	wire.High:              "high24h",
	wire.Low:               "low24h",
	wire.Close:             "last",
	wire.LastSize:          "lastSz",
	wire.Volume:            "volCcy24h",
	wire.ContractVolume:    "vol24h",
	wire.Bid:               "bidPx bids",
	wire.BidSize:           "bidSz",
	wire.Ask:               "askPx asks",
	wire.AskSize:           "askSz",
	wire.Price:             "px",
	wire.Size:              "sz",
	wire.Rate:              "fundingRate",
	wire.Realized:          "realizedRate",
	wire.MarkPrice:         "markPx",
	wire.Time:              "ts",
	wire.Next:              "fundingTime",
	wire.After:             "nextFundingTime",
	wire.Interest:          "oiCcy",
	wire.InterestContracts: "oi",
	wire.InterestValue:     "oiUsd",
}})

var parseTime = exchange.ServerTime(rows)

// parseTickers reads tickers. volCcy24h is the quote currency of a pair, the coin of a contract.
var parseTickers = exchange.Rows(rows, "", func(v *exchange.Ticker, _ *wire.Row, m *exchange.Market) bool {
	if m.Contract.Absent() {
		v.Volume, v.QuoteVolume, v.ContractVolume = v.ContractVolume, v.Volume, decimal.Decimal{}
	}
	return true
})

// parseBest reads the best prices of a ticker, for which REST has no other source, and of bbo-tbt.
var parseBest = exchange.Rows[exchange.BidAsk](rows, "", nil)

// parseTrades reads trades. The pushed ones join the matches of one taker at one price: the id is the last of count. Only
// they have a place in the order of the book.
var parseTrades = exchange.Rows(rows, "", func(v *exchange.Trade, r *wire.Row, _ *exchange.Market) bool {
	v.Seq = r.Int(wire.Seq)
	return true
})

// parseTradeList reads the trades of REST, which come newest first: those of one millisecond must keep their order. Where
// askTrades looked for the trade before a range and there is none, the range cannot be answered, which is not the same as
// empty.
func parseTradeList(dst []exchange.Trade, in *exchange.Scope, b []byte) ([]exchange.Trade, error) {
	n := len(dst)
	dst, err := parseTrades(dst, in, b)
	slices.Reverse(dst[n:])
	if r := &in.Args.Range; err == nil && len(dst) == n && r.FromID == "" && !r.Since.IsZero() {
		return dst, &exchange.Error{Venue: name, Kind: exchange.ErrBadRequest, Message: "no trade before Since: the venue keeps those of three months"}
	}
	return dst, err
}

// span returns the ids that a pushed trade stands for. Ids grow by one with each match; those of liquidations are
// negative and out of order (section 3.4).
func span(t *exchange.Trade) (first, last int64, ok bool) {
	last, err := strconv.ParseInt(t.ID, 10, 64)
	if first = last; t.First != "" && err == nil {
		first, err = strconv.ParseInt(t.First, 10, 64)
	}
	if err != nil || last <= 0 {
		return 0, 0, false
	}
	return first, last, true
}

// parseCandles reads candles (section 3.5). Behind the prices stand contracts and coin, or base and quote of a pair.
var parseCandles = exchange.Rows(wire.Compile(wire.Format{
	Words: wire.Words{wire.Rows: "data", wire.Start: "ts"},
	Columns: []wire.Field{wire.Start, wire.Open, wire.High, wire.Low, wire.Close,
		wire.ContractVolume, wire.Volume, wire.QuoteVolume, wire.Closed},
}), "", func(v *exchange.Candle, _ *wire.Row, m *exchange.Market) bool {
	if m.Contract.Absent() {
		v.Volume, v.ContractVolume = v.ContractVolume, decimal.Decimal{}
	}
	return true
})

// parseFunding reads the rate of the present period, whose length changes in stress (section 3.6).
var parseFunding = exchange.Rows[exchange.FundingRate](rows, "", nil)

// parseHistory reads rates that were charged: realizedRate, where the venue tells it.
var parseHistory = exchange.Rows(rows, "", func(v *exchange.FundingRate, r *wire.Row, _ *exchange.Market) bool {
	if v.Time = v.Next; r.Has(wire.Realized) {
		v.Rate = r.Decimal(wire.Realized)
	}
	return true
})

var parseMarks = exchange.Rows[exchange.MarkPrice](rows, "", nil)

// parseInterest reads what is open of contracts (section 3.6), the same in the stream.
var parseInterest = exchange.Rows[exchange.OpenInterest](rows, "", nil)

// parseLiquidations reads orders that the venue has made, each instrument with a list of its own (section 4.4), the same in
// the stream. The price is that of bankruptcy.
var parseLiquidations = exchange.Rows[exchange.Liquidation](wire.Compile(wire.Format{
	Words: wire.Words{
		wire.Rows:   "data details",
		wire.Market: "instId",
		wire.Side:   "side",
		wire.Price:  "bkPx",
		wire.Size:   "sz",
		wire.Time:   "ts",
	},
	Late: true,
}), "", nil)
