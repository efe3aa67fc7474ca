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
)

// Options of a Sink. The zero value is for everyday use.
type Options struct {
	// Synchronous is OFF, NORMAL, FULL or EXTRA, as SQLite defines them. Empty: NORMAL.
	Synchronous string
	// Busy is how long a write waits for another process that writes. 0: 5 s.
	Busy time.Duration
}

// Sink writes batches into one SQLite file. It implements record.Sink.
type Sink struct {
	db      *sql.DB
	conn    *sql.Conn // the only one: transactions and statements are bound to it
	epoch   int64
	cursor  uint64
	unsure  bool // the last Write failed: the cursor must be read again
	stmts   [len(inserts)]*sql.Stmt
	markets map[market]int64
	text    []byte // scratch
}

type market struct{ venue, symbol string }

// Open opens the file, or makes it, and takes it over: a Sink that had it open before
// gets record.ErrFenced. A file that is not a recording of this version is a SchemaError.
// The context bounds Open.
func Open(ctx context.Context, path string, o Options) (s *Sink, err error) {
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
	db.SetMaxOpenConns(1)
	s = &Sink{db: db, markets: make(map[market]int64)}
	if err := s.open(ctx, path, o); err != nil {
		return nil, errors.Join(fmt.Errorf("sqlite: open %s: %w", path, err), s.Close())
	}
	return s, nil
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

func (s *Sink) open(ctx context.Context, path string, o Options) (err error) {
	if s.conn, err = s.db.Conn(ctx); err != nil {
		return err
	}
	for _, pragma := range []string{
		fmt.Sprint("busy_timeout = ", o.Busy.Milliseconds()),
		"journal_mode = WAL",
		"synchronous = " + o.Synchronous,
	} {
		if _, err := s.conn.ExecContext(ctx, "PRAGMA "+pragma); err != nil {
			return err
		}
	}
	err = s.inTransaction(ctx, func(ctx context.Context) (err error) {
		s.epoch, err = prepare(ctx, s.conn, path)
		return err
	})
	if err != nil {
		return err
	}
	for i, text := range inserts {
		if s.stmts[i], err = s.conn.PrepareContext(ctx, text); err != nil {
			return err
		}
	}
	_, err = s.Cursor(ctx)
	return err
}

// inTransaction does something wholly or not at all. What it does runs under a context that
// cannot end: the drivers would start a goroutine for every statement to
// watch it.
func (s *Sink) inTransaction(ctx context.Context, do func(ctx context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	calm := context.WithoutCancel(ctx)
	if _, err := s.conn.ExecContext(calm, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	err := do(calm)
	if err == nil {
		if _, err = s.conn.ExecContext(calm, "COMMIT"); err == nil {
			return nil
		}
	}
	// After some failures SQLite has rolled back by itself: this is to be sure.
	_, _ = s.conn.ExecContext(calm, "ROLLBACK")
	return err
}

// Cursor returns the position behind the last row that is stored.
func (s *Sink) Cursor(ctx context.Context) (uint64, error) {
	var at int64
	err := s.conn.QueryRowContext(ctx, `SELECT cursor FROM meta WHERE epoch = ?`, s.epoch).Scan(&at)
	if errors.Is(err, sql.ErrNoRows) {
		err = record.ErrFenced
	}
	if err != nil {
		return 0, fmt.Errorf("sqlite: cursor: %w", err)
	}
	s.cursor, s.unsure = uint64(at), false
	return s.cursor, nil
}

// Write stores a batch in one transaction. When ctx ends on the way nothing of it is
// stored. Trades that are there already, by venue, symbol and id, are left out.
func (s *Sink) Write(ctx context.Context, b *record.Batch) error {
	if s.unsure { // a commit may have failed, or only its answer
		if _, err := s.Cursor(ctx); err != nil {
			return err
		}
	}
	switch {
	case b.To <= s.cursor:
		return nil
	case b.From < s.cursor:
		return fmt.Errorf("%w: [%d, %d), cursor at %d", record.ErrOverlap, b.From, b.To, s.cursor)
	}
	err := s.inTransaction(ctx, func(calm context.Context) error {
		if err := s.rows(ctx, calm, b); err != nil {
			return err
		}
		return s.move(calm, b.To)
	})
	if err != nil {
		clear(s.markets) // some may have been of this transaction
		s.unsure = true
		return fmt.Errorf("sqlite: write: %w", err)
	}
	s.cursor = b.To
	return nil
}

func (s *Sink) move(ctx context.Context, to uint64) error {
	r, err := s.stmts[moveCursor].ExecContext(ctx, int64(to), s.epoch)
	if err != nil {
		return err
	}
	if n, err := r.RowsAffected(); err != nil || n != 1 {
		return errors.Join(record.ErrFenced, err)
	}
	return nil
}

// Close closes the file. What was written is in it, and the log beside it is gone.
func (s *Sink) Close() error {
	var errs []error
	for _, stmt := range s.stmts {
		if stmt != nil {
			errs = append(errs, stmt.Close())
		}
	}
	if s.conn != nil {
		if err := s.conn.Close(); !errors.Is(err, sql.ErrConnDone) {
			errs = append(errs, err)
		}
	}
	return errors.Join(append(errs, s.db.Close())...)
}
