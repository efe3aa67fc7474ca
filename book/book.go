package book

import (
	"iter"
	"math/bits"
	"slices"

	"github.com/depthwire/depthwire/decimal"
)

// Book is the levels of one market, owned and changed by a Sync. Whoever may change
// the Sync may read the Book, at the same time nobody else may; what the methods
// return are copies.
//
// Prices and sizes come back at the scale of Config.Tick and Config.Step, numerically
// exact. A book without these, or whose numbers turned out not to be multiples of the
// tick, returns them at the scale of the wire.
type Book struct {
	bids, asks ladder
	price      grid // without any fast conversion while trees hold the levels
	size       grid

	trees            bool
	bidTree, askTree tree

	tick, step         decimal.Decimal
	depth              int
	keepZero           bool
	bidBound, askBound decimal.Decimal
	bad                bool // a level without a valid price or size was met
}

// Best returns the best level of each side, absent where the side is empty.
func (b *Book) Best() (bid, ask Level) {
	if b.trees {
		return b.bidTree.best(), b.askTree.best()
	}
	return b.ladderBest(&b.bids), b.ladderBest(&b.asks)
}

func (b *Book) ladderBest(l *ladder) Level {
	if l.n == 0 {
		return Level{}
	}
	return b.level(l.best, l.sizes[uint64(l.best)&uint64(len(l.sizes)-1)])
}

func (b *Book) level(key, size int64) Level {
	return Level{b.price.printer().decimal(max(key, -key)), b.size.printer().decimal(size)}
}

// Top appends copies of the best n levels of each side, best first; all of them if n
// is zero or less.
func (b *Book) Top(n int, bids, asks []Level) ([]Level, []Level) {
	if b.trees {
		return b.bidTree.appendTo(bids, n), b.askTree.appendTo(asks, n)
	}
	return b.appendTop(bids, &b.bids, n), b.appendTop(asks, &b.asks, n)
}

func (b *Book) appendTop(dst []Level, l *ladder, n int) []Level {
	if n <= 0 || n > l.n {
		n = l.n
	}
	from := len(dst)
	dst = slices.Grow(dst, n)[:from+n]
	rest := dst[from:]
	p, z := b.price.printer(), b.size.printer()
	for run := l.best &^ 63; len(rest) > 0 && run >= l.base; run -= 64 {
		for word := l.word(run); word != 0 && len(rest) > 0; rest = rest[1:] {
			top := 63 - bits.LeadingZeros64(word)
			word &^= 1 << top
			key := run + int64(top)
			rest[0] = Level{p.decimal(max(key, -key)), z.decimal(l.sizes[uint64(key)&uint64(len(l.sizes)-1)])}
		}
	}
	far := len(l.far.keys)
	for i := range rest {
		key := l.far.keys[far-1-i]
		rest[i] = Level{p.decimal(max(key, -key)), z.decimal(l.far.sizes[far-1-i])}
	}
	return dst
}

// Bids returns the bids, best first. The book must not change meanwhile.
func (b *Book) Bids() iter.Seq[Level] { return b.side(&b.bids, &b.bidTree) }

// Asks returns the asks, best first. The book must not change meanwhile.
func (b *Book) Asks() iter.Seq[Level] { return b.side(&b.asks, &b.askTree) }

func (b *Book) side(l *ladder, t *tree) iter.Seq[Level] {
	return func(yield func(Level) bool) {
		if b.trees {
			t.levels.Ascend(yield)
			return
		}
		c := l.cursor()
		for range l.n {
			if !yield(b.level(c.next())) {
				return
			}
		}
	}
}

// Len returns the number of levels of each side.
func (b *Book) Len() (bids, asks int) {
	if b.trees {
		return b.bidTree.levels.Len(), b.askTree.levels.Len()
	}
	return b.bids.n, b.asks.n
}

// Known returns the worst price of each side up to which the book is complete; absent:
// there is no bound. Levels beyond are unknown, not empty: those that the book has
// there were changed since the snapshot, others may exist.
func (b *Book) Known() (bid, ask decimal.Decimal) {
	bid, ask = b.bidBound, b.askBound
	if b.depth > 0 {
		bids, asks := b.Len()
		if bids >= b.depth {
			bid, _ = b.nth(b.depth - 1)
		}
		if asks >= b.depth {
			_, ask = b.nth(b.depth - 1)
		}
	}
	return bid, ask
}

// KnownDepth reports whether the best n levels of both sides are inside what Known
// returns. It costs a walk over the bitmap, no more.
func (b *Book) KnownDepth(n int) bool {
	bid, ask := b.Known()
	if bid.Absent() && ask.Absent() {
		return true
	}
	lastBid, lastAsk := b.nth(n - 1)
	return (bid.Absent() || lastBid.Cmp(bid) >= 0) &&
		(ask.Absent() || !lastAsk.Absent() && lastAsk.Cmp(ask) <= 0)
}

// nth returns the prices of a rank, absent where a side has fewer levels.
func (b *Book) nth(rank int) (bid, ask decimal.Decimal) {
	if b.trees {
		return b.bidTree.at(rank).Price, b.askTree.at(rank).Price
	}
	if key, ok := b.bids.nth(rank); ok {
		bid = b.price.printer().decimal(key)
	}
	if key, ok := b.asks.nth(rank); ok {
		ask = b.price.printer().decimal(-key)
	}
	return bid, ask
}

// trim cuts both sides to the window's depth: what has fallen out is not kept up to date.
func (b *Book) trim() {
	if b.trees {
		for _, t := range []tree{b.bidTree, b.askTree} {
			for t.levels.Len() > b.depth {
				t.levels.DeleteMax()
			}
		}
		return
	}
	b.bids.trim(b.depth)
	b.asks.trim(b.depth)
}

// crossed reports whether both sides have levels and the best bid is not below the best ask.
func (b *Book) crossed() bool {
	if !b.trees {
		return b.bids.n > 0 && b.asks.n > 0 && b.bids.best >= -b.asks.best
	}
	bid, ask := b.Best()
	return !bid.Price.Absent() && !ask.Price.Absent() && bid.Price.Cmp(ask.Price) >= 0
}
