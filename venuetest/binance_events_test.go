package venuetest

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/depthwire/depthwire/decimal"
)

func TestBinanceLinearEvents(t *testing.T) { synctest.Test(t, binanceLinearEvents) }

func binanceLinearEvents(t *testing.T) {
	s, a, _ := atVectors(t)
	status, _, body := call(t, s, "POST", "linear.rest", "/fapi/v1/listenKey", hmacKey, "")
	key := parse[struct{ ListenKey string }](t, body).ListenKey
	if status != 200 || len(key) != 64 {
		t.Fatalf("%d %s", status, body)
	}
	if _, _, again := call(t, s, "POST", "linear.rest", "/fapi/v1/listenKey", hmacKey, ""); again != body {
		t.Errorf("%s, want the same key again: %s", again, body)
	}
	c := dial(t, s, "linear.private", "/ws?listenKey="+key+"&events=ORDER_TRADE_UPDATE/TRADE_LITE/ACCOUNT_UPDATE")
	wide := dial(t, s, "linear.private", "/stream?listenKey="+key+"&events=ORDER_TRADE_UPDATE")
	silent := dial(t, s, "linear.api", "/ws/"+key)
	o, err := a.Place(Order{Symbol: "BTC/USDT:USDT", Side: "sell", Type: "limit", Price: dec("80000.10"), Size: dec("0.150"), ClientID: "go-f-1"})
	if err != nil {
		t.Fatal(err)
	}
	c.next() // NEW, of which the document has no example
	if err := a.Fill(o.ID, decimal.Decimal{}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`{"e":"TRADE_LITE","E":1763776800107,"T":1763776800105,"s":"BTCUSDT","q":"0.150","p":"68241.60","m":true,"c":"go-f-1","S":"SELL","L":"68241.60","l":"0.150","t":6900123401,"i":8389765739703625592}`,
		`{"e":"ORDER_TRADE_UPDATE","T":1763776800105,"E":1763776800108,"o":{"s":"BTCUSDT","c":"go-f-1","S":"SELL","o":"LIMIT","f":"GTC","q":"0.150","p":"68241.60","ap":"68241.6","sp":"0","x":"TRADE","X":"FILLED","i":8389765739703625592,"l":"0.150","z":"0.150","L":"68241.60","n":"0.51181200","N":"USDT","T":1763776800105,"t":6900123401,"b":"0","a":"0","m":true,"R":false,"wt":"CONTRACT_PRICE","ot":"LIMIT","ps":"BOTH","cp":false,"rp":"-8.76000000","pP":false,"si":0,"ss":0,"V":"EXPIRE_MAKER","pm":"NONE","gtd":0,"er":"0"}}`,
		`{"e":"ACCOUNT_UPDATE","E":1763776800108,"T":1763776800105,"a":{"m":"ORDER","B":[{"a":"USDT","wb":"1217.07956703","cw":"1014.45287906","bc":"0"}],"P":[{"s":"BTCUSDT","pa":"-0.150","ep":"68241.6","bep":"68214.3","cr":"-8.76000000","up":"-0.22500000","mt":"cross","iw":"0","ps":"BOTH"}]}}`,
	} {
		if got, want := shape(t, c.next()), shape(t, want); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	if got := wide.next(); !strings.HasPrefix(got, `{"stream":"`+key+`","data":{"e":"ORDER_TRADE_UPDATE"`) {
		t.Errorf("combined: %s", got)
	}
	s.Fault(Fault{Kind: ExpirePass})
	if got, want := c.next(), `"listenKey":"`+key+`"}`; !strings.HasPrefix(got, `{"e":"listenKeyExpired"`) || !strings.HasSuffix(got, want) {
		t.Errorf("expired: %s, want %s", got, want)
	}
	if status, _, body := call(t, s, "PUT", "linear.rest", "/fapi/v1/listenKey", hmacKey, ""); status != 400 || body != `{"code":-1125,"msg":"This listenKey does not exist."}` {
		t.Errorf("kept alive: %d %s", status, body)
	}
	if topics := s.Subscriptions(); !slices.Equal(topics, []string{key}) {
		t.Errorf("%v are subscribed, want the silent one alone", topics)
	}
	silent.ws.Close()
}

func TestBinanceSpotEvents(t *testing.T) { synctest.Test(t, binanceSpotEvents) }

func binanceSpotEvents(t *testing.T) {
	s, a, _ := atVectors(t)
	c := dial(t, s, "spot.api", "/ws-api/v3")
	subscribe := func(id string) string {
		params := "apiKey=" + hmacKey + "&timestamp=1763776800123"
		return fmt.Sprintf(`{"id":%q,"method":"userDataStream.subscribe.signature","params":{"apiKey":%q,"timestamp":1763776800123,"signature":%q}}`, id, hmacKey, mac(hmacSecret, params))
	}
	s.Fault(Fault{Kind: RefuseLogin})
	if got := c.ask(subscribe("x")); !strings.HasPrefix(got, `{"id":"x","status":400,"error":{"code":-1022`) {
		t.Errorf("refused login: %s", got)
	}
	if got := c.ask(subscribe("u")); !strings.HasPrefix(got, `{"id":"u","status":200,"result":{"subscriptionId":0},"rateLimits":[{"rateLimitType":"REQUEST_WEIGHT"`) {
		t.Fatalf("subscribed: %s", got)
	}
	if got := c.ask(subscribe("v")); !strings.Contains(got, `-2035`) {
		t.Errorf("subscribed twice: %s", got)
	}
	o, err := a.Place(Order{Symbol: "BTC/USDT", Side: "buy", Type: "limit", Price: dec("60000"), Size: dec("0.0015"), ClientID: "go-1"})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Fill(o.ID, dec("0.0005")); err != nil {
		t.Fatal(err)
	}
	if _, body := signedCall(t, s, "DELETE", "spot.rest", "/api/v3/order", "symbol=BTCUSDT&newClientOrderId=bye&orderId="+itoa(o.ID)); !strings.Contains(body, "CANCELED") {
		t.Fatal(body)
	}
	a.Settle(a.Deposit(Transaction{Asset: "BTC", Amount: dec("0.5")}), Completed)
	for _, want := range [][]string{
		{`"e":"executionReport"`, `"c":"go-1"`, `"x":"NEW"`},
		{`"e":"outboundAccountPosition"`, `"B":[{"a":"USDT","f":"99910.00000000","l":"90.00000000"}]`},
		{`"e":"executionReport"`, `"x":"TRADE","X":"PARTIALLY_FILLED"`, `"l":"0.00050000","z":"0.00050000","L":"60000.00000000","n":"0.00000050","N":"BTC"`, `"m":true`, `"Z":"30.00000000","Y":"30.00000000"`},
		{`"e":"outboundAccountPosition"`, `{"a":"BTC","f":"1.00049950","l":"0.00000000"},{"a":"USDT","f":"99910.00000000","l":"60.00000000"}`},
		{`"e":"executionReport"`, `"c":"bye"`, `"C":"go-1"`, `"x":"CANCELED","X":"CANCELED"`},
		{`"e":"outboundAccountPosition"`, `"f":"99970.00000000","l":"0.00000000"`},
		{`"e":"balanceUpdate"`, `"a":"BTC","d":"0.50000000"`},
		{`"e":"outboundAccountPosition"`, `{"a":"BTC","f":"1.50049950"`},
	} {
		got := c.next()
		for _, part := range want {
			if !strings.Contains(got, part) {
				t.Errorf("%s\nlacks %s", got, part)
			}
		}
	}
	a.Revoke()
	if got, want := c.next(), `{"id":null,"status":401,"error":{"code":-2015,"msg":"Invalid API-key, IP, or permissions for action."}}`; got != want {
		t.Errorf("revoked: %s, want %s", got, want)
	}
}

// What is lost is the answer, not the order.
func TestBinanceLostAnswers(t *testing.T) { synctest.Test(t, binanceLostAnswers) }

func binanceLostAnswers(t *testing.T) {
	s, a, _ := atVectors(t)
	const params = "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.001&price=50000&newClientOrderId="
	for i, f := range []Fault{{Kind: LostAnswer}, {Kind: LostAnswer, Path: "/order"}} {
		s.Fault(f)
		id := fmt.Sprint("lost-", i)
		text := params + id + "&timestamp=1763776800123"
		r, err := http.NewRequestWithContext(t.Context(), "POST", s.Endpoints()["spot.rest"]+"/api/v3/order?"+text+"&signature="+mac(hmacSecret, text), nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-MBX-APIKEY", hmacKey)
		if resp, err := s.Client().Do(r); err == nil {
			resp.Body.Close()
			t.Errorf("%+v: answered with %d", f, resp.StatusCode)
		}
		if os := a.OpenOrders(); len(os) != i+1 || os[i].ClientID != id {
			t.Errorf("%+v: %+v", f, os)
		}
	}
	s.Fault(Fault{Kind: FalseAnswer, Code: 503})
	status, body := signedCall(t, s, "POST", "spot.rest", "/api/v3/order", params+"false")
	if status != 503 || len(a.OpenOrders()) != 3 {
		t.Errorf("%d %s, %d orders", status, body, len(a.OpenOrders()))
	}
	c := dial(t, s, "linear.api", "/ws-fapi/v1?returnRateLimits=false")
	text := "apiKey=" + hmacKey + "&price=50000&quantity=0.010&side=BUY&symbol=BTCUSDT&timeInForce=GTC&timestamp=1763776800123&type=LIMIT"
	place := fmt.Sprintf(`{"id":"f-1","method":"order.place","params":{"symbol":"BTCUSDT","side":"BUY","type":"LIMIT","timeInForce":"GTC","quantity":"0.010","price":"50000","timestamp":1763776800123,"apiKey":%q,"signature":%q}}`, hmacKey, mac(hmacSecret, text))
	s.Fault(Fault{Kind: FalseAnswer, Channel: "order.place"})
	if got, want := c.ask(place), `{"id":"f-1","status":503,"error":`+unknownOutcome+`}`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	s.Fault(Fault{Kind: LostAnswer, Path: "/order"}) // of REST alone
	s.Fault(Fault{Kind: NoAnswer, Channel: "order.place"})
	c.send(place)
	s.Fault(Fault{Kind: LateAnswer, Channel: "order.place", For: time.Second})
	began := time.Now()
	if got := c.ask(place); !strings.Contains(got, `"orderId"`) || time.Since(began) < time.Second {
		t.Errorf("%s after %v", got, time.Since(began))
	}
	s.Fault(Fault{Kind: LostAnswer, Channel: "order.place"})
	c.send(place)
	if err := c.err(); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("the socket ends with %v", err)
	}
	if n := len(a.OpenOrders()); n != 7 {
		t.Errorf("%d orders, want 7: all were placed", n)
	}
}

// Pushes are dropped, doubled, swapped and held back as faults say.
func TestFaultsOfPushes(t *testing.T) { synctest.Test(t, faultsOfPushes) }

func faultsOfPushes(t *testing.T) {
	for _, tc := range []struct {
		fault Fault
		want  string
	}{
		{Fault{Kind: DropPush, Channel: "executionReport"}, "b c"},
		{Fault{Kind: RepeatPush, Channel: "executionReport"}, "a a b c"},
		{Fault{Kind: SwapPushes, Channel: "executionReport"}, "b a c"},
		{Fault{Kind: SilentAccount, Channel: "executionReport"}, ""},
	} {
		s, a, _ := atVectors(t)
		c := dial(t, s, "spot.api", "/ws-api/v3?returnRateLimits=false")
		c.ask(fmt.Sprintf(`{"id":1,"method":"userDataStream.subscribe.signature","params":{"apiKey":%q,"timestamp":1763776800123,"signature":"ba0610e9d650af418a1b2ed9a2ffb7cbad7dc1575837e6588815bab71bd27835"}}`, hmacKey))
		s.Fault(tc.fault)
		for _, id := range []string{"a", "b", "c"} {
			if _, err := a.Place(Order{Symbol: "BTC/USDT", Side: "buy", Type: "limit", Price: dec("50000"), Size: dec("0.001"), ClientID: id}); err != nil {
				t.Fatal(err)
			}
		}
		c.send(`{"id":2,"method":"ping"}`)
		var got []string
		for text := ""; !strings.HasPrefix(text, `{"id":2`); text = c.next() {
			if _, id, ok := strings.Cut(text, `"c":"`); ok {
				got = append(got, id[:1])
			}
		}
		if got := strings.Join(got, " "); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.fault.Kind, got, tc.want)
		}
	}
}

// A listen key lives for an hour after it was kept alive last.
func TestBinanceListenKeyExpires(t *testing.T) { synctest.Test(t, listenKeyExpires) }

func listenKeyExpires(t *testing.T) {
	s, _, _ := atVectors(t)
	_, _, body := call(t, s, "POST", "linear.rest", "/fapi/v1/listenKey", hmacKey, "")
	key := parse[struct{ ListenKey string }](t, body).ListenKey
	c := dial(t, s, "linear.private", "/ws?listenKey="+key+"&events=ORDER_TRADE_UPDATE")
	var text []byte
	var err error
	var reading sync.WaitGroup
	reading.Go(func() { _, text, err = c.ws.ReadMessage() }) // which answers the pings, too
	time.Sleep(50 * time.Minute)
	kept := time.Now()
	if status, _, body := call(t, s, "PUT", "linear.rest", "/fapi/v1/listenKey", hmacKey, ""); status != 200 || !strings.Contains(body, key) {
		t.Fatalf("kept alive: %d %s", status, body)
	}
	reading.Wait()
	if after := time.Since(kept); err != nil || !strings.HasPrefix(string(text), `{"e":"listenKeyExpired"`) || after < time.Hour || after > time.Hour+5*time.Second {
		t.Errorf("%s, %v after %v, want the end after an hour", text, err, after)
	}
}
