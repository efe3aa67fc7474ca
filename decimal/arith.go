package decimal

import (
	"math"
	"math/big"
	"math/bits"
)

// Neg returns -d in plain form. Zero stays zero, without a sign.
func (d Decimal) Neg() Decimal {
	if d.Absent() {
		return d
	}
	return d.signed(d.Sign() > 0)
}

// Abs returns d without its sign, in plain form.
func (d Decimal) Abs() Decimal {
	if d.Absent() {
		return d
	}
	return d.signed(false)
}

// signed returns d in plain form with the sign given.
func (d Decimal) signed(neg bool) Decimal {
	return round(neg, d.coef(), d.Scale(), d.meta&inexact)
}

// Add returns d + e: exact while the result has at most MaxDigits digits, else
// rounded half to even. Its scale is the larger of the two.
func (d Decimal) Add(e Decimal) Decimal {
	if d.Absent() || e.Absent() {
		return Decimal{}
	}
	a, b, scale := d.coef(), e.coef(), d.Scale()
	lost := (d.meta | e.meta) & inexact
	ok := true
	switch k := scale - e.Scale(); {
	case k > 0:
		b, ok = b.mulPow10(k)
	case k < 0:
		a, ok = a.mulPow10(-k)
		scale -= k
	}
	dn, en := d.meta&negative != 0, e.meta&negative != 0
	if !ok {
		return addBig(d, e, scale, lost)
	}
	if dn == en {
		sum, ok := a.add(b)
		if !ok {
			return addBig(d, e, scale, lost)
		}
		return round(dn, sum, scale, lost)
	}
	if a.cmp(b) < 0 {
		return round(en, b.sub(a), scale, lost)
	}
	return round(dn, a.sub(b), scale, lost)
}

// Sub returns d - e, by the rules of Add.
func (d Decimal) Sub(e Decimal) Decimal {
	if !e.Absent() {
		e.meta ^= negative
	}
	return d.Add(e)
}

// Mul returns d × e: exact while the result has at most MaxDigits digits, else
// rounded half to even. Its scale is the sum of the two.
func (d Decimal) Mul(e Decimal) Decimal {
	if d.Absent() || e.Absent() {
		return Decimal{}
	}
	lost := (d.meta | e.meta) & inexact
	scale := d.Scale() + e.Scale()
	if d.hi|e.hi != 0 {
		p := d.int()
		return fromInt(p.Mul(p, e.int()), scale, lost)
	}
	hi, lo := bits.Mul64(d.lo, e.lo)
	return round((d.meta^e.meta)&negative != 0, u128{hi, lo}, scale, lost)
}

// Quo returns d / e with MaxDigits significant digits, rounded half to even;
// an exact quotient has no more zeros at its end than the scales of d and e
// give it: 1.00 / 4 is 0.25, 10.00 / 4 is 2.50. A division by zero is absent.
func (d Decimal) Quo(e Decimal) Decimal {
	if d.Absent() || e.Absent() || e.IsZero() {
		return Decimal{}
	}
	if q, ok := d.short(e); ok {
		return q
	}
	// Digits enough that what follows the MaxDigits kept is known but for being
	// zero, and that is in the remainder.
	shift := max(0, MaxDigits+2+e.coef().digits()-d.coef().digits())
	scale := d.Scale() - e.Scale() + shift
	n, den := d.int(), e.int()
	n.Mul(n, bigPow10(shift))
	var rest big.Int
	n.QuoRem(n, den, &rest)
	lost := (d.meta | e.meta) & inexact
	if rest.Sign() != 0 {
		lost = inexact
		// A digit more, never 0 nor 5, stands for the remainder.
		n.Mul(n, bigPow10(1))
		n.Add(n, big.NewInt(int64(rest.Sign()*den.Sign())))
		return fromInt(n, scale+1, lost)
	}
	ten, q := big.NewInt(10), new(big.Int)
	for want := max(0, d.Scale()-e.Scale()); scale > want; scale-- {
		if q.QuoRem(n, ten, &rest); rest.Sign() != 0 {
			break
		}
		n, q = q, n
	}
	return fromInt(n, scale, lost)
}

// short is Quo of numbers above zero that fit in 64 bits on the way and whose quotient is exact, as the price of one fill. It needs no
// memory.
func (d Decimal) short(e Decimal) (q Decimal, ok bool) {
	n, scale, fits := d.Parts()
	by, less, fine := e.Parts()
	if !fits || !fine || (d.meta|e.meta)&inexact != 0 || n == 0 {
		return q, false
	}
	for scale -= less; scale < 0 || n%by != 0; scale++ {
		if n > math.MaxUint64/10 {
			return q, false
		}
		n *= 10
	}
	q = FromParts(false, n/by, scale)
	return q, !q.Absent()
}

// Trunc returns d without the digits beyond scale, moved toward zero. A negative
// scale counts places before the point. A d that has no such digits keeps its
// value. The result is in plain form, and as exact as d.
func (d Decimal) Trunc(scale int) Decimal {
	if d.Absent() || d.Scale() <= scale {
		return d.plain()
	}
	n := d.int()
	return fromInt(n.Quo(n, bigPow10(d.Scale()-scale)), scale, d.meta&inexact)
}

// Round is Trunc to the nearest, halves to even.
func (d Decimal) Round(scale int) Decimal {
	if d.Absent() || d.Scale() <= scale {
		return d.plain()
	}
	k := d.Scale() - scale
	n, rest, unit := d.int(), new(big.Int), bigPow10(k)
	neg := d.meta&negative != 0
	n.Abs(n).QuoRem(n, unit, rest)
	if c := rest.Lsh(rest, 1).Cmp(unit); c > 0 || c == 0 && n.Bit(0) != 0 {
		n.Add(n, big.NewInt(1))
	}
	return fromInt(signed(n, neg), scale, d.meta&inexact)
}

func (d Decimal) plain() Decimal {
	if d.meta&expForm == 0 {
		return d
	}
	return d.signed(d.meta&negative != 0)
}

// round makes a Decimal of ±c × 10^-scale, rounding to MaxDigits half to even.
func round(neg bool, c u128, scale int, lost uint32) Decimal {
	if c.cmp(limit) >= 0 {
		k := c.digits() - MaxDigits // at most 11
		q, rest := c.div(pow10[k])
		if rest != 0 {
			lost = inexact
		}
		if half := pow10[k] / 2; rest > half || rest == half && q.lo&1 != 0 {
			q, _ = q.add(u128{lo: 1})
		}
		if c, scale = q, scale-k; c == limit { // 99…9 became 10^MaxDigits
			c, _ = c.div(10)
			scale--
		}
	}
	if scale > MaxScale || scale < 0 {
		return fromInt(c.int(neg), scale, lost)
	}
	d := Decimal{lo: c.lo, hi: uint32(c.hi), meta: present | lost | uint32(scale)}
	if neg && c != (u128{}) {
		d.meta |= negative
	}
	return d
}

func addBig(d, e Decimal, scale int, lost uint32) Decimal {
	a, b := d.int(), e.int()
	a.Mul(a, bigPow10(scale-d.Scale()))
	b.Mul(b, bigPow10(scale-e.Scale()))
	return fromInt(a.Add(a, b), scale, lost)
}

// Reduce returns d without the zeros at the end of its fraction: 1.50 becomes 1.5.
func (d Decimal) Reduce() Decimal {
	if d.Absent() || d.Scale() <= 0 {
		return d
	}
	for scale := d.Scale() - 1; scale >= 0; scale-- {
		shorter := d.Trunc(scale)
		if !shorter.Equal(d) {
			break
		}
		d = shorter
	}
	return d
}
