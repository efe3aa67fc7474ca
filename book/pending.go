package book

import "math"

// pending keeps deltas in order, deeply copied into memory that is used again.
type pending struct {
	kept   []kept
	head   int // of kept; what is before it is gone
	levels []Level
	max    int // updates
}

// kept is a delta whose levels are in pending.levels.
type kept struct {
	Update
	from, asks, to int
	odd            bool // its ids lie beyond those of a later one
}

const (
	defaultPending   = 1000
	levelsPerPending = 64   // bound on levels, per update that may wait
	levelsRetained   = 4096 // more is given back when nothing waits
)

// push keeps a copy of u, and reports how many older deltas went to make room.
func (p *pending) push(u *Update) (lost int) {
	if p.max == 0 {
		return 0
	}
	size := len(u.Bids) + len(u.Asks)
	bound := p.max * levelsPerPending
	if size > bound {
		lost = p.len() + 1
		p.clear()
		return lost
	}
	for p.len() == p.max || p.size()+size > bound {
		p.head++
		lost++
	}
	p.compact()
	k := kept{Update: *u, from: len(p.levels)}
	p.levels = append(p.levels, u.Bids...)
	k.asks = len(p.levels)
	p.levels = append(p.levels, u.Asks...)
	k.to = len(p.levels)
	k.Bids, k.Asks = nil, nil
	p.kept = append(p.kept, k)
	return lost
}

func (p *pending) len() int { return len(p.kept) - p.head }

// size is how many levels wait.
func (p *pending) size() int {
	if p.len() == 0 {
		return 0
	}
	return len(p.levels) - p.kept[p.head].from
}

// compact moves what waits to the front when half of the memory is behind it.
func (p *pending) compact() {
	if p.head == 0 || p.head < p.len() {
		return
	}
	if p.len() == 0 {
		p.clear()
		return
	}
	from := p.kept[p.head].from
	p.levels = p.levels[:copy(p.levels, p.levels[from:])]
	p.kept = p.kept[:copy(p.kept, p.kept[p.head:])]
	p.head = 0
	for i := range p.kept {
		k := &p.kept[i]
		k.from, k.asks, k.to = k.from-from, k.asks-from, k.to-from
	}
}

// at returns the i-th delta, good until the next call of push or clear.
func (p *pending) at(i int) Update {
	k := &p.kept[p.head+i]
	u := k.Update
	u.Bids, u.Asks = p.levels[k.from:k.asks:k.asks], p.levels[k.asks:k.to:k.to]
	return u
}

// order marks the deltas whose ids cannot be right: a venue sends in order, so that none lies
// beyond a later one. What they said is lost; what comes after them decides.
func (p *pending) order() {
	least := int64(math.MaxInt64)
	for i := len(p.kept) - 1; i >= p.head; i-- {
		k := &p.kept[i]
		k.odd = k.Last >= least
		least = min(least, k.Last)
	}
}

// odd reports whether the i-th was marked.
func (p *pending) odd(i int) bool { return p.kept[p.head+i].odd }

// first returns what the i-th says of its sequence, zero if there is none.
func (p *pending) first(i int) *Update {
	if i >= p.len() {
		return &Update{}
	}
	return &p.kept[p.head+i].Update
}

// drop forgets the first n.
func (p *pending) drop(n int) { p.head += n }

func (p *pending) clear() {
	p.kept, p.levels, p.head = p.kept[:0], p.levels[:0], 0
	if cap(p.levels) > levelsRetained {
		p.kept, p.levels = nil, nil
	}
}
