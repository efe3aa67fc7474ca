package record

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/depthwire/depthwire/record/wal"
)

// mark is how far a sink is that keeps no cursor of its own, as the file says it: it has all before From, and nobody knows of what is
// before To, if that is more.
type mark struct {
	Log  string `json:"log"`
	From uint64 `json:"from"`
	To   uint64 `json:"to"`
}

// marks are the file of one sink. It is replaced as a whole.
type marks struct {
	path string
	log  wal.ID
}

// read returns the mark, none where the log is another one.
func (m *marks) read() (at mark, err error) {
	text, err := os.ReadFile(m.path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return mark{}, nil
	case err != nil:
		return at, fmt.Errorf("record: %w", err)
	}
	if err := json.Unmarshal(text, &at); err != nil || at.To < at.From {
		return at, fmt.Errorf("%w: %s is no cursor of a sink", ErrConfig, m.path)
	}
	if at.Log != m.log.String() {
		return mark{}, nil
	}
	return at, nil
}

// write puts the mark on disk, where it survives the machine.
func (m *marks) write(from, to uint64) (err error) {
	text, err := json.Marshal(mark{m.log.String(), from, to})
	if err != nil {
		return err
	}
	if err := replace(m.path, append(text, '\n')); err != nil {
		return fmt.Errorf("record: cursor: %w", err)
	}
	return nil
}

// replace gives a file new contents, all of them or none.
func replace(path string, text []byte) error {
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes the names in a directory survive the machine.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
