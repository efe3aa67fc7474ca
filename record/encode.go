package record

import (
	"encoding/binary"
	"time"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
)

// A record of the log is one row: a byte that says of which table, then its columns in order, as their kinds say:
//
//	Text, Name  uvarint length, bytes
//	Number      uvarint length of its text, the text; 0: absent
//	Moment      8 bytes, little-endian
//	Count       varint
//	Flag        one byte, 0 or 1
//	Levels      uvarint count, of each the price and the size as Number
//
// Encoder makes records of values. What its methods return is good until the next call.
type Encoder struct{ b []byte }

func (e *Encoder) begin(t *Table, s *exchange.Stamp) {
	e.b = append(e.b[:0], t.id)
	e.text(s.Venue)
	e.text(s.Symbol)
	e.moment(s.Time)
	e.moment(s.Received)
	e.count(s.Seq)
}

func (e *Encoder) text(s string) {
	e.b = binary.AppendUvarint(e.b, uint64(len(s)))
	e.b = append(e.b, s...)
}

func (e *Encoder) number(d decimal.Decimal) {
	at := len(e.b)
	e.b = d.AppendTo(append(e.b, 0))
	if n := len(e.b) - at - 1; n < 1<<7 {
		e.b[at] = byte(n)
	} else { // has never been seen
		text := string(e.b[at+1:])
		e.b = e.b[:at]
		e.text(text)
	}
}

func (e *Encoder) numbers(all ...decimal.Decimal) {
	for _, d := range all {
		e.number(d)
	}
}

func (e *Encoder) moment(t time.Time) {
	e.b = binary.LittleEndian.AppendUint64(e.b, uint64(nanos(t)))
}

func (e *Encoder) count(n int64) { e.b = binary.AppendVarint(e.b, n) }

func (e *Encoder) flag(on bool) {
	v := byte(0)
	if on {
		v = 1
	}
	e.b = append(e.b, v)
}

func (e *Encoder) levels(side []exchange.Level) {
	e.b = binary.AppendUvarint(e.b, uint64(len(side)))
	for i := range side {
		e.number(side[i].Price)
		e.number(side[i].Size)
	}
}

// nanos is 0 for no time.
func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

// Trade makes a row of TradeTable.
func (e *Encoder) Trade(t *exchange.Trade) []byte {
	e.begin(TradeTable, &t.Stamp)
	e.text(t.ID)
	e.text(t.First)
	e.text(string(t.Side))
	e.numbers(t.Price, t.Size, t.Contracts, t.Cost)
	e.text(t.Source.String())
	return e.b
}

// Ticker makes a row of TickerTable.
func (e *Encoder) Ticker(t *exchange.Ticker) []byte {
	e.begin(TickerTable, &t.Stamp)
	e.numbers(t.Last, t.LastSize, t.Bid, t.BidSize, t.Ask, t.AskSize, t.Open, t.High, t.Low, t.PreviousClose,
		t.Change, t.Percent, t.VWAP, t.Volume, t.QuoteVolume, t.ContractVolume)
	e.moment(t.OpenTime)
	e.count(t.Trades)
	return e.b
}

// BidAsk makes a row of BidAskTable.
func (e *Encoder) BidAsk(q *exchange.BidAsk) []byte {
	e.begin(BidAskTable, &q.Stamp)
	e.numbers(q.Bid, q.BidSize, q.Ask, q.AskSize)
	return e.b
}

// Candle makes a row of CandleTable.
func (e *Encoder) Candle(c *exchange.Candle) []byte {
	e.begin(CandleTable, &c.Stamp)
	e.text(string(c.Interval))
	e.moment(c.Start)
	e.numbers(c.Open, c.High, c.Low, c.Close, c.Volume, c.QuoteVolume, c.ContractVolume)
	e.count(c.Trades)
	e.flag(c.Closed)
	return e.b
}

// Funding makes a row of FundingTable.
func (e *Encoder) Funding(f *exchange.FundingRate) []byte {
	e.begin(FundingTable, &f.Stamp)
	e.number(f.Rate)
	e.moment(f.Next)
	e.count(int64(f.Interval))
	e.number(f.Mark)
	return e.b
}

// Gap makes a row of GapTable; told is when the gap was told.
func (e *Encoder) Gap(g *Gap, told time.Time) []byte {
	e.begin(GapTable, &exchange.Stamp{Venue: g.Venue, Symbol: g.Symbol, Received: told})
	e.text(string(g.Channel))
	e.text(g.Cause)
	e.moment(g.From)
	e.moment(g.To)
	e.text(g.FromID)
	e.text(g.ToID)
	e.count(int64(g.Lost))
	e.flag(g.Healed)
	e.text(g.Err)
	return e.b
}

// Book makes a row of BookTable: state is BookSnapshot, BookDelta or BookDown, bids and asks what that has.
func (e *Encoder) Book(state string, b *exchange.OrderBook, bids, asks []exchange.Level) []byte {
	e.begin(BookTable, &b.Stamp)
	e.text(state)
	e.flag(b.Contracts)
	e.numbers(b.KnownBid, b.KnownAsk)
	e.levels(bids)
	e.levels(asks)
	return e.b
}
