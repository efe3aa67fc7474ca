package record

import (
	"cmp"
	"slices"
)

// Stats is what a recorder has done since it was made.
type Stats struct {
	Series  []SeriesStats // by venue, symbol and channel
	Waiting int           // rows that the sink does not have yet
	Written uint64        // rows that it has, gaps included
	Batches uint64
	Failed  uint64 // attempts to write
	Cursor  uint64 // the sink's position
	Err     error  // of the last attempt, nil when it succeeded
}

// SeriesStats is what was recorded of one channel of one market.
type SeriesStats struct {
	Venue, Symbol string
	Channel       Channel
	Rows          uint64 // accepted
	Dropped       uint64 // because the buffer was full
	Gaps          uint64 // holes
	Healed        uint64 // of these, those that are closed
}

// Of adds up the series of a channel.
func (s *Stats) Of(ch Channel) (sum SeriesStats) {
	sum.Channel = ch
	for _, x := range s.Series {
		if x.Channel == ch {
			sum.Rows += x.Rows
			sum.Dropped += x.Dropped
			sum.Gaps += x.Gaps
			sum.Healed += x.Healed
		}
	}
	return sum
}

// Stats returns a snapshot. It may be called from any goroutine, before, during and after Run.
func (r *Recorder) Stats() Stats {
	q := r.queue
	q.mu.Lock()
	w := q.written
	s := Stats{Waiting: q.rows, Written: w.rows, Batches: w.batches, Failed: w.failed, Cursor: w.cursor, Err: w.err}
	for k, c := range q.counts {
		s.Series = append(s.Series, SeriesStats{k.venue, k.symbol, k.channel, c.rows, c.dropped, c.gaps, c.healed})
	}
	q.mu.Unlock()
	slices.SortFunc(s.Series, func(a, b SeriesStats) int {
		return cmp.Or(cmp.Compare(a.Venue, b.Venue), cmp.Compare(a.Symbol, b.Symbol), cmp.Compare(a.Channel, b.Channel))
	})
	return s
}
