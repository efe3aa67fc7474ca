package okx

import (
	"strconv"
	"strings"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/rest"
)

// request makes the query of a call.
type request = func(*rest.Request, []*exchange.Market, exchange.Args) error

func ofType(instType string) request {
	return func(r *rest.Request, _ []*exchange.Market, _ exchange.Args) error {
		r.Set("instType", instType)
		return nil
	}
}

func ofMarket(r *rest.Request, ms []*exchange.Market, _ exchange.Args) error {
	r.Set("instId", ms[0].ID)
	return nil
}

func ofBoth(instType string) request {
	return func(r *rest.Request, ms []*exchange.Market, a exchange.Args) error {
		r.Set("instType", instType)
		return ofMarket(r, ms, a)
	}
}

func ofFunded(r *rest.Request, ms []*exchange.Market, a exchange.Args) error {
	if !funded(ms[0]) {
		return &exchange.Error{Venue: name, Symbol: ms[0].Symbol, Kind: exchange.ErrNotSupported, Message: "the contract has no funding"}
	}
	return ofMarket(r, ms, a)
}

// askBook asks for a book of up to 400 levels a side; the venue's own default is 1.
func askBook(r *rest.Request, ms []*exchange.Market, a exchange.Args) error {
	depth := a.Depth
	if depth <= 0 || depth > window {
		depth = window
	}
	r.Set("sz", strconv.Itoa(depth))
	return ofMarket(r, ms, a)
}

// bound is how many rows to ask for: limit, but at most most.
func bound(r *rest.Request, limit, most int) {
	if limit <= 0 || limit > most {
		limit = most
	}
	r.Set("limit", strconv.Itoa(limit))
}

func setMilli(r *rest.Request, key string, t time.Time) {
	r.Set(key, strconv.FormatInt(t.UnixMilli(), 10))
}

func use(r *rest.Request, path string, l *rest.Limit) {
	r.Path, r.Charges = path, []rest.Charge{{Limit: l, Cost: 1}}
}

const (
	newestTrades = 500 // rows of market/trades
	olderTrades  = 100 // rows of market/history-trades
	before       = "<" // before an id in Range.FromID: what is older than it
)

// askTrades asks for trades (section 3.4): the newest of market/trades, all others of
// history-trades, which has those of three months. It goes back by ids. To go forward
// from a time, the trade before it is looked for, and ids are followed from there: they
// grow by one, so that a window of 100 ids holds 100 trades.
func askTrades(r *rest.Request, ms []*exchange.Market, a exchange.Args) error {
	const path = "/api/v5/market/history-trades"
	use(r, path, oldTradeCalls)
	r.Set("instId", ms[0].ID)
	x := a.Range
	older, back := strings.CutPrefix(x.FromID, before)
	switch {
	case back:
		r.Set("after", older)
		bound(r, 0, olderTrades)
	case x.FromID != "":
		from, err := strconv.ParseInt(x.FromID, 10, 64)
		if err != nil || from < 0 {
			return &exchange.Error{Venue: name, Symbol: ms[0].Symbol, Kind: exchange.ErrBadRequest, Message: "trade ids are whole numbers"}
		}
		r.Set("after", strconv.FormatInt(from+olderTrades+1, 10))
		r.Set("before", x.FromID)
		bound(r, 0, olderTrades)
	case !x.Since.IsZero():
		r.Set("type", "2")
		setMilli(r, "after", x.Since)
		bound(r, 1, olderTrades)
	case !x.Until.IsZero():
		r.Set("type", "2")
		setMilli(r, "after", x.Until)
		bound(r, x.Limit, olderTrades)
	default:
		use(r, "/api/v5/market/trades", tradeCalls)
		bound(r, x.Limit, newestTrades)
	}
	return nil
}

// afterTrades goes on where a page of askTrades ended.
func afterTrades(page []exchange.Trade, a exchange.Args) (exchange.Args, bool) {
	first, last := &page[0], &page[len(page)-1]
	forward := !a.Range.Since.IsZero() || a.Range.FromID != "" && !strings.HasPrefix(a.Range.FromID, before)
	if !forward {
		a.Range.FromID = before + first.ID
		return a, true
	}
	found := a.Range.FromID == "" // the trade before the range
	a.Range.FromID = last.ID
	return a, (found || len(page) == olderTrades) && (a.Range.Until.IsZero() || last.Time.Before(a.Range.Until))
}

const (
	kept         = 1440 // candles of each length that market/candles has
	newerCandles = 300  // rows of market/candles
	olderCandles = 100  // rows of market/history-candles; 300 by newer documents
)

// askCandles asks for candles (section 3.5): the newest 1,440 of market/candles, older
// ones of history-candles. Both bounds are exclusive, and the newest rows between them
// come: to walk forward the window must be as long as the page. Which endpoint has them
// depends on the time of asking, as a signature does.
func askCandles(r *rest.Request, ms []*exchange.Market, a exchange.Args) error {
	step, x := step(a.Interval), a.Range
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
	r.Set("instId", ms[0].ID)
	r.Set("bar", bars[a.Interval])
	until := x.Until
	if since := x.Since; !since.IsZero() {
		if listed := ms[0].Listed.Add(-step); since.Before(listed) {
			since = listed // nothing is older, and an empty page would be the end
		}
		setMilli(r, "before", since.Add(-time.Millisecond))
		if end := since.Add(time.Duration(rows) * step); until.IsZero() || end.Before(until) {
			until = end
		}
	}
	if !until.IsZero() {
		setMilli(r, "after", until)
	}
	if x.Since.IsZero() {
		bound(r, x.Limit, rows)
	} else {
		bound(r, 0, rows)
	}
	return nil
}

// step is the least time from one candle to the next.
func step(i exchange.Interval) time.Duration {
	if strings.HasSuffix(string(i), "M") {
		return i.Duration() / 30 * 28
	}
	return i.Duration()
}

// afterCandles goes on behind the last candle of a page, or before the first where no
// beginning was asked for.
func afterCandles(page []exchange.Candle, a exchange.Args) (exchange.Args, bool) {
	if a.Range.Since.IsZero() {
		a.Range.Until = page[0].Start
		return a, true
	}
	last := &page[len(page)-1]
	a.Range.Since = last.Start.Add(time.Millisecond)
	return a, last.Closed && (a.Range.Until.IsZero() || a.Range.Since.Before(a.Range.Until))
}

const historyRows = 400

// askHistory asks for the funding rates of a range, the newest first. The venue keeps
// three months of them: a few pages.
func askHistory(r *rest.Request, ms []*exchange.Market, a exchange.Args) error {
	askBack(r, a.Range, historyRows)
	return ofFunded(r, ms, a)
}

// askBack asks for the newest rows of a range, where they go back by time.
func askBack(r *rest.Request, x exchange.Range, rows int) {
	if !x.Until.IsZero() {
		setMilli(r, "after", x.Until)
	}
	if !x.Since.IsZero() {
		setMilli(r, "before", x.Since.Add(-time.Millisecond))
		x.Limit = 0 // the oldest count, which come last
	}
	bound(r, x.Limit, rows)
}

func beforeHistory(page []exchange.FundingRate, a exchange.Args) (exchange.Args, bool) {
	a.Range.Until = page[0].Next
	return a, true
}
