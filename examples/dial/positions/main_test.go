package main

import (
	"bytes"
	"context"
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

func TestPositions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := venuetest.OKX(venuetest.Options{Memory: true})
		defer s.Close()
		c := simulated.OKX(s)
		buy := func() {
			if _, err := c.Place(venuetest.Order{Symbol: "BTC/USDT:USDT", Side: "buy", Type: "market", Size: decimal.New(1, 0)}); err != nil {
				t.Error(err)
			}
		}
		for after, happens := range map[time.Duration]func(){
			time.Second:      buy,
			10 * time.Second: func() { s.Fault(venuetest.Fault{Kind: venuetest.ResetSocket}) },
			20 * time.Second: buy,
			30 * time.Second: func() { s.Fault(venuetest.Fault{Kind: venuetest.DeadSocket}) },
			90 * time.Second: buy,
		} {
			defer time.AfterFunc(after, happens).Stop()
		}
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		var out bytes.Buffer
		address := memory.Address(t, s.Endpoints()["private"], s.DialContext)
		if err := run(ctx, &out, address, customer{c.Key(), c.Secret, c.Passphrase}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("run: %v, want DeadlineExceeded", err)
		}
		for want, times := range map[string]int{"BTC-USDT-SWAP 1 at ": 1, "BTC-USDT-SWAP 2 at ": 1, "BTC-USDT-SWAP 3 at ": 1, "lost: ": 2} {
			if got := strings.Count(out.String(), want); got < times {
				t.Errorf("%q %d times, want %d, in\n%s", want, got, times, &out)
			}
		}
		if err := run(t.Context(), &out, address, customer{c.Key(), "another", c.Passphrase}); !errors.Is(err, errRefused) || strings.Contains(err.Error(), c.Passphrase) {
			t.Errorf("with a wrong secret: %v", err)
		}
	})
}

// TestLogin: the example of section 6.2.
func TestLogin(t *testing.T) {
	c := customer{"5f0c3d1e-7a2b-4c89-9d10-2e4f6a8b0c1d", "6D9F2A77C1E04B58A3F0D1C2B3A49586", "Sample-Pass-1"}
	const want = `{"op":"login","args":[{"apiKey":"5f0c3d1e-7a2b-4c89-9d10-2e4f6a8b0c1d","passphrase":"Sample-Pass-1","timestamp":"1789389296","sign":"ZbCaV4IKza3dxlYXGzW7iVk776n2oXutC2kyFD57QlE="}]}`
	if got := c.login(time.Unix(1789389296, 0)); got != want {
		t.Errorf("got\n%s, want\n%s", got, want)
	}
}
