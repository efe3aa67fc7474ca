package main

import (
	"bytes"
	"database/sql/driver"
	"encoding"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/big"
	"reflect"
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
	out   io.Writer
	keys  [][]byte // with their colons
	lists bool
	line  []byte
}

func newJSONRows(out io.Writer, columns []string, lists bool) *jsonRows {
	j := &jsonRows{out: out, lists: lists}
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
		j.line = append(append(j.line, j.keys[i]...), jsonValue(v, j.lists)...)
	}
	_, err := j.out.Write(append(j.line, '}', '\n'))
	return err
}

func (j *jsonRows) end() error { return nil }

// base64Value is what is no text, as JSON.
type base64Value struct {
	Base64 []byte `json:"base64"`
}

// jsonValue writes a value as JSON; what that has no number for is text. lists says that
// a []byte is a list of numbers: ClickHouse's text and bytes are strings.
func jsonValue(v driver.Value, lists bool) []byte { return jsonOf(lossless(v, lists)) }

// lossless returns what encoding/json writes of a value without loss, within lists and maps too.
func lossless(v driver.Value, lists bool) driver.Value {
	switch v := v.(type) {
	case nil, bool, int64:
		return v
	case []byte:
		if !lists {
			return base64Value{v}
		}
	case string:
		if !utf8.ValidString(v) {
			return base64Value{[]byte(v)}
		}
		return v
	case float64:
		return finite(v, 64)
	case float32:
		return finite(float64(v), 32)
	case time.Time: // json.Marshaler, but not before the year 0
		return v.Format(time.RFC3339Nano)
	case big.Int:
		return &v
	case json.Marshaler, encoding.TextMarshaler:
		return v
	}
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Pointer:
		if r.IsNil() {
			return nil
		}
		return lossless(r.Elem().Interface(), lists)
	case reflect.Slice, reflect.Array:
		all := make([]driver.Value, r.Len())
		for i := range all {
			all[i] = lossless(r.Index(i).Interface(), lists)
		}
		return all
	case reflect.Map:
		all := make(map[string]driver.Value, r.Len())
		for _, k := range r.MapKeys() {
			all[string(valueText(k.Interface(), lists))] = lossless(r.MapIndex(k).Interface(), lists)
		}
		return all
	}
	return v
}

// finite returns a number, or the name of what is none.
func finite(f float64, bits int) driver.Value {
	switch {
	case math.IsNaN(f) || math.IsInf(f, 0):
		return strconv.FormatFloat(f, 'g', -1, bits)
	case bits == 32:
		return float32(f)
	}
	return f
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
	lists bool
	held  [][]cell
	begun bool
}

const (
	heldRows  = 100 // that are aligned with each other; the next are no narrower
	widestRow = 120 // columns of a cell
)

func newTableRows(a *app, columns []string, lists bool) *tableRows {
	all := make([]column, len(columns))
	for i, name := range columns {
		all[i] = column{title: cut(printable(name), widestRow)}
	}
	return &tableRows{app: a, lists: lists, table: newTable(a.palette(), all...)}
}

func (t *tableRows) add(r []driver.Value) error {
	cells := make([]cell, len(r))
	for i, v := range r {
		cells[i] = cellOf(v, t.lists)
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

func cellOf(v driver.Value, lists bool) cell {
	if v == nil {
		return cell{"NULL", faint}
	}
	text := string(appendShown(nil, valueText(v, lists)))
	if short := cut(text, widestRow-1); len(short) < len(text) {
		text = short + "…"
	}
	return cell{text: text}
}

// valueText writes a value as text.
func valueText(v driver.Value, lists bool) []byte {
	switch v := v.(type) {
	case []byte:
		if !lists {
			return v
		}
	case string:
		return []byte(v)
	}
	text := jsonValue(v, lists) // whatever is behind pointers, and in lists
	var s string
	if json.Unmarshal(text, &s) == nil && text[0] == '"' {
		return []byte(s)
	}
	return text
}
