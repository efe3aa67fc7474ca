package wire

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/depthwire/depthwire/scan"
)

var plain = Format{
	Words: Words{
		Rows: "data list", Market: "s symbol", Event: "e", TradeID: "id", Side: "side", Seq: "u", Trades: "n", Class: "st",
		Price: "p price", Size: "q", Bid: "b", BidSize: "B", Ask: "a", AskSize: "A", Time: "T ts", Start: "t", Closed: "x", Bids: "bids", Asks: "asks",
	},
	NoZero: []Field{Ask},
	Class:  1,
}

// with returns plain, changed.
func with(change func(f *Format)) Format {
	f := plain
	change(&f)
	return f
}

// names are what show writes.
var names = []struct {
	field Field
	name  string
}{
	{Market, "s"}, {Event, "e"}, {TradeID, "id"}, {Side, "side"}, {Seq, "u"}, {Trades, "n"}, {Price, "p"}, {Size, "q"},
	{Bid, "b"}, {BidSize, "B"}, {Ask, "a"}, {AskSize, "A"}, {Time, "T"}, {Start, "t"}, {Closed, "x"}, {Bids, "bids"}, {Asks, "asks"},
}

// show reads a message, and writes its rows as text.
func show(r *Row, t *Table, message string) (text string, err error) {
	var b strings.Builder
	for r.Begin(t, []byte(message)); r.Next(); {
		b.WriteString("(")
		for _, n := range names {
			if !r.Has(n.field) {
				continue
			}
			var v any
			switch f := n.field; {
			case f < firstInt:
				v = string(r.Text(f))
			case f < firstNumber:
				v = r.Int(f)
			case f < firstTime:
				v = r.Decimal(f)
			case f < firstBool:
				v = r.Time(f).UnixMicro()
			case f < firstLevels:
				v = r.Bool(f)
			case f == Bids:
				v = r.Bids
			default:
				v = r.Asks
			}
			fmt.Fprintf(&b, " %s=%v", n.name, v)
		}
		b.WriteString(" )")
	}
	return b.String(), r.End()
}

func TestRow(t *testing.T) {
	late := with(func(f *Format) { f.Late = true })
	anyTime := with(func(f *Format) { f.AnyTime = true })
	seconds := with(func(f *Format) { f.Seconds = []Field{Start} })
	columns := with(func(f *Format) { f.Columns = []Field{Start, Price, 0, Closed} })
	for _, tt := range []struct {
		name    string
		format  Format
		message string
		want    string
		err     error
	}{
		{"object", plain, `{"s":"AB","p":"1.50","q":2,"u":7,"T":1700000000123,"x":true,"more":{"p":9}}`, `( s=AB u=7 p=1.50 q=2 T=1700000000123000 x=true )`, nil},
		{"another word, white space", plain, ` { "symbol" : "AB" , "price" : 1 } `, `( s=AB p=1 )`, nil},
		{"absent", plain, `{"s":"AB","p":"","q":null,"T":0}`, `( s=AB T=-62135596800000000 )`, nil},
		{"list", plain, `[{"p":1},{"q":2}]`, `( p=1 )( q=2 )`, nil},
		{"no rows", plain, `[]`, ``, nil},
		{"nested", plain, `{"s":"AB","data":[{"p":1},{"p":2}]}`, `( s=AB p=1 )( s=AB p=2 )`, nil},
		{"nested object", plain, `{"s":"AB","data":{"p":1}}`, `( s=AB p=1 )`, nil},
		{"nested twice", plain, `{"s":"AB","data":{"e":"x","list":[{"p":1},{"p":2}]}}`, `( s=AB e=x p=1 )( s=AB e=x p=2 )`, nil},
		{"lists of lists", plain, `{"data":[[{"p":1}],[{"p":2},{"p":3}]]}`, `( p=1 )( p=2 )( p=3 )`, nil},
		{"no rows inside", plain, `{"s":"AB","data":[]}`, ``, nil},
		{"null rows", plain, `{"s":"AB","data":null}`, ``, nil},
		{"beside, behind", plain, `{"data":[{"p":1}],"s":"AB"}`, `( p=1 )`, nil},
		{"beside, behind, late", late, `{"data":[{"p":1},{"p":2}],"s":"AB"}`, `( s=AB p=1 )( s=AB p=2 )`, nil},
		{"late within late", late, `{"data":{"list":[{"p":1}],"e":"x"},"s":"AB"}`, `( s=AB e=x p=1 )`, nil},
		{"a row says otherwise", plain, `{"T":5,"data":[{"p":1},{"T":6},{"p":3}]}`, `( p=1 T=5000 )( T=6000 )( p=3 )`, nil},
		{"late rows of rows", late, `{"data":[{"list":[{"p":1},{"p":2}],"s":"AB"},{"list":{"p":3},"s":"CD"}],"e":"x"}`, `( s=AB e=x p=1 )( s=AB e=x p=2 )( s=CD e=x p=3 )`, nil},
		{"late rows that are broken", late, `{"data":[{"p":1},],"s":"AB"}`, ``, scan.ErrSyntax},
		{"rows as another word inside", late, `{"data":{"p":1,"data":"LIMIT"}}`, `( p=1 )`, nil},
		{"rows of a foreign class", plain, `[{"p":1,"st":1},{"p":2,"st":2},{"p":3}]`, `( p=1 )( p=3 )`, nil},
		{"zero for none", plain, `{"b":"0","a":"0.00"}`, `( b=0 )`, nil},
		{"a pair", plain, `{"b":["1.0","2"],"a":[3,4]}`, `( b=1.0 B=2 a=3 A=4 )`, nil},
		{"the best of many", plain, `{"b":[["1","2","0","9"],["0.5","3"]],"a":[]}`, `( b=1 B=2 )`, nil},
		{"levels", plain, `{"bids":[["1","2"],[0.5,3]],"asks":[{"price":"4","q":"5","more":1}]}`, `( bids=[{1 2} {0.5 3}] asks=[{4 5}] )`, nil},
		{"escapes", plain, `{"s":"\u0041B","e":"\u0043"}`, `( s=AB e=C )`, nil},
		{"truth in other words", plain, `[{"x":"1"},{"x":0},{"x":"false"}]`, `( x=true )( x=false )( x=false )`, nil},
		{"columns", columns, `[[1700000000000,"2","3",1,"more"]]`, `( p=2 t=1700000000000000 x=true )`, nil},
		{"columns in data", columns, `{"s":"AB","data":[[1700000000000,"2","3",0],[1700000060000,"4","5",1]]}`,
			`( s=AB p=2 t=1700000000000000 x=false )( s=AB p=4 t=1700000060000000 x=true )`, nil},
		{"few columns", columns, `[[1700000000000,"2"]]`, ``, ErrColumns},
		{"seconds", seconds, `{"t":1700000000,"T":1700000000123}`, `( T=1700000000123000 t=1700000000000000 )`, nil},
		{"any time", anyTime, `[{"T":1700000000},{"T":1700000000123},{"T":"1700000000123456"},{"T":"2024-01-02 03:04:05.006"},{"T":"2024-01-02T03:04:05Z"},{"T":""}]`,
			`( T=1700000000000000 )( T=1700000000123000 )( T=1700000000123456 )( T=1704164645006000 )( T=1704164645000000 )( T=-62135596800000000 )`, nil},
		{"no time", anyTime, `[{"T":"soon"}]`, ``, ErrTime},
		{"no time, long", anyTime, `[{"T":"2024-01-02 03:04:05.006006006006006006006006006"}]`, ``, ErrTime},
		{"rows twice", plain, `{"data":[{"p":1}],"data":[{"p":2}]}`, `( p=1 )`, ErrTwice},
		{"rows that are none", plain, `{"data":7}`, ``, ErrRows},
		{"too deep", plain, `{"data":[[[[[[[[{"p":1}]]]]]]]]}`, ``, ErrNesting},
		{"neither true nor false", plain, `{"x":"perhaps"}`, ``, ErrBool},
		{"an odd id", plain, `{"id":1.5}`, ``, ErrID},
		{"truncated", plain, `[{"p":1},{"p":`, `( p=1 )`, scan.ErrTruncated},
		{"something behind", plain, `{"p":1} x`, `( p=1 )`, scan.ErrSyntax},
		{"another type", plain, `{"p":{}}`, ``, scan.ErrType},
		{"nothing", plain, ``, ``, scan.ErrTruncated},
		{"a number", plain, `7`, ``, scan.ErrSyntax},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var r Row
			for range 2 { // a row is used again
				got, err := show(&r, Compile(tt.format), tt.message)
				if got != tt.want || !errors.Is(err, tt.err) {
					t.Errorf("got  %s, %v\nwant %s, %v", got, err, tt.want, tt.err)
				}
			}
		})
	}
}

// TestAwaited has what is said beside rows stand behind them, some of which is waited for.
func TestAwaited(t *testing.T) {
	words := Words{Rows: "data", Event: "e", Market: "s", Price: "p"}
	for _, c := range []struct {
		format       Format
		b            string
		event, other string
	}{
		{Format{}, `{"e":"a","s":"b","data":[{"p":1}]}`, "a", "b"},
		{Format{}, `{"data":[{"p":1}],"e":"a","s":"b"}`, "", ""},
		{Format{Late: true}, `{"e":"a","data":[{"p":1}],"s":"b"}`, "a", "b"},
		{Format{Awaited: []Field{Event}}, `{"e":"a","data":[{"p":1}],"s":"b"}`, "a", ""},
		{Format{Awaited: []Field{Event}}, `{"s":"b","data":[{"p":1}],"e":"a"}`, "a", "b"},
		{Format{Awaited: []Field{Event, Market}}, `{"e":"a","data":[{"p":1}],"s":"b"}`, "a", "b"},
	} {
		c.format.Words = words
		var r Row
		n := 0
		for r.Begin(Compile(c.format), []byte(c.b)); r.Next(); n++ {
			if string(r.Text(Event)) != c.event || string(r.Text(Market)) != c.other || r.Decimal(Price).String() != "1" {
				t.Errorf("%s: %q %q %s, want %q %q", c.b, r.Text(Event), r.Text(Market), r.Decimal(Price), c.event, c.other)
			}
		}
		if err := r.End(); n != 1 || err != nil {
			t.Errorf("%s: %d rows, %v", c.b, n, err)
		}
	}
}

func TestNoRows(t *testing.T) {
	table := Compile(Format{Words: Words{Rows: "data", Price: "p"}})
	for b, want := range map[string]error{
		`{"data":[7]}`:             ErrRows,
		`{"data":[{"p":1},"x"]}`:   ErrRows,
		`{"data":"x"}`:             ErrRows,
		`{"data":[],"data":[]}`:    ErrTwice,
		`{"data":[null,{"p":1}]}`:  nil,
		`{"data":null}`:            nil,
		`{"data":[{"p":1}],"x":7}`: nil,
	} {
		var r Row
		for r.Begin(table, []byte(b)); r.Next(); {
		}
		if err := r.End(); !errors.Is(err, want) || (err == nil) != (want == nil) {
			t.Errorf("%s: %v, want %v", b, err, want)
		}
	}
}

// TestFail: a reader's error ends the message.
func TestFail(t *testing.T) {
	failed := errors.New("incomplete")
	table := Compile(Format{Words: Words{Price: "p"}})
	var r Row
	n := 0
	for r.Begin(table, []byte(`[{"p":"1"},{"p":"2"},{"p":"3"}]`)); r.Next(); n++ {
		if r.Decimal(Price).String() == "2" {
			r.Fail(failed)
			r.Fail(errors.New("another"))
		}
	}
	if err := r.End(); n != 2 || !errors.Is(err, failed) {
		t.Errorf("%d rows, %v", n, err)
	}
	if r.Begin(table, []byte(`{"p":"1"}`)); !r.Next() || r.Next() || r.End() != nil {
		t.Errorf("the error stayed: %v", r.End())
	}
}

func TestCompileRefuses(t *testing.T) {
	many := Words{}
	for f := Market; f < fields; f++ {
		many[f] = fmt.Sprintf("a%[1]d b%[1]d c%[1]d d%[1]d", f)
	}
	for want, w := range map[string]Words{
		`"p" for two fields, whose words are "p" and "q p"`: {Price: "p", Size: "q p"},
		`"p" for no field`: {0: "p"}, "words in one table are too many": many,
	} {
		func() {
			defer func() {
				if said, ok := recover().(string); !ok || !strings.Contains(said, want) {
					t.Errorf("%s: panic %q", want, said)
				}
			}()
			Compile(Format{Words: w})
		}()
	}
}

// Words that differ in one byte only must find slots of their own.
func TestCompileTellsWordsApart(t *testing.T) {
	words := Words{
		Rate: "fundingRate", Next: "fundingTime", After: "nextFundingTime", Realized: "realizedRate", Time: "ts",
		Open: "open24h", High: "high24h", Low: "low24h", Volume: "vol24h", QuoteVolume: "volCcy24h",
	}
	table := Compile(Format{Words: words})
	for f, w := range words {
		if got := table.field([]byte(w)); got != f {
			t.Errorf("%s is %d, want %d", w, got, f)
		}
	}
	for _, w := range []string{"", "t", "tsx", "fundingXate", "fundingRat"} {
		if got := table.field([]byte(w)); got != 0 {
			t.Errorf("%s is %d", w, got)
		}
	}
}

func TestRowDoesNotAllocate(t *testing.T) {
	table := Compile(plain)
	message := []byte(`{"s":"AB","data":[{"p":"1.5","q":"2","T":1700000000123,"bids":[["1","2"],["3","4"]],"asks":[{"price":"4","q":"5"}]},{"e":"\u0041"}]}`)
	var r Row
	read := func() {
		for r.Begin(table, message); r.Next(); {
		}
		if r.End() != nil {
			t.Fatal(r.End())
		}
	}
	if n := testing.AllocsPerRun(100, read); n > 1 { // the text that has an escape
		t.Errorf("%v allocations", n)
	}
}

func FuzzRow(f *testing.F) {
	for _, s := range []string{
		`{"s":"AB","data":[{"p":1},{"T":5,"x":true}],"T":6}`, `[[1,2,3,1]]`, `{"b":[["1","2"]],"a":[1,2],"bids":[{"p":1}]}`, `{"data":{"list":[[{}]]}}`, `{"data":[`,
	} {
		f.Add([]byte(s))
	}
	tables := []*Table{Compile(plain), Compile(with(func(f *Format) { f.Late, f.AnyTime, f.Columns = true, true, []Field{Start, Price} }))}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, table := range tables {
			var used, fresh Row
			first, err := show(&used, table, string(b))
			second, again := show(&used, table, string(b))
			third, anew := show(&fresh, table, string(b))
			if first != second || second != third || (err == nil) != (again == nil) || (err == nil) != (anew == nil) {
				t.Fatalf("%s, %v; then %s, %v; afresh %s, %v", first, err, second, again, third, anew)
			}
			s := scan.New(b)
			s.Skip()
			if valid := s.End() == nil; err == nil && !valid {
				t.Fatalf("%q is not valid, and was taken", b)
			}
		}
	})
}

func TestTimes(t *testing.T) {
	for n, want := range map[int64]time.Time{
		0: {}, -5: {}, 1700000000: time.Unix(1700000000, 0), 1700000000123: time.UnixMilli(1700000000123), 1700000000123456: time.UnixMicro(1700000000123456),
	} {
		if got := unixTime(n); !got.Equal(want) {
			t.Errorf("%d: got %v, want %v", n, got, want)
		}
	}
}
