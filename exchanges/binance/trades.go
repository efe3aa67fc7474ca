package binance

import (
	"strconv"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/rest"
)

// Trades have two numberings, sections 3.4, 4.6 and 4.8: ids of matches, and ids of
// aggregates, which are the matches of one taker order at one price. What is fetched must
// have the numbering of what is watched, and that must have no holes, so that what is
// missing is known:
//
//   - Spot: matches. The stream @trade counts them without holes. REST gives the newest of
//     them and those from an id on; a range that is given by time begins with a few
//     aggregates, whose last match is the ID and whose first is First, and then goes on by id.
//   - Futures: aggregates. Ids of matches have holes there (matches with the insurance fund
//     are not told), those of aggregates have none.

// Pages of trades.
const (
	tradesMost = 1000
	seekers    = 10 // aggregates that tell the id at which a time begins; some of them may be void
)

// tradesCount is the limit to ask for.
func tradesCount(a exchange.Range) int {
	if a.Limit > 0 && a.FromID == "" {
		return min(a.Limit, tradesMost)
	}
	return tradesMost
}

// fromID is where a page by id begins: after the id that is given, or so that it ends before it.
func fromID(a exchange.Args) (string, error) {
	n, err := strconv.ParseInt(a.Range.FromID, 10, 64)
	switch {
	case err != nil || n < 0:
		return "", &exchange.Error{Venue: name, Kind: exchange.ErrBadRequest, Message: "FromID is no number: " + strconv.Quote(a.Range.FromID)}
	case a.Back:
		n = max(n-tradesMost, 0)
	default:
		n++
	}
	return strconv.FormatInt(n, 10), nil
}

// tradesRange chooses among three calls: by id, by time, the newest, which is the call's own. seek is how many to ask for by time, 0 for
// as many as are wanted.
func tradesRange(byID, byTime string, seek int) request {
	return func(r *rest.Request, ms markets, a exchange.Args) error {
		r.Set("symbol", ms[0].ID)
		limit := tradesCount(a.Range)
		switch {
		case a.Range.FromID != "":
			from, err := fromID(a)
			if err != nil {
				return err
			}
			r.Path = byID
			r.Set("fromId", from) // which excludes times
		case !a.Range.Since.IsZero() || !a.Range.Until.IsZero():
			r.Path = byTime
			setRange(r, a.Range)
			if seek > 0 && a.Range.Since.IsZero() && a.Range.Limit == 0 {
				limit = tradesMost // one page is all
			} else if seek > 0 {
				limit = seek
			}
		}
		r.Set("limit", strconv.Itoa(limit))
		return nil
	}
}

func spotTradesCost(_ markets, a exchange.Args) []rest.Charge {
	if a.Range.FromID == "" && !(a.Range.Since.IsZero() && a.Range.Until.IsZero()) {
		return spotCharges(4)
	}
	return spotCharges(25)
}

// tradesPage goes on by id, which is exact where many trades have one time: forward from a
// beginning, else back from the newest.
func tradesPage(page []exchange.Trade, a exchange.Args) (exchange.Args, bool) {
	first, last := &page[0], &page[len(page)-1]
	if a.Back || a.Range.FromID == "" && a.Range.Since.IsZero() {
		id := first.ID
		if first.First != "" {
			id = first.First
		}
		if a.Range.Limit > 0 {
			a.Range.Limit -= len(page)
		}
		more := id != "0" && a.Range.Limit > 0
		a.Range.FromID, a.Back = id, true
		return a, more
	}
	byID := a.Range.FromID != ""
	a.Range.FromID = last.ID
	past := !a.Range.Until.IsZero() && !last.Time.Before(a.Range.Until)
	return a, !past && (!byID || len(page) > tradesMost-seekers) // void ones are left out
}

// span is the ids that a trade stands for.
func span(t *exchange.Trade) (first, last int64, ok bool) { return t.Seq, t.Seq, t.Seq > 0 }
