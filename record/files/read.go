package files

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/lines"
	"github.com/depthwire/depthwire/record/wal"
)

// Read reads a directory as record.Store says, whether or not a Sink has it open; it sees whole batches only.
func Read(ctx context.Context, dir string, t *record.Table, from, to time.Time, columns []string, fn func(*record.Rows) error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	r, err := newReading(dir, t, from, to, columns, fn)
	if err == nil {
		defer r.close()
		err = r.all(ctx)
	}
	return err
}

// reading is one call of Read.
type reading struct {
	table    *record.Table
	from, to time.Time
	want     []bool
	fn       func(*record.Rows) error

	logs   []wal.ID
	tracks []*track // by venue and symbol
	rows   *record.Rows
	dec    lines.Decoder

	again map[spot]bool // rows of the market at hand whose key was stored before
}

// spot is where a row is.
type spot struct {
	log wal.ID
	pos uint64
}

// chunk is how many rows fn is given at once.
const chunk = 1024

func newReading(dir string, t *record.Table, from, to time.Time, columns []string, fn func(*record.Rows) error) (*reading, error) {
	r := &reading{table: t, from: from, to: to, fn: fn, rows: record.NewRows(t), want: make([]bool, len(t.Columns))}
	for _, name := range columns {
		i := t.Column(name)
		if i < 0 {
			return nil, fmt.Errorf("files: table %s has no column %q", t.Name, name)
		}
		r.want[i] = true
	}
	for i := range r.want {
		r.want[i] = r.want[i] || len(columns) == 0
	}
	sizes, logs, err := snapshot(dir, t, from, to)
	if err != nil {
		return nil, err
	}
	r.logs = logs
	for name, size := range sizes {
		k := &track{name: filepath.Join(dir, name), size: size}
		r.tracks = append(r.tracks, k)
		if err := r.identify(k); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(r.tracks, func(a, b *track) int {
		return cmp.Or(strings.Compare(a.venue, b.venue), strings.Compare(a.symbol, b.symbol), strings.Compare(a.name, b.name))
	})
	return r, nil
}

// identify finds out of what a file is.
func (r *reading) identify(k *track) error {
	defer k.close()
	if ok, err := k.next(); err != nil || !ok {
		return cmp.Or(err, fmt.Errorf("files: %s has no rows", k.name))
	}
	r.rows.Cut(0)
	if _, err := r.dec.Add(r.rows, k.line); err != nil {
		return k.fail(err)
	}
	k.venue, k.symbol = r.rows.Columns[record.VenueColumn].Texts[0], r.rows.Columns[record.SymbolColumn].Texts[0]
	r.rows.Cut(0)
	return nil
}

// snapshot returns how long the files of the days are, as of one moment between two batches, and which logs they are from.
func snapshot(dir string, t *record.Table, from, to time.Time) (sizes map[string]int64, logs []wal.ID, err error) {
	for {
		before, err := readState(dir)
		if err != nil {
			return nil, nil, err
		}
		if sizes, err = list(dir, t, from, to); err != nil {
			return nil, nil, err
		}
		half, err := readPending(dir)
		if err != nil {
			return nil, nil, err
		}
		after, err := readState(dir)
		if err != nil {
			return nil, nil, err
		}
		if !maps.Equal(before.Cursors, after.Cursors) {
			continue
		}
		if half.undone(after) {
			for name, size := range half.Files {
				if _, ok := sizes[name]; ok {
					sizes[name] = size
				}
			}
		}
		maps.DeleteFunc(sizes, func(_ string, size int64) bool { return size == 0 })
		for _, text := range slices.Sorted(maps.Keys(after.Cursors)) {
			log, err := wal.ParseID(text)
			if err != nil {
				return nil, nil, fmt.Errorf("%w: files: %s: %q is no log", record.ErrSchema, stateName, text)
			}
			logs = append(logs, log)
		}
		return sizes, logs, nil
	}
}

// list returns the files of the days, by their path.
func list(dir string, t *record.Table, from, to time.Time) (map[string]int64, error) {
	sizes := make(map[string]int64)
	first, last := from.UTC().Format(dayLayout), to.UTC().Format(dayLayout)
	days, err := os.ReadDir(filepath.Join(dir, t.Name))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("files: %w", err)
	}
	for _, day := range days {
		if day.Name() < first || day.Name() > last {
			continue
		}
		root := filepath.Join(dir, t.Name, day.Name())
		err := fs.WalkDir(os.DirFS(root), ".", func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(name, extension+string(Gzip)) && !strings.HasSuffix(name, extension+string(Zstd)) {
				return err
			}
			info, err := d.Info()
			if err == nil {
				sizes[path.Join(t.Name, day.Name(), name)] = info.Size()
			}
			return err
		})
		if errors.Is(err, fs.ErrNotExist) { // a new file that was cut off again
			return list(dir, t, from, to)
		}
		if err != nil {
			return nil, fmt.Errorf("files: %w", err)
		}
	}
	return sizes, nil
}

// all reads market after market, of each log after log.
func (r *reading) all(ctx context.Context) error {
	for len(r.tracks) > 0 {
		n := 1
		for n < len(r.tracks) && r.tracks[n].venue == r.tracks[0].venue && r.tracks[n].symbol == r.tracks[0].symbol {
			n++
		}
		if err := r.findAgain(ctx, r.tracks[:n]); err != nil {
			return err
		}
		for _, log := range r.logs {
			r.rows.Log = log
			if err := r.merge(ctx, log, r.tracks[:n]); err != nil {
				return err
			}
			if err := r.flush(); err != nil {
				return err
			}
		}
		r.tracks = r.tracks[n:]
	}
	return nil
}

// findAgain finds the rows of one market that have a key that was stored before: what is stored first is first in a file.
func (r *reading) findAgain(ctx context.Context, tracks []*track) error {
	key := r.table.Column(r.table.Key)
	if key < 0 {
		return nil
	}
	r.again = make(map[spot]bool)
	seen := make(map[[2]uint64]bool) // by two hashes: millions of texts would be too many
	one, two := maphash.MakeSeed(), maphash.MakeSeed()
	row := record.NewRows(r.table)
	for _, k := range tracks {
		for {
			ok, err := k.next()
			if err != nil {
				return err
			}
			if !ok {
				break
			}
			row.Cut(0)
			if _, err := r.dec.Add(row, k.line); err != nil {
				return k.fail(err)
			}
			text := row.Columns[key].Texts[0]
			if text == "" {
				continue
			}
			hash := [2]uint64{maphash.String(one, text), maphash.String(two, text)}
			if seen[hash] {
				r.again[spot{k.log, k.pos}] = true
			}
			seen[hash] = true
		}
		k.close()
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
	}
	return nil
}

// merge gives the rows of one log in several files, which are each in the order of positions. A file is opened again when its turn has come,
// so that of a year of days few are open.
func (r *reading) merge(ctx context.Context, log wal.ID, tracks []*track) error {
	type begin struct {
		k   *track
		pos uint64
	}
	var waiting []begin
	for _, k := range tracks {
		ok, err := k.nextOf(log)
		if err != nil {
			return err
		}
		if ok {
			waiting = append(waiting, begin{k, k.pos})
		}
		k.close()
	}
	slices.SortFunc(waiting, func(a, b begin) int { return cmp.Compare(a.pos, b.pos) })
	var open []*track
	for len(waiting)+len(open) > 0 {
		if len(open) == 0 || len(waiting) > 0 && waiting[0].pos < least(open).pos {
			k := waiting[0].k
			waiting = waiting[1:]
			if _, err := k.nextOf(log); err != nil {
				return err
			}
			open = append(open, k)
			continue
		}
		k := least(open)
		if err := r.row(ctx, k); err != nil {
			return err
		}
		ok, err := k.nextOf(log)
		if err != nil {
			return err
		}
		if !ok {
			k.close()
			open = slices.DeleteFunc(open, func(o *track) bool { return o == k })
		}
	}
	return nil
}

func least(open []*track) *track {
	return slices.MinFunc(open, func(a, b *track) int { return cmp.Compare(a.pos, b.pos) })
}

// row takes the row that k stands at.
func (r *reading) row(ctx context.Context, k *track) error {
	n := r.rows.Len()
	if r.again[spot{k.log, k.pos}] {
		return nil
	}
	if _, err := r.dec.Add(r.rows, k.line); err != nil {
		return k.fail(err)
	}
	received := record.Time(r.rows.Columns[record.ReceivedColumn].Ints[n])
	if received.Before(r.from) || !received.Before(r.to) {
		r.rows.Cut(n)
		return nil
	}
	if n+1 < chunk {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	return r.flush()
}

// flush gives fn what there is.
func (r *reading) flush() error {
	if r.rows.Len() == 0 {
		return nil
	}
	view := record.Rows{Table: r.table, Log: r.rows.Log, Pos: r.rows.Pos, Columns: make([]record.Values, len(r.want))}
	for i, want := range r.want {
		if want {
			view.Columns[i] = r.rows.Columns[i]
		}
	}
	err := r.fn(&view)
	r.rows.Cut(0)
	return err
}

func (r *reading) close() {
	for _, k := range r.tracks {
		k.close()
	}
}

func (k *track) fail(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("files: %s: after %d rows: %w", k.name, k.rows, err)
}

// nextOf goes to the next line of a log.
func (k *track) nextOf(log wal.ID) (bool, error) {
	for {
		ok, err := k.next()
		if err != nil || !ok || bytes.Equal(k.log[:], log[:]) {
			return ok, err
		}
	}
}
