package clickhouse

import (
	"encoding/binary"
	"math/big"
	"math/bits"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/record"
)

// form says how a number is written: '0' and as many digits more as there are after the point. It is false where that, and the value as
// a Decimal of the engine, are not enough to write it again.
func form(text []byte) (byte, bool) {
	if len(text) == 0 {
		return '0', true // absent, which NULL is
	}
	minus := text[0] == '-'
	if minus {
		text = text[1:]
	}
	whole, point, zero := len(text), -1, true
	for i, c := range text {
		switch {
		case c == '.' && point < 0:
			whole, point = i, i
		case c < '0' || c > '9':
			return '0', false // an exponent
		case c != '0':
			zero = false
		}
	}
	after := 0
	if point >= 0 {
		after = len(text) - point - 1
	}
	switch {
	case whole == 0, whole > 38-scale, whole > 1 && text[0] == '0', point >= 0 && after == 0, after > scale, minus && zero:
		return '0', false
	}
	return '0' + byte(after), true
}

// numbers returns which columns of a table are.
func numbers(t *record.Table) (all []int) {
	for i, c := range t.Columns {
		if c.Kind == record.Number {
			all = append(all, i)
		}
	}
	return all
}

// digits appends the form of each number of a row. It is false where one cannot be written again.
func (w *insert) digits(b []byte, r *record.Rows, row int) ([]byte, bool) {
	fine := true
	for _, at := range w.numbers {
		var ok bool
		b, ok = formOf(b, r.Columns[at].Numbers[row])
		fine = fine && ok
	}
	return b, fine
}

func formOf(b []byte, d decimal.Decimal) ([]byte, bool) {
	if _, digits, _, ok := plain(d); ok {
		return append(b, '0'+byte(digits)), true
	}
	var room [64]byte
	c, ok := form(d.AppendTo(room[:0]))
	return append(b, c), ok
}

// plain is what most numbers are, and quickly told: coef × 10^-digits, and written so.
func plain(d decimal.Decimal) (coef uint64, digits int, minus, ok bool) {
	size := d
	if minus = d.Sign() < 0; minus {
		size = d.Neg()
	}
	coef, digits, ok = size.Parts()
	// not Equal: 1E-7 is no 0.0000001 here
	return coef, digits, minus, ok && digits <= scale && d == decimal.FromParts(minus, coef, digits)
}

// fixed is a number as a Decimal of the engine: times 10^18, a whole number of 128 bits, of which what is behind the point is cut off. It is
// false where that is too large, or there is none.
func fixed(d decimal.Decimal) (lo, hi uint64, ok bool) {
	coef, digits, minus, ok := plain(d)
	if !ok {
		return long(d)
	}
	hi, lo = bits.Mul64(coef, tens[scale-digits])
	if minus {
		lo, hi = negated(lo, hi)
	}
	return lo, hi, true
}

// tens are the powers of ten to that of scale.
var tens = func() (all [scale + 1]uint64) {
	all[0] = 1
	for i := range scale {
		all[i+1] = 10 * all[i]
	}
	return all
}()

// beyond is the first that is too large.
var beyond = new(big.Int).Exp(big.NewInt(10), big.NewInt(38), nil)

func long(d decimal.Decimal) (lo, hi uint64, ok bool) {
	if d.Absent() {
		return 0, 0, false
	}
	n := d.Big().Shift(scale).BigInt()
	if n.CmpAbs(beyond) >= 0 {
		return 0, 0, false
	}
	var room [16]byte
	size := n.FillBytes(room[:])
	hi, lo = binary.BigEndian.Uint64(size), binary.BigEndian.Uint64(size[8:])
	if n.Sign() < 0 {
		lo, hi = negated(lo, hi)
	}
	return lo, hi, true
}

func negated(lo, hi uint64) (uint64, uint64) {
	lo, borrow := bits.Sub64(0, lo, 0)
	hi, _ = bits.Sub64(0, hi, borrow)
	return lo, hi
}

// sized is the size of a level as fixed has it, 10^-18 where that has none or makes 0 of it, which says that the price is gone.
func sized(d decimal.Decimal) (lo, hi uint64) {
	lo, hi, ok := fixed(d)
	if lo|hi == 0 && d.Sign() != 0 || !ok && !d.Absent() {
		return 1, 0
	}
	return lo, hi
}

// kept appends the texts of all numbers of a row, a space behind each; nothing where they can be written again.
func (w *insert) kept(b []byte, r *record.Rows, row int) []byte {
	var room [64]byte
	if _, ok := w.digits(room[:0], r, row); ok {
		return b
	}
	for _, at := range w.numbers {
		b = append(r.Columns[at].Numbers[row].AppendTo(b), ' ')
	}
	return b
}

// digitsOf appends the form of each price, then of each size.
func digitsOf(b []byte, side []exchange.Level) ([]byte, bool) {
	fine, ok := true, true
	for i := range side {
		b, ok = formOf(b, side[i].Price)
		fine = fine && ok && !side[i].Price.Absent()
	}
	for i := range side {
		b, ok = formOf(b, side[i].Size)
		fine = fine && ok && !side[i].Size.Absent()
	}
	return b, fine
}

// textsOf appends the texts of all prices, then of all sizes, a space behind each; nothing where they can be written again.
func textsOf(b []byte, side []exchange.Level) []byte {
	from := len(b)
	b, ok := digitsOf(b, side)
	if b = b[:from]; ok {
		return b
	}
	for i := range side {
		b = append(side[i].Price.AppendTo(b), ' ')
	}
	for i := range side {
		b = append(side[i].Size.AppendTo(b), ' ')
	}
	return b
}
