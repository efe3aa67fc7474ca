package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/internal/sqltable"
	"github.com/depthwire/depthwire/record/wal"
)

// Version is the schema that this package writes.
const Version = sqltable.Version

// Options of a Sink. The zero value is for everyday use.
type Options struct {
	// Synchronous is OFF, NORMAL, FULL or EXTRA, as SQLite defines them. Empty: NORMAL.
	Synchronous string
	// Busy is how long a write waits for another process that writes. 0: 5 s.
	Busy time.Duration

	begun func(*sql.Conn) // for tests: is given each connection that writes
}

// Sink writes batches into one SQLite file. It is a record.Keeper and a record.Store.
type Sink struct{ s *sqltable.Store }

// Open opens the file, or makes it, and takes it over: a Sink that had it open before
// gets record.ErrFenced. A file that is not a recording of this version is a record.ErrSchema.
// The context bounds Open.
func Open(ctx context.Context, path string, o Options) (*Sink, error) {
	if o.Busy <= 0 {
		o.Busy = 5 * time.Second
	}
	switch o.Synchronous = strings.ToUpper(o.Synchronous); o.Synchronous {
	case "":
		o.Synchronous = "NORMAL"
	case "OFF", "NORMAL", "FULL", "EXTRA":
	default:
		return nil, fmt.Errorf("sqlite: Synchronous is %q; there are OFF, NORMAL, FULL, EXTRA", o.Synchronous)
	}
	db, err := sql.Open(Driver, address(path))
	if err != nil {
		return nil, fmt.Errorf("sqlite: %s: %w", path, err)
	}
	read, err := sql.Open(Driver, address(path)+readers)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("sqlite: %s: %w", path, err), db.Close())
	}
	s, err := sqltable.Open(ctx, dialect(o), sqltable.Pool{DB: db}, sqltable.Pool{DB: read})
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, path)
	}
	return &Sink{s}, nil
}

// address makes a URI of a path: of a bare path SQLite's drivers would cut off
// what follows a question mark.
func address(path string) string {
	parts := strings.Split(path, "/")
	for i := range parts {
		parts[i] = url.PathEscape(parts[i])
	}
	return "file:" + strings.Join(parts, "/")
}

// Write stores a batch in one transaction. When ctx ends on the way nothing of it is
// stored. Trades that are there already, by venue, symbol and id, are left out. On a full disk the error is a syscall.ENOSPC as well,
// nothing of the batch is stored, and it may come again.
func (s *Sink) Write(ctx context.Context, b *record.Batch) error { return s.s.Write(ctx, b) }

// Cursor returns the position behind the last row that is stored of a log.
func (s *Sink) Cursor(ctx context.Context, log wal.ID) (uint64, error) { return s.s.Cursor(ctx, log) }

// Read calls fn with rows, as record.Store has it. It may be called from any goroutine, also while Write is at work, and sees whole batches.
func (s *Sink) Read(ctx context.Context, t *record.Table, from, to time.Time, columns []string, fn func(*record.Rows) error) error {
	return s.s.Read(ctx, t, from, to, columns, fn)
}

// Close closes the file. What was written is in it, and the log beside it is gone.
func (s *Sink) Close() error { return s.s.Close() }
