package clickhouse_test

import (
	"context"
	"fmt"
	"log"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/exchanges/okx"
	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/clickhouse"
)

// A recorder of one market. Without a server it says so.
func Example() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	sink, err := clickhouse.Open(ctx, "clickhouse://default:…@127.0.0.1:1/market?dial_timeout=1s", clickhouse.Options{})
	if err != nil {
		fmt.Println("no server")
		return
	}
	defer sink.Close()
	client := okx.New(exchange.Options{Live: true})
	defer client.Close()
	recorder := record.New(record.Config{
		Dir:     "recording",
		Sources: []record.Source{{Client: client, Symbols: []string{"BTC/USDT"}}},
		Sinks:   []record.Target{{Name: "clickhouse", Sink: sink}},
	})
	if err := recorder.Run(ctx); err != nil {
		log.Fatal(err)
	}
	// Output: no server
}
