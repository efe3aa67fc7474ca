package wal

import (
	"errors"
	"fmt"
)

// Kinds of errors, for errors.Is.
var (
	ErrLocked   = errors.New("wal: another writer has the log open")
	ErrVersion  = errors.New("wal: another version of the format")
	ErrForeign  = errors.New("wal: no log")
	ErrCorrupt  = errors.New("wal: damaged")
	ErrDropped  = errors.New("wal: dropped, because the disk budget was used up")
	ErrBudget   = errors.New("wal: the disk budget is used up")
	ErrTooLarge = errors.New("wal: record too large")
	ErrAhead    = errors.New("wal: position beyond the log's end")
	ErrClosed   = errors.New("wal: log is closed")
	ErrOptions  = errors.New("wal: bad options")
	ErrUnsynced = errors.New("wal: accepted, and not on disk yet") // of Append, with Always: it waits in memory until the disk takes it, or Close says that it has not
)

// HoleError says that records cannot be had any more: those from From, inclusive, to To, exclusive. The
// reader goes on at To.
type HoleError struct {
	From, To uint64
	Kind     error // ErrDropped or ErrCorrupt
	Segment  string
}

// Error says which, where and why.
func (e *HoleError) Error() string {
	return fmt.Sprintf("%v: records %d to %d (%s)", e.Kind, e.From, e.To-1, e.Segment)
}

// Unwrap returns the kind.
func (e *HoleError) Unwrap() error { return e.Kind }
