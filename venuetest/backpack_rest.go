package venuetest

import (
	"net/http"
	"slices"
	"strconv"
	"time"
)

// naiveTime is how Backpack writes most times: UTC without saying so.
func naiveTime(t time.Time, separator string) string {
	return t.UTC().Format("2006-01-02" + separator + "15:04:05")
}

// trimmedPrice and trimmedSize write numbers as REST does.
func (w *writer) trimmedPrice(k string, m *market, v int64) {
	w.key(k)
	w.number(v, m.pscale, -1)
}

func (w *writer) trimmedSize(k string, m *market, v int64) {
	w.key(k)
	w.number(v, m.sscale, -1)
}

func (b *backpack) status(_ *backpackQuery, w *writer) {
	if b.s.lasting(Maintenance, nil, nil, "") {
		w.raw(`{"message":null,"status":"Maintenance"}`)
		return
	}
	w.raw(`{"message":null,"status":"Ok"}`)
}

func orderBookState(m *market) string {
	if m.Status == "" {
		return "Open"
	}
	return m.Status
}

func (b *backpack) markets(q *backpackQuery, w *writer) {
	kinds := map[string]string{"spot": "SPOT", "swap": "PERP"}
	want := q.values["marketType"]
	w.open('[')
	for _, m := range b.s.markets {
		if len(want) > 0 && !slices.Contains(want, kinds[m.Family]) {
			continue
		}
		w.open('{')
		w.keyText("baseSymbol", m.Base)
		w.keyText("createdAt", "2025-01-21T06:34:54.691858")
		w.key("filters")
		w.open('{')
		w.key("price")
		w.open('{')
		w.keyRaw("borrowEntryFeeMaxMultiplier", "null")
		w.keyRaw("maxPrice", "null")
		w.keyRaw("meanMarkPriceBand", `{"maxMultiplier":"1.1","minMultiplier":"0.9"}`)
		w.trimmedPrice("minPrice", m, m.tick)
		w.trimmedPrice("tickSize", m, m.tick)
		w.close('}')
		w.key("quantity")
		w.open('{')
		w.keyRaw("maxQuantity", "null")
		w.trimmedSize("minQuantity", m, m.step)
		w.trimmedSize("stepSize", m, m.step)
		w.close('}')
		w.close('}')
		w.keyInt("fundingInterval", 28_800_000) // of spot too, where it means nothing
		w.keyRaw("fundingRateLowerBound", "null")
		w.keyText("marketType", kinds[m.Family])
		w.keyText("orderBookState", orderBookState(m))
		w.keyText("quoteSymbol", m.Quote)
		w.keyRaw("rwaMarketType", "null")
		w.keyText("symbol", m.ID)
		w.keyBool("visible", m.Status == "")
		w.close('}')
	}
	w.close(']')
}

// known refuses a market that there is not.
func (q *backpackQuery) known() bool {
	if q.m == nil {
		q.refuse(http.StatusBadRequest, `{"code":"INVALID_CLIENT_REQUEST","message":"Invalid market symbol"}`)
	}
	return q.m != nil
}

func (b *backpack) depth(q *backpackQuery, w *writer) {
	limit := 5000
	if text := q.values.Get("limit"); text != "" {
		if !slices.Contains([]string{"5", "10", "20", "50", "100", "500", "1000"}, text) {
			q.unreadable("limit", `failed to parse "DepthLimit": Expect a valid enumeration value.`)
		}
		limit, _ = strconv.Atoi(text)
	}
	if !q.known() {
		return
	}
	if q.m.Status != "" {
		q.refuse(http.StatusNotFound, `{"code":"RESOURCE_NOT_FOUND","message":"Not Found"}`)
		return
	}
	seq := q.m.seq
	if b.s.hit(nil, q.m, "depth", StaleSnapshot) != nil || b.s.chaos.stale() {
		seq = q.m.past(1500)
	}
	book, _ := q.m.at(seq)
	side := func(key string, ls []Level) {
		w.key(key)
		w.open('[')
		for _, l := range ls {
			w.open('[')
			w.number(l.Price, q.m.pscale, -1)
			w.number(l.Size, q.m.sscale, -1)
			w.close(']')
		}
		w.close(']')
	}
	bids := slices.Clone(book.Bids[:min(limit, len(book.Bids))])
	slices.Reverse(bids) // the best comes last
	w.open('{')
	side("asks", book.Asks[:min(limit, len(book.Asks))])
	side("bids", bids)
	w.keyText("lastUpdateId", strconv.FormatInt(seq, 10))
	w.keyTime("timestamp", q.now, true)
	w.close('}')
}

// tickers writes one, or an array of all of them: spot and perpetuals mixed.
func (b *backpack) tickers(q *backpackQuery, w *writer) {
	if q.values.Has("symbol") {
		switch {
		case !q.known():
		case q.m.Status != "":
			q.refuse(http.StatusNoContent, "")
		default:
			b.ticker(w, q.m)
		}
		return
	}
	w.open('[')
	for _, m := range b.s.markets {
		if m.Status == "" {
			b.ticker(w, m)
		}
	}
	w.close(']')
}

func (b *backpack) ticker(w *writer, m *market) {
	d := &m.day
	w.open('{')
	w.trimmedPrice("firstPrice", m, d.open)
	w.trimmedPrice("high", m, d.high)
	w.trimmedPrice("lastPrice", m, d.last)
	w.trimmedPrice("low", m, d.low)
	w.trimmedPrice("priceChange", m, d.last-d.open)
	w.keyText("priceChangePercent", strconv.FormatFloat(float64(d.last-d.open)/float64(d.open), 'f', 6, 64))
	w.keyMoney("quoteVolume", d.quote, -1)
	w.keyText("symbol", m.ID)
	w.keyText("trades", strconv.FormatInt(d.count, 10))
	w.trimmedSize("volume", m, d.size)
	w.close('}')
}

// trades writes the newest first.
func (b *backpack) trades(q *backpackQuery, w *writer) {
	limit := q.int64("limit", 100, 1, 1000)
	offset := q.int64("offset", 0, 0, 10_000-limit)
	if !q.known() {
		return
	}
	ts := q.m.trades.items
	to := max(len(ts)-int(offset), 0)
	w.open('[')
	for _, t := range slices.Backward(ts[max(to-int(limit), 0):to]) {
		w.open('{')
		w.keyInt("id", t.id)
		w.keyBool("isBuyerMaker", t.sell)
		w.trimmedPrice("price", q.m, t.px)
		w.trimmedSize("quantity", q.m, t.sz)
		w.keyMoney("quoteQuantity", q.m.quote(t.px, t.sz), -1)
		w.keyTime("timestamp", t.at, false)
		w.close('}')
	}
	w.close(']')
}

func (b *backpack) klines(q *backpackQuery, w *writer) {
	start, end := q.int64("startTime", -1, 0, 1e11), q.int64("endTime", q.now.Unix(), 0, 1e11)
	if start < 0 {
		q.unreadable("startTime", `failed to parse "integer(int64)": Type "integer(int64)" expects an input value.`)
	}
	if q.status != 0 || !q.known() {
		return
	}
	s := q.m.bars(q.values.Get("interval"))
	if s == nil {
		q.unreadable("interval", `failed to parse "KlineInterval": Expect a valid enumeration value.`)
		return
	}
	s.roll(q.now.UnixMilli(), q.m)
	open := s.interval.open(start * 1000)
	if open < start*1000 {
		open = s.interval.shift(open, 1)
	}
	w.open('[')
	for n := 0; n < 5000 && open <= min(end*1000, s.now.open); n++ {
		c := s.at(open, q.m)
		at := open
		open = s.interval.shift(open, 1)
		w.open('{')
		w.trimmedPrice("close", q.m, c.c)
		w.keyText("end", naiveTime(time.UnixMilli(open), " "))
		w.trimmedPrice("high", q.m, c.h)
		w.trimmedPrice("low", q.m, c.l)
		w.trimmedPrice("open", q.m, c.o)
		w.keyMoney("quoteVolume", c.quote, -1)
		w.keyText("start", naiveTime(time.UnixMilli(at), " "))
		w.keyText("trades", strconv.FormatInt(c.count, 10))
		w.trimmedSize("volume", q.m, c.size)
		w.close('}')
	}
	w.close(']')
}

// perpetuals calls row for the one that is asked for, or all.
func (b *backpack) perpetuals(q *backpackQuery, w *writer, row func(m *market)) {
	if q.values.Has("symbol") && (q.m == nil || q.m.Family != "swap") {
		q.refuse(http.StatusBadRequest, `{"code":"INVALID_CLIENT_REQUEST","message":"Symbol not found"}`)
		return
	}
	w.open('[')
	for _, m := range b.s.markets {
		if m.Family == "swap" && (q.m == nil || m == q.m) {
			row(m)
		}
	}
	w.close(']')
}

const hourlyRate = "0.0000093695347311482301432578" // of the interval under way: 28 digits

func (b *backpack) markPrices(q *backpackQuery, w *writer) {
	b.perpetuals(q, w, func(m *market) {
		mark, index := m.mark()
		w.open('{')
		w.keyText("fundingRate", hourlyRate)
		w.keyMoney("indexPrice", index, -1)
		w.keyMoney("markPrice", mark, -1)
		w.keyTime("nextFundingTimestamp", q.now.Truncate(time.Hour).Add(time.Hour), false)
		w.keyText("symbol", m.ID)
		w.close('}')
	})
}

// fundingRates writes the newest first, the interval under way before all.
func (b *backpack) fundingRates(q *backpackQuery, w *writer) {
	limit, offset := q.int64("limit", 100, 1, 10_000), q.int64("offset", 0, 0, 1e9)
	end := q.now.Truncate(time.Hour).Add(time.Hour)
	w.open('[')
	for i := offset; i < offset+limit && q.m != nil; i++ {
		at := end.Add(-time.Duration(i) * time.Hour)
		w.open('{')
		w.keyText("fundingRate", fundingAt(at, 9))
		w.keyText("intervalEndTimestamp", naiveTime(at, "T"))
		w.keyText("symbol", q.m.ID)
		w.close('}')
	}
	w.close(']')
}

func (b *backpack) openInterest(q *backpackQuery, w *writer) {
	b.perpetuals(q, w, func(m *market) {
		w.open('{')
		w.trimmedSize("openInterest", m, m.openInterest())
		w.keyText("symbol", m.ID)
		w.keyTime("timestamp", q.now, false)
		w.close('}')
	})
}
