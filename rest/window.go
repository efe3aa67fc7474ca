package rest

import "time"

// window counts what was spent of one limit. Times are the venue's. It is the seam behind which a count that several
// processes share can stand; the Governor's lock guards it.
type window interface {
	spent(now time.Time) int               // cost that counts now
	add(now time.Time, cost int)           // spends
	next(now time.Time) time.Time          // when spent can fall next
	observe(now, sent time.Time, used int) // corrects upwards by the count in the answer to a request sent at sent
}

func newWindow(l *Limit) window {
	if l.Fixed {
		return &fixed{per: l.Per.Nanoseconds(), guard: min(l.Per/20, time.Second).Nanoseconds()}
	}
	return &sliding{width: (l.Per.Nanoseconds() + slots - 1) / slots}
}

// fixed counts in windows that begin at multiples of per.
//
// A request is counted by the venue when it arrives, in whatever window that is by its clock. So what is sent within
// guard of a boundary counts on both sides of it: the end of a window is carried over into the next, and the next does
// not begin afresh before guard has passed. Without that a full window sent just before the boundary and another just
// after it would arrive in the same one.
type fixed struct {
	per, guard      int64
	index           int64 // number of the current window
	used, tail      int   // in it, and in its last guard
	before, carried int   // used and tail of the one before
}

func (f *fixed) roll(now time.Time) (since int64) {
	ns := now.UnixNano()
	// A clock that was set back a little stays in its window: better late than over the limit. Set back further it
	// begins anew, or a wrong time once measured would close the limit for as long.
	if i := ns / f.per; i > f.index || i < f.index-1 {
		f.before, f.carried = 0, 0
		if i == f.index+1 {
			f.before, f.carried = f.used, f.tail
		}
		f.index, f.used, f.tail = i, 0, 0
	}
	return ns - f.index*f.per
}

func (f *fixed) spent(now time.Time) int {
	if f.roll(now) < f.guard {
		return f.used + f.before
	}
	return f.used + f.carried
}

func (f *fixed) add(now time.Time, cost int) {
	since := f.roll(now)
	f.used += cost
	if since >= f.per-f.guard {
		f.tail += cost
	}
}

func (f *fixed) next(now time.Time) time.Time {
	ends := f.per
	if f.roll(now) < f.guard && f.before > f.carried {
		ends = f.guard
	}
	return time.Unix(0, f.index*f.per+ends)
}

// observe ignores an answer that crossed a boundary: its count may be that of the window before, and would close this one.
func (f *fixed) observe(now, sent time.Time, used int) {
	f.roll(now)
	if sent.UnixNano()/f.per == f.index {
		f.used = max(f.used, used-f.carried)
	}
}

// slots is how finely a sliding window is divided. A cost counts until the end of its slot plus the whole time of the
// limit, so the true sliding sum is never more than the count, at a loss of 1/slots of the throughput; a ring of exact
// times would be as long as the limit is large.
const slots = 32

type sliding struct {
	width int64
	ring  [slots + 1]slot
}

type slot struct {
	number int64
	cost   int
}

// counts reports whether the cost counts in slot n. Later slots do, after the clock was set back a little.
func (e slot) counts(n int64) bool { return n-slots <= e.number && e.number <= n+slots }

func (s *sliding) spent(now time.Time) (sum int) {
	n := now.UnixNano() / s.width
	for i := range s.ring {
		if s.ring[i].counts(n) {
			sum += s.ring[i].cost
		}
	}
	return sum
}

func (s *sliding) add(now time.Time, cost int) {
	n := now.UnixNano() / s.width
	e := &s.ring[uint64(n)%uint64(len(s.ring))]
	if e.number < n || !e.counts(n) {
		*e = slot{number: n}
	}
	e.cost += cost
}

func (s *sliding) next(now time.Time) time.Time {
	n := now.UnixNano() / s.width
	first := n + 1
	for i := range s.ring {
		if e := s.ring[i]; e.cost > 0 && e.counts(n) {
			first = min(first, e.number)
		}
	}
	return time.Unix(0, (first+1+slots)*s.width)
}

func (s *sliding) observe(now, _ time.Time, used int) {
	if more := used - s.spent(now); more > 0 {
		s.add(now, more)
	}
}
