// Quickstart shows DepthWire at work without a network and without an account: five
// simulated venues, the production adapters, a live table of two of them and one book of all, a recording,
// and two accidents that must be noticed and mended.
//
//	go run ./examples/quickstart
//	go run ./examples/quickstart -for 1m -db /tmp/ticks.db
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/sqlite"
)

func main() {
	var o options
	flag.StringVar(&o.path, "db", "ticks.db", "SQLite file to record to, by way of a log in a directory beside it; an older recording is continued")
	flag.DurationVar(&o.length, "for", 15*time.Second, "how long to run")
	flag.Parse()
	info, err := os.Stdout.Stat()
	o.terminal = err == nil && info.Mode()&os.ModeCharDevice != 0

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Stdout, o); err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

type options struct {
	path     string
	length   time.Duration
	terminal bool // draw in place, in colour
}

var symbols = []string{"BTC/USDT", "ETH/USDT", "SHIB/USDT", "BTC/USDT:USDT"}

// depth is how many levels a side are watched, recorded and compared.
const depth = 100

// patience is how long a book may take to be live, at the start and after an accident.
const patience = 10 * time.Second

// run is the whole program. It ends with ctx or after o.length, whichever is first.
func run(ctx context.Context, out io.Writer, o options) error {
	venues := openVenues()
	defer closeVenues(venues)
	sink, err := sqlite.Open(ctx, o.path, sqlite.Options{})
	if err != nil {
		return err
	}
	b := newBoard(venues[:2])
	recorder := record.New(record.Config{
		Dir: o.path + ".log", Depth: depth, Sources: b.sources(), Sinks: []record.Target{{Name: "sqlite", Sink: sink}},
	})

	// What watches outlives ctx: a book that is being mended then is waited for.
	working, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var work sync.WaitGroup
	var recorded error
	work.Go(func() { recorded = recorder.Run(working) })
	for _, v := range b.venues {
		work.Go(func() { b.books(working, v) })
		work.Go(func() { b.trades(working, v) })
		work.Go(func() { b.tickers(working, v) })
	}
	work.Go(func() { b.everywhere(working, venues) })

	limited, cancel := context.WithTimeout(ctx, o.length)
	defer cancel()
	screen := screen{out: out, terminal: o.terminal, board: b, recorder: recorder}
	screen.open(o)
	b.show(limited, &screen, o.length)
	b.settle(patience)
	b.check("at the end")
	screen.close()
	stop()
	work.Wait()
	failed := errors.Join(recorded, sink.Close(), b.failure())
	screen.summary(o)
	return failed
}
