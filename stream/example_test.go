package stream_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/depthwire/depthwire/dial"
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

// desk is how a venue talks that wants to know who connects, and answers "id echo" to "id".
type desk struct{}

func (desk) Greet(time.Time) ([]byte, error) { return []byte("it is me"), nil }

func (desk) Change(_ time.Time, _, _, _ []string) []stream.Request { return nil }

func (desk) Route(frame []byte, f *stream.Frame) error {
	if f.Greeted = string(frame) == "welcome"; !f.Greeted {
		f.Answer, f.Data, _ = bytes.Cut(frame, []byte(" "))
	}
	return nil
}

// A request is sent when the venue has agreed to who connects, and answered by its id.
func ExampleHub_Do() {
	ours, theirs := dial.Pipe()
	hub := stream.NewHub(stream.Config{
		Dial:    func(context.Context) (dial.Conn, error) { return ours, nil },
		Dialect: func() stream.Dialect { return desk{} },
	})
	defer hub.Close()
	var venue sync.WaitGroup
	venue.Go(func() {
		for _, answer := range []string{"welcome", "%s: done"} {
			msg, err := theirs.Read(context.Background())
			if err == nil {
				err = theirs.Write(context.Background(), []byte(strings.ReplaceAll(answer, "%s:", string(msg))))
			}
			if err != nil {
				fmt.Println(err)
			}
		}
	})
	answer, err := hub.Do(context.Background(), func(id string) ([]byte, error) { return []byte(id), nil })
	venue.Wait()
	fmt.Println(string(answer), err)
	// Output: done <nil>
}
