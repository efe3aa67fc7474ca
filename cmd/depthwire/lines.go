package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/depthwire/depthwire/exchange"
)

// jsonLines shows each value as a line of JSON.
type jsonLines struct {
	app *app
}

func (j jsonLines) show(n *news) error {
	_, err := j.app.out.Write(append(n.record, '\n'))
	return err
}

func (j jsonLines) fail(from *source, failure error) error {
	j.app.complain(failure)
	b, err := json.Marshal(failureRecord{"error", from.venue, from.symbol, failure.Error()})
	if err != nil {
		return err
	}
	_, err = j.app.out.Write(append(b, '\n'))
	return err
}

func (j jsonLines) silent(_ *source, text string) { j.app.complain(errors.New(text)) }

func (j jsonLines) beat(time.Time) error { return nil }
func (j jsonLines) close() error         { return nil }

// plainLines shows each value as lines of text.
type plainLines struct {
	app   *app
	table *table
	begun bool
}

func newPlainLines(a *app, k *kind, sources []*source) *plainLines {
	columns := append([]column{{title: "RECEIVED"}, {title: "VENUE"}, {title: "SYMBOL"}, {title: "STATE"}}, k.columns...)
	if sources[0].parts == nil {
		columns = append(columns, column{title: "LATENCY", align: right}, column{title: "SHOWN", align: right})
	} else { // each venue has its own latency
		columns = append(columns, column{title: "SHOWN", align: right}, column{title: "VENUES: AGE, LATENCY"})
	}
	p := &plainLines{app: a, table: newTable(palette{}, columns...)}
	for _, s := range sources { // so that the first line stands where the others will
		p.table.fit(row(stampTime(time.Time{}), s.venue, s.symbol, "syncing"))
	}
	return p
}

func (p *plainLines) show(n *news) error {
	for _, x := range n.notices {
		if err := p.write(nil, fmt.Sprintf("%s  %s  %s  %s\n", stampTime(x.at), printable(x.venue), printable(x.symbol), x.text)); err != nil {
			return err
		}
	}
	var rows [][]cell
	received, now := "", time.Now()
	if !n.stamp.Received.IsZero() {
		received = stampTime(n.stamp.Received)
	}
	for i, r := range n.rows {
		all := append(row(received, n.from.venue, n.stamp.Symbol, n.state), r...)
		shown := ago(n.stamp.Received, now)
		switch {
		case n.from.parts == nil:
			all = append(all, row(latency(&n.stamp), shown)...)
		case i == 0:
			all = append(all, row(shown, ages(n.venues, now))...)
		}
		rows = append(rows, all)
	}
	return p.write(rows, "")
}

// write writes the titles, when they have not been, a text and rows.
func (p *plainLines) write(rows [][]cell, text string) error {
	if !p.begun {
		rows, p.begun = append([][]cell{p.table.titles()}, rows...), true
	}
	out := ""
	for _, l := range p.table.lines(rows, 0) {
		out += l + "\n"
	}
	_, err := io.WriteString(p.app.out, out+text)
	return err
}

func (p *plainLines) fail(_ *source, err error) error {
	p.app.complain(err)
	return nil
}

func (p *plainLines) silent(_ *source, text string) { p.app.complain(errors.New(text)) }

func (p *plainLines) beat(time.Time) error { return nil }
func (p *plainLines) close() error         { return nil }

// stampTime writes a time as text has it: UTC, in microseconds.
func stampTime(t time.Time) string { return t.UTC().Format("15:04:05.000000") }

// latency is the time from the venue's clock to ours; venues that send none have none.
func latency(s *exchange.Stamp) string {
	if s.Time.IsZero() || s.Received.IsZero() {
		return ""
	}
	return span(s.Received.Sub(s.Time))
}

// ago is how long ago something was, empty when it never was.
func ago(t, now time.Time) string {
	if t.IsZero() {
		return ""
	}
	return span(now.Sub(t))
}

// breakText says in words what is missing.
func breakText(b *exchange.Break) string {
	text := string(b.Cause)
	switch {
	case b.Healed:
		text += ", healed"
	case b.Lost > 0:
		text += fmt.Sprintf(", %d missing", b.Lost)
	case b.To.IsZero():
		text += ", out of sync"
	default:
		text += ", values missing"
	}
	switch {
	case b.FromID != "" && b.ToID != "":
		text += ", between " + b.FromID + " and " + b.ToID
	case b.FromID != "":
		text += ", after " + b.FromID
	case b.ToID != "":
		text += ", before " + b.ToID
	}
	if !b.From.IsZero() && !b.To.IsZero() {
		text += ", " + span(b.To.Sub(b.From))
	}
	if b.Err != nil && !b.Healed {
		text += ": " + b.Err.Error()
	}
	return oneLine(text)
}
