package sqltable

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/record"
)

// mark begins a text that stands in hexadecimal, because the store cannot hold it as it is. A text that begins so by itself does too.
const mark = `\x`

// Hex returns a text as it stands where the store cannot hold it.
func Hex(text string) string { return mark + hex.EncodeToString([]byte(text)) }

// Marked reports whether a text begins as those in hexadecimal do.
func Marked(text string) bool { return strings.HasPrefix(text, mark) }

func (d *Dialect) text(s string) string {
	if d.Encode != nil {
		if other, ok := d.Encode(s); ok {
			return other
		}
	}
	return s
}

// original is what text was given.
func (d *Dialect) original(b []byte) (string, error) {
	if d.Encode == nil || len(b) < len(mark) || string(b[:len(mark)]) != mark {
		return string(b), nil
	}
	text, err := hex.DecodeString(string(b[len(mark):]))
	return string(text), err
}

// AppendLevels appends one side of a book as JSON: [["68250.1","0.5"],…].
func AppendLevels(b []byte, side []exchange.Level) []byte {
	b = append(b, '[')
	for i := range side {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `["`...)
		b = side[i].Price.AppendTo(b)
		b = append(b, `","`...)
		b = side[i].Size.AppendTo(b)
		b = append(b, `"]`...)
	}
	return append(b, ']')
}

var errLevels = errors.New("not the levels of a book")

// parseLevels reads what AppendLevels has written.
func parseLevels(b []byte) ([]exchange.Level, error) {
	text := string(b)
	if text == "[]" {
		return nil, nil
	}
	text, begins := strings.CutPrefix(text, `[["`)
	text, ends := strings.CutSuffix(text, `"]]`)
	if !begins || !ends {
		return nil, errLevels
	}
	const between = `"],["`
	side := make([]exchange.Level, 0, 1+strings.Count(text, between))
	for one := range strings.SplitSeq(text, between) {
		price, size, ok := strings.Cut(one, `","`)
		p, err := number(price)
		z, other := number(size)
		if !ok || err != nil || other != nil {
			return nil, errLevels
		}
		side = append(side, exchange.Level{Price: p, Size: z})
	}
	return side, nil
}

func number(text string) (decimal.Decimal, error) {
	if text == "" {
		return decimal.Decimal{}, nil
	}
	return decimal.ParseString(text)
}

// AppendForm appends to what the column forms has, if the text of a number is not the one that NUMERIC gives back: with an exponent, or
// zero with a sign. It is name=text, with a space between two.
func AppendForm(forms []byte, name string, d decimal.Decimal, text []byte) []byte {
	if !strings.ContainsAny(string(text), "eE") && !(len(text) > 0 && text[0] == '-' && d.IsZero()) {
		return forms
	}
	if len(forms) > 0 {
		forms = append(forms, ' ')
	}
	forms = append(append(forms, name...), '=')
	return append(forms, text...)
}

// reform puts the texts of forms into the last of rows.
func reform(forms string, rows *record.Rows) error {
	for one := range strings.FieldsSeq(forms) {
		name, text, _ := strings.Cut(one, "=")
		at := rows.Table.Column(name)
		if at < 0 {
			return fmt.Errorf("forms has %s", one)
		}
		numbers := rows.Columns[at].Numbers
		if len(numbers) == 0 {
			continue // nobody has asked for it
		}
		d, err := decimal.ParseString(text)
		if err != nil {
			return err
		}
		numbers[len(numbers)-1] = d
	}
	return nil
}
