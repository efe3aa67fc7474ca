package venuetest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Limits of section 4.3.
const (
	binanceTopics   = 1024
	binanceFrame    = 4088 // bytes of a request; a longer one is ignored without a word
	binanceConnects = 300  // in 5 minutes
)

// binanceSocket is how the sockets of one host behave.
type binanceSocket struct {
	b    *binance
	host string
	base string // futures: "public", "market" or "private"
}

func (d binanceSocket) beat() (every, patience time.Duration) {
	if d.host == "spot" {
		return 20 * time.Second, time.Minute
	}
	return 3 * time.Minute, 10 * time.Minute
}

func (d binanceSocket) life() time.Duration { return dayLong }
func (d binanceSocket) idle() time.Duration { return 0 }
func (d binanceSocket) slow() (int, string) { return 0, "" }

// control counts a ping or pong.
func (d binanceSocket) control(c *conn) bool { return d.count(c) }

// count counts a message and closes the connection at one too many.
func (d binanceSocket) count(c *conn) bool {
	limit := 10
	if d.host == "spot" {
		limit = 5
	}
	if c.count() > limit {
		c.end(1008, "Too many requests")
		return false
	}
	return true
}

// connect serves the upgrade: /ws, /ws/<streams>, /stream, /stream?streams=,
// on futures below /public and /market, and as /public without either.
func (b *binance) connect(h *host, w http.ResponseWriter, r *http.Request) {
	d := binanceSocket{b: b, host: h.name}
	path := r.URL.Path
	if b.crowded(h) {
		w.WriteHeader(http.StatusTooManyRequests)
		return
	}
	switch h.name + " " + path {
	case "spot /ws-api/v3", "linear /ws-fapi/v1":
		b.serveAPI(h, w, r)
		return
	case "linear /private/ws", "linear /private/stream":
		b.followLinear(h, w, r, strings.HasSuffix(path, "/stream"))
		return
	}
	if h.name == "linear" {
		d.base = "public"
		if rest, ok := strings.CutPrefix(path, "/market/"); ok {
			d.base, path = "market", "/"+rest
		} else if rest, ok := strings.CutPrefix(path, "/public/"); ok {
			path = "/" + rest
		} else if rest, ok := strings.CutPrefix(path, "/private/"); ok {
			d.base, path = "private", "/"+rest // the old form, with the key in the path: connected, and silent
		}
	}
	names, raw := strings.CutPrefix(path, "/ws/")
	switch {
	case raw || path == "/ws":
		names = strings.TrimPrefix(names, "/ws")
	case path == "/stream":
		names = r.URL.Query().Get("streams")
	default:
		http.NotFound(w, r)
		return
	}
	b.s.socket(h, d, w, r, func(c *conn) {
		c.combined = path == "/stream"
		c.micros = h.name == "spot" && strings.EqualFold(r.URL.Query().Get("timeUnit"), "microsecond")
		if names != "" {
			d.add(c, strings.Split(names, "/"))
		}
	})
}

// crowded counts a connection, and reports that it is one too many or that the address is banned.
func (b *binance) crowded(h *host) bool {
	b.s.mu.Lock()
	defer b.s.mu.Unlock()
	tries := b.s.usage.quota("connect "+h.name, b.s.now(), 5*time.Minute)
	tries.used++
	return tries.used > binanceConnects || b.banned(h)
}

// key tells streams of one name on different hosts and bases apart.
func (b *binance) key(c *conn, name string) string { return c.host.name + "/" + name }

// binanceRequest is a control message, section 4.2. Its keys are declared so that none
// fills another by its case.
type binanceRequest struct {
	Method *string         `json:"method"`
	Params json.RawMessage `json:"params"`
	ID     json.RawMessage `json:"id"`
}

// message answers a control message. Under Server.mu.
func (d binanceSocket) message(c *conn, text []byte) {
	if !d.count(c) || len(text) > binanceFrame || c.dead {
		return
	}
	var r binanceRequest
	if err := json.Unmarshal(text, &r); err != nil {
		d.answer(c, `{"code":3,"msg":"Invalid JSON: expected value at line 1 column 1"}`, 0)
		return
	}
	id := string(r.ID)
	switch {
	case r.Method == nil:
		d.answer(c, fmt.Sprintf(`{"code":2,"msg":"Invalid request: missing field `+"`method`"+` at line 1 column %d"}`, len(text)), 0)
		return
	case !d.validID(id):
		d.answer(c, `{"code":2,"msg":"Invalid request: request ID must be an unsigned integer"}`, 0)
		return
	}
	switch *r.Method {
	case "SUBSCRIBE", "UNSUBSCRIBE":
		d.change(c, *r.Method == "SUBSCRIBE", r.Params, id)
	case "LIST_SUBSCRIPTIONS":
		var w writer
		w.open('[')
		for _, name := range c.topics() {
			w.text(name)
		}
		w.close(']')
		d.answer(c, `{"result":`+string(w.b)+`,"id":`+id+`}`, 0)
	case "SET_PROPERTY", "GET_PROPERTY":
		d.property(c, *r.Method == "SET_PROPERTY", r.Params, id)
	default:
		d.answer(c, fmt.Sprintf(`{"code":2,"msg":"Invalid request: unknown variant `+"`%s`, expected one of `SUBSCRIBE`, `UNSUBSCRIBE`, `LIST_SUBSCRIPTIONS`, `SET_PROPERTY`, `GET_PROPERTY`"+` at line 1 column %d"}`, *r.Method, 11+len(*r.Method)), 0)
	}
}

// validID: spot takes integers, short text and null; futures unsigned integers.
func (d binanceSocket) validID(id string) bool {
	digits := strings.Trim(id, "0123456789") == ""
	switch {
	case id == "":
		return false
	case d.host == "linear":
		return digits
	case strings.HasPrefix(id, `"`):
		return len(id) <= 38
	}
	return digits || id == "null" || strings.HasPrefix(id, "-")
}

// change subscribes or unsubscribes, and acknowledges whatever was asked for.
func (d binanceSocket) change(c *conn, add bool, params json.RawMessage, id string) {
	var names []string
	if json.Unmarshal(params, &names) != nil {
		d.answer(c, `{"code":2,"msg":"Invalid request: invalid type: expected a sequence of strings"}`, 0)
		return
	}
	c.requests++
	var wait time.Duration
	if add {
		if d.b.s.hit(c, nil, "", NoAck) != nil {
			return
		}
		if f := d.b.s.hit(c, nil, "", DelayAck); f != nil {
			wait = f.For
		}
		if !d.add(c, names) {
			return
		}
	} else {
		for _, name := range names {
			d.b.s.unsubscribe(c, name)
		}
	}
	d.answer(c, `{"result":null,"id":`+id+`}`, wait)
}

// add subscribes to streams. Names that mean nothing here are kept and silent.
func (d binanceSocket) add(c *conn, names []string) bool {
	for _, name := range names {
		t, ok := d.topic(name)
		if !ok && d.b.s.taped(c, name) {
			t, ok = topic{kind: replaying}, true
		}
		if !ok || d.b.s.hit(c, t.m, name, RefuseSubscribe) != nil {
			t = topic{}
		}
		d.b.s.subscribe(c, name, t)
	}
	if len(c.subs) > binanceTopics {
		c.end(1008, "Too many subscriptions")
		return false
	}
	return true
}

func (d binanceSocket) property(c *conn, set bool, params json.RawMessage, id string) {
	var ps []json.RawMessage
	var name string
	switch json.Unmarshal(params, &ps); {
	case len(ps) == 0 || json.Unmarshal(ps[0], &name) != nil:
		d.answer(c, `{"code":2,"msg":"Invalid request: property name must be a string"}`, 0)
	case name != "combined":
		d.answer(c, `{"code":0,"msg":"Unknown property","id":`+id+`}`, 0)
	case !set:
		d.answer(c, fmt.Sprintf(`{"result":%v,"id":%s}`, c.combined, id), 0)
	case len(ps) > 2:
		d.answer(c, `{"code":2,"msg":"Invalid request: too many parameters"}`, 0)
	case len(ps) < 2 || json.Unmarshal(ps[1], &c.combined) != nil:
		d.answer(c, `{"code":1,"msg":"Invalid value type: expected Boolean"}`, 0)
	default:
		d.answer(c, `{"result":null,"id":`+id+`}`, 0)
	}
}

// answer sends a control answer, which is never wrapped, after a wait.
func (d binanceSocket) answer(c *conn, text string, wait time.Duration) {
	switch {
	case c.dead || c.muted:
	case wait > 0:
		c.after(wait, item{kind: textFrame, data: []byte(text)})
	default:
		c.text([]byte(text))
	}
}

// topic reads a stream's name; false when this base does not deliver it.
func (d binanceSocket) topic(name string) (topic, bool) {
	t, public, ok := d.parse(name)
	if !ok || d.base == "private" || d.host == "linear" && public != (d.base == "public") {
		return topic{}, false
	}
	t.family = d.host
	return t, true
}

// parse reads a stream's name and tells whether futures serve it on /public.
func (d binanceSocket) parse(name string) (t topic, public, ok bool) {
	spot := d.host == "spot"
	if strings.HasPrefix(name, "!") {
		switch name {
		case "!miniTicker@arr":
			return topic{kind: name, every: time.Second}, false, true
		case "!ticker@arr", "!markPrice@arr@1s":
			return topic{kind: name, every: time.Second}, false, !spot
		case "!markPrice@arr":
			return topic{kind: name + "@1s", every: 3 * time.Second}, false, !spot
		case "!bookTicker":
			return topic{kind: name, every: 5 * time.Second}, true, !spot
		}
		return t, false, false
	}
	id, kind, _ := strings.Cut(name, "@")
	for _, m := range d.b.s.markets {
		if m.Family == d.host && strings.ToLower(m.ID) == id {
			t.m = m
		}
	}
	if t.m == nil {
		return t, false, false
	}
	kind, speed, _ := strings.Cut(kind, "@")
	t.kind = kind
	if depth, isDepth := strings.CutPrefix(kind, "depth"); isDepth {
		ok = d.depth(&t, depth, speed)
		return t, true, ok
	}
	if i, isKline := strings.CutPrefix(kind, "kline_"); isKline {
		t.kind, t.interval, t.every = "kline", i, 250*time.Millisecond
		if spot && i == "1s" {
			t.every = time.Second
		} else if spot {
			t.every = 2 * time.Second
		}
		return t, false, speed == "" && t.m.bars(i) != nil
	}
	switch kind {
	case "trade", "bookTicker":
		return t, true, speed == ""
	case "aggTrade":
		return t, false, speed == ""
	case "ticker", "miniTicker":
		t.every = 2 * time.Second
		if spot {
			t.every = time.Second
		}
		return t, false, speed == ""
	case "avgPrice":
		t.every = time.Second
		return t, false, spot && speed == ""
	case "forceOrder":
		t.every = time.Second
		return t, false, !spot && speed == ""
	case "markPrice":
		t.every = 3 * time.Second
		if speed == "1s" {
			t.every = time.Second
		}
		return t, false, !spot && (speed == "" || speed == "1s")
	}
	return t, false, false
}

// depth reads what follows "depth" in a stream's name.
func (d binanceSocket) depth(t *topic, levels, speed string) bool {
	switch levels {
	case "":
		t.kind = "depth"
	case "5", "10", "20":
		t.kind = "partial"
		t.depth = map[string]int{"5": 5, "10": 10, "20": 20}[levels]
	default:
		return false
	}
	switch {
	case speed == "100ms":
		t.every = 100 * time.Millisecond
	case speed == "" && d.host == "spot":
		t.every = time.Second
	case speed == "":
		t.every = 250 * time.Millisecond
	case speed == "500ms" && d.host == "linear":
		t.every = 500 * time.Millisecond
	default:
		return false
	}
	return true
}

// merge returns the last state of every price that changed since index at, in
// the order of its side: best first on spot, ascending on futures.
func (m *market) merge(at int64) (bids, asks []level, first, last int64) {
	cs := m.history.from(at)
	if len(cs) == 0 {
		return nil, nil, 0, 0
	}
	for _, c := range cs {
		if c.sell {
			asks = append(asks, c.is)
		} else {
			bids = append(bids, c.is)
		}
	}
	return latest(bids, m.Family == "spot"), latest(asks, false), cs[0].seq, cs[len(cs)-1].seq
}

// latest sorts levels by price and keeps the last of each.
func latest(ls []level, descending bool) []level {
	slices.SortStableFunc(ls, func(a, b level) int {
		if descending {
			return compare(b.px, a.px)
		}
		return compare(a.px, b.px)
	})
	out := ls[:0]
	for i, l := range ls {
		if i+1 == len(ls) || ls[i+1].px != l.px {
			out = append(out, l)
		}
	}
	return out
}
