package files

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/depthwire/depthwire/record/lines"
	"github.com/depthwire/depthwire/record/wal"
)

// track is one file as it is read, line by line. The zero value with name and size is ready.
type track struct {
	name          string
	size          int64 // what is behind it belongs to no whole batch
	venue, symbol string

	file  *os.File // nil: not open
	plain io.Closer
	scan  *bufio.Scanner

	line []byte // good until next
	log  wal.ID
	pos  uint64
	rows int // so far
}

// longestLine is what the longest record of a log may become, when every byte is escaped.
const longestLine = 6*wal.MaxRecord + 1<<10

// next goes to the next line, first opening the file; false at the end.
func (k *track) next() (ok bool, err error) {
	if k.file == nil {
		if err := k.open(); err != nil {
			return false, err
		}
	}
	if !k.scan.Scan() {
		return false, k.fail(k.scan.Err())
	}
	k.line = k.scan.Bytes()
	if k.log, k.pos, ok = lines.Position(k.line); !ok {
		return false, k.fail(errLine)
	}
	k.rows++
	return true, nil
}

var errLine = errors.New("not a line of this package")

func (k *track) open() (err error) {
	if k.file, err = os.Open(k.name); err != nil {
		return fmt.Errorf("files: %w", err)
	}
	k.rows = 0
	in := bufio.NewReader(io.LimitReader(k.file, k.size))
	var text io.Reader
	if strings.HasSuffix(k.name, string(Zstd)) {
		var z *zstd.Decoder
		if z, err = zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true)); err == nil {
			text, k.plain = z, z.IOReadCloser()
		}
	} else {
		var z *gzip.Reader
		if z, err = gzip.NewReader(in); err == nil {
			text, k.plain = z, z
		}
	}
	if err != nil {
		k.close()
		return k.fail(err)
	}
	k.scan = bufio.NewScanner(text)
	k.scan.Buffer(nil, longestLine)
	return nil
}

func (k *track) close() {
	if k.file == nil {
		return
	}
	if k.plain != nil {
		k.plain.Close() // nothing was written
	}
	k.file.Close()
	k.file, k.plain, k.scan = nil, nil, nil
}
