package decimal

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"math"
	"math/big"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	shopspring "github.com/shopspring/decimal"
)

// checkFloat compares Float64 bit for bit with strconv's reading of the text.
func checkFloat(t *testing.T, d Decimal) {
	t.Helper()
	want, _ := strconv.ParseFloat(d.String(), 64)
	if got := d.Float64(); math.Float64bits(got) != math.Float64bits(want) {
		t.Errorf("float of %v: got %b, want %b", d, got, want)
	}
}

// appendNumber appends a number of up to 28 digits in any form.
func appendNumber(b []byte, r *rand.Rand) []byte {
	x, n := r.Uint64(), 1+r.IntN(MaxDigits)
	if x&3 == 0 {
		b = append(b, '-')
	}
	point := r.IntN(n + 1) // digits before the point
	if point == 0 {
		b = append(b, '0', '.')
	}
	for k := range n {
		if k == point && k > 0 {
			b = append(b, '.')
		}
		if k == 16 || k == 0 {
			x = r.Uint64()
		}
		c := byte(x&15) % 10
		x >>= 4
		if k == 0 && point > 1 && c == 0 {
			c = 1
		}
		b = append(b, '0'+c)
	}
	if r.IntN(8) == 0 {
		b = append(b, "Ee"[r.IntN(2)])
		b = append(b, []string{"", "+", "-"}[r.IntN(3)]...)
		b = append(b, "000"[:r.IntN(4)]...)
		b = strconv.AppendInt(b, int64(r.IntN(90)), 10)
	}
	return b
}

func TestMillionRoundTrips(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 11))
	var in, out []byte
	for range 1_000_000 {
		in = appendNumber(in[:0], r)
		d, err := Parse(in)
		if out = d.AppendTo(out[:0]); err != nil || !bytes.Equal(in, out) || !d.Exact() {
			t.Fatalf("parse %q: got %q, %v, exact %v", in, out, err, d.Exact())
		}
	}
}

func TestValuesAgainstOracle(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 17))
	for range 20_000 {
		s := string(appendNumber(nil, r))
		checkValue(t, s, MustParse(s))
	}
}

func TestArithmeticAgainstOracle(t *testing.T) {
	r := rand.New(rand.NewPCG(19, 23))
	number := func() Decimal {
		if r.IntN(2) == 0 { // often equal or nearly so
			return New(r.Int64N(2000)-1000, r.IntN(5))
		}
		return MustParse(string(appendNumber(nil, r)))
	}
	for range 20_000 {
		checkArithmetic(t, number(), number(), r.IntN(40)-10)
	}
}

func checkArithmetic(t *testing.T, d, e Decimal, scale int) {
	t.Helper()
	a, b := d.Big(), e.Big()
	same := func(op string, got Decimal, want shopspring.Decimal) {
		t.Helper()
		rounded := bank(want)
		if got.Absent() || !got.Big().Equal(rounded) || d.Exact() && e.Exact() && got.Exact() != rounded.Equal(want) {
			t.Errorf("%v %s %v: got %v (exact %v), want %v", d, op, e, got, got.Exact(), rounded)
		}
	}
	if got := d.Cmp(e); got != a.Cmp(b) || e.Cmp(d) != -got || d.Equal(e) != (got == 0) {
		t.Errorf("%v cmp %v: got %d, want %d", d, e, got, a.Cmp(b))
	}
	same("+", d.Add(e), a.Add(b))
	same("-", d.Sub(e), a.Sub(b))
	same("*", d.Mul(e), a.Mul(b))
	same("neg", d.Neg(), a.Neg())
	same("abs", d.Abs(), a.Abs())
	if got, want := d.Trunc(scale).Big(), floor(a, scale); !got.Equal(want) {
		t.Errorf("%v trunc %d: got %v, want %v", d, scale, got, want)
	}
	if got, want := d.Round(scale).Big(), a.RoundBank(int32(scale)); !got.Equal(want) {
		t.Errorf("%v round %d: got %v, want %v", d, scale, got, want)
	}
	if q := d.Quo(e); !e.IsZero() {
		checkQuo(t, d, e, q)
	} else if !q.Absent() {
		t.Errorf("%v / %v: got %v, want absent", d, e, q)
	}
}

// floor moves a toward zero to scale digits after the point.
func floor(a shopspring.Decimal, scale int) shopspring.Decimal {
	return a.Shift(int32(scale)).Truncate(0).Shift(-int32(scale))
}

// checkQuo checks that no number of MaxDigits is nearer to d/e than q, and that
// q says rightly whether it is exact.
func checkQuo(t *testing.T, d, e, q Decimal) {
	t.Helper()
	want := new(big.Rat).Quo(d.Big().Rat(), e.Big().Rat())
	off := new(big.Rat).Sub(q.Big().Rat(), want)
	if exact := off.Sign() == 0; q.Absent() || exact != q.Exact() && d.Exact() && e.Exact() {
		t.Errorf("%v / %v: got %v, exact %v, want exact %v", d, e, q, q.Exact(), exact)
		return
	}
	if off.Sign() == 0 {
		return
	}
	if n := q.coef().digits(); n != MaxDigits {
		t.Errorf("%v / %v: got %v of %d digits, want %d", d, e, q, n, MaxDigits)
	}
	half := shopspring.New(5, int32(-q.Scale()-1)).Rat() // half a unit in the last place
	if off.Abs(off).Cmp(half) > 0 {
		t.Errorf("%v / %v: got %v, off by %v", d, e, q, off.FloatString(40))
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range written {
		f.Add(s, "1.5")
	}
	f.Add(digits28+"5", "-0")
	f.Add("01", "1e9999")
	f.Fuzz(func(t *testing.T, s, other string) {
		d, err := ParseString(s)
		if p, n := ParsePrefix([]byte(s)); (err == nil) != (n == len(s) && n > 0) || err == nil && p != d {
			t.Fatalf("prefix of %q: got %v, %d beside %v, %v", s, p, n, d, err)
		}
		valid := number.MatchString(s)
		if err != nil {
			if valid && !errors.Is(err, ErrRange) {
				t.Fatalf("%q is a number: %v", s, err)
			}
			return
		}
		if !valid {
			t.Fatalf("%q is no number: got %v", s, d)
		}
		checkValue(t, s, d)
		if again, err := ParseString(d.String()); err != nil || !again.Equal(d) {
			t.Fatalf("%q prints as %q, which reads as %v, %v", s, d, again, err)
		}
		if d.coef().digits() < MaxDigits && d.Exact() && d.String() != s && len(s) < MaxDigits {
			t.Fatalf("%q prints as %q", s, d)
		}
		if e, err := ParseString(other); err == nil && max(d.Scale(), -d.Scale()) < 300 && max(e.Scale(), -e.Scale()) < 300 {
			checkArithmetic(t, d, e, len(s)%30)
		}
	})
}

// number is JSON's grammar.
var number = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)

// TestCaptures takes every number of recorded traffic: each must print back.
func TestCaptures(t *testing.T) {
	folder := os.Getenv("DEPTHWIRE_CAPTURES")
	files := []string{"testdata/numbers.jsonl"}
	if folder != "" {
		more, err := filepath.Glob(filepath.Join(folder, "*.jsonl.gz"))
		if err != nil || len(more) == 0 {
			t.Fatalf("no captures in DEPTHWIRE_CAPTURES: %v", err)
		}
		files = append(files, more...)
	}
	for _, file := range files {
		numbers, long := 0, 0
		eachBody(t, file, func(body []byte) {
			for _, tok := range bytes.FieldsFunc(body, func(r rune) bool { return strings.ContainsRune(`[]{},:" `, r) }) {
				if !number.Match(tok) {
					continue
				}
				numbers++
				d, err := Parse(tok)
				if err != nil {
					t.Fatalf("%s: %q: %v", file, tok, err)
				}
				checkFloat(t, d)
				if !d.Exact() {
					long++
					checkValue(t, string(tok), d)
				} else if d.String() != string(tok) {
					t.Fatalf("%s: %q prints as %q", file, tok, d)
				}
			}
		})
		if numbers == 0 {
			t.Errorf("%s: no numbers", file)
		}
		t.Logf("%s: %d numbers, %d of more than %d digits", filepath.Base(file), numbers, long, MaxDigits)
	}
}

// eachBody calls f with the text of every line, unpacked.
func eachBody(t *testing.T, file string, f func(body []byte)) {
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if filepath.Ext(file) == ".gz" {
		raw = gunzip(t, raw)
	}
	lines := bufio.NewScanner(bytes.NewReader(raw))
	lines.Buffer(nil, 1<<26)
	for lines.Scan() {
		var line struct {
			Text string
			B64  []byte
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if len(line.B64) > 2 && line.B64[0] == 0x1f && line.B64[1] == 0x8b {
			f(gunzip(t, line.B64))
		}
		f([]byte(line.Text))
	}
	if err := lines.Err(); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

func gunzip(t *testing.T, b []byte) []byte {
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	b, err = io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
