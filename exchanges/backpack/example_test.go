package backpack_test

import (
	"context"
	"fmt"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/exchanges/backpack"
	"github.com/depthwire/depthwire/venuetest"
)

func ExampleNew() {
	s := venuetest.Backpack(venuetest.Options{Rate: 10}) // in place of the venue
	defer s.Close()
	c := backpack.New(exchange.Options{Endpoints: s.Endpoints()})
	defer c.Close()
	ctx := context.Background()
	m, err := c.Market(ctx, "AAPL.US/USDC:USDC")
	if err != nil {
		fmt.Println(err)
		return
	}
	books, err := c.WatchOrderBook(ctx, 5, m.Symbol, "SOL/USDC")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer books.Close()
	for b, err := range books.All() {
		fmt.Println(b.Venue, b.State, len(b.Bids), len(b.Asks), err)
		break
	}
	fmt.Println(m.ID, m.Kind, m.TickSize)
	// Output:
	// backpack live 5 5 <nil>
	// AAPL.US_USDC_PERP swap 0.01
}
