package record

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/record/wal"
)

// Batch is a range of a log: the rows at the positions from From, inclusive, to To, exclusive, by tables and columns. Positions
// number all rows of a log in the order in which they were accepted. Not every position needs to have a row.
type Batch struct {
	Log      wal.ID
	From, To uint64
	// Again says that an attempt at this very range may have stored some of it, or all: after an error of Write, or because the
	// recorder died.
	Again  bool
	Tables []*Rows // those that have rows, in the order of Tables

	rows  [256]*Rows // by the id of the table
	names map[string]string
}

// Rows are rows of one table and one log, by columns, in the order of their positions.
type Rows struct {
	Table   *Table
	Log     wal.ID
	Pos     []uint64
	Columns []Values // as Table.Columns
}

// Values are those of one column, in the slice that its kind says; the others are nil.
type Values struct {
	Texts   []string           // Text, Name
	Numbers []decimal.Decimal  // Number
	Ints    []int64            // Moment, Count, Flag
	Levels  [][]exchange.Level // Levels
}

// Len returns the number of rows.
func (r *Rows) Len() int { return len(r.Pos) }

// Len returns the number of rows of all tables.
func (b *Batch) Len() (n int) {
	for _, r := range b.Tables {
		n += r.Len()
	}
	return n
}

// Of returns the rows of a table, nil where there are none.
func (b *Batch) Of(t *Table) *Rows {
	for _, r := range b.Tables { // not rows: a batch may be made by hand
		if r.Table == t && r.Len() > 0 {
			return r
		}
	}
	return nil
}

// Time is a value of a column of that kind as a time, zero where it is absent.
func Time(nanoseconds int64) time.Time {
	if nanoseconds == 0 {
		return time.Time{}
	}
	return time.Unix(0, nanoseconds).UTC()
}

// mostNames is how many different texts of columns of kind Name a batch remembers, so that each is one string.
const mostNames = 1 << 16

// ErrRow is the kind of a record of the log that is no row of this version.
var ErrRow = errors.New("record: not a row")

// NewRows returns rows to be filled by Add.
func NewRows(t *Table) *Rows { return &Rows{Table: t, Columns: make([]Values, len(t.Columns))} }

// Reset empties b, which then begins at from.
func (b *Batch) Reset(log wal.ID, from uint64) {
	for _, r := range b.Tables {
		r.empty()
	}
	if b.names == nil || len(b.names) >= mostNames {
		b.names = make(map[string]string)
	}
	b.Log, b.From, b.To, b.Again, b.Tables = log, from, from, false, b.Tables[:0]
}

func (r *Rows) empty() {
	r.Pos = r.Pos[:0]
	for i := range r.Columns {
		c := &r.Columns[i]
		clear(c.Texts)
		clear(c.Levels)
		*c = Values{c.Texts[:0], c.Numbers[:0], c.Ints[:0], c.Levels[:0]}
	}
}

// Add puts in the row that a record has, and moves To behind it. An error is an ErrRow, and nothing of the row is there.
func (b *Batch) Add(pos uint64, record []byte) error {
	b.To = pos + 1
	if len(record) == 0 {
		return fmt.Errorf("%w: empty, at %d", ErrRow, pos)
	}
	t := tableOf(record[0])
	if t == nil {
		return fmt.Errorf("%w: table %d, at %d", ErrRow, record[0], pos)
	}
	r := b.rows[t.id]
	if r == nil {
		r = NewRows(t)
		b.rows[t.id] = r
	}
	d := decoder{b: record[1:], names: b.names}
	for i := range t.Columns {
		d.column(t.Columns[i].Kind, &r.Columns[i])
	}
	if d.bad || len(d.b) > 0 {
		r.Cut(len(r.Pos))
		return fmt.Errorf("%w: of %s, at %d", ErrRow, t.Name, pos)
	}
	r.Log = b.Log
	if r.Pos = append(r.Pos, pos); len(r.Pos) == 1 {
		b.Tables = append(b.Tables, r)
	}
	return nil
}

// Cut leaves the first n rows.
func (r *Rows) Cut(n int) {
	r.Pos = r.Pos[:min(n, len(r.Pos))]
	for i := range r.Columns {
		c := &r.Columns[i]
		c.Texts, c.Numbers = c.Texts[:min(n, len(c.Texts))], c.Numbers[:min(n, len(c.Numbers))]
		c.Ints, c.Levels = c.Ints[:min(n, len(c.Ints))], c.Levels[:min(n, len(c.Levels))]
	}
}

// decoder reads what encoder has written. After bad everything it gives is empty.
type decoder struct {
	b     []byte
	names map[string]string
	bad   bool
}

func (d *decoder) column(k ColumnKind, v *Values) {
	switch k {
	case Text:
		v.Texts = append(v.Texts, string(d.take(d.length())))
	case Name:
		v.Texts = append(v.Texts, d.name())
	case Number:
		v.Numbers = append(v.Numbers, d.number())
	case Moment:
		n := int64(0)
		if b := d.take(8); len(b) == 8 {
			n = int64(binary.LittleEndian.Uint64(b))
		}
		v.Ints = append(v.Ints, n)
	case Count:
		n, size := binary.Varint(d.b)
		d.skip(size)
		v.Ints = append(v.Ints, n)
	case Flag:
		n := int64(0)
		if b := d.take(1); len(b) == 1 {
			n = int64(b[0])
		}
		d.bad = d.bad || n > 1
		v.Ints = append(v.Ints, n)
	case Levels:
		v.Levels = append(v.Levels, d.levels())
	}
}

func (d *decoder) skip(size int) {
	if size <= 0 {
		d.bad, d.b = true, nil
		return
	}
	d.b = d.b[size:]
}

func (d *decoder) length() int {
	n, size := binary.Uvarint(d.b)
	d.skip(size)
	if n > uint64(len(d.b)) {
		d.bad, d.b = true, nil
		return 0
	}
	return int(n)
}

func (d *decoder) take(n int) []byte {
	if n > len(d.b) {
		d.bad, d.b = true, nil
		return nil
	}
	b := d.b[:n]
	d.b = d.b[n:]
	return b
}

func (d *decoder) name() string {
	b := d.take(d.length())
	if s, ok := d.names[string(b)]; ok || len(b) == 0 {
		return s
	}
	s := string(b)
	if len(d.names) < mostNames {
		d.names[s] = s
	}
	return s
}

func (d *decoder) number() decimal.Decimal {
	text := d.take(d.length())
	if len(text) == 0 {
		return decimal.Decimal{}
	}
	v, err := decimal.Parse(text)
	d.bad = d.bad || err != nil
	return v
}

func (d *decoder) levels() []exchange.Level {
	n := d.length() // of which each takes two bytes at the least
	if n == 0 {
		return nil
	}
	side := make([]exchange.Level, 0, n)
	for range n {
		side = append(side, exchange.Level{Price: d.number(), Size: d.number()})
	}
	return side
}
