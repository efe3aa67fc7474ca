package okx

import (
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
)

// parseMarkets reads a list of instruments. Rows that cannot be used are left out: those
// announced with most fields empty, test instruments, kinds that are not known.
func parseMarkets(dst []exchange.Market, _ *exchange.Scope, b []byte) ([]exchange.Market, error) {
	if !gjson.ValidBytes(b) {
		return dst, errFrame
	}
	for _, row := range gjson.GetBytes(b, "data").Array() {
		if m, ok := market(row); ok {
			dst = append(dst, m)
		}
	}
	return dst, nil
}

// market reads an instrument (section 2), by the mapping of section 1.
func market(row gjson.Result) (m exchange.Market, ok bool) {
	var wrong error
	number := func(key string) (d decimal.Decimal) {
		text := row.Get(key).String()
		d, err := decimal.ParseString(text)
		if err != nil && text != "" {
			wrong = err
		}
		return d
	}
	milli := func(key string) (t time.Time) {
		text := row.Get(key).String()
		ms, err := strconv.ParseInt(text, 10, 64)
		if err != nil && text != "" {
			wrong = err
		}
		if ms != 0 {
			t = time.UnixMilli(ms).UTC()
		}
		return t
	}
	m = exchange.Market{
		ID:       row.Get("instId").String(),
		Base:     row.Get("baseCcy").String(),
		Quote:    row.Get("quoteCcy").String(),
		Status:   row.Get("state").String(),
		Listed:   milli("listTime"),
		Expiry:   milli("expTime"),
		TickSize: number("tickSz"),
		StepSize: number("lotSz"),
		MinSize:  number("minSz"),
		MaxSize:  number("maxLmtSz"),
	}
	m.Active = m.Status == "live"
	kind := row.Get("instType").String()
	if kind != "SPOT" { // the currencies are those of the underlying, never of the name
		m.Base, m.Quote, _ = strings.Cut(row.Get("uly").String(), "-")
		m.Settle, m.Inverse = row.Get("settleCcy").String(), row.Get("ctType").String() == "inverse"
		if m.Contract = number("ctVal"); !number("ctMult").Absent() {
			m.Contract = m.Contract.Mul(number("ctMult"))
		}
		ok = m.Settle != "" && (m.Inverse || row.Get("ctType").String() == "linear") && m.Contract.Sign() > 0
	}
	m.Symbol = m.Base + "/" + m.Quote + ":" + m.Settle
	switch kind {
	case "SPOT":
		m.Kind, m.Symbol, ok = exchange.Spot, m.Base+"/"+m.Quote, true
	case "SWAP":
		m.Kind = exchange.Swap
	case "FUTURES":
		m.Kind, ok = exchange.Future, ok && !m.Expiry.IsZero()
		m.Symbol += "-" + m.Expiry.Format("060102")
	default:
		return m, false
	}
	ok = ok && wrong == nil && m.Status != "test" && m.TickSize.Sign() > 0 && m.StepSize.Sign() > 0
	return m, ok && m.ID != "" && m.Base != "" && m.Quote != "" && !strings.ContainsAny(m.ID, "\"\\ ,")
}

// funded reports whether a contract has funding: swaps have, and the futures of five
// years, which the venue names XPERP (section 1).
func funded(m *exchange.Market) bool {
	return m.Kind == exchange.Swap || m.Kind == exchange.Future && strings.Contains(m.ID, "_XPERP-")
}
