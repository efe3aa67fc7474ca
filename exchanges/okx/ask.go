package okx

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/rest"
)

var ofMarket = exchange.Query("instId")

// askBook asks for a book of up to 400 levels a side; the venue's own default is 1.
func askBook(r *rest.Request, ms []*exchange.Market, a exchange.Args) error {
	exchange.SetLimit(r, "sz", a.Depth, window)
	return ofMarket(r, ms, a)
}

// setRange asks for the newest rows of a range: both bounds are exclusive.
func setRange(r *rest.Request, x exchange.Range, rows int) {
	exchange.SetMilli(r, "after", x.Until)
	if !x.Since.IsZero() {
		exchange.SetMilli(r, "before", x.Since.Add(-time.Millisecond))
		x.Limit = 0 // the oldest count, which come last
	}
	exchange.SetLimit(r, "limit", x.Limit, rows)
}

func use(r *rest.Request, path string, l *rest.Limit) {
	r.Path, r.Charges = path, []rest.Charge{{Limit: l, Cost: 1}}
}

const (
	newestTrades = 500  // rows of market/trades
	olderTrades  = 100  // rows of market/history-trades
	kept         = 1440 // candles of each length that market/candles has
	newerCandles = 300  // rows of market/candles
	olderCandles = 100  // rows of market/history-candles; 300 by newer documents
)

// askTrades asks for trades (section 3.4): the newest of market/trades, all others of history-trades, which has those of
// three months. It goes back by ids. To go forward from a time, the trade before it is looked for, and ids are followed
// from there: they grow by one, so that a window of 100 ids holds 100 trades.
func askTrades(r *rest.Request, ms []*exchange.Market, a exchange.Args) error {
	use(r, "/api/v5/market/history-trades", oldTradeCalls)
	x, rows := a.Range, olderTrades
	from, err := strconv.ParseInt(x.FromID, 10, 64)
	switch {
	case x.FromID != "" && (err != nil || from < 0):
		return &exchange.Error{Venue: name, Symbol: ms[0].Symbol, Kind: exchange.ErrBadRequest, Message: "trade ids are whole numbers"}
	case a.Back:
		r.Set("after", x.FromID)
		x.Limit = 0
	case x.FromID != "":
		r.Set("after", strconv.FormatInt(from+olderTrades+1, 10))
		r.Set("before", x.FromID)
		x.Limit = 0
	case !x.Since.IsZero():
		r.Set("type", "2")
		exchange.SetMilli(r, "after", x.Since)
		x.Limit = 1
	case !x.Until.IsZero():
		r.Set("type", "2")
		exchange.SetMilli(r, "after", x.Until)
	default:
		use(r, "/api/v5/market/trades", tradeCalls)
		rows = newestTrades
	}
	exchange.SetLimit(r, "limit", x.Limit, rows)
	return ofMarket(r, ms, a)
}

// afterTrades goes on where a page of askTrades ended.
func afterTrades(page []exchange.Trade, a exchange.Args) (exchange.Args, bool) {
	full := len(page) == olderTrades
	page = slices.DeleteFunc(slices.Clone(page), func(t exchange.Trade) bool { return strings.HasPrefix(t.ID, "-") }) // liquidations: out of order
	if len(page) == 0 {
		return a, false
	}
	first, last := &page[0], &page[len(page)-1]
	if a.Back || a.Range.FromID == "" && a.Range.Since.IsZero() {
		a.Range.FromID, a.Back = first.ID, true
		return a, true
	}
	found := a.Range.FromID == "" // the trade before the range
	a.Range.FromID = last.ID
	return a, (found || full) && (a.Range.Until.IsZero() || last.Time.Before(a.Range.Until))
}

// askCandles asks for candles (section 3.5): the newest 1,440 of market/candles, older ones of history-candles. The
// newest rows of a range come: to walk forward the window must be as long as the page. Which endpoint has them depends on
// the time of asking, as a signature does.
func askCandles(r *rest.Request, ms []*exchange.Market, a exchange.Args) error {
	x, step := a.Range, a.Interval.Duration()
	if strings.HasSuffix(string(a.Interval), "M") {
		step = step / 30 * 28 // the least time from one to the next
	}
	oldest := x.Since
	if oldest.IsZero() && !x.Until.IsZero() {
		oldest = x.Until.Add(-newerCandles * step)
	}
	rows := newerCandles
	use(r, "/api/v5/market/candles", candleCalls)
	if !oldest.IsZero() && time.Since(oldest) > (kept-10)*step {
		rows = olderCandles
		use(r, "/api/v5/market/history-candles", oldCandleCalls)
	}
	if !x.Since.IsZero() {
		if listed := ms[0].Listed.Add(-step); x.Since.Before(listed) {
			x.Since = listed // nothing is older, and an empty page would be the end
		}
		if end := x.Since.Add(time.Duration(rows) * step); x.Until.IsZero() || end.Before(x.Until) {
			x.Until = end
		}
	}
	setRange(r, x, rows)
	r.Set("bar", bars[a.Interval])
	return ofMarket(r, ms, a)
}

// askHistory asks for the funding rates of a range. The venue keeps three months of them: a few pages.
func askHistory(r *rest.Request, ms []*exchange.Market, a exchange.Args) error {
	setRange(r, a.Range, 400)
	return ofMarket(r, ms, a)
}

func beforeHistory(page []exchange.FundingRate, a exchange.Args) (exchange.Args, bool) {
	a.Range.Until = page[0].Next
	return a, true
}
