package record_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/exchanges/okx"
	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/sqlite"
	"github.com/depthwire/depthwire/venuetest"
)

func ExampleRecorder() {
	venue := venuetest.OKX(venuetest.Options{Memory: true, Rate: 200}) // the real one needs no options
	defer venue.Close()
	client := okx.New(exchange.Options{Endpoints: venue.Endpoints(), DialContext: venue.DialContext})
	defer client.Close()

	dir, err := os.MkdirTemp("", "ticks")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	ctx, cancel := context.WithTimeout(context.Background(), time.Second) // signal.NotifyContext in a program
	defer cancel()
	sink, err := sqlite.Open(ctx, filepath.Join(dir, "ticks.db"), sqlite.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer sink.Close()

	begun := time.Now()
	r := record.New(record.Config{
		Dir:     dir,
		Sources: []record.Source{{Client: client, Symbols: []string{"BTC/USDT", "ETH/USDT"}}},
		Sinks:   []record.Target{{Name: "sqlite", Sink: sink}},
	})
	err = r.Run(ctx)
	st := r.Stats()
	fmt.Println(err, st.Of(record.Trades).Rows > 0, st.Of(record.Books).Rows > 0, st.Sinks[0].Lag)

	report, err := record.Verify(context.Background(), sink, begun, time.Now())
	fmt.Println(err, len(report.Series), report.Accounted())
	// Output:
	// <nil> true true 0
	// <nil> 4 true
}
