package record

import (
	"slices"
	"time"
)

// logged is what a store has of one log.
type logged struct {
	*positions
	begun, ended time.Time         // when the first and the last row were received
	keyed        map[series]uint64 // rows of tables with a key; also of a series of which others have brought all
	plain        bool              // there are rows of tables without
	repeats      uint64            // numbers that the venue has given again
}

func (l *logged) at(received time.Time) {
	if l.begun.IsZero() || received.Before(l.begun) {
		l.begun = received
	}
	l.ended = later(l.ended, received)
}

// tells takes note of a row of the ledger that is from this log.
func (l *logged) tells(g *Gap) {
	l.plain = true
	if g.Venue == "" || !slices.ContainsFunc(Tables, func(t *Table) bool { return t.Name == string(g.Channel) && t.Key != "" }) {
		return
	}
	l.keyed[series{venue: g.Venue, symbol: g.Symbol, channel: g.Channel}] += 0
	if from, to, ok := g.numbers(); ok && to <= from {
		l.repeats += uint64(from-to) + 1
	}
}

// again is how many positions of a log can be without a row because the store keeps one row of those with a key, and had it already: as
// many as logs of the same time have brought of the series that this one records, and as numbers came again. What a broker keeps of
// one table with a key, a partition of Kafka, can have any of its rows twice.
func (v *verifier) again(l *logged) uint64 {
	if !l.plain {
		return ^uint64(0)
	}
	n := l.repeats
	for _, other := range v.logs {
		if other == l || other.ended.Before(l.begun) || l.ended.Before(other.begun) {
			continue
		}
		for s := range l.keyed {
			n += other.keyed[s]
		}
	}
	return n
}
