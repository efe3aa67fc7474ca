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

// members are those of a body, in the order in which they are signed. Null would be signed otherwise than it is read.
type members struct {
	ClientID      json.Number `json:"clientId,omitempty"`
	OrderID       string      `json:"orderId,omitempty"`
	OrderType     string      `json:"orderType,omitempty"`
	PostOnly      bool        `json:"postOnly,omitempty"`
	Price         string      `json:"price,omitempty"`
	Quantity      string      `json:"quantity,omitempty"`
	QuoteQuantity string      `json:"quoteQuantity,omitempty"`
	ReduceOnly    bool        `json:"reduceOnly,omitempty"`
	Side          string      `json:"side,omitempty"`
	Symbol        string      `json:"symbol"`
	TimeInForce   string      `json:"timeInForce,omitempty"`
}

var (
	sides = map[exchange.Side]string{exchange.Buy: "Bid", exchange.Sell: "Ask"}
	types = map[exchange.OrderType]string{exchange.LimitOrder: "Limit", exchange.MarketOrder: "Market"}
)

func askCreate(r *rest.Request, ins []*exchange.Instruction) (err error) {
	in := ins[0]
	if in.Margin == exchange.IsolatedMargin || in.Held != "" {
		return &exchange.Error{Venue: name, Kind: exchange.ErrNotSupported, Message: "positions are net, and all of the account answers for them"}
	}
	r.Body, err = json.Marshal(members{
		ClientID: json.Number(in.ClientID), OrderType: types[in.Type], Side: sides[in.Side], Symbol: in.Market.ID,
		Price: plain(in.Price), Quantity: plain(in.Amount), QuoteQuantity: plain(in.QuoteSize),
		TimeInForce: string(in.TimeInForce), PostOnly: in.PostOnly, ReduceOnly: in.ReduceOnly,
	})
	return err
}

// plain is a number without an exponent; empty where there is none.
func plain(d decimal.Decimal) string { return d.Neg().Neg().Reduce().String() }

func askCancel(r *rest.Request, ins []*exchange.Instruction) error {
	ref, err := named(ins[0].Ref)
	if err == nil {
		r.Body, err = json.Marshal(members{ClientID: json.Number(ref.ClientID), OrderID: ref.ID, Symbol: ins[0].Market.ID})
	}
	return err
}

func askCancelAll(r *rest.Request, ins []*exchange.Instruction) (err error) {
	r.Body, err = json.Marshal(members{Symbol: ins[0].Market.ID})
	return err
}
