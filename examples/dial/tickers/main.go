// Tickers prints all tickers of Binance as a table: of spot, or with -futures of USD-M futures.
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
	futures := flag.Bool("futures", false, "USD-M futures in place of spot")
	address := flag.String("address", "wss://stream.binance.com:9443/ws/!miniTicker@arr", "the stream")
	flag.Parse()
	if *futures && flag.NFlag() == 1 {
		*address = "wss://fstream.binance.com/market/ws/!ticker@arr"
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	fmt.Println("ended:", run(ctx, os.Stdout, *address))
}

func run(ctx context.Context, out io.Writer, address string) error {
	conn, err := dial.Dial(ctx, address)
	if err != nil {
		return err
	}
	defer conn.Close()
	all := make(map[string]gjson.Result) // a message has only the tickers that changed
	for {
		patience, cancel := context.WithTimeout(ctx, 10*time.Second)
		msg, err := conn.Read(patience)
		cancel()
		if ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
			return fmt.Errorf("nothing came for 10 s: Binance stays silent on a stream that it does not have, such as !ticker@arr of spot since 2026: %w", err)
		}
		if err != nil {
			return err
		}
		for _, t := range gjson.ParseBytes(msg).Array() {
			if t.Get("st").Int() != 2 { // 2 is COIN-M, whose tickers come with those of USD-M
				all[t.Get("s").String()] = t
			}
		}
		show(out, all)
	}
}

func show(out io.Writer, all map[string]gjson.Result) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "Symbol\tHigh\tLow\tLast\tVolume\tTime\t")
	for _, symbol := range slices.Sorted(maps.Keys(all)) {
		t := all[symbol]
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t\n", symbol, t.Get("h"), t.Get("l"), t.Get("c"), t.Get("q"), time.UnixMilli(t.Get("E").Int()).Format(time.TimeOnly))
	}
	w.Flush()
}
