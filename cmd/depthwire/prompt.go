package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/depthwire/depthwire/dial/database"
)

// prompt executes statements of the input one by one. On a terminal it asks for them, and
// goes on behind an error.
type prompt struct {
	*app
	db     *database.Conn
	scheme string
	cut    database.Script
	asks   bool
}

func newPrompt(a *app, db *database.Conn, scheme string) *prompt {
	return &prompt{app: a, db: db, scheme: scheme, cut: database.Script{Scheme: scheme}, asks: a.typed()}
}

// typed reports whether somebody types the input, and sees the output.
func (a *app) typed() bool {
	switch in := a.in.(type) {
	case terminal:
	case *os.File:
		if !term.IsTerminal(int(in.Fd())) {
			return false
		}
	default:
		return false
	}
	_, sees := a.terminal()
	return sees
}

func (p *prompt) run(ctx context.Context) error {
	came, failure, stop := p.lines(bufio.ScanLines)
	defer stop()
	if p.asks {
		fmt.Fprintln(p.out, "Statements end with ; and the input with Ctrl-D.")
	}
	for {
		p.invite()
		select {
		case line, more := <-came:
			if !more {
				return p.last(ctx, *failure)
			}
			done, err := p.cut.Add(string(line))
			if err == nil {
				err = p.execute(ctx, done)
			}
			if ctx.Err() != nil {
				return nil
			}
			if err != nil {
				return err
			}
		case <-ctx.Done():
			return nil
		}
	}
}

// last executes what the end of the input ends.
func (p *prompt) last(ctx context.Context, failure error) error {
	if p.asks {
		fmt.Fprintln(p.out)
		return failure // what stands there unfinished was given up
	}
	if failure != nil {
		return failure
	}
	done, err := p.cut.Rest()
	if err != nil {
		return err
	}
	if err := p.execute(ctx, done); ctx.Err() == nil {
		return err
	}
	return nil
}

func (p *prompt) invite() {
	switch {
	case !p.asks:
	case p.cut.Open():
		fmt.Fprint(p.out, strings.Repeat(" ", len(p.scheme)-2)+"…> ")
	default:
		fmt.Fprint(p.out, p.scheme+"> ")
	}
}

// execute executes statements. On a terminal an error is told; elsewhere the first ends
// the run.
func (p *prompt) execute(ctx context.Context, all []database.Statement) error {
	for _, s := range all {
		err := p.one(ctx, s)
		switch {
		case err == nil:
		case errors.Is(err, errOutput) || !p.asks || ctx.Err() != nil:
			return err
		default:
			p.complain(err)
		}
	}
	return nil
}

// errOutput is a failure to write, which no statement heals.
var errOutput = errors.New("standard output")

func (p *prompt) one(ctx context.Context, s database.Statement) error {
	if !s.Query {
		done, err := p.db.Exec(ctx, s.Text)
		if err != nil {
			return err
		}
		return p.changed(s.First, done.Affected)
	}
	rows, err := p.db.Query(ctx, s.Text)
	if err != nil {
		return err
	}
	defer rows.Close()
	var w rowWriter
	if lists := p.scheme == "clickhouse"; p.json {
		w = newJSONRows(p.out, rows.Columns(), lists)
	} else {
		w = newTableRows(p.app, rows.Columns(), lists)
	}
	for r, err := range rows.All() {
		if err != nil {
			return errors.Join(err, output(w.end()))
		}
		if err := w.add(r); err != nil {
			return output(err)
		}
	}
	return output(w.end())
}

func output(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", errOutput, err)
}

// changes are the words that a statement begins with which changes rows. Of others some
// databases count what a statement before has changed.
var changes = map[string]bool{
	"INSERT": true, "UPDATE": true, "DELETE": true, "REPLACE": true, "MERGE": true, "WITH": true, "COPY": true, "LOAD": true,
}

// changed tells how many rows a statement has changed.
func (p *prompt) changed(word string, rows int64) error {
	affected := &rows
	if rows < 0 || !changes[word] {
		affected = nil
	}
	if p.json {
		return output(json.NewEncoder(p.out).Encode(struct {
			Affected *int64 `json:"affected"`
		}{affected}))
	}
	text := "done\n"
	switch {
	case affected == nil:
	case rows == 1:
		text = "1 row changed\n"
	default:
		text = fmt.Sprintf("%d rows changed\n", rows)
	}
	_, err := io.WriteString(p.out, text)
	return output(err)
}
