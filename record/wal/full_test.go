package wal

import (
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// faulty is a file that fails.
type faulty struct {
	file
	room *int64 // bytes left on the disk
	sync *error
}

func (f faulty) WriteAt(b []byte, at int64) (int, error) {
	if *f.room < int64(len(b)) {
		n, _ := f.file.WriteAt(b[:*f.room], at)
		return n, syscall.ENOSPC
	}
	return f.file.WriteAt(b, at)
}

func (f faulty) Sync() error {
	if *f.sync != nil {
		return *f.sync
	}
	return f.file.Sync()
}

func withFaults(o Options, room *int64, sync *error) Options {
	o.create = func(path string) (file, error) {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
		return faulty{f, room, sync}, err
	}
	return o
}

// disk is a place for a log, where the test takes all room away, and gives it back.
type disk struct {
	dir        string
	o          Options
	full, free func(*Log)
	want       error // of what is written meanwhile
}

// endures appends to a log before its disk is full, while it is, and after: what was accepted waits, what comes is refused with the
// reason, readers get what is safe, and nothing is lost when there is room again.
func (d *disk) endures(t *testing.T) {
	l, _ := open(t, d.dir, d.o)
	fill(t, l, 100)
	if err := l.Sync(); err != nil {
		t.Fatal(err)
	}
	fill(t, l, 50) // some of them are written, and nothing is synced since
	d.full(l)
	for refused := 0; refused < 3; {
		next := l.Stats().Next
		switch pos, err := l.Append(t.Context(), record(next)); {
		case err == nil:
		case !errors.Is(err, d.want):
			t.Fatal(err)
		case errors.Is(err, ErrUnsynced):
			if pos != next || l.Stats().Next != next+1 || d.o.Sync != Always {
				t.Fatalf("record %d of %d, of which it says %v", pos, l.Stats().Next, err)
			}
		default:
			refused++
			if l.Stats().Next != next {
				t.Fatalf("%d records, after one was refused: %d before", l.Stats().Next, next)
			}
		}
	}
	err := l.Sync()
	s := l.Stats()
	if !errors.Is(err, d.want) || s.Durable >= s.Next {
		t.Errorf("%v, %+v", err, s)
	}
	r := l.Reader(0)
	defer r.Close()
	if holes := drain(t, r, s.Durable); holes != nil || s.Durable <= 100 {
		t.Errorf("%d of %d can be read, %v", s.Durable, s.Next, holes)
	}
	d.free(l)
	fill(t, l, 100)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l, found := open(t, d.dir, Options{})
	if found.Next != s.Next+100 || found.Cut != 0 || found.Damaged != 0 {
		t.Errorf("found %+v, accepted %d", found, s.Next+100)
	}
	again := l.Reader(0)
	defer again.Close()
	if holes := drain(t, again, found.Next); holes != nil {
		t.Error(holes)
	}
}

// roomy are options with which a log needs no second segment soon.
var roomy = Options{Segment: 1 << 20, Buffer: leastBuffer, Every: time.Hour}

// synced are those of a log that syncs each record.
var synced = Options{Sync: Always, Segment: leastSegment, Buffer: leastBuffer, Every: time.Hour}

func TestDiskFull(t *testing.T) {
	for _, o := range []Options{small, roomy, synced} {
		room, noSync := int64(1<<40), error(nil)
		d := disk{t.TempDir(), withFaults(o, &room, &noSync), func(*Log) { room = 5 }, func(*Log) { room = 1 << 40 }, syscall.ENOSPC}
		d.endures(t)
	}
}

// A log that is closed on a full disk says how much of it is lost.
func TestDiskFullToTheEnd(t *testing.T) {
	room, noSync := int64(1<<40), error(nil)
	dir := t.TempDir()
	l, _ := open(t, dir, withFaults(small, &room, &noSync))
	fill(t, l, 100)
	if err := l.Sync(); err != nil {
		t.Fatal(err)
	}
	room = 0
	fill(t, l, 3)
	if err := l.Close(); !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "3 records not written") {
		t.Errorf("%v", err)
	}
	if _, found := open(t, dir, small); found.Next != 100 {
		t.Errorf("found %+v", found)
	}
}

func TestSyncFails(t *testing.T) {
	room, sync := int64(1<<40), error(nil)
	dir := t.TempDir()
	l, _ := open(t, dir, withFaults(Options{Sync: Always}, &room, &sync))
	fill(t, l, 3)
	sync = syscall.EIO
	if _, err := l.Append(t.Context(), record(3)); !errors.Is(err, ErrBroken) || !errors.Is(err, syscall.EIO) {
		t.Errorf("sync: %v", err)
	}
	sync = nil
	if _, err := l.Append(t.Context(), record(4)); !errors.Is(err, ErrBroken) {
		t.Errorf("afterwards: %v", err)
	}
	r := l.Reader(0)
	defer r.Close()
	drain(t, r, 3)
	if _, _, err := r.Next(t.Context()); !errors.Is(err, ErrBroken) {
		t.Errorf("what nobody knows of was read: %v", err)
	}
	if err := l.Close(); !errors.Is(err, ErrBroken) {
		t.Errorf("close: %v", err)
	}
	if _, found := open(t, dir, Options{}); found.Next < 3 {
		t.Errorf("found %+v", found)
	}
}
