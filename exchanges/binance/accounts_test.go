package binance_test

import (
	"testing"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/exchange/exchangetest"
	"github.com/depthwire/depthwire/exchanges/binance"
	"github.com/depthwire/depthwire/venuetest"
)

func TestAccountConformance(t *testing.T) {
	exchangetest.RunAccount(t, exchangetest.AccountHarness{
		Harness: exchangetest.Harness{
			New:     binance.New,
			Venue:   binance.Venue(),
			Serve:   venuetest.Binance,
			Markets: venuetest.BinanceMarkets(),
			Symbols: map[string][]string{
				"spot":   {"BTC/USDT", "ETH/USDT"},
				"linear": {"BTC/USDT:USDT", "ETH/USDT:USDT"},
			},
		},
		Account:     customer(),
		Credentials: credentials(keyName, keySecret),
		Wrong: map[string]exchange.Credentials{
			"key":    credentials("s3cretNameOfAnotherKeyOfTestsWithSixtyFourLettersAndDigits012345", keySecret),
			"secret": credentials(keyName, keySecret+"4"),
		},
		Shrinks: []string{"spot"},
		Skew:    10 * time.Second,
	})
}
