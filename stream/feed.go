package stream

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Feed is one series of values of one kind and one market. One owner publishes;
// any number of Subscriptions read, each at its own pace, none holding up the
// owner or the others.
//
// A feed of events keeps the last values in a ring. A feed of states keeps the
// newest only, of one thing or of each of several: what a reader did not take before the next came is not lost but
// outdated.
type Feed[T any] struct {
	breakOf func(*T) **Break
	timeOf  func(*T) time.Time
	read    func(dst *T)       // states that are read where they live (books); nil: the newest published
	same    func(a, b *T) bool // states of several things: whether two values are of one; nil: there is one thing

	subs atomic.Pointer[[]*cursor[T]] // who reads; replaced as a whole, so that publishing takes no lock for it
	head atomic.Uint64                // values published so far
	hole atomic.Uint64                // the newest of breaks, so that who has passed it takes no lock

	mu      sync.Mutex
	ring    []T      // grows to size with the first values: a feed that few values pass costs little
	at      []uint64 // states of several things: the versions of those in ring, ascending
	size    uint64
	breaks  []mark // states: the latest holes, for readers who have not passed them yet
	pending *Break // events: to be told with the next value
	err     error  // the feed has ended
	scratch T      // what callbacks are shown of a state that is read where it lives
}

type mark struct {
	at    uint64 // the hole lies before this value
	found *Break
}

const keptBreaks = 16

// Kind tells a Feed about its values.
type Kind[T any] struct {
	Break func(*T) **Break   // where a value carries its Break
	Time  func(*T) time.Time // when it was received
}

// NewEvents returns a feed that keeps the last size values, at least one.
func NewEvents[T any](k Kind[T], size int) *Feed[T] {
	return &Feed[T]{breakOf: k.Break, timeOf: k.Time, size: uint64(max(size, 1))}
}

// NewState returns a feed that keeps the newest value only. With a read function the
// value is not kept but made when a reader asks: read must be safe for concurrent
// use, and may reuse what dst holds.
func NewState[T any](k Kind[T], read func(dst *T)) *Feed[T] {
	return &Feed[T]{breakOf: k.Break, timeOf: k.Time, read: read}
}

// Publish adds v. Readers are woken by Flush, callbacks run now. Calls of Publish
// and Touch must not overlap: the owner sees to that, and callbacks come in order.
func (f *Feed[T]) Publish(v *T) {
	f.mu.Lock()
	head := f.head.Load()
	if f.pending != nil {
		f.tell(v)
	}
	if f.size == 0 {
		if b := *f.breakOf(v); b != nil {
			f.note(head+1, b)
		}
	}
	switch at := head % max(f.size, 1); {
	case f.same != nil:
		f.put(v, head+1)
	case at < uint64(len(f.ring)):
		f.ring[at] = *v
	default:
		f.ring = append(f.ring, *v)
	}
	f.head.Store(head + 1)
	f.mu.Unlock()
	f.call(v, head+1)
}

// tell puts the hole that is pending into v, the first value behind it.
func (f *Feed[T]) tell(v *T) {
	b := f.breakOf(v)
	*b = f.pending.join(*b)
	if (*b).To.IsZero() {
		c := **b
		c.To = f.timeOf(v)
		*b = &c
	}
	f.pending = nil
}

// Touch says that the state which readers read has changed, and tells of a hole
// before it when b is not nil. A feed made with a read function is touched
// instead of published. show, if not nil, is how the owner reads the state for
// callbacks, without the lock that readers need.
func (f *Feed[T]) Touch(b *Break, show func(dst *T)) {
	head := f.head.Load()
	if b != nil {
		f.mu.Lock()
		f.note(head+1, b)
		f.mu.Unlock()
	}
	f.head.Store(head + 1)
	subs := f.subs.Load()
	if subs == nil {
		return
	}
	shown := false
	for _, c := range *subs {
		fn := c.callback(head + 1)
		if fn == nil {
			continue
		}
		if !shown {
			shown = true
			if show == nil {
				show = f.read
			}
			show(&f.scratch)
			*f.breakOf(&f.scratch) = b
		}
		fn(&f.scratch)
	}
}

// note keeps b for the readers who have not passed the value at yet.
func (f *Feed[T]) note(at uint64, b *Break) {
	if len(f.breaks) == keptBreaks {
		f.breaks[1].found = f.breaks[0].found.joinState(f.breaks[1].found)
		f.breaks = slices.Delete(f.breaks, 0, 1)
	}
	f.breaks = append(f.breaks, mark{at, b})
	f.hole.Store(at)
}

// Lose notes that something is missing after the last value: the next one will
// carry b. Several are told as one.
func (f *Feed[T]) Lose(b *Break) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pending = f.pending.join(b)
}

// Flush wakes the readers that wait. Call it once after a batch of Publish and
// Touch: a reader that is woken once finds everything.
func (f *Feed[T]) Flush() {
	if subs := f.subs.Load(); subs != nil {
		for _, c := range *subs {
			c.sub.ring()
		}
	}
}

// Fail ends the feed: its readers get what there is, then err.
func (f *Feed[T]) Fail(err error) {
	f.mu.Lock()
	if f.err == nil {
		f.err = err
	}
	f.mu.Unlock()
	f.Flush()
}

// Readers returns how many subscriptions read the feed.
func (f *Feed[T]) Readers() int {
	if subs := f.subs.Load(); subs != nil {
		return len(*subs)
	}
	return 0
}

// Last appends the newest n values of the ring to dst, oldest first; fewer when there
// are fewer. A state has one.
func (f *Feed[T]) Last(dst []T, n int) []T {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.same != nil {
		return append(dst, f.ring[max(len(f.ring)-n, 0):]...)
	}
	head := f.head.Load()
	for i := head - min(head, uint64(n), uint64(len(f.ring))); i < head; i++ {
		dst = append(dst, f.ring[i%max(f.size, 1)])
	}
	return dst
}

// cursor is how far one subscription has read one feed.
type cursor[T any] struct {
	sub    *Subscription[T]
	feed   *Feed[T]
	next   uint64
	joined uint64    // holes before this version are not the reader's
	last   time.Time // when the value before was received, for the From of an overrun
	ended  bool      // the feed's end has been told
}

// take reads the value at c, if there is one. lost is how many were overwritten
// before c came to them.
func (c *cursor[T]) take(dst *T) (lost uint64, ok bool) {
	f := c.feed
	head := f.head.Load()
	if c.next >= head {
		return 0, false
	}
	if f.same != nil {
		f.takeLatest(c, dst)
		return 0, true
	}
	if f.size == 0 {
		f.takeState(c, dst)
		return 0, true
	}
	f.mu.Lock()
	head = f.head.Load()
	if lag := head - c.next; lag > f.size { // overrun: say so with the next value
		lost = lag - f.size
		c.next = head - f.size
	}
	*dst = f.ring[c.next%f.size]
	f.mu.Unlock()
	c.next++
	if lost > 0 {
		b := f.breakOf(dst)
		*b = (&Break{Cause: Overrun, From: c.last, To: f.timeOf(dst), Lost: lost}).join(*b)
	}
	c.last = f.timeOf(dst)
	return lost, true
}

// takeState reads the newest state. The version is noted before the state is
// read: a change in between is read now and once more, never missed.
func (f *Feed[T]) takeState(c *cursor[T], dst *T) {
	head := f.head.Load()
	if f.read != nil {
		f.read(dst)
	} else {
		f.mu.Lock()
		head = f.head.Load()
		*dst = f.ring[0]
		f.mu.Unlock()
	}
	*f.breakOf(dst) = f.since(max(c.next, c.joined))
	c.next = head
}

// since returns the holes after version seen as one, nil when there is none.
func (f *Feed[T]) since(seen uint64) (b *Break) {
	if seen >= f.hole.Load() {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, m := range f.breaks {
		if m.at > seen {
			b = b.joinState(m.found)
		}
	}
	return b
}

func (f *Feed[T]) ended() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

func (f *Feed[T]) call(v *T, version uint64) {
	subs := f.subs.Load()
	if subs == nil {
		return
	}
	for _, c := range *subs {
		if fn := c.callback(version); fn != nil {
			fn(v)
		}
	}
}

// callback returns what the value of a version is to be shown to, nil when it has been or will be, or nobody wants it.
func (c *cursor[T]) callback(version uint64) func(*T) {
	b := c.sub.call.Load()
	if b == nil || !b.live.Load() && !b.begun() || version <= c.next {
		return nil
	}
	return *b.fn.Load()
}

// enter makes c a reader. Events are read from now on; a state that is there
// already is the first value.
func (f *Feed[T]) enter(c *cursor[T]) {
	f.change(func(subs []*cursor[T]) []*cursor[T] { return append(slices.Clone(subs), c) })
	c.joined = f.head.Load()
	if f.size > 0 {
		c.next = c.joined
	}
}

func (f *Feed[T]) leave(c *cursor[T]) {
	f.change(func(subs []*cursor[T]) []*cursor[T] {
		return slices.DeleteFunc(slices.Clone(subs), func(x *cursor[T]) bool { return x == c })
	})
}

func (f *Feed[T]) change(with func([]*cursor[T]) []*cursor[T]) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var now []*cursor[T]
	if subs := f.subs.Load(); subs != nil {
		now = *subs
	}
	now = with(now)
	f.subs.Store(&now)
}
