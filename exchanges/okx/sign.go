package okx

import (
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/rest"
)

// auth is section 6.
var auth = exchange.Auth{HMAC: true, Passphrase: true, Sign: sign}

// sign is section 6.1: over the time, the method, the path with the query and the body, as they go over the wire.
func sign(r *rest.Request, k *exchange.Key, _ string, now time.Time) error {
	at := now.UTC().Format("2006-01-02T15:04:05.000Z")
	r.Header.Set("OK-ACCESS-KEY", k.Name())
	r.Header.Set("OK-ACCESS-SIGN", k.Base64(at+r.Method+r.Target()+string(r.Body)))
	r.Header.Set("OK-ACCESS-TIMESTAMP", at)
	r.Header.Set("OK-ACCESS-PASSPHRASE", k.Passphrase())
	r.Header.Set("Content-Type", "application/json")
	return nil
}
