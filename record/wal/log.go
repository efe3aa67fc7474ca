package wal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Log is the one writer of a directory. Its methods may be called from any goroutine.
type Log struct {
	dir  string
	o    Options
	id   ID
	hold *os.File // the lock
	over chan struct{}
	work sync.WaitGroup

	io      sync.Mutex // held while files are written; taken before mu
	active  file       // of the last of segments; nil: the next chunk begins a new one
	pending chunk      // on its way into a file

	mu       sync.Mutex
	segments []segment // oldest first
	fill     chunk     // what is appended
	spare    []byte
	bytes    int64         // of all segments
	next     uint64        // position of the next record
	written  uint64        // records before it are in files
	durable  uint64        // and these are synced
	broken   error         // a sync has failed: nobody knows what the disk has
	closed   bool          // nothing is accepted any more
	finished bool          // Close has done what it could
	moved    chan struct{} // closed when readers can see more
	freed    chan struct{} // closed when a segment is gone
	stats    Stats
}

// segment is one file.
type segment struct {
	first uint64
	size  int64
}

// chunk is records as they stand in a file, those from first, inclusive, to next, exclusive.
type chunk struct {
	b           []byte
	first, next uint64
}

// Stats is what a log has and has done since it was opened.
type Stats struct {
	First, Next uint64 // positions: the oldest record that is there, and the one that comes
	Durable     uint64 // records before it are synced
	Bytes       int64  // of all segments
	Segments    int
	Syncs       uint64
	Dropped     uint64 // records that went because the budget was used up
	Err         error  // of the last write, nil when it went well
}

// Append accepts a record, of which it keeps nothing. It waits while the disk budget is used up, if the policy is Block,
// until ctx ends. With an error the record is not accepted, but for two of Always: ErrUnsynced, when it is, and ErrBroken, when nobody
// knows. An error of the disk comes again with each call until it is gone: what was accepted before waits in memory, a buffer or two of it.
func (l *Log) Append(ctx context.Context, record []byte) (pos uint64, err error) {
	if len(record) > MaxRecord {
		return 0, fmt.Errorf("%w: %d bytes, %d at the most", ErrTooLarge, len(record), MaxRecord)
	}
	l.mu.Lock()
	for len(l.fill.b) > 0 && len(l.fill.b)+frameSize+len(record) > l.o.Buffer {
		l.mu.Unlock()
		if err := l.room(ctx); err != nil {
			return 0, err
		}
		l.mu.Lock()
	}
	if err := l.usable(); err != nil {
		l.mu.Unlock()
		return 0, err
	}
	pos = l.next
	l.fill.b = appendRecord(l.fill.b, pos, record)
	l.next++
	l.fill.next = l.next
	l.mu.Unlock()
	if l.o.Sync == Always {
		if err := l.syncBeyond(ctx, pos); err != nil && !errors.Is(err, ErrBroken) {
			return pos, fmt.Errorf("%w: %w", ErrUnsynced, err)
		} else if err != nil {
			return pos, err
		}
	}
	return pos, nil
}

// ErrBroken is wrapped by all errors after a sync has failed: the system may have thrown away what it could not write, and
// says so once only. Open reads what is there.
var ErrBroken = errors.New("wal: a sync has failed: the log must be opened again")

func (l *Log) usable() error {
	switch {
	case l.broken != nil:
		return l.broken
	case l.closed:
		return ErrClosed
	}
	return nil
}

// room writes what is gathered, and waits for the budget where that is the policy.
func (l *Log) room(ctx context.Context) error {
	for {
		l.mu.Lock()
		freed, err := l.freed, l.usable()
		l.mu.Unlock()
		if err != nil {
			return err
		}
		if err = l.flush(); !errors.Is(err, ErrBudget) {
			return err
		}
		select {
		case <-freed:
		case <-l.over:
			return ErrClosed
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ErrBudget, ctx.Err())
		}
	}
}

// Sync makes all that Append has accepted safe from the death of the machine.
func (l *Log) Sync() error {
	l.mu.Lock()
	next := l.next
	l.mu.Unlock()
	return l.sync(next)
}

// syncBeyond is Sync for the one record of an Append: one sync serves all that wait for one.
func (l *Log) syncBeyond(ctx context.Context, pos uint64) error {
	for {
		l.mu.Lock()
		freed := l.freed
		l.mu.Unlock()
		err := l.sync(pos + 1)
		if !errors.Is(err, ErrBudget) {
			return err
		}
		select {
		case <-freed:
		case <-l.over:
			return ErrClosed
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ErrBudget, ctx.Err())
		}
	}
}

func (l *Log) sync(next uint64) error {
	l.io.Lock()
	defer l.io.Unlock()
	for { // what is pending first, then what has been filled meanwhile
		l.mu.Lock()
		durable, written, err := l.durable, l.written, l.broken
		l.mu.Unlock()
		switch {
		case err != nil:
			return err
		case durable >= next:
			return nil
		case written >= next:
			return l.commit()
		}
		if err := l.write(); err != nil {
			if durable < written { // the disk is full: what it has is for readers all the same
				err = errors.Join(err, l.commit())
			}
			return err
		}
	}
}

// commit syncs the active file. The caller holds io.
func (l *Log) commit() error {
	var err error
	if l.active != nil {
		err = l.active.Sync()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		l.broken = fmt.Errorf("%w: %w", ErrBroken, err)
		l.stats.Err = l.broken
		l.wake()
		return l.broken
	}
	l.stats.Syncs++
	if l.durable != l.written {
		l.durable = l.written
		l.wake()
	}
	return nil
}

// wake lets readers look again. The caller holds mu.
func (l *Log) wake() {
	close(l.moved)
	l.moved = make(chan struct{})
}

// keep writes what is gathered, and syncs it, in good time.
func (l *Log) keep() {
	tick := time.NewTicker(l.o.Every)
	defer tick.Stop()
	for {
		select {
		case <-l.over:
			return
		case <-tick.C:
		}
		act := l.Sync
		if l.o.Sync == Never {
			act = l.flush
		}
		if err := act(); err != nil {
			l.complain(err)
		}
	}
}

// complain logs an error when it is another one than before.
func (l *Log) complain(err error) {
	l.mu.Lock()
	same := l.stats.Err != nil && l.stats.Err.Error() == err.Error()
	l.stats.Err = err
	l.mu.Unlock()
	if !same {
		l.o.Log.Error("log cannot be written", "dir", l.dir, "why", err)
	}
}

// Release says that nobody needs the records before cursor: segments that have no others are removed.
func (l *Log) Release(cursor uint64) error {
	if l.hold == nil { // a View
		return ErrClosed
	}
	l.io.Lock()
	defer l.io.Unlock()
	for {
		l.mu.Lock()
		gone := len(l.segments) > 1 && l.segments[1].first <= cursor
		l.mu.Unlock()
		if !gone {
			return nil
		}
		if err := l.remove(); err != nil {
			return err
		}
	}
}

// remove takes the oldest segment away. The caller holds io, and has seen that there is another.
func (l *Log) remove() error {
	l.mu.Lock()
	oldest := l.segments[0]
	l.mu.Unlock()
	err := os.Remove(filepath.Join(l.dir, segmentName(oldest.first)))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("wal: %w", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.segments = l.segments[1:]
	l.bytes -= oldest.size
	close(l.freed)
	l.freed = make(chan struct{})
	return nil
}

// ID is the identity of the log.
func (l *Log) ID() ID { return l.id }

// Stats returns a snapshot.
func (l *Log) Stats() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.stats
	s.Next, s.Durable, s.Bytes, s.Segments = l.next, l.durable, l.bytes, len(l.segments)
	if s.First = l.next; len(l.segments) > 0 {
		s.First = l.segments[0].first
	}
	return s
}

// Close writes and syncs all that was accepted, and gives the directory back. Its error says what could not be written.
// Readers get what is there, then ErrClosed.
func (l *Log) Close() error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return nil
	}
	l.closed = true
	l.mu.Unlock()
	close(l.over)
	l.work.Wait()
	err := l.Sync()
	l.io.Lock()
	defer l.io.Unlock()
	if l.active != nil {
		err = errors.Join(err, l.active.Close())
		l.active = nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.finished = true
	if left := l.next - l.written; err != nil && left > 0 {
		err = fmt.Errorf("wal: %d records not written: %w", left, err)
	}
	l.wake()
	return errors.Join(err, unlock(l.hold))
}
