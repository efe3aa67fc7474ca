package venuetest

import (
	"slices"
	"time"

	"github.com/gorilla/websocket"
)

// topic says what a stream carries.
type topic struct {
	kind     string  // the venue's word: "depth", "books", "trade"
	m        *market // nil: a wide stream
	family   string
	depth    int
	interval string
	every    time.Duration // least time between pushes; 0: at once
}

// stream is one topic that somebody is subscribed to, and how far it has told.
// All its subscribers see the same sequence. Under Server.mu.
type stream struct {
	topic
	key, name  string
	subs       []*sub
	due        time.Time
	at         int64     // index into a market's ring
	last       int64     // sequence number sent last
	bids, asks []level   // OKX: what subscribers hold
	seen       []int64   // what was sent last, to see a change
	pushed     time.Time // when
}

// delta is a change of a book as a stream tells it, before it is text.
type delta struct {
	first, last, prev int64
	bids, asks        []level
	snapshot          bool
	wrongSum          bool
	at                time.Time // of the event
}

// event is one push. A book's delta is apart so that faults can bend it.
type event struct {
	delta *delta
	frame func(d *delta, micros bool) []byte
}

// said is an event whose text is settled.
func said(b []byte) event { return event{frame: func(*delta, bool) []byte { return b }} }

// changed reports whether the marks differ from those of the last push, and
// keeps them.
func (st *stream) changed(marks ...int64) bool {
	if slices.Equal(st.seen, marks) {
		return false
	}
	st.seen = append(st.seen[:0], marks...)
	return true
}

// flush pushes what streams have to say. Under mu.
func (s *Server) flush(force bool) {
	if s.tape != nil {
		return
	}
	real, now := time.Now(), s.now()
	if v, ok := s.venue.(interface{ age(now time.Time) }); ok {
		v.age(now) // what ends by itself
	}
	for _, st := range s.order {
		due := !real.Before(st.due)
		if !force && !due {
			continue
		}
		if s.tell(st, now, !due) || due { // what only time brings is not put off by Step
			st.due = real.Add(st.every)
		}
		s.venue.late(st, real)
	}
	s.heal()
}

// tell pushes what one stream has to say, and reports whether that was anything. Under mu.
func (s *Server) tell(st *stream, now time.Time, force bool) bool {
	evs := s.venue.push(st, now, force)
	for _, ev := range evs {
		st.pushed = now
		for _, u := range st.subs {
			s.deliver(u, ev)
		}
	}
	return len(evs) > 0
}

// subscribe adds a subscription and reports whether it is new. Under mu.
func (s *Server) subscribe(c *conn, name string, t topic) (*sub, bool) {
	for _, u := range c.subs {
		if u.name == name {
			return u, false
		}
	}
	key := s.venue.key(c, name)
	if t.kind == "" {
		key = "nothing/" + name // never shared with a stream that speaks
	}
	st := s.streams[key]
	if st == nil {
		st = &stream{topic: t, key: key, name: name, due: time.Now().Add(t.every), pushed: s.now()}
		s.begin(st)
		s.streams[key] = st
		s.order = append(s.order, st)
	}
	u := &sub{c: c, st: st, name: name}
	u.muted = s.lasting(SilentTopic, c, t.m, name)
	st.subs = append(st.subs, u)
	c.subs = append(c.subs, u)
	if s.tape != nil {
		c.fresh = append(c.fresh, u)
	}
	return u, true
}

// begin sets a new stream to the present: it tells what comes.
func (s *Server) begin(st *stream) {
	m := st.m
	if st.kind == "liquidation-orders" {
		for _, m := range s.markets {
			if m.Status == "" && instType(m) == st.family {
				st.seen = append(st.seen, m.aggs.next())
			}
		}
		return
	}
	if m == nil {
		for _, m := range s.wide(st.family) {
			st.seen = append(st.seen, m.seq+m.day.changed)
		}
		return
	}
	st.last, st.at = m.seq, m.history.next()
	switch st.kind {
	case "trade", "trades-all":
		st.at = m.trades.next()
	case "aggTrade", "trades", "forceOrder", "liquidation", "forced":
		st.at = m.aggs.next()
	case "kline", "candle":
		bars := m.bars(st.interval)
		bars.roll(s.now().UnixMilli(), m)
		st.at, st.seen = bars.past.next(), []int64{bars.now.open, bars.now.changed}
	case "books":
		st.bids, st.asks = m.bids.top(bookWindow), m.asks.top(bookWindow)
	}
}

// wide returns the markets of an all-market stream.
func (s *Server) wide(family string) []*market {
	var ms []*market
	for _, m := range s.markets {
		if m.Family == family || family == "linear" && m.Listed {
			ms = append(ms, m)
		}
	}
	return ms
}

// unsubscribe removes a subscription and reports whether there was one. Under mu.
func (s *Server) unsubscribe(c *conn, name string) bool {
	i := slices.IndexFunc(c.subs, func(u *sub) bool { return u.name == name })
	if i < 0 {
		return false
	}
	u := c.subs[i]
	c.subs = slices.Delete(c.subs, i, i+1)
	st := u.st
	st.subs = slices.DeleteFunc(st.subs, func(x *sub) bool { return x == u })
	if len(st.subs) == 0 {
		delete(s.streams, st.key)
		s.order = slices.DeleteFunc(s.order, func(x *stream) bool { return x == st })
	}
	return true
}

// deliver sends an event to one subscriber, with what faults make of it. Under mu.
func (s *Server) deliver(u *sub, ev event) {
	if u.c.dead || u.c.muted || u.muted || u.c.ended() {
		return
	}
	if ev.delta == nil {
		s.emit(u, ev.frame(nil, u.c.micros))
		return
	}
	d := *ev.delta
	f := s.bend(u, &d)
	data := ev.frame(&d, u.c.micros)
	switch {
	case f == nil:
		s.emit(u, data)
	case f.Kind == DropDelta:
	case f.Kind == DuplicateDelta:
		s.emit(u, data)
		s.emit(u, data)
	case f.Kind == SwapDeltas:
		u.held = append(u.held, held{1, data})
		return // it is not its own successor
	case f.Kind == DelayDelta && f.For > 0:
		u.c.after(f.For, item{kind: textFrame, data: u.wrap(data)})
	case f.Kind == DelayDelta:
		u.held = append(u.held, held{3, data})
		return
	default:
		s.emit(u, data)
	}
	s.release(u)
}

// release sends what was held back long enough.
func (s *Server) release(u *sub) {
	left := u.held[:0]
	for _, h := range u.held {
		if h.after--; h.after > 0 {
			left = append(left, h)
		} else {
			s.emit(u, h.data)
		}
	}
	u.held = left
}

// emit sends one frame of a stream, mangled when a fault says so. Under mu.
func (s *Server) emit(u *sub, data []byte) {
	c := u.c
	it := item{kind: textFrame, data: u.wrap(data)}
	if len(s.faults) > 0 {
		if f := s.hit(c, u.st.m, u.name, TruncatedFrame, NonUTF8Frame, OversizedFrame, WrongType, DuplicateKeys, UnknownFields, UnknownEvent, Fragmented, GzipBomb); f != nil {
			if f.Kind == GzipBomb && c.packed {
				c.send(item{kind: websocket.BinaryMessage, data: bomb()})
			}
			if f.Kind == UnknownEvent {
				c.text(u.wrap([]byte(`{"e":"somethingNew","event":"something-new","E":1,"data":{"nested":[1,{"x":null}]}}`)))
			}
			it.frag = f.Kind == Fragmented
			it.data = mangle(f.Kind, it.data)
		}
	}
	c.sent++
	c.send(it)
}

// wrap puts an event into Binance's combined form, where the connection has it.
func (u *sub) wrap(data []byte) []byte {
	if !u.c.combined {
		return data
	}
	b := make([]byte, 0, len(data)+len(u.name)+24)
	b = append(b, `{"stream":"`...)
	b = append(b, u.name...)
	b = append(b, `","data":`...)
	b = append(b, data...)
	return append(b, '}')
}

// inject sends the events of faults that act at once on book streams. Under mu.
func (s *Server) inject(f Fault) {
	for _, st := range s.order {
		if !slices.ContainsFunc(st.subs, func(u *sub) bool { return f.matches(nil, st.m, u.name) }) {
			continue
		}
		for _, ev := range s.venue.inject(st, f.Kind, s.now()) {
			for _, u := range st.subs {
				s.deliver(u, ev)
			}
		}
	}
}
