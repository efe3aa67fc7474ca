package venuetest

import (
	"encoding/json"
	"fmt"
	"slices"
)

// flatWeight is a weight that does not depend on the request.
func flatWeight(n int) func(*query) int { return func(*query) int { return n } }

// routes fills the table of REST calls: paths, weights, parameters.
func (b *binance) routes() {
	perSymbols := func(few, many, all int) func(*query) int {
		return func(q *query) int {
			switch n := len(q.ms); {
			case q.values.Get("symbol") == "" && q.values.Get("symbols") == "" || n > 100:
				return all
			case n > 20:
				return many
			}
			return few
		}
	}
	wide := func(one, all int) func(*query) int { return perSymbols(one, all, all) }
	depth, klines := b.spotDepthWeight, "!symbol !interval startTime endTime limit"
	b.calls = map[string]binanceCall{
		"spot /api/v3/ping":                 {flatWeight(1), "", (*binance).ping},
		"spot /api/v3/time":                 {flatWeight(1), "", (*binance).time},
		"spot /api/v3/exchangeInfo":         {flatWeight(20), "symbol symbols showPermissionSets symbolStatus", (*binance).info},
		"spot /api/v3/depth":                {depth, "!symbol limit symbolStatus", (*binance).depth},
		"spot /api/v3/trades":               {flatWeight(25), "!symbol limit", (*binance).trades},
		"spot /api/v3/historicalTrades":     {flatWeight(25), "!symbol limit fromId", (*binance).trades},
		"spot /api/v3/aggTrades":            {flatWeight(4), "!symbol fromId startTime endTime limit", (*binance).aggTrades},
		"spot /api/v3/klines":               {flatWeight(2), klines, (*binance).klines},
		"spot /api/v3/uiKlines":             {flatWeight(2), klines, (*binance).klines},
		"spot /api/v3/avgPrice":             {flatWeight(2), "!symbol", (*binance).avgPrice},
		"spot /api/v3/ticker/24hr":          {perSymbols(2, 40, 80), "symbol symbols type symbolStatus", (*binance).ticker},
		"spot /api/v3/ticker/price":         {wide(2, 4), "symbol symbols symbolStatus", (*binance).lastPrice},
		"spot /api/v3/ticker/bookTicker":    {wide(2, 4), "symbol symbols symbolStatus", (*binance).bookTicker},
		"spot /sapi/v1/system/status":       {flatWeight(1), "", (*binance).system},
		"linear /fapi/v1/ping":              {flatWeight(1), "", (*binance).ping},
		"linear /fapi/v1/time":              {flatWeight(1), "", (*binance).time},
		"linear /fapi/v1/exchangeInfo":      {flatWeight(1), "", (*binance).info},
		"linear /fapi/v1/depth":             {b.linearDepthWeight, "!symbol limit", (*binance).depth},
		"linear /fapi/v1/trades":            {flatWeight(5), "!symbol limit", (*binance).trades},
		"linear /fapi/v1/aggTrades":         {flatWeight(20), "!symbol fromId startTime endTime limit", (*binance).aggTrades},
		"linear /fapi/v1/klines":            {klinesWeight, "!symbol !interval startTime endTime limit", (*binance).klines},
		"linear /fapi/v1/ticker/24hr":       {wide(1, 40), "symbol", (*binance).ticker},
		"linear /fapi/v1/ticker/price":      {wide(1, 2), "symbol", (*binance).lastPrice},
		"linear /fapi/v2/ticker/price":      {wide(1, 2), "symbol", (*binance).lastPrice},
		"linear /fapi/v1/ticker/bookTicker": {wide(2, 5), "symbol", (*binance).bookTicker},
		"linear /fapi/v1/premiumIndex":      {wide(1, 10), "symbol", (*binance).premiumIndex},
		"linear /fapi/v1/fundingRate":       {flatWeight(0), "symbol startTime endTime limit", (*binance).fundingRate},
		"linear /fapi/v1/fundingInfo":       {flatWeight(0), "", func(_ *binance, _ *query, w *writer) { w.raw("[]") }},
		"linear /fapi/v1/openInterest":      {flatWeight(1), "!symbol", (*binance).openInterest},
	}
}

func (b *binance) spotDepthWeight(q *query) int {
	switch n := q.limit; {
	case n <= 100:
		return 5
	case n <= 500:
		return 25
	case n <= 1000:
		return 50
	}
	return 250
}

func (b *binance) linearDepthWeight(q *query) int {
	switch n := q.limit; {
	case n == -1 || n == 500:
		return 10
	case n > 500:
		return 20
	case n > 50:
		return 5
	}
	return 2
}

func klinesWeight(q *query) int {
	switch n := q.limit; {
	case n > 1000:
		return 10
	case n == -1 || n >= 500:
		return 5
	case n >= 100:
		return 2
	}
	return 1
}

func parseList(text string) ([]string, bool) {
	var ids []string
	return ids, json.Unmarshal([]byte(text), &ids) == nil
}

func (b *binance) ping(_ *query, w *writer) { w.raw("{}") }

func (b *binance) time(q *query, w *writer) {
	w.open('{')
	w.keyTime("serverTime", q.now, q.micros)
	w.close('}')
}

func (b *binance) system(_ *query, w *writer) {
	if b.s.lasting(Maintenance, nil, nil, "") {
		w.raw(`{"status":1,"msg":"system_maintenance"}`)
		return
	}
	w.raw(`{"status":0,"msg":"normal"}`)
}

func (b *binance) info(q *query, w *writer) {
	w.open('{')
	w.keyText("timezone", "UTC")
	w.keyTime("serverTime", q.now, q.micros)
	if q.host == "spot" {
		w.keyRaw("rateLimits", `[{"rateLimitType":"REQUEST_WEIGHT","interval":"MINUTE","intervalNum":1,"limit":6000},{"rateLimitType":"ORDERS","interval":"SECOND","intervalNum":10,"limit":50},{"rateLimitType":"ORDERS","interval":"DAY","intervalNum":1,"limit":160000},{"rateLimitType":"RAW_REQUESTS","interval":"MINUTE","intervalNum":5,"limit":300000}]`)
		w.keyRaw("exchangeFilters", "[]")
	} else {
		w.keyText("futuresType", "U_MARGINED")
		w.keyRaw("rateLimits", `[{"rateLimitType":"REQUEST_WEIGHT","interval":"MINUTE","intervalNum":1,"limit":2400},{"rateLimitType":"ORDERS","interval":"MINUTE","intervalNum":1,"limit":1200},{"rateLimitType":"ORDERS","interval":"SECOND","intervalNum":10,"limit":300}]`)
		w.keyRaw("exchangeFilters", "[]")
		w.keyRaw("assets", `[{"asset":"USDT","marginAvailable":true,"autoAssetExchange":"-10000"},{"asset":"BTC","marginAvailable":true,"autoAssetExchange":"-0.10000000"}]`)
	}
	w.key("symbols")
	w.open('[')
	want := q.values.Get("symbolStatus")
	for _, m := range q.ms {
		if !m.Listed && (want == "" || want == status(m)) {
			symbolInfo(w, m, q.values.Get("showPermissionSets") != "false")
		}
	}
	w.close(']')
	w.close('}')
}

// futureLimits are the only depths that USD-M serves.
var futureLimits = []int{5, 10, 20, 50, 100, 500, 1000}

func (b *binance) depth(q *query, w *writer) {
	limit := q.limit
	switch {
	case limit == -1 && q.host == "spot":
		limit = 100
	case limit == -1:
		limit = 500
	case q.host == "linear" && !slices.Contains(futureLimits, limit):
		q.refuse(-4021, fmt.Sprintf("'%d' is not valid depth limit.", limit))
		return
	case limit < 1:
		q.refuse(-1130, "Data sent for parameter 'limit' is not valid.")
		return
	}
	if want := q.values.Get("symbolStatus"); want != "" && want != status(q.m) {
		q.refuse(-1220, "The symbol's status does not match the requested symbolStatus.")
		return
	}
	seq := q.m.seq
	if b.s.hit(nil, q.m, "depth", StaleSnapshot) != nil || b.s.chaos.stale() {
		seq = q.m.past(1500)
	}
	book, _ := q.m.at(seq)
	w.b = make([]byte, 0, 64*(min(limit, 5000)+4))
	w.open('{')
	w.keyInt("lastUpdateId", seq)
	if q.host == "linear" {
		w.keyTime("E", q.now, false)
		w.keyTime("T", q.now, false)
	}
	for _, side := range []struct {
		name   string
		levels []Level
	}{{"bids", book.Bids}, {"asks", book.Asks}} {
		w.key(side.name)
		w.open('[')
		for _, l := range side.levels[:min(limit, 5000, len(side.levels))] {
			pair(w, q.m, l.Price, l.Size)
		}
		w.close(']')
	}
	w.close('}')
}

// past is the sequence number n changes ago, or the oldest that is known.
func (m *market) past(n int) int64 {
	kept := m.history.items
	if len(kept) == 0 {
		return m.seq
	}
	return kept[max(len(kept)-1-n, 0)].seq
}

func pair(w *writer, m *market, px, sz int64) {
	w.open('[')
	w.price(m, px)
	w.size(m, sz)
	w.close(']')
}

// rows cuts limit from a list of rows by the venue's rules of paging: from the
// start (or id) forwards, else the newest.
func (q *query) rows(n, otherwise, most int, forward bool) (from, to int) {
	limit := q.limit
	if limit == -1 {
		limit = otherwise
	}
	if limit < 1 {
		q.refuse(-1130, "Data sent for parameter 'limit' is not valid.")
		return 0, 0
	}
	limit = min(limit, most)
	if forward {
		return 0, min(limit, n)
	}
	return max(n-limit, 0), n
}

func (b *binance) trades(q *query, w *writer) {
	ts := q.m.trades.items
	id := q.int64("fromId", -1)
	if id >= 0 {
		i, _ := slices.BinarySearchFunc(ts, id, func(t trade, id int64) int { return compare(t.id, id) })
		ts = ts[i:]
	}
	from, to := q.rows(len(ts), 500, 1000, id >= 0)
	w.open('[')
	for _, t := range ts[from:to] {
		w.open('{')
		w.keyInt("id", t.id)
		w.keyPrice("price", q.m, t.px)
		w.keySize("qty", q.m, t.sz)
		w.keyMoney("quoteQty", q.m.quote(t.px, t.sz), q.m.money(2))
		w.keyTime("time", t.at, q.micros)
		w.keyBool("isBuyerMaker", t.sell)
		if q.host == "spot" {
			w.keyBool("isBestMatch", true)
		} else {
			w.keyBool("isRPITrade", false)
		}
		w.close('}')
	}
	w.close(']')
}

// money is how many digits an amount of money has: 8 on spot, else futures.
func (m *market) money(futures int) int {
	if m.Family == "spot" {
		return 8
	}
	return futures
}

func compare(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// span reads startTime and endTime in ms, telling µs by their size.
func (q *query) span() (start, end int64) {
	start, end = q.int64("startTime", -1), q.int64("endTime", -1)
	for _, t := range []*int64{&start, &end} {
		if *t >= 1e14 {
			*t /= 1000
		}
	}
	return start, end
}

func (b *binance) aggTrades(q *query, w *writer) {
	as := q.m.aggs.items
	id := q.int64("fromId", -1)
	start, end := q.span()
	if q.host == "linear" {
		switch {
		case id >= 0 && (start >= 0 || end >= 0):
			q.refuse(-1128, "Combination of optional parameters invalid.")
			return
		case start >= 0 && end >= 0 && end-start > 3_600_000:
			q.refuse(-1127, "More than 1 hours between startTime and endTime.")
			return
		}
	}
	if id >= 0 {
		i, _ := slices.BinarySearchFunc(as, id, func(a aggregate, id int64) int { return compare(a.id, id) })
		as = as[i:]
	}
	if end >= 0 {
		i, _ := slices.BinarySearchFunc(as, end+1, func(a aggregate, ms int64) int { return compare(a.at.UnixMilli(), ms) })
		as = as[:i]
	}
	if start >= 0 {
		i, _ := slices.BinarySearchFunc(as, start, func(a aggregate, ms int64) int { return compare(a.at.UnixMilli(), ms) })
		as = as[i:]
	}
	from, to := q.rows(len(as), 500, 1000, id >= 0 || start >= 0)
	w.open('[')
	for _, a := range as[from:to] {
		w.open('{')
		w.keyInt("a", a.id)
		w.keyPrice("p", q.m, a.px)
		w.keySize("q", q.m, a.sz)
		if q.host == "linear" {
			w.keySize("nq", q.m, a.sz)
		}
		w.keyInt("f", a.first)
		w.keyInt("l", a.last)
		w.keyTime("T", a.at, q.micros)
		w.keyBool("m", a.sell)
		if q.host == "spot" {
			w.keyBool("M", true)
		}
		w.close('}')
	}
	w.close(']')
}

func (b *binance) klines(q *query, w *writer) {
	s := q.m.bars(q.values.Get("interval"))
	if s == nil {
		q.refuse(-1120, "Invalid interval.")
		return
	}
	most := 1000
	if q.host == "linear" {
		most = 1500
	}
	start, end := q.span()
	from, to := q.rows(1<<20, 500, most, true)
	s.roll(q.now.UnixMilli(), q.m)
	newest := s.now.open
	if end >= 0 {
		newest = min(newest, s.interval.open(end))
	}
	open := s.interval.shift(newest, from-to+1)
	if start >= 0 {
		if open = s.interval.open(start); open < start {
			open = s.interval.shift(open, 1)
		}
	}
	w.open('[')
	for n := 0; n < to && open <= newest; n++ {
		c := s.at(open, q.m)
		open = s.interval.shift(open, 1)
		b.kline(q, w, c, open)
	}
	w.close(']')
}

func (b *binance) kline(q *query, w *writer, c candle, next int64) {
	unit, last := int64(1), int64(1)
	if q.micros {
		unit = 1000
	}
	w.open('[')
	w.int(c.open * unit)
	for _, px := range []int64{c.o, c.h, c.l, c.c} {
		w.price(q.m, px)
	}
	w.size(q.m, c.size)
	w.int(next*unit - last)
	w.money(c.quote, q.m.money(5))
	w.int(c.count)
	w.size(q.m, c.takerSize)
	w.money(c.takerQuote, q.m.money(5))
	w.text("0")
	w.close(']')
}
