package record

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/depthwire/depthwire/record/wal"
)

// VerifyLog is Verify of a store whose recorder's directory, Config.Dir, is at hand: it also counts the rows of that time which wait in the log
// there, so that nobody takes them for missing. The recorder may be at work. Where dir is empty or has no log this is Verify.
func VerifyLog(ctx context.Context, s Store, dir string, from, to time.Time) (*Report, error) {
	v, err := verify(ctx, s, from, to)
	if err != nil {
		return nil, err
	}
	if dir == "" {
		return v.report(), nil
	}
	if err := v.behind(ctx, filepath.Join(dir, "log")); err != nil {
		return nil, fmt.Errorf("record: verify: %w", err)
	}
	return v.report(), nil
}

// behind counts the rows of the log that come after those that the store has of it.
func (v *verifier) behind(ctx context.Context, dir string) error {
	log, err := wal.View(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	from := log.Stats().First
	if has := v.logs[log.ID()]; has != nil {
		from = max(from, has.last+1)
	}
	in := log.Reader(from)
	defer in.Close()
	var b Batch
	for from < log.Stats().Next {
		pos, record, err := in.Next(ctx)
		var hole *wal.HoleError
		switch {
		case errors.As(err, &hole): // the sink will tell of it
			from = hole.To
			continue
		case err != nil:
			return err
		}
		from = pos + 1
		b.Reset(log.ID(), pos)
		if b.Add(pos, record) == nil {
			v.waits(b.Tables[0])
		}
	}
	return ctx.Err()
}

// waits counts one row.
func (v *verifier) waits(r *Rows) {
	received := Time(r.Columns[ReceivedColumn].Ints[0])
	if received.Before(v.from) || !received.Before(v.to) {
		return
	}
	if v.waiting++; r.Table != GapTable && r.Table != FrameTable {
		v.of(series{venue: r.Columns[VenueColumn].Texts[0], symbol: r.Columns[SymbolColumn].Texts[0], channel: Channel(r.Table.Name)}).Waiting++
	}
}
