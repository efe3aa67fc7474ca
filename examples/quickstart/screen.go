package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/record"
)

// screen draws the board: in place on a terminal, as lines from time to time elsewhere.
type screen struct {
	out      io.Writer
	terminal bool
	board    *board
	recorder *record.Recorder

	drawn  int // lines of the table that stands on the terminal
	told   int // events that were written
	said   time.Time
	rates  []float64 // values a second, smoothed
	values []int     // at the last drawing
	last   time.Time
}

const plainEvery = 2500 * time.Millisecond

// Colours of a terminal.
const (
	bold, dim, red, green, yellow, plain = "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[0m"
	hideCursor, showCursor, endOfLine    = "\x1b[?25l", "\x1b[?25h", "\x1b[K"
	clip, wrap                           = "\x1b[?7l", "\x1b[?7h" // lines longer than the terminal is wide
)

func (s *screen) colour(c, text string) string {
	if !s.terminal {
		return text
	}
	return c + text + plain
}

func (s *screen) open(o options) {
	s.last, s.said = time.Now(), time.Now()
	s.rates, s.values = make([]float64, len(s.board.rows)), make([]int, len(s.board.rows))
	fmt.Fprintf(s.out, "%s  five simulated venues, one book of all, %d markets of two recorded to %s, for %v. Ctrl-C ends it.\n\n",
		s.colour(bold, "DepthWire"), len(s.board.rows), o.path, o.length)
	if s.terminal {
		fmt.Fprint(s.out, hideCursor)
	}
}

// draw shows how things stand. The board is locked only while the lines are made.
func (s *screen) draw() {
	s.board.mu.Lock()
	s.measure()
	events := s.board.events[s.told:]
	s.told = len(s.board.events)
	table := append(append(s.table(), ""), s.consolidated()...)
	s.board.mu.Unlock()
	if !s.terminal {
		for _, e := range events {
			fmt.Fprintln(s.out, e)
		}
		if time.Since(s.said) >= plainEvery {
			s.said = s.said.Add(plainEvery)
			fmt.Fprintf(s.out, "%5.1f s  %s\n", time.Since(s.board.begin).Seconds(), s.line())
		}
		return
	}
	var b strings.Builder
	if s.drawn > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", s.drawn) // up to where the table begins
	}
	for _, e := range events { // they stay above it
		b.WriteString(s.colour(yellow, e) + endOfLine + "\n")
	}
	lines := append(table, "", s.colour(dim, s.line()))
	b.WriteString(clip)
	for _, l := range lines {
		b.WriteString(l + endOfLine + "\n")
	}
	b.WriteString(wrap)
	s.drawn = len(lines)
	fmt.Fprint(s.out, b.String())
}

// measure brings the rates up to now.
func (s *screen) measure() {
	now := time.Now()
	passed := now.Sub(s.last).Seconds()
	if passed < 0.1 {
		return
	}
	for i, r := range s.board.rows {
		rate := float64(r.values-s.values[i]) / passed
		if s.rates[i] == 0 {
			s.rates[i] = rate
		}
		s.rates[i] += (rate - s.rates[i]) / 4
		s.values[i] = r.values
	}
	s.last = now
}

// table is the lines of the table.
func (s *screen) table() []string {
	lines := []string{s.colour(bold, fmt.Sprintf("%-7s %-13s %12s %12s %12s  %-7s %5s %8s",
		"venue", "symbol", "best bid", "best ask", "spread", "state", "upd/s", "latency"))}
	for i, r := range s.board.rows {
		bid, ask := r.book.Best()
		state, colour := r.book.State.String(), green
		if r.book.State != book.Live {
			colour = red
		}
		lines = append(lines, fmt.Sprintf("%-7s %-13s %12s %12s %12s  %s %5.0f %5.1f ms",
			r.venue, r.symbol, bid.Price, ask.Price, ask.Price.Sub(bid.Price),
			s.colour(colour, fmt.Sprintf("%-7s", state)), s.rates[i], float64(r.latency)/float64(time.Millisecond)))
	}
	return lines
}

// line is the state of everything in one line.
func (s *screen) line() string {
	st := s.recorder.Stats()
	k := s.board.counts()
	seen, healed := gaps(&st)
	return fmt.Sprintf("%d of %d books live, %.0f updates/s, %d rows recorded, gaps: %d seen, %d healed, %d books compared, %d wrong",
		k.live, len(s.board.rows), sum(s.rates), st.Sinks[0].Rows, seen, healed, k.checked, k.wrong)
}

func sum(all []float64) (n float64) {
	for _, x := range all {
		n += x
	}
	return n
}

func gaps(st *record.Stats) (seen, healed uint64) {
	for _, x := range st.Series {
		seen += x.Gaps
		healed += x.Healed
	}
	return seen, healed
}

// close leaves the last table standing.
func (s *screen) close() {
	s.draw()
	if s.terminal {
		fmt.Fprint(s.out, showCursor)
		return
	}
	s.board.mu.Lock()
	table := append(append(s.table(), ""), s.consolidated()...)
	s.board.mu.Unlock()
	fmt.Fprintln(s.out, "\n"+strings.Join(table, "\n"))
}

// summary says what has been recorded, what was missed, and whether the books were right.
func (s *screen) summary(o options) {
	st := s.recorder.Stats()
	fmt.Fprintf(s.out, "\n%s\n", s.colour(bold, "Recorded"))
	for _, ch := range channels {
		x := st.Of(ch)
		fmt.Fprintf(s.out, "  %-8s %8d rows, %d dropped, gaps: %d seen, %d healed\n", ch, x.Rows, x.Dropped, x.Gaps, x.Healed)
	}
	fmt.Fprintf(s.out, "  in %d transactions, %d rows not written\n", st.Sinks[0].Batches, st.Sinks[0].Lag)
	k := s.board.counts()
	verdict := s.colour(green, "all equal")
	if k.wrong > 0 {
		verdict = s.colour(red, fmt.Sprintf("%d WRONG", k.wrong))
	}
	fmt.Fprintf(s.out, "\n%s\n  %d times, every level to %d a side, at equal sequence numbers: %s\n",
		s.colour(bold, "Books compared with the simulator's own"), k.checked, depth, verdict)
	fmt.Fprintf(s.out, "\nLook at it:\n  sqlite3 %s \"SELECT venue, symbol, count(*), min(price_real), max(price_real) FROM trades GROUP BY 1, 2\"\n", o.path)
	fmt.Fprintf(s.out, "  sqlite3 %s \"SELECT venue, symbol, channel, cause, healed, (to_time - from_time) / 1e6 AS ms FROM gaps WHERE cause <> 'start'\"\n", o.path)
}

// counts is the board in numbers.
type counts struct{ live, checked, wrong int }

func (b *board) counts() (k counts) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range b.rows {
		if r.book.State == book.Live {
			k.live++
		}
	}
	k.checked, k.wrong = b.checked, len(b.wrong)
	return k
}
