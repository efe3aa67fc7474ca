package scan

import (
	"encoding/binary"
	"strconv"
	"time"

	"github.com/depthwire/depthwire/decimal"
)

// Decimal reads a number, quoted or bare. null and "" are absent.
func (s *Scanner) Decimal() decimal.Decimal {
	// The cursor mostly stands at the number or its quote.
	if b, i := s.b, s.i; i < len(b) {
		q := 0
		if b[i] == '"' {
			q = 1
		}
		if d, n := decimal.ParsePrefix(b[i+q:]); n > 0 {
			if i += q + n; q == 0 {
				s.i = i
				return d
			}
			if i < len(b) && b[i] == '"' {
				s.i = i + 1
				return d
			}
		}
	}
	text := s.Text()
	if len(text) == 0 {
		return decimal.Decimal{}
	}
	d, err := decimal.Parse(text)
	if err != nil {
		s.mismatch(len(text))
	}
	return d
}

// Int reads a whole number, quoted or bare. null and "" are 0; a fraction, an
// exponent, or a number that an int64 cannot hold is ErrType.
func (s *Scanner) Int() int64 {
	b, i := s.b, s.i
	q := i < len(b) && b[i] == '"'
	if q {
		i++
	}
	from, v := i, uint64(0)
	if len(b)-i >= 8 { // times and ids have more than eight digits
		if n, ok := EightDigits(binary.LittleEndian.Uint64(b[i:])); ok {
			v = n
			i += 8
		}
	}
	for ; i < len(b) && b[i]-'0' < 10; i++ {
		v = v*10 + uint64(b[i]-'0')
	}
	if n := i - from; n-1 < 18 && n > 0 && i < len(b) && (b[from] != '0' || n == 1) {
		switch c := b[i]; {
		case q && c == '"':
			s.i = i + 1
			return int64(v)
		case !q && c != '.' && c|0x20 != 'e':
			s.i = i
			return int64(v)
		}
	}
	return s.int()
}

// EightDigits returns the number that eight bytes of text spell, the first of them in the lowest byte of w. ok is false
// when one is no digit.
func EightDigits(w uint64) (v uint64, ok bool) {
	w ^= '0' * ones // turns digits into their values; what is 10 or more 0x76 lifts over 0x7f
	if (w+0x76*ones|w)&tops != 0 {
		return 0, false
	}
	w = w*10 + w>>8
	return (w&0x000000ff000000ff*(100+1000000<<32) + w>>16&0x000000ff000000ff*(1+10000<<32)) >> 32, true
}

// int is Int of any form.
func (s *Scanner) int() int64 {
	text := s.Text()
	if len(text) == 0 {
		return 0
	}
	v, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil || !wellFormed(text) {
		s.mismatch(len(text))
		return 0
	}
	return v
}

// wellFormed reports whether what ParseInt took is also a number in JSON.
func wellFormed(text []byte) bool {
	if text[0] == '-' {
		text = text[1:]
	}
	return text[0] != '+' && (text[0] != '0' || len(text) == 1)
}

// Uint32 reads what Int reads; ErrType when a uint32 cannot hold it.
func (s *Scanner) Uint32() uint32 {
	v := s.Int()
	if v != int64(uint32(v)) {
		s.mismatch(1)
		return 0
	}
	return uint32(v)
}

// Bool reads true or false, quoted or bare. null and "" are false.
func (s *Scanner) Bool() bool {
	switch text := s.Text(); string(text) {
	case "true":
		return true
	case "false", "":
	default:
		s.mismatch(len(text))
	}
	return false
}

// Null reads null and reports true, or reads nothing.
func (s *Scanner) Null() bool {
	if s.Peek() != 'n' {
		return false
	}
	s.next()
	return s.literal("null")
}

// Milli reads a time in milliseconds since 1970, in UTC. 0, null and "" are the
// zero time.
func (s *Scanner) Milli() time.Time {
	if v := s.Int(); v != 0 {
		return time.UnixMilli(v).UTC()
	}
	return time.Time{}
}

// Micro is Milli of microseconds.
func (s *Scanner) Micro() time.Time {
	if v := s.Int(); v != 0 {
		return time.UnixMicro(v).UTC()
	}
	return time.Time{}
}

// Seconds is Milli of seconds, with a fraction or without.
func (s *Scanner) Seconds() time.Time {
	d := s.Decimal().Trunc(9)
	if d.Sign() == 0 {
		return time.Time{}
	}
	ns, _, ok := d.Mul(decimal.New(1e9, 0)).Trunc(0).Parts()
	if !ok || int64(ns) < 0 {
		s.mismatch(1)
		return time.Time{}
	}
	return time.Unix(0, int64(ns)).UTC()
}

// mismatch fails with ErrType at the value of n bytes just read.
func (s *Scanner) mismatch(n int) {
	s.i = max(0, s.i-n)
	s.fail(ErrType)
}

// mistyped fails at a value of another type than an array or object.
func (s *Scanner) mistyped() {
	switch c := s.next(); {
	case c == '{' || c == '[' || c == '"' || c == '-' || c-'0' < 10 || c == 't' || c == 'f':
		s.fail(ErrType)
	default:
		s.unexpected()
	}
}

// literal reads a word.
func (s *Scanner) literal(word string) bool {
	for k := range len(word) {
		if s.i >= len(s.b) || s.b[s.i] != word[k] {
			s.unexpected()
			return false
		}
		s.i++
	}
	return true
}

// bare reads a number, true, false or null.
func (s *Scanner) bare() []byte {
	b, from := s.b, s.i
	switch s.next() {
	case 't':
		s.literal("true")
	case 'f':
		s.literal("false")
	case 'n':
		s.literal("null")
	default:
		s.number()
	}
	if s.err != nil {
		return nil
	}
	return b[from:s.i]
}

// number reads a number by JSON's grammar, of any length.
func (s *Scanner) number() {
	if s.i < len(s.b) && s.b[s.i] == '-' {
		s.i++
	}
	if s.i < len(s.b) && s.b[s.i] == '0' {
		s.i++
	} else if !s.digits() {
		return
	}
	if s.i < len(s.b) && s.b[s.i] == '.' {
		s.i++
		if !s.digits() {
			return
		}
	}
	if s.i < len(s.b) && s.b[s.i]|0x20 == 'e' {
		s.i++
		if s.i < len(s.b) && (s.b[s.i] == '+' || s.b[s.i] == '-') {
			s.i++
		}
		s.digits()
	}
}

// digits reads one digit or more.
func (s *Scanner) digits() bool {
	from := s.i
	for s.i < len(s.b) && s.b[s.i]-'0' < 10 {
		s.i++
	}
	if s.i == from {
		s.unexpected()
		return false
	}
	return true
}
