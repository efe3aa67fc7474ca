package sqltable

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/record"
)

// Whatever number a venue sends, the JSON of a book is JSON, holds it as it was, and is read back as it was.
func FuzzLevels(f *testing.F) {
	for _, n := range []string{"68250.10000000", "0.000", "-0.00", "9.121E-7", "1e-07", "1.5e+3", "1234567890123456789012345678", "0.1234567890123456789012345678", "", "-7.50"} {
		f.Add(n, "1")
		f.Add("0", n)
	}
	f.Fuzz(func(t *testing.T, price, size string) {
		p, err := decimal.ParseString(price)
		z, other := decimal.ParseString(size)
		if (err != nil && price != "") || (other != nil && size != "") {
			return
		}
		side := []exchange.Level{{Price: p, Size: z}, {Price: z, Size: p}}
		text := AppendLevels(nil, side)
		var got [][2]string
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if len(got) != 2 || got[0] != [2]string{p.String(), z.String()} || got[1] != [2]string{z.String(), p.String()} {
			t.Errorf("%s, want %s and %s", text, p, z)
		}
		back, err := parseLevels(text)
		if err != nil || fmt.Sprint(back) != fmt.Sprint(side) {
			t.Errorf("%s came back as %s, %v", text, back, err)
		}
	})
}

// What is no side of a book is an error, not something else.
func FuzzParseLevels(f *testing.F) {
	for _, text := range []string{"", "[]", "[", "]", "[[]]", `[["1","2"]]`, `[["1","2"],["3","4"]]`, `[["1"]]`, `[["1","2"]`, `[["1","x"]]`, `[[1,2]]`, `[["1","2"],]`, `null`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		side, err := parseLevels([]byte(text))
		if err != nil {
			return
		}
		if again := string(AppendLevels(nil, side)); again != text {
			t.Errorf("%q was taken for %q", text, again)
		}
	})
}

// A form is kept for what NUMERIC would change, and for nothing else.
func TestForms(t *testing.T) {
	for text, kept := range map[string]bool{
		"0": false, "0.00": false, "-1.50": false, "100": false, "1234567890123456789012345678": false,
		"-0": true, "-0.00": true, "1e5": true, "1E-7": true, "0e0": true, "-0E-3": true,
	} {
		d := decimal.MustParse(text)
		forms := AppendForm(nil, "price", d, []byte(text))
		if kept != (len(forms) > 0) {
			t.Errorf("%s: %q", text, forms)
		}
		rows := record.NewRows(record.TradeTable)
		at := rows.Table.Column("price")
		rows.Columns[at].Numbers = []decimal.Decimal{decimal.MustParse("7"), decimal.MustParse("9")}
		forms = AppendForm(forms, "size", decimal.MustParse("1e1"), []byte("1e1"))
		if err := reform(string(forms), rows); err != nil {
			t.Errorf("%s: %v", forms, err)
		}
		want := "9"
		if kept {
			want = text
		}
		if got := rows.Columns[at].Numbers; got[0].String() != "7" || got[1].String() != want {
			t.Errorf("%s: the price is %v, want %s", forms, got, want)
		}
	}
	for _, forms := range []string{"nonsense=1", "price=", "price=x"} {
		rows := record.NewRows(record.TradeTable)
		rows.Columns[rows.Table.Column("price")].Numbers = make([]decimal.Decimal, 1)
		if err := reform(forms, rows); err == nil {
			t.Errorf("%s: no error", forms)
		}
	}
}
