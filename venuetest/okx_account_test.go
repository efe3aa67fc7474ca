package venuetest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// okxOwner is the customer of the tests.
var okxOwner = AccountOptions{
	Key: "5f0c3d1e-7a2b-4c89-9d10-2e4f6a8b0c1d", Secret: "s3cret-6D9F2A77", Passphrase: "s3cret-Pass-1", ID: "518230047716904960",
	Balances: map[string]string{"USDT": "100000", "BTC": "2", "ETH": "3", "funding/USDT": "7"},
}

func withOKX(t *testing.T, test func(t *testing.T, s *Server, a *Account)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := OKX(Options{Seed: 5, Memory: true})
		defer s.Close()
		test(t, s, s.NewAccount(okxOwner))
	})
}

func okxSign(secret, text string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// okxLogin is a login at a time, with what is changed of a right one.
func okxLogin(at time.Time, changes ...string) string {
	ts := strconv.FormatInt(at.Unix(), 10)
	return strings.NewReplacer(changes...).Replace(fmt.Sprintf(`{"op":"login","args":[{"apiKey":"%s","passphrase":"%s","timestamp":"%s","sign":"%s"}]}`,
		okxOwner.Key, okxOwner.Passphrase, ts, okxSign(okxOwner.Secret, ts+"GET/users/self/verify")))
}

// okxPrivate is a socket that is logged in.
func okxPrivate(t *testing.T, s *Server, path string) *socket {
	t.Helper()
	c := dial(t, s, path, "")
	if got := c.ask(okxLogin(time.Now())); !strings.HasPrefix(got, `{"event":"login","code":"0","msg":"","connId":"`) {
		t.Fatal(got)
	}
	return c
}

func TestOKXLogin(t *testing.T) {
	withOKX(t, func(t *testing.T, s *Server, a *Account) {
		now := time.Now()
		for _, tt := range []struct{ login, code string }{
			{okxLogin(now, okxOwner.Key, "another"), "60005"},
			{okxLogin(now, okxOwner.Passphrase, "another"), "60024"},
			{okxLogin(now, `"sign":"`, `"sign":"AAAA`), "60007"},
			{okxLogin(now, `"timestamp":"`, `"timestamp":"x`), "60004"},
			{okxLogin(now.Add(-31 * time.Second)), "60006"},
			{okxLogin(now.Add(time.Minute)), "60006"},
		} {
			c := dial(t, s, "private", "")
			if got := c.ask(tt.login); !strings.Contains(got, `"event":"error","code":"`+tt.code+`"`) {
				t.Errorf("%s: %s", tt.code, got)
			}
			if err := c.err(); !strings.Contains(err.Error(), "4001") {
				t.Errorf("%s: %v", tt.code, err)
			}
			time.Sleep(time.Second)
		}
		c := dial(t, s, "private", "")
		if got := c.ask(`{"id":"1","op":"subscribe","args":[{"channel":"account"}]}`); !strings.Contains(got, `"60011"`) {
			t.Errorf("without a login: %s", got)
		}
		if got := c.ask(`{"id":"o1","op":"order","args":[{"instIdCode":10000}]}`); !strings.Contains(got, `"code":"60011"`) {
			t.Errorf("an order without a login: %s", got)
		}
		c = okxPrivate(t, s, "private")
		if got := c.ask(okxLogin(now)); !strings.Contains(got, `"60031"`) {
			t.Errorf("again: %s", got)
		}
		a.Revoke()
		if err := c.err(); !strings.Contains(err.Error(), "4007") {
			t.Errorf("revoked: %v", err)
		}
	})
}

// until reads frames until one has the text.
func until(t *testing.T, c *socket, text string) string {
	t.Helper()
	for range 50 {
		if got := c.next(); strings.Contains(got, text) {
			return got
		}
	}
	t.Fatalf("no %s", text)
	return ""
}

// TestOKXChannels: the state first, in pages, then what happens; orders by the socket, and what they say.
func TestOKXChannels(t *testing.T) {
	withOKX(t, func(t *testing.T, s *Server, a *Account) {
		c := okxPrivate(t, s, "private")
		if got := c.ask(`{"id":"1","op":"subscribe","args":[{"channel":"account"}]}`); !strings.Contains(got, `"event":"subscribe","arg":{"channel":"account"}`) {
			t.Error(got)
		}
		if got := c.next(); !strings.Contains(got, `{"event":"channel-conn-count","channel":"account","connCount":"1"`) {
			t.Error(got)
		}
		first, second := c.next(), c.next()
		if !strings.HasPrefix(first, `{"arg":{"channel":"account","uid":"518230047716904960"},"eventType":"snapshot","curPage":1,"lastPage":false,"data":[{"adjEq"`) ||
			!strings.Contains(second, `"curPage":2,"lastPage":true,`) || !strings.Contains(second, `"cashBal":"100000","ccy":"USDT"`) {
			t.Errorf("%s\n%s", first, second)
		}
		c.send(`{"id":"2","op":"subscribe","args":[{"channel":"orders","instType":"SPOT"},{"channel":"positions","instType":"ANY"}]}`)
		if got := until(t, c, `"channel":"positions","uid"`); !strings.HasSuffix(got, `"instType":"ANY"},"eventType":"snapshot","curPage":1,"lastPage":true,"data":[]}`) {
			t.Error(got)
		}
		c.send(`{"id":"o1","op":"order","args":[{"instIdCode":10000,"tdMode":"cash","side":"buy","ordType":"limit","px":"50000.1","sz":"0.0002","clOrdId":"sample01"}]}`)
		live := until(t, c, `{"arg":{"channel":"orders","instType":"SPOT","uid":"518230047716904960"},"data":[{"accFillSz":"0"`)
		if !strings.Contains(live, `"state":"live"`) || !strings.Contains(live, `"clOrdId":"sample01"`) {
			t.Error(live)
		}
		if got := until(t, c, `"op":"order"`); !strings.HasPrefix(got, `{"id":"o1","op":"order","data":[{"clOrdId":"sample01","ordId":"2941177305512812`) || !strings.Contains(got, `"sCode":"0","sMsg":""}],"code":"0","msg":"","inTime":"`) {
			t.Error(got)
		}
		c.send(`{"id":"o2","op":"order","args":[{"instIdCode":10000,"tdMode":"cash","side":"buy","ordType":"limit","px":"50000.1","sz":"0.0002","clOrdId":"sample01"}]}`)
		if got := until(t, c, `"id":"o2"`); !strings.Contains(got, `"sCode":"51016"`) || !strings.Contains(got, `"code":"1"`) {
			t.Error(got)
		}
		if err := a.Fill(a.OpenOrders()[0].ID, a.OpenOrders()[0].Size); err != nil {
			t.Fatal(err)
		}
		if got := until(t, c, `"state":"filled"`); !strings.Contains(got, `"fillSz":"0.0002"`) || !strings.Contains(got, `"execType":"M"`) {
			t.Error(got)
		}
		if got := until(t, c, `"event_update"`); !strings.Contains(got, `"ccy":"BTC"`) {
			t.Error(got)
		}
		time.Sleep(6 * time.Second)
		until(t, c, `"channel":"account","uid":"518230047716904960"},"eventType":"snapshot","curPage":2`)
	})
}

// okxPost sends a signed request, with some of its headers changed.
func okxSend(t *testing.T, s *Server, method, path, body string, change func(h http.Header)) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.Endpoints()["rest"]+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	at := time.Now().UTC().Format("2006-01-02T15:04:05.000Z")
	for k, v := range map[string]string{"OK-ACCESS-KEY": okxOwner.Key, "OK-ACCESS-PASSPHRASE": okxOwner.Passphrase, "OK-ACCESS-TIMESTAMP": at,
		"OK-ACCESS-SIGN": okxSign(okxOwner.Secret, at+method+path+body)} {
		r.Header.Set(k, v)
	}
	if change != nil {
		change(r.Header)
	}
	answer, err := s.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(b)
}

func TestOKXSignedRequests(t *testing.T) {
	withOKX(t, func(t *testing.T, s *Server, a *Account) {
		set := func(key, value string) func(http.Header) { return func(h http.Header) { h.Set(key, value) } }
		for _, tt := range []struct {
			change func(http.Header)
			status int
			body   string
		}{
			{nil, 200, `{"code":"0","msg":"","data":[{"availBal":"7","bal":"7","ccy":"USDT","frozenBal":"0"}]}`},
			{set("OK-ACCESS-KEY", ""), 401, `"code":"50103"`},
			{set("OK-ACCESS-PASSPHRASE", ""), 401, `"code":"50104"`},
			{set("OK-ACCESS-SIGN", ""), 401, `"code":"50106"`},
			{set("OK-ACCESS-TIMESTAMP", ""), 401, `"code":"50107"`},
			{set("OK-ACCESS-TIMESTAMP", "2026-09-14T12:34:56Z"), 401, `"code":"50112"`},
			{set("OK-ACCESS-TIMESTAMP", time.Now().Add(-31*time.Second).UTC().Format("2006-01-02T15:04:05.000Z")), 401, `{"msg":"Timestamp request expired","code":"50102"}`},
			{set("OK-ACCESS-KEY", "another"), 200, `"code":"50119"`},
			{set("x-simulated-trading", "1"), 401, `"code":"50101"`},
			{set("OK-ACCESS-PASSPHRASE", "another"), 401, `"code":"50105"`},
			{set("OK-ACCESS-SIGN", "AAAA"), 401, `"code":"50113"`},
		} {
			if status, body := okxSend(t, s, http.MethodGet, "/api/v5/asset/balances", "", tt.change); status != tt.status || !strings.Contains(body, tt.body) {
				t.Errorf("%d %s, want %d %s", status, body, tt.status, tt.body)
			}
			time.Sleep(time.Second)
		}
		a.Permit(true, false)
		if _, body := okxSend(t, s, http.MethodPost, "/api/v5/trade/order", `{}`, nil); !strings.Contains(body, `"code":"50120"`) {
			t.Error(body)
		}
	})
}

// TestOKXOrders: what the venue says to instructions by REST.
func TestOKXOrders(t *testing.T) {
	withOKX(t, func(t *testing.T, s *Server, a *Account) {
		for _, tt := range []struct{ path, body, want string }{
			{"order", `{"instId":"BTC-USDT","tdMode":"cash","side":"buy","ordType":"limit","px":"50000.1","sz":"0.0002","clOrdId":"sample01"}`, `{"code":"0","data":[{"clOrdId":"sample01","ordId":"29411773055128`},
			{"order", `{"instId":"BTC-USDT","tdMode":"cash","side":"buy","ordType":"limit","px":"50000.1","sz":"0.000001"}`, `"sCode":"51020"`},
			{"order", `{"instId":"BTC-USDT","tdMode":"cash","side":"buy","ordType":"limit","px":"50000.1","sz":"0.000200001"}`, `"sCode":"51121"`},
			{"order", `{"instId":"BTC-USDT","tdMode":"cash","side":"buy","ordType":"limit","px":"50000.1","sz":"100"}`, `"sCode":"51008"`},
			{"order", `{"instId":"NO-USDT","tdMode":"cash","side":"buy","ordType":"limit","px":"50000.1","sz":"1"}`, `"sCode":"51001"`},
			{"order", `{"instId":"BTC-USDT","tdMode":"cross","side":"buy","ordType":"limit","px":"50000.1","sz":"0.0002"}`, `"sCode":"51000"`},
			{"order", `{"instId":"BTC-USDT","tdMode":"cash","side":"buy","ordType":"post_only","px":"90000","sz":"0.0002","clOrdId":"post"}`, `"sCode":"0"`},
			{"order", `{"instId":"BTC-USDT","tdMode":"cash","side":"buy","ordType":"market","sz":"100","clOrdId":"quote"}`, `"sCode":"0"`},
			{"amend-order", `{"instId":"BTC-USDT","clOrdId":"sample01","newPx":"50001"}`, `"reqId":""`},
			{"cancel-order", `{"instId":"BTC-USDT","clOrdId":"sample01"}`, `"sCode":"0"`},
			{"cancel-order", `{"instId":"BTC-USDT","clOrdId":"sample01"}`, `"sCode":"51400"`},
			{"amend-order", `{"instId":"BTC-USDT","clOrdId":"sample01","newPx":"50002"}`, `"sCode":"51503"`},
			{"cancel-batch-orders", `[{"instId":"BTC-USDT","clOrdId":"sample01"},{"instId":"BTC-USDT","ordId":"7"}]`, `"msg":"All operations failed"`},
			{"batch-orders", `[]`, `"code":"50025"`},
			{"order", `{`, `"code":"50002"`},
		} {
			if _, body := okxSend(t, s, http.MethodPost, "/api/v5/trade/"+tt.path, tt.body, nil); !strings.Contains(body, tt.want) {
				t.Errorf("%s %s: %s, want %s", tt.path, tt.body, body, tt.want)
			}
		}
		all := a.Orders()
		post := all[slices.IndexFunc(all, func(o Order) bool { return o.ClientID == "post" })]
		quote := all[slices.IndexFunc(all, func(o Order) bool { return o.ClientID == "quote" })]
		if post.Status != Expired || quote.QuoteSize.String() != "100" || quote.Status != Filled {
			t.Errorf("%+v\n%+v", post, quote)
		}
		_, body := okxSend(t, s, http.MethodGet, "/api/v5/trade/order?instId=BTC-USDT&clOrdId=post", "", nil)
		if !strings.Contains(body, `"cancelSource":"31"`) || !strings.Contains(body, `"state":"canceled"`) {
			t.Error(body)
		}
		time.Sleep(3 * time.Hour) // those that were cancelled without a fill vanish
		if _, body := okxSend(t, s, http.MethodGet, "/api/v5/trade/order?instId=BTC-USDT&clOrdId=post", "", nil); !strings.Contains(body, `"code":"51603"`) {
			t.Error(body)
		}
		if _, body := okxSend(t, s, http.MethodGet, "/api/v5/trade/orders-history?instType=SPOT", "", nil); strings.Count(body, `"ordId"`) != 1 {
			t.Error(body)
		}
	})
}
