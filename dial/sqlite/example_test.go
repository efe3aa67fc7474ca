package sqlite_test

import (
	"context"
	"fmt"
	"log"

	"github.com/depthwire/depthwire/dial"
	"github.com/depthwire/depthwire/dial/database"
	_ "github.com/depthwire/depthwire/dial/sqlite"
)

func Example() {
	ctx := context.Background()
	conn, err := dial.Dial(ctx, "sqlite3://:memory:")
	if err != nil {
		log.Fatal(err)
	}
	db := conn.(*database.Conn)
	db.Exec(ctx, "CREATE TABLE ticks (symbol TEXT, price TEXT)")
	db.Exec(ctx, "INSERT INTO ticks VALUES (?, ?), (?, ?)", "BTC/USDT", "68123.10", "ETH/USDT", "2650.00")

	// Another goroutine takes the connection over by its number.
	shared, err := dial.Reuse(db.Handle())
	if err != nil {
		log.Fatal(err)
	}
	db.Close()
	defer shared.Close()

	rows, err := shared.(*database.Conn).Query(ctx, "SELECT symbol, price FROM ticks ORDER BY symbol")
	if err != nil {
		log.Fatal(err)
	}
	for row, err := range rows.All() {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(row[0], row[1])
	}
	// Output:
	// BTC/USDT 68123.10
	// ETH/USDT 2650.00
}
