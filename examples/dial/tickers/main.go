// Tickers prints all tickers of Binance as a table: of spot, or of USD-M futures with
// -address 'wss://fstream.binance.com/market/ws/!ticker@arr'.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/tidwall/gjson"

	"github.com/depthwire/depthwire/dial"
)

func main() {
	address := flag.String("address", "wss://stream.binance.com:9443/ws/!miniTicker@arr", "the stream")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	fmt.Println("ended:", run(ctx, os.Stdout, *address))
}

func run(ctx context.Context, out io.Writer, address string) error {
	conn, err := dial.Dial(ctx, address+"|silence=10000")
	if err != nil {
		return err
	}
	defer conn.Close()
	all := make(map[string]gjson.Result) // a message has only the tickers that changed
	for {
		msg, err := conn.Read(ctx)
		if errors.Is(err, dial.ErrTimeout) {
			return fmt.Errorf("silence: Binance says nothing on a stream that it does not have, such as !ticker@arr of spot since 2026: %w", err)
		}
		if err != nil {
			return err
		}
		for _, t := range gjson.ParseBytes(msg).Array() {
			if t.Get("st").Int() != 2 { // 2 is COIN-M, whose tickers come with those of USD-M
				all[t.Get("s").String()] = t
			}
		}
		w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
		fmt.Fprintln(w, "Symbol\tHigh\tLow\tLast\tVolume\tTime\t")
		for _, symbol := range slices.Sorted(maps.Keys(all)) {
			t := all[symbol]
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t\n", symbol, t.Get("h"), t.Get("l"), t.Get("c"), t.Get("q"), time.UnixMilli(t.Get("E").Int()).Format(time.TimeOnly))
		}
		w.Flush()
	}
}
