package sqlite_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/sqlite"
	"github.com/depthwire/depthwire/record/wal"
)

var at = time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)

// written has a recorder's work done: a file with a trade and the book of a market, which changes after a second.
func written(path string) error {
	ctx := context.Background()
	sink, err := sqlite.Open(ctx, path, sqlite.Options{})
	if err != nil {
		return err
	}
	defer sink.Close()
	level := func(price, size string) exchange.Level {
		return exchange.Level{Price: decimal.MustParse(price), Size: decimal.MustParse(size)}
	}
	var e record.Encoder
	var b record.Batch
	b.Reset(wal.ID{1}, 0)
	stamp := exchange.Stamp{Venue: "okx", Symbol: "BTC/USDT", Received: at}
	if err := b.Add(0, e.Trade(&exchange.Trade{Stamp: stamp, ID: "1", Price: decimal.MustParse("68250.10")})); err != nil {
		return err
	}
	book := exchange.OrderBook{Stamp: stamp}
	if err := b.Add(1, e.Book(record.BookSnapshot, &book, []exchange.Level{level("68250.0", "1.50"), level("68249.9", "2")}, []exchange.Level{level("68250.1", "0.5")})); err != nil {
		return err
	}
	book.Received = at.Add(time.Second)
	if err := b.Add(2, e.Book(record.BookDelta, &book, []exchange.Level{level("68250.0", "0")}, nil)); err != nil {
		return err
	}
	return sink.Write(ctx, &b)
}

func Example() {
	dir, err := os.MkdirTemp("", "ticks")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "ticks.db")
	if err := written(path); err != nil {
		fmt.Println(err)
		return
	}
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
	// okx 68250.10 <nil>
}

func ExampleBookAt() {
	dir, err := os.MkdirTemp("", "ticks")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "ticks.db")
	if err := written(path); err != nil {
		fmt.Println(err)
		return
	}
	db, err := sql.Open(sqlite.Driver, path)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer db.Close()
	for _, when := range []time.Time{at.Add(time.Second - 1), at.Add(time.Second)} {
		rows, err := db.Query(sqlite.BookAt, "okx", "BTC/USDT", when.UnixNano(), 1)
		if err != nil {
			fmt.Println(err)
			return
		}
		for rows.Next() {
			var side, price, size string
			var level int
			if err := rows.Scan(&side, &level, &price, &size); err != nil {
				fmt.Println(err)
			}
			fmt.Println(when.Format(time.StampNano), side, price, size)
		}
		if err := rows.Err(); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// Nov 22 03:00:00.999999999 bid 68250.0 1.50
	// Nov 22 03:00:00.999999999 ask 68250.1 0.5
	// Nov 22 03:00:01.000000000 bid 68249.9 2
	// Nov 22 03:00:01.000000000 ask 68250.1 0.5
}
