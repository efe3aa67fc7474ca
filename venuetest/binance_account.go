package venuetest

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/depthwire/depthwire/decimal"
)

// rules are what sections 7 and 8 of Binance's document say of accounts: two wallets, ids that are unique among open orders.
func (b *binance) rules() rules {
	return rules{
		wallets: []string{"spot", "linear"},
		wallet:  func(m *market) string { return m.Family },
		cashier: "spot",
		unique:  openIDs,
		firstOrder: func(m *market) int64 {
			if m.Family == "spot" {
				return 48_211_330_900
			}
			return firstOrder
		},
		clientID: madeID,
		least: func(m *market) decimal.Decimal {
			if m.Family == "spot" {
				return decimal.New(5, 0)
			}
			return decimal.New(100, 0)
		},
	}
}

// madeID is what the venue calls an order, or a request to cancel one, that came without an id.
func madeID(rng *rand.Rand) string { return random(rng, 22, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"+lowerDigits) }

const lowerDigits = "abcdefghijklmnopqrstuvwxyz0123456789"

// random is text of n of the letters.
func random(rng *rand.Rand, n int, letters string) string {
	id := make([]byte, n)
	for i := range id {
		id[i] = letters[rng.IntN(len(letters))]
	}
	return string(id)
}

// security is what a call needs, section 6.2.
type security uint8

const (
	keyOnly security = iota // USER_STREAM
	reads                   // USER_DATA
	trades                  // TRADE
)

// binanceSigned is one call of an account, over REST or the WebSocket API.
type binanceSigned struct {
	needs  security
	weight func(q *query) int
	params string // as in binanceCall
	answer func(b *binance, q *query, w *writer)
}

const (
	spotNew      = "!symbol !side !type timeInForce quantity quoteOrderQty price newClientOrderId newOrderRespType stopPrice trailingDelta icebergQty selfTradePreventionMode strategyId strategyType pegPriceType pegOffsetType pegOffsetValue"
	linearNew    = "!symbol !side !type positionSide timeInForce quantity price priceMatch reduceOnly newClientOrderId newOrderRespType selfTradePreventionMode goodTillDate stopPrice closePosition workingType priceProtect"
	theirHistory = "orderId startTime endTime limit"
)

// accountRoutes fills the table of calls of accounts, sections 7 and 8.4.
func (b *binance) accountRoutes() {
	open := func(one, all int) func(*query) int {
		return func(q *query) int {
			if q.single {
				return one
			}
			return all
		}
	}
	byOrder := func(q *query) int {
		if q.values.Has("orderId") {
			return 5
		}
		return 20
	}
	gone := binanceSigned{keyOnly, flatWeight(0), "listenKey", (*binance).gone}
	b.signed = map[string]binanceSigned{
		"spot GET /api/v3/account":                   {reads, flatWeight(20), "omitZeroBalances", (*binance).spotAccount},
		"spot GET /api/v3/openOrders":                {reads, open(6, 80), "symbol", (*binance).openOrders},
		"spot GET /api/v3/order":                     {reads, flatWeight(4), "!symbol orderId origClientOrderId", (*binance).oneOrder},
		"spot GET /api/v3/allOrders":                 {reads, flatWeight(20), "!symbol " + theirHistory, (*binance).allOrders},
		"spot GET /api/v3/myTrades":                  {reads, byOrder, "!symbol fromId " + theirHistory, (*binance).myTrades},
		"spot GET /api/v3/rateLimit/order":           {reads, flatWeight(40), "", (*binance).orderLimits},
		"spot POST /api/v3/order":                    {trades, flatWeight(0), spotNew, (*binance).create},
		"spot POST /api/v3/order/test":               {trades, flatWeight(1), spotNew, (*binance).tryOrder},
		"spot DELETE /api/v3/order":                  {trades, flatWeight(0), "!symbol orderId origClientOrderId newClientOrderId cancelRestrictions", (*binance).cancelOne},
		"spot DELETE /api/v3/openOrders":             {trades, flatWeight(0), "!symbol", (*binance).cancelAll},
		"spot PUT /api/v3/order/amend/keepPriority":  {trades, flatWeight(4), "!symbol orderId origClientOrderId !newQty newClientOrderId", (*binance).shrink},
		"spot GET /sapi/v1/capital/deposit/hisrec":   {reads, flatWeight(0), "coin status startTime endTime offset limit txId includeSource", (*binance).deposits},
		"spot GET /sapi/v1/capital/withdraw/history": {reads, flatWeight(0), "coin withdrawOrderId status offset limit idList startTime endTime", (*binance).withdrawals},
		"spot POST /api/v3/userDataStream":           gone,
		"spot PUT /api/v3/userDataStream":            gone,
		"spot DELETE /api/v3/userDataStream":         gone,
		"linear GET /fapi/v3/balance":                {reads, flatWeight(5), "", (*binance).linearBalance},
		"linear GET /fapi/v2/balance":                {reads, flatWeight(5), "", (*binance).linearBalance},
		"linear GET /fapi/v3/positionRisk":           {reads, flatWeight(5), "symbol", (*binance).positionRisk},
		"linear GET /fapi/v2/positionRisk":           {reads, flatWeight(5), "symbol", (*binance).positionRiskV2},
		"linear GET /fapi/v1/symbolConfig":           {reads, flatWeight(5), "symbol", (*binance).symbolConfig},
		"linear GET /fapi/v1/positionSide/dual":      {reads, flatWeight(30), "", (*binance).oneWay},
		"linear GET /fapi/v1/openOrders":             {reads, open(1, 40), "symbol", (*binance).openOrders},
		"linear GET /fapi/v1/openOrder":              {reads, flatWeight(1), "!symbol orderId origClientOrderId", (*binance).oneOrder},
		"linear GET /fapi/v1/order":                  {reads, flatWeight(1), "!symbol orderId origClientOrderId", (*binance).oneOrder},
		"linear GET /fapi/v1/allOrders":              {reads, flatWeight(5), "symbol " + theirHistory, (*binance).allOrders},
		"linear GET /fapi/v1/userTrades":             {reads, flatWeight(5), "!symbol fromId " + theirHistory, (*binance).myTrades},
		"linear POST /fapi/v1/order":                 {trades, flatWeight(0), linearNew, (*binance).create},
		"linear PUT /fapi/v1/order":                  {trades, flatWeight(0), "!symbol orderId origClientOrderId !side !quantity !price", (*binance).modify},
		"linear DELETE /fapi/v1/order":               {trades, flatWeight(1), "!symbol orderId origClientOrderId", (*binance).cancelOne},
		"linear DELETE /fapi/v1/allOpenOrders":       {trades, flatWeight(1), "!symbol", (*binance).cancelAll},
		"linear POST /fapi/v1/listenKey":             {keyOnly, flatWeight(1), "", (*binance).startKey},
		"linear PUT /fapi/v1/listenKey":              {keyOnly, flatWeight(1), "listenKey", (*binance).keepKey},
		"linear DELETE /fapi/v1/listenKey":           {keyOnly, flatWeight(1), "listenKey", (*binance).endKey},
	}
}

// proof is how a request says whose it is.
type proof struct {
	key, payload, signature string
	remote                  string
	known                   *Account // of a session that is logged on, where the request has no key of its own
}

// restProof reads it from a request over REST, section 6.3: what is signed are the query and the body as they came, without
// the signature, with nothing in between.
func restProof(r *http.Request, body []byte) (p proof, values url.Values) {
	values = r.URL.Query()
	p = proof{key: r.Header.Get("X-MBX-APIKEY"), remote: r.RemoteAddr}
	query, ofQuery := unsigned(r.URL.RawQuery)
	form, ofBody := unsigned(string(body))
	p.payload, p.signature = query+form, ofQuery+ofBody
	inBody, err := url.ParseQuery(string(body))
	if err != nil {
		return p, values
	}
	for name, v := range inBody {
		if !values.Has(name) {
			values[name] = v
		}
	}
	return p, values
}

// unsigned cuts the signature out of a query.
func unsigned(raw string) (rest, signature string) {
	var kept []string
	for pair := range strings.SplitSeq(raw, "&") {
		if text, ok := strings.CutPrefix(pair, "signature="); ok {
			signature, _ = url.QueryUnescape(text)
			continue
		}
		kept = append(kept, pair)
	}
	return strings.Join(kept, "&"), signature
}

// private answers a call of an account over REST. Under Server.mu.
func (b *binance) private(h *host, w http.ResponseWriter, r *http.Request, call binanceSigned, body []byte) ([]byte, time.Duration) {
	p, values := restProof(r, body)
	q := &query{values: values, host: h.name, now: b.s.now()}
	b.unit(q, r.Header.Get("X-MBX-TIME-UNIT"))
	b.answerTo(h, w.Header(), q, call, p)
	if body, done := b.s.broken(w, r, h, false); done {
		return body, 0
	}
	var out writer
	if q.err == nil {
		call.answer(b, q, &out)
	}
	if q.err != nil {
		if call.weight(q) == 0 {
			b.charge(h, w.Header(), q, 1) // what fails is not free
		}
		return fail(w, q.err), 0
	}
	if call.needs == trades {
		b.countOrders(w.Header(), q)
		return b.s.answered(w, h, r.URL.Path, out.b)
	}
	return out.b, 0
}

// answerTo finds out whose a request is, and what is wrong with it.
func (b *binance) answerTo(h *host, header http.Header, q *query, call binanceSigned, p proof) {
	denied := b.admit(q, call.needs, p)
	b.check(q, call.params+" timestamp recvWindow signature apiKey returnRateLimits")
	if refused := b.charge(h, header, q, call.weight(q)); refused != nil {
		q.err = refused
	} else if denied != nil {
		q.err = denied
	}
}

// admit is the authentication of sections 6 and 12.1.
func (b *binance) admit(q *query, needs security, p proof) *refusal {
	a := p.known
	if p.key != "" || a == nil {
		if a = b.s.account(p.key); a == nil && malformed(p.key) {
			return &refusal{http.StatusUnauthorized, -2014, "API-key format invalid."}
		}
	}
	stranger := &refusal{http.StatusUnauthorized, -2015, "Invalid API-key, IP, or permissions for action."}
	if a == nil || a.revoked || !a.from(p.remote) {
		return stranger
	}
	q.account = a
	if needs == keyOnly {
		return nil
	}
	must := []string{"timestamp"}
	if p.key != "" || p.known == nil {
		must = []string{"signature", "timestamp"}
		q.values.Set("signature", p.signature)
	}
	for _, name := range must {
		if q.values.Get(name) == "" {
			return &refusal{http.StatusBadRequest, -1102, fmt.Sprintf("Mandatory parameter '%s' was not sent, was empty/null, or malformed.", name)}
		}
	}
	if len(must) == 2 && !a.signed([]byte(p.payload), decoded(a, p.signature)) {
		return &refusal{http.StatusBadRequest, -1022, "Signature for this request is not valid."}
	}
	if late := q.inTime(); late != nil {
		return late
	}
	if !a.may(needs == trades) {
		return stranger
	}
	return nil
}

// malformed: keys of every kind are 64 letters and digits.
func malformed(key string) bool {
	return len(key) != 64 || strings.Trim(strings.ToLower(key), lowerDigits) != ""
}

// decoded is the signature's bytes: hex of HMAC keys, base64 of Ed25519 ones; nothing where it is neither.
func decoded(a *Account, signature string) []byte {
	decode := hex.DecodeString
	if a.opts.PublicKey != nil {
		decode = base64.StdEncoding.DecodeString
	}
	mac, err := decode(signature)
	if err != nil {
		return nil
	}
	return mac
}

// inTime checks the timestamp against the venue's clock, section 6.3.
func (q *query) inTime() *refusal {
	at, err := strconv.ParseInt(q.values.Get("timestamp"), 10, 64)
	if err != nil {
		return &refusal{http.StatusBadRequest, -1100, "Illegal characters found in parameter 'timestamp'; legal range is '^[0-9]{1,20}$'."}
	}
	unit := time.Millisecond
	if q.host == "spot" && at >= 1e14 {
		unit = time.Microsecond
	}
	window := 5000.0
	if text := q.values.Get("recvWindow"); text != "" {
		_, frac, _ := strings.Cut(text, ".")
		if window, err = strconv.ParseFloat(text, 64); err != nil || window > 60_000 || len(frac) > 3 || q.host == "linear" && frac != "" {
			return &refusal{http.StatusBadRequest, -1130, "Data sent for parameter 'recvWindow' is not valid."}
		}
	}
	switch age := q.now.Sub(time.Unix(0, at*int64(unit))); {
	case age <= -time.Second:
		return &refusal{http.StatusBadRequest, -1021, "Timestamp for this request was 1000ms ahead of the server's time."}
	case age.Seconds()*1000 > window:
		return &refusal{http.StatusBadRequest, -1021, "Timestamp for this request is outside of the recvWindow."}
	}
	return nil
}

// gone is what was removed, section 8.1.
func (b *binance) gone(q *query, _ *writer) {
	q.err = &refusal{http.StatusGone, -1020, "This operation is not supported."}
}

// orderQuota is one of the limits on new orders, section 9.1.
type orderQuota struct {
	header, interval string
	num, limit       int
	every            time.Duration
}

func orderQuotas(host string) []orderQuota {
	if host == "spot" {
		return []orderQuota{{"10S", "SECOND", 10, 50, 10 * time.Second}, {"1D", "DAY", 1, 160_000, dayLong}}
	}
	return []orderQuota{{"10S", "SECOND", 10, 300, 10 * time.Second}, {"1M", "MINUTE", 1, 1200, time.Minute}}
}

func (b *binance) orderUse(q *query, l orderQuota) *quota {
	return b.s.usage.quota("orders "+q.host+l.header+q.account.opts.Key, q.now, l.every)
}

// tooMany refuses an order that is one too many.
func (b *binance) tooMany(q *query) bool {
	for _, l := range orderQuotas(q.host) {
		if b.orderUse(q, l).used >= l.limit {
			q.err = &refusal{http.StatusTooManyRequests, -1015, fmt.Sprintf("Too many new orders; current limit is %d orders per %d %s.", l.limit, l.num, l.interval)}
			return true
		}
	}
	return false
}

// placed counts an order that was placed: on spot only one that waits.
func (b *binance) placed(q *query, o *Order) {
	for _, l := range orderQuotas(q.host) {
		if q.host == "linear" || o.Fills == 0 {
			b.orderUse(q, l).used++
		}
	}
}

// countOrders tells how many were placed.
func (b *binance) countOrders(header http.Header, q *query) {
	for _, l := range orderQuotas(q.host) {
		header.Set("X-MBX-ORDER-COUNT-"+l.header, strconv.Itoa(b.orderUse(q, l).used))
	}
}

func (b *binance) orderLimits(q *query, w *writer) {
	w.open('[')
	for _, l := range orderQuotas(q.host) {
		w.raw(fmt.Sprintf(`{"rateLimitType":"ORDERS","interval":%q,"intervalNum":%d,"limit":%d,"count":%d}`, l.interval, l.num, l.limit, b.orderUse(q, l).used))
	}
	w.close(']')
}
