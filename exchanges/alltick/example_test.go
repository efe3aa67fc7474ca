package alltick_test

import (
	"context"
	"fmt"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/exchanges/alltick"
	"github.com/depthwire/depthwire/venuetest"
)

func Example() {
	s := venuetest.AllTick(venuetest.Options{Memory: true})
	defer s.Close()
	c := alltick.New(exchange.Options{
		Token: "basic-0123456789abcdef", Plan: "basic",
		Endpoints: s.Endpoints(), DialContext: s.DialContext, // without these: the venue itself
	})
	defer c.Close()
	m, err := c.Market(context.Background(), "700.HK")
	if err != nil {
		fmt.Println(err)
		return
	}
	b, err := c.FetchBidAsk(context.Background(), m.Symbol)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(b.Venue, b.Symbol, b.Bid.Cmp(b.Ask) < 0)
	// Output: alltick 700/HKD true
}
