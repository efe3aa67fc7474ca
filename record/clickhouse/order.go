package clickhouse

import (
	"cmp"
	"maps"
	"slices"

	"github.com/depthwire/depthwire/record"
)

type market struct{ venue, symbol string }

func (m market) compare(n market) int {
	return cmp.Or(cmp.Compare(m.venue, n.venue), cmp.Compare(m.symbol, n.symbol))
}

// order puts the rows of a batch into the order of the tables, market by market. It is made anew for the next batch.
type order struct {
	groups map[market]int
	next   []int // of each group how many rows it has, then where its next one goes
	of     []int // of each row its group
	rows   []int
	every  []int
}

// put gives the rows of pick, or all where it is nil, by venue and symbol, and those of one market as they came: most often the engine,
// which looks, has nothing left to move.
func (o *order) put(r *record.Rows, pick []int) []int {
	if pick == nil {
		pick = o.all(r.Len())
	}
	o.group(r, pick)
	start := 0
	for _, m := range slices.SortedFunc(maps.Keys(o.groups), market.compare) {
		g := o.groups[m]
		o.next[g], start = start, start+o.next[g]
	}
	o.rows = slices.Grow(o.rows[:0], len(pick))[:len(pick)]
	for i, row := range pick {
		g := o.of[i]
		o.rows[o.next[g]] = row
		o.next[g]++
	}
	return o.rows
}

func (o *order) group(r *record.Rows, pick []int) {
	venues, symbols := r.Columns[record.VenueColumn].Texts, r.Columns[record.SymbolColumn].Texts
	if o.groups == nil {
		o.groups = make(map[market]int)
	}
	clear(o.groups)
	o.next, o.of = o.next[:0], o.of[:0]
	for _, row := range pick {
		m := market{venues[row], symbols[row]}
		g, known := o.groups[m]
		if !known {
			g = len(o.next)
			o.groups[m], o.next = g, append(o.next, 0)
		}
		o.next[g]++
		o.of = append(o.of, g)
	}
}

// all is the places of n rows.
func (o *order) all(n int) []int {
	for i := len(o.every); i < n; i++ {
		o.every = append(o.every, i)
	}
	return o.every[:n]
}
