package main

import (
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/stream"
)

// What a terminal is told.
const (
	hideCursor, showCursor = "\x1b[?25l", "\x1b[?25h"
	noWrap, wrap           = "\x1b[?7l", "\x1b[?7h"
	hold, release          = "\x1b[?2026h", "\x1b[?2026l" // show what is between them at once, where the terminal can
	endOfLine, below       = "\x1b[K", "\x1b[J"
	clear                  = "\x1b[2J\x1b[H"
)

// screen redraws lines in place on a terminal. Each picture is one write that writes over
// the last one, so that nothing flickers.
type screen struct {
	out           io.Writer
	size          func() (width, height int, err error)
	drawn         int // lines of the picture that stands there
	width, height int
	opened        bool
}

// measure returns how large the terminal is now.
func (s *screen) measure() (width, height int) {
	width, height, err := s.size()
	if err != nil || width <= 0 || height <= 0 {
		return 80, 24
	}
	return width, height
}

// draw replaces the picture by lines, and leaves notes above it for good.
func (s *screen) draw(notes, lines []string) error {
	var b strings.Builder
	b.WriteString(hold + noWrap)
	width, height := s.measure()
	switch {
	case !s.opened:
		b.WriteString(hideCursor)
	case width != s.width || height != s.height: // the terminal may have broken lines anew
		b.WriteString(clear)
	case s.drawn > 0:
		b.WriteString("\r\x1b[" + decimalOf(s.drawn) + "A")
	}
	s.opened, s.width, s.height = true, width, height
	if most := max(1, height-1); len(lines) > most { // what scrolled away could not be written over
		lines = append(lines[:most-1:most-1], "… "+decimalOf(len(lines)-most+1)+" more lines: the terminal is too low")
	}
	for _, l := range append(notes[:len(notes):len(notes)], lines...) {
		b.WriteString(l + endOfLine + "\r\n")
	}
	b.WriteString(below + wrap + release)
	s.drawn = len(lines)
	_, err := io.WriteString(s.out, b.String())
	return err
}

// close gives the terminal back as it was; the last picture stays.
func (s *screen) close() error {
	if !s.opened {
		return nil
	}
	s.opened = false
	_, err := io.WriteString(s.out, wrap+showCursor)
	return err
}

// board is the live table of all markets.
type board struct {
	app    *app
	kind   *kind
	depth  int
	screen screen
	table  *table
	rows   []*market
	of     map[*source]*market
	notes  chan string // lines of the library's log: it has goroutines of its own
	above  []string    // lines that come above the table with the next picture
}

// market is what is known of one market.
type market struct {
	*source
	values  int
	stamp   exchange.Stamp
	state   string
	rows    [][]cell              // the newest first
	venues  []exchange.VenueState // of a merged one
	shown   string                // from receipt to the screen, of the newest
	fresh   bool                  // not on the screen yet
	failure string
}

func newBoard(a *app, k *kind, depth int, sources []*source, size func() (int, int, error)) *board {
	columns := append([]column{{title: "VENUE"}, {title: "SYMBOL"}, {title: "STATE"}}, k.columns...)
	columns = append(columns, column{title: "AGE", align: right, spare: 4}, column{title: "LATENCY", align: right, spare: 5},
		column{title: "SHOWN", align: right, spare: 6}, column{title: "VALUES", align: right, spare: 7})
	b := &board{
		app: a, kind: k, depth: depth, table: newTable(a.palette(), columns...),
		screen: screen{out: a.out, size: size}, of: make(map[*source]*market), notes: make(chan string, 64),
	}
	for _, s := range sources {
		m := &market{source: s, state: "syncing"}
		b.rows, b.of[s] = append(b.rows, m), m
	}
	return b
}

// Write takes a line of the library's log. When there are more than can be shown they
// are lost: the table is what counts.
func (b *board) Write(line []byte) (int, error) {
	select {
	case b.notes <- oneLine(string(line)):
	default:
	}
	return len(line), nil
}

func (b *board) show(n *news) error {
	m := b.of[n.from]
	m.values++
	m.stamp, m.state, m.venues, m.fresh = n.stamp, n.state, n.venues, true
	if b.kind.tape {
		m.rows = append(n.rows, m.rows...)
		m.rows = m.rows[:min(len(m.rows), b.depth)]
	} else {
		m.rows = n.rows
	}
	for _, x := range n.notices {
		b.note(warning, stampTime(x.at)+"  "+x.venue+" "+x.symbol+"  "+x.text)
	}
	return nil
}

func (b *board) fail(from *source, err error) error {
	m := b.of[from]
	m.state, m.failure, m.rows = "failed", oneLine(err.Error()), nil
	b.note(bad, "depthwire: "+m.failure)
	return nil
}

// silent has nothing to add: the table shows the state.
func (b *board) silent(*source, string) {}

// note puts a line above the table.
func (b *board) note(s style, text string) {
	width, _ := b.screen.measure()
	b.above = append(b.above, b.table.palette.paint(s, cut(printable(text), width)))
}

// beat draws.
func (b *board) beat(now time.Time) error {
	for len(b.notes) > 0 {
		b.note(faint, <-b.notes)
	}
	width, _ := b.screen.measure()
	lines := append(b.table.lines(b.picture(now), width), b.absences(now, width)...)
	err := b.screen.draw(b.above, lines)
	b.above = nil
	return err
}

// picture returns the rows of the table.
func (b *board) picture(now time.Time) [][]cell {
	states := b.health()
	rows := [][]cell{b.table.titles()}
	for _, m := range b.rows {
		if m.fresh {
			m.fresh, m.shown = false, ago(m.stamp.Received, now)
		}
		state := m.state
		if s := states[m.source]; s != "" && m.failure == "" && (m.state == "live" || m.values == 0) {
			state = s
		}
		for i := range max(1, b.height(m)) {
			rows = append(rows, b.line(m, state, i, now))
		}
		for i := range m.parts {
			rows = append(rows, b.partLine(m, i, now))
		}
	}
	return rows
}

// partLine returns the row of one venue of a merged market.
func (b *board) partLine(m *market, i int, now time.Time) []cell {
	p, state, age, late := m.parts[i], "syncing", "", ""
	if i < len(m.venues) {
		v := &m.venues[i]
		state, age, late = v.State.String(), ago(v.Received, now), latency(&v.Stamp)
	}
	if m.failure != "" {
		state = m.state
	}
	r := []cell{{p.venue, faint}, {p.symbol, faint}, {state, stateStyle(state)}}
	r = append(r, make([]cell, len(b.kind.columns))...)
	return append(r, row(age, late, "", "")...)
}

// absences returns the lines below the table: since when and why venues are left out.
func (b *board) absences(now time.Time, width int) (lines []string) {
	for _, m := range b.rows {
		for i := range m.venues {
			if v := &m.venues[i]; v.Err != nil && m.failure == "" {
				lines = append(lines, b.table.palette.paint(bad, cut(printable(absence(v, now)), width)))
			}
		}
	}
	return lines
}

// height returns how many rows a market has: as many with values as without, so that the
// table stands still.
func (b *board) height(m *market) int {
	if m.failure != "" {
		return 1
	}
	return b.depth
}

// line returns row i of a market.
func (b *board) line(m *market, state string, i int, now time.Time) []cell {
	r := make([]cell, 3, len(b.table.columns))
	if i == 0 {
		r[0], r[1], r[2] = cell{m.venue, plain}, cell{m.symbol, strong}, cell{state, stateStyle(state)}
	}
	if i < len(m.rows) {
		r = append(r, m.rows[i]...)
	} else {
		r = append(r, make([]cell, len(b.kind.columns))...)
	}
	if i > 0 || m.values == 0 {
		return append(r, make([]cell, 4)...)
	}
	late := ""
	if m.parts == nil { // the venues of a merged one have their own
		late = latency(&m.stamp)
	}
	r = append(r, row(ago(m.stamp.Received, now), late, m.shown)...)
	return append(r, cell{decimalOf(m.values), faint})
}

func stateStyle(state string) style {
	switch state {
	case "live":
		return good
	case "failed", "stale":
		return bad
	}
	return warning
}

// health returns the states of streams that the values do not tell: a connection
// that was lost, a topic that went quiet.
func (b *board) health() map[*source]string {
	states := make(map[*source]string)
	asked := make(map[*exchange.Client][]exchange.StreamHealth)
	for _, m := range b.rows {
		if m.client == nil {
			continue
		}
		if _, ok := asked[m.client]; !ok {
			asked[m.client] = m.client.Health()
		}
		for _, h := range asked[m.client] {
			if h.Kind == b.kind.stream && h.Symbol == m.unified() {
				states[m.source] = stateOf(&h, m.values > 0)
			}
		}
	}
	return states
}

func stateOf(h *exchange.StreamHealth, heard bool) string {
	switch {
	case !h.Connected && heard, h.State == stream.Silent:
		return "stale"
	case !h.Connected, h.State != stream.Subscribed, !heard:
		return "syncing"
	}
	return "live"
}

// close draws what has come since the last time, and gives the terminal back.
func (b *board) close() error {
	err := b.beat(time.Now())
	if failed := b.screen.close(); err == nil {
		err = failed
	}
	return err
}

func decimalOf(n int) string { return strconv.Itoa(n) }
