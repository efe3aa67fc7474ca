package binance

import (
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
)

// spotMarkets reads section 2.1.
func spotMarkets(dst []exchange.Market, _ *exchange.Scope, b []byte) ([]exchange.Market, error) {
	return listed(dst, b, func(m *exchange.Market, _ gjson.Result) bool {
		m.Kind, m.Symbol = exchange.Spot, m.Base+"/"+m.Quote
		return true
	})
}

// never is the delivery date of contracts that have none, section 2.2.
const never = 4133404800000

// linearMarkets reads section 2.2. Contracts of an unknown type, or that are settled in
// their base, are left out.
func linearMarkets(dst []exchange.Market, _ *exchange.Scope, b []byte) ([]exchange.Market, error) {
	return listed(dst, b, func(m *exchange.Market, row gjson.Result) bool {
		m.Settle = row.Get("marginAsset").String()
		m.Symbol = m.Base + "/" + m.Quote + ":" + m.Settle
		if ms := row.Get("deliveryDate").Int(); ms > 0 && ms < never {
			m.Expiry = time.UnixMilli(ms).UTC()
		}
		if ms := row.Get("onboardDate").Int(); ms > 0 {
			m.Listed = time.UnixMilli(ms).UTC()
		}
		if m.Settle == "" || m.Settle == m.Base {
			return false
		}
		switch row.Get("contractType").String() {
		case "PERPETUAL", "PERPETUAL_DELIVERING", "TRADIFI_PERPETUAL":
			m.Kind = exchange.Swap
			return true
		case "CURRENT_MONTH", "NEXT_MONTH", "CURRENT_QUARTER", "NEXT_QUARTER":
			m.Kind = exchange.Future
			m.Symbol += "-" + m.Expiry.Format("060102")
			return !m.Expiry.IsZero()
		}
		return false
	})
}

// listed reads the rows of exchangeInfo. One that cannot be used does not spoil the
// others; classify fills in what depends on the family.
func listed(dst []exchange.Market, b []byte, classify func(*exchange.Market, gjson.Result) bool) ([]exchange.Market, error) {
	if !gjson.ValidBytes(b) || !gjson.ParseBytes(b).IsObject() {
		return dst, errFrame
	}
	for _, row := range gjson.GetBytes(b, "symbols").Array() {
		m := exchange.Market{
			ID:     row.Get("symbol").String(),
			Base:   row.Get("baseAsset").String(),
			Quote:  row.Get("quoteAsset").String(),
			Status: row.Get("status").String(),
		}
		m.Active = m.Status == "TRADING"
		if m.ID == "" || m.Base == "" || m.Quote == "" || strings.ContainsFunc(m.ID, func(r rune) bool { return r <= ' ' || r == '"' || r == '\\' }) {
			continue
		}
		usable := true
		for _, rule := range row.Get("filters").Array() {
			usable = filter(&m, rule) && usable
		}
		if usable && classify(&m, row) {
			dst = append(dst, m)
		}
	}
	return dst, nil
}

// filter reads one rule for orders, and reports whether it could be read.
func filter(m *exchange.Market, rule gjson.Result) (ok bool) {
	ok = true
	read := func(key string) (d decimal.Decimal) {
		d, err := limit(rule.Get(key).String())
		ok = ok && err == nil
		return d
	}
	switch rule.Get("filterType").String() {
	case "PRICE_FILTER":
		m.TickSize, m.MinPrice, m.MaxPrice = read("tickSize"), read("minPrice"), read("maxPrice")
	case "LOT_SIZE":
		m.StepSize, m.MinSize, m.MaxSize = read("stepSize"), read("minQty"), read("maxQty")
	case "NOTIONAL":
		m.MinCost, m.MaxCost = read("minNotional"), read("maxNotional")
	case "MIN_NOTIONAL":
		if m.MinCost = read("minNotional"); m.MinCost.Absent() {
			m.MinCost = read("notional") // of futures
		}
	}
	return ok
}

// limit reads the value of a rule without the zeros at its end: they are of the wire's
// format, not of the precision. Zero switches a rule off.
func limit(text string) (decimal.Decimal, error) {
	d, err := decimal.ParseString(text)
	if text == "" || err == nil && d.IsZero() {
		return decimal.Decimal{}, nil
	}
	return d.Reduce(), err
}
