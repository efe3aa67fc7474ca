package venuetest

import (
	"crypto/ed25519"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// The signatures of the venue's document, sections 6.5 and 6.6, are taken, and nothing that differs from them.
func TestHuobiSignatures(t *testing.T) {
	const key = "a7f3c1d2-htx5tst9ky-0b1c2d3e-4f5a6"
	seed := make([]byte, ed25519.SeedSize)
	for i := range seed {
		seed[i] = byte(i)
	}
	public := ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)
	hmacKey, edKey := AccountOptions{Key: key, Secret: "9e8d7c6b-5a493827-16f0e1d2-c3b4a"}, AccountOptions{Key: key, PublicKey: public}
	const stamp = "&Timestamp=2026-08-30T09%3A15%3A27"
	const rest, ofEd = "AccessKeyId=" + key + "&SignatureMethod=HmacSHA256&SignatureVersion=2" + stamp, "AccessKeyId=" + key + "&SignatureMethod=Ed25519&SignatureVersion=2" + stamp
	const login = "accessKey=" + key + "&signatureMethod=HmacSHA256&signatureVersion=2.1&timestamp=2026-08-30T09%3A15%3A27"
	for _, tt := range []struct {
		name, method, host, path, version, query, mac string
		made                                          AccountOptions
	}{
		{"1", "GET", "api.huobi.pro", "/v1/order/openOrders", "2", rest + "&account-id=31276149&size=50&symbol=ethusdt", "SvHbYXKok/1yVALP4mpXHbHQ4b+16XI4/tJmMAUGU30=", hmacKey},
		{"2", "GET", "api.huobi.pro", "/v1/order/matchresults", "2", rest + "&start-time=1788000000000&symbol=ethusdt&types=buy-limit%2Csell-limit", "xevhITT0MyXsSp9JJDulYtR7EHVc4WhuAG2BOC1eXzM=", hmacKey},
		{"3", "POST", "API.huobi.pro", "/v1/order/orders/place", "2", rest, "ytYhzY+qRD5k/5knnqulbW9S4aRi4g7doeFusVgTK+Q=", hmacKey},
		{"4", "GET", "api.huobi.pro", "/ws/v2", "2.1", login, "4NZnDM+ifnI/njFXiuGZloupPfzxTUenOMtWMTadDsE=", hmacKey},
		{"8", "GET", "api.hbdm.com", "/ws/v5/notification", "2", rest, "TDQWjdikuanrV3X14q8/rsNnK+VfF19hS2bf5NQjZ1o=", hmacKey},
		{"Ed25519", "GET", "api.hbdm.com", "/v5/account/balance", "2", ofEd, "+byogll0SxBmnHHH6iO0EfGUfIcu13AJwAOSm45OM1GMSJBcM6pAH0nyFu8jRZKVxWs+kx/W4rub0o0Z0XAfCA==", edKey},
	} {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(time.Until(time.Date(2026, 8, 30, 9, 15, 27, 0, time.UTC)))
			s := Huobi(Options{Memory: true})
			defer s.Close()
			s.NewAccount(tt.made)
			v := s.venue.(*huobi)
			ask := func(method, query, mac string) *huobiFault {
				params, err := url.ParseQuery(query)
				if err != nil {
					t.Fatal(err)
				}
				s.mu.Lock()
				defer s.mu.Unlock()
				_, why := v.identify(method, tt.host, tt.path, tt.version, params, mac, "192.0.2.1:1")
				return why
			}
			other := map[string]string{"GET": "POST", "POST": "GET"}[tt.method]
			for _, c := range []struct {
				name, method, query, mac string
				want                     *huobiFault
			}{
				{"right", tt.method, tt.query, tt.mac, nil},
				{"other method", other, tt.query, tt.mac, wrongMAC},
				{"more", tt.method, tt.query + "&zz=1", tt.mac, wrongMAC},
				{"no base64", tt.method, tt.query, "#" + tt.mac[1:], wrongMAC},
				{"other key", tt.method, strings.Replace(tt.query, key, "b"+key, 1), tt.mac, unknownKey},
				{"other time", tt.method, strings.Replace(tt.query, "15%3A27", "10%3A26", 1), tt.mac, wrongTime},
				{"no time", tt.method, strings.Replace(tt.query, "2026-08-30T", "2026-08-30 ", 1), tt.mac, wrongTime},
			} {
				if why := ask(c.method, c.query, c.mac); why != c.want {
					t.Errorf("%s, %s: %+v", tt.name, c.name, why)
				}
			}
		})
	}
}
