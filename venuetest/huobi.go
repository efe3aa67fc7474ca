package venuetest

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Huobi starts a simulated HTX: spot, linear and inverse swaps, one dated future; public data.
func Huobi(o Options) *Server {
	s := newServer(o.filled(HuobiMarkets()))
	s.startHuobi()
	return s
}

func (s *Server) startHuobi() {
	v := &huobi{s: s, versions: make(map[string]int64)}
	for i, cfg := range s.opts.Markets {
		m := newMarket(cfg, s.opts, &counter{seq: 163_200_418_790 + int64(i)*7_000_003, step: 8}, huobiIntervals, s.start)
		m.pdec, m.sdec = -1, -1
		m.renumber(99_000_000_000)
		s.markets = append(s.markets, m)
	}
	s.venue = v
	spot, contract := s.listen("spot"), s.listen("contract")
	s.names = map[string]string{
		"spot.rest": "http://" + spot.addr, "spot.stream": "ws://" + spot.addr,
		"contract.rest": "http://" + contract.addr, "contract.stream": "ws://" + contract.addr,
	}
	s.run()
}

// HuobiMarkets returns the default markets of HTX, one of them offline and one with
// prices of twelve digits after the point.
func HuobiMarkets() []Market {
	return []Market{
		{Symbol: "BTC/USDT", ID: "btcusdt", Family: "spot", Kind: "spot", Base: "BTC", Quote: "USDT", Price: "61247.08", Tick: "0.01", Step: "0.000001", Size: "0.3"},
		{Symbol: "ETH/USDT", ID: "ethusdt", Family: "spot", Kind: "spot", Base: "ETH", Quote: "USDT", Price: "2604.17", Tick: "0.01", Step: "0.0001", Size: "3"},
		{Symbol: "FLO/USDT", ID: "flousdt", Family: "spot", Kind: "spot", Base: "FLO", Quote: "USDT", Price: "0.000009121043", Tick: "0.000000000001", Step: "0.01", Size: "90000000"},
		{Symbol: "OLD/USDT", ID: "oldusdt", Family: "spot", Kind: "spot", Base: "OLD", Quote: "USDT", Status: "offline", Price: "0.5", Tick: "0.0001", Step: "0.01"},
		{Symbol: "BTC/USDT:USDT", ID: "BTC-USDT", Family: "linear", Kind: "swap", Base: "BTC", Quote: "USDT", Settle: "USDT", Price: "61250.4", Tick: "0.1", Step: "1", Size: "900", ContractSize: "0.001", ContractUnit: "BTC"},
		{Symbol: "ETH/USDT:USDT", ID: "ETH-USDT", Family: "linear", Kind: "swap", Base: "ETH", Quote: "USDT", Settle: "USDT", Price: "2604.41", Tick: "0.01", Step: "1", Size: "400", ContractSize: "0.01", ContractUnit: "ETH"},
		{Symbol: "BTC/USDT:USDT-261225", ID: "BTC-USDT-261225", Family: "linear", Kind: "future", Base: "BTC", Quote: "USDT", Settle: "USDT", Price: "61890.5", Tick: "0.1", Step: "1", Size: "200", ContractSize: "0.001", ContractUnit: "BTC", Expiry: time.Date(2026, 12, 25, 8, 0, 0, 0, time.UTC)},
		{Symbol: "BTC/USD:BTC", ID: "BTC-USD", Family: "inverse", Kind: "swap", Base: "BTC", Quote: "USD", Settle: "BTC", Price: "61201.3", Tick: "0.1", Step: "1", Size: "120", ContractSize: "100", ContractUnit: "USD"},
	}
}

var huobiIntervals = []interval{
	{name: "1min", length: time.Minute}, {name: "5min", length: 5 * time.Minute}, {name: "15min", length: 15 * time.Minute}, {name: "30min", length: 30 * time.Minute},
	{name: "60min", length: time.Hour}, {name: "4hour", length: 4 * time.Hour}, {name: "1day", length: dayLong, zone: asia}, {name: "1week", length: weekLong, zone: asia},
	{name: "1mon", months: 1, zone: asia},
}

// huobi is the venue of section 12 of HTX's document: public data.
type huobi struct {
	s        *Server
	versions map[string]int64 // of high_freq, by the stream's key
}

func (v *huobi) key(c *conn, name string) string { return c.path + " " + name }
func (v *huobi) notice(*conn, time.Time) []byte  { return nil }

// inject makes a book event out of turn.
func (v *huobi) inject(st *stream, k Kind, now time.Time) []event {
	if st.kind != "mbp" && st.kind != "high_freq" {
		return nil
	}
	evs := v.changes(st, now)
	switch {
	case k == SecondSnapshot && st.kind == "high_freq":
		return append(evs, said(v.book(st, st.bids, st.asks, "", v.number(st))))
	case k == SequenceReset:
		st.m.reset()
		delete(v.versions, st.key)
		for range 1000 {
			st.m.change(time.Now())
			if more := v.changes(st, now); more != nil {
				return append(evs, more...)
			}
		}
	}
	return evs
}

func (v *huobi) refusal(h *host, code int, _ time.Time) (body, kind string) {
	switch code {
	case http.StatusTooManyRequests:
		return `{"ts":1788081327500,"status":"error","err-code":"invalid-parameter","err-msg":"request limit"}`, ""
	case http.StatusForbidden, http.StatusBadGateway:
		return strings.ReplaceAll(firewallPage, "403 Forbidden", fmt.Sprintf("%d %s", code, http.StatusText(code))), "text/html"
	}
	return `{"status":"maintain"}`, ""
}

// late sends the snapshots that SlowSnapshot kept back.
func (v *huobi) late(st *stream, now time.Time) {
	for _, u := range st.subs {
		if !u.snap.IsZero() && !now.Before(u.snap) {
			b := u.slow // as it was when it was asked for
			if st.kind == "high_freq" {
				b = v.book(st, st.bids, st.asks, "", v.number(st))
			}
			u.snap = time.Time{}
			v.s.deliver(u, said(b))
		}
	}
}

// huobiSocket is how sockets behave (sections 4.2, 4.3).
type huobiSocket struct{ v *huobi }

func (d huobiSocket) beat() (every, patience time.Duration) { return 5 * time.Second, 10 * time.Second }
func (d huobiSocket) life() time.Duration                   { return 0 }
func (d huobiSocket) idle() time.Duration                   { return 0 }
func (d huobiSocket) slow() (int, string)                   { return 0, "" }
func (d huobiSocket) control(c *conn) bool                  { c.count(); return true }

// ping is the venue's heartbeat, which the client must answer with the same value.
func (d huobiSocket) ping(c *conn, now time.Time) []byte {
	if strings.HasSuffix(c.path, "-notification") {
		return fmt.Appendf(nil, `{"op":"ping","ts":"%d"}`, now.UnixMilli())
	}
	return fmt.Appendf(nil, `{"ping":%d}`, now.UnixMilli())
}

func (d huobiSocket) unheard() (int, string) {
	return 1003, "ping check expired, session: 0c4f27ba-7a7b-4c5e-9c57-0f3b8a1c2d3e"
}

// packers are the free packers: a megabyte each, and a sync.Pool drops many under the race detector.
var packers = make(chan *gzip.Writer, 8)

// gzipped is a frame as the venue packs it, but for speed: the better levels clear half a megabyte for every frame.
func gzipped(b []byte) []byte {
	var z *gzip.Writer
	select {
	case z = <-packers:
	default:
		z, _ = gzip.NewWriterLevel(nil, gzip.BestSpeed) // the level is one of gzip's
	}
	var out bytes.Buffer
	z.Reset(&out)
	z.Write(b) // into memory: it cannot fail
	z.Close()
	select {
	case packers <- z:
	default:
	}
	return out.Bytes()
}

type huobiRequest struct {
	Sub   string          `json:"sub"`
	Unsub string          `json:"unsub"`
	Req   string          `json:"req"`
	Op    string          `json:"op"`
	Topic string          `json:"topic"`
	CID   string          `json:"cid"`
	ID    string          `json:"id"`
	Type  string          `json:"data_type"`
	Pong  json.RawMessage `json:"pong"`
	TS    string          `json:"ts"`
	From  int64           `json:"from"`
	To    int64           `json:"to"`
}

// message answers one text frame. Under Server.mu.
func (d huobiSocket) message(c *conn, text []byte) {
	c.count()
	var r huobiRequest
	if c.dead || json.Unmarshal(text, &r) != nil {
		return
	}
	if r.Pong != nil || r.Op == "pong" {
		select {
		case c.beat <- r.TS:
		default:
		}
		return
	}
	switch r.Op {
	case "sub":
		r.Sub = r.Topic
	case "unsub":
		r.Unsub = r.Topic
	}
	s := d.v.s
	c.requests++
	switch {
	case r.Unsub != "":
		if !s.unsubscribe(c, r.Unsub) {
			d.fail(c, &r, "unsub with not subbed topic")
			return
		}
		d.ack(c, &r, "unsub", r.Unsub, 0)
	case r.Req != "":
		d.answer(c, &r)
	case r.Sub != "":
		d.subscribe(c, &r)
	}
}

func (d huobiSocket) subscribe(c *conn, r *huobiRequest) {
	s := d.v.s
	t, ok := d.topic(c, r.Sub, r.Type)
	if s.taped(c, r.Sub) {
		t, ok = topic{kind: replaying, m: t.m}, true
	}
	if s.hit(c, t.m, r.Sub, NoAck) != nil {
		return
	}
	if !ok || s.hit(c, t.m, r.Sub, RefuseSubscribe) != nil {
		d.fail(c, r, "invalid topic")
		return
	}
	wait := time.Duration(0)
	if f := s.hit(c, t.m, r.Sub, DelayAck); f != nil {
		wait = f.For
	}
	early := c.host.name == "contract" && rand.IntN(2) == 0 // the first push often comes before the ack
	if !early {
		d.ack(c, r, "sub", r.Sub, wait)
	}
	u, fresh := s.subscribe(c, r.Sub, t)
	if fresh && s.tape == nil {
		d.v.begin(u.st)
		if ev := d.v.first(u, s.now()); ev != nil {
			s.deliver(u, said(ev))
		}
	}
	if early {
		d.ack(c, r, "sub", r.Sub, wait)
	}
}

// answer answers a question: the snapshot of a book, or candles.
func (d huobiSocket) answer(c *conn, r *huobiRequest) {
	if b, known := d.v.s.rep(r.Req, r.ID); known {
		if b != nil && !c.muted {
			c.text(b)
		}
		return
	}
	if t, ok := d.topic(c, r.Req, ""); ok && t.kind == "kline" {
		d.candles(c, t, r)
		return
	}
	for _, u := range c.subs {
		if u.name != r.Req || u.st.kind != "mbp" {
			continue
		}
		if b := d.v.snapshot(u, r.ID); b != nil && !c.muted {
			c.text(b)
		}
		return
	}
	d.fail(c, r, "invalid topic")
}

// candles answers with at most 300 candles, of contracts 2,000, both ends inclusive (sections 4.5.7 and 4.6.1).
func (d huobiSocket) candles(c *conn, t topic, r *huobiRequest) {
	switch {
	case c.muted || d.v.s.hit(c, t.m, r.Req, SnapshotNever) != nil:
		return
	case d.v.s.hit(c, t.m, r.Req, RefuseSubscribe) != nil:
		d.fail(c, r, "invalid topic")
		return
	}
	now, bars, most := d.v.s.now(), t.m.bars(t.interval), 2000
	stamp := ""
	if t.m.Kind == "spot" {
		most, stamp = 300, fmt.Sprintf(`"ts":%d,`, now.UnixMilli())
	}
	bars.roll(now.UnixMilli(), t.m)
	var rows []string
	for open := bars.interval.open(r.From*1000 + 999); open/1000 <= r.To && open <= bars.now.open && len(rows) < most; open = bars.interval.shift(open, 1) {
		if open/1000 >= r.From {
			rows = append(rows, "{"+t.m.candle(bars.at(open, t.m))+"}")
		}
	}
	c.text(fmt.Appendf(nil, `{"id":"%s","rep":"%s",%s"status":"ok","data":[%s]}`, r.ID, r.Req, stamp, strings.Join(rows, ",")))
}

// ack acknowledges a topic, after a wait.
func (d huobiSocket) ack(c *conn, r *huobiRequest, op, topic string, wait time.Duration) {
	now := strconv.FormatInt(d.v.s.now().UnixMilli(), 10)
	text := fmt.Appendf(nil, `{"id":"%s","status":"ok","%sbed":"%s","ts":%s}`, r.ID, op, topic, now)
	switch {
	case r.Op != "":
		text = fmt.Appendf(nil, `{"op":"%s","cid":"%s","topic":"%s","ts":%s,"err-code":0}`, op, r.CID, topic, now)
	case c.host.name == "contract":
		text = fmt.Appendf(nil, `{"id":"%s","%sbed":"%s","ts":%s,"status":"ok"}`, r.ID, op, topic, now)
	}
	switch {
	case c.muted:
	case wait > 0:
		c.after(wait, item{kind: textFrame, data: text})
	default:
		c.text(text)
	}
}

func (d huobiSocket) fail(c *conn, r *huobiRequest, why string) {
	if r.Op != "" {
		c.text(fmt.Appendf(nil, `{"op":"%s","cid":"%s","topic":"%s","ts":1788081327188,"err-code":2011,"err-msg":"Contract doesn't exist."}`, r.Op, r.CID, r.Topic))
		return
	}
	c.text(fmt.Appendf(nil, `{"status":"error","ts":1788081327107,"id":"%s","err-code":"bad-request","err-msg":"%s"}`, r.ID, why))
}

// topic finds what is asked for, where that is the right socket for it (section 12.2).
func (d huobiSocket) topic(c *conn, name, kind string) (t topic, ok bool) {
	parts := strings.SplitN(name, ".", 3)
	if len(parts) != 3 {
		return t, false
	}
	family := map[string]string{"/ws": "spot", "/feed": "spot", "/linear-swap-ws": "linear", "/linear-swap-notification": "linear", "/swap-ws": "inverse", "/swap-notification": "inverse", "/ws_index": ""}[c.path]
	if t.m = d.v.s.market(family, parts[1]); t.m == nil || t.m.Status != "" {
		return t, false
	}
	channel := parts[2]
	set := func(kind string, paths string, every time.Duration) bool {
		t.kind, t.every = kind, every
		return strings.Contains(paths, c.path+" ")
	}
	const market, tenth = "/ws /linear-swap-ws /swap-ws ", 100 * time.Millisecond
	switch {
	case channel == "ticker" && t.m.Kind == "spot", channel == "detail" && t.m.Kind != "spot":
		return t, set("ticker", market, tenth)
	case channel == "detail":
		return t, set("detail", "/ws ", tenth)
	case channel == "bbo":
		return t, set("bbo", market, 0)
	case channel == "trade.detail":
		return t, set("trade", market, 0)
	case channel == "depth.step0":
		t.depth = 150
		return t, set("whole", market, time.Second)
	case channel == "mark_price.1min":
		return t, set("mark", "/ws_index ", time.Second)
	case channel == "funding_rate" && parts[0] == "public":
		return t, set("funding", "/linear-swap-notification /swap-notification ", time.Minute)
	case channel == "liquidation_orders" && parts[0] == "public":
		return t, set("forced", "/linear-swap-notification ", 0)
	case strings.HasPrefix(channel, "kline."):
		t.interval = channel[len("kline."):]
		return t, t.m.bars(t.interval) != nil && set("kline", market, 500*time.Millisecond)
	}
	levels := strings.NewReplacer("mbp.refresh.", "", "mbp.", "", "depth.size_", "", ".high_freq", "").Replace(channel)
	t.depth, _ = strconv.Atoi(levels)
	switch {
	case t.depth == 0:
	case strings.HasPrefix(channel, "mbp.refresh."):
		return t, set("whole", "/ws /feed ", tenth)
	case strings.HasPrefix(channel, "mbp."):
		return t, set("mbp", "/feed ", tenth)
	case strings.HasSuffix(channel, ".high_freq") && kind == "incremental":
		return t, set("high_freq", "/linear-swap-ws /swap-ws ", 30*time.Millisecond)
	}
	return t, false
}
