package binance

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/rest"
)

// auth is section 6: the kind of key decides how is signed.
var auth = exchange.Auth{HMAC: true, Ed25519: true, Sign: sign}

// nameOnly has the calls that want to know who asks, but no signature, section 6.2.
var nameOnly = map[string]bool{
	"/fapi/v1/historicalTrades":     true,
	"/fapi/v1/listenKey":            true,
	"/dapi/v1/historicalTrades":     true,
	"/dapi/v1/listenKey":            true,
	"/sapi/v1/spot/delist-schedule": true,
}

// sign is section 6.3. What is signed are the query and the body, with nothing in between, as they go over the wire; the
// signature is the last parameter of the query.
func sign(r *rest.Request, k *exchange.Key, _ string, now time.Time) error {
	r.Header.Set("X-MBX-APIKEY", k.Name())
	if len(r.Body) > 0 {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if nameOnly[r.Path] {
		return nil
	}
	r.Set("timestamp", strconv.FormatInt(now.UnixMilli(), 10))
	r.Query = append(r.Query, rest.Param{Key: "signature", Value: signature(k, r.RawQuery()+string(r.Body))})
	return nil
}

func signature(k *exchange.Key, payload string) string {
	if k.Ed25519() {
		return k.Base64(payload)
	}
	return hex.EncodeToString(k.Sign(payload))
}

// field is one parameter of the WebSocket API: JSON is its value as it stands in the frame.
type field struct{ name, json string }

// text is the value as it is signed: not quoted, not escaped.
func (f field) text() string {
	if strings.HasPrefix(f.json, `"`) {
		return gjson.Parse(f.json).String()
	}
	return f.json
}

// signedFrame is a request of the WebSocket API, section 6.4: its parameters in the order of their names, and the signature
// over them last.
func signedFrame(k *exchange.Key, id, method string, now time.Time, fields ...field) []byte {
	fields = append(slices.Clone(fields),
		field{"apiKey", string(gjson.AppendJSONString(nil, k.Name()))},
		field{"timestamp", strconv.FormatInt(now.UnixMilli(), 10)})
	slices.SortFunc(fields, func(a, b field) int { return strings.Compare(a.name, b.name) })
	var payload, params strings.Builder
	for i, f := range fields {
		if i > 0 {
			payload.WriteByte('&')
		}
		payload.WriteString(f.name + "=" + f.text())
		params.WriteString(`"` + f.name + `":` + f.json + ",")
	}
	return fmt.Appendf(nil, `{"id":%q,"method":%q,"params":{%s"signature":%q}}`, id, method, params.String(), signature(k, payload.String()))
}

// logon makes a connection of the WebSocket API the key's, section 6.4. It is for Ed25519 keys alone.
func logon(k *exchange.Key, id string, now time.Time) []byte {
	return signedFrame(k, id, "session.logon", now, field{"recvWindow", "5000"})
}

// follow subscribes a connection to the account of the key, whatever its kind, without a logon, section 8.1.
func follow(k *exchange.Key, id string, now time.Time) []byte {
	return signedFrame(k, id, "userDataStream.subscribe.signature", now)
}
