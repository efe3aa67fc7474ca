package huobi_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/exchange/exchangetest"
	"github.com/depthwire/depthwire/exchanges/huobi"
	"github.com/depthwire/depthwire/venuetest"
)

func TestAccountConformance(t *testing.T) {
	exchangetest.RunAccount(t, exchangetest.AccountHarness{
		Harness: exchangetest.Harness{
			New:     huobi.New,
			Venue:   huobi.Venue(),
			Serve:   venuetest.Huobi,
			Markets: venuetest.HuobiMarkets(),
			Symbols: map[string][]string{
				"spot":   {"BTC/USDT", "ETH/USDT"},
				"linear": {"BTC/USDT:USDT", "ETH/USDT:USDT"},
			},
		},
		Account: venuetest.AccountOptions{Key: customer, Secret: password, Balances: map[string]string{
			"USDT": "1000000", "BTC": "10", "ETH": "100",
		}},
		Credentials: credentials,
		Wrong: map[string]exchange.Credentials{
			"key":    {Key: exchange.NewSecret(customer[1:] + "8"), Secret: exchange.NewSecret(password)},
			"secret": {Key: exchange.NewSecret(customer), Secret: exchange.NewSecret(password + "9")},
		},
		Kinds:   map[string]error{"address": exchange.ErrAddress, "permission": exchange.ErrPermission},
		Forgets: []string{"spot"},
		FillID: func(f *venuetest.Fill) string {
			if f.Family == "linear" {
				return fmt.Sprint(1_124_147_771 + f.Seq)
			}
			return fmt.Sprint(f.ID)
		},
		Skew: 10 * time.Minute,
	})
}
