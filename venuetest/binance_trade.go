package venuetest

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/depthwire/depthwire/decimal"
)

// What parameters may look like, sections 7.3, 7.7 and 10.2.
var (
	plainNumber = regexp.MustCompile(`^([0-9]{1,20})(\.[0-9]{1,20})?$`)
	spotIDs     = regexp.MustCompile(`^[a-zA-Z0-9-_]{1,36}$`)
	linearIDs   = regexp.MustCompile(`^[\.A-Z\:/a-z0-9_-]{1,36}$`)
)

// decimal reads a number; what is not sent is absent.
func (q *query) decimal(name string) decimal.Decimal {
	text := q.values.Get(name)
	if text == "" {
		return decimal.Decimal{}
	}
	d, err := decimal.ParseString(text)
	if err != nil || !plainNumber.MatchString(text) {
		q.refuse(-1100, fmt.Sprintf("Illegal characters found in parameter '%s'; legal range is '%s'.", name, plainNumber))
		return decimal.Decimal{}
	}
	return d
}

// own reads a customer's own id.
func (q *query) own(name string) string {
	id, form := q.values.Get(name), spotIDs
	if q.host == "linear" {
		form = linearIDs
	}
	if id != "" && !form.MatchString(id) {
		if q.host == "linear" {
			q.refuse(-4015, "Client order id is not valid.")
			return ""
		}
		q.refuse(-1100, fmt.Sprintf("Illegal characters found in parameter '%s'; legal range is '%s'.", name, form))
	}
	return id
}

// must refuses what is not sent.
func (q *query) must(names ...string) {
	for _, name := range names {
		if q.values.Get(name) == "" {
			q.refuse(-1102, fmt.Sprintf("Mandatory parameter '%s' was not sent, was empty/null, or malformed.", name))
		}
	}
}

// mustNot refuses what is sent.
func (q *query) mustNot(names ...string) {
	for _, name := range names {
		if q.values.Has(name) {
			q.refuse(-1106, fmt.Sprintf("Parameter '%s' sent when not required.", name))
		}
	}
}

// ordered reads the parameters of a new order, sections 7.3 and 7.7.
func (b *binance) ordered(q *query) (o Order) {
	v := q.values
	switch side := v.Get("side"); side {
	case "BUY", "SELL":
		o.Side = strings.ToLower(side)
	default:
		q.refuse(-1117, "Invalid side.")
	}
	force := v.Get("timeInForce")
	switch kind := v.Get("type"); {
	case kind == "LIMIT":
		q.must("timeInForce", "quantity", "price")
		o.Type, o.TimeInForce = "limit", force
		if force == "GTX" && q.host == "linear" {
			o.TimeInForce, o.PostOnly = "GTC", true
		}
	case kind == "MARKET" && q.host == "spot" && v.Has("quoteOrderQty"):
		q.mustNot("timeInForce", "price", "quantity")
		o.Type = "market"
	case kind == "MARKET":
		q.must("quantity")
		q.mustNot("timeInForce", "price")
		o.Type = "market"
	case kind == "LIMIT_MAKER" && q.host == "spot":
		q.must("quantity", "price")
		q.mustNot("timeInForce")
		o.Type, o.PostOnly = "limit", true
	case q.host == "linear" && strings.Contains("STOP STOP_MARKET TAKE_PROFIT TAKE_PROFIT_MARKET TRAILING_STOP_MARKET", kind):
		q.refuse(-4120, "Order type not supported for this endpoint. Please use the Algo Order API endpoints instead.")
	default:
		q.refuse(-1116, "Invalid orderType.")
	}
	if !slices.Contains([]string{"", "GTC", "IOC", "FOK"}, o.TimeInForce) {
		q.refuse(-1115, "Invalid timeInForce.")
	}
	if side := v.Get("positionSide"); side != "" && side != "BOTH" {
		q.refuse(-4061, "Order's position side does not match user's setting.")
	}
	o.ReduceOnly = v.Get("reduceOnly") == "true"
	o.ClientID = q.own("newClientOrderId")
	o.Price, o.Size, o.QuoteSize = q.decimal("price"), q.decimal("quantity"), q.decimal("quoteOrderQty")
	b.precise(q, o.Price, o.Size)
	return o
}

// precise refuses numbers with more digits than the venue takes at all.
func (b *binance) precise(q *query, price, size decimal.Decimal) {
	if q.host == "spot" {
		for name, d := range map[string]decimal.Decimal{"price": price, "quantity": size} {
			if d.Reduce().Scale() > 8 {
				q.refuse(-1111, "Parameter '"+name+"' has too much precision.")
			}
		}
		return
	}
	if q.m != nil && (price.Reduce().Scale() > q.m.pscale || size.Reduce().Scale() > q.m.sscale) {
		q.refuse(-1111, "Precision is over the maximum defined for this asset.")
	}
}

// refused puts why the engine refuses into the venue's words, section 10.2.
func (b *binance) refused(q *query, err error) {
	words := map[error]*refusal{
		NoMarket:     {http.StatusBadRequest, -1121, "Invalid symbol."},
		MarketClosed: {http.StatusBadRequest, -2010, "Market is closed."},
		BadOrder:     {http.StatusBadRequest, -1014, "Unsupported order combination."},
		BadPrice:     {http.StatusBadRequest, -1013, "Filter failure: PRICE_FILTER"},
		BadSize:      {http.StatusBadRequest, -1013, "Filter failure: LOT_SIZE"},
		TooSmall:     {http.StatusBadRequest, -1013, "Filter failure: NOTIONAL"},
		NoFunds:      {http.StatusBadRequest, -2010, "Account has insufficient balance for requested action."},
		WouldTake:    {http.StatusBadRequest, -2010, "Order would immediately match and take."},
		DuplicateID:  {http.StatusBadRequest, -2010, "Duplicate order sent."},
		OrderEnded:   {http.StatusBadRequest, -2011, "Unknown order sent."},
		NoChange:     {http.StatusBadRequest, -2038, "The requested action would change no state; rejecting."},
	}
	if q.host == "linear" {
		words[MarketClosed] = &refusal{http.StatusBadRequest, -4141, "Symbol is closed."}
		words[BadPrice] = &refusal{http.StatusBadRequest, -4014, "Price not increased by tick size."}
		words[BadSize] = &refusal{http.StatusBadRequest, -4023, "Qty not increased by step size."}
		words[TooSmall] = &refusal{http.StatusBadRequest, -4164, "Order's notional must be no smaller than 100 (unless you choose reduce only)."}
		words[NoFunds] = &refusal{http.StatusBadRequest, -2019, "Margin is insufficient."}
		words[NoPosition] = &refusal{http.StatusBadRequest, -2022, "ReduceOnly Order is rejected."}
		words[WouldTake] = &refusal{http.StatusBadRequest, -5022, "Due to the order could not be executed as maker, the Post Only order will be rejected."}
		words[DuplicateID] = &refusal{http.StatusBadRequest, -4116, "ClientOrderId is duplicated."}
		words[NoChange] = &refusal{http.StatusBadRequest, -5027, "No need to modify the order."}
	}
	if q.err = words[err]; q.err == nil {
		q.err = &refusal{http.StatusBadRequest, -1010, err.Error()}
	}
}

// create is POST order, sections 7.3 and 7.7.
func (b *binance) create(q *query, w *writer) {
	o := b.ordered(q)
	if q.err != nil || b.tooMany(q) {
		return
	}
	from := len(q.account.fills)
	x, err := q.account.place(q.m, o)
	if err != nil {
		b.refused(q, err)
		return
	}
	b.placed(q, &x.Order)
	if q.host == "linear" {
		o := x.Order
		if q.values.Get("newOrderRespType") != "RESULT" { // an ACK knows of no fill yet
			o.Status, o.Fills, o.Filled = Open, 0, decimal.New(0, 0)
		}
		linearOrder(w, &o, true)
		return
	}
	b.created(q, w, &x.Order, q.account.fills[from:])
}

// created writes the answer to an order of spot: ACK, RESULT or FULL.
func (b *binance) created(q *query, w *writer, o *Order, fills []Fill) {
	kind, _ := binanceType(o)
	form := q.values.Get("newOrderRespType")
	if form == "" && (kind == "LIMIT" || kind == "MARKET") {
		form = "FULL"
	}
	w.open('{')
	w.keyText("symbol", o.Market)
	w.keyInt("orderId", o.ID)
	w.keyInt("orderListId", -1)
	w.keyID("clientOrderId", o.ClientID)
	w.keyTime("transactTime", o.Updated, q.micros)
	if form == "RESULT" || form == "FULL" {
		spotNumbers(w, o)
		w.keyDecimal("origQuoteOrderQty", or0(o.QuoteSize), 8)
		w.keyDecimal("cummulativeQuoteQty", o.Cost, 8)
		spotWords(w, o)
		w.keyTime("workingTime", o.Created, q.micros)
		if form == "FULL" {
			w.key("fills")
			w.open('[')
			for _, f := range fills {
				w.open('{')
				w.keyDecimal("price", f.Price, 8)
				w.keyDecimal("qty", f.Size, 8)
				w.keyDecimal("commission", f.Fee, 8)
				w.keyText("commissionAsset", f.FeeUnit)
				w.keyInt("tradeId", f.ID)
				w.close('}')
			}
			w.close(']')
		}
		w.keyText("selfTradePreventionMode", "EXPIRE_MAKER")
	}
	w.close('}')
}

// tryOrder is POST order/test: everything but the order.
func (b *binance) tryOrder(q *query, w *writer) {
	if b.ordered(q); q.err == nil {
		w.raw("{}")
	}
}

// cancelOne is DELETE order, sections 7.4 and 7.7.
func (b *binance) cancelOne(q *query, w *writer) {
	o := b.named(q, -2011, "Unknown order sent.")
	request := q.own("newClientOrderId")
	if o == nil || q.err != nil {
		return
	}
	switch only := q.values.Get("cancelRestrictions"); {
	case only == "ONLY_NEW" && o.done > 0, only == "ONLY_PARTIALLY_FILLED" && o.done == 0:
		q.refuse(-2011, "Order was not canceled due to cancel restrictions.")
		return
	}
	if request == "" {
		request = madeID(q.account.rng)
	}
	if err := q.account.cancel(o, request); err != nil {
		b.refused(q, err)
		return
	}
	b.canceled(q, w, &o.Order, request)
}

func (b *binance) canceled(q *query, w *writer, o *Order, request string) {
	if q.host == "linear" {
		linearOrder(w, o, true)
		return
	}
	w.open('{')
	w.keyText("symbol", o.Market)
	w.keyID("origClientOrderId", o.ClientID)
	w.keyInt("orderId", o.ID)
	w.keyInt("orderListId", -1)
	w.keyID("clientOrderId", request)
	w.keyTime("transactTime", o.Updated, q.micros)
	spotNumbers(w, o)
	w.keyDecimal("origQuoteOrderQty", or0(o.QuoteSize), 8)
	w.keyDecimal("cummulativeQuoteQty", o.Cost, 8)
	spotWords(w, o)
	w.keyText("selfTradePreventionMode", "EXPIRE_MAKER")
	w.close('}')
}

// cancelAll is DELETE openOrders, section 7.4, or allOpenOrders, 7.7.
func (b *binance) cancelAll(q *query, w *writer) {
	if q.host == "linear" {
		q.account.cancelAll(func(o *shadow) bool { return o.m == q.m })
		w.raw(`{"code":200,"msg":"The operation of cancel all open order is done."}`)
		return
	}
	request := madeID(q.account.rng)
	done := q.account.cancelAll(func(o *shadow) bool { return o.m == q.m })
	if len(done) == 0 {
		q.refuse(-2011, "Unknown order sent.")
		return
	}
	w.open('[')
	for _, o := range done {
		b.canceled(q, w, &o.Order, request)
	}
	w.close(']')
}

// shrink is PUT order/amend/keepPriority, section 7.4.
func (b *binance) shrink(q *query, w *writer) {
	o := b.named(q, -2013, "Order does not exist.")
	size, client := q.decimal("newQty"), q.own("newClientOrderId")
	if o == nil || q.err != nil {
		return
	}
	was := o.ClientID
	switch {
	case !o.isOpen():
		q.refuse(-2011, "Unknown order sent.")
		return
	case size.Cmp(o.Size) >= 0 || size.Cmp(o.Filled) <= 0:
		q.refuse(-2038, "The requested action would change no state; rejecting.")
		return
	case client == "":
		client = madeID(q.account.rng)
	}
	if err := q.account.amend(o, amendment{size: size, client: client}); err != nil {
		b.refused(q, err)
		return
	}
	w.open('{')
	w.keyTime("transactTime", o.Updated, q.micros)
	w.keyInt("executionId", q.account.events.next())
	w.key("amendedOrder")
	w.open('{')
	w.keyText("symbol", o.Market)
	w.keyInt("orderId", o.ID)
	w.keyInt("orderListId", -1)
	w.keyID("origClientOrderId", was)
	w.keyID("clientOrderId", o.ClientID)
	w.keyDecimal("price", or0(o.Price), 8)
	w.keyDecimal("qty", o.Size, 8)
	w.keyDecimal("executedQty", o.Filled, 8)
	w.keyRaw("preventedQty", `"0.00000000","quoteOrderQty":"0.00000000"`)
	w.keyDecimal("cumulativeQuoteQty", o.Cost, 8)
	spotWords(w, &o.Order)
	w.keyTime("workingTime", o.Created, q.micros)
	w.keyText("selfTradePreventionMode", "EXPIRE_MAKER")
	w.close('}')
	w.close('}')
}

// modify is PUT order, section 7.7: of a limit order, by side, size and price.
func (b *binance) modify(q *query, w *writer) {
	o := b.named(q, -2013, "Order does not exist.")
	price, size := q.decimal("price"), q.decimal("quantity")
	b.precise(q, price, size)
	switch {
	case o == nil || q.err != nil:
		return
	case !o.isOpen():
		q.refuse(-2013, "Order does not exist.")
		return
	case strings.ToUpper(o.Side) != q.values.Get("side"):
		q.refuse(-1117, "Invalid side.")
		return
	case b.tooMany(q):
		return
	}
	if err := q.account.amend(o, amendment{price: price, size: size}); err != nil {
		b.refused(q, err)
		return
	}
	b.placed(q, &o.Order)
	linearOrder(w, &o.Order, true)
}
