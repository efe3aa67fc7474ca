package sqltable

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/depthwire/depthwire/record"
)

// Version is that of the schema.
const Version = 2

// Dialect is how a kind of store differs from another.
type Dialect struct {
	Name    string                           // of the package, in errors
	Types   map[record.ColumnKind]string     // of columns
	Key     string                           // of one that is a key, which has an index
	Short   string                           // of venue, symbol and the id of a log, which have an index as well
	Quote   string                           // around names
	Primary string                           // what tables of rows have beside their columns, empty: nothing
	Suffix  string                           // what ends CREATE TABLE
	Begin   string                           // of a transaction
	Lock    string                           // what makes a SELECT lock its rows
	Param   func(n int) string               // the nth, from 1
	Extra   string                           // view's columns of a Number, with %[1]s for its name; empty: none
	Moment  string                           // the same of a Moment
	Forms   bool                             // numbers are numbers: what their text loses stands in a column forms
	Encode  func(text string) (string, bool) // a text that the store cannot hold as it is, false: it can; nil: it can hold all
	Tables  string                           // a query for the names of all tables and views
	Whole   bool                             // the store is a file of ours: there is no other table in it
	Enter   string                           // a query that gives 1 when it is this connection's turn to make the schema; empty: Begin is enough
	Leave   string                           // what ends the turn, empty: the transaction does
	Cast    string                           // of a whole number, as CAST has it
	Levels  string                           // the view levels, with %s for 'bid' and the column
	Prices  Prices
	Start   func(ctx context.Context, conn *sql.Conn) (Writer, error) // begins with a new connection
	Refuses func(err error) bool                                      // whether the store does not take what it was given
	Full    func(err error) bool                                      // whether the store has no room; nil: it does not say
	// Calm says that statements are short and local: they run under a context that does not end, and Writer looks at its own.
	Calm bool
}

// Pool is a way to the store.
type Pool struct {
	*sql.DB
	// Guard sees to it that a statement ends with ctx where the driver does not; nil: it does. ended is called when no statement is under way, and
	// says whether the connection is of no more use.
	Guard func(ctx context.Context, on *sql.Conn) (ended func() (cut bool))
}

// Writer inserts rows over one connection.
type Writer interface {
	// Insert stores rows, but those whose key is there. calm is what statements run under, ctx what is to be looked at meanwhile.
	Insert(ctx, calm context.Context, rows *record.Rows, at At) error
	Close() error
}

// At is what rows have for log, venue and symbol.
type At struct {
	Log     int64
	Markets []int64 // of each row
}

// stored are the columns of a table that are stored behind market, log and pos: from Time on.
const stored = record.TimeColumn

// Columns are the names of what is stored of a table, in order, for an INSERT.
func (d *Dialect) Columns(t *record.Table) []string {
	names := []string{d.name("market"), d.name("log"), d.name("pos")}
	for _, c := range t.Columns[stored:] {
		names = append(names, d.name(c.Name))
	}
	if d.hasForms(t) {
		names = append(names, d.name("forms"))
	}
	return names
}

// Insert begins an INSERT of rows of a table.
func (d *Dialect) Insert(t *record.Table) string {
	return fmt.Sprintf("INSERT INTO %s (%s) ", d.name(t.Name+"_row"), strings.Join(d.Columns(t), ", "))
}

func (d *Dialect) name(s string) string { return d.Quote + s + d.Quote }

func (d *Dialect) hasForms(t *record.Table) bool {
	for _, c := range t.Columns {
		if c.Kind == record.Number && d.Forms {
			return true
		}
	}
	return false
}

// params replaces each ? by what the dialect has for it.
func (d *Dialect) params(query string) string {
	var b strings.Builder
	n := 0
	for part := range strings.SplitSeq(query, "?") {
		if n > 0 {
			b.WriteString(d.Param(n))
		}
		b.WriteString(part)
		n++
	}
	return b.String()
}
