package sqltable

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/depthwire/depthwire/record"
)

// schema returns the statements that make everything but meta.
func (d *Dialect) schema() []string {
	count, name := d.Types[record.Count], d.Short
	all := []string{
		fmt.Sprintf("CREATE TABLE log (number %s NOT NULL PRIMARY KEY, id %s NOT NULL UNIQUE, %s %s NOT NULL)%s", count, name, d.name("cursor"), count, d.Suffix),
		fmt.Sprintf("CREATE TABLE market (number %s NOT NULL PRIMARY KEY, venue %s NOT NULL, symbol %s NOT NULL, UNIQUE (venue, symbol))%s", count, name, name, d.Suffix),
	}
	for _, t := range record.Tables {
		all = append(all, d.table(t))
		row := d.name(t.Name + "_row")
		time := "market, received"
		if t == record.BookTable { // BookAt finds by them the last row and, before it, the snapshot
			time += ", log, pos"
			all = append(all, fmt.Sprintf("CREATE INDEX %s_place ON %s (market, log, pos, state)", t.Name, row))
		}
		all = append(all, fmt.Sprintf("CREATE INDEX %s_time ON %s (%s)", t.Name, row, time))
		if t.Key != "" {
			all = append(all, fmt.Sprintf("CREATE UNIQUE INDEX %s_once ON %s (market, %s)", t.Name, row, d.name(t.Key)))
		}
		all = append(all, d.view(t))
	}
	return append(all, "CREATE VIEW levels AS "+fmt.Sprintf(d.Levels, "bid", "bids")+" UNION ALL "+fmt.Sprintf(d.Levels, "ask", "asks"))
}

// table makes that of the rows.
func (d *Dialect) table(t *record.Table) string {
	count := d.Types[record.Count]
	columns := []string{"market " + count + " NOT NULL", "log " + count + " NOT NULL", "pos " + count + " NOT NULL"}
	for i, c := range t.Columns[stored:] {
		kind := d.Types[c.Kind]
		if c.Name == t.Key {
			kind = d.Key
		}
		if i+stored == record.ReceivedColumn || c.Kind == record.Count || c.Kind == record.Flag || c.Kind == record.Levels {
			kind += " NOT NULL"
		}
		columns = append(columns, d.name(c.Name)+" "+kind)
	}
	if d.hasForms(t) {
		columns = append(columns, "forms "+d.Types[record.Text])
	}
	if d.Primary != "" {
		columns = append(columns, d.Primary)
	}
	return fmt.Sprintf("CREATE TABLE %s (%s)%s", d.name(t.Name+"_row"), strings.Join(columns, ", "), d.Suffix)
}

// view shows the rows with venue and symbol. That of gaps leaves out what was told of a hole when it opened, if it is closed by now.
func (d *Dialect) view(t *record.Table) string {
	columns := []string{"m.venue", "m.symbol"}
	for _, c := range t.Columns[stored:] {
		columns = append(columns, "r."+d.name(c.Name))
	}
	for _, c := range t.Columns[stored:] {
		extra := map[record.ColumnKind]string{record.Number: d.Extra, record.Moment: d.Moment}[c.Kind]
		if extra != "" {
			columns = append(columns, fmt.Sprintf(extra, c.Name))
		}
	}
	columns = append(columns, "r.log", "r.pos")
	if d.hasForms(t) {
		columns = append(columns, "r.forms")
	}
	view := fmt.Sprintf("CREATE VIEW %s AS SELECT %s FROM %s r JOIN market m ON m.number = r.market", d.name(t.Name), strings.Join(columns, ", "), d.name(t.Name+"_row"))
	if t == record.GapTable {
		view += ` WHERE r.healed = 1 OR NOT EXISTS (SELECT 1 FROM gaps_row c
			WHERE c.market = r.market AND c.channel = r.channel AND c.from_time = r.from_time AND c.healed = 1)`
	}
	return view
}

// prepare makes the schema where there is nothing, checks it where there is something, and takes the store over: who
// opened it before cannot write any more.
func (s *Store) prepare(ctx context.Context) error {
	if s.d.Enter != "" {
		var turn sql.NullInt64
		if err := s.conn.QueryRowContext(ctx, s.d.Enter).Scan(&turn); err != nil || turn.Int64 != 1 {
			return fmt.Errorf("another one makes the schema: %w", err)
		}
	}
	found, err := s.version(ctx)
	if err == nil && found == 0 {
		err = s.make(ctx)
		found = Version
	}
	switch {
	case err != nil:
	case found != Version:
		err = fmt.Errorf("%w: it has version %d, this program writes version %d", record.ErrSchema, found, Version)
	default:
		if _, err = s.conn.ExecContext(ctx, "UPDATE meta SET epoch = epoch + 1"); err == nil {
			err = s.conn.QueryRowContext(ctx, "SELECT epoch FROM meta").Scan(&s.epoch)
		}
	}
	if s.d.Leave != "" {
		if _, failed := s.conn.ExecContext(ctx, s.d.Leave); err == nil {
			err = failed
		}
	}
	return err
}

// version returns that of the schema, 0 where there is none yet or one that was not made to its end.
func (s *Store) version(ctx context.Context) (int, error) {
	names, err := s.names(ctx)
	if err != nil {
		return 0, err
	}
	if !slices.Contains(names, "meta") {
		for _, n := range names {
			if s.d.Whole || slices.Contains(ours(), n) {
				return 0, fmt.Errorf("%w: there is a table %s, but none of ours", record.ErrSchema, n)
			}
		}
		_, err := s.conn.ExecContext(ctx, fmt.Sprintf("CREATE TABLE meta (%s %s NOT NULL, epoch %[2]s NOT NULL)%s", s.d.name("schema"), s.d.Types[record.Count], s.d.Suffix))
		return 0, err
	}
	rows, err := s.conn.QueryContext(ctx, "SELECT * FROM meta")
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	at := slices.Index(columns, "schema")
	if err != nil || at < 0 {
		return 0, fmt.Errorf("%w: its table meta is another one", record.ErrSchema)
	}
	var version int
	for rows.Next() {
		into := make([]any, len(columns))
		for i := range into {
			into[i] = new(sql.RawBytes)
		}
		into[at] = &version
		if err := rows.Scan(into...); err != nil {
			return 0, fmt.Errorf("%w: its table meta is another one", record.ErrSchema)
		}
	}
	return version, rows.Err()
}

// ours are the names that the schema takes, views first: what to drop, in order.
func ours() []string {
	names := []string{"levels"}
	for _, t := range record.Tables {
		names = append(names, t.Name)
	}
	for _, t := range record.Tables {
		names = append(names, t.Name+"_row")
	}
	return append(names, "log", "market")
}

// make makes everything. What is there of an attempt that did not come to its end goes first.
func (s *Store) make(ctx context.Context) error {
	names, err := s.names(ctx)
	if err != nil {
		return err
	}
	statements := []string{"DELETE FROM meta", fmt.Sprintf("INSERT INTO meta (%s, epoch) VALUES (0, 0)", s.d.name("schema"))}
	for i, n := range ours() {
		if !slices.Contains(names, n) {
			continue
		}
		kind := "TABLE"
		if i <= len(record.Tables) {
			kind = "VIEW"
		}
		statements = append(statements, "DROP "+kind+" "+s.d.name(n))
	}
	statements = append(statements, s.d.schema()...)
	for _, text := range append(statements, fmt.Sprintf("UPDATE meta SET %s = %d", s.d.name("schema"), Version)) {
		if _, err := s.conn.ExecContext(ctx, text); err != nil {
			return fmt.Errorf("%s: %w", text, err)
		}
	}
	return nil
}

func (s *Store) names(ctx context.Context) (names []string, err error) {
	rows, err := s.conn.QueryContext(ctx, s.d.Tables)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var n string
		if err := rows.Scan(&n); err != nil {
			return nil, err
		}
		names = append(names, n)
	}
	return names, rows.Err()
}
