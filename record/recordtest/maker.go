package recordtest

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/wal"
)

// Begin is when the first row of a Maker was received; each is received up to a millisecond after the one before.
var Begin = time.Date(2026, 11, 22, 3, 0, 0, 123456789, time.UTC)

// Maker makes rows. Two of one seed make the same.
type Maker struct {
	// Plain leaves out what venues seldom send: for benchmarks.
	Plain bool
	// UTF8 leaves out texts that are not.
	UTF8 bool
	// Levels is how many a snapshot of a plain book has on each side, 20 if it is 0.
	Levels int

	r    *rand.Rand
	e    record.Encoder
	now  time.Time
	made int64
}

// NewMaker returns a Maker whose rows are of a seed.
func NewMaker(seed uint64) *Maker {
	return &Maker{r: rand.New(rand.NewPCG(seed, 1)), now: Begin}
}

// Log returns the id of a log.
func Log(n byte) wal.ID { return wal.ID{n, 0, 0xff, '\'', 15: n} }

// Batch returns n rows of tables, or of all tables if none is named, at the positions from from.
func (m *Maker) Batch(log wal.ID, from uint64, n int, tables ...*record.Table) *record.Batch {
	if len(tables) == 0 {
		tables = record.Tables
	}
	b := new(record.Batch)
	b.Reset(log, from)
	for i := range n {
		if err := b.Add(from+uint64(i), m.Row(tables[m.r.IntN(len(tables))])); err != nil {
			panic(err) // of what Encoder has made
		}
	}
	return b
}

// Row returns a record of a table. It is good until the next call.
func (m *Maker) Row(t *record.Table) []byte {
	m.made++
	m.now = m.now.Add(time.Duration(m.r.IntN(int(time.Millisecond))))
	switch t {
	case record.TradeTable:
		return m.trade()
	case record.BookTable:
		return m.book()
	case record.TickerTable:
		return m.ticker()
	case record.BidAskTable:
		return m.e.BidAsk(&exchange.BidAsk{Stamp: m.stamp(), Bid: m.price(), BidSize: m.size(), Ask: m.price(), AskSize: m.size()})
	case record.CandleTable:
		return m.e.Candle(&exchange.Candle{Stamp: m.stamp(), Interval: exchange.Interval(pick(m, "1m", "5m", "1h")), Start: m.time(), Open: m.price(), High: m.price(), Low: m.price(), Close: m.price(),
			Volume: m.size(), QuoteVolume: m.price(), ContractVolume: m.size(), Trades: m.count(), Closed: m.one(2)})
	case record.FundingTable:
		return m.e.Funding(&exchange.FundingRate{Stamp: m.stamp(), Rate: decimal.New(m.r.Int64N(2001)-1000, 8), Next: m.time(), Interval: 8 * time.Hour, Mark: m.price()})
	case record.GapTable:
		return m.e.Gap(&record.Gap{Venue: pick(m, venues...), Symbol: pick(m, symbols...), Channel: record.Books, Cause: pick(m, "gap", "disconnect", record.Start), From: m.time(), To: m.time(),
			FromID: m.text("100"), ToID: m.text("200"), Lost: uint64(m.r.IntN(100)), Healed: m.one(2), Err: m.text("read: connection reset by peer")}, m.now)
	}
	return m.frame()
}

var (
	venues  = []string{"binance", "okx", "bybit"}
	symbols = []string{"BTC/USDT", "BTC/USDT:USDT", "ETH/USDT:USDT-261225-3500-C", "币安人生/USDT", "1000SATS/USDT"}

	// numbers are written as venues do, and as they may.
	numbers = []string{
		"0", "-0", "0.000", "-0.00", "0E0", "-0e-0", "0e+00", "1", "100", "1.0", "-7.50", "0.00000001", "68250.10000000", "1E5", "9.121E-7", "1e-07", "1.5e+3", "-2.50E+10",
		"1234567890123456789012345678", "-1234567890123456789012345678", "0.1234567890123456789012345678", "1234567890.123456789012345678", "9223372036854775808",
		"1e-999", "1E+999", "0." + strings.Repeat("0", 240) + "1", "1" + strings.Repeat("0", 250),
	}
	// texts are such as quoting, collations, encodings and drivers get wrong.
	texts = []string{
		"", " ", "a", "A", "a ", " a", "á", "a\u0301", "ss", "ß", "i", "ı", "1", "01", "1.0", "NULL", "null", `\N`, `\x`, `\x61`, `\`, `\\`, `'`, `''`, `"`, `""`, `a"b\c'd`,
		"{}", "{NULL}", "{1,2}", "a,b", "$1", "?", ":a", "%s", "--", "/*", ";", "\t", "a\tb", "a\nb", "a\r\nb", "\n", "\r", "\b", "\x1a", "\x7f", "\u0085", "\u2028", "\ufeffa", "\ufffd",
		"币安人生", "🚀", "é\u200d🚀", "\x00", "a\x00", "a\x00b", "a\x00c", strings.Repeat("long ", 40),
	}
	// scraps are not UTF-8.
	scraps = []string{"\xff", "a\xfe\xffb", "\xc3", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\x80a\x00"}
)

func pick(m *Maker, from ...string) string { return from[m.r.IntN(len(from))] }

// one is true one time in n.
func (m *Maker) one(n int) bool { return m.r.IntN(n) == 0 }

// odd is true where the next value is to be a strange one.
func (m *Maker) odd() bool { return !m.Plain && m.one(4) }

func (m *Maker) stamp() exchange.Stamp {
	return exchange.Stamp{Venue: pick(m, venues...), Symbol: pick(m, symbols...), Time: m.time(), Received: m.now, Seq: m.count(), Source: exchange.Source(m.r.IntN(3))}
}

func (m *Maker) time() time.Time {
	switch {
	case !m.odd():
		return m.now.Add(-time.Duration(m.r.IntN(200)) * time.Millisecond).Truncate(time.Millisecond)
	case m.one(2):
		return time.Time{}
	case m.one(2):
		return time.Unix(0, 1)
	}
	return m.now.Add(-1)
}

func (m *Maker) count() int64 {
	if !m.odd() {
		return 6_000_000_000 + m.made
	}
	return []int64{0, 1, -1, 1<<63 - 1, -1 << 63}[m.r.IntN(5)]
}

func (m *Maker) text(usual string) string {
	switch {
	case !m.odd():
		return usual
	case !m.UTF8 && m.one(8):
		return pick(m, scraps...)
	}
	return pick(m, texts...)
}

func (m *Maker) number(coef int64, scale int) decimal.Decimal {
	switch {
	case !m.odd():
		return decimal.New(coef, scale)
	case m.one(4):
		return decimal.Decimal{}
	}
	return decimal.MustParse(pick(m, numbers...))
}

func (m *Maker) price() decimal.Decimal { return m.number(6_800_000+m.r.Int64N(100_000), 2) }
func (m *Maker) size() decimal.Decimal  { return m.number(1+m.r.Int64N(9_999_999), 5) }

func (m *Maker) trade() []byte {
	t := exchange.Trade{Stamp: m.stamp(), ID: strconv.FormatInt(6_000_000_000+m.made, 10), Side: exchange.Buy, Price: m.price(), Size: m.size()}
	if m.one(2) {
		t.Side = exchange.Sell
	}
	if m.odd() {
		t.ID, t.First, t.Side = m.text(t.ID), m.text("1"), exchange.Side(m.text(""))
		t.Contracts, t.Cost = m.size(), m.price()
	}
	return m.e.Trade(&t)
}

func (m *Maker) ticker() []byte {
	t := exchange.Ticker{Stamp: m.stamp(), Last: m.price(), LastSize: m.size(), Bid: m.price(), BidSize: m.size(), Ask: m.price(), AskSize: m.size(),
		Open: m.price(), High: m.price(), Low: m.price(), Change: m.price(), Percent: m.number(m.r.Int64N(2000)-1000, 3), VWAP: m.price(),
		Volume: m.size(), QuoteVolume: m.price(), OpenTime: m.time(), Trades: m.count()}
	if m.odd() {
		t.PreviousClose, t.ContractVolume = m.price(), m.size()
	}
	return m.e.Ticker(&t)
}

func (m *Maker) book() []byte {
	b := exchange.OrderBook{Stamp: m.stamp(), Contracts: m.one(8)}
	if m.odd() {
		b.KnownBid, b.KnownAsk = m.price(), m.price()
	}
	switch {
	case m.one(20):
		n := m.Levels
		if n == 0 {
			n = 20
		}
		if m.odd() {
			n = []int{0, 1, 1000}[m.r.IntN(3)]
		}
		return m.e.Book(record.BookSnapshot, &b, m.side(n, -1), m.side(n, 1))
	case m.one(50):
		return m.e.Book(record.BookDown, &b, nil, nil)
	}
	return m.e.Book(record.BookDelta, &b, m.side(m.r.IntN(4), -1), m.side(m.r.IntN(4), 1))
}

func (m *Maker) side(n int, way int64) []exchange.Level {
	var side []exchange.Level
	for i := range int64(n) {
		l := exchange.Level{Price: decimal.New(6_850_000+way*(i+m.r.Int64N(20)*10), 2), Size: m.size()}
		if m.one(3) {
			l.Size = decimal.New(0, 0)
		}
		if m.odd() {
			l.Price = m.price()
		}
		side = append(side, l)
	}
	return side
}

func (m *Maker) frame() []byte {
	usual := `{"e":"trade","E":1763780400123,"s":"BTCUSDT","t":` + strconv.FormatInt(m.made, 10) + `,"p":"68250.10000000","q":"0.00100000","T":1763780400122,"m":true}`
	f := &exchange.Frame{Venue: pick(m, venues...), Kind: exchange.FrameKind(pick(m, "open", "in", "out", "close", "http")), Conn: m.count(),
		URL: "wss://stream.example.com/ws", Data: []byte(m.text(usual)), Received: m.now}
	return m.e.Frame(f, 0, f.Data)
}
