package exchange_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/exchanges/huobi"
	"github.com/depthwire/depthwire/venuetest"
)

// curious is a log that asks for the health before it takes a line: what holds a lock that
// Health needs must not log.
type curious struct {
	slog.Handler
	health func() []exchange.StreamHealth
	work   sync.WaitGroup

	mu   sync.Mutex
	said map[string]bool // by message, whether Health answered meanwhile
}

func (c *curious) Enabled(context.Context, slog.Level) bool { return true }

func (c *curious) Handle(_ context.Context, r slog.Record) error {
	answered := make(chan struct{})
	c.work.Go(func() { c.health(); close(answered) })
	in := false
	select {
	case <-answered:
		in = true
	case <-time.After(5 * time.Second): // a failure: no test that passes waits for it
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.said[r.Message] = in
	return nil
}

// Health waits for memory only, whatever is slow: a log, for one.
func TestHealthWaitsForNoLog(t *testing.T) {
	t.Parallel()
	server := venuetest.Huobi(venuetest.Options{Memory: true, Rate: 50})
	defer server.Close()
	server.Fault(venuetest.Fault{Kind: venuetest.RefuseSubscribe, Channel: "mbp.150", N: -1})
	log := &curious{Handler: slog.DiscardHandler, said: make(map[string]bool)}
	client := huobi.New(exchange.Options{Endpoints: server.Endpoints(), DialContext: server.DialContext, Log: slog.New(log)})
	log.health = client.Health
	sub, err := client.WatchOrderBook(t.Context(), 100, "BTC/USDT")
	if err != nil {
		t.Fatal(err)
	}
	for b, err := range sub.All() {
		if err != nil {
			t.Fatal(err)
		}
		if len(b.Bids) > 0 {
			break
		}
	}
	sub.Close()
	client.Close()
	log.work.Wait()
	for _, message := range []string{"connected", "book channel refused, next one taken"} {
		if in, ok := log.said[message]; !ok || !in {
			t.Errorf("%q was logged: %t; Health answered meanwhile: %t", message, ok, in)
		}
	}
}
