package scan_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/scan"
)

// forms are one message as a venue may write it.
var forms = []string{
	`{"px":"68250.10","sz":"0.5","ts":"1732247000123","id":55,"live":true,"side":"buy","levels":[["1.50","2"],["1.49","0"]]}`,
	` { "levels" : [ [ "1.50" , "2" ] , [ 1.49 , 0 , "x" , {} ] ] , "live" : "true" ,` + "\n\t\r" + `"id" : "55" , "side":"b\u0075y","sz":0.5,"ts":1732247000123, "px":68250.10 } `,
	`{"x":{"px":1,"y":[[],{},[[{"z":"]}"}]]]},"px":"1","px":"68250.10","sz":0.5,"ts":1732247000123,"id":55,"live":true,"side":"buy","a":-1.5e+10,"b":null,"c":false,"levels":[["1.50",2,"0","13"],["1.49","0","0","1"]],"last":""}`,
	`{"p\u0078":"68250.10","sz":"0.5","ts":1732247000123,"id":"55","live":true,"side":"buy","levels":[[1.50,2],[1.49,0]]}`,
}

type message struct {
	price, size decimal.Decimal
	time        time.Time
	id          int64
	live        bool
	side        string
	levels      string
}

func parse(s *scan.Scanner) (m message) {
	for key := range s.Object() {
		switch string(key) {
		case "px":
			m.price = s.Decimal()
		case "sz":
			m.size = s.Decimal()
		case "ts":
			m.time = s.Milli()
		case "id":
			m.id = s.Int()
		case "live":
			m.live = s.Bool()
		case "side":
			m.side = s.Str()
		case "levels":
			for range s.Array() {
				p, q := s.Pair()
				m.levels += fmt.Sprint(p, "x", q, " ")
			}
		}
	}
	return m
}

func TestForms(t *testing.T) {
	want := fmt.Sprint(message{decimal.MustParse("68250.10"), decimal.MustParse("0.5"), time.UnixMilli(1732247000123).UTC(), 55, true, "buy", "1.50x2 1.49x0 "})
	for _, form := range forms {
		s := scan.New([]byte(form))
		if got := fmt.Sprint(parse(&s)); got != want || s.End() != nil {
			t.Errorf("%s:\n got %s, %v\nwant %s", form, got, s.End(), want)
		}
	}
}

// TestDamaged cuts and breaks the messages everywhere: nothing may panic or hang,
// and what is cut is never taken for whole.
func TestDamaged(t *testing.T) {
	for _, form := range forms {
		whole := strings.TrimRight(form, " ")
		for i := range whole {
			s := scan.New([]byte(whole[:i]))
			parse(&s)
			if err := s.End(); !errors.Is(err, scan.ErrTruncated) {
				t.Errorf("cut after %q: got %v, want ErrTruncated", whole[:i], err)
			}
			for _, c := range []byte{0, ' ', '"', '\\', '{', '}', '[', ']', ',', ':', '0', '-', 0xff} {
				b := []byte(whole)
				b[i] = c
				s.Reset(b)
				parse(&s)
				first := s.End()
				if parse(&s); s.Err() != first && first != nil {
					t.Errorf("%q: the first error did not stick", b)
				}
			}
		}
	}
}

func TestBreak(t *testing.T) {
	s := scan.New([]byte(`{"a":[1,[2,3],{"b":[4,5],"c":6}],"d":7,"e":[8,9]}`))
	var seen []string
	for key := range s.Object() {
		if string(key) == "a" {
		items:
			for i := range s.Array() {
				switch i {
				case 1:
					for range s.Array() {
						seen = append(seen, fmt.Sprint("first ", s.Int()))
						break
					}
				case 2:
					for key := range s.Object() {
						for range s.Array() {
							seen = append(seen, fmt.Sprint(string(key), " ", s.Int()))
							break items
						}
					}
				}
			}
			continue
		}
		seen = append(seen, string(key))
		if string(key) == "d" {
			break // not read: the rest is skipped
		}
	}
	if want := []string{"first 2", "b 4", "d"}; !slices.Equal(seen, want) || s.End() != nil {
		t.Errorf("got %q, %v; want %q", seen, s.End(), want)
	}
}

func TestPlainLoops(t *testing.T) {
	s := scan.New([]byte(`{"skip":[{}],"a":[[1,2],[3],[],"x",null,4],"":{},"long key of more than eight bytes":5}`))
	var seen []string
	for n := 0; ; n++ {
		key, ok := s.NextKey(n)
		if !ok {
			break
		}
		switch string(key) {
		case "a":
			for k := 0; s.NextItem(k); k++ {
				if k%2 == 0 { // the others are skipped
					seen = append(seen, string(s.Raw()))
				}
			}
		case "":
			seen = append(seen, string(s.Raw()))
		case "long key of more than eight bytes":
			seen = append(seen, s.Str())
		}
	}
	if want := []string{"[1,2]", "[]", "null", "{}", "5"}; !slices.Equal(seen, want) || s.End() != nil {
		t.Errorf("got %q, %v; want %q", seen, s.End(), want)
	}
}

func TestValues(t *testing.T) {
	at := func(sec, ns int64) time.Time { return time.Unix(sec, ns).UTC() }
	for _, c := range []struct {
		in   string
		read func(s *scan.Scanner) any
		want any
		err  error
	}{
		{`12`, func(s *scan.Scanner) any { return s.Int() }, int64(12), nil},
		{`"1732247000123"`, func(s *scan.Scanner) any { return s.Int() }, int64(1732247000123), nil},
		{`"-9223372036854775808"`, func(s *scan.Scanner) any { return s.Int() }, int64(-1 << 63), nil},
		{`9223372036854775807 `, func(s *scan.Scanner) any { return s.Int() }, int64(1<<63 - 1), nil},
		{`9223372036854775808`, func(s *scan.Scanner) any { return s.Int() }, int64(0), scan.ErrType},
		{`null`, func(s *scan.Scanner) any { return s.Int() }, int64(0), nil},
		{`""`, func(s *scan.Scanner) any { return s.Int() }, int64(0), nil},
		{`"01"`, func(s *scan.Scanner) any { return s.Int() }, int64(0), scan.ErrType},
		{`"+1"`, func(s *scan.Scanner) any { return s.Int() }, int64(0), scan.ErrType},
		{`"-"`, func(s *scan.Scanner) any { return s.Int() }, int64(0), scan.ErrType},
		{`01`, func(s *scan.Scanner) any { return s.Int() }, int64(0), scan.ErrSyntax},
		{`1.0`, func(s *scan.Scanner) any { return s.Int() }, int64(0), scan.ErrType},
		{`12345678e1`, func(s *scan.Scanner) any { return s.Int() }, int64(0), scan.ErrType},
		{`[1]`, func(s *scan.Scanner) any { return s.Int() }, int64(0), scan.ErrType},
		{`true`, func(s *scan.Scanner) any { return s.Int() }, int64(0), scan.ErrType},
		{`4294967295`, func(s *scan.Scanner) any { return s.Uint32() }, uint32(1<<32 - 1), nil},
		{`4294967296`, func(s *scan.Scanner) any { return s.Uint32() }, uint32(0), scan.ErrType},
		{`-1`, func(s *scan.Scanner) any { return s.Uint32() }, uint32(0), scan.ErrType},
		{` true`, func(s *scan.Scanner) any { return s.Bool() }, true, nil},
		{`"false"`, func(s *scan.Scanner) any { return s.Bool() }, false, nil},
		{`null`, func(s *scan.Scanner) any { return s.Bool() }, false, nil},
		{`1`, func(s *scan.Scanner) any { return s.Bool() }, false, scan.ErrType},
		{`trve`, func(s *scan.Scanner) any { return s.Bool() }, false, scan.ErrSyntax},
		{`tru`, func(s *scan.Scanner) any { return s.Bool() }, false, scan.ErrTruncated},
		{`"1732247000123"`, func(s *scan.Scanner) any { return s.Milli() }, at(1732247000, 123e6), nil},
		{`0`, func(s *scan.Scanner) any { return s.Milli() }, time.Time{}, nil},
		{`1732247000123456`, func(s *scan.Scanner) any { return s.Micro() }, at(1732247000, 123456e3), nil},
		{`""`, func(s *scan.Scanner) any { return s.Micro() }, time.Time{}, nil},
		{`1732247000`, func(s *scan.Scanner) any { return s.Seconds() }, at(1732247000, 0), nil},
		{`"1732247000.1234567899"`, func(s *scan.Scanner) any { return s.Seconds() }, at(1732247000, 123456789), nil},
		{`null`, func(s *scan.Scanner) any { return s.Seconds() }, time.Time{}, nil},
		{`1e30`, func(s *scan.Scanner) any { return s.Seconds() }, time.Time{}, scan.ErrType},
		{`"9.121E-7"`, func(s *scan.Scanner) any { return s.Decimal().String() }, "9.121E-7", nil},
		{` 9.121E-7`, func(s *scan.Scanner) any { return s.Decimal().String() }, "9.121E-7", nil},
		{`"1\u002e5"`, func(s *scan.Scanner) any { return s.Decimal().String() }, "1.5", nil},
		{`null`, func(s *scan.Scanner) any { return s.Decimal().String() }, "", nil},
		{`""`, func(s *scan.Scanner) any { return s.Decimal().String() }, "", nil},
		{`"x"`, func(s *scan.Scanner) any { return s.Decimal().String() }, "", scan.ErrType},
		{`"1 "`, func(s *scan.Scanner) any { return s.Decimal().String() }, "", scan.ErrType},
		{`1e9999`, func(s *scan.Scanner) any { return s.Decimal().String() }, "", scan.ErrType},
		{`-x`, func(s *scan.Scanner) any { return s.Decimal().String() }, "", scan.ErrSyntax},
		{`1.`, func(s *scan.Scanner) any { return s.Decimal().String() }, "", scan.ErrTruncated},
		{`"1`, func(s *scan.Scanner) any { return s.Decimal().String() }, "", scan.ErrTruncated},
		{`{}`, func(s *scan.Scanner) any { return s.Decimal().String() }, "", scan.ErrType},
		{`"a\"\\\/\b\f\n\r\té\u20ac\ud83d\ude00"`, func(s *scan.Scanner) any { return s.Str() }, "a\"\\/\b\f\n\r\té€😀", nil},
		{`"\ud83dx\ud83d\u0041\udc00"`, func(s *scan.Scanner) any { return s.Str() }, "\ufffdx\ufffdA\ufffd", nil},
		{"\"\xff\xfe\"", func(s *scan.Scanner) any { return s.Str() }, "\ufffd\ufffd", nil},
		{"\"\xff\xfe\"", func(s *scan.Scanner) any { return string(s.Text()) }, "\xff\xfe", nil},
		{`-1.50e+3`, func(s *scan.Scanner) any { return string(s.Text()) }, "-1.50e+3", nil},
		{`null`, func(s *scan.Scanner) any { return s.Text() == nil }, true, nil},
		{`[]`, func(s *scan.Scanner) any { return s.Str() }, "", scan.ErrType},
		{`"\x"`, func(s *scan.Scanner) any { return s.Str() }, "", scan.ErrSyntax},
		{`"\u12g4"`, func(s *scan.Scanner) any { return s.Str() }, "", scan.ErrSyntax},
		{`"\u12`, func(s *scan.Scanner) any { return s.Str() }, "", scan.ErrTruncated},
		{"\"a\nb\"", func(s *scan.Scanner) any { return s.Str() }, "", scan.ErrSyntax},
		{` null`, func(s *scan.Scanner) any { return s.Null() }, true, nil},
		{`nul`, func(s *scan.Scanner) any { return s.Null() }, false, scan.ErrTruncated},
		{` {"a":[1]} `, func(s *scan.Scanner) any { return string(s.Raw()) }, `{"a":[1]}`, nil},
		{` {"a":[1]} `, func(s *scan.Scanner) any { c := s.Peek(); s.Skip(); return c }, byte('{'), nil},
		{``, func(s *scan.Scanner) any { return s.Peek() }, byte(0), scan.ErrTruncated},
		{`1 2`, func(s *scan.Scanner) any { return s.Int() }, int64(1), scan.ErrSyntax},
		{`1,`, func(s *scan.Scanner) any { return s.Int() }, int64(1), scan.ErrSyntax},
	} {
		s := scan.New([]byte(c.in))
		if got := c.read(&s); got != c.want || !errors.Is(s.End(), c.err) {
			t.Errorf("%s: got %v, %v; want %v, %v", c.in, got, s.End(), c.want, c.err)
		}
	}
}

func TestPairs(t *testing.T) {
	for _, c := range []struct {
		in, want string
		err      error
	}{
		{`["68250.10000000","0.00000000"]`, "68250.10000000 0.00000000", nil},
		{`["8476.98","415","0","13"]`, "8476.98 415", nil},
		{`[58421.12,9.121E-7]`, "58421.12 9.121E-7", nil},
		{`["1","2"] `, "1 2", nil},
		{`[1,2]`, "1 2", nil},
		{` [ "1.5" , 2 , null , {"x":[1]} ] `, "1.5 2", nil},
		{`["1.5","2",[]]`, "1.5 2", nil},
		{`["1.5","-2"]`, "1.5 -2", nil},
		{`["1.5",""]`, "1.5 ", nil},
		{`[null,"0.1"]`, " 0.1", nil},
		{`["123456789012345678901234567","2"]`, "123456789012345678901234567 2", nil},
		{`["1"]`, "1 ", scan.ErrType},
		{`[]`, " ", scan.ErrType},
		{`null`, " ", scan.ErrType},
		{`{"1":"2"}`, " ", scan.ErrType},
		{`["1","2"`, "1 2", scan.ErrTruncated},
		{`["1","2","3`, "1 2", scan.ErrTruncated},
		{`["1";"2"]`, "1 ", scan.ErrSyntax},
		{`["1","2"}`, "1 2", scan.ErrSyntax},
		{`["01","2"]`, " ", scan.ErrType},
		{`["1","2","\x"]`, "1 2", scan.ErrSyntax},
		{`[1.5,2,]`, "1.5 2", scan.ErrSyntax},
	} {
		s := scan.New([]byte(c.in))
		p, q := s.Pair()
		if got := fmt.Sprint(p, " ", q); got != c.want || !errors.Is(s.End(), c.err) {
			t.Errorf("%s: got %q, %v; want %q, %v", c.in, got, s.End(), c.want, c.err)
		}
	}
}

func TestDepth(t *testing.T) {
	for _, open := range []string{"[", `{"a":`} {
		end := map[string]string{"[": "]", `{"a":`: "}"}[open]
		for _, n := range []int{scan.MaxDepth, scan.MaxDepth + 1, 100_000} {
			s := scan.New([]byte(strings.Repeat(open, n) + "1" + strings.Repeat(end, n)))
			s.Skip()
			if want := n > scan.MaxDepth; errors.Is(s.End(), scan.ErrDepth) != want {
				t.Errorf("%d of %s: got %v, want ErrDepth %v", n, open, s.End(), want)
			}
		}
	}
}

func TestError(t *testing.T) {
	s := scan.New([]byte(`{"a":1,"b":tru3}`))
	s.Skip()
	var e *scan.Error
	if err := s.End(); !errors.As(err, &e) || e.Offset != 14 || e.Kind != scan.ErrSyntax || err.Error() != "scan: invalid JSON at byte 14" {
		t.Errorf("got %v, want a syntax error at byte 14", err)
	}
	if s.Int() != 0 || s.Text() != nil || s.Raw() != nil || s.Peek() != 0 || s.Null() || s.NextItem(0) {
		t.Error("after an error something is still read")
	}
	var zero scan.Scanner
	if zero.Skip(); !errors.Is(zero.End(), scan.ErrTruncated) {
		t.Errorf("the zero Scanner: got %v, want ErrTruncated", zero.End())
	}
}

func TestNoAllocations(t *testing.T) {
	frames, _ := depthFrames(50)
	form := []byte(forms[1])
	var s scan.Scanner
	var d depth
	n := testing.AllocsPerRun(20, func() {
		for _, frame := range frames {
			s.Reset(frame)
			if err := d.scan(&s); err != nil {
				t.Fatal(err)
			}
		}
		s.Reset(form)
		s.Skip()
	})
	if n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}
