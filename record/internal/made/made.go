// Package made makes batches for tests of sinks.
package made

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/wal"
)

// Log is the id of the log that the n-th batches are from.
func Log(n byte) wal.ID { return wal.ID{0: n, 15: 0xF0} }

// Start is when the first row is received: late in a day, so that rows of the next come soon.
var Start = time.Date(2026, 1, 2, 23, 59, 50, 123, time.UTC)

// Batch makes rows at the positions from up to to, a tenth of a second apart, in all tables and of so many symbols. The same
// position has the same row always.
func Batch(log wal.ID, from, to uint64, symbols int) *record.Batch {
	var b record.Batch
	b.Reset(log, from)
	var e record.Encoder
	for pos := from; pos < to; pos++ {
		if err := b.Add(pos, row(&e, pos, symbols)); err != nil {
			panic(err)
		}
	}
	b.To = to
	return &b
}

// Symbol is the name of one of the symbols.
func Symbol(n int) string { return fmt.Sprintf("C%d/USDT:USDT", n) }

func row(e *record.Encoder, pos uint64, symbols int) []byte {
	r := rand.New(rand.NewPCG(pos, 1))
	at := Start.Add(time.Duration(pos) * 100 * time.Millisecond)
	stamp := exchange.Stamp{Venue: "okx", Symbol: Symbol(int(pos) % symbols), Time: at.Add(-3 * time.Millisecond), Received: at, Seq: int64(r.Uint64()) >> 8}
	switch pos % 8 {
	case 0:
		return e.Book(record.BookDelta, &exchange.OrderBook{Stamp: stamp, Contracts: pos%3 == 0, KnownBid: number(r)}, side(r), side(r))
	case 1:
		return e.Ticker(&exchange.Ticker{Stamp: stamp, Last: number(r), Bid: number(r), VWAP: number(r), OpenTime: at.Add(-24 * time.Hour), Trades: r.Int64N(100)})
	case 2:
		return e.BidAsk(&exchange.BidAsk{Stamp: stamp, Bid: number(r), BidSize: number(r), Ask: number(r)})
	case 3:
		return e.Candle(&exchange.Candle{Stamp: stamp, Interval: "1m", Start: at.Truncate(time.Minute), Open: number(r), Close: number(r), Closed: pos%2 == 0})
	case 4:
		return rare(e, pos, at, stamp, r)
	}
	t := exchange.Trade{Stamp: stamp, ID: fmt.Sprint(pos), Side: exchange.Buy, Price: number(r), Size: number(r)}
	if pos%16 == 7 {
		t.ID, t.Time = "", time.Time{}
	}
	return e.Trade(&t)
}

func rare(e *record.Encoder, pos uint64, at time.Time, stamp exchange.Stamp, r *rand.Rand) []byte {
	switch pos / 8 % 3 {
	case 0:
		return e.Funding(&exchange.FundingRate{Stamp: stamp, Rate: number(r).Neg(), Next: at.Add(time.Hour), Interval: 8 * time.Hour})
	case 1:
		return e.Gap(&record.Gap{Venue: stamp.Venue, Symbol: stamp.Symbol, Channel: record.Trades, Cause: "disconnect", From: at, Lost: uint64(pos), Err: "tab\t\"quoted\" \\ é \x01"}, at)
	}
	data := []byte{'{', 0, 0xff, byte(pos)}
	if pos%2 == 0 {
		data = []byte("{\"a\":\"b\"}\n")
	}
	return e.Frame(&exchange.Frame{Venue: "okx", Kind: exchange.FrameIn, Conn: 2, URL: "wss://x/?a=b", Data: data, Received: at}, 0, data)
}

func number(r *rand.Rand) decimal.Decimal {
	switch r.IntN(10) {
	case 0:
		return decimal.Decimal{}
	case 1:
		return decimal.MustParse([]string{"0", "-0.00", "1e-7", "1E+3", "123456789012345678901234567890.12", "0.000"}[r.IntN(6)])
	}
	return decimal.New(r.Int64N(1e7), r.IntN(5))
}

func side(r *rand.Rand) (levels []exchange.Level) {
	for range r.IntN(4) {
		levels = append(levels, exchange.Level{Price: number(r), Size: number(r)})
	}
	return levels
}
