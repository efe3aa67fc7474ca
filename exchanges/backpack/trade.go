package backpack

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/rest"
)

// trade is sections 7.8 and 7.9: by REST alone, and an order that is placed cannot be changed.
var trade = exchange.Trading{
	Create:    exchange.Action{Method: "POST", Path: "/api/v1/order", Cost: order, Request: askCreate, Parse: answered},
	Cancel:    exchange.Action{Method: "DELETE", Path: "/api/v1/order", Cost: order, Request: askCancel, Parse: answered},
	CancelAll: exchange.Action{Method: "DELETE", Path: "/api/v1/orders", Cost: order, Request: askCancelAll, Parse: answered},
	Expires:   5 * time.Second, // validFor
	ClientID:  func(random uint64) string { return strconv.FormatUint(max(random>>32, 1), 10) },
	Own:       own,
}

// own reports whether the venue takes a customer's own id: it is a number.
func own(id string) bool {
	n, err := strconv.ParseUint(id, 10, 32)
	return err == nil && strconv.FormatUint(n, 10) == id
}

func order([]*exchange.Instruction) []rest.Charge { return []rest.Charge{{Limit: calls, Cost: 1}} }

// answered reads the orders of an answer. One without a body says that a cancellation will be looked at, section 7.9.
func answered(dst []exchange.Order, in *exchange.Scope, b []byte) ([]exchange.Order, error) {
	if len(b) == 0 {
		return dst, nil
	}
	return orders(dst, in, b)
}

var words = map[exchange.Side]string{exchange.Buy: "Bid", exchange.Sell: "Ask"}

func askCreate(r *rest.Request, ins []*exchange.Instruction) error {
	in := ins[0]
	if in.Margin == exchange.IsolatedMargin || in.Held != "" {
		return &exchange.Error{Venue: name, Kind: exchange.ErrNotSupported, Message: "positions are net, and all of the account answers for them"}
	}
	kind := "Market"
	if in.Type == exchange.LimitOrder {
		kind = "Limit"
	}
	r.Body = object(
		"clientId", in.ClientID,
		"orderType", text(kind),
		"postOnly", truth(in.PostOnly),
		"price", number(in.Price),
		"quantity", number(in.Amount),
		"quoteQuantity", number(in.QuoteSize),
		"reduceOnly", truth(in.ReduceOnly),
		"side", text(words[in.Side]),
		"symbol", text(in.Market.ID),
		"timeInForce", text(string(in.TimeInForce)),
	)
	return nil
}

func askCancel(r *rest.Request, ins []*exchange.Instruction) error {
	key, id, err := named(ins[0].Ref)
	if err != nil {
		return err
	}
	if key == "orderId" {
		id = text(id)
	}
	r.Body = object(key, id, "symbol", text(ins[0].Market.ID))
	return nil
}

func askCancelAll(r *rest.Request, ins []*exchange.Instruction) error {
	r.Body = object("symbol", text(ins[0].Market.ID))
	return nil
}

// object writes pairs of members and their values, those that there are. Null would be signed otherwise than it is read.
func object(pairs ...string) []byte {
	b := []byte("{")
	for i := 1; i < len(pairs); i += 2 {
		if pairs[i] == "" {
			continue
		}
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = append(b, `"`+pairs[i-1]+`":`+pairs[i]...)
	}
	return append(b, '}')
}

// text writes a string, number a decimal and truth a flag; empty where there is none.
func text(s string) string {
	if s == "" {
		return ""
	}
	quoted, _ := json.Marshal(s) // a string always can be
	return string(quoted)
}

func number(d decimal.Decimal) string {
	if d.Absent() {
		return ""
	}
	return text(d.String())
}

func truth(yes bool) string {
	if !yes {
		return ""
	}
	return "true"
}
