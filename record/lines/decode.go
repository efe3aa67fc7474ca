package lines

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/wal"
	"github.com/depthwire/depthwire/scan"
)

// mostNames is how many texts of columns of kind Name a Decoder remembers, so that each is one string.
const mostNames = 1 << 16

// Decoder reads lines. It belongs to one goroutine; the zero value is ready.
type Decoder struct {
	names map[string]string
	seen  []bool // of the columns of the row at hand
}

// Add puts the row that a line has into r, which is of its table, and tells which log it is from, which is the caller's to heed. An error is a record.ErrRow, and
// nothing of the row is there.
func (d *Decoder) Add(r *record.Rows, line []byte) (log wal.ID, err error) {
	s := scan.New(line)
	var pos int64 = -1
	d.seen = append(d.seen[:0], make([]bool, len(r.Table.Columns))...)
	said := false
	for key := range s.Object() {
		switch string(key) {
		case "log":
			_, err = hex.Decode(log[:], fit(s.Text(), 2*len(log)))
			said = err == nil
		case "pos":
			pos = s.Int()
		default:
			err = d.column(r, &s, key)
		}
		if err != nil {
			break
		}
	}
	if err == nil {
		err = s.End()
	}
	if err == nil && (pos < 0 || !said) {
		err = fmt.Errorf("log and pos are missing")
	}
	n := r.Len()
	if err != nil {
		r.Cut(n)
		return log, fmt.Errorf("%w: of %s: %w", record.ErrRow, r.Table.Name, err)
	}
	for i, seen := range d.seen {
		if !seen {
			absent(&r.Columns[i], r.Table.Columns[i].Kind)
		}
	}
	r.Pos = append(r.Pos, uint64(pos))
	return log, nil
}

// fit returns b if it is n long, and else what is no hexadecimal number.
func fit(b []byte, n int) []byte {
	if len(b) != n {
		return []byte("x")
	}
	return b
}

func (d *Decoder) column(r *record.Rows, s *scan.Scanner, key []byte) error {
	i, packed := -1, false
	for c := range r.Table.Columns {
		if r.Table.Columns[c].Name == string(key) {
			i = c
		}
	}
	if name, ok := strings.CutSuffix(string(key), base64Suffix); ok && i < 0 {
		i, packed = r.Table.Column(name), true
	}
	if i < 0 || d.seen[i] {
		return fmt.Errorf("a column that is not known, or is there twice")
	}
	d.seen[i] = true
	return d.value(r.Table.Columns[i].Kind, &r.Columns[i], s, packed)
}

func (d *Decoder) value(k record.ColumnKind, v *record.Values, s *scan.Scanner, packed bool) error {
	if packed && k != record.Text && k != record.Name {
		return fmt.Errorf("only a text can be in base64")
	}
	switch k {
	case record.Text, record.Name:
		text, err := d.text(k, s.Text(), packed)
		if err != nil {
			return err
		}
		v.Texts = append(v.Texts, text)
	case record.Number:
		v.Numbers = append(v.Numbers, s.Decimal())
	case record.Moment:
		var t time.Time
		if err := t.UnmarshalText(s.Text()); err != nil {
			return fmt.Errorf("not a time")
		}
		v.Ints = append(v.Ints, t.UnixNano())
	case record.Count:
		v.Ints = append(v.Ints, s.Int())
	case record.Flag:
		n := int64(0)
		if s.Bool() {
			n = 1
		}
		v.Ints = append(v.Ints, n)
	case record.Levels:
		v.Levels = append(v.Levels, levels(s))
	}
	return s.Err()
}

func levels(s *scan.Scanner) (side []exchange.Level) {
	for range s.Array() {
		price, size := s.Pair()
		side = append(side, exchange.Level{Price: price, Size: size})
	}
	return side
}

func (d *Decoder) text(k record.ColumnKind, b []byte, packed bool) (string, error) {
	if packed {
		plain, err := base64.StdEncoding.AppendDecode(nil, b)
		return string(plain), err
	}
	if !utf8.Valid(b) {
		return "", fmt.Errorf("not UTF-8")
	}
	if k != record.Name {
		return string(b), nil
	}
	if s, ok := d.names[string(b)]; ok {
		return s, nil
	}
	if d.names == nil || len(d.names) >= mostNames {
		d.names = make(map[string]string)
	}
	s := string(b)
	d.names[s] = s
	return s, nil
}

func absent(v *record.Values, k record.ColumnKind) {
	switch k {
	case record.Text, record.Name:
		v.Texts = append(v.Texts, "")
	case record.Number:
		v.Numbers = append(v.Numbers, decimal.Decimal{})
	case record.Levels:
		v.Levels = append(v.Levels, nil)
	default:
		v.Ints = append(v.Ints, 0)
	}
}

// Position tells, without reading the rest, which row a line has that an Encoder has made.
func Position(line []byte) (log wal.ID, pos uint64, ok bool) {
	const before, between = `{"log":"`, `","pos":`
	const digits = len(before) + 2*len(log) + len(between)
	if len(line) < digits || string(line[:len(before)]) != before || string(line[digits-len(between):digits]) != between {
		return log, 0, false
	}
	if _, err := hex.Decode(log[:], line[len(before):len(before)+2*len(log)]); err != nil {
		return log, 0, false
	}
	for i := digits; i < len(line); i++ {
		c := line[i]
		if c == ',' || c == '}' {
			return log, pos, i > digits
		}
		if c < '0' || c > '9' || pos > math.MaxInt64/10 {
			break
		}
		pos = pos*10 + uint64(c-'0')
	}
	return log, 0, false
}
