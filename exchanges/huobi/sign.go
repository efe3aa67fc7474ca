package huobi

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/rest"
	"github.com/depthwire/depthwire/stream"
)

// auth is section 6.
var auth = exchange.Auth{HMAC: true, Ed25519: true, Sign: sign}

// sign is section 6.3: the query in the order of its names, and the signature last. Bodies are not signed.
func sign(r *rest.Request, k *exchange.Key, host string, now time.Time) error {
	if len(r.Body) > 0 {
		r.Header.Set("Content-Type", "application/json")
	}
	r.Query = append(r.Query, who(k, "2", now)...)
	r.Set("Signature", signature(r, k, host))
	return nil
}

// who has the parameters that every signature covers. The venue's time has neither a fraction nor a zone.
func who(k *exchange.Key, version string, now time.Time) []rest.Param {
	method := "HmacSHA256"
	if k.Ed25519() {
		method = "Ed25519"
	}
	return []rest.Param{
		{Key: "AccessKeyId", Value: k.Name()},
		{Key: "SignatureMethod", Value: method},
		{Key: "SignatureVersion", Value: version},
		{Key: "Timestamp", Value: now.UTC().Format("2006-01-02T15:04:05")},
	}
}

// signature sorts the query and signs it with the method, the host and the path, section 6.2.
func signature(r *rest.Request, k *exchange.Key, host string) string {
	slices.SortStableFunc(r.Query, func(a, b rest.Param) int { return strings.Compare(a.Key, b.Key) })
	return k.Base64(r.Method + "\n" + strings.ToLower(host) + "\n" + r.Path + "\n" + r.RawQuery())
}

// login makes a connection to /ws/v2 or /ws/trade of spot the key's, section 6.4: signature version 2.1, whose names begin
// with a small letter.
func login(k *exchange.Key, host, path string, now time.Time) []byte {
	params := who(k, "2.1", now)
	for i, p := range params {
		params[i].Key = strings.ToLower(p.Key[:1]) + p.Key[1:]
	}
	params[0].Key = "accessKey"
	r := rest.Request{Method: "GET", Path: path, Query: params}
	signed := signature(&r, k, host)
	return fmt.Appendf(nil, `{"action":"req","ch":"auth","params":{"authType":"api",%s,"signature":"%s"}}`, members(params), signed)
}

// loginContracts makes a connection to a private socket of contracts the key's, section 6.4: signature version 2. The
// document knows no Ed25519 there.
func loginContracts(k *exchange.Key, host, path, id string, now time.Time) ([]byte, error) {
	if k.Ed25519() {
		err := &exchange.Error{Venue: name, Kind: exchange.ErrNotSupported, Message: "the sockets of contracts take HMAC keys alone"}
		return nil, fmt.Errorf("%w: %w", stream.ErrDenied, err)
	}
	params := who(k, "2", now)
	r := rest.Request{Method: "GET", Path: path, Query: params}
	signed := signature(&r, k, host)
	return fmt.Appendf(nil, `{"op":"auth","type":"api",%s,"Signature":"%s","cid":%q}`, members(params), signed, id), nil
}

// members are parameters as JSON, not encoded for addresses.
func members(params []rest.Param) string {
	var b []byte
	for i, p := range params {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(gjson.AppendJSONString(b, p.Key), ':'), gjson.AppendJSONString(nil, p.Value)...)
	}
	return string(b)
}
