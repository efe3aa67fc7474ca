package alltick

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/tidwall/gjson"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/rest"
)

// codeList is the data of a request about several codes, with more of each.
func codeList(key string, n int, code func(int) string, more string) []byte {
	b := fmt.Appendf(nil, `{"%s":[`, key)
	for i := range n {
		if i > 0 {
			b = append(b, ',')
		}
		b = fmt.Appendf(b, `{"code":%q%s}`, code(i), more)
	}
	return append(b, "]}"...)
}

// question makes the JSON of a request (section 3.1), compact and with a trace of its own.
func question(key string, ms []*exchange.Market, more string) []byte {
	return fmt.Appendf(nil, `{"trace":"%s","data":%s}`, rand.Text(), codeList(key, len(ms), func(i int) string { return ms[i].ID }, more))
}

// askTicks asks for the book or the last trade (sections 3.4 and 3.5).
func askTicks(r *rest.Request, ms []*exchange.Market, _ exchange.Args) error {
	r.Set("query", string(question("symbol_list", ms, "")))
	return nil
}

// askTrade asks for the last trade: there are no others.
func askTrade(r *rest.Request, ms []*exchange.Market, a exchange.Args) error {
	if !a.Range.Since.IsZero() || !a.Range.Until.IsZero() || a.Range.FromID != "" {
		return &exchange.Error{Venue: name, Symbol: ms[0].Symbol, Kind: exchange.ErrNotSupported, Message: "there is the last trade only"}
	}
	return askTicks(r, ms, a)
}

// askDays asks for the running day and the one before (section 3.3).
func askDays(r *rest.Request, ms []*exchange.Market, _ exchange.Args) error {
	if len(ms) == 0 {
		return &exchange.Error{Venue: name, Kind: exchange.ErrNotSupported, Message: "name the symbols: there are no tickers of all"}
	}
	r.Method, r.Idempotent, r.Header = http.MethodPost, true, http.Header{"Content-Type": {"application/json"}}
	r.Body = question("data_list", ms, `,"kline_type":8,"kline_timestamp_end":0,"query_kline_num":2,"adjust_type":0`)
	return nil
}

// askCandles asks for the newest candles until a time (section 3.2). For shares the venue does not heed the time: they
// have their newest 500 only.
func askCandles(r *rest.Request, ms []*exchange.Market, a exchange.Args) error {
	const most = 500
	n, end, paged := most, int64(0), ms[0].Family == nonStock
	if a.Range.Since.IsZero() && a.Range.Limit > 0 && (a.Range.Until.IsZero() || paged) {
		n = min(a.Range.Limit+1, most) // one may be at the end, which is exclusive
	}
	if !a.Range.Until.IsZero() && paged {
		end = a.Range.Until.Unix()
	}
	r.Set("query", fmt.Sprintf(`{"trace":"%s","data":{"code":"%s","kline_type":%s,"kline_timestamp_end":%d,"query_kline_num":%d,"adjust_type":0}}`,
		rand.Text(), ms[0].ID, bars[a.Interval], end, n))
	return nil
}

// beforeCandles goes back from the oldest candle of a page.
func beforeCandles(page []exchange.Candle, a exchange.Args) (exchange.Args, bool) {
	a.Range.Until = page[0].Start
	return a, page[0].Start.After(a.Range.Since)
}

// codes are the venue's refusals (section 10; 201 and 202 are 400 in former times), and those that it does not number itself.
var codes = exchange.Codes(nil, map[error]string{
	exchange.ErrBadRequest:  "201, 202, 400, 402, 601",
	exchange.ErrAuth:        "401",
	exchange.ErrRateLimit:   "429, 605, 606",
	exchange.ErrBadSymbol:   "600",
	exchange.ErrPermission:  "603, 604",
	exchange.ErrMalformed:   "no ret",
	exchange.ErrUnavailable: "no JSON",
})

// refusal reads ret, which a body has whatever its status. A page in place of JSON comes from the edge. Who asked too often
// waits twice the time that the plan puts between requests (section 9.3).
func (p plan) refusal(status int, body []byte) (code, text string, until time.Time) {
	ret, ok := gjson.GetBytes(body, "ret"), status == http.StatusOK
	switch {
	case ret.Exists() && (!ok || ret.Int() != 200):
		code, text = strconv.FormatInt(ret.Int(), 10), gjson.GetBytes(body, "msg").String()
		if codes[code] == exchange.ErrRateLimit {
			until = time.Now().Add(2 * p.every)
		}
	case ok && !bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")):
		code = "no JSON"
	case ok && !ret.Exists():
		code = "no ret"
	}
	return code, text, until
}
