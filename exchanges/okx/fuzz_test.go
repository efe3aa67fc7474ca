package okx

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/stream"
)

// seeds are the messages of the other tests.
func seeds(f *testing.F) {
	for _, s := range []string{tickerREST, tickerSwap, tickerDead, tradesREST, tradePushed, candleREST, candleSwap, markREST, fundingNow, fundingPast, bboPushed, interestREST, interestPushed, forcedPushed, statusREST,
		`{"code":"0","data":[` + rowSpot + `,` + rowSwap + `],"msg":""}`, `{"code":"1","data":[{"sCode":"51008_1","sMsg":"Order failed."}],"msg":"All operations failed"}`,
		`{"id":"1","event":"subscribe","arg":{"channel":"books","instId":"BTC-USDT"},"connId":"7c1e90b2"}`, "pong", "\xff{}",
		`{"id":"1","event":"error","code":"60018","msg":"Wrong URL or channel:tickers,instId:BTC-USDT doesn't exist."}`,
		`{"event":"notice","code":"64008","msg":"soon"}`, `{"data":[],"data":[]}`, `{"arg":{"channel":"a","instId":"b"},"arg":7,"data":[{"asks":[[1,2]],"bids":null}]}`} {
		f.Add([]byte(s))
	}
	all, _ := frames(3)
	for _, b := range all {
		f.Add(b)
	}
	session, err := os.ReadFile(filepath.Join("testdata", "session.jsonl"))
	if err != nil {
		f.Fatal(err)
	}
	for line := range bytes.Lines(session) {
		f.Add(line)
	}
}

// FuzzRoute: no frame does harm, and what the quick way routes the slow way routes alike.
func FuzzRoute(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		d := newDialect()
		var quick, slow stream.Frame
		err := d.Route(b, &quick)
		if err == nil && quick.Topic != nil && !bytes.Equal(quick.Data, b) {
			t.Errorf("data is not the frame")
		}
		if usual(b) == nil || route(b, &slow) != nil || slow.Topic == nil {
			return
		}
		if bytes.Count(b, []byte(`"arg"`)) == 1 && bytes.IndexByte(b, '\\') < 0 && !bytes.Equal(quick.Topic, slow.Topic) {
			t.Errorf("routed to %s, slowly to %s", quick.Topic, slow.Topic)
		}
	})
}

// FuzzParse: every parser answers any bytes with values or an error.
func FuzzParse(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, in := range []*exchange.Scope{{Market: pair, Args: exchange.Args{Interval: "1m", Depth: 5}}, {Market: inverse}, {}} {
			twice(t, parseTime, in, b)
			twice(t, parseInterest, in, b)
			twice(t, parseLiquidations, in, b)
			twice(t, parseStatus, in, b)
			twice(t, parseMarkets, in, b)
			twice(t, parseTickers, in, b)
			twice(t, parseWhole, in, b)
			twice(t, parseBest, in, b)
			twice(t, parseTrades, in, b)
			twice(t, parseTradeList, in, b)
			twice(t, parseCandles, in, b)
			twice(t, parseFunding, in, b)
			twice(t, parseHistory, in, b)
			twice(t, parseMarks, in, b)
			twice(t, parseBook, in, b)
		}
		refusal(200, b)
	})
}

// twice checks that a parser appends, and does the same twice.
func twice[T any](t *testing.T, parse exchange.Parser[T], in *exchange.Scope, b []byte) {
	first, err := parse(nil, in, b)
	again, err2 := parse(first, in, b)
	if (err == nil) != (err2 == nil) || err == nil && len(again) != 2*len(first) {
		t.Errorf("%d values, %v; then %d, %v", len(first), err, len(again), err2)
	}
}

// FuzzMerge: what is merged straight gives the book that the tolerant way gives.
func FuzzMerge(f *testing.F) {
	seeds(f)
	for _, b := range [][]byte{
		frame("update", 10, 15, 0, level("100.7", "1"), `["100.4","0","0","0"]`), frame("update", 10, 15, 0, "", ""), frame("update", 10, 10, 0, "", ""),
		frame("update", 10, 3, 0, level("100.55", "0.5"), ""), frame("update", 9, 10, 0, "", ""), frame("update", 11, 15, 0, "", ""), frame("update", -1, 15, 0, "", ""),
		frame("update", 10, 15, -5, "", level("1e2", "1")), frame("update", 10, 15, 0, level("100.50", "1234567890123456789"), ""), frame("update", 10, 15, 0, level("99", "1"), ""),
		frame("update", 10, 15, 0, level("007", "1"), ""), frame("update", 10, 15, 0, ladder(120, 101, 1), ""),
	} {
		f.Add(b)
	}
	f.Fuzz(compareWays)
}

// TestMergeUsual: what the venue sends is merged straight, and costs no memory.
func TestMergeUsual(t *testing.T) {
	in := &exchange.Scope{Market: pair, Args: exchange.Args{Depth: window}}
	all, _ := frames(64)
	s := newSync("0.1", "0.00000001")
	if err := feed(t, s, frame("snapshot", -1, 48930221754, 0, level("1000000", "1"), level("1", "1"))); err != nil {
		t.Fatal(err)
	}
	for _, b := range all {
		if v, err := mergeBook(s, in, b); v != book.Apply || err != nil {
			t.Fatalf("%s: %v, %v", b, v, err)
		}
	}
	heartbeat := frame("update", s.Seq(), s.Seq(), 0, level("900000", "3"), level("2", "0.5"))
	if n := testing.AllocsPerRun(100, func() { _, _ = mergeBook(s, in, heartbeat) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestMergeMutations puts every byte that means something at every place of an update.
func TestMergeMutations(t *testing.T) {
	update := string(frame("update", 10, 15, 0, level("100.7", "1")+","+level("100.80", "0"), level("99", "2.25")))
	for i := range update {
		compareWays(t, []byte(update[:i]))
		compareWays(t, []byte(update[:i]+update[i+1:]))
		for _, c := range []byte("{}[],:\"\\.-+eE019 \nua\x00\xff") {
			compareWays(t, []byte(update[:i]+string([]byte{c})+update[i+1:]))
			compareWays(t, []byte(update[:i]+string([]byte{c})+update[i:]))
		}
	}
}

// compareWays brings b into a book by mergeBook and by parseBook, after a snapshot and without one.
func compareWays(t *testing.T, b []byte) {
	t.Helper()
	in := &exchange.Scope{Market: pair, Args: exchange.Args{Depth: window}}
	first := frame("snapshot", -1, 10, 0, level("100.6", "1.5")+","+level("100.7", "2"), level("100.5", "2")+","+level("100.4", "3"))
	for _, live := range []bool{true, false} {
		straight, tolerant := newSync("0.1", "0.01"), newSync("0.1", "0.01")
		if live {
			if err := errors.Join(feed(t, straight, first), feed(t, tolerant, first)); err != nil {
				t.Fatal(err)
			}
		}
		v, err := mergeBook(straight, in, b)
		if v == book.Keep {
			if err != nil || straight.Seq() != tolerant.Seq() || straight.State() != tolerant.State() {
				t.Errorf("%q: left to others, but %v, at %d, %v", b, straight.State(), straight.Seq(), err)
			}
			continue
		}
		rows, err2 := parseBook(nil, in, b)
		if err2 != nil || len(rows) != 1 {
			t.Fatalf("%q: merged what is %d updates, %v", b, len(rows), err2)
		}
		err2 = tolerant.Apply(&rows[0])
		if (err == nil) != (err2 == nil) || sayBook(straight) != sayBook(tolerant) {
			t.Errorf("%q: straight %v\n%s\ntolerant %v\n%s", b, err, sayBook(straight), err2, sayBook(tolerant))
		}
	}
}

func sayBook(s *book.Sync) string {
	bids, asks := s.Book().Top(0, nil, nil)
	return fmt.Sprint(s.State(), s.Time(), say(&book.Update{Last: s.Seq(), Bids: bids, Asks: asks, Time: s.Time()}))
}
