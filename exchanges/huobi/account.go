package huobi

import (
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/wire"
)

// accountID finds the account of spot, section 7.1, which orders and balances need.
func accountID(dst []string, _ *exchange.Scope, b []byte) ([]string, error) {
	id := gjson.GetBytes(b, `data.#(type=="spot").id`)
	if !gjson.ValidBytes(b) || !id.Exists() {
		return dst, errFrame
	}
	return append(dst, id.Raw), nil
}

// spotBalances reads section 7.1, where a currency has a row for what is free and one for what is held. Those of nothing, thousands, are
// left out.
func spotBalances(dst []exchange.Balance, in *exchange.Scope, b []byte) ([]exchange.Balance, error) {
	list := gjson.GetBytes(b, "data.list")
	if !gjson.ValidBytes(b) || !list.IsArray() {
		return dst, errFrame
	}
	at := make(map[string]int) // places in dst
	for _, r := range list.Array() {
		amount, kind := number(r.Get("balance")), r.Get("type").String()
		switch {
		case amount.Absent():
			return dst, errFrame
		case amount.IsZero() || kind != "trade" && kind != "frozen":
			continue
		}
		asset := strings.ToUpper(r.Get("currency").String())
		i, ok := at[asset]
		if !ok {
			zero := decimal.New(0, 0)
			i, at[asset] = len(dst), len(dst)
			dst = append(dst, exchange.Balance{Account: "spot", Asset: asset, Free: zero, Used: zero, Total: zero})
		}
		v := &dst[i]
		if kind == "trade" {
			v.Free = amount
		} else {
			v.Used = amount
		}
		v.Total, v.Seq = v.Total.Add(amount), max(v.Seq, r.Get("seq-num").Int())
	}
	return dst, nil
}

var spotUpdate = exchange.Balances(wire.Compile(wire.Format{Words: wire.Words{
	wire.Rows:  "data",
	wire.Asset: "currency",
	wire.Free:  "available",
	wire.Total: "balance",
	wire.Time:  "changeTime",
	wire.Seq:   "seqNum",
}}), "spot")

// spotUpdates reads section 8.1, accounts.update, which tells of all accounts of the customer. As long as it is not known which of them is
// the one of spot it is REST that tells what that has.
func spotUpdates(dst []exchange.Balance, in *exchange.Scope, b []byte) ([]exchange.Balance, error) {
	if gjson.GetBytes(b, "data.accountId").Raw != in.Args.Account {
		return dst, nil
	}
	n := len(dst)
	dst, err := spotUpdate(dst, in, b)
	for i := range dst[n:] {
		dst[n+i].Asset = strings.ToUpper(dst[n+i].Asset)
	}
	return dst, err
}

// moved reports whether an update of the account tells of a deposit or withdrawal, section 8.1: the Call knows more of it.
func moved(change string) func([]byte) bool {
	return func(b []byte) bool { return gjson.GetBytes(b, "data.changeType").String() == change }
}

// silent is the Parser of topics of which only the Hint counts.
func silent[T any](dst []T, _ *exchange.Scope, _ []byte) ([]T, error) { return dst, nil }

// kind is what the venue says in one word of an order of spot, behind its side, section 7.2.
type kind struct {
	exchange.OrderType
	exchange.TimeInForce
	postOnly bool
}

var kinds = map[string]kind{
	"limit":       {exchange.LimitOrder, exchange.GTC, false},
	"limit-maker": {exchange.LimitOrder, exchange.GTC, true},
	"ioc":         {exchange.LimitOrder, exchange.IOC, false},
	"limit-fok":   {exchange.LimitOrder, exchange.FOK, false},
	"market":      {exchange.MarketOrder, "", false},
}

// spotStates are where orders stand, section 7.4.
var spotStates = map[string]exchange.OrderStatus{
	"created":          exchange.OrderOpen,
	"submitted":        exchange.OrderOpen,
	"partial-filled":   exchange.OrderOpen,
	"canceling":        exchange.OrderOpen,
	"filled":           exchange.OrderClosed,
	"partial-canceled": exchange.OrderCanceled,
	"canceled":         exchange.OrderCanceled,
	"rejected":         exchange.OrderRejected,
}

// spotOrders reads sections 7.4 and 8.1. A market buy names what it spends, and pushes tell of it how much was spent: how much was
// bought REST and the fills know.
var spotOrders = exchange.Orders(wire.Compile(wire.Format{
	Words: wire.Words{
		wire.Rows:      "data",
		wire.Market:    "symbol",
		wire.Event:     "eventType",
		wire.OrderID:   "id orderId",
		wire.ClientID:  "client-order-id clientOrderId",
		wire.State:     "state orderStatus",
		wire.OrderKind: "type",
		wire.Price:     "price orderPrice",
		wire.Size:      "amount orderSize",
		wire.Cost:      "orderValue",
		wire.Filled:    "field-amount filled-amount execAmt",
		wire.Paid:      "field-cash-amount filled-cash-amount totalTradeAmount",
		wire.Fee:       "field-fees filled-fees",
		wire.Created:   "created-at orderCreateTime",
		wire.Time:      "updated-at tradeTime lastActTime",
		wire.End:       "finished-at",
	},
	NoZero: []wire.Field{wire.Price},
}), func(o *exchange.Order, r *wire.Row, m *exchange.Market) {
	text := r.Text(wire.OrderKind)
	word := text
	switch {
	case len(text) > 4 && string(text[:4]) == "buy-":
		o.Side, word = exchange.Buy, text[4:]
	case len(text) > 5 && string(text[:5]) == "sell-":
		o.Side, word = exchange.Sell, text[5:]
	}
	if k, ok := kinds[string(word)]; ok {
		o.Type, o.TimeInForce, o.PostOnly = k.OrderType, k.TimeInForce, k.postOnly
	} else {
		o.Type = exchange.OrderType(word)
	}
	if o.Status = spotStates[o.State]; o.State == "submitted" && o.Filled.Absent() {
		o.Filled = decimal.New(0, 0)
	}
	if o.Side == exchange.Buy && o.Type == exchange.MarketOrder {
		if o.QuoteSize, o.Size = o.Size, none; r.Has(wire.Event) {
			if o.QuoteSize = r.Decimal(wire.Cost); o.State != "submitted" {
				o.Filled = none
			}
		}
	}
	if o.Filled.Sign() > 0 && o.Cost.Sign() > 0 {
		o.Average = o.Cost.Quo(o.Filled)
	}
	switch { // it is of what was received
	case o.Fee.Amount.Absent():
	case o.Side == exchange.Buy:
		o.Fee.Asset = m.Base
	default:
		o.Fee.Asset = m.Quote
	}
	if o.Time.IsZero() {
		o.Time = r.Time(wire.End)
	}
	if o.Time.IsZero() && o.Filled.Sign() == 0 {
		o.Time = o.Created
	}
})

// spotFills reads matchresults and trade.clearing, sections 7.4 and 8.1. A fee may be paid in another currency: there is none then beside
// what was deducted.
var spotFills = exchange.Rows(wire.Compile(wire.Format{
	Words: wire.Words{
		wire.Rows:     "data",
		wire.Market:   "symbol",
		wire.TradeID:  "trade-id tradeId",
		wire.OrderID:  "order-id orderId",
		wire.ClientID: "clientOrderId",
		wire.Side:     "type orderSide",
		wire.Role:     "role",
		wire.Buyer:    "aggressor",
		wire.Price:    "price tradePrice",
		wire.Size:     "filled-amount tradeVolume",
		wire.Fee:      "filled-fees transactFee",
		wire.Asset:    "fee-currency feeCurrency",
		wire.Deducted: "filled-points feeDeduct",
		wire.FeeUnit:  "fee-deduct-currency feeDeductType",
		wire.Time:     "created-at tradeTime",
	},
	NoZero: []wire.Field{wire.Deducted},
}), "", func(f *exchange.Fill, r *wire.Row, _ *exchange.Market) bool {
	switch {
	case r.Bool(wire.Buyer):
		f.Role = exchange.Taker
	case r.Has(wire.Buyer):
		f.Role = exchange.Maker
	}
	if unit := r.Text(wire.FeeUnit); r.Has(wire.Deducted) && len(unit) > 0 {
		f.Fee = exchange.Fee{Amount: r.Decimal(wire.Deducted), Asset: string(unit)}
	}
	f.Fee.Asset, f.Cost = strings.ToUpper(f.Fee.Asset), f.Price.Mul(f.Size)
	return f.ID != ""
})

// pulledFills reads a page of fills. Pages go on by time: one of which all have the same would be the last without being it.
func pulledFills(dst []exchange.Fill, in *exchange.Scope, b []byte) ([]exchange.Fill, error) {
	n := len(dst)
	dst, err := spotFills(dst, in, b)
	if page := dst[n:]; err == nil && len(page) >= openRows && page[0].Time.Equal(page[len(page)-1].Time) {
		err = &exchange.Error{Venue: name, Kind: exchange.ErrUnavailable, Message: "more fills in one millisecond than a page has: they cannot all be had"}
	}
	return dst, err
}

// transactions reads section 7.5. states are words of the venue; what has another one waits for something.
func transactions(of exchange.TransactionKind, states map[string]exchange.TransactionStatus) exchange.Parser[exchange.Transaction] {
	return exchange.Transactions(wire.Compile(wire.Format{Words: wire.Words{
		wire.Rows:    "data",
		wire.OrderID: "id",
		wire.Asset:   "currency",
		wire.Network: "chain",
		wire.TxID:    "tx-hash",
		wire.Address: "address",
		wire.Tag:     "address-tag",
		wire.Size:    "amount",
		wire.Fee:     "fee",
		wire.State:   "state",
		wire.Time:    "created-at",
		wire.End:     "updated-at",
	}}), of, func(v *exchange.Transaction) {
		v.Asset, v.Fee.Asset = strings.ToUpper(v.Asset), strings.ToUpper(v.Fee.Asset)
		if v.Status = states[v.State]; v.Status == "" {
			v.Status = exchange.TransactionPending
		}
		if v.Status == exchange.TransactionPending {
			v.Done = time.Time{}
		}
	})
}

var (
	deposits = transactions(exchange.Deposit, map[string]exchange.TransactionStatus{
		"confirmed": exchange.TransactionOK, // it can be traded with
		"safe":      exchange.TransactionOK,
		"orphan":    exchange.TransactionFailed,
	})
	withdrawals = transactions(exchange.Withdrawal, map[string]exchange.TransactionStatus{
		"confirmed":     exchange.TransactionOK,
		"failed":        exchange.TransactionFailed,
		"reject":        exchange.TransactionFailed,
		"wallet-reject": exchange.TransactionFailed,
		"confirm-error": exchange.TransactionFailed,
		"canceled":      exchange.TransactionCanceled,
		"repealed":      exchange.TransactionCanceled,
	})
)
