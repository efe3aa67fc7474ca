package binance

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/stream"
)

// family is what differs between the quick ways of spot and futures.
type family struct {
	market *exchange.Market
	rule   book.Rule
	parse  exchange.Parser[book.Update]
	merge  func(*book.Sync, *exchange.Scope, []byte) (book.Verdict, error)
}

var families = map[string]family{
	spot:   {spotBTC, spotRule, spotDeltas, mergeSpot},
	linear: {linearBTC, linearRule, linearDeltas, mergeLinear},
}

// apply is the tolerant way, as the client goes it.
func (f family) apply(s *book.Sync, in *exchange.Scope, b []byte) error {
	rows, err := f.parse(nil, in, b)
	if err != nil {
		s.Reset(book.Syncing)
		return err
	}
	for i := range rows {
		if err := s.Apply(&rows[i]); err != nil {
			return err
		}
	}
	return nil
}

// quick is the way of the client where a channel has a Merge.
func (f family) quick(s *book.Sync, in *exchange.Scope, b []byte) (book.Verdict, error) {
	v, err := f.merge(s, in, b)
	if v == book.Keep {
		return v, f.apply(s, in, b)
	}
	return v, err
}

func sameBooks(t *testing.T, got, want *book.Sync) {
	t.Helper()
	if got.State() != want.State() || got.Seq() != want.Seq() || !got.Time().Equal(want.Time()) {
		t.Fatalf("got %v at %d, %v; want %v at %d, %v", got.State(), got.Seq(), got.Time(), want.State(), want.Seq(), want.Time())
	}
	gotBids, gotAsks := got.Book().Top(0, nil, nil)
	wantBids, wantAsks := want.Book().Top(0, nil, nil)
	equal := func(a, b book.Level) bool { return a.Price.Equal(b.Price) && a.Size.Equal(b.Size) }
	if !slices.EqualFunc(gotBids, wantBids, equal) || !slices.EqualFunc(gotAsks, wantAsks, equal) {
		t.Fatalf("got  %v %v\nwant %v %v", gotBids, gotAsks, wantBids, wantAsks)
	}
}

func TestMergeCorpus(t *testing.T) {
	for name, f := range families {
		t.Run(name, func(t *testing.T) {
			c := newCorpus(4264, 1000, name == linear)
			t.Logf("%.0f bytes, %.1f levels", c.size, c.levels)
			in := &exchange.Scope{Market: f.market}
			got, want := newSync(f.market, f.rule), newSync(f.market, f.rule)
			for _, s := range []*book.Sync{got, want} {
				if err := s.Apply(&c.snapshot); err != nil {
					t.Fatal(err)
				}
			}
			for i, frame := range c.frames {
				v, err := f.quick(got, in, data(frame))
				if err != nil || v != book.Apply {
					t.Fatalf("frame %d: %v, %v: %s", i, v, err, frame)
				}
				if err := f.apply(want, in, data(frame)); err != nil {
					t.Fatalf("frame %d: %v", i, err)
				}
				if i%64 == 0 {
					sameBooks(t, got, want)
				}
			}
			sameBooks(t, got, want)
		})
	}
}

const (
	spotDelta   = `{"e":"depthUpdate","E":1763776800160,"s":"BTCUSDT","U":1001,"u":1004,"b":[["100.00000000","0.00000000"],["99.75000000","5.00000000"]],"a":[["100.50000000","2.50000000"]]}`
	linearDelta = `{"e":"depthUpdate","E":1763776800121,"T":1763776800105,"s":"BTCUSDT","U":1001,"u":1004,"pu":1000,"b":[["99.70","0.000"],["100.00","12.004"]],"a":[["100.60","8"]],"ps":"BTCUSDT","st":1}`
)

// unusual are valid forms of the same events: what they say must reach the book.
func unusual(delta string) []string {
	comma := strings.Index(delta, `],["`)
	return []string{
		delta,
		strings.Replace(delta, `"b":[`, `"b": [`, 1),
		strings.Replace(delta, `],"a"`, `] ,"a"`, 1),
		delta[:comma+2] + " " + delta[comma+2:],
		strings.Replace(delta, `"]]`, `","extra"]]`, 1),
		strings.TrimSuffix(delta, "}") + `,"new":{"x":[1,2]}}`,
		delta + "\n",
		`{"first":0,` + delta[1:],
		strings.Replace(delta, `"5.00000000"`, `5.0`, 1),
		strings.Replace(delta, `"12.004"`, `12.004`, 1),
		strings.Replace(delta, `,"st":1`, ``, 1),
		strings.Replace(delta, `"12.004"`, `"12.00400000001"`, 1),
		strings.Replace(delta, `"5.00000000"`, `"92233720368.54775807"`, 1),
	}
}

func startBook(f family) *book.Sync {
	s := newSync(f.market, f.rule)
	u, err := snapshot(nil, &exchange.Scope{}, []byte(`{"lastUpdateId":1000,"bids":[["100.00","1.0"],["99.50","2.0"]],"asks":[["100.50","3.0"],["101.00","4.0"]]}`))
	if err != nil || s.Apply(&u[0]) != nil {
		panic(err)
	}
	return s
}

func TestMergeForms(t *testing.T) {
	for name, f := range families {
		delta := spotDelta
		if name == linear {
			delta = linearDelta
		}
		for _, form := range unusual(delta) {
			got, want := startBook(f), startBook(f)
			in := &exchange.Scope{Market: f.market}
			if _, err := f.quick(got, in, []byte(form)); err != nil {
				t.Errorf("%s: %v", form, err)
			}
			if err := f.apply(want, in, []byte(form)); err != nil {
				t.Errorf("%s: %v", form, err)
			}
			sameBooks(t, got, want)
			if got.State() != book.Live || got.Seq() != 1004 {
				t.Errorf("%s: %v at %d", form, got.State(), got.Seq())
			}
		}
	}
}

// TestMergeBroken has frames that cannot be understood behind their first level: they are left to the tolerant way, and
// the book is not kept.
func TestMergeBroken(t *testing.T) {
	f := families[spot]
	for _, cut := range []string{spotDelta[:len(spotDelta)-30], strings.Replace(spotDelta, `"5.0`, `"x.0`, 1), spotDelta + "}"} {
		s := startBook(f)
		v, err := f.quick(s, &exchange.Scope{Market: f.market}, []byte(cut))
		if v != book.Keep || err == nil || s.State() != book.Syncing {
			t.Errorf("%s: %v, %v, %v", cut, v, err, s.State())
		}
	}
}

func TestMergeVerdicts(t *testing.T) {
	f := families[spot]
	for _, tt := range []struct {
		from, to string
		want     book.Verdict
		state    book.State
	}{
		{`"U":1001,"u":1004`, `"U":999,"u":1000`, book.Skip, book.Live},
		{`"U":1001,"u":1004`, `"U":1007,"u":1009`, book.Keep, book.Syncing},
		{`"s":"BTCUSDT"`, `"s":"ETHUSDT"`, book.Keep, book.Live},
		{`"depthUpdate"`, `"somethingNew"`, book.Keep, book.Live},
	} {
		s := startBook(f)
		b := strings.Replace(spotDelta, tt.from, tt.to, 1)
		if v, _ := f.quick(s, &exchange.Scope{Market: f.market}, []byte(b)); v != tt.want || s.State() != tt.state || s.Seq() > 1000 {
			t.Errorf("%s: %v, %v at %d; want %v, %v", b, v, s.State(), s.Seq(), tt.want, tt.state)
		}
	}
}

// FuzzMerge compares the quick way with the tolerant one: the same book in the same state,
// whatever the bytes.
func FuzzMerge(f *testing.F) {
	for name := range families {
		delta := spotDelta
		if name == linear {
			delta = linearDelta
		}
		for _, form := range unusual(delta) {
			f.Add([]byte(form), name == linear)
			f.Add([]byte(form[:len(form)*3/4]), name == linear)
		}
		for _, frame := range newCorpus(8, 50, name == linear).frames {
			f.Add(data(frame), name == linear)
		}
	}
	f.Add([]byte(strings.Replace(spotDelta, `],"a"`, `],"b":[["1","2"]],"a"`, 1)), false)
	f.Add([]byte(strings.Replace(spotDelta, `],"a"`, `],"U":7,"a"`, 1)), false)
	f.Fuzz(func(t *testing.T, b []byte, futures bool) {
		if futures {
			compareWays(t, families[linear], b)
		} else {
			compareWays(t, families[spot], b)
		}
	})
}

// TestMergeMutations puts every byte that means something at every place of a frame.
func TestMergeMutations(t *testing.T) {
	for name, delta := range map[string]string{spot: spotDelta, linear: linearDelta} {
		for i := range delta {
			for _, c := range []byte("{}[],:\"\\.-+eE019 \nbaUuT\x00\xff") {
				compareWays(t, families[name], []byte(delta[:i]+string([]byte{c})+delta[i+1:]))
				compareWays(t, families[name], []byte(delta[:i]+string([]byte{c})+delta[i:]))
			}
			compareWays(t, families[name], []byte(delta[:i]+delta[i+1:]))
			compareWays(t, families[name], []byte(delta[:i]))
		}
	}
}

// compareWays brings b into a book in both ways.
func compareWays(t *testing.T, f family, b []byte) {
	t.Helper()
	in := &exchange.Scope{Market: f.market}
	got, want := startBook(f), startBook(f)
	v, err := f.quick(got, in, b)
	wantErr := f.apply(want, in, b)
	switch {
	case v == book.Skip: // the rest of an old frame is not looked at
		sameBooks(t, got, startBook(f))
	default:
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%q: got %v, want %v", b, err, wantErr)
		}
		sameBooks(t, got, want)
	}
}

func BenchmarkRoute(b *testing.B) {
	c := newCorpus(4264, 1000, false)
	d := newDialect()
	b.SetBytes(int64(c.size))
	b.ReportAllocs()
	var f stream.Frame
	for i := 0; b.Loop(); i++ {
		f.Topic, f.Data = nil, nil
		if err := d.Route(c.frames[i%len(c.frames)], &f); err != nil || f.Topic == nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDecodeDelta is one frame without its wrapper: exact with the merge into a book
// of 1,000 levels a side, the others without.
func BenchmarkDecodeDelta(b *testing.B) {
	for _, name := range []string{spot, linear} {
		fam := families[name]
		c := newCorpus(4264, 1000, name == linear)
		in := &exchange.Scope{Market: fam.market}
		run := func(kind string, f func(b []byte) error) {
			b.Run(kind+"/"+name, func(b *testing.B) {
				b.SetBytes(int64(c.size))
				b.ReportAllocs()
				start := cpu()
				for i := 0; b.Loop(); i++ {
					if err := f(data(c.frames[i%len(c.frames)])); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(cpu()-start)/float64(b.N), "cpu-ns/op")
			})
		}
		s := newSync(fam.market, again(fam.rule))
		if err := s.Apply(&c.snapshot); err != nil {
			b.Fatal(err)
		}
		run("exact", func(frame []byte) error {
			_, err := fam.merge(s, in, frame)
			return err
		})
		var rows []book.Update
		run("tolerant", func(frame []byte) (err error) {
			rows, err = fam.parse(rows[:0], in, frame)
			return err
		})
		run("tolerant+merge", func(frame []byte) (err error) {
			if rows, err = fam.parse(rows[:0], in, frame); err != nil {
				return err
			}
			return s.Apply(&rows[0])
		})
		run("encodingjson", decodeJSON)
	}
}

// cpu is the processor time that this process has used: wall time lies where others work too.
func cpu() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// decodeJSON is the ordinary way. Keys that differ by case alone must all be there.
func decodeJSON(frame []byte) error {
	var m struct {
		Event  string      `json:"e"`
		Time   int64       `json:"E"`
		Symbol string      `json:"s"`
		First  int64       `json:"U"`
		Last   int64       `json:"u"`
		Bids   [][2]string `json:"b"`
		Asks   [][2]string `json:"a"`
	}
	if err := json.Unmarshal(frame, &m); err != nil {
		return err
	}
	for _, side := range [][][2]string{m.Bids, m.Asks} {
		for _, l := range side {
			for _, text := range l {
				if _, err := strconv.ParseFloat(text, 64); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
