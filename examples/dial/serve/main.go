// Serve has everything that the examples of dial connect to, simulated, on this machine, and prints the commands that try them out.
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"

	"github.com/depthwire/depthwire/examples/dial/internal/simulated"
	"github.com/depthwire/depthwire/venuetest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	fmt.Println("ended:", run(ctx, os.Stdout))
}

func run(ctx context.Context, out io.Writer) error {
	moving := venuetest.Options{Rate: 10}
	binance, okx, htx, backpack := venuetest.Binance(moving), venuetest.OKX(moving), venuetest.Huobi(moving), venuetest.Backpack(moving)
	for _, s := range []*venuetest.Server{binance, okx, htx, backpack} {
		defer s.Close()
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	okex := simulated.NewOKEx(ln)
	spot, linear := binance.Endpoints()["spot.stream"], binance.Endpoints()["linear.market"]
	show := func(command, address string) {
		fmt.Fprintf(out, "go run ./examples/dial/%s -address '%s'\n", command, address)
	}
	show("tickers", spot+"/ws/!miniTicker@arr")
	show("tickers", linear+"/ws/!ticker@arr")
	show("tickers", spot+"/ws/!ticker@arr") // retired
	show("okx", okx.Endpoints()["public"])
	show("htx", htx.Endpoints()["spot.stream"]+"/ws")
	show("okex", "ws://"+ln.Addr().String()+"/ws/v1")
	trader := simulated.OKX(okx)
	fmt.Fprintf(out, "DEPTHWIRE_KEY=%s DEPTHWIRE_SECRET=%s DEPTHWIRE_PASSPHRASE=%s ", trader.Key(), trader.Secret, trader.Passphrase)
	show("positions", okx.Endpoints()["private"])
	other := simulated.Backpack(backpack)
	fmt.Fprintf(out, "DEPTHWIRE_KEY=%s DEPTHWIRE_PRIVATE_KEY=%s ", other.Key(), other.Seed())
	show("orders", backpack.Endpoints()["stream"])
	trade(ctx, trader, other)
	return okex.Close()
}
