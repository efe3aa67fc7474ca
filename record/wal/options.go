package wal

import (
	"cmp"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"
)

// Sync says when what was appended is safe from the death of the machine.
type Sync string

// The policies.
const (
	Periodic Sync = ""       // Options.Every after it was appended, at the latest
	Always   Sync = "always" // when Append returns
	Never    Sync = "never"  // when the system pleases; readers get what is written, and may have had more than is there after a crash of the machine
)

// Policy says what happens when the disk budget is used up.
type Policy string

// The policies.
const (
	Block      Policy = ""       // Append waits until Release has made room
	DropOldest Policy = "oldest" // the oldest segment goes: who has not read it gets a HoleError
)

// Options of a log. The zero value is good.
type Options struct {
	Sync    Sync
	Every   time.Duration // of Periodic, and how long an unfilled buffer waits with Never. 0: 100 ms
	Segment int64         // bytes of a file. 0: 64 MiB
	Buffer  int           // bytes gathered for one write; there are two of them. 0: 1 MiB
	Budget  int64         // bytes of all files, two segments at the least. 0: as much as there is
	Full    Policy        // when Budget is used up
	Log     *slog.Logger  // nil: silent

	create func(path string) (file, error) // for tests
}

// file is what a log needs of one.
type file interface {
	io.WriterAt
	Sync() error
	Truncate(size int64) error
	Close() error
}

const (
	leastSegment = 4 << 10
	leastBuffer  = 1 << 10
)

func (o Options) filled() (Options, error) {
	o.Every = cmp.Or(o.Every, 100*time.Millisecond)
	o.Segment = cmp.Or(o.Segment, 64<<20)
	o.Buffer = cmp.Or(o.Buffer, int(min(1<<20, o.Segment)))
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.create == nil {
		o.create = func(path string) (file, error) { return os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600) }
	}
	switch {
	case o.Sync != Periodic && o.Sync != Always && o.Sync != Never:
		return o, fmt.Errorf("%w: Sync is empty, always or never", ErrOptions)
	case o.Full != Block && o.Full != DropOldest:
		return o, fmt.Errorf("%w: Full is empty or oldest", ErrOptions)
	case int64(o.Buffer) > o.Segment:
		return o, fmt.Errorf("%w: Buffer is no larger than Segment", ErrOptions)
	case o.Every < 0 || o.Segment < leastSegment || o.Buffer < leastBuffer:
		return o, fmt.Errorf("%w: Every is above zero, Segment %d at the least, Buffer %d", ErrOptions, leastSegment, leastBuffer)
	case o.Budget != 0 && o.Budget < 2*o.Segment:
		return o, fmt.Errorf("%w: Budget is two segments at the least, %d bytes", ErrOptions, 2*o.Segment)
	}
	return o, nil
}
