package clickhouse

import (
	"context"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/depthwire/depthwire/record"
)

const attempts = 100 // at tokens for one batch: each is lost with a server that dies at the worst moment

// Write stores the rows that b has, each table's by one insert under a token of its own: log, range, table. A batch that may be there
// comes again under the same tokens, which the server knows. It may know one whose rows it has lost; so what is there is read back, and
// what is missing inserted under the next token, until nothing is.
//
// Of a batch that is refused some tables may be there. What comes in its place has other tokens, so that only what is missing is inserted.
func (s *Sink) Write(ctx context.Context, b *record.Batch) error {
	for _, r := range b.Tables {
		if r.Len() == 0 {
			continue
		}
		if err := s.store(ctx, b, r); err != nil {
			return s.tear(ctx, b, err)
		}
	}
	return nil
}

func (s *Sink) store(ctx context.Context, b *record.Batch, r *record.Rows) (err error) {
	var pick []int // all
	part := s.torn[b.Log].touches(b)
	if part {
		if pick, err = s.missing(ctx, b, r); err != nil || len(pick) == 0 {
			return err
		}
	}
	for n := range attempts {
		token := fmt.Sprintf("%s:%d-%d:%s:%d", b.Log, b.From, b.To, r.Table.Name, n)
		if err := s.insert(ctx, token, b.Log.String(), r, pick); err != nil {
			return s.fail(ctx, "write "+r.Table.Name, err)
		}
		if !b.Again && !part {
			return nil
		}
		if pick, err = s.missing(ctx, b, r); err != nil || len(pick) == 0 {
			return err
		}
	}
	return fmt.Errorf("clickhouse: write %s: of rows %d to %d the server takes %d and does not have them", r.Table.Name, b.From, b.To, len(pick))
}

func (s *Sink) insert(ctx context.Context, token, log string, r *record.Rows, pick []int) error {
	w := s.inserts[r.Table]
	batch, err := s.conn.PrepareBatch(clickhouse.Context(ctx, clickhouse.WithColumnNamesAndTypes(w.columns), clickhouse.WithSettings(clickhouse.Settings{
		"insert_deduplication_token":                         token,
		"insert_deduplicate":                                 1,
		"deduplicate_blocks_in_dependent_materialized_views": 1,
		"optimize_on_insert":                                 0, // copies are found in reading, and merging
		"async_insert":                                       0, // which newer servers would do by themselves, and without tokens
		"max_partitions_per_insert_block":                    0, // what was traded long ago may come together
	})), w.statement)
	if err != nil {
		return err
	}
	defer batch.Abort() // of one that was sent it is nothing; of others it gives the connection back
	w.fill(log, r, pick)
	if err := w.give(batch.Columns()); err != nil {
		return err
	}
	return batch.Send()
}
