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

// TestDetail: the venue pings every 5 s and cuts off who does not answer for 10.
func TestDetail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := venuetest.Huobi(venuetest.Options{Memory: true, Rate: 5})
		defer s.Close()
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Second)
		defer cancel()
		cut := time.AfterFunc(42*time.Second, func() { s.Fault(venuetest.Fault{Kind: venuetest.ResetSocket}) })
		defer cut.Stop()
		dead := time.AfterFunc(70*time.Second, func() { s.Fault(venuetest.Fault{Kind: venuetest.DeadSocket}) })
		defer dead.Stop()
		var out bytes.Buffer
		if err := run(ctx, &out, memory.Address(t, s.Endpoints()["spot.stream"]+"/ws", s.DialContext)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("run: %v, want DeadlineExceeded", err)
		}
		for want, times := range map[string]int{`"subbed":"market.btcusdt.detail"`: 3, `"ch":"market.btcusdt.detail"`: 20, "made anew": 2, `send: {"pong":`: 10} {
			if got := strings.Count(out.String(), want); got < times {
				t.Errorf("%q %d times, want %d, in\n%s", want, got, times, &out)
			}
		}
		if n := len(s.Stats().Conns); n != 3 {
			t.Errorf("%d connections, want 3", n)
		}
	})
}
