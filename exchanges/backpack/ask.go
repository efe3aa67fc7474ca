package backpack

import (
	"strconv"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/rest"
)

type markets = []*exchange.Market

// Calls are charged once in each of the limits: there are no weights, section 9.
var (
	one   = exchange.Cost(1, calls)
	both  = exchange.Cost(1, calls, history)
	whole = exchange.Cost(1, calls, wholes)
)

var ofMarket = exchange.Query("symbol")

// depths are the limits of /depth, section 3.2. Without one it gives all.
var depths = []int{5, 10, 20, 50, 100, 500, 1000}

func askDepth(r *rest.Request, ms markets, a exchange.Args) error {
	for _, n := range depths {
		if a.Depth > 0 && a.Depth <= n {
			r.Set("limit", strconv.Itoa(n))
			break
		}
	}
	return ofMarket(r, ms, a)
}

func askTouch(r *rest.Request, ms markets, _ exchange.Args) error {
	return askDepth(r, ms, exchange.Args{Depth: 1})
}

// Pages are counted from the newest, sections 3.4 and 3.6.
const (
	tradesMost  = 1000   // in one answer
	tradesReach = 10_000 // that can be asked for at all
	ratesMost   = 1000   // in one answer; the venue would give 10,000
)

// askTrades asks for the newest, or in a history that has a budget of its own.
func askTrades(r *rest.Request, ms markets, a exchange.Args) error {
	r.Path = "/api/v1/trades"
	switch {
	case a.Range.FromID != "" || a.Offset >= tradesReach:
		return &exchange.Error{Venue: name, Kind: exchange.ErrNotSupported, Message: "trades can be had by time, and the last 10,000 only"}
	case a.Offset > 0 || a.Range.Limit > tradesMost || !a.Range.Since.IsZero() || !a.Range.Until.IsZero():
		r.Path += "/history"
		r.Charges = both(ms, a)
		r.Set("limit", strconv.Itoa(tradesMost))
		r.Set("offset", strconv.Itoa(a.Offset))
	case a.Range.Limit > 0:
		r.Set("limit", strconv.Itoa(a.Range.Limit))
	}
	return ofMarket(r, ms, a)
}

// older is what to ask for after a page of rows that was asked for with most of them and
// goes back to first.
func older(a exchange.Args, most int, first time.Time) (exchange.Args, bool) {
	a.Offset += most
	a.Range.Until = first.Add(1) // what has the same time may be on the next page
	return a, !first.Before(a.Range.Since)
}

func olderTrades(page []exchange.Trade, a exchange.Args) (exchange.Args, bool) {
	if len(page) < tradesMost {
		return a, false
	}
	return older(a, tradesMost, page[0].Time)
}

// ratesCount is how many rows to ask for: the newest may be the interval under way.
func ratesCount(a exchange.Args) int {
	if n := a.Range.Limit; n > 0 && a.Range.Since.IsZero() && a.Range.Until.IsZero() {
		return min(n+1, ratesMost)
	}
	return ratesMost
}

func askHistory(r *rest.Request, ms markets, a exchange.Args) error {
	r.Set("limit", strconv.Itoa(ratesCount(a)))
	r.Set("offset", strconv.Itoa(a.Offset))
	return ofMarket(r, ms, a)
}

func olderRates(page []exchange.FundingRate, a exchange.Args) (exchange.Args, bool) {
	if most := ratesCount(a); len(page) > 0 && len(page) >= most-1 {
		return older(a, most, page[0].Next)
	}
	return a, false
}

// candlesMost is how many candles are asked for at once, section 3.5.
const candlesMost = 1000

// stretch is the time that one call for candles is about, which must have a beginning, and
// whether more of the range lies behind it.
func stretch(a exchange.Args) (from, to time.Time, more bool) {
	from, to = a.Range.Since, a.Range.Until
	if to.IsZero() {
		to = time.Now()
	}
	n := candlesMost
	if from.IsZero() {
		if a.Range.Limit > 0 {
			n = min(n, a.Range.Limit+1) // one more: the first may have begun before
		}
		return to.Add(-time.Duration(n) * a.Interval.Duration()), to, true
	}
	if end := from.Add(time.Duration(n) * a.Interval.Duration()); end.Before(to) {
		return from, end, true
	}
	return from, to, false
}

func askCandles(r *rest.Request, ms markets, a exchange.Args) error {
	from, to, _ := stretch(a)
	r.Set("interval", intervals[a.Interval])
	r.Set("startTime", strconv.FormatInt(from.Add(time.Second-1).Unix(), 10))
	r.Set("endTime", strconv.FormatInt(to.Add(time.Second-1).Unix(), 10))
	return ofMarket(r, ms, a)
}

// moreCandles goes on from a beginning, over times without candles too, or back from the newest.
func moreCandles(page []exchange.Candle, a exchange.Args) (exchange.Args, bool) {
	_, to, more := stretch(a)
	switch {
	case !a.Range.Since.IsZero():
		a.Range.Since = to
	case len(page) > 0:
		a.Range.Until = page[0].Start
	default:
		more = false
	}
	return a, more
}
