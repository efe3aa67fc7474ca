package venuetest

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// binance is the venue of section 12 of Binance's document: spot and USD-M, public and of accounts.
type binance struct {
	s      *Server
	calls  map[string]binanceCall   // by host name and path
	signed map[string]binanceSigned // by host name, method and path
	keys   []*listenKey
}

// binanceCall is one REST endpoint.
type binanceCall struct {
	weight func(q *query) int
	params string // known parameters, separated by blanks; a "!" marks a mandatory one
	answer func(b *binance, q *query, w *writer)
}

// query is one REST request, and what is wrong with it.
type query struct {
	values url.Values
	host   string // family: "spot" or "linear"
	micros bool
	m      *market
	ms     []*market // of symbol, symbols, or all
	single bool      // one object is asked for
	limit  int
	now    time.Time
	err    *refusal

	account *Account
}

// refusal is an error answer.
type refusal struct {
	status, code int
	msg          string
}

func (q *query) refuse(code int, msg string) {
	if q.err == nil {
		q.err = &refusal{http.StatusBadRequest, code, msg}
	}
}

// int64 reads a whole number; absent gives otherwise.
func (q *query) int64(name string, otherwise int64) int64 {
	text := q.values.Get(name)
	if text == "" {
		return otherwise
	}
	v, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		q.refuse(-1100, fmt.Sprintf("Illegal characters found in parameter '%s'; legal range is '^[0-9]{1,20}$'.", name))
	}
	return v
}

// banAfter is how many refused requests in a minute turn 429 into 418.
const banAfter = 10

// serve answers a request to one of the hosts.
func (b *binance) serve(h *host, w http.ResponseWriter, r *http.Request) {
	if isUpgrade(r) {
		b.connect(h, w, r)
		return
	}
	body, wait := b.rest(h, w, r)
	if wait != 0 && !b.s.pause(r, wait) {
		panic(http.ErrAbortHandler) // the connection ends without an answer
	}
	w.Write(body)
}

// rest makes the answer, writes its head unless it is to be 200, and tells how
// long the body waits (below 0: for ever).
func (b *binance) rest(h *host, w http.ResponseWriter, r *http.Request) (body []byte, wait time.Duration) {
	s := b.s
	form, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return nil, 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	s.usage.requests[r.URL.Path]++
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	if call, ok := b.signed[h.name+" "+r.Method+" "+r.URL.Path]; ok {
		return b.private(h, w, r, call, form)
	}
	call, ok := b.calls[h.name+" "+r.URL.Path]
	if !ok || r.Method != http.MethodGet {
		w.WriteHeader(http.StatusNotFound)
		return nil, 0
	}
	q := &query{values: r.URL.Query(), host: h.name, now: now}
	b.check(q, call.params)
	b.unit(q, r.Header.Get("X-MBX-TIME-UNIT"))
	if refused := b.charge(h, w.Header(), q, call.weight(q)); refused != nil {
		return fail(w, refused), 0
	}
	if body, done := s.broken(w, r, h, strings.HasSuffix(r.URL.Path, "/system/status")); done {
		return body, 0
	}
	if body, ok := s.replayed(h, w, r); ok {
		return body, 0
	}
	var out writer
	if q.err == nil {
		call.answer(b, q, &out)
	}
	if q.err != nil {
		return fail(w, q.err), 0
	}
	if strings.HasSuffix(r.URL.Path, "/depth") {
		wait = s.hold(q.m)
	}
	return out.b, wait
}

func fail(w http.ResponseWriter, e *refusal) []byte {
	w.WriteHeader(e.status)
	return fmt.Appendf(nil, `{"code":%d,"msg":%q}`, e.code, e.msg)
}

// unit reads the header X-MBX-TIME-UNIT, which futures ignore.
func (b *binance) unit(q *query, unit string) {
	if q.host != "spot" {
		return
	}
	switch unit {
	case "", "MILLISECOND", "millisecond":
	case "MICROSECOND", "microsecond":
		q.micros = true
	default:
		q.refuse(-1194, "Invalid value for time unit; expected either MICROSECOND or MILLISECOND.")
	}
}

// check reads the parameters that several calls share and refuses what the
// venue refuses.
func (b *binance) check(q *query, params string) {
	names := strings.Fields(params)
	known := make(map[string]bool)
	for _, n := range names {
		known[strings.TrimPrefix(n, "!")] = true
	}
	for name, vs := range q.values {
		switch {
		case len(vs) > 1:
			q.refuse(-1101, fmt.Sprintf("Duplicate values for parameter '%s'.", name))
		case vs[0] == "":
			q.refuse(-1105, fmt.Sprintf("Parameter '%s' was empty.", name))
		case !known[name] && q.host == "spot":
			q.refuse(-1104, fmt.Sprintf("Not all sent parameters were read; read '%d' parameter(s) but was sent '%d'.", len(q.values)-1, len(q.values)))
		}
	}
	for _, n := range names {
		if name, must := strings.CutPrefix(n, "!"); must && q.values.Get(name) == "" {
			q.refuse(-1102, fmt.Sprintf("Mandatory parameter '%s' was not sent, was empty/null, or malformed.", name))
		}
	}
	b.symbols(q, known)
	q.limit = int(q.int64("limit", -1))
}

// symbols finds the markets that symbol and symbols name; neither means all.
func (b *binance) symbols(q *query, known map[string]bool) {
	switch id, list := q.values.Get("symbol"), q.values.Get("symbols"); {
	case known["symbol"] && id != "":
		q.single = true
		if q.m = b.s.market(q.host, id); q.m == nil {
			q.refuse(-1121, "Invalid symbol.")
		}
		q.ms = []*market{q.m}
	case known["symbols"] && list != "":
		ids, ok := parseList(list)
		if !ok {
			q.refuse(-1100, "Illegal characters found in parameter 'symbols'; legal range is '^\\[(\"[A-Z0-9-_.]{1,20}\"(,\"[A-Z0-9-_.]{1,20}\"){0,}){0,1}\\]$'.")
		}
		for _, id := range ids {
			m := b.s.market(q.host, id)
			if m == nil {
				q.refuse(-1121, "Invalid symbol.")
			}
			if slices.Contains(q.ms, m) {
				q.refuse(-1151, "Symbol is present multiple times in the list.")
			}
			q.ms = append(q.ms, m)
		}
	default:
		for _, m := range b.s.markets {
			if m.Family == q.host || q.host == "linear" && m.Listed {
				q.ms = append(q.ms, m)
			}
		}
	}
}

// charge counts the weight, in fixed minutes, and refuses what is over it: 429,
// then 418, which every further request prolongs.
func (b *binance) charge(h *host, header http.Header, q *query, weight int) *refusal {
	limit := 6000
	if h.name == "linear" {
		limit = 2400
	}
	u := b.s.usage.quota("weight "+h.name, q.now, time.Minute)
	u.used += weight
	header.Set("X-MBX-USED-WEIGHT", strconv.Itoa(u.used))
	header.Set("X-MBX-USED-WEIGHT-1M", strconv.Itoa(u.used))
	if u.used > limit {
		u.over++
	}
	if q.now.Before(u.banned) || u.over > banAfter {
		u.banned = q.now.Add(2 * time.Minute)
		header.Set("Retry-After", "120")
		return &refusal{http.StatusTeapot, -1003, fmt.Sprintf("Way too much request weight used; IP banned until %d. Please use the websocket for live updates to avoid bans.", u.banned.UnixMilli())}
	}
	if u.over > 0 {
		left := u.window.Add(time.Minute).Sub(q.now)
		header.Set("Retry-After", strconv.Itoa(int((left+time.Second-1)/time.Second)))
		return &refusal{http.StatusTooManyRequests, -1003, fmt.Sprintf("Too much request weight used; current limit is %d request weight per 1 MINUTE. Please use WebSocket Streams for live updates to avoid polling the API.", limit)}
	}
	return nil
}

// banned tells whether the client's address may connect.
func (b *binance) banned(h *host) bool {
	return b.s.now().Before(b.s.usage.quota("weight "+h.name, b.s.now(), time.Minute).banned)
}

// isUpgrade reports whether a request asks for a WebSocket.
func isUpgrade(r *http.Request) bool {
	return strings.EqualFold(r.Header.Get("Upgrade"), "websocket")
}

// pause waits d, for ever when it is below 0, and reports whether the client is
// still there, and to be answered.
func (s *Server) pause(r *http.Request, d time.Duration) bool {
	if d == lost {
		return false
	}
	t := timer(max(d, 0))
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-r.Context().Done():
	case <-s.stop:
	}
	return false
}

// hold tells how long a snapshot is kept back. Under mu.
func (s *Server) hold(m *market) time.Duration {
	f := s.hit(nil, m, "depth books", SlowSnapshot, SnapshotNever)
	switch {
	case f == nil:
		return 0
	case f.Kind == SnapshotNever:
		return -1
	}
	return f.For
}

// broken answers a request in place of the venue when a fault says so. Under mu.
func (s *Server) broken(w http.ResponseWriter, r *http.Request, h *host, isStatus bool) ([]byte, bool) {
	family := h.name
	if len(s.hosts) == 1 || family == "contract" { // of several families
		family = ""
	}
	var m *market
	for _, named := range r.URL.Query() { // whatever the venue calls it
		if x := s.market(family, named[0]); x != nil {
			m = x
		}
	}
	if f := s.hitPath(m, r.URL.Path, CachedAnswer); f != nil {
		w.Header().Set("Age", strconv.Itoa(int(f.For/time.Second)))
	}
	for _, a := range s.faults {
		if a.Kind == HTTPStatus && !strings.HasSuffix(r.URL.Path, a.Path) {
			continue
		}
		if a.Kind == Maintenance && isStatus || a.Kind != HTTPStatus && a.Kind != Maintenance {
			continue
		}
		if f := s.hit(nil, m, "", a.Kind); f != nil {
			code, body := f.Code, f.Body
			if code == 0 {
				code = http.StatusServiceUnavailable
			}
			if f.RetryAfter > 0 {
				w.Header().Set("Retry-After", strconv.Itoa(int(f.RetryAfter/time.Second)))
			}
			if body == "" {
				var kind string
				if body, kind = s.venue.refusal(h, code, s.now().Add(f.RetryAfter)); kind != "" {
					w.Header().Set("Content-Type", kind)
				}
			}
			w.WriteHeader(code)
			return []byte(body), true
		}
	}
	return nil, false
}

const firewallPage = "<html>\r\n<head><title>403 Forbidden</title></head>\r\n<body>\r\n<center><h1>403 Forbidden</h1></center>\r\n</body>\r\n</html>\r\n"

// refusal is the body that the venue sends with a status.
func (b *binance) refusal(h *host, code int, until time.Time) (body, kind string) {
	switch code {
	case http.StatusForbidden, http.StatusBadGateway, http.StatusGatewayTimeout:
		return strings.ReplaceAll(firewallPage, "403 Forbidden", fmt.Sprintf("%d %s", code, http.StatusText(code))), "text/html"
	case http.StatusTeapot:
		return fmt.Sprintf(`{"code":-1003,"msg":"Way too much request weight used; IP banned until %d. Please use the websocket for live updates to avoid bans."}`, until.UnixMilli()), ""
	case http.StatusTooManyRequests:
		limit := 6000
		if h.name == "linear" {
			limit = 2400
		}
		return fmt.Sprintf(`{"code":-1003,"msg":"Too much request weight used; current limit is %d request weight per 1 MINUTE. Please use WebSocket Streams for live updates to avoid polling the API."}`, limit), ""
	case http.StatusServiceUnavailable:
		return `{"code":-1016,"msg":"This service is no longer available."}`, ""
	}
	return `{"code":-1001,"msg":"Internal error; unable to process your request. Please try again."}`, ""
}

// notice is the message before maintenance, which only spot sends.
func (b *binance) notice(c *conn, now time.Time) []byte {
	if c.host.name != "spot" {
		return nil
	}
	data := fmt.Sprintf(`{"e":"serverShutdown","E":%d}`, now.UnixMilli())
	if _, ok := c.d.(*binanceAPI); ok {
		return []byte(`{"event":` + data + `}`)
	}
	if c.combined {
		return []byte(`{"stream":"!serverShutdown","data":` + data + `}`)
	}
	return []byte(data)
}

// inject has nothing to send: Binance has no heartbeat, reset or snapshot in its
// streams.
func (b *binance) inject(*stream, Kind, time.Time) []event { return nil }

// late has nothing to send: snapshots come over REST.
func (b *binance) late(*stream, time.Time) {}
