// Recorder records a simulated venue, or with -live the real one, until Ctrl-C: into a log on disk, and from there into SQLite.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/exchanges/okx"
	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/sqlite"
	"github.com/depthwire/depthwire/venuetest"
)

func main() {
	live := flag.Bool("live", false, "record the real OKX")
	dir := flag.String("dir", "recording", "where to")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var o exchange.Options
	if !*live {
		s := venuetest.OKX(venuetest.Options{Rate: 50})
		defer s.Close()
		o.Endpoints, o.DialContext = s.Endpoints(), s.DialContext
	}
	c := okx.New(o)
	defer c.Close()
	fmt.Println("ended:", run(ctx, os.Stdout, c, *dir))
}

func run(ctx context.Context, out io.Writer, c *exchange.Client, dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	store, err := sqlite.Open(ctx, dir+"/ticks.db", sqlite.Options{})
	if err != nil {
		return err
	}
	defer store.Close()
	r := record.New(record.Config{
		Dir:     dir,
		Sources: []record.Source{{Client: c, Symbols: []string{"BTC/USDT", "ETH/USDT"}, Channels: []record.Channel{record.Trades, record.Books, record.Tickers}}},
		Sinks:   []record.Target{{Name: "sqlite", Sink: store}},
	})
	begun := time.Now()
	err = r.Run(ctx) // until Ctrl-C; what the sink does not have then is in the log, for the next time
	s := r.Stats()
	fmt.Fprintln(out, s.Of(record.Trades).Rows, "trades,", s.Of(record.Books).Rows, "states of", s.Books, "books,", s.Sinks[0].Rows, "rows stored")
	if err != nil {
		return err
	}
	report, err := record.Verify(context.WithoutCancel(ctx), store, begun, time.Now())
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "all that is missing is accounted for:", report.Accounted())
	return nil
}
