package scan

import (
	"encoding/binary"

	"github.com/depthwire/depthwire/decimal"
)

// Pair reads one level of a book: an array that starts with a price and a size,
// quoted or bare; what follows them is skipped.
func (s *Scanner) Pair() (price, size decimal.Decimal) {
	if price, size, end := s.tightPair(); end > 0 {
		s.i = end
		return price, size
	}
	return s.pair()
}

// tightPair reads a pair without white space and returns where it ends, 0 when
// it is not in that form.
func (s *Scanner) tightPair() (price, size decimal.Decimal, end int) {
	b, i := s.b, s.i
	if len(b)-i < 2 || b[i] != '[' || s.depth == MaxDepth {
		return price, size, 0
	}
	i++
	if b[i] != '"' {
		return s.tightBare(i)
	}
	price, n := decimal.ParsePrefix(b[i+1:])
	i += n + 1
	if n == 0 || len(b)-i < 4 || binary.LittleEndian.Uint32(b[i:])<<8 != ('"'|','<<8|'"'<<16)<<8 {
		return price, size, 0
	}
	size, n = decimal.ParsePrefix(b[i+3:])
	i += n + 3
	if n == 0 || len(b)-i < 2 || b[i] != '"' {
		return price, size, 0
	}
	if b[i+1] != ']' {
		return price, size, tightRest(b, i+1)
	}
	return price, size, i + 2
}

// tightBare is tightPair of bare numbers, the first of them at i.
func (s *Scanner) tightBare(i int) (price, size decimal.Decimal, end int) {
	b := s.b
	price, n := decimal.ParsePrefix(b[i:])
	i += n
	if n == 0 || i >= len(b) || b[i] != ',' {
		return price, size, 0
	}
	size, n = decimal.ParsePrefix(b[i+1:])
	i += n + 1
	if n == 0 || i >= len(b) || b[i] != ']' {
		return price, size, 0
	}
	return price, size, i + 1
}

// tightRest skips short strings behind a pair (OKX sends "0","3") and returns
// the end of the array, 0 when there is anything else.
func tightRest(b []byte, i int) int {
	for len(b)-i > 2 && b[i] == ',' && b[i+1] == '"' {
		for i += 2; i < len(b) && b[i] != '"' && b[i] != '\\' && b[i] >= ' '; i++ {
		}
		if i >= len(b) || b[i] != '"' {
			return 0
		}
		i++
	}
	if i < len(b) && b[i] == ']' {
		return i + 1
	}
	return 0
}

// pair is Pair of any form.
func (s *Scanner) pair() (price, size decimal.Decimal) {
	n := 0
	for ; s.NextItem(n); n++ {
		switch n {
		case 0:
			price = s.Decimal()
		case 1:
			size = s.Decimal()
		}
	}
	if n < 2 {
		s.mismatch(1)
	}
	return price, size
}
