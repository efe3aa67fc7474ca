package backpack

import (
	"bytes"
	"strings"
	"time"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/scan"
	"github.com/depthwire/depthwire/wire"
)

// REST and the socket say the same in other words, the socket in letters: one table reads both.

// account is the venue's word for the only one: what is lent out or owed is not in it.
const account = "capital"

// capital reads section 7.1: an object with a member for each currency.
func capital(dst []exchange.Balance, _ *exchange.Scope, b []byte) ([]exchange.Balance, error) {
	s := scan.New(b)
	for asset := range s.Object() {
		v := exchange.Balance{Asset: string(asset)}
		dst = append(dst, balance(&s, v))
	}
	return dst, s.End()
}

// balanceUpdates reads account.balanceUpdate, section 8: what there is of one currency now, not what has changed.
func balanceUpdates(dst []exchange.Balance, _ *exchange.Scope, b []byte) ([]exchange.Balance, error) {
	s := scan.New(b)
	if v := balance(&s, exchange.Balance{}); v.Asset != "" {
		dst = append(dst, v)
	}
	return dst, s.End()
}

// balance reads what there is of one currency. What is staked is neither free nor held by orders, but it is there.
func balance(s *scan.Scanner, v exchange.Balance) exchange.Balance {
	var staked decimal.Decimal
	for key := range s.Object() {
		switch string(key) {
		case "available", "A":
			v.Free = s.Decimal()
		case "locked", "L":
			v.Used = s.Decimal()
		case "staked", "S":
			staked = s.Decimal()
		case "a":
			v.Asset = s.Str()
		case "T":
			v.Time = time.UnixMicro(s.Int()).UTC()
		}
	}
	if v.Account = account; !v.Free.Absent() && !v.Used.Absent() {
		v.Total = v.Free.Add(v.Used)
		if !staked.Absent() {
			v.Total = v.Total.Add(staked)
		}
	}
	return v
}

// orders reads sections 7.2 and 7.3, which do not say when an order last changed, and account.orderUpdate, section 8.
var orders = exchange.Orders(wire.Compile(wire.Format{
	Words: wire.Words{
		wire.Event:       "e",
		wire.Market:      "s symbol",
		wire.OrderID:     "i id",
		wire.ClientID:    "c clientId",
		wire.State:       "X status",
		wire.OrderKind:   "o orderType",
		wire.TimeInForce: "f timeInForce",
		wire.Side:        "S side",
		wire.Kind:        "Y triggerQuantity",
		wire.Price:       "p price",
		wire.Size:        "q quantity",
		wire.Cost:        "Q quoteQuantity",
		wire.Filled:      "z executedQuantity",
		wire.Paid:        "Z executedQuoteQuantity",
		wire.ReduceOnly:  "r reduceOnly",
		wire.PostOnly:    "y postOnly",
		wire.Created:     "createdAt",
		wire.Time:        "T",
	},
	NoZero:  []wire.Field{wire.Size},
	AnyTime: true,
}), func(o *exchange.Order, r *wire.Row, _ *exchange.Market) {
	o.Type, o.Status, o.PostOnly = orderType(r.Text(wire.OrderKind)), statuses[o.State], r.Bool(wire.PostOnly)
	if string(r.Text(wire.Event)) == "orderAccepted" {
		o.Created = o.Time
	}
	if waiting := r.Text(wire.Kind); o.Size.Absent() && len(waiting) > 0 && !bytes.HasSuffix(waiting, []byte("%")) {
		var err error
		if o.Size, err = decimal.Parse(waiting); err != nil {
			r.Fail(err)
		}
	}
	if o.Size.Absent() { // limit orders have it too
		o.QuoteSize = r.Decimal(wire.Cost)
	}
	if o.Filled.Sign() > 0 && !o.Cost.Absent() {
		o.Average = o.Cost.Quo(o.Filled)
	}
})

// orderType reads what REST writes as Limit, and the socket as LIMIT.
func orderType(word []byte) exchange.OrderType {
	switch string(word) {
	case "Limit", "LIMIT":
		return exchange.LimitOrder
	case "Market", "MARKET":
		return exchange.MarketOrder
	}
	return exchange.OrderType(strings.ToLower(string(word)))
}

// statuses are where orders stand, section 7.2.
var statuses = map[string]exchange.OrderStatus{
	"New":             exchange.OrderOpen,
	"PartiallyFilled": exchange.OrderOpen,
	"TriggerPending":  exchange.OrderOpen,
	"Filled":          exchange.OrderClosed,
	"Cancelled":       exchange.OrderCanceled,
	"Expired":         exchange.OrderExpired,
	"TriggerFailed":   exchange.OrderRejected,
}

// fills reads section 7.4, and of account.orderUpdate, section 8, what is the customer's own: the venue's, of liquidations
// and the like, are not asked for by REST either.
var fills = exchange.Rows(wire.Compile(wire.Format{
	Words: wire.Words{
		wire.Event:    "e",
		wire.Market:   "s symbol",
		wire.TradeID:  "t tradeId",
		wire.OrderID:  "i orderId",
		wire.ClientID: "c clientId",
		wire.Kind:     "O systemOrderType",
		wire.Side:     "S side",
		wire.Maker:    "m isMaker",
		wire.Price:    "L price",
		wire.Size:     "l quantity",
		wire.Fee:      "n fee",
		wire.Asset:    "N feeSymbol",
		wire.Time:     "T timestamp",
	},
	AnyTime: true,
}), "orderFill", func(f *exchange.Fill, r *wire.Row, _ *exchange.Market) bool {
	if origin := string(r.Text(wire.Kind)); f.ID == "" || origin != "" && origin != "USER" {
		return false
	}
	f.Cost = f.Price.Mul(f.Size)
	return true
})

// positions reads section 7.7, and account.positionUpdate, section 8. What orders might add is no part of them.
var positions = exchange.Positions(wire.Compile(wire.Format{
	Words: wire.Words{
		wire.Market:      "s symbol",
		wire.OrderID:     "i positionId",
		wire.Size:        "q netQuantity",
		wire.Entry:       "B entryPrice",
		wire.MarkPrice:   "M markPrice",
		wire.Liquidation: "l estLiquidationPrice",
		wire.Unrealized:  "P pnlUnrealized",
		wire.Realized:    "p pnlRealized",
		wire.Time:        "T",
	},
	NoZero:  []wire.Field{wire.Liquidation},
	AnyTime: true,
}), nil)

// transactions are the words of section 7.5: deposits call the chain source.
var transactions = wire.Compile(wire.Format{
	Words: wire.Words{
		wire.OrderID:  "id",
		wire.ClientID: "clientId",
		wire.Asset:    "symbol",
		wire.Network:  "blockchain source",
		wire.Address:  "toAddress",
		wire.TxID:     "transactionHash",
		wire.Size:     "quantity",
		wire.Fee:      "fee",
		wire.State:    "status",
		wire.Time:     "createdAt",
	},
	AnyTime: true,
})

var (
	deposits    = exchange.Transactions(transactions, exchange.Deposit, standing)
	withdrawals = exchange.Transactions(transactions, exchange.Withdrawal, standing)
)

func standing(v *exchange.Transaction) { v.Status = standings[v.State] }

// standings are where deposits and withdrawals stand. They share most words.
var standings = map[string]exchange.TransactionStatus{
	"confirmed":                     exchange.TransactionOK,
	"initiated":                     exchange.TransactionPending,
	"pending":                       exchange.TransactionPending,
	"senderVerificationRequired":    exchange.TransactionPending,
	"senderVerificationCompleted":   exchange.TransactionPending,
	"ownershipVerificationRequired": exchange.TransactionPending,
	"recipientInformationRequired":  exchange.TransactionPending,
	"recipientInformationProvided":  exchange.TransactionPending,
	"cancelled":                     exchange.TransactionCanceled,
	"declined":                      exchange.TransactionFailed,
	"expired":                       exchange.TransactionFailed,
	"refunded":                      exchange.TransactionFailed,
}
