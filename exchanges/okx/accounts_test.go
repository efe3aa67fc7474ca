package okx_test

import (
	"testing"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/exchange/exchangetest"
	"github.com/depthwire/depthwire/exchanges/okx"
	"github.com/depthwire/depthwire/venuetest"
)

func TestAccountConformance(t *testing.T) {
	exchangetest.RunAccount(t, exchangetest.AccountHarness{
		Harness: exchangetest.Harness{
			New:     okx.New,
			Venue:   okx.Venue(),
			Serve:   venuetest.OKX,
			Markets: venuetest.OKXMarkets(),
			Symbols: map[string][]string{
				"spot":   {"BTC/USDT", "ETH/USDT"},
				"swap":   {"BTC/USDT:USDT", "BTC/USD:BTC"},
				"future": {"BTC/USDT:USDT-261225", "BTC/USD:BTC-261225"},
			},
		},
		Account:     owner(),
		Credentials: credentials(),
		Wrong: map[string]exchange.Credentials{
			"key":        {Key: exchange.NewSecret(keyName[1:] + "e"), Secret: exchange.NewSecret(keySecret), Passphrase: exchange.NewSecret(passphrase)},
			"secret":     {Key: exchange.NewSecret(keyName), Secret: exchange.NewSecret(keySecret + "9"), Passphrase: exchange.NewSecret(passphrase)},
			"passphrase": {Key: exchange.NewSecret(keyName), Secret: exchange.NewSecret(keySecret), Passphrase: exchange.NewSecret(passphrase + "2")},
		},
		Kinds:   map[string]error{"passphrase": exchange.ErrPassphrase, "address": exchange.ErrAddress, "permission": exchange.ErrPermission},
		Forgets: []string{"spot", "swap", "future"}, NeverFail: true,
		Skew: time.Minute,
	})
}
