package book

import (
	"math"
	"math/bits"

	"github.com/depthwire/depthwire/decimal"
)

// scales is how many wire scales (digits after the point) have a fast conversion.
const scales = 20

// maxScale is the longest scale of an increment.
const maxScale = 28

// grid turns wire numbers into whole multiples of one unit and back. The unit is
// factor × 10^-scale with a factor that does not end in a zero.
// The zero grid holds no number.
type grid struct {
	at [scales]ratio

	factor uint64
	scale  int

	// A multiple k prints as k × out at outScale.
	out      uint64
	outScale int
}

// ratio turns coefficients of one wire scale into units: q = c / div × mul.
// The division is a multiplication by the inverse of div modulo 2^64, which is exact when
// div divides c; when it does not, the product is above every true quotient, so that
// one comparison finds what is off the grid and what is too large (Granlund and
// Montgomery, "Division by invariant integers using multiplication", section 9).
type ratio struct {
	inv, mul uint64
	limit    uint64 // quotients are below it; 0: this scale has no fast conversion
	shift    int
}

func (r *ratio) quotient(coef uint64) uint64 {
	return bits.RotateLeft64(coef*r.inv, -r.shift)
}

// newGrid makes the grid of a market's increment, which numbers are printed like:
// a tick of 0.0100 prints four digits. ok is false if unit is absent, not positive
// or longer than 64 bits.
func newGrid(unit decimal.Decimal) (g grid, ok bool) {
	coef, scale, ok := unit.Parts()
	if !ok || coef == 0 || scale > maxScale {
		return grid{}, false
	}
	g.out, g.outScale = coef, scale
	g.factor, g.scale = trim(coef, scale)
	g.fill()
	return g, true
}

// newSizeGrid makes the grid of sizes: as newGrid, but of a power of ten, because
// sizes off the step do occur and prices off the tick do not.
func newSizeGrid(step decimal.Decimal) (g grid, ok bool) {
	if g, ok = newGrid(step); !ok {
		return g, false
	}
	g.factor = 1
	return g, g.refine(g.scale)
}

// refine makes the unit of a grid with factor 1 10^-scale.
func (g *grid) refine(scale int) bool {
	g.outScale = max(g.outScale, scale)
	out, ok := scaleUp(1, g.outScale-scale)
	if !ok {
		return false
	}
	g.out, g.scale = out, scale
	g.fill()
	return true
}

func (g *grid) fill() {
	for s := range g.at {
		g.at[s] = newRatio(g.factor, s-g.scale, g.top())
	}
}

// newRatio is the ratio of 1 to factor × 10^exp, for results up to top.
func newRatio(factor uint64, exp int, top uint64) ratio {
	mul, ok := scaleUp(1, -exp)
	if !ok {
		return ratio{}
	}
	div, ok := scaleUp(factor, exp)
	if !ok {
		return ratio{}
	}
	shared := gcd(mul, div)
	mul, div = mul/shared, div/shared
	shift := bits.TrailingZeros64(div)
	odd := div >> shift
	inv := odd // right to 3 bits; each step doubles them
	for range 5 {
		inv *= 2 - odd*inv
	}
	return ratio{inv: inv, mul: mul, limit: min(math.MaxUint64/div, top/mul) + 1, shift: shift}
}

// units returns d in units, ok false if it is not a multiple, too large, negative or absent.
func (g *grid) units(d decimal.Decimal) (k int64, ok bool) {
	coef, scale, ok := d.Parts()
	if !ok {
		return 0, d.IsZero()
	}
	if scale >= scales {
		coef, scale = trim(coef, scale)
	}
	if uint(scale) >= scales {
		return 0, false
	}
	if coef == 0 {
		return 0, true
	}
	r := &g.at[scale]
	q := r.quotient(coef)
	return int64(q * r.mul), q < r.limit
}

// printer turns units into decimals; apart from its grid because that is 650 bytes and
// this fits registers.
type printer struct {
	out   uint64
	scale int
}

func (g *grid) printer() printer { return printer{g.out, g.outScale} }

func (p printer) decimal(k int64) decimal.Decimal {
	return decimal.FromParts(false, uint64(k)*p.out, p.scale)
}

// top is the largest number of units, at most 2^62: it also prints in 64 bits.
func (g *grid) top() uint64 { return min(1<<62, math.MaxUint64/g.out) }

// trim drops trailing zeros, those before the point too; zero has scale 0.
func trim(coef uint64, scale int) (uint64, int) {
	if coef == 0 {
		return 0, 0
	}
	for coef%10 == 0 {
		coef /= 10
		scale--
	}
	return coef, scale
}

// scaleUp returns coef × 10^exp; coef when exp is negative; ok false if it overflows.
func scaleUp(coef uint64, exp int) (uint64, bool) {
	for ; exp > 0; exp-- {
		if coef > math.MaxUint64/10 {
			return 0, false
		}
		coef *= 10
	}
	return coef, true
}

func gcd(a, b uint64) uint64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
