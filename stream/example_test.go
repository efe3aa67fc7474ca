package stream_test

import (
	"context"
	"fmt"
	"time"

	"github.com/depthwire/depthwire/stream"
)

type tick struct {
	price   int
	at      time.Time
	missing *stream.Break
}

var ticks = stream.Kind[tick]{
	Break: func(t *tick) **stream.Break { return &t.missing },
	Time:  func(t *tick) time.Time { return t.at },
}

// Events are kept in a ring. A reader who is slower than the ring is long learns what he
// missed with the next value.
func ExampleFeed_events() {
	feed := stream.NewEvents(ticks, 4)
	reader := stream.Subscribe(context.Background(), nil, feed)
	defer reader.Close()
	for price := range 10 {
		feed.Publish(&tick{price: price})
	}
	feed.Flush()
	v, _ := reader.Next(context.Background())
	fmt.Println(v.price, v.missing.Cause, v.missing.Lost, reader.Lost())
	// Output: 6 overrun 6 6
}

// Of states a reader gets the newest.
func ExampleFeed_states() {
	feed := stream.NewState(ticks, nil)
	for price := range 10 {
		feed.Publish(&tick{price: price})
	}
	reader := stream.Subscribe(context.Background(), nil, feed)
	defer reader.Close()
	v, _ := reader.Next(context.Background())
	fmt.Println(v.price, v.missing)
	// Output: 9 <nil>
}

func ExampleSubscription_All() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	feed := stream.NewEvents(ticks, 4)
	reader := stream.Subscribe(ctx, nil, feed)
	for price := range 3 {
		feed.Publish(&tick{price: price})
	}
	for v, err := range reader.All() {
		fmt.Println(v.price, err)
		if v.price == 2 {
			cancel()
		}
	}
	fmt.Println(reader.Err())
	// Output:
	// 0 <nil>
	// 1 <nil>
	// 2 <nil>
	// context canceled
}

// Topics are cut into messages that a venue takes.
func ExampleSplit() {
	fmt.Println(stream.Split([]string{"btcusdt@trade", "ethusdt@trade", "solusdt@trade"}, 40, 0, 3))
	// Output: [[btcusdt@trade ethusdt@trade] [solusdt@trade]]
}

func ExampleBackoff() {
	b := stream.Backoff{Base: 500 * time.Millisecond, Cap: 30 * time.Second}
	for n := range 4 {
		fmt.Println(b.Wait(n, 0.5)) // half of the most that it can be
	}
	// Output:
	// 0s
	// 250ms
	// 500ms
	// 1s
}
