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

// bare are the parameters of the WebSocket API whose values are numbers, and stand in a frame without quotes.
var bare = map[string]bool{"orderId": true, "timestamp": true, "recvWindow": true}

// signedFrame is a request of the WebSocket API, section 6.4: its parameters in the order of their names, and the signature
// over them last. What is signed is neither quoted nor escaped.
func signedFrame(k *exchange.Key, id, method string, now time.Time, params ...rest.Param) []byte {
	params = append(slices.Clone(params),
		rest.Param{Key: "apiKey", Value: k.Name()},
		rest.Param{Key: "timestamp", Value: strconv.FormatInt(now.UnixMilli(), 10)})
	slices.SortFunc(params, func(a, b rest.Param) int { return strings.Compare(a.Key, b.Key) })
	var payload strings.Builder
	frame := fmt.Appendf(nil, `{"id":%q,"method":%q,"params":{`, id, method)
	for i, p := range params {
		if i > 0 {
			payload.WriteByte('&')
		}
		payload.WriteString(p.Key + "=" + p.Value)
		frame = append(frame, `"`+p.Key+`":`...)
		if bare[p.Key] {
			frame = append(frame, p.Value...)
		} else {
			frame = gjson.AppendJSONString(frame, p.Value)
		}
		frame = append(frame, ',')
	}
	return fmt.Appendf(frame, `"signature":%q}}`, signature(k, payload.String()))
}

// asked is a signedFrame of the session's own.
func asked(s *exchange.Session, id, method string, params ...rest.Param) (frame []byte, err error) {
	err = s.Sign(func(k *exchange.Key) error {
		frame = signedFrame(k, id, method, s.Now(), params...)
		return nil
	})
	return frame, err
}
