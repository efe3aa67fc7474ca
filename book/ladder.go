package book

import (
	"math"
	"math/bits"
	"slices"
)

const (
	minWindow = 512
	maxWindow = 8192 // as many bits as two words of words tell apart
	maxWords  = maxWindow / 64
	nearRank  = 400 // the window is sized by the span of this many levels

	none    = math.MinInt64 // best key of an empty ladder
	nowhere = 1<<62 + 64    // base of an empty ladder: above all keys
)

// ladder is one side of a book: sizes by key, where the best key is the largest
// (bids are kept under their price in ticks, asks under its negative).
//
// The keys in [base, base+window) live in a ring of sizes with a bitmap over it and a
// bitmap over that; a key keeps its slot when the window moves, so that following the
// price costs what enters and leaves. All keys below the window are in far. None is above it.
type ladder struct {
	base  int64
	best  int64 // largest key; none when n is 0
	n     int
	sizes []int64 // by key modulo the window; zero where there is no level
	// The bitmap is a ring of the largest window, whatever this one's is: constant
	// masks, no check of bounds.
	words [maxWords]uint64
	used  [2]uint64 // bit w: words[w] is not zero
	far   far
}

// set puts size at key, or removes the key if size is zero.
func (l *ladder) set(key, size int64) {
	if uint64(key-l.base) >= uint64(len(l.sizes)) {
		l.setOutside(key, size)
		return
	}
	// Without branches on what the venue sent: whether a level comes, goes or changes
	// is what the processor cannot predict.
	slot := &l.sizes[uint64(key)&uint64(len(l.sizes)-1)]
	had, has := bit(*slot), bit(size)
	*slot = size
	w := wordOf(key)
	word := l.words[w]&^(1<<(key&63)) | has<<(key&63)
	l.words[w] = word
	u := &l.used[w>>6]
	*u = *u&^(1<<(w&63)) | bit(int64(word))<<(w&63)
	l.n += int(has) - int(had)
	if key >= l.best {
		l.moveBest(key, size)
	}
}

// wordOf is the index of the word that holds key.
func wordOf(key int64) uint64 { return uint64(key) >> 6 & (maxWords - 1) }

// bit is 1 unless v is 0.
func bit(v int64) uint64 {
	return uint64(v|-v) >> 63
}

// moveBest follows a change at or above the best key.
func (l *ladder) moveBest(key, size int64) {
	switch {
	case size != 0:
		l.best = key
	case l.n == 0:
		l.best, l.base = none, nowhere
	case key == l.best:
		if down, ok := l.below(key); ok {
			l.best = down
		} else {
			l.best = l.far.keys[len(l.far.keys)-1]
		}
		if l.best-l.base < int64(len(l.sizes)/2) {
			l.slideDown()
		}
	}
}

// setOutside sets a key that the window does not cover.
func (l *ladder) setOutside(key, size int64) {
	switch {
	case key < l.base && l.n > 0:
		l.n += l.far.set(key, size)
	case size != 0:
		l.slideUp(key)
		l.set(key, size)
	}
}

// slideUp moves the window so that key, above it or in an empty ladder, gets headroom,
// and sends what leaves the window to far.
func (l *ladder) slideUp(key int64) {
	base := l.baseFor(key)
	end := min(base, l.base+int64(len(l.sizes)))
	for run := l.base; run < end && l.n > 0; run += 64 {
		for x := l.word(run); x != 0; x &= x - 1 {
			key := run + int64(bits.TrailingZeros64(x))
			l.far.push(key, l.take(key))
		}
	}
	l.base = base
}

// slideDown moves the window down to the best key and fills it from far.
func (l *ladder) slideDown() {
	l.base = l.baseFor(l.best)
	for {
		key, size, ok := l.far.popFrom(l.base)
		if !ok {
			return
		}
		w := wordOf(key)
		l.sizes[uint64(key)&uint64(len(l.sizes)-1)] = size
		l.words[w] |= 1 << (key & 63)
		l.used[w>>6] |= 1 << (w & 63)
	}
}

// baseFor is where the window begins when best is the best key: about an eighth of it
// is room for better ones. It is a multiple of 64, so that a word holds a run of keys.
func (l *ladder) baseFor(best int64) int64 {
	return (best + 1 - int64(len(l.sizes)-len(l.sizes)/8)) &^ 63
}

// take empties the slot of key, without counting.
func (l *ladder) take(key int64) int64 {
	slot := &l.sizes[uint64(key)&uint64(len(l.sizes)-1)]
	size := *slot
	*slot = 0
	w := wordOf(key)
	if l.words[w] &^= 1 << (key & 63); l.words[w] == 0 {
		l.used[w>>6] &^= 1 << (w & 63)
	}
	return size
}

// below is the largest key in the window under key, which is in it.
func (l *ladder) below(key int64) (int64, bool) {
	run := key &^ 63
	if x := l.word(run) & (1<<(key&63) - 1); x != 0 {
		return run + int64(63-bits.LeadingZeros64(x)), true
	}
	w := wordOf(run)
	v, ok := l.wordBefore(w)
	if !ok {
		return 0, false
	}
	back := int64(w-v) & (maxWords - 1)
	run -= back * 64
	return run + int64(63-bits.LeadingZeros64(l.words[v])), back > 0 && run >= l.base
}

// wordBefore is the first word in use before w, going round the ring to w itself.
func (l *ladder) wordBefore(w uint64) (v uint64, ok bool) {
	half := w >> 6
	x := l.used[half] & (1<<(w&63) - 1)
	if x == 0 {
		half = 1 - half
		x = l.used[half]
	}
	if x == 0 {
		half = 1 - half
		x = l.used[half]
	}
	if x == 0 {
		return 0, false
	}
	return half<<6 | uint64(63-bits.LeadingZeros64(x)), true
}

// load makes the ladder what l.far holds, in any order.
func (l *ladder) load() {
	l.far.sort()
	l.n = len(l.far.keys)
	l.resize()
	l.best, l.base = none, nowhere
	if l.n > 0 {
		l.best = l.far.keys[l.n-1]
		l.slideDown()
	}
}

// resize empties the ring and gives it twice the span of the levels in far near the best.
func (l *ladder) resize() {
	span := int64(0)
	if n := len(l.far.keys); n > 0 {
		span = l.far.keys[n-1] - l.far.keys[max(0, n-nearRank)]
	}
	window := minWindow
	for window < maxWindow && int64(window) < 2*span {
		window *= 2
	}
	if window != len(l.sizes) {
		l.sizes = make([]int64, window)
	}
	l.clearRing()
}

// fits reports whether all sizes stay within top when multiplied.
func (l *ladder) fits(by, top uint64) bool {
	return !slices.ContainsFunc(l.sizes, func(s int64) bool { return uint64(s) > top/by }) &&
		!slices.ContainsFunc(l.far.sizes, func(s int64) bool { return uint64(s) > top/by })
}

// multiply changes the unit of all sizes.
func (l *ladder) multiply(by int64) {
	for i := range l.sizes {
		l.sizes[i] *= by
	}
	for i := range l.far.sizes {
		l.far.sizes[i] *= by
	}
}

func (l *ladder) clearRing() {
	clear(l.sizes)
	clear(l.words[:])
	l.used = [2]uint64{}
}

// clear removes all levels and keeps the memory.
func (l *ladder) clear() {
	l.clearRing()
	l.far.clear()
	l.n, l.best, l.base = 0, none, nowhere
}

// cursor walks a ladder from the best key down.
type cursor struct {
	l    *ladder
	key  int64  // of bit 0 of word
	word uint64 // levels that are left of the word at key
	far  int    // levels that are left of far; they come after the window
}

func (l *ladder) cursor() cursor {
	c := cursor{l: l, key: l.base, far: len(l.far.keys)}
	if l.n > 0 {
		c.key = l.best &^ 63
		c.word = l.word(c.key)
	}
	return c
}

// next returns the next level. It may be called as often as there are levels.
func (c *cursor) next() (key, size int64) {
	l := c.l
	for c.word == 0 && c.key > l.base {
		c.key -= 64
		c.word = l.word(c.key)
	}
	if c.word == 0 {
		c.far--
		return l.far.keys[c.far], l.far.sizes[c.far]
	}
	top := 63 - bits.LeadingZeros64(c.word)
	c.word &^= 1 << top
	key = c.key + int64(top)
	return key, l.sizes[uint64(key)&uint64(len(l.sizes)-1)]
}

// nth is the key of a rank, 0 being the best.
func (l *ladder) nth(rank int) (key int64, ok bool) {
	if rank < 0 || rank >= l.n {
		return 0, false
	}
	for key = l.best &^ 63; key >= l.base; key -= 64 {
		x := l.word(key)
		n := bits.OnesCount64(x)
		if rank >= n {
			rank -= n
			continue
		}
		for ; rank > 0; rank-- {
			x &^= 1 << (63 - bits.LeadingZeros64(x))
		}
		return key + int64(63-bits.LeadingZeros64(x)), true
	}
	return l.far.keys[len(l.far.keys)-1-rank], true
}

// trim removes the worst levels beyond the best n.
func (l *ladder) trim(n int) {
	for l.n > n {
		key, _ := l.nth(l.n - 1)
		l.set(key, 0)
	}
}

// word is the bitmap of the run of 64 keys that key is in.
func (l *ladder) word(key int64) uint64 {
	return l.words[wordOf(key)]
}
