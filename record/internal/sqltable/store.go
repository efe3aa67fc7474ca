package sqltable

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"syscall"
	"time"

	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/wal"
)

// Store is a record.Keeper and a record.Store in a database. Write and Cursor are for one goroutine, Read is for any.
type Store struct {
	d       *Dialect
	db      Pool      // of the one connection that writes
	read    Pool      // of those that read
	conn    *sql.Conn // nil: there is none, or nobody knows what state it is in
	writer  Writer
	epoch   int64
	markets map[market]int64 // nil: to be read
	numbers []int64          // scratch
}

type market struct{ venue, symbol string }

// Open takes the store over, and makes the schema where there is none. It owns both pools, also when it fails.
func Open(ctx context.Context, d *Dialect, db, read Pool) (*Store, error) {
	db.SetMaxOpenConns(1)
	read.SetMaxIdleConns(-1) // one that has waited may be dead
	s := &Store{d: d, db: db, read: read}
	err := s.transaction(ctx, s.prepare)
	if err != nil {
		return nil, errors.Join(s.failed(ctx, "open", err), s.Close())
	}
	return s, nil
}

// Close gives the connections back.
func (s *Store) Close() error {
	return errors.Join(s.drop(), s.db.Close(), s.read.Close())
}

// drop forgets the connection, and what is known through it.
func (s *Store) drop() (err error) {
	s.markets = nil
	if s.writer != nil {
		err = s.writer.Close()
		s.writer = nil
	}
	if s.conn != nil {
		_ = s.conn.Raw(func(any) error { return driver.ErrBadConn }) // so that the pool does not keep it
		if closed := s.conn.Close(); !errors.Is(closed, sql.ErrConnDone) {
			err = errors.Join(err, closed)
		}
		s.conn = nil
	}
	return err
}

// failed says what a failure was.
func (s *Store) failed(ctx context.Context, op string, err error) error {
	over := ctx.Err()
	if end, ok := ctx.Deadline(); ok && over == nil && !time.Now().Before(end) {
		over = context.DeadlineExceeded // the network was told, and was faster than the context
	}
	switch {
	case over != nil && !errors.Is(err, over):
		err = fmt.Errorf("%w: %w", over, err) // not every driver tells
	case errors.Is(err, record.ErrFenced) || errors.Is(err, record.ErrOverlap) || errors.Is(err, record.ErrRefused):
	case s.d.Refuses(err):
		err = fmt.Errorf("%w: %w", record.ErrRefused, err)
	case s.d.Full != nil && s.d.Full(err):
		err = fmt.Errorf("%w: %w", syscall.ENOSPC, err)
	}
	return fmt.Errorf("%s: %s: %w", s.d.Name, op, err)
}

// statements sees to it that there is a connection, and returns the context that statements run under. ended is called when they are over.
func (s *Store) statements(ctx context.Context) (calm context.Context, ended func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	calm = ctx
	if s.d.Calm {
		calm = context.WithoutCancel(ctx)
	}
	if err := s.connect(calm); err != nil {
		return nil, nil, err
	}
	over := s.db.guarded(ctx, s.conn)
	return calm, func() {
		if over() {
			_ = s.drop() // it was cut
		}
	}, nil
}

// guarded is Guard, where there is one.
func (p Pool) guarded(ctx context.Context, on *sql.Conn) (ended func() (cut bool)) {
	if p.Guard == nil {
		return func() bool { return false }
	}
	return p.Guard(ctx, on)
}

// connect sees to it that there is a connection.
func (s *Store) connect(ctx context.Context) (err error) {
	if s.epoch < 0 { // a Reader's
		return record.ErrFenced
	}
	if s.conn != nil {
		return nil
	}
	if s.conn, err = s.db.Conn(ctx); err == nil {
		s.writer, err = s.d.Start(ctx, s.conn)
	}
	if err != nil {
		_ = s.drop() // the cause is what counts
	}
	return err
}

// transaction does something wholly or not at all. What was there of a commit that failed, the cursor tells.
func (s *Store) transaction(ctx context.Context, do func(ctx context.Context) error) error {
	calm, ended, err := s.statements(ctx)
	if err != nil {
		return err
	}
	defer ended()
	_, err = s.conn.ExecContext(calm, s.d.Begin)
	if err == nil {
		err = do(calm)
	}
	if err == nil {
		_, err = s.conn.ExecContext(calm, "COMMIT")
	}
	if err == nil {
		return nil
	}
	s.markets = nil // some may have been of this transaction
	if _, undone := s.conn.ExecContext(calm, "ROLLBACK"); undone != nil {
		_ = s.drop() // nobody knows what it is up to; the cause is what counts
	}
	return err
}

// Cursor returns the position behind the last row that is stored of a log.
func (s *Store) Cursor(ctx context.Context, log wal.ID) (uint64, error) {
	at, err := s.cursor(ctx, log)
	if err != nil {
		return 0, s.failed(ctx, "cursor", err)
	}
	return at, nil
}

func (s *Store) cursor(ctx context.Context, log wal.ID) (uint64, error) {
	calm, ended, err := s.statements(ctx)
	if err != nil {
		return 0, err
	}
	defer ended()
	var epoch int64
	var at sql.NullInt64
	err = s.conn.QueryRowContext(calm, s.d.params("SELECT m.epoch, l."+s.d.name("cursor")+" FROM meta m LEFT JOIN log l ON l.id = ?"), log.String()).Scan(&epoch, &at)
	switch {
	case err != nil:
		_ = s.drop()
		return 0, err
	case epoch != s.epoch:
		return 0, record.ErrFenced
	}
	return uint64(at.Int64), nil
}

// Write stores a batch in one transaction. When ctx ends on the way nothing of it is stored.
func (s *Store) Write(ctx context.Context, b *record.Batch) error {
	err := s.transaction(ctx, func(calm context.Context) error { return s.write(ctx, calm, b) })
	switch {
	case errors.Is(err, errStored):
		return nil
	case err != nil:
		return s.failed(ctx, "write", err)
	}
	return nil
}

// errStored ends the transaction of a batch that is there already.
var errStored = errors.New("stored already")

func (s *Store) write(ctx, calm context.Context, b *record.Batch) error {
	var epoch int64
	if err := s.conn.QueryRowContext(calm, "SELECT epoch FROM meta"+s.d.Lock).Scan(&epoch); err != nil {
		return err
	}
	if epoch != s.epoch {
		return record.ErrFenced
	}
	number, at, err := s.log(calm, b.Log)
	switch {
	case err != nil:
		return err
	case b.To <= at:
		return errStored
	case b.From < at:
		return fmt.Errorf("%w: [%d, %d), cursor at %d", record.ErrOverlap, b.From, b.To, at)
	}
	for _, rows := range b.Tables {
		if s.numbers, err = s.number(calm, rows, s.numbers[:0]); err != nil {
			return err
		}
		if err := s.writer.Insert(ctx, calm, rows, At{number, s.numbers}); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	_, err = s.conn.ExecContext(calm, s.d.params("UPDATE log SET "+s.d.name("cursor")+" = ? WHERE number = ?"), int64(b.To), number)
	return err
}

// log returns the number of a log, given to it where it has none, and its cursor.
func (s *Store) log(ctx context.Context, id wal.ID) (number int64, at uint64, err error) {
	var cursor int64
	err = s.conn.QueryRowContext(ctx, s.d.params("SELECT number, "+s.d.name("cursor")+" FROM log WHERE id = ?"), id.String()).Scan(&number, &cursor)
	if !errors.Is(err, sql.ErrNoRows) {
		return number, uint64(cursor), err
	}
	if err = s.conn.QueryRowContext(ctx, "SELECT coalesce(max(number), 0) + 1 FROM log").Scan(&number); err != nil {
		return 0, 0, err
	}
	_, err = s.conn.ExecContext(ctx, s.d.params("INSERT INTO log (number, id, "+s.d.name("cursor")+") VALUES (?, ?, 0)"), number, id.String())
	return number, 0, err
}

// number appends those of the markets of rows. The lock on meta makes this the only one who gives them.
func (s *Store) number(ctx context.Context, rows *record.Rows, to []int64) ([]int64, error) {
	if s.markets == nil {
		all, err := s.readMarkets(ctx, s.conn)
		if err != nil {
			return nil, err
		}
		s.markets = make(map[market]int64, len(all))
		for _, m := range all {
			s.markets[m.market] = m.number
		}
	}
	venues, symbols := rows.Columns[record.VenueColumn].Texts, rows.Columns[record.SymbolColumn].Texts
	for i := range rows.Len() {
		m := market{venues[i], symbols[i]}
		n, ok := s.markets[m]
		if !ok {
			n = int64(len(s.markets)) + 1
			if _, err := s.conn.ExecContext(ctx, s.d.params("INSERT INTO market (number, venue, symbol) VALUES (?, ?, ?)"), n, s.d.text(m.venue), s.d.text(m.symbol)); err != nil {
				return nil, err
			}
			s.markets[m] = n
		}
		to = append(to, n)
	}
	return to, nil
}
