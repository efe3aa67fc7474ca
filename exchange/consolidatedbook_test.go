package exchange

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/decimal"
)

func dec(s string) decimal.Decimal {
	if s == "" {
		return decimal.Decimal{}
	}
	return decimal.MustParse(s)
}

// levelsOf makes levels of price, size, price, size, ….
func levelsOf(numbers ...string) (ls []Level) {
	for pair := range slices.Chunk(numbers, 2) {
		ls = append(ls, Level{Price: dec(pair[0]), Size: dec(pair[1])})
	}
	return ls
}

// legsOf makes one live leg of each book, on venues a, b, c, ….
func legsOf(m Market, books ...OrderBook) (legs []*leg) {
	for i, b := range books {
		b.State, b.Source = book.Live, Stream
		l := &leg{market: m, book: b}
		l.state = VenueState{Stamp: Stamp{Venue: string(rune('a' + i)), Received: time.Unix(int64(i), 0)}, State: book.Live}
		legs = append(legs, l)
	}
	return legs
}

func text(levels []ConsolidatedLevel) (s string) {
	for _, l := range levels {
		s += fmt.Sprintf("%s×%s", l.Price, l.Size)
		for _, v := range l.Venues {
			s += fmt.Sprintf(" %s:%s", v.Venue, v.Size)
		}
		s += "; "
	}
	return s
}

func TestConsolidatedLevels(t *testing.T) {
	linear := Market{Contract: dec("0.01")}
	inverse := Market{Contract: dec("100"), Inverse: true}
	for name, tt := range map[string]struct {
		market     Market
		depth      int
		books      []OrderBook
		bids, asks string
	}{
		"one venue": {books: []OrderBook{{Bids: levelsOf("9", "1"), Asks: levelsOf("10", "2")}}, bids: "9×1 a:1; ", asks: "10×2 a:2; "},
		"no levels": {books: []OrderBook{{}, {}}},
		"equal prices, written differently": {
			books: []OrderBook{{Bids: levelsOf("1.0", "1", "0.9", "1")}, {Bids: levelsOf("1.00", "0.25", "0.95", "2")}, {Bids: levelsOf("1", "3")}},
			bids:  "1.0×4.25 a:1 b:0.25 c:3; 0.95×2 b:2; 0.9×1 a:1; ",
		},
		"the depth": {
			depth: 2, books: []OrderBook{{Asks: levelsOf("1", "1", "4", "1")}, {Asks: levelsOf("2", "1", "3", "1")}},
			asks: "1×1 a:1; 2×1 b:1; ",
		},
		"contracts": {
			market: linear, books: []OrderBook{{Bids: levelsOf("5", "3"), Contracts: true}, {Bids: levelsOf("5", "0.5")}},
			bids: "5×0.53 a:0.03 b:0.5; ",
		},
		"inverse contracts": {
			market: inverse, books: []OrderBook{{Bids: levelsOf("50000", "10"), Contracts: true}, {Bids: levelsOf("50000", "0.5")}},
			bids: "50000×0.52 a:0.02 b:0.5; ",
		},
		"no sizes": {
			books: []OrderBook{{Bids: levelsOf("1.1", "0", "1.0", "")}, {Bids: levelsOf("1.1", "5")}},
			bids:  "1.1× a: b:5; 1.0× a:; ",
		},
	} {
		t.Run(name, func(t *testing.T) {
			var m merger
			var b ConsolidatedBook
			m.assemble(&b, "X/Y", tt.depth, legsOf(tt.market, tt.books...))
			if got := text(b.Bids); got != tt.bids {
				t.Errorf("bids %s, want %s", got, tt.bids)
			}
			if got := text(b.Asks); got != tt.asks {
				t.Errorf("asks %s, want %s", got, tt.asks)
			}
		})
	}
}

// Venues may be crossed or locked against each other: that is said, and nothing is hidden.
func TestConsolidatedCrossed(t *testing.T) {
	for _, tt := range []struct {
		bid, ask        string
		locked, crossed bool
	}{{"9", "10", false, false}, {"10.0", "10", true, false}, {"11", "10", false, true}} {
		var m merger
		var b ConsolidatedBook
		m.assemble(&b, "X/Y", 5, legsOf(Market{}, OrderBook{Bids: levelsOf(tt.bid, "1"), Asks: levelsOf("12", "1")}, OrderBook{Bids: levelsOf("8", "1"), Asks: levelsOf(tt.ask, "1")}))
		if b.Locked != tt.locked || b.Crossed != tt.crossed || len(b.Bids) != 2 || len(b.Asks) != 2 {
			t.Errorf("%s over %s: locked %t, crossed %t, %d bids, %d asks", tt.bid, tt.ask, b.Locked, b.Crossed, len(b.Bids), len(b.Asks))
		}
	}
}

// The merged book is complete to where the first of its venues is not.
func TestConsolidatedKnown(t *testing.T) {
	deep := OrderBook{Bids: levelsOf("9", "1", "8", "1", "7", "1"), Asks: levelsOf("10", "1", "11", "1", "12", "1")}
	for name, tt := range map[string]struct {
		depth              int
		spoil              func(legs []*leg)
		knownBid, knownAsk string
		bids, asks         int // complete
	}{
		"everything known":      {0, func([]*leg) {}, "", "", 3, 3},
		"a horizon":             {0, func(ls []*leg) { ls[1].book.KnownBid, ls[1].book.KnownAsk = dec("8"), dec("11") }, "8", "11", 2, 2},
		"the nearer of two":     {0, func(ls []*leg) { ls[0].book.KnownBid, ls[1].book.KnownBid = dec("8"), dec("9") }, "9", "", 1, 3},
		"cut at the depth":      {3, func([]*leg) {}, "7", "12", 3, 3},
		"thinner than asked":    {4, func([]*leg) {}, "", "", 3, 3},
		"REST":                  {4, func(ls []*leg) { ls[0].book.Source = REST }, "7", "12", 3, 3},
		"a venue that is out":   {0, func(ls []*leg) { ls[1].book.KnownBid, ls[1].state.State = dec("9"), book.Stale }, "", "", 3, 3},
		"REST without one side": {0, func(ls []*leg) { ls[0].book.Source, ls[0].book.Bids = REST, nil }, "", "12", 3, 3},
	} {
		legs := legsOf(Market{}, deep, deep)
		tt.spoil(legs)
		var m merger
		var b ConsolidatedBook
		m.assemble(&b, "X/Y", tt.depth, legs)
		bids, asks := b.Complete()
		if b.KnownBid.String() != tt.knownBid || b.KnownAsk.String() != tt.knownAsk || bids != tt.bids || asks != tt.asks {
			t.Errorf("%s: known to %q and %q, %d and %d complete, want %+v", name, b.KnownBid, b.KnownAsk, bids, asks, tt)
		}
	}
}

// slowSide is the merge of one side as one would say it: all levels, put together by
// price, sorted, cut.
func slowSide(books [][]Level, depth, dir int) string {
	type row struct {
		price *big.Rat
		text  string
		size  decimal.Decimal
		who   string
	}
	rows := make(map[string]*row)
	for i, levels := range books {
		for _, l := range levels {
			price, _ := new(big.Rat).SetString(l.Price.String())
			r := rows[price.RatString()]
			if r == nil {
				r = &row{price: price, text: l.Price.String(), size: decimal.New(0, 0)}
				rows[price.RatString()] = r
			}
			r.size = r.size.Add(l.Size)
			r.who += fmt.Sprintf(" %c:%s", 'a'+i, l.Size)
		}
	}
	var all []*row
	for _, r := range rows {
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b *row) int { return dir * a.price.Cmp(b.price) })
	if depth > 0 {
		all = all[:min(depth, len(all))]
	}
	s := ""
	for _, r := range all {
		s += r.text + "×" + r.size.String() + r.who + "; "
	}
	return s
}

// bookFrom reads a book out of bytes: steps between prices, sizes, and how many zeros prices end with.
func bookFrom(data []byte) (b OrderBook) {
	price := map[int]int64{-1: 500_00, 1: 500_00}
	for i := 0; i+1 < len(data) && i < 400; i += 2 {
		dir := int(data[i]&1)*2 - 1
		price[dir] += int64(dir) * int64(1+data[i]>>4)
		zeros := int(data[i] >> 1 & 3)
		scaled := price[dir]
		for range zeros {
			scaled *= 10
		}
		l := Level{Price: decimal.New(scaled, 2+zeros), Size: decimal.New(int64(data[i+1])+1, int(data[i+1]&3))}
		if dir < 0 {
			b.Bids = append(b.Bids, l)
		} else {
			b.Asks = append(b.Asks, l)
		}
	}
	return b
}

// mergesRight compares the merge with the slow one. b is used again from call to call.
func mergesRight(t *testing.T, m *merger, b *ConsolidatedBook, depth int, books ...OrderBook) {
	t.Helper()
	m.assemble(b, "X/Y", depth, legsOf(Market{}, books...))
	var bids, asks [][]Level
	for _, x := range books {
		bids, asks = append(bids, x.Bids), append(asks, x.Asks)
	}
	if got, want := text(b.Bids), slowSide(bids, depth, -1); got != want {
		t.Fatalf("bids to %d\n got %s\nwant %s", depth, got, want)
	}
	if got, want := text(b.Asks), slowSide(asks, depth, 1); got != want {
		t.Fatalf("asks to %d\n got %s\nwant %s", depth, got, want)
	}
	// Levels inside the known bounds are the same whatever the venues know beyond their depth.
	cut := slices.Clone(books)
	for i := range cut {
		cut[i].Bids, cut[i].Asks = top(cut[i].Bids, depth), top(cut[i].Asks, depth)
	}
	var c ConsolidatedBook
	m.assemble(&c, "X/Y", depth, legsOf(Market{}, cut...))
	if got, want := text(c.Bids)+text(c.Asks), text(b.Bids)+text(b.Asks); got != want {
		t.Fatalf("from books cut at %d\n got %s\nwant %s", depth, got, want)
	}
	if nb, na := c.Complete(); nb != len(c.Bids) || na != len(c.Asks) {
		t.Fatalf("%d of %d bids and %d of %d asks are complete", nb, len(c.Bids), na, len(c.Asks))
	}
}

func TestMergeAgainstSlow(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var m merger
	var b ConsolidatedBook
	for range 300 {
		books := make([]OrderBook, 1+r.IntN(6))
		for i := range books {
			data := make([]byte, r.IntN(200))
			for j := range data {
				data[j] = byte(r.Uint32())
			}
			books[i] = bookFrom(data)
		}
		mergesRight(t, &m, &b, r.IntN(40), books...)
	}
}

func FuzzMerge(f *testing.F) {
	f.Add([]byte("\x00\x01\x01\x02"), []byte("\x06\x01\x03\x02\x10\x30"), []byte{}, uint8(0))
	f.Add([]byte("abcdefgh"), []byte("hgfedcba"), []byte("aabbccdd"), uint8(3))
	var m merger
	f.Fuzz(func(t *testing.T, x, y, z []byte, depth uint8) {
		var b ConsolidatedBook
		mergesRight(t, &m, &b, int(depth), bookFrom(x), bookFrom(y), bookFrom(z))
	})
}

// benchBooks makes books like those of venues that trade the same: at a few ticks from each other.
func benchBooks(venues, depth int) []*leg {
	r := rand.New(rand.NewPCG(3, 4))
	books := make([]OrderBook, venues)
	for i := range books {
		bid, ask := int64(6_425_000+r.IntN(20)), int64(6_425_030+r.IntN(20))
		scale := i % 3
		level := func(ticks int64) Level {
			return Level{Price: decimal.New(ticks*[]int64{1, 10, 100}[scale], 2+scale), Size: decimal.New(int64(1+r.IntN(1e6)), 5)}
		}
		for range depth {
			books[i].Bids, books[i].Asks = append(books[i].Bids, level(bid)), append(books[i].Asks, level(ask))
			bid, ask = bid-1-int64(r.IntN(4)), ask+1+int64(r.IntN(4))
		}
	}
	return legsOf(Market{}, books...)
}

func BenchmarkMerge(b *testing.B) {
	for _, venues := range []int{2, 5} {
		for _, depth := range []int{20, 1000} {
			b.Run(fmt.Sprintf("venues=%d/levels=%d", venues, depth), func(b *testing.B) {
				f := newConsolidation("X/Y", depth, benchBooks(venues, depth))
				var v ConsolidatedBook
				b.ReportAllocs()
				for b.Loop() {
					f.read(&v)
				}
			})
		}
	}
}

// A read into a value that is used again allocates nothing, and neither does the next book of a venue.
func TestConsolidatedAllocations(t *testing.T) {
	legs := benchBooks(5, 100)
	f := newConsolidation("X/Y", 100, legs)
	next := legs[0].book
	next.Bids, next.Asks = slices.Clone(next.Bids), slices.Clone(next.Asks)
	var v ConsolidatedBook
	f.read(&v)
	if n := testing.AllocsPerRun(100, func() {
		f.take(legs[0], &next)
		f.read(&v)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if len(v.Bids) != 100 || len(v.Venues) != 5 {
		t.Errorf("%d bids of %d venues", len(v.Bids), len(v.Venues))
	}
}
