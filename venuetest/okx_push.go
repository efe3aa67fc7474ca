package venuetest

import (
	"slices"
	"strconv"
	"time"
)

// quiet is how long a book may say nothing before it says that it lives.
const quiet = time.Minute

// push returns what a channel has to say at a time: the messages of section 4.4.
func (o *okx) push(st *stream, now time.Time, force bool) []event {
	m := st.m
	switch st.kind {
	case "own":
		if !force {
			return o.refresh(st, now)
		}
	case "liquidation-orders":
		return o.pushForced(st)
	case "books":
		return o.pushBooks(st, now)
	case "books5", "bbo-tbt":
		depth := 1
		if st.kind == "books5" {
			depth = 5
		}
		bids, asks := m.bids.top(depth), m.asks.top(depth)
		if st.changed(append(marks(bids), marks(asks)...)...) {
			return o.first(st, now)
		}
	case "tickers":
		if bid, ask := m.touch(); st.changed(m.day.changed, bid.px, bid.sz, ask.px, ask.sz) {
			return o.first(st, now)
		}
	case "trades":
		return o.pushTrades(st)
	case "trades-all":
		return o.pushMatches(st)
	case "candle":
		return o.pushCandle(st, now)
	case "mark-price":
		mark, _ := m.mark()
		if st.changed(mark) || now.Sub(st.pushed) >= 10*time.Second {
			return o.first(st, now)
		}
	case "index-tickers":
		if st.changed(m.day.last) || now.Sub(st.pushed) >= time.Minute {
			return o.first(st, now)
		}
	case "funding-rate":
		if !force && now.Sub(st.pushed) >= 30*time.Second {
			return o.first(st, now)
		}
	case "open-interest":
		if !force && st.changed(m.openInterest()) {
			return o.first(st, now)
		}
	case "price-limit":
		if st.changed(m.day.last) {
			return o.first(st, now)
		}
	}
	return nil
}

func marks(ls []level) []int64 {
	out := make([]int64, 0, 6*len(ls))
	for _, l := range ls {
		out = append(out, l.px, l.sz)
	}
	return out
}

// frame begins a data frame up to the bracket of its data.
func frame(st *stream, id string) *writer {
	w := &writer{b: make([]byte, 0, 512)}
	channel := st.kind
	if st.kind == "candle" {
		channel += st.interval
	}
	w.open('{')
	w.key("arg")
	w.open('{')
	w.keyText("channel", channel)
	if id != "" {
		w.keyText("instId", id)
	}
	w.close('}')
	return w
}

// first is what a channel says to a new subscriber: its present state.
func (o *okx) first(st *stream, now time.Time) []event {
	m := st.m
	if st.kind == "books" {
		d := &delta{prev: -1, last: st.last, bids: st.bids, asks: st.asks, snapshot: true, at: now}
		return []event{o.book(st, d)}
	}
	if st.kind == "status" {
		if !o.s.lasting(Maintenance, nil, nil, "") {
			return nil
		}
		w := frame(st, "")
		w.key("data")
		w.open('[')
		maintenanceRow(w, now, true)
		return []event{closed(w)}
	}
	if m == nil {
		return nil
	}
	id := m.ID
	if st.kind == "index-tickers" {
		id = underlying(m)
	}
	w := frame(st, id)
	w.key("data")
	w.open('[')
	switch st.kind {
	case "books5", "bbo-tbt":
		depth := 1
		if st.kind == "books5" {
			depth = 5
		}
		w.open('{')
		level4(w, "asks", m, m.asks.top(depth))
		level4(w, "bids", m, m.bids.top(depth))
		if depth == 5 {
			w.keyText("instId", m.ID)
		}
		w.keyMilli("ts", now)
		w.keyInt("seqId", m.seq)
		w.close('}')
	case "tickers":
		tickerRow(w, m, now, true)
	case "trades":
		a := m.aggs.last()
		if a == nil {
			return nil
		}
		aggRow(w, m, *a)
	case "trades-all":
		return nil
	case "candle":
		s := m.bars(st.interval)
		s.roll(now.UnixMilli(), m)
		candleRow(w, m, s.now, false)
	case "mark-price":
		markRow(w, m, now, true)
	case "index-tickers":
		indexRow(w, m, now, true)
	case "funding-rate":
		fundingRow(w, m, now)
	case "open-interest":
		interestRow(w, m, now)
	case "price-limit":
		limitRow(w, m, now, true)
	}
	return []event{closed(w)}
}

// closed ends a frame's list and object.
func closed(w *writer) event {
	w.close(']')
	w.close('}')
	return said(w.b)
}

// book is a frame of books, snapshot or update.
func (o *okx) book(st *stream, d *delta) event {
	var sum int64
	if o.s.opts.Checksums {
		sum = int64(checksum(st.m, st.bids, st.asks))
	}
	m := st.m
	return event{delta: d, frame: func(d *delta, _ bool) []byte {
		w := frame(st, m.ID)
		w.b = slices.Grow(w.b, 64+40*(len(d.bids)+len(d.asks)))
		if d.snapshot {
			w.keyText("action", "snapshot")
		} else {
			w.keyText("action", "update")
		}
		w.key("data")
		w.open('[')
		w.open('{')
		level4(w, "asks", m, d.asks)
		level4(w, "bids", m, d.bids)
		w.keyMilli("ts", d.at)
		if d.wrongSum {
			w.keyInt("checksum", sum^0x5a5a5a5a)
		} else {
			w.keyInt("checksum", sum)
		}
		w.keyInt("prevSeqId", d.prev)
		w.keyInt("seqId", d.last)
		w.close('}')
		w.close(']')
		w.close('}')
		return w.b
	}}
}

// pushBooks sends how the window of 400 levels a side changed since the last
// push, levels that leave it at the edge and come back included; after a minute
// without change, that there was none.
func (o *okx) pushBooks(st *stream, now time.Time) []event {
	m := st.m
	d := &delta{prev: st.last, last: m.seq, at: now}
	if m.seq != st.last {
		bids, asks := m.bids.top(bookWindow), m.asks.top(bookWindow)
		d.bids, d.asks = diff(&m.bids, st.bids, bids), diff(&m.asks, st.asks, asks)
		st.bids, st.asks = bids, asks
	}
	if len(d.bids)+len(d.asks) == 0 {
		if now.Sub(st.pushed) < quiet {
			return nil
		}
		d.last = st.last
	}
	st.last = d.last
	return []event{o.book(st, d)}
}

// diff lists what turns one window into the other, best first.
func diff(s *side, was, is []level) []level {
	var out []level
	for len(was) > 0 || len(is) > 0 {
		switch {
		case len(is) == 0 || len(was) > 0 && s.better(was[0].px, is[0].px):
			out = append(out, level{px: was[0].px})
			was = was[1:]
		case len(was) == 0 || s.better(is[0].px, was[0].px):
			out = append(out, is[0])
			is = is[1:]
		default:
			if was[0] != is[0] {
				out = append(out, is[0])
			}
			was, is = was[1:], is[1:]
		}
	}
	return out
}

// inject makes a book event out of turn.
func (o *okx) inject(st *stream, k Kind, now time.Time) []event {
	if st.kind != "books" {
		return nil
	}
	evs := o.pushBooks(st, now)
	st.pushed = now
	switch k {
	case SecondSnapshot:
		return append(evs, o.first(st, now)...)
	case BookHeartbeat:
		return append(evs, o.book(st, &delta{prev: st.last, last: st.last, at: now}))
	}
	st.m.reset()
	for range 1000 {
		st.m.change(time.Now())
		if more := o.pushBooks(st, now); more != nil {
			return append(evs, more...)
		}
	}
	return evs
}

func (o *okx) pushTrades(st *stream) []event {
	m := st.m
	var evs []event
	for _, a := range m.aggs.from(st.at) {
		w := frame(st, m.ID)
		w.key("data")
		w.open('[')
		aggRow(w, m, a)
		evs = append(evs, closed(w))
	}
	st.at = m.aggs.next()
	return evs
}

// aggRow writes what one taker took at one price, under the id of its last match.
func aggRow(w *writer, m *market, a aggregate) {
	w.open('{')
	w.keyText("instId", m.ID)
	w.keyText("tradeId", strconv.FormatInt(a.last, 10))
	w.keyPrice("px", m, a.px)
	w.keySize("sz", m, a.sz)
	w.keyText("side", side2(a.sell))
	w.keyMilli("ts", a.at)
	w.keyText("count", strconv.FormatInt(a.last-a.first+1, 10))
	w.keyText("source", "0")
	w.keyInt("seqId", a.seq)
	w.close('}')
}

func (o *okx) pushMatches(st *stream) []event {
	m := st.m
	var evs []event
	for _, t := range m.trades.from(st.at) {
		w := frame(st, m.ID)
		w.key("data")
		w.open('[')
		w.open('{')
		w.keyText("instId", m.ID)
		w.keyText("tradeId", strconv.FormatInt(t.id, 10))
		w.keyPrice("px", m, t.px)
		w.keySize("sz", m, t.sz)
		w.keyText("side", side2(t.sell))
		w.keyText("source", "0")
		w.keyMilli("ts", t.at)
		w.close('}')
		evs = append(evs, closed(w))
	}
	st.at = m.trades.next()
	return evs
}

// pushCandle sends closed candles that had trades, once, then the open one.
func (o *okx) pushCandle(st *stream, now time.Time) []event {
	m, s := st.m, st.m.bars(st.interval)
	s.roll(now.UnixMilli(), m)
	row := func(c candle, done bool) event {
		w := frame(st, m.ID)
		w.key("data")
		w.open('[')
		candleRow(w, m, c, done)
		return closed(w)
	}
	var evs []event
	for _, c := range s.past.from(st.at) {
		if c.count > 0 {
			evs = append(evs, row(c, true))
		}
	}
	st.at = s.past.next()
	if st.changed(s.now.open, s.now.changed) && s.now.count > 0 {
		evs = append(evs, row(s.now, false))
	}
	return evs
}
