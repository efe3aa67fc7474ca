package record

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/record/wal"
)

func number(s string) decimal.Decimal { return decimal.MustParse(s) }

var (
	stamp = exchange.Stamp{Venue: "okx", Symbol: "BTC/USDT", Time: time.Unix(5, 7), Received: time.Unix(6, 8), Seq: -3, Source: exchange.REST}
	level = func(p, s string) exchange.Level { return exchange.Level{Price: number(p), Size: number(s)} }

	// samples are a row of each table, every column other than empty.
	samples = []struct {
		table  *Table
		encode func(e *Encoder) []byte
	}{
		{TradeTable, func(e *Encoder) []byte {
			return e.Trade(&exchange.Trade{Stamp: stamp, ID: "12", First: "11", Side: exchange.Buy, Price: number("1.50"), Size: number("-0.000"), Contracts: number("1e-7"), Cost: number("0." + strings.Repeat("0", 300) + "1")})
		}},
		{BookTable, func(e *Encoder) []byte {
			b := &exchange.OrderBook{Stamp: stamp, Contracts: true, KnownBid: number("1"), KnownAsk: number("2")}
			return e.Book(BookDelta, b, []exchange.Level{level("1.0", "0")}, []exchange.Level{level("2", "3"), level("4", "5")})
		}},
		{TickerTable, func(e *Encoder) []byte {
			one := number("1")
			return e.Ticker(&exchange.Ticker{Stamp: stamp, Last: number("0"), LastSize: one, Bid: one, BidSize: one, Ask: one, AskSize: one, Open: one, High: one, Low: one,
				PreviousClose: one, Change: one, Percent: one, VWAP: one, Volume: one, QuoteVolume: one, ContractVolume: one, OpenTime: time.Unix(1, 0), Trades: 9})
		}},
		{BidAskTable, func(e *Encoder) []byte {
			return e.BidAsk(&exchange.BidAsk{Stamp: stamp, Bid: number("1"), BidSize: number("2"), Ask: number("3"), AskSize: number("4")})
		}},
		{CandleTable, func(e *Encoder) []byte {
			one := number("1")
			return e.Candle(&exchange.Candle{Stamp: stamp, Interval: "1m", Start: time.Unix(60, 0), Open: one, High: one, Low: one, Close: one, Volume: one, QuoteVolume: one, ContractVolume: one, Trades: 4, Closed: true})
		}},
		{FundingTable, func(e *Encoder) []byte {
			return e.Funding(&exchange.FundingRate{Stamp: stamp, Rate: number("-0.0001"), Next: time.Unix(9, 0), Interval: 8 * time.Hour, Mark: number("5")})
		}},
		{GapTable, func(e *Encoder) []byte {
			return e.Gap(&Gap{Venue: "okx", Symbol: "BTC/USDT", Channel: Trades, Cause: "disconnect", From: time.Unix(1, 0), To: time.Unix(2, 0), FromID: "a", ToID: "b", Lost: 3, Healed: true, Err: "why"}, time.Unix(3, 0))
		}},
		{FrameTable, func(e *Encoder) []byte {
			f := &exchange.Frame{Venue: "okx", Kind: exchange.FrameIn, Conn: 3, URL: "wss://x", Data: []byte("{\x00}"), Received: time.Unix(1, 2)}
			return e.Frame(f, 0, f.Data)
		}},
	}
)

// encodeAgain writes the last row of r as it is in columns.
func encodeAgain(e *Encoder, r *Rows) []byte {
	e.b = append(e.b[:0], r.Table.id)
	at := r.Len() - 1
	for i, c := range r.Table.Columns {
		v := &r.Columns[i]
		switch c.Kind {
		case Text, Name:
			e.text(v.Texts[at])
		case Number:
			e.number(v.Numbers[at])
		case Moment:
			e.moment(Time(v.Ints[at]))
		case Count:
			e.count(v.Ints[at])
		case Flag:
			e.flag(v.Ints[at] == 1)
		case Levels:
			e.levels(v.Levels[at])
		}
	}
	return e.b
}

func TestRowsComeBack(t *testing.T) {
	for i, table := range Tables {
		if table.id != byte(i+1) || tableOf(table.id) != table || samples[i].table != table {
			t.Fatalf("table %d is %s", i, table.Name)
		}
	}
	var b Batch
	b.Reset(wal.ID{1}, 100)
	pos := uint64(100)
	var e, again Encoder
	for range 2 {
		for _, x := range samples {
			row := x.encode(&e)
			if err := b.Add(pos, row); err != nil {
				t.Fatal(err)
			}
			r := b.Of(x.table)
			if got := encodeAgain(&again, r); !bytes.Equal(got, row) {
				t.Errorf("%s: %q came back as %q", x.table.Name, row, got)
			}
			if r.Pos[r.Len()-1] != pos {
				t.Errorf("%s: at %v", x.table.Name, r.Pos)
			}
			pos++
		}
	}
	if b.Len() != 2*len(samples) || b.From != 100 || b.To != pos || len(b.Tables) != len(samples) {
		t.Errorf("%d rows from %d to %d", b.Len(), b.From, b.To)
	}
	b.Reset(wal.ID{2}, pos)
	if b.Len() != 0 || b.Of(TradeTable) != nil || b.To != pos || len(b.Tables) != 0 {
		t.Errorf("not empty: %+v", b)
	}
}

// What is cut short, goes on, or was changed is no row, or another one, and never hurts those that are there.
func FuzzRow(f *testing.F) {
	var e Encoder
	for _, x := range samples {
		f.Add(bytes.Clone(x.encode(&e)))
	}
	f.Fuzz(func(t *testing.T, row []byte) {
		var b Batch
		b.Reset(wal.ID{}, 0)
		var e Encoder
		first := bytes.Clone(samples[0].encode(&e))
		if err := b.Add(0, first); err != nil {
			t.Fatal(err)
		}
		before := b.Len()
		switch err := b.Add(1, row); {
		case err == nil && b.Len() != before+1, err != nil && (!errors.Is(err, ErrRow) || b.Len() != before):
			t.Errorf("%q: %v, %d rows", row, err, b.Len())
		}
		for _, r := range b.Tables {
			for i, c := range r.Columns {
				if n := len(c.Texts) + len(c.Numbers) + len(c.Ints) + len(c.Levels); n != r.Len() {
					t.Errorf("%s has %d values in column %s", r.Table.Name, n, r.Table.Columns[i].Name)
				}
			}
		}
		if r := b.Of(TradeTable); r.Columns[VenueColumn].Texts[0] != "okx" {
			t.Error("the row before has changed")
		}
	})
}

func TestCutRowsAreNoRows(t *testing.T) {
	var e Encoder
	var b Batch
	for _, x := range samples {
		row := bytes.Clone(x.encode(&e))
		for n := range row {
			b.Reset(wal.ID{}, 0)
			if err := b.Add(0, row[:n]); !errors.Is(err, ErrRow) || b.Len() != 0 {
				t.Errorf("%s, %d of %d bytes: %v", x.table.Name, n, len(row), err)
			}
		}
	}
}

func BenchmarkEncodeTrade(b *testing.B) {
	trade := exchange.Trade{Stamp: stamp, ID: "123456789", Side: exchange.Buy, Price: number("64135.80"), Size: number("0.00547601"), Cost: number("351.2")}
	var e Encoder
	b.ReportAllocs()
	for b.Loop() {
		e.Trade(&trade)
	}
}

func BenchmarkDecodeTrade(b *testing.B) {
	trade := exchange.Trade{Stamp: stamp, ID: "123456789", Side: exchange.Buy, Price: number("64135.80"), Size: number("0.00547601"), Cost: number("351.2")}
	var e Encoder
	row := e.Trade(&trade)
	var batch Batch
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		if n%10_000 == 0 {
			batch.Reset(wal.ID{}, 0)
		}
		if err := batch.Add(uint64(n), row); err != nil {
			b.Fatal(err)
		}
	}
}
