package wal

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// A View reads the log of a writer who is at work: what he has written until then, torn or not, and not what he has removed; and changes nothing.
func TestView(t *testing.T) {
	dir := t.TempDir()
	if _, err := View(filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no log: %v", err)
	}
	if v, err := View(dir); err != nil || v.Stats().Next != 0 {
		t.Errorf("an empty one: %v", err)
	}
	l, _ := open(t, dir, small)
	fill(t, l, 300)
	if err := l.Sync(); err != nil {
		t.Fatal(err)
	}
	paths, err := list(dir)
	if err != nil || len(paths) < 4 {
		t.Fatal(paths, err)
	}
	torn, err := os.OpenFile(paths[len(paths)-1], os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := torn.Write([]byte("half a record")); err != nil {
		t.Fatal(err)
	}
	torn.Close()
	v, err := View(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	if s := v.Stats(); v.ID() != l.ID() || s.Next != 300 || s.First != 0 || s.Segments != len(paths) {
		t.Errorf("%+v", s)
	}
	r := v.Reader(0)
	defer r.Close()
	if holes := drain(t, r, 300); holes != nil {
		t.Error(holes)
	}
	if _, _, err := r.Next(t.Context()); !errors.Is(err, ErrClosed) {
		t.Errorf("at the end: %v", err)
	}
	if _, err := v.Append(t.Context(), nil); !errors.Is(err, ErrClosed) {
		t.Errorf("append: %v", err)
	}
	if err := v.Release(300); !errors.Is(err, ErrClosed) || v.Close() != nil {
		t.Errorf("release: %v", err)
	}
	if err := l.Release(150); err != nil {
		t.Fatal(err)
	}
	first := l.Stats().First
	again := v.Reader(0)
	defer again.Close()
	if holes := drain(t, again, 300); len(holes) == 0 || holes[0].From != 0 || holes[len(holes)-1].To != first || holes[0].Kind != ErrDropped {
		t.Errorf("%v, and the first is %d", holes, first)
	}
	if after, _ := list(dir); len(after) != l.Stats().Segments {
		t.Errorf("%v", after)
	}
}

// A reader at a segment that is removed at that moment waits until it is gone, and says so; one whose file somebody else has taken away gets an error.
func TestReaderAtRemovedSegment(t *testing.T) {
	dir := t.TempDir()
	l, _ := open(t, dir, small)
	fill(t, l, 300)
	if err := l.Sync(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, segmentName(0))); err != nil {
		t.Fatal(err)
	}
	r := l.Reader(0)
	defer r.Close()
	if _, _, err := r.Next(t.Context()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("taken away: %v", err)
	}
	l.io.Lock() // as remove does
	var reading sync.WaitGroup
	reading.Go(func() {
		var hole *HoleError
		if _, _, err := l.Reader(0).Next(t.Context()); !errors.As(err, &hole) || hole.To != l.Stats().First || hole.Kind != ErrDropped {
			t.Errorf("removed: %v", err)
		}
	})
	if err := l.remove(); err != nil {
		t.Error(err)
	}
	l.io.Unlock()
	reading.Wait()
}
