package venuetest

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestCloseEndsGoroutines runs whole servers with clients in a bubble: synctest
// fails when a goroutine is left.
func TestCloseEndsGoroutines(t *testing.T) {
	for name, start := range map[string]func(Options) *Server{"binance": Binance, "okx": OKX} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := start(Options{Memory: true, Rate: 50})
				endpoint, sub, path := "spot.stream", subBinance, "/stream"
				if name == "okx" {
					endpoint, sub, path = "public", subOKX, ""
				}
				var open []*socket
				for range 3 {
					c := dial(t, s, endpoint, path)
					c.ask(sub)
					open = append(open, c)
				}
				time.Sleep(3 * time.Second)
				s.Close()
				s.Close()
				for _, c := range open {
					if c.err() == nil {
						t.Error("the socket outlives the server")
					}
				}
				if _, err := s.DialContext(t.Context(), "tcp", "x"); err == nil {
					t.Error("a closed server accepts")
				}
			})
		})
	}
}

func TestLoopbackEndsGoroutines(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 4 {
		s := Binance(Options{Rate: 200})
		c := dial(t, s, "spot.stream", "/stream")
		c.ask(subBinance)
		get(t, s, "linear.rest", "/fapi/v1/ping")
		c.next()
		s.Close()
		c.ws.Close()
	}
	for range 1_000_000 { // those of the client end by themselves, soon
		if runtime.NumGoroutine() <= before {
			return
		}
		runtime.Gosched()
	}
	t.Errorf("%d goroutines, before %d", runtime.NumGoroutine(), before)
}

func TestRateMovesTheMarket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := Binance(Options{Memory: true, Rate: 100})
		defer s.Close()
		c := dial(t, s, "spot.stream", "/stream?streams=btcusdt@depth@100ms")
		before := s.Last("BTC/USDT")
		time.Sleep(10 * time.Second)
		if moved := s.Last("BTC/USDT") - before; moved < 950 || moved > 1400 {
			t.Errorf("%d changes in 10 s, want about 1,000", moved)
		}
		frames := 0
		last := before
		for last < s.Last("BTC/USDT") {
			d := parse[binanceDelta](t, c.next()).Data
			if d.First != last+1 {
				t.Fatalf("U %d after %d", d.First, last)
			}
			last = d.Last
			frames++
			if frames > 100 {
				break
			}
		}
		if frames < 80 || frames > 101 {
			t.Errorf("%d frames in 10 s, want about 100", frames)
		}
	})
}

func TestDialContextTellsHostsApart(t *testing.T) {
	s := Binance(Options{Memory: true})
	defer s.Close()
	for url, want := range map[string]int{
		"http://api.binance.com/api/v3/ping":   200,
		"http://fapi.binance.com/fapi/v1/ping": 200,
		"http://api.binance.com/fapi/v1/ping":  404,
	} {
		resp, err := s.Client().Get(url)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s: %d, want %d", url, resp.StatusCode, want)
		}
	}
}

func TestKlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := Binance(Options{Memory: true, Rate: 50})
		defer s.Close()
		c := dial(t, s, "spot.stream", "/stream?streams=btcusdt@kline_1m")
		type event struct {
			Data struct {
				K struct {
					Start int64  `json:"t"`
					End   int64  `json:"T"`
					Open  string `json:"o"`
					Close string `json:"c"`
					X     bool   `json:"x"`
					N     int    `json:"n"`
				} `json:"k"`
			} `json:"data"`
		}
		closed := 0
		for closed < 2 {
			if k := parse[event](t, c.next()).Data.K; k.X {
				closed++
				if k.End-k.Start != 59_999 {
					t.Errorf("closed candle %+v", k)
				}
			}
		}
		_, _, body := get(t, s, "spot.rest", "/api/v3/klines?symbol=BTCUSDT&interval=1m&limit=1000")
		rows := parse[[][]any](t, body)
		if len(rows) != 1000 {
			t.Fatalf("%d rows", len(rows))
		}
		for i := 1; i < len(rows); i++ {
			if d := rows[i][0].(float64) - rows[i-1][0].(float64); d != 60_000 {
				t.Fatalf("row %d is %v ms after its predecessor", i, d)
			}
		}
		start := time.Now().Add(-48 * time.Hour).Truncate(time.Hour).UnixMilli()
		_, _, body = get(t, s, "spot.rest", "/api/v3/klines?symbol=BTCUSDT&interval=1h&limit=10&startTime="+itoa(start))
		if rows = parse[[][]any](t, body); len(rows) != 10 || int64(rows[0][0].(float64)) != start {
			t.Errorf("from %d: %d rows from %v", start, len(rows), rows[0][0])
		}
	})
}

func TestOKXCandlePaging(t *testing.T) {
	s := OKX(Options{Memory: true})
	defer s.Close()
	type answer struct{ Data [][]string }
	path := "/api/v5/market/history-candles?instId=BTC-USDT&bar=1Dutc&limit=5"
	_, _, body := get(t, s, "rest", path)
	first := parse[answer](t, body).Data
	_, _, body = get(t, s, "rest", path+"&after="+first[4][0])
	second := parse[answer](t, body).Data
	if len(first) != 5 || len(second) != 5 || second[0][0] >= first[4][0] || first[0][8] != "0" || first[1][8] != "1" {
		t.Errorf("pages %v, %v", first, second)
	}
	for i, row := range append(first, second...) {
		want := time.Now().UTC().Truncate(dayLong).Add(-time.Duration(i) * dayLong).UnixMilli()
		if row[0] != itoa(want) {
			t.Errorf("row %d opens at %s, want %d", i, row[0], want)
		}
	}
}

func TestIntervals(t *testing.T) {
	at := time.Date(2026, 11, 22, 3, 4, 5, 6, time.UTC).UnixMilli()
	for _, tc := range []struct {
		intervals  []interval
		name, want string
	}{
		{binanceIntervals, "1m", "2026-11-22T03:04:00Z"},
		{binanceIntervals, "4h", "2026-11-22T00:00:00Z"},
		{binanceIntervals, "1w", "2026-11-16T00:00:00Z"},
		{binanceIntervals, "1M", "2026-11-01T00:00:00Z"},
		{okxIntervals, "1D", "2026-11-21T16:00:00Z"},
		{okxIntervals, "1W", "2026-11-15T16:00:00Z"},
		{okxIntervals, "1M", "2026-10-31T16:00:00Z"},
		{okxIntervals, "3Mutc", "2026-10-01T00:00:00Z"},
	} {
		for _, iv := range tc.intervals {
			if iv.name != tc.name {
				continue
			}
			open := iv.open(at)
			if got := time.UnixMilli(open).UTC().Format(time.RFC3339); got != tc.want {
				t.Errorf("%s opens at %s, want %s", tc.name, got, tc.want)
			}
			if next := iv.shift(open, 1); iv.open(next) != next || iv.shift(next, -1) != open {
				t.Errorf("%s: the next after %d is %d", tc.name, open, next)
			}
		}
	}
}

func TestMemoryConn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newListener("x")
		defer l.Close()
		got := make(chan net.Conn, 1)
		var accepting sync.WaitGroup
		accepting.Go(func() {
			if c, err := l.Accept(); err == nil {
				got <- c
			}
		})
		a, err := l.dial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		accepting.Wait()
		b := <-got
		a.SetReadDeadline(time.Now().Add(time.Second))
		if _, err := a.Read(make([]byte, 1)); err != os.ErrDeadlineExceeded {
			t.Errorf("read by its deadline: %v", err)
		}
		a.SetWriteDeadline(time.Now().Add(time.Second))
		if n, err := a.Write(make([]byte, window+1)); n != window || err != os.ErrDeadlineExceeded {
			t.Errorf("write of too much: %d, %v", n, err)
		}
		a.Close()
		if all, err := io.ReadAll(b); len(all) != window || err != nil {
			t.Errorf("%d bytes, %v", len(all), err)
		}
		if _, err := b.Write([]byte("x")); err == nil {
			t.Error("wrote to a closed connection")
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := l.dial(ctx); err == nil {
			t.Error("dialled with a context that has ended")
		}
	})
}

func TestNumbers(t *testing.T) {
	for _, tc := range []struct{ got, want string }{
		{fixed(6825010, 2, 8), "68250.10000000"},
		{fixed(0, 3, 3), "0.000"},
		{fixed(5, 0, 0), "5"},
		{fixed(-50, 2, 2), "-0.50"},
		{trimmed(641210, 1), "64121"},
		{trimmed(1, 8), "0.00000001"},
		{trimmed(0, 8), "0"},
	} {
		if tc.got != tc.want {
			t.Errorf("got %s, want %s", tc.got, tc.want)
		}
	}
	if got := product(6825010, 150000, 2+5, 8); got != 10237515000000 {
		t.Errorf("68250.10 × 1.5 = %d × 1e-8", got)
	}
	if got := product(1<<62, 1<<62, 9, 8); got != 1<<63-1 {
		t.Errorf("too large: %d", got)
	}
}

func TestExchangeInfoLists(t *testing.T) {
	s := Binance(Options{Memory: true})
	defer s.Close()
	_, _, body := get(t, s, "spot.rest", "/api/v3/exchangeInfo")
	for _, want := range []string{`"tickSize":"0.01000000"`, `"tickSize":"0.00000001"`, `"stepSize":"1.00000000"`, "币安人生USDT", `"status":"BREAK"`} {
		if !strings.Contains(body, want) {
			t.Errorf("spot has no %s", want)
		}
	}
	if code, _, body := get(t, s, "spot.rest", "/api/v3/depth?symbol=%E5%B8%81%E5%AE%89%E4%BA%BA%E7%94%9FUSDT"); code != http.StatusOK {
		t.Errorf("a symbol beyond ASCII: %d %s", code, body)
	}
	_, _, body = get(t, s, "linear.rest", "/fapi/v1/exchangeInfo")
	if !strings.Contains(body, `"BTCUSDT_261225"`) || strings.Contains(body, "BTCUSD_PERP") {
		t.Error("futures are not what they should be")
	}
	c := dial(t, s, "linear.market", "/stream?streams=!ticker@arr")
	s.Step(100)
	if f := c.next(); !strings.Contains(f, `"s":"BTCUSD_PERP"`) || !strings.Contains(f, `"st":2`) || !strings.Contains(f, `"st":1`) {
		t.Errorf("the array is not of both families: %s", f)
	}
}
