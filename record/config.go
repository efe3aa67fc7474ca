package record

import (
	"context"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/record/wal"
)

// Config says what is recorded, and where to.
type Config struct {
	Dir     string // of the log, the cursors of sinks and the rows that they have refused; one recorder at a time
	Sources []Source
	Sinks   []Target
	Log     wal.Options

	Depth    int           // levels a side of books. 0: as many as the venue gives
	Snapshot time.Duration // how long until a book is written whole again. 0: 1 min
	Drain    time.Duration // how long Run goes on writing into sinks when its context has ended. 0: 10 s
	Logger   *slog.Logger  // nil: silent
}

// Source is what is recorded of one venue. The client stays the caller's.
type Source struct {
	Client    *exchange.Client
	Symbols   []string
	Channels  []Channel           // none: Trades and Books
	Intervals []exchange.Interval // of Candles, none: 1m
	Raw       *Tap                // the client's: its frames are recorded beside the rest. nil: they are not
}

// Target is a sink, and how it is written to.
type Target struct {
	Name  string        // letters, digits, - and _; of the files that belong to it, and in what is told of it
	Sink  Sink          // stays the caller's
	Rows  int           // of a full batch. 0: 10,000
	Every time.Duration // how long a row waits for its batch to fill. 0: 250 ms
}

// Recorder records what clients watch.
type Recorder struct{ o Config }

// New returns a recorder. It does nothing yet; a config that makes no sense is Run's error.
func New(c Config) *Recorder { return &Recorder{c} }

// Run records until ctx ends.
func (r *Recorder) Run(ctx context.Context) error {
	return fmt.Errorf("%w: %v %v", ErrConfig, regexp.MustCompile("x"), slices.Contains([]int{1}, 2))
}
