package venuetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Limits of section 4.1.
const (
	okxConnects = 3        // new sockets a second
	okxRequests = 480      // to subscribe and unsubscribe, an hour and socket
	okxFrame    = 64 << 10 // bytes of a request
)

// okxSocket is how the sockets of one path behave.
type okxSocket struct {
	o    *okx
	path string // "public", "business" or "private"
}

func (d okxSocket) beat() (every, patience time.Duration) { return 0, 0 }
func (d okxSocket) life() time.Duration                   { return 0 }
func (d okxSocket) idle() time.Duration                   { return d.o.s.opts.Idle }
func (d okxSocket) slow() (int, string)                   { return 4005, "Buffer is full, cannot write data" }

func (d okxSocket) control(c *conn) bool {
	c.count()
	return true
}

func (o *okx) connect(h *host, w http.ResponseWriter, r *http.Request) {
	path, ok := strings.CutPrefix(r.URL.Path, "/ws/v5/")
	if !ok || !slices.Contains([]string{"public", "business", "private"}, path) {
		http.NotFound(w, r)
		return
	}
	o.s.mu.Lock()
	tries := o.s.usage.quota("connect", o.s.now(), time.Second)
	tries.used++
	refused := tries.used > okxConnects
	o.s.mu.Unlock()
	if refused {
		w.WriteHeader(http.StatusTooManyRequests)
		return
	}
	o.s.socket(h, okxSocket{o, path}, w, r, func(*conn) {})
}

type okxRequest struct {
	ID   string            `json:"id"`
	Op   string            `json:"op"`
	Args []json.RawMessage `json:"args"`

	ExpTime string `json:"expTime"` // of orders
}

type okxArg struct {
	Channel  string `json:"channel"`
	InstID   string `json:"instId"`
	InstType string `json:"instType"`

	ExtraParams string `json:"extraParams"` // an object, as text
}

// name is how the topic is listed.
func (a okxArg) name() string {
	switch {
	case a.InstID != "":
		return a.Channel + ":" + a.InstID
	case a.InstType != "":
		return a.Channel + ":" + a.InstType
	}
	return a.Channel
}

// message answers one text frame. Under Server.mu.
func (d okxSocket) message(c *conn, text []byte) {
	c.count()
	if c.dead {
		return
	}
	if string(text) == "ping" {
		if !c.noPong {
			c.text([]byte("pong"))
		}
		return
	}
	if len(text) > okxFrame {
		c.end(1009, "Request message exceeds the maximum frame length")
		return
	}
	var r okxRequest
	if json.Unmarshal(text, &r) != nil || r.Args == nil {
		d.fail(c, "", "60012", fmt.Sprintf("Invalid request: %s", text))
		return
	}
	switch {
	case okxDeeds[r.Op] != nil:
		d.command(c, &r)
		return
	case r.Op != "subscribe" && r.Op != "unsubscribe" && r.Op != "login":
		d.fail(c, r.ID, "60019", "Invalid op: "+r.Op)
		return
	}
	c.requests++
	hour := c.hour.in(time.Now(), time.Hour)
	if hour.used++; hour.used > okxRequests {
		d.fail(c, r.ID, "60014", "Requests too frequent")
		return
	}
	if r.Op == "login" {
		d.login(c, &r)
		return
	}
	if r.Op == "subscribe" && d.o.s.hit(c, nil, "", NoAck) != nil {
		return
	}
	for _, raw := range r.Args {
		d.change(c, r.Op, r.ID, raw)
	}
}

// change carries out one arg of a request, and acknowledges it or says why not.
func (d okxSocket) change(c *conn, op, id string, raw json.RawMessage) {
	var arg okxArg
	if json.Unmarshal(raw, &arg) != nil || arg.Channel == "" {
		d.fail(c, id, "60013", "Invalid args")
		return
	}
	if d.own(c, op, id, raw, arg) {
		return
	}
	if op == "unsubscribe" {
		d.o.s.unsubscribe(c, arg.name())
		d.ack(c, op, id, raw, 0)
		return
	}
	t, code := d.topic(arg)
	if code != "" && d.o.s.taped(c, arg.name()) {
		t, code = topic{kind: replaying}, ""
	}
	if code == "" {
		if f := d.o.s.hit(c, t.m, arg.name(), RefuseSubscribe); f != nil {
			if code = "60018"; f.Code != 0 {
				code = fmt.Sprint(f.Code)
			}
		}
	}
	if code != "" {
		d.fail(c, id, code, refusalText(code, arg))
		return
	}
	var wait time.Duration
	if f := d.o.s.hit(c, nil, "", DelayAck); f != nil {
		wait = f.For
	}
	d.ack(c, op, id, raw, wait)
	d.join(c, arg.name(), t)
}

func refusalText(code string, arg okxArg) string {
	switch code {
	case "60011":
		return "Please log in"
	case "64003":
		return "Your trading fee tier doesn't meet the requirement to access this channel"
	}
	what := "channel:" + arg.Channel
	if arg.InstID != "" {
		what += ",instId:" + arg.InstID
	}
	if arg.InstType != "" {
		what += ",instType:" + arg.InstType
	}
	return "Wrong URL or " + what + " doesn't exist. Please use the correct URL, channel and parameters referring to API document."
}

// join subscribes and sends what a channel says first. A channel that is live
// already says nothing.
func (d okxSocket) join(c *conn, name string, t topic) {
	s := d.o.s
	if st := s.streams[s.venue.key(c, name)]; st != nil && s.tape == nil {
		s.tell(st, s.now(), true) // so that the snapshot is where the others are
	}
	u, fresh := s.subscribe(c, name, t)
	if !fresh || s.tape != nil {
		return
	}
	if t.kind == "books" {
		switch f := s.hit(c, t.m, name, SlowSnapshot, SnapshotNever); {
		case f == nil:
		case f.Kind == SlowSnapshot:
			u.snap = time.Now().Add(f.For)
			return
		default:
			return
		}
	}
	for _, ev := range d.o.first(u.st, s.now()) {
		s.deliver(u, ev)
	}
}

// late sends the snapshots that SlowSnapshot kept back.
func (o *okx) late(st *stream, now time.Time) {
	for _, u := range st.subs {
		if u.snap.IsZero() || now.Before(u.snap) {
			continue
		}
		u.snap = time.Time{}
		for _, ev := range o.first(st, o.s.now()) {
			o.s.deliver(u, ev)
		}
	}
}

// ack acknowledges one arg, as it was written, after a wait.
func (d okxSocket) ack(c *conn, op, id string, arg json.RawMessage, wait time.Duration) {
	var compact bytes.Buffer
	if json.Compact(&compact, arg) != nil {
		return // it was parsed before: this cannot be
	}
	var w writer
	w.open('{')
	if id != "" {
		w.keyText("id", id)
	}
	w.keyText("event", op)
	w.keyRaw("arg", compact.String())
	w.keyText("connId", c.id)
	w.close('}')
	switch {
	case c.muted:
	case wait > 0:
		c.after(wait, item{kind: textFrame, data: w.b})
	default:
		c.text(w.b)
	}
}

func (d okxSocket) fail(c *conn, id, code, msg string) {
	if c.muted {
		return
	}
	quoted, err := json.Marshal(msg)
	if err != nil {
		return // text always marshals
	}
	var w writer
	w.open('{')
	if id != "" {
		w.keyText("id", id)
	}
	w.keyText("event", "error")
	w.keyText("code", code)
	w.keyRaw("msg", string(quoted))
	w.keyText("connId", c.id)
	w.close('}')
	c.text(w.b)
}

// topic finds what an arg asks for, or the code of its refusal.
func (d okxSocket) topic(a okxArg) (topic, string) {
	const unknown = "60018"
	t := topic{kind: a.Channel}
	if bar, ok := strings.CutPrefix(a.Channel, "candle"); ok {
		t.kind, t.interval, t.every = "candle", bar, time.Second
	}
	path := "public"
	switch t.kind {
	case "tickers", "books", "books5":
		t.every = 100 * time.Millisecond
	case "trades":
	case "bbo-tbt":
		t.every = 10 * time.Millisecond
	case "mark-price", "price-limit":
		t.every = 200 * time.Millisecond
	case "index-tickers":
		t.every = 100 * time.Millisecond
	case "open-interest":
		t.every = 3 * time.Second
	case "funding-rate":
		t.every = time.Minute
	case "books-l2-tbt", "books50-l2-tbt":
		if d.path == path && d.o.s.market("", a.InstID) != nil {
			return t, "64003"
		}
	case "instruments", "liquidation-orders":
		t.family = a.InstType
		if t.kind == "liquidation-orders" {
			t.every = time.Second
		}
		if d.path != path || !slices.Contains([]string{"SPOT", "SWAP", "FUTURES", "OPTION", "MARGIN"}, a.InstType) {
			return t, unknown
		}
		return t, ""
	case "status":
		if d.path != path {
			return t, unknown
		}
		return t, ""
	case "candle", "trades-all":
		path = "business"
	default:
		return t, unknown
	}
	id := a.InstID
	if t.kind == "index-tickers" {
		t.m = d.o.index(id)
	} else if t.m = d.o.s.market("", id); t.m != nil && t.m.Status == "preopen" {
		t.m = nil
	}
	if t.m == nil || d.path != path || t.kind == "candle" && t.m.bars(t.interval) == nil ||
		(t.kind == "funding-rate" && t.m.Kind != "swap") || (t.kind == "open-interest" || t.kind == "price-limit") && t.m.Kind == "spot" {
		return t, unknown
	}
	return t, ""
}

// index is the market whose price stands for an index.
func (o *okx) index(name string) *market {
	for _, m := range o.s.markets {
		if underlying(m) == name && m.Status == "" {
			return m
		}
	}
	return nil
}

// checksum is the CRC-32 of section 5.3 over the best 25 levels a side.
func checksum(m *market, bids, asks []level) int32 {
	var b []byte
	for i := range 25 {
		for _, side := range [][]level{bids, asks} {
			if i >= len(side) {
				continue
			}
			if len(b) > 0 {
				b = append(b, ':')
			}
			b = appendTrimmed(b, side[i].px, m.pscale)
			b = append(b, ':')
			b = appendTrimmed(b, side[i].sz, m.sscale)
		}
	}
	return int32(crc32.ChecksumIEEE(b))
}
