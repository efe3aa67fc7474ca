package venuetest

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
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

func (o *okx) balance(q *okxQuery, w *writer) {
	all := slices.DeleteFunc(q.a.balances("trading"), func(b Balance) bool { return !b.holds() })
	w.raw(assets(okxAssetForm, q.now, all))
}

// assets is the row of the trading account.
func assets(form string, now time.Time, all []Balance) string {
	parts := make([]string, len(all))
	for i, b := range all {
		parts[i] = asset(form, b, now)
	}
	return expand(okxBalanceForm, "details", strings.Join(parts, ","), "uTime", milli(now))
}

func asset(form string, b Balance, now time.Time) string {
	return expand(form, "ccy", b.Asset, "free", exact(b.Free), "used", exact(b.Used), "total", exact(b.Total), "uTime", milli(now))
}

func (o *okx) funds(q *okxQuery, w *writer) {
	for _, b := range q.a.balances("funding") {
		if b.holds() {
			w.raw(asset(okxFundForm, b, q.now))
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
			w.raw(o.position(okxPositionForm, p, q.now))
		}
	}
}

// position is the row of one: of one that was closed much is empty.
func (o *okx) position(form string, p Position, now time.Time) string {
	is := func(d decimal.Decimal) string {
		if p.Size.Sign() == 0 {
			return ""
		}
		return exact(d)
	}
	return expand(form, "avgPx", is(p.Entry), "cTime", milli(p.Created), "ccy", p.Settle, "fee", exact(p.Fees.Neg()), "imr", is(p.Margin), "instId", p.Market,
		"instType", instType(o.s.find(p.Symbol)), "lever", strconv.Itoa(p.Leverage), "markPx", is(p.Mark), "pos", exact(p.Size), "posId", strconv.FormatInt(p.ID, 10),
		"pTime", milli(now), "realizedPnl", exact(p.Realized.Sub(p.Fees)), "tradeId", strconv.FormatInt(firstFill+o.s.fillID, 10), "uTime", milli(p.Updated), "upl", is(p.Unrealized))
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
		w.raw(o.order(okxOrderForm, q.a, x, nil))
	}
}

func (o *okx) oneOrder(q *okxQuery, w *writer) {
	x := q.a.named(q.values.Get("ordId"), q.values.Get("clOrdId"))
	if x == nil || x.m != q.m || !x.isOpen() && x.Filled.Sign() == 0 && q.now.Sub(x.Updated) >= okxUnfilled {
		q.refuse(http.StatusOK, 51603, "Order does not exist")
		return
	}
	w.raw(o.order(okxOrderForm, q.a, x.Order, nil))
}

// okxEnds are the words for why orders end (section 7.2).
var okxEnds = map[string]string{ByCustomer: "1", Unfillable: "13", Unfilled: "14", Posted: "31"}

// order is the row of one. What an event has filled stands in its push; a list has the last fill.
func (o *okx) order(form string, a *Account, x Order, e *Event) string {
	m, f := o.s.find(x.Symbol), Fill{}
	if e != nil {
		f = e.Fill
	} else if i := slices.IndexFunc(a.fills, func(f Fill) bool { return f.OrderID == x.ID }); i >= 0 && x.Fills > 0 {
		for _, f = range slices.Backward(a.fills) {
			if f.OrderID == x.ID {
				break
			}
		}
	}
	state := map[Status]string{Open: "live", Filled: "filled", Canceled: "canceled", Expired: "canceled"}[x.Status]
	if x.Status == Open && x.Filled.Sign() > 0 {
		state = "partially_filled"
	}
	size, unit, source, none := x.Size, "", "", ""
	if x.Type == "market" && m.Kind == "spot" {
		unit = "base_ccy"
	}
	if !x.QuoteSize.Absent() {
		size, unit = x.QuoteSize, "quote_ccy"
	}
	if state == "canceled" {
		source = cmp.Or(okxEnds[x.Why], "0")
	}
	role, amended, request := "", "", ""
	if f.ID != 0 {
		role = okxRole(f)
	}
	if e != nil {
		none, request = "0", e.Request
		if e.Kind == OrderAmended {
			amended = "0"
		}
	}
	return expand(form, "accFillSz", exact(x.Filled), "avgPx", cmp.Or(owed(x.Average), none), "cTime", milli(x.Created), "cancelSource", source, "clOrdId", x.ClientID,
		"fee", exact(x.Fee.Neg()), "feeCcy", x.FeeUnit, "fillPx", exact(f.Price), "fillSz", cmp.Or(exact(f.Size), none), "fillTime", milli(f.At),
		"fillFee", cmp.Or(exact(f.Fee.Neg()), none), "fillFeeCcy", f.FeeUnit, "fillPnl", cmp.Or(exact(f.Profit), none), "instId", x.Market, "instType", instType(m), "lastPx", exact(f.Price),
		"ordId", strconv.FormatInt(x.ID, 10), "ordType", cmp.Or(x.Word, okxWord(x)), "px", exact(x.Price), "reduceOnly", strconv.FormatBool(x.ReduceOnly), "side", x.Side, "state", state,
		"sz", exact(size), "tdMode", cmp.Or(x.Margin, okxMode(m)), "tgtCcy", unit, "tradeId", owed(decimal.New(f.ID, 0)), "tradeQuoteCcy", m.Quote, "uTime", milli(x.Updated),
		"execType", role, "amendResult", amended, "reqId", request)
}

func okxMode(m *market) string {
	if m.Kind == "spot" {
		return "cash"
	}
	return "cross"
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
		w.raw(expand(okxFillForm, "side", f.Side, "fillSz", exact(f.Size), "fillPx", exact(f.Price), "fee", exact(f.Fee.Neg()), "fillPnl", exact(f.Profit),
			"ordId", strconv.FormatInt(f.OrderID, 10), "instType", instType(o.s.find(f.Symbol)), "instId", f.Market, "clOrdId", f.ClientID,
			"billId", strconv.FormatInt(okxBill+f.Seq, 10), "fillTime", milli(f.At), "execType", okxRole(f), "tradeId", strconv.FormatInt(f.ID, 10), "feeCcy", f.FeeUnit,
			"ts", milli(written(f)), "tradeQuoteCcy", o.s.find(f.Symbol).Quote))
	}
}

func (o *okx) deposits(q *okxQuery, w *writer)    { o.movements(q, w, okxDepositForm, false) }
func (o *okx) withdrawals(q *okxQuery, w *writer) { o.movements(q, w, okxWithdrawalForm, true) }

// movements is section 7.4: after and before are times.
func (o *okx) movements(q *okxQuery, w *writer, form string, out bool) {
	var all []Transaction
	for _, t := range q.a.transacted() {
		if ccy := q.values.Get("ccy"); t.Withdrawal == out && (ccy == "" || ccy == t.Asset) {
			all = append(all, t)
		}
	}
	for _, t := range paged(q, all, func(t Transaction) int64 { return t.At.UnixMilli() }, func(t Transaction) time.Time { return t.At }) {
		w.raw(movement(form, t, "", q.now))
	}
}

// okxStates are the venue's numbers of the states (section 7.4): of deposits, then of withdrawals.
var okxStates = map[bool]map[TransactionStatus]string{
	false: {Pending: "0", Completed: "2", Failed: "12", Withdrawn: "12"},
	true:  {Pending: "1", Completed: "2", Failed: "-1", Withdrawn: "-2"},
}

// movement is the row of one, in any of the forms.
func movement(form string, t Transaction, uid string, now time.Time) string {
	id := strconv.FormatInt(t.ID, 10)
	return expand(form, "amt", exact(t.Amount), "ccy", t.Asset, "chain", t.Asset+"-"+t.Network, "state", okxStates[t.Withdrawal][t.Status], "to", t.Address, "ts", milli(t.At),
		"txId", t.TxID, "depId", id, "wdId", id, "clientId", t.ClientID, "fee", exact(t.Fee), "feeCcy", t.Asset, "tag", t.Tag, "pTime", milli(now), "uid", uid)
}
