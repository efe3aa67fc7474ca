package huobi_test

import (
	"testing"

	"github.com/depthwire/depthwire/exchange/exchangetest"
	"github.com/depthwire/depthwire/exchanges/huobi"
	"github.com/depthwire/depthwire/venuetest"
)

func TestConformance(t *testing.T) {
	exchangetest.Run(t, exchangetest.Harness{
		New:   huobi.New,
		Venue: huobi.Venue(),
		Serve: venuetest.Huobi,
		Markets: append(venuetest.HuobiMarkets(),
			venuetest.Market{Symbol: "ETH/USD:ETH", ID: "ETH-USD", Family: "inverse", Kind: "swap", Base: "ETH", Quote: "USD", Settle: "ETH", Price: "2604.3", Tick: "0.01", Step: "1", Size: "300", ContractSize: "10", ContractUnit: "USD"}),
		Symbols: map[string][]string{
			"spot":    {"BTC/USDT", "FLO/USDT"},
			"linear":  {"BTC/USDT:USDT", "ETH/USDT:USDT"},
			"inverse": {"BTC/USD:BTC", "ETH/USD:ETH"},
		},
		Page: "../../docs/venues.md",
	})
}
