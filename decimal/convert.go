package decimal

import (
	"database/sql/driver"
	"fmt"
	"math"
	"math/big"
	"strconv"

	shopspring "github.com/shopspring/decimal"
)

// int returns the signed coefficient.
func (d Decimal) int() *big.Int { return d.coef().int(d.meta&negative != 0) }

func (a u128) int(neg bool) *big.Int {
	n := new(big.Int).SetUint64(a.hi)
	n.Lsh(n, 64).Or(n, new(big.Int).SetUint64(a.lo))
	if neg {
		n.Neg(n)
	}
	return n
}

func bigPow10(k int) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(k)), nil)
}

// fromInt makes a Decimal of n × 10^-scale, rounding half to even to MaxDigits
// and to MaxScale. It is absent when n is too large.
func fromInt(n *big.Int, scale int, lost uint32) Decimal {
	neg := n.Sign() < 0
	n = new(big.Int).Abs(n)
	drop := max(len(n.String())-MaxDigits, scale-MaxScale, 0)
	if drop > 0 {
		var rest big.Int
		unit := bigPow10(drop)
		n.QuoRem(n, unit, &rest)
		if rest.Sign() != 0 {
			lost = inexact
			c := rest.Lsh(&rest, 1).Cmp(unit)
			if c > 0 || c == 0 && n.Bit(0) != 0 {
				n.Add(n, big.NewInt(1))
			}
		}
		return fromInt(signed(n, neg), scale-drop, lost)
	}
	switch {
	case n.Sign() == 0:
		scale = max(scale, 0)
	case scale < 0 && len(n.String())-scale <= MaxDigits: // 15E+2 is 1500
		n.Mul(n, bigPow10(-scale))
		scale = 0
	case scale < -MaxScale:
		return Decimal{}
	}
	var b [12]byte
	n.FillBytes(b[:])
	d := Decimal{meta: present | lost | uint32(uint16(scale))}
	for _, x := range b {
		d.hi = d.hi<<8 | uint32(d.lo>>56)
		d.lo = d.lo<<8 | uint64(x)
	}
	if neg && n.Sign() != 0 {
		d.meta |= negative
	}
	return d
}

func signed(n *big.Int, neg bool) *big.Int {
	if neg {
		n.Neg(n)
	}
	return n
}

// Big returns d for arithmetic beyond this package's; zero when absent.
func (d Decimal) Big() shopspring.Decimal {
	return shopspring.NewFromBigInt(d.int(), -int32(d.Scale()))
}

// FromBig returns b, rounded half to even to MaxDigits; absent when b is beyond
// the range of scales.
func FromBig(b shopspring.Decimal) Decimal {
	if e := b.Exponent(); e < -1e5 || e > 1e5 { // do not build such powers
		if b.Sign() == 0 {
			return FromParts(false, 0, 0)
		}
		return Decimal{}
	}
	return fromInt(b.Coefficient(), -int(b.Exponent()), 0)
}

// Powers of ten that a float64 holds exactly.
var floatPow10 = [23]float64{
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
	1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
}

// Float64 returns the float64 nearest to d: bit for bit what strconv.ParseFloat
// makes of String, infinities beyond the range included. Absent is NaN.
func (d Decimal) Float64() float64 {
	scale := d.Scale()
	if d.hi != 0 || d.lo >= 1<<53 || uint(scale) > 22 || d.Absent() {
		return d.float()
	}
	// Both operands are exact, so the one division rounds correctly.
	f := float64(d.lo) / floatPow10[scale]
	if d.meta&negative != 0 {
		return -f
	}
	return f
}

func (d Decimal) float() float64 {
	if d.Absent() {
		return math.NaN()
	}
	var buf [48]byte
	b := buf[:0]
	if d.meta&negative != 0 {
		b = append(b, '-')
	}
	b = append(appendPlain(b, d.coef(), 0), 'e')
	f, _ := strconv.ParseFloat(string(strconv.AppendInt(b, -int64(d.Scale()), 10)), 64)
	return f // ±Inf with an error that says so: the range is documented
}

// MarshalJSON returns the text as a JSON string, so that no reader makes a
// float of it; null when absent.
func (d Decimal) MarshalJSON() ([]byte, error) {
	if d.Absent() {
		return []byte("null"), nil
	}
	return append(d.AppendTo([]byte{'"'}), '"'), nil
}

// UnmarshalJSON takes a number, quoted or bare; null and "" are absent.
func (d *Decimal) UnmarshalJSON(b []byte) error {
	if n := len(b); n >= 2 && b[0] == '"' && b[n-1] == '"' {
		b = b[1 : n-1]
	} else if string(b) == "null" {
		b = nil
	}
	return d.UnmarshalText(b)
}

// MarshalText returns what String returns.
func (d Decimal) MarshalText() ([]byte, error) { return d.AppendTo(nil), nil }

// UnmarshalText takes what Parse takes; no text is absent.
func (d *Decimal) UnmarshalText(b []byte) (err error) {
	if len(b) == 0 {
		*d = Decimal{}
		return nil
	}
	*d, err = Parse(b)
	return err
}

// Value returns the text, or nil when absent: databases keep every digit.
func (d Decimal) Value() (driver.Value, error) {
	if d.Absent() {
		return nil, nil
	}
	return d.String(), nil
}

// Scan reads a database's NULL, text, integer or float. A float is taken as the
// shortest text that names it.
func (d *Decimal) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*d = Decimal{}
		return nil
	case string:
		return d.UnmarshalText([]byte(v))
	case []byte:
		return d.UnmarshalText(v)
	case int64:
		*d = New(v, 0)
		return nil
	case float64:
		return d.UnmarshalText(strconv.AppendFloat(nil, v, 'g', -1, 64))
	}
	return fmt.Errorf("decimal: cannot scan a %T", src)
}
