package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/depthwire/depthwire/record"
)

// verifying is one run of the command record verify.
type verifying struct {
	*app
	file, dir, sink string
	from, to        string
	all             bool
	timeout         time.Duration
}

func (a *app) verifyCommand() *cobra.Command {
	v := &verifying{app: a}
	c := &cobra.Command{
		Use:   "verify [DAY]",
		Short: "Whether a recording is complete, and what is missing",
		Long: "Holds a store against the venues' own numbers, the positions of the log and the ledger of gaps. DAY is a date (UTC),\n" +
			"today or yesterday; without, it is today. The store can be in use.\n\n" +
			"whole: nothing is missing. told: something is, and the ledger of gaps has it. NOT TOLD: something is that nobody has told\n" +
			"of, which must not be. EXPECTED and MISSING are known where the venue numbers its values. Rows that wait in the log of the\n" +
			"recorder (of --config or --dir) are told apart.\n\n" +
			"Exit codes: 0 all is accounted for, 3 something is not, or there is nothing at all; 1 it could not be read.",
		Example: "  depthwire record verify yesterday\n" +
			"  depthwire record verify --from 2026-11-22T08:00:00Z --to 2026-11-22T09:30:00Z --sink ticks.db\n" +
			"  depthwire record verify 2026-11-22 --config record.yaml --json",
		Args: argumentsBetween(0, 1, "name one day"),
		RunE: func(c *cobra.Command, args []string) error { return v.run(c.Context(), strings.Join(args, "")) },
	}
	f := c.Flags()
	f.StringVar(&v.sink, "sink", "", "`address` of the store (default that of --config, or recording.db in --dir)")
	f.StringVar(&v.file, "config", "", "`file` of the recorder: its first store that can be read, or the one that --sink names")
	f.StringVar(&v.dir, "dir", usualDir, "directory of the log")
	f.StringVar(&v.from, "from", "", "`time` of receipt, RFC 3339 or a date, in place of DAY")
	f.StringVar(&v.to, "to", "", "`time` before which (default now)")
	f.BoolVar(&v.all, "all", false, "list every hole, not the first 20")
	f.DurationVar(&v.timeout, "timeout", 20*time.Second, "how long the store may take to answer")
	complete(c, "from")
	complete(c, "to")
	complete(c, "timeout")
	return c
}

// span returns what time is verified.
func (v *verifying) span(day string, now time.Time) (from, to time.Time, err error) {
	if day != "" && (v.from != "" || v.to != "") {
		return from, to, usagef("DAY and --from, --to exclude each other")
	}
	begin := cmp.Or(v.from, day, "today")
	if from, err = parseTime(begin, now); err != nil {
		return from, to, err
	}
	switch {
	case v.to != "":
		to, err = parseTime(v.to, now)
	case v.from != "":
		to = now
	default:
		to = from.AddDate(0, 0, 1)
	}
	if err == nil && !from.Before(to) {
		err = usagef("nothing lies between %s and %s", from.Format(time.RFC3339), to.Format(time.RFC3339))
	}
	return from, to, err
}

// parseTime reads a day or a time. Days are in UTC.
func parseTime(text string, now time.Time) (time.Time, error) {
	today := now.UTC().Truncate(24 * time.Hour)
	switch text {
	case "now":
		return now.UTC(), nil
	case "today":
		return today, nil
	case "yesterday":
		return today.AddDate(0, 0, -1), nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339Nano} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, usagef("%s is no day and no time; write 2026-11-22, today, yesterday or 2026-11-22T08:00:00Z", quoted(text))
}

func (v *verifying) run(ctx context.Context, day string) error {
	from, to, err := v.span(day, time.Now())
	if err != nil {
		return err
	}
	address, dir, err := v.address()
	if err != nil {
		return err
	}
	store, err := openStore(ctx, address, v.timeout)
	if err != nil {
		return err
	}
	report, err := record.VerifyLog(ctx, store, dir, from, to)
	if closed := store.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	if err := v.print(report); err != nil {
		return err
	}
	switch {
	case len(report.Series) == 0:
		return leftError(fmt.Sprintf("nothing was recorded from %s to %s", from.Format(time.RFC3339), to.Format(time.RFC3339)))
	case !report.Accounted():
		return errMissing // the table says so
	}
	return nil
}

// address returns that of the store, and the directory of the recorder.
func (v *verifying) address() (address, dir string, err error) {
	if v.file == "" {
		address, err := expandURL(cmp.Or(v.sink, usualSink(v.dir)), v.env)
		if err != nil {
			return "", "", usagef("--sink: %v", err)
		}
		if dir = v.dir; v.sink != "" && dir == usualDir {
			dir = "" // of some other recorder, perhaps
		}
		return address, dir, checkSink(address)
	}
	r, err := readRecipe(v.file, v.env)
	if err != nil {
		return "", "", err
	}
	var names []string
	for _, x := range r.sinks {
		readable := openers[schemeOf(x.url)].read != nil
		switch {
		case v.sink == x.name, v.sink == "" && readable:
			return x.url, r.dir, nil
		case readable:
			names = append(names, x.name)
		}
	}
	if v.sink == "" {
		return "", "", usagef("no store of %s can be read", v.file)
	}
	return "", "", usageError(unknown("store", v.sink, names))
}

// seriesReport is one channel of one market, as JSON.
type seriesReport struct {
	Kind     string         `json:"kind"` // "series"
	Venue    string         `json:"venue"`
	Symbol   string         `json:"symbol"`
	Channel  record.Channel `json:"channel"`
	State    string         `json:"state"` // "whole", "told", "not told"
	Rows     uint64         `json:"rows"`
	First    *time.Time     `json:"first"`
	Last     *time.Time     `json:"last"`
	Numbered bool           `json:"numbered"`
	Expected uint64         `json:"expected"`
	Present  uint64         `json:"present"`
	Missing  []holeReport   `json:"missing"`
	Gaps     int            `json:"gaps"`
	Healed   int            `json:"healed"`
	Lost     uint64         `json:"lost"`
	Wrong    uint64         `json:"wrong"`
	Waiting  uint64         `json:"waiting"` // in the log, and not in the store yet
}

type holeReport struct {
	From   int64      `json:"from"`
	To     int64      `json:"to"`
	After  *time.Time `json:"after"`
	Before *time.Time `json:"before"`
	Told   bool       `json:"told"`
}

// logReport is the rows of one log, as JSON.
type logReport struct {
	Kind    string `json:"kind"` // "log"
	Log     string `json:"log"`
	First   uint64 `json:"first"`
	Last    uint64 `json:"last"`
	Rows    uint64 `json:"rows"`
	Missing uint64 `json:"missing"`
	Told    uint64 `json:"told"`
	Again   uint64 `json:"again"`
}

// verdict is the end, as JSON.
type verdict struct {
	Kind      string    `json:"kind"` // "verdict"
	From      time.Time `json:"from"`
	To        time.Time `json:"to"`
	Accounted bool      `json:"accounted"`
	Waiting   uint64    `json:"waiting"`
}

func (v *verifying) print(r *record.Report) error {
	if !v.json {
		return v.table(r)
	}
	out := json.NewEncoder(v.out)
	for i := range r.Series {
		s := &r.Series[i]
		word, _ := verdictOf(s)
		x := seriesReport{"series", s.Venue, s.Symbol, s.Channel, strings.ToLower(word), s.Rows, moment(s.First), moment(s.Last), s.Numbered,
			s.Expected, s.Present, []holeReport{}, s.Gaps, s.Healed, s.Lost, s.Wrong, s.Waiting}
		for _, h := range s.Missing {
			x.Missing = append(x.Missing, holeReport{h.From, h.To, moment(h.After), moment(h.Before), h.Told})
		}
		if err := out.Encode(x); err != nil {
			return err
		}
	}
	for _, l := range r.Logs {
		if err := out.Encode(logReport{"log", l.Log.String(), l.First, l.Last, l.Rows, l.Missing, l.Told, l.Again}); err != nil {
			return err
		}
	}
	return out.Encode(verdict{"verdict", r.From, r.To, len(r.Series) > 0 && r.Accounted(), r.Waiting})
}

func verdictOf(s *record.SeriesReport) (word string, look style) {
	switch {
	case !s.Accounted():
		return "NOT TOLD", bad
	case !s.Whole():
		return "told", warning
	}
	return "whole", good
}

// table prints the series, then what is missing.
func (v *verifying) table(r *record.Report) error {
	if len(r.Series) == 0 {
		return nil
	}
	t := newTable(v.palette(), column{title: "VENUE"}, column{title: "SYMBOL"}, column{title: "CHANNEL"}, column{title: "STATE"}, column{title: "ROWS", align: right},
		column{title: "EXPECTED", align: right}, column{title: "MISSING", align: right}, column{title: "GAPS", align: right}, column{title: "HEALED", align: right},
		column{title: "LOST", align: right, spare: 1}, column{title: "WRONG", align: right, spare: 2})
	var rows [][]cell
	var holes []string
	for i := range r.Series {
		s := &r.Series[i]
		word, look := verdictOf(s)
		expected, missing := "", ""
		if s.Numbered {
			expected, missing = thousands(s.Expected), thousands(s.Expected-s.Present)
		}
		rows = append(rows, []cell{{text: s.Venue}, {text: s.Symbol}, {text: string(s.Channel)}, {word, look}, {text: thousands(s.Rows)}, {text: expected}, {text: missing},
			{text: decimalOf(s.Gaps)}, {text: decimalOf(s.Healed)}, {text: thousands(s.Lost)}, {text: thousands(s.Wrong)}})
		for _, h := range s.Missing {
			holes = append(holes, holeText(s, &h))
		}
	}
	if err := t.print(v.out, rows, v.width()); err != nil {
		return err
	}
	for _, l := range r.Logs {
		if l.Missing > 0 {
			holes = append(holes, positionsText(&l))
		}
	}
	if r.Waiting > 0 {
		holes = append([]string{thousands(r.Waiting) + " rows wait in the log, and are not in the store yet"}, holes...)
	}
	const most = 20
	if more := len(holes) - most; more > 0 && !v.all {
		holes = append(holes[:most], fmt.Sprintf("%d more: --all lists them", more))
	}
	for _, h := range holes {
		if _, err := fmt.Fprintln(v.out, printable(h)); err != nil {
			return err
		}
	}
	return nil
}

// positionsText says what is known of the positions of a log that have no row.
func positionsText(l *record.LogReport) string {
	text := fmt.Sprintf("log %s: %s of the positions %d to %d have no row", l.Log, thousands(l.Missing), l.First, l.Last)
	if l.Told > 0 {
		text += fmt.Sprintf(", %s told", thousands(l.Told))
	}
	if l.Again > 0 {
		text += fmt.Sprintf(", %s may be trades that were there already", thousands(l.Again))
	}
	if !l.Accounted() {
		text += fmt.Sprintf(", %s NOT TOLD", thousands(l.Missing-l.Told-l.Again))
	}
	return text
}

func holeText(s *record.SeriesReport, h *record.Hole) string {
	told := "told"
	if !h.Told {
		told = "NOT TOLD"
	}
	return fmt.Sprintf("%s %s %s: %d to %d, between %s and %s, %s", s.Venue, s.Symbol, s.Channel, h.From, h.To, stampTime(h.After), stampTime(h.Before), told)
}
