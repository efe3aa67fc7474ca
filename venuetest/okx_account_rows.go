package venuetest

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/depthwire/depthwire/decimal"
)

// okxPage is how many rows the lists of the account have at most.
const okxPage = 100

// texts writes pairs of a key and a text.
func (w *writer) texts(pairs ...string) {
	for i := 1; i < len(pairs); i += 2 {
		w.keyText(pairs[i-1], pairs[i])
	}
}

func milli(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return strconv.FormatInt(t.UnixMilli(), 10)
}

// exact is a number as OKX writes it: without zeros at the end.
func exact(d decimal.Decimal) string { return d.Reduce().String() }

// owed is a number that is "" where it is zero.
func owed(d decimal.Decimal) string {
	if d.Sign() == 0 {
		return ""
	}
	return exact(d)
}

// holds reports whether there is anything of an asset.
func (b Balance) holds() bool { return b.Total.Sign() != 0 || b.Used.Sign() != 0 }

func (o *okx) balance(q *okxQuery, w *writer) { accountRow(w, q.now, q.a.balances("trading"), false) }

// accountRow is section 7.1: the assets of the trading account, of which those that are empty only where they are told of.
func accountRow(w *writer, now time.Time, all []Balance, told bool) {
	w.open('{')
	w.texts("adjEq", "", "availEq", "", "borrowFroz", "", "delta", "0", "deltaLever", "0", "deltaNeutralStatus", "0")
	w.key("details")
	w.open('[')
	for _, b := range all {
		if !told && !b.holds() {
			continue
		}
		w.open('{')
		w.texts("autoLendStatus", "off", "autoLendMtAmt", "0", "availBal", exact(b.Free), "availEq", "", "borrowFroz", "", "cashBal", exact(b.Total), "ccy", b.Asset,
			"crossLiab", "", "colRes", "0")
		w.keyBool("collateralEnabled", false)
		w.keyBool("collateralRestrict", false)
		w.texts("disEq", exact(b.Total), "eq", exact(b.Total), "eqUsd", exact(b.Total), "fixedBal", "0", "frozenBal", exact(b.Used), "imr", "", "interest", "",
			"isoEq", "0", "isoUpl", "0", "liab", "", "maxLoan", "", "mgnRatio", "", "mmr", "", "notionalLever", "", "ordFrozen", exact(b.Used), "stgyEq", "0",
			"twap", "0", "uTime", milli(now), "upl", "0", "uplLiab", "", "spotBal", exact(b.Total))
		w.close('}')
	}
	w.close(']')
	w.texts("imr", "", "isoEq", "0", "mgnRatio", "", "mmr", "", "notionalUsd", "", "ordFroz", "", "totalEq", "0", "uTime", milli(now), "upl", "")
	w.close('}')
}

func (o *okx) funds(q *okxQuery, w *writer) {
	for _, b := range q.a.balances("funding") {
		if b.holds() {
			w.open('{')
			w.texts("availBal", exact(b.Free), "bal", exact(b.Total), "ccy", b.Asset, "frozenBal", exact(b.Used))
			w.close('}')
		}
	}
}

func (o *okx) config(q *okxQuery, w *writer) {
	w.open('{')
	w.texts("acctLv", "2", "posMode", "net_mode", "uid", q.a.opts.ID, "mainUid", q.a.opts.ID, "perm", "read_only,trade", "ip", "", "level", "Lv1", "type", "0")
	w.close('}')
}

// about reports whether a row of a market is asked for.
func (q *okxQuery) about(symbol string, o *okx) bool {
	m := o.s.find(symbol)
	kind := q.values.Get("instType")
	return m != nil && (q.m == nil || q.m == m) && (kind == "" || kind == instType(m))
}

func (o *okx) positions(q *okxQuery, w *writer) {
	for _, p := range q.a.positions(false) {
		if q.about(p.Symbol, o) {
			positionRow(w, o.s.find(p.Symbol), p, q.now, false)
		}
	}
}

// positionRow is sections 7.6 and 8.2: of one that was closed most is empty.
func positionRow(w *writer, m *market, p Position, now time.Time, pushed bool) {
	open := p.Size.Sign() != 0
	is := func(d decimal.Decimal) string {
		if open {
			return exact(d)
		}
		return ""
	}
	w.open('{')
	w.texts("adl", "1", "availPos", "", "avgPx", is(p.Entry), "cTime", milli(p.Created), "ccy", p.Settle, "fee", exact(p.Fees.Neg()), "fundingFee", "0",
		"imr", is(p.Margin), "instId", p.Market, "instType", instType(m), "interest", "", "last", is(p.Mark), "lever", strconv.Itoa(p.Leverage), "liab", "", "liabCcy", "",
		"liqPenalty", "0", "liqPx", "", "margin", "", "markPx", is(p.Mark), "mgnMode", "cross", "mgnRatio", "", "mmr", is(p.Margin), "pos", exact(p.Size), "posCcy", "",
		"posId", strconv.FormatInt(p.ID, 10), "posSide", "net", "realizedPnl", exact(p.Realized.Sub(p.Fees)), "tradeId", "1", "uTime", milli(p.Updated), "upl", is(p.Unrealized))
	if pushed {
		w.keyMilli("pTime", now)
	}
	w.close('}')
}

// paged returns the rows of a list, newest first, that are asked for by their ids and their times.
func paged[T any](q *okxQuery, all []T, id func(T) int64, at func(T) time.Time) (rows []T) {
	after, before := q.int64("after", 1<<62), q.int64("before", -1)
	begin, end := q.int64("begin", 0), q.int64("end", 1<<62)
	n := q.limit("limit", okxPage, okxPage)
	for _, v := range slices.Backward(all) {
		if ms := at(v).UnixMilli(); len(rows) < n && id(v) < after && id(v) > before && ms >= begin && ms <= end {
			rows = append(rows, v)
		}
	}
	return rows
}

func (o *okx) pending(q *okxQuery, w *writer) {
	q.orders(o, w, func(x *shadow) bool { return x.isOpen() })
}

// Where orders that have ended are kept (section 7.2): those that were cancelled without a fill for two hours.
const (
	okxRecent   = 7 * dayLong
	okxArchive  = 90 * dayLong
	okxUnfilled = 2 * time.Hour
)

func (o *okx) history(q *okxQuery, w *writer) {
	q.needs("instType")
	q.orders(o, w, func(x *shadow) bool {
		return !x.isOpen() && q.now.Sub(x.Updated) < okxRecent && (x.Filled.Sign() > 0 || q.now.Sub(x.Updated) < okxUnfilled)
	})
}

func (o *okx) archive(q *okxQuery, w *writer) {
	q.needs("instType")
	q.orders(o, w, func(x *shadow) bool { return !x.isOpen() && q.now.Sub(x.Updated) < okxArchive && x.Filled.Sign() > 0 })
}

func (q *okxQuery) needs(name string) {
	if q.values.Get(name) == "" {
		q.refuse(http.StatusBadRequest, 50014, "Parameter "+name+" can not be empty")
	}
}

func (q *okxQuery) orders(o *okx, w *writer, want func(*shadow) bool) {
	all := q.a.ordered(func(x *shadow) bool { return want(x) && q.about(x.Symbol, o) })
	for _, x := range paged(q, all, func(x Order) int64 { return x.ID }, func(x Order) time.Time { return x.Created }) {
		o.orderRow(w, q.a, x, nil)
	}
}

func (o *okx) oneOrder(q *okxQuery, w *writer) {
	x := q.a.named(q.values.Get("ordId"), q.values.Get("clOrdId"))
	if x == nil || x.m != q.m || !x.isOpen() && x.Filled.Sign() == 0 && q.now.Sub(x.Updated) >= okxUnfilled {
		q.refuse(http.StatusOK, 51603, "Order does not exist")
		return
	}
	o.orderRow(w, q.a, x.Order, nil)
}

// okxEnds are the words for why orders end (section 7.2).
var okxEnds = map[string]string{ByCustomer: "1", Unfillable: "13", Unfilled: "14", Posted: "31"}

// orderRow is sections 7.2 and, with an event, 8.4: what the event has filled stands beside what the order has.
func (o *okx) orderRow(w *writer, a *Account, x Order, e *Event) {
	m := o.s.find(x.Symbol)
	state := map[Status]string{Open: "live", Filled: "filled", Canceled: "canceled", Expired: "canceled"}[x.Status]
	if x.Status == Open && x.Filled.Sign() > 0 {
		state = "partially_filled"
	}
	size, unit, average, none := x.Size, "", owed(x.Average), ""
	if x.Type == "market" && m.Kind == "spot" {
		unit = "base_ccy"
	}
	if !x.QuoteSize.Absent() {
		size, unit = x.QuoteSize, "quote_ccy"
	}
	var f Fill
	if e != nil {
		f, average, none = e.Fill, cmp.Or(average, "0"), "0"
	} else if i := slices.IndexFunc(a.fills, func(f Fill) bool { return f.OrderID == x.ID }); i >= 0 {
		for _, v := range a.fills[i:] {
			if v.OrderID == x.ID {
				f = v
			}
		}
	}
	trade, role := "", ""
	if f.ID != 0 {
		trade, role = strconv.FormatInt(f.ID, 10), okxRole(f)
	}
	cancel := ""
	if state == "canceled" {
		cancel = cmp.Or(okxEnds[x.Why], "0")
	}
	w.open('{')
	w.texts("accFillSz", exact(x.Filled), "algoClOrdId", "", "algoId", "", "avgPx", average, "cTime", milli(x.Created), "cancelSource", cancel, "category", "normal", "ccy", "",
		"clOrdId", x.ClientID, "fee", exact(x.Fee.Neg()), "feeCcy", x.FeeUnit)
	if e != nil {
		w.texts("amendResult", "", "code", "0", "msg", "", "execType", role, "fillFee", cmp.Or(exact(f.Fee.Neg()), "0"), "fillFeeCcy", f.FeeUnit, "reqId", e.Request)
	}
	w.texts("fillPx", exact(f.Price), "fillSz", cmp.Or(exact(f.Size), none), "fillTime", milli(f.At), "instId", x.Market, "instType", instType(m), "isTpLimit", "false", "lever", "",
		"ordId", strconv.FormatInt(x.ID, 10), "ordType", cmp.Or(x.Word, okxWord(x)), "pnl", "0", "posSide", "net", "px", exact(x.Price), "rebate", "0", "rebateCcy", "",
		"reduceOnly", strconv.FormatBool(x.ReduceOnly), "side", x.Side, "source", "", "state", state, "stpId", "", "stpMode", "cancel_maker", "sz", exact(size), "tag", "",
		"tdMode", cmp.Or(x.Margin, "cash"), "tgtCcy", unit, "tradeId", trade, "tradeQuoteCcy", m.Quote, "uTime", milli(x.Updated))
	w.close('}')
}

// okxWord is the type of an order that was not given by one of the venue's words.
func okxWord(x Order) string {
	switch {
	case x.Type == "market":
		return "market"
	case x.PostOnly:
		return "post_only"
	case x.TimeInForce == "IOC":
		return "ioc"
	case x.TimeInForce == "FOK":
		return "fok"
	}
	return "limit"
}

func okxRole(f Fill) string {
	if f.Maker {
		return "M"
	}
	return "T"
}

// okxBill is what the ids of bills begin at.
const okxBill = 2_941_177_309_790_994_432

func (o *okx) fills(q *okxQuery, w *writer) { o.fillRows(q, w, 3*dayLong) }

func (o *okx) oldFills(q *okxQuery, w *writer) {
	q.needs("instType")
	o.fillRows(q, w, okxArchive)
}

// written is when a fill stands in the lists, whose bounds are about that.
func written(f Fill) time.Time { return f.At.Add(time.Millisecond) }

func (o *okx) fillRows(q *okxQuery, w *writer, kept time.Duration) {
	var all []Fill
	for _, f := range q.a.fills {
		if q.about(f.Symbol, o) && q.now.Sub(f.At) < kept {
			all = append(all, f)
		}
	}
	for _, f := range paged(q, all, func(f Fill) int64 { return okxBill + f.Seq }, written) {
		w.open('{')
		w.texts("side", f.Side, "fillSz", exact(f.Size), "fillPx", exact(f.Price), "fillPxVol", "", "fillFwdPx", "", "fee", exact(f.Fee.Neg()), "fillPnl", exact(f.Profit),
			"ordId", strconv.FormatInt(f.OrderID, 10), "feeRate", "", "instType", instType(o.s.find(f.Symbol)), "fillPxUsd", "", "instId", f.Market, "clOrdId", f.ClientID,
			"posSide", "net", "billId", strconv.FormatInt(okxBill+f.Seq, 10), "subType", "1", "fillMarkVol", "", "tag", "", "fillTime", milli(f.At), "execType", okxRole(f),
			"fillIdxPx", "", "tradeId", strconv.FormatInt(f.ID, 10), "fillMarkPx", "", "feeCcy", f.FeeUnit, "ts", milli(written(f)), "tradeQuoteCcy", "")
		w.close('}')
	}
}

func (o *okx) deposits(q *okxQuery, w *writer)    { o.movements(q, w, false) }
func (o *okx) withdrawals(q *okxQuery, w *writer) { o.movements(q, w, true) }

// movements is section 7.4: after and before are times.
func (o *okx) movements(q *okxQuery, w *writer, out bool) {
	var all []Transaction
	for _, t := range q.a.transacted() {
		if ccy := q.values.Get("ccy"); t.Withdrawal == out && (ccy == "" || ccy == t.Asset) {
			all = append(all, t)
		}
	}
	for _, t := range paged(q, all, func(t Transaction) int64 { return t.At.UnixMilli() }, func(t Transaction) time.Time { return t.At }) {
		movementRow(w, t, "", q.now)
	}
}

// okxStates are the venue's numbers of the states (section 7.4): of deposits, then of withdrawals.
var okxStates = map[bool]map[TransactionStatus]string{
	false: {Pending: "0", Completed: "2", Failed: "12", Withdrawn: "12"},
	true:  {Pending: "1", Completed: "2", Failed: "-1", Withdrawn: "-2"},
}

// movementRow is sections 7.4 and, with a uid, 8.6.
func movementRow(w *writer, t Transaction, uid string, now time.Time) {
	w.open('{')
	if t.Withdrawal {
		w.keyRaw("addrEx", "null")
	} else {
		w.keyText("actualDepBlkConfirm", "2")
	}
	w.texts("amt", exact(t.Amount), "areaCodeFrom", "", "ccy", t.Asset, "chain", t.Asset+"-"+t.Network, "from", "", "state", okxStates[t.Withdrawal][t.Status], "to", t.Address,
		"ts", milli(t.At), "txId", t.TxID)
	if t.Withdrawal {
		w.texts("areaCodeTo", "", "clientId", t.ClientID, "fee", exact(t.Fee), "feeCcy", t.Asset, "note", "", "toAddrType", "1", "wdId", strconv.FormatInt(t.ID, 10))
		w.keyBool("nonTradableAsset", false)
	} else {
		w.texts("depId", strconv.FormatInt(t.ID, 10), "fromWdId", "")
	}
	if uid != "" {
		w.texts("pTime", milli(now), "subAcct", "", "uid", uid)
	}
	w.close('}')
}
