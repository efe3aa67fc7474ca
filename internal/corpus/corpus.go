// Package corpus makes the frames that benchmarks and tests run on: the traffic of one
// order book, drawn so that it has the shape of recorded traffic, and written as
// venues write it. The same seed makes the same bytes.
//
// Short loops flatter: a few hundred frames are learned by the branch predictor. A
// corpus has thousands.
package corpus

import (
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
)

// Level is one price, in ticks, and what stands there, in lots. Size 0 removes it.
type Level struct{ Price, Size int64 }

// Message is one delta of the book; its levels are in no particular order.
type Message struct{ Bids, Asks []Level }

// Stream is a book and what happens to it.
type Stream struct {
	Bids, Asks []Level // the snapshot, best first
	Messages   []Message
}

// ranks says how far from the best price changes fall: half of them within 10
// levels, nine of ten within 88, as recorded on 14 symbols.
var ranks = []struct{ part, rank float64 }{{0, 0}, {0.5, 10}, {0.75, 38}, {0.9, 88}, {0.99, 426}, {1, 1000}}

// New draws a book with so many levels a side and so many messages. A message has 7.7
// levels on average: 61 % of them change a size, 17 % add and 17 % remove a price, 5 %
// remove one that is not there.
func New(seed uint64, levels, messages int) *Stream {
	r := rand.New(rand.NewPCG(seed, uint64(levels)))
	g := generator{r: r, levels: levels}
	const mid = 6_825_005
	g.bids, g.asks = g.side(levels, mid, -1), g.side(levels, mid, 1)
	s := &Stream{Bids: slices.Clone(g.bids), Asks: slices.Clone(g.asks), Messages: make([]Message, messages)}
	for i := range s.Messages {
		n := 1 + int(r.ExpFloat64()*7.7)
		for range min(n, 40) {
			if r.IntN(2) == 0 {
				s.Messages[i].Bids = append(s.Messages[i].Bids, g.change(&g.bids, -1))
			} else {
				s.Messages[i].Asks = append(s.Messages[i].Asks, g.change(&g.asks, 1))
			}
		}
		s.Messages[i].Bids = once(s.Messages[i].Bids)
		s.Messages[i].Asks = once(s.Messages[i].Asks)
	}
	return s
}

// once leaves the last level of each price.
func once(levels []Level) []Level {
	var out []Level
	for i, l := range levels {
		if !slices.ContainsFunc(levels[i+1:], func(m Level) bool { return m.Price == l.Price }) {
			out = append(out, l)
		}
	}
	return out
}

type generator struct {
	r          *rand.Rand
	levels     int
	bids, asks []Level // best first
}

func (g *generator) size() int64 {
	return 1 + int64(math.Exp(g.r.NormFloat64()*2.2+11)) // from a few lots to some millions
}

// gap is the distance from the level of that rank to the next: small near the best
// price, larger far out.
func (g *generator) gap(rank int) int64 { return 1 + int64(g.r.ExpFloat64()*(0.6+float64(rank)*0.02)) }

func (g *generator) side(levels int, mid, way int64) []Level {
	side := make([]Level, levels)
	price := mid
	for i := range side {
		price += way * g.gap(i)
		side[i] = Level{price, g.size()}
	}
	return side
}

func (g *generator) rank(n int) int {
	u := g.r.Float64()
	for i := 1; i < len(ranks); i++ {
		if a, b := ranks[i-1], ranks[i]; u <= b.part {
			return min(int(a.rank+(b.rank-a.rank)*(u-a.part)/(b.part-a.part)), n-1)
		}
	}
	return n - 1
}

// change makes one change to a side and returns it. Away is -1 for bids, 1 for asks.
func (g *generator) change(side *[]Level, away int64) Level {
	s := *side
	k := g.rank(len(s))
	switch u := g.r.Float64(); {
	case u < 0.61:
		s[k].Size = g.size()
		return s[k]
	case u < 0.95 && (u < 0.78 && len(s) <= g.levels || len(s) < g.levels): // the depth stays
		return g.insert(side, k, away)
	case u < 0.95:
		l := Level{s[k].Price, 0}
		*side = slices.Delete(s, k, k+1)
		return l
	}
	return Level{s[k].Price + away, 0}.missing(s)
}

// missing turns a level into a removal of a price that the side does not have.
func (l Level) missing(side []Level) Level {
	for slices.ContainsFunc(side, func(m Level) bool { return m.Price == l.Price }) {
		l.Price = side[len(side)-1].Price + (side[len(side)-1].Price - side[0].Price)
	}
	return l
}

// insert puts a price behind rank k, or behind the next one that has room.
func (g *generator) insert(side *[]Level, k int, away int64) Level {
	s := *side
	for k+1 < len(s) && away*(s[k+1].Price-s[k].Price) < 2 {
		k++
	}
	room := g.gap(k)
	if k+1 < len(s) {
		room = away*(s[k+1].Price-s[k].Price) - 1
	}
	l := Level{s[k].Price + away*(1+g.r.Int64N(room)), g.size()}
	*side = slices.Insert(s, k+1, l)
	return l
}

// Number writes units of 10^-scale with the full number of decimals.
func Number(dst []byte, units int64, scale int) []byte {
	unit := int64(1)
	for range scale {
		unit *= 10
	}
	dst = strconv.AppendInt(dst, units/unit, 10)
	if scale == 0 {
		return dst
	}
	dst = append(dst, '.')
	rest := strconv.FormatInt(units%unit, 10)
	for range scale - len(rest) {
		dst = append(dst, '0')
	}
	return append(dst, rest...)
}

// Trimmed is Number without zeros at the end.
func Trimmed(dst []byte, units int64, scale int) []byte {
	for scale > 0 && units%10 == 0 {
		units, scale = units/10, scale-1
	}
	return Number(dst, units, scale)
}
