package okx

import (
	"strings"

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
}), func(o *exchange.Order, r *wire.Row, _ *exchange.Market) {
	o.Status, o.Fee = states[o.State], paid(o.Fee)
	orderKind(o, r.Text(wire.OrderKind))
	if string(r.Text(wire.Kind)) == "quote_ccy" {
		o.Size, o.QuoteSize = decimal.Decimal{}, o.Size
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
func orderKind(o *exchange.Order, word []byte) {
	switch o.Type = exchange.LimitOrder; string(word) {
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

// fills reads the account's trades: what they cost has other words where they are told by orders, and so has the time when
// they were written down.
func fills(fee, asset, written string) exchange.Parser[exchange.Fill] {
	return exchange.Rows(wire.Compile(wire.Format{Words: wire.Words{
		wire.Rows:     "data",
		wire.Market:   "instId",
		wire.TradeID:  "tradeId",
		wire.OrderID:  "ordId",
		wire.ClientID: "clOrdId",
		wire.Side:     "side",
		wire.Role:     "execType",
		wire.Price:    "fillPx",
		wire.Size:     "fillSz",
		wire.Fee:      fee,
		wire.Asset:    asset,
		wire.Seq:      "billId", // by which their list goes on
		wire.Time:     "fillTime",
		wire.End:      written,
	}}), "", fillIn)
}

var (
	parseFills       = fills("fee", "feeCcy", "ts")            // section 7.3
	parsePushedFills = fills("fillFee", "fillFeeCcy", "uTime") // section 8.4: those changes of orders that are fills
)

// fillIn sees to what fills have that the words do not say. A change of an order that is none has no id, or no size.
func fillIn(f *exchange.Fill, r *wire.Row, m *exchange.Market) bool {
	if f.Fee = paid(f.Fee); f.Time.IsZero() {
		f.Time = r.Time(wire.End)
	}
	if m.Contract.Absent() {
		f.Cost = f.Price.Mul(f.Size)
	}
	return f.ID != "" && f.Size.Sign() > 0
}

// parsePositions reads sections 7.6 and 8.2. Of a loan of a pair the currency tells the side. The margin of isolated ones stands apart.
var parsePositions = exchange.Positions(wire.Compile(wire.Format{
	Words: wire.Words{
		wire.Rows:        "data",
		wire.Market:      "instId",
		wire.OrderID:     "posId",
		wire.Held:        "posSide",
		wire.Kind:        "posCcy",
		wire.MarginMode:  "mgnMode",
		wire.Size:        "pos",
		wire.Entry:       "avgPx",
		wire.MarkPrice:   "markPx",
		wire.Liquidation: "liqPx",
		wire.Unrealized:  "upl",
		wire.Realized:    "realizedPnl",
		wire.Leverage:    "lever",
		wire.Initial:     "imr",
		wire.Isolated:    "margin",
		wire.Maintenance: "mmr",
		wire.Created:     "cTime",
		wire.Time:        "uTime",
	},
	NoZero: []wire.Field{wire.Liquidation},
}), func(p *exchange.Position, r *wire.Row, m *exchange.Market) {
	if p.Initial.Absent() {
		p.Initial = r.Decimal(wire.Isolated)
	}
	if held := string(r.Text(wire.Kind)); held != "" && held == m.Quote && p.Side != "" {
		p.Side, p.Size = exchange.Short, decimal.Decimal{} // pos counts what is held
	}
})

// transactions are the words of section 7.4.
func transactions(kind exchange.TransactionKind, id string, states map[string]exchange.TransactionStatus) exchange.Parser[exchange.Transaction] {
	return exchange.Transactions(wire.Compile(wire.Format{Words: wire.Words{
		wire.Rows:     "data",
		wire.OrderID:  id,
		wire.ClientID: "clientId",
		wire.Asset:    "ccy",
		wire.Network:  "chain",
		wire.Address:  "to",
		wire.TxID:     "txId",
		wire.Size:     "amt",
		wire.Fee:      "fee",
		wire.FeeUnit:  "feeCcy",
		wire.State:    "state",
		wire.Time:     "ts",
	}}), kind, func(v *exchange.Transaction) {
		v.Network = strings.TrimPrefix(v.Network, v.Asset+"-")
		if v.Status = states[v.State]; v.Status == "" {
			v.Status = exchange.TransactionPending
		}
	})
}

// parseDeposits and parseWithdrawals: what has no word of its own waits for something.
var (
	parseDeposits = transactions(exchange.Deposit, "depId", map[string]exchange.TransactionStatus{
		"1": exchange.TransactionOK, // it can be traded with
		"2": exchange.TransactionOK,
	})
	parseWithdrawals = transactions(exchange.Withdrawal, "wdId", map[string]exchange.TransactionStatus{
		"2":  exchange.TransactionOK,
		"-1": exchange.TransactionFailed,
		"-2": exchange.TransactionCanceled,
	})
)
