package book

import (
	"errors"
	"testing"

	"github.com/depthwire/depthwire/decimal"
)

// FuzzBook reads updates from bytes, five a level, and compares the book with the oracle.
func FuzzBook(f *testing.F) {
	f.Add([]byte("\x00\x00\x10\x20\x01\x01\x03\x20\x10\x02\x02\xff\xff\x01\x00"))
	f.Add([]byte("\x00\x00\x10\x20\x01\x08\x03\x20\x10\x02\x10\xff\xff\x01\x07\x01\xff\xff\x01\x00"))
	f.Add([]byte("\x80\x00\x10\x20\x01\x81\x03\x20\x10\x02\x22\xff\xff\x01\x00\x43\x00\x01\x02\x03"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 1000 {
			return // the oracle is slow
		}
		s, o := NewSync(Config{Tick: dec("0.05"), Step: dec("0.1"), MayCross: true}), newOracle()
		u := &Update{Snapshot: true}
		for first := true; len(b) >= 5; b = b[5:] {
			l := fuzzLevel(b, first)
			if b[0]&1 == 0 {
				u.Bids = append(u.Bids, l)
			} else {
				u.Asks = append(u.Asks, l)
			}
			if b[0]&2 == 0 && len(b) >= 10 {
				continue
			}
			o.apply(u)
			apply := s.Apply
			if b[0]&4 != 0 && !u.Snapshot {
				apply = func(u *Update) error { return applyParts(s, u) }
			}
			if err := apply(u); err != nil {
				t.Fatal(err)
			}
			if err := o.compare(s.Book()); err != nil {
				t.Fatal(err)
			}
			first = false
			u = &Update{Snapshot: b[0]&0xf0 == 0xf0}
		}
	})
}

// fuzzLevel makes mostly prices on the grid of 0.05, near each other and far.
func fuzzLevel(b []byte, first bool) Level {
	ticks := int64(b[1])<<8 | int64(b[2])
	if b[0]&16 != 0 {
		ticks <<= b[1] & 31
	}
	price := decimal.New(ticks*5, 2)
	if b[0]&0xe8 == 0xe8 && !first {
		price = decimal.New(ticks*5+1, int(b[2]&31))
	}
	size := decimal.New(int64(b[3]), 1)
	if b[0]&8 != 0 {
		size = decimal.New(int64(b[3])<<(b[4]&31), int(b[4]&31))
	}
	return Level{price, size}
}

// FuzzSync plays a venue that loses, repeats and swaps deltas and sends snapshots of any
// age, and holds a live book to the venue's book at the same sequence.
func FuzzSync(f *testing.F) {
	f.Add([]byte{0x10, 0x20, 0x05, 0x10, 0x31, 0x40, 0x55})
	f.Add([]byte{0x00, 0x01, 0x02, 0x05, 0x10, 0x04, 0x00, 0x01, 0x06, 0x00, 0x25, 0x07, 0x00})
	f.Add([]byte{0x05, 0x00, 0x03, 0x00, 0x15, 0x06, 0x10, 0x20, 0x35, 0x45})
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 500 {
			return
		}
		s := NewSync(Config{Rule: spotRule, Tick: dec("1"), Step: dec("1"), MaxPending: 5, MayCross: true})
		venue := []*oracle{newOracle()} // by sequence
		var said []*Update              // said[i] made venue[i+1]
		for _, c := range b {
			was := s.State()
			err := fuzzStep(s, c, &venue, &said)
			checkStep(t, s, was, err)
			if s.State() == Syncing {
				continue
			}
			if seq := s.Seq(); seq < 0 || seq >= int64(len(venue)) {
				t.Fatalf("got sequence %d, the venue is at %d", seq, len(venue)-1)
			}
			if err := venue[s.Seq()].compare(s.Book()); err != nil {
				t.Fatalf("live at %d, but %v", s.Seq(), err)
			}
		}
	})
}

func checkStep(t *testing.T, s *Sync, was State, err error) {
	t.Helper()
	switch {
	case err == nil, errors.Is(err, ErrOldSnapshot), errors.Is(err, ErrOverflow):
	case errors.Is(err, ErrGap) && s.State() == Syncing:
	default:
		t.Fatalf("got error %v with state %v", err, s.State())
	}
	if was == Live && s.State() == Syncing && err == nil {
		t.Fatal("the book was dropped in silence")
	}
	if n := s.Book().bids.n; s.State() == Syncing && n != 0 {
		t.Fatalf("%d levels while syncing", n)
	}
}

// fuzzStep: the low bits say what happens, the high ones where.
func fuzzStep(s *Sync, c byte, venue *[]*oracle, said *[]*Update) error {
	arg := int(c >> 3)
	switch c & 7 {
	case 3: // lost on its way
		speak(arg, venue, said)
		return nil
	case 4: // an older one again
		if n := len(*said); n > 0 {
			return s.Apply((*said)[max(0, n-1-arg)])
		}
		return nil
	case 5, 6: // a snapshot, maybe old
		seq := max(0, len(*venue)-1-arg/4)
		if c&7 == 6 {
			s.Refresh()
		} else if s.State() == Live && !s.refreshing && seq < int(s.Seq()) {
			return nil // a snapshot in the stream is never older than the stream
		}
		bids, asks := (*venue)[seq].top(0)
		return s.Apply(&Update{Snapshot: true, Last: int64(seq), Bids: bids, Asks: asks})
	case 7:
		return feed(s, speak(arg, venue, said), true)
	}
	return s.Apply(speak(arg, venue, said))
}

// speak makes the venue's next delta.
func speak(arg int, venue *[]*oracle, said *[]*Update) *Update {
	seq := int64(len(*venue))
	l := Level{decimal.New(int64(arg%8)+1, 0), decimal.New(seq%4, 0)}
	u := &Update{First: seq, Last: seq, Bids: []Level{l}}
	if arg&1 == 1 {
		u.Bids, u.Asks = nil, u.Bids
	}
	next := newOracle()
	last := (*venue)[seq-1]
	next.bids, next.asks = copyOf(last.bids), copyOf(last.asks)
	next.apply(u)
	*venue, *said = append(*venue, next), append(*said, u)
	return u
}

func copyOf(m map[number]Level) map[number]Level {
	c := make(map[number]Level, len(m))
	for k, v := range m {
		c[k] = v
	}
	return c
}
