package backpack

import (
	"slices"
	"strings"
	"testing"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/exchange"
)

// A delta that continues depthREST.
const delta = `{"E":1788367430394613,"T":1788367430394381,"U":4330360994,"a":[["98.98","0.00"],["99.10","3.50"]],"b":[["98.95","159.90"]],"e":"depth","s":"SOL_USDC","u":4330361001}`

func startBook() *book.Sync {
	s := book.NewSync(book.Config{Rule: sequence, Tick: d("0.01"), Step: d("0.01")})
	rows, err := depth(nil, &exchange.Scope{}, []byte(depthREST))
	if err != nil || s.Apply(&rows[0]) != nil {
		panic(err)
	}
	return s
}

// tolerant is the way of the client where there is no exact one.
func tolerant(s *book.Sync, in *exchange.Scope, b []byte) error {
	rows, err := depth(nil, in, b)
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

// compareWays brings b into a book in the way of the client and in the tolerant one, and tells what merge made of it.
func compareWays(t *testing.T, b []byte) book.Verdict {
	t.Helper()
	in := &exchange.Scope{Market: spotSOL}
	got, want := startBook(), startBook()
	v, err := merge(got, in, b)
	if v == book.Skip { // the rest of an old frame is not looked at
		want = startBook()
	} else if wantErr := tolerant(want, in, b); v == book.Keep {
		err = tolerant(got, in, b)
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%q: got %v, want %v", b, err, wantErr)
		}
	} else if (err == nil) != (wantErr == nil) {
		t.Fatalf("%q: exactly %v, tolerantly %v", b, err, wantErr)
	}
	if got.State() != want.State() || got.Seq() != want.Seq() || !got.Time().Equal(want.Time()) || sayBook(got) != sayBook(want) {
		t.Fatalf("%q: got %v at %d, %v: %s\nwant %v at %d, %v: %s", b, got.State(), got.Seq(), got.Time(), sayBook(got), want.State(), want.Seq(), want.Time(), sayBook(want))
	}
	return v
}

// forms are ways to write one event, the usual ones first.
func forms() (all []string, usual int) {
	all = []string{
		delta,
		strings.Replace(delta, `["98.95","159.90"]`, ``, 1),
		strings.Replace(delta, `"U":4330360994`, `"U":4330360996`, 1),
		strings.Replace(delta, "1788367430394381", "1788367430394", 1), // milliseconds
	}
	usual = len(all)
	return append(all,
		strings.Replace(delta, `"a":[`, `"a": [`, 1), strings.Replace(delta, `"0.00"]`, `"0.00","new"]`, 1), strings.TrimSuffix(delta, "}")+`,"z":{"x":[1]}}`, `{"A":0,`+delta[1:], delta+"\n",
		strings.Replace(delta, `"3.50"`, `3.5`, 1), strings.Replace(delta, `"3.50"`, `"92233720368.54775807"`, 1), strings.Replace(delta, `4330361001`, `"4330361001"`, 1),
		strings.Replace(delta, `1788367430394381`, `"2026-09-02T16:43:50.394381"`, 1),
	), usual
}

func TestMergeForms(t *testing.T) {
	all, usual := forms()
	for i, form := range all {
		if v := compareWays(t, []byte(form)); (v == book.Apply) != (i < usual) {
			t.Errorf("%s: %v", form, v)
		}
	}
	for ids, want := range map[string]book.Verdict{`"U":4330360990,"u":4330360995`: book.Skip, `"U":0,"u":4330361001`: book.Keep, `"U":4330360999,"u":4330361001`: book.Keep} {
		first, last, _ := strings.Cut(ids, ",")
		b := strings.NewReplacer(`"U":4330360994`, first, `"u":4330361001`, last).Replace(delta)
		if v := compareWays(t, []byte(b)); v != want {
			t.Errorf("%s: %v, want %v", b, v, want)
		}
	}
}

// TestMergeMutations puts every byte that means something at every place of a frame.
func TestMergeMutations(t *testing.T) {
	for i := range delta {
		for _, c := range []byte("{}[],:\"\\.-+eE019 \nbaUuT\x00\xff") {
			compareWays(t, slices.Concat([]byte(delta[:i]), []byte{c}, []byte(delta[i+1:])))
			compareWays(t, slices.Concat([]byte(delta[:i]), []byte{c}, []byte(delta[i:])))
		}
		compareWays(t, []byte(delta[:i]+delta[i+1:]))
		compareWays(t, []byte(delta[:i]))
	}
}

func FuzzMerge(f *testing.F) {
	all, _ := forms()
	for _, form := range all {
		f.Add([]byte(form))
	}
	f.Fuzz(func(t *testing.T, b []byte) { compareWays(t, b) })
}

// mergeAgain returns a function that brings one event into a book again and again.
func mergeAgain() func() (book.Verdict, error) {
	in := &exchange.Scope{Market: spotSOL}
	s := book.NewSync(book.Config{Rule: func(book.At, *book.Update) book.Verdict { return book.Apply }, Tick: d("0.01"), Step: d("0.01")})
	rows, err := depth(nil, in, []byte(depthREST))
	if err != nil || s.Apply(&rows[0]) != nil {
		panic(err)
	}
	frame := []byte(delta)
	return func() (book.Verdict, error) { return merge(s, in, frame) }
}

func TestMergeAllocations(t *testing.T) {
	again := mergeAgain()
	var v book.Verdict
	if n := testing.AllocsPerRun(200, func() { v, _ = again() }); n > 0 || v != book.Apply {
		t.Errorf("%v, %v allocations", v, n)
	}
}

func BenchmarkMerge(b *testing.B) {
	again := mergeAgain()
	b.ReportAllocs()
	for b.Loop() {
		if v, err := again(); v != book.Apply || err != nil {
			b.Fatal(v, err)
		}
	}
}
