package clickhouse

import (
	"fmt"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/column"

	"github.com/depthwire/depthwire/record"
)

// insert is how rows of one table come in.
type insert struct {
	table     *record.Table
	statement string
	columns   []clickhouse.ColumnNameAndType // as the server tells them; HTTP needs not ask
	numbers   []int                          // which of the table's columns are
	cells     []cells
	order     order
	door      door
}

func newInsert(t *record.Table) *insert {
	w := &insert{table: t, numbers: numbers(t)}
	add := func(name, kind string) {
		w.columns = append(w.columns, clickhouse.ColumnNameAndType{Name: name, Type: kind})
	}
	for _, c := range t.Columns {
		add(c.Name, kinds[c.Kind])
		if c.Kind == record.Levels {
			add(c.Name+"_digits", "String")
			add(c.Name+"_texts", "String")
		}
	}
	add("log", kinds[record.Name])
	add("pos", "UInt64")
	if len(w.numbers) > 0 {
		add("digits", "String")
		add("texts", "String")
	}
	names := make([]string, len(w.columns))
	for i, c := range w.columns {
		names[i] = quote(c.Name)
	}
	w.statement = "INSERT INTO " + stored(t) + " (" + strings.Join(names, ", ") + ")"
	w.cells = make([]cells, len(w.columns))
	return w
}

// fill makes the cells of rows: of those of pick, or of all where it is nil.
func (w *insert) fill(log string, r *record.Rows, pick []int) {
	pick = w.order.put(r, pick)
	at := 0
	next := func() *cells {
		at++
		return w.cells[at-1].empty(len(pick))
	}
	for i, c := range w.table.Columns {
		v := &r.Columns[i]
		switch c.Kind {
		case record.Text:
			next().copied(pick, v.Texts)
		case record.Name:
			next().names(pick, func(row int) string { return v.Texts[row] })
		case record.Number:
			next().numbers(pick, v.Numbers)
		case record.Moment, record.Count:
			next().ints(pick, v.Ints)
		case record.Flag:
			next().flags(pick, v.Ints)
		case record.Levels:
			next().levels(pick, v.Levels)
			next().lines(pick, func(b []byte, row int) []byte { b, _ = digitsOf(b, v.Levels[row]); return b })
			next().lines(pick, func(b []byte, row int) []byte { return textsOf(b, v.Levels[row]) })
		}
	}
	next().names(pick, func(int) string { return log })
	next().positions(pick, r.Pos)
	if len(w.numbers) > 0 {
		next().lines(pick, func(b []byte, row int) []byte { b, _ = w.digits(b, r, row); return b })
		next().lines(pick, func(b []byte, row int) []byte { return w.kept(b, r, row) })
	}
}

// give puts the cells into a batch of the driver's.
func (w *insert) give(to []column.Interface) error {
	for i, c := range w.columns {
		if i >= len(to) || to[i].Name() != c.Name || spaceless(string(to[i].Type())) != spaceless(c.Type) {
			return fmt.Errorf("%w: column %s of table %s is not of type %s", record.ErrSchema, c.Name, stored(w.table), c.Type)
		}
		if err := w.door.give(&w.cells[i], to[i]); err != nil {
			return fmt.Errorf("column %s: %w", c.Name, err)
		}
	}
	return nil
}

// spaceless is a type as one server or the other writes it.
func spaceless(kind string) string { return strings.Join(strings.Fields(kind), "") }
