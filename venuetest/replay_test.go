package venuetest

import (
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A recording of both venues' forms, a few lines long.
const (
	binanceTape = `{"t":1000000000,"kind":"open","url":"wss://stream.binance.us:9443/stream?streams=btcusdt@depth@100ms"}
{"t":1100000000,"kind":"in","text":"{\"stream\":\"btcusdt@depth@100ms\",\"data\":{\"e\":\"depthUpdate\",\"U\":5,\"u\":6,\"b\":[[\"1.50\",\"2\"]],\"a\":[]}}"}
{"t":1200000000,"kind":"http","url":"https://api.binance.us/api/v3/depth?symbol=BTCUSDT&limit=1000","text":"{\"lastUpdateId\":5,\"bids\":[],\"asks\":[]}"}
{"t":1300000000,"kind":"in","text":"{\"stream\":\"btcusdt@aggTrade\",\"data\":{\"e\":\"aggTrade\",\"a\":1}}"}
{"t":4100000000,"kind":"in","text":"{\"stream\":\"btcusdt@depth@100ms\",\"data\":{\"e\":\"depthUpdate\",\"U\":7,\"u\":9,\"b\":[],\"a\":[]}}"}
`
	okxTape = `{"t":1000000000,"kind":"open","url":"wss://ws.okx.com:8443/ws/v5/public"}
{"t":1100000000,"kind":"in","text":"{\"event\":\"subscribe\",\"arg\":{\"channel\":\"books\",\"instId\":\"BTC-USD-220527\"}}"}
{"t":1200000000,"kind":"in","text":"{\"arg\":{\"channel\":\"books\",\"instId\":\"BTC-USD-220527\"},\"action\":\"snapshot\",\"data\":[{\"asks\":[[\"30000.5\",\"1\",\"0\",\"1\"]]}]}"}
`
)

func replay(t *testing.T, tape string, o Options) *Server {
	t.Helper()
	s, err := Replay(strings.NewReader(tape), o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestReplayBinance(t *testing.T) {
	s := replay(t, binanceTape, Options{Memory: true})
	defer s.Close()
	c := dial(t, s, "spot.stream", "/stream")
	c.ask(`{"method":"SUBSCRIBE","params":["btcusdt@depth@100ms","btcusdt@aggTrade"],"id":1}`)
	for i, want := range []string{`"U":5`, `"a":1`, `"U":7`} {
		if got := c.next(); !strings.Contains(got, want) || !strings.HasPrefix(got, `{"stream":"btcusdt@`) {
			t.Errorf("frame %d: %s, want %s", i, got, want)
		}
	}
	if _, _, body := get(t, s, "spot.rest", "/api/v3/depth?symbol=BTCUSDT&limit=100"); body != `{"lastUpdateId":5,"bids":[],"asks":[]}` {
		t.Errorf("depth %s", body)
	}
	if _, _, body := get(t, s, "spot.rest", "/api/v3/exchangeInfo"); !strings.Contains(body, `"symbol":"BTCUSDT","status":"TRADING","baseAsset":"BTC"`) {
		t.Errorf("instruments %s", body)
	}
	if got := s.Recorded(); got["btcusdt@depth@100ms"] != 2 || got["btcusdt@aggTrade"] != 1 {
		t.Errorf("recorded %v", got)
	}
}

func TestReplayInItsRhythm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := replay(t, binanceTape, Options{Memory: true, Timed: true})
		defer s.Close()
		c := dial(t, s, "spot.stream", "/ws/btcusdt@depth@100ms")
		begun := time.Now()
		for _, want := range []time.Duration{100 * time.Millisecond, 3100 * time.Millisecond} {
			c.next()
			if took := time.Since(begun); took != want {
				t.Errorf("a frame after %v, want %v", took, want)
			}
		}
	})
}

func TestReplayOKX(t *testing.T) {
	s := replay(t, okxTape, Options{Memory: true})
	defer s.Close()
	c := dial(t, s, "public", "")
	c.ask(`{"op":"subscribe","args":[{"channel":"books","instId":"BTC-USD-220527"}]}`)
	if got := c.next(); !strings.Contains(got, `"action":"snapshot","data":[{"asks":[["30000.5"`) {
		t.Errorf("frame %s", got)
	}
	if m := s.Markets()[0]; m.Symbol != "BTC/USD:BTC-220527" {
		t.Errorf("market %+v", m)
	}
}

func TestReplayRefusesNonsense(t *testing.T) {
	for _, tape := range []string{"", "{}", "nonsense", "\x1f\x8bnonsense", `{"t":1,"kind":"open","url":"wss://elsewhere"}`} {
		if s, err := Replay(strings.NewReader(tape), Options{Memory: true}); err == nil {
			s.Close()
			t.Errorf("%q was taken for a recording", tape)
		}
	}
}

// TestReplayCaptures replays the recordings in the folder that DEPTHWIRE_CAPTURES
// names: all frames of all topics, on two connections at once.
func TestReplayCaptures(t *testing.T) {
	folder := os.Getenv("DEPTHWIRE_CAPTURES")
	if folder == "" {
		t.Log("DEPTHWIRE_CAPTURES is not set: no recordings to replay")
		return
	}
	for file, endpoint := range map[string]string{"binance-spot.jsonl.gz": "spot.stream", "okx-public.jsonl.gz": "public"} {
		t.Run(file, func(t *testing.T) {
			f, err := os.Open(filepath.Join(folder, file))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			s, err := Replay(f, Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			total, names := 0, []string{}
			for name, n := range s.Recorded() {
				total += n
				names = append(names, name)
			}
			for range 2 {
				var c *socket
				acks := 1
				if endpoint == "public" {
					c, acks = dial(t, s, endpoint, ""), len(names)
					var args []string
					for _, name := range names {
						channel, id, _ := strings.Cut(name, ":")
						args = append(args, fmt.Sprintf(`{"channel":%q,"instId":%q}`, channel, id))
					}
					c.send(`{"op":"subscribe","args":[` + strings.Join(args, ",") + `]}`)
				} else {
					c = dial(t, s, endpoint, "/stream")
					c.send(`{"method":"SUBSCRIBE","params":["` + strings.Join(names, `","`) + `"],"id":1}`)
				}
				for range acks + total {
					c.next()
				}
			}
			if total < 250 {
				t.Errorf("only %d frames", total)
			}
		})
	}
}

// Frames of HTX as they came from the wire, in base64, are unpacked, and packed again; a question is answered with its own id.
func TestReplayHuobi(t *testing.T) {
	packed := base64.StdEncoding.EncodeToString(gzipped([]byte(`{"ch":"market.btcusdt.mbp.150","ts":1,"tick":{"seqNum":7,"prevSeqNum":6,"bids":[],"asks":[]}}`)))
	answer := base64.StdEncoding.EncodeToString(gzipped([]byte(`{"id":"old","rep":"market.btcusdt.mbp.150","status":"ok","data":{"seqNum":6,"bids":[[1.5,2.0]],"asks":[]}}`)))
	s := replay(t, `{"t":1,"kind":"open","url":"wss://api.huobi.pro/feed"}
{"t":2,"kind":"in","b64":"`+packed+`"}
{"t":3,"kind":"in","b64":"`+answer+`"}
`, Options{Memory: true})
	defer s.Close()
	if s.Venue() != "huobi" || len(s.Markets()) != 1 || s.Markets()[0].Symbol != "BTC/USDT" {
		t.Errorf("%s: %+v", s.Venue(), s.Markets())
	}
	c := dial(t, s, "spot.stream", "/feed")
	unpacked := func() string {
		z, err := gzip.NewReader(strings.NewReader(c.next()))
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	c.send(`{"sub":"market.btcusdt.mbp.150","id":"1"}`)
	for _, want := range []string{`"subbed":"market.btcusdt.mbp.150"`, `"seqNum":7`} {
		if got := unpacked(); !strings.Contains(got, want) {
			t.Errorf("frame %s, want %s", got, want)
		}
	}
	c.send(`{"req":"market.btcusdt.mbp.150","id":"mine"}`)
	if got := unpacked(); !strings.HasPrefix(got, `{"id":"mine","rep":`) || !strings.Contains(got, "[[1.5,2.0]]") {
		t.Errorf("answer %s", got)
	}
}

// Of several whole books the client gets the first that is no older than the changes it has had, and who subscribes again goes on
// where he was.
func TestReplayWholeBooks(t *testing.T) {
	change := func(n int) string {
		return fmt.Sprintf(`{"t":%d,"kind":"in","text":"{\"stream\":\"depth.SOL_USDC\",\"data\":{\"e\":\"depth\",\"s\":\"SOL_USDC\",\"U\":%d,\"u\":%d}}"}`+"\n", n, n, n)
	}
	whole := func(n int) string {
		return fmt.Sprintf(`{"t":%d,"kind":"http","url":"https://api.backpack.exchange/api/v1/depth?symbol=SOL_USDC","text":"{\"lastUpdateId\":\"%d\"}"}`+"\n", n, n)
	}
	tape := `{"t":1,"kind":"open","url":"wss://ws.backpack.exchange"}` + "\n" + change(2) + change(3) + whole(3) + change(4) + change(7) + whole(8) + change(8) + change(9)
	s := replay(t, tape, Options{Memory: true})
	defer s.Close()
	depth := func() (int, string) {
		code, _, body := get(t, s, "rest", "/api/v1/depth?symbol=SOL_USDC")
		return code, body
	}
	get(t, s, "rest", "/api/v1/time") // a client that asks at all is waited for
	c := dial(t, s, "stream", "")
	c.send(`{"method":"SUBSCRIBE","params":["depth.SOL_USDC"]}`)
	next := func(numbers ...int) {
		t.Helper()
		for _, n := range numbers {
			if got := c.next(); !strings.Contains(got, fmt.Sprintf(`"u":%d}`, n)) {
				t.Errorf("frame %s, want %d", got, n)
			}
		}
	}
	next(2)
	if _, body := depth(); body != `{"lastUpdateId":"3"}` {
		t.Errorf("first book %s", body)
	}
	next(3, 4, 7) // with 7 something is missing
	if _, body := depth(); body != `{"lastUpdateId":"8"}` {
		t.Errorf("second book %s", body)
	}
	next(8, 9)
	for _, method := range []string{"UNSUBSCRIBE", "SUBSCRIBE"} {
		c.send(`{"method":"` + method + `","params":["depth.SOL_USDC"]}`)
	}
	if got := c.ask("nonsense"); !strings.Contains(got, "Parse error") { // nothing comes again
		t.Errorf("subscribed again: %s", got)
	}
	if code, body := depth(); code != http.StatusServiceUnavailable {
		t.Errorf("behind the end of the recording: %d %s", code, body)
	}
}

func FuzzReplay(f *testing.F) {
	f.Add(`{"t":1,"venue":"huobi","kind":"in","b64":"e30="}`)
	f.Add(`{"t":1,"venue":"alltick","kind":"in","text":"{\"cmd_id\":22999,\"data\":{\"code\":\"700.HK\"}}"}`)
	f.Add(`{"t":1,"venue":"backpack","kind":"in","text":"{\"stream\":\"depth.A_B\",\"data\":{\"s\":\"A_B\",\"U\":1,\"u\":2}}"}`)
	f.Add(binanceTape)
	f.Add(okxTape)
	f.Add(`{"t":1,"kind":"http","url":"://"}`)
	f.Fuzz(func(t *testing.T, text string) {
		tp, err := newTape()
		if err != nil {
			t.Fatal(err)
		}
		defer tp.spool.close()
		if err := tp.read(strings.NewReader(text)); err == nil {
			for _, m := range tp.seen.markets(tp.venue) {
				if m.ID == "" {
					t.Error("a market without an id")
				}
			}
		}
	})
}

// trickle is a recording of n frames of four kilobytes, made as it is read.
type trickle struct {
	n    int
	left []byte
}

func (r *trickle) Read(b []byte) (int, error) {
	if len(r.left) == 0 {
		if r.n == 0 {
			return 0, io.EOF
		}
		r.n--
		r.left = fmt.Appendf(nil, `{"t":%d,"venue":"okx","kind":"in","text":"{\"arg\":{\"channel\":\"trades\",\"instId\":\"BTC-USDT\"},\"data\":[\"%s\"]}"}`+"\n", 1e9-r.n, strings.Repeat("x", 4096))
	}
	n := copy(b, r.left)
	r.left = r.left[n:]
	return n, nil
}

// A recording that is larger than the memory that it may take is served all the same.
func TestReplayIsNotHeldInMemory(t *testing.T) {
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	const frames = 4000
	before := heap()
	s, err := Replay(&trickle{n: frames}, Options{Memory: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if took := int64(heap()) - int64(before); took > 6<<20 {
		t.Errorf("%d bytes of memory for 16 MB of frames", took)
	}
	if n := s.Recorded()["trades:BTC-USDT"]; n != frames {
		t.Errorf("%v", s.Recorded())
	}
}
