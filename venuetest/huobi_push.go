package venuetest

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// java writes a number as Java prints doubles: with an exponent below a thousandth and from
// ten million on, and always with a fraction. Contracts have plain numbers.
func (m *market) java(v int64, scale int) string {
	text := trimmed(v, scale)
	if m.Kind != "spot" {
		return text
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f == 0 {
		return "0.0"
	}
	if f < 1e-3 || f >= 1e7 {
		mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'E', -1, 64), "E")
		if !strings.Contains(mantissa, ".") {
			mantissa += ".0"
		}
		n, _ := strconv.Atoi(exponent) // FormatFloat wrote it
		return mantissa + "E" + strconv.Itoa(n)
	}
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}

func (m *market) javaPrice(v int64) string { return m.java(v, m.pscale) }
func (m *market) javaSize(v int64) string  { return m.java(v, m.sscale) }
func (m *market) javaMoney(v int64) string { return m.java(v, moneyScale) }

// double is how contracts count volumes: of both sides (section 3.9).
func (m *market) double(v int64) int64 {
	if m.Kind != "spot" {
		v *= 2
	}
	return v
}

func (w *writer) pairs(key string, m *market, ls []level) {
	w.key(key)
	w.open('[')
	for _, l := range ls {
		w.raw("[" + m.javaPrice(l.px) + "," + m.javaSize(l.sz) + "]")
	}
	w.close(']')
}

// begin sets what a new stream tells changes against.
func (v *huobi) begin(st *stream) {
	if len(st.bids) == 0 && (st.kind == "mbp" || st.kind == "high_freq") {
		st.bids, st.asks, st.last = st.m.bids.top(st.depth), st.m.asks.top(st.depth), st.m.seq
		v.count(st)
	}
}

// count gives a high_freq message its version, and notes which state of the market that is.
func (v *huobi) count(st *stream) int64 {
	if st.kind != "high_freq" {
		return 0
	}
	if v.versions[st.key] == 0 {
		v.versions[st.key] = int64(st.depth) * 10_000_000
	}
	v.versions[st.key]++
	n := v.versions[st.key]
	st.m.count(n, st.last)
	return n
}

// number is what a stream calls the state that it told last.
func (v *huobi) number(st *stream) int64 {
	if st.kind == "high_freq" {
		return v.versions[st.key]
	}
	return st.last
}

// staleBy is how many of its states a stale snapshot lies behind.
const staleBy = 5

// snapshot is the book that a subscriber has asked for, or begins with; nil where a fault has it come later or never.
func (v *huobi) snapshot(u *sub, id string) []byte {
	st := u.st
	bids, asks, last := st.bids, st.asks, v.number(st)
	f := v.s.hit(u.c, st.m, u.name, StaleSnapshot, SlowSnapshot, SnapshotNever)
	switch {
	case f != nil && f.Kind == SnapshotNever:
		return nil
	case f != nil && f.Kind == SlowSnapshot:
		u.snap, u.slow = time.Now().Add(f.For), v.book(st, bids, asks, id, last)
		return nil
	case f != nil || v.s.chaos.stale():
		old := st.m.past(staleBy)
		if st.kind == "high_freq" {
			old = last - staleBy
		}
		if b, ok := st.m.at(st.m.counted(old)); ok {
			bids, asks, last = b.best(st.depth, b.Bids), b.best(st.depth, b.Asks), old
		}
	}
	return v.book(st, bids, asks, id, last)
}

// best returns the best levels of a side.
func (b *Book) best(n int, side []Level) []level {
	out := make([]level, min(n, len(side)))
	for i := range out {
		out[i] = level{px: side[i].Price, sz: side[i].Size}
	}
	return out
}

// book is a whole book: pushed, or answered to id.
func (v *huobi) book(st *stream, bids, asks []level, id string, last int64) []byte {
	m, now := st.m, v.s.now()
	w := &writer{}
	w.open('{')
	if st.kind == "mbp" {
		w.keyText("id", id)
		w.keyText("rep", st.name)
		w.keyText("status", "ok")
		w.keyTime("ts", now, false)
		w.key("data")
	} else {
		w.keyText("ch", st.name)
		w.keyTime("ts", now, false)
		w.key("tick")
	}
	w.open('{')
	switch {
	case st.kind == "high_freq":
		w.keyText("event", "snapshot")
		w.keyInt("mrid", m.seq)
		w.keyTime("ts", now, false)
		w.keyInt("version", last)
	case m.Kind != "spot":
		w.keyInt("mrid", m.seq)
		w.keyTime("ts", now, false)
		w.keyInt("version", now.Unix())
	case strings.Contains(st.name, "step"):
		w.keyInt("version", last)
		w.keyTime("ts", now, false)
	default:
		w.keyInt("seqNum", last)
	}
	w.pairs("bids", m, bids)
	w.pairs("asks", m, asks)
	w.close('}')
	w.close('}')
	return w.b
}

// first is what a channel says at once: where it is live already for others, they are
// told the changes up to now before.
func (v *huobi) first(u *sub, now time.Time) []byte {
	st, m := u.st, u.st.m
	switch st.kind {
	case "mbp", "forced":
		return nil
	case "high_freq":
		if len(st.subs) > 1 {
			v.s.tell(st, now, true)
		}
		return v.snapshot(u, "")
	case "trade": // the last trade again, however old
		if t := m.trades.last(); t != nil {
			return v.trades(st, []trade{*t})
		}
		return nil
	}
	return v.state(st, now)
}

// state is the message of a channel that tells how things are.
func (v *huobi) state(st *stream, now time.Time) []byte {
	m, d := st.m, &st.m.day
	tick := ""
	bid, ask := m.touch()
	switch st.kind {
	case "whole":
		return v.book(st, m.bids.top(st.depth), m.asks.top(st.depth), "", m.seq)
	case "ticker":
		tick = m.summary() + fmt.Sprintf(`,"lastPrice":%s,"lastSize":%s`, m.javaPrice(d.last), m.javaSize(d.lastSize)) + m.best(bid, ask, false)
	case "detail":
		tick = fmt.Sprintf(`"id":%d,"version":%d,`, m.seq, m.seq) + m.summary()
	case "bbo":
		tick = fmt.Sprintf(`"quoteTime":%d,"symbol":"%s","seqId":%d`, now.UnixMilli(), m.ID, m.seq) + m.best(bid, ask, false)
		if m.Kind != "spot" {
			tick = fmt.Sprintf(`"mrid":%d,"id":%d,"ts":%d,"version":%d`, m.seq, now.Unix(), now.UnixMilli(), m.seq) + m.best(bid, ask, true)
		}
	case "kline":
		s := m.bars(st.interval)
		s.roll(now.UnixMilli(), m)
		tick = m.candle(s.now)
	case "mark":
		mark, _ := m.mark()
		tick = fmt.Sprintf(`"vol":"0","close":"%s","count":"0","id":%d`, trimmed(mark, moneyScale), now.Truncate(time.Minute).Unix())
	case "funding":
		next := nextFunding(now)
		return fmt.Appendf(nil, `{"op":"notify","topic":"%s","ts":%d,"data":[{"symbol":"%s","contract_code":"%s","funding_time":"%d","funding_rate":"%s","settlement_time":"%d","estimated_rate":null}]}`,
			st.name, now.UnixMilli(), m.Base, m.ID, now.Truncate(time.Minute).UnixMilli(), fundingAt(next, 18), next.UnixMilli())
	}
	return fmt.Appendf(nil, `{"ch":"%s","ts":%d,"tick":{%s}}`, st.name, now.UnixMilli(), tick)
}

// best is both sides; contracts, and REST, have each as a pair.
func (m *market) best(bid, ask level, paired bool) (text string) {
	for _, side := range []struct {
		key string
		l   level
	}{{"bid", bid}, {"ask", ask}} {
		switch {
		case side.l.sz == 0:
		case paired || m.Kind != "spot":
			text += fmt.Sprintf(`,"%s":[%s,%s]`, side.key, m.javaPrice(side.l.px), m.javaSize(side.l.sz))
		default:
			text += fmt.Sprintf(`,"%[1]s":%[2]s,"%[1]sSize":%[3]s`, side.key, m.javaPrice(side.l.px), m.javaSize(side.l.sz))
		}
	}
	return text
}

// summary is the last day.
func (m *market) summary() string {
	d := &m.day
	return m.bar(d.open, d.high, d.low, d.last, d.size, d.quote, d.coin, d.count)
}

func (m *market) candle(c candle) string {
	return fmt.Sprintf(`"id":%d,`, c.open/1000) + m.bar(c.o, c.h, c.l, c.c, c.size, c.quote, c.coin, c.count)
}

func (m *market) bar(open, high, low, last, size, quote, coin, count int64) string {
	prices := fmt.Sprintf(`"open":%s,"high":%s,"low":%s,"close":%s,"count":%d`, m.javaPrice(open), m.javaPrice(high), m.javaPrice(low), m.javaPrice(last), m.double(count))
	if m.Kind == "spot" {
		return prices + fmt.Sprintf(`,"amount":%s,"vol":%s`, m.javaSize(size), m.javaMoney(quote))
	}
	return prices + fmt.Sprintf(`,"amount":%s,"vol":%s,"trade_turnover":%s`, m.javaMoney(m.double(coin)), m.javaSize(m.double(size)), m.javaMoney(m.double(quote)))
}

// one is one trade; key is how its short number is called.
func (m *market) one(t trade, key string) string {
	if m.Kind == "spot" {
		return fmt.Sprintf(`{"id":%d%015d,"ts":%d,"%s":%d,"amount":%s,"price":%s,"direction":"%s"}`, t.seq, t.id, t.at.UnixMilli(), key, t.id, m.javaSize(t.sz), m.javaPrice(t.px), side2(t.sell))
	}
	return fmt.Sprintf(`{"amount":%s,"ts":%d,"id":%d,"price":%s,"direction":"%s","trade_turnover":%s}`,
		m.javaSize(m.double(t.sz)), t.at.UnixMilli(), t.id*10_000, m.javaPrice(t.px), side2(t.sell), m.javaMoney(m.double(m.quote(t.px, t.sz))))
}

// trades is a push: newest first on spot.
func (v *huobi) trades(st *stream, ts []trade) []byte {
	var rows []string
	for i := range ts {
		t := ts[i]
		if st.m.Kind == "spot" {
			t = ts[len(ts)-1-i]
		}
		rows = append(rows, st.m.one(t, "tradeId"))
	}
	last := ts[len(ts)-1]
	return fmt.Appendf(nil, `{"ch":"%s","ts":%d,"tick":{"id":%d,"ts":%d,"data":[%s]}}`, st.name, v.s.now().UnixMilli(), last.seq, last.at.UnixMilli(), strings.Join(rows, ","))
}

// push returns what a channel has to say at a time.
func (v *huobi) push(st *stream, now time.Time, force bool) []event {
	m := st.m
	bid, ask := m.touch()
	changed := false
	switch st.kind {
	case "mbp", "high_freq":
		return v.changes(st, now)
	case "trade":
		ts := m.trades.from(st.at)
		if st.at = m.trades.next(); len(ts) == 0 {
			return nil
		}
		return []event{said(v.trades(st, ts))}
	case "forced":
		return v.pushForced(st, now)
	case "whole":
		changed = st.changed(m.seq)
	case "ticker":
		changed = st.changed(m.day.changed, bid.px, bid.sz, ask.px, ask.sz)
	case "detail":
		changed = st.changed(m.day.changed)
	case "bbo":
		changed = st.changed(bid.px, bid.sz, ask.px, ask.sz)
	case "kline":
		s := m.bars(st.interval)
		s.roll(now.UnixMilli(), m)
		changed = st.changed(s.now.open, s.now.changed)
	case "mark":
		mark, _ := m.mark()
		changed = st.changed(mark)
	case "funding":
		changed = !force
	}
	if !changed {
		return nil
	}
	return []event{said(v.state(st, now))}
}

// changes sends how the window of a book changed. What leaves it at the far end is not told: the
// client must cut it off.
func (v *huobi) changes(st *stream, now time.Time) []event {
	m := st.m
	if m.seq == st.last {
		return nil
	}
	bids, asks := m.bids.top(st.depth), m.asks.top(st.depth)
	d := &delta{prev: st.last, last: m.seq, at: now, bids: untold(&m.bids, diff(&m.bids, st.bids, bids)), asks: untold(&m.asks, diff(&m.asks, st.asks, asks))}
	st.bids, st.asks, st.last = bids, asks, m.seq
	if st.kind == "high_freq" {
		if len(d.bids)+len(d.asks) == 0 {
			return nil
		}
		d.last = v.count(st)
	}
	seq := m.seq
	return []event{{delta: d, frame: func(d *delta, _ bool) []byte {
		w := &writer{}
		w.open('{')
		w.keyText("ch", st.name)
		w.keyTime("ts", d.at, false)
		w.key("tick")
		w.open('{')
		if st.kind == "mbp" {
			w.keyInt("seqNum", d.last)
			w.keyInt("prevSeqNum", d.prev)
		} else {
			w.keyText("event", "update")
			w.keyInt("mrid", seq)
			w.keyTime("ts", d.at, false)
			w.keyInt("version", d.last)
		}
		if len(d.bids) > 0 || st.depth > 20 { // the small windows leave a side out that did not change
			w.pairs("bids", m, d.bids)
		}
		if len(d.asks) > 0 || st.depth > 20 {
			w.pairs("asks", m, d.asks)
		}
		w.close('}')
		w.close('}')
		return w.b
	}}}
}

// untold leaves levels out that have only left the window.
func untold(s *side, ls []level) []level {
	kept := ls[:0]
	for _, l := range ls {
		if _, there := s.find(l.px); l.sz != 0 || !there {
			kept = append(kept, l)
		}
	}
	return kept
}
