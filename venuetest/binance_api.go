package venuetest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// binanceAPI is one connection of the WebSocket API, sections 4.7, 8.1, 8.3 and 8.6.
type binanceAPI struct {
	binanceSocket
	h         *host
	remote    string
	limits    bool // answers have rateLimits
	connected time.Time
	since     time.Time // of the logon
	next      int       // subscription id
	follows   []apiFollow
}

// apiFollow is one subscription to an account's events.
type apiFollow struct {
	id    int
	a     *Account
	logon bool // made by session.logon
}

// apiMethods are the methods that do what a call over REST does, by host.
var apiMethods = map[string]string{
	"spot order.place":               "spot POST /api/v3/order",
	"spot order.test":                "spot POST /api/v3/order/test",
	"spot order.cancel":              "spot DELETE /api/v3/order",
	"spot order.status":              "spot GET /api/v3/order",
	"spot order.amend.keepPriority":  "spot PUT /api/v3/order/amend/keepPriority",
	"spot openOrders.status":         "spot GET /api/v3/openOrders",
	"spot openOrders.cancelAll":      "spot DELETE /api/v3/openOrders",
	"spot allOrders":                 "spot GET /api/v3/allOrders",
	"spot myTrades":                  "spot GET /api/v3/myTrades",
	"spot account.status":            "spot GET /api/v3/account",
	"spot account.rateLimits.orders": "spot GET /api/v3/rateLimit/order",
	"spot userDataStream.start":      "spot POST /api/v3/userDataStream",
	"spot userDataStream.ping":       "spot PUT /api/v3/userDataStream",
	"spot userDataStream.stop":       "spot DELETE /api/v3/userDataStream",
	"linear order.place":             "linear POST /fapi/v1/order",
	"linear order.modify":            "linear PUT /fapi/v1/order",
	"linear order.cancel":            "linear DELETE /fapi/v1/order",
	"linear order.status":            "linear GET /fapi/v1/order",
	"linear v2/account.balance":      "linear GET /fapi/v3/balance",
	"linear account.balance":         "linear GET /fapi/v2/balance",
	"linear v2/account.position":     "linear GET /fapi/v3/positionRisk",
	"linear account.position":        "linear GET /fapi/v2/positionRisk",
	"linear userDataStream.start":    "linear POST /fapi/v1/listenKey",
	"linear userDataStream.ping":     "linear PUT /fapi/v1/listenKey",
	"linear userDataStream.stop":     "linear DELETE /fapi/v1/listenKey",
	"spot ping":                      "spot /api/v3/ping",
	"spot time":                      "spot /api/v3/time",
	"spot exchangeInfo":              "spot /api/v3/exchangeInfo",
	"spot depth":                     "spot /api/v3/depth",
	"spot trades.recent":             "spot /api/v3/trades",
	"spot trades.aggregate":          "spot /api/v3/aggTrades",
	"spot klines":                    "spot /api/v3/klines",
	"spot ticker.24hr":               "spot /api/v3/ticker/24hr",
	"spot ticker.price":              "spot /api/v3/ticker/price",
	"spot ticker.book":               "spot /api/v3/ticker/bookTicker",
	"linear depth":                   "linear /fapi/v1/depth",
	"linear ticker.price":            "linear /fapi/v2/ticker/price",
	"linear ticker.book":             "linear /fapi/v1/ticker/bookTicker",
}

// serveAPI serves a connection of the WebSocket API, which costs weight.
func (b *binance) serveAPI(h *host, w http.ResponseWriter, r *http.Request) {
	values := r.URL.Query()
	d := &binanceAPI{binanceSocket: binanceSocket{b: b, host: h.name}, h: h, remote: r.RemoteAddr, limits: values.Get("returnRateLimits") != "false"}
	b.s.socket(h, d, w, r, func(c *conn) {
		d.connected = b.s.now()
		c.micros = h.name == "spot" && strings.EqualFold(values.Get("timeUnit"), "microsecond")
		cost := 2
		if h.name == "linear" {
			cost = 5
		}
		b.s.usage.quota("weight "+h.name, d.connected, time.Minute).used += cost
	})
}

// apiRequest is a request as it comes. Its keys are declared so that none fills another by its case.
type apiRequest struct {
	ID     json.RawMessage            `json:"id"`
	Method string                     `json:"method"`
	Params map[string]json.RawMessage `json:"params"`
}

// values are the parameters of a request as text: strings without quotes, the rest as it stands.
func (r *apiRequest) values() url.Values {
	v := make(url.Values)
	for name, raw := range r.Params {
		var text string
		if json.Unmarshal(raw, &text) != nil {
			text = string(raw)
		}
		v.Set(name, text)
	}
	return v
}

// apiProof is how a request says whose it is, section 6.4: what is signed are the parameters by name, but the signature.
func apiProof(v url.Values, remote string) proof {
	var pairs []string
	for name := range v {
		if name != "signature" {
			pairs = append(pairs, name+"="+v.Get(name))
		}
	}
	slices.SortFunc(pairs, func(a, b string) int {
		x, _, _ := strings.Cut(a, "=")
		y, _, _ := strings.Cut(b, "=")
		return strings.Compare(x, y)
	})
	return proof{key: v.Get("apiKey"), payload: strings.Join(pairs, "&"), signature: v.Get("signature"), remote: remote}
}

// control does not count: weight is what is limited here, not messages.
func (d *binanceAPI) control(*conn) bool { return true }

// goodID: integers, text up to 36 characters, null.
func (d *binanceAPI) goodID(id string) bool {
	if strings.HasPrefix(id, `"`) {
		return len(id) <= 38
	}
	_, err := strconv.ParseInt(id, 10, 64)
	return err == nil || id == "null"
}

// message answers a request. Under Server.mu.
func (d *binanceAPI) message(c *conn, text []byte) {
	c.count()
	var r apiRequest
	if err := json.Unmarshal(text, &r); err != nil || !d.goodID(string(r.ID)) || r.Method == "" {
		c.text([]byte(`{"id":null,"status":400,"error":{"code":-1135,"msg":"Invalid JSON Request"}}`))
		return
	}
	v := r.values()
	q := &query{values: v, host: d.host, now: d.b.s.now(), micros: c.micros}
	p := apiProof(v, d.remote)
	if !d.since.IsZero() {
		p.known = c.account
	}
	var out writer
	call, signed := d.b.signed[apiMethods[d.host+" "+r.Method]]
	public, isPublic := d.b.calls[apiMethods[d.host+" "+r.Method]]
	switch {
	case signed:
		d.b.answerTo(d.h, make(http.Header), q, call, p)
		if q.err == nil {
			call.answer(d.b, q, &out)
		}
	case isPublic:
		d.b.check(q, public.params+" returnRateLimits")
		if refused := d.b.charge(d.h, make(http.Header), q, public.weight(q)); refused != nil {
			q.err = refused
		}
		if q.err == nil {
			public.answer(d.b, q, &out)
		}
	default:
		d.session(c, q, p, r.Method, &out)
	}
	d.answer(c, &r, q, out.b, signed && call.needs == trades)
}

// unknownOutcome is what a FalseAnswer says here.
const unknownOutcome = `{"code":-1007,"msg":"Timeout waiting for response from backend server. Send status unknown; execution status unknown."}`

// answer sends what a request is answered with.
func (d *binanceAPI) answer(c *conn, r *apiRequest, q *query, result []byte, instruction bool) {
	status, body := http.StatusOK, `"result":`+string(result)
	if e := q.err; e != nil {
		data := ""
		if e.status == http.StatusTooManyRequests || e.status == http.StatusTeapot {
			data = fmt.Sprintf(`,"data":{"serverTime":%d,"retryAfter":%d}`, q.now.UnixMilli(), q.now.Truncate(time.Minute).Add(time.Minute).UnixMilli())
		}
		status, body = e.status, fmt.Sprintf(`"error":{"code":%d,"msg":%q%s}`, e.code, e.msg, data)
	}
	limits := ""
	if d.limits && q.values.Get("returnRateLimits") != "false" {
		limits = `,"rateLimits":` + d.used(q, instruction)
	}
	if instruction && q.err == nil {
		if f := d.b.s.hitAt(c, nil, r.Method, r.Method, FalseAnswer); f != nil {
			status, body = cmp.Or(f.Code, http.StatusServiceUnavailable), `"error":`+cmp.Or(f.Body, unknownOutcome)
		}
	}
	text := fmt.Appendf(nil, `{"id":%s,"status":%d,%s%s}`, r.ID, status, body, limits)
	if instruction && q.err == nil {
		d.b.s.reply(c, r.Method, text)
		return
	}
	if !c.dead && !c.muted {
		c.text(text)
	}
}

// used is the array rateLimits.
func (d *binanceAPI) used(q *query, orders bool) string {
	var w writer
	w.open('[')
	if orders && q.account != nil {
		for _, l := range orderQuotas(d.host) {
			w.raw(fmt.Sprintf(`{"rateLimitType":"ORDERS","interval":%q,"intervalNum":%d,"limit":%d,"count":%d}`, l.interval, l.num, l.limit, d.b.orderUse(q, l).used))
		}
	}
	limit := 6000
	if d.host == "linear" {
		limit = 2400
	}
	w.raw(fmt.Sprintf(`{"rateLimitType":"REQUEST_WEIGHT","interval":"MINUTE","intervalNum":1,"limit":%d,"count":%d}`, limit, d.b.s.usage.quota("weight "+d.host, q.now, time.Minute).used))
	w.close(']')
	return string(w.b)
}

// session answers what is about the connection itself, sections 6.4 and 8.1.
func (d *binanceAPI) session(c *conn, q *query, p proof, method string, w *writer) {
	spot := d.host == "spot"
	switch {
	case method == "session.logon":
		d.logon(c, q, p, w)
	case method == "session.status":
		d.status(c, q, w)
	case method == "session.logout":
		d.leave(c, func(f apiFollow) bool { return f.logon })
		c.account, d.since = nil, time.Time{}
		d.status(c, q, w)
	case spot && method == "userDataStream.subscribe":
		if d.since.IsZero() {
			q.err = &refusal{http.StatusUnauthorized, -1099, "Not found, unauthenticated, or unauthorized."}
			return
		}
		d.subscribe(c, q, c.account, true, w)
	case spot && method == "userDataStream.subscribe.signature":
		if q.err = d.enter(c, q, p); q.err == nil {
			d.subscribe(c, q, q.account, false, w)
		}
	case spot && method == "userDataStream.unsubscribe":
		d.unsubscribe(c, q, w)
	case spot && method == "session.subscriptions":
		w.open('[')
		for _, f := range d.follows {
			w.raw(fmt.Sprintf(`{"subscriptionId":%d}`, f.id))
		}
		w.close(']')
	default:
		q.refuse(-1020, "This operation is not supported.")
	}
}

// enter admits a login of any kind.
func (d *binanceAPI) enter(c *conn, q *query, p proof) *refusal {
	p.known = nil
	d.b.charge(d.h, make(http.Header), q, 2)
	if refused := d.b.admit(q, reads, p); refused != nil {
		return refused
	}
	if q.account.refuses(c) {
		return &refusal{http.StatusBadRequest, -1022, "Signature for this request is not valid."}
	}
	return nil
}

func (d *binanceAPI) logon(c *conn, q *query, p proof, w *writer) {
	if q.err = d.enter(c, q, p); q.err != nil {
		return
	}
	if q.account.opts.PublicKey == nil {
		q.err = &refusal{http.StatusBadRequest, -4056, "HMAC_SHA256 API key is not supported."}
		return
	}
	c.account, d.since = q.account, q.now
	d.status(c, q, w)
}

func (d *binanceAPI) status(c *conn, q *query, w *writer) {
	w.open('{')
	if d.since.IsZero() {
		w.keyRaw("apiKey", `null,"authorizedSince":null`)
	} else {
		w.keyText("apiKey", c.account.opts.Key)
		w.keyTime("authorizedSince", d.since, c.micros)
	}
	w.keyTime("connectedSince", d.connected, c.micros)
	w.keyBool("returnRateLimits", d.limits)
	w.keyTime("serverTime", q.now, c.micros)
	w.keyBool("userDataStream", slices.ContainsFunc(d.follows, func(f apiFollow) bool { return f.logon }))
	w.close('}')
}

// subscribe has the connection told what happens to an account.
func (d *binanceAPI) subscribe(c *conn, q *query, a *Account, logon bool, w *writer) {
	if slices.ContainsFunc(d.follows, func(f apiFollow) bool { return f.a == a }) {
		q.refuse(-2035, "User Data Stream subscription already active.")
		return
	}
	f := apiFollow{d.next, a, logon}
	d.next++
	d.follows = append(d.follows, f)
	for _, kind := range spotKinds {
		d.b.s.follow(c, a, f.topic(kind), func(e *Event) (frames [][]byte) {
			if e.Kind == KeyRevoked && kind == spotKinds[0] {
				d.since = time.Time{}
				return [][]byte{[]byte(`{"id":null,"status":401,"error":{"code":-2015,"msg":"Invalid API-key, IP, or permissions for action."}}`)}
			}
			if data := spotEvent(kind, e, c.micros); data != nil {
				frames = append(frames, fmt.Appendf(nil, `{"subscriptionId":%d,"event":%s}`, f.id, data))
			}
			return frames
		})
	}
	w.raw(fmt.Sprintf(`{"subscriptionId":%d}`, f.id))
}

// topic is what Server.follow calls one kind of event of the subscription.
func (f apiFollow) topic(kind string) string {
	if f.id == 0 {
		return kind
	}
	return fmt.Sprintf("%s/%d", kind, f.id)
}

func (d *binanceAPI) unsubscribe(c *conn, q *query, w *writer) {
	id := q.int64("subscriptionId", -1)
	if d.leave(c, func(f apiFollow) bool { return id < 0 || int64(f.id) == id }) == 0 {
		q.refuse(-2036, "User Data Stream subscription not active.")
		return
	}
	w.raw("{}")
}

// leave ends the subscriptions that are wanted, and tells how many.
func (d *binanceAPI) leave(c *conn, want func(f apiFollow) bool) (n int) {
	for _, f := range slices.Clone(d.follows) {
		if !want(f) {
			continue
		}
		n++
		d.follows = slices.DeleteFunc(d.follows, func(x apiFollow) bool { return x.id == f.id })
		for _, kind := range spotKinds {
			d.b.s.unfollow(c, f.topic(kind))
		}
		c.text(fmt.Appendf(nil, `{"subscriptionId":%d,"event":{"e":"eventStreamTerminated","E":%d}}`, f.id, d.b.s.now().UnixMilli()))
	}
	return n
}
