package postgres

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/internal/sqltable"
	"github.com/depthwire/depthwire/record/recordtest"
)

// BenchmarkSink compares the sink with a bare loop of COPY over the same driver, into the same schema.
func BenchmarkSink(b *testing.B) {
	for _, t := range []*record.Table{record.TradeTable, record.BookTable, record.TickerTable, record.BidAskTable, record.FrameTable} {
		b.Run(t.Name, func(b *testing.B) {
			s := open(b, place(b))
			by := newLoop(b, t)
			recordtest.Race(b, 10_000, []*record.Table{t}, func(batch *record.Batch) error { return s.Write(b.Context(), batch) }, by.write)
		})
	}
}

// loop is what one would write by hand: COPY, and for what has a key into a table on the way.
type loop struct {
	db      *sql.DB
	t       *record.Table
	markets map[[2]string]int
}

func newLoop(b *testing.B, t *record.Table) *loop {
	address := place(b)
	open(b, address) // for its schema
	db := connect(b, address)
	db.SetMaxOpenConns(1)
	if _, err := db.Exec(fmt.Sprintf("CREATE TEMP TABLE stage (LIKE %s_row)", t.Name)); err != nil {
		b.Fatal(err)
	}
	return &loop{db, t, make(map[[2]string]int)}
}

func (x *loop) write(b *record.Batch) error {
	ctx := context.Background()
	tx, err := x.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	into := x.t.Name + "_row"
	if x.t.Key != "" {
		into = "stage"
	}
	var names []string
	for _, n := range dialect.Columns(x.t) {
		if n = strings.Trim(n, `"`); n != "forms" {
			names = append(names, n)
		}
	}
	insert, err := tx.PrepareContext(ctx, copyIn(into, names))
	if err != nil {
		return err
	}
	rows := b.Tables[0]
	for i := range rows.Len() {
		key := [2]string{rows.Columns[0].Texts[i], rows.Columns[1].Texts[i]}
		if x.markets[key] == 0 {
			x.markets[key] = len(x.markets) + 1
		}
		args := []any{x.markets[key], 1, int64(rows.Pos[i])}
		for c := record.TimeColumn; c < len(rows.Columns); c++ {
			args = append(args, bareValue(rows, c, i))
		}
		if _, err := insert.ExecContext(ctx, args...); err != nil {
			return err
		}
	}
	if _, err := insert.ExecContext(ctx); err != nil {
		return err
	}
	if err := insert.Close(); err != nil {
		return err
	}
	if into == "stage" {
		for _, text := range []string{"INSERT INTO " + x.t.Name + "_row SELECT * FROM stage ON CONFLICT DO NOTHING", "TRUNCATE stage"} {
			if _, err := tx.ExecContext(ctx, text); err != nil {
				return err
			}
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
	address := place(b)
	s, db := open(b, address), connect(b, address)
	rows := uint64(0)
	for _, t := range record.Tables {
		b.Run(t.Name, func(b *testing.B) {
			m := recordtest.NewMaker(rows + 1)
			m.Plain = true
			for b.Loop() {
				batch := m.Batch(recordtest.Log(1), rows, 10_000, t)
				rows = batch.To
				if err := s.Write(b.Context(), batch); err != nil {
					b.Fatal(err)
				}
			}
			var size, n float64
			if err := db.QueryRow(fmt.Sprintf("SELECT pg_total_relation_size('%s_row'), (SELECT count(*) FROM %[1]s_row)", t.Name)).Scan(&size, &n); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(size/n, "B/row")
		})
	}
}
