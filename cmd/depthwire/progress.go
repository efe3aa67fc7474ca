package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/wal"
)

// progress shows how a recording does. Its methods are called by one goroutine.
type progress interface {
	interval() time.Duration
	show(s *record.Stats, now time.Time) error
	close(s *record.Stats, now time.Time) error // the last state
}

// progress returns what fits the output, and where the library's log goes.
func (r *recording) progress() (progress, io.Writer) {
	rate := &pace{}
	if size, ok := r.terminal(); ok && !r.json {
		b := &dashboard{recording: r, pace: rate, screen: screen{out: r.out, size: size}, notes: make(chan string, 64)}
		return b, b
	}
	return &reports{recording: r, pace: rate}, r.err
}

// pace is how fast rows come, between the last two looks that are a second apart at the least.
type pace struct {
	at    time.Time
	rows  uint64
	speed float64
}

func (p *pace) look(s *record.Stats, now time.Time) float64 {
	rows := uint64(0)
	for i := range s.Series {
		rows += s.Series[i].Rows
	}
	switch passed := now.Sub(p.at); {
	case p.at.IsZero():
		p.at, p.rows = now, rows
	case passed >= time.Second:
		p.speed = float64(rows-p.rows) / passed.Seconds()
		p.at, p.rows = now, rows
	}
	return p.speed
}

// sums is what a recording has done, of all series.
type sums struct {
	rows, dropped, gaps, healed uint64
	down                        []*record.SeriesStats // books that are not live
}

func sumOf(s *record.Stats) (t sums) {
	for i := range s.Series {
		x := &s.Series[i]
		t.rows, t.dropped, t.gaps, t.healed = t.rows+x.Rows, t.dropped+x.Dropped, t.gaps+x.Gaps, t.healed+x.Healed
		if x.Down {
			t.down = append(t.down, x)
		}
	}
	return t
}

// text writes the sums on a line.
func (t *sums) text(s *record.Stats, speed float64) string {
	text := fmt.Sprintf("%d of %d books live  %s rows  %.0f/s", s.Live, s.Books, thousands(t.rows), speed)
	if t.gaps > 0 {
		text += fmt.Sprintf("  %s gaps, %s healed", thousands(t.gaps), thousands(t.healed))
	}
	if t.dropped > 0 {
		text += fmt.Sprintf("  %s rows dropped", thousands(t.dropped))
	}
	return text
}

// logText writes how the log is.
func logText(s *wal.Stats, budget int64) string {
	text := size(s.Bytes)
	if budget > 0 {
		text += " of " + size(budget)
	}
	if s.Dropped > 0 {
		text += fmt.Sprintf(", %s rows dropped", thousands(s.Dropped))
	}
	if s.Err != nil {
		text += ": " + oneLine(s.Err.Error())
	}
	return text
}

// sinkState says in a word how a sink is.
func sinkState(x *record.SinkStats) (word string, s style) {
	switch {
	case x.Over:
		return "given up", bad
	case x.Err != nil:
		return "failing", warning
	}
	return "ok", good
}

// reports are lines, one now and then.
type reports struct {
	*recording
	pace *pace
}

func (r *reports) interval() time.Duration { return r.every }

func (r *reports) show(s *record.Stats, now time.Time) error {
	speed := r.pace.look(s, now)
	if r.json {
		return json.NewEncoder(r.out).Encode(newProgress(s, now, speed))
	}
	t := sumOf(s)
	text := now.UTC().Format("2006-01-02T15:04:05Z") + "  " + t.text(s, speed) + "  log " + logText(&s.Log, r.recipe.log.Budget)
	for i := range s.Sinks {
		x := &s.Sinks[i]
		text += fmt.Sprintf("  %s lag %s", x.Name, thousands(x.Lag))
		if x.Behind > 0 {
			text += " (" + span(x.Behind) + ")"
		}
		if x.Refused > 0 {
			text += fmt.Sprintf(", %s refused", thousands(x.Refused))
		}
		if word, _ := sinkState(x); x.Err != nil {
			text += ", " + word + ": " + oneLine(x.Err.Error())
		}
	}
	_, err := fmt.Fprintln(r.out, printable(text))
	return err
}

func (r *reports) close(s *record.Stats, now time.Time) error { return r.show(s, now) }

// progressRecord is how a recording does, as JSON.
type progressRecord struct {
	Kind    string         `json:"kind"` // "progress"
	Time    time.Time      `json:"time"`
	Books   int            `json:"books"`
	Live    int            `json:"live"`
	Rows    uint64         `json:"rows"`
	Speed   float64        `json:"rowsPerSecond"`
	Dropped uint64         `json:"dropped"`
	Gaps    uint64         `json:"gaps"`
	Healed  uint64         `json:"healed"`
	Down    []seriesRecord `json:"down"` // books that are not live
	Log     logRecord      `json:"log"`
	Sinks   []sinkRecord   `json:"sinks"`
}

type seriesRecord struct {
	Venue  string     `json:"venue"`
	Symbol string     `json:"symbol"`
	Last   *time.Time `json:"last"`
}

type logRecord struct {
	Bytes    int64  `json:"bytes"`
	Segments int    `json:"segments"`
	Next     uint64 `json:"next"`
	Dropped  uint64 `json:"dropped"`
	Error    string `json:"error"`
}

type sinkRecord struct {
	Name    string  `json:"name"`
	State   string  `json:"state"` // "ok", "failing", "given up"
	Cursor  uint64  `json:"cursor"`
	Lag     uint64  `json:"lag"`
	Behind  float64 `json:"behindSeconds"`
	Rows    uint64  `json:"rows"`
	Failed  uint64  `json:"failed"`
	Refused uint64  `json:"refused"`
	Error   string  `json:"error"`
}

func newProgress(s *record.Stats, now time.Time, speed float64) progressRecord {
	t := sumOf(s)
	p := progressRecord{
		Kind: "progress", Time: now.UTC(), Books: s.Books, Live: s.Live, Rows: t.rows, Speed: float64(int(speed*10)) / 10,
		Dropped: t.dropped, Gaps: t.gaps, Healed: t.healed, Down: []seriesRecord{}, Sinks: []sinkRecord{},
		Log: logRecord{s.Log.Bytes, s.Log.Segments, s.Log.Next, s.Log.Dropped, errorText(s.Log.Err)},
	}
	for _, x := range t.down {
		p.Down = append(p.Down, seriesRecord{x.Venue, x.Symbol, moment(x.Last)})
	}
	for i := range s.Sinks {
		x := &s.Sinks[i]
		word, _ := sinkState(x)
		p.Sinks = append(p.Sinks, sinkRecord{x.Name, word, x.Cursor, x.Lag, x.Behind.Seconds(), x.Rows, x.Failed, x.Refused, errorText(x.Err)})
	}
	return p
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// dashboard is a picture on a terminal.
type dashboard struct {
	*recording
	pace                  *pace
	screen                screen
	begun                 time.Time
	notes                 chan string // lines of the library's log: it has goroutines of its own
	sinkTable, venueTable *table
}

// Write takes a line of the library's log. When there are more than can be shown they are lost.
func (d *dashboard) Write(line []byte) (int, error) {
	select {
	case d.notes <- oneLine(string(line)):
	default:
	}
	return len(line), nil
}

func (d *dashboard) interval() time.Duration { return time.Second / 4 }

func (d *dashboard) show(s *record.Stats, now time.Time) error {
	if d.begun.IsZero() {
		d.begun = now
		d.sinkTable = newTable(d.palette(), column{title: "STORE"}, column{title: "STATE"}, column{title: "ROWS", align: right},
			column{title: "LAG", align: right}, column{title: "BEHIND", align: right}, column{title: "REFUSED", align: right, spare: 1}, column{title: "ERROR"})
		d.venueTable = newTable(d.palette(), column{title: "VENUE"}, column{title: "CHANNEL"}, column{title: "SYMBOLS", align: right},
			column{title: "LIVE", align: right}, column{title: "ROWS", align: right}, column{title: "GAPS", align: right}, column{title: "HEALED", align: right}, column{title: "DROPPED", align: right, spare: 1})
	}
	width, _ := d.screen.measure()
	var notes []string
	for len(d.notes) > 0 {
		notes = append(notes, d.sinkTable.palette.paint(faint, cut(<-d.notes, width)))
	}
	return d.screen.draw(notes, d.picture(s, now, width))
}

// picture returns the lines of the screen.
func (d *dashboard) picture(s *record.Stats, now time.Time, width int) []string {
	t, p := sumOf(s), d.palette()
	lines := []string{
		p.paint(strong, cut(fmt.Sprintf("%s  %s", span(now.Sub(d.begun)), t.text(s, d.pace.look(s, now))), width)),
		cut(printable(fmt.Sprintf("log in %s  %s", d.recipe.dir, logText(&s.Log, d.recipe.log.Budget))), width), "",
	}
	lines = append(lines, d.sinkTable.lines(append([][]cell{d.sinkTable.titles()}, sinkRows(s)...), width)...)
	lines = append(append(lines, ""), d.venueTable.lines(append([][]cell{d.venueTable.titles()}, venueRows(s)...), width)...)
	if len(t.down) > 0 {
		lines = append(lines, "", p.paint(warning, cut(printable("not live: "+downText(t.down, now)), width)))
	}
	return lines
}

func (d *dashboard) close(s *record.Stats, now time.Time) error {
	err := d.show(s, now)
	return cmp.Or(err, d.screen.close())
}

func sinkRows(s *record.Stats) (rows [][]cell) {
	for i := range s.Sinks {
		x := &s.Sinks[i]
		word, look := sinkState(x)
		behind := ""
		if x.Behind > 0 {
			behind = span(x.Behind)
		}
		rows = append(rows, []cell{{text: x.Name}, {word, look}, {text: thousands(x.Rows)}, {text: thousands(x.Lag)}, {text: behind},
			{text: thousands(x.Refused)}, {oneLine(errorText(x.Err)), faint}})
	}
	return rows
}

// venueRows sums the series of each venue and channel.
func venueRows(s *record.Stats) (rows [][]cell) {
	type sum struct {
		venue, channel              string
		symbols, live               int
		rows, gaps, healed, dropped uint64
	}
	var all []*sum
	for i := range s.Series {
		x := &s.Series[i]
		at := slices.IndexFunc(all, func(v *sum) bool { return v.venue == x.Venue && v.channel == string(x.Channel) })
		if at < 0 {
			at = len(all)
			all = append(all, &sum{venue: x.Venue, channel: string(x.Channel)})
		}
		v := all[at]
		v.symbols, v.rows, v.gaps, v.healed, v.dropped = v.symbols+1, v.rows+x.Rows, v.gaps+x.Gaps, v.healed+x.Healed, v.dropped+x.Dropped
		if !x.Down {
			v.live++
		}
	}
	for _, v := range all {
		live := ""
		if v.channel == string(record.Books) {
			live = decimalOf(v.live)
		}
		rows = append(rows, row(v.venue, v.channel, decimalOf(v.symbols), live, thousands(v.rows), thousands(v.gaps), thousands(v.healed), thousands(v.dropped)))
	}
	return rows
}

// mostNamed is how many books are named that are not live.
const mostNamed = 5

func downText(down []*record.SeriesStats, now time.Time) string {
	var all []string
	for _, x := range down[:min(len(down), mostNamed)] {
		text := x.Venue + " " + x.Symbol
		if !x.Last.IsZero() {
			text += " " + span(now.Sub(x.Last))
		}
		all = append(all, text)
	}
	if n := len(down) - len(all); n > 0 {
		all = append(all, fmt.Sprintf("%d more", n))
	}
	return strings.Join(all, ", ")
}
