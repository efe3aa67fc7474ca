package replay

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
	"unicode/utf8"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/wal"
)

// Frames calls fn with the frames of a recording, in order. What fn is given is its own; an error of fn ends the reading, and is returned.
type Frames func(ctx context.Context, fn func(*exchange.Frame) error) error

// Log reads the log of a recorder, which may be at work: what it has written until then. dir is its Config.Dir, or the directory of the log itself. Rows that
// are there no more are left out: a log keeps what its sinks do not have yet.
func Log(dir string) Frames {
	return func(ctx context.Context, fn func(*exchange.Frame) error) error {
		if own, err := os.Stat(filepath.Join(dir, "log")); err == nil && own.IsDir() {
			dir = filepath.Join(dir, "log")
		}
		l, err := wal.View(dir)
		if err != nil {
			return fmt.Errorf("replay: %w", err)
		}
		return readLog(ctx, l, fn)
	}
}

// readLog reads the rows that are there.
func readLog(ctx context.Context, l *wal.Log, fn func(*exchange.Frame) error) error {
	r := l.Reader(0)
	defer r.Close()
	var batch record.Batch
	var frames record.FrameReader
	for next := uint64(0); next < l.Stats().Next; {
		pos, row, err := r.Next(ctx)
		var hole *wal.HoleError
		if errors.As(err, &hole) {
			next = hole.To
			continue
		}
		if err != nil {
			return err
		}
		next = pos + 1
		batch.Reset(l.ID(), pos)
		if err := batch.Add(pos, row); err != nil {
			return err
		}
		if rows := batch.Of(record.FrameTable); rows != nil {
			if err := frames.Read(rows, fn); err != nil {
				return err
			}
		}
	}
	return nil
}

// Store reads what a store has of [from, to).
func Store(s record.Store, from, to time.Time) Frames {
	return func(ctx context.Context, fn func(*exchange.Frame) error) error {
		var frames record.FrameReader
		return s.Read(ctx, record.FrameTable, from, to, nil, func(r *record.Rows) error { return frames.Read(r, fn) })
	}
}

// line is one line of a file.
type line struct {
	Time  int64              `json:"t"`
	Kind  exchange.FrameKind `json:"kind"`
	Venue string             `json:"venue,omitempty"`
	Conn  int64              `json:"conn,omitempty"`
	URL   string             `json:"url,omitempty"`
	Text  string             `json:"text,omitempty"`
	Bytes []byte             `json:"b64,omitempty"`
}

// mostLine bounds a line: an answer of 64 MiB in base64, and what stands around it.
const mostLine = 100 << 20

// File reads a file of JSON lines, gzip or plain.
func File(path string) Frames {
	return func(ctx context.Context, fn func(*exchange.Frame) error) error {
		f, err := os.Open(path)
		if err != nil {
			return fmt.Errorf("replay: %w", err)
		}
		defer f.Close()
		return readLines(ctx, f, func(f *exchange.Frame) error { return fn(f) })
	}
}

func readLines(ctx context.Context, r io.Reader, fn func(*exchange.Frame) error) error {
	in := bufio.NewReader(r)
	if magic, err := in.Peek(2); err == nil && magic[0] == 0x1f && magic[1] == 0x8b {
		z, err := gzip.NewReader(in)
		if err != nil {
			return fmt.Errorf("replay: %w", err)
		}
		in = bufio.NewReader(z)
	}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, mostLine)
	for n := 1; lines.Scan(); n++ {
		var l line
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			return fmt.Errorf("replay: line %d: %w", n, err)
		}
		data := l.Bytes
		if data == nil {
			data = []byte(l.Text)
		}
		f := exchange.Frame{Venue: l.Venue, Kind: l.Kind, Conn: l.Conn, URL: l.URL, Data: data, Received: time.Unix(0, l.Time)}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := fn(&f); err != nil {
			return err
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("replay: %w", err)
	}
	return nil
}

// Write writes frames as JSON lines, and tells how many.
func Write(ctx context.Context, w io.Writer, frames Frames) (n int, err error) {
	out := bufio.NewWriter(w)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	err = frames(ctx, func(f *exchange.Frame) error {
		l := line{Time: f.Received.UnixNano(), Kind: f.Kind, Venue: f.Venue, Conn: f.Conn, URL: f.URL}
		if utf8.Valid(f.Data) && !bytes.ContainsRune(f.Data, utf8.RuneError) {
			l.Text = string(f.Data)
		} else {
			l.Bytes = f.Data
		}
		n++
		return enc.Encode(&l)
	})
	return n, errors.Join(err, out.Flush())
}
