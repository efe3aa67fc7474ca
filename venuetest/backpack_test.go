package venuetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// Answers as Backpack's document prints them, sections 3 and 2.
var backpackREST = []document{
	{"status", "/api/v1/status", `{"message":null,"status":"Ok"}`},
	{"depth", "/api/v1/depth?symbol=SOL_USDC&limit=5", `{"asks":[["98.97","22.39"]],"bids":[["98.93","50.78"]],"lastUpdateId":"4330360995","timestamp":1788367430246081}`},
	{"ticker", "/api/v1/ticker?symbol=SOL_USDC", `{"firstPrice":"100.87","high":"101.19","lastPrice":"98.98","low":"97.38","priceChange":"-1.89","priceChangePercent":"-0.018737","quoteVolume":"1498114.9234","symbol":"SOL_USDC","trades":"6796","volume":"15089.56"}`},
	{"trades", "/api/v1/trades?symbol=SOL_USDC&limit=1", `[{"id":381731418,"isBuyerMaker":false,"price":"100.67","quantity":"0.22","quoteQuantity":"22.1474","timestamp":1788285123140}]`},
	{"markPrices", "/api/v1/markPrices?symbol=SOL_USDC_PERP", `[{"fundingRate":"0.0000093695347311482301432578","indexPrice":"7.25278079","markPrice":"7.249","nextFundingTimestamp":1788285600000,"symbol":"AVAX_USDC_PERP"}]`},
	{"fundingRates", "/api/v1/fundingRates?symbol=SOL_USDC_PERP&limit=1", `[{"fundingRate":"0.000010077","intervalEndTimestamp":"2026-09-23T04:00:00","symbol":"SOL_USDC_PERP"}]`},
	{"openInterest", "/api/v1/openInterest?symbol=SOL_USDC_PERP", `[{"openInterest":"206529.68","symbol":"SOL_USDC_PERP","timestamp":1785149338123}]`},
}

// Frames as it prints them, section 4.
var backpackStreams = []document{
	{"stream", "ticker.SOL_USDC", `{"E":1788367430549233,"V":"1498114.9234","c":"98.98","e":"ticker","h":"101.19","l":"97.38","n":6796,"o":"100.87","s":"SOL_USDC","v":"15089.56"}`},
	{"stream", "bookTicker.SOL_USDC", `{"A":"22.39","B":"288.77","E":1788367430247487,"T":1788367430246081,"a":"98.97","b":"98.96","e":"bookTicker","s":"SOL_USDC","u":4330360995}`},
	{"stream", "depth.200ms.SOL_USDC", `{"E":1788367430394613,"T":1788367430394381,"U":4330361001,"a":[["98.95","159.90"]],"b":[["98.95","159.90"]],"e":"depth","s":"SOL_USDC","u":4330361001}`},
	{"stream", "trade.SOL_USDC", `{"E":1788367431700125,"T":1788367431699801,"a":"59887375340","b":"59887375311","e":"trade","m":true,"p":"98.96","q":"1.25","s":"SOL_USDC","t":381740012}`},
	{"stream", "kline.1m.SOL_USDC", `{"E":1788367436500301,"T":"2026-09-02T16:44:00","X":false,"c":"98.98","e":"kline","h":"99.02","l":"98.93","n":14,"o":"98.95","s":"SOL_USDC","t":"2026-09-02T16:43:00","v":"211.44"}`},
	{"stream", "markPrice.SOL_USDC_PERP", `{"E":1788367430422109,"T":1788367430421396,"e":"markPrice","f":"0.0000125","i":"98.94998504","n":1788368400000,"p":"98.94","s":"SOL_USDC_PERP"}`},
	{"stream", "openInterest.SOL_USDC_PERP", `{"E":1788367440000123,"e":"openInterest","o":"206529.68","s":"SOL_USDC_PERP"}`},
	{"stream", "liquidation.SOL_USDC_PERP", `{"E":1788367440100123,"S":"Bid","T":1788367440099801,"e":"liquidation","p":"97.10","q":"10","s":"SOL_USDC_PERP"}`},
}

func TestBackpackRESTShapes(t *testing.T) {
	s := Backpack(Options{Memory: true, Seed: 1})
	defer s.Close()
	for _, d := range backpackREST {
		t.Run(d.name, func(t *testing.T) {
			code, _, body := get(t, s, "rest", d.path)
			if code != 200 {
				t.Fatalf("%d %s", code, body)
			}
			alikeLoosely(t, body, d.want)
		})
	}
}

func TestBackpackStreamShapes(t *testing.T) {
	for _, d := range backpackStreams {
		t.Run(d.path, func(t *testing.T) {
			s := Backpack(Options{Memory: true, Seed: 1})
			defer s.Close()
			c := dial(t, s, d.name, "")
			c.ask(`{"method":"SUBSCRIBE","params":["` + d.path + `","no such"]}`) // only what is wrong is answered
			s.Step(100)
			alikeLoosely(t, c.next(), `{"data":`+d.want+`,"stream":"`+d.path+`"}`)
		})
	}
}

// alikeLoosely is alike where every number may have any digits.
func alikeLoosely(t *testing.T, got, want string) {
	t.Helper()
	keep := func(s string) string {
		var b strings.Builder
		for _, r := range s {
			switch {
			case r >= '0' && r <= '9', r == '.', r == '-':
				r = '0'
			}
			if r != '0' || !strings.HasSuffix(b.String(), "0") {
				b.WriteRune(r)
			}
		}
		text := strings.NewReplacer("false", "true", "AVAX", "SOL", "Ask", "Bid").Replace(b.String())
		for strings.Contains(text, `["0","0"],["0","0"]`) {
			text = strings.ReplaceAll(text, `["0","0"],["0","0"]`, `["0","0"]`)
		}
		return text
	}
	if keep(got) != keep(want) {
		t.Errorf("got  %s\nwant %s", keep(got), keep(want))
	}
}

// TestBackpackRefuses: parsers answer in plain text, markets in JSON, the socket without a
// name, or not at all.
func TestBackpackRefuses(t *testing.T) {
	s := Backpack(Options{Memory: true, Seed: 1})
	defer s.Close()
	for _, tt := range []struct {
		path, body string
		code       int
	}{
		{"/api/v1/depth?symbol=SOL_USDC&limit=7", "failed to parse parameter `limit`: failed to parse \"DepthLimit\": Expect a valid enumeration value.", 400},
		{"/api/v1/depth?symbol=SOLUSDC", `{"code":"INVALID_CLIENT_REQUEST","message":"Invalid market symbol"}`, 400},
		{"/api/v1/depth?symbol=OLD_USDC", `{"code":"RESOURCE_NOT_FOUND","message":"Not Found"}`, 404},
		{"/api/v1/ticker?symbol=OLD_USDC", "", 204},
		{"/api/v1/markPrices?symbol=SOL_USDC", `{"code":"INVALID_CLIENT_REQUEST","message":"Symbol not found"}`, 400},
		{"/api/v1/fundingRates?symbol=NO", "[]", 200},
		{"/api/v1/klines?symbol=SOL_USDC&interval=1m", "failed to parse parameter `startTime`: failed to parse \"integer(int64)\": Type \"integer(int64)\" expects an input value.", 400},
		{"/api/v1/nothing", "404 not found", 404},
		{"/api/v1/ping", "pong", 200},
	} {
		if code, _, body := get(t, s, "rest", tt.path); code != tt.code || body != tt.body {
			t.Errorf("%s: %d %s", tt.path, code, body)
		}
	}
	c := dial(t, s, "stream", "")
	for request, code := range map[string]string{`{"method":"SUBSCRIBE","params":["nonsense.SOL_USDC"]}`: "4006", `{"method":"SUBSCRIBE","params":["depth.100ms.SOL_USDC"]}`: "4008", `{"method":"LIST"}`: "4002", `hello`: "4002"} {
		if got := c.ask(request); !strings.HasPrefix(got, `{"id":null,"error":{"code":`+code+`,`) {
			t.Errorf("%s: %s", request, got)
		}
	}
	// Nothing but the error of the last comes back: the others are wrong in silence.
	if got := c.ask(`{"method":"SUBSCRIBE","params":["depth.5.SOL_USDC","depth.OLD_USDC","ticker.NO","markPrice.SOL_USDC","x"]}`); !strings.Contains(got, "4006") {
		t.Error(got)
	}
	for i := range 40 {
		if code, _, body := get(t, s, "rest", "/api/v1/trades/history?symbol=SOL_USDC"); (code == 429) != (i >= 28) || code == 429 && !strings.Contains(body, "TOO_MANY_REQUESTS") {
			t.Fatalf("request %d: %d %s", i, code, body) // two of 30 went to rates and candles before
		}
	}
}

// TestBackpackDepthOrder: the best bid of REST comes last, its numbers are trimmed, and the
// stream has the ids that follow.
func TestBackpackDepthOrder(t *testing.T) {
	s := Backpack(Options{Memory: true, Seed: 1})
	defer s.Close()
	type answer struct {
		Asks, Bids [][2]string
		Last       string `json:"lastUpdateId"`
	}
	c := dial(t, s, "stream", "")
	c.ask(`{"method":"SUBSCRIBE","params":["depth.SOL_USDC","no such"]}`)
	_, _, body := get(t, s, "rest", "/api/v1/depth?symbol=SOL_USDC&limit=10")
	d := parse[answer](t, body)
	truth, _ := s.Book("SOL_USDC", s.Last("SOL_USDC"))
	if best := d.Bids[len(d.Bids)-1]; best[0] != truth.Price(truth.Bids[0]) || best[1] != truth.Size(truth.Bids[0]) || d.Asks[0][0] != truth.Price(truth.Asks[0]) || len(d.Bids) != 10 || d.Last != fmt.Sprint(truth.Seq) {
		t.Errorf("got %+v at %s; the best are %+v and %+v", d, d.Last, truth.Bids[0], truth.Asks[0])
	}
	s.Step(10)
	f := parse[struct{ Data struct{ U int64 } }](t, strings.Replace(c.next(), `"u":`, `"last":`, 1))
	if f.Data.U != truth.Seq+1 {
		t.Errorf("the stream goes on with %d after %d", f.Data.U, truth.Seq)
	}
	if !slices.Equal(s.Subscriptions(), []string{"depth.SOL_USDC"}) {
		t.Errorf("subscribed: %v", s.Subscriptions())
	}
}
