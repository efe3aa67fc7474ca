package files

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/sync/errgroup"

	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/lines"
	"github.com/depthwire/depthwire/record/wal"
)

// place is what decides into which file a row goes.
type place struct {
	table         *record.Table
	day           int64 // since 1970
	venue, symbol string
}

// part is what a batch has for one file.
type part struct {
	rows *record.Rows
	at   []int // of the rows
	path string
	size int64 // of the file, before
}

const dayLayout = "2006-01-02"

func dayOf(received int64) int64 {
	const day = int64(24 * time.Hour)
	if received < 0 {
		return (received+1)/day - 1
	}
	return received / day
}

func (p *place) path(c Compression) string {
	day := time.Unix(p.day*24*60*60, 0).UTC().Format(dayLayout)
	return path.Join(p.table.Name, day, string(lines.AppendName(nil, p.venue)), string(lines.AppendName(nil, p.symbol))+extension+string(c))
}

const extension = ".jsonl."

// plan sorts the rows of a batch by files.
func (s *Sink) plan(b *record.Batch) ([]*part, error) {
	parts := make(map[string]*part)
	for _, r := range b.Tables {
		places := make(map[place]*part)
		for i := range r.Len() {
			p := place{r.Table, dayOf(r.Columns[record.ReceivedColumn].Ints[i]), r.Columns[record.VenueColumn].Texts[i], r.Columns[record.SymbolColumn].Texts[i]}
			to := places[p]
			if to == nil {
				name := p.path(s.o.Compress)
				if to = parts[name]; to == nil {
					to = &part{rows: r, path: name}
					parts[name] = to
				}
				places[p] = to
			}
			to.at = append(to.at, i)
		}
	}
	for _, p := range parts {
		switch info, err := os.Stat(s.path(p.path)); {
		case err == nil && info.IsDir():
			return nil, &fs.PathError{Op: "append", Path: s.path(p.path), Err: syscall.EISDIR}
		case err == nil:
			p.size = info.Size()
		case !errors.Is(err, fs.ErrNotExist):
			return nil, err
		}
	}
	return slices.SortedFunc(maps.Values(parts), func(a, b *part) int { return bytes.Compare([]byte(a.path), []byte(b.path)) }), nil
}

// syncing bounds how many files are open at once.
const syncing = 16

// appendAll puts all parts behind their files, and on the disk.
func (s *Sink) appendAll(ctx context.Context, log wal.ID, parts []*part) error {
	var group errgroup.Group
	group.SetLimit(syncing)
	dirs := make(map[string]bool) // that have new names in them
	var failure error
	for _, p := range parts {
		if failure = ctx.Err(); failure != nil {
			break
		}
		var f *os.File
		if f, failure = s.append(log, p, dirs); failure != nil {
			break
		}
		group.Go(func() error { return errors.Join(s.sync(f), f.Close()) })
	}
	if err := errors.Join(failure, group.Wait()); err != nil {
		return err
	}
	for _, dir := range slices.Sorted(maps.Keys(dirs)) {
		if err := s.syncDir(dir); err != nil {
			return err
		}
	}
	return nil
}

// append puts one part behind its file, which the caller closes.
func (s *Sink) append(log wal.ID, p *part, dirs map[string]bool) (*os.File, error) {
	name := s.path(p.path)
	if p.size == 0 {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return nil, err
		}
		for dir := filepath.Dir(name); len(dir) >= len(s.dir) && !dirs[dir]; dir = filepath.Dir(dir) {
			dirs[dir] = true
		}
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	member, err := s.pack.member(log, p)
	if err == nil {
		_, err = f.WriteAt(member, p.size)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// packer makes members.
type packer struct {
	e      lines.Encoder
	text   []byte
	packed []byte
	gzip   *gzip.Writer
	zstd   *zstd.Encoder
}

func newPacker(c Compression) (p packer, err error) {
	switch c {
	case Gzip:
		p.gzip = gzip.NewWriter(nil)
	case Zstd:
		p.zstd, err = zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<18), zstd.WithEncoderCRC(true))
	default:
		err = fmt.Errorf("files: compression %q; there are %q and %q", c, Gzip, Zstd)
	}
	return p, err
}

// member returns the lines of a part, compressed; they are good until the next call.
func (p *packer) member(log wal.ID, of *part) ([]byte, error) {
	p.text = p.text[:0]
	for _, i := range of.at {
		p.text = append(p.e.Append(p.text, log, of.rows, i), '\n')
	}
	if p.zstd != nil {
		p.packed = p.zstd.EncodeAll(p.text, p.packed[:0])
		return p.packed, nil
	}
	buffer := bytes.NewBuffer(p.packed[:0])
	p.gzip.Reset(buffer)
	_, err := p.gzip.Write(p.text)
	err = errors.Join(err, p.gzip.Close())
	p.packed = buffer.Bytes()
	return p.packed, err
}
