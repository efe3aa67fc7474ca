package stream

import (
	"slices"
	"sort"
)

// NewLatest returns a feed that keeps the newest value of each of several things: two values are of one thing where same says so. What a
// reader did not take before the next of the same thing came is not lost but outdated; the newest of each he gets, however slow he is, in
// the order in which they came. It is for some hundred things: a value costs a look at each.
func NewLatest[T any](k Kind[T], same func(a, b *T) bool) *Feed[T] {
	return &Feed[T]{breakOf: k.Break, timeOf: k.Time, same: same}
}

// put keeps v in place of the last one of the same thing. The feed is locked.
func (f *Feed[T]) put(v *T, version uint64) {
	for i := len(f.ring) - 1; i >= 0; i-- {
		if f.same(&f.ring[i], v) {
			f.ring, f.at = slices.Delete(f.ring, i, i+1), slices.Delete(f.at, i, i+1)
			break
		}
	}
	f.ring, f.at = append(f.ring, *v), append(f.at, version)
	*f.breakOf(&f.ring[len(f.ring)-1]) = nil // it is told to each reader as it lies before what he has read
}

// takeLatest reads the oldest of the newest values that c has not read.
func (f *Feed[T]) takeLatest(c *cursor[T], dst *T) {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := sort.Search(len(f.at), func(i int) bool { return f.at[i] > c.next }) // the newest of all is there
	*dst = f.ring[i]
	var b *Break
	for _, m := range f.breaks {
		if m.at > max(c.next, c.joined) && m.at <= f.at[i] {
			b = b.joinState(m.found)
		}
	}
	*f.breakOf(dst) = b
	c.next = f.at[i]
}
