// Orders follows an account's orders at Backpack. A key is in DEPTHWIRE_KEY and DEPTHWIRE_PRIVATE_KEY, as the venue shows them: the
// public key and the seed, both in base64.
package main

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
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

var errRefused = errors.New("refused")

func main() {
	address := flag.String("address", "wss://ws.backpack.exchange", "the venue's socket")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	seed, err := base64.StdEncoding.DecodeString(os.Getenv("DEPTHWIRE_PRIVATE_KEY"))
	if err != nil || len(seed) != ed25519.SeedSize {
		fmt.Println("DEPTHWIRE_PRIVATE_KEY is not the base64 of 32 bytes")
		return
	}
	fmt.Println("ended:", run(ctx, os.Stdout, *address, os.Getenv("DEPTHWIRE_KEY"), ed25519.NewKeyFromSeed(seed)))
}

func run(ctx context.Context, out io.Writer, address, key string, private ed25519.PrivateKey) error {
	for {
		err := session(ctx, out, address+"|silence=150000&payload="+subscribe(key, private, time.Now()))
		if ctx.Err() != nil || errors.Is(err, errRefused) {
			return err
		}
		fmt.Fprintln(out, "lost:", err)
		time.Sleep(time.Second)
	}
}

// subscribe is signed, for 5 s: with reconnect=true the same would be sent when it is too old.
func subscribe(key string, private ed25519.PrivateKey, now time.Time) string {
	stamp := fmt.Sprint(now.UnixMilli())
	signature := ed25519.Sign(private, []byte("instruction=subscribe&timestamp="+stamp+"&window=5000"))
	return fmt.Sprintf(`{"method":"SUBSCRIBE","params":["account.orderUpdate"],"signature":[%q,%q,%q,"5000"]}`, key, base64.StdEncoding.EncodeToString(signature), stamp)
}

func session(ctx context.Context, out io.Writer, address string) error {
	conn, err := dial.Dial(ctx, address)
	if err != nil {
		return err
	}
	defer conn.Close()
	for {
		msg, err := conn.Read(ctx)
		if err != nil {
			return err
		}
		if refused := gjson.GetBytes(msg, "error.message"); refused.Exists() {
			return fmt.Errorf("%w: %s", errRefused, refused)
		}
		o := gjson.GetBytes(msg, "data")
		fmt.Fprintln(out, o.Get("e"), o.Get("i"), o.Get("s"), o.Get("S"), o.Get("q"), "at", o.Get("p"), o.Get("X"), o.Get("z"), "filled")
	}
}
