package book

import (
	"errors"
	"fmt"
	"time"

	"github.com/depthwire/depthwire/decimal"
)

// Kinds of error of Sync.
var (
	ErrGap         = errors.New("book: update lost")
	ErrChecksum    = errors.New("book: checksum differs")
	ErrCrossed     = errors.New("book: best bid is not below best ask")
	ErrOldSnapshot = errors.New("book: snapshot is older than the updates that wait for it")
	ErrOverflow    = errors.New("book: too many updates wait for a snapshot")
	ErrLevel       = errors.New("book: level without a valid price or size")
)

// Config says how the books of a market are kept.
type Config struct {
	// Rule judges deltas. nil: every delta continues the book.
	Rule Rule
	// Tick and Step are the increments of price and size. A book that lacks one is
	// right, but slower.
	Tick, Step decimal.Decimal
	// Depth is the window in which the venue itself keeps the book (OKX: 400 levels
	// a side): a side that is as long ends in unknown territory. 0: there is none.
	Depth int
	// Trim cuts what falls out of Depth, where the venue does not tell that.
	Trim bool
	// MaxPending is how many deltas wait for a snapshot, 1,000 if zero, and at most
	// 64 levels each on average. Negative: none; the snapshot comes in the stream,
	// so that what comes before it is part of it.
	MaxPending int
	// MayCross allows a best bid that is not below the best ask.
	MayCross bool
	// KeepZero keeps levels whose size is zero or absent: nothing removes a level then
	// but the next snapshot.
	KeepZero bool
	// Sum is the checksum of a book as the venue computes it; ok is false where there
	// is none. nil: checksums are not looked at.
	Sum func(*Book) (sum uint32, ok bool)
}

// Sync builds the book of one market from a venue's updates. It is a state machine
// without I/O and without a clock. It is not safe for concurrent use.
type Sync struct {
	c       Config
	book    Book
	state   State
	at      At
	time    time.Time
	waiting pending // deltas: before a snapshot, or while one is on its way to a book in sequence
	heard   int64   // Last of the newest delta, applied or not
	before  int64   // Last of the delta before the oldest of waiting

	refreshing bool   // the latter
	overflowed bool   // told since the last snapshot
	dropped    uint64 // deltas that had to go from waiting
	open       head   // of the update being merged
	replayed   Update
}

// head is what End needs of an update whose levels are being merged.
type head struct {
	last     int64
	time     time.Time
	checksum uint32 // 0: none
	begun    bool
}

// NewSync returns a Sync that waits for its first snapshot.
func NewSync(c Config) *Sync {
	switch {
	case c.MaxPending == 0:
		c.MaxPending = defaultPending
	case c.MaxPending < 0:
		c.MaxPending = 0
	}
	s := &Sync{c: c}
	s.waiting.max = c.MaxPending
	s.book = Book{tick: c.Tick, step: c.Step, depth: c.Depth, keepZero: c.KeepZero}
	return s
}

// State returns what the book is worth.
func (s *Sync) State() State { return s.state }

// Book returns the book, always the same one: it is empty while Syncing.
func (s *Sync) Book() *Book { return &s.book }

// Seq returns the Last of the update applied last.
func (s *Sync) Seq() int64 { return s.at.Seq }

// Time returns the venue's time of the update applied last.
func (s *Sync) Time() time.Time { return s.time }

// Dropped returns how many deltas that waited for a snapshot were dropped to make
// room, since the beginning.
func (s *Sync) Dropped() uint64 { return s.dropped }

// Reset says from outside what the book is worth. Syncing (the connection was lost)
// drops the book and the deltas that wait. Stale and Halted keep the levels; deltas go
// on being applied, and the first one ends Stale. Live ends both. A book that is Syncing
// becomes Live by a snapshot only: Reset does not change it.
func (s *Sync) Reset(to State) {
	switch {
	case to == Syncing:
		s.drop()
		s.heard, s.before = 0, 0
	case s.state != Syncing:
		s.state = to
	}
}

// Refresh says that a new snapshot is on its way for a book that is in sequence, to
// extend what is Known: from now on deltas are applied and kept, and the next snapshot
// replaces the book if they continue it. If they do not, or it is older than the book,
// Apply returns ErrOldSnapshot, the book stays as it is and the next snapshot is awaited.
func (s *Sync) Refresh() {
	if s.state != Syncing && !s.refreshing {
		s.refreshing = true
		s.waiting.clear()
	}
}

// Refreshing reports whether the snapshot that Refresh announced has not come yet.
func (s *Sync) Refreshing() bool { return s.refreshing }

// Apply merges u and keeps nothing of it.
//
// A delta that arrives before the snapshot is kept and replayed after it, as Rule
// decides; where the snapshot is too old Apply returns ErrOldSnapshot and goes on waiting.
// ErrOverflow, once per snapshot awaited, says that the oldest of them had to go.
//
// ErrGap, ErrChecksum, ErrCrossed and ErrLevel drop the book: it waits for a snapshot.
// The delta that revealed a gap is the first that is kept then. A snapshot for a book
// in sequence replaces it.
func (s *Sync) Apply(u *Update) error {
	if u.Snapshot {
		return s.snapshot(u)
	}
	heard := s.heard
	s.heard = u.Last
	if s.state == Syncing {
		return s.keep(u, heard)
	}
	switch v := s.judge(s.at, heard, u); v {
	case Skip:
		return nil
	case Apply:
	default:
		err := s.refuse(v, s.at.Seq, u)
		s.drop()
		s.push(u, heard)
		return err
	}
	if err := s.merge(u); err != nil {
		return err
	}
	if s.refreshing {
		s.push(u, heard)
	}
	return nil
}

// push lets a delta wait, and returns how many had to go for it. heard is the Last of the
// delta before it.
func (s *Sync) push(u *Update, heard int64) (lost int) {
	if s.waiting.len() == 0 {
		s.before = heard
	}
	lost = s.waiting.push(u)
	if lost > 0 {
		s.before = 0 // not known any more
	}
	s.dropped += uint64(lost)
	return lost
}

// keep lets a delta wait for the snapshot.
func (s *Sync) keep(u *Update, heard int64) error {
	lost := s.push(u, heard)
	if lost == 0 || s.overflowed {
		return nil
	}
	s.overflowed = true
	return ErrOverflow
}

// snapshot starts the book anew and replays what waits, if that continues it: the
// book that there is is not touched before this is known.
func (s *Sync) snapshot(u *Update) error {
	seq, at, verdict := s.overlap(u)
	switch {
	case s.refreshing && (verdict != Apply || seq < s.at.Seq):
		return s.refuse(OldSnapshot, u.Last, s.waiting.first(at))
	case verdict != Apply:
		if at > 0 {
			s.before = s.waiting.first(at - 1).Last
		}
		s.waiting.drop(at)
		return s.refuse(verdict, u.Last, s.waiting.first(0))
	}
	tries := s.at.Tries
	s.book.load(u)
	s.open = headOf(u)
	if err := s.finish(); err != nil {
		return err
	}
	s.at.Fresh, s.at.Tries = true, tries
	heard := s.before
	for i := range s.waiting.len() {
		if s.waiting.odd(i) {
			continue
		}
		s.replayed = s.waiting.at(i)
		v := s.judge(s.at, heard, &s.replayed)
		heard = s.replayed.Last
		if v != Apply {
			continue // overlap has seen it: the book has it already
		}
		if err := s.merge(&s.replayed); err != nil {
			return err
		}
	}
	s.replayed = Update{}
	s.waiting.clear()
	s.refreshing, s.overflowed = false, false
	s.state = Live
	return nil
}

// overlap judges what waits as if the book were the snapshot u. It returns the sequence
// that the book would have in the end, or the first delta that does not continue it and
// why not.
func (s *Sync) overlap(u *Update) (seq int64, at int, v Verdict) {
	here, heard := At{Seq: u.Last, Fresh: true, Tries: s.at.Tries}, s.before
	s.waiting.order()
	for i := range s.waiting.len() {
		if s.waiting.odd(i) {
			continue
		}
		s.replayed = s.waiting.at(i)
		v := s.judge(here, heard, &s.replayed)
		heard = s.replayed.Last
		switch v {
		case Skip:
		case Apply:
			here = At{Seq: s.replayed.Last}
		default:
			return here.Seq, i, v
		}
	}
	return here.Seq, 0, Apply
}

func (s *Sync) judge(at At, heard int64, u *Update) Verdict {
	if s.c.Rule == nil {
		return Apply
	}
	at.Heard = heard
	return s.c.Rule(at, u)
}

// refuse counts and words the verdict that u does not continue a book at seq.
func (s *Sync) refuse(v Verdict, seq int64, u *Update) error {
	kind := ErrGap
	if v == OldSnapshot {
		kind = ErrOldSnapshot
	}
	if v == OldSnapshot || s.state == Syncing {
		s.at.Tries++
	}
	return fmt.Errorf("%w: at %d, then first %d, last %d, previous %d", kind, seq, u.First, u.Last, u.Prev)
}

// merge applies a delta that Rule has passed.
func (s *Sync) merge(u *Update) error {
	s.open = headOf(u)
	s.applyLevels(u)
	return s.finish()
}

func headOf(u *Update) head {
	h := head{last: u.Last, time: u.Time, begun: true}
	if u.HasChecksum {
		h.checksum = u.Checksum
	}
	return h
}

// finish checks the book after the levels of s.open were merged, and advances it.
func (s *Sync) finish() error {
	if s.c.Trim {
		s.book.trim()
	}
	if err := s.check(); err != nil {
		err = fmt.Errorf("%w: at %d", err, s.open.last)
		s.drop()
		return err
	}
	s.at = At{Seq: s.open.last}
	s.time = s.open.time
	s.open.begun = false
	if s.state == Stale {
		s.state = Live
	}
	return nil
}

func (s *Sync) check() error {
	switch {
	case s.book.bad:
		return ErrLevel
	case !s.c.MayCross && s.book.crossed():
		return ErrCrossed
	case s.open.checksum == 0 || s.c.Sum == nil:
		return nil
	}
	if sum, ok := s.c.Sum(&s.book); ok && sum != s.open.checksum {
		return ErrChecksum
	}
	return nil
}

// drop gives the book up. How often snapshots were refused is kept.
func (s *Sync) drop() {
	s.book.clear()
	s.waiting.clear()
	s.state, s.at = Syncing, At{Tries: s.at.Tries}
	s.refreshing, s.overflowed, s.open = false, false, head{}
}
