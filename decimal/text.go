package decimal

import (
	"encoding/binary"
	"strconv"
)

// String returns the text that d was parsed from; the plain form when it was
// made otherwise; "" when absent.
func (d Decimal) String() string {
	var buf [48]byte
	return string(d.AppendTo(buf[:0]))
}

// AppendTo appends what String returns to dst and returns it.
func (d Decimal) AppendTo(dst []byte) []byte {
	if d.Absent() {
		return dst
	}
	if d.meta&negative != 0 {
		dst = append(dst, '-')
	}
	if d.meta&expForm == 0 {
		return appendPlain(dst, d.coef(), d.Scale())
	}
	frac := int(d.meta >> fracBits & maxFrac)
	exp := frac - d.Scale()
	dst = appendPlain(dst, d.coef(), frac)
	mark := byte('E')
	if d.meta&expLower != 0 {
		mark = 'e'
	}
	dst = append(dst, mark)
	switch {
	case d.meta&expPlus != 0:
		dst = append(dst, '+')
	case exp < 0 || exp == 0 && d.meta&expMinus != 0:
		dst = append(dst, '-')
		exp = max(exp, -exp)
	}
	for range d.meta >> padShift & maxPad {
		dst = append(dst, '0')
	}
	return strconv.AppendInt(dst, int64(exp), 10)
}

// appendPlain appends c × 10^-scale without an exponent.
func appendPlain(dst []byte, c u128, scale int) []byte {
	var buf [32]byte // all digits, zeros in front
	n := putDigits(&buf, c)
	if scale <= 0 {
		dst = append(dst, buf[32-max(n, 1):]...)
		return appendZeros(dst, -scale)
	}
	if scale > 31 {
		dst = appendZeros(append(dst, '0', '.'), scale-32)
		return append(dst, buf[:]...)
	}
	point := 32 - scale
	dst = append(dst, buf[min(32-n, point-1):point]...)
	dst = append(dst, '.')
	return append(dst, buf[point:]...)
}

// putDigits writes c to the end of buf, all the rest of it zeros, and returns
// how many digits c has.
func putDigits(buf *[32]byte, c u128) int {
	if c.hi == 0 && c.lo < 1e16 {
		binary.LittleEndian.PutUint64(buf[0:], zeros)
		binary.LittleEndian.PutUint64(buf[8:], zeros)
		put16(buf[16:], c.lo)
		return digits64(c.lo)
	}
	q, low := c.div(1e16) // q is below 10^12
	put16(buf[:16], q.lo)
	put16(buf[16:], low)
	return 16 + digits64(q.lo)
}

// put16 writes x < 10^16 as sixteen digits.
func put16(b []byte, x uint64) {
	binary.LittleEndian.PutUint64(b[8:], text8(x%1e8))
	binary.LittleEndian.PutUint64(b, text8(x/1e8))
}

// text8 returns the eight digits of x < 10^8, the first in the lowest byte:
// halves, then pairs, then digits, each step for all parts at once.
func text8(x uint64) uint64 {
	x = x/1e4 | x%1e4<<32
	q := x * 10486 >> 20 & 0x0000007f0000007f // each half / 100
	x = q | (x-q*100)<<16
	q = x * 103 >> 10 & 0x000f000f000f000f // each pair / 10
	return q | (x-q*10)<<8 | zeros
}

func appendZeros(dst []byte, n int) []byte {
	for range n {
		dst = append(dst, '0')
	}
	return dst
}
