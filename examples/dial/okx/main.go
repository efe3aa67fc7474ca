// OKX prints the ticker of BTC-USDT. The connection is made anew when it is lost, and subscribes again.
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

const subscribe = `{"op":"subscribe","args":[{"channel":"tickers","instId":"BTC-USDT"}]}`

func main() {
	address := flag.String("address", "wss://ws.okx.com:8443/ws/v5/public", "the venue's public socket")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	fmt.Println("ended:", run(ctx, os.Stdout, *address))
}

func run(ctx context.Context, out io.Writer, address string) error {
	conn, err := dial.Dial(ctx, address+"|reconnect=true&silence=8000&payload="+subscribe)
	if err != nil {
		return err
	}
	defer conn.Close()
	for {
		patience, cancel := context.WithTimeout(ctx, 5*time.Second)
		msg, err := conn.Read(patience)
		cancel()
		switch {
		case err == nil:
			fmt.Fprintf(out, "%s\n", msg)
		case errors.Is(err, dial.ErrReconnected): // what came in between was missed
			fmt.Fprintln(out, err)
		case ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded): // the answer comes within the silence, or the connection is gone
			fmt.Fprintln(out, "send: ping")
			err = conn.Write(ctx, []byte("ping")) // if it fails, the next Read connects anew
			if err != nil {
				fmt.Fprintln(out, err)
			}
		default:
			return err
		}
	}
}
