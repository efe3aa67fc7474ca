package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/internal/sqltable"
	"github.com/depthwire/depthwire/record/recordtest"
)

// BenchmarkSink compares the sink with a bare loop over the same driver, file settings and schema.
func BenchmarkSink(b *testing.B) {
	for _, t := range []*record.Table{record.TradeTable, record.BookTable, record.TickerTable, record.BidAskTable, record.FrameTable} {
		b.Run(t.Name, func(b *testing.B) {
			s, err := Open(b.Context(), filepath.Join(b.TempDir(), "ticks.db"), Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			by := newLoop(b, t)
			recordtest.Race(b, 10_000, []*record.Table{t}, func(batch *record.Batch) error { return s.Write(b.Context(), batch) }, by.write)
		})
	}
}

// loop is what one would write by hand: a transaction a batch, one prepared statement, the values as they are.
type loop struct {
	conn    *sql.Conn
	insert  *sql.Stmt
	markets map[[2]string]int
}

func newLoop(b *testing.B, t *record.Table) *loop {
	path := filepath.Join(b.TempDir(), "bare.db")
	s, err := Open(b.Context(), path, Options{}) // for its schema
	if err != nil {
		b.Fatal(err)
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	db, err := sql.Open(Driver, address(path))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1)
	conn, err := db.Conn(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { conn.Close() })
	for _, text := range []string{"PRAGMA journal_mode = WAL", "PRAGMA synchronous = NORMAL"} {
		if _, err := conn.ExecContext(b.Context(), text); err != nil {
			b.Fatal(err)
		}
	}
	marks := "?, ?, ?"
	for range t.Columns[record.TimeColumn:] {
		marks += ", ?"
	}
	insert, err := conn.PrepareContext(b.Context(), fmt.Sprintf("INSERT INTO %s_row VALUES (%s) ON CONFLICT DO NOTHING", t.Name, marks))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { insert.Close() })
	return &loop{conn, insert, make(map[[2]string]int)}
}

func (x *loop) write(b *record.Batch) error {
	ctx := context.Background()
	tx, err := x.conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	insert := tx.StmtContext(ctx, x.insert)
	rows := b.Tables[0]
	for i := range rows.Len() {
		key := [2]string{rows.Columns[0].Texts[i], rows.Columns[1].Texts[i]}
		if x.markets[key] == 0 {
			x.markets[key] = len(x.markets) + 1
		}
		args := []any{x.markets[key], 1, rows.Pos[i]}
		for c := record.TimeColumn; c < len(rows.Columns); c++ {
			args = append(args, bareValue(rows, c, i))
		}
		if _, err := insert.ExecContext(ctx, args...); err != nil {
			return err
		}
	}
	return tx.Commit()
}

func bareValue(rows *record.Rows, c, i int) any {
	v := &rows.Columns[c]
	switch {
	case len(v.Texts) > 0 && v.Texts[i] == "":
		return nil
	case len(v.Texts) > 0:
		return v.Texts[i]
	case len(v.Numbers) > 0 && v.Numbers[i].Absent():
		return nil
	case len(v.Numbers) > 0:
		return v.Numbers[i].String()
	case len(v.Levels) > 0:
		return string(sqltable.AppendLevels(nil, v.Levels[i]))
	}
	return v.Ints[i]
}

// BenchmarkRowSize measures what rows of plain markets take on disk. One op is 10,000 rows.
func BenchmarkRowSize(b *testing.B) {
	for _, t := range record.Tables {
		b.Run(t.Name, func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "ticks.db")
			s, err := Open(b.Context(), path, Options{})
			if err != nil {
				b.Fatal(err)
			}
			m := recordtest.NewMaker(1)
			m.Plain = true
			rows := uint64(0)
			for b.Loop() {
				batch := m.Batch(recordtest.Log(1), rows, 10_000, t)
				rows = batch.To
				if err := s.Write(b.Context(), batch); err != nil {
					b.Fatal(err)
				}
			}
			if err := s.Close(); err != nil {
				b.Fatal(err)
			}
			info, err := os.Stat(path)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(info.Size())/float64(rows), "B/row")
		})
	}
}
