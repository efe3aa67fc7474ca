package binance

import (
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

func linearCharges(weight int) []rest.Charge {
	return []rest.Charge{{Limit: &linearWeight, Cost: weight}}
}

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

// spotTickersCost is by the number of markets, section 3.6.
func spotTickersCost(ms markets, _ exchange.Args) []rest.Charge {
	if len(ms) == 0 {
		return spotCharges(80)
	}
	return spotCharges(tier(len(ms), [2]int{20, 2}, [2]int{100, 40}, [2]int{0, 80}))
}

// Depths that books can be asked for, section 3.3. Spot takes any number: these are where its price changes.
var (
	spotDepths   = []int{5, 10, 20, 50, 100, 500, 1000, 5000}
	linearDepths = []int{5, 10, 20, 50, 100, 500, 1000}
)

func spotDepthCost(_ markets, a exchange.Args) []rest.Charge {
	return spotCharges(tier(exchange.Enough(spotDepths, a.Depth), [2]int{100, 5}, [2]int{500, 25}, [2]int{1000, 50}, [2]int{5000, 250}))
}

func linearDepthCost(_ markets, a exchange.Args) []rest.Charge {
	return linearCharges(tier(exchange.Enough(linearDepths, a.Depth), [2]int{50, 2}, [2]int{100, 5}, [2]int{500, 10}, [2]int{1000, 20}))
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

// candlePage is what the venue sends where no limit is asked for, section 3.5.
const candlePage = 500

func spotCandleCount(a exchange.Args) int   { return exchange.CandleCount(a, candlePage, 1000) }
func linearCandleCount(a exchange.Args) int { return exchange.CandleCount(a, candlePage, 1500) }

func candleStart(k *exchange.Candle) time.Time { return k.Start }

func candlesRange(count func(exchange.Args) int) request {
	return func(r *rest.Request, ms markets, a exchange.Args) error {
		r.Set("interval", string(a.Interval))
		r.Set("limit", strconv.Itoa(count(a)))
		setRange(r, a.Range)
		return bySymbol(r, ms, a)
	}
}

// linearCandlesCost is by the limit, section 3.5.
func linearCandlesCost(_ markets, a exchange.Args) []rest.Charge {
	return linearCharges(tier(linearCandleCount(a), [2]int{99, 1}, [2]int{499, 2}, [2]int{1000, 5}, [2]int{1500, 10}))
}

// historyCount is the page of charged funding rates, section 3.9.
func historyCount(a exchange.Args) int {
	if n := a.Range.Limit; n > 0 {
		return min(n, 1000)
	}
	return 1000
}

// charged is when a rate was charged, or some milliseconds before.
func charged(f *exchange.FundingRate) time.Time { return f.Next }

func historyRange(r *rest.Request, ms markets, a exchange.Args) error {
	setRange(r, a.Range)
	r.Set("limit", strconv.Itoa(historyCount(a)))
	return bySymbol(r, ms, a)
}
