package clickhouse

import (
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/depthwire/depthwire/record"
)

// insert is how rows of one table come in.
type insert struct {
	statement string
	columns   []clickhouse.ColumnNameAndType // HTTP needs not ask for them
	numbers   []int                          // which of the table's columns are

	// of one column at a time, made anew for the next
	texts []string
	times []time.Time
	flags []bool
	ints  []int64
	poses []uint64
	bytes []byte
	ends  []int
	every []int
}

func newInsert(t *record.Table) *insert {
	w := new(insert)
	add := func(name, kind string) {
		w.columns = append(w.columns, clickhouse.ColumnNameAndType{Name: name, Type: kind})
	}
	for _, c := range t.Columns {
		switch c.Kind {
		case record.Text:
			add(c.Name, "String")
		case record.Name, record.Number:
			add(in(c.Name), "String")
		case record.Moment:
			add(c.Name, "DateTime64(9, 'UTC')")
		case record.Count:
			add(c.Name, "Int64")
		case record.Flag:
			add(c.Name, "Bool")
		case record.Levels:
			add(in(c.Name+"_price"), "String")
			add(in(c.Name+"_size"), "String")
			add(c.Name+"_digits", "String")
			add(c.Name+"_texts", "String")
		}
	}
	add("in_log", "String")
	add("pos", "UInt64")
	if w.numbers = numbers(t); len(w.numbers) > 0 {
		add("digits", "String")
		add("texts", "String")
	}
	names := make([]string, len(w.columns))
	for i, c := range w.columns {
		names[i] = quote(c.Name)
	}
	w.statement = "INSERT INTO " + stored(t) + " (" + strings.Join(names, ", ") + ")"
	return w
}

// fill puts rows into a batch of the driver's, column by column: those of pick, or all where it is nil.
func (w *insert) fill(to driver.Batch, log string, r *record.Rows, pick []int) error {
	if pick == nil {
		pick = w.all(r.Len())
	}
	at := 0
	var err error
	put := func(values any) {
		if err == nil {
			err = to.Column(at).Append(values)
		}
		at++
	}
	for i, c := range r.Table.Columns {
		v := &r.Columns[i]
		switch c.Kind {
		case record.Text, record.Name:
			put(picked(&w.texts, v.Texts, pick))
		case record.Number:
			put(w.lines(pick, func(b []byte, row int) []byte { return v.Numbers[row].AppendTo(b) }))
		case record.Moment:
			w.times = w.times[:0]
			for _, row := range pick {
				w.times = append(w.times, time.Unix(0, v.Ints[row]))
			}
			put(w.times)
		case record.Count:
			put(picked(&w.ints, v.Ints, pick))
		case record.Flag:
			w.flags = w.flags[:0]
			for _, row := range pick {
				w.flags = append(w.flags, v.Ints[row] != 0)
			}
			put(w.flags)
		case record.Levels:
			put(w.lines(pick, func(b []byte, row int) []byte { return prices(b, v.Levels[row]) }))
			put(w.lines(pick, func(b []byte, row int) []byte { return sizes(b, v.Levels[row]) }))
			put(w.lines(pick, func(b []byte, row int) []byte { b, _ = digitsOf(b, v.Levels[row]); return b }))
			put(w.lines(pick, func(b []byte, row int) []byte { return textsOf(b, v.Levels[row]) }))
		}
	}
	w.texts = w.texts[:0]
	for range pick {
		w.texts = append(w.texts, log)
	}
	put(w.texts)
	put(picked(&w.poses, r.Pos, pick))
	if len(w.numbers) > 0 {
		put(w.lines(pick, func(b []byte, row int) []byte { b, _ = w.digits(b, r, row); return b }))
		put(w.lines(pick, func(b []byte, row int) []byte { return w.kept(b, r, row) }))
	}
	return err
}

// all is the places of n rows.
func (w *insert) all(n int) []int {
	for i := len(w.every); i < n; i++ {
		w.every = append(w.every, i)
	}
	return w.every[:n]
}

func picked[T any](scratch *[]T, from []T, pick []int) []T {
	*scratch = (*scratch)[:0]
	for _, row := range pick {
		*scratch = append(*scratch, from[row])
	}
	return *scratch
}

// lines makes a text of each row, all of them in one piece of memory.
func (w *insert) lines(pick []int, write func(b []byte, row int) []byte) []string {
	w.bytes, w.ends, w.texts = w.bytes[:0], w.ends[:0], w.texts[:0]
	for _, row := range pick {
		w.bytes = write(w.bytes, row)
		w.ends = append(w.ends, len(w.bytes))
	}
	whole, from := string(w.bytes), 0
	for _, end := range w.ends {
		w.texts = append(w.texts, whole[from:end])
		from = end
	}
	return w.texts
}
