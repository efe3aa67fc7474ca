package binance_test

import (
	"context"
	"fmt"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/exchanges/binance"
	"github.com/depthwire/depthwire/venuetest"
)

// A simulated venue takes the place of the real one: leave out its options to ask that.
func Example() {
	venue := venuetest.Binance(venuetest.Options{Memory: true, Seed: 1})
	defer venue.Close()
	c := binance.New(exchange.Options{Endpoints: venue.Endpoints(), DialContext: venue.DialContext})
	defer c.Close()

	m, err := c.Market(context.Background(), "BTC/USDT:USDT")
	if err != nil {
		fmt.Println(err)
		return
	}
	b, err := c.FetchOrderBook(context.Background(), m.Symbol, 10)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(m.ID, m.Kind, "tick", m.TickSize, "step", m.StepSize)
	fmt.Println(len(b.Bids), len(b.Asks), b.Source)
	// Output:
	// BTCUSDT swap tick 0.1 step 0.001
	// 10 10 rest
}
