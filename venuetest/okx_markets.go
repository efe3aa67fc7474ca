package venuetest

import (
	"strconv"
	"strings"
	"time"
)

// OKXMarkets returns the default markets of OKX: spot, linear and inverse swaps, dated futures,
// one suspended pair and one that is announced with most fields empty.
func OKXMarkets() []Market {
	expiry := time.Date(2026, 12, 25, 8, 0, 0, 0, time.UTC)
	return []Market{
		{Symbol: "BTC/USDT", ID: "BTC-USDT", Family: "spot", Kind: "spot", Base: "BTC", Quote: "USDT", Price: "64120.4", Tick: "0.1", Step: "0.00000001", Size: "0.2"},
		{Symbol: "ETH/USDT", ID: "ETH-USDT", Family: "spot", Kind: "spot", Base: "ETH", Quote: "USDT", Price: "3201.55", Tick: "0.01", Step: "0.000001", Size: "3"},
		{Symbol: "SHIB/USDT", ID: "SHIB-USDT", Family: "spot", Kind: "spot", Base: "SHIB", Quote: "USDT", Price: "0.000022815", Tick: "0.000000001", Step: "1", Size: "9000000"},
		{Symbol: "LUNA/USDT", ID: "LUNA-USDT", Family: "spot", Kind: "spot", Base: "LUNA", Quote: "USDT", Status: "suspend", Price: "0.5", Tick: "0.0001", Step: "0.01"},
		{Symbol: "NEW/USDT", ID: "NEW-USDT", Family: "spot", Kind: "spot", Status: "preopen"},
		{Symbol: "BTC/USDT:USDT", ID: "BTC-USDT-SWAP", Family: "linear", Kind: "swap", Base: "BTC", Quote: "USDT", Settle: "USDT", Price: "64118.7", Tick: "0.1", Step: "0.01", Size: "30", ContractSize: "0.01", ContractUnit: "BTC"},
		{Symbol: "ETH/USDT:USDT", ID: "ETH-USDT-SWAP", Family: "linear", Kind: "swap", Base: "ETH", Quote: "USDT", Settle: "USDT", Price: "3200.91", Tick: "0.01", Step: "0.01", Size: "40", ContractSize: "0.1", ContractUnit: "ETH"},
		{Symbol: "BTC/USD:USD", ID: "BTC-USD_UM-SWAP", Family: "linear", Kind: "swap", Base: "BTC", Quote: "USD", Settle: "USD", Price: "64110.2", Tick: "0.1", Step: "1", Size: "900", ContractSize: "0.0001", ContractUnit: "BTC"},
		{Symbol: "BTC/USD:BTC", ID: "BTC-USD-SWAP", Family: "inverse", Kind: "swap", Base: "BTC", Quote: "USD", Settle: "BTC", Price: "64101.3", Tick: "0.1", Step: "0.1", Size: "120", ContractSize: "100", ContractUnit: "USD"},
		{Symbol: "BTC/USDT:USDT-261225", ID: "BTC-USDT-261225", Family: "linear", Kind: "future", Base: "BTC", Quote: "USDT", Settle: "USDT", Price: "64890.5", Tick: "0.1", Step: "0.01", Size: "20", ContractSize: "0.01", ContractUnit: "BTC", Expiry: expiry},
		{Symbol: "BTC/USD:BTC-261225", ID: "BTC-USD-261225", Family: "inverse", Kind: "future", Base: "BTC", Quote: "USD", Settle: "BTC", Price: "64871.0", Tick: "0.1", Step: "0.1", Size: "80", ContractSize: "100", ContractUnit: "USD", Expiry: expiry},
	}
}

const asia = 8 * time.Hour // OKX's own days begin at 16:00 UTC

var okxIntervals = []interval{
	{name: "1s", length: time.Second}, {name: "1m", length: time.Minute}, {name: "3m", length: 3 * time.Minute},
	{name: "5m", length: 5 * time.Minute}, {name: "15m", length: 15 * time.Minute}, {name: "30m", length: 30 * time.Minute},
	{name: "1H", length: time.Hour}, {name: "2H", length: 2 * time.Hour}, {name: "4H", length: 4 * time.Hour},
	{name: "6H", length: 6 * time.Hour, zone: asia}, {name: "12H", length: 12 * time.Hour, zone: asia},
	{name: "1D", length: dayLong, zone: asia}, {name: "2D", length: 2 * dayLong, zone: asia}, {name: "3D", length: 3 * dayLong, zone: asia},
	{name: "1W", length: weekLong, zone: asia}, {name: "1M", months: 1, zone: asia}, {name: "3M", months: 3, zone: asia},
	{name: "6Hutc", length: 6 * time.Hour}, {name: "12Hutc", length: 12 * time.Hour}, {name: "1Dutc", length: dayLong},
	{name: "2Dutc", length: 2 * dayLong}, {name: "3Dutc", length: 3 * dayLong}, {name: "1Wutc", length: weekLong},
	{name: "1Mutc", months: 1}, {name: "3Mutc", months: 3},
}

// newOKX makes the markets: every instrument has a sequence of its own, in steps
// of any size.
func newOKX(s *Server) *okx {
	o := &okx{s: s}
	for i, cfg := range s.opts.Markets {
		m := newMarket(cfg, s.opts, &counter{seq: 48_930_221_754 + int64(i)*7_000_001, step: 8}, okxIntervals, s.start)
		m.pdec, m.sdec = -1, -1
		s.markets = append(s.markets, m)
	}
	o.routes()
	o.ownRoutes()
	return o
}

// instType is the venue's word for the kind.
func instType(m *market) string {
	switch m.Kind {
	case "swap":
		return "SWAP"
	case "future":
		return "FUTURES"
	}
	return "SPOT"
}

// underlying is uly and the name of the index.
func underlying(m *market) string { return m.Base + "-" + m.Quote }

// instFamily is what the contracts of one rule book share.
func instFamily(m *market) string {
	parts := strings.Split(m.ID, "-")
	return strings.Join(parts[:min(2, len(parts))], "-")
}

// instrument writes a row of public/instruments, section 2.
func instrument(w *writer, m *market, number int) {
	spot, state := m.Kind == "spot", m.Status
	if state == "" || state == replaying {
		state = "live"
	}
	or := func(onSpot, otherwise string) string {
		if m.Tick == "" {
			return ""
		}
		if spot {
			return onSpot
		}
		return otherwise
	}
	expiry, alias := "", ""
	if m.Kind == "future" {
		expiry, alias = strconv.FormatInt(m.Expiry.UnixMilli(), 10), "next_quarter"
	}
	base, quote := m.Base, m.Quote
	family, uly, kind := "", "", ""
	if !spot {
		base, quote, family, uly, kind = "", "", instFamily(m), underlying(m), m.Family
	}
	w.open('{')
	for _, kv := range [][2]string{{"alias", alias}, {"auctionEndTime", ""}, {"baseCcy", base}, {"category", "1"}, {"contTdSwTime", or("", "1611916860000")},
		{"ctMult", or("", "1")}, {"ctType", kind}, {"ctVal", m.ContractSize}, {"ctValCcy", m.ContractUnit}, {"expTime", expiry}, {"freq", ""}} {
		w.keyText(kv[0], kv[1])
	}
	w.keyBool("futureSettlement", m.Kind == "future" && m.Family == "inverse")
	for _, kv := range [][2]string{{"groupId", or("12", "4")}, {"instCategory", "1"}, {"instFamily", family}, {"instId", m.ID}} {
		w.keyText(kv[0], kv[1])
	}
	w.keyInt("instIdCode", int64(number))
	for _, kv := range [][2]string{{"instType", instType(m)}, {"lever", or("10", "100")}, {"listTime", "1611907686000"}, {"longPosRemainingQuota", ""}, {"lotSz", m.Step},
		{"maxIcebergSz", or("9999999999.0000000000000000", "100000000.0000000000000000")}, {"maxLmtAmt", or("20000000", "20000000")}, {"maxLmtSz", or("9999999999", "100000000")},
		{"maxMktAmt", or("1000000", "")}, {"maxMktSz", or("1000000", "34000")}, {"maxPlatOILmt", or("", "10000000000000")}, {"maxStopSz", or("1000000", "34000")},
		{"maxTriggerSz", or("9999999999.0000000000000000", "100000000.0000000000000000")}, {"maxTwapSz", or("9999999999.0000000000000000", "100000000.0000000000000000")},
		{"method", ""}, {"minSz", or(minSize(m), m.Step)}, {"openType", or("fix_price", "call_auction")}, {"optType", ""}, {"posLmtAmt", or("", "250000")},
		{"posLmtPct", or("", "30")}, {"preMktSwTime", ""}, {"quoteCcy", quote}, {"ruleType", "normal"}, {"seriesId", ""}, {"settleCcy", m.Settle},
		{"shortPosRemainingQuota", ""}, {"state", state}, {"stk", ""}, {"tickSz", m.Tick}} {
		w.keyText(kv[0], kv[1])
	}
	w.key("tradeQuoteCcyList")
	w.open('[')
	if spot && quote != "" {
		w.text(quote)
	}
	w.close(']')
	w.keyText("uly", uly)
	w.keyRaw("upcChg", "[]")
	w.close('}')
}

// minSize is the smallest order of a spot pair: some thousands of lots, where
// lots are fine.
func minSize(m *market) string {
	return trimmed(max(m.size*m.step/20_000, m.step), m.sscale)
}
