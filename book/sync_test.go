package book

import (
	"errors"
	"fmt"
	"hash/crc32"
	"strings"
	"testing"
	"time"
)

// The rules of three venues, as these tests need them.

func spotRule(at At, u *Update) Verdict {
	switch {
	case u.Last <= at.Seq:
		return Skip
	case u.First <= at.Seq+1:
		return Apply
	case at.Fresh:
		return OldSnapshot
	}
	return Gap
}

func futuresRule(at At, u *Update) Verdict {
	switch {
	case u.Last <= at.Seq && (at.Fresh || u.Prev != at.Seq):
		return Skip
	case u.Prev == at.Seq, at.Fresh && u.First <= at.Seq:
		return Apply
	case at.Fresh:
		return OldSnapshot
	}
	return Gap
}

func okxRule(at At, u *Update) Verdict {
	switch {
	case u.Prev == at.Seq: // also a heartbeat and a reset
		return Apply
	case u.Last == at.Seq && u.Prev < at.Seq:
		return Skip
	}
	return Gap
}

// okxSum is OKX's checksum (its document, section 5.3).
func okxSum(b *Book) (uint32, bool) {
	bids, asks := b.Top(25, nil, nil)
	var parts []string
	for i := range 25 {
		for _, side := range [][]Level{bids, asks} {
			if i < len(side) {
				parts = append(parts, short(side[i].Price.String()), short(side[i].Size.String()))
			}
		}
	}
	return crc32.ChecksumIEEE([]byte(strings.Join(parts, ":"))), true
}

func short(s string) string {
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}

// levels parses "100.5×2 100.4×3".
func levels(s string) (ls []Level) {
	for _, f := range strings.Fields(s) {
		price, size, _ := strings.Cut(f, "×")
		ls = append(ls, Level{dec(price), dec(size)})
	}
	return ls
}

func show(s *Sync) string {
	var out []string
	for _, side := range []func(func(Level) bool){s.Book().Bids(), s.Book().Asks()} {
		var ls []string
		for l := range side {
			ls = append(ls, short(l.Price.String())+"×"+short(l.Size.String()))
		}
		out = append(out, strings.Join(ls, " "))
	}
	return strings.Join(out, " | ")
}

func snapshot(last int64, bids, asks string) *Update {
	return &Update{Snapshot: true, Last: last, Bids: levels(bids), Asks: levels(asks)}
}

func delta(first, last, prev int64, bids, asks string) *Update {
	return &Update{First: first, Last: last, Prev: prev, Bids: levels(bids), Asks: levels(asks)}
}

type step struct {
	u    *Update
	err  error
	book string
	seq  int64
}

// play applies the steps, both by Apply and by Begin, SetBid, SetAsk and End.
func play(t *testing.T, c Config, steps []step) {
	t.Helper()
	for _, fused := range []bool{false, true} {
		s := NewSync(c)
		for i, st := range steps {
			err := feed(s, st.u, fused)
			if !errors.Is(err, st.err) {
				t.Fatalf("step %d (fused %v): got error %v, want %v", i, fused, err, st.err)
			}
			if got := show(s); got != st.book {
				t.Fatalf("step %d (fused %v): got book %q, want %q", i, fused, got, st.book)
			}
			if s.Seq() != st.seq {
				t.Fatalf("step %d (fused %v): got sequence %d, want %d", i, fused, s.Seq(), st.seq)
			}
			if live := s.State() == Live; live != (st.seq != 0) {
				t.Fatalf("step %d (fused %v): got state %v", i, fused, s.State())
			}
		}
	}
}

func feed(s *Sync, u *Update, fused bool) error {
	if !fused {
		return s.Apply(u)
	}
	switch s.Begin(u) {
	case Skip:
		return nil
	case Keep:
		return s.Apply(u)
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

// TestBinanceVectors are those of Binance, section 5.7.
func TestBinanceVectors(t *testing.T) {
	spot := Config{Rule: spotRule, Tick: dec("0.01"), Step: dec("0.1")}
	full := "100×1 99.5×2 | 100.5×3 101×4"
	after := "99.75×5 99.5×2 | 100.5×2.5 101×4"
	play(t, spot, []step{
		{snapshot(1000, "100.00×1.0 99.50×2.0", "100.50×3.0 101.00×4.0"), nil, full, 1000},
		{delta(995, 998, 0, "100.00×9.0", ""), nil, full, 1000},
		{delta(999, 1000, 0, "100.00×9.0", ""), nil, full, 1000},
		{delta(1001, 1004, 0, "100.00×0.0 99.75×5.0", "100.50×2.5"), nil, after, 1004},
		{delta(1005, 1005, 0, "", "102.00×0.0"), nil, after, 1005},
		{delta(1007, 1009, 0, "99.00×1.0", ""), ErrGap, " | ", 0},
		// The delta that revealed the gap waits and continues the next snapshot.
		{snapshot(1006, "100.00×1.0", "101.00×1.0"), nil, "100×1 99×1 | 101×1", 1009},
	})
	futures := Config{Rule: futuresRule, Tick: dec("0.1"), Step: dec("0.001")}
	snap := func() *Update { return snapshot(50050, "100.0×1.000 99.5×2.000", "100.5×3.000 101.0×4.000") }
	play(t, futures, []step{
		{snap(), nil, full, 50050},
		{delta(50010, 50020, 49990, "100.0×9.000", ""), nil, full, 50050},
		{delta(50035, 50071, 50020, "100.0×0.000", "100.5×2.500"), nil, "99.5×2 | 100.5×2.5 101×4", 50071},
		{delta(50090, 50104, 50071, "99.8×5.000", ""), nil, "99.8×5 99.5×2 | 100.5×2.5 101×4", 50104},
		{delta(50130, 50144, 50119, "99.8×6.000", ""), ErrGap, " | ", 0},
	})
	play(t, futures, []step{
		{snap(), nil, full, 50050},
		{delta(50052, 50060, 50050, "100.0×7.000", ""), nil, "100×7 99.5×2 | 100.5×3 101×4", 50060},
	})
}

// TestOKXVectors are those of OKX, sections 5.1 and 5.3.
func TestOKXVectors(t *testing.T) {
	c := Config{Rule: okxRule, Tick: dec("0.01"), Step: dec("0.01"), MaxPending: -1, Sum: okxSum, Depth: 400}
	sum := func(u *Update, want int32) *Update {
		u.HasChecksum, u.Checksum = true, uint32(want)
		return u
	}
	var bids, asks, shown []string
	for i := 1; i <= 30; i++ {
		bids = append(bids, fmt.Sprintf("%d×%d", 1000-i, i))
		asks = append(asks, fmt.Sprintf("%d×%d", 1000+i, i))
	}
	shown = append(append(append(shown, bids...), "|"), asks...)
	start := "100.5×2 100.4×3 100.3×10"
	play(t, c, []step{
		{delta(0, 9, 8, "1×1", ""), nil, " | ", 0}, // before the snapshot: part of it
		{sum(snapshot(10, start, "100.6×1.5 100.7×0.25"), -158529517), nil, start + " | 100.6×1.5 100.7×0.25", 10},
		{sum(delta(0, 15, 10, "100.45×0.7 100.4×4", "100.6×0"), 1864237623), nil,
			"100.5×2 100.45×0.7 100.4×4 100.3×10 | 100.7×0.25", 15},
		{delta(0, 15, 15, "", ""), nil, "100.5×2 100.45×0.7 100.4×4 100.3×10 | 100.7×0.25", 15},    // heartbeat
		{sum(delta(0, 3, 15, "100.45×0", ""), 0), nil, "100.5×2 100.4×4 100.3×10 | 100.7×0.25", 3}, // reset; 0 is no checksum
		{delta(0, 5, 3, "100.4×0 100.3×0", ""), nil, "100.5×2 | 100.7×0.25", 5},                    //
		{delta(0, 5, 3, "100.5×9", ""), nil, "100.5×2 | 100.7×0.25", 5},                            // duplicate
		{sum(delta(0, 6, 5, "100.5×0", ""), -619658187), nil, " | 100.7×0.25", 6},                  // one side
		{sum(snapshot(7, strings.Join(bids, " "), strings.Join(asks, " ")), -349268926), nil, strings.Join(shown, " "), 7},
		{sum(snapshot(8, "3366.1×7 3366×6", "3366.8×9 3368×8"), -1881014294), nil, "3366.1×7 3366×6 | 3366.8×9 3368×8", 8},
		{sum(delta(0, 9, 8, "3366×0", "3372×8"), 831078360), nil, "3366.1×7 | 3366.8×9 3368×8 3372×8", 9},
		{sum(delta(0, 10, 9, "3366×1", ""), 831078360), ErrChecksum, " | ", 0},
		{sum(snapshot(11, "3366.1×7", "3366.8×9"), 1), ErrChecksum, " | ", 0},
		{snapshot(11, "3366.1×7", "3366.8×9"), nil, "3366.1×7 | 3366.8×9", 11},
		{delta(0, 12, 10, "3366×1", ""), ErrGap, " | ", 0},
		{delta(0, 13, 12, "3366×2", ""), nil, " | ", 0}, // still in flight: no second error
	})
}

func TestErrors(t *testing.T) {
	c := Config{Rule: spotRule, Tick: dec("0.01"), Step: dec("0.1")}
	good := snapshot(10, "99×1", "101×1")
	tests := []struct {
		name string
		u    *Update
		want error
	}{
		{"crossed", delta(11, 11, 0, "102×1", ""), ErrCrossed},
		{"locked", delta(11, 11, 0, "101×1", ""), ErrCrossed},
		{"price absent", &Update{First: 11, Last: 11, Bids: []Level{{Size: dec("1")}}}, ErrLevel},
		{"size absent", &Update{First: 11, Last: 11, Asks: []Level{{Price: dec("1")}}}, ErrLevel},
		{"price negative", delta(11, 11, 0, "-1×1", ""), ErrLevel},
		{"size negative", delta(11, 11, 0, "98×-1", ""), ErrLevel},
		{"negative in a snapshot", snapshot(11, "-98×1", "101×1"), ErrLevel},
		{"crossed snapshot", snapshot(11, "98×1", "97×1"), ErrCrossed},
	}
	for _, tt := range tests {
		s := NewSync(c)
		if err := s.Apply(good); err != nil {
			t.Fatal(err)
		}
		if err := s.Apply(tt.u); !errors.Is(err, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, err, tt.want)
		}
		if s.State() != Syncing || show(s) != " | " {
			t.Errorf("%s: got %v with %q, want an empty book that is syncing", tt.name, s.State(), show(s))
		}
		if err := s.Apply(good); err != nil || s.State() != Live {
			t.Errorf("%s: after a good snapshot got %v, %v", tt.name, s.State(), err)
		}
	}
}

func TestMayCross(t *testing.T) {
	s := NewSync(Config{MayCross: true, Tick: dec("1"), Step: dec("1")})
	if err := s.Apply(snapshot(1, "5×1", "4×1")); err != nil || show(s) != "5×1 | 4×1" {
		t.Errorf("got %q, %v", show(s), err)
	}
}

func TestOldSnapshot(t *testing.T) {
	s := NewSync(Config{Rule: spotRule, Tick: dec("1"), Step: dec("1")})
	must(t, s.Apply(delta(5, 6, 0, "9×1", "")))
	must(t, s.Apply(delta(7, 8, 0, "8×1", "")))
	for range 2 {
		if err := s.Apply(snapshot(3, "1×1", "")); !errors.Is(err, ErrOldSnapshot) || s.State() != Syncing {
			t.Fatalf("got %v, %v, want ErrOldSnapshot, syncing", err, s.State())
		}
	}
	if s.at.Tries != 2 {
		t.Errorf("got %d tries, want 2", s.at.Tries)
	}
	must(t, s.Apply(snapshot(6, "9×1", "")))
	if show(s) != "9×1 8×1 | " || s.Seq() != 8 || s.at.Tries != 0 {
		t.Errorf("got %q at %d after %d tries", show(s), s.Seq(), s.at.Tries)
	}
}

func TestOverflow(t *testing.T) {
	s := NewSync(Config{Rule: spotRule, Tick: dec("1"), Step: dec("1"), MaxPending: 10})
	overflows := 0
	for i := int64(1); i <= 100; i++ {
		if err := s.Apply(delta(i, i, 0, "9×1", "10×1")); errors.Is(err, ErrOverflow) {
			overflows++
		}
	}
	if overflows != 1 || s.Dropped() != 90 || s.waiting.len() != 10 {
		t.Errorf("got %d errors, %d dropped, %d waiting, want 1, 90, 10", overflows, s.Dropped(), s.waiting.len())
	}
	if err := s.Apply(snapshot(80, "9×1", "")); !errors.Is(err, ErrOldSnapshot) {
		t.Errorf("got %v, want ErrOldSnapshot", err)
	}
	must(t, s.Apply(snapshot(95, "9×1", "")))
	if s.Seq() != 100 {
		t.Errorf("got sequence %d, want 100", s.Seq())
	}
}

func TestPendingLevelsAreBounded(t *testing.T) {
	p := pending{max: 10}
	u := Update{Bids: make([]Level, 600)}
	if p.push(&u); p.len() != 1 {
		t.Fatalf("got %d, want 1", p.len())
	}
	if lost := p.push(&u); lost != 1 || p.len() != 1 {
		t.Errorf("got %d lost, %d kept, want 1 and 1", lost, p.len())
	}
	u.Asks = u.Bids
	if lost := p.push(&u); lost != 2 || p.len() != 0 {
		t.Errorf("got %d lost, %d kept, want 2 and none: it does not fit alone", lost, p.len())
	}
}

func TestRefresh(t *testing.T) {
	s := NewSync(Config{Rule: spotRule, Tick: dec("1"), Step: dec("1")})
	first := snapshot(10, "9×1 8×1", "11×1")
	first.Limit = 2
	must(t, s.Apply(first))
	if bid, ask := s.Book().Known(); bid.String() != "8" || !ask.Absent() {
		t.Errorf("known: got %v and %v, want 8 and no bound", bid, ask)
	}
	if !s.Book().KnownDepth(2) || s.Book().KnownDepth(3) {
		t.Error("known depth: want 2")
	}
	must(t, s.Apply(delta(11, 11, 0, "9×0", "")))
	if s.Book().KnownDepth(2) {
		t.Error("known depth: want 1")
	}
	s.Refresh()
	must(t, s.Apply(delta(12, 12, 0, "5×1", "")))
	must(t, s.Apply(delta(13, 13, 0, "", "12×1")))
	for _, old := range []int64{8, 10} {
		if err := s.Apply(snapshot(old, "7×7", "")); !errors.Is(err, ErrOldSnapshot) || s.State() != Live || show(s) != "8×1 5×1 | 11×1 12×1" {
			t.Errorf("snapshot at %d: got %v, %v, %q", old, err, s.State(), show(s))
		}
	}
	must(t, s.Apply(snapshot(12, "8×1 7×1 6×1 5×1", "11×1")))
	if show(s) != "8×1 7×1 6×1 5×1 | 11×1 12×1" || s.Seq() != 13 || !s.Book().KnownDepth(100) {
		t.Errorf("got %q at %d", show(s), s.Seq())
	}
	s.Refresh() // nothing came since: an older snapshot must not take the book back
	if err := s.Apply(snapshot(12, "1×1", "")); !errors.Is(err, ErrOldSnapshot) || s.Seq() != 13 {
		t.Errorf("got %v at %d, want ErrOldSnapshot at 13", err, s.Seq())
	}
}

func TestReset(t *testing.T) {
	s := NewSync(Config{Rule: spotRule, Tick: dec("1"), Step: dec("1")})
	s.Reset(Live)
	if s.State() != Syncing {
		t.Errorf("live without a snapshot: %v", s.State())
	}
	must(t, s.Apply(snapshot(10, "9×1", "11×1")))
	s.Reset(Stale)
	if s.State() != Stale || show(s) != "9×1 | 11×1" {
		t.Errorf("got %v, %q, want stale with its levels", s.State(), show(s))
	}
	now := time.UnixMilli(1_700_000_000_000)
	u := delta(11, 11, 0, "", "")
	u.Time = now
	must(t, s.Apply(u))
	if s.State() != Live || !s.Time().Equal(now) {
		t.Errorf("got %v at %v, want live at %v", s.State(), s.Time(), now)
	}
	s.Reset(Halted)
	must(t, s.Apply(delta(12, 12, 0, "9×2", "")))
	if s.State() != Halted || show(s) != "9×2 | 11×1" {
		t.Errorf("got %v, %q, want halted", s.State(), show(s))
	}
	s.Reset(Syncing)
	if s.State() != Syncing || show(s) != " | " || s.Seq() != 0 {
		t.Errorf("got %v, %q at %d", s.State(), show(s), s.Seq())
	}
}

func TestAbort(t *testing.T) {
	s := NewSync(Config{Rule: spotRule, Tick: dec("1"), Step: dec("1")})
	if err := s.End(); !errors.Is(err, ErrGap) {
		t.Errorf("End without Begin: got %v, want ErrGap", err)
	}
	must(t, s.Apply(snapshot(10, "9×1", "11×1")))
	if v := s.Begin(delta(11, 11, 0, "", "")); v != Apply {
		t.Fatalf("got %v, want apply", v)
	}
	s.SetBid(9, 0, 5, 0)
	if err := s.Abort(); !errors.Is(err, ErrGap) || s.State() != Syncing || show(s) != " | " {
		t.Errorf("got %v, %v, %q", err, s.State(), show(s))
	}
}

func TestDepthWindow(t *testing.T) {
	s := NewSync(Config{Tick: dec("1"), Step: dec("1"), Depth: 2})
	must(t, s.Apply(snapshot(1, "9×1 8×1", "11×1")))
	if bid, ask := s.Book().Known(); bid.String() != "8" || !ask.Absent() {
		t.Errorf("got %v and %v, want 8 and no bound", bid, ask)
	}
	must(t, s.Apply(delta(0, 2, 0, "8×0", "")))
	if bid, _ := s.Book().Known(); !bid.Absent() {
		t.Errorf("got %v, want no bound", bid)
	}
}

func TestSteadyPathDoesNotAllocate(t *testing.T) {
	s := NewSync(Config{Rule: spotRule, Tick: dec("0.01"), Step: dec("0.01")})
	must(t, s.Apply(snapshot(1, "9×1 8×1", "11×1")))
	u := delta(0, 0, 0, "9×2 7.5×1 7.5×0", "11×3")
	next := func() { u.First, u.Last = s.Seq()+1, s.Seq()+1 }
	if n := testing.AllocsPerRun(1000, func() { next(); must(t, s.Apply(u)) }); n != 0 {
		t.Errorf("Apply: %v allocations", n)
	}
	if n := testing.AllocsPerRun(1000, func() { next(); must(t, feed(s, u, true)) }); n != 0 {
		t.Errorf("Begin to End: %v allocations", n)
	}
	snap := snapshot(0, "9×1 8×1", "11×1")
	cycle := func() {
		s.Refresh()
		next()
		must(t, s.Apply(u))
		snap.Last = s.Seq()
		must(t, s.Apply(snap))
	}
	if n := testing.AllocsPerRun(1000, cycle); n != 0 {
		t.Errorf("Refresh: %v allocations", n)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
