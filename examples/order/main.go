// Order places an order that rests far from the market, changes it where the venue can, and cancels it: in a simulated venue, or with
// -venue and -environment where a real one lets you try things out, with the key in DEPTHWIRE_KEY, …. Real money it refuses to touch.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
)

func main() {
	venue, symbol := flag.String("venue", "backpack", "the venue"), flag.String("symbol", "SOL/USDC", "the market")
	environment := flag.String("environment", "", "the venue's demo or testnet; empty: a simulated venue")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	c, done, err := open(*venue, *environment)
	if err == nil {
		defer done()
		err = run(ctx, os.Stdout, c, *symbol)
	}
	fmt.Println("ended:", err)
}

func run(ctx context.Context, out io.Writer, c *exchange.Client, symbol string) error {
	m, err := c.Market(ctx, symbol)
	if err != nil {
		return err
	}
	touch, err := c.FetchBidAsk(ctx, symbol)
	if err != nil {
		return err
	}
	price := touch.Bid.Mul(decimal.New(9, 1)).Quo(m.TickSize).Trunc(0).Mul(m.TickSize) // a tenth below, and a multiple of the tick
	o := exchange.NewOrder{Symbol: symbol, Side: exchange.Buy, Type: exchange.LimitOrder, PostOnly: true, Price: price, Size: m.StepSize}
	placed, err := c.CreateOrder(ctx, o)
	if broken, ok := errors.AsType[*exchange.InvalidOrder](err); ok && !broken.Nearest.Absent() { // too small: it was not sent
		o.Size = broken.Nearest
		placed, err = c.CreateOrder(ctx, o)
	}
	if failed, ok := errors.AsType[*exchange.OrderError](err); ok { // placed, not placed or unknown: never just send it again
		return fmt.Errorf("order %s is %s: %w", failed.ClientID, failed.Outcome, err)
	}
	fmt.Fprintln(out, "placed", placed.ID, placed.Status, placed.Size, "at", placed.Price)
	ref := exchange.Ref{ID: placed.ID}
	o.Price = price.Sub(m.TickSize)
	changed, err := c.EditOrder(ctx, ref, o)
	fmt.Fprintln(out, "changed", changed.ID, changed.Price, err) // some venues cannot: exchange.ErrNotSupported
	ended, err := c.CancelOrder(context.WithoutCancel(ctx), symbol, ref)
	fmt.Fprintln(out, "cancelled", ended.ID, ended.Status, ended.Filled, "filled")
	return err
}
