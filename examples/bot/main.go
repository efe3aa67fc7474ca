// Bot is a pull loop that is answered from memory, from a simulated venue or with -live from the real one.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/exchanges/okx"
	"github.com/depthwire/depthwire/venuetest"
)

func main() {
	live := flag.Bool("live", false, "use the real OKX")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	o := exchange.Options{Live: true} // keeps a stream behind the fetches
	if !*live {
		s := venuetest.OKX(venuetest.Options{Rate: 50})
		defer s.Close()
		o.Endpoints, o.DialContext = s.Endpoints(), s.DialContext
	}
	c := okx.New(o)
	defer c.Close()
	run(ctx, os.Stdout, c, "BTC/USDT", time.Second)
}

func run(ctx context.Context, out io.Writer, c *exchange.Client, symbol string, beat time.Duration) {
	for wait := beat; ctx.Err() == nil; {
		b, err := c.FetchOrderBook(ctx, symbol, 5)
		switch bid, ask := b.Best(); {
		case err == nil:
			mid, spread := bid.Price.Add(ask.Price).Mul(decimal.New(5, 1)), ask.Price.Sub(bid.Price)
			fmt.Fprintf(out, "%s mid %s, spread %s, by %s\n", symbol, mid, spread, b.Source)
			wait = beat
		case !exchange.Retryable(err): // a wrong symbol does not become right
			fmt.Fprintln(out, "the end:", err)
			return
		default: // network, limits, maintenance: less and less often, but never for good
			wait = min(2*wait, time.Minute)
			if e := new(exchange.Error); errors.As(err, &e) {
				wait = max(wait, e.RetryAfter) // the venue has said when
			}
			fmt.Fprintln(out, "again in", wait, "after:", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
}
