package exchange

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/depthwire/depthwire/rest"
)

// What the tables of most venues say of their calls and topics.

// Cost charges a call n in each of the limits, whatever it asks for.
func Cost(n int, limits ...*rest.Limit) func([]*Market, Args) []rest.Charge {
	charges := make([]rest.Charge, 0, len(limits))
	for _, l := range limits {
		charges = append(charges, rest.Charge{Limit: l, Cost: n})
	}
	return func([]*Market, Args) []rest.Charge { return charges }
}

// Query names the market of a call by its id, under a key, where there is a market and a key, and adds pairs of
// keys and values that are always the same.
func Query(key string, pairs ...string) func(*rest.Request, []*Market, Args) error {
	return func(r *rest.Request, ms []*Market, _ Args) error {
		if key != "" && len(ms) > 0 {
			r.Set(key, ms[0].ID)
		}
		for i := 1; i < len(pairs); i += 2 {
			r.Set(pairs[i-1], pairs[i])
		}
		return nil
	}
}

// QueryBook is Query of a book that can be had to some depths, ascending.
func QueryBook(key, depth string, depths ...int) func(*rest.Request, []*Market, Args) error {
	return func(r *rest.Request, ms []*Market, a Args) error {
		r.Set(depth, strconv.Itoa(Enough(depths, a.Depth)))
		return Query(key)(r, ms, a)
	}
}

// Topic makes topics by a pattern, in which $id stands for the id of the market, $lower for it in lower case, $interval for
// the venue's word for the length of candles, among words, $depth for the depth of a book and $speed for how often it changes. It is
// empty where there is no such word. It panics when the pattern has another name, or words and $interval are not both there: patterns
// are constants of a program.
func Topic(pattern string, words ...map[Interval]string) func(*Market, Args) string {
	rest := strings.NewReplacer("$id", "", "$lower", "", "$interval", "", "$depth", "", "$speed", "").Replace(pattern)
	if strings.Contains(rest, "$") {
		panic(fmt.Sprintf("exchange: topic %q: there are $id, $lower, $interval, $depth and $speed", pattern))
	}
	if strings.Contains(pattern, "$interval") != (len(words) > 0) {
		panic(fmt.Sprintf("exchange: topic %q: $interval and words for it go together", pattern))
	}
	return func(m *Market, a Args) string {
		interval := ""
		for _, w := range words {
			if interval = w[a.Interval]; interval == "" {
				return ""
			}
		}
		return strings.NewReplacer("$id", m.ID, "$lower", strings.ToLower(m.ID), "$interval", interval, "$depth", strconv.Itoa(a.Depth), "$speed", a.Speed).Replace(pattern)
	}
}

// Swaps are the markets that are funded, for Call.For and Channel.For.
func Swaps(m *Market) bool { return m.Kind == Swap }

// Intervals makes the table of a Family from the lengths of candles, separated by blanks. Where the venue has a word of its own it
// follows the length behind an equals sign: "1m 1h=60min".
func Intervals(list string) map[Interval]string {
	all := make(map[Interval]string)
	for _, entry := range strings.Fields(list) {
		length, word, own := strings.Cut(entry, "=")
		if !own {
			word = length
		}
		all[Interval(length)] = word
	}
	return all
}

// SetLimit asks for as many values as a range wants, at most most of them; all of these where it is not said how many.
func SetLimit(r *rest.Request, key string, want, most int) {
	if want <= 0 || want > most {
		want = most
	}
	r.Set(key, strconv.Itoa(want))
}

// SetMilli sets a parameter to a time in milliseconds since 1970, unless it is zero.
func SetMilli(r *rest.Request, key string, at time.Time) {
	if !at.IsZero() {
		r.Set(key, strconv.FormatInt(at.UnixMilli(), 10))
	}
}
