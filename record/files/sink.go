package files

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/wal"
)

// Compression is how files are compressed, and what their names end with.
type Compression string

// The compressions. A directory may have both.
const (
	Gzip Compression = "gz"
	Zstd Compression = "zst"
)

// Options of a Sink. The zero value is for everyday use.
type Options struct {
	Compress Compression // empty: Gzip
	// NoSync leaves to the system when files get to the disk. The death of the process loses nothing then, that of the machine may:
	// a file can be shorter than recording.json says, and nobody notices.
	NoSync bool
}

// Sink writes batches into files of one directory. It implements record.Keeper and record.Store.
type Sink struct {
	dir   string
	o     Options
	epoch int64 // of the directory, since Open
	state state // as of the last look at it
	pack  packer
}

var (
	_ record.Keeper = (*Sink)(nil)
	_ record.Store  = (*Sink)(nil)
)

// Open takes a directory over, or makes it, and cuts off what is half there: a Sink that had it before gets record.ErrFenced. A
// directory that has files and is no recording of this version is a record.ErrSchema. ctx bounds Open, which waits for a batch that
// somebody writes.
func Open(ctx context.Context, dir string, o Options) (*Sink, error) {
	if o.Compress == "" {
		o.Compress = Gzip
	}
	pack, err := newPacker(o.Compress)
	if err != nil {
		return nil, err
	}
	s := &Sink{dir: filepath.Clean(dir), o: o, pack: pack}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("files: %w", err)
	}
	if err := s.alone(ctx, s.takeOver); err != nil {
		return nil, err
	}
	return s, nil
}

// alone calls do while no other Sink can write.
func (s *Sink) alone(ctx context.Context, do func() error) error {
	held, err := lock(ctx, s.path(lockName))
	if err != nil {
		return fmt.Errorf("files: %w", err)
	}
	return errors.Join(do(), unlock(held))
}

func (s *Sink) takeOver() (err error) {
	if s.state, err = readState(s.dir); errors.Is(err, fs.ErrNotExist) {
		s.state, err = newState(), s.empty()
	}
	if err != nil {
		return err
	}
	if err := s.recover(); err != nil {
		return err
	}
	s.state.Epoch++
	s.epoch = s.state.Epoch
	if err := s.save(); err != nil {
		return fmt.Errorf("files: %w", err)
	}
	return nil
}

// empty returns nil when nothing is in the directory but what Open puts there.
func (s *Sink) empty() error {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return fmt.Errorf("files: %w", err)
	}
	for _, e := range entries {
		if name := e.Name(); name != lockName && name != stateName+fresh {
			return fmt.Errorf("%w: files: %s has %s, and no %s", record.ErrSchema, s.dir, name, stateName)
		}
	}
	return nil
}

// look reads the state, and finds out whether the directory is still ours.
func (s *Sink) look() (err error) {
	if s.epoch == 0 {
		return fmt.Errorf("files: %w", fs.ErrClosed)
	}
	if s.state, err = readState(s.dir); err != nil {
		return err
	}
	if s.state.Epoch != s.epoch {
		return fmt.Errorf("%w: files: %s", record.ErrFenced, s.dir)
	}
	return nil
}

// Cursor implements record.Keeper.
func (s *Sink) Cursor(_ context.Context, log wal.ID) (uint64, error) {
	if err := s.look(); err != nil {
		return 0, err
	}
	return s.state.Cursors[log.String()], nil
}

// Write implements record.Sink. Whatever the error, nothing of the batch is there, or will be before the next Write or Open has
// cut it off.
func (s *Sink) Write(ctx context.Context, b *record.Batch) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	return s.alone(ctx, func() error { return s.write(ctx, b) })
}

func (s *Sink) write(ctx context.Context, b *record.Batch) error {
	if err := s.look(); err != nil {
		return err
	}
	if err := s.recover(); err != nil {
		return err
	}
	switch at := s.state.Cursors[b.Log.String()]; {
	case b.To <= at:
		return nil
	case b.From < at:
		return fmt.Errorf("%w: files: %d to %d, cursor %d", record.ErrOverlap, b.From, b.To, at)
	}
	if err := s.store(ctx, b); err != nil {
		return errors.Join(fmt.Errorf("files: %w", err), s.look(), s.recover())
	}
	return nil
}

// store appends a batch, with its cursor.
func (s *Sink) store(ctx context.Context, b *record.Batch) error {
	parts, err := s.plan(b)
	if err != nil {
		return err
	}
	if len(parts) > 0 {
		if err := s.announce(b, parts); err != nil {
			return err
		}
		if err := s.appendAll(ctx, b.Log, parts); err != nil {
			return err
		}
	}
	s.state.Cursors[b.Log.String()] = b.To
	if err := s.save(); err != nil {
		return err
	}
	_ = os.Remove(s.path(pendingName)) // it says nothing any more
	return nil
}

func (s *Sink) path(name string) string { return filepath.Join(s.dir, filepath.FromSlash(name)) }

// Read implements record.Store: see the function Read.
func (s *Sink) Read(ctx context.Context, t *record.Table, from, to time.Time, columns []string, fn func(*record.Rows) error) error {
	return Read(ctx, s.dir, t, from, to, columns, fn)
}

// Close ends the use of the Sink, which holds nothing between two calls.
func (s *Sink) Close() error {
	s.epoch = 0
	return nil
}
