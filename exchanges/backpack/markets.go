package backpack

import (
	"errors"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
)

var errList = errors.New("backpack: the list of markets is no list")

// listed reads the rows of one marketType, section 2. One that cannot be read or used does
// not spoil the others. Sizes are in base units everywhere.
func listed(kind exchange.MarketKind, marketType string) exchange.Parser[exchange.Market] {
	return func(dst []exchange.Market, _ *exchange.Scope, b []byte) ([]exchange.Market, error) {
		if !gjson.ValidBytes(b) || !gjson.ParseBytes(b).IsArray() {
			return dst, errList
		}
		for _, row := range gjson.ParseBytes(b).Array() {
			if m, ok := market(kind, row); ok && row.Get("marketType").String() == marketType {
				dst = append(dst, m)
			}
		}
		return dst, nil
	}
}

// market reads one row, and reports whether it has names, an id that can stand in a request, and steps.
func market(kind exchange.MarketKind, row gjson.Result) (m exchange.Market, ok bool) {
	ok = true
	number := func(path string) (d decimal.Decimal) {
		if text := row.Get(path).String(); text != "" {
			var err error
			d, err = decimal.Parse([]byte(text))
			ok = ok && err == nil
		}
		return d
	}
	m = exchange.Market{
		ID:       row.Get("symbol").String(),
		Kind:     kind,
		Base:     row.Get("baseSymbol").String(),
		Quote:    row.Get("quoteSymbol").String(),
		Status:   row.Get("orderBookState").String(),
		TickSize: number("filters.price.tickSize"),
		MinPrice: number("filters.price.minPrice"),
		MaxPrice: number("filters.price.maxPrice"),
		StepSize: number("filters.quantity.stepSize"),
		MinSize:  number("filters.quantity.minQuantity"),
		MaxSize:  number("filters.quantity.maxQuantity"),
	}
	if visible := row.Get("visible"); !visible.Exists() || visible.Bool() {
		m.Active = m.Status == "Open"
	}
	m.Listed, _ = time.Parse("2006-01-02T15:04:05", row.Get("createdAt").String()) // zero where it does not say
	m.Symbol = m.Base + "/" + m.Quote
	if kind == exchange.Swap {
		m.Settle = m.Quote
		m.Symbol += ":" + m.Settle
	}
	named := m.ID != "" && m.Base != "" && m.Quote != "" && !strings.ContainsAny(m.ID, "\"\\ \t\r\n")
	return m, ok && named && m.TickSize.Sign() > 0 && m.StepSize.Sign() > 0
}
