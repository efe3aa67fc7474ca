package backpack

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/rest"
)

// The made-up key of section 6, in its two forms.
const (
	publicKey = "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg="
	seed      = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
	both64    = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8DoQe/884Qvh1w3RjnS8CZZ+TWMJulDV8d3IZkElUxuA=="
)

var signedAt = time.UnixMilli(1790000000123)

func testKey(t *testing.T, private string) *exchange.Key {
	t.Helper()
	k, err := exchange.NewKey(exchange.Credentials{Key: exchange.NewSecret(publicKey), PrivateKey: exchange.NewSecret(private)})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// Section 6, vectors 1 to 5: the text that is signed, and the headers.
func TestSign(t *testing.T) {
	for _, tt := range []struct {
		method, path, query, body, window string
		text, want                        string
	}{
		{"GET", "/api/v1/capital", "", "", "5000", "instruction=balanceQuery", "E5HY14Avzf7yL+4K52vzBD96UWoX4g92zgduSypv6nreNJRXL12+QN8tLn9WWV4FwLjQfp6ZQdYSZk3r8443DQ=="},
		{"POST", "/api/v1/order", "", `{"symbol":"SOL_USDC_PERP","side":"Bid","orderType":"Limit","price":"141.25","quantity":"12.5","timeInForce":"GTC","postOnly":true,"reduceOnly":false,"clientId":4000000001,"selfTradePrevention":"RejectTaker"}`, "5000",
			"instruction=orderExecute&clientId=4000000001&orderType=Limit&postOnly=true&price=141.25&quantity=12.5&reduceOnly=false&selfTradePrevention=RejectTaker&side=Bid&symbol=SOL_USDC_PERP&timeInForce=GTC",
			"HTk06FzPIBYxXCXcrkKJCC+UdD88rT2yAE5hAXQbYEHfIQFlXQTAM9QKPoJXyQUssTiuvtZO+aDiOMNqc+ANCA=="},
		{"DELETE", "/api/v1/order", "", `{"orderId":"59887375336","symbol":"SOL_USDC_PERP"}`, "60000", "instruction=orderCancel&orderId=59887375336&symbol=SOL_USDC_PERP",
			"Ze4NJIhPvX05xZvlR0LtnwIA8wovSeGlPxUQ206FX2VF2DYNZDD++sH8v4AtPsfIb/AnhTuZXBcMM7C0QXX+Bg=="},
		{"GET", "/wapi/v1/history/fills", "symbol=SOL_USDC&from=1789990000000&limit=100&offset=0&fillType=User&sortDirection=Desc", "", "5000",
			"instruction=fillHistoryQueryAll&fillType=User&from=1789990000000&limit=100&offset=0&sortDirection=Desc&symbol=SOL_USDC", "c+KyIdVUDcu6707lbwieo9xBweydyhXZXrEo23Dj0aV905Y5DtIw6pD7tzSyMcotuJBAxsH/quDII1cIT1VAAQ=="},
		{"POST", "/api/v1/orders", "", `[{"symbol":"SOL_USDC_PERP","side":"Bid","orderType":"Limit","price":"141","quantity":"12"},{"symbol":"SOL_USDC_PERP","side":"Ask","orderType":"Limit","price":"143","quantity":"11","postOnly":true}]`, "5000",
			"instruction=orderExecute&orderType=Limit&price=141&quantity=12&side=Bid&symbol=SOL_USDC_PERP&instruction=orderExecute&orderType=Limit&postOnly=true&price=143&quantity=11&side=Ask&symbol=SOL_USDC_PERP",
			"BEORN6vXJ1KDzjJ0hVWI1Wwe5PqDE2EfvAhz5ZizADczp/GcDb5r3bMK7bMfYWOLG9ibPI8ng4dG9QdnUVy0AA=="},
	} {
		for _, private := range []string{seed, both64} {
			r := rest.Request{Method: tt.method, Path: tt.path, Body: []byte(tt.body), Header: http.Header{}}
			for pair := range strings.SplitSeq(tt.query, "&") {
				if key, value, ok := strings.Cut(pair, "="); ok {
					r.Query = append(r.Query, rest.Param{Key: key, Value: value})
				}
			}
			if tt.window != validFor {
				r.Header.Set("X-Window", tt.window)
			}
			if text, err := signingText(instructions[tt.method+" "+tt.path], &r); text != tt.text || err != nil {
				t.Errorf("%s: signs\n%s, want\n%s, %v", tt.path, text, tt.text, err)
			}
			if err := sign(&r, testKey(t, private), "", signedAt); err != nil {
				t.Fatal(err)
			}
			if got := r.RawQuery(); got != tt.query {
				t.Errorf("%s: the query became %s", tt.path, got)
			}
			for header, want := range map[string]string{"X-API-Key": publicKey, "X-Signature": tt.want, "X-Timestamp": "1790000000123", "X-Window": tt.window} {
				if got := r.Header.Get(header); got != want {
					t.Errorf("%s: %s %q, want %q", tt.path, header, got, want)
				}
			}
		}
	}
}

// Section 6, vector 6, in the frame of section 8.
func TestSubscribe(t *testing.T) {
	const want = `{"method":"SUBSCRIBE","params":["account.orderUpdate","account.balanceUpdate","account.positionUpdate"],"signature":["A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=",` +
		`"VarmeMvlylRjwBp+FIW5965rN5rgrhdr6/0kPJddVWj7AT8qtURcRjGLT9EC0TBEZDqU45hD7pe/Q5/wLZXvBA==","1790000000123","5000"]}`
	if got := string(subscribe(testKey(t, seed), signedAt, "account.orderUpdate", "account.balanceUpdate", "account.positionUpdate")); got != want {
		t.Errorf("got\n%s, want\n%s", got, want)
	}
}

// What the server could read otherwise than it was signed is not sent.
func TestUnsignable(t *testing.T) {
	for _, r := range []rest.Request{
		{Method: "GET", Path: "/api/v1/nothing"},
		{Method: "POST", Path: "/api/v1/order", Body: []byte(`{"a":1e9}`)},
		{Method: "POST", Path: "/api/v1/order", Body: []byte(`{"a":null}`)},
		{Method: "POST", Path: "/api/v1/order", Body: []byte(`{"a":{"b":1}}`)},
		{Method: "POST", Path: "/api/v1/order", Body: []byte(`{"a":1`)},
		{Method: "POST", Path: "/api/v1/order", Body: []byte(`7`)},
		{Method: "POST", Path: "/api/v1/orders", Body: []byte(`[7]`)},
		{Method: "POST", Path: "/api/v1/order", Body: []byte(`{"a":1}`), Query: []rest.Param{{Key: "b", Value: "2"}}},
	} {
		r.Header = http.Header{}
		if err := sign(&r, testKey(t, seed), "", signedAt); !errors.Is(err, exchange.ErrBadRequest) || r.Header.Get("X-Signature") != "" {
			t.Errorf("%s %s: %v", r.Path, r.Body, err)
		}
	}
}
