// Push receives by channels and by an iterator, from a simulated venue or with -live from the real one.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/exchanges/binance"
	"github.com/depthwire/depthwire/venuetest"
)

func main() {
	live := flag.Bool("live", false, "use the real Binance")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var o exchange.Options
	if !*live {
		s := venuetest.Binance(venuetest.Options{Rate: 50})
		defer s.Close()
		o.Endpoints, o.DialContext = s.Endpoints(), s.DialContext
	}
	c := binance.New(o)
	defer c.Close()
	fmt.Println("ended:", run(ctx, os.Stdout, c, 30))
}

func run(ctx context.Context, out io.Writer, c *exchange.Client, n int) error {
	books, err := c.WatchOrderBook(ctx, 20, "BTC/USDT", "ETH/USDT")
	if err != nil {
		return err
	}
	tickers, err := c.WatchTicker(ctx, "BTC/USDT", "ETH/USDT")
	if err != nil {
		return err
	}
	for ; n > 0 && books.Err() == nil && tickers.Err() == nil; n-- { // by channels: several kinds in one select
		select {
		case b := <-books.Chan(): // levels are absent unless the book is live
			bid, ask := b.Best()
			fmt.Fprintln(out, "book  ", b.Symbol, b.State, bid.Price, ask.Price)
		case t := <-tickers.Chan():
			fmt.Fprintln(out, "ticker", t.Symbol, t.Last)
		}
	}
	trades, err := c.WatchTrades(ctx, "BTC/USDT", "ETH/USDT")
	if err != nil {
		return err
	}
	for t, err := range trades.All() { // by an iterator; t.Break says what was missed before t
		fmt.Fprintln(out, "trade ", t.Symbol, t.Side, t.Size, t.Price, t.Break, err)
	}
	return trades.Err()
}
