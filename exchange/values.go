package exchange

import (
	"math"
	"time"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/decimal"
)

// Side is the side of the taker.
type Side string

// The sides.
const (
	Buy  Side = "buy"
	Sell Side = "sell"
)

// Trade is one public trade. Size is in base units; Contracts is how the venue
// said it, absent where it counts in base units itself. The base units of an
// inverse contract are contracts × contract size ÷ price, rounded to 28 digits.
type Trade struct {
	Stamp
	ID        string // the venue's own text
	First     string // the first id, where one value stands for several matches; else empty
	Side      Side
	Price     decimal.Decimal
	Size      decimal.Decimal
	Contracts decimal.Decimal
	Cost      decimal.Decimal // in quote units where the venue says it, else absent
}

// Ticker is the last 24 hours of a market. What a venue does not say is absent.
type Ticker struct {
	Stamp
	Last, LastSize  decimal.Decimal // size in the unit of the market's order book
	Bid, BidSize    decimal.Decimal
	Ask, AskSize    decimal.Decimal
	Open, High, Low decimal.Decimal
	PreviousClose   decimal.Decimal
	Change, Percent decimal.Decimal // Percent is × 100
	VWAP            decimal.Decimal
	Volume          decimal.Decimal // base units
	QuoteVolume     decimal.Decimal
	ContractVolume  decimal.Decimal // contracts, where the venue counts them
	OpenTime        time.Time
	Trades          int64
}

// SetChange fills Change and Percent in from Last and Open. Percent has four decimals: exact
// division would allocate, for digits that nobody reads.
func (t *Ticker) SetChange() {
	t.Change = t.Last.Sub(t.Open)
	if p := math.Round(t.Change.Float64() / t.Open.Float64() * 1e6); math.Abs(p) < 1e15 { // it may be no number
		t.Percent = decimal.New(int64(p), 4)
	}
}

// BidAsk is the best price of both sides. A side that is empty is absent.
// Sizes are in the unit of the market's order book.
type BidAsk struct {
	Stamp
	Bid, BidSize decimal.Decimal
	Ask, AskSize decimal.Decimal
}

// Candle is the trading of one interval.
type Candle struct {
	Stamp
	Interval               Interval
	Start                  time.Time
	Open, High, Low, Close decimal.Decimal
	Volume                 decimal.Decimal // base units
	QuoteVolume            decimal.Decimal
	ContractVolume         decimal.Decimal // contracts, where the venue counts them
	Trades                 int64
	Closed                 bool // it will not change any more
}

// FundingRate is what longs pay to shorts at Next, as a part of the position's value.
type FundingRate struct {
	Stamp
	Rate     decimal.Decimal // of the period that ends at Next; in a history, the rate that was charged
	Next     time.Time       // when it is charged
	Interval time.Duration   // from one charge to the next, 0 when it is not known
	Mark     decimal.Decimal
}

// MarkPrice is the price by which a venue values positions.
type MarkPrice struct {
	Stamp
	Mark, Index decimal.Decimal
}

// OpenInterest is how much of a contract is open: each contract counts once, not for both of
// its sides. What a venue does not say is absent.
type OpenInterest struct {
	Stamp
	Size      decimal.Decimal // base units
	Contracts decimal.Decimal // where the venue counts them
	Value     decimal.Decimal // as the venue values it: quote units, on OKX US dollars
}

// Liquidation is one order by which a venue closes a position by force. What a venue does not
// say is absent. Which liquidations it tells of is the venue's choice: Binance and OKX tell at
// most one for each market and second.
type Liquidation struct {
	Stamp
	Side      Side            // of the order: Sell closes a long position
	Price     decimal.Decimal // of the order, not of its fills; on OKX the price of bankruptcy
	Average   decimal.Decimal // of its fills
	Size      decimal.Decimal // of the order, base units
	Contracts decimal.Decimal // where the venue counts them
	Cost      decimal.Decimal // in quote units, where the venue says it
}

// Status is whether a venue serves. Its Symbol is empty.
type Status struct {
	Stamp
	Family  string // whose maintenance it is; empty when all is well
	State   State
	Until   time.Time // when the maintenance is to end, zero when that is not told
	Message string    // the venue's own words
}

// State is whether something serves.
type State string

// The states of a venue. One that cannot be reached is an error, no state.
const (
	OK          State = "ok"
	Maintenance State = "maintenance"
)

// OrderBook is a copy of a book at one moment: it is the reader's, and nobody
// changes it. Bids and Asks are best first, at most as many levels as were
// asked for. They are empty unless State is Live. Sizes are in base units, or in
// contracts where Market.Contract says so: Market.BaseSize converts.
type OrderBook struct {
	Stamp
	State              book.State
	Bids, Asks         []Level
	KnownBid, KnownAsk decimal.Decimal // beyond these prices levels are unknown, not empty; absent: everything is known
	Contracts          bool            // sizes are in contracts
}

// Level is one price of a book.
type Level = book.Level

// Best returns the best levels, absent where a side is empty.
func (b *OrderBook) Best() (bid, ask Level) {
	if len(b.Bids) > 0 {
		bid = b.Bids[0]
	}
	if len(b.Asks) > 0 {
		ask = b.Asks[0]
	}
	return bid, ask
}

// Raw is a message as the venue sent it.
type Raw struct {
	Stamp
	Topic string
	Data  []byte // the reader's own copy
}
