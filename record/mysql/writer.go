package mysql

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"

	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/internal/sqltable"
)

// most is about how many bytes a statement has: beyond it another one begins.
const most = 1 << 20

// writer inserts many rows with a statement that has their values in it: parameters are limited to 65,535, and LOAD DATA to servers that allow it.
type writer struct {
	conn   *sql.Conn
	packet int // what the server takes at once
	b      []byte
}

func (w *writer) Close() error { return nil }

func (w *writer) Insert(ctx, calm context.Context, rows *record.Rows, at sqltable.At) error {
	t := rows.Table
	begin, end := dialect.Insert(t)+"VALUES ", ""
	if t.Key != "" {
		end = " ON DUPLICATE KEY UPDATE pos = pos" // as it was; IGNORE would forgive all errors
	}
	for i := 0; i < rows.Len(); {
		w.b = append(w.b[:0], begin...)
		for first := i; i < rows.Len() && (i == first || len(w.b) < most); i++ {
			if i > first {
				w.b = append(w.b, ',')
			}
			w.row(rows, at, i)
		}
		w.b = append(w.b, end...)
		if len(w.b) >= w.packet {
			return fmt.Errorf("%w: %d bytes, the server takes %d", record.ErrRefused, len(w.b), w.packet)
		}
		if _, err := w.conn.ExecContext(ctx, string(w.b)); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) row(rows *record.Rows, at sqltable.At, i int) {
	w.b = append(w.b, '(')
	w.b = strconv.AppendInt(w.b, at.Markets[i], 10)
	w.b = append(w.b, ',')
	w.b = strconv.AppendInt(w.b, at.Log, 10)
	w.b = append(w.b, ',')
	w.b = strconv.AppendUint(w.b, rows.Pos[i], 10)
	for c := record.TimeColumn; c < len(rows.Columns); c++ {
		w.b = append(w.b, ',')
		w.value(rows, c, i)
	}
	w.b = append(w.b, ')')
}

func (w *writer) value(rows *record.Rows, c, i int) {
	v := &rows.Columns[c]
	switch rows.Table.Columns[c].Kind {
	case record.Text, record.Name:
		text := v.Texts[i]
		if other, ok := dialect.Encode(text); ok {
			text = other
		}
		w.quote(text)
	case record.Number:
		if v.Numbers[i].Absent() {
			w.null()
			return
		}
		w.b = append(w.b, '\'')
		w.b = v.Numbers[i].AppendTo(w.b)
		w.b = append(w.b, '\'')
	case record.Levels:
		w.b = append(w.b, '\'')
		w.b = sqltable.AppendLevels(w.b, v.Levels[i])
		w.b = append(w.b, '\'')
	case record.Moment:
		if v.Ints[i] == 0 && c != record.ReceivedColumn {
			w.null()
			return
		}
		w.b = strconv.AppendInt(w.b, v.Ints[i], 10)
	default:
		w.b = strconv.AppendInt(w.b, v.Ints[i], 10)
	}
}

func (w *writer) null() { w.b = append(w.b, "NULL"...) }

// quote appends a text, NULL where there is none.
func (w *writer) quote(text string) {
	if text == "" {
		w.null()
		return
	}
	w.b = append(w.b, '\'')
	for i := range len(text) {
		switch c := text[i]; c {
		case 0:
			w.b = append(w.b, '\\', '0')
		case '\'', '\\':
			w.b = append(w.b, '\\', c)
		default:
			w.b = append(w.b, c)
		}
	}
	w.b = append(w.b, '\'')
}
