package okx_test

import (
	"testing"

	"github.com/depthwire/depthwire/exchange/exchangetest"
	"github.com/depthwire/depthwire/exchanges/okx"
	"github.com/depthwire/depthwire/venuetest"
)

func TestConformance(t *testing.T) {
	exchangetest.Run(t, exchangetest.Harness{
		New:     okx.New,
		Venue:   okx.Venue(),
		Serve:   venuetest.OKX,
		Markets: venuetest.OKXMarkets(),
		Symbols: map[string][]string{
			"spot":   {"BTC/USDT", "SHIB/USDT"},
			"swap":   {"BTC/USDT:USDT", "BTC/USD:BTC"},
			"future": {"BTC/USDT:USDT-261225", "BTC/USD:BTC-261225"},
		},
		Without: map[string]string{
			"future FetchFundingRate":        "dated futures of the simulated venue have no funding: they are no XPerps",
			"future FetchFundingRateHistory": "dated futures of the simulated venue have no funding: they are no XPerps",
			"future WatchFundingRate":        "dated futures of the simulated venue have no funding: they are no XPerps",
		},
		Page: "../../docs/venues.md",
	})
}
