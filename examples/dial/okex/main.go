// OKEx prints trades of a feed of the kind that OKEx had until 2019: each message raw DEFLATE in a binary frame, and a ping from the
// client every 30 s. The venue's own is gone; examples/dial/serve has one.
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

	"github.com/depthwire/depthwire/dial"
)

const subscribe = `{'event':'addChannel','channel':'ok_sub_futureusd_btc_trade_quarter'}`

func main() {
	address := flag.String("address", "wss://real.okex.com:10440/ws/v1", "the feed")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	fmt.Println("ended:", run(ctx, os.Stdout, *address))
}

func run(ctx context.Context, out io.Writer, address string) error {
	conn, err := dial.Dial(ctx, address+"|compress=gzip_raw&mode=recv&reconnect=true&silence=30000&payload="+subscribe)
	if err != nil {
		return err
	}
	defer conn.Close()
	beat := time.Now().Add(20 * time.Second) // the feed counts pings alone, whatever it sends
	for {
		until, cancel := context.WithDeadline(ctx, beat)
		msg, err := conn.Read(until)
		cancel()
		switch {
		case err == nil:
			fmt.Fprintf(out, "%s\n", msg) // of trades: id, price, contracts, time in UTC+8, the taker's side
		case errors.Is(err, dial.ErrReconnected):
			fmt.Fprintln(out, err)
		case ctx.Err() != nil || !errors.Is(err, context.DeadlineExceeded):
			return err
		}
		if now := time.Now(); !now.Before(beat) {
			beat = now.Add(20 * time.Second)
			if err := conn.Write(ctx, []byte(`{"event":"ping"}`)); err != nil {
				fmt.Fprintln(out, err) // the next Read connects anew
			}
		}
	}
}
