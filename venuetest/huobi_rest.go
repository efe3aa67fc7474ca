package venuetest

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

func (v *huobi) serve(h *host, w http.ResponseWriter, r *http.Request) {
	switch path := r.URL.Path; {
	case isUpgrade(r) && (path == "/ws/v2" || path == "/ws/trade" || path == "/ws/v5/notification" || path == "/linear-swap-trade"):
		d := &huobiPrivate{v: v, h: h, from: r.RemoteAddr, at: r.Host}
		v.s.socket(h, d, w, r, func(c *conn) { c.packed = h.name == "contract" })
	case isUpgrade(r):
		v.s.socket(h, huobiSocket{v}, w, r, func(c *conn) { c.packed = true })
	case v.isPrivate(path):
		v.account(h, w, r)
	default:
		w.Write(v.rest(h, w, r))
	}
}

func (v *huobi) rest(h *host, w http.ResponseWriter, r *http.Request) []byte {
	s := v.s
	s.mu.Lock()
	defer s.mu.Unlock()
	s.usage.requests[r.URL.Path]++
	w.Header().Set("Content-Type", "application/json")
	if body, done := s.broken(w, r, h, r.URL.Path == marketStatus || r.URL.Path == contractStatus); done {
		return body
	}
	if body, ok := s.replayed(h, w, r); ok {
		return body
	}
	now := s.now()
	q := r.URL.Query()
	family, path := "spot", r.URL.Path
	switch {
	case strings.Contains(path, "linear") || strings.Contains(path, "/index/"):
		family = "linear"
	case strings.Contains(path, "swap"):
		family = "inverse"
	}
	m := s.market(family, q.Get("symbol")+q.Get("contract_code"))
	if i := strings.LastIndex(path, "/market/"); i > 0 && family != "spot" {
		path = path[i:]
	} else if i := strings.Index(path, "/v1/"); i > 0 && family != "spot" {
		path = path[i:]
	}
	switch path { // those of all markets
	case marketStatus, contractStatus:
		return v.status(path, now)
	case "/v1/common/timestamp":
		return fmt.Appendf(nil, `{"status":"ok","data":%d}`, now.UnixMilli())
	case "/api/v1/timestamp":
		return fmt.Appendf(nil, `{"status":"ok","ts":%d}`, now.UnixMilli())
	case "/v1/settings/common/market-symbols", "/v1/swap_contract_info":
		return v.all(family, `{"status":"ok","data":[%s],"ts":"%d"}`, (*market).rules, q.Get("business_type") != "")
	case "/market/tickers":
		return v.all(family, `{"status":"ok","data":[%s],"ts":%d}`, (*market).listed, true)
	case "/market/detail/batch_merged":
		return v.all(family, `{"status":"ok","ticks":[%s],"ts":%d}`, (*market).listed, q.Get("business_type") != "")
	}
	if m == nil || m.Status != "" {
		if h.name == "contract" {
			return fmt.Appendf(nil, `{"status":"error","err_code":1013,"err_msg":"This contract symbol doesn't exist.","ts":%d}`, now.UnixMilli())
		}
		return fmt.Appendf(nil, `{"ts":%d,"status":"error","err-code":"invalid-parameter","err-msg":"invalid symbol"}`, now.UnixMilli())
	}
	size, err := strconv.Atoi(q.Get("size"))
	if q.Has("size") && (err != nil || size < 1 || size > 2000) {
		return fmt.Appendf(nil, `{"ts":%d,"status":"error","err-code":"bad-request","err-msg":"invalid size,valid range: [1, 2000]"}`, now.UnixMilli())
	}
	return v.about(m, path, q, size, w)
}

// about answers what is asked about one market.
func (v *huobi) about(m *market, path string, q url.Values, size int, w http.ResponseWriter) []byte {
	now, body := v.s.now(), ""
	switch path {
	case "/market/depth":
		n, _ := strconv.Atoi(q.Get("depth"))
		if n == 0 {
			n = 150
		}
		if q.Get("type") == "step6" {
			n = 20
		}
		st := &stream{topic: topic{kind: "whole", m: m, depth: n}, name: "market." + m.ID + ".depth.step0"}
		return append([]byte(`{"status":"ok",`), v.state(st, now)[1:]...)
	case "/market/detail/merged":
		bid, ask := m.touch()
		body = `"tick":{` + fmt.Sprintf(`"id":%d,`, m.seq) + m.summary() + m.best(bid, ask, true) + "}"
	case "/market/history/trade":
		body = `"data":[` + m.matches(size) + "]"
	case "/market/history/kline":
		rows, ok := m.klines(q.Get("period"), q.Get("from"), q.Get("to"), size, now)
		if !ok {
			return fmt.Appendf(nil, `{"ts":%d,"status":"error","err-code":"invalid-parameter","err-msg":"invalid period"}`, now.UnixMilli())
		}
		body = `"data":[` + strings.Join(rows, ",") + "]"
	case "/index/market/history/linear_swap_mark_price_kline", "/market/history/linear_swap_mark_price_kline":
		mark, _ := m.mark()
		body = fmt.Sprintf(`"data":[{"amount":"0","close":"%s","id":%d}]`, trimmed(mark, moneyScale), now.Truncate(time.Minute).Unix())
	case "/v1/swap_funding_rate":
		next := nextFunding(now)
		body = fmt.Sprintf(`"data":{"funding_rate":"%s","contract_code":"%s","symbol":"%s","funding_time":"%d","estimated_rate":null,"next_funding_time":null}`, fundingAt(next, 18), m.ID, m.Base, next.UnixMilli())
	case "/v1/swap_open_interest":
		body = `"data":[` + m.interest() + "]"
	case "/v1/swap_historical_funding_rate":
		page, _ := strconv.Atoi(q.Get("page_index"))
		var rows []string
		for i := range 50 {
			at := now.Truncate(fundingEvery).Add(-time.Duration((page-1)*50+i) * fundingEvery)
			rows = append(rows, fmt.Sprintf(`{"avg_premium_index":"0.00004","funding_rate":"%s","funding_time":"%d","realized_rate":null,"contract_code":"%s"}`, fundingAt(at, 18), at.UnixMilli(), m.ID))
		}
		body = `"data":{"total_page":14,"current_page":` + strconv.Itoa(page) + `,"data":[` + strings.Join(rows, ",") + "]}"
	default:
		w.WriteHeader(http.StatusMethodNotAllowed)
		return []byte(`{"status":"error","err-code":"method-not-allowed","err-msg":"method not allowed","data":null}`)
	}
	return fmt.Appendf(nil, `{"ch":"market.%s","status":"ok","ts":%d,%s}`, m.ID, now.UnixMilli(), body)
}

// all lists the markets of a family; dated ones only when they are asked for.
func (v *huobi) all(family, form string, row func(*market) string, dated bool) []byte {
	var rows []string
	for _, m := range v.s.markets {
		if m.Family == family && (dated || m.Kind != "future") {
			if text := row(m); text != "" {
				rows = append(rows, text)
			}
		}
	}
	return fmt.Appendf(nil, form, strings.Join(rows, ","), v.s.now().UnixMilli())
}

// rules is a row of the list of instruments (sections 2.1, 2.5).
func (m *market) rules() string {
	if m.Kind == "spot" {
		state := m.Status
		if state == "" {
			state = "online"
		}
		return fmt.Sprintf(`{"symbol":"%s","state":"%s","bc":"%s","qc":"%s","pp":%d,"ap":%d,"sp":"main","vp":8,"minoa":0.001,"lominoa":%s,"lomaxoa":10000,"minov":10,"lr":null,"at":"enabled"}`,
			m.ID, state, strings.ToLower(m.Base), strings.ToLower(m.Quote), m.pscale, m.sscale, m.Step)
	}
	delivery, kind := "", "swap"
	if m.Kind == "future" {
		delivery, kind = strconv.FormatInt(m.Expiry.UnixMilli(), 10), "futures"
	}
	return fmt.Sprintf(`{"symbol":"%s","contract_code":"%s","contract_size":%s0000,"price_tick":%s0000,"delivery_time":"%s","create_date":"20201021","contract_status":1,"business_type":"%s","trade_partition":"%s"}`,
		m.Base, m.ID, decimals(m.ContractSize), decimals(m.Tick), delivery, kind, m.Settle)
}

// decimals is a number that zeros may follow.
func decimals(n string) string {
	if strings.Contains(n, ".") {
		return n
	}
	return n + "."
}

// listed is a row of the list of tickers (sections 3.3, 3.7).
func (m *market) listed() string {
	if m.Status != "" {
		return ""
	}
	bid, ask := m.touch()
	if m.Kind == "spot" {
		return `{"symbol":"` + m.ID + `",` + m.summary() + m.best(bid, ask, false) + "}"
	}
	d := &m.day
	row := strings.NewReplacer(`"vol":`, `"number_of":`, `"trade_turnover":`, `"vol":`).Replace(m.bar(d.open, d.high, d.low, d.last, d.size, d.quote, d.coin, d.count))
	return `{"contract_code":"` + m.ID + `",` + row + m.best(bid, ask, true) + "}"
}

// matches lists matches, the newest first, each with its trades, the newest first.
func (m *market) matches(n int) string {
	var rows []string
	aggs := m.aggs.items
	for i := len(aggs) - 1; i >= 0 && len(rows) < n; i-- {
		a := aggs[i]
		var ts []string
		for _, t := range m.trades.items {
			if t.id >= a.first && t.id <= a.last {
				ts = append([]string{m.one(t, "trade-id")}, ts...)
			}
		}
		rows = append(rows, fmt.Sprintf(`{"id":%d,"ts":%d,"data":[%s]}`, a.seq, a.at.UnixMilli(), strings.Join(ts, ",")))
	}
	return strings.Join(rows, ",")
}

// klines lists candles: the newest first on spot, oldest first of contracts.
func (m *market) klines(period, from, to string, size int, now time.Time) (rows []string, ok bool) {
	s := m.bars(period)
	if s == nil {
		return nil, false
	}
	s.roll(now.UnixMilli(), m)
	oldest, _ := strconv.ParseInt(from, 10, 64)
	newest, _ := strconv.ParseInt(to, 10, 64)
	if from == "" {
		newest = now.Unix()
	} else {
		size = 2000
	}
	for open := s.now.open; len(rows) < size && open/1000 >= oldest; open = s.interval.shift(open, -1) {
		if open/1000 > newest {
			continue
		}
		row := "{" + m.candle(s.at(open, m)) + "}"
		if m.Kind == "spot" {
			rows = append(rows, row)
		} else {
			rows = append([]string{row}, rows...)
		}
	}
	return rows, true
}
