package clickhouse

import (
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
	var room [64]byte
	c, ok := form(d.AppendTo(room[:0]))
	return append(b, c), ok
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

// prices appends those of levels, a space behind each, behind one that is absent too.
func prices(b []byte, side []exchange.Level) []byte {
	for i := range side {
		b = append(side[i].Price.AppendTo(b), ' ')
	}
	return b
}

// smallest stands for a size that the engine's Decimal would make 0 of, which says that the price is gone: one too small, or too large.
const smallest = "0.000000000000000001"

var least, most = decimal.MustParse(smallest), decimal.MustParse("99999999999999999999.999999")

// sizes does as prices.
func sizes(b []byte, side []exchange.Level) []byte {
	for i := range side {
		size := side[i].Size
		if size.Sign() != 0 && (size.Abs().Cmp(least) < 0 || size.Abs().Cmp(most) > 0) {
			b = append(b, smallest...)
		} else {
			b = size.AppendTo(b)
		}
		b = append(b, ' ')
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
	b = prices(b, side)
	for i := range side {
		b = append(side[i].Size.AppendTo(b), ' ')
	}
	return b
}
