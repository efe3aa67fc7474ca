package wire

import (
	"errors"
	"math/bits"
	"time"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/scan"
)

// Row walks over the rows of a message and holds the fields of the one that it stands at. It is
// for one goroutine at a time; the zero value waits for Begin. Texts are valid until the message is
// gone.
//
// A row has what it says itself and what stands beside the lists that it is in. When rows say otherwise than what
// stands beside them, those that say nothing have nothing.
type Row struct {
	Bids, Asks []book.Level // as read, in memory that is used again

	t      *Table
	s      scan.Scanner
	got    uint64 // fields that are there
	text   [texts][]byte
	int    [ints]int64
	number [numbers]decimal.Decimal
	time   [times]time.Time
	bool   uint64
	stack  [nesting]level
	depth  int
	rows   []byte // that wait until all beside them is read
	err    error
}

// level is an object or array that is being read.
type level struct {
	n      int    // members so far
	got    uint64 // what holds for what is in it
	array  bool
	nested bool // it had rows
}

// nesting is how deeply rows may lie.
const nesting = 8

// Errors of a message that is valid JSON.
var (
	ErrTwice   = errors.New("wire: rows twice in one object")
	ErrColumns = errors.New("wire: row with too few columns")
	ErrRows    = errors.New("wire: rows are neither an object nor a list")
	ErrID      = errors.New("wire: id of a trade with unusual characters")
	ErrBool    = errors.New("wire: neither true nor false")
	ErrNesting = errors.New("wire: rows lie too deep")
)

// Begin starts to read a message.
func (r *Row) Begin(t *Table, b []byte) {
	r.t, r.got, r.depth, r.rows, r.err = t, 0, 0, nil, nil
	r.s.Reset(b)
	r.enter()
}

// enter goes into the object or array that comes, where there is one.
func (r *Row) enter() {
	c := r.s.Peek()
	if c != '{' && c != '[' {
		return
	}
	if r.depth == nesting {
		r.err = ErrNesting
		return
	}
	r.stack[r.depth] = level{got: r.got, array: c == '['}
	r.depth++
}

// leave goes out of it, to where the fields are those that hold there.
func (r *Row) leave() {
	if r.depth--; r.depth > 0 {
		r.got = r.stack[r.depth-1].got
	}
}

// Next moves to the next row, and reports false when there is none, or after an error.
func (r *Row) Next() bool {
	for r.depth > 0 && r.err == nil {
		l := &r.stack[r.depth-1]
		if l.array {
			if r.item(l) {
				return true
			}
			continue
		}
		key, ok := r.s.NextKey(l.n)
		if !ok {
			if r.close(l) {
				return true
			}
			continue
		}
		l.n++
		switch f := r.t.field(key); f {
		case 0:
		case Rows:
			r.nest(l)
		default:
			r.read(f)
		}
	}
	return false
}

// item moves to the next element of an array, and reports whether it is a row.
func (r *Row) item(l *level) bool {
	r.got = l.got
	if !r.s.NextItem(l.n) {
		r.leave()
		return false
	}
	l.n++
	if r.t.columns == nil || r.s.Peek() != '[' {
		r.enter()
		return false
	}
	n := 0
	for ; r.s.NextItem(n); n++ {
		if n < len(r.t.columns) && r.t.columns[n] != 0 {
			r.read(r.t.columns[n])
		}
	}
	if n < len(r.t.columns) && r.s.Err() == nil {
		r.err = ErrColumns
	}
	return r.err == nil && r.s.Err() == nil
}

// close ends an object, and reports whether it was a row.
func (r *Row) close(l *level) bool {
	row := !l.nested && r.s.Err() == nil
	if r.rows == nil || r.depth > 1 {
		got := r.got
		if r.leave(); row {
			r.got = got
		}
		return row
	}
	if r.err = r.s.End(); r.err == nil {
		r.s.Reset(r.rows)
		r.depth, r.rows = 0, nil
		r.enter()
	}
	return false
}

// nest goes into the rows of an object, or lets them wait.
func (r *Row) nest(l *level) {
	if l.nested {
		r.err = ErrTwice
		return
	}
	l.nested = true
	switch c := r.s.Peek(); {
	case c == 'n': // null: none
	case c != '{' && c != '[':
		r.err = ErrRows
	case r.depth == 1 && r.got&r.t.awaited != r.t.awaited:
		r.rows = r.s.Raw()
	default:
		l.got = r.got
		r.enter()
	}
}

// End returns what was wrong with the message, after Next has reported false.
func (r *Row) End() error {
	if r.err != nil {
		return r.err
	}
	return r.s.End()
}

// read reads the value of a field.
func (r *Row) read(f Field) {
	if r.got&f.bit() != 0 { // said again: beside rows it does not hold any more
		for i := range r.stack[:r.depth] {
			r.stack[i].got &^= f.bit()
		}
	}
	has := true
	switch {
	case f < firstInt:
		r.text[f-Market] = r.s.Stable()
		has = f != TradeID && f != FirstID || r.isID(r.text[f-Market])
	case f < firstNumber:
		r.int[f-firstInt] = r.s.Int()
	case f < firstTime:
		has = r.readNumber(f)
	case f < firstBool:
		r.time[f-firstTime] = r.readTime(f)
	case f < firstLevels:
		r.readBool(f)
	case f == Bids:
		r.Bids = r.levels(r.Bids[:0])
	case f == Asks:
		r.Asks = r.levels(r.Asks[:0])
	}
	if has {
		r.got |= f.bit()
	} else {
		r.got &^= f.bit()
	}
}

// isID reports whether there is an id, of letters, digits and dashes.
func (r *Row) isID(text []byte) bool {
	for _, c := range text {
		if c-'0' > 9 && c|0x20-'a' > 25 && c != '-' && c != '_' && r.err == nil {
			r.err = ErrID
		}
	}
	return len(text) > 0
}

func (r *Row) readBool(f Field) {
	r.bool &^= f.bit()
	switch string(r.s.Text()) {
	case "true", "1":
		r.bool |= f.bit()
	case "false", "0", "":
	default:
		r.err = ErrBool
	}
}

func (r *Row) readNumber(f Field) bool {
	d := &r.number[f-firstNumber]
	if (f == Bid || f == Ask) && r.s.Peek() == '[' {
		return r.best(f)
	}
	*d = r.s.Decimal()
	return !d.Absent() && (r.t.noZero&f.bit() == 0 || !d.IsZero())
}

// best reads a pair, or the first of a list of them. Its size is the field behind the price's.
func (r *Row) best(f Field) (has bool) {
	i := f - firstNumber
	s := r.s
	if s.NextItem(0) && s.Peek() != '[' {
		r.number[i], r.number[i+1] = r.s.Pair()
		has = true
	} else {
		for n := 0; r.s.NextItem(n); n++ {
			if n == 0 {
				r.number[i], r.number[i+1] = r.s.Pair()
				has = true
			}
		}
	}
	if r.got &^= (f + 1).bit(); has {
		r.got |= (f + 1).bit()
	}
	return has
}

func (r *Row) levels(dst []book.Level) []book.Level {
	objects := false
	for n := 0; r.s.NextItem(n); n++ {
		if n == 0 {
			objects = r.s.Peek() == '{'
		}
		var l book.Level
		if objects {
			l = r.level()
		} else {
			l.Price, l.Size = r.s.Pair()
		}
		dst = append(dst, l)
	}
	return dst
}

// level reads a level that is an object.
func (r *Row) level() (l book.Level) {
	for n := 0; ; n++ {
		key, ok := r.s.NextKey(n)
		if !ok {
			return l
		}
		switch r.t.field(key) {
		case Price:
			l.Price = r.s.Decimal()
		case Size, Volume:
			l.Size = r.s.Decimal()
		}
	}
}

// Has reports whether the row has a field. A number that is absent is none.
func (r *Row) Has(f Field) bool { return r.got&f.bit() != 0 }

// Decimal returns a number, absent when there is none.
func (r *Row) Decimal(f Field) (d decimal.Decimal) {
	if r.Has(f) {
		d = r.number[f-firstNumber]
	}
	return d
}

// Int returns a whole number, 0 when there is none.
func (r *Row) Int(f Field) int64 {
	if !r.Has(f) {
		return 0
	}
	return r.int[f-firstInt]
}

// Text returns a text, nil when there is none.
func (r *Row) Text(f Field) []byte {
	if !r.Has(f) {
		return nil
	}
	return r.text[f-Market]
}

// Time returns a time, zero when there is none.
func (r *Row) Time(f Field) (t time.Time) {
	if r.Has(f) {
		t = r.time[f-firstTime]
	}
	return t
}

// Bool reports whether a field is there and true.
func (r *Row) Bool(f Field) bool { return r.Has(f) && r.bool&f.bit() != 0 }

// Fields returns how many fields the row has.
func (r *Row) Fields() int { return bits.OnesCount64(r.got) }
