package wal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"os"
	"path/filepath"
	"testing"
)

// written makes a log of n records in one segment, and returns its file.
func written(t testing.TB, n int) (path string, whole []byte, id ID) {
	t.Helper()
	dir := t.TempDir()
	l, _ := open(t, dir, Options{})
	fill(t, l, n)
	id = l.ID()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(dir, segmentName(0))
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return path, whole, id
}

// Cut at any byte, a log has the records that were whole, says what it cut off, and goes on.
func TestTornTail(t *testing.T) {
	path, whole, id := written(t, 5)
	ends := []int{headerSize}
	for pos := uint64(0); ends[pos] < len(whole); pos++ {
		ends = append(ends, ends[pos]+frameSize+len(record(pos)))
	}
	for cut := range len(whole) {
		if err := os.WriteFile(path, whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		l, found, err := Open(filepath.Dir(path), small)
		if err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		next := uint64(0)
		for int(next)+1 < len(ends) && ends[next+1] <= cut {
			next++
		}
		torn := int64(max(0, cut-ends[next]))
		if found.Next != next || found.Cut != torn || cut >= headerSize && l.ID() != id {
			t.Fatalf("cut at %d: found %+v, want %d records and %d bytes cut off", cut, found, next, torn)
		}
		if torn > 0 {
			kept, err := os.ReadFile(found.Kept)
			if err != nil || !bytes.Equal(kept, whole[ends[next]:cut]) {
				t.Fatalf("cut at %d: kept %d bytes, %v", cut, len(kept), err)
			}
			os.Remove(found.Kept)
		}
		fill(t, l, 3)
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		l, found, err = Open(filepath.Dir(path), small)
		if err != nil || found.Next != next+3 || found.Cut != 0 {
			t.Fatalf("cut at %d: gone on, and found %+v, %v", cut, found, err)
		}
		r := l.Reader(0)
		if holes := drain(t, r, next+3); holes != nil {
			t.Fatalf("cut at %d: %v", cut, holes)
		}
		r.Close()
		l.Close()
		files, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*"))
		for _, f := range files {
			os.Remove(f)
		}
	}
}

// Whatever bit is flipped, no record is another than was written, and what is missing is told.
func TestFlippedBits(t *testing.T) {
	const records = 6
	path, whole, _ := written(t, records)
	for at := range len(whole) {
		damaged := bytes.Clone(whole)
		damaged[at] ^= 1 << (at % 8)
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		l, found, err := Open(filepath.Dir(path), small)
		if at < headerSize {
			if err == nil || !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrForeign) && !errors.Is(err, ErrVersion) {
				t.Fatalf("byte %d: %v", at, err)
			}
			continue
		}
		if err != nil {
			t.Fatalf("byte %d: %v", at, err)
		}
		r := l.Reader(0)
		lost := uint64(0)
		for _, hole := range drain(t, r, found.Next) {
			lost += hole.To - hole.From
		}
		if lost != found.Damaged || lost+records-found.Next != 1 {
			t.Fatalf("byte %d: %d lost, found %+v", at, lost, found)
		}
		r.Close()
		l.Close()
		if found.Kept != "" {
			os.Remove(found.Kept)
		}
	}
}

// Damage in a segment that is not the last costs what is damaged.
func TestDamagedMiddle(t *testing.T) {
	dir := t.TempDir()
	l, _ := open(t, dir, small)
	fill(t, l, 300)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	paths, err := list(dir)
	if err != nil || len(paths) < 4 {
		t.Fatal(paths, err)
	}
	second, _ := firstOf(paths[1])
	third, _ := firstOf(paths[2])
	b, err := os.ReadFile(paths[1])
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name     string
		b        []byte
		from, to uint64
	}{
		{"one record", flipped(b, headerSize+frameSize), second, second + 1},
		{"a length", flipped(b, headerSize+2), second, second + 1},
		{"cut off", b[:headerSize+5], second, third},
		{"emptied", b[:headerSize], second, third},
		{"zeros", append(bytes.Clone(b[:headerSize]), make([]byte, len(b)-headerSize)...), second, third},
	} {
		if err := os.WriteFile(paths[1], c.b, 0o600); err != nil {
			t.Fatal(err)
		}
		l, _, err := Open(dir, small)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		for _, from := range []uint64{0, second, second + 1, third - 1, third} {
			r := l.Reader(from)
			holes := drain(t, r, 300)
			want := c.to > max(from, c.from)
			if want != (len(holes) == 1) || want && (holes[0].From != max(from, c.from) || holes[0].To != c.to || holes[0].Kind != ErrCorrupt) {
				t.Errorf("%s, from %d: %v, want %d to %d", c.name, from, holes, c.from, c.to)
			}
			r.Close()
		}
		l.Close()
	}
}

func flipped(b []byte, at int) []byte {
	b = bytes.Clone(b)
	b[at] ^= 0x40
	return b
}

func TestForeignFiles(t *testing.T) {
	path, whole, _ := written(t, 3)
	other := bytes.Clone(whole)
	other[20] ^= 1 // of its id
	binary.LittleEndian.PutUint64(other[8:], 3)
	binary.LittleEndian.PutUint32(other[headerSize-4:], crc32.Checksum(other[:headerSize-4], castagnoli))
	newer := bytes.Clone(whole)
	newer[4] = 9
	for name, c := range map[string]struct {
		file string
		b    []byte
		want error
	}{
		"text":            {segmentName(0), []byte("a note of somebody's, longer than a header of a segment would be"), ErrForeign},
		"another log":     {segmentName(3), other, ErrForeign},
		"another version": {segmentName(0), newer, ErrVersion},
		"another's name":  {segmentName(7), whole, ErrCorrupt},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(path)), whole, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, c.file), c.b, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := Open(dir, Options{}); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if _, _, err := Open(dir, Options{}); errors.Is(err, ErrLocked) {
			t.Errorf("%s: the lock was kept", name)
		}
	}
}

// Whatever a file holds, Open and readers end, and give out nothing that was not a record in its place.
func FuzzSegment(f *testing.F) {
	_, whole, _ := written(f, 5)
	f.Add(whole, 0, byte(0))
	f.Add(whole[:len(whole)-3], 60, byte(1))
	f.Add(append(bytes.Clone(whole), whole[headerSize:]...), 200, byte(0x80))
	f.Fuzz(func(t *testing.T, b []byte, at int, flip byte) {
		if len(b) > 1<<16 {
			return
		}
		if len(b) > 0 {
			b = bytes.Clone(b)
			b[uint(at)%uint(len(b))] ^= flip
		}
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, segmentName(0)), b, 0o600); err != nil {
			t.Fatal(err)
		}
		l, found, err := Open(dir, small)
		if err != nil {
			return
		}
		defer l.Close()
		r := l.Reader(0)
		defer r.Close()
		for r.pos < found.Next {
			pos, got, err := r.Next(t.Context())
			var hole *HoleError
			if err != nil && !errors.As(err, &hole) {
				t.Fatal(err)
			}
			if err == nil && !bytes.Contains(b, appendRecord(nil, pos, got)) {
				t.Fatalf("%d: a record that is not there", pos)
			}
		}
		if pos, err := l.Append(t.Context(), []byte("goes on")); err != nil || pos != found.Next {
			t.Fatalf("%d, %v", pos, err)
		}
	})
}
