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

// ErrLocked is the kind of Open's error when another Sink has the directory.
var ErrLocked = errors.New("files: another writer has the directory open")

// Sink writes batches into files of one directory. It implements record.Keeper and record.Store.
type Sink struct {
	dir     string
	o       Options
	lock    *os.File
	state   state
	unclear bool // pending.json may be there
	pack    packer
}

var (
	_ record.Keeper = (*Sink)(nil)
	_ record.Store  = (*Sink)(nil)
)

// Open takes a directory over, or makes it, and cuts off what is half there. A directory that has files and is no recording of
// this version is a record.ErrSchema, one that another Sink has an ErrLocked.
func Open(dir string, o Options) (*Sink, error) {
	if o.Compress == "" {
		o.Compress = Gzip
	}
	pack, err := newPacker(o.Compress)
	if err != nil {
		return nil, err
	}
	s := &Sink{dir: filepath.Clean(dir), o: o, pack: pack, unclear: true}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("files: %w", err)
	}
	if s.lock, err = lock(dir); err != nil {
		return nil, fmt.Errorf("files: %w", err)
	}
	if err := s.load(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Sink) load() (err error) {
	if s.state, err = readState(s.dir); errors.Is(err, fs.ErrNotExist) {
		if err = s.empty(); err == nil {
			s.state = newState()
			err = s.save()
		}
	}
	if err != nil {
		return err
	}
	return s.recover()
}

// empty returns nil when nothing is in the directory but what Open puts there.
func (s *Sink) empty() error {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return fmt.Errorf("files: %w", err)
	}
	for _, e := range entries {
		if name := e.Name(); name != lockName && name != stateName+fresh {
			return fmt.Errorf("%w: %s has %s, and no %s", record.ErrSchema, s.dir, name, stateName)
		}
	}
	return nil
}

// Cursor implements record.Keeper.
func (s *Sink) Cursor(_ context.Context, log wal.ID) (uint64, error) {
	return s.state.Cursors[log.String()], nil
}

// Write implements record.Sink. Whatever the error, nothing of the batch is there, or will be before the next Write or Open has
// cut it off.
func (s *Sink) Write(ctx context.Context, b *record.Batch) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	if s.lock == nil {
		return fmt.Errorf("files: %w", fs.ErrClosed)
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
		return errors.Join(fmt.Errorf("files: %w", err), s.recover())
	}
	return nil
}

// store appends a batch, with its cursor.
func (s *Sink) store(ctx context.Context, b *record.Batch) error {
	parts, err := s.plan(b)
	if err != nil {
		return err
	}
	s.unclear = true
	if len(parts) > 0 {
		if err := s.announce(b, parts); err != nil {
			return err
		}
		if err := s.appendAll(ctx, b.Log, parts); err != nil {
			return err
		}
	}
	was := s.state.Cursors[b.Log.String()]
	s.state.Cursors[b.Log.String()] = b.To
	if err := s.save(); err != nil {
		s.state.Cursors[b.Log.String()] = was // and recover sees what is on the disk
		return err
	}
	if err := os.Remove(s.path(pendingName)); err == nil || errors.Is(err, fs.ErrNotExist) {
		s.unclear = false
	}
	return nil
}

func (s *Sink) path(name string) string { return filepath.Join(s.dir, filepath.FromSlash(name)) }

// Read implements record.Store: see the function Read.
func (s *Sink) Read(ctx context.Context, t *record.Table, from, to time.Time, columns []string, fn func(*record.Rows) error) error {
	return Read(ctx, s.dir, t, from, to, columns, fn)
}

// Close gives the directory back.
func (s *Sink) Close() error {
	if s.lock == nil {
		return nil
	}
	err := unlock(s.lock)
	s.lock = nil
	return err
}
