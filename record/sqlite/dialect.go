package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/internal/sqltable"
)

// BookAt is the question for the best levels of a book at any nanosecond. Its parameters are venue, symbol, nanoseconds since 1970 and
// how many levels a side:
//
//	rows, err := db.Query(sqlite.BookAt, "okx", "BTC/USDT", at.UnixNano(), 10)
//
// It answers with side ("bid" or "ask"), level from 1, price and size, best first, and with nothing while the book was not known.
// The book is that after the last row, by position, that was received at the instant or before it, in the log of the one that was received
// last. Where the clock was set back, rows up to an hour older than that count.
var BookAt = (&sqltable.Dialect{Param: param, Prices: prices, Cast: "INTEGER"}).BookAt()

func param(n int) string { return fmt.Sprint("?", n) }

// What of a number is left without the zeros that do not count. Up to 15 digits REAL tells all numbers apart, however they are written;
// longer ones are told apart by their text.
const bare = `CASE WHEN price LIKE '%e%' OR price NOT LIKE '%.%' THEN price ELSE rtrim(rtrim(price, '0'), '.') END`

var prices = sqltable.Prices{
	Sides:  `j.key AS n, j.value ->> 0 AS price, j.value ->> 1 AS size FROM part p, json_each(p.%s) j`,
	Same:   `CASE WHEN length(ltrim(` + bare + `, '-0.')) <= 15 THEN printf('%.15g', CAST(price AS REAL)) ELSE ` + bare + ` END`,
	Number: `CAST(price AS REAL)`,
	Full:   `CAST(size AS REAL) <> 0`,
}

const levels = `SELECT venue, symbol, time, received, seq, state, '%[1]s' AS side, l.key + 1 AS level,
	l.value ->> 0 AS price, l.value ->> 1 AS size,
	CAST(l.value ->> 0 AS REAL) AS price_real, CAST(l.value ->> 1 AS REAL) AS size_real, r.log, r.pos
	FROM books_row r JOIN market m ON m.number = r.market, json_each(r.%[2]s) l`

func dialect(o Options) *sqltable.Dialect {
	return &sqltable.Dialect{
		Name: "sqlite",
		Types: map[record.ColumnKind]string{record.Text: "TEXT", record.Name: "TEXT", record.Number: "TEXT", record.Moment: "INTEGER",
			record.Count: "INTEGER", record.Flag: "INTEGER", record.Levels: "TEXT"},
		Key:     "TEXT",
		Short:   "TEXT",
		Quote:   `"`,
		Suffix:  " STRICT",
		Begin:   "BEGIN IMMEDIATE",
		Param:   param,
		Extra:   "CAST(r.%[1]s AS REAL) AS %[1]s_real",
		Tables:  "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')",
		Whole:   true,
		Levels:  levels,
		Start:   func(ctx context.Context, conn *sql.Conn) (sqltable.Writer, error) { return start(ctx, conn, o) },
		Refuses: refuses,
		Full:    func(err error) bool { return code(err) == full },
		Calm:    true, // the drivers would start a goroutine for every statement to watch its context
	}
}

// full is the number of SQLite's error that the disk is, or the file as large as it may be.
const full = 13

// Numbers of SQLite's errors that are about what it was given.
const (
	tooBig     = 18
	constraint = 19
	mismatch   = 20
)

func refuses(err error) bool {
	switch code(err) {
	case tooBig, constraint, mismatch:
		return true
	}
	return false
}

// writer has a prepared INSERT for each table.
type writer struct {
	conn    *sql.Conn
	inserts map[*record.Table]*sql.Stmt
	args    []any
	text    []byte
}

// shape is what the names of columns need.
var shape = sqltable.Dialect{Quote: `"`}

func start(ctx context.Context, conn *sql.Conn, o Options) (sqltable.Writer, error) {
	for _, pragma := range []string{
		fmt.Sprint("busy_timeout = ", o.Busy.Milliseconds()),
		"journal_mode = WAL",
		"synchronous = " + o.Synchronous,
	} {
		if _, err := conn.ExecContext(ctx, "PRAGMA "+pragma); err != nil {
			return nil, err
		}
	}
	if o.begun != nil {
		o.begun(conn)
	}
	return &writer{conn: conn, inserts: make(map[*record.Table]*sql.Stmt)}, nil
}

func (w *writer) Close() error {
	var errs []error
	for _, insert := range w.inserts {
		errs = append(errs, insert.Close())
	}
	return errors.Join(errs...)
}

// insert returns the statement for rows of a table. It is prepared when it is needed first: the table is there by then.
func (w *writer) insert(ctx context.Context, t *record.Table) (*sql.Stmt, error) {
	if stmt := w.inserts[t]; stmt != nil {
		return stmt, nil
	}
	marks := strings.TrimSuffix(strings.Repeat("?, ", len(shape.Columns(t))), ", ")
	stmt, err := w.conn.PrepareContext(ctx, shape.Insert(t)+"VALUES ("+marks+") ON CONFLICT DO NOTHING")
	if err == nil {
		w.inserts[t] = stmt
	}
	return stmt, err
}

func (w *writer) Insert(ctx, calm context.Context, rows *record.Rows, at sqltable.At) error {
	insert, err := w.insert(calm, rows.Table)
	if err != nil {
		return err
	}
	for i := range rows.Len() {
		if err := ctx.Err(); err != nil {
			return err
		}
		w.args = append(w.args[:0], at.Markets[i], at.Log, int64(rows.Pos[i]))
		for c := record.TimeColumn; c < len(rows.Columns); c++ {
			w.args = append(w.args, w.value(rows, c, i))
		}
		if _, err := insert.ExecContext(calm, w.args...); err != nil {
			return err
		}
	}
	return nil
}

// value is what a column of a row is for the driver: nil where it is absent.
func (w *writer) value(rows *record.Rows, c, i int) any {
	v := &rows.Columns[c]
	switch rows.Table.Columns[c].Kind {
	case record.Text, record.Name:
		if v.Texts[i] != "" {
			return v.Texts[i]
		}
	case record.Number:
		if d := v.Numbers[i]; !d.Absent() {
			return d.String()
		}
	case record.Levels:
		w.text = sqltable.AppendLevels(w.text[:0], v.Levels[i])
		return string(w.text)
	case record.Moment:
		if v.Ints[i] != 0 || c == record.ReceivedColumn {
			return v.Ints[i]
		}
	default:
		return v.Ints[i]
	}
	return nil
}
