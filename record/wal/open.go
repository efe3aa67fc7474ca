package wal

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// Recovery is what Open found.
type Recovery struct {
	Next    uint64 // position of the next record
	Records uint64 // in the last segment
	Cut     int64  // bytes cut off its end: records that were being written when the writer died
	Kept    string // the file that has them now; empty: they were zeros
	Damaged uint64 // records of the last segment that are lost among others that are not; a reader gets a HoleError
}

// Open opens the log of a directory, and makes both where there is nothing. What a crash has left half written
// at the end is cut off, kept in a file beside it, and reported. Errors: ErrLocked, ErrVersion, ErrForeign for a file that is named
// as a segment and is none, ErrCorrupt where segments do not fit together, ErrOptions, and those of the disk.
func Open(dir string, o Options) (*Log, Recovery, error) {
	o, err := o.filled()
	if err != nil {
		return nil, Recovery{}, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, Recovery{}, fmt.Errorf("wal: %w", err)
	}
	hold, err := lock(dir)
	if errors.Is(err, ErrLocked) {
		return nil, Recovery{}, err
	}
	if err != nil {
		return nil, Recovery{}, fmt.Errorf("wal: %w", err)
	}
	l := &Log{dir: dir, o: o, hold: hold, over: make(chan struct{}), moved: make(chan struct{}), freed: make(chan struct{})}
	found, err := l.recover()
	if err != nil {
		return nil, found, errors.Join(err, unlock(hold))
	}
	l.work.Go(l.keep)
	return l, found, nil
}

// View opens what there is of a log for reading alone, whether or not somebody writes it: records that are whole, up to the moment of View, and
// those that are not synced yet among them. Nothing is mended, made or held; Append is ErrClosed, and so is Next at the end. Errors are those of
// Open, but for ErrLocked.
func View(dir string) (*Log, error) {
	l := &Log{dir: dir, closed: true, finished: true, moved: make(chan struct{}), freed: make(chan struct{})}
	if _, err := l.find(); err != nil {
		return nil, err
	}
	if n := len(l.segments); n > 0 {
		last := &l.segments[n-1]
		b, err := os.ReadFile(filepath.Join(dir, segmentName(last.first)))
		if errors.Is(err, os.ErrNotExist) { // there are newer ones by now
			return View(dir)
		}
		if err != nil {
			return nil, fmt.Errorf("wal: %w", err)
		}
		var end int
		end, l.next, _ = survey(b, last.first)
		last.size = int64(end)
	}
	l.written, l.durable = l.next, l.next
	return l, nil
}

// find reads the headers of what is there. begun is the last file if not even its header was written.
func (l *Log) find() (begun string, err error) {
	paths, err := list(l.dir)
	if err != nil {
		return "", err
	}
	for i, path := range paths {
		h, size, err := peek(path)
		switch {
		case errors.Is(err, errBegun) && i == len(paths)-1:
			return path, nil
		case l.hold == nil && errors.Is(err, os.ErrNotExist): // who writes it has removed it since
			continue
		case err != nil:
			return "", err
		case len(l.segments) > 0 && h.id != l.id:
			return "", fmt.Errorf("%w: %s is of another log", ErrForeign, path)
		}
		l.id = h.id
		l.segments = append(l.segments, segment{h.first, size})
	}
	return "", nil
}

// recover reads what is there, and makes the last segment one that can be gone on with.
func (l *Log) recover() (Recovery, error) {
	var found Recovery
	l.id = newID()
	begun, err := l.find()
	if err == nil && begun != "" { // the writer died while it made it: nothing was in it
		if err = os.Remove(begun); err != nil {
			err = fmt.Errorf("wal: %w", err)
		}
	}
	if err != nil {
		return found, err
	}
	if len(l.segments) > 0 {
		if err := l.mend(&found); err != nil {
			return found, err
		}
	}
	for _, s := range l.segments {
		l.bytes += s.size
	}
	l.next, l.written, l.durable = found.Next, found.Next, found.Next
	l.fill = chunk{b: make([]byte, 0, l.o.Buffer), first: l.next, next: l.next}
	l.spare = make([]byte, 0, l.o.Buffer)
	return found, nil
}

// mend cuts a torn tail off the last segment.
func (l *Log) mend(found *Recovery) error {
	last := &l.segments[len(l.segments)-1]
	path := filepath.Join(l.dir, segmentName(last.first))
	b, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("wal: %w", err)
	}
	end, next, damaged := survey(b, last.first)
	found.Next, found.Damaged, found.Records = next, damaged, next-last.first-damaged
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("wal: %w", err)
	}
	if tail := b[end:]; len(tail) > 0 {
		found.Cut = int64(len(tail))
		if found.Kept, err = keepTail(path, int64(end), tail); err == nil {
			err = f.Truncate(int64(end))
		}
	}
	if err == nil {
		err = f.Sync() // what is read from now on must not vanish: the process before may not have synced it
	}
	if err != nil {
		return errors.Join(fmt.Errorf("wal: %w", err), f.Close())
	}
	last.size = int64(end)
	l.active = f
	return nil
}

// survey reads all records of a segment: where they end, the position behind the last, and how many are missing before.
func survey(b []byte, first uint64) (end int, next uint64, damaged uint64) {
	end, next = headerSize, first
	for end < len(b) {
		_, size, ok := parse(b[end:], next)
		if ok && size > 0 {
			end += size
			next++
			continue
		}
		skip, at, found := resume(b[end:], next, 4*len(b))
		if !found {
			break
		}
		end += skip
		damaged += at - next
		next = at
	}
	return end, next, damaged
}

// keepTail saves what is cut off, unless it is zeros: some file systems leave those.
func keepTail(path string, offset int64, tail []byte) (string, error) {
	if len(bytes.Trim(tail, "\x00")) == 0 {
		return "", nil
	}
	kept := fmt.Sprintf("%s.%d%s", path, offset, tornSuffix)
	return kept, os.WriteFile(kept, tail, 0o600)
}

// errBegun says that a file is a segment of which not even the header was written.
var errBegun = errors.New("wal: segment without a header")

// peek reads the header of a segment.
func peek(path string) (h head, size int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return h, 0, fmt.Errorf("wal: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return h, 0, fmt.Errorf("wal: %w", err)
	}
	b := make([]byte, min(info.Size(), headerSize))
	if _, err := f.ReadAt(b, 0); err != nil {
		return h, 0, fmt.Errorf("wal: %w", err)
	}
	h, short, err := readHead(b)
	if short || len(b) == headerSize && bytes.Equal(b, make([]byte, headerSize)) {
		return h, 0, errBegun
	}
	if err != nil {
		return h, 0, fmt.Errorf("%w: %s", err, path)
	}
	if first, _ := firstOf(path); first != h.first {
		return h, 0, fmt.Errorf("%w: %s begins with %d", ErrCorrupt, path, h.first)
	}
	return h, info.Size(), nil
}

// list returns the segments of a directory, the oldest first.
func list(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("wal: %w", err)
	}
	var paths []string
	for _, e := range entries {
		if _, ok := firstOf(e.Name()); ok {
			paths = append(paths, filepath.Join(dir, e.Name()))
		}
	}
	slices.SortFunc(paths, cmp.Compare)
	return paths, nil
}
