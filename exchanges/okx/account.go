package okx

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/rest"
)

// ofAccount fills in what a family has of the account (sections 7 and 8): orders and fills of one instType, positions of
// another where loans of pairs, MARGIN, are meant. Orders on margin are placed elsewhere and not among those of pairs. What is
// of all families stands in spot.
func ofAccount(f *exchange.Family, instType, held string) {
	orders := past[exchange.Order]{
		instType: instType,
		recent:   "trade/orders-history", calls: historyOrderCalls, kept: days(7),
		older: "trade/orders-history-archive", olderCalls: archiveCalls,
		at: func(o *exchange.Order) time.Time { return o.Created },
		id: func(o *exchange.Order) string { return o.ID },
	}
	open := past[exchange.Order]{instType: instType, recent: "trade/orders-pending", calls: pendingCalls, at: orders.at, id: orders.id}
	fills := past[exchange.Fill]{
		instType: instType,
		recent:   "trade/fills", calls: fillCalls, kept: days(3),
		older: "trade/fills-history", olderCalls: oldFillCalls,
		at: func(v *exchange.Fill) time.Time { return v.Time },
		id: func(v *exchange.Fill) string { return strconv.FormatInt(v.Seq, 10) },
	}
	f.Pull.ClosedOrders = orders.call(parseOrders)
	f.Pull.OpenOrders = open.call(parseOrders)
	f.Pull.MyTrades = fills.call(parseFills)
	f.Pull.Order = exchange.Call[exchange.Order]{Path: "/api/v5/trade/order", Signed: true, Cost: exchange.Cost(1, orderCalls), Request: askOrder, Parse: parseOrders}
	f.Pull.Positions = exchange.Call[exchange.Position]{Path: "/api/v5/account/positions", Signed: true, Whole: true, Cost: exchange.Cost(1, positionCalls),
		Request: exchange.Query("instId", "instType", held), Parse: parsePositions}
	f.Push.Orders = ownChannel("private", ownTopic("orders", instType), parseOrders)
	f.Push.MyTrades = ownChannel("private", ownTopic("orders", instType), parsePushedFills)
	f.Push.Positions = ownChannel("private", ownTopic("positions", held), parsePositions)
	f.Trade = trading
	if f.Name != "spot" {
		return
	}
	f.Pull.Balances = []exchange.Call[exchange.Balance]{
		{Path: "/api/v5/account/balance", Signed: true, Whole: true, Cost: exchange.Cost(1, balanceCalls), Parse: parseBalances},
		{Path: "/api/v5/asset/balances", Signed: true, Whole: true, Cost: exchange.Cost(1, fundCalls), Parse: parseFunds},
	}
	f.Pull.Deposits = movements("asset/deposit-history", depositCalls, parseDeposits)
	f.Pull.Withdrawals = movements("asset/withdrawal-history", withdrawalCalls, parseWithdrawals)
	f.Push.Balances = ownChannel("private", ownTopic("account", ""), parseBalances)
	f.Push.Balances.Poll = time.Minute // the funding account is in no channel
	f.Push.Deposits = ownChannel("wallet", ownTopic("deposit-info", ""), parseDeposits)
	f.Push.Withdrawals = ownChannel("wallet", ownTopic("withdrawal-info", ""), parseWithdrawals)
}

func ownChannel[T any](socket, topic string, parse exchange.Parser[T]) exchange.AccountChannel[T] {
	asked := func(*exchange.Market, exchange.Args) string { return topic }
	return exchange.AccountChannel[T]{Channel: exchange.Channel[T]{Socket: socket, Topic: asked, Parse: parse}}
}

// ownRows is how many rows the lists of the account have at most.
const ownRows = 100

// past is a list, newest first, whose latest part the venue keeps under one path and more of it, for three months, under an older one.
type past[T any] struct {
	instType          string
	recent, older     string
	calls, olderCalls *rest.Limit
	kept              time.Duration // how long recent has what there was
	at                func(*T) time.Time
	id                func(*T) string // by which the list goes on
}

// days is a little less than n of them, so that nothing falls between the two paths.
func days(n int) time.Duration { return time.Duration(n)*24*time.Hour - time.Hour }

func (p past[T]) call(parse exchange.Parser[T]) exchange.Call[T] {
	return exchange.Call[T]{Signed: true, Whole: true, Request: p.ask, Parse: oldestFirst(parse), Page: p.next, Sparse: true}
}

// oldestFirst reads a list that comes newest first: what is of one millisecond must keep its order.
func oldestFirst[T any](parse exchange.Parser[T]) exchange.Parser[T] {
	return func(dst []T, in *exchange.Scope, b []byte) ([]T, error) {
		n := len(dst)
		dst, err := parse(dst, in, b)
		slices.Reverse(dst[n:])
		return dst, err
	}
}

// ends reports whether the range ends before what recent has, or recent has been read: Offset, which the venue has no use for,
// keeps that in mind.
func (p past[T]) ends(a exchange.Args) bool {
	return p.older != "" && (a.Offset > 0 || !a.Back && !a.Range.Until.IsZero() && time.Since(a.Range.Until) >= p.kept)
}

// ask asks for the newest rows of a range, whose bounds are inclusive. The venue bounds fills by when it wrote them down, which is
// later than they were.
func (p past[T]) ask(r *rest.Request, ms []*exchange.Market, a exchange.Args) error {
	if a.Range.FromID != "" && !a.Back {
		return told("", "the lists of the account go on by ids that their values do not have: FromID must be empty", exchange.ErrBadRequest)
	}
	use(r, "/api/v5/"+p.recent, p.calls)
	if p.ends(a) {
		use(r, "/api/v5/"+p.older, p.olderCalls)
	}
	r.Set("instType", p.instType)
	exchange.SetMilli(r, "begin", a.Range.Since)
	if !a.Range.Until.IsZero() {
		exchange.SetMilli(r, "end", a.Range.Until.Add(time.Minute))
	}
	if a.Back {
		r.Set("after", a.Range.FromID)
	}
	if !a.Range.Since.IsZero() {
		a.Range.Limit = 0 // the oldest count, which come last
	}
	exchange.SetLimit(r, "limit", a.Range.Limit, ownRows)
	return ofMarket(r, ms, a)
}

// next goes on before the first of a page, and, when there is nothing more, to the older path: with what began before recent
// has all of it, for of that recent has only what ended late.
func (p past[T]) next(page []T, a exchange.Args) (exchange.Args, bool) {
	old := p.ends(a)
	if len(page) == 0 {
		edge := time.Now().Add(-p.kept)
		a.Range.Until, a.Range.FromID, a.Back = edge, "", false
		return a, p.older != "" && !old && a.Range.Since.Before(edge)
	}
	if old {
		a.Offset = 1
	}
	first := slices.MinFunc(page, func(x, y T) int {
		return cmp.Or(cmp.Compare(len(p.id(&x)), len(p.id(&y))), cmp.Compare(p.id(&x), p.id(&y))) // they are whole numbers
	})
	a.Range.FromID, a.Back = p.id(&first), true
	if !a.Range.Since.IsZero() {
		a.Range.Until = p.at(&first).Add(time.Millisecond)
	}
	return a, true
}

func askOrder(r *rest.Request, ms []*exchange.Market, a exchange.Args) error {
	if a.Ref.ID != "" {
		r.Set("ordId", a.Ref.ID)
	} else {
		r.Set("clOrdId", a.Ref.ClientID)
	}
	return ofMarket(r, ms, a)
}

// movements is a list of deposits or withdrawals, newest first.
func movements(path string, l *rest.Limit, parse exchange.Parser[exchange.Transaction]) exchange.Call[exchange.Transaction] {
	return exchange.Call[exchange.Transaction]{
		Path: "/api/v5/" + path, Signed: true, Whole: true, Cost: exchange.Cost(1, l), Parse: oldestFirst(parse),
		Request: func(r *rest.Request, _ []*exchange.Market, a exchange.Args) error {
			if a.Asset != "" {
				r.Set("ccy", a.Asset)
			}
			setRange(r, a.Range, ownRows)
			return nil
		},
		Page: func(page []exchange.Transaction, a exchange.Args) (exchange.Args, bool) {
			a.Range.Until = page[0].Time.Add(time.Millisecond) // others may have the same time
			return a, true
		},
	}
}
