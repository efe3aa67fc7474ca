package venuetest

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Backpack starts a simulated Backpack Exchange: spot and perpetuals, public data, and the accounts of NewAccount, whose
// keys are Ed25519 alone: AccountOptions.Key is the base64 of PublicKey.
func Backpack(o Options) *Server {
	s := newServer(o.filled(BackpackMarkets()))
	s.startBackpack()
	return s
}

func (s *Server) startBackpack() {
	s.venue = newBackpack(s)
	h := s.listen("backpack")
	s.names = map[string]string{"rest": "http://" + h.addr, "stream": "ws://" + h.addr, "account": "ws://" + h.addr}
	s.run()
}

// BackpackMarkets returns the default markets of Backpack: names with a dot and with a small
// letter, a step above one, and a market that is closed.
func BackpackMarkets() []Market {
	return []Market{
		{Symbol: "BTC/USDC", ID: "BTC_USDC", Family: "spot", Kind: "spot", Base: "BTC", Quote: "USDC", Price: "86625", Tick: "0.1", Step: "0.00001", Size: "0.2"},
		{Symbol: "SOL/USDC", ID: "SOL_USDC", Family: "spot", Kind: "spot", Base: "SOL", Quote: "USDC", Price: "98.96", Tick: "0.01", Step: "0.01", Size: "80"},
		{Symbol: "BONK/USDC", ID: "BONK_USDC", Family: "spot", Kind: "spot", Base: "BONK", Quote: "USDC", Price: "0.00002345", Tick: "0.00000001", Step: "10000", Size: "9000000"},
		{Symbol: "OLD/USDC", ID: "OLD_USDC", Family: "spot", Kind: "spot", Base: "OLD", Quote: "USDC", Status: "Closed", Price: "1", Tick: "0.01", Step: "0.01"},
		{Symbol: "SOL/USDC:USDC", ID: "SOL_USDC_PERP", Family: "swap", Kind: "swap", Base: "SOL", Quote: "USDC", Settle: "USDC", Price: "98.94", Tick: "0.01", Step: "0.01", Size: "200"},
		{Symbol: "kPEPE/USDC:USDC", ID: "kPEPE_USDC_PERP", Family: "swap", Kind: "swap", Base: "kPEPE", Quote: "USDC", Settle: "USDC", Price: "0.010250", Tick: "0.000001", Step: "1", Size: "50000"},
		{Symbol: "AAPL.US/USDC:USDC", ID: "AAPL.US_USDC_PERP", Family: "swap", Kind: "swap", Base: "AAPL.US", Quote: "USDC", Settle: "USDC", Price: "241.30", Tick: "0.01", Step: "0.001", Size: "10"},
	}
}

// backpack is the venue of section 12 of Backpack's document.
type backpack struct {
	s     *Server
	calls map[string]backpackCall // by path
}

// backpackCall is one REST endpoint.
type backpackCall struct {
	history bool   // counts in the small budget of section 9
	must    string // mandatory parameter
	answer  func(b *backpack, q *backpackQuery, w *writer)
}

// backpackQuery is one REST request, and how it is answered otherwise than with 200.
type backpackQuery struct {
	values url.Values
	sent   []byte      // the body of a private request
	header http.Header // of the answer to one
	m      *market
	now    time.Time
	status int
	body   string
}

func (q *backpackQuery) refuse(status int, body string) {
	if q.status == 0 {
		q.status, q.body = status, body
	}
}

// unreadable is a refusal of the parser, which is plain text.
func (q *backpackQuery) unreadable(name, why string) {
	q.refuse(http.StatusBadRequest, "failed to parse parameter `"+name+"`: "+why)
}

// int64 reads a whole number; absent gives otherwise.
func (q *backpackQuery) int64(name string, otherwise, least, most int64) int64 {
	text := q.values.Get(name)
	if text == "" {
		return otherwise
	}
	v, err := strconv.ParseInt(text, 10, 64)
	if err != nil || v < least || v > most {
		q.unreadable(name, "failed to parse \"integer\": out of range.")
		return otherwise
	}
	return v
}

func newBackpack(s *Server) *backpack {
	b := &backpack{s: s}
	intervals := append(binanceIntervals[:len(binanceIntervals)-1:len(binanceIntervals)-1], interval{name: "1month", months: 1})
	for i, cfg := range s.opts.Markets {
		m := newMarket(cfg, s.opts, &counter{seq: 4_330_360_995 + int64(i)*1_000_003, step: 1}, intervals, s.start)
		m.pdec, m.sdec = m.pscale, m.sscale // of the stream; REST trims
		s.markets = append(s.markets, m)
	}
	b.calls = map[string]backpackCall{
		"/markets":        {false, "", (*backpack).markets},
		"/status":         {false, "", (*backpack).status},
		"/depth":          {false, "symbol", (*backpack).depth},
		"/ticker":         {false, "symbol", (*backpack).tickers},
		"/tickers":        {false, "", (*backpack).tickers},
		"/trades":         {false, "symbol", (*backpack).trades},
		"/trades/history": {true, "symbol", (*backpack).trades},
		"/klines":         {true, "symbol", (*backpack).klines},
		"/markPrices":     {false, "", (*backpack).markPrices},
		"/fundingRates":   {true, "symbol", (*backpack).fundingRates},
		"/openInterest":   {false, "", (*backpack).openInterest},
	}
	return b
}

func (b *backpack) serve(h *host, w http.ResponseWriter, r *http.Request) {
	if isUpgrade(r) {
		b.s.socket(h, backpackSocket{b}, w, r, func(*conn) {})
		return
	}
	sent, err := io.ReadAll(io.LimitReader(r.Body, 1<<16))
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	body, wait := b.rest(h, w, r, sent)
	if wait != 0 && !b.s.pause(r, wait) {
		panic(http.ErrAbortHandler) // the connection ends without an answer
	}
	w.Write(body)
}

const plainText = "text/plain; charset=utf-8"

func (b *backpack) rest(h *host, w http.ResponseWriter, r *http.Request, sent []byte) (body []byte, wait time.Duration) {
	s := b.s
	s.mu.Lock()
	defer s.mu.Unlock()
	s.usage.requests[r.URL.Path]++
	w.Header().Set("Content-Type", "application/json")
	if body, done := s.broken(w, r, h, strings.HasSuffix(r.URL.Path, "/status")); done {
		return body, 0
	}
	path := strings.TrimPrefix(r.URL.Path, "/api/v1")
	if deed, ok := backpackDeeds[r.Method+" "+r.URL.Path]; ok && !b.charge(backpackCall{}, s.now()) {
		return b.private(h, w, r, deed, sent)
	}
	if body, ok := s.replayed(h, w, r); ok {
		return body, 0
	}
	q := &backpackQuery{values: r.URL.Query(), now: s.now()}
	call, ok := b.calls[path]
	switch {
	case path == "/time" || path == "/ping":
		w.Header().Set("Content-Type", plainText)
		if path == "/ping" {
			return []byte("pong"), 0
		}
		return strconv.AppendInt(nil, q.now.UnixMilli(), 10), 0
	case !ok || r.Method != http.MethodGet:
		q.refuse(http.StatusNotFound, "404 not found")
	case b.charge(call, q.now):
		q.refuse(http.StatusTooManyRequests, `{"code":"TOO_MANY_REQUESTS","message":"Too many requests"}`)
	case call.must != "" && q.values.Get(call.must) == "":
		q.unreadable(call.must, `failed to parse "string": Type "string" expects an input value.`)
	}
	q.m = s.market("", q.values.Get("symbol"))
	var out writer
	if q.status == 0 {
		call.answer(b, q, &out)
	}
	if q.status != 0 {
		return q.refused(w), 0
	}
	if path == "/depth" {
		wait = s.hold(q.m)
	}
	return out.b, wait
}

// refused writes the head of a refusal, and returns its body.
func (q *backpackQuery) refused(w http.ResponseWriter) []byte {
	if !strings.HasPrefix(q.body, "{") {
		w.Header().Set("Content-Type", plainText)
	}
	w.WriteHeader(q.status)
	return []byte(q.body)
}

// charge counts a request, in fixed minutes, and reports that it is one too many.
func (b *backpack) charge(call backpackCall, now time.Time) bool {
	all := b.s.usage.quota("backpack", now, time.Minute)
	all.used++
	old := b.s.usage.quota("backpack history", now, time.Minute)
	if call.history {
		old.used++
	}
	return all.used > 2000 || call.history && old.used > 30
}

// refusal is the body that the venue sends with a status.
func (b *backpack) refusal(_ *host, code int, _ time.Time) (body, kind string) {
	switch code {
	case http.StatusAccepted: // a cancellation will be looked at, section 7.9
		return "", ""
	case http.StatusTooManyRequests:
		return `{"code":"TOO_MANY_REQUESTS","message":"Too many requests"}`, ""
	case http.StatusServiceUnavailable:
		return `{"code":"MAINTENANCE","message":"Maintenance"}`, ""
	case http.StatusForbidden, http.StatusBadGateway, http.StatusGatewayTimeout, http.StatusTeapot:
		return strings.ReplaceAll(firewallPage, "403 Forbidden", fmt.Sprintf("%d %s", code, http.StatusText(code))), "text/html"
	}
	return `{"code":"SERVER_ERROR","message":"Internal server error"}`, ""
}

func (b *backpack) key(_ *conn, name string) string { return name }

// inject makes a book event out of turn.
func (b *backpack) inject(st *stream, k Kind, now time.Time) []event {
	if k != SequenceReset || st.kind != "depth" {
		return nil
	}
	evs := b.push(st, now, true)
	st.m.reset()
	st.last = st.m.counter.seq
	st.m.change(time.Now())
	return append(evs, b.push(st, now, true)...)
}

// Backpack announces nothing, and its books come from REST alone.
func (b *backpack) notice(*conn, time.Time) []byte { return nil }
func (b *backpack) late(*stream, time.Time)        {}
