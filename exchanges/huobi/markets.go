package huobi

import (
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
)

// listed reads lists of markets. Leveraged tokens, which have an underlying, are left out, and so are rows that cannot be used.
func listed(read func(r gjson.Result) exchange.Market) exchange.Parser[exchange.Market] {
	return func(dst []exchange.Market, _ *exchange.Scope, b []byte) ([]exchange.Market, error) {
		if !gjson.ValidBytes(b) {
			return dst, errFrame
		}
		for _, r := range gjson.GetBytes(b, "data").Array() {
			m := read(r)
			named := r.Get("u").String() == "" && m.ID != "" && !strings.ContainsAny(m.ID, "\"\\ .,") && m.Base != "" && m.Quote != ""
			if named && m.TickSize.Sign() > 0 && m.StepSize.Sign() > 0 && (m.Kind == exchange.Spot || m.Contract.Sign() > 0) {
				dst = append(dst, m)
			}
		}
		return dst, nil
	}
}

// number reads a number as it is written; what is none is absent.
func number(r gjson.Result) decimal.Decimal {
	d, _ := decimal.ParseString(strings.Trim(r.Raw, `"`))
	return d
}

// step is what a number of digits after the point makes.
func step(r gjson.Result) decimal.Decimal {
	if n := r.Int(); r.Type == gjson.Number && n >= 0 && n <= 28 {
		return decimal.New(1, int(n))
	}
	return decimal.Decimal{}
}

// spotRow reads section 2.1.
func spotRow(r gjson.Result) exchange.Market {
	m := exchange.Market{
		ID:       r.Get("symbol").String(),
		Kind:     exchange.Spot,
		Base:     strings.ToUpper(r.Get("bc").String()),
		Quote:    strings.ToUpper(r.Get("qc").String()),
		Status:   r.Get("state").String(),
		TickSize: step(r.Get("pp")),
		StepSize: step(r.Get("ap")),
		MinSize:  number(r.Get("lominoa")),
		MaxSize:  number(r.Get("lomaxoa")),
		MinCost:  number(r.Get("minov")),
	}
	m.Symbol, m.Active = m.Base+"/"+m.Quote, m.Status == "online" && r.Get("at").String() == "enabled"
	return m
}

// terms are what the aliases of dated contracts end in, section 1.4.
var terms = map[string]string{
	"this_week":    "CW",
	"next_week":    "NW",
	"quarter":      "CQ",
	"next_quarter": "NQ",
}

// contractRow reads sections 2.5 and 2.6, by the names of section 1.4. Sizes are whole contracts.
func contractRow(r gjson.Result) exchange.Market {
	m := exchange.Market{
		ID:       r.Get("contract_code").String(),
		Kind:     exchange.Swap,
		Base:     r.Get("symbol").String(),
		Status:   r.Get("contract_status").String(),
		Contract: number(r.Get("contract_size")),
		TickSize: number(r.Get("price_tick")),
		StepSize: decimal.New(1, 0),
		MinSize:  decimal.New(1, 0),
	}
	m.Active = m.Status == "1"
	m.Listed, _ = time.Parse("20060102", r.Get("create_date").String()) // zero when it is no day
	m.Quote = strings.Split(m.ID+"-", "-")[1]
	if m.Settle, m.Inverse = m.Quote, m.Quote == "USD"; m.Inverse {
		m.Settle = m.Base
	}
	m.Symbol = m.Base + "/" + m.Quote + ":" + m.Settle
	if ms := r.Get("delivery_time").Int(); ms > 0 {
		m.Kind, m.Expiry = exchange.Future, time.UnixMilli(ms).UTC()
		m.Symbol += m.Expiry.Format("-060102")
	}
	if term := terms[r.Get("contract_type").String()]; term != "" {
		m.Alias = m.Base + "-" + m.Quote + "-" + term
	}
	return m
}
