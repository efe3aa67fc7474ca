package okx

import (
	"net/http"
	"testing"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/rest"
)

// testKey is the made-up key of section 6.1.
func testKey(t *testing.T) *exchange.Key {
	t.Helper()
	k, err := exchange.NewKey(exchange.Credentials{
		Key:        exchange.NewSecret("5f0c3d1e-7a2b-4c89-9d10-2e4f6a8b0c1d"),
		Secret:     exchange.NewSecret("6D9F2A77C1E04B58A3F0D1C2B3A49586"),
		Passphrase: exchange.NewSecret("Sample-Pass-1"),
	})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestSign(t *testing.T) {
	at := time.Date(2026, 9, 14, 14, 34, 56, 789_999_999, time.FixedZone("", 2*3600)) // never later than it is
	for _, tt := range []struct {
		r    rest.Request
		want string
	}{
		{rest.Request{Method: http.MethodGet, Path: "/api/v5/trade/orders-pending", Query: []rest.Param{{Key: "instType", Value: "SPOT"}, {Key: "instId", Value: "BTC-USDT"}}},
			"UWvn3QszRzJLsEl7pMCoxFW7fm6qAcnXnkMR+avMGyI="},
		{rest.Request{Method: http.MethodPost, Path: "/api/v5/trade/order", Body: []byte(`{"instId":"BTC-USDT","tdMode":"cash","side":"buy","ordType":"limit","px":"50000.1","sz":"0.0002","clOrdId":"sample01"}`)},
			"PBFRe8evAh4Uk6jAsWEdQMZCwDSe873YylqyLiji2zM="},
	} {
		tt.r.Header = http.Header{}
		if err := sign(&tt.r, testKey(t), "www.okx.com", at); err != nil {
			t.Fatal(err)
		}
		for header, want := range map[string]string{
			"OK-ACCESS-KEY": "5f0c3d1e-7a2b-4c89-9d10-2e4f6a8b0c1d", "OK-ACCESS-SIGN": tt.want, "OK-ACCESS-TIMESTAMP": "2026-09-14T12:34:56.789Z",
			"OK-ACCESS-PASSPHRASE": "Sample-Pass-1", "Content-Type": "application/json",
		} {
			if got := tt.r.Header.Get(header); got != want {
				t.Errorf("%s: %s %q, want %q", tt.r.Path, header, got, want)
			}
		}
	}
}

// Section 13.3 has the same signature over a time with decimals, which the old protocol sent.
func TestSignatures(t *testing.T) {
	for text, want := range map[string]string{
		"1789389296GET/users/self/verify":     "ZbCaV4IKza3dxlYXGzW7iVk776n2oXutC2kyFD57QlE=",
		"1553000000.975GET/users/self/verify": "7tgB6USYNpI6u7bqknWTrgMHZu2Bq04YFV9ENMTUJsA=",
	} {
		if got := testKey(t).Base64(text); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

func TestLogin(t *testing.T) {
	const want = `{"op":"login","args":[{"apiKey":"5f0c3d1e-7a2b-4c89-9d10-2e4f6a8b0c1d","passphrase":"Sample-Pass-1","timestamp":"1789389296","sign":"ZbCaV4IKza3dxlYXGzW7iVk776n2oXutC2kyFD57QlE="}]}`
	if got := string(login(testKey(t), time.Unix(1789389296, 999_000_000))); got != want {
		t.Errorf("got\n%s, want\n%s", got, want)
	}
}
