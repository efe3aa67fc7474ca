// Package decimal holds exact numbers that remember how they were written.
//
// A [Decimal] is a value of 16 bytes: a coefficient of 96 bits, a scale, a sign,
// and how the text looked. Venues send prices and sizes as text; what is parsed
// here prints back byte for byte, trailing zeros and exponents included:
//
//	68250.10000000   0.000   -0.00   9.121E-7   1e-07   1.5e+3
//
// Up to [MaxDigits] significant digits are kept exactly. A longer number is
// rounded half to even and then [Decimal.Exact] is false. The zero value is no
// number at all, as NULL in SQL: see [Decimal.Absent].
//
// Compare with [Decimal.Cmp] or [Decimal.Equal], never with ==: 1.5 and 1.50 are
// the same number but not the same text.
//
// Arithmetic is small on purpose: sums, products and one quotient for ticks,
// sizes and fees. Whoever wants more takes [Decimal.Big]. As in SQL, an absent
// operand makes the result absent; so does a division by zero and a result
// beyond the range of scales.
//
// Parse, AppendTo, Cmp, Parts and the usual Float64 do not allocate. All values
// are immutable and may be shared between goroutines.
package decimal
