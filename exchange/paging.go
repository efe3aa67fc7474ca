package exchange

import "time"

// How values of a range are fetched page by page, by their times.

// CandlesPage goes on behind the last candle of a page, or, where no beginning was asked for, before the first.
func CandlesPage(page []Candle, a Args) (Args, bool) {
	if len(page) == 0 {
		return a, false
	}
	if a.Range.Since.IsZero() {
		a.Range.Until = page[0].Start
		return a, true
	}
	last := &page[len(page)-1]
	a.Range.Since = last.Start.Add(time.Millisecond)
	return a, last.Closed && (a.Range.Until.IsZero() || a.Range.Since.Before(a.Range.Until))
}

// CandleCount is how many candles to ask for in one request: as many as the range still wants, at most most; usual where
// it does not say how many and has no beginning.
func CandleCount(a Args, usual, most int) int {
	n := a.Range.Limit
	switch {
	case n > 0:
	case a.Range.Since.IsZero():
		n = usual
	default:
		n = most
	}
	length := a.Interval.Duration()
	if !a.Range.Since.IsZero() && !a.Range.Until.IsZero() && length > 0 && a.Interval[len(a.Interval)-1] != 'M' {
		n = int(min(a.Range.Until.Sub(a.Range.Since)/length+1, time.Duration(n)))
	}
	return min(n, most)
}

// PageByTime returns the Page of a Call that has count values on a full page: it goes on step behind the last value
// of a page, or, where no beginning was asked for, back from the first. A page that is not full is the last.
func PageByTime[T any](count func(Args) int, at func(*T) time.Time, step time.Duration) func([]T, Args) (Args, bool) {
	return func(page []T, a Args) (Args, bool) {
		n := len(page)
		if n == 0 || n < count(a) {
			return a, false
		}
		if a.Range.Since.IsZero() {
			a.Range.Until = at(&page[0])
		} else {
			a.Range.Since = at(&page[n-1]).Add(step)
			if !a.Range.Until.IsZero() && !a.Range.Since.Before(a.Range.Until) {
				return a, false
			}
		}
		if a.Range.Limit > 0 {
			a.Range.Limit -= n
		}
		return a, a.Range.Limit >= 0
	}
}
