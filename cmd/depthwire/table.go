package main

import (
	"fmt"
	"io"
	"strings"
)

// column is one column of a table.
type column struct {
	title string
	align align
	spare int // columns with a higher one go first when the terminal is too narrow; 0: never
}

// align is where the cells of a column stand.
type align uint8

// The alignments.
const (
	left  align = iota
	right       // the ends below each other
	point       // numbers: the decimal points below each other
)

// cell is one cell of a table.
type cell struct {
	text  string
	style style
}

// row makes cells without a style.
func row(texts ...string) []cell {
	r := make([]cell, len(texts))
	for i, t := range texts {
		r[i].text = t
	}
	return r
}

// table aligns rows. It remembers how wide its columns have been, so that rows which come
// one by one, and pictures that follow each other, stand still.
type table struct {
	columns []column
	widths  []width
	palette palette
}

// width is how much room a column takes: numbers before the point and from it on, and
// everything else.
type width struct{ before, after, others int }

func (w width) total() int { return max(w.before+w.after, w.others) }

func newTable(p palette, columns ...column) *table {
	t := &table{columns: columns, widths: make([]width, len(columns)), palette: p}
	t.fit(t.titles())
	return t
}

// titles returns the row of titles.
func (t *table) titles() []cell {
	r := make([]cell, len(t.columns))
	for i, c := range t.columns {
		r[i] = cell{c.title, faint}
	}
	return r
}

// fit makes the columns wide enough for a row.
func (t *table) fit(r []cell) {
	for i, c := range r {
		w, n := &t.widths[i], cells(c.text)
		if before, ok := t.whole(i, c.text); ok {
			w.before, w.after = max(w.before, before), max(w.after, n-before)
		} else {
			w.others = max(w.others, n)
		}
	}
}

// whole returns how long a number of a column of numbers is before its point.
func (t *table) whole(i int, text string) (before int, ok bool) {
	digits := strings.TrimPrefix(text, "-")
	if t.columns[i].align != point || digits == "" || digits[0] < '0' || digits[0] > '9' {
		return 0, false
	}
	if p := strings.IndexByte(text, '.'); p >= 0 {
		return p, true
	}
	return cells(text), true
}

// lead returns how many blanks stand before a text in its column. What is no number, such
// as the title, stands at the right of a column of numbers.
func (t *table) lead(i int, text string) int {
	if before, ok := t.whole(i, text); ok {
		return t.widths[i].total() - t.widths[i].after - before
	}
	if t.columns[i].align == left {
		return 0
	}
	return t.widths[i].total() - cells(text)
}

// lines aligns rows within a width; 0 is without bound.
func (t *table) lines(rows [][]cell, most int) []string {
	for _, r := range rows {
		for i := range r {
			r[i].text = printable(r[i].text)
		}
		t.fit(r)
	}
	hidden := t.hide(most)
	all := make([]string, len(rows))
	for i, r := range rows {
		all[i] = t.line(r, hidden, most)
	}
	return all
}

const space = "  "

// hide chooses the columns that there is no room for.
func (t *table) hide(most int) []bool {
	hidden := make([]bool, len(t.columns))
	if most == 0 {
		return hidden
	}
	for t.total(hidden) > most {
		worst := -1
		for i, c := range t.columns {
			if !hidden[i] && c.spare > 0 && (worst < 0 || c.spare >= t.columns[worst].spare) {
				worst = i
			}
		}
		if worst < 0 {
			break
		}
		hidden[worst] = true
	}
	return hidden
}

func (t *table) total(hidden []bool) int {
	n := -len(space)
	for i, w := range t.widths {
		if !hidden[i] {
			n += w.total() + len(space)
		}
	}
	return n
}

func (t *table) line(r []cell, hidden []bool, most int) string {
	var b strings.Builder
	used, owed := 0, 0 // columns of the terminal; blanks, written only when something follows
	for i, c := range r {
		if hidden[i] {
			continue
		}
		lead := t.lead(i, c.text)
		owed += lead
		if c.text != "" {
			text := c.text
			if most > 0 {
				text = cut(text, max(0, most-used-owed))
			}
			b.WriteString(strings.Repeat(" ", owed) + t.palette.paint(c.style, text))
			used, owed = used+owed+cells(text), 0
		}
		owed += t.widths[i].total() - lead - cells(c.text) + len(space)
	}
	return b.String()
}

// print writes titles and rows.
func (t *table) print(w io.Writer, rows [][]cell, most int) error {
	var b strings.Builder
	for _, l := range t.lines(append([][]cell{t.titles()}, rows...), most) {
		b.WriteString(l + "\n")
	}
	_, err := fmt.Fprint(w, b.String())
	return err
}
