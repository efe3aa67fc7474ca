package binance

import (
	"strings"
	"time"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/scan"
)

// symbolInfo is a row of exchangeInfo, sections 2.1 and 2.2.
type symbolInfo struct {
	exchange.Market
	contract string
}

// spotMarkets reads section 2.1.
func spotMarkets(dst []exchange.Market, in *exchange.Scope, b []byte) ([]exchange.Market, error) {
	return listed(dst, b, func(m *symbolInfo) bool {
		m.Kind, m.Symbol, m.Settle = exchange.Spot, m.Base+"/"+m.Quote, ""
		return true
	})
}

// linearMarkets reads section 2.2. Contracts of an unknown type, or that are settled in
// their base, are left out.
func linearMarkets(dst []exchange.Market, in *exchange.Scope, b []byte) ([]exchange.Market, error) {
	return listed(dst, b, func(m *symbolInfo) bool {
		if m.Settle == "" || m.Settle == m.Base {
			return false
		}
		m.Symbol = m.Base + "/" + m.Quote + ":" + m.Settle
		switch m.contract {
		case "PERPETUAL", "PERPETUAL_DELIVERING", "TRADIFI_PERPETUAL":
			m.Kind = exchange.Swap
		case "CURRENT_MONTH", "NEXT_MONTH", "CURRENT_QUARTER", "NEXT_QUARTER":
			m.Kind = exchange.Future
			m.Symbol += "-" + m.Expiry.Format("060102")
			return !m.Expiry.IsZero()
		default:
			return false
		}
		return true
	})
}

// listed reads the rows of exchangeInfo. One that cannot be read or used does not spoil the
// others; classify fills in what depends on the family.
func listed(dst []exchange.Market, b []byte, classify func(*symbolInfo) bool) ([]exchange.Market, error) {
	s := scan.New(b)
	for key := range s.Object() {
		if string(key) != "symbols" {
			continue
		}
		for range s.Array() {
			var m symbolInfo
			row := scan.New(s.Raw())
			m.scan(&row)
			if row.End() == nil && wellNamed(&m.Market) && classify(&m) {
				dst = append(dst, m.Market)
			}
		}
	}
	return dst, s.End()
}

// wellNamed reports whether a market has names, and an id that can stand in a request.
func wellNamed(m *exchange.Market) bool {
	return m.ID != "" && m.Base != "" && m.Quote != "" && !strings.ContainsFunc(m.ID, func(r rune) bool { return r <= ' ' || r == '"' || r == '\\' })
}

// never is the delivery date of contracts that have none, section 2.2.
const never = 4133404800000

func (m *symbolInfo) scan(s *scan.Scanner) {
	for key := range s.Object() {
		switch string(key) {
		case "symbol":
			m.ID = s.Str()
		case "status":
			m.Status = s.Str()
			m.Active = m.Status == "TRADING"
		case "baseAsset":
			m.Base = s.Str()
		case "quoteAsset":
			m.Quote = s.Str()
		case "marginAsset":
			m.Settle = s.Str()
		case "contractType":
			m.contract = s.Str()
		case "deliveryDate":
			if ms := s.Int(); ms > 0 && ms < never {
				m.Expiry = time.UnixMilli(ms).UTC()
			}
		case "onboardDate":
			m.Listed = s.Milli()
		case "filters":
			for range s.Array() {
				m.filter(s)
			}
		}
	}
}

// filter reads one rule for orders. Its keys come in any order, its name among them.
func (m *symbolInfo) filter(s *scan.Scanner) {
	var kind string
	var tick, minPrice, maxPrice, step, minSize, maxSize, minCost, maxCost decimal.Decimal
	for key := range s.Object() {
		switch string(key) {
		case "filterType":
			kind = s.Str()
		case "tickSize":
			tick = limit(s)
		case "minPrice":
			minPrice = limit(s)
		case "maxPrice":
			maxPrice = limit(s)
		case "stepSize":
			step = limit(s)
		case "minQty":
			minSize = limit(s)
		case "maxQty":
			maxSize = limit(s)
		case "minNotional", "notional":
			minCost = limit(s)
		case "maxNotional":
			maxCost = limit(s)
		}
	}
	switch kind {
	case "PRICE_FILTER":
		m.TickSize, m.MinPrice, m.MaxPrice = tick, minPrice, maxPrice
	case "LOT_SIZE":
		m.StepSize, m.MinSize, m.MaxSize = step, minSize, maxSize
	case "NOTIONAL", "MIN_NOTIONAL":
		m.MinCost, m.MaxCost = minCost, maxCost
	}
}

// limit reads the value of a rule without the zeros at its end: they are of the wire's
// format, not of the precision. Zero switches a rule off.
func limit(s *scan.Scanner) decimal.Decimal {
	d := s.Decimal()
	coef, scale, ok := d.Parts()
	if !ok || coef == 0 {
		return decimal.Decimal{}
	}
	for scale > 0 && coef%10 == 0 {
		coef /= 10
		scale--
	}
	return decimal.FromParts(false, coef, scale)
}
