package record

import (
	"slices"

	"github.com/depthwire/depthwire/exchange"
)

// Rebuilt is a book that is made again from the rows of BookTable of one market, log and recording, in the order of their positions.
type Rebuilt struct {
	Live       bool // false: nothing is known
	Bids, Asks []exchange.Level
}

// Apply goes on to the next row.
func (b *Rebuilt) Apply(state string, bids, asks []exchange.Level) {
	switch state {
	case BookSnapshot:
		b.Live = true
		b.Bids, b.Asks = append(b.Bids[:0], bids...), append(b.Asks[:0], asks...)
	case BookDelta:
		if b.Live {
			b.Bids, b.Asks = change(b.Bids, bids, -1), change(b.Asks, asks, 1)
		}
	default:
		b.Live, b.Bids, b.Asks = false, b.Bids[:0], b.Asks[:0]
	}
}

// change puts levels into a side, which is in the order of dir times the price.
func change(side, levels []exchange.Level, dir int) []exchange.Level {
	for _, l := range levels {
		i, there := slices.BinarySearchFunc(side, l, func(a, b exchange.Level) int { return dir * a.Price.Cmp(b.Price) })
		switch {
		case l.Size.IsZero() && there:
			side = slices.Delete(side, i, i+1)
		case l.Size.IsZero():
		case there:
			side[i] = l
		default:
			side = slices.Insert(side, i, l)
		}
	}
	return side
}
