package clickhouse

import (
	"math/big"
	"testing"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
)

var forms = []struct {
	text string
	form byte
	fine bool
}{
	{"", '0', true}, {"0", '0', true}, {"1", '0', true}, {"-1", '0', true}, {"1.5", '1', true}, {"1.50", '2', true}, {"-0.001", '3', true}, {"0.000", '3', true},
	{"0.000000000000000001", '0' + 18, true}, {"99999999999999999999.999999999999999999", '0' + 18, true}, {"68250.10000000", '8', true},
	{"0.0000000000000000001", 0, false}, {"100000000000000000000", 0, false}, {"-0", 0, false}, {"-0.00", 0, false}, {"1e5", 0, false}, {"9.121E-7", 0, false},
	{"007", 0, false}, {".5", 0, false}, {"5.", 0, false}, {"1.2.3", 0, false}, {"+1", 0, false}, {"-", 0, false},
}

func TestForms(t *testing.T) {
	for _, c := range forms {
		if form, fine := form([]byte(c.text)); fine != c.fine || fine && form != c.form {
			t.Errorf("%q: %q %v, want %q %v", c.text, form, fine, c.form, c.fine)
		}
	}
}

// What is called fine is what the engine's expression gives: the number with 18 digits after the point, cut.
func FuzzForm(f *testing.F) {
	for _, c := range forms {
		f.Add(c.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := decimal.Parse([]byte(text))
		c, fine := form([]byte(text))
		if err != nil || !fine || d.String() != text { // with more digits than a Decimal has it does not get here
			return
		}
		digits := int(c - '0')
		again := d.Big().StringFixed(scale)
		if again = again[:len(again)-scale+digits]; digits == 0 {
			again = again[:len(again)-1]
		}
		if again != text {
			t.Errorf("%q is called fine and would be written as %q", text, again)
		}
	})
}

// A number comes in as what its text says, cut behind 18 digits, and its form as that says, too: however quickly it was told.
func FuzzFixed(f *testing.F) {
	for _, c := range forms {
		f.Add(c.text)
	}
	for _, text := range []string{"18446744073709551615", "-18446744073709551615", "18446744073709551616", "-0.999999999999999999", "-1.5e-7", "1e999", "1e-999", "99999999999999999999.9999999", "-1e20", "100E-2"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := decimal.ParseString(text)
		if err != nil {
			return
		}
		want := d.Big().Shift(scale).BigInt()
		fits := len(want.Text(10)) <= 38 || want.Sign() < 0 && len(want.Text(10)) == 39
		lo, hi, ok := fixed(d)
		got := new(big.Int).Lsh(big.NewInt(int64(hi)), 64)
		if got.Add(got, new(big.Int).SetUint64(lo)); ok != fits || ok && got.Cmp(want) != 0 {
			t.Errorf("%s comes in as %v %v, want %v %v", text, got, ok, want, fits)
		}
		quick, fine := formOf(nil, d)
		slow, alsoFine := form([]byte(d.String()))
		if fine != alsoFine || fine && quick[0] != slow {
			t.Errorf("%s has the form %q %v, want %q %v", text, quick, fine, slow, alsoFine)
		}
	})
}

func TestSideComesBack(t *testing.T) {
	level := func(price, size string) (l exchange.Level) {
		for to, text := range map[*decimal.Decimal]string{&l.Price: price, &l.Size: size} {
			if text != "" {
				*to = decimal.MustParse(text)
			}
		}
		return l
	}
	for _, want := range [][]exchange.Level{nil, {level("1.50", "-0")}, {level("", "")}, {level("1", ""), level("", "2"), level("1e5", "0.00")}} {
		got, err := side(string(textsOf(nil, want)))
		if err != nil || len(got) != len(want) {
			t.Fatalf("%v came back as %v, %v", want, got, err)
		}
		for i := range got {
			if got[i].Price.String() != want[i].Price.String() || got[i].Size.String() != want[i].Size.String() {
				t.Errorf("%v came back as %v", want[i], got[i])
			}
		}
	}
	if fine := textsOf(nil, []exchange.Level{level("1.50", "0.1"), level("2", "0")}); len(fine) > 0 {
		t.Errorf("%q is kept", fine)
	}
}

// A size that the engine's Decimal makes 0 of must not say that the price is gone.
func TestSizesThatDoNotFit(t *testing.T) {
	for text, want := range map[string]uint64{"0": 0, "-0": 0, "1e-19": 1, "-1e-19": 1, "1e20": 1, "-1e20": 1, "1e999": 1, "1e-999": 1, "1e-18": 1, "2e-18": 2, "0E5": 0, "12.5": 12_500_000_000_000_000_000} {
		if lo, hi := sized(decimal.MustParse(text)); lo != want || hi != 0 {
			t.Errorf("%s comes in as %d and %d, want %d", text, hi, lo, want)
		}
	}
	if lo, hi := sized(decimal.Decimal{}); lo != 0 || hi != 0 {
		t.Errorf("no size comes in as %d and %d", hi, lo)
	}
}
