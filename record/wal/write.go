package wal

import (
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// flush writes what is gathered into a file.
func (l *Log) flush() error {
	l.io.Lock()
	defer l.io.Unlock()
	err := l.write()
	if err == nil && l.o.Sync == Never {
		l.mu.Lock()
		l.wake()
		l.mu.Unlock()
	}
	return err
}

// write brings the pending chunk into the active file: it is what a write before could not bring there, or else what has
// been filled since. The caller holds io.
func (l *Log) write() error {
	l.mu.Lock()
	if err := l.broken; err != nil {
		l.mu.Unlock()
		return err
	}
	if len(l.pending.b) == 0 && len(l.fill.b) > 0 {
		l.pending = l.fill
		l.fill = chunk{b: l.spare[:0], first: l.next, next: l.next}
		l.spare = nil
	}
	l.mu.Unlock()
	if len(l.pending.b) == 0 {
		return nil
	}
	if err := l.place(); err != nil {
		return err
	}
	l.mu.Lock()
	at := &l.segments[len(l.segments)-1]
	offset := at.size
	l.mu.Unlock()
	if _, err := l.active.WriteAt(l.pending.b, offset); err != nil {
		_ = l.active.Truncate(offset) // half a record would be cut off at the next Open as well
		return fmt.Errorf("wal: %w", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	at = &l.segments[len(l.segments)-1]
	at.size += int64(len(l.pending.b))
	l.bytes += int64(len(l.pending.b))
	l.written = l.pending.next
	if cap(l.pending.b) <= l.o.Buffer+frameSize { // one that was made for a giant is not kept
		l.spare = l.pending.b[:0]
	}
	l.pending = chunk{}
	l.stats.Err = nil
	return nil
}

// place has an active file with room for the pending chunk.
func (l *Log) place() error {
	l.mu.Lock()
	last := segment{}
	if n := len(l.segments); n > 0 {
		last = l.segments[n-1]
	}
	l.mu.Unlock()
	size := int64(len(l.pending.b))
	if err := l.afford(size + headerSize); err != nil {
		return err
	}
	if l.active != nil && (last.size == headerSize || last.size+size <= l.o.Segment) {
		return nil
	}
	return l.begin(l.pending.first)
}

// afford makes room in the budget.
func (l *Log) afford(size int64) error {
	for l.o.Budget > 0 {
		l.mu.Lock()
		over, others, next := l.bytes+size > l.o.Budget, len(l.segments) > 1, uint64(0)
		first := uint64(0)
		if others {
			first, next = l.segments[0].first, l.segments[1].first
		}
		l.mu.Unlock()
		switch {
		case !over, !others: // a giant goes in, and the next one waits
			return nil
		case l.o.Full == Block:
			return fmt.Errorf("%w: %d bytes", ErrBudget, l.o.Budget)
		}
		if err := l.remove(); err != nil {
			return err
		}
		l.mu.Lock()
		l.stats.Dropped += next - first
		l.mu.Unlock()
		l.o.Log.Warn("log: disk budget used up, oldest records dropped", "dir", l.dir, "from", first, "to", next)
	}
	return nil
}

// begin makes a new segment the active one, when the one before is safe.
func (l *Log) begin(first uint64) error {
	if l.active != nil {
		if l.o.Sync != Never {
			if err := l.commit(); err != nil {
				return err
			}
		}
		err := l.active.Close()
		l.active = nil
		if err != nil {
			return fmt.Errorf("wal: %w", err)
		}
	}
	path := filepath.Join(l.dir, segmentName(first))
	f, err := l.o.create(path)
	if err != nil {
		return fmt.Errorf("wal: %w", err)
	}
	h := head{first: first, id: l.id, created: time.Now()}
	if _, err = f.WriteAt(h.bytes(), 0); err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = syncDir(l.dir)
	}
	if err != nil {
		f.Close()
		os.Remove(path)
		return fmt.Errorf("wal: %w", err)
	}
	l.active = f
	l.mu.Lock()
	defer l.mu.Unlock()
	l.segments = append(l.segments, segment{first, headerSize})
	l.bytes += headerSize
	return nil
}

// syncDir makes the names of new files safe.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
