package wire

import (
	"errors"
	"time"
)

// ErrTime means a text that is no time.
var ErrTime = errors.New("wire: no time")

// readTime reads a time in the unit of the table. 0, null and "" are the zero time.
func (r *Row) readTime(f Field) (t time.Time) {
	switch {
	case r.t.anyTime && r.s.Peek() == '"':
		return r.anyText()
	case r.t.anyTime:
		return unixTime(r.s.Int())
	case r.t.seconds&f.bit() != 0:
		if n := r.s.Int(); n != 0 {
			t = time.Unix(n, 0).UTC()
		}
		return t
	}
	return r.s.Milli()
}

// unixTime takes a number of microseconds, milliseconds or seconds, and makes a time of what is above zero.
func unixTime(n int64) time.Time {
	if n <= 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros(n)).UTC()
}

// micros takes a number of nanoseconds, microseconds, milliseconds or seconds: none of the years 1974 to 5138 can be taken for
// another in a different unit.
func micros(n int64) int64 {
	switch {
	case n > 1e17:
		return n / 1e3
	case n > 1e14:
		return n
	case n > 1e11:
		return n * 1e3
	}
	return n * 1e6
}

// anyText reads a number in quotes, or the text of a UTC time, with a blank or a T in its middle.
func (r *Row) anyText() (t time.Time) {
	text := r.s.Text()
	n := int64(0)
	for _, c := range text {
		if c-'0' > 9 || n > 1e17 {
			n = -1
			break
		}
		n = n*10 + int64(c-'0')
	}
	if n >= 0 {
		return unixTime(n)
	}
	var b [40]byte
	if len(text) > len(b)-1 {
		r.Fail(ErrTime)
		return t
	}
	rest := append(b[:0], text...)
	if at := len("2006-01-02"); len(rest) > at && rest[at] == ' ' {
		rest[at] = 'T'
	}
	if rest[len(rest)-1] != 'Z' {
		rest = append(rest, 'Z')
	}
	if t.UnmarshalText(rest) != nil {
		r.Fail(ErrTime)
		return time.Time{}
	}
	return t
}
