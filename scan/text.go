package scan

import (
	"encoding/binary"
	"unicode/utf16"
	"unicode/utf8"
)

// Text reads a string and returns its bytes: those of the input, or, when it has
// escapes, a copy that is valid until the next call. Bytes that are not UTF-8
// are passed through; an escape that stands for half a character gives U+FFFD.
// A bare number, true and false give their text; null gives nil.
func (s *Scanner) Text() []byte {
	if s.i < len(s.b) && s.b[s.i] == '"' {
		b, from := s.b, s.i+1
		i := from
		for len(b)-i >= 8 && special(binary.LittleEndian.Uint64(b[i:])) == 0 {
			i += 8
		}
		// The rest byte by byte: its length is mostly predicted, not waited for.
		for i < len(b) && b[i] >= ' ' && b[i] != '\\' {
			if b[i] == '"' {
				s.i = i + 1
				return b[from:i]
			}
			i++
		}
	}
	return s.text()
}

// text is Text of any form.
func (s *Scanner) text() []byte {
	switch s.next() {
	case '"':
		return s.quoted()
	case '{', '[':
		s.fail(ErrType)
		return nil
	case 'n':
		s.literal("null")
		return nil
	}
	return s.bare()
}

// Str reads what Text reads as a string of valid UTF-8: as encoding/json does,
// each byte that is none becomes U+FFFD.
func (s *Scanner) Str() string {
	t := s.Text()
	if utf8.Valid(t) {
		return string(t)
	}
	return string([]rune(string(t)))
}

// quoted reads the string at the cursor, which stands at its quote.
func (s *Scanner) quoted() []byte {
	raw, escaped := s.rawQuoted()
	if escaped {
		return s.unescape(raw)
	}
	return raw
}

// rawQuoted reads the string at the cursor and returns what is between the quotes.
func (s *Scanner) rawQuoted() (raw []byte, escaped bool) {
	b, from := s.b, s.i+1
	i := from
	for {
		for len(b)-i >= 8 && special(binary.LittleEndian.Uint64(b[i:])) == 0 {
			i += 8
		}
		for i < len(b) && b[i] != '"' && b[i] != '\\' && b[i] >= ' ' {
			i++
		}
		switch {
		case i >= len(b):
			s.i = len(b)
			s.fail(ErrTruncated)
			return nil, false
		case b[i] == '"':
			s.i = i + 1
			return b[from:i], escaped
		case b[i] != '\\':
			s.i = i
			s.fail(ErrSyntax)
			return nil, false
		}
		n := escape(b[i:])
		if n == 0 {
			s.i = i
			s.unexpectedEscape()
			return nil, false
		}
		i += n
		escaped = true
	}
}

// Eight bytes at once: a number times ones is that number in every byte, tops
// are the top bits.
const ones, tops = 0x0101010101010101, 0x8080808080808080

// special returns other than 0 when one of eight bytes is a quote, a backslash or
// a control character.
func special(w uint64) uint64 {
	q, e := w^'"'*ones, w^'\\'*ones
	return ((q-ones)&^q | (e-ones)&^e | (w-' '*ones)&^w) & tops
}

// escape returns the length of the escape sequence at the start of b, 0 when it
// is none.
func escape(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	switch b[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if hex4(b[2:]) >= 0 {
			return 6
		}
	}
	return 0
}

// hex4 returns the number that four hexadecimal digits make, -1 when they are none.
func hex4(b []byte) rune {
	if len(b) < 4 {
		return -1
	}
	r := rune(0)
	for _, c := range b[:4] {
		switch {
		case c-'0' < 10:
			c -= '0'
		case c|0x20-'a' < 6:
			c = c | 0x20 - 'a' + 10
		default:
			return -1
		}
		r = r<<4 | rune(c)
	}
	return r
}

// unescape copies raw, whose escapes are valid, without them.
func (s *Scanner) unescape(raw []byte) []byte {
	t := s.scratch[:0]
	for i := 0; i < len(raw); {
		if raw[i] != '\\' {
			t = append(t, raw[i])
			i++
			continue
		}
		c := raw[i+1]
		i += 2
		switch c {
		case 'b':
			c = '\b'
		case 'f':
			c = '\f'
		case 'n':
			c = '\n'
		case 'r':
			c = '\r'
		case 't':
			c = '\t'
		case 'u':
			r := hex4(raw[i:])
			i += 4
			if utf16.IsSurrogate(r) { // two escapes make one character
				low := rune(-1)
				if len(raw)-i >= 6 && raw[i] == '\\' && raw[i+1] == 'u' {
					low = hex4(raw[i+2:])
				}
				if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
					i += 6
				}
			}
			t = utf8.AppendRune(t, r)
			continue
		}
		t = append(t, c)
	}
	s.scratch = t
	return t
}

// unexpectedEscape fails at a broken escape.
func (s *Scanner) unexpectedEscape() {
	i := s.i + 1
	if i < len(s.b) && s.b[i] == 'u' {
		for i++; i < len(s.b) && i < s.i+6 && (s.b[i]-'0' < 10 || s.b[i]|0x20-'a' < 6); i++ {
		}
	}
	if i >= len(s.b) {
		s.fail(ErrTruncated)
		return
	}
	s.fail(ErrSyntax)
}

// Stable is Text in memory that stays as long as the input: a text with escapes is a copy of its own.
func (s *Scanner) Stable() []byte {
	t := s.Text()
	if len(t) > 0 && cap(s.scratch) > 0 && &t[0] == &s.scratch[:1][0] {
		s.scratch = nil
	}
	return t
}
