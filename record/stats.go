package record

import (
	"time"

	"github.com/depthwire/depthwire/record/wal"
)

// Stats is what a recorder has done since it was made.
type Stats struct {
	Series []SeriesStats // by venue, symbol and channel
	Sinks  []SinkStats   // as Config.Sinks
	Log    wal.Stats
	Live   int // books that are live
	Books  int // books that are recorded
}

// SeriesStats is what was recorded of one channel of one market.
type SeriesStats struct {
	Venue, Symbol string
	Channel       Channel
	Rows          uint64    // accepted
	Dropped       uint64    // because the log took nothing
	Gaps          uint64    // holes
	Healed        uint64    // of these, those that are closed
	Last          time.Time // when the last row was received
	Down          bool      // of a book: it is not live
}

// SinkStats is how one sink does.
type SinkStats struct {
	Name    string
	Cursor  uint64        // position behind the last row that it has
	Lag     uint64        // rows of the log that it does not have yet
	Behind  time.Duration // how long ago the oldest of these was received, as far as it is known
	Rows    uint64        // written
	Batches uint64
	Failed  uint64 // attempts to write
	Refused uint64 // rows that are in its file of such
	Bytes   int64  // of that file
	Err     error  // of the last attempt, nil when it succeeded
	Over    bool   // the recorder has given it up: Err says why
}

// Stats returns a snapshot. It may be called from any goroutine, before, during and after Run.
func (r *Recorder) Stats() Stats { return Stats{} }
