package okx

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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

// TestLinked is section 5.1, with the venue's own example: −1 → 10, 10 → 15, 15 → 15, 15 → 3, 3 → 5.
func TestLinked(t *testing.T) {
	for _, c := range []struct {
		name           string
		at, prev, last int64
		want           book.Verdict
	}{
		{"normal", 10, 10, 15, book.Apply},
		{"heartbeat", 15, 15, 15, book.Apply},
		{"reset", 15, 15, 3, book.Apply},
		{"after the reset", 3, 3, 5, book.Apply},
		{"duplicate", 15, 10, 15, book.Skip},
		{"lost", 10, 12, 15, book.Gap},
		{"older", 15, 5, 10, book.Gap},
		{"without numbers, as in 2022", 0, 0, 0, book.Apply},
		{"numbers vanish", 15, 0, 0, book.Gap},
		{"number alone", 15, 0, 20, book.Gap},
	} {
		if got := linked(book.At{Seq: c.at}, &book.Update{Prev: c.prev, Last: c.last}); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func frame(action string, prev, last int64, sum int32, asks, bids string) []byte {
	return fmt.Appendf(nil, `{"arg":{"channel":"books","instId":"BTC-USDT"},"action":"%s","data":[{"asks":[%s],"bids":[%s],"ts":"1789389296105","checksum":%d,"prevSeqId":%d,"seqId":%d}]}`,
		action, asks, bids, sum, prev, last)
}

func level(price, size string) string { return `["` + price + `","` + size + `","0","1"]` }

func ladder(n, from, dir int) string {
	var all []string
	for i := 1; i <= n; i++ {
		all = append(all, level(fmt.Sprint(from+dir*i), fmt.Sprint(i)))
	}
	return strings.Join(all, ",")
}

func newSync(tick, step string) *book.Sync {
	c := book.Config{Rule: linked, Depth: window, MaxPending: -1, Sum: checksum}
	if tick != "" {
		c.Tick, c.Step = decimal.MustParse(tick), decimal.MustParse(step)
	}
	return book.NewSync(c)
}

func feed(t *testing.T, s *book.Sync, b []byte) error {
	t.Helper()
	rows, err := parseBook(nil, &exchange.Scope{Market: benchMarket, Args: exchange.Args{Depth: window}}, b)
	if err != nil || len(rows) != 1 {
		t.Fatalf("%s: %d updates, %v", b, len(rows), err)
	}
	return s.Apply(&rows[0])
}

// TestChecksum is the vectors of section 5.3, with and without known increments.
func TestChecksum(t *testing.T) {
	snapshot := func(sum int32, asks, bids string) []byte { return frame("snapshot", -1, 10, sum, asks, bids) }
	for _, c := range []struct {
		name   string
		frames [][]byte
	}{
		{"two frames", [][]byte{
			snapshot(-158529517, level("100.6", "1.5")+","+level("100.7", "0.25"), level("100.5", "2")+","+level("100.4", "3")+","+level("100.3", "10")),
			frame("update", 10, 15, 1864237623, `["100.6","0","0","0"]`, level("100.45", "0.7")+","+level("100.4", "4")),
		}},
		{"30 levels", [][]byte{snapshot(-349268926, ladder(30, 1000, +1), ladder(30, 1000, -1))}},
		{"no bids", [][]byte{snapshot(-619658187, level("100.7", "0.25"), "")}},
		{"two a side", [][]byte{snapshot(-1881014294, level("3366.8", "9")+","+level("3368", "8"), level("3366.1", "7")+","+level("3366", "6"))}},
		{"sides differ", [][]byte{snapshot(831078360, level("3366.8", "9")+","+level("3368", "8")+","+level("3372", "8"), level("3366.1", "7"))}},
	} {
		for _, grid := range [][2]string{{"0.01", "0.00000001"}, {"0.05", "0.01"}, {"", ""}} {
			s := newSync(grid[0], grid[1])
			for i, b := range c.frames {
				if err := feed(t, s, b); err != nil || s.State() != book.Live {
					t.Errorf("%s, tick %s, frame %d: %v, %v", c.name, grid[0], i, s.State(), err)
				}
			}
		}
	}
}

// TestBooks walks through section 5.1 and 5.4.
func TestBooks(t *testing.T) {
	first := frame("snapshot", -1, 10, 0, level("100.6", "1.5"), level("100.5", "2"))
	for _, c := range []struct {
		name  string
		b     []byte
		err   error
		state book.State
		seq   int64
	}{
		{"normal", frame("update", 10, 15, 0, level("100.7", "1"), ""), nil, book.Live, 15},
		{"heartbeat", frame("update", 10, 10, 0, "", ""), nil, book.Live, 10},
		{"reset", frame("update", 10, 3, 0, level("100.7", "1"), ""), nil, book.Live, 3},
		{"duplicate", frame("update", 5, 10, 0, level("90", "1"), ""), nil, book.Live, 10},
		{"delete of what is not there", frame("update", 10, 15, 0, `["200","0","0","0"]`, ""), nil, book.Live, 15},
		{"gap", frame("update", 12, 15, 0, "", ""), book.ErrGap, book.Syncing, 0},
		{"second snapshot", frame("snapshot", -1, 99, 0, level("7", "1"), level("6", "1")), nil, book.Live, 99},
		{"update that is one", frame("update", -1, 99, 0, level("7", "1"), level("6", "1")), nil, book.Live, 99},
		{"empty side", frame("snapshot", -1, 99, 0, "", level("6", "1")), nil, book.Live, 99},
		{"wrong checksum", frame("update", 10, 15, 1, "", ""), book.ErrChecksum, book.Syncing, 0},
		{"crossed", frame("update", 10, 15, 0, level("100.5", "1"), ""), book.ErrCrossed, book.Syncing, 0},
	} {
		s := newSync("0.1", "0.00000001")
		if err := feed(t, s, frame("update", 3, 10, 0, level("1", "1"), "")); err != nil || s.State() != book.Syncing {
			t.Errorf("%s: update before the snapshot: %v, %v", c.name, s.State(), err)
		}
		if err := feed(t, s, first); err != nil || s.State() != book.Live {
			t.Fatalf("snapshot: %v, %v", s.State(), err)
		}
		if err := feed(t, s, c.b); !errors.Is(err, c.err) || s.State() != c.state || s.Seq() != c.seq {
			t.Errorf("%s: %v, %v at %d; want %v, %v at %d", c.name, err, s.State(), s.Seq(), c.err, c.state, c.seq)
		}
	}
}

func TestParseBook(t *testing.T) {
	in := &exchange.Scope{Market: benchMarket, Args: exchange.Args{Depth: 5}}
	two := `"asks":[["64120.5","0.71205","0","4"],["64121","0.002","0","1"]],"bids":[["64120.4","1.5","0","7"],["64119.9","0.31","0","2"]]`
	for _, c := range []struct {
		name, b, want string
	}{
		{"REST", `{"code":"0","msg":"","data":[{` + two + `,"ts":"1789389296105","seqId":48930221754}]}`,
			"snapshot 48930221754 of 5, asks [64120.5×0.71205 64121×0.002] bids [64120.4×1.5 64119.9×0.31] 1789389296105"},
		{"REST without seqId", `{"code":"0","msg":"","data":[{` + two + `,"ts":"1789389296105"}]}`,
			"snapshot 0 of 5, asks [64120.5×0.71205 64121×0.002] bids [64120.4×1.5 64119.9×0.31] 1789389296105"},
		{"REST, three strings", `{"code":"0","msg":"","data":[{"asks":[["64120.5","0.7","4"]],"bids":[],"ts":"1789389296105"}]}`,
			"snapshot 0 of 5, asks [64120.5×0.7] bids [] 1789389296105"},
		{"bbo-tbt", `{"arg":{"channel":"bbo-tbt","instId":"BTC-USDT"},"data":[{"asks":[["64120.5","0.71205","0","4"]],"bids":[["64120.4","1.5","0","7"]],"ts":"1789389296102","seqId":48930221750}]}`,
			"snapshot 48930221750 of 5, asks [64120.5×0.71205] bids [64120.4×1.5] 1789389296102"},
		{"snapshot", `{"arg":{"channel":"books","instId":"BTC-USDT"},"action":"snapshot","data":[{` + two + `,"ts":"1789389296105","checksum":0,"prevSeqId":-1,"seqId":48930221754}]}`,
			"snapshot 48930221754 of 5, asks [64120.5×0.71205 64121×0.002] bids [64120.4×1.5 64119.9×0.31] 1789389296105 after -1"},
		{"update", `{"arg":{"channel":"books","instId":"BTC-USDT"},"action":"update","data":[{"asks":[["64121","0","0","0"],["64121.4","0.6","0","1"]],"bids":[["64120.4","1.2","0","6"]],"ts":"1789389296205","checksum":0,"prevSeqId":48930221754,"seqId":48930221761}]}`,
			"delta 48930221761, asks [64121×0 64121.4×0.6] bids [64120.4×1.2] 1789389296205 after 48930221754"},
		{"action last, checksum", `{"data":[{"checksum":-2,"seqId":5,"prevSeqId":4,"asks":[],"bids":[],"ts":"1"}],"action":"update"}`,
			"delta 5, asks [] bids [] 1 after 4 sum 4294967294"},
	} {
		rows, err := parseBook(nil, in, []byte(c.b))
		if err != nil || len(rows) != 1 {
			t.Errorf("%s: %d updates, %v", c.name, len(rows), err)
			continue
		}
		if got := say(&rows[0]); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
	for _, b := range []string{``, `{`, `{"data":7}`, `{"data":[7]}`, `{"action":"other","data":[{}]}`, `{"data":[{"asks":[["1"]]}]}`,
		`{"data":[{"asks":[["x","1","0","1"]]}]}`, `{"data":[{"seqId":1.5}]}`, `{"data":[],"data":[]}`} {
		if rows, err := parseBook(nil, in, []byte(b)); err == nil {
			t.Errorf("%s: %d updates, no error", b, len(rows))
		}
	}
}

func say(u *book.Update) string {
	var b strings.Builder
	if u.Snapshot {
		fmt.Fprintf(&b, "snapshot %d of %d", u.Last, u.Limit)
	} else {
		fmt.Fprintf(&b, "delta %d", u.Last)
	}
	for _, s := range []struct {
		name   string
		levels []book.Level
	}{{", asks", u.Asks}, {" bids", u.Bids}} {
		var all []string
		for _, l := range s.levels {
			all = append(all, l.Price.String()+"×"+l.Size.String())
		}
		fmt.Fprintf(&b, "%s [%s]", s.name, strings.Join(all, " "))
	}
	fmt.Fprintf(&b, " %d", u.Time.UnixMilli())
	if u.Prev != 0 {
		fmt.Fprintf(&b, " after %d", u.Prev)
	}
	if u.HasChecksum {
		fmt.Fprintf(&b, " sum %d", u.Checksum)
	}
	return b.String()
}

// TestRecorded sends recorded traffic through Route, the parsers and the books. The
// folder of the captures is in DEPTHWIRE_CAPTURES; a small session made up in the same
// form stands in for them.
func TestRecorded(t *testing.T) {
	path, sums := filepath.Join("testdata", "session.jsonl"), 3
	if dir := os.Getenv("DEPTHWIRE_CAPTURES"); dir != "" {
		path, sums = filepath.Join(dir, "okx-public.jsonl.gz"), 191
	}
	text := readAll(t, path)
	d := newDialect()
	books := map[string]*book.Sync{}
	counts := map[string]int{}
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var l struct {
			Kind, Text string
			T          int64
		}
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			t.Fatal(err)
		}
		if l.Kind != "in" {
			continue
		}
		var f stream.Frame
		if err := d.Route([]byte(l.Text), &f); err != nil {
			t.Fatalf("%s: %v", l.Text, err)
		}
		if f.Topic == nil {
			counts["acks"] += len(f.Acks)
			continue
		}
		var of struct{ Channel, InstId string }
		if err := json.Unmarshal(f.Topic, &of); err != nil {
			t.Fatal(err)
		}
		in := &exchange.Scope{Market: &exchange.Market{ID: of.InstId, Symbol: of.InstId}, Received: time.Unix(0, l.T), Args: exchange.Args{Depth: window}}
		counts[of.Channel]++
		if of.Channel == "books" {
			s := books[of.InstId]
			if s == nil {
				s = newSync("0.001", "0.00000001")
				books[of.InstId] = s
			}
			counts["sums"] += replay(t, s, in, f.Data)
			continue
		}
		if n, err := decode(of.Channel, in, f.Data); err != nil || n == 0 {
			t.Errorf("%s: %d values, %v", l.Text, n, err)
		}
	}
	if counts["sums"] != sums || counts["acks"] == 0 || counts["trades"] == 0 || counts["tickers"] == 0 {
		t.Errorf("read %v, want %d checksums", counts, sums)
	}
	for id, s := range books {
		bid, ask := s.Book().Best()
		if s.State() != book.Live || bid.Price.Cmp(ask.Price) >= 0 {
			t.Errorf("%s: %v, %s - %s", id, s.State(), bid.Price, ask.Price)
		}
	}
}

// replay applies a frame and returns how many checksums agreed.
func replay(t *testing.T, s *book.Sync, in *exchange.Scope, b []byte) (sums int) {
	rows, err := parseBook(nil, in, b)
	if err != nil {
		t.Fatalf("%s: %v", b, err)
	}
	for i := range rows {
		if err := s.Apply(&rows[i]); err != nil {
			t.Errorf("%s: %v", b, err)
		}
		if sum, ok := checksum(s.Book()); ok && rows[i].HasChecksum && sum == rows[i].Checksum {
			sums++
		}
	}
	return sums
}

func readAll(t *testing.T, path string) []byte {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(path, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			t.Fatal(err)
		}
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// decode reads a message by the parser of its channel.
func decode(channel string, in *exchange.Scope, b []byte) (n int, err error) {
	switch {
	case channel == "tickers":
		rows, err := parseTickers(nil, in, b)
		return len(rows), err
	case channel == "trades":
		rows, err := parseTrades(nil, in, b)
		return len(rows), err
	case channel == "bbo-tbt":
		rows, err := parseBest(nil, in, b)
		return len(rows), err
	case channel == "funding-rate":
		rows, err := parseFunding(nil, in, b)
		return len(rows), err
	case channel == "mark-price":
		rows, err := parseMarks(nil, in, b)
		return len(rows), err
	case strings.HasPrefix(channel, "candle"):
		rows, err := parseCandles(nil, in, b)
		return len(rows), err
	}
	return 0, errors.New("no such channel")
}
