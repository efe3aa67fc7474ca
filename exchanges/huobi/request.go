package huobi

import (
	"slices"
	"strconv"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/rest"
)

type request = func(*rest.Request, []*exchange.Market, exchange.Args) error

const (
	mostRows    = 2000 // trades or candles in one answer, sections 3.4, 3.5, 3.8 and 3.10
	newestOnly  = "the venue has the newest 2,000 only"
	historyRows = 50 // funding rates in one answer
)

func refuse(m *exchange.Market, kind error, text string) error {
	return &exchange.Error{Venue: name, Symbol: m.Symbol, Kind: kind, Message: text}
}

// allOr asks for one market, or for all in another place.
func allOr(one exchange.Call[exchange.Ticker], all string) exchange.Call[exchange.Ticker] {
	query := one.Request
	one.Batch, one.Request = 1, func(r *rest.Request, ms []*exchange.Market, a exchange.Args) error {
		if len(ms) == 0 {
			r.Path = all
			r.Set("business_type", "all") // which only the list of contracts minds
		}
		return query(r, ms, a)
	}
	return one
}

// askBook asks for the book: of contracts there are 20 or 150 levels, section 3.6, of pairs 5, 10, 20 or, when it is not said how
// many, 150, section 3.2.
func askBook(query request) request {
	few := []int{5, 10, 20}
	return func(r *rest.Request, ms []*exchange.Market, a exchange.Args) error {
		r.Set("type", "step0")
		if i, _ := slices.BinarySearch(few, a.Depth); a.Depth > 0 && i < len(few) {
			if r.Set("depth", strconv.Itoa(few[i])); ms[0].Kind != exchange.Spot {
				r.Set("type", "step6") // and depth is a word that contracts do not mind
			}
		}
		return query(r, ms, a)
	}
}

// askTrades asks for the newest trades, all that there are where a range is looked for.
func askTrades(query request) request {
	return func(r *rest.Request, ms []*exchange.Market, a exchange.Args) error {
		if a.Range.FromID != "" {
			return refuse(ms[0], exchange.ErrNotSupported, "trades are not found by their id")
		}
		if !a.Range.Since.IsZero() || !a.Range.Until.IsZero() {
			a.Range.Limit = mostRows
		}
		exchange.SetLimit(r, "size", a.Range.Limit, mostRows)
		return query(r, ms, a)
	}
}

// askPairCandles asks for as many of the newest candles as reach back to the range: there is no other way, section 3.5.
func askPairCandles(r *rest.Request, ms []*exchange.Market, a exchange.Args) error {
	n, begin, length := min(a.Range.Limit, mostRows), a.Range.Since, a.Interval.Duration()
	if begin.IsZero() && !a.Range.Until.IsZero() {
		begin = a.Range.Until.Add(-time.Duration(max(n, 1)) * length)
	}
	if !begin.IsZero() {
		n = int(time.Since(begin)/length) + 2
	}
	if n > mostRows {
		return refuse(ms[0], exchange.ErrBadRequest, newestOnly)
	}
	exchange.SetLimit(r, "size", n, mostRows)
	r.Set("period", intervals[a.Interval])
	return bySymbol(r, ms, a)
}

// askCandles asks for the newest candles, or those between two seconds, both inclusive and at most 2,000 apart, section 3.10.
func askCandles(r *rest.Request, ms []*exchange.Market, a exchange.Args) error {
	from, to, page := a.Range.Since, a.Range.Until, (mostRows-1)*a.Interval.Duration()
	if from.IsZero() && to.IsZero() {
		exchange.SetLimit(r, "size", a.Range.Limit, mostRows)
	} else {
		if from.IsZero() {
			from = to.Add(-page)
		}
		if from.Before(ms[0].Listed) {
			from = ms[0].Listed // nothing is older, and an empty page would be the end
		}
		if last := from.Add(page); to.IsZero() || last.Before(to) {
			to = last
		}
		r.Set("from", strconv.FormatInt(from.Add(time.Second-1).Unix(), 10))
		r.Set("to", strconv.FormatInt(to.Unix(), 10))
	}
	r.Set("period", intervals[a.Interval])
	return byContract(r, ms, a)
}

// askRates asks for a page of rates, the newest first. Pages have numbers, from 1 on.
func askRates(r *rest.Request, ms []*exchange.Market, a exchange.Args) error {
	r.Set("page_index", strconv.Itoa(a.Offset/historyRows+1))
	r.Set("page_size", strconv.Itoa(historyRows))
	return byContract(r, ms, a)
}

func earlier(page []exchange.FundingRate, a exchange.Args) (exchange.Args, bool) {
	a.Offset, a.Range.Until = a.Offset+historyRows, page[0].Next
	return a, len(page) == historyRows && (a.Range.Since.IsZero() || page[0].Next.After(a.Range.Since))
}
