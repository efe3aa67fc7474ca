package main

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/depthwire/depthwire/dial"
	"github.com/depthwire/depthwire/examples/dial/internal/memory"
	"github.com/depthwire/depthwire/venuetest"
)

func TestTickers(t *testing.T) {
	for _, test := range []struct {
		name, endpoint, stream string
		want, never            []string
	}{
		{"spot", "spot.stream", "!miniTicker@arr", []string{"Symbol", " BTCUSDT ", " ETHUSDT "}, []string{"BTCUSD_PERP"}},
		{"futures", "linear.market", "!ticker@arr", []string{"Symbol", " BTCUSDT ", " ETHUSDT "}, []string{"BTCUSD_PERP"}},
		{"retired", "spot.stream", "!ticker@arr", nil, []string{"Symbol"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := venuetest.Binance(venuetest.Options{Memory: true, Rate: 10})
				defer s.Close()
				ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
				defer cancel()
				var out bytes.Buffer
				err := run(ctx, &out, memory.Address(t, s.Endpoints()[test.endpoint], s.DialContext)+"/ws/"+test.stream)
				if told := strings.Contains(err.Error(), "!ticker@arr of spot since 2026"); told != (test.name == "retired") || errors.Is(err, dial.ErrTimeout) != told || errors.Is(err, context.DeadlineExceeded) == told {
					t.Errorf("run: %v", err)
				}
				for _, want := range test.want {
					if !strings.Contains(out.String(), want) {
						t.Errorf("no %q in\n%s", want, &out)
					}
				}
				for _, never := range test.never {
					if strings.Contains(out.String(), never) {
						t.Errorf("%q in\n%s", never, &out)
					}
				}
			})
		})
	}
}
