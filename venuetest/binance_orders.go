package venuetest

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/depthwire/depthwire/decimal"
)

// padded is a number with n digits after the point at least, and with all that it has where exact is set, else cut to n.
func padded(d decimal.Decimal, n int, exact bool) string {
	if !exact {
		d = d.Trunc(n)
	}
	text := d.Reduce().String()
	_, frac, _ := strings.Cut(text, ".")
	if n == 0 || len(frac) >= n {
		return text
	}
	if frac == "" {
		text += "."
	}
	return text + strings.Repeat("0", n-len(frac))
}

// keyDecimal writes a quoted number with n digits after the point, without zeros at its end when n is below 0.
func (w *writer) keyDecimal(k string, d decimal.Decimal, n int) {
	w.keyText(k, padded(d, max(n, 0), n < 0))
}

// keyID writes text that a customer has chosen.
func (w *writer) keyID(k, id string) {
	w.keyRaw(k, strconv.Quote(id))
}

// or0 is d, or 0 where it is absent.
func or0(d decimal.Decimal) decimal.Decimal {
	if d.Absent() {
		return decimal.New(0, 0)
	}
	return d
}

// binanceStatus is the word for where an order stands, sections 7.2 and 7.7.
func binanceStatus(o *Order) string {
	switch {
	case o.Status == Open && o.Fills > 0:
		return "PARTIALLY_FILLED"
	case o.Status == Open:
		return "NEW"
	}
	return strings.ToUpper(string(o.Status)) // FILLED, CANCELED, EXPIRED, REJECTED
}

// binanceType is the word for the type of an order, and how long it lives.
func binanceType(o *Order) (kind, force string) {
	switch {
	case o.PostOnly && o.Family == "spot":
		return "LIMIT_MAKER", "GTC"
	case o.PostOnly:
		return "LIMIT", "GTX"
	}
	return strings.ToUpper(o.Type), o.TimeInForce
}

// spotNumbers writes what an order of spot is for and what of it is filled.
func spotNumbers(w *writer, o *Order) {
	w.keyDecimal("price", or0(o.Price), 8)
	w.keyDecimal("origQty", or0(o.Size), 8)
	w.keyDecimal("executedQty", o.Filled, 8)
}

// spotWords writes where an order of spot stands, and what kind of order it is.
func spotWords(w *writer, o *Order) {
	kind, force := binanceType(o)
	w.keyText("status", binanceStatus(o))
	w.keyText("timeInForce", force)
	w.keyText("type", kind)
	w.keyText("side", strings.ToUpper(o.Side))
}

// spotOrder writes an order as section 7.2 has it.
func spotOrder(w *writer, o *Order, micros bool) {
	w.open('{')
	w.keyText("symbol", o.Market)
	w.keyInt("orderId", o.ID)
	w.keyInt("orderListId", -1)
	w.keyID("clientOrderId", o.ClientID)
	spotNumbers(w, o)
	w.keyDecimal("cummulativeQuoteQty", o.Cost, 8)
	spotWords(w, o)
	w.keyRaw("stopPrice", `"0.00000000","icebergQty":"0.00000000"`)
	w.keyTime("time", o.Created, micros)
	w.keyTime("updateTime", o.Updated, micros)
	w.keyBool("isWorking", true)
	w.keyTime("workingTime", o.Created, micros)
	w.keyDecimal("origQuoteOrderQty", or0(o.QuoteSize), 8)
	w.keyText("selfTradePreventionMode", "EXPIRE_MAKER")
	w.close('}')
}

// linearOrder writes an order as section 7.7 has it; the answer of one that was placed has a few fields less.
func linearOrder(w *writer, o *Order, answer bool) {
	kind, force := binanceType(o)
	w.open('{')
	if !answer {
		w.keyText("avgPrice", padded(o.Average, 5, true))
	}
	w.keyID("clientOrderId", o.ClientID)
	if answer {
		w.keyDecimal("cumQty", o.Filled, -1)
	} else {
		w.keyDecimal("cumQuote", o.Cost, -1)
	}
	w.keyDecimal("executedQty", o.Filled, -1)
	w.keyInt("orderId", o.ID)
	w.keyDecimal("origQty", o.Size, o.Size.Scale())
	if !answer {
		w.keyText("origType", kind)
	}
	w.keyDecimal("price", or0(o.Price), -1)
	w.keyBool("reduceOnly", o.ReduceOnly)
	w.keyText("side", strings.ToUpper(o.Side))
	w.keyRaw("positionSide", `"BOTH"`)
	w.keyText("status", binanceStatus(o))
	w.keyRaw("stopPrice", `"0","closePosition":false`)
	w.keyText("symbol", o.Market)
	if !answer {
		w.keyTime("time", o.Created, false)
	}
	w.keyText("timeInForce", force)
	w.keyText("type", kind)
	if answer {
		w.keyText("origType", kind)
	}
	w.keyTime("updateTime", o.Updated, false)
	w.keyRaw("workingType", `"CONTRACT_PRICE","priceProtect":false,"priceMatch":"NONE","selfTradePreventionMode":"EXPIRE_MAKER","goodTillDate":0`)
	w.close('}')
}

func (b *binance) order(q *query, w *writer, o *Order) {
	if q.host == "spot" {
		spotOrder(w, o, q.micros)
		return
	}
	linearOrder(w, o, false)
}

// named returns the order that orderId or origClientOrderId names, refused with code and msg where there is none.
func (b *binance) named(q *query, code int, msg string) *shadow {
	id, client := q.int64("orderId", 0), q.values.Get("origClientOrderId")
	if id == 0 && client == "" {
		q.refuse(-1102, "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!")
		return nil
	}
	o := q.account.order(id)
	if id == 0 {
		o = q.account.called(q.m, client)
	}
	if o == nil || o.m != q.m || client != "" && o.ClientID != client {
		q.refuse(code, msg)
		return nil
	}
	return o
}

func (b *binance) oneOrder(q *query, w *writer) {
	if o := b.named(q, -2013, "Order does not exist."); o != nil {
		b.order(q, w, &o.Order)
	}
}

// wants reports whether the query is about an order's market.
func (q *query) wants(o *Order) bool {
	return o.Family == q.host && (q.m == nil || o.Market == q.m.ID)
}

func (b *binance) openOrders(q *query, w *writer) {
	w.open('[')
	for _, o := range q.account.orders {
		if o.isOpen() && q.wants(&o.Order) {
			b.order(q, w, &o.Order)
		}
	}
	w.close(']')
}

// history checks the times of a query, which may be at most so far apart, and returns them in ms; without any, and where
// the venue says so, the latest span is meant.
func (q *query) history(span time.Duration, latest bool) (start, end int64) {
	start, end = q.span()
	if start >= 0 && end >= 0 && end-start > span.Milliseconds() {
		q.refuse(-1127, fmt.Sprintf("More than %d hours between startTime and endTime.", int(span.Hours())))
	}
	switch {
	case !latest:
	case start < 0 && end < 0:
		start = q.now.Add(-span).UnixMilli()
	case start < 0:
		start = end - span.Milliseconds()
	case end < 0:
		end = start + span.Milliseconds()
	}
	return start, end
}

// during reports whether a time lies between two, which are inclusive; below 0 one does not restrict.
func during(at time.Time, start, end int64) bool {
	ms := at.UnixMilli()
	return (start < 0 || ms >= start) && (end < 0 || ms <= end)
}

// pastSpan is how far apart the times of a question about the past may be, sections 7.2 and 7.7.
func pastSpan(q *query) time.Duration {
	if q.host == "spot" {
		return dayLong
	}
	return weekLong
}

func (b *binance) allOrders(q *query, w *writer) {
	id := q.int64("orderId", -1)
	timed := q.values.Has("startTime")
	start, end := q.history(pastSpan(q), q.host == "linear" && id < 0)
	if id >= 0 {
		start, end = -1, -1 // the id alone counts
	}
	var all []*shadow
	for _, o := range q.account.orders {
		if q.wants(&o.Order) && o.ID >= id && during(o.Created, start, end) {
			all = append(all, o)
		}
	}
	from, to := q.rows(len(all), 500, 1000, id >= 0 || timed)
	w.open('[')
	for _, o := range all[from:to] {
		b.order(q, w, &o.Order)
	}
	w.close(']')
}

// tradeSets are the combinations of parameters of myTrades that section 7.2 allows.
var tradeSets = []string{"", "orderId", "startTime", "endTime", "fromId", "startTime endTime", "orderId fromId"}

func (b *binance) myTrades(q *query, w *writer) {
	var given []string
	for _, name := range []string{"orderId", "startTime", "endTime", "fromId"} {
		if q.values.Has(name) {
			given = append(given, name)
		}
	}
	set, id, order := strings.Join(given, " "), q.int64("fromId", -1), q.int64("orderId", -1)
	start, end := q.history(pastSpan(q), q.host == "linear" && id < 0 && order < 0)
	switch {
	case q.host == "spot" && !slices.Contains(append(tradeSets, "orderId fromId"), set),
		q.host == "linear" && id >= 0 && (q.values.Has("startTime") || q.values.Has("endTime")):
		q.refuse(-1128, "Combination of optional parameters invalid.")
	}
	var all []*Fill
	for i := range q.account.fills {
		f := &q.account.fills[i]
		if f.Family == q.host && f.Market == q.m.ID && f.ID >= id && (order < 0 || f.OrderID == order) && during(f.At, start, end) {
			all = append(all, f)
		}
	}
	from, to := q.rows(len(all), 500, 1000, id >= 0 || q.values.Has("startTime"))
	w.open('[')
	for _, f := range all[from:to] {
		if q.host == "spot" {
			spotFill(w, f, q.micros)
		} else {
			linearFill(w, f)
		}
	}
	w.close(']')
}

func spotFill(w *writer, f *Fill, micros bool) {
	w.open('{')
	w.keyText("symbol", f.Market)
	w.keyInt("id", f.ID)
	w.keyInt("orderId", f.OrderID)
	w.keyInt("orderListId", -1)
	w.keyDecimal("price", f.Price, 8)
	w.keyDecimal("qty", f.Size, 8)
	w.keyDecimal("quoteQty", f.Cost, 8)
	w.keyDecimal("commission", f.Fee, 8)
	w.keyText("commissionAsset", f.FeeUnit)
	w.keyTime("time", f.At, micros)
	w.keyBool("isBuyer", f.Side == "buy")
	w.keyBool("isMaker", f.Maker)
	w.keyBool("isBestMatch", true)
	w.close('}')
}

func linearFill(w *writer, f *Fill) {
	w.open('{')
	w.keyBool("buyer", f.Side == "buy")
	w.keyDecimal("commission", f.Fee, 8)
	w.keyText("commissionAsset", f.FeeUnit)
	w.keyInt("id", f.ID)
	w.keyBool("maker", f.Maker)
	w.keyInt("orderId", f.OrderID)
	w.keyDecimal("price", f.Price, f.Price.Scale())
	w.keyDecimal("qty", f.Size, f.Size.Scale())
	w.keyDecimal("quoteQty", f.Cost, f.Cost.Scale())
	w.keyDecimal("realizedPnl", f.Profit, 8)
	w.keyText("side", strings.ToUpper(f.Side))
	w.keyRaw("positionSide", `"BOTH"`)
	w.keyText("symbol", f.Market)
	w.keyTime("time", f.At, false)
	w.close('}')
}

// spotAccount is section 7.1.
func (b *binance) spotAccount(q *query, w *writer) {
	maker, taker := decimal.MustParse("0.001"), decimal.MustParse("0.001")
	if q.account.opts.Maker != "" {
		maker = decimal.MustParse(q.account.opts.Maker)
	}
	if q.account.opts.Taker != "" {
		taker = decimal.MustParse(q.account.opts.Taker)
	}
	w.open('{')
	w.keyRaw("makerCommission", `10,"takerCommission":10,"buyerCommission":0,"sellerCommission":0`)
	w.keyRaw("commissionRates", fmt.Sprintf(`{"maker":%q,"taker":%q,"buyer":"0.00000000","seller":"0.00000000"}`, padded(maker, 8, false), padded(taker, 8, false)))
	w.keyBool("canTrade", !q.account.opts.NoTrade)
	w.keyRaw("canWithdraw", `true,"canDeposit":true,"brokered":false,"requireSelfTradePrevention":false,"preventSor":false`)
	w.keyTime("updateTime", b.updated(q.account), q.micros)
	w.keyText("accountType", "SPOT")
	w.key("balances")
	w.open('[')
	for _, have := range q.account.balances("spot") {
		if have.Total.Sign() == 0 && q.values.Get("omitZeroBalances") == "true" {
			continue
		}
		w.open('{')
		w.keyText("asset", have.Asset)
		w.keyDecimal("free", have.Free, 8)
		w.keyDecimal("locked", have.Used, 8)
		w.close('}')
	}
	w.close(']')
	w.keyRaw("permissions", `["TRD_GRP_004"]`)
	w.keyRaw("uid", q.account.opts.ID)
	w.close('}')
}

// updated is when something happened to an account last.
func (b *binance) updated(a *Account) time.Time {
	if e := a.events.last(); e != nil {
		return e.At
	}
	return b.s.start
}

// deposits is section 7.5.
func (b *binance) deposits(q *query, w *writer) {
	b.moves(q, w, false, func(t *Transaction) {
		status, done := map[TransactionStatus]int64{Pending: 0, Completed: 1}[t.Status], int64(0)
		if t.Status == Failed || t.Status == Withdrawn {
			status = 7
		}
		if !t.Done.IsZero() {
			done = t.Done.UnixMilli()
		}
		w.open('{')
		w.keyText("id", fmt.Sprint(769_800_519_000_000_000+t.ID))
		w.keyDecimal("amount", t.Amount, -1)
		w.keyText("coin", t.Asset)
		w.keyText("network", t.Network)
		w.keyInt("status", status)
		w.keyID("address", t.Address)
		w.keyID("addressTag", t.Tag)
		w.keyText("txId", t.TxID)
		w.keyTime("insertTime", t.At, false)
		w.keyInt("completeTime", done)
		w.keyRaw("transferType", `0,"confirmTimes":"2/2","unlockConfirm":2,"walletType":0,"travelRuleStatus":0`)
		w.close('}')
	})
}

// withdrawals is section 7.5: 10 of them a minute.
func (b *binance) withdrawals(q *query, w *writer) {
	use := b.s.usage.quota("sapi "+q.account.opts.Key, q.now, time.Minute)
	if use.used += 18_000; use.used > 180_000 {
		q.err = &refusal{http.StatusTooManyRequests, -1003, "Too much request weight used; current limit is 180000 request weight per 1 MINUTE. Please use WebSocket Streams for live updates to avoid polling the API."}
		return
	}
	const layout = "2006-01-02 15:04:05"
	b.moves(q, w, true, func(t *Transaction) {
		w.open('{')
		w.keyText("id", txID(t.ID)[:32])
		w.keyDecimal("amount", t.Amount, -1)
		w.keyDecimal("transactionFee", t.Fee, -1)
		w.keyText("coin", t.Asset)
		w.keyInt("status", map[TransactionStatus]int64{Pending: 4, Completed: 6, Failed: 3, Withdrawn: 1}[t.Status])
		w.keyID("address", t.Address)
		if t.Tag != "" {
			w.keyID("addressTag", t.Tag)
		}
		w.keyText("txId", t.TxID)
		w.keyText("applyTime", t.At.UTC().Format(layout))
		w.keyText("network", t.Network)
		w.keyInt("transferType", 0)
		w.keyID("withdrawOrderId", t.ClientID)
		w.keyRaw("info", `"","confirmNo":12,"walletType":0,"txKey":""`)
		if !t.Done.IsZero() {
			w.keyText("completeTime", t.Done.UTC().Format(layout))
		}
		w.close('}')
	})
}

// moves writes the transactions that a query asks for, the newest first.
func (b *binance) moves(q *query, w *writer, out bool, row func(t *Transaction)) {
	const most = 90 * dayLong
	start, end := q.span()
	if start >= 0 && end >= 0 && end-start >= most.Milliseconds() {
		q.refuse(-1127, "The interval between startTime and endTime must be less than 90 days.")
		return
	}
	if end < 0 {
		end = q.now.UnixMilli()
	}
	if start < 0 {
		start = end - most.Milliseconds()
	}
	var all []*Transaction
	coin, client, tx := q.values.Get("coin"), q.values.Get("withdrawOrderId"), q.values.Get("txId")
	for _, t := range q.account.transactions {
		if t.Withdrawal == out && t.Wallet == "spot" && during(t.At, start, end) && (coin == "" || t.Asset == coin) &&
			(client == "" || t.ClientID == client) && (tx == "" || t.TxID == tx) {
			all = append(all, t)
		}
	}
	slices.Reverse(all)
	all = all[min(max(q.int64("offset", 0), 0), int64(len(all))):]
	_, to := q.rows(len(all), 1000, 1000, true)
	w.open('[')
	for _, t := range all[:to] {
		row(t)
	}
	w.close(']')
}
