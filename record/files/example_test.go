package files_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/files"
	"github.com/depthwire/depthwire/record/internal/made"
)

func Example() {
	dir, err := os.MkdirTemp("", "recording")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	sink, err := files.Open(context.Background(), dir, files.Options{Compress: files.Zstd})
	if err != nil {
		log.Fatal(err)
	}
	defer sink.Close()
	// A Recorder does this, with Config{Sinks: []record.Target{{Name: "files", Sink: sink, Rows: 100_000, Every: 10 * time.Second}}}.
	if err := sink.Write(context.Background(), made.Batch(made.Log(1), 0, 1000, 3)); err != nil {
		log.Fatal(err)
	}
	day := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	trades := 0
	err = files.Read(context.Background(), dir, record.TradeTable, day, day.AddDate(0, 0, 1), []string{"price", "size"}, func(r *record.Rows) error {
		trades += r.Len()
		return nil
	})
	fmt.Println(trades, err)
	// Output: 36 <nil>
}
