package book

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"testing"

	"github.com/google/btree"

	"github.com/depthwire/depthwire/decimal"
)

// op is one level of a delta: key is ticks for bids and negative ticks for asks, so that
// the best is the largest.
type op struct {
	ask            bool
	key, size, old int64
}

// stream is a cyclic sequence of ops with the locality of recorded traffic: 61 %
// changes, 17 % inserts, 17 % deletes, 5 % deletes of what is not there; ranks from the
// best with the quantiles p50 10, p75 38, p90 88, p99 426; a message
// has 8.6 levels, first bids, then asks. The second half undoes the
// first backwards, so that the book returns to the snapshot.
type stream struct {
	snapshot [2][]op // bids and asks, best first
	ops      []op
}

const benchMid = 5_000_000

func newStream(depth int) *stream {
	r := rand.New(rand.NewPCG(7, uint64(depth)))
	st := &stream{}
	var sides [2][]op
	for i := range sides {
		key := int64(benchMid)
		if i == 1 {
			key = -benchMid - 1
		}
		for range depth {
			st.snapshot[i] = append(st.snapshot[i], op{ask: i == 1, key: key, size: 1 + r.Int64N(1e6)})
			key -= 1 + int64(r.ExpFloat64()*3)
		}
		sides[i] = slices.Clone(st.snapshot[i])
	}
	for i := 0; len(st.ops) < 40_000; i = 1 - i {
		for range 1 + int(r.ExpFloat64()*3.8) {
			rank := min(drawRank(r), len(sides[i])-1)
			var o op
			o, sides[i] = drawOp(r, sides[i], rank, depth)
			st.ops = append(st.ops, o)
		}
	}
	for _, o := range slices.Backward(st.ops) {
		o.size, o.old = o.old, o.size
		st.ops = append(st.ops, o)
	}
	return st
}

func drawRank(r *rand.Rand) int {
	quantiles := []struct{ p, rank float64 }{{0, 1}, {0.5, 11}, {0.75, 39}, {0.9, 89}, {0.99, 427}, {1, 4000}}
	p := r.Float64()
	for i := 1; ; i++ {
		if a, b := quantiles[i-1], quantiles[i]; p < b.p {
			f := (p - a.p) / (b.p - a.p)
			return int(math.Exp(math.Log(a.rank)*(1-f)+math.Log(b.rank)*f)) - 1
		}
	}
}

func drawOp(r *rand.Rand, side []op, rank, depth int) (op, []op) {
	o := side[rank]
	o.old, o.size = o.size, 1+r.Int64N(1e6)
	below := o.key - 9
	if rank+1 < len(side) {
		below = side[rank+1].key
	}
	switch x := r.Float64(); {
	case x < 0.17 && len(side) > depth*9/10:
		o.size = 0
		return o, slices.Delete(side, rank, rank+1)
	case x < 0.17+0.22 && o.key-below > 1:
		o.key, o.old = below+1+r.Int64N(o.key-below-1), 0
		if x >= 0.17+0.17 {
			o.size = 0
			return o, side
		}
		return o, slices.Insert(side, rank+1, o)
	}
	side[rank].size = o.size
	return o, side
}

func (st *stream) level(o op) Level {
	return Level{decimal.New(max(o.key, -o.key)*1_000_000, 8), decimal.New(o.size*1000, 8)}
}

func (st *stream) load() *Update {
	u := &Update{Snapshot: true}
	for _, o := range st.snapshot[0] {
		u.Bids = append(u.Bids, st.level(o))
	}
	for _, o := range st.snapshot[1] {
		u.Asks = append(u.Asks, st.level(o))
	}
	return u
}

// live returns a book at the stream's beginning.
func (st *stream) live(tb testing.TB) *Sync {
	s := NewSync(Config{Tick: dec("0.01000000"), Step: dec("0.00001000"), MayCross: true})
	if err := s.Apply(st.load()); err != nil {
		tb.Fatal(err)
	}
	return s
}

// wireOp is an op as a parser hands it over: Binance writes eight digits.
type wireOp struct {
	ask         bool
	price, size uint64
}

func (st *stream) wire() []wireOp {
	ops := make([]wireOp, len(st.ops))
	for i, o := range st.ops {
		ops[i] = wireOp{o.ask, uint64(max(o.key, -o.key)) * 1_000_000, uint64(o.size) * 1000}
	}
	return ops
}

func TestStreamReturns(t *testing.T) {
	for _, depth := range []int{20, 400, 1000, 5000} {
		st := newStream(depth)
		s, o := st.live(t), newOracle()
		o.apply(st.load())
		for _, o := range st.wire() {
			if o.ask {
				s.SetAsk(o.price, 8, o.size, 8)
			} else {
				s.SetBid(o.price, 8, o.size, 8)
			}
		}
		if err := o.compare(s.Book()); err != nil {
			t.Errorf("%d levels: %v", depth, err)
		}
	}
}

type entry struct{ key, size int64 }

// slice is the ordinary book: sorted, best last, binary search.
type slice []entry

func (s *slice) set(key, size int64) {
	b := *s
	i := sort.Search(len(b), func(i int) bool { return b[i].key >= key })
	found := i < len(b) && b[i].key == key
	switch {
	case size == 0 && found:
		*s = slices.Delete(b, i, i+1)
	case size == 0:
	case found:
		b[i].size = size
	default:
		*s = slices.Insert(b, i, entry{key, size})
	}
}

type benchTree struct{ *btree.BTreeG[entry] }

func newBenchTree() benchTree {
	return benchTree{btree.NewG(32, func(a, b entry) bool { return a.key < b.key })}
}

func (t benchTree) set(key, size int64) {
	if size == 0 {
		t.Delete(entry{key: key})
		return
	}
	t.ReplaceOrInsert(entry{key, size})
}

func BenchmarkBookSet(b *testing.B) {
	for _, depth := range []int{20, 400, 1000, 5000} {
		st := newStream(depth)
		b.Run(fmt.Sprintf("%d/book", depth), func(b *testing.B) {
			s := st.live(b)
			ops := st.wire()
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				if o := &ops[i]; o.ask {
					s.SetAsk(o.price, 8, o.size, 8)
				} else {
					s.SetBid(o.price, 8, o.size, 8)
				}
				if i++; i == len(ops) {
					i = 0
				}
			}
		})
		b.Run(fmt.Sprintf("%d/btree", depth), func(b *testing.B) {
			sides := [2]benchTree{newBenchTree(), newBenchTree()}
			benchmarkSet(b, st, func(ask int, key, size int64) { sides[ask].set(key, size) })
		})
		b.Run(fmt.Sprintf("%d/slice", depth), func(b *testing.B) {
			var sides [2]slice
			benchmarkSet(b, st, func(ask int, key, size int64) { sides[ask].set(key, size) })
		})
	}
}

func benchmarkSet(b *testing.B, st *stream, set func(ask int, key, size int64)) {
	for ask, side := range st.snapshot {
		for _, o := range side {
			set(ask, o.key, o.size)
		}
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		o := &st.ops[i]
		ask := 0
		if o.ask {
			ask = 1
		}
		set(ask, o.key, o.size)
		if i++; i == len(st.ops) {
			i = 0
		}
	}
}

// BenchmarkFar is the choice of the form of the far levels: the same ops without those
// of the best 400 ranks.
func BenchmarkFar(b *testing.B) {
	for _, depth := range []int{1000, 5000} {
		st := newStream(depth)
		edge := [2]int64{st.snapshot[0][400].key, st.snapshot[1][400].key}
		st.ops = slices.DeleteFunc(st.ops, func(o op) bool {
			return o.ask && o.key > edge[1] || !o.ask && o.key > edge[0]
		})
		b.Run(fmt.Sprintf("%d/arrays", depth), func(b *testing.B) {
			var sides [2]far
			benchmarkSet(b, st, func(ask int, key, size int64) { sides[ask].set(key, size) })
		})
		b.Run(fmt.Sprintf("%d/btree", depth), func(b *testing.B) {
			sides := [2]benchTree{newBenchTree(), newBenchTree()}
			benchmarkSet(b, st, func(ask int, key, size int64) { sides[ask].set(key, size) })
		})
	}
}

func BenchmarkBookApply(b *testing.B) {
	st := newStream(1000)
	s := st.live(b)
	updates := make([]Update, 0, len(st.ops)/8)
	for ops := range slices.Chunk(st.ops, 8) {
		var u Update
		for _, o := range ops {
			if o.ask {
				u.Asks = append(u.Asks, st.level(o))
			} else {
				u.Bids = append(u.Bids, st.level(o))
			}
		}
		updates = append(updates, u)
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if err := s.Apply(&updates[i%len(updates)]); err != nil {
			b.Fatal(err)
		}
		i++
	}
}

func BenchmarkBookBest(b *testing.B) {
	s := newStream(1000).live(b)
	for b.Loop() {
		s.Book().Best()
	}
}

func BenchmarkBookTop(b *testing.B) { benchmarkRead(b, 20) }

func BenchmarkBookFull(b *testing.B) { benchmarkRead(b, 0) }

func benchmarkRead(b *testing.B, n int) {
	s := newStream(1000).live(b)
	var bids, asks []Level
	b.ReportAllocs()
	for b.Loop() {
		bids, asks = s.Book().Top(n, bids[:0], asks[:0])
	}
}
