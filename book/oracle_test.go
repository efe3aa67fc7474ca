package book

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/depthwire/depthwire/decimal"
)

// oracle is the slow obvious book: a map a side, sorted when read.
type oracle struct {
	bids, asks map[number]Level
	keep       bool
}

// number is a price in its shortest form.
type number struct {
	coef  uint64
	scale int
}

func shortest(d decimal.Decimal) number {
	coef, scale, ok := d.Parts()
	if !ok {
		panic("not a price of these tests: " + d.String())
	}
	for coef%10 == 0 && scale > 0 {
		coef /= 10
		scale--
	}
	return number{coef, scale}
}

func newOracle() *oracle {
	return &oracle{bids: map[number]Level{}, asks: map[number]Level{}}
}

func (o *oracle) set(side map[number]Level, l Level) {
	if l.Size.IsZero() && !o.keep {
		delete(side, shortest(l.Price))
		return
	}
	side[shortest(l.Price)] = l
}

func (o *oracle) apply(u *Update) {
	if u.Snapshot {
		clear(o.bids)
		clear(o.asks)
	}
	for _, l := range u.Bids {
		if !(u.Snapshot && l.Size.IsZero() && !o.keep) {
			o.set(o.bids, l)
		}
	}
	for _, l := range u.Asks {
		if !(u.Snapshot && l.Size.IsZero() && !o.keep) {
			o.set(o.asks, l)
		}
	}
}

func (o *oracle) top(n int) (bids, asks []Level) {
	for _, l := range o.bids {
		bids = append(bids, l)
	}
	for _, l := range o.asks {
		asks = append(asks, l)
	}
	slices.SortFunc(bids, func(a, b Level) int { return b.Price.Cmp(a.Price) })
	slices.SortFunc(asks, func(a, b Level) int { return a.Price.Cmp(b.Price) })
	if n > 0 {
		bids, asks = bids[:min(n, len(bids))], asks[:min(n, len(asks))]
	}
	return bids, asks
}

func sameLevels(got, want []Level) error {
	if len(got) != len(want) {
		return fmt.Errorf("got %d levels, want %d", len(got), len(want))
	}
	for i := range got {
		if !got[i].Price.Equal(want[i].Price) || !got[i].Size.Equal(want[i].Size) {
			return fmt.Errorf("level %d: got %v × %v, want %v × %v", i,
				got[i].Price, got[i].Size, want[i].Price, want[i].Size)
		}
	}
	return nil
}

// compare compares every way to read b with the oracle.
func (o *oracle) compare(b *Book) error {
	wantBids, wantAsks := o.top(0)
	bids, asks := b.Top(0, nil, nil)
	if err := sameLevels(bids, wantBids); err != nil {
		return fmt.Errorf("bids: %w", err)
	}
	if err := sameLevels(asks, wantAsks); err != nil {
		return fmt.Errorf("asks: %w", err)
	}
	if err := sameLevels(slices.Collect(b.Bids()), wantBids); err != nil {
		return fmt.Errorf("iterated bids: %w", err)
	}
	if err := sameLevels(slices.Collect(b.Asks()), wantAsks); err != nil {
		return fmt.Errorf("iterated asks: %w", err)
	}
	if nb, na := b.Len(); nb != len(wantBids) || na != len(wantAsks) {
		return fmt.Errorf("got lengths %d and %d, want %d and %d", nb, na, len(wantBids), len(wantAsks))
	}
	bid, ask := b.Best()
	if err := sameBest(bid, wantBids); err != nil {
		return fmt.Errorf("best bid: %w", err)
	}
	if err := sameBest(ask, wantAsks); err != nil {
		return fmt.Errorf("best ask: %w", err)
	}
	for _, rank := range []int{-1, 0, 1, 7, 63, 64, len(wantBids) - 1, len(wantBids), len(wantAsks) - 1, len(wantAsks)} {
		bid, ask := b.nth(rank)
		if want := priceAt(wantBids, rank); !bid.Equal(want) {
			return fmt.Errorf("bid of rank %d: got %v, want %v", rank, bid, want)
		}
		if want := priceAt(wantAsks, rank); !ask.Equal(want) {
			return fmt.Errorf("ask of rank %d: got %v, want %v", rank, ask, want)
		}
	}
	return nil
}

func sameBest(got Level, want []Level) error {
	if len(want) == 0 {
		want = []Level{{}}
	}
	return sameLevels([]Level{got}, want[:1])
}

func priceAt(ls []Level, rank int) decimal.Decimal {
	if rank < 0 || rank >= len(ls) {
		return decimal.Decimal{}
	}
	return ls[rank].Price
}

// walk is a random market: levels near a price that wanders and jumps, sides that go
// empty, levels far out. Prices may pass each other: the book under test may cross.
type walk struct {
	r         *rand.Rand
	mid       int64 // ticks
	span      int64
	tickScale int
	factor    int64
	odd       float64 // share of prices off the grid
	fine      float64 // share of sizes with digits beyond the step
	huge      float64 // share of jumps of the price
	pad       int     // zeros that the venue adds
}

func (w *walk) level(side int64) Level {
	distance := int64(w.r.ExpFloat64() * float64(w.span))
	if w.r.IntN(50) == 0 {
		distance *= 100
	}
	ticks := max(w.mid+side*distance, 0)
	price := w.number(ticks*w.factor, w.tickScale)
	if w.r.Float64() < w.odd {
		price = decimal.New(ticks*w.factor*10+1+w.r.Int64N(9), w.tickScale+1)
	}
	size := w.number(w.r.Int64N(1000), 3)
	switch {
	case w.r.IntN(3) == 0:
		size = decimal.New(0, w.r.IntN(12))
	case w.r.Float64() < w.fine:
		size = decimal.New(w.r.Int64N(1e12), 3+w.r.IntN(10))
	}
	return Level{price, size}
}

func (w *walk) number(coef int64, scale int) decimal.Decimal {
	pad := w.r.IntN(w.pad + 1)
	for range pad {
		coef *= 10
	}
	return decimal.New(coef, scale+pad)
}

func (w *walk) update(levels int, snapshot bool) *Update {
	u := &Update{Snapshot: snapshot}
	switch x := w.r.Float64(); {
	case x < w.huge:
		w.mid = max(1000, w.mid+w.r.Int64N(200_000)-100_000)
	case x < 0.5:
		w.mid = max(1000, w.mid+w.r.Int64N(9)-4)
	}
	for range levels {
		if w.r.IntN(2) == 0 {
			u.Bids = append(u.Bids, w.level(-1))
		} else {
			u.Asks = append(u.Asks, w.level(1))
		}
	}
	return u
}

// empty is an update that removes all levels of one side.
func (o *oracle) empty(bids bool) *Update {
	u := &Update{}
	b, a := o.top(0)
	if bids {
		u.Bids = b
	} else {
		u.Asks = a
	}
	for _, ls := range [][]Level{u.Bids, u.Asks} {
		for i := range ls {
			ls[i].Size = decimal.New(0, 0)
		}
	}
	return u
}

func applyParts(s *Sync, u *Update) error {
	if v := s.Begin(u); v != Apply {
		return fmt.Errorf("begin: got %v, want apply", v)
	}
	for _, l := range u.Bids {
		pc, ps, _ := l.Price.Parts()
		sc, ss, _ := l.Size.Parts()
		s.SetBid(pc, ps, sc, ss)
	}
	for _, l := range u.Asks {
		pc, ps, _ := l.Price.Parts()
		sc, ss, _ := l.Size.Parts()
		s.SetAsk(pc, ps, sc, ss)
	}
	return s.End()
}

func TestOracle(t *testing.T) {
	tests := []struct {
		name string
		c    Config
		w    walk
	}{
		{"narrow", Config{Tick: dec("0.01"), Step: dec("0.001")}, walk{mid: 50_000, span: 30, tickScale: 2, factor: 1, pad: 6}},
		{"wide", Config{Tick: dec("0.01000000"), Step: dec("0.00100000")}, walk{mid: 5_000_000, span: 3000, tickScale: 2, factor: 1, huge: 0.001, pad: 3}},
		{"jumps", Config{Tick: dec("0.5"), Step: dec("0.001")}, walk{mid: 500_000, span: 200, tickScale: 1, factor: 5, huge: 0.05, pad: 2}},
		{"near zero", Config{Tick: dec("0.0001"), Step: dec("0.001")}, walk{mid: 1000, span: 500, tickScale: 4, factor: 1, pad: 1}},
		{"fine sizes", Config{Tick: dec("0.25"), Step: dec("0.001")}, walk{mid: 9000, span: 100, tickScale: 2, factor: 25, fine: 0.001}},
		{"off grid late", Config{Tick: dec("0.01"), Step: dec("0.001")}, walk{mid: 50_000, span: 100, tickScale: 2, factor: 1, odd: 0.0005}},
		{"tick unknown", Config{Step: dec("0.001")}, walk{mid: 50_000, span: 30, tickScale: 2, factor: 1, pad: 3}},
		{"step unknown", Config{Tick: dec("0.01")}, walk{mid: 50_000, span: 30, tickScale: 2, factor: 1}},
		{"zeros kept", Config{Tick: dec("0.01"), Step: dec("0.001"), KeepZero: true}, walk{mid: 50_000, span: 30, tickScale: 2, factor: 1}},
	}
	updates := 30_000
	if testing.Short() {
		updates = 4_000
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.c.MayCross = true
			w := tt.w
			w.r = rand.New(rand.NewPCG(1, 2))
			s, o := NewSync(tt.c), newOracle()
			o.keep = tt.c.KeepZero
			for i := range updates {
				u := w.update(1+w.r.IntN(16), i%5000 == 0)
				if w.r.IntN(1000) == 0 && i%5000 != 0 {
					u = o.empty(w.r.IntN(2) == 0)
				}
				o.apply(u)
				apply := s.Apply
				if !u.Snapshot && w.r.IntN(2) == 0 {
					apply = func(u *Update) error { return applyParts(s, u) }
				}
				if err := apply(u); err != nil {
					t.Fatalf("update %d: %v", i, err)
				}
				if i%199 != 0 && i%5000 > 30 {
					continue
				}
				if err := o.compare(s.Book()); err != nil {
					t.Fatalf("update %d: %v", i, err)
				}
			}
		})
	}
}

func dec(s string) decimal.Decimal { return decimal.MustParse(s) }
