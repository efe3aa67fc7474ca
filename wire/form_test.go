package wire

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/decimal"
)

// forms are those of venues, each with the table that reads the same.
var forms = []struct {
	pattern string
	words   Words
	usual   string
}{
	{`{"e":"d","E":{time},"s":"{market}","U":{first},"u":{last},"b":[{bids}],"a":[{asks}]}`,
		Words{Time: "E", Market: "s", First: "U", Last: "u", Bids: "b", Asks: "a"},
		`{"e":"d","E":1700000000123,"s":"AB","U":5,"u":9,"b":[["100.50000000","0.25000000"],["99","1"]],"a":[]}`},
	{`{"arg":{"c":"{text}"},"data":[{"asks":[{asks}],"bids":[{bids}],"ts":"{time}","checksum":{checksum},"prevSeqId":{prev},"seqId":{last}}]}`,
		Words{Rows: "data", Time: "ts", Checksum: "checksum", Prev: "prevSeqId", Last: "seqId", Bids: "bids", Asks: "asks"},
		`{"arg":{"c":"books"},"data":[{"asks":[["100.5","0.25","0","3"]],"bids":[["99","1","0","12"],["98","0","0","1"]],"ts":"1700000000123","checksum":-5,"prevSeqId":5,"seqId":9}]}`},
	{`{"ch":"{text}","ts":{number},"tick":{"seqNum":{last},"prevSeqNum":{prev},"bids":[{bids}],"asks":[{asks}]}}`,
		Words{Rows: "tick", Last: "seqNum", Prev: "prevSeqNum", Bids: "bids", Asks: "asks"},
		`{"ch":"market.ab.mbp.150","ts":1700000000123,"tick":{"seqNum":9,"prevSeqNum":5,"bids":[[100.5,0.25],[99,1.2E-4],[98,5e-3]],"asks":[[101,0]]}}`},
}

func lotsOf(levels []book.Lot) string {
	var b strings.Builder
	for _, l := range levels {
		fmt.Fprint(&b, decimal.FromParts(false, l.Price, int(l.PriceScale)), "x", decimal.FromParts(false, l.Size, int(l.SizeScale)), " ")
	}
	return b.String()
}

func levelsOf(levels []book.Level) string {
	var b strings.Builder
	for _, l := range levels {
		fmt.Fprint(&b, inDigits(l.Price), "x", inDigits(l.Size), " ")
	}
	return b.String()
}

// inDigits writes a number as a Lot has it: without a power of ten.
func inDigits(d decimal.Decimal) decimal.Decimal {
	if coef, scale, ok := d.Parts(); ok {
		return decimal.FromParts(false, coef, scale)
	}
	return d
}

// compare reads b in both ways: what a Form takes a Row must read alike.
func compare(t *testing.T, i int, b []byte) (taken bool) {
	t.Helper()
	var d Delta
	if !MustForm(forms[i].pattern).Read(&d, "AB", b) {
		return false
	}
	var r Row
	r.Begin(Compile(Format{Words: forms[i].words}), b)
	if !r.Next() {
		t.Fatalf("%s: taken, and no row: %v", b, r.End())
	}
	got := fmt.Sprint(d.First, d.Last, d.Prev, d.Checksum, " ", lotsOf(d.Bids), "/", lotsOf(d.Asks))
	want := fmt.Sprint(r.Int(First), r.Int(Last), r.Int(Prev), r.Int(Checksum), " ", levelsOf(r.Bids), "/", levelsOf(r.Asks))
	if r.Has(Time) && d.Time != 0 {
		got, want = fmt.Sprint(got, d.Time), fmt.Sprint(want, r.Time(Time).UnixMicro())
	}
	if got != want {
		t.Fatalf("%s:\ngot  %s\nwant %s", b, got, want)
	}
	return true
}

func TestForm(t *testing.T) {
	for i, f := range forms {
		if !compare(t, i, []byte(f.usual)) {
			t.Errorf("not taken: %s", f.usual)
		}
		for n := range f.usual { // whatever is missing at the end
			if compare(t, i, []byte(f.usual[:n])) {
				t.Errorf("taken: %s", f.usual[:n])
			}
		}
	}
	for _, odd := range []string{
		strings.Replace(forms[0].usual, "AB", "AC", 1),
		strings.Replace(forms[0].usual, `"E":1`, `"E": 1`, 1),
		strings.Replace(forms[0].usual, `"U":5`, `"U":05`, 1),
		strings.Replace(forms[0].usual, `"U":5`, `"U":5555555555555555555`, 1),
		strings.Replace(forms[0].usual, `"99"`, `"1e2"`, 1),
		strings.Replace(forms[0].usual, `"99"`, `"1e"`, 1),
		strings.Replace(forms[0].usual, `"99"`, `"1x2"`, 1),
		strings.Replace(forms[0].usual, `"99"`, `"099"`, 1),
		strings.Replace(forms[0].usual, `"99"`, `"9."`, 1),
		strings.Replace(forms[0].usual, `"99"`, `"-9"`, 1),
		strings.Replace(forms[0].usual, `"99"`, `"9999999999.9999999999"`, 1),
		strings.Replace(forms[0].usual, `["99","1"]`, `["99"]`, 1),
		strings.Replace(forms[0].usual, `["99","1"]`, `["99","1",{}]`, 1),
		forms[0].usual + " ",
	} {
		if compare(t, 0, []byte(odd)) {
			t.Errorf("taken: %s", odd)
		}
	}
}

// TestFormTimes: {time} is milliseconds, the size of {anytime} tells its unit.
func TestFormTimes(t *testing.T) {
	for _, tt := range []struct {
		pattern, message string
		want             time.Time
	}{
		{`{"T":{time},"u":{last}}`, `{"T":1788367430394,"u":77777777777777777}`, time.UnixMilli(1788367430394)},
		{`{"T":{anytime},"u":{last}}`, `{"T":1788367430394381,"u":77777777777777777}`, time.UnixMicro(1788367430394381)},
		{`{"T":{anytime},"u":{last}}`, `{"T":1788367430394,"u":77777777777777777}`, time.UnixMilli(1788367430394)},
		{`{"T":{anytime},"u":{last}}`, `{"T":1788367430,"u":77777777777777777}`, time.Unix(1788367430, 0)},
	} {
		var d Delta
		if f := MustForm(tt.pattern); !f.Read(&d, "", []byte(tt.message)) || !time.UnixMicro(d.Time).Equal(tt.want) {
			t.Errorf("%s: %v, want %v", tt.message, d.Time, tt.want)
		}
		if f := MustForm(tt.pattern); !f.Read(&d, "", []byte(`{"T":0,"u":77777777777777777}`)) || d.Time > 0 {
			t.Errorf("%s: no time is %v", tt.pattern, d.Time)
		}
	}
}

func TestMustFormRefuses(t *testing.T) {
	for _, pattern := range []string{"", `{"no":"values"}`, `{bids}`, `{"a":{time}`, `{"a":{time},"b":{lsat}}`, `{"a":{Time},"b":{last}}`} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%q: taken", pattern)
				}
			}()
			MustForm(pattern)
		}()
	}
}

func FuzzForm(f *testing.F) {
	for i := range forms {
		f.Add(uint8(i), []byte(forms[i].usual))
	}
	f.Fuzz(func(t *testing.T, i uint8, b []byte) { compare(t, int(i)%len(forms), b) })
}

func BenchmarkForm(b *testing.B) {
	for i, f := range forms {
		form, usual := MustForm(f.pattern), []byte(f.usual)
		b.Run(fmt.Sprint("exact", i), func(b *testing.B) {
			b.ReportAllocs()
			var d Delta
			for b.Loop() {
				form.Read(&d, "AB", usual)
			}
		})
		table := Compile(Format{Words: f.words})
		b.Run(fmt.Sprint("tolerant", i), func(b *testing.B) {
			b.ReportAllocs()
			var r Row
			for b.Loop() {
				for r.Begin(table, usual); r.Next(); {
				}
			}
		})
	}
}
