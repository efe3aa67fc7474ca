package exchange

import (
	"slices"
	"time"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/decimal"
)

// ConsolidatedBook is the books of several venues merged into one, at one moment: a copy
// that is the reader's. All sizes are in base units; those of inverse contracts are
// rounded to 28 digits, see Market.BaseSize.
//
// Of the Stamp, Symbol is the one that was asked for, Time and Received are the newest of the venues
// that are live, and Break tells of any venue's hole: its Err holds an *Error that names the venue, and
// Healed says that no venue which was live is missing any more. Venue and Seq are empty.
type ConsolidatedBook struct {
	Stamp
	Bids, Asks []ConsolidatedLevel // best first, at most as many as were asked for
	// KnownBid and KnownAsk are the worst prices to which every venue that is live has
	// told all its levels. Beyond them a level may lack venues, and levels may be missing.
	// Absent: everything is known.
	KnownBid, KnownAsk decimal.Decimal
	Locked             bool         // the best bid is the best ask, of different venues
	Crossed            bool         // the best bid is above the best ask: an arbitrage before costs, not an error
	Venues             []VenueState // all that were asked for, in the order given

	sizes []VenueSize // what Bids and Asks have of the venues
}

// ConsolidatedLevel is one price and what stands there on all venues that are live. Equal
// prices are one level however they are written; Price is as the first of Venues writes it.
type ConsolidatedLevel struct {
	Price  decimal.Decimal
	Size   decimal.Decimal // of all together in base units; absent when one of them tells none
	Venues []VenueSize     // in the order of ConsolidatedBook.Venues
}

// VenueSize is what one venue has at a price: base units, absent where the venue tells no
// sizes (forex).
type VenueSize struct {
	Venue string
	Size  decimal.Decimal
}

// VenueState tells what a venue gives to a consolidated book, or why it gives nothing. The
// Stamp is that of the venue's own book, the newest that was live: Symbol is the venue's, Received says how
// old it is, Seq where it stands. Break is the venue's last hole: what took it out, or,
// while it is Live, what it came back from; nil when there was none.
type VenueState struct {
	Stamp
	State book.State // the venue's levels are in the book when it is Live, and only then
	Since time.Time  // when State began
	Err   error      // why it is not Live, nil while it is
}

// Latency returns the time from the venue's clock to ours of its newest book, 0 when the
// venue sent no time. It is as true as the clocks agree.
func (v *VenueState) Latency() time.Duration {
	if v.Time.IsZero() || v.Received.IsZero() {
		return 0
	}
	return v.Received.Sub(v.Time)
}

// Best returns the best bid and ask of all venues, absent where a side is empty.
func (b *ConsolidatedBook) Best() (bid, ask ConsolidatedLevel) {
	if len(b.Bids) > 0 {
		bid = b.Bids[0]
	}
	if len(b.Asks) > 0 {
		ask = b.Asks[0]
	}
	return bid, ask
}

// Complete returns how many levels of each side are inside KnownBid and KnownAsk: those
// that no venue which is live can lack or add to.
func (b *ConsolidatedBook) Complete() (bids, asks int) {
	return complete(b.Bids, b.KnownBid, -1), complete(b.Asks, b.KnownAsk, 1)
}

func complete(levels []ConsolidatedLevel, known decimal.Decimal, dir int) int {
	if known.Absent() {
		return len(levels)
	}
	for i := range levels {
		if dir*levels[i].Price.Cmp(known) > 0 {
			return i
		}
	}
	return len(levels)
}

// part is what one venue gives to a merge: a book that is live, in its own unit.
type part struct {
	venue  string
	market *Market // converts sizes
	book   *OrderBook
}

// merger merges books. Nothing is allocated once its slices, and those of the book that is filled, have
// grown; but for the quotients of inverse contracts.
type merger struct {
	parts []part
	heads []head
	tied  []int
}

// head is how far one side of a part has been taken.
type head struct {
	levels []Level
	part   *part
}

// fill makes the levels of b from the parts.
func (m *merger) fill(b *ConsolidatedBook, depth int) {
	most := 0
	b.KnownBid, b.KnownAsk = decimal.Decimal{}, decimal.Decimal{}
	for _, p := range m.parts {
		most += len(p.book.Bids) + len(p.book.Asks)
		b.KnownBid = nearer(b.KnownBid, reach(p.book.Bids, p.book.KnownBid, depth, p.book.Source, -1), -1)
		b.KnownAsk = nearer(b.KnownAsk, reach(p.book.Asks, p.book.KnownAsk, depth, p.book.Source, 1), 1)
	}
	b.sizes = slices.Grow(b.sizes[:0], most) // once: levels point into it
	b.Bids, b.sizes = m.side(b.Bids[:0], b.sizes, depth, -1)
	b.Asks, b.sizes = m.side(b.Asks[:0], b.sizes, depth, 1)
	b.Locked, b.Crossed = false, false
	if bid, ask := b.Best(); !bid.Price.Absent() && !ask.Price.Absent() {
		c := bid.Price.Cmp(ask.Price)
		b.Locked, b.Crossed = c == 0, c > 0
	}
}

// side merges one side of all parts; dir is 1 where the lowest price is best, -1 where the highest is.
func (m *merger) side(dst []ConsolidatedLevel, sizes []VenueSize, depth, dir int) ([]ConsolidatedLevel, []VenueSize) {
	m.heads = m.heads[:0]
	for i := range m.parts {
		p := &m.parts[i]
		levels := p.book.Bids
		if dir > 0 {
			levels = p.book.Asks
		}
		if len(levels) > 0 {
			m.heads = append(m.heads, head{levels, p})
		}
	}
	for len(m.heads) > 0 && (depth == 0 || len(dst) < depth) {
		from := len(sizes)
		m.best(dir)
		var l ConsolidatedLevel
		l.Price, l.Size, sizes = m.take(sizes)
		l.Venues = sizes[from:len(sizes):len(sizes)]
		dst = append(dst, l)
	}
	return dst, sizes
}

// best finds the heads with the best price. Venues are few: to look at the head of each costs less than to
// keep them in order.
func (m *merger) best(dir int) {
	m.tied = append(m.tied[:0], 0)
	price := m.heads[0].levels[0].Price
	for i := 1; i < len(m.heads); i++ {
		switch c := dir * m.heads[i].levels[0].Price.Cmp(price); {
		case c < 0:
			price = m.heads[i].levels[0].Price
			m.tied = append(m.tied[:0], i)
		case c == 0:
			m.tied = append(m.tied, i)
		}
	}
}

// take makes one level of the heads that are tied, and moves these on.
func (m *merger) take(sizes []VenueSize) (price, total decimal.Decimal, _ []VenueSize) {
	ended := false
	for n, i := range m.tied {
		h := &m.heads[i]
		size := h.part.size(h.levels[0])
		if n == 0 {
			price, total = h.levels[0].Price, size
		} else {
			total = total.Add(size)
		}
		sizes = append(sizes, VenueSize{h.part.venue, size})
		h.levels = h.levels[1:]
		ended = ended || len(h.levels) == 0
	}
	if ended {
		m.heads = slices.DeleteFunc(m.heads, func(h head) bool { return len(h.levels) == 0 })
	}
	return price, total, sizes
}

// size returns what stands at a level in base units. A level of size zero is one whose venue tells none.
func (p *part) size(l Level) decimal.Decimal {
	switch {
	case l.Size.IsZero():
		return decimal.Decimal{}
	case p.book.Contracts:
		return p.market.BaseSize(l.Size, l.Price)
	}
	return l.Size
}

// reach returns the worst price to which a side of a venue's book is complete, absent: all of it. A
// side that is cut at depth, or came over REST, which does not say how much there is, ends with its last level.
func reach(levels []Level, known decimal.Decimal, depth int, source Source, dir int) decimal.Decimal {
	if source == REST || (depth > 0 && len(levels) >= depth) {
		return nearer(known, worst(levels), dir)
	}
	return known
}

// nearer returns the bound that is nearer to the touch; absent is no bound.
func nearer(a, b decimal.Decimal, dir int) decimal.Decimal {
	if a.Absent() || (!b.Absent() && dir*b.Cmp(a) < 0) {
		return b
	}
	return a
}
