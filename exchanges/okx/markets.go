package okx

import (
	"strings"
	"time"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/scan"
)

// row is an instrument as the venue lists it (section 2).
type row struct {
	id, instType, base, quote, settle, uly, ctType, state string
	tick, lot, min, max, value, multiplier                decimal.Decimal
	listed, expiry                                        time.Time
}

// parseMarkets reads a list of instruments. Rows that cannot be used are left out: those
// announced with most fields empty, test instruments, kinds that are not known.
func parseMarkets(dst []exchange.Market, _ *exchange.Scope, b []byte) ([]exchange.Market, error) {
	d := open(b)
	for d.next() {
		s := scan.New(d.Raw())
		var r row
		r.read(&s)
		if s.End() != nil {
			continue // a field of another type spoils its row alone
		}
		if m, ok := r.market(); ok {
			dst = append(dst, m)
		}
	}
	return dst, d.End()
}

func (r *row) read(s *scan.Scanner) {
	for key := range s.Object() {
		switch string(key) {
		case "instId":
			r.id = s.Str()
		case "instType":
			r.instType = s.Str()
		case "baseCcy":
			r.base = s.Str()
		case "quoteCcy":
			r.quote = s.Str()
		case "settleCcy":
			r.settle = s.Str()
		case "uly":
			r.uly = s.Str()
		case "ctType":
			r.ctType = s.Str()
		case "state":
			r.state = s.Str()
		case "tickSz":
			r.tick = s.Decimal()
		case "lotSz":
			r.lot = s.Decimal()
		case "minSz":
			r.min = s.Decimal()
		case "maxLmtSz":
			r.max = s.Decimal()
		case "ctVal":
			r.value = s.Decimal()
		case "ctMult":
			r.multiplier = s.Decimal()
		case "listTime":
			r.listed = s.Milli()
		case "expTime":
			r.expiry = s.Milli()
		}
	}
}

// market makes the unified market, by the mapping of section 1.
func (r *row) market() (m exchange.Market, ok bool) {
	if r.state == "test" || r.tick.Sign() <= 0 || r.lot.Sign() <= 0 || r.id == "" || strings.ContainsAny(r.id, "\"\\ ,") {
		return m, false
	}
	m = exchange.Market{
		ID: r.id, Base: r.base, Quote: r.quote, Active: r.state == "live", Status: r.state, Listed: r.listed, Expiry: r.expiry,
		TickSize: r.tick, StepSize: r.lot, MinSize: r.min, MaxSize: r.max,
	}
	if r.instType != "SPOT" && !r.contract(&m) {
		return m, false
	}
	switch r.instType {
	case "SPOT":
		m.Kind = exchange.Spot
		m.Symbol = m.Base + "/" + m.Quote
	case "SWAP":
		m.Kind = exchange.Swap
		m.Symbol = m.Base + "/" + m.Quote + ":" + m.Settle
	case "FUTURES":
		m.Kind = exchange.Future
		m.Symbol = m.Base + "/" + m.Quote + ":" + m.Settle + "-" + m.Expiry.Format("060102")
	default:
		return m, false
	}
	return m, m.Base != "" && m.Quote != "" && (m.Kind != exchange.Future || !m.Expiry.IsZero())
}

// contract fills in what makes a contract: its currencies are those of the underlying,
// never of the name, and it is worth ctVal × ctMult.
func (r *row) contract(m *exchange.Market) bool {
	if r.multiplier.Absent() {
		r.multiplier = decimal.New(1, 0)
	}
	m.Base, m.Quote, _ = strings.Cut(r.uly, "-")
	m.Settle = r.settle
	m.Inverse = r.ctType == "inverse"
	m.Contract = r.value.Mul(r.multiplier)
	return m.Settle != "" && (m.Inverse || r.ctType == "linear") && m.Contract.Sign() > 0
}

// funded reports whether a contract has funding: swaps have, and the futures of five
// years, which the venue names XPERP (section 1).
func funded(m *exchange.Market) bool {
	return m.Kind == exchange.Swap || m.Kind == exchange.Future && strings.Contains(m.ID, "_XPERP-")
}
