package venuetest

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// okxWindow is how far the time of a request may be from the venue's (sections 6.1 and 6.2).
const okxWindow = 30 * time.Second

// rules are what sections 7 and 8 of OKX's document say of accounts: one that trades and one of deposits, ids of the customer that
// are his once, and post-only orders that are accepted before they end.
func (o *okx) rules() rules {
	return rules{
		cashier:    "funding",
		unique:     allIDs,
		expires:    true,
		firstOrder: func(*market) int64 { return 2_941_177_305_512_812_544 },
	}
}

// okxOwn is one REST endpoint of the account.
type okxOwn struct {
	limit  int // requests
	every  time.Duration
	trade  bool // it gives orders, which needs a permission
	answer func(o *okx, q *okxQuery, w *writer)
}

func (o *okx) ownRoutes() {
	const two = 2 * time.Second
	o.own = map[string]okxOwn{
		"GET /account/balance":              {10, two, false, (*okx).balance},
		"GET /account/positions":            {10, two, false, (*okx).positions},
		"GET /account/config":               {5, two, false, (*okx).config},
		"GET /asset/balances":               {6, time.Second, false, (*okx).funds},
		"GET /asset/deposit-history":        {6, time.Second, false, (*okx).deposits},
		"GET /asset/withdrawal-history":     {6, time.Second, false, (*okx).withdrawals},
		"GET /trade/orders-pending":         {60, two, false, (*okx).pending},
		"GET /trade/orders-history":         {40, two, false, (*okx).history},
		"GET /trade/orders-history-archive": {20, two, false, (*okx).archive},
		"GET /trade/fills":                  {60, two, false, (*okx).fills},
		"GET /trade/fills-history":          {10, two, false, (*okx).oldFills},
		"GET /trade/order":                  {60, two, false, (*okx).oneOrder},
		"POST /trade/order":                 {60, two, true, (*okx).instruct},
		"POST /trade/batch-orders":          {300, two, true, (*okx).instruct},
		"POST /trade/cancel-order":          {60, two, true, (*okx).instruct},
		"POST /trade/cancel-batch-orders":   {300, two, true, (*okx).instruct},
		"POST /trade/amend-order":           {60, two, true, (*okx).instruct},
		"POST /trade/amend-batch-orders":    {300, two, true, (*okx).instruct},
	}
}

// okxDenied are the texts of the gateway, which has no data (section 10). Most come with status 401.
var okxDenied = map[int]string{
	50101: "APIKey does not match current environment.",
	50102: "Timestamp request expired",
	50103: "Request header OK-ACCESS-KEY can not be empty.",
	50104: "Request header OK-ACCESS-PASSPHRASE can not be empty.",
	50105: "Request header OK-ACCESS-PASSPHRASE incorrect.",
	50106: "Request header OK-ACCESS-SIGN can not be empty.",
	50107: "Request header OK-ACCESS-TIMESTAMP can not be empty.",
	50110: "Your IP is not included in your API key's IP whitelist.",
	50112: "Invalid OK-ACCESS-TIMESTAMP",
	50113: "Invalid Sign",
	50119: "API key doesn't exist",
	50120: "This API key doesn't have permission to use this function",
}

// deny writes a refusal of the gateway.
func (o *okx) deny(w http.ResponseWriter, code int) []byte {
	if code != 50119 && code != 50120 {
		w.WriteHeader(http.StatusUnauthorized)
	}
	return fmt.Appendf(nil, `{"msg":%q,"code":"%d"}`, okxDenied[code], code)
}

// admit finds out whose request it is, or the code of its refusal (section 6.1). Under Server.mu.
func (o *okx) admit(r *http.Request, body string, trade bool) (a *Account, code int) {
	key, at := r.Header.Get("OK-ACCESS-KEY"), r.Header.Get("OK-ACCESS-TIMESTAMP")
	sign, passphrase := r.Header.Get("OK-ACCESS-SIGN"), r.Header.Get("OK-ACCESS-PASSPHRASE")
	switch {
	case key == "":
		return nil, 50103
	case passphrase == "":
		return nil, 50104
	case sign == "":
		return nil, 50106
	case at == "":
		return nil, 50107
	}
	t, err := time.Parse("2006-01-02T15:04:05.000Z", at)
	if err != nil {
		return nil, 50112
	}
	if off := o.s.now().Sub(t).Abs(); off > okxWindow {
		return nil, 50102
	}
	mac, err := base64.StdEncoding.DecodeString(sign)
	a = o.s.account(key)
	switch {
	case a == nil:
		return nil, 50119
	case a.opts.Demo != (r.Header.Get("x-simulated-trading") == "1"):
		return nil, 50101
	case a.opts.Passphrase != passphrase:
		return nil, 50105
	case !a.from(r.RemoteAddr):
		return nil, 50110
	case err != nil || !a.signed([]byte(at+r.Method+r.URL.RequestURI()+body), mac):
		return nil, 50113
	case !a.may(trade):
		return nil, 50120
	}
	return a, 0
}

// private answers a request of an account. Under Server.mu.
func (o *okx) private(h *host, w http.ResponseWriter, r *http.Request, call okxOwn, sent []byte) (body []byte, wait time.Duration) {
	a, code := o.admit(r, string(sent), call.trade)
	if code != 0 {
		return o.deny(w, code), 0
	}
	path := strings.TrimPrefix(r.URL.Path, "/api/v5")
	q := &okxQuery{values: r.URL.Query(), now: o.s.now(), a: a, path: path, body: sent}
	o.check(q, "")
	limit := o.s.usage.quota(r.Method+path+" "+a.opts.ID, q.now, call.every)
	if limit.used++; limit.used > call.limit {
		w.WriteHeader(http.StatusTooManyRequests)
		return []byte(`{"msg":"Too Many Requests","code":"50011"}`), 0
	}
	var out writer
	if q.err == nil {
		call.answer(o, q, &out)
	}
	switch {
	case q.err != nil:
		w.WriteHeader(q.err.status)
		return fmt.Appendf(nil, `{"code":"%d","data":[],"msg":%q}`, q.err.code, q.err.msg), 0
	case call.trade:
		return o.s.answered(w, h, r.URL.Path, out.b)
	}
	return fmt.Appendf(nil, `{"code":"0","msg":"","data":[%s]}`, out.b), 0
}
