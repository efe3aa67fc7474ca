package recordtest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/wal"
)

// row is one that a store should have.
type row struct {
	venue, symbol string
	log           wal.ID
	pos           uint64
	received      int64
	text          string
}

// Rows are what a store should have.
type Rows struct {
	of   map[*record.Table][]row
	keys map[string]bool
}

// Stored takes note of a batch that the store has.
func (r *Rows) Stored(b *record.Batch) {
	if r.of == nil {
		r.of, r.keys = make(map[*record.Table][]row), make(map[string]bool)
	}
	for _, rows := range b.Tables {
		t := rows.Table
		for i := range rows.Len() {
			x := row{venue: rows.Columns[record.VenueColumn].Texts[i], symbol: rows.Columns[record.SymbolColumn].Texts[i],
				log: b.Log, pos: rows.Pos[i], received: rows.Columns[record.ReceivedColumn].Ints[i], text: Text(rows, i)}
			if at := t.Column(t.Key); at >= 0 && rows.Columns[at].Texts[i] != "" {
				key := fmt.Sprintf("%s %q %q %q", t.Name, x.venue, x.symbol, rows.Columns[at].Texts[i])
				if r.keys[key] {
					continue
				}
				r.keys[key] = true
			}
			r.of[t] = append(r.of[t], x)
		}
	}
}

// Len returns how many there are of a table.
func (r *Rows) Len(t *record.Table) int { return len(r.of[t]) }

// Check reads all tables, and tells what is not as it should be.
func (r *Rows) Check(t *testing.T, s record.Store) {
	t.Helper()
	for _, table := range record.Tables {
		r.between(t, s, table, time.Unix(0, 0), Begin.AddDate(100, 0, 0))
	}
}

// between checks what was received in [from, to).
func (r *Rows) between(t *testing.T, s record.Store, table *record.Table, from, to time.Time) {
	t.Helper()
	var want []row
	for _, x := range r.of[table] {
		if x.received >= from.UnixNano() && x.received < to.UnixNano() {
			want = append(want, x)
		}
	}
	slices.SortStableFunc(want, func(a, b row) int {
		return cmp.Or(cmp.Compare(a.venue, b.venue), cmp.Compare(a.symbol, b.symbol), slices.Compare(a.log[:], b.log[:]), cmp.Compare(a.pos, b.pos))
	})
	var got []string
	err := s.Read(t.Context(), table, from, to, nil, func(rows *record.Rows) error {
		if rows.Table != table {
			t.Errorf("Read of %s gives rows of %s", table.Name, rows.Table.Name)
		}
		for i := range rows.Len() {
			got = append(got, fmt.Sprint(rows.Log, " ", rows.Pos[i], " ", Text(rows, i)))
		}
		return nil
	})
	if err != nil {
		t.Errorf("Read of %s: %v", table.Name, err)
		return
	}
	if len(got) != len(want) {
		t.Errorf("%s has %d rows, want %d", table.Name, len(got), len(want))
	}
	bad := 0
	for i := range min(len(got), len(want)) {
		if w := fmt.Sprint(want[i].log, " ", want[i].pos, " ", want[i].text); got[i] != w && bad < 3 {
			t.Errorf("%s, row %d\n got %s\nwant %s", table.Name, i, clip(got[i]), clip(w))
			bad++
		}
	}
}

func clip(s string) string {
	if len(s) > 2000 {
		return s[:2000] + "…"
	}
	return s
}

// Text is a row as one line, which no other row has: texts are quoted, what is absent is a dash.
func Text(rows *record.Rows, at int) string {
	var b strings.Builder
	for i, c := range rows.Table.Columns {
		fmt.Fprintf(&b, "%s=", c.Name)
		b.WriteString(value(&rows.Columns[i], c.Kind, at))
		b.WriteByte(' ')
	}
	return b.String()
}

func value(v *record.Values, k record.ColumnKind, at int) string {
	switch k {
	case record.Text, record.Name:
		return strconv.Quote(v.Texts[at])
	case record.Number:
		if v.Numbers[at].Absent() {
			return "-"
		}
		return v.Numbers[at].String()
	case record.Levels:
		var b strings.Builder
		for _, l := range v.Levels[at] {
			fmt.Fprintf(&b, "[%s %s]", l.Price, l.Size)
		}
		return b.String()
	}
	return strconv.FormatInt(v.Ints[at], 10)
}

// columnsOnly checks that Read fills the columns that are named, and no other.
func columnsOnly(ctx context.Context, s record.Store, table *record.Table, names ...string) error {
	return s.Read(ctx, table, time.Unix(0, 0), Begin.AddDate(100, 0, 0), names, func(rows *record.Rows) error {
		for i, c := range rows.Table.Columns {
			v := &rows.Columns[i]
			n, want := len(v.Texts)+len(v.Numbers)+len(v.Ints)+len(v.Levels), 0
			if slices.Contains(names, c.Name) {
				want = rows.Len()
			}
			if n != want {
				return fmt.Errorf("%d rows have %d values of %s, with %q named", rows.Len(), n, c.Name, names)
			}
		}
		return nil
	})
}
