package record

import (
	"math/bits"
	"slices"
	"time"
)

// spans are numbers that are there, as ranges in order.
type spans struct{ all []span }

type span struct {
	from, to    int64     // both included
	first, last time.Time // when the rows at both ends were received
}

// add puts numbers in. Mostly they follow those that came last.
func (s *spans) add(from, to int64, received time.Time) {
	i := len(s.all)
	for i > 0 && s.all[i-1].from > from {
		i-- // few come late
	}
	x := span{from, to, received, received}
	if i > 0 && s.all[i-1].to >= from-1 {
		i--
		if s.all[i].to >= to {
			return
		}
		s.all[i].to, s.all[i].last = to, received
	} else {
		s.all = slices.Insert(s.all, i, x)
	}
	for i+1 < len(s.all) && s.all[i+1].from <= s.all[i].to+1 {
		if s.all[i+1].to > s.all[i].to {
			s.all[i].to, s.all[i].last = s.all[i+1].to, s.all[i+1].last
		}
		s.all = slices.Delete(s.all, i+1, i+2)
	}
}

// count returns how many numbers there should be, and are.
func (s *spans) count() (expected, present uint64) {
	for _, x := range s.all {
		present += uint64(x.to-x.from) + 1
	}
	if n := len(s.all); n > 0 {
		expected = uint64(s.all[n-1].to-s.all[0].from) + 1
	}
	return expected, present
}

func (s *spans) holes() (all []Hole) {
	for i := 1; i < len(s.all); i++ {
		a, b := &s.all[i-1], &s.all[i]
		all = append(all, Hole{From: a.to + 1, To: b.from - 1, After: a.last, Before: b.first})
	}
	return all
}

// positions are those of one log that have rows. They come in any order, and there are many: a bit each.
type positions struct {
	first, last uint64
	count       uint64
	blocks      map[uint64]*[blockWords]uint64
}

// A block is 4,096 positions.
const blockWords = 64

func newPositions() *positions {
	return &positions{first: ^uint64(0), blocks: make(map[uint64]*[blockWords]uint64)}
}

func (p *positions) add(pos uint64) {
	b := p.blocks[pos/(blockWords*64)]
	if b == nil {
		b = new([blockWords]uint64)
		p.blocks[pos/(blockWords*64)] = b
	}
	word, bit := &b[pos/64%blockWords], uint64(1)<<(pos%64)
	if *word&bit == 0 {
		*word |= bit
		p.count++
	}
	p.first, p.last = min(p.first, pos), max(p.last, pos)
}

// next returns the first position from pos on that is there, or is not; last + 1 when there is none.
func (p *positions) next(pos uint64, there bool) uint64 {
	for pos <= p.last {
		b := p.blocks[pos/(blockWords*64)]
		if b == nil {
			if !there {
				return pos
			}
			pos = (pos/(blockWords*64) + 1) * blockWords * 64
			continue
		}
		word := b[pos/64%blockWords]
		if !there {
			word = ^word
		}
		if word >>= pos % 64; word != 0 {
			return min(pos+uint64(bits.TrailingZeros64(word)), p.last+1)
		}
		pos = (pos/64 + 1) * 64
	}
	return p.last + 1
}

// holes calls fn with what is missing between the first and the last, both ends included.
func (p *positions) holes(fn func(first, last uint64)) {
	for at := p.first; at < p.last; {
		from := p.next(at, false)
		if from > p.last {
			return
		}
		at = p.next(from, true)
		fn(from, at-1)
	}
}
