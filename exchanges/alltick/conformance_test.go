package alltick_test

import (
	"testing"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/exchange/exchangetest"
	"github.com/depthwire/depthwire/exchanges/alltick"
	"github.com/depthwire/depthwire/venuetest"
)

func TestConformance(t *testing.T) {
	exchangetest.Run(t, exchangetest.Harness{
		New:     alltick.New,
		Venue:   alltick.Venue(),
		Serve:   venuetest.AllTick,
		Markets: venuetest.AllTickMarkets(),
		Symbols: map[string][]string{
			"stock":     {"700/HKD", "AAPL/USD"},
			"non-stock": {"BTC/USDT", "EUR/USD"},
		},
		Options: exchange.Options{Token: token, Plan: "professional"},
		Page:    "../../docs/venues.md",
		Whole:   "depth pushes are whole, shallow books: the vendor has no deltas",
		Shallow: "the levels that the vendor has depend on the class of the market: one, five or ten",
		Unsized: map[string]string{"EUR/USD": "volumes of forex are no volumes, and sides are not told"},
	})
}
