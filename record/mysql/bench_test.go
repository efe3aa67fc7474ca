package mysql

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

// BenchmarkSink compares the sink with a bare loop of inserts of a thousand rows over the same driver, into the same schema.
func BenchmarkSink(b *testing.B) {
	for _, t := range []*record.Table{record.TradeTable, record.BookTable, record.TickerTable, record.BidAskTable, record.FrameTable} {
		b.Run(t.Name, func(b *testing.B) {
			s := open(b, place(b))
			by := newLoop(b, t)
			recordtest.Race(b, 10_000, []*record.Table{t}, func(batch *record.Batch) error { return s.Write(b.Context(), batch) }, by.write)
		})
	}
}

// loop is what one would write by hand: a transaction a batch, a prepared statement for a thousand rows.
type loop struct {
	db      *sql.DB
	t       *record.Table
	insert  *sql.Stmt
	markets map[[2]string]int
}

const atOnce = 1000

func newLoop(b *testing.B, t *record.Table) *loop {
	address := place(b)
	open(b, address) // for its schema
	db := connect(b, address)
	db.SetMaxOpenConns(1)
	marks := "(" + strings.TrimSuffix(strings.Repeat("?,", len(dialect.Columns(t))), ",") + "),"
	insert, err := db.Prepare(dialect.Insert(t) + "VALUES " + strings.TrimSuffix(strings.Repeat(marks, atOnce), ",") + " ON DUPLICATE KEY UPDATE pos = pos")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { insert.Close() })
	return &loop{db, t, insert, make(map[[2]string]int)}
}

func (x *loop) write(b *record.Batch) error {
	ctx := context.Background()
	tx, err := x.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	insert := tx.StmtContext(ctx, x.insert)
	rows := b.Tables[0]
	var args []any
	for i := range rows.Len() {
		key := [2]string{rows.Columns[0].Texts[i], rows.Columns[1].Texts[i]}
		if x.markets[key] == 0 {
			x.markets[key] = len(x.markets) + 1
		}
		args = append(args, x.markets[key], 1, int64(rows.Pos[i]))
		for c := record.TimeColumn; c < len(rows.Columns); c++ {
			args = append(args, bareValue(rows, c, i))
		}
		if (i+1)%atOnce == 0 {
			if _, err := insert.ExecContext(ctx, args...); err != nil {
				return err
			}
			args = args[:0]
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
			if _, err := db.Exec(fmt.Sprintf("ANALYZE TABLE %s_row", t.Name)); err != nil {
				b.Fatal(err)
			}
			var size, n float64
			if err := db.QueryRow(fmt.Sprintf("SELECT (SELECT file_size FROM information_schema.innodb_sys_tablespaces WHERE name = CONCAT(DATABASE(), '/%s_row')), (SELECT count(*) FROM %[1]s_row)", t.Name)).Scan(&size, &n); err != nil {
				b.Skip(err) // the view has another name in MySQL
			}
			b.ReportMetric(size/n, "B/row")
		})
	}
}
