package main

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/depthwire/depthwire/examples/dial/internal/memory"
	"github.com/depthwire/depthwire/venuetest"
)

// TestTicker: the market stands still, so that only pings keep the connection; then it is cut, and falls silent.
func TestTicker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := venuetest.OKX(venuetest.Options{Memory: true})
		defer s.Close()
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
		defer cancel()
		cut := time.AfterFunc(121500*time.Millisecond, func() { s.Fault(venuetest.Fault{Kind: venuetest.ResetSocket}) })
		defer cut.Stop()
		dead := time.AfterFunc(151500*time.Millisecond, func() { s.Fault(venuetest.Fault{Kind: venuetest.DeadSocket}) })
		defer dead.Stop()
		var out bytes.Buffer
		if err := run(ctx, &out, memory.Address(t, s.Endpoints()["public"], s.DialContext)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("run: %v, want DeadlineExceeded", err)
		}
		for want, times := range map[string]int{`"event":"subscribe"`: 3, `"instId":"BTC-USDT","last":`: 3, "made anew": 2, "send: ping": 7, "\npong\n": 7} {
			if got := strings.Count(out.String(), want); got < times {
				t.Errorf("%q %d times, want %d, in\n%s", want, got, times, &out)
			}
		}
		if n := len(s.Stats().Conns); n != 3 {
			t.Errorf("%d connections, want 3\n%s", n, &out)
		}
	})
}
