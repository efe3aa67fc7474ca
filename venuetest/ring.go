package venuetest

// ring keeps the newest values of a sequence, between keep and 2 × keep of them,
// under indexes that never change.
type ring[T any] struct {
	items []T
	first int64 // index of items[0]
	keep  int
}

func (r *ring[T]) add(v T) {
	if len(r.items) >= 2*r.keep {
		cut := len(r.items) - r.keep
		r.items = append(r.items[:0], r.items[cut:]...)
		r.first += int64(cut)
	}
	r.items = append(r.items, v)
}

// next is the index that the next value gets.
func (r *ring[T]) next() int64 { return r.first + int64(len(r.items)) }

// from returns the values with index i and above, as far as they are kept.
func (r *ring[T]) from(i int64) []T {
	return r.items[min(max(i-r.first, 0), int64(len(r.items))):]
}

func (r *ring[T]) last() *T {
	if len(r.items) == 0 {
		return nil
	}
	return &r.items[len(r.items)-1]
}
