// Sqlite executes SQL, and hands the connection to another goroutine by its number.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/depthwire/depthwire/dial"
	"github.com/depthwire/depthwire/dial/database"
	_ "github.com/depthwire/depthwire/dial/sqlite"
)

func main() {
	address := flag.String("address", "sqlite3://:memory:", "the database, such as sqlite3://test1.db")
	flag.Parse()
	fmt.Println("ended:", run(context.Background(), os.Stdout, *address))
}

func run(ctx context.Context, out io.Writer, address string) error {
	conn, err := dial.Dial(ctx, address)
	if err != nil {
		return err
	}
	defer conn.Close()
	db := conn.(*database.Conn)
	if _, err := db.Exec(ctx, "CREATE TABLE IF NOT EXISTS ticks (symbol TEXT, price TEXT)"); err != nil {
		return err
	}
	made, err := db.Exec(ctx, "INSERT INTO ticks VALUES (?, ?), (?, ?)", "BTC/USDT", "68123.10", "ETH/USDT", "2650.00")
	if err != nil {
		return err
	}
	fmt.Fprintln(out, made.Affected, "rows made")

	// Another goroutine has the connection from here on, although its first owner closes it.
	other, err := dial.Reuse(db.Handle()) // or dial.Dial(ctx, "handle://1")
	if err != nil {
		return err
	}
	db.Close()
	var reading sync.WaitGroup
	reading.Go(func() {
		defer other.Close()
		var found database.Result
		found, err = other.(*database.Conn).Exec(ctx, "SELECT symbol, price FROM ticks WHERE symbol = ?", "BTC/USDT")
		fmt.Fprintln(out, found.Columns, found.Rows)
	})
	reading.Wait()
	return err
}
