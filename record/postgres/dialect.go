package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/lib/pq"

	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/internal/sqltable"
)

// BookAt is the question for the best levels of a book at any nanosecond. Its parameters are venue, symbol, nanoseconds since 1970 and
// how many levels a side:
//
//	rows, err := db.Query(postgres.BookAt, "okx", "BTC/USDT", at.UnixNano(), 10)
//
// It answers with side ("bid" or "ask"), level from 1, price and size as text, best first, and with nothing while the book was not known.
// The book is that after the last row, by position, that was received at the instant or before it, in the log of the one that was received
// last. Where the clock was set back, rows up to an hour older than that count.
var BookAt = dialect.BookAt()

var types = map[record.ColumnKind]string{record.Text: "TEXT", record.Name: "TEXT", record.Number: "NUMERIC", record.Moment: "BIGINT",
	record.Count: "BIGINT", record.Flag: "SMALLINT", record.Levels: "JSON"}

var dialect = sqltable.Dialect{
	Name:   "postgres",
	Types:  types,
	Key:    "TEXT",
	Short:  "TEXT",
	Quote:  `"`,
	Begin:  "BEGIN",
	Lock:   " FOR UPDATE",
	Param:  func(n int) string { return fmt.Sprint("$", n) },
	Moment: `'epoch'::timestamptz + r."%[1]s" / 1000 * interval '1 microsecond' AS %[1]s_at`,
	Forms:  true,
	Encode: func(s string) (string, bool) {
		if utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 && !sqltable.Marked(s) {
			return "", false
		}
		return sqltable.Hex(s), true
	},
	Tables: "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p', 'v', 'm', 'f')",
	Enter:  "SELECT 1 FROM pg_advisory_xact_lock(hashtextextended('depthwire ' || current_schema(), 0))",
	Levels: `SELECT venue, symbol, time, received, seq, state, '%[1]s'::text AS side, l.n AS level, l.value ->> 0 AS price, l.value ->> 1 AS size, r.log, r.pos
		FROM books_row r JOIN market m ON m.number = r.market, json_array_elements(r.%[2]s) WITH ORDINALITY l (value, n)`,
	Cast: "BIGINT",
	Prices: sqltable.Prices{
		Sides:  `j.n, j.value ->> 0 AS price, j.value ->> 1 AS size FROM part p, json_array_elements(p.%s) WITH ORDINALITY j (value, n)`,
		Same:   `price::numeric`,
		Number: `price::numeric`,
		Full:   `size::numeric <> 0`,
	},
	Start:   func(_ context.Context, conn *sql.Conn) (sqltable.Writer, error) { return &writer{conn: conn}, nil },
	Refuses: refuses,
}

// refuses tells errors of the server that are about what it was given by their class: data exception, integrity constraint violation,
// program limit exceeded.
func refuses(err error) bool {
	e, ok := errors.AsType[*pq.Error](err)
	if !ok {
		return false
	}
	switch e.Code.Class() {
	case "22", "23", "54":
		return true
	}
	return false
}

// most is about how many bytes a statement carries: beyond it another one begins.
const most = 4 << 20

// writer inserts columns as arrays: one statement for many rows, without a table on the way as COPY needs it, and faster.
type writer struct {
	conn   *sql.Conn
	arrays []array
	forms  []byte
	text   []byte
}

// array is one as PostgreSQL reads it.
type array struct{ b []byte }

func (w *writer) Close() error { return nil }

func (w *writer) Insert(ctx, calm context.Context, rows *record.Rows, at sqltable.At) error {
	query := insert(rows.Table)
	for from := 0; from < rows.Len(); {
		till := w.fill(rows, at, from)
		args := make([]any, len(w.arrays))
		for i := range w.arrays {
			args[i] = w.arrays[i].text()
		}
		if _, err := w.conn.ExecContext(ctx, query, args...); err != nil {
			return err
		}
		from = till
	}
	return nil
}

// insert is the statement for a table.
func insert(t *record.Table) string {
	columns := []string{"$1::bigint[]", "$2::bigint[]", "$3::bigint[]"}
	for _, c := range t.Columns[record.TimeColumn:] {
		columns = append(columns, fmt.Sprintf("$%d::%s[]", len(columns)+1, types[c.Kind]))
	}
	if names := dialect.Columns(t); len(names) > len(columns) { // forms
		columns = append(columns, fmt.Sprintf("$%d::text[]", len(names)))
	}
	return dialect.Insert(t) + "SELECT * FROM unnest(" + strings.Join(columns, ", ") + ") ON CONFLICT DO NOTHING"
}

// fill makes the arrays of rows from from on, and returns where it has stopped.
func (w *writer) fill(rows *record.Rows, at sqltable.At, from int) (till int) {
	t := rows.Table
	n := len(dialect.Columns(t))
	for len(w.arrays) < n {
		w.arrays = append(w.arrays, array{})
	}
	w.arrays = w.arrays[:n]
	for i := range w.arrays {
		w.arrays[i].b = append(w.arrays[i].b[:0], '{')
	}
	hasForms := n > len(t.Columns)+1 // three for two, and forms
	for till, size := from, 0; ; {
		w.arrays[0].int(at.Markets[till])
		w.arrays[1].int(at.Log)
		w.arrays[2].int(int64(rows.Pos[till]))
		w.forms = w.forms[:0]
		size = 0
		for c := record.TimeColumn; c < len(t.Columns); c++ {
			w.value(&w.arrays[c+1], rows, c, till)
			size += len(w.arrays[c+1].b)
		}
		if hasForms {
			w.arrays[n-1].texts(w.forms)
		}
		if till++; till == rows.Len() || size > most {
			return till
		}
	}
}

func (w *writer) value(to *array, rows *record.Rows, c, i int) {
	v := &rows.Columns[c]
	switch rows.Table.Columns[c].Kind {
	case record.Text, record.Name:
		text := v.Texts[i]
		if other, ok := dialect.Encode(text); ok {
			text = other
		}
		w.text = append(w.text[:0], text...)
		to.texts(w.text)
	case record.Number:
		d := v.Numbers[i]
		if d.Absent() {
			to.null()
			return
		}
		w.text = d.AppendTo(w.text[:0])
		w.forms = sqltable.AppendForm(w.forms, rows.Table.Columns[c].Name, d, w.text)
		to.plain(w.text)
	case record.Levels:
		w.text = sqltable.AppendLevels(w.text[:0], v.Levels[i])
		to.texts(w.text)
	case record.Moment:
		if v.Ints[i] == 0 && c != record.ReceivedColumn {
			to.null()
			return
		}
		to.int(v.Ints[i])
	default:
		to.int(v.Ints[i])
	}
}
