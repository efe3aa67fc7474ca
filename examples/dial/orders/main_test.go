package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/examples/dial/internal/memory"
	"github.com/depthwire/depthwire/examples/dial/internal/simulated"
	"github.com/depthwire/depthwire/venuetest"
)

func TestOrders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := venuetest.Backpack(venuetest.Options{Memory: true})
		defer s.Close()
		c := simulated.Backpack(s)
		order := func() {
			o, err := c.Place(venuetest.Order{Symbol: "SOL/USDC", Side: "buy", Type: "limit", Price: decimal.New(50, 0), Size: decimal.New(2, 0)})
			if err == nil {
				err = c.Fill(o.ID, decimal.New(1, 0))
			}
			if err == nil {
				err = c.Cancel(o.ID)
			}
			if err != nil {
				t.Error(err)
			}
		}
		for after, happens := range map[time.Duration]func(){
			time.Second:      order,
			10 * time.Second: func() { s.Fault(venuetest.Fault{Kind: venuetest.ResetSocket}) },
			20 * time.Second: order, // the first signature is too old by now
		} {
			defer time.AfterFunc(after, happens).Stop()
		}
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		var out bytes.Buffer
		address := memory.Address(t, s.Endpoints()["stream"], s.DialContext)
		if err := run(ctx, &out, address, c.Key(), c.PrivateKey); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("run: %v, want DeadlineExceeded", err)
		}
		for want, times := range map[string]int{"orderAccepted ": 2, " SOL_USDC Bid 2 at 50 New 0 filled": 2, " PartiallyFilled 1 filled": 2, "orderCancelled ": 2, "lost: ": 1} {
			if got := strings.Count(out.String(), want); got != times {
				t.Errorf("%q %d times, want %d, in\n%s", want, got, times, &out)
			}
		}
		_, other, _ := ed25519.GenerateKey(nil)
		if err := run(t.Context(), &out, address, c.Key(), other); !errors.Is(err, errRefused) {
			t.Errorf("with another key: %v", err)
		}
	})
}

// TestSubscribe: the example of section 6.
func TestSubscribe(t *testing.T) {
	seed := make([]byte, ed25519.SeedSize)
	for i := range seed {
		seed[i] = byte(i)
	}
	got := subscribe("A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=", ed25519.NewKeyFromSeed(seed), time.UnixMilli(1790000000123))
	const want = `{"method":"SUBSCRIBE","params":["account.orderUpdate"],"signature":["A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=","VarmeMvlylRjwBp+FIW5965rN5rgrhdr6/0kPJddVWj7AT8qtURcRjGLT9EC0TBEZDqU45hD7pe/Q5/wLZXvBA==","1790000000123","5000"]}`
	if got != want {
		t.Errorf("got\n%s, want\n%s", got, want)
	}
}
