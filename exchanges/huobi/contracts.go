package huobi

import (
	"strings"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/wire"
)

// What contracts of V5 say of the account, sections 7.6.2 and 8.3: pulled and pushed alike.

// contractBalances reads the account. What is used is never below zero.
func contractBalances(dst []exchange.Balance, in *exchange.Scope, b []byte) ([]exchange.Balance, error) {
	n := len(dst)
	dst, err := contractBalance(dst, in, b)
	for i := range dst[n:] {
		if v := &dst[n+i]; v.Used.Sign() < 0 {
			v.Used = decimal.New(0, 0)
		}
	}
	return dst, err
}

var contractBalance = exchange.Balances(wire.Compile(wire.Format{
	Words: wire.Words{
		wire.Rows:  "data details",
		wire.Asset: "currency",
		wire.Free:  "available",
		wire.Total: "equity",
		wire.Time:  "updated_time",
		wire.Seq:   "version",
	},
	Awaited: []wire.Field{wire.Seq},
}), "linear")

// contractStates are where orders stand, by word or by the numbers of older answers, section 7.6.2.
var contractStates = map[string]exchange.OrderStatus{
	"new":                exchange.OrderOpen,
	"partially_filled":   exchange.OrderOpen,
	"filled":             exchange.OrderClosed,
	"partially_canceled": exchange.OrderCanceled,
	"canceled":           exchange.OrderCanceled,
	"rejected":           exchange.OrderRejected,

	"3":  exchange.OrderOpen,
	"4":  exchange.OrderOpen,
	"11": exchange.OrderOpen,
	"6":  exchange.OrderClosed,
	"5":  exchange.OrderCanceled,
	"7":  exchange.OrderCanceled,
}

// contractOrders reads orders. One that is pushed as filled is so when all of it is.
var contractOrders = exchange.Orders(wire.Compile(wire.Format{
	Words: wire.Words{
		wire.Rows:        "data",
		wire.Event:       "topic",
		wire.Market:      "contract_code",
		wire.OrderID:     "order_id",
		wire.ClientID:    "client_order_id",
		wire.State:       "state",
		wire.OrderKind:   "type",
		wire.TimeInForce: "time_in_force",
		wire.Side:        "side",
		wire.Price:       "price",
		wire.Average:     "trade_avg_price",
		wire.Size:        "volume",
		wire.Filled:      "trade_volume",
		wire.Paid:        "trade_turnover",
		wire.Fee:         "fee",
		wire.Asset:       "fee_currency",
		wire.ReduceOnly:  "reduce_only",
		wire.Created:     "created_time",
		wire.Time:        "updated_time",
	},
	NoZero: []wire.Field{wire.Price, wire.Average},
}), func(o *exchange.Order, r *wire.Row, m *exchange.Market) {
	o.Status, o.Fee.Amount, o.ClientID = contractStates[o.State], o.Fee.Amount.Abs(), given(o.ClientID, o.ID)
	if r.Has(wire.Event) && o.Status == exchange.OrderClosed && o.FilledContracts.Cmp(o.Contracts) < 0 {
		o.Status = exchange.OrderOpen
	}
	o.TimeInForce = exchange.TimeInForce(strings.ToUpper(string(o.TimeInForce)))
	switch o.Type = exchange.OrderType(r.Text(wire.OrderKind)); o.Type {
	case "post_only":
		o.Type, o.PostOnly = exchange.LimitOrder, true
	case exchange.MarketOrder:
		o.TimeInForce, o.Price = "", none
	}
})

// given leaves out a customer's id that is none: the venue takes its own where there is none.
func given(clientID, id string) string {
	if clientID == id {
		return ""
	}
	return clientID
}

// contractFills reads order/details: pushes have neither its fees nor its ids.
var contractFills = exchange.Rows(wire.Compile(wire.Format{Words: wire.Words{
	wire.Rows:     "data",
	wire.Market:   "contract_code",
	wire.TradeID:  "id",
	wire.OrderID:  "order_id",
	wire.ClientID: "client_order_id",
	wire.Side:     "side",
	wire.Role:     "role",
	wire.Price:    "trade_price",
	wire.Size:     "trade_volume",
	wire.Cost:     "trade_turnover",
	wire.Fee:      "trade_fee",
	wire.Asset:    "fee_currency",
	wire.Time:     "created_time",
}}), "", func(f *exchange.Fill, _ *wire.Row, _ *exchange.Market) bool {
	f.Fee.Amount, f.ClientID = f.Fee.Amount.Abs(), given(f.ClientID, f.OrderID)
	return f.ID != ""
})

// contractPositions reads positions, whose sizes have no sign: of an account that holds one side of a contract the direction tells which.
var contractPositions = exchange.Positions(wire.Compile(wire.Format{
	Words: wire.Words{
		wire.Rows:        "data",
		wire.Market:      "contract_code",
		wire.Seq:         "version",
		wire.Held:        "position_side",
		wire.Side:        "direction",
		wire.MarginMode:  "margin_mode",
		wire.Size:        "volume",
		wire.Entry:       "open_avg_price",
		wire.MarkPrice:   "mark_price",
		wire.Liquidation: "liquidation_price",
		wire.Unrealized:  "profit_unreal",
		wire.Realized:    "profit",
		wire.Leverage:    "lever_rate",
		wire.Initial:     "initial_margin",
		wire.Maintenance: "maintenance_margin",
		wire.Created:     "created_time",
		wire.Time:        "updated_time",
	},
	NoZero: []wire.Field{wire.Liquidation},
}), func(p *exchange.Position, r *wire.Row, _ *exchange.Market) {
	if string(r.Text(wire.Held)) == "both" && p.Side != "" && string(r.Text(wire.Side)) == "sell" {
		p.Side = exchange.Short
	}
	if p.Liquidation.Sign() < 0 { // there is none
		p.Liquidation = none
	}
})
