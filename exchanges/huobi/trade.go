package huobi

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/tidwall/gjson"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/rest"
)

// lives is how long a signature is good for, section 6.2: what the venue has not taken by then it will not.
const lives = 5 * time.Minute

// body says an instruction as REST takes it, or a socket. It is an *exchange.Error where the venue has no such thing.
type body func(in *exchange.Instruction) ([]byte, error)

// act makes an Action: envelope holds the id and the socket's body, which is mostly REST's.
func act(l *rest.Limit, path func(*exchange.Instruction) string, said body, envelope string, pushed body, parse exchange.Parser[exchange.Order]) exchange.Action {
	return exchange.Action{
		Method: http.MethodPost,
		Cost:   func([]*exchange.Instruction) []rest.Charge { return []rest.Charge{{Limit: l, Cost: 1}} },
		Request: func(r *rest.Request, ins []*exchange.Instruction) (err error) {
			r.Path = path(ins[0])
			r.Body, err = said(ins[0])
			return err
		},
		Parse:  parse,
		Socket: "trade",
		Frame: func(_ *exchange.Session, id string, ins []*exchange.Instruction) ([]byte, error) {
			b, err := pushed(ins[0])
			return fmt.Appendf(nil, envelope, id, b), err
		},
	}
}

func at(path string) func(*exchange.Instruction) string {
	return func(*exchange.Instruction) string { return path }
}

// spotTrading is sections 7.2, 7.3 and 8.2. There is no way to change an order.
func spotTrading() exchange.Trading {
	all := act(&spotReads, at("/v1/order/orders/batchCancelOpenOrders"), spotAll, `{"cid":%q,"ch":"cancelall","params":%s}`, spotAll, counted100)
	all.Whole = true
	return exchange.Trading{
		Create:    act(&spotTrade, at("/v1/order/orders/place"), spotOrder, `{"cid":%q,"ch":"create-order","params":%s}`, spotOrder, placed),
		Cancel:    act(&spotTrade, spotCancelPath, spotCancel, `{"cid":%q,"ch":"cancel","params":%s}`, spotCancels, placed),
		CancelAll: all,
		Expires:   lives,
		ClientID:  func(random uint64) string { return fmt.Sprintf("dw-%016x", random) },
		Own:       spotOwn,
	}
}

// linearTrading is sections 7.6 and 8.4.
func linearTrading() exchange.Trading {
	all := act(&contractTrade, at("/v5/trade/cancel_all_orders"), contractAll, `{"op":"cancel_all_orders","cid":%q,"data":%s}`, contractAll, placed)
	all.Whole = true
	return exchange.Trading{
		Create:    act(&contractTrade, at("/v5/trade/order"), contractOrder, `{"op":"place_order","cid":%q,"data":%s}`, contractOrder, placed),
		Cancel:    act(&contractTrade, at("/v5/trade/cancel_order"), contractCancel, `{"op":"cancel_order","cid":%q,"data":%s}`, contractCancel, placed),
		CancelAll: all,
		Expires:   lives,
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

// object is JSON of pairs of keys and texts; those that are empty are left out.
func object(pairs ...string) []byte {
	var params []rest.Param
	for i := 1; i < len(pairs); i += 2 {
		if pairs[i] != "" {
			params = append(params, rest.Param{Key: pairs[i-1], Value: pairs[i]})
		}
	}
	return []byte("{" + members(params) + "}")
}

func unable(in *exchange.Instruction, why string) error {
	return refuse(in.Market, exchange.ErrNotSupported, why)
}

// plain is a number without an exponent, section 7.2; empty where there is none.
func plain(d decimal.Decimal) string { return d.Neg().Neg().Reduce().String() }

// spotOrder is section 7.2. The amount of a market buy is what it spends, of all others what is traded.
func spotOrder(in *exchange.Instruction) ([]byte, error) {
	asked, word, amount := kind{in.Type, in.TimeInForce, in.PostOnly}, "", in.Amount
	if in.Type == exchange.LimitOrder {
		asked.TimeInForce = cmp.Or(in.TimeInForce, exchange.GTC)
	}
	for w, k := range kinds {
		if k == asked {
			word = w
		}
	}
	switch spends := in.Side == exchange.Buy && word == "market"; {
	case word == "":
		return nil, unable(in, "there is no such type of order")
	case spends == in.QuoteSize.Absent():
		return nil, unable(in, "QuoteSize is of market buys, which have nothing else")
	case spends:
		amount = in.QuoteSize
	}
	return object("account-id", in.Account, "symbol", in.Market.ID, "type", string(in.Side)+"-"+word, "amount", plain(amount),
		"price", plain(in.Price), "source", "spot-api", "client-order-id", in.ClientID), nil
}

func spotCancelPath(in *exchange.Instruction) string {
	if in.Ref.ID == "" {
		return "/v1/order/orders/submitCancelClientOrder"
	}
	return "/v1/order/orders/" + url.PathEscape(in.Ref.ID) + "/submitcancel"
}

func spotCancel(in *exchange.Instruction) ([]byte, error) {
	if in.Ref.ID == "" {
		return object("client-order-id", in.Ref.ClientID), nil
	}
	return object("symbol", in.Market.ID), nil
}

// spotCancels is the socket's, which takes lists alone.
func spotCancels(in *exchange.Instruction) ([]byte, error) {
	if in.Ref.ID == "" {
		return fmt.Appendf(nil, `{"client-order-ids":[%q]}`, in.Ref.ClientID), nil
	}
	return fmt.Appendf(nil, `{"order-ids":[%q]}`, in.Ref.ID), nil
}

func marketID(in *exchange.Instruction) string {
	if in.Market == nil {
		return ""
	}
	return in.Market.ID
}

func spotAll(in *exchange.Instruction) ([]byte, error) {
	return object("account-id", in.Account, "symbol", marketID(in)), nil
}

// contractOrder is section 7.6.1. An account of one side a contract is the usual one.
func contractOrder(in *exchange.Instruction) ([]byte, error) {
	word, keeps := string(in.Type), ""
	switch {
	case in.PostOnly:
		word = "post_only"
	case in.Type == exchange.LimitOrder:
		keeps = map[exchange.TimeInForce]string{"": "gtc", exchange.GTC: "gtc", exchange.IOC: "ioc", exchange.FOK: "fok"}[in.TimeInForce]
	case in.TimeInForce != "":
		return nil, unable(in, "market orders have no time in force")
	}
	if in.Margin == exchange.IsolatedMargin || !in.QuoteSize.Absent() {
		return nil, unable(in, "orders are for contracts, with cross margin: V5 documents no other")
	}
	b := object("contract_code", in.Market.ID, "margin_mode", "cross", "position_side", cmp.Or(string(in.Held), "both"), "side", string(in.Side),
		"type", word, "price", plain(in.Price), "volume", plain(in.Amount), "client_order_id", in.ClientID, "time_in_force", keeps)
	if in.ReduceOnly {
		b = append(b[:len(b)-1], `,"reduce_only":1}`...)
	}
	return b, nil
}

func contractCancel(in *exchange.Instruction) ([]byte, error) {
	if in.Ref.ID == "" {
		return object("contract_code", in.Market.ID, "client_order_id", in.Ref.ClientID), nil
	}
	return object("contract_code", in.Market.ID, "order_id", in.Ref.ID), nil
}

func contractAll(in *exchange.Instruction) ([]byte, error) {
	return object("contract_code", marketID(in)), nil
}

// placed reads the answers to orders and to cancels, sections 7.2, 7.3, 7.6, 8.2 and 8.4: an id, ids, or lists of what was done and what
// was not. A cancel is only accepted by that: how it ends is pushed.
func placed(dst []exchange.Order, in *exchange.Scope, b []byte) (_ []exchange.Order, err error) {
	data := gjson.GetBytes(b, "data")
	rows := data.Array()                                 // of one where it is none
	if !gjson.ValidBytes(b) || data.Type == gjson.Null { // absent too
		return dst, errFrame
	}
	if done := data.Get("success"); done.IsArray() {
		rows = append(done.Array(), data.Get("failed").Array()...)
	}
	for _, r := range rows {
		row, o := []byte(r.Raw), exchange.Order{ID: r.String()}
		if in.Market != nil {
			o.Symbol = in.Market.Symbol
		}
		code, state := "", ""
		switch {
		case r.IsObject():
			o.ID, code, state = first(row, "order_id", "orderId", "order-id"), first(row, "code", "err-code"), r.Get("order-state").String()
			o.ClientID = given(first(row, "client_order_id", "clientOrderId", "client-order-id"), o.ID)
		case r.Type == gjson.Number && r.Int() <= mostState: // the answer to submitCancelClientOrder
			o.ID, o.ClientID, state = "", in.Args.Ref.ClientID, o.ID
		case o.ID == in.Args.Ref.ClientID:
			o.ID, o.ClientID = "", o.ID
		}
		if over[state] || code != "" && code != "200" {
			err = cmp.Or(err, undone(code, cmp.Or(first(row, "message", "err-msg"), "order-state "+state), over[state]))
			continue
		}
		dst = append(dst, o)
	}
	return dst, err
}

const mostState = 10 // ids have many digits

// over are the states of orders of which there is nothing to cancel, section 7.3: 0 is none.
var over = map[string]bool{"-1": true, "0": true, "5": true, "6": true, "7": true}

// undone is what was refused inside an answer.
func undone(code, text string, over bool) error {
	kind := cmp.Or(spotCodes[precise(code, text)], contractCodes[code], exchange.ErrInvalidOrder)
	if over {
		kind = exchange.ErrOrderNotFound
	}
	return &exchange.Error{Venue: name, Kind: kind, Code: code, Message: text}
}

// counted100 reads the answer to batchCancelOpenOrders, section 7.3, which counts what it cancels, 100 at most, and names nothing.
func counted100(dst []exchange.Order, _ *exchange.Scope, b []byte) ([]exchange.Order, error) {
	n, failed, next := gjson.GetBytes(b, "data.success-count"), gjson.GetBytes(b, "data.failed-count").Int(), gjson.GetBytes(b, "data.next-id").Int()
	switch {
	case !gjson.ValidBytes(b) || !n.Exists():
		return dst, errFrame
	case failed > 0 || next > 0:
		return dst, &exchange.Error{Venue: name, Kind: exchange.ErrUnavailable, Message: n.String() + " orders were cancelled, not all: cancel again"}
	}
	return dst, nil
}
