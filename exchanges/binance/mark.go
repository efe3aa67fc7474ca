package binance

import (
	"time"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/scan"
)

// marked is what one row of premiumIndex or one event of @markPrice says, sections 3.9 and
// 4.8: both the mark price and the funding rate are read of it.
type marked struct {
	origin
	at, next          time.Time
	mark, index, rate decimal.Decimal
}

func (m *marked) scan(s *scan.Scanner) {
	for n := 0; ; n++ {
		key, ok := s.NextKey(n)
		if !ok {
			return
		}
		switch string(key) {
		case "e":
			m.event = s.Text()
		case "s", "symbol":
			m.id = s.Text()
		case "E", "time":
			m.at = s.Milli()
		case "p", "markPrice":
			m.mark = price(s)
		case "i", "indexPrice":
			m.index = price(s)
		case "r", "lastFundingRate":
			m.rate = s.Decimal()
		case "T", "nextFundingTime":
			m.next = s.Milli()
		case "st":
			m.family = s.Int()
		}
	}
}

// markPrices reads rows of premiumIndex, or an event.
func markPrices(dst []exchange.MarkPrice, in *exchange.Scope, b []byte) ([]exchange.MarkPrice, error) {
	s := scan.New(b)
	for n, list := 0, isList(&s); next(&s, n, list); n++ {
		var m marked
		m.scan(&s)
		v := exchange.MarkPrice{Stamp: exchange.Stamp{Time: m.at}, Mark: m.mark, Index: m.index}
		if s.Err() == nil && m.is("markPriceUpdate", in, &v.Stamp) {
			dst = append(dst, v)
		}
	}
	return dst, s.End()
}

// fundingRates reads rows of premiumIndex, or an event. Dated contracts have an empty rate: they are
// left out.
func fundingRates(dst []exchange.FundingRate, in *exchange.Scope, b []byte) ([]exchange.FundingRate, error) {
	s := scan.New(b)
	for n, list := 0, isList(&s); next(&s, n, list); n++ {
		var m marked
		m.scan(&s)
		v := exchange.FundingRate{Stamp: exchange.Stamp{Time: m.at}, Rate: m.rate, Next: m.next, Mark: m.mark}
		if s.Err() == nil && !m.rate.Absent() && m.is("markPriceUpdate", in, &v.Stamp) {
			dst = append(dst, v)
		}
	}
	return dst, s.End()
}

// fundingHistory reads the rates that were charged, some milliseconds after the hour,
// section 3.9.
func fundingHistory(dst []exchange.FundingRate, in *exchange.Scope, b []byte) ([]exchange.FundingRate, error) {
	s := scan.New(b)
	for range s.Array() {
		var v exchange.FundingRate
		var o origin
		for key := range s.Object() {
			switch string(key) {
			case "symbol":
				o.id = s.Text()
			case "fundingRate":
				v.Rate = s.Decimal()
			case "fundingTime":
				v.Time = s.Milli()
			case "markPrice":
				v.Mark = price(&s)
			}
		}
		v.Next = v.Time.Truncate(time.Hour)
		if s.Err() == nil && o.is("", in, &v.Stamp) {
			dst = append(dst, v)
		}
	}
	return dst, s.End()
}
