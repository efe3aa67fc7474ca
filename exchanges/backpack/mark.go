package backpack

import (
	"slices"
	"time"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/scan"
)

// marked is what one row of markPrices or fundingRates, section 3.6, or one event, section
// 4.8, says. Rows have no time of their own.
type marked struct {
	mark, index, rate decimal.Decimal
	at, next          time.Time
	origin
}

func (m *marked) scan(s *scan.Scanner) {
	for key := range s.Object() {
		switch string(key) {
		case "T":
			m.at = when(s)
		case "p", "markPrice":
			m.mark = s.Decimal()
		case "i", "indexPrice":
			m.index = s.Decimal()
		case "f", "fundingRate":
			m.rate = s.Decimal()
		case "n", "nextFundingTimestamp", "intervalEndTimestamp":
			m.next = when(s)
		default:
			m.read(s, key)
		}
	}
}

func markPrices(dst []exchange.MarkPrice, in *exchange.Scope, b []byte) ([]exchange.MarkPrice, error) {
	s := scan.New(b)
	for n, list := 0, s.Peek() == '['; next(&s, n, list); n++ {
		var v marked
		v.scan(&s)
		if m := v.market(&s, in, "markPrice"); m != nil && !v.mark.Absent() {
			dst = append(dst, exchange.MarkPrice{Stamp: exchange.Stamp{Symbol: m.Symbol, Time: v.at}, Mark: v.mark, Index: v.index})
		}
	}
	return dst, s.End()
}

// fundingRates reads the estimate for the interval under way, or what was charged.
func fundingRates(dst []exchange.FundingRate, in *exchange.Scope, b []byte) ([]exchange.FundingRate, error) {
	s := scan.New(b)
	for n, list := 0, s.Peek() == '['; next(&s, n, list); n++ {
		var v marked
		v.scan(&s)
		if m := v.market(&s, in, "markPrice"); m != nil && !v.rate.Absent() {
			if v.next.IsZero() {
				return dst, errIncomplete
			}
			dst = append(dst, exchange.FundingRate{Stamp: exchange.Stamp{Symbol: m.Symbol, Time: v.at}, Rate: v.rate, Next: v.next, Mark: v.mark})
		}
	}
	return dst, s.End()
}

// chargedRates leaves out the interval under way, which stands among the others.
func chargedRates(dst []exchange.FundingRate, in *exchange.Scope, b []byte) ([]exchange.FundingRate, error) {
	was := len(dst)
	dst, err := fundingRates(dst, in, b)
	past := slices.DeleteFunc(dst[was:], func(v exchange.FundingRate) bool { return v.Next.After(in.Received) })
	return dst[:was+len(past)], err
}
