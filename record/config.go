package record

import (
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
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
	Rows  int           // of a full batch, which has 16 MiB of the log at the most. 0: 10,000
	Every time.Duration // how long a row waits for its batch to fill. 0: 250 ms
}

// sinkName is what a Target may be called.
var sinkName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)

func (c Config) filled() Config {
	or(&c.Snapshot, time.Minute)
	or(&c.Drain, 10*time.Second)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Log.Log == nil {
		c.Log.Log = c.Logger
	}
	c.Sinks = slices.Clone(c.Sinks)
	for i := range c.Sinks {
		or(&c.Sinks[i].Rows, 10_000)
		or(&c.Sinks[i].Every, 250*time.Millisecond)
	}
	c.Sources = slices.Clone(c.Sources)
	for i := range c.Sources {
		s := &c.Sources[i]
		if len(s.Channels) == 0 {
			s.Channels = []Channel{Trades, Books}
		}
		if len(s.Intervals) == 0 {
			s.Intervals = []exchange.Interval{"1m"}
		}
	}
	return c
}

func or[T int | time.Duration](v *T, or T) {
	if *v <= 0 {
		*v = or
	}
}

func (c *Config) check() error {
	bad := func(format string, args ...any) error {
		return fmt.Errorf("%w: "+format, append([]any{ErrConfig}, args...)...)
	}
	switch {
	case c.Dir == "":
		return bad("no Dir")
	case len(c.Sources) == 0:
		return bad("no Sources")
	case c.Depth < 0:
		return bad("Depth is %d", c.Depth)
	}
	recorded := make(map[series]bool)
	for i, s := range c.Sources {
		if s.Client == nil || len(s.Symbols) == 0 {
			return bad("source %d has no client or no symbols", i)
		}
		if slices.ContainsFunc(c.Sources[:i], func(other Source) bool {
			return s.Raw != nil && other.Raw != nil && other.Raw != s.Raw && other.Client.Venue() == s.Client.Venue()
		}) {
			return bad("source %d: two Raw of one venue, which may share one", i)
		}
		for _, ch := range s.Channels {
			if !slices.Contains([]Channel{Trades, Books, Tickers, BidAsks, Candles, Funding}, ch) {
				return bad("source %d: no channel %q", i, ch)
			}
			for _, symbol := range s.Symbols {
				of := series{venue: s.Client.Venue(), symbol: symbol, channel: ch}
				if recorded[of] {
					return bad("%s of %s on %s is there twice", ch, symbol, of.venue)
				}
				recorded[of] = true
			}
		}
	}
	for i, k := range c.Sinks {
		switch {
		case k.Sink == nil:
			return bad("sink %q is nil", k.Name)
		case !sinkName.MatchString(k.Name):
			return bad("%q is no name of a sink: letters, digits, - and _", k.Name)
		case slices.ContainsFunc(c.Sinks[:i], func(other Target) bool { return strings.EqualFold(other.Name, k.Name) }):
			return bad("two sinks are called %s", k.Name)
		}
	}
	return nil
}
