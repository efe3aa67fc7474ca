package binance

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/rest"
)

// Made-up keys of section 6.5.
const (
	hmacName   = "Tv1mKqY8sR2dXw5nLb7cJf4hGz9pUe3aHo6iVt0yBk1MrDq8SxWl2CgNj5EuZ7Pf"
	hmacSecret = "zG4vR8tYw2LkQ9hXn6BcD1mJp5sUaF3eVo7iKyTqW0xNrHbZ8CgMlEuPd2SjA4f6"
	edName     = "Qd7LmXz2VpRk9TfHb4WsNc6YjUg1Ea8Ou3iKyB5vMxGw0SnJt2CrFhPqDlZe7I4A"
	edPrivate  = "MC4CAQAwBQYDK2VwBCIEIAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g"
)

var signedAt = time.UnixMilli(1763776800123)

func hmacKey(t *testing.T) *exchange.Key {
	return newKey(t, exchange.Credentials{Key: exchange.NewSecret(hmacName), Secret: exchange.NewSecret(hmacSecret)})
}

func edKey(t *testing.T) *exchange.Key {
	return newKey(t, exchange.Credentials{Key: exchange.NewSecret(edName), PrivateKey: exchange.NewSecret(edPrivate)})
}

func newKey(t *testing.T, c exchange.Credentials) *exchange.Key {
	t.Helper()
	k, err := exchange.NewKey(c)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// params reads a query, in its order.
func params(t *testing.T, query string) (all []rest.Param) {
	t.Helper()
	for pair := range strings.SplitSeq(query, "&") {
		key, value, _ := strings.Cut(pair, "=")
		value, err := url.QueryUnescape(value)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, rest.Param{Key: key, Value: value})
	}
	return all
}

const placed = "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.00150000&price=68250.10&newClientOrderId=go-0001&newOrderRespType=FULL&recvWindow=5000"

// Section 6.5, V1, V2, V4, E1: the whole query as it is sent.
func TestSignRequests(t *testing.T) {
	const at = "&timestamp=1763776800123&signature="
	for _, tt := range []struct {
		name, query, want string
		key               *exchange.Key
	}{
		{"V1", "omitZeroBalances=true&recvWindow=5000", "3d8b2d8c70e7e5f1f1c946cf59f47aa4dd510a81c6d959c6ddf78f2a0a5a716a", hmacKey(t)},
		{"V2", placed, "c671298b4df4423bf715dfda7fd6ddbc8f623a6d9700331a058c2249fbe86c65", hmacKey(t)},
		{"V4", "symbol=%E5%B8%81%E5%AE%89%E4%BA%BA%E7%94%9FUSDT", "5fc6fcce2e32fa351520ecf3e7841d1b8e2509e877b5350a134e4022d9e8eeea", hmacKey(t)},
		{"E1", placed, "puDxHE1d8uCN28A5%2FKx5Km2NhH7WuNBmxZxc85ysbV%2FXWgJzdu31o4%2FXwZhxy1NW7iS2Jyw8TnnJDP3z5n0iCA%3D%3D", edKey(t)},
	} {
		r := &rest.Request{Method: http.MethodPost, Path: "/api/v3/order", Query: params(t, tt.query), Header: http.Header{}}
		if err := sign(r, tt.key, "api.binance.com", signedAt); err != nil {
			t.Fatal(err)
		}
		if got, want := r.Target(), "/api/v3/order?"+tt.query+at+tt.want; got != want {
			t.Errorf("%s: got\n%s, want\n%s", tt.name, got, want)
		}
		if got := r.Header.Get("X-MBX-APIKEY"); got != tt.key.Name() {
			t.Errorf("%s: key %q", tt.name, got)
		}
	}
}

// Section 6.5, all that is signed, V3 and V5 among it, of which the client sends no such request itself.
func TestSignatures(t *testing.T) {
	ofHMAC, ofEd := hmacKey(t), edKey(t)
	const body = "quantity=0.00150000&price=71000.00&timestamp=1763776800123"
	for _, tt := range []struct {
		name, payload, want string
		key                 *exchange.Key
	}{
		{"V3", "symbol=BTCUSDT&side=SELL&type=LIMIT_MAKER" + body, "2a4fc6c77a18ff5e48da2209d657032dd4d5af4359993f1bb293cd298471a3f7", ofHMAC},
		{"V5", "timestamp=1763776800123456&recvWindow=4999.5", "293f5c58289359cbf7bf552a42ff989c8c9335918c2024a5c68d52da8ce97660", ofHMAC},
		{"E1", placed + "&timestamp=1763776800123", "puDxHE1d8uCN28A5/Kx5Km2NhH7WuNBmxZxc85ysbV/XWgJzdu31o4/XwZhxy1NW7iS2Jyw8TnnJDP3z5n0iCA==", ofEd},
		{"E2", "apiKey=" + edName + "&recvWindow=5000&timestamp=1763776800123", "g1xeCAdbPPKxTINvlu1+XKPYs3DD5+Delow5WWyKK0GWuJFEI0LQulWEb1aLZUe1cniWUQnQfM0yRCVlpV8PCA==", ofEd},
		{"E3", "apiKey=" + edName + "&timestamp=1763776800123", "5IRUKIfmZP6gLoP5aahZbIXhIWGnGT8FPnsiPgbaFkpuFuyTJ+Nsr/WdPqmXZV4afOJPyFvT8FyhzJo8ofr6Bg==", ofEd},
	} {
		if got := signature(tt.key, tt.payload); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}

// A body follows the query with nothing in between, section 6.3: V3 with its time in the query.
func TestSignBody(t *testing.T) {
	k := hmacKey(t)
	r := &rest.Request{Method: http.MethodPost, Path: "/api/v3/order", Query: params(t, "symbol=BTCUSDT"), Body: []byte("quantity=1"), Header: http.Header{}}
	if err := sign(r, k, "", signedAt); err != nil {
		t.Fatal(err)
	}
	if got, want := r.Value("signature"), signature(k, "symbol=BTCUSDT&timestamp=1763776800123quantity=1"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := r.Header.Get("Content-Type"); got != "application/x-www-form-urlencoded" {
		t.Errorf("a body of type %q", got)
	}
}

// Section 6.2: a listen key wants to know whose it is, and refuses parameters.
func TestSignNameOnly(t *testing.T) {
	r := &rest.Request{Method: http.MethodPost, Path: "/fapi/v1/listenKey", Header: http.Header{}}
	if err := sign(r, hmacKey(t), "", signedAt); err != nil || len(r.Query) > 0 || r.Header.Get("X-MBX-APIKEY") != hmacName {
		t.Errorf("%v, %v, %v", r.Query, r.Header, err)
	}
}

// Sections 6.4, 8.1 and 8.3: frames of the WebSocket API, E2, E3, W1, W2 and W3.
func TestSignedFrames(t *testing.T) {
	const in = `","recvWindow":5000,"timestamp":1763776800123,"signature":"`
	for _, tt := range []struct {
		name, want string
		got        []byte
	}{
		{"E2", `{"id":"logon-1","method":"session.logon","params":{"apiKey":"` + edName + in + `g1xeCAdbPPKxTINvlu1+XKPYs3DD5+Delow5WWyKK0GWuJFEI0LQulWEb1aLZUe1cniWUQnQfM0yRCVlpV8PCA=="}}`, signedFrame(edKey(t), "logon-1", "session.logon", signedAt, rest.Param{Key: "recvWindow", Value: "5000"})},
		{"E3", `{"id":"a","method":"session.logon","params":{"apiKey":"` + edName + `","timestamp":1763776800123,"signature":"5IRUKIfmZP6gLoP5aahZbIXhIWGnGT8FPnsiPgbaFkpuFuyTJ+Nsr/WdPqmXZV4afOJPyFvT8FyhzJo8ofr6Bg=="}}`,
			signedFrame(edKey(t), "a", "session.logon", signedAt)},
		{"W1", `{"id":"u-2","method":"userDataStream.subscribe.signature","params":{"apiKey":"` + hmacName + `","timestamp":1763776800123,"signature":"ba0610e9d650af418a1b2ed9a2ffb7cbad7dc1575837e6588815bab71bd27835"}}`,
			signedFrame(hmacKey(t), "u-2", "userDataStream.subscribe.signature", signedAt)},
		{"W2", `{"id":"o-1","method":"order.place","params":{"apiKey":"` + hmacName + `","newClientOrderId":"go-0002","newOrderRespType":"RESULT","price":"71000.00","quantity":"0.00150000","recvWindow":5000,"side":"SELL",` +
			`"symbol":"BTCUSDT","timeInForce":"GTC","timestamp":1763776800123,"type":"LIMIT","signature":"1aeeb163aa7348bfb583275fd4148a9e0d1821fb22e33a2d9e18e89661d96303"}}`,
			signedFrame(hmacKey(t), "o-1", "order.place", signedAt, append(said(t, spotOrder, &exchange.Instruction{Market: spotBTC, Amount: number("0.00150000"), NewOrder: exchange.NewOrder{
				ClientID: "go-0002", Side: exchange.Sell, Type: exchange.LimitOrder, Price: number("71000.00"),
			}}), rest.Param{Key: "recvWindow", Value: "5000"})...)},
		{"W3", `{"id":"o-2","method":"order.place","params":{"apiKey":"` + hmacName + `","symbol":"币安人生USDT","timestamp":1763776800123,"signature":"1ee08df65a2784f33144f01516ec4fe90d025741841423eae07c0e6bb7a01424"}}`,
			signedFrame(hmacKey(t), "o-2", "order.place", signedAt, rest.Param{Key: "symbol", Value: "币安人生USDT"})},
	} {
		if string(tt.got) != tt.want {
			t.Errorf("%s: got\n%s, want\n%s", tt.name, tt.got, tt.want)
		}
	}
	// What is escaped in the frame is signed as it is.
	got := string(signedFrame(hmacKey(t), "a", "m", signedAt, rest.Param{Key: "symbol", Value: `币"A`}))
	if want := signature(hmacKey(t), "apiKey="+hmacName+`&symbol=币"A&timestamp=1763776800123`); !strings.Contains(got, `"symbol":"币\"A"`) || !strings.Contains(got, want) {
		t.Errorf("got %s", got)
	}
}

func BenchmarkSign(b *testing.B) {
	k, err := exchange.NewKey(exchange.Credentials{Key: exchange.NewSecret(hmacName), Secret: exchange.NewSecret(hmacSecret)})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		r := rest.Request{Method: http.MethodGet, Path: "/api/v3/account", Header: http.Header{}}
		if err := sign(&r, k, "", signedAt); err != nil {
			b.Fatal(err)
		}
	}
}
