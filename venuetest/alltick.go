package venuetest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// AllTick starts a simulated AllTick: shares, forex, metals and crypto. It knows the tokens that
// begin with the name of a plan and a hyphen, such as "free-0123456789".
func AllTick(o Options) *Server {
	s := newServer(o.filled(AllTickMarkets()))
	s.startAllTick()
	return s
}

func (s *Server) startAllTick() {
	s.venue = newAllTick(s)
	h := s.listen("alltick")
	s.names = map[string]string{
		"rest":      "http://" + h.addr,
		"stock":     "ws://" + h.addr + "/quote-stock-b-ws-api",
		"non-stock": "ws://" + h.addr + "/quote-b-ws-api",
	}
	s.run()
}

// AllTickMarkets returns the default markets of AllTick, of each class of volumes and depths.
func AllTickMarkets() []Market {
	return []Market{
		{Symbol: "700/HKD", ID: "700.HK", Family: "stock", Kind: "spot", Base: "700", Quote: "HKD", Price: "561.5", Tick: "0.5", Step: "100", Size: "9100"},
		{Symbol: "9988/HKD", ID: "9988.HK", Family: "stock", Kind: "spot", Base: "9988", Quote: "HKD", Price: "158.3", Tick: "0.1", Step: "100", Size: "4200"},
		{Symbol: "AAPL/USD", ID: "AAPL.US", Family: "stock", Kind: "spot", Base: "AAPL", Quote: "USD", Price: "254.32", Tick: "0.01", Step: "1", Size: "300"},
		{Symbol: "600416/CNY", ID: "600416.SH", Family: "stock", Kind: "spot", Base: "600416", Quote: "CNY", Price: "15.23", Tick: "0.01", Step: "1", Size: "500"},
		{Symbol: "EUR/USD", ID: "EURUSD", Family: "non-stock", Kind: "spot", Base: "EUR", Quote: "USD", Price: "1.17031", Tick: "0.00001", Step: "1", Size: "1"},
		{Symbol: "GOLD/USD", ID: "GOLD", Family: "non-stock", Kind: "spot", Base: "GOLD", Quote: "USD", Price: "3601.25", Tick: "0.01", Step: "1", Size: "1"},
		{Symbol: "BTC/USDT", ID: "BTCUSDT", Family: "non-stock", Kind: "spot", Base: "BTC", Quote: "USDT", Price: "64250.5", Tick: "0.01", Step: "0.0001", Size: "0.2"},
		{Symbol: "SOYBEAN", ID: "SOYBEAN", Family: "non-stock", Kind: "spot", Base: "SOYBEAN", Price: "1041.5", Tick: "0.25", Step: "1", Size: "1"},
	}
}

var allTickIntervals = []interval{
	{name: "1", length: time.Minute}, {name: "2", length: 5 * time.Minute}, {name: "3", length: 15 * time.Minute}, {name: "4", length: 30 * time.Minute},
	{name: "5", length: time.Hour}, {name: "6", length: 2 * time.Hour}, {name: "7", length: 4 * time.Hour}, {name: "8", length: dayLong},
	{name: "9", length: weekLong}, {name: "10", months: 1},
}

// allTick is the venue of section 12 of AllTick's document.
type allTick struct {
	s     *Server
	asked map[string]time.Time // by token: the last subscription, on any connection
	tried map[string]time.Time // by token and family: the last connection
}

func newAllTick(s *Server) *allTick {
	for i, cfg := range s.opts.Markets {
		m := newMarket(cfg, s.opts, &counter{seq: 30_686_349 + int64(i)*7_001, step: 3}, allTickIntervals, s.start)
		m.pdec, m.sdec = -1, -1
		if cfg.Family == "stock" {
			m.pdec = 6
		}
		s.markets = append(s.markets, m)
	}
	return &allTick{s: s, asked: make(map[string]time.Time), tried: make(map[string]time.Time)}
}

// allTickPlan is what a token may do: sections 4.1 and 9.
type allTickPlan struct {
	every         time.Duration
	burst, minute int
	batch         time.Duration
	gap           time.Duration
	conns, codes  int
	query, sets   int
}

var allTickPlans = map[string]allTickPlan{
	"free":         {10 * time.Second, 1, 10, 10 * time.Second, 10 * time.Second, 1, 5, 5, 5},
	"basic":        {time.Second, 1, 60, 3 * time.Second, 3 * time.Second, 1, 100, 50, 100},
	"premium":      {time.Second, 10, 600, 2 * time.Second, 3 * time.Second, 3, 200, 50, 200},
	"professional": {time.Second, 20, 1200, time.Second, 3 * time.Second, 10, 3000, 50, 500},
}

func tickPlan(token string) (allTickPlan, bool) {
	plan, _, _ := strings.Cut(token, "-")
	p, ok := allTickPlans[plan]
	return p, ok && len(token) > len(plan)+8
}

// plan is what a token may do here: a recording is for everybody.
func (a *allTick) plan(token string) (allTickPlan, bool) {
	if p, ok := tickPlan(token); ok || a.s.tape == nil {
		return p, ok
	}
	return allTickPlans["professional"], token != ""
}

// tickDepth is how many levels a side the class of a market has: section 4.6.
func tickDepth(m *market) int {
	switch {
	case strings.HasSuffix(m.ID, ".HK"):
		return 10
	case strings.HasSuffix(m.ID, ".SH"), strings.HasSuffix(m.ID, ".SZ"), m.Quote == "USDT":
		return 5
	}
	return 1
}

func tickSized(m *market) bool { return m.Family == "stock" || m.Quote == "USDT" }

func (a *allTick) serve(h *host, w http.ResponseWriter, r *http.Request) {
	family := "non-stock"
	if strings.HasPrefix(r.URL.Path, "/quote-stock-b-") {
		family = "stock"
	}
	if isUpgrade(r) {
		a.connect(h, family, w, r)
		return
	}
	body, wait := a.rest(h, family, w, r)
	if wait != 0 && !a.s.pause(r, wait) {
		panic(http.ErrAbortHandler) // the connection ends without an answer
	}
	w.Write(body)
}

func (a *allTick) rest(h *host, family string, w http.ResponseWriter, r *http.Request) (body []byte, wait time.Duration) {
	s := a.s
	s.mu.Lock()
	defer s.mu.Unlock()
	s.usage.requests[r.URL.Path]++
	w.Header().Set("Content-Type", "application/json")
	if body, done := s.broken(w, r, h, false); done {
		return body, 0
	}
	if body, ok := s.replayed(h, w, r); ok {
		return body, 0
	}
	if strings.HasSuffix(r.URL.Path, "/depth-tick") {
		wait = s.hold(nil)
	}
	return a.answer(family, r), wait
}

// allTickQuery is the JSON of a request: section 3.1.
type allTickQuery struct {
	Trace string        `json:"trace"`
	Data  *allTickNames `json:"data"`
}

type allTickNames struct {
	allTickBars
	Symbols []allTickBars `json:"symbol_list"`
	List    []allTickBars `json:"data_list"`
	Cancel  *int          `json:"cancel_type"`
}

type allTickBars struct {
	Code  string `json:"code"`
	Type  int    `json:"kline_type"`
	End   int64  `json:"kline_timestamp_end"`
	Count int    `json:"query_kline_num"`
	Level int    `json:"depth_level"`
}

// refuseAllTick is an answer without data.
func refuseAllTick(ret int, trace string) []byte {
	texts := map[int]string{400: "request header param invalid", 401: "token invalid", 402: "query invalid", 600: "code invalid", 601: "body empty", 605: "too many requests"}
	return fmt.Appendf(nil, `{"ret":%d,"msg":"%s","trace":%q,"data":{}}`, ret, texts[ret], trace)
}

func (a *allTick) answer(family string, r *http.Request) []byte {
	values, now := r.URL.Query(), a.s.now()
	token := values.Get("token")
	p, ok := a.plan(token)
	what := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	quota := func(name string, n int, per time.Duration) bool {
		u := a.s.usage.quota(name+" "+token, now, per)
		u.used++
		return u.used > n
	}
	over := quota("total", p.burst, p.every)
	if over = quota("minute", p.minute, time.Minute) || over; what == "batch-kline" {
		over = quota(what, 1, p.batch) || over
	}
	text := []byte(values.Get("query"))
	if r.Method == http.MethodPost {
		text, _ = io.ReadAll(r.Body) // what is short is no JSON
	}
	var q allTickQuery
	switch {
	case !ok:
		return refuseAllTick(401, "")
	case over:
		return refuseAllTick(605, "")
	case len(text) == 0 && r.Method == http.MethodPost:
		return refuseAllTick(601, "")
	case json.Unmarshal(text, &q) != nil:
		return refuseAllTick(402, "")
	case q.Trace == "" || q.Data == nil:
		return refuseAllTick(400, "")
	}
	asked, most := q.Data.Symbols, p.query
	switch what {
	case "kline":
		asked = []allTickBars{q.Data.allTickBars}
	case "batch-kline":
		asked, most = q.Data.List, p.sets
	}
	asked = asked[:min(len(asked), most)] // the rest is left out in silence
	for _, x := range asked {
		if m := a.s.market(family, x.Code); m == nil || strings.Contains(what, "kline") && (m.bars(strconv.Itoa(x.Type)) == nil || family == "stock" && (x.Type == 6 || x.Type == 7)) {
			return refuseAllTick(600, q.Trace)
		}
	}
	return a.tell(family, what, q.Trace, asked, now)
}

// tell answers a question that is allowed.
func (a *allTick) tell(family, what, trace string, asked []allTickBars, now time.Time) []byte {
	w := &writer{}
	w.open('{')
	w.keyInt("ret", 200)
	w.keyText("msg", "ok")
	w.keyText("trace", trace)
	w.key("data")
	w.open('{')
	switch what {
	case "kline":
		a.bars(w, family, asked[0], "kline_list", 500, now)
	case "batch-kline":
		w.key("kline_list")
		w.open('[')
		for _, x := range asked {
			w.open('{')
			a.bars(w, family, x, "kline_data", 2, now)
			w.close('}')
		}
		w.close(']')
	default:
		w.key("tick_list")
		w.open('[')
		for _, x := range asked {
			m := a.s.market(family, x.Code)
			w.open('{')
			if what == "depth-tick" {
				a.picture(w, m, now)
			} else {
				tradeTick(w, m, *m.trades.last(), true)
			}
			w.close('}')
		}
		w.close(']')
	}
	w.close('}')
	w.close('}')
	return w.b
}

// picture writes the book of REST, or an old one.
func (a *allTick) picture(w *writer, m *market, now time.Time) {
	n := tickDepth(m)
	if a.s.hit(nil, m, "depth", StaleSnapshot) == nil && !a.s.chaos.stale() {
		bookTick(w, m, m.seq, m.bids.top(n), m.asks.top(n), now, true)
		return
	}
	b, _ := m.at(m.past(100))
	bookTick(w, m, b.Seq, b.best(n, b.Bids), b.best(n, b.Asks), now.Add(-time.Minute), true)
}

// bars writes candles, oldest first: section 3.2.
func (a *allTick) bars(w *writer, family string, x allTickBars, list string, most int, now time.Time) {
	m := a.s.market(family, x.Code)
	s := m.bars(strconv.Itoa(x.Type))
	s.roll(now.UnixMilli(), m)
	open := s.now.open
	if x.End > 0 && family != "stock" {
		open = min(open, s.interval.open(x.End*1000))
	}
	n := min(x.Count, most)
	w.keyText("code", x.Code)
	w.keyInt("kline_type", int64(x.Type))
	w.key(list)
	w.open('[')
	for i := n - 1; i >= 0; i-- {
		c := s.at(s.interval.shift(open, -i), m)
		w.open('{')
		w.keyText("timestamp", strconv.FormatInt(c.open/1000, 10))
		w.keyPrice("open_price", m, c.o)
		w.keyPrice("close_price", m, c.c)
		w.keyPrice("high_price", m, c.h)
		w.keyPrice("low_price", m, c.l)
		tickVolume(w, "volume", m, c.size)
		w.keyText("turnover", "0")
		w.close('}')
	}
	w.close(']')
}

func tickVolume(w *writer, key string, m *market, size int64) {
	if tickSized(m) {
		w.keySize(key, m, size)
	} else {
		w.keyText(key, "0")
	}
}

// tickHead begins a tick: what is text in REST is a number in pushes (section 4.5).
func tickHead(w *writer, m *market, seq int64, at time.Time, text bool) {
	w.keyText("code", m.ID)
	if text {
		w.keyText("seq", strconv.FormatInt(seq, 10))
		w.keyText("tick_time", strconv.FormatInt(at.UnixMilli(), 10))
		return
	}
	w.keyInt("seq", seq)
	w.keyInt("tick_time", at.UnixMilli())
}

func bookTick(w *writer, m *market, seq int64, bids, asks []level, at time.Time, text bool) {
	tickHead(w, m, seq, at, text)
	for i, side := range [][]level{bids, asks} {
		w.key([]string{"bids", "asks"}[i])
		w.open('[')
		for _, l := range side {
			w.open('{')
			w.keyPrice("price", m, l.px)
			tickVolume(w, "volume", m, l.sz)
			w.close('}')
		}
		w.close(']')
	}
}

func tradeTick(w *writer, m *market, t trade, text bool) {
	tickHead(w, m, t.id-firstTrade, t.at, text)
	w.keyPrice("price", m, t.px)
	tickVolume(w, "volume", m, t.sz)
	w.keyText("turnover", "0")
	switch {
	case !tickSized(m):
		w.keyInt("trade_direction", 0)
	case t.sell:
		w.keyInt("trade_direction", 2)
	default:
		w.keyInt("trade_direction", 1)
	}
}

func (a *allTick) refusal(_ *host, code int, _ time.Time) (body, kind string) {
	if code == http.StatusTooManyRequests {
		return `{"ret":429,"msg":"rate limit","trace":"","data":{}}`, ""
	}
	return firewallPage, "text/html"
}

func (a *allTick) notice(*conn, time.Time) []byte          { return nil }
func (a *allTick) late(*stream, time.Time)                 {}
func (a *allTick) inject(*stream, Kind, time.Time) []event { return nil }
func (a *allTick) key(_ *conn, name string) string         { return name }

// ofList returns the names that are on a list of a connection.
func ofList(names []string, list string) (of []string) {
	return slices.DeleteFunc(slices.Clone(names), func(n string) bool { return !strings.HasPrefix(n, list) })
}
