package venuetest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// allTickSocket is how the sockets of one family behave: section 4.
type allTickSocket struct {
	a             *allTick
	family, token string
	plan          allTickPlan
}

func (d *allTickSocket) beat() (every, patience time.Duration) { return 0, 0 }
func (d *allTickSocket) life() time.Duration                   { return 0 }
func (d *allTickSocket) idle() time.Duration                   { return 0 }
func (d *allTickSocket) slow() (int, string)                   { return 0, "" }
func (d *allTickSocket) control(*conn) bool                    { return true }

func (a *allTick) connect(h *host, family string, w http.ResponseWriter, r *http.Request) {
	token := r.URL.Query().Get("token")
	p, ok := a.plan(token)
	if !ok {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	a.s.mu.Lock()
	open, now := 0, time.Now()
	for _, c := range a.s.conns {
		if d, ok := c.d.(*allTickSocket); ok && d.family == family && d.token == token && !c.ended() {
			open++
		}
	}
	refused := open >= p.conns || now.Sub(a.tried[family+token]) < p.gap
	a.tried[family+token] = now
	a.s.mu.Unlock()
	if refused {
		w.WriteHeader(http.StatusTooManyRequests)
		return
	}
	a.s.socket(h, &allTickSocket{a, family, token, p}, w, r, func(c *conn) { c.alive = now })
}

// message answers one text frame. Under Server.mu.
func (d *allTickSocket) message(c *conn, text []byte) {
	busy := c.count()
	if c.dead {
		return
	}
	var r struct {
		Cmd   int           `json:"cmd_id"`
		Seq   uint32        `json:"seq_id"`
		Trace string        `json:"trace"`
		Data  *allTickNames `json:"data"`
	}
	answer := func(ret int, msg string) {
		text := fmt.Appendf(nil, `{"ret":%d,"msg":"%s","cmd_id":%d,"seq_id":%d,"trace":%q,"data":{}}`, ret, msg, r.Cmd+1, r.Seq, r.Trace)
		if c.muted {
			return
		}
		if r.Cmd != 22000 {
			if f := d.a.s.hit(c, nil, "", DelayAck); f != nil {
				c.after(f.For, item{kind: textFrame, data: text})
				return
			}
		}
		c.text(text)
	}
	if json.Unmarshal(text, &r) != nil || r.Trace == "" || r.Data == nil {
		c.text([]byte(`{"ret":400,"msg":"request header param invalid","cmd_id":0,"seq_id":0,"trace":"","data":{}}`))
		return
	}
	now := time.Now()
	subscribes := r.Cmd == 22002 || r.Cmd == 22004
	if busy > 1 || subscribes && now.Sub(d.a.asked[d.token]) < 3*time.Second {
		answer(606, "too many requests and connection will be closed")
		c.end(1008, "")
		return
	}
	switch {
	case r.Cmd == 22000:
		c.alive = now
		if !c.noPong {
			answer(200, "ok")
		}
	case r.Cmd == 22006 && r.Data.Cancel != nil:
		c.requests++
		for i, list := range []string{"depth:", "trade:"} {
			if *r.Data.Cancel == 0 || *r.Data.Cancel == i+1 {
				d.replace(c, list, nil)
			}
		}
		answer(200, "ok")
	case subscribes:
		c.requests++
		d.a.asked[d.token] = now
		list := "depth:"
		if r.Cmd == 22004 {
			list = "trade:"
		}
		d.subscribe(c, list, r.Data.Symbols, answer)
	default:
		answer(400, "request data param invalid")
	}
}

// subscribe replaces a list: what is above the plan is left out in silence, one code that is not known spoils it.
func (d *allTickSocket) subscribe(c *conn, list string, codes []allTickBars, answer func(int, string)) {
	s := d.a.s
	if s.hit(c, nil, "", NoAck) != nil {
		return
	}
	names := make(map[string]*market)
	for _, x := range codes[:min(len(codes), d.plan.codes)] {
		m := s.market(d.family, x.Code)
		switch {
		case m == nil:
			answer(600, "code invalid")
			return
		case s.lasting(RefuseSubscribe, c, m, list+x.Code):
			answer(604, "code unauthorized")
			return
		}
		names[list+x.Code] = m
	}
	answer(200, "ok")
	d.replace(c, list, names)
}

func (d *allTickSocket) replace(c *conn, list string, names map[string]*market) {
	s := d.a.s
	for _, name := range ofList(c.topics(), list) {
		if names[name] == nil {
			s.unsubscribe(c, name)
		}
	}
	for _, m := range s.markets { // in their order: deterministic
		if name := list + m.ID; names[name] == m {
			u, _ := s.subscribe(c, name, topic{kind: list[:5], m: m})
			u.muted = s.lasting(SilentTopic, c, m, name) // a list that is sent again begins anew
			if u.st.seen == nil && list == "depth:" {
				bookChanged(u.st) // there is no first picture: what changes is sent
			}
		}
	}
}

// push sends whole books and single trades, and ends connections without a heartbeat.
func (a *allTick) push(st *stream, now time.Time, _ bool) []event {
	for _, u := range st.subs {
		if time.Since(u.c.alive) > 30*time.Second {
			u.c.end(1000, "")
		}
	}
	m := st.m
	var evs []event
	if st.kind == "trade" {
		for _, t := range m.trades.from(st.at) {
			evs = append(evs, tickEvent(22998, nil, func(w *writer, _ *delta) { tradeTick(w, m, t, false) }))
		}
		st.at = m.trades.next()
		return evs
	}
	bids, asks, changed := bookChanged(st)
	if !changed {
		return nil
	}
	d, seq := &delta{bids: bids, asks: asks, at: now}, m.seq // numbers mean nothing: none of them can be wrong
	return append(evs, tickEvent(22999, d, func(w *writer, d *delta) { bookTick(w, m, seq, d.bids, d.asks, d.at, false) }))
}

// bookChanged returns what the venue shows of a book, and whether that is new.
func bookChanged(st *stream) (bids, asks []level, changed bool) {
	bids, asks = st.m.bids.top(tickDepth(st.m)), st.m.asks.top(tickDepth(st.m))
	return bids, asks, st.changed(append(marks(bids), marks(asks)...)...)
}

func tickEvent(cmd int64, d *delta, write func(*writer, *delta)) event {
	return event{delta: d, frame: func(d *delta, _ bool) []byte {
		w := &writer{}
		w.open('{')
		w.keyInt("cmd_id", cmd)
		w.key("data")
		w.open('{')
		write(w, d)
		w.close('}')
		w.close('}')
		return slices.Clip(w.b)
	}}
}
