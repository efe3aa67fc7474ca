package binance

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/rest"
)

type (
	markets = []*exchange.Market
	cost    = func(ms markets, a exchange.Args) []rest.Charge
	request = func(r *rest.Request, ms markets, a exchange.Args) error
)

func spotCost(weight int) cost {
	return func(markets, exchange.Args) []rest.Charge { return spotCharges(weight) }
}

func spotCharges(weight int) []rest.Charge {
	return []rest.Charge{{Limit: &spotWeight, Cost: weight}, {Limit: &spotRaw, Cost: 1}}
}

func linearCost(weight int) cost { return exchange.Cost(weight, &linearWeight) }

// tier is what a size costs: the price of the first step that reaches as far, or of the last.
func tier(n int, steps ...[2]int) int {
	for _, s := range steps {
		if n <= s[0] {
			return s[1]
		}
	}
	return steps[len(steps)-1][1]
}

var bySymbol = exchange.Query("symbol")

// bySymbols names markets as a JSON array; none means all, section 3.6.
func bySymbols(r *rest.Request, ms markets, _ exchange.Args) error {
	if len(ms) == 0 {
		return nil
	}
	ids := make([]string, len(ms))
	for i, m := range ms {
		ids[i] = m.ID
	}
	r.Set("symbols", `["`+strings.Join(ids, `","`)+`"]`)
	return nil
}

// byPerpetual refuses dated contracts, which are not funded.
func byPerpetual(r *rest.Request, ms markets, a exchange.Args) error {
	if ms[0].Kind != exchange.Swap {
		return &exchange.Error{Venue: name, Kind: exchange.ErrNotSupported, Message: "a dated contract has no funding"}
	}
	return bySymbol(r, ms, a)
}

// spotTickersCost is by the number of markets, section 3.6.
func spotTickersCost(ms markets, _ exchange.Args) []rest.Charge {
	if len(ms) == 0 {
		return spotCharges(80)
	}
	return spotCharges(tier(len(ms), [2]int{20, 2}, [2]int{100, 40}, [2]int{0, 80}))
}

// spotLevels is the limit of a spot book: any number to 5,000, section 3.3.
func spotLevels(depth int) int {
	if depth <= 0 || depth > 5000 {
		return 5000
	}
	return depth
}

func spotDepth(r *rest.Request, ms markets, a exchange.Args) error {
	r.Set("limit", strconv.Itoa(spotLevels(a.Depth)))
	return bySymbol(r, ms, a)
}

func spotDepthCost(_ markets, a exchange.Args) []rest.Charge {
	return spotCharges(tier(spotLevels(a.Depth), [2]int{100, 5}, [2]int{500, 25}, [2]int{1000, 50}, [2]int{5000, 250}))
}

// linearDepths are the only limits that futures take, section 3.3.
var linearDepths = []int{5, 10, 20, 50, 100, 500, 1000}

func linearLevels(depth int) int {
	if i, _ := slices.BinarySearch(linearDepths, depth); depth > 0 && i < len(linearDepths) {
		return linearDepths[i]
	}
	return linearDepths[len(linearDepths)-1]
}

func linearDepth(r *rest.Request, ms markets, a exchange.Args) error {
	r.Set("limit", strconv.Itoa(linearLevels(a.Depth)))
	return bySymbol(r, ms, a)
}

func linearDepthCost(_ markets, a exchange.Args) []rest.Charge {
	return []rest.Charge{{Limit: &linearWeight, Cost: tier(linearLevels(a.Depth), [2]int{50, 2}, [2]int{100, 5}, [2]int{500, 10}, [2]int{1000, 20})}}
}

// setRange sends the bounds in milliseconds, both inclusive. With a beginning the end is
// not sent: the pages stop there, and spot refuses one that lies in the future.
func setRange(r *rest.Request, a exchange.Range) {
	switch {
	case !a.Since.IsZero():
		exchange.SetMilli(r, "startTime", a.Since.Add(time.Millisecond-1)) // rounded up: what is before must not come
	case !a.Until.IsZero():
		exchange.SetMilli(r, "endTime", a.Until.Add(-1))
	}
}

// ahead is what to ask for after a page of n rows whose last lies at last; whole is how many
// a full page has. It goes on from a beginning, or back from the newest.
func ahead(a exchange.Args, n, whole int, first, last time.Time, step time.Duration) (exchange.Args, bool) {
	if n < whole {
		return a, false
	}
	if a.Range.Since.IsZero() {
		a.Range.Until = first
	} else {
		a.Range.Since = last.Add(step)
		if !a.Range.Until.IsZero() && !a.Range.Since.Before(a.Range.Until) {
			return a, false
		}
	}
	if a.Range.Limit > 0 {
		a.Range.Limit -= n
	}
	return a, a.Range.Limit >= 0
}

// candleCount is the limit to ask for: what is missing, at most a page; 0: the venue's own.
func candleCount(a exchange.Args, most int) int {
	n := a.Range.Limit
	if a.Range.Since.IsZero() {
		return min(n, most)
	}
	if n == 0 {
		n = most
	}
	if length := a.Interval.Duration(); !a.Range.Until.IsZero() && length > 0 && a.Interval != "1M" {
		n = min(n, int(min(a.Range.Until.Sub(a.Range.Since)/length+1, time.Duration(most))))
	}
	return min(n, most)
}

// candlePage is what the venue sends where no limit is asked for, section 3.5.
const candlePage = 500

// candlesRange asks for candles, most of them in one page.
func candlesRange(most int) request {
	return func(r *rest.Request, ms markets, a exchange.Args) error {
		r.Set("symbol", ms[0].ID)
		r.Set("interval", string(a.Interval))
		setRange(r, a.Range)
		if n := candleCount(a, most); n > 0 {
			r.Set("limit", strconv.Itoa(n))
		}
		return nil
	}
}

func candlesPage(most int) func([]exchange.Candle, exchange.Args) (exchange.Args, bool) {
	return func(page []exchange.Candle, a exchange.Args) (exchange.Args, bool) {
		whole := candleCount(a, most)
		if whole == 0 {
			whole = candlePage
		}
		if len(page) == 0 {
			return a, false
		}
		return ahead(a, len(page), whole, page[0].Start, page[len(page)-1].Start, time.Millisecond)
	}
}

// linearCandlesCost is by the limit, section 3.5.
func linearCandlesCost(_ markets, a exchange.Args) []rest.Charge {
	n := candleCount(a, 1500)
	if n == 0 {
		n = candlePage
	}
	return []rest.Charge{{Limit: &linearWeight, Cost: tier(n, [2]int{99, 1}, [2]int{499, 2}, [2]int{1000, 5}, [2]int{1500, 10})}}
}

// historyMost is the largest page of charged funding rates, section 3.9.
const historyMost = 1000

func historyCount(a exchange.Args) int {
	if n := a.Range.Limit; n > 0 {
		return min(n, historyMost)
	}
	return historyMost
}

func historyRange(r *rest.Request, ms markets, a exchange.Args) error {
	setRange(r, a.Range)
	r.Set("limit", strconv.Itoa(historyCount(a)))
	return byPerpetual(r, ms, a)
}

func historyPage(page []exchange.FundingRate, a exchange.Args) (exchange.Args, bool) {
	if len(page) == 0 {
		return a, false
	}
	// A rate is charged some milliseconds after the hour that Next is rounded down to.
	return ahead(a, len(page), historyCount(a), page[0].Next, page[len(page)-1].Next, time.Minute)
}
