package venuetest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// backpackSocket is how the sockets behave, section 4.
type backpackSocket struct{ b *backpack }

func (d backpackSocket) beat() (every, patience time.Duration) {
	return time.Minute, 2 * time.Minute
}
func (d backpackSocket) life() time.Duration { return 0 }
func (d backpackSocket) idle() time.Duration { return 0 }
func (d backpackSocket) slow() (int, string) { return 0, "" }
func (d backpackSocket) control(*conn) bool  { return true }

// message answers a request: with nothing when it succeeds, and with nothing when it asks for
// a market that there is not. Under Server.mu.
func (d backpackSocket) message(c *conn, text []byte) {
	c.count()
	if c.dead {
		return
	}
	var r struct {
		Method string   `json:"method"`
		Params []string `json:"params"`
		Proof  []string `json:"signature"`
	}
	if json.Unmarshal(text, &r) != nil || r.Method != "SUBSCRIBE" && r.Method != "UNSUBSCRIBE" {
		d.fail(c, 4002, "Parse error")
		return
	}
	c.requests++
	if r.Method == "SUBSCRIBE" && d.b.s.hit(c, nil, "", NoAck) != nil {
		return
	}
	own := slices.DeleteFunc(slices.Clone(r.Params), func(name string) bool { return !strings.HasPrefix(name, "account.") })
	if len(own) > 0 && r.Method == "SUBSCRIBE" {
		d.enlist(c, r.Proof, own)
	}
	for _, name := range r.Params {
		if r.Method == "UNSUBSCRIBE" {
			if !d.b.s.unfollow(c, name) {
				d.b.s.unsubscribe(c, name)
			}
			continue
		}
		if slices.Contains(own, name) {
			continue
		}
		t, code, why := d.topic(name)
		if d.b.s.taped(c, name) {
			t, code = topic{kind: replaying, m: t.m}, 0
		}
		if code != 0 {
			d.fail(c, code, why)
			continue
		}
		if d.b.s.hit(c, t.m, name, RefuseSubscribe) != nil {
			t = topic{}
		}
		d.b.s.subscribe(c, name, t)
	}
}

func (d backpackSocket) fail(c *conn, code int, why string) {
	if !c.muted {
		c.text(fmt.Appendf(nil, `{"id":null,"error":{"code":%d,"message":"%s"}}`, code, why))
	}
}

// topic reads a stream's name. One without a kind is kept and silent.
func (d backpackSocket) topic(name string) (t topic, code int, why string) {
	kind, id, _ := strings.Cut(name, ".")
	t.kind = kind
	first, rest, _ := strings.Cut(id, ".")
	switch kind {
	case "trade", "bookTicker", "liquidation":
	case "ticker", "markPrice":
		t.every = time.Second
	case "openInterest":
		t.every = time.Minute
	case "kline":
		t.interval, t.every, id = first, time.Second, rest
	case "depth":
		switch window, err := time.ParseDuration(first); {
		case err == nil && slices.Contains([]string{"200ms", "600ms", "1000ms"}, first):
			t.every, id = window, rest
		case err == nil:
			return t, 4008, "Invalid depth window"
		}
	default:
		return t, 4006, "Invalid stream"
	}
	t.m = d.b.s.market("", id)
	if t.m == nil || t.m.Status != "" || t.interval != "" && t.m.bars(t.interval) == nil || (kind == "markPrice" || kind == "openInterest" || kind == "liquidation") && t.m.Family != "swap" {
		return topic{}, 0, ""
	}
	t.family = t.m.Family
	return t, 0, ""
}

// push returns what a stream has to say at a time, sections 4.3 to 4.9.
func (b *backpack) push(st *stream, now time.Time, _ bool) []event {
	m := st.m
	switch st.kind {
	case "depth":
		bids, asks, _, last := m.merge(st.at)
		if last == 0 {
			return nil
		}
		d := &delta{first: st.last + 1, last: last, bids: bids, asks: asks, at: now}
		st.at, st.last = m.history.next(), last
		return []event{{delta: d, frame: func(d *delta, _ bool) []byte { return b.depthFrame(st, d) }}}
	case "bookTicker":
		if bid, ask := m.touch(); st.changed(bid.px, bid.sz, ask.px, ask.sz) {
			return single(b.touchFrame(st, bid, ask, now))
		}
	case "trade":
		var evs []event
		for _, t := range m.trades.from(st.at) {
			evs = append(evs, said(b.tradeFrame(st, t, now)))
		}
		st.at = m.trades.next()
		return evs
	case "ticker":
		return single(b.tickerFrame(st, now))
	case "kline":
		return b.pushCandles(st, now)
	case "markPrice":
		return single(b.markFrame(st, now))
	case "liquidation":
		return b.pushForced(st, now)
	case "openInterest":
		return single(envelope(st, func(w *writer) {
			w.keyTime("E", now, true)
			w.keyText("e", "openInterest")
			w.trimmedSize("o", m, m.openInterest())
			w.keyText("s", m.ID)
		}))
	}
	return nil
}

func single(frame []byte) []event { return []event{said(frame)} }

// envelope writes a frame: its keys come in the order of the alphabet, the name last.
func envelope(st *stream, members func(w *writer)) []byte {
	var w writer
	w.open('{')
	w.key("data")
	w.open('{')
	members(&w)
	w.close('}')
	w.keyText("stream", st.name)
	w.close('}')
	return w.b
}

func (b *backpack) depthFrame(st *stream, d *delta) []byte {
	return envelope(st, func(w *writer) {
		w.keyTime("E", d.at, true)
		w.keyTime("T", d.at, true)
		w.keyInt("U", d.first)
		pairs(w, "a", st.m, d.asks)
		pairs(w, "b", st.m, d.bids)
		w.keyText("e", "depth")
		w.keyText("s", st.m.ID)
		w.keyInt("u", d.last)
	})
}

func (b *backpack) touchFrame(st *stream, bid, ask level, now time.Time) []byte {
	m := st.m
	number := func(w *writer, key string, l level, v int64, scale int) {
		w.key(key)
		if l.sz == 0 {
			w.raw("null")
			return
		}
		w.number(v, scale, scale)
	}
	return envelope(st, func(w *writer) {
		number(w, "A", ask, ask.sz, m.sscale)
		number(w, "B", bid, bid.sz, m.sscale)
		w.keyTime("E", now, true)
		w.keyTime("T", now, true)
		number(w, "a", ask, ask.px, m.pscale)
		number(w, "b", bid, bid.px, m.pscale)
		w.keyText("e", "bookTicker")
		w.keyText("s", m.ID)
		w.keyInt("u", m.seq)
	})
}

func (b *backpack) tradeFrame(st *stream, t trade, now time.Time) []byte {
	return envelope(st, func(w *writer) {
		w.keyTime("E", now, true)
		w.keyTime("T", t.at, true)
		w.keyText("a", "59887375340")
		w.keyText("b", "59887375311")
		w.keyText("e", "trade")
		w.keyBool("m", t.sell)
		w.keyPrice("p", st.m, t.px)
		w.keySize("q", st.m, t.sz)
		w.keyText("s", st.m.ID)
		w.keyInt("t", t.id)
	})
}

func (b *backpack) tickerFrame(st *stream, now time.Time) []byte {
	m, d := st.m, &st.m.day
	return envelope(st, func(w *writer) {
		w.keyTime("E", now, true)
		w.keyMoney("V", d.quote, -1)
		w.trimmedPrice("c", m, d.last)
		w.keyText("e", "ticker")
		w.trimmedPrice("h", m, d.high)
		w.trimmedPrice("l", m, d.low)
		w.keyInt("n", d.count)
		w.trimmedPrice("o", m, d.open)
		w.keyText("s", m.ID)
		w.trimmedSize("v", m, d.size)
	})
}

func (b *backpack) markFrame(st *stream, now time.Time) []byte {
	mark, index := st.m.mark()
	return envelope(st, func(w *writer) {
		w.keyTime("E", now, true)
		w.keyTime("T", now, true)
		w.keyText("e", "markPrice")
		w.keyText("f", "0.0000125")
		w.keyMoney("i", index, -1)
		w.keyTime("n", now.Truncate(time.Hour).Add(time.Hour), false)
		w.keyMoney("p", mark, -1)
		w.keyText("s", st.m.ID)
	})
}

// pushCandles sends the closed candles, then the open one when it changed.
func (b *backpack) pushCandles(st *stream, now time.Time) []event {
	m, s := st.m, st.m.bars(st.interval)
	s.roll(now.UnixMilli(), m)
	var evs []event
	for _, c := range s.past.from(st.at) {
		evs = append(evs, said(b.candleFrame(st, c, true, now)))
	}
	st.at = s.past.next()
	if st.changed(s.now.open, s.now.changed) {
		evs = append(evs, said(b.candleFrame(st, s.now, false, now)))
	}
	return evs
}

func (b *backpack) candleFrame(st *stream, c candle, closed bool, now time.Time) []byte {
	m := st.m
	price := func(w *writer, key string, v int64) {
		w.key(key)
		if c.count == 0 { // nothing was traded
			w.raw("null")
			return
		}
		w.number(v, m.pscale, m.pscale)
	}
	return envelope(st, func(w *writer) {
		w.keyTime("E", now, true)
		w.keyText("T", naiveTime(time.UnixMilli(m.bars(st.interval).interval.shift(c.open, 1)), "T"))
		w.keyBool("X", closed)
		price(w, "c", c.c)
		w.keyText("e", "kline")
		price(w, "h", c.h)
		price(w, "l", c.l)
		w.keyInt("n", c.count)
		price(w, "o", c.o)
		w.keyText("s", m.ID)
		w.keyText("t", naiveTime(time.UnixMilli(c.open), "T"))
		w.keySize("v", m, c.size)
	})
}
