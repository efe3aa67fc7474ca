package wal

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

// Reader reads a log in order. It is used by one goroutine at a time, holds one file open, and may be left behind at
// any time by Close.
type Reader struct {
	l    *Log
	pos  uint64 // of the next record
	edge uint64 // records before it can be read, as far as is known

	file   *os.File // nil: none is open
	path   string
	offset int64  // in the file, of buf[w]
	first  uint64 // position of the segment
	buf    []byte
	r, w   int // buf[r:w] is read and not yet parsed
}

// Reader returns a reader that begins at a position.
func (l *Log) Reader(from uint64) *Reader { return &Reader{l: l, pos: from} }

// readLeast is what is asked of a file at once.
const readLeast = 64 << 10

// Next returns the next record and its position. It waits until there is one that is safe on disk, or, with the policy Never,
// written. The bytes are valid until the next call. A *HoleError says which records cannot be had, and the next call
// goes on behind them. ErrClosed comes when the log is closed and all is read, ErrAhead when the reader was begun beyond the
// end of the log: of another log, then, or of one that was lost.
func (r *Reader) Next(ctx context.Context) (pos uint64, record []byte, err error) {
	for {
		if r.pos >= r.edge {
			if err := r.wait(ctx); err != nil {
				return r.pos, nil, err
			}
		}
		if r.file == nil {
			if err := r.open(); err != nil {
				return r.pos, nil, err
			}
			if r.file == nil { // the segment was removed just now, or what is wanted lies behind it
				continue
			}
		}
		record, size, ok := parse(r.buf[r.r:r.w], r.pos)
		switch {
		case ok && size > 0:
			r.r += size
			r.pos++
			return r.pos - 1, record, nil
		case ok:
			more, err := r.fill()
			if err != nil {
				return r.pos, nil, err
			}
			if more || r.ended() {
				continue
			}
		}
		if err := r.damage(); err != nil {
			return r.pos, nil, err
		}
	}
}

// wait waits until there is something to read.
func (r *Reader) wait(ctx context.Context) error {
	for {
		l := r.l
		l.mu.Lock()
		edge, next, moved, finished, broken := l.durable, l.next, l.moved, l.finished, l.broken
		if l.o.Sync == Never {
			edge = l.written
		}
		l.mu.Unlock()
		switch {
		case r.pos < edge:
			r.edge = edge
			return nil
		case r.pos > next:
			return fmt.Errorf("%w: %d, and the next record will be %d", ErrAhead, r.pos, next)
		case broken != nil:
			return broken
		case finished:
			return ErrClosed
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// open opens the segment that has the next record.
func (r *Reader) open() error {
	l := r.l
	l.mu.Lock()
	i := len(l.segments) - 1
	for i > 0 && l.segments[i].first > r.pos {
		i--
	}
	first := l.segments[i].first
	l.mu.Unlock()
	if first > r.pos {
		return r.hole(first, ErrDropped)
	}
	r.path = filepath.Join(l.dir, segmentName(first))
	f, err := os.Open(r.path)
	if errors.Is(err, os.ErrNotExist) && l.removed(first) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("wal: %w", err)
	}
	r.file, r.first, r.offset, r.r, r.w = f, first, headerSize, 0, 0
	if want := r.pos; want > first {
		return r.seek(first, want)
	}
	return nil
}

// removed reports whether a segment whose file is gone was removed by who writes the log. Of a View it is taken off, too.
func (l *Log) removed(first uint64) bool {
	l.io.Lock() // a removal that is under way comes to its end
	defer l.io.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.hold == nil && len(l.segments) > 1 && l.segments[0].first == first {
		l.segments = l.segments[1:]
	}
	return l.segments[0].first > first
}

// seek reads over the records from first to want. Damage among them is the matter of who had to read them.
func (r *Reader) seek(first, want uint64) error {
	for r.pos = first; r.pos < want; {
		_, size, ok := parse(r.buf[r.r:r.w], r.pos)
		switch {
		case ok && size > 0:
			r.r += size
			r.pos++
			continue
		case ok:
			more, err := r.fill()
			if err != nil {
				r.pos = want
				return err
			}
			if more {
				continue
			}
		}
		err := r.damage()
		if r.pos > want && err != nil {
			var hole *HoleError
			if errors.As(err, &hole) {
				hole.From = want
			}
			return err
		}
		if r.file == nil { // the rest of the segment is lost, and what is wanted lies behind it
			r.pos = max(r.pos, want)
			return nil
		}
	}
	return nil
}

// fill reads more of the file; more is false at its end.
func (r *Reader) fill() (more bool, err error) {
	if r.r > 0 {
		r.w = copy(r.buf, r.buf[r.r:r.w])
		r.r = 0
	}
	if r.w == len(r.buf) {
		bigger := make([]byte, max(readLeast, 2*len(r.buf)))
		copy(bigger, r.buf[:r.w])
		r.buf = bigger
	}
	n, err := r.file.ReadAt(r.buf[r.w:], r.offset)
	r.w += n
	r.offset += int64(n)
	if err != nil && err != io.EOF {
		return false, fmt.Errorf("wal: %w", err)
	}
	return n > 0, nil
}

// ended goes on with the next segment where this one is read to its end.
func (r *Reader) ended() bool {
	if r.r < r.w {
		return false
	}
	l := r.l
	l.mu.Lock()
	i, _ := slices.BinarySearchFunc(l.segments, r.pos, func(s segment, pos uint64) int { return cmp.Compare(s.first, pos) })
	begins := i < len(l.segments) && l.segments[i].first == r.pos && r.pos > r.first
	dropped := l.segments[0].first > r.first // this one, and perhaps those behind it
	l.mu.Unlock()
	if begins || dropped {
		r.leave()
	}
	return begins || dropped
}

// damage goes on behind what is no record: at the next one of the segment, or at the next segment.
func (r *Reader) damage() error {
	for {
		more, err := r.fill()
		if err != nil {
			return err
		}
		if !more || r.w-r.r > 2*(MaxRecord+frameSize) {
			break
		}
	}
	if skip, at, ok := resume(r.buf[r.r:r.w], r.pos, 4*len(r.buf)); ok && at <= r.edge {
		r.r += skip
		return r.hole(at, ErrCorrupt)
	}
	to := r.edge
	l := r.l
	l.mu.Lock()
	for _, s := range l.segments {
		if s.first > r.pos {
			to = min(to, s.first)
			break
		}
	}
	l.mu.Unlock()
	err := r.hole(to, ErrCorrupt)
	r.leave()
	return err
}

// hole says what cannot be had, and goes on behind it.
func (r *Reader) hole(to uint64, why error) error {
	e := &HoleError{From: r.pos, To: to, Kind: why, Segment: filepath.Base(r.path)}
	r.pos = to
	return e
}

func (r *Reader) leave() {
	if r.file != nil {
		r.file.Close()
		r.file = nil
	}
	if len(r.buf) > 4*readLeast { // it has grown for a giant
		r.buf = nil
	}
	r.r, r.w = 0, 0
}

// Close gives back what the reader holds.
func (r *Reader) Close() error {
	r.leave()
	return nil
}
