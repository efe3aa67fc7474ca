package main

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/depthwire/depthwire/exchanges/backpack"
	"github.com/depthwire/depthwire/venuetest"
)

func TestAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, o := simulated(venuetest.Options{Memory: true, Rate: 50})
		defer s.Close()
		c := backpack.New(o)
		defer c.Close()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		var out bytes.Buffer
		if err := run(ctx, &out, c); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("run: %v, want DeadlineExceeded", err)
		}
		for _, want := range []string{"capital USDC: ", "\norder ", "\nfill "} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("no %q in\n%s", want, &out)
			}
		}
	})
}
