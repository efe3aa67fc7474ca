package record

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/depthwire/depthwire/record/wal"
)

// target brings the log into one sink, in a goroutine of its own.
type target struct {
	Target
	r       *Recorder
	log     *wal.Log
	keeps   Keeper // nil: marks keep the cursor
	marks   marks
	refused refusals

	batch  Batch
	size   int       // bytes of the records of batch
	record []byte    // the last one of them
	seen   time.Time // when the row before the next one was received
	again  bool      // what is written next may be there already
	waits  bool      // oldest is that of the batch

	mu     sync.Mutex
	stats  SinkStats
	oldest time.Time // when the first row was received that the sink lacks; zero: it is not read yet
}

func newTarget(r *Recorder, t Target, log *wal.Log) *target {
	k := &target{Target: t, r: r, log: log, marks: marks{filepath.Join(r.o.Dir, t.Name+".cursor"), log.ID()}, refused: refusals{filepath.Join(r.o.Dir, t.Name+".refused.jsonl"), log.ID()}}
	k.keeps, _ = t.Sink.(Keeper)
	k.stats.Name = t.Name
	return k
}

func (t *target) cursor() uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.stats.Cursor
}

func (t *target) logger() *slog.Logger { return t.r.o.Logger.With("sink", t.Name) }

// run writes until live ends, when nothing more comes, and everything is written; or until ctx ends, or the sink is not to be written to
// any more.
func (t *target) run(ctx, live context.Context) error {
	err := t.write(ctx, live)
	if err == nil {
		return nil
	}
	t.mu.Lock()
	t.stats.Over, t.stats.Err = ctx.Err() == nil, err
	t.mu.Unlock()
	left := t.lag()
	switch {
	case ctx.Err() == nil:
		t.logger().Error("the sink is given up; the log keeps what it lacks", "rows", left, "why", err)
		return fmt.Errorf("sink %s: %w", t.Name, err)
	case left > 0:
		return fmt.Errorf("%w: sink %s lacks %d: %w", ErrLeft, t.Name, left, err)
	}
	return nil
}

func (t *target) write(ctx, live context.Context) error {
	t.lacks(time.Now()) // or longer: who cannot say how far it is
	at, err := t.begin(ctx)
	if err != nil {
		return err
	}
	t.lacks(time.Time{})
	if at.To > at.From { // was under way when the recorder died
		t.again = true
		if err := t.store(ctx, at.From, at.To); err != nil {
			return err
		}
	}
	in := t.log.Reader(t.cursor())
	defer func() { in.Close() }()
	for {
		over, err := t.fill(ctx, live, in)
		if err != nil {
			return err
		}
		if to := t.batch.To; to > t.batch.From {
			err := t.put(ctx)
			if errors.Is(err, ErrRefused) {
				err = t.halve(ctx, err)
				in.Close()
				in = t.log.Reader(to)
			}
			if err != nil {
				return err
			}
		}
		if over {
			return t.rest()
		}
	}
}

// begin finds out where to go on.
func (t *target) begin(ctx context.Context) (at mark, err error) {
	next := t.log.Stats().Next
	if t.keeps == nil {
		if at, err = t.marks.read(); err != nil {
			return at, err
		}
	} else {
		err = t.insist(ctx, "cannot read the sink's cursor", func() (err error) {
			at.From, err = t.keeps.Cursor(ctx, t.log.ID())
			return err
		})
		if at.To = at.From; err != nil {
			return at, err
		}
	}
	if at.To > next {
		return at, fmt.Errorf("%w: sink %s has rows to position %d of a log that ends at %d: the machine lost its end", ErrOverlap, t.Name, at.To, next)
	}
	t.mu.Lock()
	t.stats.Cursor, t.stats.Bytes = at.From, t.refused.size()
	t.mu.Unlock()
	return at, nil
}

// mostBytes is how many bytes of the log a batch may have, and one record more: rows of frames and of whole books are large.
const mostBytes = 16 << 20

// fill makes the next batch: a full one, or what has come since Every. over says that nothing more will come.
func (t *target) fill(ctx, live context.Context, in *wal.Reader) (over bool, err error) {
	t.batch.Reset(t.log.ID(), t.cursor())
	t.size = 0
	until := live // the first row may take its time
	for t.batch.Len() < t.Rows && t.size < mostBytes {
		if live.Err() != nil {
			if t.batch.To >= t.log.Stats().Next {
				return true, nil
			}
			until = ctx
		}
		err := t.next(until, in)
		switch {
		case err == nil && until == live: // the others have Every
			bounded, cancel := context.WithTimeout(live, t.Every)
			defer cancel()
			until = bounded
		case err == nil, ctx.Err() == nil && live.Err() != nil:
		case ctx.Err() == nil && until.Err() != nil:
			return false, nil
		default:
			return false, err
		}
	}
	return false, nil
}

// next puts the next row into the batch. Where rows cannot be had any more a gap stands in their place, at the first of their positions.
func (t *target) next(ctx context.Context, in *wal.Reader) error {
	pos, record, err := in.Next(ctx)
	var hole *wal.HoleError
	switch {
	case errors.As(err, &hole):
		t.miss(hole)
		return nil
	case err != nil:
		return err
	}
	if err := t.batch.Add(pos, record); err != nil {
		t.miss(&wal.HoleError{From: pos, To: pos + 1, Kind: err})
		return nil
	}
	t.record = append(t.record[:0], record...)
	t.size += len(record)
	r := t.batch.last()
	t.seen = Time(r.Columns[ReceivedColumn].Ints[r.Len()-1])
	if !t.waits {
		t.lacks(t.seen)
	}
	return nil
}

// lacks notes when the first row was received that the sink lacks.
func (t *target) lacks(since time.Time) {
	t.waits = !since.IsZero()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.oldest = since
}

// miss puts a gap in the place of rows.
func (t *target) miss(hole *wal.HoleError) {
	cause := Damaged
	if errors.Is(hole.Kind, wal.ErrDropped) {
		cause = Budget
	}
	g := Gap{Cause: cause, From: t.seen, FromID: strconv.FormatUint(hole.From, 10), ToID: strconv.FormatUint(hole.To, 10), Lost: hole.To - hole.From, Err: hole.Kind.Error()}
	t.own(hole.From, &g)
	t.batch.To = hole.To
	t.logger().Error("rows of the log are gone", "from", hole.From, "to", hole.To, "why", hole.Kind)
}

// store writes the rows of a range, whatever their number.
func (t *target) store(ctx context.Context, from, to uint64) error {
	if err := t.load(ctx, from, to); err != nil {
		return err
	}
	err := t.put(ctx)
	if errors.Is(err, ErrRefused) {
		return t.halve(ctx, err)
	}
	return err
}

// load reads a range into the batch.
func (t *target) load(ctx context.Context, from, to uint64) error {
	t.batch.Reset(t.log.ID(), from)
	in := t.log.Reader(from)
	defer in.Close()
	for t.batch.To < to {
		if err := t.next(ctx, in); err != nil {
			return err
		}
	}
	t.batch.To = to // a hole may go on behind it
	return nil
}

// halve writes the batch, of which the sink refuses something, in halves, until it has those that are refused alone: these go into the file.
func (t *target) halve(ctx context.Context, why error) error {
	from, to := t.batch.From, t.batch.To
	if t.batch.Len() <= 1 {
		return t.refuse(ctx, why)
	}
	mid := from + (to-from)/2
	if err := t.store(ctx, from, mid); err != nil {
		return err
	}
	return t.store(ctx, mid, to)
}

// refuse puts the one row of the batch into the file, and a gap in its place.
func (t *target) refuse(ctx context.Context, why error) error {
	b := &t.batch
	if err := t.insist(ctx, "cannot write the file of refused rows", func() error { return t.refused.add(b, t.record, why) }); err != nil {
		return err
	}
	t.logger().Error("the sink refuses a row: it is in the file", "file", t.refused.path, "position", b.From, "why", why)
	t.mu.Lock()
	t.stats.Refused++
	t.stats.Bytes = t.refused.size()
	t.mu.Unlock()
	from, to := b.From, b.To
	g := Gap{Cause: Refused, From: t.seen, To: t.seen, Lost: 1, Err: why.Error()}
	if r := b.last(); r != nil && r.Table != GapTable {
		g.Venue, g.Symbol, g.Channel = r.Columns[VenueColumn].Texts[0], r.Columns[SymbolColumn].Texts[0], Channel(r.Table.Name)
	}
	b.Reset(t.log.ID(), from)
	t.own(from, &g)
	b.To = to
	err := t.put(ctx)
	if errors.Is(err, ErrRefused) { // that, too: the file alone tells
		b.Reset(t.log.ID(), from)
		b.To = to
		err = t.put(ctx)
	}
	return err
}

// own puts a gap of the recorder's own into the batch.
func (t *target) own(pos uint64, g *Gap) {
	var e Encoder
	t.record = append(t.record[:0], e.Gap(g, time.Now())...)
	if err := t.batch.Add(pos, t.record); err != nil {
		panic(err) // the row is ours
	}
}

// put brings the batch into the sink, however long that takes. Its error is final, or ErrRefused.
func (t *target) put(ctx context.Context) error {
	b := &t.batch
	if t.keeps == nil {
		if err := t.insist(ctx, "cannot write the cursor", func() error { return t.marks.write(b.From, b.To) }); err != nil {
			return err
		}
	}
	err := t.insist(ctx, "cannot write", func() error {
		b.Again = t.again
		err := t.Sink.Write(ctx, b)
		t.again = err != nil && !errors.Is(err, ErrRefused)
		return err
	})
	if err != nil {
		return err
	}
	t.mu.Lock()
	t.stats.Cursor, t.stats.Err = b.To, nil
	t.stats.Rows += uint64(b.Len())
	t.stats.Batches++
	t.mu.Unlock()
	t.lacks(time.Time{})
	t.r.release(t.log)
	return nil
}

// rest notes at the end that nothing is under way.
func (t *target) rest() error {
	if t.keeps != nil {
		return nil
	}
	at := t.cursor()
	return t.marks.write(at, at)
}

// insist does something until it succeeds, ctx ends, or it is clear that it will not.
func (t *target) insist(ctx context.Context, failure string, do func() error) error {
	for try := 0; ; try++ {
		err := do()
		if err == nil {
			return nil
		}
		t.mu.Lock()
		t.stats.Failed++
		t.stats.Err = err
		t.mu.Unlock()
		for _, final := range []error{ErrFenced, ErrOverlap, ErrSchema, ErrRefused} {
			if errors.Is(err, final) {
				return err
			}
		}
		t.logger().Warn(failure+", trying again", "try", try+1, "why", err)
		if !pause(ctx, try) {
			return err
		}
	}
}

// lag is how many rows of the log the sink lacks.
func (t *target) lag() uint64 {
	next, at := t.log.Stats().Next, t.cursor()
	return next - min(at, next)
}
