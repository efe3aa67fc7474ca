package alltick

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/scan"
)

// tick is a book or a trade, of REST (sections 3.4 and 3.5) or pushed (sections 4.5 and 4.6).
type tick struct {
	market                  *exchange.Market
	code                    []byte
	seq, side               int64
	time                    time.Time
	price, volume, turnover decimal.Decimal
	bids, asks              []book.Level
}

// ticks appends those of a message whose market is asked about.
func ticks(dst []tick, in *exchange.Scope, b []byte) ([]tick, error) {
	s := scan.New(b)
	for key := range s.Object() {
		if string(key) == "data" {
			dst = readTick(dst, &s, in)
		}
	}
	return dst, s.End()
}

// readTick reads one, or, in REST, an object that has them in a list.
func readTick(dst []tick, s *scan.Scanner, in *exchange.Scope) []tick {
	own := len(dst)
	dst = another(dst)
	for key := range s.Object() {
		if string(key) != "tick_list" {
			dst[own].read(s, key)
			continue
		}
		for n := 0; s.NextItem(n); n++ {
			dst = readTick(dst, s, in)
		}
	}
	if !dst[own].settle(in) {
		dst = slices.Delete(dst, own, own+1)
	}
	return dst
}

// another appends a tick, with the memory for levels that lies there.
func another(dst []tick) []tick {
	n := len(dst)
	if n == cap(dst) {
		return append(dst, tick{})
	}
	dst = dst[:n+1]
	dst[n] = tick{bids: dst[n].bids[:0], asks: dst[n].asks[:0]}
	return dst
}

func (t *tick) read(s *scan.Scanner, key []byte) {
	switch string(key) {
	case "code":
		t.code = s.Text()
	case "seq": // text in REST, a number in pushes since 2026: both are read
		t.seq = s.Int()
	case "tick_time":
		t.time = instant(s.Int())
	case "price":
		t.price = s.Decimal()
	case "volume":
		t.volume = s.Decimal()
	case "turnover":
		t.turnover = s.Decimal()
	case "trade_direction":
		t.side = s.Int()
	case "bids":
		t.bids = side(s, t.bids[:0])
	case "asks":
		t.asks = side(s, t.asks[:0])
	}
}

// instant reads milliseconds; what is too small for those is seconds (section 4.6).
func instant(v int64) time.Time {
	switch {
	case v == 0:
		return time.Time{}
	case v < 100_000_000_000:
		v *= 1000
	}
	return time.UnixMilli(v).UTC()
}

// side reads the levels of a side. A price of zero or none says that it is empty (section 5.4).
func side(s *scan.Scanner, dst []book.Level) []book.Level {
	for range s.Array() {
		var l book.Level
		for key := range s.Object() {
			switch string(key) {
			case "price":
				l.Price = s.Decimal()
			case "volume":
				l.Size = s.Decimal()
			}
		}
		if l.Price.Sign() != 0 {
			dst = append(dst, l)
		}
	}
	return dst
}

// settle puts sizes in their unit and sides in order. It reports false where the market is not one asked about.
func (t *tick) settle(in *exchange.Scope) bool {
	if t.market = of(in, t.code); t.market == nil {
		return false
	}
	t.volume, t.turnover = sized(t.market, t.volume), cost(t.market, t.turnover)
	for i := range t.bids {
		t.bids[i].Size = sized(t.market, t.bids[i].Size)
	}
	for i := range t.asks {
		t.asks[i].Size = sized(t.market, t.asks[i].Size)
	}
	slices.SortFunc(t.bids, falling) // they are, as a rule
	slices.SortFunc(t.asks, rising)
	return true
}

func rising(a, b book.Level) int  { return a.Price.Cmp(b.Price) }
func falling(a, b book.Level) int { return b.Price.Cmp(a.Price) }

// of returns the market of a code, nil when it is not known or not the one asked about.
func of(in *exchange.Scope, code []byte) *exchange.Market {
	m := in.At(code)
	if m == nil || m.ID != string(code) {
		return nil
	}
	return m
}

var hundred = decimal.New(100, 0)

// sized is a volume in shares or base units: of A-shares the venue tells lots of 100, and
// what it sends where it sells no volumes means nothing (section 3.2).
func sized(m *exchange.Market, v decimal.Decimal) decimal.Decimal {
	if strings.HasSuffix(m.ID, ".SH") || strings.HasSuffix(m.ID, ".SZ") {
		return v.Mul(hundred)
	}
	return cost(m, v)
}

// cost is a turnover, absent where the venue sells no volumes.
func cost(m *exchange.Market, v decimal.Decimal) decimal.Decimal {
	if m.Family != stock && m.Quote != "USDT" {
		return decimal.Decimal{}
	}
	return v
}

// parseBooks reads books: each is whole.
func parseBooks(dst []book.Update, in *exchange.Scope, b []byte) ([]book.Update, error) {
	var room [1]tick
	if n := len(dst); n < cap(dst) { // the memory of the update that was there before
		room[0].bids, room[0].asks = dst[:n+1][n].Bids, dst[:n+1][n].Asks
	}
	all, err := ticks(room[:0], in, b)
	for _, t := range all {
		dst = append(dst, book.Update{Snapshot: true, Last: t.seq, Time: t.time, Bids: t.bids, Asks: t.asks})
	}
	return dst, err
}

// rooms are memory for the levels of books of which the best alone are kept.
var rooms = sync.Pool{New: func() any { return new([1]tick) }}

// parseTouches reads the best prices of books.
func parseTouches(dst []exchange.BidAsk, in *exchange.Scope, b []byte) ([]exchange.BidAsk, error) {
	room := rooms.Get().(*[1]tick)
	defer rooms.Put(room)
	all, err := ticks(room[:0], in, b)
	for _, t := range all {
		v := exchange.BidAsk{Stamp: t.stamp()}
		if len(t.bids) > 0 {
			v.Bid, v.BidSize = t.bids[0].Price, t.bids[0].Size
		}
		if len(t.asks) > 0 {
			v.Ask, v.AskSize = t.asks[0].Price, t.asks[0].Size
		}
		dst = append(dst, v)
	}
	return dst, err
}

func (t *tick) stamp() exchange.Stamp {
	return exchange.Stamp{Symbol: t.market.Symbol, Time: t.time, Seq: t.seq}
}

var sides = [...]exchange.Side{"", exchange.Buy, exchange.Sell}

// parseTrades reads trades. They have no ids: time and seq tell them apart (section 3.5).
func parseTrades(dst []exchange.Trade, in *exchange.Scope, b []byte) ([]exchange.Trade, error) {
	var room [1]tick
	all, err := ticks(room[:0], in, b)
	for _, t := range all {
		if t.price.Sign() == 0 {
			continue
		}
		v := exchange.Trade{Stamp: t.stamp(), ID: t.id(), Price: t.price, Size: t.volume, Cost: t.turnover}
		if uint64(t.side) < uint64(len(sides)) {
			v.Side = sides[t.side]
		}
		dst = append(dst, v)
	}
	return dst, err
}

func (t *tick) id() string {
	var room [48]byte
	b := strconv.AppendInt(room[:0], t.time.UnixMilli(), 10)
	return string(strconv.AppendInt(append(b, '-'), t.seq, 10))
}

// parseLast reads trades as what a ticker has of them.
func parseLast(dst []exchange.Ticker, in *exchange.Scope, b []byte) ([]exchange.Ticker, error) {
	var room [1]tick
	all, err := ticks(room[:0], in, b)
	for _, t := range all {
		if t.price.Sign() != 0 {
			dst = append(dst, exchange.Ticker{Stamp: t.stamp(), Last: t.price, LastSize: t.volume})
		}
	}
	return dst, err
}

// line is a candle, or those of one market and length, or those of several: kline nests once (section 3.2),
// batch-kline twice (section 3.3).
type line struct {
	exchange.Candle
	market *exchange.Market
	number string
	lines  []line
}

func readLines(in *exchange.Scope, b []byte) (l line, err error) {
	s := scan.New(b)
	for key := range s.Object() {
		if string(key) == "data" {
			l.read(&s, in)
		}
	}
	return l, s.End()
}

// read reads an object: in a candle open, close, high, low is the venue's order.
func (l *line) read(s *scan.Scanner, in *exchange.Scope) {
	for key := range s.Object() {
		switch string(key) {
		case "code":
			l.market = of(in, s.Text())
		case "kline_type":
			l.number = strconv.FormatInt(s.Int(), 10)
		case "kline_list", "kline_data":
			for range s.Array() {
				l.lines = append(l.lines, line{})
				l.lines[len(l.lines)-1].read(s, in)
			}
		case "timestamp":
			l.Start = s.Seconds()
		case "open_price":
			l.Open = s.Decimal()
		case "close_price":
			l.Close = s.Decimal()
		case "high_price":
			l.High = s.Decimal()
		case "low_price":
			l.Low = s.Decimal()
		case "volume":
			l.Volume = s.Decimal()
		case "turnover":
			l.QuoteVolume = s.Decimal()
		}
	}
}

// settle puts candles in order and their volumes in units.
func (l *line) settle() {
	slices.SortStableFunc(l.lines, func(a, b line) int { return a.Start.Compare(b.Start) })
	for i := range l.lines {
		v := &l.lines[i]
		v.Symbol, v.Volume, v.QuoteVolume = l.market.Symbol, sized(l.market, v.Volume), cost(l.market, v.QuoteVolume)
	}
}

var errLength = errors.New("alltick: candles of another length")

// parseCandles reads the answer of kline. Those of another length than was asked for are refused: the venue
// numbers them, and clients have numbered them wrongly.
func parseCandles(dst []exchange.Candle, in *exchange.Scope, b []byte) ([]exchange.Candle, error) {
	l, err := readLines(in, b)
	switch {
	case err != nil || l.market == nil:
		return dst, err
	case l.number != bars[in.Args.Interval]:
		return dst, errLength
	}
	l.settle()
	for _, v := range l.lines {
		v.Interval = in.Args.Interval
		end := v.Start.Add(v.Interval.Duration())
		if v.Interval == "1M" {
			end = v.Start.AddDate(0, 1, 0)
		}
		v.Closed = !end.After(in.Received)
		dst = append(dst, v.Candle)
	}
	return dst, nil
}

// parseDays reads the answer of batch-kline: the running day, and the close of the one before (section 3.6).
func parseDays(dst []exchange.Ticker, in *exchange.Scope, b []byte) ([]exchange.Ticker, error) {
	all, err := readLines(in, b)
	for i := range all.lines {
		l := &all.lines[i]
		last := len(l.lines) - 1
		if l.market == nil || l.number != bars["1d"] || last < 0 {
			continue
		}
		l.settle()
		k := &l.lines[last]
		v := exchange.Ticker{Last: k.Close, Open: k.Open, High: k.High, Low: k.Low, Volume: k.Volume, QuoteVolume: k.QuoteVolume, OpenTime: k.Start}
		if v.Symbol = l.market.Symbol; last > 0 {
			v.PreviousClose = l.lines[last-1].Close
			v.Change = v.Last.Sub(v.PreviousClose)
		}
		if v.PreviousClose.Sign() > 0 {
			v.Percent = v.Change.Mul(hundred).Quo(v.PreviousClose)
		}
		dst = append(dst, v)
	}
	return dst, err
}
