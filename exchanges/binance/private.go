package binance

import (
	"bytes"
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/rest"
	"github.com/depthwire/depthwire/stream"
	"github.com/depthwire/depthwire/wire"
)

const day = 24 * time.Hour

// Limits of the wallet, section 9.1: each of its calls has its own. That of the futures' balances is our own: they are asked for after each fill.
var (
	balanceRate      = rest.Limit{Name: "balances", Max: 2, Per: time.Second, Share: 1}
	depositWeight    = rest.Limit{Name: "deposits by address", Max: 12_000, Per: time.Minute, Fixed: true}
	withdrawalWeight = rest.Limit{Name: "withdrawals by user", Max: 180_000, Per: time.Minute, Fixed: true}
)

// The kinds of events, sections 8.2 and 8.5, which are topics. That something is locked from outside comes as what its topic hints at.
var position = []byte("outboundAccountPosition")

const (
	locked   = "externalLockUpdate"
	reported = "ORDER_TRADE_UPDATE"
	changed  = "ACCOUNT_UPDATE"
)

// spotAccount adds to the family what is the account's, sections 7.1 to 7.5 and 8.1 to 8.3.
func spotAccount(f exchange.Family) exchange.Family {
	f.Pull.Balances = []exchange.Call[exchange.Balance]{{Path: "/api/v3/account", Signed: true, Cost: spotCost(20), Request: exchange.Query("", "omitZeroBalances", "true"), Parse: spotBalances}}
	f.Pull.Orders = exchange.Call[exchange.Order]{Path: "/api/v3/allOrders", Signed: true, Window: day, Cost: spotCost(20), Request: history("orderId"), Parse: orders, Page: onward(orderID, created)}
	f.Pull.OpenOrders = exchange.Call[exchange.Order]{Path: "/api/v3/openOrders", Signed: true, Whole: true, Cost: openCost(spotCharges, 6, 80), Request: bySymbol, Parse: orders}
	f.Pull.Order = exchange.Call[exchange.Order]{Path: "/api/v3/order", Signed: true, Cost: spotCost(4), Request: oneOrder, Parse: orders}
	f.Pull.MyTrades = exchange.Call[exchange.Fill]{Path: "/api/v3/myTrades", Signed: true, Window: day, Cost: spotCost(20), Request: history("fromId"), Parse: fills, Page: onward(fillID, filled)}
	f.Pull.Deposits = exchange.Call[exchange.Transaction]{Path: "/sapi/v1/capital/deposit/hisrec", Signed: true, Window: 89 * day, Cost: exchange.Cost(1, &depositWeight), Request: moves, Parse: deposits, Page: moreMoves}
	f.Pull.Withdrawals = exchange.Call[exchange.Transaction]{Path: "/sapi/v1/capital/withdraw/history", Signed: true, Window: 89 * day, Cost: exchange.Cost(18_000, &withdrawalWeight), Request: moves, Parse: withdrawals, Page: moreMoves}
	f.Push.Balances = exchange.AccountChannel[exchange.Balance]{Channel: told(string(position), spotBalances), Hint: isLocked}
	f.Push.Orders = exchange.AccountChannel[exchange.Order]{Channel: told("executionReport", orders)}
	f.Push.MyTrades = exchange.AccountChannel[exchange.Fill]{Channel: told("executionReport", fills)}
	f.Push.Deposits = exchange.AccountChannel[exchange.Transaction]{Channel: told[exchange.Transaction]("balanceUpdate", nil), Hint: always, Poll: time.Minute}
	f.Push.Withdrawals = f.Push.Deposits
	f.Sockets["account"] = ownSocket("spot.api", "wss://ws-api.binance.com:443", "/ws-api/v3", spotAPI, &spotDials, 40*time.Second)
	f.Trade = spotTrading
	return f
}

// linearAccount adds to the family what is the account's, sections 7.6, 7.7 and 8.4 to 8.6. What is free of the margin moves with every
// price and every order, and no event tells it.
func linearAccount(f exchange.Family) exchange.Family {
	f.Pull.Balances = []exchange.Call[exchange.Balance]{{Path: "/fapi/v3/balance", Signed: true, Cost: balanceCost, Parse: linearBalances}}
	f.Pull.Orders = exchange.Call[exchange.Order]{Path: "/fapi/v1/allOrders", Signed: true, Window: 7 * day, Keeps: 89 * day, Cost: linearCost(5), Request: history("orderId"), Parse: orders, Page: onward(orderID, created)}
	f.Pull.OpenOrders = exchange.Call[exchange.Order]{Path: "/fapi/v1/openOrders", Signed: true, Whole: true, Cost: openCost(linearCharges, 1, 40), Request: bySymbol, Parse: orders}
	f.Pull.Order = exchange.Call[exchange.Order]{Path: "/fapi/v1/order", Signed: true, Cost: linearCost(1), Request: oneOrder, Parse: orders}
	f.Pull.MyTrades = exchange.Call[exchange.Fill]{Path: "/fapi/v1/userTrades", Signed: true, Window: 7 * day, Keeps: 89 * day, Cost: linearCost(5), Request: history("fromId"), Parse: fills, Page: onward(fillID, filled)}
	f.Pull.Positions = exchange.Call[exchange.Position]{Path: "/fapi/v3/positionRisk", Signed: true, Whole: true, Cost: linearCost(5), Request: bySymbol, Parse: positions}
	f.Push.Balances = exchange.AccountChannel[exchange.Balance]{Channel: told[exchange.Balance](changed, nil), Hint: always, Poll: 10 * time.Second}
	f.Push.Orders = exchange.AccountChannel[exchange.Order]{Channel: told(reported, orders)}
	f.Push.MyTrades = exchange.AccountChannel[exchange.Fill]{Channel: told(reported, fills)}
	f.Push.Positions = exchange.AccountChannel[exchange.Position]{Channel: told(changed, positions)}
	f.Sockets["account"] = ownSocket("linear.private", "wss://fstream.binance.com/private", "/ws", linearAPI, &linearDials, time.Minute)
	f.Sockets["account"].Pass = &listenKey
	f.Sockets["api"] = ownSocket("linear.api", "wss://ws-fapi.binance.com", "/ws-fapi/v1", linearAPI, &linearDials, time.Minute)
	f.Trade = linearTrading
	return f
}

// ownSocket describes a socket that is the account's: that nothing is heard means nothing.
func ownSocket(name, url, path string, private func(*exchange.Session) stream.Dialect, dials *rest.Limit, quiet time.Duration) *exchange.Socket {
	return &exchange.Socket{Endpoint: exchange.Endpoint{Name: name, URL: url}, Path: path, Private: private, Dials: dials, Quiet: quiet, Calm: true}
}

// told is a channel of the account: its topic is the kind of an event, of which there may be none for days.
func told[T any](kind string, parse exchange.Parser[T]) exchange.Channel[T] {
	topic := func(*exchange.Market, exchange.Args) string { return kind }
	return exchange.Channel[T]{Socket: "account", Topic: topic, Parse: parse, Shared: true, Rare: true}
}

// always is the Hint of events that say only that there is news.
func always([]byte) bool { return true }

func isLocked(data []byte) bool { return bytes.Contains(data, []byte(`"`+locked+`"`)) }

func balanceCost(markets, exchange.Args) []rest.Charge {
	return append(linearCharges(5), rest.Charge{Limit: &balanceRate, Cost: 1})
}

func openCost(charges func(int) []rest.Charge, one, all int) cost {
	return func(ms markets, _ exchange.Args) []rest.Charge {
		if len(ms) > 0 {
			return charges(one)
		}
		return charges(all)
	}
}

func oneOrder(r *rest.Request, ms markets, a exchange.Args) (err error) {
	r.Query, err = byRef(ms[0], a.Ref)
	return err
}

// most is how many values a page has at most, sections 7.2, 7.5 and 7.7.
const most = 1000

// history asks for what was before: behind an id, or of a time, both ends of which are inclusive.
func history(id string) request {
	return func(r *rest.Request, ms markets, a exchange.Args) error {
		r.Set("symbol", ms[0].ID)
		if a.Range.FromID != "" {
			from, err := fromID(a)
			if err != nil {
				return err
			}
			r.Set(id, from) // which excludes times
		} else {
			setBounds(r, a.Range)
		}
		exchange.SetLimit(r, "limit", a.Range.Limit, most)
		return nil
	}
}

func setBounds(r *rest.Request, a exchange.Range) {
	if !a.Since.IsZero() {
		exchange.SetMilli(r, "startTime", a.Since.Add(time.Millisecond-1))
	}
	if !a.Until.IsZero() {
		exchange.SetMilli(r, "endTime", a.Until.Add(-1))
	}
}

func orderID(o *exchange.Order) string    { return o.ID }
func created(o *exchange.Order) time.Time { return o.Created }
func fillID(f *exchange.Fill) string      { return f.ID }
func filled(f *exchange.Fill) time.Time   { return f.Time }

// onward goes on behind the highest id of a full page, which is exact where many have one time, or back from the first time.
func onward[T any](id func(*T) string, at func(*T) time.Time) func([]T, exchange.Args) (exchange.Args, bool) {
	return func(page []T, a exchange.Args) (exchange.Args, bool) {
		want := a.Range.Limit
		if want <= 0 || want > most {
			want = most
		}
		if len(page) < want {
			return a, false
		}
		if a.Range.Since.IsZero() && a.Range.FromID == "" {
			first := slices.MinFunc(page, func(x, y T) int { return at(&x).Compare(at(&y)) })
			a.Range.Until = at(&first).Add(time.Millisecond) // others may have its time
			return a, true
		}
		last := slices.MaxFunc(page, func(x, y T) int { return byNumber(id(&x), id(&y)) })
		a.Range.FromID = id(&last)
		return a, a.Range.Until.IsZero() || at(&last).Before(a.Range.Until)
	}
}

// byNumber compares ids, which are whole numbers.
func byNumber(x, y string) int { return cmp.Or(cmp.Compare(len(x), len(y)), strings.Compare(x, y)) }

// moves asks for deposits or withdrawals, section 7.5. Without a beginning they are of the last 90 days.
func moves(r *rest.Request, _ markets, a exchange.Args) error {
	if a.Asset != "" {
		r.Set("coin", a.Asset)
	}
	setBounds(r, a.Range)
	if a.Offset > 0 {
		r.Set("offset", strconv.Itoa(a.Offset))
	}
	exchange.SetLimit(r, "limit", 0, most) // their order is not documented: the first of them would be any
	return nil
}

func moreMoves(page []exchange.Transaction, a exchange.Args) (exchange.Args, bool) {
	a.Offset += len(page)
	return a, len(page) >= most
}

// spotBalances reads sections 7.1 and outboundAccountPosition of 8.2, which has what may have changed. What is lent out is there too, as LD
// before the coin's name.
var spotBalances = exchange.Balances(wire.Compile(wire.Format{
	Words: wire.Words{
		wire.Rows:  "balances B",
		wire.Time:  "updateTime u",
		wire.Asset: "asset a",
		wire.Free:  "free f",
		wire.Used:  "locked l",
	},
	Late: true,
}), spot)

// linearBalances reads section 7.6. All that the account can hold is there.
var linearBalances = exchange.Balances(wire.Compile(wire.Format{Words: wire.Words{
	wire.Asset: "asset",
	wire.Free:  "availableBalance",
	wire.Total: "balance",
	wire.Time:  "updateTime",
}}), linear)

// orders reads the answers of sections 7.2, 7.3, 7.4, 7.7 and 8.3, whose families differ in the word for what was paid, which spot
// misspells, and the events of sections 8.2 and 8.5.
var orders = exchange.Orders(wire.Compile(wire.Format{
	Words: wire.Words{
		wire.Rows:        "amendedOrder orderReports", // the latter of lists that are cancelled together
		wire.Market:      "symbol s",
		wire.OrderID:     "orderId i",
		wire.ClientID:    "clientOrderId c",
		wire.TxID:        "origClientOrderId C",
		wire.State:       "status X",
		wire.OrderKind:   "type o ot",
		wire.TimeInForce: "timeInForce f",
		wire.Side:        "side S",
		wire.Price:       "price p",
		wire.Average:     "avgPrice ap",
		wire.Size:        "origQty qty q",
		wire.Cost:        "origQuoteOrderQty quoteOrderQty Q",
		wire.Filled:      "executedQty z",
		wire.Paid:        "cummulativeQuoteQty cumulativeQuoteQty cumQuote Z",
		wire.ReduceOnly:  "reduceOnly R",
		wire.Created:     "time O",
		wire.Time:        "updateTime transactTime T",
	},
	NoZero: []wire.Field{wire.Price, wire.Average, wire.Cost},
}), ownOrder)

// ownOrder sees to what the venue says of orders in its own way. When one is cancelled the id of the request stands where the order's is
// otherwise, and that in a place of its own, sections 7.4 and 8.2; an order that is amended has the id of the request from then on.
func ownOrder(o *exchange.Order, r *wire.Row, _ *exchange.Market) {
	o.Status, o.QuoteSize = statuses[o.State], r.Decimal(wire.Cost)
	if own := r.Text(wire.TxID); len(own) > 0 && o.Status == exchange.OrderCanceled {
		o.ClientID = string(own)
	}
	orderKind(o, r.Text(wire.OrderKind))
	if o.Cost.Sign() < 0 { // it is not known
		o.Cost = decimal.Decimal{}
	}
	if !o.QuoteSize.Absent() && o.Size.IsZero() {
		o.Size = decimal.Decimal{}
	}
	if o.Average.Absent() && o.Cost.Sign() > 0 && o.Filled.Sign() > 0 {
		o.Average = o.Cost.Quo(o.Filled)
	}
}

// statuses are where orders stand, sections 7.2 and 7.7. The two of liquidations are of the stream alone.
var statuses = map[string]exchange.OrderStatus{
	"NEW":              exchange.OrderOpen,
	"PENDING_NEW":      exchange.OrderOpen,
	"PARTIALLY_FILLED": exchange.OrderOpen,
	"NEW_INSURANCE":    exchange.OrderOpen,
	"NEW_ADL":          exchange.OrderOpen,
	"FILLED":           exchange.OrderClosed,
	"CANCELED":         exchange.OrderCanceled,
	"PENDING_CANCEL":   exchange.OrderCanceled,
	"REJECTED":         exchange.OrderRejected,
	"EXPIRED":          exchange.OrderExpired,
	"EXPIRED_IN_MATCH": exchange.OrderExpired,
}

// orderKind reads the type: spot says by it, futures by the time in force that an order may not take, sections 7.2 and 7.7.
func orderKind(o *exchange.Order, word []byte) {
	switch string(word) {
	case "LIMIT_MAKER":
		o.Type, o.TimeInForce, o.PostOnly = exchange.LimitOrder, exchange.GTC, true
	case "LIMIT":
		if o.Type = exchange.LimitOrder; o.TimeInForce == "GTX" {
			o.TimeInForce, o.PostOnly = exchange.GTC, true
		}
	case "MARKET":
		o.Type = exchange.MarketOrder
	default:
		o.Type = exchange.OrderType(bytes.ToLower(word))
	}
}

// fills reads sections 7.2 and 7.7, and those among the events of orders, sections 8.2 and 8.5: CALCULATED is a liquidation. TRADE_LITE, which
// says them once more, is not asked for.
var fills = exchange.Rows(wire.Compile(wire.Format{Words: wire.Words{
	wire.Market:   "symbol s",
	wire.Kind:     "x",
	wire.TradeID:  "id t",
	wire.OrderID:  "orderId i",
	wire.ClientID: "c",
	wire.Side:     "side S",
	wire.Buyer:    "isBuyer buyer",
	wire.Maker:    "isMaker maker m",
	wire.Price:    "price L",
	wire.Size:     "qty l",
	wire.Cost:     "quoteQty Y",
	wire.Fee:      "commission n",
	wire.Asset:    "commissionAsset N",
	wire.Time:     "time T",
}}), "", func(f *exchange.Fill, r *wire.Row, _ *exchange.Market) bool {
	what := string(r.Text(wire.Kind))
	return f.ID != "" && (what == "" || (what == "TRADE" || what == "CALCULATED") && f.Size.Sign() > 0)
})

// positions reads section 7.6, where markets without a position are told too, when they have orders, and ACCOUNT_UPDATE of section 8.5.
var positions = exchange.Positions(wire.Compile(wire.Format{
	Words: wire.Words{
		wire.Rows:        "a P",
		wire.Market:      "symbol s",
		wire.Held:        "positionSide ps",
		wire.Size:        "positionAmt pa",
		wire.Entry:       "entryPrice ep",
		wire.MarkPrice:   "markPrice",
		wire.Liquidation: "liquidationPrice",
		wire.Unrealized:  "unRealizedProfit up",
		wire.Realized:    "cr",
		wire.MarginMode:  "mt",
		wire.Initial:     "initialMargin",
		wire.Maintenance: "maintMargin",
		wire.Time:        "updateTime T",
	},
	NoZero: []wire.Field{wire.Entry, wire.Liquidation},
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
