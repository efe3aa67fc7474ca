package main

import (
	"bytes"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"time"
	"unicode/utf8"
)

// rowWriter writes the rows of a query as they come.
type rowWriter interface {
	add(r []driver.Value) error
	end() error
}

// jsonRows writes each row as an object.
type jsonRows struct {
	out  io.Writer
	keys [][]byte // with their colons
	line []byte
}

func newJSONRows(out io.Writer, columns []string) *jsonRows {
	j := &jsonRows{out: out}
	used := make(map[string]bool)
	for _, name := range columns {
		key := name
		for n := 2; used[key]; n++ { // an object has each key once
			key = name + "_" + strconv.Itoa(n)
		}
		used[key] = true
		j.keys = append(j.keys, append(jsonOf(key), ':'))
	}
	return j
}

func (j *jsonRows) add(r []driver.Value) error {
	j.line = append(j.line[:0], '{')
	for i, v := range r {
		if i > 0 {
			j.line = append(j.line, ',')
		}
		j.line = append(append(j.line, j.keys[i]...), jsonValue(v)...)
	}
	_, err := j.out.Write(append(j.line, '}', '\n'))
	return err
}

func (j *jsonRows) end() error { return nil }

// base64Value is what is no text, as JSON.
type base64Value struct {
	Base64 []byte `json:"base64"`
}

// jsonValue writes a value as JSON; what that has no number for is text.
func jsonValue(v driver.Value) []byte {
	switch v := v.(type) {
	case []byte:
		return jsonOf(base64Value{v})
	case string:
		if !utf8.ValidString(v) {
			return jsonOf(base64Value{[]byte(v)})
		}
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return jsonOf(strconv.FormatFloat(v, 'g', -1, 64))
		}
	case float32:
		if f := float64(v); math.IsNaN(f) || math.IsInf(f, 0) {
			return jsonOf(strconv.FormatFloat(f, 'g', -1, 32))
		}
	}
	return jsonOf(v)
}

func jsonOf(v driver.Value) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(v) != nil { // a type of a driver's own
		b.Reset()
		_ = e.Encode(fmt.Sprint(v))
	}
	return bytes.TrimSuffix(b.Bytes(), []byte{'\n'})
}

// tableRows aligns rows, some at a time: a result of any size passes.
type tableRows struct {
	app   *app
	table *table
	held  [][]cell
	begun bool
}

const (
	heldRows  = 100 // that are aligned with each other; the next are no narrower
	widestRow = 120 // columns of a cell
)

func newTableRows(a *app, columns []string) *tableRows {
	all := make([]column, len(columns))
	for i, name := range columns {
		all[i] = column{title: cut(printable(name), widestRow)}
	}
	return &tableRows{app: a, table: newTable(a.palette(), all...)}
}

func (t *tableRows) add(r []driver.Value) error {
	cells := make([]cell, len(r))
	for i, v := range r {
		cells[i] = cellOf(v)
		if !t.begun && len(t.held) == 0 && numeric(v) {
			t.table.columns[i].align = right
		}
	}
	t.held = append(t.held, cells)
	if len(t.held) < heldRows {
		return nil
	}
	return t.flush()
}

func (t *tableRows) flush() error {
	rows := t.held
	if !t.begun {
		rows = append([][]cell{t.table.titles()}, rows...)
	}
	t.begun, t.held = true, t.held[:0]
	var b bytes.Buffer
	for _, l := range t.table.lines(rows, t.app.width()) {
		b.WriteString(l + "\n")
	}
	_, err := t.app.out.Write(b.Bytes())
	return err
}

func (t *tableRows) end() error {
	if t.begun && len(t.held) == 0 {
		return nil
	}
	return t.flush()
}

func numeric(v driver.Value) bool {
	switch v.(type) {
	case int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64, float32, float64:
		return true
	}
	return false
}

func cellOf(v driver.Value) cell {
	if v == nil {
		return cell{"NULL", faint}
	}
	text := string(appendShown(nil, valueText(v)))
	if short := cut(text, widestRow-1); len(short) < len(text) {
		text = short + "…"
	}
	return cell{text: text}
}

// valueText writes a value as text.
func valueText(v driver.Value) []byte {
	switch v := v.(type) {
	case []byte:
		return v
	case string:
		return []byte(v)
	case time.Time:
		return []byte(v.Format(time.RFC3339Nano))
	}
	text := jsonValue(v) // whatever is behind pointers, and in lists
	var s string
	if json.Unmarshal(text, &s) == nil && text[0] == '"' {
		return []byte(s)
	}
	return text
}
