package wire

import (
	"errors"
	"testing"
)

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
