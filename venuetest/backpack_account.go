package venuetest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// rules are what sections 6 to 8 of Backpack's document say of accounts: one wallet for everything, and ids that are used once.
func (b *backpack) rules() rules {
	return rules{
		unique:     allIDs,
		expires:    true,
		firstOrder: func(*market) int64 { return 59_887_375_000 },
	}
}

// backpackDeed is one private endpoint, and the name by which a request of it is signed (section 6).
type backpackDeed struct {
	instruction string
	trade       bool
	answer      func(b *backpack, a *Account, q *backpackQuery, w *writer)
}

var backpackDeeds = map[string]backpackDeed{
	"GET /api/v1/capital":              {"balanceQuery", false, (*backpack).capital},
	"GET /api/v1/orders":               {"orderQueryAll", false, (*backpack).openOrders},
	"GET /api/v1/order":                {"orderQuery", false, (*backpack).oneOrder},
	"POST /api/v1/order":               {"orderExecute", true, (*backpack).placeOrder},
	"DELETE /api/v1/order":             {"orderCancel", true, (*backpack).cancelOrder},
	"DELETE /api/v1/orders":            {"orderCancelAll", true, (*backpack).cancelOrders},
	"GET /api/v1/position":             {"positionQuery", false, (*backpack).position},
	"GET /wapi/v1/history/orders":      {"orderHistoryQueryAll", false, (*backpack).pastOrders},
	"GET /wapi/v1/history/fills":       {"fillHistoryQueryAll", false, (*backpack).pastFills},
	"GET /wapi/v1/capital/deposits":    {"depositQueryAll", false, (*backpack).deposits},
	"GET /wapi/v1/capital/withdrawals": {"withdrawalQueryAll", false, (*backpack).withdrawals},
}

// private answers a private request. wait is that of the answer, as Server.pause takes it. Under Server.mu.
func (b *backpack) private(h *host, w http.ResponseWriter, r *http.Request, deed backpackDeed, body []byte) ([]byte, time.Duration) {
	q := &backpackQuery{values: r.URL.Query(), sent: body, now: b.s.now(), header: w.Header()}
	a := b.admit(q, r, deed)
	var out writer
	if q.status == 0 {
		q.m = b.s.market("", q.values.Get("symbol"))
		deed.answer(b, a, q, &out)
	}
	if q.status == 0 && deed.trade {
		return b.s.answered(w, h, r.URL.Path, out.b)
	}
	if q.status != 0 {
		return q.refused(w), 0
	}
	return out.b, 0
}

// admit finds whose request it is, and refuses what section 6 says is to be refused.
func (b *backpack) admit(q *backpackQuery, r *http.Request, deed backpackDeed) *Account {
	a := b.s.account(r.Header.Get("X-API-Key"))
	if a == nil {
		q.refuse(http.StatusUnauthorized, `{"code":"UNAUTHORIZED","message":"Unauthorized"}`)
		return nil
	}
	text, ok := backpackText(deed.instruction, q.values, q.sent)
	proof := backpackProof{r.Header.Get("X-API-Key"), r.Header.Get("X-Signature"), r.Header.Get("X-Timestamp"), r.Header.Get("X-Window")}
	switch {
	case !ok:
		q.unreadable("body", "failed to parse JSON payload")
	case !a.from(r.RemoteAddr):
		q.refuse(http.StatusUnauthorized, `{"code":"UNAUTHORIZED","message":"Unauthorized"}`)
	default:
		if why := b.doubt(a, text, proof); why != "" {
			q.refuse(http.StatusBadRequest, `{"code":"INVALID_CLIENT_REQUEST","message":"`+why+`"}`)
		} else if !a.may(deed.trade) {
			q.refuse(http.StatusForbidden, `{"code":"FORBIDDEN","message":"Forbidden"}`)
		}
	}
	return a
}

// backpackProof is what proves who asks, as it stands in headers or in a request for private streams.
type backpackProof struct{ key, signature, timestamp, window string }

// doubt returns why a signature is not good, empty when it is.
func (b *backpack) doubt(a *Account, text string, p backpackProof) string {
	at, err := strconv.ParseInt(p.timestamp, 10, 64)
	window := int64(5000)
	if p.window != "" {
		var bad error
		if window, bad = strconv.ParseInt(p.window, 10, 64); bad != nil || window <= 0 || window > 60_000 {
			return "Invalid window"
		}
	}
	signature, broken := base64.StdEncoding.DecodeString(p.signature)
	switch late := b.s.now().UnixMilli() - at; {
	case err != nil || late < -window:
		return "Invalid timestamp"
	case late > window:
		return "Request has expired"
	case broken != nil || !a.signed([]byte(text+"&timestamp="+p.timestamp+"&window="+strconv.FormatInt(window, 10)), signature):
		return "Invalid signature"
	}
	return ""
}

// backpackText is what is signed before the time: the parameters as they were understood, in the order of their names.
func backpackText(instruction string, values map[string][]string, body []byte) (text string, ok bool) {
	params := make(map[string]string)
	for key := range values {
		params[key] = values[key][0]
	}
	if len(body) > 0 {
		d := json.NewDecoder(bytes.NewReader(body))
		d.UseNumber()
		var members map[string]any
		if d.Decode(&members) != nil {
			return "", false
		}
		for key, value := range members {
			if value != nil {
				params[key] = fmt.Sprint(value)
			}
		}
	}
	text = "instruction=" + instruction
	for _, key := range slices.Sorted(maps.Keys(params)) {
		text += "&" + key + "=" + params[key]
	}
	return text, true
}

// enlist answers a request for private streams, which is signed as a whole (section 8): with nothing, or with a refusal.
func (d backpackSocket) enlist(c *conn, proof []string, names []string) {
	b := d.b
	if len(proof) != 4 {
		d.fail(c, 4003, "Invalid signature")
		return
	}
	p := backpackProof{proof[0], proof[1], proof[2], proof[3]}
	a := b.s.account(p.key)
	if a == nil || a.refuses(c) || !a.from(c.ws.RemoteAddr().String()) || !a.may(false) {
		d.fail(c, 4003, "Invalid signature")
		return
	}
	if why := b.doubt(a, "instruction=subscribe", p); why != "" {
		d.fail(c, 4003, why)
		return
	}
	for _, name := range names {
		stream, symbol, _ := strings.Cut(strings.TrimPrefix(name, "account."), ".")
		tell := b.tellers()[stream]
		if tell == nil {
			d.fail(c, 4006, "Invalid stream")
			continue
		}
		b.s.follow(c, a, name, func(e *Event) (frames [][]byte) {
			for _, data := range tell(e, symbol) {
				frames = append(frames, backpackFrame(name, data))
			}
			return frames
		})
		if stream == "positionUpdate" {
			b.snapshot(c, a, name, symbol)
		}
	}
}
