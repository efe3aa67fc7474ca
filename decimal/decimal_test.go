package decimal

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"unsafe"

	shopspring "github.com/shopspring/decimal"
)

// A Decimal is exactly 16 bytes, for books hold millions: this does not compile
// when that changes. It stands here to keep unsafe out of the package.
var _ = [16]byte([unsafe.Sizeof(Decimal{})]byte{})

const digits28 = "1234567890123456789012345678"

// written are texts that must print back byte for byte.
var written = []string{
	"0", "0.0", "0.000", "-0", "-0.00", "1", "-1", "10", "12345678", "123456789",
	"68250.10000000", "0.00000000", "0.35130000", "6195.00000000", "427.84",
	"0.1", "1.2345678", "1.23456789", "1.234567891", "1.2345678901234567", "1.23456789012345678",
	"99999999999.99999999", "123456789012.5", "12345678901234567.5",
	"9999999999999999999", "18446744073709551615", "18446744073709551616", "79228162514264337593543950335"[:28],
	digits28, "-" + digits28, "0." + digits28, "12." + digits28[2:], "9999999999999999999999999999",
	"0." + strings.Repeat("0", 30) + "1", "0." + strings.Repeat("0", 900) + digits28, "0." + strings.Repeat("0", 999),
	"9.121E-7", "1E-8", "1e-07", "1.5e+3", "4E+2", "0E0", "0e-0", "1E-0", "1e+00", "-1.50E+0010", "0.00E-3",
	"1e0005", "1E999", "1E-999", "-1.000e-007", digits28 + "E-5", "1." + digits28[1:] + "e+20",
	"1" + strings.Repeat("0", 27), "100E-2",
}

func TestRoundTrip(t *testing.T) {
	for _, s := range written {
		d, err := ParseString(s)
		if err != nil || d.String() != s || !d.Exact() || d.Absent() {
			t.Errorf("parse %q: got %q, %v, exact %v; want the same text", s, d, err, d.Exact())
		}
		checkValue(t, s, d)
	}
}

// checkValue compares d with the number that shopspring and strconv read in s.
func checkValue(t *testing.T, s string, d Decimal) {
	t.Helper()
	want, err := shopspring.NewFromString(s)
	if err != nil {
		t.Fatalf("shopspring cannot read %q: %v", s, err)
	}
	rounded := bank(want)
	if !d.Big().Equal(rounded) || d.Exact() != rounded.Equal(want) {
		t.Errorf("%q: got %v (exact %v), want %v", s, d.Big(), d.Exact(), rounded)
	}
	if got := d.Sign(); got != rounded.Sign() {
		t.Errorf("%q: sign is %d, want %d", s, got, rounded.Sign())
	}
	checkFloat(t, d)
}

// bank rounds x half to even to MaxDigits significant digits.
func bank(x shopspring.Decimal) shopspring.Decimal {
	n := len(x.Coefficient().Text(10))
	if x.Sign() < 0 {
		n = len(x.Abs().Coefficient().Text(10))
	}
	return x.RoundBank(max(int32(MaxDigits-n)-x.Exponent(), math.MinInt32))
}

func TestLongNumbers(t *testing.T) {
	for in, want := range map[string]string{
		digits28 + "4":                                  digits28 + "0",
		digits28 + "5":                                  digits28 + "0", // half, even
		digits28 + "51":                                 digits28[:27] + "900",
		digits28[:27] + "95":                            digits28[:26] + "800"[:1] + "00",
		"0." + digits28 + "5":                           "0." + digits28,
		"0." + digits28 + "5000000001":                  "0." + digits28[:27] + "9",
		"0.1000000000000000055511151231257827021":       "0.1000000000000000055511151231",
		"0." + strings.Repeat("9", 37):                  "1.000000000000000000000000000",
		strings.Repeat("9", 29):                         "1" + strings.Repeat("0", 29),
		"1." + digits28 + "E-7":                         "1.123456789012345678901234568E-7",
		strings.Repeat("1", 30) + "E3":                  strings.Repeat("1", 28) + "E5",
		"0." + strings.Repeat("0", 30) + digits28 + "6": "0." + strings.Repeat("0", 30) + digits28[:27] + "9",
	} {
		d, err := ParseString(in)
		if err != nil || d.String() != want || d.Exact() {
			t.Errorf("parse %q: got %q, %v, exact %v; want %q", in, d, err, d.Exact(), want)
		}
		checkValue(t, in, d)
	}
	if d := MustParse("1" + strings.Repeat("0", 33) + "E-0"); d.String() != "1"+strings.Repeat("0", 27)+"E6" {
		t.Errorf("an exponent that changes its sign: got %v", d)
	}
	zeros := "1.5" + strings.Repeat("0", 40)
	if d := MustParse(zeros); !d.Exact() || !d.Equal(New(15, 1)) {
		t.Errorf("parse %q: got %v, exact %v; want 1.5, exact", zeros, d, d.Exact())
	}
}

func TestRefused(t *testing.T) {
	for in, want := range map[string]error{
		"": ErrSyntax, "-": ErrSyntax, "+1": ErrSyntax, "01": ErrSyntax, "00": ErrSyntax, "-01": ErrSyntax, "00.5": ErrSyntax,
		".5": ErrSyntax, "5.": ErrSyntax, "-.5": ErrSyntax, "1.e5": ErrSyntax, "1e": ErrSyntax, "1e+": ErrSyntax, "1E-x": ErrSyntax,
		"--1": ErrSyntax, "1.5.2": ErrSyntax, "1x": ErrSyntax, " 1": ErrSyntax, "1 ": ErrSyntax, "0x1": ErrSyntax, "1_0": ErrSyntax,
		"Inf": ErrSyntax, "NaN": ErrSyntax, "null": ErrSyntax, "1,5": ErrSyntax, "12345678x": ErrSyntax, "1.12345678x": ErrSyntax,
		"123456789012345678901234567890x": ErrSyntax,
		"1e99999999999999999999":          ErrRange, "1E-1000": ErrRange, "1E1000": ErrRange, "1e00005": ErrRange, "1e00000": ErrRange,
		"0." + strings.Repeat("0", 999) + "1": ErrRange, "1" + strings.Repeat("0", 1100): ErrRange,
		"0." + strings.Repeat("0", 130) + "E5": ErrRange,
	} {
		d, err := ParseString(in)
		if !errors.Is(err, want) || !d.Absent() {
			t.Errorf("parse %.40q: got %v, %v; want absent, %v", in, d, err, want)
		}
	}
}

func TestParsePrefix(t *testing.T) {
	for _, s := range written {
		for _, after := range []string{"", `"`, ",", "]", "}", " ", `","0.00000000"],["`, ".", "-", "x"} {
			if after == "." && !strings.ContainsAny(s, ".eE") {
				continue // a point behind whole digits belongs to the number
			}
			d, n := ParsePrefix([]byte(s + after))
			if n != len(s) || d.String() != s {
				t.Errorf("prefix of %q: got %q, %d; want %q", s+after, d, n, s)
			}
		}
	}
	for _, s := range []string{"", `"1"`, "-", "01,", "1.,", "1e,", "0123456789012", "1.\"2345678901", "-x", "1E9999,"} {
		if d, n := ParsePrefix([]byte(s)); n != 0 || !d.Absent() {
			t.Errorf("prefix of %q: got %v, %d; want none", s, d, n)
		}
	}
}

func TestMake(t *testing.T) {
	for _, c := range []struct {
		got  Decimal
		want string
	}{
		{New(150, 2), "1.50"}, {New(-150, 2), "-1.50"}, {New(0, 3), "0.000"}, {New(15, -2), "1500"}, {New(0, -5), "0"},
		{New(math.MinInt64, 0), "-9223372036854775808"}, {New(1, 999), "0." + strings.Repeat("0", 998) + "1"}, {New(1, -30), "1" + strings.Repeat("0", 30)},
		{New(1, 1000), ""}, {New(1, -1000), ""}, {FromParts(true, 5, 1), "-0.5"}, {FromParts(false, math.MaxUint64, 19), "1.8446744073709551615"},
	} {
		if c.got.String() != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
		if c.want != "" && !c.got.Equal(MustParse(c.want)) {
			t.Errorf("%q does not equal its text", c.got)
		}
	}
}

func TestParts(t *testing.T) {
	for _, c := range []struct {
		in    string
		coef  uint64
		scale int
		ok    bool
	}{
		{"68250.10000000", 6825010000000, 8, true}, {"0", 0, 0, true}, {"9.121E-7", 9121, 10, true}, {"1.5e+1", 15, 0, true},
		{"18446744073709551615", math.MaxUint64, 0, true}, {"18446744073709551616", 0, 0, false}, {"-1", 0, 0, false}, {"4E+2", 0, 0, false},
	} {
		coef, scale, ok := MustParse(c.in).Parts()
		if ok != c.ok || ok && (coef != c.coef || scale != c.scale) {
			t.Errorf("parts of %s: got %d, %d, %v; want %d, %d, %v", c.in, coef, scale, ok, c.coef, c.scale, c.ok)
		}
	}
	if _, _, ok := (Decimal{}).Parts(); ok {
		t.Error("parts of an absent number are ok")
	}
}

func TestAbsent(t *testing.T) {
	var d Decimal
	one := New(1, 0)
	if !d.Absent() || d.IsZero() || d.Sign() != 0 || d.String() != "" || !math.IsNaN(d.Float64()) || !d.Exact() || !d.Big().IsZero() {
		t.Errorf("the zero value is not absent: %#v", d)
	}
	if d.Cmp(New(-1, 0)) != -1 || New(-1, 0).Cmp(d) != 1 || d.Cmp(Decimal{}) != 0 || d.Equal(New(0, 0)) {
		t.Error("absent does not sort first")
	}
	for i, r := range []Decimal{d.Add(one), one.Add(d), d.Sub(one), one.Sub(d), d.Mul(one), one.Mul(d), d.Quo(one), one.Quo(d), one.Quo(New(0, 2)), d.Neg(), d.Abs(), d.Trunc(2), d.Round(2)} {
		if !r.Absent() {
			t.Errorf("result %d with an absent operand: got %v", i, r)
		}
	}
}

func TestCoding(t *testing.T) {
	type order struct{ Price, Stop, Size Decimal }
	var o order
	if err := json.Unmarshal([]byte(`{"Price":"1.50","Stop":null,"Size":9.121E-7}`), &o); err != nil {
		t.Fatal(err)
	}
	out, err := json.Marshal(o)
	if want := `{"Price":"1.50","Stop":null,"Size":"9.121E-7"}`; err != nil || string(out) != want {
		t.Errorf("got %s, %v; want %s", out, err, want)
	}
	o.Price = New(1, 0)
	if err := json.Unmarshal([]byte(`{"Price":""}`), &o); err != nil || !o.Price.Absent() {
		t.Errorf(`"" gives %v, %v; want absent`, o.Price, err)
	}
	for _, bad := range []string{`"x"`, `true`, `{}`, `"`, `"1`} {
		if err := o.Price.UnmarshalJSON([]byte(bad)); !errors.Is(err, ErrSyntax) {
			t.Errorf("json %s: got %v, want ErrSyntax", bad, err)
		}
	}
	if got := fmt.Sprintf("%v %s %v", MustParse("1.50"), MustParse("1E-8"), []Decimal{New(5, 1)}); got != "1.50 1E-8 [0.5]" {
		t.Errorf("formatted: %q", got)
	}
	var m map[Decimal]int // a key by MarshalText
	if b, err := json.Marshal(map[Decimal]int{New(15, 1): 1}); err != nil || string(b) != `{"1.5":1}` || json.Unmarshal(b, &m) != nil {
		t.Errorf("as a key: %s, %v, %v", b, err, m)
	}
}

func TestDatabase(t *testing.T) {
	for _, c := range []struct {
		src  any
		want string
	}{
		{nil, ""}, {"1.50", "1.50"}, {[]byte("-0.00"), "-0.00"}, {int64(-7), "-7"}, {1.5, "1.5"}, {1e21, "1e+21"}, {"", ""},
	} {
		d := New(9, 0)
		if err := d.Scan(c.src); err != nil || d.String() != c.want {
			t.Errorf("scan %v: got %q, %v; want %q", c.src, d, err, c.want)
		}
		v, err := d.Value()
		if want := any(c.want); err != nil || c.want != "" && v != want || c.want == "" && v != nil {
			t.Errorf("value of %q: got %v, %v", d, v, err)
		}
	}
	for _, src := range []any{math.NaN(), math.Inf(1), true, "x"} {
		if err := new(Decimal).Scan(src); err == nil {
			t.Errorf("scan %v: no error", src)
		}
	}
}

func TestNoAllocations(t *testing.T) {
	texts := [][]byte{[]byte("68250.10000000"), []byte("9.121E-7"), []byte("-0." + digits28), []byte("12345678901234567890.5")}
	buf := make([]byte, 0, 64)
	a, b := MustParse("68250.10000000"), MustParse("0.123456789012345678")
	n := testing.AllocsPerRun(100, func() {
		for _, text := range texts {
			d, err := Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			buf = d.AppendTo(buf[:0])
			d.Cmp(a)
		}
		sinkFloat = a.Float64() + MustParse("1.5").Float64()
		sink = a.Add(b)
		sink = a.Sub(b)
		sink = a.Mul(b)
	})
	if n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

func TestReduce(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "0": "0", "0.00": "0", "1.50": "1.5", "1.00": "1", "100": "100", "-0.010": "-0.01", "1.05": "1.05",
		"123456789012345678901.2300": "123456789012345678901.23",
	} {
		d, err := Parse([]byte(text))
		if text != "" && err != nil {
			t.Fatal(err)
		}
		if got := d.Reduce().String(); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// TestQuoOfFew: the price of one fill needs no memory, and has the form that any quotient has.
func TestQuoOfFew(t *testing.T) {
	for _, tt := range [][3]string{
		{"34.12505000", "0.00050000", "68250.1"},
		{"1.00", "4", "0.25"},
		{"10.00", "4", "2.50"},
		{"100", "0.01", "10000"},
		{"18446744073709551615", "1", "18446744073709551615"},
		{"7", "0.0000", ""},
	} {
		a, b := MustParse(tt[0]), MustParse(tt[1])
		if got := a.Quo(b).String(); got != tt[2] {
			t.Errorf("%s / %s: got %s, want %s", a, b, got, tt[2])
		}
		if n := testing.AllocsPerRun(10, func() { _ = a.Quo(b) }); n > 0 {
			t.Errorf("%s / %s: %v allocations", a, b, n)
		}
	}
}
