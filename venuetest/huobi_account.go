package venuetest

import (
	"encoding/base64"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/depthwire/depthwire/decimal"
)

// rules are what sections 7.2, 7.6 and 10.3 of HTX's document say of accounts: the customer's own ids need not differ.
func (v *huobi) rules() rules {
	return rules{
		wallets: []string{"spot", "linear"},
		wallet:  func(m *market) string { return m.Family },
		cashier: "spot",
		expires: true,
		firstOrder: func(m *market) int64 {
			if m.Family == "spot" {
				return 1_314_507_823_485_263
			}
			return 1_429_503_956_647_878_656
		},
		fees: func(m *market) (maker, taker string) {
			if m.Family == "spot" {
				return "0.002", "0.002"
			}
			return "0.0002", "0.0005"
		},
		least: func(m *market) decimal.Decimal {
			if m.Family == "spot" && m.Quote == "USDT" {
				return decimal.New(10, 0)
			}
			return decimal.New(0, 0)
		},
	}
}

// fault is why a signed request or a login is refused, in the words of both dialects (sections 10.3 to 10.5).
type huobiFault struct{ spot, text, contract string }

var (
	unknownKey    = &huobiFault{"api-signature-not-valid", "Signature not valid: Incorrect Access key [Access key错误]", "12003"}
	wrongMAC      = &huobiFault{"api-signature-not-valid", "Signature not valid: Verification failure [校验失败]", "12002"}
	wrongVersion  = &huobiFault{"api-signature-not-valid", "Signature not valid: Incorrect signature version [签名版本错误]", "12008"}
	wrongTime     = &huobiFault{"api-signature-not-valid", "Signature not valid: Invalid submission time or incorrect time format [无效的提交时间，或时间格式错误]", "12001"}
	wrongAddress  = &huobiFault{"api-signature-not-valid", "Signature not valid: Incorrect IP address [IP地址错误]", "12005"}
	lackingPermit = &huobiFault{"api-signature-not-valid", "API key has no permission", "12009"}
)

const huobiWindow = 5 * time.Minute

// identify finds out whose the parameters are that were signed with a method, a host and a path (section 6). Under mu.
func (v *huobi) identify(method, host, path, version string, params url.Values, mac, remote string) (*Account, *huobiFault) {
	get := func(name string) string { // 2.1 has a small letter in front, and another name for the key
		if version == "2.1" {
			name = strings.ToLower(name[:1]) + strings.TrimSuffix(name[1:], "Id")
		}
		return params.Get(name)
	}
	a := v.s.account(get("AccessKeyId"))
	if a == nil {
		return nil, unknownKey
	}
	kind := "HmacSHA256"
	if a.opts.PublicKey != nil {
		kind = "Ed25519"
	}
	if get("SignatureVersion") != version || get("SignatureMethod") != kind {
		return nil, wrongVersion
	}
	at, err := time.Parse("2006-01-02T15:04:05", get("Timestamp"))
	if off := v.s.now().Sub(at); err != nil || off > huobiWindow || off < -huobiWindow {
		return nil, wrongTime
	}
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(params)) {
		pairs = append(pairs, name+"="+strings.ReplaceAll(url.QueryEscape(params.Get(name)), "+", "%20"))
	}
	sum, err := base64.StdEncoding.DecodeString(mac)
	if err != nil || !a.signed([]byte(method+"\n"+strings.ToLower(host)+"\n"+path+"\n"+strings.Join(pairs, "&")), sum) {
		return nil, wrongMAC
	}
	if !a.from(remote) {
		return nil, wrongAddress
	}
	return a, nil
}

// isPrivate reports whether a path is the account's.
func (v *huobi) isPrivate(path string) bool {
	return strings.HasPrefix(path, "/v1/account/") || strings.HasPrefix(path, "/v1/order/") || strings.HasPrefix(path, "/v1/query/") || strings.HasPrefix(path, "/v5/")
}

// account answers a signed request.
func (v *huobi) account(h *host, w http.ResponseWriter, r *http.Request) {
	text, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	body, wait := v.signed(h, w, r, text)
	if wait != 0 && !v.s.pause(r, wait) {
		panic(http.ErrAbortHandler) // the connection ends without an answer
	}
	w.Write(body)
}

// signed makes the answer, and tells how long it waits.
func (v *huobi) signed(h *host, w http.ResponseWriter, r *http.Request, text []byte) ([]byte, time.Duration) {
	s := v.s
	s.mu.Lock()
	defer s.mu.Unlock()
	s.usage.requests[r.URL.Path]++
	w.Header().Set("Content-Type", "application/json")
	if body, done := s.broken(w, r, h, false); done {
		return body, 0
	}
	trade := r.Method == http.MethodPost
	if !trade && len(text) > 0 {
		w.WriteHeader(http.StatusForbidden)
		return []byte(firewallPage), 0
	}
	q := r.URL.Query()
	mac := q.Get("Signature")
	q.Del("Signature")
	a, why := v.identify(r.Method, r.Host, r.URL.Path, "2", q, mac, r.RemoteAddr)
	if why == nil && !a.may(trade) {
		why = lackingPermit
	}
	k := &huobiCall{v: v, a: a, path: r.URL.Path, q: q, body: text}
	if why != nil {
		return k.fail(h, why.spot, why.contract, why.text), 0
	}
	var out []byte
	if h.name == "spot" {
		out = k.spot(r.Method, h)
	} else {
		out = k.linear(r.Method, h)
	}
	if out == nil {
		w.WriteHeader(http.StatusMethodNotAllowed)
		return []byte(`{"status":"error","err-code":"method-not-allowed","err-msg":"method not allowed","data":null}`), 0
	}
	if !trade {
		return out, 0
	}
	return s.answered(w, h, r.URL.Path, out)
}

// huobiCall is one signed request, or an instruction of a socket. Under Server.mu.
type huobiCall struct {
	v    *huobi
	a    *Account
	path string
	q    url.Values
	body []byte
}

// fail is an error of either dialect (section 10.1).
func (k *huobiCall) fail(h *host, spot, contract, text string) []byte {
	if h.name == "spot" {
		return fmt.Appendf(nil, `{"status":"error","err-code":"%s","err-msg":"%s","data":null}`, spot, text)
	}
	return fmt.Appendf(nil, `{"code":%s,"message":"%s","data":null,"ts":%d}`, contract, text, k.v.s.now().UnixMilli())
}

// refused are the venue's codes of what the engine refuses.
func (k *huobiCall) refused(h *host, err error) []byte {
	codes := map[Refused][2]string{
		NoMarket:     {"base-symbol-error", "1014"},
		MarketClosed: {"base-symbol-trade-disabled", "1058"},
		BadOrder:     {"order-type-invalid", "1067"},
		BadPrice:     {"order-orderprice-precision-error", "1038"},
		BadSize:      {"order-orderamount-precision-error", "1040"},
		TooSmall:     {"order-value-min-error", "1040"},
		NoFunds:      {"account-frozen-balance-insufficient-error", "1047"},
		NoPosition:   {"order-type-invalid", "1048"},
		UnknownOrder: {"base-record-invalid", "1061"},
		OrderEnded:   {"order-orderstate-error", "1071"},
	}
	why, ok := err.(Refused)
	code := codes[why]
	if !ok || code[0] == "" {
		code = [2]string{"base-system-error", "1000"}
	}
	return k.fail(h, code[0], code[1], string(why))
}
