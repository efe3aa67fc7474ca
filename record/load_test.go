//go:build unix

package record_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/exchanges/okx"
	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/sqlite"
	"github.com/depthwire/depthwire/venuetest"
)

// manyBooks tells a process of this test to be a venue.
const manyBooks = "RECORD_VENUE_OF"

// books is how many the venue has. Under the race detector, where speed is not measured, fewer prove that the benchmark works.
var books = 600

func markets(n int) (all []venuetest.Market) {
	for i := range n {
		base := fmt.Sprint("C", i)
		all = append(all, venuetest.Market{Symbol: base + "/USDT", ID: base + "-USDT", Family: "spot", Kind: "spot", Base: base, Quote: "USDT", Price: "100", Tick: "0.01", Step: "0.001", Size: "3"})
	}
	return all
}

// serveMany is a simulated venue of many books, ten changes a second each, until its standard input ends.
func serveMany() error {
	s := venuetest.OKX(venuetest.Options{Markets: markets(books), Rate: 10})
	defer s.Close()
	if err := json.NewEncoder(os.Stdout).Encode(s.Endpoints()); err != nil {
		return err
	}
	bufio.NewReader(os.Stdin).ReadByte()
	return nil
}

// BenchmarkRecord600Books records the trades and books of 600 markets of a venue in another process, over loopback, into a log and SQLite. An op is a
// second; cpu-s/s is what this process takes of one processor.
func BenchmarkRecord600Books(b *testing.B) {
	venue := exec.Command(os.Args[0])
	venue.Env = append(os.Environ(), manyBooks+"=yes")
	in, err := venue.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := venue.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := venue.Start(); err != nil {
		b.Fatal(err)
	}
	defer venue.Wait()
	defer in.Close()
	endpoints := make(map[string]string)
	if err := json.NewDecoder(out).Decode(&endpoints); err != nil {
		b.Fatal(err)
	}
	client := okx.New(exchange.Options{Endpoints: endpoints})
	defer client.Close()
	sink, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "ticks.db"), sqlite.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer sink.Close()
	var symbols []string
	for _, m := range markets(books) {
		symbols = append(symbols, m.Symbol)
	}
	r := record.New(record.Config{Dir: b.TempDir(), Sources: []record.Source{{Client: client, Symbols: symbols}}, Sinks: []record.Target{{Name: "sqlite", Sink: sink}}})
	ctx, stop := context.WithTimeout(b.Context(), 5*time.Minute)
	var run sync.WaitGroup
	run.Go(func() { err = r.Run(ctx) })
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for r.Stats().Live < books && ctx.Err() == nil {
		<-tick.C
	}
	cpu, rows := processor(b), r.Stats().Log.Next
	begun := time.Now()
	for b.Loop() {
		for range 10 {
			<-tick.C
		}
	}
	span := time.Since(begun).Seconds()
	st := r.Stats()
	b.ReportMetric((processor(b)-cpu).Seconds()/span, "cpu-s/s")
	b.ReportMetric(float64(st.Log.Next-rows)/span, "rows/s")
	b.ReportMetric(float64(st.Live), "live")
	stop()
	run.Wait()
	if err != nil || st.Live < books {
		b.Errorf("%d books were live; %v", st.Live, err)
	}
}

// processor is what this process has taken of processors.
func processor(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
