package binance

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/stream"
)

// TestRules has the worked vectors of section 5.7, and what section 5.6 adds.
func TestRules(t *testing.T) {
	type at = book.At
	for _, tt := range []struct {
		name              string
		rule              book.Rule
		at                at
		first, last, prev int64
		want              book.Verdict
	}{
		{"spot, before the snapshot", spotRule, at{Seq: 1000, Fresh: true}, 995, 998, 0, book.Skip},
		{"spot, up to the snapshot", spotRule, at{Seq: 1000, Fresh: true}, 999, 1000, 0, book.Skip},
		{"spot, first", spotRule, at{Seq: 1000, Fresh: true}, 1001, 1004, 0, book.Apply},
		{"spot, first, overlapping", spotRule, at{Seq: 1000, Fresh: true}, 998, 1004, 0, book.Apply},
		{"spot, snapshot too old", spotRule, at{Seq: 1000, Fresh: true}, 1002, 1004, 0, book.OldSnapshot},
		{"spot, next", spotRule, at{Seq: 1004}, 1005, 1005, 0, book.Apply},
		{"spot, gap", spotRule, at{Seq: 1005}, 1007, 1009, 0, book.Gap},
		{"spot, twice", spotRule, at{Seq: 1005}, 1005, 1005, 0, book.Skip},
		{"spot, counted anew", spotRule, at{Seq: 1005}, 1, 3, 0, book.Gap},
		{"spot, old after a snapshot", spotRule, at{Seq: 1005, Fresh: true}, 1, 3, 0, book.Skip},
		{"futures, before the snapshot", linearRule, at{Seq: 50050, Fresh: true}, 50010, 50020, 49990, book.Skip},
		{"futures, first", linearRule, at{Seq: 50050, Fresh: true}, 50035, 50071, 50020, book.Apply},
		{"futures, first, linked", linearRule, at{Seq: 50050, Fresh: true}, 50052, 50060, 50050, book.Apply},
		{"futures, first, nothing between", linearRule, at{Seq: 50050, Fresh: true}, 50052, 50060, 50048, book.Apply},
		{"futures, snapshot too old", linearRule, at{Seq: 50050, Fresh: true}, 50060, 50071, 50055, book.OldSnapshot},
		{"futures, next", linearRule, at{Seq: 50071}, 50090, 50104, 50071, book.Apply},
		{"futures, gap", linearRule, at{Seq: 50104}, 50130, 50144, 50119, book.Gap},
		{"futures, twice", linearRule, at{Seq: 50104}, 50090, 50104, 50071, book.Skip},
		{"futures, not linked", linearRule, at{Seq: 50104}, 50100, 50144, 50099, book.Gap},
		{"futures, counted anew", linearRule, at{Seq: 50104}, 10, 20, 5, book.Gap},
	} {
		u := book.Update{First: tt.first, Last: tt.last, Prev: tt.prev}
		if got := tt.rule(tt.at, &u); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}

// recorded is one line of a capture.
type recorded struct {
	T               int64
	Kind, URL, Text string
}

// captures are the fixture of this package and, where the environment names a folder, the
// recordings of real traffic in it.
func captures(t *testing.T) (files []string) {
	t.Helper()
	files = []string{filepath.Join("testdata", "spot.jsonl")}
	if folder := os.Getenv("DEPTHWIRE_CAPTURES"); folder != "" {
		files = append(files, filepath.Join(folder, "binance-spot.jsonl.gz"))
	}
	return files
}

func lines(t *testing.T, file string) (all []recorded) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(file, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			t.Fatal(err)
		}
	}
	s := bufio.NewScanner(r)
	s.Buffer(nil, 64<<20)
	for s.Scan() {
		var l recorded
		if err := json.Unmarshal(s.Bytes(), &l); err != nil {
			t.Fatal(err)
		}
		all = append(all, l)
	}
	if s.Err() != nil {
		t.Fatal(s.Err())
	}
	return all
}

// replay brings recorded frames through Route, their parsers and books.
type replay struct {
	dialect stream.Dialect
	books   map[string]*book.Sync
	counts  map[string]int
}

func (r *replay) sync(id string) *book.Sync {
	if r.books[id] == nil {
		r.books[id] = book.NewSync(book.Config{Rule: spotRule, Tick: decimal.MustParse("0.0001"), Step: decimal.MustParse("0.00001")})
	}
	return r.books[id]
}

func (r *replay) frame(t *testing.T, text string) {
	var f stream.Frame
	if err := r.dialect.Route([]byte(text), &f); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	id, kind, ok := strings.Cut(string(f.Topic), "@")
	if !ok {
		return // an answer
	}
	m := &exchange.Market{ID: strings.ToUpper(id), Symbol: id, Kind: exchange.Spot}
	in := &exchange.Scope{Market: m, Args: exchange.Args{Interval: "1m"}}
	n, err := 0, error(nil)
	switch {
	case kind == "depth@100ms":
		n = 1
		v, mergeErr := families[spot].quick(r.sync(m.ID), in, f.Data)
		if err = mergeErr; v == book.Keep {
			r.counts["kept"]++
		}
	case kind == "bookTicker":
		vs, e := bidAsks(nil, in, f.Data)
		n, err = len(vs), e
	case kind == "aggTrade": // of futures here; spot has the same shape
		vs, e := linearTrades(nil, in, f.Data)
		n, err = len(vs), e
	case kind == "trade":
		vs, e := spotTrades(nil, in, f.Data)
		n, err = len(vs), e
	case strings.HasPrefix(kind, "kline_"):
		vs, e := pushedCandles(nil, in, f.Data)
		n, err = len(vs), e
	}
	if err != nil || n != 1 {
		t.Fatalf("%s: %d values, %v", text, n, err)
	}
	r.counts[kind]++
}

func TestCaptures(t *testing.T) {
	for _, file := range captures(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			r := &replay{dialect: newDialect(), books: make(map[string]*book.Sync), counts: make(map[string]int)}
			for _, l := range lines(t, file) {
				switch {
				case l.Kind == "in":
					r.frame(t, l.Text)
				case l.Kind == "http" && strings.Contains(l.URL, "/depth?"):
					u, err := url.Parse(l.URL)
					if err != nil {
						t.Fatal(err)
					}
					rows, err := snapshot(nil, &exchange.Scope{}, []byte(l.Text))
					if err != nil || len(rows) != 1 {
						t.Fatalf("%s: %d snapshots, %v", l.URL, len(rows), err)
					}
					rows[0].Limit = 1000
					if err := r.sync(u.Query().Get("symbol")).Apply(&rows[0]); err != nil && !errors.Is(err, book.ErrOldSnapshot) {
						t.Fatal(err)
					}
				}
			}
			t.Log(r.counts)
			if len(r.books) == 0 || r.counts["depth@100ms"] == 0 {
				t.Fatal("nothing to see")
			}
			for id, s := range r.books {
				bid, ask := s.Book().Best()
				if s.State() != book.Live || bid.Price.Absent() || bid.Price.Cmp(ask.Price) >= 0 {
					t.Errorf("%s: %v, best %v and %v", id, s.State(), bid, ask)
				}
			}
		})
	}
}

func TestPartials(t *testing.T) {
	s := book.NewSync(book.Config{MaxPending: -1})
	for _, parse := range []exchange.Parser[book.Update]{snapshot, linearPartial} {
		for i, b := range []string{
			`{"lastUpdateId":7,"e":"depthUpdate","s":"BTCUSDT","u":7,"bids":[["1","2"]],"asks":[["3","4"]],"b":[["1","2"]],"a":[["3","4"]]}`,
			`{"lastUpdateId":9,"e":"depthUpdate","s":"BTCUSDT","u":9,"bids":[["2","5"]],"asks":[],"b":[["2","5"]],"a":[]}`,
		} {
			rows, err := parse(nil, &exchange.Scope{Market: linearBTC}, []byte(b))
			if err != nil || len(rows) != 1 || !rows[0].Snapshot || s.Apply(&rows[0]) != nil {
				t.Fatalf("%d: %+v, %v", i, rows, err)
			}
		}
		if bids, asks := s.Book().Len(); bids != 1 || asks != 0 || s.Seq() != 9 {
			t.Errorf("got %d and %d levels at %d", bids, asks, s.Seq())
		}
	}
}

// TestRoom has the levels of one message live in the memory of the one before.
func TestRoom(t *testing.T) {
	rows, err := spotDeltas(nil, inSpot, []byte(spotDelta))
	if err != nil {
		t.Fatal(err)
	}
	rows, err = spotDeltas(rows[:0], inSpot, []byte(strings.Replace(spotDelta, `"b":[["100.00000000","0.00000000"],["99.75000000","5.00000000"]]`, `"b":[["7","8"]]`, 1)))
	if err != nil || len(rows) != 1 || len(rows[0].Bids) != 1 || rows[0].Time != time.UnixMilli(1763776800160).UTC() {
		t.Errorf("got %+v, %v", rows, err)
	}
}
