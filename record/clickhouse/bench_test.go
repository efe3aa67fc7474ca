package clickhouse

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/shopspring/decimal"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/internal/backend"
	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/recordtest"
)

// BenchmarkInsert compares the sink with what one would write by hand: the same batches by the same driver, columnar, into a table of the
// plain types, compressed in the same way. That table keeps no text, and has no token. One op is a batch of one table, written by both.
func BenchmarkInsert(b *testing.B) {
	for name, variable := range protocols {
		for _, table := range []*record.Table{record.TradeTable, record.BidAskTable, record.BookTable, record.TickerTable} {
			sizes := []int{10_000}
			switch {
			case table == record.TradeTable:
				sizes = append(sizes, 50_000)
			case name == "http":
				continue // one table tells the protocols apart
			}
			for _, n := range sizes {
				b.Run(fmt.Sprint(name, "/", table.Name, "/", n), func(b *testing.B) {
					p := newPlace(b, backend.URL(b, variable))
					s := p.open()
					names := p.bare(table)
					recordtest.Race(b, n, []*record.Table{table},
						func(batch *record.Batch) error { return s.Write(b.Context(), batch) },
						func(batch *record.Batch) error { return byHand(b.Context(), p.conn, batch.Of(table), names) })
					p.sizes(b, strings.Trim(stored(table), "`"))
				})
			}
		}
	}
}

// bare makes a table of plain types, and returns the columns.
func (p *place) bare(t *record.Table) string {
	var columns, names []string
	add := func(name, kind string) {
		columns, names = append(columns, quote(name)+" "+kind), append(names, quote(name))
	}
	for _, c := range t.Columns {
		switch c.Kind {
		case record.Levels:
			add(c.Name+"_price", "Array(Decimal(38, 18)) CODEC(ZSTD)")
			add(c.Name+"_size", "Array(Decimal(38, 18)) CODEC(ZSTD)")
		default:
			add(c.Name, map[record.ColumnKind]string{record.Text: "String CODEC(ZSTD)", record.Name: "LowCardinality(String)", record.Number: "Nullable(Decimal(38, 18)) CODEC(ZSTD)",
				record.Moment: "DateTime64(9, 'UTC') CODEC(Delta, ZSTD)", record.Count: "Int64 CODEC(Delta, ZSTD)", record.Flag: "Bool"}[c.Kind])
		}
	}
	engine := "MergeTree PARTITION BY toDate(received) ORDER BY (venue, symbol, received)"
	if t.Key != "" {
		engine = "ReplacingMergeTree PARTITION BY toDate(time) ORDER BY (venue, symbol, " + quote(t.Key) + ")"
	}
	p.exec("CREATE TABLE bare (" + strings.Join(columns, ", ") + ") ENGINE = " + engine)
	return strings.Join(names, ", ")
}

func byHand(ctx context.Context, conn driver.Conn, r *record.Rows, names string) error {
	batch, err := conn.PrepareBatch(ctx, "INSERT INTO bare ("+names+")")
	if err != nil {
		return err
	}
	defer batch.Abort()
	at := 0
	put := func(values any) {
		if err == nil {
			err = batch.Column(at).Append(values)
		}
		at++
	}
	for i, c := range r.Table.Columns {
		v := &r.Columns[i]
		switch c.Kind {
		case record.Text, record.Name:
			put(v.Texts)
		case record.Count:
			put(v.Ints)
		case record.Flag:
			put(each(v.Ints, func(n int64) bool { return n != 0 }))
		case record.Moment:
			put(each(v.Ints, func(n int64) time.Time { return time.Unix(0, n) }))
		case record.Number:
			all := make([]*decimal.Decimal, len(v.Numbers))
			for i, d := range v.Numbers {
				if !d.Absent() {
					big := d.Big()
					all[i] = &big
				}
			}
			put(all)
		case record.Levels:
			put(each(v.Levels, func(side []exchange.Level) []decimal.Decimal {
				return each(side, func(l exchange.Level) decimal.Decimal { return l.Price.Big() })
			}))
			put(each(v.Levels, func(side []exchange.Level) []decimal.Decimal {
				return each(side, func(l exchange.Level) decimal.Decimal { return l.Size.Big() })
			}))
		}
	}
	if err != nil {
		return err
	}
	return batch.Send()
}

func each[A, B any](from []A, f func(A) B) []B {
	to := make([]B, len(from))
	for i, x := range from {
		to[i] = f(x)
	}
	return to
}

// sizes reports what a row takes on disk.
func (p *place) sizes(b *testing.B, table string) {
	for _, name := range []string{table, "bare"} {
		p.exec("OPTIMIZE TABLE " + name + " FINAL")
		per := p.lines("SELECT toString(sum(bytes_on_disk) / sum(rows)) FROM system.parts WHERE database = currentDatabase() AND active AND table = '" + name + "'")
		var n float64
		if _, err := fmt.Sscan(per[0], &n); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(n, name+"-B/row")
	}
}
