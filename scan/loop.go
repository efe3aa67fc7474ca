package scan

import (
	"encoding/binary"
	"iter"
)

// Object returns the keys of the object at the cursor, to be used once and at
// once. The body reads the key's value with any of s's methods, or leaves it to
// be skipped; after a break the rest of the object is skipped. A key is valid
// until the next call; keys with escapes come unescaped. null has no keys.
func (s *Scanner) Object() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for n := 0; ; n++ {
			key, ok := s.NextKey(n)
			if !ok {
				return
			}
			if !yield(key) {
				s.finishObject(n)
				return
			}
		}
	}
}

// Array returns the indexes of the array at the cursor, by the rules of Object.
func (s *Scanner) Array() iter.Seq[int] {
	return func(yield func(int) bool) {
		for n := 0; s.NextItem(n); n++ {
			if !yield(n) {
				s.finishArray(n)
				return
			}
		}
	}
}

func (s *Scanner) finishObject(n int) {
	for ok := true; ok; {
		n++
		_, ok = s.NextKey(n)
	}
}

func (s *Scanner) finishArray(n int) {
	for n++; s.NextItem(n); n++ {
	}
}

// NextKey is the plain form of Object, for the hottest loops (range over Object
// inlines and allocates nothing, but costs about 1 ns a key more):
//
//	for n := 0; ; n++ {
//		key, ok := s.NextKey(n)
//		if !ok {
//			break
//		}
//		…
//	}
//
// n is 0 on entry and anything above for the following keys. The loop must run
// until ok is false, which is also so on an error; a value that was not read is
// skipped.
func (s *Scanner) NextKey(n int) (key []byte, ok bool) {
	// The usual form is tight: {"k": or ,"k": or ,"key": or the closing brace.
	b, i := s.b, s.i
	if len(b)-i < 8 {
		if n > 0 && i > 0 && i < len(b) && b[i] == '}' && b[i-1] != ':' {
			s.leave()
			return nil, false
		}
		return s.nextKey(n)
	}
	w := binary.LittleEndian.Uint64(b[i:])
	switch {
	case n == 0:
		if uint16(w) != '{'|'"'<<8 || s.depth == MaxDepth {
			return s.nextKey(n)
		}
	case i == 0 || b[i-1] == ':':
		return s.nextKey(n)
	case uint16(w) != ','|'"'<<8:
		if byte(w) != '}' {
			return s.nextKey(n)
		}
		s.leave()
		return nil, false
	}
	i += 2
	k := i
	if c := byte(w >> 16); uint16(w>>24) == '"'|':'<<8 && c >= ' ' && c != '"' && c != '\\' {
		k = i + 1
	} else {
		// Bytes one by one: the branch predictor knows how many a key has.
		for k < len(b)-1 && b[k] >= ' ' && b[k] != '"' && b[k] != '\\' {
			k++
		}
		if k >= len(b)-1 || b[k] != '"' || b[k+1] != ':' {
			return s.nextKey(n)
		}
	}
	if n == 0 {
		s.depth++
	}
	s.i = k + 2
	return b[i:k], true
}

func (s *Scanner) nextKey(n int) (key []byte, ok bool) {
	if n == 0 {
		switch s.next() {
		case '{':
		case 'n':
			s.literal("null")
			return nil, false
		default:
			s.mistyped()
			return nil, false
		}
		if !s.enter() {
			return nil, false
		}
		if s.next() == '}' {
			s.leave()
			return nil, false
		}
	} else {
		if s.i > 0 && s.i <= len(s.b) && s.b[s.i-1] == ':' {
			s.Skip()
		}
		switch s.next() {
		case ',':
			s.i++
			s.next()
		case '}':
			s.leave()
			return nil, false
		default:
			s.unexpected()
			return nil, false
		}
	}
	if s.next() != '"' {
		s.unexpected()
		return nil, false
	}
	key = s.quoted()
	if s.next() != ':' {
		s.unexpected()
		return nil, false
	}
	s.i++
	return key, true
}

// NextItem is the plain form of Array, for the hottest loops:
//
//	for n := 0; s.NextItem(n); n++ {
//		price, size := s.Pair()
//		…
//	}
//
// n is 0 on entry and anything above for the following items. The loop must run
// until it is false, which is also so on an error; an item that was not read is
// skipped. null has no items.
func (s *Scanner) NextItem(n int) bool {
	if b, i := s.b, s.i; n > 0 && i > 0 && len(b)-i >= 1 {
		switch binary.LittleEndian.Uint16(b[i-1:]) {
		case ']' | ','<<8: // arrays in an array: the levels of a book
			s.i = i + 1
			return true
		case ']' | ']'<<8:
			s.leave()
			return false
		}
	} else if n == 0 && len(b)-i >= 2 && b[i] == '[' && s.depth < MaxDepth && b[i+1] > ' ' {
		s.i = i + 1
		if b[i+1] == ']' {
			s.i = i + 2
			return false
		}
		s.depth++
		return true
	}
	return s.nextItem(n)
}

func (s *Scanner) nextItem(n int) bool {
	if n == 0 {
		switch s.next() {
		case '[':
		case 'n':
			s.literal("null")
			return false
		default:
			s.mistyped()
			return false
		}
		if !s.enter() {
			return false
		}
		from := s.i
		if s.next() == ']' {
			s.leave()
			return false
		}
		s.i = from
		return s.err == nil
	}
	if s.i > 0 && s.i <= len(s.b) && (s.b[s.i-1] == ',' || s.b[s.i-1] == '[') {
		s.Skip()
	}
	switch s.next() {
	case ',':
		s.i++
		return true
	case ']':
		s.leave()
		return false
	}
	s.unexpected()
	return false
}

// enter reads an opening bracket.
func (s *Scanner) enter() bool {
	if s.depth == MaxDepth {
		s.fail(ErrDepth)
		return false
	}
	s.depth++
	s.i++
	return true
}

// leave reads a closing bracket.
func (s *Scanner) leave() {
	s.depth--
	s.i++
}

// Skip reads one value of any type and drops it.
func (s *Scanner) Skip() {
	switch c := s.next(); c {
	case '{':
		for n := 0; ; n++ {
			if _, ok := s.NextKey(n); !ok {
				return
			}
			s.Skip()
		}
	case '[':
		for n := 0; s.NextItem(n); n++ {
			s.Skip()
		}
	case '"':
		s.rawQuoted()
	default:
		s.bare()
	}
}

// Raw reads one value of any type and returns its bytes, valid as long as the
// input; nil after an error.
func (s *Scanner) Raw() []byte {
	s.next()
	b, from := s.b, s.i
	s.Skip()
	if s.err != nil {
		return nil
	}
	return b[from:s.i]
}
