package mysql_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/mysql"
)

// The last hour of trades, from a store that a recorder writes.
func Example() {
	ctx := context.Background()
	sink, err := mysql.Open(ctx, os.Getenv("TICKS"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer sink.Close()
	now := time.Now()
	n := 0
	err = sink.Read(ctx, record.TradeTable, now.Add(-time.Hour), now, []string{"price", "size"}, func(rows *record.Rows) error {
		n += rows.Len()
		return nil
	})
	fmt.Println(n, "trades", err)
}
