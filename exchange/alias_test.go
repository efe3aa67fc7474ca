package exchange

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/depthwire/depthwire/wire"
)

// TestAlias finds dated contracts by what the venue calls them, until the first of them expires.
func TestAlias(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		x, _ := newIndex([]Market{
			{ID: "X-0", Symbol: "x0", Alias: "X-CW", Family: "f", Expiry: now.Add(-time.Minute)},
			{ID: "X-1", Symbol: "x1", Alias: "X-CW", Family: "f", Expiry: now.Add(time.Hour)},
			{ID: "X-2", Symbol: "x2", Alias: "X-NW", Family: "f", Expiry: now.Add(2 * time.Hour)},
			{ID: "Y-1", Symbol: "y1", Alias: "Y-CW", Family: "g", Expiry: now.Add(3 * time.Hour)},
			{ID: "Y-CW", Symbol: "y2", Family: "g"},
		})
		for _, c := range []struct{ family, id, want string }{
			{"f", "X-CW", "x1"}, {"f", "X-NW", "x2"}, {"f", "X-1", "x1"}, {"f", "Y-CW", ""}, {"g", "Y-CW", "y2"}, {"g", "Y-1", "y1"},
		} {
			got := ""
			if m := x.Names(c.family).ByID([]byte(c.id)); m != nil {
				got = m.Symbol
			}
			if got != c.want {
				t.Errorf("%s: %q, want %q", c.id, got, c.want)
			}
		}
		table := wire.Compile(wire.Format{Words: wire.Words{wire.Rows: "rows", wire.Market: "id", wire.Close: "last"}})
		parse, rows := Rows[Ticker](table, "", nil), []byte(`{"rows":[{"id":"X-NW","last":1},{"id":"X-1","last":2},{"id":"X-ZW","last":3}]}`)
		for _, c := range []struct {
			in   Scope
			want []string
		}{
			{Scope{Markets: x.Names("f")}, []string{"x2", "x1"}},
			{Scope{Market: x.Symbol("x2")}, []string{"x2"}},
			{Scope{Market: x.Symbol("x0")}, nil},
		} {
			vs, err := parse(nil, &c.in, rows)
			if err != nil || len(vs) != len(c.want) {
				t.Fatalf("%d rows, %v; want %q", len(vs), err, c.want)
			}
			for i, v := range vs {
				if v.Symbol != c.want[i] {
					t.Errorf("%s, want %s", v.Symbol, c.want[i])
				}
			}
		}
		if time.Sleep(time.Hour - 1); x.rolled() {
			t.Error("rolled before the first expires")
		}
		if time.Sleep(time.Nanosecond); !x.rolled() {
			t.Error("not rolled when the first expires")
		}
	})
}
