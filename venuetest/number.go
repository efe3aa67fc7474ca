package venuetest

import (
	"math/bits"
	"strconv"
	"strings"
)

// Numbers are mantissas: value × 10^scale as int64. A market has one scale for
// prices and one for sizes; money is at scale 8.
const moneyScale = 8

var pow10 = [19]int64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18}

// appendFixed appends v × 10^-scale with exactly decimals digits after the
// point; decimals is at least scale.
func appendFixed(b []byte, v int64, scale, decimals int) []byte {
	if v < 0 {
		b = append(b, '-')
		v = -v
	}
	b = strconv.AppendInt(b, v/pow10[scale], 10)
	if decimals == 0 {
		return b
	}
	b = append(b, '.')
	if scale > 0 {
		frac := strconv.FormatInt(v%pow10[scale]+pow10[scale], 10)
		b = append(b, frac[1:]...)
	}
	for range decimals - scale {
		b = append(b, '0')
	}
	return b
}

// appendTrimmed appends v × 10^-scale without trailing zeros.
func appendTrimmed(b []byte, v int64, scale int) []byte {
	for scale > 0 && v%10 == 0 {
		v, scale = v/10, scale-1
	}
	return appendFixed(b, v, scale, scale)
}

func fixed(v int64, scale, decimals int) string { return string(appendFixed(nil, v, scale, decimals)) }

func trimmed(v int64, scale int) string { return string(appendTrimmed(nil, v, scale)) }

// parseNumber reads plain decimal text. Text of a market's description that is
// no number reads as 0, and the caller puts its default.
func parseNumber(text string) (v int64, scale int) {
	whole, frac, _ := strings.Cut(text, ".")
	v, err := strconv.ParseInt(whole+frac, 10, 64)
	if err != nil || len(frac) >= len(pow10) {
		return 0, 0
	}
	return v, len(frac)
}

// rescale moves v between scales, cutting digits off when the scale shrinks.
func rescale(v int64, from, to int) int64 {
	if to >= from {
		return v * pow10[to-from]
	}
	return v / pow10[from-to]
}

// product is a × b, at scale from, brought to scale to; exact but for the digits
// cut off, and at most the largest int64.
func product(a, b int64, from, to int) int64 {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	for from > to {
		cut := min(9, from-to)
		from -= cut
		div := uint64(pow10[cut])
		var rem uint64
		hi, rem = hi/div, hi%div
		lo, _ = bits.Div64(rem, lo, div)
	}
	if hi != 0 || lo > 1<<63-1 {
		return 1<<63 - 1
	}
	if from < to {
		return int64(lo) * pow10[to-from]
	}
	return int64(lo)
}
