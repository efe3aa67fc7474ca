package backpack

import (
	"strings"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/scan"
)

// listed reads the rows of one marketType, section 2. One that cannot be read or used does
// not spoil the others. Sizes are in base units everywhere.
func listed(kind exchange.MarketKind, marketType string) exchange.Parser[exchange.Market] {
	return func(dst []exchange.Market, _ *exchange.Scope, b []byte) ([]exchange.Market, error) {
		s := scan.New(b)
		for range s.Array() {
			row := scan.New(s.Raw())
			m := exchange.Market{Kind: kind}
			if readMarket(&row, &m) != marketType || row.End() != nil || !usable(&m) {
				continue
			}
			m.Symbol = m.Base + "/" + m.Quote
			if kind == exchange.Swap {
				m.Settle = m.Quote
				m.Symbol += ":" + m.Settle
			}
			dst = append(dst, m)
		}
		return dst, s.End()
	}
}

// usable reports whether a market has names, an id that can stand in a request, and steps.
func usable(m *exchange.Market) bool {
	return m.ID != "" && m.Base != "" && m.Quote != "" && !strings.ContainsAny(m.ID, "\"\\ \t\r\n") && m.TickSize.Sign() > 0 && m.StepSize.Sign() > 0
}

func readMarket(s *scan.Scanner, m *exchange.Market) (marketType string) {
	visible := true
	for key := range s.Object() {
		switch string(key) {
		case "symbol":
			m.ID = s.Str()
		case "baseSymbol":
			m.Base = s.Str()
		case "quoteSymbol":
			m.Quote = s.Str()
		case "marketType":
			marketType = s.Str()
		case "orderBookState":
			m.Status = s.Str()
		case "visible":
			visible = s.Bool()
		case "createdAt":
			m.Listed = when(s)
		case "filters":
			for key := range s.Object() {
				if k := string(key); k == "price" || k == "quantity" {
					readFilter(s, m)
				}
			}
		}
	}
	m.Active = visible && m.Status == "Open"
	return marketType
}

func readFilter(s *scan.Scanner, m *exchange.Market) {
	for key := range s.Object() {
		switch string(key) {
		case "tickSize":
			m.TickSize = s.Decimal()
		case "minPrice":
			m.MinPrice = s.Decimal()
		case "maxPrice":
			m.MaxPrice = s.Decimal()
		case "stepSize":
			m.StepSize = s.Decimal()
		case "minQuantity":
			m.MinSize = s.Decimal()
		case "maxQuantity":
			m.MaxSize = s.Decimal()
		}
	}
}
