package huobi

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/tidwall/gjson"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/rest"
)

// member is one of a JSON object. Empty text is left out; raw text is no string.
type member struct {
	key, text string
	raw       bool
}

func object(members ...member) []byte {
	b := []byte{'{'}
	for _, m := range members {
		if m.text == "" {
			continue
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(gjson.AppendJSONString(b, m.key), ':')
		if m.raw {
			b = append(b, m.text...)
		} else {
			b = gjson.AppendJSONString(b, m.text)
		}
	}
	return append(b, '}')
}

// said makes the body of an instruction. Sockets take what REST does, in an envelope.
type said func(in *exchange.Instruction) ([]byte, error)

// act makes an Action of what REST and a socket say alike. path may depend on the instruction.
func act(l *rest.Limit, path func(in *exchange.Instruction) string, body said, parse exchange.Parser[exchange.Order]) exchange.Action {
	return exchange.Action{
		Method: http.MethodPost,
		Cost:   func([]*exchange.Instruction) []rest.Charge { return []rest.Charge{{Limit: l, Cost: 1}} },
		Request: func(r *rest.Request, ins []*exchange.Instruction) (err error) {
			r.Path = path(ins[0])
			r.Body, err = body(ins[0])
			return err
		},
		Parse: parse,
	}
}

// over adds the socket: envelope holds the id and the body.
func over(a exchange.Action, envelope string, body said) exchange.Action {
	a.Socket = "trade"
	a.Frame = func(_ *exchange.Session, id string, ins []*exchange.Instruction) ([]byte, error) {
		b, err := body(ins[0])
		return fmt.Appendf(nil, envelope, id, b), err
	}
	return a
}

func at(path string) func(*exchange.Instruction) string {
	return func(*exchange.Instruction) string { return path }
}

// spotTrading is sections 7.2, 7.3 and 8.2. There is no way to change an order.
func spotTrading() exchange.Trading {
	all := act(&spotReads, at("/v1/order/orders/batchCancelOpenOrders"), spotCancelAll, canceledAll)
	all.Whole = true
	return exchange.Trading{
		Create:    over(act(&spotTrade, at("/v1/order/orders/place"), spotOrder, placed), `{"cid":%q,"ch":"create-order","params":%s}`, spotOrder),
		Cancel:    over(act(&spotTrade, spotCancelPath, spotCancel, placed), `{"cid":%q,"ch":"cancel","params":%s}`, spotCancels),
		CancelAll: over(all, `{"cid":%q,"ch":"cancelall","params":%s}`, spotCancelAll),
		ClientID:  func(random uint64) string { return fmt.Sprintf("dw-%016x", random) },
		Own:       spotOwn,
	}
}

// linearTrading is sections 7.6 and 8.4.
func linearTrading() exchange.Trading {
	all := act(&contractTrade, at("/v5/trade/cancel_all_orders"), contractOf, placed)
	all.Whole = true
	return exchange.Trading{
		Create:    over(act(&contractTrade, at("/v5/trade/order"), contractOrder, placed), `{"op":"place_order","cid":%q,"data":%s}`, contractOrder),
		Cancel:    over(act(&contractTrade, at("/v5/trade/cancel_order"), contractCancel, placed), `{"op":"cancel_order","cid":%q,"data":%s}`, contractCancel),
		CancelAll: over(all, `{"op":"cancel_all_orders","cid":%q,"data":%s}`, contractOf),
		ClientID:  func(random uint64) string { return strconv.FormatUint(max(random>>1, 1), 10) },
		Own: func(id string) bool {
			n, err := strconv.ParseInt(id, 10, 64)
			return err == nil && n > 0 && strconv.FormatInt(n, 10) == id
		},
	}
}

// spotOwn is section 7.2: letters, digits, _ and -.
func spotOwn(id string) bool {
	for _, c := range []byte(id) {
		if c-'0' > 9 && c|0x20-'a' > 25 && c != '_' && c != '-' {
			return false
		}
	}
	return id != "" && len(id) <= 64
}

func unable(in *exchange.Instruction, why string) error {
	return refuse(in.Market, exchange.ErrNotSupported, why)
}

// spotOrder is section 7.2. The amount of a market buy is what it spends, of all others what is traded.
func spotOrder(in *exchange.Instruction) ([]byte, error) {
	asked, word := kind{in.Type, in.TimeInForce, in.PostOnly}, ""
	if in.Type == exchange.LimitOrder {
		asked.TimeInForce = cmp.Or(in.TimeInForce, exchange.GTC)
	}
	for w, k := range kinds {
		if k == asked {
			word = w
		}
	}
	amount, spends := in.Amount, in.Side == exchange.Buy && in.Type == exchange.MarketOrder
	switch {
	case word == "":
		return nil, unable(in, "there is no such type of order")
	case in.ReduceOnly, in.Margin != "", in.Held != "":
		return nil, unable(in, "orders of pairs know no positions")
	case spends != !in.QuoteSize.Absent():
		return nil, unable(in, "a market buy, and nothing else, is for QuoteSize")
	case spends:
		amount = in.QuoteSize
	}
	return object(member{"account-id", in.Account, false}, member{"symbol", in.Market.ID, false}, member{"type", string(in.Side) + "-" + word, false},
		member{"amount", amount.String(), false}, member{"price", in.Price.String(), false}, member{"source", "spot-api", false},
		member{"client-order-id", in.ClientID, false}), nil
}

func spotCancelPath(in *exchange.Instruction) string {
	if in.Ref.ID == "" {
		return "/v1/order/orders/submitCancelClientOrder"
	}
	return "/v1/order/orders/" + url.PathEscape(in.Ref.ID) + "/submitcancel"
}

func spotCancel(in *exchange.Instruction) ([]byte, error) {
	if in.Ref.ID == "" {
		return object(member{"client-order-id", in.Ref.ClientID, false}), nil
	}
	return object(member{"symbol", in.Market.ID, false}), nil
}

// spotCancels is the socket's: it takes lists alone.
func spotCancels(in *exchange.Instruction) ([]byte, error) {
	key, id := "order-ids", in.Ref.ID
	if id == "" {
		key, id = "client-order-ids", in.Ref.ClientID
	}
	return object(member{key, "[" + strconv.Quote(id) + "]", true}), nil
}

func spotCancelAll(in *exchange.Instruction) ([]byte, error) {
	return object(member{"account-id", in.Account, false}, member{"symbol", symbolOf(in), false}, member{"size", "100", true}), nil
}

func symbolOf(in *exchange.Instruction) string {
	if in.Market == nil {
		return ""
	}
	return in.Market.ID
}

// contractOrder is section 7.6.1.
func contractOrder(in *exchange.Instruction) ([]byte, error) {
	word, lives, reduce := string(in.Type), "", "0"
	switch {
	case in.PostOnly:
		word = "post_only"
	case in.Type == exchange.LimitOrder:
		lives = map[exchange.TimeInForce]string{"": "gtc", exchange.GTC: "gtc", exchange.IOC: "ioc", exchange.FOK: "fok"}[in.TimeInForce]
	}
	switch {
	case in.Type == exchange.MarketOrder && (in.PostOnly || in.TimeInForce != ""), word == "limit" && lives == "",
		in.PostOnly && in.TimeInForce != "" && in.TimeInForce != exchange.GTC:
		return nil, unable(in, "there is no such type of order")
	case !in.QuoteSize.Absent():
		return nil, unable(in, "orders of contracts are for contracts")
	case in.Margin == exchange.IsolatedMargin:
		return nil, unable(in, "the unified account documents cross margin alone")
	}
	if in.ReduceOnly {
		reduce = "1"
	}
	return object(member{"contract_code", in.Market.ID, false}, member{"margin_mode", "cross", false},
		member{"position_side", cmp.Or(string(in.Held), "both"), false}, member{"side", string(in.Side), false}, member{"type", word, false},
		member{"price", in.Price.String(), false}, member{"volume", in.Amount.String(), false}, member{"client_order_id", in.ClientID, false},
		member{"reduce_only", reduce, true}, member{"time_in_force", lives, false}), nil
}

func contractCancel(in *exchange.Instruction) ([]byte, error) {
	id := member{"order_id", in.Ref.ID, false}
	if in.Ref.ID == "" {
		id = member{"client_order_id", in.Ref.ClientID, false}
	}
	return object(member{"contract_code", in.Market.ID, false}, id), nil
}

func contractOf(in *exchange.Instruction) ([]byte, error) {
	return object(member{"contract_code", symbolOf(in), false}), nil
}

// placed reads the answers to orders and to cancels of sections 7.2, 7.3, 7.6, 8.2 and 8.4: an id, a state, ids, or lists of what was done
// and of what was not. A cancel is accepted by that: how it ends is pushed.
func placed(dst []exchange.Order, in *exchange.Scope, b []byte) ([]exchange.Order, error) {
	data := gjson.GetBytes(b, "data")
	if !gjson.ValidBytes(b) || !data.Exists() {
		return dst, errFrame
	}
	var failed error
	note := func(id, own, code, text, state string) {
		if code != "" && code != "200" {
			failed = cmp.Or(failed, notDone(code, text, state))
			return
		}
		o := exchange.Order{ID: id, ClientID: given(own, id)}
		if in.Market != nil {
			o.Symbol = in.Market.Symbol
		}
		dst = append(dst, o)
	}
	switch lists := data.IsObject() && data.Get("success").IsArray(); {
	case lists:
		for _, id := range data.Get("success").Array() {
			note(id.String(), "", "", "", "")
		}
		data = data.Get("failed")
		fallthrough
	case data.IsArray(), data.IsObject():
		for _, r := range data.Array() {
			row := []byte(r.Raw)
			note(first(row, "order_id", "orderId", "order-id"), first(row, "client_order_id", "clientOrderId", "client-order-id"),
				first(row, "code", "err-code"), first(row, "message", "err-msg"), r.Get("order-state").String())
		}
	case data.Type == gjson.Number && data.Int() <= 10:
		if state := data.String(); done[state] || state == "0" {
			return dst, notDone("order-orderstate-error", "order-state "+state, cmp.Or(state, "0"))
		}
		note("", in.Args.Ref.ClientID, "", "", "")
	default:
		note(data.String(), "", "", "", "")
	}
	return dst, failed
}

// done are the states of orders that there is nothing to cancel of, section 7.3.
var done = map[string]bool{
	"-1": true,
	"5":  true,
	"6":  true,
	"7":  true,
}

// notDone is what was refused inside an answer.
func notDone(code, text, state string) error {
	kind := cmp.Or(spotCodes[precise(code, text)], contractCodes[code], exchange.ErrInvalidOrder)
	if done[state] || state == "0" {
		kind = exchange.ErrOrderNotFound
	}
	return &exchange.Error{Venue: name, Kind: kind, Code: code, Message: text}
}

// canceledAll reads the answer to batchCancelOpenOrders, section 7.3, which counts and names nothing.
func canceledAll(dst []exchange.Order, _ *exchange.Scope, b []byte) ([]exchange.Order, error) {
	data := gjson.GetBytes(b, "data")
	switch {
	case !gjson.ValidBytes(b) || !data.Get("success-count").Exists():
		return dst, errFrame
	case data.Get("failed-count").Int() > 0:
		return dst, &exchange.Error{Venue: name, Kind: exchange.ErrInvalidOrder, Message: data.Get("failed-count").String() + " orders were not cancelled"}
	case data.Get("next-id").Int() > 0:
		return dst, &exchange.Error{Venue: name, Kind: exchange.ErrUnavailable, Message: "more than 100 orders are open: cancel again"}
	}
	return dst, nil
}
