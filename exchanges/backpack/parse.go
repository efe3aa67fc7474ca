package backpack

import (
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/scan"
)

// when reads a time in any of the forms of section 3.7: a number, whose size tells its unit,
// or the text of a UTC time that does not say so. What is neither is the zero time.
func when(s *scan.Scanner) (t time.Time) {
	if s.Peek() != '"' {
		switch n := s.Int(); {
		case n > 1e14:
			return time.UnixMicro(n).UTC()
		case n > 1e11:
			return time.UnixMilli(n).UTC()
		case n > 0:
			return time.Unix(n, 0).UTC()
		}
		return t
	}
	var b [32]byte
	text := append(b[:0], s.Text()...)
	if at := len("2006-01-02"); len(text) > at && text[at] == ' ' { // of REST; the stream has a T
		text[at] = 'T'
	}
	if t.UnmarshalText(append(text, 'Z')) != nil {
		return time.Time{}
	}
	return t
}

// origin is what a row or an event says of itself.
type origin struct{ event, id []byte }

func (o *origin) read(s *scan.Scanner, key []byte) {
	switch string(key) {
	case "e":
		o.event = s.Text()
	case "s", "symbol":
		o.id = s.Text()
	}
}

// market returns whose row or event it is, which is then to be of that name; nil when it is
// another's, not known, or not understood.
func (o *origin) market(s *scan.Scanner, in *exchange.Scope, event string) *exchange.Market {
	m := in.At(o.id)
	if s.Err() != nil || m == nil || o.id != nil && m.ID != string(o.id) || o.event != nil && string(o.event) != event {
		return nil
	}
	return m
}

// next moves to the n-th row of a list, or to the one event.
func next(s *scan.Scanner, n int, list bool) bool {
	if list {
		return s.NextItem(n)
	}
	return n == 0
}

// serverTime reads section 3.1: plain text that is a number.
func serverTime(dst []time.Time, _ *exchange.Scope, b []byte) ([]time.Time, error) {
	s := scan.New(b)
	at := when(&s)
	if at.IsZero() && s.Err() == nil {
		return dst, errIncomplete
	}
	return append(dst, at), s.End()
}

var (
	hundred       = decimal.New(100, 0)
	errIncomplete = errors.New("backpack: value without its id or time")
)

// tickers reads rows of section 3.3, which have no time, and ticker.<symbol>, section 4.3,
// which leaves the change to the reader. A market without data has an answer without body.
func tickers(dst []exchange.Ticker, in *exchange.Scope, b []byte) ([]exchange.Ticker, error) {
	if len(b) == 0 && in.Market != nil {
		return append(dst, exchange.Ticker{Stamp: exchange.Stamp{Symbol: in.Market.Symbol}}), nil
	}
	s := scan.New(b)
	for n, list := 0, s.Peek() == '['; next(&s, n, list); n++ {
		var t exchange.Ticker
		var o origin
		for key := range s.Object() {
			switch string(key) {
			case "E":
				t.Time = when(&s)
			case "o", "firstPrice":
				t.Open = s.Decimal()
			case "c", "lastPrice":
				t.Last = s.Decimal()
			case "h", "high":
				t.High = s.Decimal()
			case "l", "low":
				t.Low = s.Decimal()
			case "v", "volume":
				t.Volume = s.Decimal()
			case "V", "quoteVolume":
				t.QuoteVolume = s.Decimal()
			case "priceChange":
				t.Change = s.Decimal()
			case "priceChangePercent": // a fraction all the same
				t.Percent = s.Decimal().Mul(hundred)
			case "n", "trades":
				t.Trades = s.Int()
			default:
				o.read(&s, key)
			}
		}
		if t.Change.Absent() {
			t.SetChange()
		}
		if m := o.market(&s, in, "ticker"); m != nil && !t.Last.Absent() {
			t.Symbol = m.Symbol
			dst = append(dst, t)
		}
	}
	return dst, s.End()
}

// bidAsks reads bookTicker.<symbol>, section 4.4. An empty side is null.
func bidAsks(dst []exchange.BidAsk, in *exchange.Scope, b []byte) ([]exchange.BidAsk, error) {
	s := scan.New(b)
	var v exchange.BidAsk
	var o origin
	for key := range s.Object() {
		switch string(key) {
		case "T":
			v.Time = when(&s)
		case "u":
			v.Seq = s.Int()
		case "a":
			v.Ask = s.Decimal()
		case "A":
			v.AskSize = s.Decimal()
		case "b":
			v.Bid = s.Decimal()
		case "B":
			v.BidSize = s.Decimal()
		default:
			o.read(&s, key)
		}
	}
	if m := o.market(&s, in, "bookTicker"); m != nil {
		v.Symbol = m.Symbol
		dst = append(dst, v)
	}
	return dst, s.End()
}

// trades reads rows of section 3.4, newest first and in milliseconds, and trade.<symbol>,
// section 4.6, in microseconds. Its a and b are ids of orders.
func trades(dst []exchange.Trade, in *exchange.Scope, b []byte) ([]exchange.Trade, error) {
	s := scan.New(b)
	was := len(dst)
	for n, list := 0, s.Peek() == '['; next(&s, n, list); n++ {
		t := exchange.Trade{Side: exchange.Buy}
		var o origin
		for key := range s.Object() {
			switch string(key) {
			case "t", "id":
				t.Seq = s.Int()
			case "T", "timestamp":
				t.Time = when(&s)
			case "p", "price":
				t.Price = s.Decimal()
			case "q", "quantity":
				t.Size = s.Decimal()
			case "quoteQuantity":
				t.Cost = s.Decimal()
			case "m", "isBuyerMaker":
				if s.Bool() {
					t.Side = exchange.Sell
				}
			default:
				o.read(&s, key)
			}
		}
		if m := o.market(&s, in, "trade"); m != nil {
			if t.Seq <= 0 {
				return dst, errIncomplete
			}
			t.Symbol, t.ID = m.Symbol, strconv.FormatInt(t.Seq, 10)
			dst = append(dst, t)
		}
	}
	slices.Reverse(dst[was:]) // many have the same time
	return dst, s.End()
}

// span is the id of a trade: they count without holes in each market, section 4.6.
func span(t *exchange.Trade) (first, last int64, ok bool) { return t.Seq, t.Seq, true }

// candles reads rows of section 3.5 and kline.<interval>.<symbol>, section 4.7. One that has
// no prices, because nothing was traded, is left out.
func candles(dst []exchange.Candle, in *exchange.Scope, b []byte) ([]exchange.Candle, error) {
	s := scan.New(b)
	for n, list := 0, s.Peek() == '['; next(&s, n, list); n++ {
		k := exchange.Candle{Interval: in.Args.Interval}
		var end time.Time
		var o origin
		for key := range s.Object() {
			switch string(key) {
			case "E":
				k.Time = when(&s)
			case "t", "start":
				k.Start = when(&s)
			case "T", "end":
				end = when(&s)
			case "X":
				k.Closed = s.Bool()
			case "o", "open":
				k.Open = s.Decimal()
			case "h", "high":
				k.High = s.Decimal()
			case "l", "low":
				k.Low = s.Decimal()
			case "c", "close":
				k.Close = s.Decimal()
			case "v", "volume":
				k.Volume = s.Decimal()
			case "quoteVolume":
				k.QuoteVolume = s.Decimal()
			case "n", "trades":
				k.Trades = s.Int()
			default:
				o.read(&s, key)
			}
		}
		if list {
			k.Closed = !end.After(in.Received)
		}
		if m := o.market(&s, in, "kline"); m != nil && !k.Close.Absent() {
			if k.Start.IsZero() || end.IsZero() {
				return dst, errIncomplete
			}
			k.Symbol = m.Symbol
			dst = append(dst, k)
		}
	}
	return dst, s.End()
}
