package record

import (
	"cmp"
	"slices"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/record/wal"
)

// Stats is what a recorder has done since it was made.
type Stats struct {
	Series []SeriesStats // by venue, symbol and channel
	Sinks  []SinkStats   // as Config.Sinks
	Log    wal.Stats
	Live   int // books that are live
	Books  int // books that are asked for
}

// SeriesStats is what was recorded of one channel of one market.
type SeriesStats struct {
	Venue, Symbol string
	Channel       Channel
	Interval      exchange.Interval // of candles
	Rows          uint64            // accepted
	Dropped       uint64            // because the log took nothing
	Gaps          uint64            // holes
	Healed        uint64            // of these, those that are closed
	Last          time.Time         // when the last row was received; zero: nothing has come yet
	Down          bool              // of a book: it is not live
	Ended         bool              // the venue has ended it, or does not have it: nothing more comes
}

// SinkStats is how one sink does.
type SinkStats struct {
	Name    string
	Cursor  uint64        // position behind the last row that it has
	Lag     uint64        // rows of the log that it does not have yet
	Behind  time.Duration // how long ago the oldest of these was received, or that the sink does not say how far it is
	Rows    uint64        // written
	Batches uint64
	Failed  uint64 // attempts to write
	Refused uint64 // rows that are in its file of such
	Bytes   int64  // of that file
	Err     error  // of the last attempt, nil when it succeeded
	Over    bool   // the recorder has given it up: Err says why
}

// Stats returns a snapshot. It may be called from any goroutine, before, during and after Run.
func (r *Recorder) Stats() Stats {
	r.mu.Lock()
	defer r.mu.Unlock()
	var s Stats
	seen := 0
	for _, x := range r.o.Sources {
		if slices.Contains(x.Channels, Books) {
			s.Books += len(x.Symbols)
		}
	}
	if r.journal == nil {
		return s
	}
	s.Log = r.journal.log.Stats()
	for _, t := range r.targets {
		s.Sinks = append(s.Sinks, t.report())
	}
	s.Series = r.silent(r.journal.report())
	for i := range s.Series {
		if x := &s.Series[i]; x.Channel == Books {
			if seen++; !x.Down {
				s.Live++
			}
		}
	}
	s.Books = max(s.Books, seen)
	return s
}

// silent puts in the tickers and best prices that are asked for and of which nothing has come yet: such come again and again.
func (r *Recorder) silent(all []SeriesStats) []SeriesStats {
	type of struct {
		venue string
		ch    Channel
	}
	asked, seen := make(map[of][]string), make(map[of]map[string]bool)
	for _, x := range r.o.Sources {
		for _, ch := range x.Channels {
			if k := (of{x.Client.Venue(), ch}); ch == Tickers || ch == BidAsks {
				asked[k], seen[k] = append(asked[k], x.Symbols...), make(map[string]bool)
			}
		}
	}
	for i := range all {
		if names := seen[of{all[i].Venue, all[i].Channel}]; names != nil {
			names[all[i].Symbol] = true
		}
	}
	for k, symbols := range asked {
		if len(seen[k]) >= len(symbols) { // the names asked for may be ids of the venue
			continue
		}
		for _, symbol := range symbols {
			if !seen[k][symbol] {
				all = append(all, SeriesStats{Venue: k.venue, Symbol: symbol, Channel: k.ch})
			}
		}
	}
	slices.SortFunc(all, bySeries)
	return all
}

func bySeries(a, b SeriesStats) int {
	return cmp.Or(cmp.Compare(a.Venue, b.Venue), cmp.Compare(a.Symbol, b.Symbol), cmp.Compare(a.Channel, b.Channel), cmp.Compare(a.Interval, b.Interval))
}

func (t *target) report() SinkStats {
	lag := t.lag()
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.stats
	if s.Lag = lag; lag > 0 && !t.oldest.IsZero() {
		s.Behind = max(0, time.Since(t.oldest))
	}
	return s
}

func (j *journal) report() (all []SeriesStats) {
	j.mu.Lock()
	for s, c := range j.counts {
		waits := s.channel == Books && c.rows == 0
		if c.begun || c.ended || c.dropped > 0 || c.gaps > 0 || waits && c.last.IsZero() { // what an earlier run has left is not asked for, perhaps
			all = append(all, SeriesStats{s.venue, s.symbol, s.channel, s.interval, c.rows, c.dropped, c.gaps, c.healed, c.last, c.down || waits, c.ended})
		}
	}
	j.mu.Unlock()
	return all
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
