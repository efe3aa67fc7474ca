package venuetest

import (
	"net/http"
	"slices"
	"strconv"
	"time"
)

const bookWindow = 400 // levels a side of books

func (o *okx) routes() {
	two := 2 * time.Second
	o.calls = map[string]okxCall{
		"/public/time":                 {10, two, "", "", (*okx).time},
		"/public/instruments":          {20, two, "instType", "instType", (*okx).instruments},
		"/market/books":                {40, two, "", "instId", (*okx).books},
		"/market/books-full":           {10, two, "", "instId", (*okx).booksFull},
		"/market/ticker":               {20, two, "", "instId", (*okx).tickers},
		"/market/tickers":              {20, two, "", "instType", (*okx).tickers},
		"/market/trades":               {100, two, "", "instId", (*okx).trades},
		"/market/history-trades":       {20, two, "", "instId", (*okx).historyTrades},
		"/market/candles":              {40, two, "", "instId", (*okx).candles},
		"/market/history-candles":      {20, two, "", "instId", (*okx).historyCandles},
		"/market/index-tickers":        {20, two, "", "", (*okx).indexTickers},
		"/public/mark-price":           {10, two, "instId", "instType", (*okx).markPrice},
		"/public/funding-rate":         {10, two, "instId", "instId", (*okx).fundingRate},
		"/public/funding-rate-history": {10, two, "", "instId", (*okx).fundingHistory},
		"/public/open-interest":        {20, two, "", "instType", (*okx).openInterest},
		"/public/liquidation-orders":   {20, two, "", "instType", (*okx).liquidations},
		"/public/price-limit":          {20, two, "", "instId", (*okx).priceLimit},
		"/system/status":               {1, 5 * time.Second, "", "", (*okx).status},
	}
}

// each calls row for the instrument asked for, or those of its type.
func (o *okx) each(q *okxQuery, row func(m *market, i int)) {
	kind := q.values.Get("instType")
	for i, m := range o.s.markets {
		if (q.m == nil || m == q.m) && (kind == "" || kind == instType(m)) &&
			(q.values.Get("instFamily") == "" || q.values.Get("instFamily") == instFamily(m)) {
			row(m, i)
		}
	}
}

// keyMilli writes a time as OKX does: ms, as text.
func (w *writer) keyMilli(k string, t time.Time) {
	w.keyText(k, strconv.FormatInt(t.UnixMilli(), 10))
}

func (o *okx) time(q *okxQuery, w *writer) {
	w.open('{')
	w.keyMilli("ts", q.now)
	w.close('}')
}

func (o *okx) instruments(q *okxQuery, w *writer) {
	switch q.values.Get("instType") {
	case "SPOT", "SWAP", "FUTURES", "OPTION", "MARGIN":
	default:
		q.refuse(http.StatusBadRequest, 51000, "Parameter instType error")
	}
	o.each(q, func(m *market, i int) { instrument(w, m, okxCode+i) })
}

// level4 writes the levels of books: price, size, a zero, orders.
func level4(w *writer, key string, m *market, ls []level) {
	w.key(key)
	w.open('[')
	for _, l := range ls {
		w.open('[')
		w.price(m, l.px)
		w.size(m, l.sz)
		w.text("0")
		w.text(strconv.FormatInt(l.orders, 10))
		w.close(']')
	}
	w.close(']')
}

func (o *okx) books(q *okxQuery, w *writer) {
	sz := q.limit("sz", 1, bookWindow)
	w.open('{')
	level4(w, "asks", q.m, q.m.asks.top(sz))
	level4(w, "bids", q.m, q.m.bids.top(sz))
	w.keyMilli("ts", q.now)
	w.keyInt("seqId", q.m.seq)
	w.close('}')
}

func (o *okx) booksFull(q *okxQuery, w *writer) {
	sz := q.limit("sz", 1, 5000)
	w.open('{')
	for _, side := range []struct {
		key    string
		levels []level
	}{{"asks", q.m.asks.top(sz)}, {"bids", q.m.bids.top(sz)}} {
		w.key(side.key)
		w.open('[')
		for _, l := range side.levels {
			w.open('[')
			w.price(q.m, l.px)
			w.size(q.m, l.sz)
			w.text(strconv.FormatInt(l.orders, 10))
			w.close(']')
		}
		w.close(']')
	}
	w.keyMilli("ts", q.now)
	w.close('}')
}

func (o *okx) tickers(q *okxQuery, w *writer) {
	o.each(q, func(m *market, _ int) {
		if m.Status != "preopen" {
			tickerRow(w, m, q.now, false)
		}
	})
}

// tickerRow writes a ticker; the stream has the day's opening before the volumes.
func tickerRow(w *writer, m *market, now time.Time, stream bool) {
	d := &m.day
	bid, ask := m.touch()
	best := func(price, size string, l level) {
		if l.sz == 0 {
			w.keyText(price, "")
			w.keyText(size, "")
			return
		}
		w.keyPrice(price, m, l.px)
		w.keySize(size, m, l.sz)
	}
	days := func() {
		w.keyPrice("sodUtc0", m, m.path(now.Truncate(dayLong).UnixMilli()))
		w.keyPrice("sodUtc8", m, m.path(now.Add(asia).Truncate(dayLong).Add(-asia).UnixMilli()))
	}
	w.open('{')
	w.keyText("instType", instType(m))
	w.keyText("instId", m.ID)
	w.keyPrice("last", m, d.last)
	w.keySize("lastSz", m, d.lastSize)
	best("askPx", "askSz", ask)
	best("bidPx", "bidSz", bid)
	w.keyPrice("open24h", m, d.open)
	w.keyPrice("high24h", m, d.high)
	w.keyPrice("low24h", m, d.low)
	if stream {
		days()
	}
	w.keyMoney("volCcy24h", m.currency(d.quote, d.coin), -1)
	w.keySize("vol24h", m, d.size)
	w.keyMilli("ts", now)
	if !stream {
		days()
	}
	w.close('}')
}

// currency is what OKX calls volCcy: quote on spot, coin on contracts.
func (m *market) currency(quote, coin int64) int64 {
	if m.Kind == "spot" {
		return quote
	}
	return coin
}

func side2(sell bool) string {
	if sell {
		return "sell"
	}
	return "buy"
}

func (o *okx) trades(q *okxQuery, w *writer) { o.tradeRows(q, w, q.limit("limit", 100, 500), nil) }

func (o *okx) historyTrades(q *okxQuery, w *writer) {
	after := q.int64("after", 0)
	byTime := q.values.Get("type") == "2"
	if byTime && q.values.Get("before") != "" {
		q.refuse(http.StatusOK, 50039, "Before parameter is not available for timestamp pagination.")
	}
	before := q.int64("before", 0)
	o.tradeRows(q, w, q.limit("limit", 100, 100), func(t trade) bool {
		mark := t.id
		if byTime {
			mark = t.at.UnixMilli()
		}
		return (after == 0 || mark < after) && mark > before
	})
}

// tradeRows writes up to n trades, newest first.
func (o *okx) tradeRows(q *okxQuery, w *writer, n int, want func(trade) bool) {
	ts := q.m.trades.items
	for i := len(ts) - 1; i >= 0 && n > 0; i-- {
		t := ts[i]
		if want != nil && !want(t) {
			continue
		}
		n--
		w.open('{')
		w.keyText("instId", q.m.ID)
		w.keyText("side", side2(t.sell))
		w.keySize("sz", q.m, t.sz)
		w.keyText("source", "0")
		w.keyPrice("px", q.m, t.px)
		w.keyText("tradeId", strconv.FormatInt(t.id, 10))
		w.keyMilli("ts", t.at)
		w.close('}')
	}
}

func (o *okx) candles(q *okxQuery, w *writer) { o.candleRows(q, w, 1440) }

func (o *okx) historyCandles(q *okxQuery, w *writer) { o.candleRows(q, w, 1<<20) }

// candleRows writes candles newest first, between before and after, both
// exclusive; only the newest reach of them exist.
func (o *okx) candleRows(q *okxQuery, w *writer, reach int) {
	bar := q.values.Get("bar")
	if bar == "" {
		bar = "1m"
	}
	s := q.m.bars(bar)
	if s == nil {
		q.refuse(http.StatusBadRequest, 51000, "Parameter bar error")
		return
	}
	s.roll(q.now.UnixMilli(), q.m)
	n := q.limit("limit", 100, 300)
	before, after := q.int64("before", -1), q.int64("after", 1<<62)
	open, oldest := s.now.open, max(s.interval.shift(s.now.open, 1-reach), 1262304000000)
	if after <= open {
		if open = s.interval.open(after); open == after {
			open = s.interval.shift(open, -1)
		}
	}
	for ; n > 0 && open > before && open >= oldest; n-- {
		candleRow(w, q.m, s.at(open, q.m), open != s.now.open)
		open = s.interval.shift(open, -1)
	}
}

// candleRow writes the nine strings of a candle.
func candleRow(w *writer, m *market, c candle, closed bool) {
	w.open('[')
	w.text(strconv.FormatInt(c.open, 10))
	for _, px := range []int64{c.o, c.h, c.l, c.c} {
		w.price(m, px)
	}
	w.size(m, c.size)
	w.money(m.currency(c.quote, c.coin), -1)
	w.money(c.quote, -1)
	if closed {
		w.text("1")
	} else {
		w.text("0")
	}
	w.close(']')
}

func (o *okx) indexTickers(q *okxQuery, w *writer) {
	seen := make(map[string]bool)
	id, quote := q.values.Get("instId"), q.values.Get("quoteCcy")
	for _, m := range o.s.markets {
		name := underlying(m)
		if m.Status != "" || seen[name] || id != "" && id != name || quote != "" && quote != m.Quote {
			continue
		}
		seen[name] = true
		indexRow(w, m, q.now, false)
	}
}

func indexRow(w *writer, m *market, now time.Time, stream bool) {
	d := &m.day
	_, index := m.mark()
	utc0 := m.path(now.Truncate(dayLong).UnixMilli())
	w.open('{')
	w.keyText("instId", underlying(m))
	w.keyPrice("idxPx", m, rescale(index, moneyScale, m.pscale))
	w.keyPrice("high24h", m, d.high)
	if stream {
		w.keyPrice("low24h", m, d.low)
		w.keyPrice("open24h", m, d.open)
		w.keyPrice("sodUtc0", m, utc0)
	} else {
		w.keyPrice("sodUtc0", m, utc0)
		w.keyPrice("open24h", m, d.open)
		w.keyPrice("low24h", m, d.low)
	}
	w.keyPrice("sodUtc8", m, m.path(now.Add(asia).Truncate(dayLong).Add(-asia).UnixMilli()))
	w.keyMilli("ts", now)
	w.close('}')
}

func (o *okx) markPrice(q *okxQuery, w *writer) {
	kind := q.values.Get("instType")
	for _, m := range o.s.markets {
		if (q.m == nil || q.m == m) && m.Status == "" && kind == markType(m) {
			markRow(w, m, q.now, false)
		}
	}
}

// markType is instType where marks are concerned: a pair counts as margin.
func markType(m *market) string {
	if m.Kind == "spot" {
		return "MARGIN"
	}
	return instType(m)
}

func markRow(w *writer, m *market, now time.Time, stream bool) {
	mark, _ := m.mark()
	w.open('{')
	if stream {
		w.keyText("instType", markType(m))
		w.keyText("instId", m.ID)
	} else {
		w.keyText("instId", m.ID)
		w.keyText("instType", markType(m))
	}
	w.keyPrice("markPx", m, rescale(mark, moneyScale, m.pscale))
	w.keyMilli("ts", now)
	w.close('}')
}

func (o *okx) fundingRate(q *okxQuery, w *writer) {
	if q.m != nil && q.m.Kind != "swap" {
		q.refuse(http.StatusOK, 51001, "Instrument ID, Instrument ID code or Spread ID doesn't exist.")
		return
	}
	o.each(q, func(m *market, _ int) {
		if m.Kind == "swap" {
			fundingRow(w, m, q.now)
		}
	})
}

func fundingRow(w *writer, m *market, now time.Time) {
	next := nextFunding(now)
	w.open('{')
	w.keyText("formulaType", "withRate")
	w.keyText("fundingRate", fundingAt(next, 16))
	w.keyMilli("fundingTime", next)
	w.keyText("impactValue", "20000.0000000000000000")
	w.keyText("instId", m.ID)
	w.keyText("instType", "SWAP")
	w.keyText("interestRate", "0.0001000000000000")
	w.keyText("maxFundingRate", "0.00375")
	w.keyText("method", "current_period")
	w.keyText("minFundingRate", "-0.00375")
	w.keyText("nextFundingRate", "")
	w.keyMilli("nextFundingTime", next.Add(fundingEvery))
	w.keyText("premium", "0.0000311412008891")
	w.keyMilli("prevFundingTime", next.Add(-fundingEvery))
	w.keyText("settFundingRate", fundingAt(next.Add(-fundingEvery), 16))
	w.keyText("settState", "settled")
	w.keyMilli("ts", now)
	w.close('}')
}

func (o *okx) fundingHistory(q *okxQuery, w *writer) {
	n := q.limit("limit", 400, 400)
	before, after := q.int64("before", -1), q.int64("after", 1<<62)
	at := q.now.Truncate(fundingEvery)
	if after < at.UnixMilli() {
		at = time.UnixMilli(after - 1).Truncate(fundingEvery)
	} else if after == at.UnixMilli() {
		at = at.Add(-fundingEvery)
	}
	oldest := q.now.Add(-90 * dayLong)
	for ; n > 0 && at.UnixMilli() > before && at.After(oldest); at, n = at.Add(-fundingEvery), n-1 {
		w.open('{')
		w.keyText("formulaType", "withRate")
		w.keyText("fundingRate", fundingAt(at, 16))
		w.keyMilli("fundingTime", at)
		w.keyText("instId", q.m.ID)
		w.keyText("instType", instType(q.m))
		w.keyText("method", "current_period")
		w.keyText("realizedRate", fundingAt(at, 16))
		w.close('}')
	}
}

func (o *okx) openInterest(q *okxQuery, w *writer) {
	o.each(q, func(m *market, _ int) {
		if m.Kind != "spot" {
			interestRow(w, m, q.now)
		}
	})
}

func interestRow(w *writer, m *market, now time.Time) {
	oi := m.openInterest()
	w.open('{')
	w.keyText("instId", m.ID)
	w.keyText("instType", instType(m))
	w.keyText("oi", fixed(oi, m.sscale, 11)) // more decimals than any size: as the venue does
	w.keyMoney("oiCcy", m.coin(m.day.last, oi), -1)
	w.keyMoney("oiUsd", m.quote(m.day.last, oi), 2)
	w.keyMilli("ts", now)
	w.close('}')
}

func (o *okx) priceLimit(q *okxQuery, w *writer) {
	limitRow(w, q.m, q.now, false)
}

func limitRow(w *writer, m *market, now time.Time, stream bool) {
	band := m.day.last / 100 / m.tick * m.tick
	w.open('{')
	if stream {
		w.keyText("instId", m.ID)
		w.keyPrice("buyLmt", m, m.day.last+band)
	} else {
		w.keyPrice("buyLmt", m, m.day.last+band)
		w.keyBool("enabled", true)
		w.keyText("instId", m.ID)
		w.keyText("instType", instType(m))
	}
	w.keyPrice("sellLmt", m, m.day.last-band)
	w.keyMilli("ts", now)
	if stream {
		w.keyBool("enabled", true)
	}
	w.close('}')
}

func (o *okx) status(q *okxQuery, w *writer) {
	states := []string{"", "scheduled", "ongoing", "pre_open"}
	if o.s.lasting(Maintenance, nil, nil, "") && slices.Contains(states[:3], q.values.Get("state")) {
		maintenanceRow(w, q.now, false)
	}
}

func maintenanceRow(w *writer, now time.Time, stream bool) {
	w.open('{')
	w.keyMilli("begin", now.Add(-time.Minute))
	w.keyMilli("end", now.Add(29*time.Minute))
	for _, kv := range [][2]string{{"env", "1"}, {"href", ""}, {"maintType", "1"}, {"preOpenBegin", ""}, {"scheDesc", ""}, {"serviceType", "5"},
		{"state", "ongoing"}, {"system", "unified"}, {"title", "Trading service upgrade"}} {
		w.keyText(kv[0], kv[1])
	}
	if stream {
		w.keyMilli("ts", now)
	}
	w.close('}')
}
