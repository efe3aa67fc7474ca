package backpack_test

import (
	"testing"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/exchange/exchangetest"
	"github.com/depthwire/depthwire/exchanges/backpack"
	"github.com/depthwire/depthwire/venuetest"
)

func TestAccountConformance(t *testing.T) {
	exchangetest.RunAccount(t, exchangetest.AccountHarness{
		Harness: exchangetest.Harness{
			New:     backpack.New,
			Venue:   backpack.Venue(),
			Serve:   venuetest.Backpack,
			Markets: venuetest.BackpackMarkets(),
			Symbols: map[string][]string{
				"spot": {"SOL/USDC", "BONK/USDC"},
				"swap": {"SOL/USDC:USDC", "kPEPE/USDC:USDC"},
			},
		},
		Account: venuetest.AccountOptions{Key: keyName, PublicKey: public, Balances: map[string]string{
			"USDC": "1000000", "SOL": "5000", "BONK": "900000000",
		}},
		Credentials: credentials(),
		Wrong:       map[string]exchange.Credentials{},
		Kinds:       map[string]error{"permission": exchange.ErrPermission},
		Wallets:     map[string]string{"trading": "capital"},
		Skew:        30 * time.Second,
		Secrets:     []string{seedText},
	})
}
