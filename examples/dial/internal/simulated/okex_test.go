package simulated_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/depthwire/depthwire/dial"
	"github.com/depthwire/depthwire/examples/dial/internal/memory"
	"github.com/depthwire/depthwire/examples/dial/internal/simulated"
)

// TestSilent: a channel that does not exist is refused, and who does not ping is cut off after 30 s.
func TestSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := memory.Listen()
		feed := simulated.NewOKEx(l)
		defer feed.Close()
		conn, err := dial.Options{DialContext: l.DialContext, Compress: dial.GzipRaw, Mode: dial.Recv}.Dial(t.Context(), `ws://feed/ws/v1|payload={'event':'addChannel','channel':'ok_sub_spot'}`)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if msg, err := conn.Read(t.Context()); !strings.Contains(string(msg), `"error_code":20116`) {
			t.Errorf("%q, %v", msg, err)
		}
		begin := time.Now()
		_, err = conn.Read(t.Context())
		if took := time.Since(begin); err == nil || took != 30*time.Second {
			t.Errorf("cut off after %v: %v, want 30s", took, err)
		}
	})
}

// TestClose: connections end with the feed.
func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := memory.Listen()
		feed := simulated.NewOKEx(l)
		conn, err := dial.Options{DialContext: l.DialContext}.Dial(t.Context(), "ws://feed/ws/v1")
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if err := feed.Close(); err != nil {
			t.Error(err)
		}
		if _, err := conn.Read(t.Context()); err == nil || errors.Is(err, context.Canceled) {
			t.Errorf("read: %v", err)
		}
	})
}
