package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/venuetest"
)

func optionsOf(rate float64) venuetest.Options { return venuetest.Options{Seed: 1, Rate: rate} }

// Numbers are the venue's own text: Binance writes eight decimals of everything.
func TestJSONIsTheVenuesText(t *testing.T) {
	got := simulate(t, "watch", "binance", "BTC/USDT", "--count", "1", "--json")
	var v struct {
		Bid, BidSize, Ask, AskSize string
		Time, Received             *time.Time
	}
	if err := json.Unmarshal([]byte(got.out), &v); err != nil || got.code != exitGood {
		t.Fatalf("exit %d, %v: %s", got.code, err, got.out)
	}
	for _, text := range []string{v.Bid, v.BidSize, v.Ask, v.AskSize} {
		if _, after, _ := strings.Cut(text, "."); len(after) != 8 {
			t.Errorf("%q is not as the venue wrote it", text)
		}
	}
	if v.Received == nil || v.Time != nil || !strings.Contains(got.out, `"time":null`) { // this stream of Binance has no clock
		t.Errorf("clocks of %s", got.out)
	}
}

// The numbers of a book are the venue's.
func TestJSONIsExact(t *testing.T) {
	t.Parallel()
	s := venuetest.Binance(optionsOf(50)) // where it stands still, a book waits 3 s for a delta
	defer s.Close()
	env := map[string]string{endpointsEnv: assignments("binance", s.Endpoints())}
	got := execute(t.Context(), env, "watch", "binance", "BTC/USDT", "--kind", "book", "--depth", "100", "--count", "1", "--json")
	if got.code != exitGood {
		t.Fatalf("exit %d, %s", got.code, got.err)
	}
	var b struct {
		Kind, Venue, Symbol, State string
		Seq                        int64
		Received                   time.Time
		Bids, Asks                 [][2]string
		Break                      *breakRecord
	}
	if err := json.Unmarshal([]byte(got.out), &b); err != nil {
		t.Fatalf("%v: %s", err, got.out)
	}
	truth, ok := s.Book("BTC/USDT", b.Seq)
	if !ok || b.Kind != "book" || b.State != "live" || b.Venue != "binance" || b.Break != nil || time.Since(b.Received) > time.Minute {
		t.Fatalf("%+v", b)
	}
	if len(b.Bids) != 100 || len(b.Asks) != 100 {
		t.Fatalf("%d bids, %d asks, want 100 each", len(b.Bids), len(b.Asks))
	}
	check := func(got [2]string, want venuetest.Level) {
		t.Helper()
		price, size := decimal.MustParse(truth.Price(want)), decimal.MustParse(truth.Size(want))
		if !decimal.MustParse(got[0]).Equal(price) || !decimal.MustParse(got[1]).Equal(size) {
			t.Errorf("level %v, want %v %v", got, price, size)
		}
	}
	for i := range b.Bids {
		check(b.Bids[i], truth.Bids[i])
		check(b.Asks[i], truth.Asks[i])
	}
}

// One symbol that is not there costs that symbol only, and the exit code.
func TestBadSymbolHurtsOnlyItself(t *testing.T) {
	t.Parallel()
	got := simulate(t, "watch", "okx", "ETH/USDT", "NONE/SUCH", "--for", "3s", "--json")
	if got.code != exitFailed || strings.Count(got.err, "\n") != 1 || !strings.Contains(got.err, `okx: no symbol "NONE/SUCH"`) {
		t.Errorf("exit %d, %q", got.code, got.err)
	}
	if !strings.Contains(got.out, `"kind":"bidask","venue":"okx","symbol":"ETH/USDT"`) || !strings.Contains(got.out, `"kind":"error","venue":"okx","symbol":"NONE/SUCH"`) {
		t.Errorf("got\n%s", got.out)
	}
}

// A subscription that is not answered is told while it lasts, and at the end.
func TestSilenceIsTold(t *testing.T) {
	t.Parallel()
	got := simulate(t, "watch", "okx", "BTC-USDT", "--fault", "no-ack n=-1", "--fault", "silent-socket n=-1", "--timeout", "500ms", "--for", "1s")
	if got.code != exitFailed || !strings.Contains(got.err, "nothing has come for 500ms; still waiting (asked)") || !strings.Contains(got.err, "nothing came within 1s (asked)") {
		t.Errorf("exit %d, %s", got.code, got.err)
	}
}

// Each kind shows something, of a venue that has it.
func TestEveryKind(t *testing.T) {
	t.Parallel()
	for _, k := range kinds {
		plain := simulate(t, "watch", "okx", "BTC/USDT:USDT", "--kind", k.name, "--count", "1", "--for", "10m")
		lines := strings.Split(strings.TrimSuffix(plain.out, "\n"), "\n")
		if plain.code != exitGood || len(lines) != 1+k.depth && !k.tape || len(lines) < 2 {
			t.Errorf("%s: exit %d, %s\n%s", k.name, plain.code, plain.err, plain.out)
		}
		for _, c := range k.columns {
			if !strings.Contains(lines[0], c.title) {
				t.Errorf("%s: no title %s in %q", k.name, c.title, lines[0])
			}
		}
	}
}

// What is missing is a row of its own.
func TestBreaksAreShown(t *testing.T) {
	t.Parallel()
	got := simulate(t, "watch", "okx", "BTC/USDT", "--fault", "every 300ms disconnect", "--kind", "book", "--depth", "1", "--count", "30", "--for", "20s")
	if got.code != exitGood || !strings.Contains(got.out, "okx  BTC/USDT  break: disconnect, healed, between ") || !strings.Contains(got.out, "disconnect, out of sync, after ") {
		t.Errorf("exit %d, %s\n%s", got.code, got.err, got.out)
	}
}

// fakeTerminal is a terminal of a size, which ends the run after a number of pictures.
type fakeTerminal struct {
	width, height int
	pictures      int
	cancel        context.CancelFunc

	mu     sync.Mutex
	writes []string
	at     []time.Time
}

func (f *fakeTerminal) Size() (int, int, error) { return f.width, f.height, nil }

func (f *fakeTerminal) Write(b []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.writes, f.at = append(f.writes, string(b)), append(f.at, time.Now())
	if len(f.writes) == f.pictures {
		f.cancel()
	}
	return len(b), nil
}

// onTerminal runs the program with simulated venues, in a bubble, on a terminal until it has drawn some
// pictures, and Ctrl-C.
func onTerminal(t *testing.T, f *fakeTerminal, env map[string]string, args ...string) (code int, errors string) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		f.cancel = cancel
		var err bytes.Buffer
		code = run(ctx, append(args, "--simulated"), strings.NewReader(""), f, &err, func(k string) string { return env[k] })
		errors = err.String()
	})
	return code, errors
}

// A table is redrawn in place, one write a picture, and the terminal is given back.
func TestTable(t *testing.T) {
	t.Parallel()
	f := &fakeTerminal{width: 120, height: 40, pictures: 12}
	code, failed := onTerminal(t, f, nil, "watch", "okx", "binance", "BTC/USDT", "--kind", "book", "--depth", "2")
	if code != exitGood || failed != "" {
		t.Fatalf("exit %d, %s", code, failed)
	}
	last := len(f.writes) - 1
	if f.writes[last] != wrap+showCursor {
		t.Errorf("last write %q, want the terminal as it was", f.writes[last])
	}
	if !strings.Contains(f.writes[0], hideCursor) {
		t.Errorf("first picture %q", f.writes[0])
	}
	for _, p := range f.writes[1:last] {
		if !strings.HasPrefix(p, hold+noWrap+"\r\x1b[5A") || !strings.HasSuffix(p, below+wrap+release) || strings.Count(p, "\n") != 5 {
			t.Fatalf("picture %q: want 5 lines drawn over 5", p)
		}
	}
	final := f.writes[last-1]
	for _, want := range []string{"VENUE", "LATENCY", "\x1b[1mBTC/USDT\x1b[0m", "\x1b[32mlive\x1b[0m"} {
		if !strings.Contains(final, want) {
			t.Errorf("no %q in %q", want, final)
		}
	}
}

func TestNoColor(t *testing.T) {
	t.Parallel()
	f := &fakeTerminal{width: 120, height: 40, pictures: 8}
	if code, failed := onTerminal(t, f, map[string]string{"NO_COLOR": "1"}, "watch", "okx", "BTC/USDT"); code != exitGood {
		t.Fatalf("exit %d, %s", code, failed)
	}
	all := strings.Join(f.writes, "")
	if strings.Contains(all, "\x1b[32m") || strings.Contains(all, "\x1b[1m") || strings.Contains(all, "\x1b[0m") {
		t.Error("colours with NO_COLOR")
	}
	if !strings.Contains(all, hideCursor) {
		t.Error("NO_COLOR took the redrawing too")
	}
}

func TestDumbTerminalGetsLines(t *testing.T) {
	f := &fakeTerminal{width: 120, height: 40}
	code, failed := onTerminal(t, f, map[string]string{"TERM": "dumb"}, "watch", "okx", "BTC/USDT", "--count", "2")
	if all := strings.Join(f.writes, ""); code != exitGood || strings.Contains(all, "\x1b") || !strings.HasPrefix(all, "RECEIVED") {
		t.Errorf("exit %d, %s, %q", code, failed, all)
	}
}

// A failure and a break stand above the table, and a bad symbol is a row that says so.
func TestTableTellsFailures(t *testing.T) {
	t.Parallel()
	f := &fakeTerminal{width: 120, height: 40, pictures: 15}
	code, failed := onTerminal(t, f, nil, "watch", "okx", "BTC/USDT", "NONE/SUCH", "--kind", "book", "--fault", "every 200ms disconnect")
	all := strings.Join(f.writes, "")
	if code != exitFailed || failed != "" {
		t.Errorf("exit %d, %q", code, failed)
	}
	for _, want := range []string{`okx: no symbol "NONE/SUCH"`, "failed", "break: disconnect"} {
		if !strings.Contains(all, want) {
			t.Errorf("no %q on the terminal", want)
		}
	}
	if f.writes[len(f.writes)-1] != wrap+showCursor {
		t.Error("the terminal is not given back")
	}
}

// refusing is an output that takes nothing.
type refusing struct{}

func (refusing) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestOutputThatFails(t *testing.T) {
	for _, args := range [][]string{
		{"watch", "okx", "BTC/USDT", "--simulated"}, {"watch", "okx", "BTC/USDT", "--simulated", "--json"},
		{"markets", "okx", "--simulated"}, {"venues"}, {"venues", "--json"}, {"venue", "okx"},
	} {
		var err bytes.Buffer
		if code := run(t.Context(), args, strings.NewReader(""), refusing{}, &err, func(string) string { return "" }); code != exitFailed || strings.Count(err.String(), "\n") != 1 {
			t.Errorf("%v: exit %d, %q; want a failure", args, code, &err)
		}
	}
}
