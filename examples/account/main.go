// Account shows what an account has and orders, and follows its fills: in a simulated venue, or with -venue in a real one. It only
// reads: a key that may do nothing else is enough. The key is in DEPTHWIRE_KEY, DEPTHWIRE_SECRET or DEPTHWIRE_PRIVATE_KEY,
// and DEPTHWIRE_PASSPHRASE.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/depthwire/depthwire/exchange"
)

func main() {
	venue := flag.String("venue", "", "the real venue to ask; empty: a simulated one")
	environment := flag.String("environment", "", "one of the venue's for trying things out: demo, testnet")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	c, done, err := open(*venue, *environment)
	if err == nil {
		defer done()
		err = run(ctx, os.Stdout, c)
	}
	fmt.Println("ended:", err)
}

func run(ctx context.Context, out io.Writer, c *exchange.Client) error {
	balances, err := c.FetchBalance(ctx)
	for _, b := range balances { // an account that fails is told by the error, the others are there
		fmt.Fprintf(out, "%s %s: %s, of which %s is free\n", b.Account, b.Asset, b.Total, b.Free)
	}
	if err != nil {
		return err
	}
	fills, err := c.WatchMyTrades(ctx) // of all markets; first, so that nothing falls between the two
	if err != nil {
		return err
	}
	defer fills.Close()
	open, err := c.FetchOpenOrders(ctx)
	for _, o := range open {
		fmt.Fprintf(out, "order %s: %s %s of %s at %s, %s filled\n", o.ID, o.Side, o.Symbol, o.Size, o.Price, o.Filled)
	}
	if err != nil {
		return err
	}
	for f, err := range fills.All() { // f.Break says what was missed before f; healed: nothing
		fmt.Fprintf(out, "fill %s: %s %s of %s at %s, fee %s %s %v %v\n", f.ID, f.Side, f.Symbol, f.Size, f.Price, f.Fee.Amount, f.Fee.Asset, f.Break, err)
	}
	return fills.Err()
}
