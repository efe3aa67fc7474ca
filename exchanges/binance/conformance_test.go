package binance_test

import (
	"testing"

	"github.com/depthwire/depthwire/exchange/exchangetest"
	"github.com/depthwire/depthwire/exchanges/binance"
	"github.com/depthwire/depthwire/venuetest"
)

func TestConformance(t *testing.T) {
	exchangetest.Run(t, exchangetest.Harness{
		New:     binance.New,
		Venue:   binance.Venue(),
		Serve:   venuetest.Binance,
		Markets: venuetest.BinanceMarkets(),
		Symbols: map[string][]string{
			"spot":   {"BTC/USDT", "币安人生/USDT"},
			"linear": {"BTC/USDT:USDT", "1000SHIB/USDT:USDT"},
		},
		Page: "../../docs/venues.md",
	})
}
