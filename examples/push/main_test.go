package main

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/exchanges/binance"
	"github.com/depthwire/depthwire/venuetest"
)

func TestPush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := venuetest.Binance(venuetest.Options{Memory: true, Rate: 50})
		defer s.Close()
		c := binance.New(exchange.Options{Endpoints: s.Endpoints(), DialContext: s.DialContext})
		defer c.Close()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		var out bytes.Buffer
		if err := run(ctx, &out, c, 60); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("run: %v, want DeadlineExceeded", err)
		}
		for _, want := range []string{"book   BTC/USDT live", "book   ETH/USDT live", "ticker BTC/USDT", "trade  BTC/USDT", "trade  ETH/USDT"} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("no %q in\n%s", want, &out)
			}
		}
	})
}
