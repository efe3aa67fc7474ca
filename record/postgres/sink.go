package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/lib/pq"

	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/internal/sqltable"
	"github.com/depthwire/depthwire/record/wal"
)

// Version is the schema that this package writes.
const Version = sqltable.Version

// Sink writes batches into a schema of a PostgreSQL database. It is a record.Keeper and a record.Store.
type Sink struct{ s *sqltable.Store }

// ErrAddress is the kind of an address that Open does not understand.
var ErrAddress = errors.New("postgres: not an address")

// Open connects, makes the tables if there are none, and takes them over: a Sink that had them before gets record.ErrFenced. The tables
// are in the first schema of the search_path; where there are others of the same names, and those of another version, it is record.ErrSchema.
//
// The address has a form of lib/pq: postgres://user:password@host:port/name?sslmode=… or user=… host=… dbname=…. Errors do not repeat it.
// The context bounds Open.
func Open(ctx context.Context, address string) (*Sink, error) {
	write, err := pool(address)
	if err != nil {
		return nil, err
	}
	read, err := pool(address)
	if err != nil {
		return nil, errors.Join(err, write.Close())
	}
	s, err := sqltable.Open(ctx, &dialect, write, read)
	if err != nil {
		return nil, err
	}
	return &Sink{s}, nil
}

func pool(address string) (sqltable.Pool, error) {
	if rest, ok := strings.CutPrefix(address, "postgres://"); ok && pairs(rest) {
		address = rest
	}
	driver, err := pq.NewConnector(address)
	if err != nil {
		return sqltable.Pool{}, fmt.Errorf("%w: want postgres://user:password@host:port/name?sslmode=… or user=… host=… dbname=…", ErrAddress) // the cause quotes it
	}
	driver.Dialer(network{})
	c := &connector{Connector: driver, wires: make(wires)}
	return sqltable.Pool{DB: sql.OpenDB(c), Guard: c.guard}, nil
}

// pairs reports whether an address is of the form key=value key=value.
func pairs(s string) bool {
	i := strings.IndexAny(s, "=@/?")
	return i >= 0 && s[i] == '='
}

// Write stores a batch in one transaction. When ctx ends on the way nothing of it is stored. Trades that are there already, by
// venue, symbol and id, are left out.
func (s *Sink) Write(ctx context.Context, b *record.Batch) error { return s.s.Write(ctx, b) }

// Cursor returns the position behind the last row that is stored of a log.
func (s *Sink) Cursor(ctx context.Context, log wal.ID) (uint64, error) { return s.s.Cursor(ctx, log) }

// Read calls fn with rows, as record.Store has it. It may be called from any goroutine, also while Write is at work.
func (s *Sink) Read(ctx context.Context, t *record.Table, from, to time.Time, columns []string, fn func(*record.Rows) error) error {
	return s.s.Read(ctx, t, from, to, columns, fn)
}

// Close closes the connections.
func (s *Sink) Close() error { return s.s.Close() }
