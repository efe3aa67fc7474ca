// Positions logs in at OKX and follows the account's positions, also after the connection was lost. A key that may only read is
// enough; it is in DEPTHWIRE_KEY, DEPTHWIRE_SECRET and DEPTHWIRE_PASSPHRASE.
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

	"github.com/tidwall/gjson"

	"github.com/depthwire/depthwire/dial"
)

const subscribe = `{"op":"subscribe","args":[{"channel":"positions","instType":"ANY"}]}`

var errRefused = errors.New("refused")

func main() {
	address := flag.String("address", "wss://ws.okx.com:8443/ws/v5/private", "the venue's private socket")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	c := customer{key: os.Getenv("DEPTHWIRE_KEY"), secret: os.Getenv("DEPTHWIRE_SECRET"), passphrase: os.Getenv("DEPTHWIRE_PASSPHRASE")}
	fmt.Println("ended:", run(ctx, os.Stdout, *address, c))
}

func run(ctx context.Context, out io.Writer, address string, c customer) error {
	for {
		err := session(ctx, out, address, c)
		if ctx.Err() != nil || errors.Is(err, errRefused) {
			return err
		}
		fmt.Fprintln(out, "lost:", err)
		time.Sleep(time.Second)
	}
}

// session is one connection. The login is signed for each: it has the time in it.
func session(ctx context.Context, out io.Writer, address string, c customer) error {
	conn, err := dial.Dial(ctx, address+"|silence=25000&payload="+c.login(time.Now()))
	if err != nil {
		return err
	}
	defer conn.Close()
	for {
		patience, cancel := context.WithTimeout(ctx, 20*time.Second)
		msg, err := conn.Read(patience)
		cancel()
		if ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) { // the answer comes within the silence, or the connection is gone
			err = conn.Write(ctx, []byte("ping"))
		}
		if err != nil {
			return err
		}
		switch gjson.GetBytes(msg, "event").String() {
		case "login": // only now the venue takes subscriptions
			if err := conn.Write(ctx, []byte(subscribe)); err != nil {
				return err
			}
		case "error":
			return fmt.Errorf("%w: %s", errRefused, gjson.GetBytes(msg, "msg"))
		}
		for _, p := range gjson.GetBytes(msg, "data").Array() {
			fmt.Fprintln(out, p.Get("instId"), p.Get("pos"), "at", p.Get("avgPx"))
		}
	}
}
