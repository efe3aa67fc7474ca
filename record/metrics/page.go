package metrics

import "github.com/depthwire/depthwire/record"

// column is one metric of all series, or of all sinks.
type column[T any] struct {
	name, kind, help string
	value            func(*T) float64
}

const (
	counter = "counter"
	gauge   = "gauge"
)

// ofSeries are the metrics of a symbol's channel.
var ofSeries = []column[record.SeriesStats]{
	{"depthwire_record_rows_total", counter, "Rows that the log has accepted.", func(x *record.SeriesStats) float64 { return float64(x.Rows) }},
	{"depthwire_record_dropped_rows_total", counter, "Rows that the log did not take.", func(x *record.SeriesStats) float64 { return float64(x.Dropped) }},
	{"depthwire_record_gaps_total", counter, "Holes in what the venue sent.", func(x *record.SeriesStats) float64 { return float64(x.Gaps) }},
	{"depthwire_record_healed_gaps_total", counter, "Holes that are closed.", func(x *record.SeriesStats) float64 { return float64(x.Healed) }},
	{"depthwire_record_last_received_timestamp_seconds", gauge, "When the last row was received, 0 before the first.", func(x *record.SeriesStats) float64 { return seconds(x.Last) }},
}

// live is of books alone.
var live = column[record.SeriesStats]{"depthwire_record_book_live", gauge, "Whether a book is in sync.", func(x *record.SeriesStats) float64 { return flag(!x.Down) }}

// ofSinks are the metrics of a sink.
var ofSinks = []column[record.SinkStats]{
	{"depthwire_record_sink_rows_total", counter, "Rows written.", func(x *record.SinkStats) float64 { return float64(x.Rows) }},
	{"depthwire_record_sink_batches_total", counter, "Batches written.", func(x *record.SinkStats) float64 { return float64(x.Batches) }},
	{"depthwire_record_sink_failures_total", counter, "Attempts to write that failed.", func(x *record.SinkStats) float64 { return float64(x.Failed) }},
	{"depthwire_record_sink_refused_rows_total", counter, "Rows that the store does not take; a file has them.", func(x *record.SinkStats) float64 { return float64(x.Refused) }},
	{"depthwire_record_sink_refused_bytes", gauge, "Size of the file of refused rows.", func(x *record.SinkStats) float64 { return float64(x.Bytes) }},
	{"depthwire_record_sink_lag_rows", gauge, "Rows of the log that the sink does not have yet.", func(x *record.SinkStats) float64 { return float64(x.Lag) }},
	{"depthwire_record_sink_lag_seconds", gauge, "How long ago the oldest of these was received.", func(x *record.SinkStats) float64 { return x.Behind.Seconds() }},
	{"depthwire_record_sink_up", gauge, "Whether the last attempt to write went well.", func(x *record.SinkStats) float64 { return flag(x.Err == nil && !x.Over) }},
}

// page writes all metrics.
func page(s *record.Stats, most int) []byte {
	w := &writer{}
	series := s.Series
	if len(series) > most {
		series = joined(series)
	}
	for _, c := range ofSeries {
		w.family(c.name, c.kind, c.help)
		for i := range series {
			x := &series[i]
			w.sample(c.name, c.value(x), "venue", x.Venue, "symbol", x.Symbol, "channel", string(x.Channel))
		}
	}
	if w.family(live.name, live.kind, live.help); len(series) == len(s.Series) {
		for i := range series {
			if x := &series[i]; x.Channel == record.Books {
				w.sample(live.name, live.value(x), "venue", x.Venue, "symbol", x.Symbol)
			}
		}
	}
	for _, c := range ofSinks {
		w.family(c.name, c.kind, c.help)
		for i := range s.Sinks {
			w.sample(c.name, c.value(&s.Sinks[i]), "sink", s.Sinks[i].Name)
		}
	}
	whole(w, s)
	return w.Bytes()
}

// whole writes what there is once.
func whole(w *writer, s *record.Stats) {
	w.one("depthwire_record_books", gauge, "Books that are recorded.", float64(s.Books))
	w.one("depthwire_record_books_live", gauge, "Of these, those that are in sync.", float64(s.Live))
	w.one("depthwire_record_series", gauge, "Series that are recorded: a symbol's channel is one.", float64(len(s.Series)))
	w.one("depthwire_record_log_bytes", gauge, "Size of the log on disk.", float64(s.Log.Bytes))
	w.one("depthwire_record_log_segments", gauge, "Files of the log.", float64(s.Log.Segments))
	w.one("depthwire_record_log_next", gauge, "Position of the next row.", float64(s.Log.Next))
	w.one("depthwire_record_log_syncs_total", counter, "Times that the log was synced.", float64(s.Log.Syncs))
	w.one("depthwire_record_log_dropped_rows_total", counter, "Rows that went because the disk budget was used up.", float64(s.Log.Dropped))
	w.one("depthwire_record_log_up", gauge, "Whether the last write of the log went well.", flag(s.Log.Err == nil))
}

// joined sums the symbols of each channel of each venue.
func joined(series []record.SeriesStats) (all []record.SeriesStats) {
	type name struct {
		venue   string
		channel record.Channel
	}
	at := make(map[name]int)
	for _, x := range series {
		n := name{x.Venue, x.Channel}
		i, ok := at[n]
		if !ok {
			i = len(all)
			at[n], all = i, append(all, record.SeriesStats{Venue: x.Venue, Channel: x.Channel})
		}
		sum := &all[i]
		sum.Rows, sum.Dropped, sum.Gaps, sum.Healed = sum.Rows+x.Rows, sum.Dropped+x.Dropped, sum.Gaps+x.Gaps, sum.Healed+x.Healed
		if x.Last.After(sum.Last) {
			sum.Last = x.Last
		}
	}
	return all
}
