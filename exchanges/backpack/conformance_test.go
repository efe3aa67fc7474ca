package backpack_test

import (
	"testing"

	"github.com/depthwire/depthwire/exchange/exchangetest"
	"github.com/depthwire/depthwire/exchanges/backpack"
	"github.com/depthwire/depthwire/venuetest"
)

func TestConformance(t *testing.T) {
	exchangetest.Run(t, exchangetest.Harness{
		New:     backpack.New,
		Venue:   backpack.Venue(),
		Serve:   venuetest.Backpack,
		Markets: venuetest.BackpackMarkets(),
		Symbols: map[string][]string{
			"spot": {"SOL/USDC", "BONK/USDC"},
			"swap": {"kPEPE/USDC:USDC", "AAPL.US/USDC:USDC"},
		},
		Page: "../../docs/venues.md",
	})
}
