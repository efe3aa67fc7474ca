package huobi

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/rest"
)

// Budgets of sections 9.1 and 9.2 of a customer. Spot counts each endpoint alone; one budget for those of one limit is simpler.
var (
	spotAccount   = rest.Limit{Name: "huobi spot account", Max: 100, Per: 2 * time.Second, Share: 0.8}
	spotTrade     = rest.Limit{Name: "huobi spot trading", Max: 100, Per: 2 * time.Second, Share: 0.8}
	spotReads     = rest.Limit{Name: "huobi spot orders", Max: 50, Per: 2 * time.Second, Share: 0.8}
	spotHistory   = rest.Limit{Name: "huobi spot history", Max: 20, Per: 2 * time.Second, Share: 0.8}
	contractReads = rest.Limit{Name: "huobi contract account", Max: 72, Per: 3 * time.Second, Share: 0.8}
	contractTrade = rest.Limit{Name: "huobi contract trading", Max: 72, Per: 3 * time.Second, Share: 0.8}
)

const (
	day = 24 * time.Hour
	// skew is how far the time by which the venue looks for rows may be before the time that it tells of them.
	skew = time.Second

	openRows   = 500 // of openOrders, matchresults and deposit-withdraw
	closedRows = 100 // of orders, and of all lists of contracts
	recentRows = 1000
)

// signed makes a Call of the account.
func signed[T any](path string, l *rest.Limit, ask request, parse exchange.Parser[T]) exchange.Call[T] {
	return exchange.Call[T]{Path: path, Signed: true, Whole: true, Cost: exchange.Cost(1, l), Request: ask, Parse: parse}
}

// kept makes a Call one of what the venue keeps for so many days, and tells of in windows. There is room for skew at both ends.
func kept[T any](k exchange.Call[T], days int, window time.Duration, page func([]T, exchange.Args) (exchange.Args, bool)) exchange.Call[T] {
	k.Window, k.Keeps, k.Page = window-2*skew, time.Duration(days)*day-time.Minute, page
	return k
}

// spotPull adds what is asked about the account of spot, section 7.
func spotPull(f *exchange.Family) {
	f.Account = signed("/v1/account/accounts", &spotAccount, nil, accountID)
	p := &f.Pull
	p.Balances = []exchange.Call[exchange.Balance]{signed("/v1/account/accounts/", &spotAccount, askBalances, spotBalances)}
	p.OpenOrders = signed("/v1/order/openOrders", &spotReads, askOpen, spotOrders)
	p.OpenOrders.Page = behind(openRows, false, orderID)
	p.ClosedOrders = kept(signed("/v1/order/orders", &spotReads, askClosed, spotOrders), 180, 2*day, before(closedRows, created))
	p.Order = signed("/v1/order/orders/", &spotReads, askOrder, spotOrders)
	p.MyTrades = kept(signed("/v1/order/matchresults", &spotHistory, spotRows(openRows), pulledFills), 120, 2*day, before(openRows, filled))
	p.Deposits = moves("deposit", deposits)
	p.Withdrawals = moves("withdraw", withdrawals)
}

// linearPull adds what is asked about the account of contracts, section 7.6.
func linearPull(f *exchange.Family) {
	p := &f.Pull
	p.Balances = []exchange.Call[exchange.Balance]{signed("/v5/account/balance", &contractReads, nil, contractBalances)}
	p.OpenOrders = signed("/v5/trade/order/opens", &contractReads, contractRows, contractOrders)
	p.OpenOrders.Page = behind(closedRows, true, orderID)
	p.ClosedOrders = kept(signed("/v5/trade/order/history", &contractReads, askHistory, contractOrders), 90, 90*day, before(closedRows, created))
	p.Order = signed("/v5/trade/order", &contractReads, askContractOrder, contractOrders)
	p.ClosedOrders.Whole, p.Order.Whole = false, false
	p.MyTrades = kept(signed("/v5/trade/order/details", &contractReads, contractRows, contractFills), 3, 3*day, behind(closedRows, true, fillID))
	p.Positions = signed("/v5/trade/position/opens", &contractReads, byContract, contractPositions)
}

func orderID(o *exchange.Order) string      { return o.ID }
func created(o *exchange.Order) time.Time   { return o.Created }
func fillID(f *exchange.Fill) string        { return f.ID }
func filled(f *exchange.Fill) time.Time     { return f.Time }
func moveID(v *exchange.Transaction) string { return v.ID }

// moves is a call for deposits or withdrawals, section 7.5: of any time, the newest first.
func moves(kind string, parse exchange.Parser[exchange.Transaction]) exchange.Call[exchange.Transaction] {
	k := signed("/v1/query/deposit-withdraw", &spotHistory, func(r *rest.Request, _ []*exchange.Market, a exchange.Args) error {
		r.Set("type", kind)
		if a.Asset != "" {
			r.Set("currency", strings.ToLower(a.Asset))
		}
		return setFrom(r, a, "size", openRows)
	}, parse)
	back := behind(openRows, false, moveID)
	k.Page = func(page []exchange.Transaction, a exchange.Args) (exchange.Args, bool) {
		next, more := back(page, a)
		return next, more && (a.Range.Since.IsZero() || !page[0].Time.Before(a.Range.Since))
	}
	return k
}

// setFrom asks for a page from where the venue begins, or behind an id that a page before has ended with. Of spot the next ones are older,
// of contracts younger.
func setFrom(r *rest.Request, a exchange.Args, size string, rows int) error {
	if a.Range.FromID != "" && !a.Back {
		return &exchange.Error{Venue: name, Kind: exchange.ErrNotSupported, Message: "what the account has is not found by an id to begin behind"}
	}
	if a.Range.FromID != "" {
		r.Set("from", a.Range.FromID)
	}
	r.Set("direct", "next")
	r.Set(size, strconv.Itoa(rows))
	return nil
}

// setTimes asks for a range.
func setTimes(r *rest.Request, a exchange.Args, since, until string) {
	if !a.Range.Since.IsZero() {
		exchange.SetMilli(r, since, a.Range.Since.Add(-skew))
	}
	exchange.SetMilli(r, until, a.Range.Until)
}

// before goes back by time: a page that is not full is the last. What has the time of the oldest comes again.
func before[T any](rows int, at func(*T) time.Time) func([]T, exchange.Args) (exchange.Args, bool) {
	return func(page []T, a exchange.Args) (exchange.Args, bool) {
		if len(page) < rows {
			return a, false
		}
		first := slices.MinFunc(page, func(x, y T) int { return at(&x).Compare(at(&y)) })
		a.Range.Until = at(&first).Add(time.Millisecond)
		return a, true
	}
}

// behind goes on by ids, which are numbers that grow: ahead from the oldest, or back from the newest.
func behind[T any](rows int, ahead bool, id func(*T) string) func([]T, exchange.Args) (exchange.Args, bool) {
	return func(page []T, a exchange.Args) (exchange.Args, bool) {
		if len(page) < rows {
			return a, false
		}
		edge := slices.MaxFunc(page, func(x, y T) int {
			order := cmp.Or(cmp.Compare(len(id(&x)), len(id(&y))), strings.Compare(id(&x), id(&y)))
			if ahead {
				return order
			}
			return -order
		})
		a.Range.FromID, a.Back = id(&edge), true
		return a, true
	}
}

func askBalances(r *rest.Request, _ []*exchange.Market, a exchange.Args) error {
	r.Path += a.Account + "/balance"
	return nil
}

func askOpen(r *rest.Request, ms []*exchange.Market, a exchange.Args) error {
	r.Set("account-id", a.Account)
	return cmp.Or(bySymbol(r, ms, a), setFrom(r, a, "size", openRows))
}

// askClosed asks for orders that are done, of one pair, or, of the last two days, of all.
func askClosed(r *rest.Request, ms []*exchange.Market, a exchange.Args) error {
	if len(ms) > 0 {
		r.Set("states", "filled,partial-canceled,canceled")
		return spotRows(closedRows)(r, ms, a)
	}
	if time.Since(a.Range.Since) > 2*day {
		return &exchange.Error{Venue: name, Kind: exchange.ErrBadRequest, Message: "orders of all pairs are those of the last two days: name a pair"}
	}
	r.Path = "/v1/order/history"
	return spotRows(recentRows)(r, ms, a)
}

// spotRows asks for so many rows of a range, the newest first, of one pair or of all, and contractRows for those of contracts, the oldest
// first.
func spotRows(rows int) request {
	return func(r *rest.Request, ms []*exchange.Market, a exchange.Args) error {
		setTimes(r, a, "start-time", "end-time")
		return cmp.Or(bySymbol(r, ms, a), setFrom(r, a, "size", rows))
	}
}

func contractRows(r *rest.Request, ms []*exchange.Market, a exchange.Args) error {
	setTimes(r, a, "start_time", "end_time")
	return cmp.Or(byContract(r, ms, a), setFrom(r, a, "limit", closedRows))
}

// askOrder asks for one order by its id, or by the customer's own.
func askOrder(r *rest.Request, _ []*exchange.Market, a exchange.Args) error {
	if a.Ref.ID != "" {
		r.Path += url.PathEscape(a.Ref.ID)
		return nil
	}
	r.Path += "getClientOrder"
	r.Set("clientOrderId", a.Ref.ClientID)
	return nil
}

// askHistory asks for orders that are done: the newest first, unless a direction is named. V5 documents no other margin.
func askHistory(r *rest.Request, ms []*exchange.Market, a exchange.Args) error {
	r.Set("margin_mode", "cross")
	r.Set("limit", strconv.Itoa(closedRows))
	setTimes(r, a, "start_time", "end_time")
	return byContract(r, ms, a)
}

func askContractOrder(r *rest.Request, ms []*exchange.Market, a exchange.Args) error {
	key, id := "order_id", a.Ref.ID
	if id == "" {
		key, id = "client_order_id", a.Ref.ClientID
	}
	r.Set(key, id)
	return byContract(r, ms, a)
}
