package sqltable

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/wal"
)

// What fn of Read is given at once, at the most.
const (
	mostRows   = 1000
	mostLevels = 1 << 16
)

type numbered struct {
	market
	number int64
}

func (s *Store) readMarkets(ctx context.Context, from *sql.Conn) (all []numbered, err error) {
	rows, err := from.QueryContext(ctx, "SELECT number, venue, symbol FROM market")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var m numbered
		var venue, symbol sql.RawBytes
		if err := rows.Scan(&m.number, &venue, &symbol); err != nil {
			return nil, err
		}
		if m.venue, err = s.d.original(venue); err != nil {
			return nil, err
		}
		if m.symbol, err = s.d.original(symbol); err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, rows.Err()
}

// Read calls fn with rows that were received in [from, to), as record.Store has it.
func (s *Store) Read(ctx context.Context, t *record.Table, from, to time.Time, columns []string, fn func(*record.Rows) error) error {
	r := &reader{s: s, rows: record.NewRows(t), fn: fn, names: make(map[string]string)}
	if err := r.choose(columns); err != nil {
		return fmt.Errorf("%s: read: %w", s.d.Name, err)
	}
	switch err := r.all(ctx, from.UnixNano(), to.UnixNano()); {
	case r.told != nil:
		return r.told
	case err != nil:
		return s.failed(ctx, "read", err)
	}
	return nil
}

// all reads the rows of all markets over a connection of its own.
func (r *reader) all(ctx context.Context, from, to int64) (err error) {
	if r.conn, err = r.s.read.Conn(ctx); err != nil {
		return err
	}
	ended := r.s.read.guarded(ctx, r.conn)
	defer func() {
		ended()
		_ = r.conn.Close() // it has read
	}()
	markets, err := r.s.readMarkets(ctx, r.conn)
	if err != nil {
		return err
	}
	slices.SortFunc(markets, func(a, b numbered) int {
		return cmp.Or(cmp.Compare(a.venue, b.venue), cmp.Compare(a.symbol, b.symbol))
	})
	for _, m := range markets {
		if err := r.market(ctx, m, from, to); err != nil {
			return err
		}
	}
	return nil
}

// reader reads rows of one table.
type reader struct {
	s      *Store
	conn   *sql.Conn
	rows   *record.Rows
	wanted []int // columns, venue and symbol included
	query  string
	forms  bool
	fn     func(*record.Rows) error
	told   error // by fn
	names  map[string]string
	levels int    // in rows
	log    string // of rows
}

func (r *reader) choose(columns []string) error {
	t, d := r.rows.Table, r.s.d
	for i := range t.Columns {
		if len(columns) == 0 {
			r.wanted = append(r.wanted, i)
		}
	}
	for _, name := range columns {
		i := t.Column(name)
		if i < 0 {
			return fmt.Errorf("%s has no column %q", t.Name, name)
		}
		if !slices.Contains(r.wanted, i) {
			r.wanted = append(r.wanted, i)
		}
	}
	slices.Sort(r.wanted)
	chosen := []string{"l.id", "r.pos"}
	for _, i := range r.wanted {
		if i >= stored {
			chosen = append(chosen, "r."+d.name(t.Columns[i].Name))
		}
		r.forms = r.forms || d.Forms && t.Columns[i].Kind == record.Number
	}
	if r.forms {
		chosen = append(chosen, "r.forms")
	}
	r.query = d.params(fmt.Sprintf(`SELECT %s FROM %s r JOIN log l ON l.number = r.log
		WHERE r.market = ? AND r.received >= ? AND r.received < ? ORDER BY l.id, r.pos`, strings.Join(chosen, ", "), d.name(t.Name+"_row")))
	return nil
}

// market reads the rows of one.
func (r *reader) market(ctx context.Context, m numbered, from, to int64) error {
	found, err := r.conn.QueryContext(ctx, r.query, m.number, from, to)
	if err != nil {
		return err
	}
	defer found.Close()
	var log sql.RawBytes
	var pos int64
	into := []any{&log, &pos}
	texts := make([]sql.RawBytes, len(r.rows.Table.Columns))
	ints := make([]sql.NullInt64, len(r.rows.Table.Columns))
	for _, i := range r.wanted {
		switch r.rows.Table.Columns[i].Kind {
		case record.Moment, record.Count, record.Flag:
			into = append(into, &ints[i])
		default:
			if i >= stored {
				into = append(into, &texts[i])
			}
		}
	}
	var forms sql.RawBytes
	if r.forms {
		into = append(into, &forms)
	}
	for found.Next() {
		if err := found.Scan(into...); err != nil {
			return err
		}
		if err := r.from(log); err != nil {
			return err
		}
		r.rows.Pos = append(r.rows.Pos, uint64(pos))
		for _, i := range r.wanted {
			if err := r.value(i, m, texts[i], ints[i].Int64); err != nil {
				return fmt.Errorf("%s of %s at %d: %w", r.rows.Table.Columns[i].Name, r.rows.Table.Name, pos, err)
			}
		}
		if err := reform(string(forms), r.rows); err != nil {
			return fmt.Errorf("%s at %d: %w", r.rows.Table.Name, pos, err)
		}
		if r.rows.Len() >= mostRows || r.levels >= mostLevels {
			if err := r.give(); err != nil {
				return err
			}
		}
	}
	if err := found.Err(); err != nil {
		return err
	}
	return r.give()
}

// from has the rows that follow be of a log: those of one come together.
func (r *reader) from(log []byte) error {
	if string(log) == r.log {
		return nil
	}
	if err := r.give(); err != nil {
		return err
	}
	id, err := wal.ParseID(string(log))
	if err != nil {
		return fmt.Errorf("%w: %w", record.ErrSchema, err)
	}
	r.log, r.rows.Log = string(log), id
	return nil
}

// value appends one to its column.
func (r *reader) value(i int, m numbered, text []byte, n int64) (err error) {
	v := &r.rows.Columns[i]
	switch r.rows.Table.Columns[i].Kind {
	case record.Text, record.Name:
		s := ""
		switch i {
		case record.VenueColumn:
			s = m.venue
		case record.SymbolColumn:
			s = m.symbol
		default:
			s, err = r.text(text)
		}
		v.Texts = append(v.Texts, s)
	case record.Number:
		var d decimal.Decimal
		if len(text) > 0 {
			d, err = decimal.Parse(text)
		}
		v.Numbers = append(v.Numbers, d)
	case record.Levels:
		side, failed := parseLevels(text)
		r.levels += len(side)
		v.Levels, err = append(v.Levels, side), failed
	default:
		v.Ints = append(v.Ints, n)
	}
	return err
}

// text returns one of which there are often few.
func (r *reader) text(b []byte) (string, error) {
	if s, ok := r.names[string(b)]; ok {
		return s, nil
	}
	s, err := r.s.d.original(b)
	if err == nil && len(b) <= 16 && len(r.names) < mostRows {
		r.names[string(b)] = s
	}
	return s, err
}

// give hands over what there is.
func (r *reader) give() error {
	if r.rows.Len() == 0 {
		return nil
	}
	r.told = r.fn(r.rows)
	r.rows.Pos, r.levels = r.rows.Pos[:0], 0
	for i := range r.rows.Columns {
		c := &r.rows.Columns[i]
		*c = record.Values{Texts: c.Texts[:0], Numbers: c.Numbers[:0], Ints: c.Ints[:0], Levels: c.Levels[:0]}
	}
	return r.told
}
