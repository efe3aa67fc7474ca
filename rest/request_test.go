package rest

import (
	"net/url"
	"strings"
	"testing"
)

func TestRawQuery(t *testing.T) {
	var r Request
	r.Path = "/api/v3/order"
	if got := r.Target(); got != "/api/v3/order" {
		t.Errorf("without a query: %s", got)
	}
	r.Set("symbol", "币安人生USDT") // Binance, section 6.5, V4
	r.Set("symbols", `["BTCUSDT","ETH-_.~"]`)
	r.Set("text", "a b+c/d=&?%,")
	r.Set("empty", "")
	r.Set("symbol", "币USDT")
	const want = "symbol=%E5%B8%81USDT&symbols=%5B%22BTCUSDT%22%2C%22ETH-_.~%22%5D&text=a%20b%2Bc%2Fd%3D%26%3F%25%2C&empty="
	if got := r.RawQuery(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := r.Target(); got != r.Path+"?"+want {
		t.Errorf("target %s", got)
	}
	if r.Value("symbol") != "币USDT" || r.Value("none") != "" {
		t.Errorf("values %q, %q", r.Value("symbol"), r.Value("none"))
	}
}

func FuzzQuery(f *testing.F) {
	f.Add("symbol", "BTCUSDT", "signature", "a+b/c==")
	f.Add("", "&=?#% ", "\xff\x00", "币")
	f.Fuzz(func(t *testing.T, k1, v1, k2, v2 string) {
		r := Request{Query: []Param{{k1, v1}, {k2, v2}}}
		raw := r.RawQuery()
		if strings.ContainsAny(raw, " +#?\r\n\"<>") {
			t.Errorf("unsafe: %q", raw)
		}
		back, err := url.ParseQuery(raw)
		if err != nil {
			t.Fatalf("%q: %v", raw, err)
		}
		if got := back[k1][0]; got != v1 {
			t.Errorf("%q came back as %q", v1, got)
		}
		if vs := back[k2]; vs[len(vs)-1] != v2 {
			t.Errorf("%q came back as %q", v2, vs)
		}
	})
}
