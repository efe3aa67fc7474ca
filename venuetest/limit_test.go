package venuetest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
)

func TestBinanceControlMessages(t *testing.T) {
	for _, tc := range []struct{ endpoint, send, want string }{
		{"spot.stream", `{"method":"SUBSCRIBE","params":["nosuch@trade","btcusdt@trade"],"id":"abc"}`, `{"result":null,"id":"abc"}`},
		{"spot.stream", `{"method":"SUBSCRIBE","params":["btcusdt@trade"],"id":null}`, `{"result":null,"id":null}`},
		{"spot.stream", `{"method":"LIST_SUBSCRIPTIONS","id":3}`, `{"result":[],"id":3}`},
		{"spot.stream", `{"method":"GET_PROPERTY","params":["combined"],"id":5}`, `{"result":true,"id":5}`},
		{"spot.stream", `{"method":"SET_PROPERTY","params":["combined",false],"id":4}`, `{"result":null,"id":4}`},
		{"spot.stream", `{"method":"SET_PROPERTY","params":["other",false],"id":4}`, `{"code":0,"msg":"Unknown property","id":4}`},
		{"spot.stream", `{"method":"SET_PROPERTY","params":["combined",7],"id":4}`, `{"code":1,"msg":"Invalid value type: expected Boolean"}`},
		{"spot.stream", `{"method":"SUBSCRIBE","params":["btcusdt@trade"]}`, `{"code":2,"msg":"Invalid request: request ID must be an unsigned integer"}`},
		{"linear.public", `{"method":"SUBSCRIBE","params":["btcusdt@depth"],"id":"a"}`, `{"code":2,"msg":"Invalid request: request ID must be an unsigned integer"}`},
		{"linear.public", `{"method":"subscribe","id":1}`, "{\"code\":2,\"msg\":\"Invalid request: unknown variant `subscribe`, expected one of `SUBSCRIBE`, `UNSUBSCRIBE`, `LIST_SUBSCRIPTIONS`, `SET_PROPERTY`, `GET_PROPERTY` at line 1 column 20\"}"},
		{"spot.stream", `nonsense`, `{"code":3,"msg":"Invalid JSON: expected value at line 1 column 1"}`},
	} {
		t.Run(tc.send, func(t *testing.T) {
			s := Binance(Options{Memory: true})
			defer s.Close()
			if got := dial(t, s, tc.endpoint, "/stream").ask(tc.send); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

func TestOKXControlMessages(t *testing.T) {
	for _, tc := range []struct{ endpoint, send, want string }{
		{"public", "ping", "pong"},
		{"public", `{"id":"a1","op":"subscribe","args":[{"channel":"candle1m","instId":"BTC-USDT"}]}`, `{"id":"a1","event":"error","code":"60018","msg":"Wrong URL or channel:candle1m,instId:BTC-USDT doesn't exist. Please use the correct URL, channel and parameters referring to API document.","connId":"CONN"}`},
		{"business", `{"op":"subscribe","args":[{"channel":"books","instId":"BTC-USDT"}]}`, `{"event":"error","code":"60018","msg":"Wrong URL or channel:books,instId:BTC-USDT doesn't exist. Please use the correct URL, channel and parameters referring to API document.","connId":"CONN"}`},
		{"public", `{"op": "subscribe", "argss":[]}`, `{"event":"error","code":"60012","msg":"Invalid request: {\"op\": \"subscribe\", \"argss\":[]}","connId":"CONN"}`},
		{"public", `{"op":"nonsense","args":[]}`, `{"event":"error","code":"60019","msg":"Invalid op: nonsense","connId":"CONN"}`},
		{"public", `{"op":"subscribe","args":[{"channel":"books-l2-tbt","instId":"BTC-USDT"}]}`, `{"event":"error","code":"64003","msg":"Your trading fee tier doesn't meet the requirement to access this channel","connId":"CONN"}`},
		{"public", `{"op":"unsubscribe","args":[{"channel":"books","instId":"BTC-USDT"}]}`, `{"event":"unsubscribe","arg":{"channel":"books","instId":"BTC-USDT"},"connId":"CONN"}`},
	} {
		t.Run(tc.send, func(t *testing.T) {
			s := OKX(Options{Memory: true})
			defer s.Close()
			got := dial(t, s, tc.endpoint, "").ask(tc.send)
			if want := strings.ReplaceAll(tc.want, "CONN", s.conns[0].id); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

func TestSilentRefusals(t *testing.T) {
	s := Binance(Options{Memory: true})
	defer s.Close()
	long := `{"method":"SUBSCRIBE","params":["` + strings.Repeat("x", binanceFrame) + `"],"id":1}`
	for _, tc := range []struct{ name, endpoint, send string }{
		{"a frame that is too long", "spot.stream", long},
		{"the wrong base", "linear.public", `{"method":"SUBSCRIBE","params":["btcusdt@aggTrade"],"id":2}`},
		{"the other wrong base", "linear.market", `{"method":"SUBSCRIBE","params":["btcusdt@depth"],"id":2}`},
		{"an unknown symbol", "spot.stream", `{"method":"SUBSCRIBE","params":["nosuch@depth"],"id":2}`},
		{"a retired stream", "spot.stream", `{"method":"SUBSCRIBE","params":["!ticker@arr"],"id":2}`},
		{"upper case", "spot.stream", `{"method":"SUBSCRIBE","params":["BTCUSDT@depth"],"id":2}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := dial(t, s, tc.endpoint, "/stream")
			c.send(tc.send)
			if len(tc.send) < binanceFrame {
				c.next()
			}
			s.Step(100)
			want := `{"result":[],"id":9}`
			got := c.ask(`{"method":"LIST_SUBSCRIPTIONS","id":9}`)
			if len(tc.send) < binanceFrame {
				want = `"id":9}`
			}
			if !strings.HasSuffix(got, want) {
				t.Errorf("got %.200s", got)
			}
		})
	}
}

func TestMessageLimits(t *testing.T) {
	for endpoint, limit := range map[string]int{"spot.stream": 5, "linear.public": 10} {
		t.Run(endpoint, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := Binance(Options{Memory: true})
				defer s.Close()
				c := dial(t, s, endpoint, "/stream")
				for range limit {
					c.ask(`{"method":"LIST_SUBSCRIPTIONS","id":3}`)
				}
				time.Sleep(time.Second)
				for range limit - 1 {
					c.ask(`{"method":"LIST_SUBSCRIPTIONS","id":3}`)
				}
				for range 2 { // control frames count
					if err := c.ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(time.Second)); err != nil {
						t.Fatal(err)
					}
				}
				if err := c.err(); !websocket.IsCloseError(err, 1008) || !strings.Contains(err.Error(), "Too many requests") {
					t.Errorf("ended with %v", err)
				}
				synctest.Wait()
				if got := s.Stats().Conns[0].Busiest; got != limit+1 {
					t.Errorf("busiest second %d, want %d", got, limit+1)
				}
			})
		})
	}
}

func TestStreamLimit(t *testing.T) {
	s := Binance(Options{Memory: true})
	defer s.Close()
	names := make([]string, binanceTopics+1)
	for i := range names {
		names[i] = fmt.Sprintf("s%d@trade", i)
	}
	c := dial(t, s, "spot.stream", "/stream?streams="+strings.Join(names, "/"))
	if err := c.err(); !websocket.IsCloseError(err, 1008) {
		t.Errorf("ended with %v", err)
	}
}

func TestBinanceWeights(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := Binance(Options{Memory: true})
		defer s.Close()
		time.Sleep(time.Minute - time.Duration(time.Now().Second())*time.Second)
		used := 0
		for _, tc := range []struct {
			path   string
			weight int
		}{
			{"/api/v3/depth?symbol=BTCUSDT", 5}, {"/api/v3/depth?symbol=BTCUSDT&limit=500", 25}, {"/api/v3/depth?symbol=BTCUSDT&limit=1000", 50},
			{"/api/v3/depth?symbol=BTCUSDT&limit=9000", 250}, {"/api/v3/exchangeInfo", 20}, {"/api/v3/ticker/24hr", 80}, {"/api/v3/ticker/24hr?symbol=BTCUSDT", 2},
			{"/api/v3/trades?symbol=BTCUSDT", 25}, {"/api/v3/ping", 1},
		} {
			used += tc.weight
			if _, head, _ := get(t, s, "spot.rest", tc.path); head.Get("X-MBX-USED-WEIGHT-1M") != fmt.Sprint(used) {
				t.Errorf("%s: used %s, want %d", tc.path, head.Get("X-MBX-USED-WEIGHT-1M"), used)
			}
		}
		for used <= 6000 {
			get(t, s, "spot.rest", "/api/v3/depth?symbol=BTCUSDT&limit=5000")
			used += 250
		}
		time.Sleep(20 * time.Second)
		code, head, body := get(t, s, "spot.rest", "/api/v3/ping")
		if code != http.StatusTooManyRequests || head.Get("Retry-After") != "40" || !strings.HasPrefix(body, `{"code":-1003,`) {
			t.Errorf("%d, Retry-After %s, %s", code, head.Get("Retry-After"), body)
		}
		for range banAfter {
			code, _, body = get(t, s, "spot.rest", "/api/v3/ping")
		}
		if code != http.StatusTeapot || !strings.Contains(body, "IP banned until") {
			t.Errorf("%d %s", code, body)
		}
		time.Sleep(90 * time.Second)
		if code, _, _ = get(t, s, "spot.rest", "/api/v3/ping"); code != http.StatusTeapot {
			t.Errorf("the ban is over early: %d", code)
		}
		time.Sleep(119 * time.Second)
		if code, _, _ = get(t, s, "spot.rest", "/api/v3/ping"); code != http.StatusTeapot {
			t.Errorf("a request during the ban did not prolong it: %d", code)
		}
		time.Sleep(121 * time.Second)
		if code, _, _ = get(t, s, "spot.rest", "/api/v3/ping"); code != http.StatusOK {
			t.Errorf("the ban does not end: %d", code)
		}
	})
}

func TestBinanceErrors(t *testing.T) {
	s := Binance(Options{Memory: true})
	defer s.Close()
	for _, tc := range []struct {
		endpoint, path string
		code           int
		msg            string
	}{
		{"spot.rest", "/api/v3/depth?symbol=NOSUCH", -1121, "Invalid symbol."},
		{"spot.rest", "/api/v3/depth", -1102, "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed."},
		{"spot.rest", "/api/v3/depth?symbol=BTCUSDT&x=1", -1104, "Not all sent parameters were read; read '1' parameter(s) but was sent '2'."},
		{"spot.rest", "/api/v3/depth?symbol=BTCUSDT&limit=x", -1100, "Illegal characters found in parameter 'limit'; legal range is '^[0-9]{1,20}$'."},
		{"spot.rest", "/api/v3/klines?symbol=BTCUSDT&interval=1H", -1120, "Invalid interval."},
		{"spot.rest", `/api/v3/ticker/price?symbols=["BTCUSDT","BTCUSDT"]`, -1151, "Symbol is present multiple times in the list."},
		{"linear.rest", "/fapi/v1/depth?symbol=BTCUSDT&limit=66", -4021, "'66' is not valid depth limit."},
		{"linear.rest", "/fapi/v1/klines?symbol=BTCUSDT&interval=1s", -1120, "Invalid interval."},
		{"linear.rest", "/fapi/v1/depth?symbol=BTCUSD_PERP", -1121, "Invalid symbol."},
	} {
		code, _, body := get(t, s, tc.endpoint, tc.path)
		if want := fmt.Sprintf(`{"code":%d,"msg":%q}`, tc.code, tc.msg); code != 400 || body != want {
			t.Errorf("%s: %d %s, want 400 %s", tc.path, code, body, want)
		}
	}
	if code, _, _ := get(t, s, "spot.rest", "/api/v3/nosuch"); code != 404 {
		t.Errorf("unknown path: %d", code)
	}
}

func TestOKXErrorsAndLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := OKX(Options{Memory: true})
		defer s.Close()
		for path, want := range map[string]string{
			"/api/v5/market/books?instId=NO-SUCH":           `200 {"code":"51001","data":[],"msg":"Instrument ID, Instrument ID code or Spread ID doesn't exist."}`,
			"/api/v5/market/books":                          `400 {"code":"50014","data":[],"msg":"Parameter instId can not be empty"}`,
			"/api/v5/market/candles?instId=BTC-USDT&bar=1h": `400 {"code":"51000","data":[],"msg":"Parameter bar error"}`,
		} {
			if code, _, body := get(t, s, "rest", path); fmt.Sprint(code, " ", body) != want {
				t.Errorf("%s: %d %s, want %s", path, code, body, want)
			}
		}
		time.Sleep(2 * time.Second)
		for i := range 12 {
			code, _, body := get(t, s, "rest", "/api/v5/public/time")
			if over := i >= 10; over != (code == 429) || over && body != `{"msg":"Too Many Requests","code":"50011"}` {
				t.Errorf("request %d: %d %s", i, code, body)
			}
		}
		time.Sleep(2 * time.Second)
		if code, _, _ := get(t, s, "rest", "/api/v5/public/time"); code != 200 {
			t.Errorf("in the next window: %d", code)
		}
		c := dial(t, s, "public", "")
		for range okxRequests {
			c.ask(`{"op":"unsubscribe","args":[{"channel":"books","instId":"BTC-USDT"}]}`)
		}
		if got := c.ask(subOKX); !strings.Contains(got, `"code":"60014"`) {
			t.Errorf("request %d: %s", okxRequests+1, got)
		}
	})
}

func TestBinanceHeartbeat(t *testing.T) {
	for endpoint, tc := range map[string]struct{ every, patience time.Duration }{
		"spot.stream": {20 * time.Second, time.Minute}, "linear.public": {3 * time.Minute, 10 * time.Minute},
	} {
		t.Run(endpoint, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := Binance(Options{Memory: true})
				defer s.Close()
				c := dial(t, s, endpoint, "/stream")
				begun := time.Now()
				var pings []string
				answer := c.ws.PingHandler()
				c.ws.SetPingHandler(func(p string) error {
					pings = append(pings, p)
					if len(pings) <= 3 {
						return answer(p)
					}
					return nil
				})
				_, _, err := c.ws.ReadMessage()
				if !websocket.IsCloseError(err, 1008) || !strings.Contains(err.Error(), "Pong timeout") {
					t.Errorf("ended with %v", err)
				}
				if len(pings) < 4 || pings[0] != fmt.Sprint(begun.Add(tc.every).UnixMilli()) {
					t.Errorf("pings %v", pings)
				}
				if lived := time.Since(begun); lived < 4*tc.every+tc.patience || lived > 5*tc.every+tc.patience {
					t.Errorf("lived %v", lived)
				}
			})
		})
	}
}

func TestBinanceDay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := Binance(Options{Memory: true})
		defer s.Close()
		begun := time.Now()
		_, _, err := dial(t, s, "linear.market", "/stream").ws.ReadMessage()
		if lived := time.Since(begun); lived != 24*time.Hour {
			t.Errorf("ended after %v with %v", lived, err)
		}
	})
}

func TestOKXTimers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := OKX(Options{Memory: true})
		defer s.Close()
		c := dial(t, s, "public", "")
		begun := time.Now()
		time.Sleep(20 * time.Second)
		c.ask("ping")
		_, _, err := c.ws.ReadMessage()
		if lived := time.Since(begun); !websocket.IsCloseError(err, 4004) || lived != 50*time.Second {
			t.Errorf("ended after %v with %v", lived, err)
		}
		c = dial(t, s, "public", "")
		c.ask(subOKX)
		last := parse[okxBook](t, c.next()).Data[0].SeqID
		begun = time.Now()
		frame := ""
		for range 3 {
			time.Sleep(20 * time.Second)
			if frame = c.ask("ping"); frame != "pong" {
				break
			}
		}
		if frame == "pong" {
			frame = c.next()
		}
		d := parse[okxBook](t, frame).Data[0]
		if d.PrevSeqID != last || d.SeqID != last || len(d.Asks) != 0 || time.Since(begun) < quiet {
			t.Errorf("after %v: %+v", time.Since(begun), d)
		}
	})
}

func TestUnsubscribeStopsStream(t *testing.T) {
	s := Binance(Options{Memory: true})
	defer s.Close()
	c := dial(t, s, "spot.stream", "/stream")
	c.ask(`{"method":"SUBSCRIBE","params":["btcusdt@depth@100ms","btcusdt@bookTicker"],"id":1}`)
	if got, want := s.Subscriptions(), []string{"btcusdt@bookTicker", "btcusdt@depth@100ms"}; !slices.Equal(got, want) {
		t.Errorf("subscriptions %v, want %v", got, want)
	}
	c.ask(`{"method":"UNSUBSCRIBE","params":["btcusdt@depth@100ms","btcusdt@bookTicker"],"id":2}`)
	if got := s.Subscriptions(); len(got) != 0 || len(s.streams) != 0 {
		t.Errorf("subscriptions %v", got)
	}
	s.Step(100)
	if got := s.Stats().Conns[0]; got.Sent != 0 || got.Requests != 2 || got.Received != 2 {
		t.Errorf("stats %+v", got)
	}
}

func TestOKXResubscribe(t *testing.T) {
	s := OKX(Options{Memory: true})
	defer s.Close()
	c := dial(t, s, "public", "")
	c.ask(subOKX)
	c.next()
	c.ask(subOKX)
	s.Step(30)
	if f := parse[okxBook](t, c.next()); f.Action != "update" {
		t.Errorf("a second subscribe brought a %s", f.Action)
	}
}

func TestConnectLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := OKX(Options{Memory: true})
		defer s.Close()
		d := websocket.Dialer{NetDialContext: s.DialContext}
		for i := range okxConnects + 1 {
			ws, resp, err := d.Dial(s.Endpoints()["public"], nil)
			if i < okxConnects {
				if err != nil {
					t.Fatal(err)
				}
				defer ws.Close()
			} else if err == nil || resp.StatusCode != 429 {
				t.Errorf("dial %d: %v", i, err)
			}
		}
	})
}

func TestSlowReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := OKX(Options{Memory: true, Queue: 16})
		defer s.Close()
		c := dial(t, s, "public", "")
		c.ask(subOKX)
		for range 400 {
			s.mu.Lock()
			s.change(50, s.markets)
			s.flush(true)
			s.mu.Unlock()
		}
		if err := c.err(); !websocket.IsCloseError(err, 4005) {
			t.Errorf("ended with %v", err)
		}
	})
}
