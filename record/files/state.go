package files

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/depthwire/depthwire/record"
)

// Names in the directory.
const (
	stateName   = "recording.json"
	pendingName = "pending.json"
	lockName    = "LOCK"
	fresh       = ".new"
)

// version of the format.
const version = 1

// state is recording.json: how far each log has come.
type state struct {
	Version int               `json:"version"`
	Epoch   int64             `json:"epoch"`   // how often the directory was opened to write
	Cursors map[string]uint64 `json:"cursors"` // by the log's id
}

// pending is pending.json: a batch, and how long its files were before it.
type pending struct {
	Log   string           `json:"log"`
	From  uint64           `json:"from"`
	To    uint64           `json:"to"`
	Files map[string]int64 `json:"files"` // by their path, with slashes; 0: there was none
}

func newState() state { return state{Version: version, Cursors: make(map[string]uint64)} }

func readState(dir string) (st state, err error) {
	path := filepath.Join(dir, stateName)
	text, err := os.ReadFile(path)
	if err != nil {
		return st, fmt.Errorf("files: %w", err)
	}
	if err := json.Unmarshal(text, &st); err != nil || st.Version != version {
		return st, fmt.Errorf("%w: files: %s is of version %d, this program has %d", record.ErrSchema, path, st.Version, version)
	}
	if st.Cursors == nil {
		st.Cursors = make(map[string]uint64)
	}
	return st, nil
}

// readPending returns nil when there is none.
func readPending(dir string) (*pending, error) {
	path := filepath.Join(dir, pendingName)
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("files: %w", err)
	}
	var p pending
	if err := json.Unmarshal(text, &p); err != nil {
		return nil, fmt.Errorf("%w: files: %s: %w", record.ErrSchema, path, err)
	}
	for name := range p.Files {
		if !filepath.IsLocal(filepath.FromSlash(name)) {
			return nil, fmt.Errorf("%w: files: %s names a file elsewhere", record.ErrSchema, path)
		}
	}
	return &p, nil
}

// undone reports whether the batch of p is not there as a whole.
func (p *pending) undone(st state) bool { return p != nil && st.Cursors[p.Log] < p.To }

func (s *Sink) save() error { return s.replace(stateName, s.state) }

func (s *Sink) announce(b *record.Batch, parts []*part) error {
	p := pending{Log: b.Log.String(), From: b.From, To: b.To, Files: make(map[string]int64, len(parts))}
	for _, part := range parts {
		p.Files[part.path] = part.size
	}
	return s.replace(pendingName, p)
}

// replace gives a file new contents, all of them or none.
func (s *Sink) replace(name string, contents any) error {
	text, err := json.Marshal(contents)
	if err != nil {
		return err
	}
	path := s.path(name)
	f, err := os.OpenFile(path+fresh, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(append(text, '\n'))
	if err = errors.Join(err, s.sync(f), f.Close()); err == nil {
		err = os.Rename(path+fresh, path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(path+fresh))
	}
	return s.syncDir(s.dir)
}

func (s *Sink) sync(f *os.File) error {
	if s.o.NoSync {
		return nil
	}
	return f.Sync()
}

// syncDir makes the names in a directory survive the machine.
func (s *Sink) syncDir(dir string) error {
	if s.o.NoSync {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// wait returns after a while, with an error when ctx has ended before.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// recover cuts off what is there of a batch that is not there as a whole.
func (s *Sink) recover() error {
	p, err := readPending(s.dir)
	if p == nil || err != nil {
		return err
	}
	if p.undone(s.state) {
		for name, size := range p.Files {
			if err := s.cutBack(name, size); err != nil {
				return fmt.Errorf("files: cutting off what is half there: %w", err)
			}
		}
	}
	if err := os.Remove(s.path(pendingName)); err != nil {
		return fmt.Errorf("files: %w", err)
	}
	return nil
}

func (s *Sink) cutBack(name string, size int64) error {
	path := s.path(name)
	if size == 0 {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, notDirectory) {
			return err
		}
		return nil
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // somebody has taken it away: nothing of it is half there
	}
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return err
	case info.Size() < size:
		return fmt.Errorf("%s has %d bytes, and had %d", path, info.Size(), size)
	case info.Size() == size:
		return nil
	}
	if err := f.Truncate(size); err != nil {
		return err
	}
	return s.sync(f)
}
