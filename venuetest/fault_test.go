package venuetest

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"
)

const (
	subBinance = `{"method":"SUBSCRIBE","params":["btcusdt@depth@100ms"],"id":1}`
	subOKX     = `{"op":"subscribe","args":[{"channel":"books","instId":"BTC-USDT"}]}`
)

// ids returns first and last id of the next n deltas of BTC/USDT, a Step each.
func ids(t *testing.T, s *Server, c *socket, n int) (got [][2]int64) {
	t.Helper()
	for range n {
		d := parse[binanceDelta](t, c.next()).Data
		got = append(got, [2]int64{d.First, d.Last})
	}
	return got
}

func TestDeltaFaults(t *testing.T) {
	for _, tc := range []struct {
		kind  Kind
		steps int
		order []int // which of the undisturbed deltas arrive, in order
	}{
		{DropDelta, 4, []int{0, 2, 3}},
		{DuplicateDelta, 3, []int{0, 1, 1, 2}},
		{SwapDeltas, 4, []int{0, 2, 1, 3}},
		{DelayDelta, 5, []int{0, 2, 3, 4, 1}},
	} {
		t.Run(string(tc.kind), func(t *testing.T) {
			s := Binance(Options{Memory: true})
			defer s.Close()
			c, plain := dial(t, s, "spot.stream", "/stream"), dial(t, s, "spot.stream", "/stream")
			c.ask(subBinance)
			plain.ask(subBinance)
			s.Fault(Fault{Kind: tc.kind, ID: "BTC/USDT", Channel: "depth", Conn: 1, After: 1})
			for range tc.steps {
				s.Step(3)
			}
			want := ids(t, s, plain, tc.steps)
			for i, got := range ids(t, s, c, len(tc.order)) {
				if got != want[tc.order[i]] {
					t.Errorf("delta %d: %v, want %v", i, got, want[tc.order[i]])
				}
			}
		})
	}
}

func TestWrongSequenceAndCrossedBook(t *testing.T) {
	s := Binance(Options{Memory: true})
	defer s.Close()
	c := dial(t, s, "spot.stream", "/stream")
	c.ask(subBinance)
	s.Fault(Fault{Kind: WrongSequence, ID: "BTCUSDT"})
	s.Step(3)
	if d := parse[binanceDelta](t, c.next()).Data; d.Last != s.Last("BTC/USDT")+1000 {
		t.Errorf("u %d, want %d", d.Last, s.Last("BTC/USDT")+1000)
	}
	s.Fault(Fault{Kind: CrossedBook})
	s.Step(3)
	book, _ := s.Book("BTC/USDT", s.Last("BTC/USDT"))
	if ask := trimText(parse[binanceDelta](t, c.next()).Data.Asks[0][0]); ask >= book.Price(book.Bids[0]) {
		t.Errorf("ask %s does not cross bid %s", ask, book.Price(book.Bids[0]))
	}
}

func TestOKXBookFaults(t *testing.T) {
	s := OKX(Options{Memory: true, Checksums: true})
	defer s.Close()
	c := dial(t, s, "public", "")
	c.ask(subOKX)
	n := newNaive()
	next := func() okxBook {
		t.Helper()
		f := parse[okxBook](t, c.next())
		if f.Action == "snapshot" {
			n = newNaive()
		}
		n.set(f.Data[0].Bids, f.Data[0].Asks)
		n.seq = f.Data[0].SeqID
		return f
	}
	last := next().Data[0].SeqID
	s.Fault(Fault{Kind: BookHeartbeat})
	if d := next().Data[0]; d.PrevSeqID != last || d.SeqID != last || len(d.Asks)+len(d.Bids) != 0 {
		t.Errorf("heartbeat %+v after %d", d, last)
	}
	s.Fault(Fault{Kind: SequenceReset, ID: "BTC-USDT"})
	d := next().Data[0]
	if d.PrevSeqID != last || d.SeqID >= last {
		t.Errorf("reset %d → %d after %d", d.PrevSeqID, d.SeqID, last)
	}
	n.same(t, s, "BTC/USDT", bookWindow)
	s.Step(30)
	next()
	n.same(t, s, "BTC/USDT", bookWindow)
	s.Fault(Fault{Kind: SecondSnapshot})
	if f := next(); f.Action != "snapshot" || f.Data[0].PrevSeqID != -1 {
		t.Errorf("second snapshot: %s %d", f.Action, f.Data[0].PrevSeqID)
	}
	n.same(t, s, "BTC/USDT", bookWindow)
	s.Fault(Fault{Kind: WrongChecksum})
	s.Step(30)
	if got := next().Data[0].Checksum; got == n.sum() {
		t.Error("the checksum is right")
	}
}

func TestFrameFaults(t *testing.T) {
	check := map[Kind]func(string) bool{
		TruncatedFrame: func(f string) bool { return !strings.HasSuffix(f, "}") },
		NonUTF8Frame:   func(f string) bool { return !utf8.ValidString(f) },
		OversizedFrame: func(f string) bool { return len(f) == 64<<20 },
		WrongType:      func(f string) bool { return strings.Contains(f, `[[7,`) || strings.Contains(f, `"s":7`) },
		DuplicateKeys:  func(f string) bool { return strings.Count(f, `"stream":`) == 2 },
		UnknownFields:  func(f string) bool { return strings.Contains(f, `"_new"`) },
		UnknownEvent:   func(f string) bool { return strings.Contains(f, "somethingNew") },
		Fragmented:     func(f string) bool { return strings.HasSuffix(f, "}}") },
	}
	for kind, bad := range check {
		t.Run(string(kind), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // the largest frame takes long where much else runs
				s := Binance(Options{Memory: true})
				defer s.Close()
				c := dial(t, s, "spot.stream", "/stream")
				c.ask(subBinance)
				s.Fault(Fault{Kind: kind, Channel: "depth"})
				s.Step(50)
				if f := c.next(); !bad(f) {
					t.Errorf("frame %.200s", f)
				}
				if kind == UnknownEvent {
					c.next()
				}
				s.Step(50)
				parse[binanceDelta](t, c.next())
				c.ws.Close()
			})
		})
	}
}

func TestSnapshotFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := Binance(Options{Memory: true})
		defer s.Close()
		first := s.Last("BTC/USDT")
		s.Step(50)
		s.Fault(Fault{Kind: StaleSnapshot, ID: "BTC/USDT", N: 2})
		for i := range 3 {
			_, _, body := get(t, s, "spot.rest", "/api/v3/depth?symbol=BTCUSDT&limit=1000")
			snap := parse[snapshot](t, body)
			if stale := snap.LastUpdateID < first; stale != (i < 2) {
				t.Errorf("snapshot %d: %d, the market began at %d", i, snap.LastUpdateID, first)
			}
			n := newNaive()
			n.set(snap.Bids, snap.Asks)
			n.seq = snap.LastUpdateID
			n.same(t, s, "BTC/USDT", 900)
		}
		s.Fault(Fault{Kind: SlowSnapshot, For: 20 * time.Second})
		begun := time.Now()
		get(t, s, "spot.rest", "/api/v3/depth?symbol=BTCUSDT")
		if took := time.Since(begun); took != 20*time.Second {
			t.Errorf("the snapshot took %v", took)
		}
		s.Fault(Fault{Kind: SnapshotNever})
		c := *s.Client()
		c.Timeout = time.Minute
		if _, err := c.Get(s.Endpoints()["spot.rest"] + "/api/v3/depth?symbol=BTCUSDT"); err == nil {
			t.Error("the snapshot came")
		}
	})
}

func TestOKXSlowSnapshot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := OKX(Options{Memory: true})
		defer s.Close()
		s.Fault(Fault{Kind: SlowSnapshot, ID: "BTC-USDT", For: 5 * time.Second})
		c := dial(t, s, "public", "")
		c.ask(subOKX)
		s.Step(30)
		if f := parse[okxBook](t, c.next()); f.Action != "update" {
			t.Fatalf("first came a %s", f.Action)
		}
		time.Sleep(6 * time.Second)
		snap := parse[okxBook](t, c.next())
		if snap.Action != "snapshot" || len(snap.Data[0].Bids) < 300 {
			t.Fatalf("then came a %s", snap.Action)
		}
		s.Step(30)
		if d := parse[okxBook](t, c.next()).Data[0]; d.PrevSeqID != snap.Data[0].SeqID {
			t.Errorf("update after %d, snapshot %d", d.PrevSeqID, snap.Data[0].SeqID)
		}
	})
}

func TestEndsOfConnections(t *testing.T) {
	code := func(want int) func(error) bool {
		return func(err error) bool { return websocket.IsCloseError(err, want) }
	}
	for _, tc := range []struct {
		f    Fault
		want func(error) bool
	}{
		{Fault{Kind: CloseSocket, Code: 1011, Text: "oops"}, code(1011)},
		{Fault{Kind: CloseSocket}, code(1001)},
		{Fault{Kind: Day}, code(1001)},
		{Fault{Kind: ResetSocket}, func(err error) bool { return errors.Is(err, syscall.ECONNRESET) }},
		{Fault{Kind: CutFrame}, func(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) || code(1006)(err) }},
		{Fault{Kind: Shutdown, For: time.Millisecond}, code(1001)},
	} {
		for _, memory := range []bool{true, false} {
			t.Run(fmt.Sprint(tc.f.Kind, tc.f.Code, memory), func(t *testing.T) {
				s := Binance(Options{Memory: memory})
				defer s.Close()
				c := dial(t, s, "spot.stream", "/stream")
				c.ask(subBinance)
				s.Fault(tc.f)
				if err := c.err(); !tc.want(err) {
					t.Errorf("%v (%T)", err, err)
				}
			})
		}
	}
}

func TestSilence(t *testing.T) {
	for _, tc := range []struct {
		kind         Kind
		before       bool // armed before the connection is made
		data, answer bool // what still comes
	}{
		{SilentTopic, false, false, true},
		{SilentSocket, false, false, true},
		{DeadSocket, false, false, false},
		{NeverSpeak, true, false, false},
		{NoPong, false, true, false},
	} {
		t.Run(string(tc.kind), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := OKX(Options{Memory: true})
				defer s.Close()
				if tc.before {
					s.Fault(Fault{Kind: tc.kind})
				}
				c := dial(t, s, "public", "")
				c.send(subOKX)
				if !tc.before {
					c.next()
					c.next()
					s.Fault(Fault{Kind: tc.kind})
				}
				s.Step(50)
				c.send("ping")
				var data, answer bool
				c.ws.SetReadDeadline(time.Now().Add(20 * time.Second))
				for {
					_, b, err := c.ws.ReadMessage()
					if err != nil {
						break
					}
					answer = answer || string(b) == "pong"
					data = data || strings.Contains(string(b), "update")
				}
				if data != tc.data || answer != tc.answer {
					t.Errorf("data %v, pong %v; want %v, %v", data, answer, tc.data, tc.answer)
				}
			})
		})
	}
}

func TestSubscriptionFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := OKX(Options{Memory: true})
		defer s.Close()
		c := dial(t, s, "public", "")
		s.Fault(Fault{Kind: NoAck})
		c.send(subOKX)
		if got := c.ask("ping"); got != "pong" || len(s.Subscriptions()) != 0 {
			t.Errorf("after a swallowed request: %s, %v", got, s.Subscriptions())
		}
		s.Fault(Fault{Kind: RefuseSubscribe, Code: 64003})
		if got := c.ask(subOKX); !strings.Contains(got, `"event":"error","code":"64003"`) {
			t.Errorf("refusal %s", got)
		}
		s.Fault(Fault{Kind: DelayAck, For: 3 * time.Second})
		c.send(subOKX)
		if got := c.next(); !strings.Contains(got, "snapshot") {
			t.Errorf("first %s", got)
		}
		begun := time.Now()
		if got := c.next(); !strings.Contains(got, `"event":"subscribe"`) || time.Since(begun) != 3*time.Second {
			t.Errorf("after %v: %s", time.Since(begun), got)
		}
	})
}

func TestHTTPFaults(t *testing.T) {
	b, o := Binance(Options{Memory: true}), OKX(Options{Memory: true})
	defer b.Close()
	defer o.Close()
	for _, tc := range []struct {
		s              *Server
		endpoint, path string
		f              Fault
		want           string
	}{
		{b, "spot.rest", "/api/v3/depth?symbol=BTCUSDT", Fault{Code: 429, RetryAfter: 7 * time.Second, Path: "/depth"}, `{"code":-1003,"msg":"Too much request weight`},
		{b, "linear.rest", "/fapi/v1/depth?symbol=BTCUSDT", Fault{Code: 418, RetryAfter: 120 * time.Second, ID: "BTC/USDT:USDT"}, `{"code":-1003,"msg":"Way too much`},
		{b, "spot.rest", "/api/v3/time", Fault{Code: 403}, "<html>"},
		{b, "spot.rest", "/api/v3/time", Fault{Code: 502, Body: "gone"}, "gone"},
		{o, "rest", "/api/v5/public/time", Fault{Code: 429}, `{"msg":"Too Many Requests","code":"50011"}`},
		{o, "rest", "/api/v5/market/books?instId=BTC-USDT", Fault{Code: 503, ID: "BTC-USDT"}, `{"msg":"Service temporarily`},
	} {
		tc.f.Kind = HTTPStatus
		tc.s.Fault(tc.f)
		code, head, body := get(t, tc.s, tc.endpoint, tc.path)
		if code != tc.f.Code || !strings.HasPrefix(body, tc.want) {
			t.Errorf("%s: %d %s, want %d %s", tc.path, code, body, tc.f.Code, tc.want)
		}
		if wait := head.Get("Retry-After"); tc.f.RetryAfter != 0 && wait != fmt.Sprint(int(tc.f.RetryAfter.Seconds())) {
			t.Errorf("%s: Retry-After %s", tc.path, wait)
		}
		if code, _, _ := get(t, tc.s, tc.endpoint, tc.path); code != http.StatusOK {
			t.Errorf("%s: the fault stays: %d", tc.path, code)
		}
	}
}

func TestMaintenanceAndClock(t *testing.T) {
	s := OKX(Options{Memory: true})
	defer s.Close()
	s.Fault(Fault{Kind: Maintenance})
	if code, _, body := get(t, s, "rest", "/api/v5/market/books?instId=BTC-USDT"); code != 503 || !strings.Contains(body, "50001") {
		t.Errorf("%d %s", code, body)
	}
	if _, _, body := get(t, s, "rest", "/api/v5/system/status"); !strings.Contains(body, `"state":"ongoing"`) {
		t.Errorf("status %s", body)
	}
	s.Heal()
	s.Fault(Fault{Kind: ClockSkew, For: time.Hour})
	_, _, body := get(t, s, "rest", "/api/v5/public/time")
	var ts int64
	if _, err := fmt.Sscanf(body, `{"code":"0","msg":"","data":[{"ts":"%d"}]}`, &ts); err != nil {
		t.Fatal(err)
	}
	if ahead := time.Until(time.UnixMilli(ts)); ahead < 59*time.Minute {
		t.Errorf("the clock is %v ahead", ahead)
	}
}

func TestNotices(t *testing.T) {
	b, o := Binance(Options{Memory: true}), OKX(Options{Memory: true})
	defer b.Close()
	defer o.Close()
	c, raw, x := dial(t, b, "spot.stream", "/stream"), dial(t, b, "spot.stream", "/ws"), dial(t, o, "public", "")
	b.Fault(Fault{Kind: Shutdown})
	o.Fault(Fault{Kind: Shutdown})
	for i, tc := range []struct {
		c    *socket
		want string
	}{
		{c, `{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":`},
		{raw, `{"e":"serverShutdown","E":`},
		{x, `{"event":"notice","code":"64008","msg":"The connection will soon be closed for a service upgrade. Please reconnect.","connId":"`},
	} {
		if got := tc.c.next(); !strings.HasPrefix(got, tc.want) {
			t.Errorf("notice %d: %s", i, got)
		}
	}
}

func TestChaosIsSeeded(t *testing.T) {
	run := func() (got string) {
		s := Binance(Options{Memory: true})
		defer s.Close()
		s.Chaos(9, 0.3)
		c := dial(t, s, "spot.stream", "/stream")
		c.ask(subBinance)
		for range 100 {
			s.Step(3)
		}
		s.Chaos(0, 0)
		s.Fault(Fault{Kind: CloseSocket})
		for {
			_, b, err := c.ws.ReadMessage()
			if err != nil {
				return got
			}
			d := parse[binanceDelta](t, string(b)).Data
			got += fmt.Sprint(d.First, "-", d.Last, " ")
		}
	}
	a, b := run(), run()
	if a != b {
		t.Errorf("one seed, two runs:\n%s\n%s", a, b)
	}
	if n := strings.Count(a, " "); n == 100 {
		t.Errorf("nothing was lost or doubled: %s", a)
	}
}

func TestDelayedDelta(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := Binance(Options{Memory: true})
		defer s.Close()
		c := dial(t, s, "spot.stream", "/stream")
		c.ask(subBinance)
		s.Fault(Fault{Kind: DelayDelta, For: 2 * time.Second})
		s.Step(3)
		begun, late := time.Now(), s.Last("BTC/USDT")
		s.Step(3)
		if got := ids(t, s, c, 1); got[0][0] != late+1 {
			t.Errorf("first %v, want U %d", got, late+1)
		}
		if got := ids(t, s, c, 1); got[0][1] != late || time.Since(begun) != 2*time.Second {
			t.Errorf("%v after %v", got, time.Since(begun))
		}
	})
}

func TestSilentTopicUntilHeal(t *testing.T) {
	s := Binance(Options{Memory: true})
	defer s.Close()
	s.Fault(Fault{Kind: SilentTopic, ID: "BTC/USDT", N: -1})
	subscribe := `{"method":"SUBSCRIBE","params":["btcusdt@depth@100ms","ethusdt@depth@100ms"],"id":1}`
	c := dial(t, s, "spot.stream", "/stream")
	c.ask(subscribe)
	s.Step(20)
	if f := c.next(); !strings.HasPrefix(f, `{"stream":"ethusdt@`) {
		t.Errorf("first %.80s", f)
	}
	s.Heal()
	c.ask(`{"method":"UNSUBSCRIBE","params":["btcusdt@depth@100ms"],"id":2}`)
	c.ask(subscribe)
	s.Step(20)
	if a, b := c.next(), c.next(); !strings.HasPrefix(a+b, `{"stream":"ethusdt@`) || !strings.HasPrefix(b, `{"stream":"btcusdt@`) {
		t.Errorf("after healing: %.80s, %.80s", a, b)
	}
}

func TestPingFlood(t *testing.T) {
	s := Binance(Options{Memory: true})
	defer s.Close()
	c := dial(t, s, "spot.stream", "/stream")
	pings := 0
	c.ws.SetPingHandler(func(string) error { pings++; return nil })
	s.Fault(Fault{Kind: PingFlood, N: 30})
	s.Fault(Fault{Kind: CloseSocket})
	if err := c.err(); pings != 30 {
		t.Errorf("%d pings, then %v", pings, err)
	}
}
