package wire

import (
	"encoding/binary"
	"fmt"
	"strings"
	"unicode"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/scan"
)

// Form is an update of an order book byte for byte as a venue usually writes it, without white space
// and with keys in one order:
//
//	{"e":"depthUpdate","E":{time},"s":"{market}","U":{first},"u":{last},"b":[{bids}],"a":[{asks}]}
//
// Words in braces stand for values: {time} in milliseconds, {anytime}, whose size tells its unit, {first}, {last}, {prev} and
// {checksum}, which may have a minus sign, {number} and {text}, which are not looked at, {market}, the id of the market, and
// {bids} and {asks}, the levels of a side.
// Levels are arrays of a price and a size, quoted or bare; other short numbers may follow.
type Form struct {
	steps []step
	least int
}

type step struct {
	value value
	word  string // which stands behind the value
	// The first and the last eight bytes of the word: comparing these is quicker than calling for
	// a comparison of a few bytes.
	first, mask, last uint64
}

func newStep(v value, word string) step {
	s := step{value: v, word: word}
	for i := range min(len(word), 8) {
		s.first |= uint64(word[i]) << (8 * i)
		s.mask |= 0xff << (8 * i)
	}
	if n := len(word) - 8; n > 0 {
		s.last = binary.LittleEndian.Uint64([]byte(word[n:]))
	}
	return s
}

// behind returns where the word that must stand at b[i:] ends.
func (s *step) behind(b []byte, i int) int {
	n := len(s.word)
	if uint(i) > uint(len(b)) || len(b)-i < max(n, 8) {
		if i < 0 || i > len(b) || string(b[i:]) != s.word { // only the last word ends so near
			return none
		}
		return i + n
	}
	if binary.LittleEndian.Uint64(b[i:])&s.mask != s.first {
		return none
	}
	if n > 8 && (binary.LittleEndian.Uint64(b[i+n-8:]) != s.last || n > 16 && string(b[i:i+n]) != s.word) {
		return none
	}
	return i + n
}

type value uint8

const (
	nothing value = iota
	updateTime
	updateAnyTime
	updateFirst
	updateLast
	updatePrev
	updateChecksum
	anyNumber
	anyText
	marketID
	bids
	asks
)

var values = map[string]value{
	"time": updateTime, "anytime": updateAnyTime, "first": updateFirst, "last": updateLast, "prev": updatePrev, "checksum": updateChecksum,
	"number": anyNumber, "text": anyText, "market": marketID, "bids": bids, "asks": asks,
}

// MustForm makes a Form. It panics when the pattern is none, or has a word in braces that is no value: patterns are
// constants of a program.
func MustForm(pattern string) *Form {
	f := &Form{least: len(pattern)}
	v, rest := nothing, pattern
	for {
		word, name, next, more := cut(rest)
		if unknown := braced(word); unknown != "" {
			panic(fmt.Sprintf("wire: form %#q has {%s}, which is no value", pattern, unknown))
		}
		f.steps = append(f.steps, newStep(v, word))
		if !more {
			break
		}
		f.least -= len(name) + 2
		v, rest = values[name], next
	}
	if len(f.steps) < 2 || f.steps[0].word == "" || f.least < 8 {
		panic(fmt.Sprintf("wire: form %#q has no values, begins with one, or is too short", pattern))
	}
	return f
}

// cut finds the first name of a value in a pattern.
func cut(pattern string) (word, name, rest string, ok bool) {
	for i := range len(pattern) {
		if pattern[i] != '{' {
			continue
		}
		if name, rest, ok := strings.Cut(pattern[i+1:], "}"); ok && values[name] != nothing {
			return pattern[:i], name, rest, true
		}
	}
	return pattern, "", "", false
}

// braced returns a word in braces that is left between values, which no message has: JSON quotes its keys.
func braced(text string) string {
	for _, rest, more := strings.Cut(text, "{"); more; _, rest, more = strings.Cut(rest, "{") {
		name, _, ends := strings.Cut(rest, "}")
		if ends && name != "" && !strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) }) {
			return name
		}
	}
	return ""
}

// Delta is what a Form reads. Its memory is used again.
type Delta struct {
	Time                        int64 // microseconds since 1970; 0 of what the form has not
	First, Last, Prev, Checksum int64
	Bids, Asks                  []book.Lot
}

// Read reads b, which is of the market with that id, and reports whether it is in this form. Numbers have 18 digits at most.
func (f *Form) Read(d *Delta, market string, b []byte) bool {
	if len(b) < f.least {
		return false
	}
	d.First, d.Last, d.Prev, d.Checksum = 0, 0, 0, 0
	d.Bids, d.Asks = d.Bids[:0], d.Asks[:0]
	i := 0
	for n := range f.steps {
		step := &f.steps[n]
		switch step.value {
		case updateTime:
			if d.Time, i = whole(b, i); uint64(d.Time) > 1e14 { // no milliseconds
				return false
			}
			d.Time *= 1000
		case updateAnyTime:
			if d.Time, i = whole(b, i); d.Time < 0 {
				return false
			}
			d.Time = micros(d.Time)
		case updateFirst:
			d.First, i = whole(b, i)
		case updateLast:
			d.Last, i = whole(b, i)
		case updatePrev:
			d.Prev, i = whole(b, i)
		case updateChecksum:
			d.Checksum, i = whole(b, i)
		case anyNumber:
			_, i = whole(b, i)
		case anyText:
			i = Text(b, i)
		case marketID:
			if len(b)-i < len(market) || string(b[i:i+len(market)]) != market {
				return false
			}
			i += len(market)
		case bids:
			d.Bids, i = lots(d.Bids, b, i)
		case asks:
			d.Asks, i = lots(d.Asks, b, i)
		}
		if word := len(step.word); word <= 8 && uint(i) < uint(len(b)-8) { // what behind does, for most words
			if binary.LittleEndian.Uint64(b[i:])&step.mask != step.first {
				return false
			}
			i += word
		} else if i = step.behind(b, i); i < 0 {
			return false
		}
	}
	return i == len(b)
}

// none is where a value ends that is not there.
const none = -1

// Text returns where the quote is that ends the text at b[i:]: -1 when it has escapes, or no end.
func Text(b []byte, i int) int {
	for ; i < len(b) && b[i] >= ' ' && b[i] != '\\'; i++ {
		if b[i] == '"' {
			return i
		}
	}
	return none
}

// whole reads a whole number of at most 18 digits.
func whole(b []byte, i int) (v int64, end int) {
	minus := i < len(b) && b[i] == '-'
	if minus {
		i++
	}
	from, x := i, uint64(0)
	if len(b)-i >= 8 {
		if n, ok := scan.EightDigits(binary.LittleEndian.Uint64(b[i:])); ok {
			x = n
			i += 8
		}
	}
	for ; i < len(b) && b[i]-'0' < 10; i++ {
		x = x*10 + uint64(b[i]-'0')
	}
	if n := i - from; n == 0 || n > 18 || b[from] == '0' && (n > 1 || minus) {
		return 0, none
	}
	if minus {
		return -int64(x), i
	}
	return int64(x), i
}

// lots reads levels up to the bracket that closes their list, and appends them. Those of one list are all quoted, or none is.
func lots(dst []book.Lot, b []byte, i int) ([]book.Lot, int) {
	if i < len(b) && b[i] == ']' {
		return dst, i
	}
	if len(b)-i > 1 && b[i+1] == '"' {
		return quoted(dst, b, i)
	}
	return bare(dst, b, i)
}

func quoted(dst []book.Lot, b []byte, i int) ([]book.Lot, int) {
	for {
		if len(b)-i < len(`["1","1"]]`) || binary.LittleEndian.Uint16(b[i:]) != '['|'"'<<8 {
			return dst, none
		}
		price, priceScale, end := number(b, i+2, '"')
		if uint(end) >= uint(len(b)-3) || binary.LittleEndian.Uint16(b[end+1:]) != ','|'"'<<8 {
			return dst, none
		}
		size, sizeScale, end := number(b, end+3, '"')
		i = end + 1
		if uint(i) < uint(len(b)) && b[i] == ',' {
			i = numbersBehind(b, i)
		}
		if uint(i) >= uint(len(b)-2) {
			return dst, none
		}
		dst = append(dst, book.Lot{Price: price, Size: size, PriceScale: int32(priceScale), SizeScale: int32(sizeScale)})
		switch binary.LittleEndian.Uint16(b[i:]) {
		case ']' | ','<<8:
			i += 2
		case ']' | ']'<<8:
			return dst, i + 1
		default:
			return dst, none
		}
	}
}

func bare(dst []book.Lot, b []byte, i int) ([]book.Lot, int) {
	for {
		if len(b)-i < len(`[1,1]]`) || b[i] != '[' {
			return dst, none
		}
		price, priceScale, end := number(b, i+1, ',')
		if end < 0 {
			return dst, none
		}
		size, sizeScale, end := number(b, end+1, ']')
		if uint(end) >= uint(len(b)-1) {
			return dst, none
		}
		dst = append(dst, book.Lot{Price: price, Size: size, PriceScale: int32(priceScale), SizeScale: int32(sizeScale)})
		switch b[end+1] {
		case ',':
			i = end + 2
		case ']':
			return dst, end + 1
		default:
			return dst, none
		}
	}
}

// numbersBehind skips quoted whole numbers behind a size (OKX sends "0","3"): what is anything else is left to a Row.
func numbersBehind(b []byte, i int) int {
	for len(b)-i > 3 && b[i] == ',' && b[i+1] == '"' && b[i+2]-'0' < 10 {
		for i += 2; i < len(b) && b[i]-'0' < 10; i++ {
		}
		if i >= len(b) || b[i] != '"' {
			return none
		}
		i++
	}
	return i
}

// number reads a decimal number that close stands behind, as JSON writes it, of at most 18 digits, and returns
// where close is. Digits are stepped one by one where the branch predictor knows how many come, and taken eight at
// once where some venues always have eight.
func number(b []byte, i int, close byte) (coef uint64, scale, end int) {
	from := uint(i)
	n := from
	for n < uint(len(b)) {
		c := uint64(b[n] - '0')
		if c > 9 {
			break
		}
		coef = coef*10 + c
		n++
	}
	digits := n - from
	if digits-1 > 17 || n >= uint(len(b)) || b[from] == '0' && digits > 1 {
		return 0, 0, none
	}
	if b[n] != '.' {
		if b[n] != close {
			return powered(b, int(n), coef, 0, close)
		}
		return coef, 0, int(n)
	}
	if f := n + 1; digits <= 10 && f+9 <= uint(len(b)) && b[f+8] == close {
		if v, ok := scan.EightDigits(binary.LittleEndian.Uint64(b[f:])); ok {
			return coef*1e8 + v, 8, int(f) + 8
		}
	}
	point := n
	for n++; n < uint(len(b)); n++ {
		c := uint64(b[n] - '0')
		if c > 9 {
			break
		}
		coef = coef*10 + c
	}
	frac := n - point - 1
	if frac == 0 || digits+frac > 18 || n >= uint(len(b)) {
		return 0, 0, none
	}
	if b[n] != close {
		return powered(b, int(n), coef, int(frac), close)
	}
	return coef, int(frac), int(n)
}

// powered reads the power of ten behind the digits of a number: HTX writes 0.00012 as 1.2E-4.
func powered(b []byte, i int, coef uint64, scale int, close byte) (uint64, int, int) {
	if b[i]|0x20 != 'e' {
		return 0, 0, none
	}
	power, end := whole(b, i+1)
	if end < 0 || end >= len(b) || b[end] != close || power < -18 || power > 0 && power > int64(scale) {
		return 0, 0, none
	}
	return coef, scale - int(power), end
}
