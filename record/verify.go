package record

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/depthwire/depthwire/record/wal"
)

// Report is what a store has of a time, and what is missing.
type Report struct {
	From, To time.Time      // of what was received
	Series   []SeriesReport // by venue, symbol and channel
	Logs     []LogReport    // by id
	Waiting  uint64         // rows that are in the recorder's log, and not in the store yet; of VerifyLog
}

// SeriesReport is one channel of one market.
type SeriesReport struct {
	Venue, Symbol string
	Channel       Channel
	Rows          uint64
	First, Last   time.Time // when the first and the last one were received
	Numbered      bool      // the venue numbers them: Expected, Present and Missing are known
	Expected      uint64    // from the first number to the last
	Present       uint64    // different ones
	Missing       []Hole    // what is between
	Gaps          int       // holes of the ledger, times without a recorder among them
	Healed        int       // of these, those of which nothing is missing any more
	Lost          uint64    // rows that are missing by the ledger, as far as it knows
	Wrong         uint64    // rows of books that cannot follow what is before them
	Waiting       uint64    // rows that are in the recorder's log, and not in the store yet; of VerifyLog
}

// Hole are numbers that are not there, both included.
type Hole struct {
	From, To      int64
	After, Before time.Time // when the rows around it were received
	Told          bool      // the ledger has it
}

// LogReport is what is stored of one log: each position from the first to the last has a row, or a gap says why not.
type LogReport struct {
	Log         wal.ID
	First, Last uint64
	Rows        uint64
	Missing     uint64 // positions that have no row
	Told        uint64 // of these, those of which the ledger or the file of refused rows tells
	Again       uint64 // of the rest, as many as can be rows with a key that the store had already: from elsewhere, or of ids that began again
}

// Accounted reports that all positions that have no row are accounted for.
func (l *LogReport) Accounted() bool { return l.Missing <= l.Told+l.Again }

// Whole reports that nothing is missing: no number, and no hole that is not healed.
func (s *SeriesReport) Whole() bool { return len(s.Missing) == 0 && s.Gaps == s.Healed && s.Wrong == 0 }

// Accounted reports that all that is missing is told of.
func (s *SeriesReport) Accounted() bool {
	return s.Wrong == 0 && !slices.ContainsFunc(s.Missing, func(h Hole) bool { return !h.Told })
}

// Accounted reports that of all series and logs all that is missing is told of.
func (r *Report) Accounted() bool {
	return !slices.ContainsFunc(r.Series, func(s SeriesReport) bool { return !s.Accounted() }) &&
		!slices.ContainsFunc(r.Logs, func(l LogReport) bool { return !l.Accounted() })
}

// edge is how much earlier and later than the time that is verified positions are looked for: rows of different series may be received
// in another order than they stand in the log.
const edge = time.Minute

// Verify reads what a store has received in [from, to), and holds it against the venues' own numbers, against the positions of the logs
// and against the ledger of gaps. What the recorder has lost without a word shows here, whoever lost it. Its cost is that of reading keys of all
// rows of that time.
func Verify(ctx context.Context, s Store, from, to time.Time) (*Report, error) {
	v, err := verify(ctx, s, from, to)
	if err != nil {
		return nil, err
	}
	return v.report(), nil
}

func verify(ctx context.Context, s Store, from, to time.Time) (*verifier, error) {
	v := &verifier{from: from, to: to, series: make(map[series]*checked), logs: make(map[wal.ID]*logged)}
	if err := v.ledger(ctx, s); err != nil {
		return nil, err
	}
	for _, t := range Tables {
		if t == GapTable {
			continue
		}
		columns := []string{"venue", "symbol", "received"}
		switch t {
		case TradeTable:
			columns = append(columns, "id", "first")
		case BookTable:
			columns = append(columns, "seq", "state")
		}
		if err := s.Read(ctx, t, from.Add(-edge), to.Add(edge), columns, v.rows); err != nil {
			return nil, fmt.Errorf("record: verify %s: %w", t.Name, err)
		}
	}
	return v, nil
}

// verifier gathers what a Report needs.
type verifier struct {
	from, to time.Time
	series   map[series]*checked
	logs     map[wal.ID]*logged
	gaps     []ledgerGap
	waiting  uint64
}

// ledgerGap is a row of the ledger.
type ledgerGap struct {
	Gap
	told time.Time
	log  wal.ID
}

// checked is what is known of a series.
type checked struct {
	SeriesReport
	numbers spans
	open    time.Time // From of the last gap that was told and not healed
	live    bool
	log     wal.ID // of the row before
}

func (v *verifier) of(s series) *checked {
	c := v.series[s]
	if c == nil {
		c = &checked{SeriesReport: SeriesReport{Venue: s.venue, Symbol: s.symbol, Channel: s.channel}}
		v.series[s] = c
	}
	return c
}

// ledger reads the gaps, also those from before: they say whether a series is numbered.
func (v *verifier) ledger(ctx context.Context, s Store) error {
	t := GapTable
	err := s.Read(ctx, t, time.Unix(0, 0), v.to.Add(edge), nil, func(r *Rows) error {
		text := func(name string, i int) string { return r.Columns[t.Column(name)].Texts[i] }
		number := func(name string, i int) int64 { return r.Columns[t.Column(name)].Ints[i] }
		for i, pos := range r.Pos {
			g := ledgerGap{Gap{
				Venue: text("venue", i), Symbol: text("symbol", i), Channel: Channel(text("channel", i)), Cause: text("cause", i),
				From: Time(number("from_time", i)), To: Time(number("to_time", i)), FromID: text("from_id", i), ToID: text("to_id", i),
				Lost: uint64(number("lost", i)), Healed: number("healed", i) == 1, Err: text("error", i),
			}, Time(number("received", i)), r.Log}
			v.gaps = append(v.gaps, g)
			if !g.told.Before(v.from.Add(-edge)) {
				l := v.log(r.Log)
				l.add(pos)
				l.at(g.told)
				l.tells(&g.Gap)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("record: verify %s: %w", t.Name, err)
	}
	for i := range v.gaps {
		v.judge(&v.gaps[i])
	}
	return nil
}

// judge counts a gap where it belongs.
func (v *verifier) judge(g *ledgerGap) {
	switch {
	case g.Venue == "", g.Cause == Clock: // of a log, whose rows are gone, or nothing is missing
		return
	case g.Cause == Start:
		c := v.of(series{venue: g.Venue, symbol: g.Symbol, channel: g.Channel})
		c.Numbered = c.Numbered || g.ToID != ""
		if g.From.IsZero() || g.Channel == Frames || g.nothing() {
			return
		}
	}
	if g.told.Before(v.from) || !g.told.Before(v.to) {
		return
	}
	c := v.of(series{venue: g.Venue, symbol: g.Symbol, channel: g.Channel})
	if g.Cause == Start { // no recorder was at work: a state is whole again by the next one, what happened meanwhile is not
		if c.Gaps++; g.Channel != Trades && g.Channel != Candles {
			c.Healed++
		}
		return
	}
	same := !c.open.IsZero() && g.From.Equal(c.open)
	if !same {
		c.Gaps++
	}
	if c.open = g.From; g.Healed {
		c.Healed++
		c.open = time.Time{}
	} else if !same {
		c.Lost += g.Lost
	}
}

// nothing reports that by the numbers at both ends nothing is between.
func (g *Gap) nothing() bool {
	from, to, ok := g.numbers()
	return ok && to <= from+1
}

// numbers are those at both ends of a hole, where the venue has such.
func (g *Gap) numbers() (from, to int64, ok bool) {
	from, err := strconv.ParseInt(g.FromID, 10, 64)
	to, err2 := strconv.ParseInt(g.ToID, 10, 64)
	return from, to, err == nil && err2 == nil
}

func (v *verifier) log(id wal.ID) *logged {
	l := v.logs[id]
	if l == nil {
		l = &logged{positions: newPositions(), keyed: make(map[series]uint64)}
		v.logs[id] = l
	}
	return l
}

// rows takes rows of one table and log.
func (v *verifier) rows(r *Rows) error {
	l := v.log(r.Log)
	l.plain = l.plain || r.Table.Key == ""
	for i, pos := range r.Pos {
		received := Time(r.Columns[ReceivedColumn].Ints[i])
		if r.Table != BookTable || r.Columns[SeqColumn].Ints[i] != laid {
			l.add(pos)
			l.at(received)
		}
		if r.Table.Key != "" {
			l.keyed[series{venue: r.Columns[VenueColumn].Texts[i], symbol: r.Columns[SymbolColumn].Texts[i], channel: Channel(r.Table.Name)}]++
		}
		if received.Before(v.from) || !received.Before(v.to) || r.Table == FrameTable {
			continue
		}
		c := v.of(series{venue: r.Columns[VenueColumn].Texts[i], symbol: r.Columns[SymbolColumn].Texts[i], channel: Channel(r.Table.Name)})
		if c.Rows++; c.First.IsZero() || received.Before(c.First) {
			c.First = received
		}
		c.Last = later(c.Last, received)
		switch r.Table {
		case TradeTable:
			c.number(r.Columns[r.Table.Column("first")].Texts[i], r.Columns[r.Table.Column("id")].Texts[i], received)
		case BookTable:
			c.state(r.Columns[r.Table.Column("state")].Texts[i], r.Log)
		}
	}
	return nil
}

// number notes the numbers that a row stands for.
func (c *checked) number(first, last string, received time.Time) {
	if !c.Numbered {
		return
	}
	to, err := strconv.ParseInt(last, 10, 64)
	from, err2 := strconv.ParseInt(cmp.Or(first, last), 10, 64)
	if err == nil && err2 == nil && from <= to {
		c.numbers.add(from, to, received)
	}
}

// state notes a row of a book. Of the first one of a time nothing is known that it could follow.
func (c *checked) state(state string, log wal.ID) {
	if c.log != log || c.Rows == 1 {
		c.live = c.Rows == 1 || state == BookSnapshot
	}
	c.log = log
	switch state {
	case BookSnapshot:
		c.live = true
	case BookDelta:
		if !c.live {
			c.Wrong++
		}
	default:
		c.live = false
	}
}

func (v *verifier) report() *Report {
	r := &Report{From: v.from, To: v.to, Waiting: v.waiting}
	for s, c := range v.series {
		if c.Rows == 0 && c.Gaps == 0 && c.Waiting == 0 {
			continue
		}
		if c.Numbered {
			c.Expected, c.Present = c.numbers.count()
			for _, h := range c.numbers.holes() {
				h.Told = slices.ContainsFunc(v.gaps, func(g ledgerGap) bool { return g.tells(s, &h) })
				c.Missing = append(c.Missing, h)
			}
		}
		r.Series = append(r.Series, c.SeriesReport)
	}
	slices.SortFunc(r.Series, func(a, b SeriesReport) int {
		return cmp.Or(cmp.Compare(a.Venue, b.Venue), cmp.Compare(a.Symbol, b.Symbol), cmp.Compare(a.Channel, b.Channel))
	})
	for id, l := range v.logs {
		r.Logs = append(r.Logs, v.logReport(id, l))
	}
	slices.SortFunc(r.Logs, func(a, b LogReport) int { return slices.Compare(a.Log[:], b.Log[:]) })
	return r
}

// tells reports whether a gap is about a hole of a series: by the numbers at its ends where it has them, else by its time.
func (g *ledgerGap) tells(s series, h *Hole) bool {
	switch {
	case g.Cause == Clock:
		return false
	case g.Venue == "" && (g.Cause == Budget || g.Cause == Damaged):
	case g.Venue != s.venue || g.Channel != s.channel || g.Symbol != s.symbol && g.Symbol != "":
		return false
	}
	if from, to, ok := g.numbers(); ok && g.Venue != "" {
		return from < h.From && to > h.To
	}
	return (g.From.IsZero() || !g.From.After(h.Before)) && (g.To.IsZero() || !g.To.Before(h.After))
}

func (v *verifier) logReport(id wal.ID, l *logged) LogReport {
	r := LogReport{Log: id, First: l.first, Last: l.last, Rows: l.count}
	l.holes(func(first, last uint64) {
		n := last - first + 1
		r.Missing += n
		for _, g := range v.gaps {
			from, err := strconv.ParseUint(g.FromID, 10, 64)
			to, err2 := strconv.ParseUint(g.ToID, 10, 64)
			if g.log == id && g.Venue == "" && err == nil && err2 == nil && from <= first && to > last {
				r.Told += n
				return
			}
		}
	})
	r.Again = min(r.Missing-r.Told, v.again(l))
	return r
}
