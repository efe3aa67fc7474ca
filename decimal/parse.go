package decimal

import (
	"encoding/binary"
	"fmt"
	"math/bits"
)

// Parse reads a whole decimal number in JSON's grammar: an optional minus sign,
// digits without leading zeros, a fraction, an exponent. The text may hold at
// most MaxScale digits after the point and, in exponent form, three zeros before
// the exponent's own digits and 127 digits after the point. Anything else is
// ErrSyntax or ErrRange.
func Parse(b []byte) (Decimal, error) {
	if d, n := ParsePrefix(b); n == len(b) && n > 0 {
		return d, nil
	}
	_, n, err := parseAny(b)
	if err == nil { // a number, and something behind it
		err = ErrSyntax
	}
	const show = 48 // bytes of the text that an error repeats
	if len(b) > show {
		return Decimal{}, fmt.Errorf("%w: %q… at byte %d", err, string(b[:show]), n)
	}
	return Decimal{}, fmt.Errorf("%w: %q", err, string(b)) // a copy: b stays on its caller's stack
}

// ParseString is Parse of a string.
func ParseString(s string) (Decimal, error) { return Parse([]byte(s)) }

// MustParse is ParseString for constants: it panics when s is not a number.
func MustParse(s string) Decimal {
	d, err := ParseString(s)
	if err != nil {
		panic(err)
	}
	return d
}

// ParsePrefix reads the number at the start of b and returns it with its length
// in bytes. The length is 0 when b does not start with a number that Parse
// takes; Parse of the same bytes says why. Scanners read numbers in place with it.
func ParsePrefix(b []byte) (d Decimal, n int) {
	// Before the point steps of one byte: few digits, and the branch predictor
	// knows how many, so that nothing waits for the length (7.1 ns a number,
	// against 9.7 for finding the length by bits). Behind it eight at once.
	if len(b) < 2 || b[0]-'0' > 9 {
		return parsePrefixSlow(b)
	}
	coef := uint64(b[0] - '0')
	n = 1
	if c := uint64(b[1] - '0'); c <= 9 {
		if coef == 0 {
			return Decimal{}, 0
		}
		coef = coef*10 + c
		for n = 2; n < len(b); n++ {
			if c = uint64(b[n] - '0'); c > 9 {
				break
			}
			coef = coef*10 + c
		}
	}
	if len(b)-n < 9 || n > 11 {
		return parsePrefixSlow(b)
	}
	if b[n] != '.' {
		if b[n]|0x20 == 'e' {
			return parsePrefixSlow(b)
		}
		return Decimal{lo: coef, meta: present}, n
	}
	w := binary.LittleEndian.Uint64(b[n+1:]) ^ zeros
	if rest := (w + above | w) & tops; rest != 0 {
		f := bits.TrailingZeros64(rest) / 8
		if f == 0 || b[n+1+f]|0x20 == 'e' {
			return parsePrefixSlow(b)
		}
		return Decimal{lo: coef*pow10[f] + value(w, f), meta: present | uint32(f)}, n + 1 + f
	}
	if len(b) > n+9 && (b[n+9]-'0' < 10 || b[n+9]|0x20 == 'e') {
		return parsePrefixSlow(b)
	}
	return Decimal{lo: coef*1e8 + value(w, 8), meta: present | 8}, n + 9
}

func parsePrefixSlow(b []byte) (Decimal, int) {
	d, n, err := parseAny(b)
	if err != nil {
		return Decimal{}, 0
	}
	return d, n
}

// parseAny reads a number of any form at the start of b. On an error n is where
// it was found.
func parseAny(b []byte) (d Decimal, n int, err error) {
	var coef uint64
	meta, i := uint32(present), 0
	if i < len(b) && b[i] == '-' {
		meta |= negative
		i++
	}
	from := i
	for ; i < len(b) && b[i]-'0' < 10; i++ {
		coef = coef*10 + uint64(b[i]-'0')
	}
	whole, frac := i-from, 0
	if whole == 0 || whole > 1 && b[from] == '0' {
		return d, i, ErrSyntax
	}
	if i < len(b) && b[i] == '.' {
		for i++; i < len(b) && b[i]-'0' < 10; i++ {
			coef = coef*10 + uint64(b[i]-'0')
		}
		if frac = i - from - whole - 1; frac == 0 {
			return d, i, ErrSyntax
		}
	}
	scale := frac
	d.lo = coef
	if whole+frac > 19 { // coef may have overflowed
		var rounded bool
		d.lo, d.hi, scale, rounded = parseLong(b[from:i], frac)
		frac = max(scale, 0)
		if rounded {
			meta |= inexact
		}
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		exp, form, n := parseExponent(b[i:])
		if n == 0 {
			return Decimal{}, i, ErrSyntax
		}
		i += n
		if form == 0 || frac > maxFrac {
			return Decimal{}, i, ErrRange
		}
		meta |= form | uint32(frac)<<fracBits
		scale -= exp
	}
	if scale > MaxScale || scale < -MaxScale {
		return Decimal{}, i, ErrRange
	}
	d.meta = meta | uint32(uint16(scale))
	return d, i, nil
}

// parseLong reads digits and at most one point, frac of the digits behind it,
// and rounds to MaxDigits half to even.
func parseLong(text []byte, frac int) (lo uint64, hi uint32, scale int, rounded bool) {
	const none = 0x80
	var c u128
	var rest byte       // all dropped digits but the first, or-ed
	first := byte(none) // the first dropped digit
	n, dropped := 0, 0
	for _, b := range text {
		switch {
		case b == '.':
		case n < MaxDigits:
			if n > 0 || b != '0' {
				n++
			}
			c, _ = c.mul(10)
			c, _ = c.add(u128{lo: uint64(b - '0')})
		case first == none:
			first = b - '0'
			dropped++
		default:
			rest |= b - '0'
			dropped++
		}
	}
	if dropped > 0 {
		rounded = first|rest != 0
		if first > 5 || first == 5 && (rest != 0 || c.lo&1 != 0) {
			c, _ = c.add(u128{lo: 1})
		}
		if c == limit { // 99…9 became 10^28
			c, _ = c.div(10)
			dropped++
		}
	}
	return c.lo, uint32(c.hi), frac - dropped, rounded
}

// parseExponent reads an exponent with its E. n is 0 when it is none; form is 0
// when a Decimal has no room for it.
func parseExponent(b []byte) (exp int, form uint32, n int) {
	form = expForm
	if b[0] == 'e' {
		form |= expLower
	}
	i := 1
	if i < len(b) && (b[i] == '+' || b[i] == '-') {
		if form |= expPlus; b[i] == '-' {
			form ^= expPlus | expMinus
		}
		i++
	}
	from, pad := i, 0
	for ; i < len(b) && b[i]-'0' < 10; i++ {
		if exp == 0 && b[i] == '0' {
			pad++
		}
		exp = min(exp*10+int(b[i]-'0'), 1e6)
	}
	if i == from {
		return 0, 0, 0
	}
	if exp == 0 { // one zero is the number itself
		pad--
	}
	if pad > maxPad {
		return 0, 0, i
	}
	if form&expMinus != 0 {
		exp = -exp
	}
	return exp, form | uint32(pad)<<padShift, i
}

// Eight bytes of text at once, the first in the lowest byte.
const (
	zeros = 0x3030303030303030 // xor turns digits into their values
	above = 0x7676767676767676 // lifts a byte of 10 or more over 0x7f
	tops  = 0x8080808080808080
)

// value returns the number that the first n of eight digits make, 1 ≤ n ≤ 8.
func value(w uint64, n int) uint64 {
	w <<= (64 - 8*uint(n)) & 63 // the lower bytes become leading zeros
	w = w*10 + w>>8             // pairs in every other byte
	return (w&0x000000ff000000ff*(100+1000000<<32) + w>>16&0x000000ff000000ff*(1+10000<<32)) >> 32
}
