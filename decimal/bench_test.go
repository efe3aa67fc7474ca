package decimal

import (
	"math/rand/v2"
	"strconv"
	"testing"

	shopspring "github.com/shopspring/decimal"
)

// venueNumbers returns n texts as books hold them: prices of one width, sizes
// of several, eight digits after the point or fewer.
func venueNumbers(n int) (texts [][]byte) {
	r := rand.New(rand.NewPCG(3, 4))
	for range n / 2 {
		texts = append(texts,
			strconv.AppendFloat(nil, 68000+r.Float64()*1000, 'f', 8, 64),
			strconv.AppendFloat(nil, r.ExpFloat64(), 'f', 8, 64))
	}
	return texts
}

func BenchmarkDecimal(b *testing.B) {
	texts := venueNumbers(4096)
	var ds []Decimal
	var shop []shopspring.Decimal
	for _, t := range texts {
		ds = append(ds, MustParse(string(t)))
		shop = append(shop, shopspring.RequireFromString(string(t)))
	}
	run := func(name string, f func(i int)) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				f(i & 4095)
			}
		})
	}
	var buf []byte
	run("parse/decimal", func(i int) { sink, _ = Parse(texts[i]) })
	run("parse/prefix", func(i int) { sink, _ = ParsePrefix(texts[i]) })
	run("parse/shopspring", func(i int) { _, _ = shopspring.NewFromString(string(texts[i])) })
	run("parse/ParseFloat", func(i int) { _, _ = strconv.ParseFloat(string(texts[i]), 64) })
	run("append/decimal", func(i int) { buf = ds[i].AppendTo(buf[:0]) })
	run("append/shopspring", func(i int) { _ = shop[i].String() })
	run("append/AppendFloat", func(i int) { buf = strconv.AppendFloat(buf[:0], ds[i].Float64(), 'f', -1, 64) })
	run("cmp/decimal", func(i int) { ds[i].Cmp(ds[(i+2)&4095]) })
	run("cmp/shopspring", func(i int) { shop[i].Cmp(shop[(i+2)&4095]) })
	run("float/decimal", func(i int) { sinkFloat += ds[i].Float64() })
	run("float/shopspring", func(i int) { f, _ := shop[i].Float64(); sinkFloat += f })
	run("add/decimal", func(i int) { sink = ds[i].Add(ds[(i+1)&4095]) })
	run("mul/decimal", func(i int) { sink = ds[i].Mul(ds[(i+1)&4095]) })
}

var (
	sink      Decimal
	sinkFloat float64
)
