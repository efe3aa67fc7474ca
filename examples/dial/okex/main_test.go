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
	"github.com/depthwire/depthwire/examples/dial/internal/simulated"
)

// TestFeed: the feed cuts off who does not ping for 30 s; the connection is cut once.
func TestFeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := memory.Listen()
		feed := simulated.NewOKEx(l)
		defer func() {
			if err := feed.Close(); err != nil {
				t.Error(err)
			}
		}()
		defer time.AfterFunc(70*time.Second, l.Cut).Stop()
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		var out bytes.Buffer
		if err := run(ctx, &out, memory.Address(t, "ws://feed/ws/v1", l.DialContext)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("run: %v, want DeadlineExceeded", err)
		}
		for want, times := range map[string]int{`"addChannel","data":{"result":true,`: 2, "made anew": 1, `[["1234567890`: 100, `"4012.5","12",`: 100, `"pong"`: 5} {
			if got := strings.Count(out.String(), want); got < times || times < 3 && got > times {
				t.Errorf("%q %d times, want %d, in\n%s", want, got, times, &out)
			}
		}
	})
}
