package okx

import (
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
)

// parseMarkets reads a list of instruments. Rows that cannot be used are left out: those announced with most fields
// empty, test instruments, kinds that are not known.
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

var kinds = map[string]exchange.MarketKind{"SPOT": exchange.Spot, "SWAP": exchange.Swap, "FUTURES": exchange.Future}

// market reads an instrument (section 2), by the mapping of section 1.
func market(row gjson.Result) (m exchange.Market, ok bool) {
	var wrong error
	number := func(key string) (d decimal.Decimal) {
		if text := row.Get(key).String(); text != "" && wrong == nil {
			d, wrong = decimal.ParseString(text)
		}
		return d
	}
	milli := func(key string) (t time.Time) {
		if ms := number(key).Float64(); ms > 0 {
			t = time.UnixMilli(int64(ms)).UTC()
		}
		return t
	}
	m = exchange.Market{
		ID:       row.Get("instId").String(),
		Kind:     kinds[row.Get("instType").String()],
		Code:     wholeNumber(row.Get("instIdCode")),
		Base:     row.Get("baseCcy").String(),
		Quote:    row.Get("quoteCcy").String(),
		Status:   row.Get("state").String(),
		Active:   row.Get("state").String() == "live",
		Listed:   milli("listTime"),
		Expiry:   milli("expTime"),
		TickSize: number("tickSz"),
		StepSize: number("lotSz"),
		MinSize:  number("minSz"),
		MaxSize:  number("maxLmtSz"),
	}
	ok = m.Kind != "" && m.Status != "test" && m.TickSize.Sign() > 0 && m.StepSize.Sign() > 0
	if m.Kind != exchange.Spot { // the currencies are those of the underlying, never of the name
		m.Base, m.Quote, _ = strings.Cut(row.Get("uly").String(), "-")
		m.Settle, m.Inverse = row.Get("settleCcy").String(), row.Get("ctType").String() == "inverse"
		if m.Contract = number("ctVal"); !number("ctMult").Absent() {
			m.Contract = m.Contract.Mul(number("ctMult"))
		}
		ok = ok && m.Settle != "" && (m.Inverse || row.Get("ctType").String() == "linear") && m.Contract.Sign() > 0
	}
	if m.Symbol = m.Base + "/" + m.Quote; m.Settle != "" {
		m.Symbol += ":" + m.Settle
	}
	if m.Kind == exchange.Future {
		m.Symbol += "-" + m.Expiry.Format("060102")
		ok = ok && !m.Expiry.IsZero()
	}
	return m, ok && wrong == nil && m.ID != "" && m.Base != "" && m.Quote != "" && !strings.ContainsAny(m.ID, "\"\\ ,")
}

// wholeNumber is a code as it is written: it needs 64 bits, and may be null.
func wholeNumber(v gjson.Result) string {
	if v.Type != gjson.Number || strings.Trim(v.Raw, "0123456789") != "" {
		return ""
	}
	return v.Raw
}

// funded reports whether a contract has funding: swaps have, and the futures of five years, which the venue names XPERP
// (section 1).
func funded(m *exchange.Market) bool {
	return m.Kind == exchange.Swap || m.Kind == exchange.Future && strings.Contains(m.ID, "_XPERP-")
}
