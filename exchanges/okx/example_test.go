package okx_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/exchanges/okx"
	"github.com/depthwire/depthwire/venuetest"
)

// Watch the order book of a contract and say what its best sizes are worth in coins. The
// venue here is simulated; without Endpoints and DialContext it is the real one.
func ExampleNew() {
	venue := venuetest.OKX(venuetest.Options{Seed: 1, Memory: true})
	defer venue.Close()
	c := okx.New(exchange.Options{Endpoints: venue.Endpoints(), DialContext: venue.DialContext})
	defer c.Close()

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	m, err := c.Market(ctx, "BTC/USD:BTC")
	if err != nil {
		log.Fatal(err)
	}
	books, err := c.WatchOrderBook(ctx, 5, m.Symbol)
	if err != nil {
		log.Fatal(err)
	}
	for b, err := range books.All() {
		if err != nil {
			log.Fatal(err)
		}
		if b.State != book.Live {
			continue // b.Break says why: wait for it to be whole again
		}
		bid, _ := b.Best()
		fmt.Println(b.Symbol, len(b.Bids), "levels, in contracts:", b.Contracts)
		fmt.Println("in coins:", m.BaseSize(bid.Size, bid.Price).Sign() > 0)
		break
	}
	// Output:
	// BTC/USD:BTC 5 levels, in contracts: true
	// in coins: true
}
