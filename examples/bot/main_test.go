package main

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/exchanges/okx"
	"github.com/depthwire/depthwire/venuetest"
)

// bot runs the loop for ten seconds of the bubble's time.
func bot(t *testing.T, symbol string, prepare func(*venuetest.Server)) string {
	var out bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		s := venuetest.OKX(venuetest.Options{Memory: true, Rate: 50})
		defer s.Close()
		prepare(s)
		c := okx.New(exchange.Options{Live: true, Endpoints: s.Endpoints(), DialContext: s.DialContext})
		defer c.Close()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		run(ctx, &out, c, symbol, time.Second)
	})
	return out.String()
}

func TestBotReadsTheStream(t *testing.T) {
	out := bot(t, "BTC/USDT", func(*venuetest.Server) {})
	if n := strings.Count(out, "by stream\n"); n < 9 || n != strings.Count(out, "\n") {
		t.Errorf("%d answers from the stream, want all of at least 9:\n%s", n, out)
	}
}

func TestBotWaitsForTheVenue(t *testing.T) {
	out := bot(t, "BTC/USDT", func(s *venuetest.Server) {
		s.Fault(venuetest.Fault{Kind: venuetest.HTTPStatus, Code: http.StatusTooManyRequests, RetryAfter: 3 * time.Second, N: 1})
	})
	if strings.Contains(out, "the end") || !strings.Contains(out, "by stream\n") {
		t.Errorf("it did not come through:\n%s", out)
	}
}

func TestBotGivesUpOnAWrongSymbol(t *testing.T) {
	out := bot(t, "BTC/TULIPS", func(*venuetest.Server) {})
	if !strings.HasPrefix(out, "the end:") || strings.Count(out, "\n") != 1 {
		t.Errorf("got %q, want the end at once", out)
	}
}
