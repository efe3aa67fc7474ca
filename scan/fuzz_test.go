package scan_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"testing"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/scan"
)

// walk reads any value as encoding/json decodes it with UseNumber.
func walk(s *scan.Scanner) any {
	switch s.Peek() {
	case '{':
		m := map[string]any{}
		for key := range s.Object() {
			name := string([]rune(string(key)))
			m[name] = walk(s)
		}
		return m
	case '[':
		a := []any{}
		for range s.Array() {
			a = append(a, walk(s))
		}
		return a
	case '"':
		return s.Str()
	case 't', 'f':
		return s.Bool()
	case 'n':
		s.Null()
		return nil
	}
	return json.Number(s.Text())
}

// decode is the same by encoding/json.
func decode(b []byte) (v any, err error) {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	if err = dec.Decode(&v); err == nil {
		if _, err = dec.Token(); err == io.EOF {
			return v, nil
		}
		return v, errors.Join(err, errors.New("more follows"))
	}
	return v, err
}

func FuzzScanner(f *testing.F) {
	frames, _ := depthFrames(3)
	for _, frame := range frames {
		f.Add(frame)
	}
	for _, s := range append(forms, `["1.5","2"]`, `[1.5,9.1E-7]`, `["1","2","0","3"]`, `"\ud83d\ude00\u12"`, "\"\xff\"", `[[]]]`, `{"a":}`, `{"a" 1}`, `[1,,2]`, `{,}`, `-`, `{"":[{}]}`) {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		valid := json.Valid(b)
		s := scan.New(b)
		got := walk(&s)
		err := s.End()
		if errors.Is(err, scan.ErrDepth) { // stricter than encoding/json
			return
		}
		if (err == nil) != valid {
			t.Fatalf("%q: walk says %v, valid is %v", b, err, valid)
		}
		want, jerr := decode(b)
		if valid && (jerr != nil || !reflect.DeepEqual(got, want)) {
			t.Fatalf("%q: got %v, want %v, %v", b, got, want, jerr)
		}
		s.Reset(b)
		raw := s.Raw()
		if err := s.End(); (err == nil) != valid || valid && !bytes.Equal(raw, bytes.Trim(b, " \t\r\n")) {
			t.Fatalf("%q: raw %q, %v, valid is %v", b, raw, err, valid)
		}
		checkReaders(t, b)
	})
}

// checkReaders reads b as a pair, a number and a whole number: at once, and
// behind white space, where no quick path is taken.
func checkReaders(t *testing.T, b []byte) {
	slow := append([]byte(" "), b...)
	// The slow path of what stands inside an array or a string, too.
	slow = bytes.Replace(slow, []byte("["), []byte("[ "), 1)
	slow = bytes.Replace(slow, []byte(`,`), []byte(" , "), 1)
	read := func(b []byte, f func(*scan.Scanner)) (kind error) {
		s := scan.New(b)
		f(&s)
		var e *scan.Error
		if errors.As(s.End(), &e) {
			return e.Kind
		}
		return nil
	}
	var p, q, sp, sq decimal.Decimal
	err := read(b, func(s *scan.Scanner) { p, q = s.Pair() })
	slowErr := read(slow, func(s *scan.Scanner) { sp, sq = s.Pair() })
	if (err == nil) != (slowErr == nil) || err == nil && (p != sp || q != sq) {
		t.Fatalf("%q as a pair: %v %v %v, slowly %v %v %v", b, p, q, err, sp, sq, slowErr)
	}
	var n, sn int64
	err = read(b, func(s *scan.Scanner) { n = s.Int() })
	slowErr = read(append([]byte(" "), b...), func(s *scan.Scanner) { s.Peek(); sn = s.Int() })
	if err != slowErr || err == nil && n != sn {
		t.Fatalf("%q as an int: %d %v, slowly %d %v", b, n, err, sn, slowErr)
	}
	err = read(b, func(s *scan.Scanner) { p = s.Decimal() })
	if want, jerr := decimal.Parse(bytes.Trim(b, " \t\r\n")); err == nil && json.Valid(b) && jerr == nil && p != want {
		t.Fatalf("%q as a decimal: %v, want %v", b, p, want)
	} else if jerr == nil && err != nil && json.Valid(b) {
		t.Fatalf("%q as a decimal: %v", b, err)
	}
}
