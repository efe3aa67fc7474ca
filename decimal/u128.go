package decimal

import "math/bits"

// u128 is an unsigned integer of 128 bits: room for two aligned coefficients.
type u128 struct{ hi, lo uint64 }

var pow10 = [20]uint64{
	1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9,
	1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
}

// limit is 10^MaxDigits, the first coefficient that is too large.
var limit, _ = u128{lo: 1e19}.mulPow10(MaxDigits - 19)

func (a u128) cmp(b u128) int {
	switch {
	case a == b:
		return 0
	case a.hi < b.hi || a.hi == b.hi && a.lo < b.lo:
		return -1
	}
	return 1
}

func (a u128) add(b u128) (sum u128, ok bool) {
	lo, carry := bits.Add64(a.lo, b.lo, 0)
	hi, carry := bits.Add64(a.hi, b.hi, carry)
	return u128{hi, lo}, carry == 0
}

// sub returns a - b for a ≥ b.
func (a u128) sub(b u128) u128 {
	lo, borrow := bits.Sub64(a.lo, b.lo, 0)
	hi, _ := bits.Sub64(a.hi, b.hi, borrow)
	return u128{hi, lo}
}

// mul returns a × m, ok when it fits.
func (a u128) mul(m uint64) (p u128, ok bool) {
	hi, lo := bits.Mul64(a.lo, m)
	over, mid := bits.Mul64(a.hi, m)
	hi, carry := bits.Add64(hi, mid, 0)
	return u128{hi, lo}, over|carry == 0
}

// mulPow10 returns a × 10^k for k ≥ 0, ok when it fits.
func (a u128) mulPow10(k int) (p u128, ok bool) {
	for ; k > 19; k -= 19 {
		if a, ok = a.mul(pow10[19]); !ok {
			return a, false
		}
	}
	return a.mul(pow10[k])
}

// div returns the quotient and the remainder of a / d.
func (a u128) div(d uint64) (q u128, r uint64) {
	q.hi, r = a.hi/d, a.hi%d
	q.lo, r = bits.Div64(r, a.lo, d)
	return q, r
}

// digits returns the number of decimal digits of a; 0 has none.
func (a u128) digits() int {
	if a.hi == 0 {
		return digits64(a.lo)
	}
	q, _ := a.div(1e19)
	if q.hi == 0 {
		return 19 + digits64(q.lo)
	}
	return 39 // from 2^64 × 10^19 on
}

func digits64(x uint64) int {
	n := bits.Len64(x) * 1233 >> 12 // log10(2) ≈ 1233/4096: right or one too few
	if x >= pow10[n] {
		n++
	}
	return n
}
