package clickhouse

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/ext"

	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/wal"
)

const look = 20 * time.Millisecond // between two looks at what the server still does

// span is a range of a log.
type span struct{ from, to uint64 }

// touches reports whether some of b is in s.
func (s span) touches(b *record.Batch) bool { return b.From < s.to && b.To > s.from }

// with is s, and b where it goes beyond it: a recorder that began anew in the middle of s makes other batches.
func (s span) with(b *record.Batch) span {
	if !s.touches(b) {
		return span{b.From, b.To}
	}
	return span{min(s.from, b.From), max(s.to, b.To)}
}

// tear takes note, in the store, of a batch that was refused, before its parts come: the recorder may die between them.
func (s *Sink) tear(ctx context.Context, b *record.Batch, why error) error {
	at := s.torn[b.Log].with(b)
	if !errors.Is(why, record.ErrRefused) || at == s.torn[b.Log] {
		return why
	}
	if err := s.conn.Exec(ctx, "INSERT INTO "+refusals+" (log, `from`, `to`) VALUES (?, ?, ?)", b.Log.String(), at.from, at.to); err != nil {
		return s.fail(ctx, "write "+refusals, err)
	}
	s.torn[b.Log] = at
	return why
}

// recall reads of each log the last batch that was refused.
func (s *Sink) recall(ctx context.Context) error {
	s.torn = make(map[wal.ID]span)
	rows, err := s.conn.Query(ctx, "SELECT log, argMax(`from`, (`to`, bitNot(`from`))), max(`to`) FROM "+refusals+" GROUP BY log")
	if err != nil {
		return s.fail(ctx, "open", err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		var at span
		var id wal.ID
		if err := rows.Scan(&name, &at.from, &at.to); err != nil {
			return s.fail(ctx, "open", err)
		}
		if n, err := hex.Decode(id[:], []byte(name)); err != nil || n != len(id) {
			return fmt.Errorf("%w: table %s names a log %q", record.ErrSchema, refusals, name)
		}
		s.torn[id] = at
	}
	if err := rows.Err(); err != nil {
		return s.fail(ctx, "open", err)
	}
	return nil
}

// settled waits until the server does not work on inserts of a log any more: one that was cut off may be at it still.
func (s *Sink) settled(ctx context.Context, log wal.ID) error {
	for {
		var running uint64
		if err := s.conn.QueryRow(ctx, "SELECT count() FROM system.processes WHERE startsWith(Settings['insert_deduplication_token'], ?)", log.String()).Scan(&running); err != nil {
			return err
		}
		if running == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(look):
		}
	}
}

// missing returns which rows the store does not have. One whose key another recorder has brought is not missing.
func (s *Sink) missing(ctx context.Context, b *record.Batch, r *record.Rows) (pick []int, err error) {
	if err = s.settled(ctx, b.Log); err == nil {
		pick, err = s.absent(ctx, b, r)
	}
	if err == nil && len(pick) > 0 && r.Table.Key != "" {
		pick, err = s.strange(ctx, r, pick)
	}
	if err != nil {
		return nil, s.fail(ctx, "read back "+r.Table.Name, err)
	}
	return pick, nil
}

// absent returns the rows whose positions are not there.
func (s *Sink) absent(ctx context.Context, b *record.Batch, r *record.Rows) ([]int, error) {
	near := ""
	if r.Table != record.GapTable { // a gap in the place of rows is told anew by a recorder that has died, at another time
		received := r.Columns[record.ReceivedColumn].Ints
		near = fmt.Sprintf(" AND received >= %s AND received <= %s", moment(slices.Min(received)), moment(slices.Max(received)))
	}
	rows, err := s.conn.Query(ctx, "SELECT pos FROM "+stored(r.Table)+" WHERE log = ? AND pos >= ? AND pos <= ?"+near, b.Log.String(), r.Pos[0], r.Pos[len(r.Pos)-1])
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	has := make(map[uint64]bool)
	for rows.Next() {
		var pos uint64
		if err := rows.Scan(&pos); err != nil {
			return nil, err
		}
		has[pos] = true
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	var pick []int
	for i, pos := range r.Pos {
		if !has[pos] {
			pick = append(pick, i)
		}
	}
	return pick, nil
}

type keyed struct{ venue, symbol, key string }

// strange returns those rows of pick whose keys the store does not have.
func (s *Sink) strange(ctx context.Context, r *record.Rows, pick []int) ([]int, error) {
	key := r.Table.Column(r.Table.Key)
	of := func(row int) keyed {
		return keyed{r.Columns[record.VenueColumn].Texts[row], r.Columns[record.SymbolColumn].Texts[row], r.Columns[key].Texts[row]}
	}
	wanted, err := ext.NewTable("wanted", ext.Column("venue", "String"), ext.Column("symbol", "String"), ext.Column("key", "String"))
	if err != nil {
		return nil, err
	}
	for _, row := range pick {
		if k := of(row); k.key != "" {
			if err := wanted.Append(k.venue, k.symbol, k.key); err != nil {
				return nil, err
			}
		}
	}
	name := quote(r.Table.Key)
	rows, err := s.conn.Query(clickhouse.Context(ctx, clickhouse.WithExternalTable(wanted)), fmt.Sprintf(
		"SELECT DISTINCT toString(venue), toString(symbol), %s FROM %s WHERE (venue, symbol, %[1]s) IN (SELECT venue, symbol, key FROM wanted)", name, stored(r.Table)))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	has := make(map[keyed]bool)
	for rows.Next() {
		var k keyed
		if err := rows.Scan(&k.venue, &k.symbol, &k.key); err != nil {
			return nil, err
		}
		has[k] = true
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	var left []int
	for _, row := range pick {
		if !has[of(row)] {
			left = append(left, row)
		}
	}
	return left, nil
}
