package venuetest

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/depthwire/depthwire/decimal"
)

// keyNullable writes a number as text without zeros at its end, null where there is none.
func (w *writer) keyNullable(k string, v decimal.Decimal) {
	if v.Absent() {
		w.keyRaw(k, "null")
		return
	}
	w.keyText(k, v.Reduce().String())
}

// keyMaybe writes text, null where there is none.
func (w *writer) keyMaybe(k, s string) {
	if s == "" {
		w.keyRaw(k, "null")
		return
	}
	w.keyText(k, s)
}

// keyNulls writes members that are there and empty.
func (w *writer) keyNulls(ks ...string) {
	for _, k := range ks {
		w.keyRaw(k, "null")
	}
}

// naiveMilli is a time in a history.
func naiveMilli(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000") }

// capital writes a member for each currency, section 7.1.
func (b *backpack) capital(a *Account, _ *backpackQuery, w *writer) {
	w.open('{')
	for _, v := range a.balances("") {
		w.key(v.Asset)
		w.open('{')
		w.keyNullable("available", v.Free)
		w.keyNullable("locked", v.Used)
		w.keyText("staked", "0")
		w.close('}')
	}
	w.close('}')
}

// concerns reports whether a request is about a market: by its symbol, its type, or because it names none.
func (q *backpackQuery) concerns(market, family string) bool {
	symbol, kind := q.values.Get("symbol"), q.values.Get("marketType")
	return (symbol == "" || symbol == market) && (kind == "" || kind == map[string]string{"spot": "SPOT", "swap": "PERP"}[family])
}

// Words of sections 7.2, 7.5 and 8.
var (
	backpackSides  = map[string]string{"buy": "Bid", "sell": "Ask"}
	backpackTypes  = map[string]string{"limit": "Limit", "market": "Market"}
	backpackStates = map[Status]string{Filled: "Filled", Canceled: "Cancelled", Expired: "Expired"}
	backpackMoves  = map[TransactionStatus]string{Pending: "pending", Completed: "confirmed", Failed: "declined", Withdrawn: "cancelled"}
	backpackEnds   = map[string]string{Unfilled: "ImmediateOrCancel", Unfillable: "FillOrKill", Posted: "PostOnlyTaker", Overreduced: "ReduceOnlyNotReduced"}
)

func backpackState(o *Order) string {
	switch {
	case o.Status != Open:
		return backpackStates[o.Status]
	case o.Filled.Sign() > 0:
		return "PartiallyFilled"
	}
	return "New"
}

// order writes one, section 7.2, or a row of its history, section 7.3.
func (b *backpack) order(w *writer, o *Order, past bool) {
	w.open('{')
	w.key("clientId")
	if o.ClientID == "" {
		w.raw("null")
	} else {
		w.raw(o.ClientID)
	}
	if past {
		w.keyText("createdAt", naiveMilli(o.Created))
	} else {
		w.keyTime("createdAt", o.Created, false)
	}
	w.keyNullable("executedQuantity", o.Filled)
	w.keyNullable("executedQuoteQuantity", o.Cost)
	if past {
		w.keyMaybe("expiryReason", backpackEnds[o.Why])
	}
	w.keyText("id", strconv.FormatInt(o.ID, 10))
	w.keyText("orderType", backpackTypes[o.Type])
	if o.Type == "limit" || past {
		w.keyBool("postOnly", o.PostOnly)
		w.keyNullable("price", o.Price)
	}
	w.keyNullable("quantity", o.Size)
	if o.Type == "market" || past {
		w.keyNullable("quoteQuantity", quoteQuantity(o))
	}
	if !past {
		w.key("reduceOnly")
		w.raw(map[bool]string{true: "true", false: "null"}[o.ReduceOnly])
		w.keyNulls("relatedOrderId")
	}
	w.keyText("selfTradePrevention", "RejectTaker")
	w.keyText("side", backpackSides[o.Side])
	if past {
		w.keyNulls("slippageTolerance", "slippageToleranceType")
	}
	w.keyText("status", backpackState(o))
	w.keyNulls("stopLossLimitPrice", "stopLossTriggerBy", "stopLossTriggerPrice", "strategyId")
	w.keyText("symbol", o.Market)
	if past {
		w.keyNulls("systemOrderType")
	}
	w.keyNulls("takeProfitLimitPrice", "takeProfitTriggerBy", "takeProfitTriggerPrice")
	w.keyText("timeInForce", o.TimeInForce)
	w.keyNulls("triggerBy", "triggerPrice", "triggerQuantity")
	if !past {
		w.keyNulls("triggeredAt")
	}
	w.close('}')
}

// quoteQuantity is what an order is worth at its limit, where it is not for an amount of quote units.
func quoteQuantity(o *Order) decimal.Decimal {
	if o.QuoteSize.Absent() && !o.Price.Absent() {
		return o.Price.Mul(o.Size)
	}
	return o.QuoteSize
}

func (b *backpack) openOrders(a *Account, q *backpackQuery, w *writer) {
	w.open('[')
	for _, o := range a.open {
		if q.concerns(o.Market, o.Family) {
			b.order(w, &o.Order, false)
		}
	}
	w.close(']')
}

// named finds an order of a market by exactly one of its two names.
func (q *backpackQuery) named(a *Account, id, client string) *shadow {
	if !q.known() {
		return nil
	}
	var o *shadow
	switch n, err := strconv.ParseInt(id, 10, 64); {
	case (id == "") == (client == ""):
		q.refuse(http.StatusBadRequest, "{\"code\":\"INVALID_CLIENT_REQUEST\",\"message\":\"Must specify either `orderId` or `clientId`\"}")
	case client != "":
		o = a.called(q.m, client)
	case err == nil:
		o = a.order(n)
	}
	if o != nil && (o.m != q.m || !o.isOpen()) {
		return nil
	}
	return o
}

// oneOrder knows those in the book alone.
func (b *backpack) oneOrder(a *Account, q *backpackQuery, w *writer) {
	o := q.named(a, q.values.Get("orderId"), q.values.Get("clientId"))
	if o == nil {
		q.refuse(http.StatusNotFound, `{"code":"RESOURCE_NOT_FOUND","message":"Not Found"}`)
		return
	}
	b.order(w, &o.Order, false)
}

// backpackOrder is the body of an instruction. What it cannot hold is refused by the venue's parser.
type backpackOrder struct {
	Symbol, Side, OrderType, TimeInForce string
	Price, Quantity, QuoteQuantity       decimal.Decimal
	PostOnly, ReduceOnly                 bool
	ClientID                             *uint32
	OrderID                              string
}

// body reads the body of an instruction, and finds its market.
func (b *backpack) body(q *backpackQuery) (v backpackOrder, client string) {
	if json.Unmarshal(q.sent, &v) != nil {
		q.unreadable("body", "failed to parse JSON payload")
	}
	if v.ClientID != nil {
		client = strconv.FormatUint(uint64(*v.ClientID), 10)
	}
	q.m = b.s.market("", v.Symbol)
	return v, client
}

func (b *backpack) placeOrder(a *Account, q *backpackQuery, w *writer) {
	v, client := b.body(q)
	o := Order{
		ClientID: client, Side: map[string]string{"Bid": "buy", "Ask": "sell"}[v.Side], Type: map[string]string{"Limit": "limit", "Market": "market"}[v.OrderType],
		TimeInForce: v.TimeInForce, PostOnly: v.PostOnly, ReduceOnly: v.ReduceOnly, Price: v.Price, Size: v.Quantity, QuoteSize: v.QuoteQuantity,
	}
	if o.Side == "" || o.Type == "" {
		q.unreadable("body", "Expect a valid enumeration value.")
	}
	if q.status != 0 || !q.known() {
		return
	}
	x, err := a.place(q.m, o)
	if err != nil {
		b.unplaced(q, err, client)
		return
	}
	b.order(w, &x.Order, false)
}

// unplaced is how orders are refused, section 10.
func (b *backpack) unplaced(q *backpackQuery, err error, client string) {
	code, text := "INVALID_ORDER", "Invalid order"
	switch {
	case errors.Is(err, MarketClosed):
		code, text = "INVALID_MARKET", "Market is closed"
	case errors.Is(err, BadPrice):
		code, text = "INVALID_CLIENT_REQUEST", "Price decimal too long"
	case errors.Is(err, BadSize):
		code, text = "INVALID_CLIENT_REQUEST", "Quantity decimal too long"
	case errors.Is(err, NoFunds) && q.m.Settle != "":
		code, text = "INSUFFICIENT_MARGIN", "Insufficient margin"
	case errors.Is(err, NoFunds):
		code, text = "INSUFFICIENT_FUNDS", "Insufficient funds"
	case errors.Is(err, NoPosition):
		text = "Reduce only order not reduced"
	case errors.Is(err, DuplicateID):
		text = "Order with client ID already exists: " + client
	}
	q.refuse(http.StatusBadRequest, `{"code":"`+code+`","message":"`+text+`"}`)
}

func (b *backpack) cancelOrder(a *Account, q *backpackQuery, w *writer) {
	v, client := b.body(q)
	if q.status != 0 {
		return
	}
	o := q.named(a, v.OrderID, client)
	if o == nil || a.cancel(o, "") != nil {
		q.refuse(http.StatusBadRequest, `{"code":"INVALID_CLIENT_REQUEST","message":"Order not found"}`)
		return
	}
	b.order(w, &o.Order, false)
}

// cancelOrders cancels those of one market, which must be named.
func (b *backpack) cancelOrders(a *Account, q *backpackQuery, w *writer) {
	b.body(q)
	if q.status != 0 || !q.known() {
		return
	}
	w.open('[')
	for _, o := range a.cancelAll(func(o *shadow) bool { return o.m == q.m }) {
		b.order(w, &o.Order, false)
	}
	w.close(']')
}

// page cuts a list, newest first unless it is to be turned round, and says in headers where it is.
func page[T any](q *backpackQuery, all []T) []T {
	limit, offset := int(q.int64("limit", 100, 1, 1000)), int(q.int64("offset", 0, 0, 1e9))
	if q.values.Get("sortDirection") != "Asc" {
		slices.Reverse(all)
	}
	for name, n := range map[string]int{"X-Current-Page": offset/limit + 1, "X-Page-Count": (len(all) + limit - 1) / limit, "X-Page-Size": limit, "X-Total": len(all)} {
		q.header.Set(name, strconv.Itoa(n))
	}
	return all[min(offset, len(all)):min(offset+limit, len(all))]
}

// within reports whether a time is in the range that a request asks for.
func (q *backpackQuery) within(at time.Time) bool {
	from, to := q.int64("from", 0, 0, 1e14), q.int64("to", 1e14, 0, 1e14)
	return at.UnixMilli() >= from && at.UnixMilli() < to
}

// pastOrders knows those that have ended, section 7.3.
func (b *backpack) pastOrders(a *Account, q *backpackQuery, w *writer) {
	id := q.values.Get("orderId")
	past := a.ordered(func(o *shadow) bool {
		return !o.isOpen() && q.concerns(o.Market, o.Family) && (id == "" || id == strconv.FormatInt(o.ID, 10))
	})
	slices.SortStableFunc(past, func(x, y Order) int { return x.Created.Compare(y.Created) })
	w.open('[')
	for _, o := range page(q, past) {
		b.order(w, &o, true)
	}
	w.close(']')
}

func (b *backpack) pastFills(a *Account, q *backpackQuery, w *writer) {
	var fills []Fill
	for _, f := range a.fills {
		if q.concerns(f.Market, f.Family) && q.within(f.At) {
			fills = append(fills, f)
		}
	}
	w.open('[')
	for _, f := range page(q, fills) {
		w.open('{')
		w.keyMaybe("clientId", f.ClientID)
		w.keyNullable("fee", f.Fee)
		w.keyText("feeSymbol", f.FeeUnit)
		w.keyBool("isMaker", f.Maker)
		w.keyText("orderId", strconv.FormatInt(f.OrderID, 10))
		w.keyNullable("price", f.Price)
		w.keyNullable("quantity", f.Size)
		w.keyText("side", backpackSides[f.Side])
		w.keyText("symbol", f.Market)
		w.keyNulls("systemOrderType")
		w.keyText("timestamp", naiveMilli(f.At))
		w.keyInt("tradeId", f.ID)
		w.close('}')
	}
	w.close(']')
}

// transactions are the rows of one kind, section 7.5.
func (b *backpack) transactions(a *Account, q *backpackQuery, withdrawals bool) (all []*Transaction) {
	for _, t := range a.transactions {
		if t.Withdrawal == withdrawals && q.within(t.At) {
			all = append(all, t)
		}
	}
	return page(q, all)
}

func (b *backpack) deposits(a *Account, q *backpackQuery, w *writer) {
	w.open('[')
	for _, t := range b.transactions(a, q, false) {
		w.open('{')
		w.keyText("createdAt", naiveMilli(t.At))
		w.keyNulls("fiatAmount", "fiatCurrency", "fromAddress")
		w.keyInt("id", t.ID)
		w.keyNulls("institutionBic", "platformMemo")
		w.keyNullable("quantity", t.Amount)
		w.keyText("source", t.Network)
		w.keyText("status", backpackMoves[t.Status])
		w.keyText("symbol", t.Asset)
		w.keyMaybe("toAddress", t.Address)
		w.keyMaybe("transactionHash", t.TxID)
		w.close('}')
	}
	w.close(']')
}

func (b *backpack) withdrawals(a *Account, q *backpackQuery, w *writer) {
	w.open('[')
	for _, t := range b.transactions(a, q, true) {
		w.open('{')
		w.keyNulls("accountIdentifier", "bankIdentifier", "bankName")
		w.keyText("blockchain", t.Network)
		w.keyMaybe("clientId", t.ClientID)
		w.keyText("createdAt", naiveMilli(t.At))
		w.keyNullable("fee", t.Fee)
		w.keyNulls("fiatFee", "fiatState", "fiatSymbol")
		w.keyInt("id", t.ID)
		w.keyNulls("identifier")
		w.keyBool("isInternal", false)
		w.keyNulls("providerId")
		w.keyNullable("quantity", t.Amount)
		w.keyText("status", backpackMoves[t.Status])
		w.keyNulls("subaccountId")
		w.keyText("symbol", t.Asset)
		w.keyMaybe("toAddress", t.Address)
		w.keyMaybe("transactionHash", t.TxID)
		w.keyNulls("triggerAt")
		w.close('}')
	}
	w.close(']')
}

// position writes what is held, section 7.7.
func (b *backpack) position(a *Account, q *backpackQuery, w *writer) {
	w.open('[')
	for _, p := range a.positions(false) {
		if !q.concerns(p.Market, p.Family) {
			continue
		}
		w.open('{')
		w.keyNullable("breakEvenPrice", p.Entry)
		w.keyText("cumulativeFundingPayment", "0")
		w.keyText("cumulativeInterest", "0")
		w.keyNullable("entryPrice", p.Entry)
		w.keyText("estLiquidationPrice", "0")
		w.keyText("imf", "0.02")
		w.keyRaw("imfFunction", `{"base":"0.02","factor":"0.0000935","type":"sqrt"}`)
		w.keyNullable("markPrice", p.Mark)
		w.keyText("mmf", "0.0125")
		w.keyRaw("mmfFunction", `{"base":"0.0125","factor":"0.0000561","type":"sqrt"}`)
		w.keyNullable("netCost", p.Entry.Mul(p.Size))
		w.keyNullable("netExposureNotional", p.Mark.Mul(p.Size.Abs()))
		w.keyNullable("netExposureQuantity", p.Size)
		w.keyNullable("netQuantity", p.Size)
		w.keyNullable("pnlRealized", p.Realized)
		w.keyNullable("pnlUnrealized", p.Unrealized)
		w.keyText("positionId", strconv.FormatInt(p.ID, 10))
		w.keyNulls("subaccountId")
		w.keyText("symbol", p.Market)
		w.keyInt("userId", 1813870)
		w.close('}')
	}
	w.close(']')
}
