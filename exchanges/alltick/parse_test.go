package alltick

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/rest"
	"github.com/depthwire/depthwire/stream"
)

// about is the scope of a code, as the client makes it.
func about(code string) *exchange.Scope {
	m, family := market(code)
	m.Family = family
	return &exchange.Scope{Market: &m, Args: exchange.Args{Interval: "1m"}, Received: time.Unix(1789560030, 0)}
}

// The messages of sections 3.2 to 3.5, 4.5, 4.6 and 5.4 of the venue's document.
const (
	barsForex = `{"ret":200,"msg":"ok","trace":"t-0001","data":{"code":"EURUSD","kline_type":1,"kline_list":[{"timestamp":"1789560000","open_price":"1.170280","close_price":"1.170300","high_price":"1.170310","low_price":"1.170270","volume":"0","turnover":"0"},{"timestamp":"1789559940","open_price":"1.170310","close_price":"1.170280","high_price":"1.170350","low_price":"1.170260","volume":"0","turnover":"0"}]}}`
	barsShare = `{"ret":200,"msg":"ok","trace":"t-0011","data":{"code":"600416.SH","kline_type":1,"kline_list":[{"timestamp":"1789541760","open_price":"15.220000","close_price":"15.230000","high_price":"15.230000","low_price":"15.220000","volume":"385","turnover":"586162.000000"}]}}`
	daysREST  = `{"ret":200,"msg":"ok","trace":"t-0003","data":{"kline_list":[{"code":"EURUSD","kline_type":8,"kline_data":[]},{"code":"BTCUSDT","kline_type":8,"kline_data":[{"timestamp":"1789430400","open_price":"63880.10","close_price":"64110.50","high_price":"64590.00","low_price":"63420.30","volume":"18234.5512","turnover":"1167403311.72"},{"timestamp":"1789516800","open_price":"64110.50","close_price":"64250.50","high_price":"64480.00","low_price":"63905.00","volume":"9120.0417","turnover":"585210044.18"}]}]}}`
	bookREST  = `{"ret":200,"msg":"ok","trace":"t-0002","data":{"tick_list":[{"code":"700.HK","seq":"30686349","tick_time":"1789545599812","bids":[{"price":"561.500000","volume":"18400"},{"price":"561.000000","volume":"52300"}],"asks":[{"price":"562.000000","volume":"9100"},{"price":"562.500000","volume":"33700"}]},{"code":"AAPL.US","seq":"8817203","tick_time":"1789588799104","bids":[{"price":"254.310000","volume":"300"}],"asks":[{"price":"254.330000","volume":"200"}]}]}}`
	tradeREST = `{"ret":200,"msg":"ok","trace":"t-0004","data":{"tick_list":[{"code":"700.HK","seq":"30841439","tick_time":"1789545599640","price":"561.500000","volume":"400","turnover":"224600.000000","trade_direction":1}]}}`
	tradePush = `{"cmd_id":22998,"data":{"code":"700.HK","seq":30841439,"tick_time":1789545599640,"price":"561.500","volume":"400","turnover":"224600.000","trade_direction":2}}`
	tradeText = `{"cmd_id":22998,"data":{"code":"EURUSD","seq":"118840021","tick_time":"1789560003127","price":"1.17031","volume":"0","turnover":"0","trade_direction":0}}`
	bookPush  = `{"cmd_id":22999,"data":{"code":"600416.SH","seq":1836410,"tick_time":1789541999911,"bids":[{"price":"15.220","volume":"1203"},{"price":"15.230","volume":"460"}],"asks":[{"price":"15.240","volume":"32"},{"price":"15.250","volume":"518"}]}}`
	bookForex = `{"cmd_id":22999,"data":{"code":"EURUSD","seq":118840044,"tick_time":1789560003,"bids":[{"price":"1.17030","volume":"0"}],"asks":[{"price":"1.17033","volume":""}]}}`
	limitUp   = `{"cmd_id":22999,"data":{"code":"600416.SH","seq":1,"tick_time":1789541999911,"bids":[{"price":"37.700000","volume":"460"},{"price":"0","volume":"0"}],"asks":[{"price":"0.000000","volume":"0"}]}}`
)

func sayLevels(ls []book.Level) string {
	var b strings.Builder
	for _, l := range ls {
		fmt.Fprintf(&b, " %s×%s", l.Price, l.Size)
	}
	return b.String()
}

func TestParse(t *testing.T) {
	for _, c := range []struct{ name, code, text, want string }{
		{"book of REST", "700.HK", bookREST, "30686349 2026-09-16T07:59:59.812Z bids 561.500000×18400 561.000000×52300 asks 562.000000×9100 562.500000×33700"},
		{"another of it", "AAPL.US", bookREST, "8817203 2026-09-16T19:59:59.104Z bids 254.310000×300 asks 254.330000×200"},
		{"lots, out of order", "600416.SH", bookPush, "1836410 2026-09-16T06:59:59.911Z bids 15.230×46000 15.220×120300 asks 15.240×3200 15.250×51800"},
		{"no volumes, seconds", "EURUSD", bookForex, "118840044 2026-09-16T12:00:03Z bids 1.17030× asks 1.17033×"},
		{"limit up", "600416.SH", limitUp, "1 2026-09-16T06:59:59.911Z bids 37.700000×46000 asks"},
		{"of another code", "GOLD", bookPush, ""},
	} {
		us, err := books(nil, about(c.code), []byte(c.text))
		got := ""
		for _, u := range us {
			got += fmt.Sprintf("%d %s bids%s asks%s", u.Last, u.Time.Format(time.RFC3339Nano), sayLevels(u.Bids), sayLevels(u.Asks))
		}
		if got != c.want || err != nil {
			t.Errorf("%s: %s, %v\nwant %s", c.name, got, err, c.want)
		}
		if qs, err := touches(nil, about(c.code), []byte(c.text)); len(qs) != len(us) || err != nil || len(qs) > 0 && (qs[0].Bid != us[0].Bids[0].Price || qs[0].Ask.Absent() != (len(us[0].Asks) == 0)) {
			t.Errorf("%s: best %+v, %v", c.name, qs, err)
		}
	}
	for _, c := range []struct{ code, text, want string }{
		{"700.HK", tradeREST, "1789545599640-30841439 buy 561.500000×400 224600.000000 700/HKD 30841439"},
		{"700.HK", tradePush, "1789545599640-30841439 sell 561.500×400 224600.000 700/HKD 30841439"},
		{"EURUSD", tradeText, "1789560003127-118840021  1.17031×  EUR/USD 118840021"},
		{"GOLD", tradeText, ""},
	} {
		ts, err := matches(nil, about(c.code), []byte(c.text))
		got := ""
		for _, v := range ts {
			got += fmt.Sprintf("%s %s %s×%s %s %s %d", v.ID, v.Side, v.Price, v.Size, v.Cost, v.Symbol, v.Seq)
		}
		if got != c.want || err != nil {
			t.Errorf("%s, %v\nwant %s", got, err, c.want)
		}
		if last, err := lasts(nil, about(c.code), []byte(c.text)); len(last) != len(ts) || err != nil || len(last) > 0 && (last[0].Last != ts[0].Price || last[0].LastSize != ts[0].Size) {
			t.Errorf("ticker %+v, %v", last, err)
		}
	}
}

func TestParseCandles(t *testing.T) {
	for code, want := range map[string]string{
		"EURUSD":    "2026-09-16T11:59:00Z 1.170310 1.170350 1.170260 1.170280   true;2026-09-16T12:00:00Z 1.170280 1.170310 1.170270 1.170300   false;",
		"600416.SH": "2026-09-16T06:56:00Z 15.220000 15.230000 15.220000 15.230000 38500 586162.000000 true;",
	} {
		text, got := barsForex, ""
		if code == "600416.SH" {
			text = barsShare
		}
		ks, err := candles(nil, about(code), []byte(text))
		for _, k := range ks {
			got += fmt.Sprintf("%s %s %s %s %s %s %s %v;", k.Start.Format(time.RFC3339), k.Open, k.High, k.Low, k.Close, k.Volume, k.QuoteVolume, k.Closed)
		}
		if got != want || err != nil {
			t.Errorf("%s: %s, %v\nwant %s", code, got, err, want)
		}
	}
	in := about("EURUSD")
	in.Args.Interval = "5m"
	if _, err := candles(nil, in, []byte(barsForex)); !errors.Is(err, errLength) {
		t.Errorf("another length: %v", err)
	}
	in.Args.Interval = "1m"
	if _, err := candles(nil, in, []byte(strings.Replace(barsForex, `"code"`, `"name"`, 1))); !errors.Is(err, errCode) {
		t.Errorf("without a code: %v", err)
	}
	if none, err := candles(nil, in, []byte(`{"ret":200,"msg":"ok","data":{}}`)); len(none) != 0 || err != nil {
		t.Errorf("no candles: %+v, %v", none, err)
	}
	if none, err := lasts(nil, in, []byte(`{"ret":200,"msg":"ok","data":{}}`)); len(none) != 0 || err != nil {
		t.Errorf("no trade: %+v, %v", none, err)
	}
	if none, err := books(nil, in, []byte(`{"ret":200,"msg":"ok","data":{"tick_list":[]}}`)); len(none) != 0 || err != nil {
		t.Errorf("no book: %+v, %v", none, err)
	}
	vs, err := days(nil, about("BTCUSDT"), []byte(daysREST))
	if err != nil || len(vs) != 1 {
		t.Fatalf("%+v, %v", vs, err)
	}
	got := fmt.Sprint(vs[0].Symbol, vs[0].Last, vs[0].Open, vs[0].High, vs[0].Low, vs[0].PreviousClose, vs[0].Change, vs[0].Percent.Round(4), vs[0].Volume, vs[0].QuoteVolume, vs[0].OpenTime.Unix())
	if want := "BTC/USDT 64250.50 64110.50 64480.00 63905.00 64110.50 140.00 0.2184 9120.0417 585210044.18 1789516800"; strings.Join(strings.Fields(got), "") != strings.ReplaceAll(want, " ", "") {
		t.Errorf("day %s\nwant %s", got, want)
	}
}

func TestMarkets(t *testing.T) {
	for code, want := range map[string]string{
		"AAPL.US": "AAPL/USD stock", "BRK.B.US": "BRK.B/USD stock", "700.HK": "700/HKD stock", "600416.SH": "600416/CNY stock", "000627.SZ": "000627/CNY stock",
		"EURUSD": "EUR/USD non-stock", "XAUUSD": "XAU/USD non-stock", "BTCUSDT": "BTC/USDT non-stock", "1000SATSUSDT": "1000SATS/USDT non-stock", "GOLD": "GOLD/USD non-stock",
		"Silver": "Silver/USD non-stock", "SILVER": "SILVER non-stock", "US30": "US30 non-stock", "USDT": "USDT non-stock", ".US": ".US non-stock",
		"": " ", "NO/SUCH": " ", "A B": " ", `A"B`: " ", "Ä": " ", strings.Repeat("A", 33): " ",
	} {
		m, family := market(code)
		if got := m.Symbol + " " + family; got != want || family != "" && (m.ID != code || !m.Active) {
			t.Errorf("%q is %q, want %q", code, got, want)
		}
	}
	seen := map[string]string{}
	for _, code := range known {
		m, _ := market(code)
		if seen[m.Symbol] != "" {
			t.Errorf("%s and %s are both %s", code, seen[m.Symbol], m.Symbol)
		}
		seen[m.Symbol] = code
	}
}

// trace stands for the unique one of a request.
var trace = regexp.MustCompile(`"trace":"[A-Z2-7]{26}"`)

func plainTrace(b []byte) string { return string(trace.ReplaceAll(b, []byte(`"trace":"t-0001"`))) }

// TestRequests compares requests with the vectors of section 6, byte by byte.
func TestRequests(t *testing.T) {
	ms := []*exchange.Market{about("EURUSD").Market, about("BTCUSDT").Market}
	shares := []*exchange.Market{about("700.HK").Market, about("AAPL.US").Market}
	var r rest.Request
	if err := askCandles(&r, ms[:1], exchange.Args{Interval: "1m", Range: exchange.Range{Limit: 1}}); err != nil {
		t.Fatal(err)
	}
	r.Query[0].Value = plainTrace([]byte(r.Query[0].Value))
	r.Set("token", "demo-token-0123456789abcdef")
	const vector = `query=%7B%22trace%22%3A%22t-0001%22%2C%22data%22%3A%7B%22code%22%3A%22EURUSD%22%2C%22kline_type%22%3A1%2C%22kline_timestamp_end%22%3A0%2C%22query_kline_num%22%3A2%2C%22adjust_type%22%3A0%7D%7D&token=demo-token-0123456789abcdef`
	if got := r.RawQuery(); got != vector {
		t.Errorf("kline\n%s\nwant\n%s", got, vector)
	}
	r = rest.Request{}
	if err := askTicks(&r, shares, exchange.Args{}); err != nil {
		t.Fatal(err)
	}
	r.Query[0].Value = strings.Replace(plainTrace([]byte(r.Value("query"))), "t-0001", "t-0002", 1)
	if got, want := r.RawQuery(), `query=%7B%22trace%22%3A%22t-0002%22%2C%22data%22%3A%7B%22symbol_list%22%3A%5B%7B%22code%22%3A%22700.HK%22%7D%2C%7B%22code%22%3A%22AAPL.US%22%7D%5D%7D%7D`; got != want {
		t.Errorf("ticks\n%s\nwant\n%s", got, want)
	}
	if err := askDays(&r, ms, exchange.Args{}); err != nil || r.Method != http.MethodPost {
		t.Fatal(err)
	}
	if got, want := plainTrace(r.Body), `{"trace":"t-0001","data":{"data_list":[{"code":"EURUSD","kline_type":8,"kline_timestamp_end":0,"query_kline_num":2,"adjust_type":0},{"code":"BTCUSDT","kline_type":8,"kline_timestamp_end":0,"query_kline_num":2,"adjust_type":0}]}}`; got != want {
		t.Errorf("batch\n%s\nwant\n%s", got, want)
	}
}

func TestRefusal(t *testing.T) {
	for _, c := range []struct {
		status int
		body   string
		code   string
		kind   error
	}{
		{200, `{"ret":200,"msg":"ok","trace":"t-0001","data":{}}`, "", nil},
		{200, `{"ret":600,"msg":"code invalid","trace":"t-0009","data":{}}`, "600", exchange.ErrBadSymbol},
		{200, `{"ret":401,"msg":"token invalid","data":null}`, "401", exchange.ErrAuth},
		{200, `{"ret":604}`, "604", exchange.ErrPermission},
		{200, `{"ret":605,"msg":"too many requests"}`, "605", exchange.ErrRateLimit},
		{429, `{"ret":429,"msg":"rate limit"}`, "429", exchange.ErrRateLimit},
		{200, `<html>`, "no JSON", exchange.ErrUnavailable},
		{200, ``, "no JSON", exchange.ErrUnavailable},
		{200, `{}`, "no ret", exchange.ErrMalformed},
		{502, `<html>`, "", nil},
		{500, `{"success":false}`, "", nil},
	} {
		code, _, until := plan{every: 10 * time.Second}.refusal(c.status, []byte(c.body))
		if code != c.code || codes[code] != c.kind || until.IsZero() == (c.kind == exchange.ErrRateLimit) {
			t.Errorf("%d %s: %q until %v", c.status, c.body, code, until)
		}
	}
}

func frames(rs []stream.Request) (all []string) {
	for _, r := range rs {
		all = append(all, plainTrace(r.Frame))
	}
	return all
}

// TestChange: a list is sent whole; its last topic is cancelled.
func TestChange(t *testing.T) {
	d := new(dialect)
	for _, c := range []struct {
		held, add, drop []string
		want            []string
	}{
		{nil, []string{"depth:700.HK", "trade:700.HK", "depth:600416.SH"}, nil, []string{
			`{"cmd_id":22002,"seq_id":1,"trace":"t-0001","data":{"symbol_list":[{"code":"600416.SH","depth_level":10},{"code":"700.HK","depth_level":10}]}}`,
			`{"cmd_id":22004,"seq_id":2,"trace":"t-0001","data":{"symbol_list":[{"code":"700.HK"}]}}`}},
		{[]string{"depth:700.HK", "depth:600416.SH", "trade:700.HK"}, []string{"depth:5.HK"}, []string{"depth:700.HK"}, []string{
			`{"cmd_id":22002,"seq_id":3,"trace":"t-0001","data":{"symbol_list":[{"code":"600416.SH","depth_level":10},{"code":"5.HK","depth_level":10}]}}`}},
		{[]string{"trade:700.HK", "trade:5.HK"}, nil, []string{"trade:5.HK"}, []string{`{"cmd_id":22004,"seq_id":4,"trace":"t-0001","data":{"symbol_list":[{"code":"700.HK"}]}}`}},
		{[]string{"trade:700.HK", "depth:5.HK"}, nil, []string{"trade:700.HK"}, []string{`{"cmd_id":22006,"seq_id":5,"trace":"t-0001","data":{"cancel_type":2}}`}},
		{[]string{"depth:5.HK"}, []string{"depth:5.HK"}, []string{"depth:5.HK"}, []string{
			`{"cmd_id":22002,"seq_id":6,"trace":"t-0001","data":{"symbol_list":[{"code":"5.HK","depth_level":10}]}}`}},
	} {
		if got := frames(d.Change(time.Time{}, c.held, c.add, c.drop)); !slices.Equal(got, c.want) {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
	if msg, every := d.Beat(time.Time{}); plainTrace(msg) != `{"cmd_id":22000,"seq_id":7,"trace":"t-0001","data":{}}` || every != 10*time.Second {
		t.Errorf("%s every %s", msg, every)
	}
}

func TestRoute(t *testing.T) {
	route := func(d *dialect, text string) (stream.Frame, error) {
		var f stream.Frame
		err := d.Route([]byte(text), &f)
		return f, err
	}
	d := new(dialect)
	for text, want := range map[string]string{
		bookPush: "depth:600416.SH", tradePush: "trade:700.HK",
		`{ "data":{"bids":[],"code":"GOLD"},"cmd_id": 22999,"new":[1]}`: "depth:GOLD",
		`{"cmd_id":22998,"data":{"code":"A\u0042"}}`:                    "trade:AB",
		`{"cmd_id":23001,"data":{"code":"GOLD"}}`:                       "",
		`{"ret":200,"msg":"ok","cmd_id":22001,"seq_id":7,"data":{}}`:    "",
		`{"ret":200,"msg":"ok","cmd_id":22003,"seq_id":99,"data":{}}`:   "",
	} {
		if f, err := route(d, text); string(f.Topic) != want || err != nil || len(f.Acks) > 0 {
			t.Errorf("%s: %q, %v", text, f.Topic, err)
		}
	}
	for _, text := range []string{"", "7", `{"cmd_id":22999}`, `{"cmd_id":22999,"data":{}}`, `{}`, bookPush[:20], `{"cmd_id":"x"}`, `{"ret":401,"msg":"token invalid","cmd_id":22001}`} {
		if f, err := route(d, text); err == nil || f.Topic != nil {
			t.Errorf("%q: no error, topic %q", text, f.Topic)
		}
	}
	if f, err := route(d, `{"ret":606,"msg":"too many requests and connection will be closed","cmd_id":22005,"seq_id":3,"data":{}}`); f.Leave == "" || err != nil {
		t.Errorf("606: %+v, %v", f, err)
	}
	d.Change(time.Time{}, nil, []string{"depth:A.US"}, nil)
	f, err := route(d, `{"ret":400,"msg":"request header param invalid","cmd_id":0,"seq_id":0,"trace":"","data":{}}`)
	if len(f.Acks) != 1 || string(f.Acks[0].ID) != "1" || !errors.Is(f.Acks[0].Err, exchange.ErrBadRequest) || err != nil {
		t.Errorf("an answer to nothing: %+v, %v", f.Acks, err)
	}
}

// seeds are the messages of the other tests.
func seeds(f *testing.F) {
	for _, s := range []string{barsForex, barsShare, daysREST, bookREST, tradeREST, tradePush, tradeText, bookPush, bookForex, limitUp, "\xff{}", `{"data":{"tick_list":[{"code":"700.HK","bids":[{"price":7,"volume":{}}]}]}}`,
		`{"data":{"code":"700.HK","price":"1"},"data":{"code":"700.HK","price":"2"}}`, `{"data":[]}`, `{"data":{"tick_list":[[]]}}`, `{"ret":600,"cmd_id":22003,"seq_id":1}`, `{"ret":400,"cmd_id":0}`} {
		f.Add([]byte(s))
	}
}

// FuzzRoute: no frame does harm, and data is the frame.
func FuzzRoute(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		d := new(dialect)
		d.Change(time.Time{}, nil, []string{"depth:700.HK", "depth:EURUSD"}, nil)
		var frame stream.Frame
		if err := d.Route(b, &frame); frame.Topic != nil && (err != nil || !bytes.Equal(frame.Data, b)) {
			t.Errorf("topic %s, %v", frame.Topic, err)
		}
		for _, r := range d.Change(time.Time{}, []string{"depth:700.HK"}, []string{"depth:GOLD", "depth:B"}, nil) {
			if !bytes.Contains(r.Frame, []byte("700.HK")) {
				t.Errorf("%s: what is held is gone", r.Frame)
			}
		}
	})
}

// FuzzParse: every parser answers any bytes with values or an error.
func FuzzParse(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, in := range []*exchange.Scope{about("700.HK"), about("600416.SH"), about("EURUSD"), about("BTCUSDT"), {}} {
			twice(t, books, in, b)
			twice(t, touches, in, b)
			twice(t, matches, in, b)
			twice(t, lasts, in, b)
			twice(t, candles, in, b)
			twice(t, days, in, b)
		}
		plan{}.refusal(200, b)
	})
}

// twice checks that a parser appends, and does the same twice.
func twice[T any](t *testing.T, parse exchange.Parser[T], in *exchange.Scope, b []byte) {
	first, err := parse(nil, in, b)
	again, err2 := parse(slices.Clip(first), in, b)
	if (err == nil) != (err2 == nil) || err == nil && len(again) != 2*len(first) {
		t.Errorf("%d values, %v; then %d, %v", len(first), err, len(again), err2)
	}
}

// TestAllocations: what comes all the time costs no memory, but for the id of a trade.
func TestAllocations(t *testing.T) {
	steady(t, bookPush, "600416.SH", books, 0)
	steady(t, bookPush, "600416.SH", touches, 0)
	steady(t, tradePush, "700.HK", matches, 1)
	steady(t, tradePush, "700.HK", lasts, 0)
}

func steady[T any](t *testing.T, text, code string, parse exchange.Parser[T], most float64) {
	t.Helper()
	in, b := about(code), []byte(text)
	var rows []T
	var err error
	if n := testing.AllocsPerRun(200, func() { rows, err = parse(rows[:0], in, b) }); n > most || err != nil || len(rows) != 1 {
		t.Errorf("%v allocations, %d values, %v", n, len(rows), err)
	}
}

// bench measures a parser behind Route on one message.
func bench[T any](b *testing.B, text, code string, parse exchange.Parser[T], then func(*T) error) {
	in, d, f := about(code), new(dialect), stream.Frame{}
	msg := []byte(text)
	var rows []T
	b.ReportAllocs()
	for b.Loop() {
		if err := d.Route(msg, &f); err != nil {
			b.Fatal(err)
		}
		var err error
		if rows, err = parse(rows[:0], in, f.Data); err != nil || len(rows) != 1 {
			b.Fatal(len(rows), err)
		}
		if err := then(&rows[0]); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBook(b *testing.B) {
	s := book.NewSync(book.Config{MayCross: true, KeepZero: true, MaxPending: -1})
	bench(b, bookPush, "600416.SH", books, func(u *book.Update) error { return s.Apply(u) })
}

func BenchmarkTouch(b *testing.B) {
	bench(b, bookPush, "600416.SH", touches, func(*exchange.BidAsk) error { return nil })
}

func BenchmarkTrade(b *testing.B) {
	bench(b, tradePush, "700.HK", matches, func(*exchange.Trade) error { return nil })
}
