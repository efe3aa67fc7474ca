package sqlite_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/sqlite"
)

func Example() {
	dir, err := os.MkdirTemp("", "ticks")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "ticks.db")

	ctx := context.Background()
	sink, err := sqlite.Open(ctx, path, sqlite.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	trade := exchange.Trade{Stamp: exchange.Stamp{Venue: "okx", Symbol: "BTC/USDT"}, ID: "1", Price: decimal.MustParse("68250.10")}
	err = sink.Write(ctx, &record.Batch{From: 0, To: 1, Trades: []exchange.Trade{trade}}) // a Recorder does this
	fmt.Println(err, sink.Close())

	db, err := sql.Open(sqlite.Driver, path)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer db.Close()
	var venue, price string
	err = db.QueryRow("SELECT venue, price FROM trades WHERE symbol = 'BTC/USDT'").Scan(&venue, &price)
	fmt.Println(venue, price, err)
	// Output:
	// <nil> <nil>
	// okx 68250.10 <nil>
}
