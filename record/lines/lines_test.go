package lines_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/internal/made"
	"github.com/depthwire/depthwire/record/lines"
	"github.com/depthwire/depthwire/record/wal"
)

// What is written comes back to the byte, for all tables, and is JSON for others, too.
func TestLinesComeBack(t *testing.T) {
	var e lines.Encoder
	var d lines.Decoder
	b := made.Batch(made.Log(3), 1, 2001, 7)
	if len(b.Tables) != len(record.Tables) {
		t.Fatalf("%d tables of %d", len(b.Tables), len(record.Tables))
	}
	for _, r := range b.Tables {
		back := record.NewRows(r.Table)
		back.Log = b.Log
		for i := range r.Len() {
			line := e.Append(nil, b.Log, r, i)
			var plain map[string]json.RawMessage
			if err := json.Unmarshal(line, &plain); err != nil {
				t.Fatalf("%v: %s", err, line)
			}
			if strings.ContainsAny(string(line), "\n\r") {
				t.Fatalf("more than one line: %q", line)
			}
			if log, err := d.Add(back, line); err != nil || log != b.Log {
				t.Fatalf("%v, log %v: %s", err, log, line)
			}
			if log, pos, ok := lines.Position(line); log != b.Log || pos != r.Pos[i] || !ok {
				t.Fatalf("at %d of %v, %v: %s", pos, log, ok, line)
			}
		}
		if got, want := fmt.Sprintf("%#v", *back), fmt.Sprintf("%#v", *r); got != want {
			t.Errorf("%s: got %.3000s\nwant %.3000s", r.Table.Name, got, want)
		}
	}
}

func TestNotALine(t *testing.T) {
	const head = `{"log":"03000000000000000000000000000000","pos":1`
	for _, bad := range []string{"", "{", "[]", "{}", `{"pos":1}`, `{"log":"03","pos":1}`, `{"log":"03000000000000000000000000000000"}`,
		`{"log":"03000000000000000000000000000000","pos":-1}`, head, head + `,"price":"x"}`, head + `,"price":"1","price":"1"}`, head + `,"colour":"red"}`,
		head + `,"time":"yesterday"}`, head + `,"price_base64":"1"}`, head + `,"id_base64":"1"}`, head + `,"seq":1.5}`, head + `}x`} {
		r := record.NewRows(record.TradeTable)
		var d lines.Decoder
		if _, err := d.Add(r, []byte(bad)); err == nil {
			t.Errorf("taken: %s", bad)
		}
		if _, _, ok := lines.Position([]byte(bad)); ok && !strings.HasPrefix(bad, head+",") && !strings.HasPrefix(bad, head+"}") {
			t.Errorf("it has a position: %s", bad)
		}
		for i := range r.Columns {
			if v := r.Columns[i]; r.Len()+len(v.Texts)+len(v.Numbers)+len(v.Ints)+len(v.Levels) > 0 {
				t.Errorf("%s: left in column %d: %v", bad, i, v)
			}
		}
	}
}

func FuzzLine(f *testing.F) {
	var e lines.Encoder
	for _, r := range made.Batch(made.Log(3), 1, 100, 7).Tables {
		f.Add(string(e.Append(nil, made.Log(3), r, 0)))
	}
	f.Fuzz(func(t *testing.T, line string) {
		for _, table := range record.Tables {
			r := record.NewRows(table)
			var d lines.Decoder
			log, err := d.Add(r, []byte(line))
			if err != nil {
				continue
			}
			again := record.NewRows(table)
			written := e.Append(nil, log, r, 0)
			if _, err := d.Add(again, written); err != nil {
				t.Fatalf("%v: %s", err, written)
			}
			if got := e.Append(nil, log, again, 0); string(got) != string(written) {
				t.Fatalf("%s came back as %s", written, got)
			}
		}
	})
}

func TestNames(t *testing.T) {
	for symbol, want := range map[string]string{"BTC/USDT": "BTC-USDT", "BTC/USDT:USDT-260626": "BTC-USDT_USDT%2D260626", "": "-", "..": "%2E%2E",
		"ж *>": "%D0%B6%20%2A%3E", strings.Repeat("x", 500): strings.Repeat("x", 200)} {
		if got := string(lines.AppendName(nil, symbol)); got != want {
			t.Errorf("%q: %s, want %s", symbol, got, want)
		}
	}
	seen := make(map[string]bool)
	for _, r := range made.Batch(made.Log(1), 1, 1001, 3).Tables {
		for i := range r.Len() {
			id := string(lines.AppendID(nil, made.Log(1), r, i))
			if seen[id] {
				t.Errorf("twice: %s", id)
			}
			seen[id] = true
			other := string(lines.AppendID(nil, made.Log(2), r, i))
			if keyed := strings.HasPrefix(id, "trades."); keyed != (id == other) {
				t.Errorf("of another log: %s and %s", id, other)
			}
		}
	}
}

// The times that an Encoder remembers do not leak from one row to the next.
func TestMoments(t *testing.T) {
	var e lines.Encoder
	r := record.NewRows(record.BidAskTable)
	var d lines.Decoder
	want := []string{"1969-12-31T23:59:59.999999999Z", "1677-09-21T00:12:43.145224193Z", "2262-04-11T23:47:16.854775807Z", "2026-01-02T03:04:05.000000000Z", "2026-01-02T03:04:05.000000060Z"}
	for i, at := range want {
		line := fmt.Sprintf(`{"log":"%s","pos":7,"received":"%s"}`, wal.ID{}, at)
		if _, err := d.Add(r, []byte(line)); err != nil {
			t.Fatal(err)
		}
		if got := string(e.Append(nil, wal.ID{}, r, i)); got != line {
			t.Errorf("%s, want %s", got, line)
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	var e lines.Encoder
	batch := made.Batch(made.Log(1), 0, 4000, 20)
	for _, table := range []*record.Table{record.TradeTable, record.BookTable, record.TickerTable} {
		b.Run(table.Name, func(b *testing.B) {
			b.ReportAllocs()
			r, i, line := batch.Of(table), 0, []byte(nil)
			for b.Loop() {
				line = e.Append(line[:0], batch.Log, r, i%r.Len())
				i++
			}
			b.SetBytes(int64(len(line)))
		})
	}
}

func BenchmarkAdd(b *testing.B) {
	var e lines.Encoder
	var d lines.Decoder
	batch := made.Batch(made.Log(1), 0, 4000, 20)
	line := e.Append(nil, batch.Log, batch.Of(record.TradeTable), 1)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := d.Add(record.NewRows(record.TradeTable), line); err != nil {
			b.Fatal(err)
		}
	}
}

func Example() {
	var e lines.Encoder
	var d lines.Decoder
	trades := record.NewRows(record.TradeTable)
	d.Add(trades, []byte(`{"log":"07000000000000000000000000000000","pos":12,"venue":"okx","symbol":"BTC/USDT","received":"2026-01-02T03:04:05.000000006Z","id":"9","side":"buy","price":"1.50"}`))
	fmt.Println(string(e.Append(nil, wal.ID{7}, trades, 0)))
	fmt.Println(string(lines.AppendID(nil, wal.ID{7}, trades, 0)))
	// Output:
	// {"log":"07000000000000000000000000000000","pos":12,"venue":"okx","symbol":"BTC/USDT","received":"2026-01-02T03:04:05.000000006Z","id":"9","side":"buy","price":"1.50"}
	// trades.okx.BTC-USDT.9
}
