package recordtest

import (
	"testing"
	"time"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/record"
)

// Known writes a few rows that tests of what a store shows of them know: trades 1 and 2, one row of a book, and a hole that was told
// twice, when it opened and when it closed, beside one that is open.
func Known(t *testing.T, s record.Sink) {
	t.Helper()
	var e record.Encoder
	b := new(record.Batch)
	b.Reset(Log(1), 0)
	stamp := exchange.Stamp{Venue: "okx", Symbol: "BTC/USDT", Time: Begin.Add(-time.Millisecond), Received: Begin, Seq: 9}
	add := func(row []byte) {
		if err := b.Add(b.To, row); err != nil {
			t.Fatal(err)
		}
	}
	level := func(price, size string) exchange.Level {
		return exchange.Level{Price: decimal.MustParse(price), Size: decimal.MustParse(size)}
	}
	add(e.Trade(&exchange.Trade{Stamp: stamp, ID: "1", Side: exchange.Buy, Price: decimal.MustParse("68250.10"), Size: decimal.MustParse("0.500")}))
	add(e.Trade(&exchange.Trade{Stamp: stamp, ID: "2", Side: exchange.Sell, Price: decimal.MustParse("1e-7"), Size: decimal.MustParse("-0.0")}))
	add(e.Book(record.BookDelta, &exchange.OrderBook{Stamp: stamp}, []exchange.Level{level("10.50", "1E-7"), level("10.40", "2")}, []exchange.Level{level("11", "0")}))
	hole := record.Gap{Venue: "okx", Symbol: "BTC/USDT", Channel: record.Books, Cause: "gap", From: Begin}
	add(e.Gap(&hole, Begin.Add(1)))
	hole.To, hole.Healed = Begin.Add(2), true
	add(e.Gap(&hole, Begin.Add(2)))
	hole.From, hole.To, hole.Healed = Begin.Add(5), time.Time{}, false
	add(e.Gap(&hole, Begin.Add(5)))
	if err := s.Write(t.Context(), b); err != nil {
		t.Fatal(err)
	}
}
