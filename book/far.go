package book

import (
	"slices"
	"sort"
)

// far holds the levels below a ladder's window, in arrays sorted by key with the best
// last: what enters and leaves the window is their tail, and of the rest only the
// outermost change seldom. BenchmarkFar, at 1,000 and 5,000 levels a side: 38 and 59 ns a
// level; google/btree of degree 32 69 and 92.
type far struct {
	keys, sizes []int64
}

// set puts size at key, or removes the key if size is zero, and returns the change in length.
func (f *far) set(key, size int64) int {
	i, found := slices.BinarySearch(f.keys, key)
	switch {
	case size == 0 && found:
		f.keys, f.sizes = slices.Delete(f.keys, i, i+1), slices.Delete(f.sizes, i, i+1)
		return -1
	case size == 0:
		return 0
	case found:
		f.sizes[i] = size
		return 0
	}
	f.keys, f.sizes = slices.Insert(f.keys, i, key), slices.Insert(f.sizes, i, size)
	return 1
}

// push adds a level whose key is above all others.
func (f *far) push(key, size int64) {
	f.keys, f.sizes = append(f.keys, key), append(f.sizes, size)
}

// popFrom takes the best level if its key is not below base.
func (f *far) popFrom(base int64) (key, size int64, ok bool) {
	i := len(f.keys) - 1
	if i < 0 || f.keys[i] < base {
		return 0, 0, false
	}
	key, size = f.keys[i], f.sizes[i]
	f.keys, f.sizes = f.keys[:i], f.sizes[:i]
	return key, size, true
}

// sort orders what was pushed in any order; of equal keys the last remains.
func (f *far) sort() {
	switch {
	case f.descending(): // as venues send them
		slices.Reverse(f.keys)
		slices.Reverse(f.sizes)
	case !slices.IsSorted(f.keys):
		sort.Stable(f)
	}
	n := 0
	for i, key := range f.keys {
		if n > 0 && f.keys[n-1] == key {
			n--
		}
		f.keys[n], f.sizes[n] = key, f.sizes[i]
		n++
	}
	f.keys, f.sizes = f.keys[:n], f.sizes[:n]
}

func (f *far) descending() bool {
	for i := 1; i < len(f.keys); i++ {
		if f.keys[i-1] <= f.keys[i] {
			return false
		}
	}
	return true
}

// Len, Less and Swap are sort.Interface.
func (f *far) Len() int           { return len(f.keys) }
func (f *far) Less(i, j int) bool { return f.keys[i] < f.keys[j] }
func (f *far) Swap(i, j int) {
	f.keys[i], f.keys[j] = f.keys[j], f.keys[i]
	f.sizes[i], f.sizes[j] = f.sizes[j], f.sizes[i]
}

func (f *far) clear() {
	f.keys, f.sizes = f.keys[:0], f.sizes[:0]
}
