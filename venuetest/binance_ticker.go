package venuetest

import (
	"strconv"
	"time"
)

func (b *binance) avgPrice(q *query, w *writer) {
	w.open('{')
	w.keyInt("mins", 5)
	w.keyText("price", q.m.average())
	w.keyTime("closeTime", q.now, q.micros)
	w.close('}')
}

// average is the mean price of the day with 8 digits.
func (m *market) average() string {
	d := &m.day
	if d.size == 0 {
		return fixed(d.last, m.pscale, max(8, m.pscale))
	}
	v := float64(d.quote) / 1e8 / (float64(d.size) / float64(pow10[m.sscale]))
	digits := 8
	if m.Family != "spot" {
		digits = m.pdec
	}
	return strconv.FormatFloat(v, 'f', digits, 64)
}

// each writes one object, or an array where several markets were asked for.
func (q *query) each(w *writer, row func(m *market)) {
	if q.single {
		row(q.m)
		return
	}
	w.open('[')
	for _, m := range q.ms {
		row(m)
	}
	w.close(']')
}

func (b *binance) lastPrice(q *query, w *writer) {
	q.each(w, func(m *market) {
		w.open('{')
		w.keyText("symbol", m.ID)
		w.keyPrice("price", m, m.day.last)
		if q.host == "linear" {
			w.keyTime("time", q.now, false)
		}
		w.close('}')
	})
}

// touch is the best levels; an empty side is zero.
func (m *market) touch() (bid, ask level) {
	if len(m.bids.levels) > 0 {
		bid = *m.bids.rank(0)
	}
	if len(m.asks.levels) > 0 {
		ask = *m.asks.rank(0)
	}
	return bid, ask
}

func (b *binance) bookTicker(q *query, w *writer) {
	q.each(w, func(m *market) {
		bid, ask := m.touch()
		w.open('{')
		w.keyText("symbol", m.ID)
		w.keyPrice("bidPrice", m, bid.px)
		w.keySize("bidQty", m, bid.sz)
		w.keyPrice("askPrice", m, ask.px)
		w.keySize("askQty", m, ask.sz)
		if q.host == "linear" {
			w.keyTime("time", q.now, false)
		}
		w.close('}')
	})
}

func (b *binance) premiumIndex(q *query, w *writer) {
	q.each(w, func(m *market) {
		mark, index := m.mark()
		w.open('{')
		w.keyText("symbol", m.ID)
		w.keyMoney("markPrice", mark, 8)
		w.keyMoney("indexPrice", index, 8)
		w.keyMoney("estimatedSettlePrice", index, 8)
		if m.Kind == "future" {
			w.keyText("lastFundingRate", "")
			w.keyText("interestRate", "")
			w.keyInt("nextFundingTime", 0)
		} else {
			w.keyText("lastFundingRate", "0.00010000")
			w.keyText("interestRate", "0.00010000")
			w.keyTime("nextFundingTime", nextFunding(q.now), false)
		}
		w.keyTime("time", q.now, false)
		w.close('}')
	})
}

const fundingEvery = 8 * time.Hour

func nextFunding(now time.Time) time.Time { return now.Truncate(fundingEvery).Add(fundingEvery) }

// mark is the mark and the index price at moneyScale: near the last trade.
func (m *market) mark() (mark, index int64) {
	mark = rescale(m.day.last, m.pscale, moneyScale)
	return mark - mark/41_357, mark + mark/3731
}

func (b *binance) fundingRate(q *query, w *writer) {
	start, end := q.span()
	from, to := q.rows(1<<20, 100, 1000, true)
	last := q.now.Truncate(fundingEvery)
	if end >= 0 && end < last.UnixMilli() {
		last = time.UnixMilli(end).Truncate(fundingEvery)
	}
	at := last.Add(fundingEvery * time.Duration(from-to+1))
	if start >= 0 {
		if at = time.UnixMilli(start).Truncate(fundingEvery); at.UnixMilli() < start {
			at = at.Add(fundingEvery)
		}
	}
	w.open('[')
	for n := 0; n < to && !at.After(last); at = at.Add(fundingEvery) {
		for _, m := range q.ms {
			if m.Kind != "swap" || n >= to {
				continue
			}
			n++
			w.open('{')
			w.keyText("symbol", m.ID)
			w.keyText("fundingRate", fundingAt(at, 8))
			w.keyInt("fundingTime", at.UnixMilli()+1)
			w.keyMoney("markPrice", rescale(m.path(at.UnixMilli()), m.pscale, moneyScale), 8)
			w.keyText("rateType", "Regular")
			w.close('}')
		}
	}
	w.close(']')
}

// fundingAt is the rate that was settled at a time.
func fundingAt(at time.Time, digits int) string {
	return strconv.FormatFloat((noise(at.Unix(), 9)-0.3)*0.0003, 'f', digits, 64)
}

func (b *binance) openInterest(q *query, w *writer) {
	w.open('{')
	w.keySize("openInterest", q.m, q.m.openInterest())
	w.keyText("symbol", q.m.ID)
	w.keyTime("time", q.now, false)
	w.close('}')
}

func (m *market) openInterest() int64 { return 4000*m.size*m.step + m.day.changed*m.step }

func (b *binance) ticker(q *query, w *writer) {
	mini := q.values.Get("type") == "MINI"
	q.each(w, func(m *market) { b.day(q, w, m, mini) })
}

func (b *binance) day(q *query, w *writer, m *market, mini bool) {
	d := &m.day
	bid, ask := m.touch()
	w.open('{')
	w.keyText("symbol", m.ID)
	if !mini {
		w.keyPrice("priceChange", m, d.last-d.open)
		w.keyText("priceChangePercent", strconv.FormatFloat(float64(d.last-d.open)/float64(d.open)*100, 'f', 3, 64))
		w.keyText("weightedAvgPrice", m.average())
		if q.host == "spot" {
			w.keyPrice("prevClosePrice", m, d.prev)
		}
		w.keyPrice("lastPrice", m, d.last)
		w.keySize("lastQty", m, d.lastSize)
		if q.host == "spot" {
			w.keyPrice("bidPrice", m, bid.px)
			w.keySize("bidQty", m, bid.sz)
			w.keyPrice("askPrice", m, ask.px)
			w.keySize("askQty", m, ask.sz)
		}
	}
	w.keyPrice("openPrice", m, d.open)
	w.keyPrice("highPrice", m, d.high)
	w.keyPrice("lowPrice", m, d.low)
	if mini {
		w.keyPrice("lastPrice", m, d.last)
	}
	w.keySize("volume", m, d.size)
	w.keyMoney("quoteVolume", d.quote, m.money(2))
	w.keyTime("openTime", q.now.Add(-dayLong), q.micros)
	w.keyTime("closeTime", q.now, q.micros)
	w.keyInt("firstId", m.tradeID-d.count+1)
	w.keyInt("lastId", m.tradeID)
	w.keyInt("count", d.count)
	w.close('}')
}
