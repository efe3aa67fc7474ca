// HTX prints the day's summary of btcusdt. What the venue sends is packed with gzip, and it wants its pings answered,
// one every 5 s: where none comes for 15 s the connection is gone.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/tidwall/gjson"

	"github.com/depthwire/depthwire/dial"
)

const subscribe = `{"sub":"market.btcusdt.detail","id":"id1"}`

func main() {
	address := flag.String("address", "wss://api.huobi.pro/ws", "the venue's socket")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	fmt.Println("ended:", run(ctx, os.Stdout, *address))
}

func run(ctx context.Context, out io.Writer, address string) error {
	conn, err := dial.Dial(ctx, address+"|compress=gzip&mode=recv&reconnect=true&silence=15000&payload="+subscribe)
	if err != nil {
		return err
	}
	defer conn.Close()
	for {
		msg, err := conn.Read(ctx)
		if errors.Is(err, dial.ErrReconnected) {
			fmt.Fprintln(out, err)
			continue
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%s\n", msg)
		if ping := gjson.GetBytes(msg, "ping"); ping.Exists() {
			pong := `{"pong":` + ping.Raw + `}`
			fmt.Fprintln(out, "send:", pong)
			err = conn.Write(ctx, []byte(pong)) // if it fails, the next Read connects anew
			if err != nil {
				fmt.Fprintln(out, err)
			}
		}
	}
}
