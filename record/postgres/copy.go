package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/lib/pq"

	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/internal/sqltable"
)

// most is about how many bytes go to the driver at once.
const most = 60 << 10

// writer inserts rows by COPY; those that have a key into a table of the session, and from there what is new. COPY takes twice as many rows
// a second as an INSERT from arrays, which spares the table on the way.
type writer struct {
	conn  *sql.Conn
	names []string // of the columns in hand
	lines []byte   // of COPY
	forms []byte
}

func (w *writer) Close() error { return nil }

func (w *writer) Insert(ctx, calm context.Context, rows *record.Rows, at sqltable.At) error {
	t := rows.Table
	w.names = dialect.Columns(t)
	for i, n := range w.names {
		w.names[i] = strings.Trim(n, dialect.Quote)
	}
	if t.Key == "" {
		return w.copy(ctx, t.Name+"_row", rows, at)
	}
	stage := t.Name + "_stage"
	if _, err := w.conn.ExecContext(ctx, fmt.Sprintf("CREATE TEMP TABLE IF NOT EXISTS %s (LIKE %s_row) ON COMMIT DELETE ROWS", stage, t.Name)); err != nil {
		return err
	}
	if err := w.copy(ctx, stage, rows, at); err != nil {
		return err
	}
	_, err := w.conn.ExecContext(ctx, fmt.Sprintf("INSERT INTO %s_row SELECT * FROM %s ON CONFLICT DO NOTHING", t.Name, stage))
	return err
}

// lines is COPY of the driver as it takes lines; through database/sql it takes each value by itself.
type lines interface {
	driver.Stmt
	CopyData(ctx context.Context, line string) (driver.Result, error)
}

var errDriver = errors.New("not the driver that was asked for")

// copyIn is the statement by which the driver takes rows as lines.
func copyIn(into string, columns []string) string {
	quoted := make([]string, len(columns))
	for i, c := range columns {
		quoted[i] = pq.QuoteIdentifier(c)
	}
	return "COPY " + pq.QuoteIdentifier(into) + " (" + strings.Join(quoted, ", ") + ") FROM STDIN"
}

func (w *writer) copy(ctx context.Context, into string, rows *record.Rows, at sqltable.At) error {
	return w.conn.Raw(func(conn any) error {
		c, ok := conn.(driver.Conn)
		if !ok {
			return errDriver
		}
		stmt, err := c.Prepare(copyIn(into, w.names))
		if err != nil {
			return err
		}
		to, ok := stmt.(lines)
		if !ok {
			return errors.Join(errDriver, stmt.Close())
		}
		if err := w.send(ctx, to, rows, at); err != nil {
			return errors.Join(err, to.Close())
		}
		_, err = to.Exec(nil) // it waits for the server's word
		return err
	})
}

func (w *writer) send(ctx context.Context, to lines, rows *record.Rows, at sqltable.At) error {
	for i := 0; i < rows.Len(); {
		w.lines = w.lines[:0]
		for ; i < rows.Len() && len(w.lines) < most; i++ {
			w.row(rows, at, i)
		}
		if _, err := to.CopyData(ctx, string(w.lines[:len(w.lines)-1])); err != nil { // the driver ends the last line
			return err
		}
	}
	return nil
}

func (w *writer) row(rows *record.Rows, at sqltable.At, i int) {
	w.forms = w.forms[:0]
	w.lines = strconv.AppendInt(w.lines, at.Markets[i], 10)
	w.lines = append(w.lines, '\t')
	w.lines = strconv.AppendInt(w.lines, at.Log, 10)
	w.lines = append(w.lines, '\t')
	w.lines = strconv.AppendUint(w.lines, rows.Pos[i], 10)
	for c := record.TimeColumn; c < len(rows.Columns); c++ {
		w.lines = append(w.lines, '\t')
		w.value(rows, c, i)
	}
	if len(w.names) > len(rows.Columns)+1 { // three for two, and forms
		w.lines = append(w.lines, '\t')
		w.escape(string(w.forms))
	}
	w.lines = append(w.lines, '\n')
}

func (w *writer) value(rows *record.Rows, c, i int) {
	v := &rows.Columns[c]
	switch rows.Table.Columns[c].Kind {
	case record.Text, record.Name:
		text := v.Texts[i]
		if other, ok := dialect.Encode(text); ok {
			text = other
		}
		w.escape(text)
	case record.Number:
		d := v.Numbers[i]
		if d.Absent() {
			w.null()
			return
		}
		at := len(w.lines)
		w.lines = d.AppendTo(w.lines)
		w.forms = sqltable.AppendForm(w.forms, rows.Table.Columns[c].Name, d, w.lines[at:])
	case record.Levels:
		w.lines = sqltable.AppendLevels(w.lines, v.Levels[i])
	case record.Moment:
		if v.Ints[i] == 0 && c != record.ReceivedColumn {
			w.null()
			return
		}
		w.lines = strconv.AppendInt(w.lines, v.Ints[i], 10)
	default:
		w.lines = strconv.AppendInt(w.lines, v.Ints[i], 10)
	}
}

func (w *writer) null() { w.lines = append(w.lines, `\N`...) }

// escape appends a text as COPY has it, NULL where there is none.
func (w *writer) escape(text string) {
	if text == "" {
		w.null()
		return
	}
	for i := range len(text) {
		switch c := text[i]; c {
		case '\\':
			w.lines = append(w.lines, `\\`...)
		case '\n':
			w.lines = append(w.lines, `\n`...)
		case '\r':
			w.lines = append(w.lines, `\r`...)
		case '\t':
			w.lines = append(w.lines, `\t`...)
		default:
			w.lines = append(w.lines, c)
		}
	}
}
