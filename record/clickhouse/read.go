package clickhouse

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/wal"
)

const some = 4096 // rows that fn gets at a time

// Read implements record.Store. Of rows with one key it gives the one that was stored first.
func (s *Sink) Read(ctx context.Context, t *record.Table, from, to time.Time, columns []string, fn func(*record.Rows) error) error {
	r := &reading{table: t, fn: fn}
	if err := r.choose(columns); err != nil {
		return err
	}
	final := ""
	if t.Key != "" {
		final = " FINAL"
	}
	rows, err := s.conn.Query(clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"max_bytes_before_external_sort": 512 << 20})),
		fmt.Sprintf("SELECT %s FROM %s%s WHERE received >= %s AND received < %s ORDER BY venue, symbol, log, pos",
			strings.Join(r.wanted, ", "), stored(t), final, moment(nanos(from)), moment(nanos(to))))
	if err != nil {
		return s.fail(ctx, "read "+t.Name, err)
	}
	defer rows.Close()
	r.rows = record.NewRows(t)
	for rows.Next() {
		if err := rows.Scan(r.into...); err != nil {
			return s.fail(ctx, "read "+t.Name, err)
		}
		if r.log != r.from || r.rows.Len() == some {
			if err := r.give(); err != nil {
				return err
			}
		}
		if err := r.add(); err != nil {
			return fmt.Errorf("clickhouse: read %s: %w", t.Name, err)
		}
	}
	if err := rows.Err(); err != nil {
		return s.fail(ctx, "read "+t.Name, err)
	}
	return r.give()
}

// moment is a constant of the type of Moment.
func moment(nanoseconds int64) string {
	return fmt.Sprintf("fromUnixTimestamp64Nano(toInt64('%d'), 'UTC')", nanoseconds)
}

// nanos is the nearest that a Moment can be.
func nanos(t time.Time) int64 {
	switch {
	case t.Before(time.Unix(0, math.MinInt64)):
		return math.MinInt64
	case t.After(time.Unix(0, math.MaxInt64)):
		return math.MaxInt64
	}
	return t.UnixNano()
}

// reading is one call of Read.
type reading struct {
	table  *record.Table
	rows   *record.Rows
	fn     func(*record.Rows) error
	wanted []string // expressions
	into   []any    // where the driver puts them: log, pos and cells
	from   string   // the log of rows
	log    string
	pos    uint64
	cells  []*cell
}

// cell is one value of the row at hand.
type cell struct {
	at     int // of the column
	text   string
	number int64
}

func (r *reading) choose(columns []string) error {
	r.wanted, r.into = []string{"toString(log)", "pos"}, []any{&r.log, &r.pos}
	if len(columns) == 0 {
		for _, c := range r.table.Columns {
			columns = append(columns, c.Name)
		}
	}
	for _, name := range columns {
		at := r.table.Column(name)
		if at < 0 {
			return fmt.Errorf("clickhouse: read: %s has no column %s", r.table.Name, name)
		}
		if !slices.ContainsFunc(r.cells, func(c *cell) bool { return c.at == at }) {
			r.column(at)
		}
	}
	return nil
}

func (r *reading) column(at int) {
	c := &cell{at: at}
	r.cells = append(r.cells, c)
	column := r.table.Columns[at]
	name := quote(column.Name)
	want := func(expression string, into any) {
		r.wanted, r.into = append(r.wanted, expression), append(r.into, into)
	}
	switch column.Kind {
	case record.Text:
		want(name, &c.text)
	case record.Name:
		want("toString("+name+")", &c.text)
	case record.Number, record.Levels:
		want(quote(column.Name+"_text"), &c.text)
	case record.Moment:
		want("toUnixTimestamp64Nano("+name+")", &c.number)
	case record.Count, record.Flag:
		want("toInt64("+name+")", &c.number)
	}
}

// add puts the row at hand to the others, which are of the same log.
func (r *reading) add() (err error) {
	if r.from = r.log; r.rows.Len() == 0 {
		if r.rows.Log, err = wal.ParseID(r.log); err != nil {
			return fmt.Errorf("%w: %w", record.ErrSchema, err)
		}
	}
	r.rows.Pos = append(r.rows.Pos, r.pos)
	for _, c := range r.cells {
		v := &r.rows.Columns[c.at]
		switch r.table.Columns[c.at].Kind {
		case record.Text, record.Name:
			v.Texts = append(v.Texts, c.text)
		case record.Number:
			d, err := number(c.text)
			if err != nil {
				return err
			}
			v.Numbers = append(v.Numbers, d)
		case record.Moment, record.Count, record.Flag:
			v.Ints = append(v.Ints, c.number)
		case record.Levels:
			side, err := side(c.text)
			if err != nil {
				return err
			}
			v.Levels = append(v.Levels, side)
		}
	}
	return nil
}

func (r *reading) give() error {
	if r.rows.Len() == 0 {
		return nil
	}
	rows := r.rows
	r.rows = record.NewRows(r.table)
	return r.fn(rows)
}

func number(text string) (d decimal.Decimal, err error) {
	err = d.UnmarshalText([]byte(text))
	return d, err
}

// side makes levels of all prices and then all sizes, with a space behind each.
func side(text string) ([]exchange.Level, error) {
	if text == "" {
		return nil, nil
	}
	all := strings.Split(text[:len(text)-1], " ")
	levels := make([]exchange.Level, len(all)/2)
	for i := range levels {
		var err error
		if levels[i].Price, err = number(all[i]); err != nil {
			return nil, err
		}
		if levels[i].Size, err = number(all[len(levels)+i]); err != nil {
			return nil, err
		}
	}
	return levels, nil
}
