package lines

import (
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/wal"
)

// Encoder makes lines. It belongs to one goroutine; the zero value is ready.
type Encoder struct {
	// The second of the last moment and its text up to the point: rows that follow each other mostly share it.
	second int64
	text   [len(seconds)]byte
}

const seconds = "2006-01-02T15:04:05."

// base64Suffix stands behind the name of a column whose text is not UTF-8.
const base64Suffix = "_base64"

// Append appends row i of r to b, as a line without its end.
func (e *Encoder) Append(b []byte, log wal.ID, r *record.Rows, i int) []byte {
	b = hex.AppendEncode(append(b, `{"log":"`...), log[:])
	b = strconv.AppendUint(append(b, `","pos":`...), r.Pos[i], 10)
	for c := range r.Table.Columns {
		column, v := &r.Table.Columns[c], &r.Columns[c]
		switch column.Kind {
		case record.Text, record.Name:
			b = appendText(b, column.Name, v.Texts[i])
		case record.Number:
			if !v.Numbers[i].Absent() {
				b = appendQuoted(appendColumn(b, column.Name), v.Numbers[i])
			}
		case record.Moment:
			if v.Ints[i] != 0 {
				b = e.appendMoment(appendColumn(b, column.Name), v.Ints[i])
			}
		case record.Count:
			if v.Ints[i] != 0 {
				b = strconv.AppendInt(appendColumn(b, column.Name), v.Ints[i], 10)
			}
		case record.Flag:
			if v.Ints[i] != 0 {
				b = append(appendColumn(b, column.Name), "true"...)
			}
		case record.Levels:
			if len(v.Levels[i]) > 0 {
				b = appendLevels(appendColumn(b, column.Name), v.Levels[i])
			}
		}
	}
	return append(b, '}')
}

func appendColumn(b []byte, name string) []byte {
	b = append(b, `,"`...)
	b = append(b, name...)
	return append(b, `":`...)
}

func appendQuoted(b []byte, d decimal.Decimal) []byte {
	return append(d.AppendTo(append(b, '"')), '"')
}

func appendLevels(b []byte, side []exchange.Level) []byte {
	for i := range side {
		open := byte(',')
		if i == 0 {
			open = '['
		}
		b = appendQuoted(append(b, open, '['), side[i].Price)
		b = appendQuoted(append(b, ','), side[i].Size)
		b = append(b, ']')
	}
	return append(b, ']')
}

func (e *Encoder) appendMoment(b []byte, nanoseconds int64) []byte {
	second, rest := nanoseconds/1e9, nanoseconds%1e9
	if rest < 0 {
		second, rest = second-1, rest+1e9
	}
	if second != e.second || e.text[0] == 0 {
		e.second = second
		time.Unix(second, 0).UTC().AppendFormat(e.text[:0], seconds)
	}
	b = append(append(b, '"'), e.text[:]...)
	digits := len(b)
	b = append(b, `000000000Z"`...)
	for i := digits + 8; rest > 0; i-- {
		b[i] = byte('0' + rest%10)
		rest /= 10
	}
	return b
}

// clean reports whether a text needs no escapes.
func clean(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= utf8.RuneSelf || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

func appendText(b []byte, name, s string) []byte {
	switch {
	case s == "":
		return b
	case clean(s):
		b = append(append(appendColumn(b, name), '"'), s...)
	case !utf8.ValidString(s):
		b = append(append(append(b, `,"`...), name...), base64Suffix+`":"`...)
		b = base64.StdEncoding.AppendEncode(b, []byte(s))
	default:
		b = append(appendColumn(b, name), '"')
		b = appendEscaped(b, s)
	}
	return append(b, '"')
}

func appendEscaped(b []byte, s string) []byte {
	const digits = "0123456789abcdef"
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, `\n`...)
		case c < ' ':
			b = append(b, `\u00`...)
			b = append(b, digits[c>>4], digits[c&15])
		default:
			b = append(b, c)
		}
	}
	return b
}
