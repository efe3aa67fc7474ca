package publish

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"io/fs"
	"os"

	"github.com/depthwire/depthwire/record"
)

// recent knows the ids of the last messages, by two hashes.
type recent struct {
	one, two maphash.Seed
	place    map[[2]uint64]uint64 // where an id came first
	ring     [][2]uint64
	at, size int
}

func newRecent(size int) *recent {
	return &recent{one: maphash.MakeSeed(), two: maphash.MakeSeed(), place: make(map[[2]uint64]uint64), size: size}
}

// first reports whether a message is the first of its id.
func (r *recent) first(id []byte, place uint64) bool {
	hash := [2]uint64{maphash.Bytes(r.one, id), maphash.Bytes(r.two, id)}
	if at, known := r.place[hash]; known {
		return at == place
	}
	r.place[hash] = place
	if len(r.ring) < r.size {
		r.ring = append(r.ring, hash)
		return true
	}
	delete(r.place, r.ring[r.at])
	r.ring[r.at] = hash
	r.at = (r.at + 1) % r.size
	return true
}

// marks are the file that says how far a sink is: it has all before From, and nobody knows of what is before To, if that is more.
type marks struct{ path, log string }

type mark struct {
	Log  string `json:"log"`
	From uint64 `json:"from"`
	To   uint64 `json:"to"`
}

// read returns where to go on, and the end of the batch that was under way, 0 if none was.
func (m *marks) read() (from, until uint64, err error) {
	text, err := os.ReadFile(m.path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, 0, nil
	}
	if err != nil {
		return 0, 0, fmt.Errorf("publish: %w", err)
	}
	var at mark
	if err := json.Unmarshal(text, &at); err != nil || at.To < at.From || at.Log != m.log {
		return 0, 0, fmt.Errorf("%w: publish: %s is no cursor of this stream", record.ErrConfig, m.path)
	}
	if at.To > at.From {
		until = at.To
	}
	return at.From, until, nil
}

// write replaces the file.
func (m *marks) write(from, to uint64) error {
	text, err := json.Marshal(mark{m.log, from, to})
	if err != nil {
		return err
	}
	f, err := os.OpenFile(m.path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	_, err = f.Write(append(text, '\n'))
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(m.path+".new", m.path)
	}
	if err != nil {
		return fmt.Errorf("publish: cursor: %w", err)
	}
	return nil
}
