package wal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// small makes many files of few records.
var small = Options{Segment: leastSegment, Buffer: leastBuffer, Every: time.Hour}

func open(t testing.TB, dir string, o Options) (*Log, Recovery) {
	t.Helper()
	l, found, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l, found
}

// record is what stands at a position: of a length that changes, and none like another.
func record(pos uint64) []byte {
	r := rand.New(rand.NewPCG(pos, 1))
	b := make([]byte, r.IntN(200))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return append(b, fmt.Sprint(pos)...)
}

func fill(t testing.TB, l *Log, n int) {
	t.Helper()
	for range n {
		want := l.Stats().Next
		if pos, err := l.Append(t.Context(), record(want)); err != nil || pos != want {
			t.Fatalf("position %d, %v, want %d", pos, err, want)
		}
	}
}

// drain reads what is there and returns what is missing of it. No record may be another than the one that was written there.
func drain(t testing.TB, r *Reader, to uint64) (holes []HoleError) {
	t.Helper()
	for r.pos < to {
		pos, b, err := r.Next(t.Context())
		var hole *HoleError
		switch {
		case errors.As(err, &hole):
			if hole.To <= hole.From || hole.To != r.pos {
				t.Fatalf("hole %+v, and the reader is at %d", hole, r.pos)
			}
			holes = append(holes, *hole)
		case err != nil:
			t.Fatalf("at %d: %v", pos, err)
		case !bytes.Equal(b, record(pos)):
			t.Fatalf("at %d: another record", pos)
		}
	}
	return holes
}

func TestAppendReadReopen(t *testing.T) {
	for _, o := range []Options{small, {Sync: Always, Segment: leastSegment}, {Sync: Never, Segment: leastSegment, Buffer: leastBuffer}, {}} {
		dir := t.TempDir()
		var id ID
		for round := range uint64(4) {
			l, found, err := Open(dir, o)
			if err != nil {
				t.Fatal(err)
			}
			if found.Next != 300*round || found.Cut != 0 || found.Damaged != 0 {
				t.Errorf("%+v: found %+v", o, found)
			}
			if round > 0 && l.ID() != id {
				t.Errorf("%+v: another log", o)
			}
			id = l.ID()
			fill(t, l, 300)
			r := l.Reader(300 * round / 2)
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			if holes := drain(t, r, 300*(round+1)); holes != nil {
				t.Errorf("%+v: %v", o, holes)
			}
			if _, _, err := r.Next(t.Context()); !errors.Is(err, ErrClosed) {
				t.Errorf("%+v: after the end: %v", o, err)
			}
			r.Close()
			if _, err := l.Append(t.Context(), nil); !errors.Is(err, ErrClosed) {
				t.Errorf("%+v: append after close: %v", o, err)
			}
		}
	}
}

// Readers see what is synced and nothing else.
func TestReadersWait(t *testing.T) {
	l, _ := open(t, t.TempDir(), small)
	r := l.Reader(0)
	defer r.Close()
	fill(t, l, 1)
	soon, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, _, err := r.Next(soon); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("what is not synced: %v", err)
	}
	var done sync.WaitGroup
	done.Go(func() { drain(t, r, 100) })
	fill(t, l, 99)
	if err := l.Sync(); err != nil {
		t.Fatal(err)
	}
	done.Wait()
	if _, _, err := l.Reader(101).Next(t.Context()); !errors.Is(err, ErrAhead) {
		t.Errorf("beyond the end: %v", err)
	}
}

func TestManyWritersAndReaders(t *testing.T) {
	l, _ := open(t, t.TempDir(), Options{Segment: leastSegment, Buffer: leastBuffer, Every: time.Millisecond})
	const writers, each = 4, 500
	var all sync.WaitGroup
	for range writers {
		all.Go(func() {
			for range each {
				if _, err := l.Append(t.Context(), []byte("the same for all")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 3 {
		all.Go(func() {
			r := l.Reader(0)
			defer r.Close()
			for want := range uint64(writers * each) {
				if pos, b, err := r.Next(t.Context()); err != nil || pos != want || string(b) != "the same for all" {
					t.Errorf("%d: %q, %v, want %d", pos, b, err, want)
					return
				}
			}
		})
	}
	all.Wait()
}

func TestLock(t *testing.T) {
	dir := t.TempDir()
	l, _ := open(t, dir, Options{})
	if _, _, err := Open(dir, Options{}); !errors.Is(err, ErrLocked) {
		t.Errorf("a second writer: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, dir, Options{})
}

func TestRelease(t *testing.T) {
	dir := t.TempDir()
	l, _ := open(t, dir, small)
	fill(t, l, 500)
	if err := l.Sync(); err != nil {
		t.Fatal(err)
	}
	before := l.Stats()
	if err := l.Release(250); err != nil {
		t.Fatal(err)
	}
	after := l.Stats()
	if after.First == 0 || after.First > 250 || after.Bytes >= before.Bytes || after.Segments >= before.Segments {
		t.Errorf("before %+v, after %+v", before, after)
	}
	r := l.Reader(250)
	defer r.Close()
	if holes := drain(t, r, 500); holes != nil {
		t.Error(holes)
	}
	if err := l.Release(1 << 40); err != nil || l.Stats().Segments != 1 {
		t.Errorf("%v, %+v: the last segment stays", err, l.Stats())
	}
	r = l.Reader(0)
	defer r.Close()
	if holes := drain(t, r, 500); len(holes) != 1 || holes[0].From != 0 || holes[0].To != l.Stats().First || holes[0].Kind != ErrDropped {
		t.Error(holes)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, found := open(t, dir, small); found.Next != 500 {
		t.Errorf("positions begin anew: %+v", found)
	}
}

func TestBudgetBlocks(t *testing.T) {
	o := small
	o.Budget = 4 * leastSegment
	l, _ := open(t, t.TempDir(), o)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	var accepted uint64
	for {
		if _, err := l.Append(ctx, record(accepted)); err != nil {
			if !errors.Is(err, ErrBudget) || !errors.Is(err, context.DeadlineExceeded) {
				t.Fatal(err)
			}
			break
		}
		accepted++
	}
	if s := l.Stats(); s.Bytes > o.Budget || s.Dropped != 0 {
		t.Errorf("%+v", s)
	}
	var more sync.WaitGroup
	more.Go(func() {
		if _, err := l.Append(t.Context(), record(accepted)); err != nil {
			t.Error(err)
		}
	})
	r := l.Reader(0)
	defer r.Close()
	drain(t, r, l.Stats().Durable)
	if err := l.Release(r.pos); err != nil {
		t.Fatal(err)
	}
	more.Wait()
	if err := l.Sync(); err != nil {
		t.Fatal(err)
	}
	if holes := drain(t, r, accepted+1); holes != nil {
		t.Error(holes)
	}
}

func TestBudgetDropsOldest(t *testing.T) {
	o := small
	o.Budget, o.Full = 4*leastSegment, DropOldest
	l, _ := open(t, t.TempDir(), o)
	slow := l.Reader(0) // has its file open when that goes
	defer slow.Close()
	fill(t, l, 50)
	if err := l.Sync(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := slow.Next(t.Context()); err != nil {
		t.Fatal(err)
	}
	fill(t, l, 2000)
	if err := l.Sync(); err != nil {
		t.Fatal(err)
	}
	s := l.Stats()
	if s.Bytes > o.Budget || s.Dropped == 0 || s.Dropped != s.First {
		t.Errorf("%+v", s)
	}
	for _, r := range []*Reader{slow, l.Reader(3)} {
		holes := drain(t, r, 2050)
		if len(holes) != 1 || holes[0].Kind != ErrDropped || holes[0].To != s.First {
			t.Errorf("%v, first %d", holes, s.First)
		}
		r.Close()
	}
}

func TestBadOptions(t *testing.T) {
	for _, o := range []Options{{Sync: "sometimes"}, {Full: "newest"}, {Segment: 1}, {Budget: 1}, {Every: -1}, {Buffer: 1}, {Segment: 1 << 20, Buffer: 2 << 20}} {
		if _, _, err := Open(t.TempDir(), o); !errors.Is(err, ErrOptions) {
			t.Errorf("%+v: %v", o, err)
		}
	}
	l, _ := open(t, t.TempDir(), Options{})
	if _, err := l.Append(t.Context(), make([]byte, MaxRecord+1)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("too large: %v", err)
	}
	if _, err := l.Append(t.Context(), make([]byte, MaxRecord)); err != nil {
		t.Errorf("the largest: %v", err)
	}
	if _, _, err := Open(filepath.Join(t.TempDir(), lockName, "x"), Options{}); err != nil {
		t.Errorf("a new directory: %v", err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Open(file, Options{}); err == nil {
		t.Error("a file is no directory")
	}
}

func TestParseID(t *testing.T) {
	id := newID()
	if got, err := ParseID(id.String()); err != nil || got != id {
		t.Errorf("ParseID of %s: %s, %v", id, got, err)
	}
	for _, text := range []string{"", id.String()[1:], id.String() + "0", "x" + id.String()[1:]} {
		if got, err := ParseID(text); !errors.Is(err, ErrForeign) || got != (ID{}) {
			t.Errorf("ParseID of %q: %s, %v", text, got, err)
		}
	}
}
