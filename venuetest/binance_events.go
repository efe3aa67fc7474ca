package venuetest

import (
	"slices"
	"strconv"
	"strings"

	"github.com/depthwire/depthwire/decimal"
)

// spotKinds are the events of spot accounts, section 8.2, in the order in which one thing that happens tells them.
var spotKinds = []string{"executionReport", "balanceUpdate", "outboundAccountPosition"}

// linearKinds are those of USD-M accounts, section 8.5.
var linearKinds = []string{"TRADE_LITE", "ORDER_TRADE_UPDATE", "ACCOUNT_UPDATE"}

// askedEvents are the kinds that a socket asks for which exist here.
func askedEvents(list string) (kinds []string) {
	asked := strings.Split(list, "/")
	for _, k := range linearKinds {
		if slices.Contains(asked, k) {
			kinds = append(kinds, k)
		}
	}
	return kinds
}

// firstExecution is where execution ids begin.
const firstExecution = 101_864_199_800

// spotEvent is an event as section 8.2 has it, if it is of the kind and of spot.
func spotEvent(kind string, e *Event, micros bool) []byte {
	var w writer
	switch {
	case kind == "executionReport" && e.Order.Family == "spot":
		executionReport(&w, e, micros)
	case kind == "balanceUpdate" && e.Kind == BalanceMoved && e.Transaction.Wallet == "spot":
		w.open('{')
		w.keyText("e", kind)
		w.keyTime("E", e.At, micros)
		w.keyText("a", e.Transaction.Asset)
		w.keyDecimal("d", e.Delta, 8)
		w.keyTime("T", e.At, micros)
		w.close('}')
	case kind == "outboundAccountPosition" && e.Kind == BalanceChanged:
		accountPosition(&w, e, micros)
	}
	return w.b
}

// accountPosition is an outboundAccountPosition: what may have changed.
func accountPosition(w *writer, e *Event, micros bool) {
	var of []Balance
	for _, b := range e.Balances {
		if b.Wallet == "spot" {
			of = append(of, b)
		}
	}
	if len(of) == 0 {
		return
	}
	w.open('{')
	w.keyText("e", "outboundAccountPosition")
	w.keyTime("E", e.At, micros)
	w.keyTime("u", e.At, micros)
	w.key("B")
	w.open('[')
	for _, b := range of {
		w.open('{')
		w.keyText("a", b.Asset)
		w.keyDecimal("f", b.Free, 8)
		w.keyDecimal("l", b.Used, 8)
		w.close('}')
	}
	w.close(']')
	w.close('}')
}

// executions are the words for what happened to an order.
var executions = map[EventKind]string{
	OrderAccepted: "NEW", OrderFilled: "TRADE", OrderCanceled: "CANCELED", OrderExpired: "EXPIRED", OrderRejected: "REJECTED", OrderAmended: "REPLACED",
}

// reportIDs are the id of what happened and that of the order, where they are two.
func reportIDs(e *Event) (of, original string) {
	o := &e.Order
	switch {
	case e.Kind == OrderCanceled && e.Request == "":
		return "web_" + strconv.FormatInt(o.ID, 10), o.ClientID
	case e.Kind == OrderCanceled:
		return e.Request, o.ClientID
	case e.Kind == OrderAmended && e.Was != o.ClientID:
		return o.ClientID, e.Was
	}
	return o.ClientID, ""
}

// executionReport is an executionReport.
func executionReport(w *writer, e *Event, micros bool) {
	o, f, zero := &e.Order, &e.Fill, decimal.New(0, 0)
	kind, force := binanceType(o)
	own, original := reportIDs(e)
	status := binanceStatus(o)
	w.open('{')
	w.keyText("e", "executionReport")
	w.keyTime("E", e.At, micros)
	w.keyText("s", o.Market)
	w.keyID("c", own)
	w.keyText("S", strings.ToUpper(o.Side))
	w.keyText("o", kind)
	w.keyText("f", force)
	w.keyDecimal("q", or0(o.Size), 8)
	w.keyDecimal("p", or0(o.Price), 8)
	w.keyRaw("P", `"0.00000000","F":"0.00000000","g":-1`)
	w.keyID("C", original)
	w.keyText("x", executions[e.Kind])
	w.keyText("X", status)
	w.keyText("r", "NONE")
	w.keyInt("i", o.ID)
	trade, size, price, cost := int64(-1), zero, zero, zero
	if e.Kind == OrderFilled {
		trade, size, price, cost = f.ID, f.Size, f.Price, f.Cost
	}
	w.keyDecimal("l", size, 8)
	w.keyDecimal("z", o.Filled, 8)
	w.keyDecimal("L", price, 8)
	if e.Kind == OrderFilled {
		w.keyDecimal("n", f.Fee, 8)
		w.keyText("N", f.FeeUnit)
	} else {
		w.keyRaw("n", `"0","N":null`)
	}
	w.keyTime("T", o.Updated, micros)
	w.keyInt("t", trade)
	w.keyInt("I", firstExecution+e.Seq)
	w.keyBool("w", o.Type == "limit" && (o.Status == Open || f.Maker))
	w.keyBool("m", f.Maker)
	w.keyBool("M", e.Kind == OrderFilled)
	w.keyTime("O", o.Created, micros)
	w.keyDecimal("Z", o.Cost, 8)
	w.keyDecimal("Y", cost, 8)
	w.keyDecimal("Q", or0(o.QuoteSize), 8)
	w.keyTime("W", o.Created, micros)
	w.keyText("V", "EXPIRE_MAKER")
	if e.Kind == OrderExpired {
		w.keyText("eR", expiryReason(o))
	}
	w.close('}')
}

func expiryReason(o *Order) string {
	switch {
	case o.Why == Unfillable:
		return "UNFILLED_FOK_ORDER_EXPIRED"
	case o.Why == Unfilled && o.Type == "limit":
		return "UNFILLED_IOC_QUANTITY_EXPIRED"
	case o.Why == Unfilled:
		return "INSUFFICIENT_LIQUIDITY"
	}
	return "EXCHANGE_CANCELED"
}

// linearEvent is an event as section 8.5 has it, if it is of the kind and of USD-M.
func linearEvent(kind string, e *Event) []byte {
	var w writer
	switch {
	case kind == "ORDER_TRADE_UPDATE" && e.Order.Family == "linear":
		orderTradeUpdate(&w, e)
	case kind == "TRADE_LITE" && e.Kind == OrderFilled && e.Order.Family == "linear":
		tradeLite(&w, e)
	case kind != "ACCOUNT_UPDATE":
	case e.Kind == PositionChanged && e.Position.Family == "linear":
		accountUpdate(&w, e, "ORDER", []Balance{e.Settled})
	case e.Kind == BalanceChanged && (e.Why == "deposit" || e.Why == "withdrawal"):
		accountUpdate(&w, e, map[string]string{"deposit": "DEPOSIT", "withdrawal": "WITHDRAW"}[e.Why], e.Balances)
	}
	return w.b
}

func tradeLite(w *writer, e *Event) {
	o, f := &e.Order, &e.Fill
	w.open('{')
	w.keyText("e", "TRADE_LITE")
	w.keyTime("E", e.At, false)
	w.keyTime("T", o.Updated, false)
	w.keyText("s", o.Market)
	w.keyDecimal("q", o.Size, o.Size.Scale())
	w.keyDecimal("p", or0(o.Price), or0(o.Price).Scale())
	w.keyBool("m", f.Maker)
	w.keyID("c", o.ClientID)
	w.keyText("S", strings.ToUpper(o.Side))
	w.keyDecimal("L", f.Price, f.Price.Scale())
	w.keyDecimal("l", f.Size, f.Size.Scale())
	w.keyInt("t", f.ID)
	w.keyInt("i", o.ID)
	w.close('}')
}

// linearExecution differs from those of spot in one word.
func linearExecution(k EventKind) string {
	if k == OrderAmended {
		return "AMENDMENT"
	}
	return executions[k]
}

// orderTradeUpdate is an ORDER_TRADE_UPDATE.
func orderTradeUpdate(w *writer, e *Event) {
	o, f := &e.Order, &e.Fill
	kind, force := binanceType(o)
	w.open('{')
	w.keyText("e", "ORDER_TRADE_UPDATE")
	w.keyTime("T", o.Updated, false)
	w.keyTime("E", e.At, false)
	w.key("o")
	w.open('{')
	w.keyText("s", o.Market)
	w.keyID("c", o.ClientID)
	w.keyText("S", strings.ToUpper(o.Side))
	w.keyText("o", kind)
	w.keyText("f", force)
	w.keyDecimal("q", o.Size, o.Size.Scale())
	w.keyDecimal("p", or0(o.Price), or0(o.Price).Scale())
	w.keyDecimal("ap", o.Average, -1)
	w.keyRaw("sp", `"0"`)
	w.keyText("x", linearExecution(e.Kind))
	w.keyText("X", binanceStatus(o))
	w.keyInt("i", o.ID)
	w.keyDecimal("l", or0(f.Size), or0(f.Size).Scale())
	w.keyDecimal("z", o.Filled, o.Filled.Scale())
	w.keyDecimal("L", or0(f.Price), or0(f.Price).Scale())
	if e.Kind == OrderFilled {
		w.keyDecimal("n", f.Fee, 8)
		w.keyText("N", f.FeeUnit)
	}
	w.keyTime("T", o.Updated, false)
	w.keyInt("t", f.ID)
	w.keyRaw("b", `"0","a":"0"`)
	w.keyBool("m", f.Maker)
	w.keyBool("R", o.ReduceOnly)
	w.keyText("wt", "CONTRACT_PRICE")
	w.keyText("ot", kind)
	w.keyRaw("ps", `"BOTH","cp":false`)
	w.keyDecimal("rp", or0(f.Profit), 8)
	w.keyRaw("pP", `false,"si":0,"ss":0,"V":"EXPIRE_MAKER","pm":"NONE","gtd":0`)
	w.keyText("er", linearExpiry(o))
	w.close('}')
	w.close('}')
}

func linearExpiry(o *Order) string {
	switch {
	case o.Status != Expired:
		return "0"
	case o.Why == Unfillable:
		return "10"
	case o.Why == Unfilled && o.Type == "market":
		return "9"
	case o.Why == Unfilled:
		return "2"
	case o.Why == Overreduced:
		return "4"
	}
	return "0"
}

// accountUpdate is an ACCOUNT_UPDATE. What only orders hold is no change of it.
func accountUpdate(w *writer, e *Event, why string, balances []Balance) {
	w.open('{')
	at := e.At
	if e.Kind == PositionChanged {
		at = e.Position.Updated
	}
	w.keyText("e", "ACCOUNT_UPDATE")
	w.keyTime("E", e.At, false)
	w.keyTime("T", at, false)
	w.key("a")
	w.open('{')
	w.keyText("m", why)
	w.key("B")
	w.open('[')
	for _, b := range balances {
		if b.Wallet != "linear" {
			continue
		}
		w.open('{')
		w.keyText("a", b.Asset)
		w.keyDecimal("wb", b.Total, 8)
		w.keyDecimal("cw", b.Total, 8)
		w.keyDecimal("bc", or0(e.Delta), -1)
		w.close('}')
	}
	w.close(']')
	w.key("P")
	w.open('[')
	if p := &e.Position; e.Kind == PositionChanged {
		w.open('{')
		w.keyText("s", p.Market)
		w.keyDecimal("pa", p.Size, p.Size.Scale())
		w.keyDecimal("ep", p.Entry, -1)
		w.keyDecimal("bep", p.Entry, -1)
		w.keyDecimal("cr", p.Realized, 8)
		w.keyDecimal("up", p.Unrealized, 8)
		w.keyRaw("mt", `"cross","iw":"0","ps":"BOTH"`)
		w.close('}')
	}
	w.close(']')
	w.close('}')
	w.close('}')
}
