package decimal

import (
	"errors"
	"math/bits"
)

// Limits of a Decimal.
const (
	// MaxDigits is the number of significant digits kept exactly. Zeros before
	// the first other digit do not count.
	MaxDigits = 28
	// MaxScale is the largest number of digits after the point of a value; the
	// smallest scale is -MaxScale (a value of up to 10^999 times a coefficient).
	MaxScale = 999
)

// Kinds of error that Parse and what rests on it return.
var (
	ErrSyntax = errors.New("decimal: not a number")
	ErrRange  = errors.New("decimal: number out of range")
)

// Decimal is an exact decimal number together with the form that it was written
// in. The zero value is absent. Compare with Cmp, never ==.
type Decimal struct {
	lo   uint64 // coefficient, always below 10^MaxDigits
	hi   uint32
	meta uint32 // 0 when absent
}

// Layout of meta. The low 16 bits are the scale of the value, an int16; what is
// above them is the sign and the form of the text.
const (
	present  = 1 << 31
	negative = 1 << 30
	inexact  = 1 << 29 // digits other than zero were rounded away
	expForm  = 1 << 28 // written with an exponent, which is frac minus scale
	expLower = 1 << 27 // e, not E
	expPlus  = 1 << 26 // the exponent has a plus sign
	expMinus = 1 << 25 // the exponent has a minus sign (E-0 needs it)
	padShift = 23      // two bits: zeros in front of the exponent, as in e-07
	maxPad   = 3
	fracBits = 16 // seven bits: digits after the point of the text before E
	maxFrac  = 127
	scaleNeg = 1 << 15
)

// New returns coef × 10^-scale: New(150, 2) is 1.50. A negative scale gives
// whole numbers: New(15, -2) is 1500. It is absent when the scale is beyond
// MaxScale either way.
func New(coef int64, scale int) Decimal {
	neg, c := coef < 0, uint64(coef)
	if neg {
		c = -c
	}
	switch {
	case scale >= 0 || scale < -MaxScale:
		return FromParts(neg, c, scale)
	case c == 0:
		return FromParts(neg, 0, 0)
	case scale >= -19:
		if hi, lo := bits.Mul64(c, pow10[-scale]); hi == 0 {
			return FromParts(neg, lo, 0)
		}
	}
	d := FromParts(neg, c, 0)
	d.meta |= uint32(uint16(scale))
	return d
}

// FromParts returns coef × 10^-scale with the sign given; absent unless
// 0 ≤ scale ≤ MaxScale. Books make their levels with it: it inlines.
func FromParts(neg bool, coef uint64, scale int) Decimal {
	if uint(scale) > MaxScale {
		return Decimal{}
	}
	meta := uint32(present | scale)
	if neg {
		meta |= negative
	}
	return Decimal{lo: coef, meta: meta}
}

// Absent reports whether there is no number: the zero value, null, or "".
func (d Decimal) Absent() bool { return d.meta == 0 }

// IsZero reports whether d is present and numerically zero, whatever its form:
// 0, 0.000 and -0.00 are. An absent Decimal is not zero.
func (d Decimal) IsZero() bool { return d.lo == 0 && d.hi == 0 && d.meta != 0 }

// Sign returns -1, 0 or +1. Zero of either sign, and absent, give 0.
func (d Decimal) Sign() int {
	switch {
	case d.lo == 0 && d.hi == 0:
		return 0
	case d.meta&negative != 0:
		return -1
	}
	return 1
}

// Exact reports whether no digit was lost: not in parsing, nor in the arithmetic
// that made d or its operands.
func (d Decimal) Exact() bool { return d.meta&inexact == 0 }

// Scale returns the number of digits after the point of the value: 2 for 1.50,
// 10 for 9.121E-7, -2 for 4E+2, 0 for an absent one.
func (d Decimal) Scale() int { return int(int16(d.meta)) }

// Parts returns the value as coef × 10^-scale. It is ok only when d is present,
// has no minus sign, its coefficient fits and its scale is not negative: then
// 0 ≤ scale ≤ MaxScale. Otherwise the other results mean nothing.
func (d Decimal) Parts() (coef uint64, scale int, ok bool) {
	return d.lo, int(int16(d.meta)), d.hi == 0 && d.meta&(present|negative|scaleNeg) == present
}

// Cmp returns -1, 0 or +1 as d is below, equal to or above e as a number. The
// form does not matter: 1.5, 1.50 and 15E-1 are equal. Absent sorts first, and
// equals absent.
func (d Decimal) Cmp(e Decimal) int {
	// Levels of one book share a scale: one comparison decides.
	const form = present | negative | 0xffff
	if d.hi|e.hi == 0 && (d.meta^e.meta)&form == 0 && d.meta&negative == 0 {
		switch {
		case d.lo < e.lo:
			return -1
		case d.lo > e.lo:
			return 1
		}
		return 0
	}
	return d.cmp(e)
}

func (d Decimal) cmp(e Decimal) int {
	if d.Absent() || e.Absent() {
		return int(d.meta>>31) - int(e.meta>>31)
	}
	ds, es := d.Sign(), e.Sign()
	switch {
	case ds != es:
		if ds < es {
			return -1
		}
		return 1
	case ds == 0:
		return 0
	}
	return ds * cmpAbs(d, e)
}

// cmpAbs compares the absolute values of two numbers other than zero.
func cmpAbs(d, e Decimal) int {
	a, b := d.coef(), e.coef()
	da, db := a.digits(), b.digits()
	if ma, mb := da-d.Scale(), db-e.Scale(); ma != mb { // the first digit's place decides
		if ma < mb {
			return -1
		}
		return 1
	}
	// Same place: the shorter one, brought to the other's length, has at most
	// MaxDigits digits and so fits.
	if da < db {
		a, _ = a.mulPow10(db - da)
	} else {
		b, _ = b.mulPow10(da - db)
	}
	return a.cmp(b)
}

// Equal reports whether d and e are the same number, or both absent.
func (d Decimal) Equal(e Decimal) bool { return d.Cmp(e) == 0 }

func (d Decimal) coef() u128 { return u128{hi: uint64(d.hi), lo: d.lo} }
