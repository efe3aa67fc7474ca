package binance

import (
	"time"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/scan"
)

// isList reports whether an array comes; where one market was asked for it is its
// element alone.
func isList(s *scan.Scanner) bool { return s.Peek() == '[' }

// next moves to the n-th element of the list, or to the single one.
func next(s *scan.Scanner, n int, list bool) bool {
	if list {
		return s.NextItem(n)
	}
	return n == 0
}

// origin is what a row or an event says of itself.
type origin struct {
	event, id []byte
	family    int64
}

// coinM is the family, told by st, of the other futures, section 4.8.
const coinM = 2

// is reports whether a row or an event, which is then to be of that name, is of a market
// that is known and was asked for, and fills in which. Others are to be ignored.
func (o *origin) is(event string, in *exchange.Scope, stamp *exchange.Stamp) bool {
	m := in.At(o.id)
	if m == nil || m.ID != string(o.id) || o.family == coinM || o.event != nil && string(o.event) != event {
		return false
	}
	stamp.Symbol = m.Symbol
	return true
}

// price reads a price. Zero stands for none: an empty side, a day without trades,
// sections 3.6 and 3.7.
func price(s *scan.Scanner) decimal.Decimal {
	if p := s.Decimal(); !p.IsZero() {
		return p
	}
	return decimal.Decimal{}
}

// side leaves out the size of a side that is empty.
func side(price, size *decimal.Decimal) {
	if price.Absent() {
		*size = decimal.Decimal{}
	}
}

// serverTime reads section 3.2.
func serverTime(dst []time.Time, _ *exchange.Scope, b []byte) ([]time.Time, error) {
	s := scan.New(b)
	for key := range s.Object() {
		if string(key) == "serverTime" {
			dst = append(dst, s.Milli())
		}
	}
	return dst, s.End()
}

// tickers reads rows of section 3.6 and @ticker, sections 4.6 and 4.8. Futures have no best
// prices there.
func tickers(dst []exchange.Ticker, in *exchange.Scope, b []byte) ([]exchange.Ticker, error) {
	s := scan.New(b)
	for n, list := 0, isList(&s); next(&s, n, list); n++ {
		var t exchange.Ticker
		o := ticker(&s, &t)
		side(&t.Bid, &t.BidSize)
		side(&t.Ask, &t.AskSize)
		side(&t.Last, &t.LastSize)
		if s.Err() == nil && o.is("24hrTicker", in, &t.Stamp) {
			dst = append(dst, t)
		}
	}
	return dst, s.End()
}

func ticker(s *scan.Scanner, t *exchange.Ticker) (o origin) {
	for n := 0; ; n++ {
		key, ok := s.NextKey(n)
		if !ok {
			return o
		}
		switch string(key) {
		case "e":
			o.event = s.Text()
		case "s", "symbol":
			o.id = s.Text()
		case "st":
			o.family = s.Int()
		case "E", "closeTime":
			t.Time = s.Milli()
		case "p", "priceChange":
			t.Change = s.Decimal()
		case "P", "priceChangePercent":
			t.Percent = s.Decimal()
		case "w", "weightedAvgPrice":
			t.VWAP = price(s)
		case "x", "prevClosePrice":
			t.PreviousClose = price(s)
		case "c", "lastPrice":
			t.Last = price(s)
		case "Q", "lastQty":
			t.LastSize = s.Decimal()
		case "b", "bidPrice":
			t.Bid = price(s)
		case "B", "bidQty":
			t.BidSize = s.Decimal()
		case "a", "askPrice":
			t.Ask = price(s)
		case "A", "askQty":
			t.AskSize = s.Decimal()
		case "o", "openPrice":
			t.Open = price(s)
		case "h", "highPrice":
			t.High = price(s)
		case "l", "lowPrice":
			t.Low = price(s)
		case "v", "volume":
			t.Volume = s.Decimal()
		case "q", "quoteVolume":
			t.QuoteVolume = s.Decimal()
		case "O", "openTime":
			t.OpenTime = s.Milli()
		case "n", "count":
			t.Trades = s.Int()
		}
	}
}

// bidAsks reads rows of section 3.7 and @bookTicker, sections 4.6 and 4.8. Spot has no time
// there.
func bidAsks(dst []exchange.BidAsk, in *exchange.Scope, b []byte) ([]exchange.BidAsk, error) {
	s := scan.New(b)
	for n, list := 0, isList(&s); next(&s, n, list); n++ {
		var v exchange.BidAsk
		o := bidAsk(&s, &v)
		side(&v.Bid, &v.BidSize)
		side(&v.Ask, &v.AskSize)
		if s.Err() == nil && o.is("bookTicker", in, &v.Stamp) {
			dst = append(dst, v)
		}
	}
	return dst, s.End()
}

func bidAsk(s *scan.Scanner, v *exchange.BidAsk) (o origin) {
	for n := 0; ; n++ {
		key, ok := s.NextKey(n)
		if !ok {
			return o
		}
		switch string(key) {
		case "e":
			o.event = s.Text()
		case "s", "symbol":
			o.id = s.Text()
		case "st":
			o.family = s.Int()
		case "u", "lastUpdateId":
			v.Seq = s.Int()
		case "T", "time":
			v.Time = s.Milli()
		case "b", "bidPrice":
			v.Bid = price(s)
		case "B", "bidQty":
			v.BidSize = s.Decimal()
		case "a", "askPrice":
			v.Ask = price(s)
		case "A", "askQty":
			v.AskSize = s.Decimal()
		}
	}
}

// candles reads rows of section 3.5. A candle is closed when its last millisecond is over
// by our clock.
func candles(dst []exchange.Candle, in *exchange.Scope, b []byte) ([]exchange.Candle, error) {
	s := scan.New(b)
	for range s.Array() {
		k := exchange.Candle{Interval: in.Args.Interval}
		for i := range s.Array() {
			switch i {
			case 0:
				k.Start = s.Milli()
			case 1:
				k.Open = s.Decimal()
			case 2:
				k.High = s.Decimal()
			case 3:
				k.Low = s.Decimal()
			case 4:
				k.Close = s.Decimal()
			case 5:
				k.Volume = s.Decimal()
			case 6:
				k.Closed = s.Milli().Before(in.Received)
			case 7:
				k.QuoteVolume = s.Decimal()
			case 8:
				k.Trades = s.Int()
			}
		}
		if s.Err() == nil && !k.Start.IsZero() {
			dst = append(dst, k)
		}
	}
	return dst, s.End()
}

// pushedCandles reads @kline_<interval>, section 4.6.
func pushedCandles(dst []exchange.Candle, in *exchange.Scope, b []byte) ([]exchange.Candle, error) {
	s := scan.New(b)
	k := exchange.Candle{Interval: in.Args.Interval}
	var o origin
	for n := 0; ; n++ {
		key, ok := s.NextKey(n)
		if !ok {
			break
		}
		switch string(key) {
		case "E":
			k.Time = s.Milli()
		case "s":
			o.id = s.Text()
		case "k":
			candle(&s, &k)
		case "st":
			o.family = s.Int()
		case "e":
			o.event = s.Text()
		}
	}
	if err := s.End(); err != nil || !o.is("kline", in, &k.Stamp) || k.Start.IsZero() {
		return dst, err
	}
	return append(dst, k), nil
}

func candle(s *scan.Scanner, k *exchange.Candle) {
	for n := 0; ; n++ {
		key, ok := s.NextKey(n)
		if !ok {
			return
		}
		switch string(key) {
		case "t":
			k.Start = s.Milli()
		case "o":
			k.Open = s.Decimal()
		case "c":
			k.Close = s.Decimal()
		case "h":
			k.High = s.Decimal()
		case "l":
			k.Low = s.Decimal()
		case "v":
			k.Volume = s.Decimal()
		case "n":
			k.Trades = s.Int()
		case "x":
			k.Closed = s.Bool()
		case "q":
			k.QuoteVolume = s.Decimal()
		}
	}
}
