package binance

import (
	"strings"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/wire"
)

// spotBalances reads section 7.1. What is lent out is there too, as LD before the coin's name.
var spotBalances = exchange.Balances(wire.Compile(wire.Format{Words: wire.Words{
	wire.Rows:  "balances",
	wire.Time:  "updateTime",
	wire.Asset: "asset",
	wire.Free:  "free",
	wire.Used:  "locked",
}}), spot)

// linearBalances reads section 7.6. All that the account can hold is there.
var linearBalances = exchange.Balances(wire.Compile(wire.Format{Words: wire.Words{
	wire.Asset: "asset",
	wire.Free:  "availableBalance",
	wire.Total: "balance",
	wire.Time:  "updateTime",
}}), linear)

// orders reads sections 7.2 and 7.7: the two families differ in the word for what was paid, which spot misspells.
var orders = exchange.Orders(wire.Compile(wire.Format{
	Words: wire.Words{
		wire.Market:      "symbol",
		wire.OrderID:     "orderId",
		wire.ClientID:    "clientOrderId",
		wire.State:       "status",
		wire.OrderKind:   "type",
		wire.TimeInForce: "timeInForce",
		wire.Side:        "side",
		wire.Price:       "price",
		wire.Average:     "avgPrice",
		wire.Size:        "origQty",
		wire.Cost:        "origQuoteOrderQty",
		wire.Filled:      "executedQty",
		wire.Paid:        "cummulativeQuoteQty cumQuote",
		wire.ReduceOnly:  "reduceOnly",
		wire.Created:     "time",
		wire.Time:        "updateTime",
	},
	NoZero: []wire.Field{wire.Price, wire.Average, wire.Cost},
}), func(o *exchange.Order, r *wire.Row, _ *exchange.Market) {
	o.Status, o.QuoteSize = statuses[o.State], r.Decimal(wire.Cost)
	orderKind(o, string(r.Text(wire.OrderKind)))
	if o.Cost.Sign() < 0 { // it is not known
		o.Cost = decimal.Decimal{}
	}
	if !o.QuoteSize.Absent() && o.Size.IsZero() {
		o.Size = decimal.Decimal{}
	}
	if o.Average.Absent() && o.Cost.Sign() > 0 && o.Filled.Sign() > 0 {
		o.Average = o.Cost.Quo(o.Filled)
	}
})

// statuses are where orders stand, sections 7.2 and 7.7.
var statuses = map[string]exchange.OrderStatus{
	"NEW":              exchange.OrderOpen,
	"PENDING_NEW":      exchange.OrderOpen,
	"PARTIALLY_FILLED": exchange.OrderOpen,
	"FILLED":           exchange.OrderClosed,
	"CANCELED":         exchange.OrderCanceled,
	"PENDING_CANCEL":   exchange.OrderCanceled,
	"REJECTED":         exchange.OrderRejected,
	"EXPIRED":          exchange.OrderExpired,
	"EXPIRED_IN_MATCH": exchange.OrderExpired,
}

// orderKind reads the type: spot says by it, futures by the time in force that an order may not take, sections 7.2 and 7.7.
func orderKind(o *exchange.Order, word string) {
	switch o.Type = exchange.OrderType(strings.ToLower(word)); word {
	case "LIMIT_MAKER":
		o.Type, o.TimeInForce, o.PostOnly = exchange.LimitOrder, exchange.GTC, true
	case "LIMIT":
		if o.TimeInForce == "GTX" {
			o.TimeInForce, o.PostOnly = exchange.GTC, true
		}
	}
}

// fills reads sections 7.2 and 7.7.
var fills = exchange.Rows(wire.Compile(wire.Format{Words: wire.Words{
	wire.Market:  "symbol",
	wire.TradeID: "id",
	wire.OrderID: "orderId",
	wire.Side:    "side",
	wire.Buyer:   "isBuyer buyer",
	wire.Maker:   "isMaker maker",
	wire.Price:   "price",
	wire.Size:    "qty",
	wire.Cost:    "quoteQty",
	wire.Fee:     "commission",
	wire.Asset:   "commissionAsset",
	wire.Time:    "time",
}}), "", func(f *exchange.Fill, _ *wire.Row, _ *exchange.Market) bool { return f.ID != "" })

// positions reads section 7.6: markets without a position are there too, when they have orders.
var positions = exchange.Positions(wire.Compile(wire.Format{
	Words: wire.Words{
		wire.Market:      "symbol",
		wire.Held:        "positionSide",
		wire.Size:        "positionAmt",
		wire.Entry:       "entryPrice",
		wire.MarkPrice:   "markPrice",
		wire.Liquidation: "liquidationPrice",
		wire.Unrealized:  "unRealizedProfit",
		wire.Initial:     "initialMargin",
		wire.Maintenance: "maintMargin",
		wire.Time:        "updateTime",
	},
	NoZero: []wire.Field{wire.Liquidation},
}), nil)

// transactions are the words of section 7.5. Times are numbers of deposits, and text of withdrawals.
func transactions(kind exchange.TransactionKind, begun string, statuses map[string]exchange.TransactionStatus) exchange.Parser[exchange.Transaction] {
	return exchange.Transactions(wire.Compile(wire.Format{
		Words: wire.Words{
			wire.OrderID:  "id",
			wire.ClientID: "withdrawOrderId",
			wire.Asset:    "coin",
			wire.Network:  "network",
			wire.Address:  "address",
			wire.Tag:      "addressTag",
			wire.TxID:     "txId",
			wire.Size:     "amount",
			wire.Fee:      "transactionFee",
			wire.State:    "status",
			wire.Time:     begun,
			wire.End:      "completeTime",
		},
		AnyTime: true,
	}), kind, func(v *exchange.Transaction) { v.Status = statuses[v.State] })
}

var (
	deposits = transactions(exchange.Deposit, "insertTime", map[string]exchange.TransactionStatus{
		"0": exchange.TransactionPending,
		"1": exchange.TransactionOK,
		"6": exchange.TransactionOK, // which cannot be withdrawn yet
		"7": exchange.TransactionFailed,
		"8": exchange.TransactionPending,
	})
	withdrawals = transactions(exchange.Withdrawal, "applyTime", map[string]exchange.TransactionStatus{
		"0": exchange.TransactionPending,
		"1": exchange.TransactionCanceled,
		"2": exchange.TransactionPending,
		"3": exchange.TransactionFailed,
		"4": exchange.TransactionPending,
		"5": exchange.TransactionFailed,
		"6": exchange.TransactionOK,
	})
)
