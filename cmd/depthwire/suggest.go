package main

import (
	"cmp"
	"slices"
	"strings"
)

// unknown says that there is no such name, and which come near it.
func unknown(what, name string, known []string) string {
	text := "no " + what + " " + quoted(name)
	if near := nearest(name, known); len(near) > 0 {
		return text + "; did you mean " + strings.Join(near, " or ") + "?"
	}
	if len(known) > 0 && len(known) <= 20 {
		return text + "; there are " + strings.Join(known, ", ")
	}
	return text
}

func quoted(name string) string { return `"` + printable(name) + `"` }

// nearest returns at most three names that somebody who wrote name may have meant,
// the nearest first.
func nearest(name string, known []string) []string {
	type guess struct {
		name  string
		plain int // distance of the letters and digits
		exact int
	}
	key := letters(name)
	var all []guess
	for _, k := range known {
		d := distance(key, letters(k))
		if d <= max(1, len(key)/4) && d < len(key) {
			all = append(all, guess{k, d, distance(name, k)})
		}
	}
	slices.SortFunc(all, func(a, b guess) int {
		return cmp.Or(cmp.Compare(a.plain, b.plain), cmp.Compare(a.exact, b.exact), cmp.Compare(a.name, b.name))
	})
	var names []string
	for _, g := range all {
		if g.plain == all[0].plain && len(names) < 3 {
			names = append(names, g.name)
		}
	}
	return names
}

// letters returns what of a name counts: BTC-USDT and btc/usdt are one.
func letters(name string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("/-_: .", r) {
			return -1
		}
		return r
	}, strings.ToUpper(name))
}

// longest bounds the names that are compared: the cost grows with the product of the lengths.
const longest = 64

// distance is how many letters must be put in, left out, changed, or swapped with their
// neighbour to make b of a.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	if len(x) > longest || len(y) > longest {
		return max(len(x), len(y))
	}
	before, above, now := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range above {
		above[j] = j
	}
	for i := 1; i <= len(x); i++ {
		now[0] = i
		for j := 1; j <= len(y); j++ {
			change := above[j-1]
			if x[i-1] != y[j-1] {
				change++
			}
			now[j] = min(above[j]+1, now[j-1]+1, change)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				now[j] = min(now[j], before[j-2]+1)
			}
		}
		before, above, now = above, now, before
	}
	return above[len(y)]
}
