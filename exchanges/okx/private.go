package okx

import (
	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/wire"
)

// parseBalances reads the trading account (section 7.1): what is free is availEq in the modes that fill it in.
var parseBalances = exchange.Balances(wire.Compile(wire.Format{Words: wire.Words{
	wire.Rows:  "data details",
	wire.Asset: "ccy",
	wire.Free:  "availEq",
	wire.Cash:  "availBal",
	wire.Used:  "frozenBal",
	wire.Total: "eq",
	wire.Time:  "uTime",
}}), "trading")

// parseFunds reads the funding account (section 7.1).
var parseFunds = exchange.Balances(wire.Compile(wire.Format{Words: wire.Words{
	wire.Rows:  "data",
	wire.Asset: "ccy",
	wire.Free:  "availBal",
	wire.Used:  "frozenBal",
	wire.Total: "bal",
}}), "funding")

// parseOrders reads orders (section 7.2). The size of some is in the quote currency, and their filled size never is.
var parseOrders = exchange.Orders(wire.Compile(wire.Format{
	Words: wire.Words{
		wire.Rows:       "data",
		wire.Market:     "instId",
		wire.OrderID:    "ordId",
		wire.ClientID:   "clOrdId",
		wire.State:      "state",
		wire.OrderKind:  "ordType",
		wire.Kind:       "tgtCcy",
		wire.Side:       "side",
		wire.Price:      "px",
		wire.Average:    "avgPx",
		wire.Size:       "sz",
		wire.Filled:     "accFillSz",
		wire.Fee:        "fee",
		wire.Asset:      "feeCcy",
		wire.ReduceOnly: "reduceOnly",
		wire.Created:    "cTime",
		wire.Time:       "uTime",
	},
	NoZero: []wire.Field{wire.Average},
}), func(o *exchange.Order, r *wire.Row, m *exchange.Market) {
	o.Status, o.Fee = states[o.State], paid(o.Fee)
	orderKind(o, string(r.Text(wire.OrderKind)))
	if string(r.Text(wire.Kind)) == "quote_ccy" {
		o.Size, o.QuoteSize = decimal.Decimal{}, o.Size
	}
	if m.Contract.Absent() && !o.Average.Absent() {
		o.Cost = o.Average.Mul(o.Filled)
	}
})

// states are where orders stand (section 7.2).
var states = map[string]exchange.OrderStatus{
	"live":             exchange.OrderOpen,
	"partially_filled": exchange.OrderOpen,
	"filled":           exchange.OrderClosed,
	"canceled":         exchange.OrderCanceled,
	"mmp_canceled":     exchange.OrderCanceled,
}

// orderKind reads what OKX says in one word: the type, how long it lives, and whether it may take (section 7.2).
func orderKind(o *exchange.Order, word string) {
	switch o.Type = exchange.LimitOrder; word {
	case "limit":
		o.TimeInForce = exchange.GTC
	case "post_only":
		o.TimeInForce, o.PostOnly = exchange.GTC, true
	case "ioc":
		o.TimeInForce = exchange.IOC
	case "fok":
		o.TimeInForce = exchange.FOK
	case "market":
		o.Type = exchange.MarketOrder
	case "optimal_limit_ioc":
		o.Type, o.TimeInForce = exchange.MarketOrder, exchange.IOC
	default:
		o.Type = exchange.OrderType(word)
	}
}

// paid turns a fee around: OKX has those that are charged below zero.
func paid(f exchange.Fee) exchange.Fee {
	if !f.Amount.Absent() {
		f.Amount = f.Amount.Neg()
	}
	return f
}

// parseFills reads the account's trades (section 7.3).
var parseFills = exchange.Rows(wire.Compile(wire.Format{Words: wire.Words{
	wire.Rows:     "data",
	wire.Market:   "instId",
	wire.TradeID:  "tradeId",
	wire.OrderID:  "ordId",
	wire.ClientID: "clOrdId",
	wire.Side:     "side",
	wire.Role:     "execType",
	wire.Price:    "fillPx",
	wire.Size:     "fillSz",
	wire.Fee:      "fee",
	wire.Asset:    "feeCcy",
	wire.Time:     "fillTime",
	wire.End:      "ts",
}}), "", func(f *exchange.Fill, r *wire.Row, m *exchange.Market) bool {
	if f.Fee = paid(f.Fee); f.Time.IsZero() {
		f.Time = r.Time(wire.End)
	}
	if m.Contract.Absent() {
		f.Cost = f.Price.Mul(f.Size)
	}
	return f.ID != ""
})
