package huobi

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/rest"
)

// The made-up key of sections 6.5 and 6.6.
const accessKey = "a7f3c1d2-htx5tst9ky-0b1c2d3e-4f5a6"

var (
	hmacKey  = mustKey(exchange.Credentials{Key: exchange.NewSecret(accessKey), Secret: exchange.NewSecret("9e8d7c6b-5a493827-16f0e1d2-c3b4a")})
	edKey    = mustKey(exchange.Credentials{Key: exchange.NewSecret(accessKey), PrivateKey: exchange.NewSecret("MC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f")})
	signedAt = time.Date(2026, 8, 30, 11, 15, 27, 999_999_999, time.FixedZone("", 2*3600))
)

func mustKey(c exchange.Credentials) *exchange.Key {
	k, err := exchange.NewKey(c)
	if err != nil {
		panic(err)
	}
	return k
}

// Sections 6.5, vectors 1 to 3, 6 and 7, and 6.6, first and third: the whole address as it is sent.
func TestSign(t *testing.T) {
	const id = "AccessKeyId=" + accessKey + "&SignatureMethod="
	const ofHMAC, ofEd = id + "HmacSHA256&SignatureVersion=2&Timestamp=2026-08-30T09%3A15%3A27", id + "Ed25519&SignatureVersion=2&Timestamp=2026-08-30T09%3A15%3A27"
	open := []rest.Param{{Key: "symbol", Value: "ethusdt"}, {Key: "account-id", Value: "31276149"}, {Key: "size", Value: "50"}}
	for _, tt := range []struct {
		name, method, host, path string
		query                    []rest.Param
		key                      *exchange.Key
		want, signature          string
	}{
		{"1", "GET", "api.huobi.pro", "/v1/order/openOrders", open, hmacKey, ofHMAC + "&account-id=31276149&size=50&symbol=ethusdt", "SvHbYXKok%2F1yVALP4mpXHbHQ4b%2B16XI4%2FtJmMAUGU30%3D"},
		{"2", "GET", "API.huobi.pro", "/v1/order/matchresults", []rest.Param{{Key: "types", Value: "buy-limit,sell-limit"}, {Key: "symbol", Value: "ethusdt"}, {Key: "start-time", Value: "1788000000000"}}, hmacKey,
			ofHMAC + "&start-time=1788000000000&symbol=ethusdt&types=buy-limit%2Csell-limit", "xevhITT0MyXsSp9JJDulYtR7EHVc4WhuAG2BOC1eXzM%3D"},
		{"3", "POST", "api.huobi.pro", "/v1/order/orders/place", nil, hmacKey, ofHMAC, "ytYhzY%2BqRD5k%2F5knnqulbW9S4aRi4g7doeFusVgTK%2BQ%3D"},
		{"6", "GET", "api.hbdm.com", "/v5/trade/position/opens", []rest.Param{{Key: "contract_code", Value: "BTC-USDT"}}, hmacKey, ofHMAC + "&contract_code=BTC-USDT", "P1LM0dZJHHa7FdrDUtuexJdH5kLtfb8prcqwdMSYdpI%3D"},
		{"7", "POST", "api.hbdm.com", "/v5/trade/order", nil, hmacKey, ofHMAC, "yJQnjCbFWvab3wRo9z4RAqI8qm0Jk7Y3dJaA9zPrSIM%3D"},
		{"Ed25519, 1", "GET", "api.huobi.pro", "/v1/order/openOrders", open, edKey, ofEd + "&account-id=31276149&size=50&symbol=ethusdt",
			"t%2B%2BB3cqAI%2FPEuqWwxRV%2FRqv46sKd5ZAUJZjB5LQwipi7y0gy0wNaIOIrmRJ21qF4fbRS5W6bPe0K4dON12%2BAAQ%3D%3D"},
		{"Ed25519, 3", "GET", "api.hbdm.com", "/v5/account/balance", nil, edKey, ofEd, "%2Bbyogll0SxBmnHHH6iO0EfGUfIcu13AJwAOSm45OM1GMSJBcM6pAH0nyFu8jRZKVxWs%2Bkx%2FW4rub0o0Z0XAfCA%3D%3D"},
	} {
		r := rest.Request{Method: tt.method, Path: tt.path, Query: append([]rest.Param(nil), tt.query...), Header: http.Header{}}
		if tt.method == "POST" {
			r.Body = []byte(`{"not":"signed"}`)
		}
		if err := sign(&r, tt.key, tt.host, signedAt); err != nil {
			t.Fatal(err)
		}
		if got, want := r.Target(), tt.path+"?"+tt.want+"&Signature="+tt.signature; got != want {
			t.Errorf("%s: got\n%s, want\n%s", tt.name, got, want)
		}
	}
}

// Section 6.5, vectors 4 and 5, and 6.6, second.
func TestLogin(t *testing.T) {
	for _, tt := range []struct {
		path, method, signature string
		key                     *exchange.Key
	}{
		{"/ws/v2", "HmacSHA256", "4NZnDM+ifnI/njFXiuGZloupPfzxTUenOMtWMTadDsE=", hmacKey},
		{"/ws/trade", "HmacSHA256", "8RujHD/MzMuhjyrWmk0YqwOO6JNo7SFTjDjA0T9TpMs=", hmacKey},
		{"/ws/v2", "Ed25519", "AnZwfFxYEom2OrJ5Cv5j12BKo8YQbwH026xRpVi+AVhAE6/c38ACxw9TQLz0acEREwAZ+t+SmewzvUVblTckAg==", edKey},
	} {
		want := `{"action":"req","ch":"auth","params":{"authType":"api","accessKey":"` + accessKey + `","signatureMethod":"` + tt.method +
			`","signatureVersion":"2.1","timestamp":"2026-08-30T09:15:27","signature":"` + tt.signature + `"}}`
		if got := string(login(tt.key, "api.huobi.pro", tt.path, signedAt)); got != want {
			t.Errorf("%s: got\n%s, want\n%s", tt.path, got, want)
		}
	}
}

// Section 6.5, vectors 8 to 10.
func TestLoginContracts(t *testing.T) {
	for path, signature := range map[string]string{
		"/ws/v5/notification":       "TDQWjdikuanrV3X14q8/rsNnK+VfF19hS2bf5NQjZ1o=",
		"/linear-swap-notification": "AFK2FxTvO+r5Jj9czofEGLpjxU5ZxhWaD0BedFn215o=",
		"/linear-swap-trade":        "aBbdFQhK2FfHfbZEgd6sJckpiD0YmMRBJoGbtOvlb08=",
	} {
		want := `{"op":"auth","type":"api","AccessKeyId":"` + accessKey + `","SignatureMethod":"HmacSHA256","SignatureVersion":"2","Timestamp":"2026-08-30T09:15:27","Signature":"` + signature + `","cid":"a1"}`
		if got, err := loginContracts(hmacKey, "api.hbdm.com", path, "a1", signedAt); string(got) != want || err != nil {
			t.Errorf("%s: got\n%s, want\n%s, %v", path, got, want, err)
		}
	}
	if _, err := loginContracts(edKey, "api.hbdm.com", "/ws/v5/notification", "a1", signedAt); !errors.Is(err, exchange.ErrNotSupported) {
		t.Errorf("Ed25519: %v", err)
	}
}

// Section 6.5, the venue's own vectors: a key of 64 bytes is a seed and its public key.
func TestOfficialVectors(t *testing.T) {
	text := strings.Join([]string{"GET", "api.huobi.pro", "/v1/account/history", "account-id=1&currency=btcusdt"}, "\n")
	ofHMAC := mustKey(exchange.Credentials{Key: exchange.NewSecret(accessKey), Secret: exchange.NewSecret("secret")})
	if got := ofHMAC.Base64(text); got != "HUP3n78npIuTzVKyjEOrPictRKEUTRoYs7Ld5y38hmA=" {
		t.Errorf("HMAC: %s", got)
	}
	ofEd := mustKey(exchange.Credentials{Key: exchange.NewSecret(accessKey), PrivateKey: exchange.NewSecret("nJanXRB7WIiSgr6eQzgNaQjp+xCkieLj0RQ2NxAZefqYiJajRf6PVrd0kE8kdHG3XuiXLlM6w5xipkdTNw5Ucw==")})
	if got := ofEd.Base64(text); got != "KnEhhsa511CrWu++7BMSdVrLtFhvxARINGsGpq8S699qMgghekPwW90RV14A4sniE3RS1J/v0hAo70iA9Ln4Aw==" {
		t.Errorf("Ed25519: %s", got)
	}
}
