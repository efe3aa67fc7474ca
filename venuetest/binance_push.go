package venuetest

import (
	"strconv"
	"time"
)

// push returns what a stream has to say at a time: the messages of sections 4.6
// and 4.8.
func (b *binance) push(st *stream, now time.Time, force bool) []event {
	m := st.m
	switch st.kind {
	case "depth":
		return b.pushDepth(st, now)
	case "partial":
		return b.pushPartial(st, now)
	case "trade":
		return b.pushTrades(st, now)
	case "aggTrade":
		return b.pushAggregates(st, now)
	case "bookTicker":
		bid, ask := m.touch()
		if st.changed(bid.px, bid.sz, ask.px, ask.sz) {
			return []event{{frame: func(_ *delta, micros bool) []byte { return b.touchFrame(m, now) }}}
		}
	case "ticker", "miniTicker":
		if st.changed(m.day.changed) {
			return []event{{frame: func(_ *delta, micros bool) []byte {
				var w writer
				b.tickerEvent(&w, m, st.kind == "miniTicker", now, micros)
				return w.b
			}}}
		}
	case "kline":
		return b.pushKline(st, now)
	case "avgPrice":
		return []event{{frame: func(_ *delta, micros bool) []byte {
			var w writer
			w.open('{')
			w.keyText("e", "avgPrice")
			w.keyTime("E", now, micros)
			w.keyText("s", m.ID)
			w.keyText("i", "5m")
			w.keyText("w", m.average())
			w.keyTime("T", now, micros)
			w.close('}')
			return w.b
		}}}
	case "markPrice":
		var w writer
		b.markEvent(&w, m, now)
		return []event{said(w.b)}
	case "forceOrder":
		return b.pushForced(st, now)
	case "!miniTicker@arr", "!ticker@arr", "!bookTicker", "!markPrice@arr@1s":
		return b.pushArray(st, now)
	}
	return nil
}

func (b *binance) pushDepth(st *stream, now time.Time) []event {
	m := st.m
	bids, asks, first, last := m.merge(st.at)
	if last == 0 {
		return nil
	}
	if m.Family == "spot" {
		first = st.last + 1
	}
	d := &delta{first: first, last: last, prev: st.last, bids: bids, asks: asks, at: now}
	st.at, st.last = m.history.next(), last
	return []event{{delta: d, frame: func(d *delta, micros bool) []byte { return b.depthFrame(m, d, micros) }}}
}

// depthFrame is a depthUpdate.
func (b *binance) depthFrame(m *market, d *delta, micros bool) []byte {
	w := writer{b: make([]byte, 0, 160+40*(len(d.bids)+len(d.asks)))}
	w.open('{')
	w.keyText("e", "depthUpdate")
	w.keyTime("E", d.at, micros)
	if m.Family != "spot" {
		w.keyTime("T", d.at, false)
	}
	w.keyText("s", m.ID)
	w.keyInt("U", d.first)
	w.keyInt("u", d.last)
	if m.Family != "spot" {
		w.keyInt("pu", d.prev)
	}
	pairs(&w, "b", m, d.bids)
	pairs(&w, "a", m, d.asks)
	family(&w, m)
	w.close('}')
	return w.b
}

// family ends a futures event with what tells the two families apart.
func family(w *writer, m *market) {
	if m.Family == "spot" {
		return
	}
	w.keyText("ps", pairOf(m))
	if m.Family == "inverse" {
		w.keyInt("st", 2)
	} else {
		w.keyInt("st", 1)
	}
}

func pairOf(m *market) string { return m.Base + m.Quote }

func pairs(w *writer, key string, m *market, ls []level) {
	w.key(key)
	w.open('[')
	for _, l := range ls {
		pair(w, m, l.px, l.sz)
	}
	w.close(']')
}

// pushPartial sends the whole top; on futures under the name of a diff.
func (b *binance) pushPartial(st *stream, now time.Time) []event {
	m := st.m
	if !st.changed(m.seq) {
		return nil
	}
	d := &delta{first: st.last + 1, last: m.seq, prev: st.last, bids: m.bids.top(st.depth), asks: m.asks.top(st.depth), at: now}
	st.last = m.seq
	if m.Family != "spot" {
		return []event{said(b.depthFrame(m, d, false))}
	}
	var w writer
	w.open('{')
	w.keyInt("lastUpdateId", d.last)
	pairs(&w, "bids", m, d.bids)
	pairs(&w, "asks", m, d.asks)
	w.close('}')
	return []event{said(w.b)}
}

func (b *binance) pushTrades(st *stream, now time.Time) []event {
	m := st.m
	var evs []event
	for _, t := range m.trades.from(st.at) {
		evs = append(evs, event{frame: func(_ *delta, micros bool) []byte {
			var w writer
			w.open('{')
			w.keyText("e", "trade")
			w.keyTime("E", now, micros)
			if m.Family != "spot" {
				w.keyTime("T", t.at, false)
			}
			w.keyText("s", m.ID)
			w.keyInt("t", t.id)
			w.keyPrice("p", m, t.px)
			w.keySize("q", m, t.sz)
			if m.Family == "spot" {
				w.keyTime("T", t.at, micros)
				w.keyBool("m", t.sell)
				w.keyBool("M", true)
			} else {
				w.keyText("X", "MARKET")
				w.keyBool("m", t.sell)
			}
			w.close('}')
			return w.b
		}})
	}
	st.at = m.trades.next()
	return evs
}

func (b *binance) pushAggregates(st *stream, now time.Time) []event {
	m := st.m
	var evs []event
	for _, a := range m.aggs.from(st.at) {
		evs = append(evs, event{frame: func(_ *delta, micros bool) []byte { return b.aggFrame(m, a, now, micros) }})
	}
	st.at = m.aggs.next()
	return evs
}

func (b *binance) aggFrame(m *market, a aggregate, now time.Time, micros bool) []byte {
	spot := m.Family == "spot"
	var w writer
	w.open('{')
	w.keyText("e", "aggTrade")
	w.keyTime("E", now, micros)
	if spot {
		w.keyText("s", m.ID)
		w.keyInt("a", a.id)
	} else {
		w.keyInt("a", a.id)
		w.keyText("s", m.ID)
	}
	w.keyPrice("p", m, a.px)
	w.keySize("q", m, a.sz)
	if !spot {
		w.keySize("nq", m, a.sz)
	}
	w.keyInt("f", a.first)
	w.keyInt("l", a.last)
	w.keyTime("T", a.at, micros)
	w.keyBool("m", a.sell)
	if spot {
		w.keyBool("M", true)
	} else {
		w.keyInt("st", 1)
	}
	w.close('}')
	return w.b
}

func (b *binance) touchFrame(m *market, now time.Time) []byte {
	var w writer
	b.touchEvent(&w, m, now)
	return w.b
}

func (b *binance) touchEvent(w *writer, m *market, now time.Time) {
	bid, ask := m.touch()
	w.open('{')
	if m.Family != "spot" {
		w.keyText("e", "bookTicker")
	}
	w.keyInt("u", m.seq)
	w.keyText("s", m.ID)
	w.keyPrice("b", m, bid.px)
	w.keySize("B", m, bid.sz)
	w.keyPrice("a", m, ask.px)
	w.keySize("A", m, ask.sz)
	if m.Family != "spot" {
		w.keyTime("T", now, false)
		w.keyTime("E", now, false)
	}
	family(w, m)
	w.close('}')
}

func (b *binance) tickerEvent(w *writer, m *market, mini bool, now time.Time, micros bool) {
	d, spot := &m.day, m.Family == "spot"
	w.open('{')
	if mini {
		w.keyText("e", "24hrMiniTicker")
		w.keyTime("E", now, micros)
		w.keyText("s", m.ID)
		w.keyPrice("c", m, d.last)
	} else {
		w.keyText("e", "24hrTicker")
		w.keyTime("E", now, micros)
		w.keyText("s", m.ID)
		w.keyPrice("p", m, d.last-d.open)
		w.keyText("P", strconv.FormatFloat(float64(d.last-d.open)/float64(d.open)*100, 'f', 3, 64))
		w.keyText("w", m.average())
		if spot {
			w.keyPrice("x", m, d.prev)
		}
		w.keyPrice("c", m, d.last)
		w.keySize("Q", m, d.lastSize)
		if bid, ask := m.touch(); spot {
			w.keyPrice("b", m, bid.px)
			w.keySize("B", m, bid.sz)
			w.keyPrice("a", m, ask.px)
			w.keySize("A", m, ask.sz)
		}
	}
	w.keyPrice("o", m, d.open)
	w.keyPrice("h", m, d.high)
	w.keyPrice("l", m, d.low)
	w.keySize("v", m, d.size)
	w.keyMoney("q", d.quote, m.money(2))
	if !mini {
		w.keyTime("O", now.Add(-dayLong), micros)
		w.keyTime("C", now, micros)
		w.keyInt("F", m.tradeID-d.count+1)
		w.keyInt("L", m.tradeID)
		w.keyInt("n", d.count)
	}
	family(w, m)
	w.close('}')
}

func (b *binance) markEvent(w *writer, m *market, now time.Time) {
	mark, index := m.mark()
	w.open('{')
	w.keyText("e", "markPriceUpdate")
	w.keyTime("E", now, false)
	w.keyText("s", m.ID)
	w.keyMoney("p", mark, 8)
	w.keyMoney("ap", mark-1, 8)
	w.keyMoney("i", index, 8)
	w.keyMoney("P", index, 8)
	if m.Kind == "future" {
		w.keyText("r", "")
		w.keyInt("T", 0)
	} else {
		w.keyText("r", "0.00010000")
		w.keyTime("T", nextFunding(now), false)
	}
	if m.Family == "inverse" {
		w.keyInt("st", 2)
	} else {
		w.keyInt("st", 1)
	}
	w.close('}')
}

// pushArray sends the markets that changed, those of both futures families.
func (b *binance) pushArray(st *stream, now time.Time) []event {
	var changed []*market
	for i, m := range b.s.wide(st.family) {
		if mark := m.seq + m.day.changed; st.seen[i] != mark {
			st.seen[i] = mark
			changed = append(changed, m)
		} else if st.kind == "!markPrice@arr@1s" {
			changed = append(changed, m)
		}
	}
	if len(changed) == 0 {
		return nil
	}
	if st.kind == "!bookTicker" {
		var evs []event
		for _, m := range changed {
			evs = append(evs, said(b.touchFrame(m, now)))
		}
		return evs
	}
	return []event{{frame: func(_ *delta, micros bool) []byte {
		var w writer
		w.open('[')
		for _, m := range changed {
			switch st.kind {
			case "!markPrice@arr@1s":
				b.markEvent(&w, m, now)
			default:
				b.tickerEvent(&w, m, st.kind == "!miniTicker@arr", now, micros)
			}
		}
		w.close(']')
		return w.b
	}}}
}

// pushKline sends the closed candles, then the open one when it changed.
func (b *binance) pushKline(st *stream, now time.Time) []event {
	m, s := st.m, st.m.bars(st.interval)
	s.roll(now.UnixMilli(), m)
	var evs []event
	for _, c := range s.past.from(st.at) {
		evs = append(evs, event{frame: func(_ *delta, micros bool) []byte { return b.klineFrame(s, m, c, true, now, micros) }})
	}
	st.at = s.past.next()
	if st.changed(s.now.open, s.now.changed) && s.now.count > 0 {
		c := s.now
		evs = append(evs, event{frame: func(_ *delta, micros bool) []byte { return b.klineFrame(s, m, c, false, now, micros) }})
	}
	return evs
}

func (b *binance) klineFrame(s *series, m *market, c candle, closed bool, now time.Time, micros bool) []byte {
	unit := int64(1)
	if micros {
		unit = 1000
	}
	var w writer
	w.open('{')
	w.keyText("e", "kline")
	w.keyTime("E", now, micros)
	w.keyText("s", m.ID)
	w.key("k")
	w.open('{')
	w.keyInt("t", c.open*unit)
	w.keyInt("T", s.interval.shift(c.open, 1)*unit-1)
	w.keyText("s", m.ID)
	w.keyText("i", s.interval.name)
	w.keyInt("f", c.firstTrade)
	w.keyInt("L", c.lastTrade)
	w.keyPrice("o", m, c.o)
	w.keyPrice("c", m, c.c)
	w.keyPrice("h", m, c.h)
	w.keyPrice("l", m, c.l)
	w.keySize("v", m, c.size)
	w.keyInt("n", c.count)
	w.keyBool("x", closed)
	w.keyMoney("q", c.quote, m.money(5))
	w.keySize("V", m, c.takerSize)
	w.keyMoney("Q", c.takerQuote, m.money(5))
	w.keyText("B", "0")
	w.close('}')
	w.close('}')
	return w.b
}
