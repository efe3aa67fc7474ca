package exchanges_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/rest"
)

// desk is how a venue looks at signed requests, written after section 6 of its document without the client's help.
type desk struct {
	venue, endpoint string
	name            string // the key's
	secret          string // HMAC
	private         string // Ed25519, as it is given to the client
	public          ed25519.PublicKey
	named           bool // the name is the public key
	passphrase      string
	far             time.Duration // the clocks' distance that is too much
	asks            []*rest.Request
	clock           string // the path of the time
	tell            func(ms int64) string
	read            func(r *http.Request, body []byte) claim
	refusals        map[string]refusal
	ahead, behind   time.Duration // what a request's time may be off
}

// claim is what a request says of itself.
type claim struct {
	name, passphrase, text, signature string
	at                                time.Time
	hex                               bool
}

type refusal struct {
	status int
	body   string // with a place for what is quoted
}

func (d *desk) kind() string {
	if d.public != nil {
		return "Ed25519"
	}
	return "HMAC"
}

func (d *desk) owner() exchange.Credentials {
	return exchange.Credentials{Key: exchange.NewSecret(d.name), Secret: exchange.NewSecret(d.secret), PrivateKey: exchange.NewSecret(d.private), Passphrase: exchange.NewSecret(d.passphrase)}
}

// proves checks the signature.
func (d *desk) proves(c claim) bool {
	decode := base64.StdEncoding.DecodeString
	if c.hex && d.public == nil {
		decode = hex.DecodeString
	}
	signature, err := decode(c.signature)
	if err != nil {
		return false
	}
	if d.public != nil {
		return ed25519.Verify(d.public, []byte(c.text), signature)
	}
	mac := hmac.New(sha256.New, []byte(d.secret))
	mac.Write([]byte(c.text))
	return hmac.Equal(mac.Sum(nil), signature)
}

// counter is a desk that is open.
type counter struct {
	*desk
	url           string
	skew          time.Duration // of its clock
	lies          bool          // the time it tells is not the one it goes by
	fault         string
	signed, times atomic.Int64

	mu         sync.Mutex
	signatures []string
}

func serve(t *testing.T, d *desk) *counter {
	c := &counter{desk: d}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	c.url = server.URL
	return c
}

func (c *counter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	now := time.Now().Add(c.skew)
	if r.URL.Path == c.clock {
		c.times.Add(1)
		if c.lies {
			now = time.Now()
		}
		_, _ = io.WriteString(w, c.tell(now.UnixMilli()))
		return
	}
	c.signed.Add(1)
	got := c.read(r, body)
	c.mu.Lock()
	c.signatures = append(c.signatures, got.signature)
	c.mu.Unlock()
	late, why := now.Sub(got.at), c.fault
	switch {
	case got.name != c.name:
		why = "key"
	case got.passphrase != c.passphrase:
		why = "passphrase"
	case late > c.behind || -late > c.ahead:
		why = "time"
	case !c.proves(got):
		why = "signature"
	}
	if why == "" {
		_, _ = io.WriteString(w, `{"code":"0","status":"ok","data":[]}`)
		return
	}
	quoted := got.name + " " + got.passphrase + " " + got.signature + " " + url.QueryEscape(got.signature)
	w.WriteHeader(c.refusals[why].status)
	fmt.Fprintf(w, c.refusals[why].body, quoted)
}

// secrets are what must not be said.
func (c *counter) secrets() map[string]string {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := map[string]string{"key": c.name, "secret": c.secret, "private key": c.private, "passphrase": c.passphrase}
	if c.named {
		delete(all, "private key")
		all["seed"] = c.private
	}
	for i, s := range c.signatures {
		all["signature "+strconv.Itoa(i)], all["escaped signature "+strconv.Itoa(i)] = s, url.QueryEscape(s)
	}
	maps.DeleteFunc(all, func(_, s string) bool { return s == "" })
	return all
}

// Made-up keys, those of the documents.
var (
	binanceSeed  = sequence(1)
	seed         = sequence(0)
	stranger     = ed25519.NewKeyFromSeed(sequence(100))
	strangerName = base64.StdEncoding.EncodeToString(publicOf(sequence(100)))
)

func sequence(first byte) []byte {
	b := make([]byte, ed25519.SeedSize)
	for i := range b {
		b[i] = first + byte(i)
	}
	return b
}

func publicOf(seed []byte) ed25519.PublicKey {
	return ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)
}

var desks = []*desk{
	binance(desk{name: "Tv1mKqY8sR2dXw5nLb7cJf4hGz9pUe3aHo6iVt0yBk1MrDq8SxWl2CgNj5EuZ7Pf", secret: "zG4vR8tYw2LkQ9hXn6BcD1mJp5sUaF3eVo7iKyTqW0xNrHbZ8CgMlEuPd2SjA4f6"}),
	{
		venue: "okx", endpoint: "rest", far: 40 * time.Second, ahead: 30 * time.Second, behind: 30 * time.Second,
		name: "5f0c3d1e-7a2b-4c89-9d10-2e4f6a8b0c1d", secret: "6D9F2A77C1E04B58A3F0D1C2B3A49586", passphrase: "Sample-Pass-1",
		asks:  []*rest.Request{get("/api/v5/account/balance"), get("/api/v5/account/balance", "ccy", "BTC,ETH"), post("/api/v5/trade/order", `{"instId":"BTC-USDT","px":"50000.1"}`)},
		clock: "/api/v5/public/time", tell: func(ms int64) string { return fmt.Sprintf(`{"code":"0","data":[{"ts":"%d"}],"msg":""}`, ms) },
		read: readOKX,
		refusals: map[string]refusal{
			"key": {401, `{"msg":"Invalid OK-ACCESS-KEY","code":"50111","quoted":%q}`}, "signature": {401, `{"msg":"Invalid Sign","code":"50113","quoted":%q}`},
			"passphrase": {401, `{"msg":"Request header OK-ACCESS-PASSPHRASE incorrect. %s","code":"50105"}`}, "time": {401, `{"msg":"Timestamp request expired","code":"50102","quoted":%q}`},
			"address": {401, `{"msg":"Your IP is not included in your API key's IP whitelist. %s","code":"50110"}`}, "permission": {200, `{"msg":"API key doesn't have permission. %s","code":"50120","data":[]}`},
		},
	},
	huobi(desk{secret: "9e8d7c6b-5a493827-16f0e1d2-c3b4a"}),
	{
		venue: "backpack", endpoint: "rest", far: 10 * time.Second, ahead: 5 * time.Second, behind: 5 * time.Second, named: true,
		name: base64.StdEncoding.EncodeToString(publicOf(seed)), private: base64.StdEncoding.EncodeToString(seed), public: publicOf(seed),
		asks: []*rest.Request{get("/api/v1/capital"), get("/wapi/v1/history/fills", "symbol", "SOL_USDC", "from", "1", "note", "a b&c"),
			post("/api/v1/order", `{"symbol":"SOL_USDC","clientId":4000000001,"postOnly":true,"price":"141.25"}`)},
		clock: "/api/v1/time", tell: func(ms int64) string { return strconv.FormatInt(ms, 10) },
		read: readBackpack,
		refusals: map[string]refusal{
			"key": {401, `{"code":"UNAUTHORIZED","message":"no such key: %s"}`}, "signature": {400, `{"code":"INVALID_CLIENT_REQUEST","message":"Invalid signature","quoted":%q}`},
			"time":    {400, `{"code":"INVALID_CLIENT_REQUEST","message":"Request has expired","quoted":%q}`},
			"address": {401, `{"code":"UNAUTHORIZED","message":"%s"}`}, "permission": {403, `{"code":"FORBIDDEN","message":"%s"}`},
		},
	},
	binance(desk{name: "Qd7LmXz2VpRk9TfHb4WsNc6YjUg1Ea8Ou3iKyB5vMxGw0SnJt2CrFhPqDlZe7I4A", private: "MC4CAQAwBQYDK2VwBCIEIAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g", public: publicOf(binanceSeed)}),
	huobi(desk{private: "MC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f", public: publicOf(seed)}),
}

func binance(d desk) *desk {
	d.venue, d.endpoint, d.clock, d.read = "binance", "spot.rest", "/api/v3/time", readBinance
	d.far, d.ahead, d.behind = 10*time.Second, time.Second, 5*time.Second
	d.tell = func(ms int64) string { return fmt.Sprintf(`{"serverTime":%d}`, ms) }
	d.asks = []*rest.Request{get("/api/v3/account"), get("/api/v3/myTrades", "symbol", "币安人生USDT", "startTime", "1"), post("/api/v3/order", "symbol=BTCUSDT&price=1.50")}
	d.refusals = map[string]refusal{
		"key": {401, `{"code":-2015,"msg":"Invalid API-key, IP, or permissions for action. %s"}`}, "signature": {400, `{"code":-1022,"msg":"Signature for this request is not valid. %s"}`},
		"time": {400, `{"code":-1021,"msg":"Timestamp for this request is outside of the recvWindow. %s"}`},
	}
	d.refusals["address"], d.refusals["permission"] = d.refusals["key"], d.refusals["key"]
	return &d
}

func huobi(d desk) *desk {
	d.venue, d.endpoint, d.clock, d.read = "huobi", "spot.rest", "/v1/common/timestamp", readHTX
	d.name = "a7f3c1d2-htx5tst9ky-0b1c2d3e-4f5a6"
	d.far, d.ahead, d.behind = 10*time.Minute, 5*time.Minute, 5*time.Minute
	d.tell = func(ms int64) string { return fmt.Sprintf(`{"status":"ok","data":%d}`, ms) }
	d.asks = []*rest.Request{get("/v1/account/accounts"), get("/v1/order/matchresults", "types", "buy-limit,sell-limit", "symbol", "ethusdt"), post("/v1/order/orders/place", `{"symbol":"ethusdt"}`)}
	not := func(why string) refusal {
		return refusal{200, `{"status":"error","err-code":"api-signature-not-valid","err-msg":"Signature not valid: ` + why + `","data":null,"quoted":%q}`}
	}
	d.refusals = map[string]refusal{"key": not("Incorrect Access key"), "signature": not("Verification failure"), "time": not("Invalid submission time"),
		"address": not("Incorrect IP address"), "permission": not("API key has no permission")}
	return &d
}

// readBinance is section 6.3: all before the signature, and the body.
func readBinance(r *http.Request, body []byte) claim {
	signed, signature, _ := strings.Cut(r.URL.RawQuery, "&signature=")
	if before, last, ok := strings.Cut(r.URL.RawQuery, "signature="); ok && before == "" {
		signed, signature = "", last
	}
	signature, _ = url.QueryUnescape(signature)
	ms, _ := strconv.ParseInt(r.URL.Query().Get("timestamp"), 10, 64)
	return claim{name: r.Header.Get("X-MBX-APIKEY"), text: signed + string(body), signature: signature, at: time.UnixMilli(ms), hex: true}
}

// readOKX is section 6.1.
func readOKX(r *http.Request, body []byte) claim {
	stamp := r.Header.Get("OK-ACCESS-TIMESTAMP")
	at, _ := time.Parse("2006-01-02T15:04:05.000Z", stamp)
	return claim{name: r.Header.Get("OK-ACCESS-KEY"), passphrase: r.Header.Get("OK-ACCESS-PASSPHRASE"), signature: r.Header.Get("OK-ACCESS-SIGN"),
		text: stamp + r.Method + r.RequestURI + string(body), at: at}
}

// readHTX is section 6.2: the query as the server reads it, in the order of the names.
func readHTX(r *http.Request, _ []byte) claim {
	query := r.URL.Query()
	var pairs []string
	for _, key := range slices.Sorted(maps.Keys(query)) {
		if key != "Signature" {
			pairs = append(pairs, key+"="+strings.ReplaceAll(url.QueryEscape(query.Get(key)), "+", "%20"))
		}
	}
	at, _ := time.Parse("2006-01-02T15:04:05", query.Get("Timestamp"))
	return claim{name: query.Get("AccessKeyId"), signature: query.Get("Signature"), at: at,
		text: strings.Join([]string{r.Method, r.Host, r.URL.Path, strings.Join(pairs, "&")}, "\n")}
}

// readBackpack is section 6: the text is made again of what the server has understood.
func readBackpack(r *http.Request, body []byte) claim {
	named := map[string]string{"GET /api/v1/capital": "balanceQuery", "GET /wapi/v1/history/fills": "fillHistoryQueryAll", "POST /api/v1/order": "orderExecute"}
	members := make(map[string]string)
	for key, values := range r.URL.Query() {
		members[key] = values[0]
	}
	if len(body) > 0 {
		var object map[string]any
		d := json.NewDecoder(bytes.NewReader(body))
		d.UseNumber()
		if d.Decode(&object) != nil {
			return claim{}
		}
		for key, value := range object {
			members[key] = fmt.Sprint(value)
		}
	}
	text := "instruction=" + named[r.Method+" "+r.URL.Path]
	for _, key := range slices.Sorted(maps.Keys(members)) {
		text += "&" + key + "=" + members[key]
	}
	stamp := r.Header.Get("X-Timestamp")
	ms, _ := strconv.ParseInt(stamp, 10, 64)
	return claim{name: r.Header.Get("X-API-Key"), signature: r.Header.Get("X-Signature"), at: time.UnixMilli(ms), text: text + "&timestamp=" + stamp + "&window=" + r.Header.Get("X-Window")}
}
