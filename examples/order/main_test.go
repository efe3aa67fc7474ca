package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/exchanges/backpack"
	"github.com/depthwire/depthwire/venuetest"
)

func TestOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, o := simulated(venuetest.Options{Memory: true})
		defer s.Close()
		c := backpack.New(o)
		defer c.Close()
		var out bytes.Buffer
		if err := run(t.Context(), &out, c, "SOL/USDC"); err != nil {
			t.Error(err)
		}
		for _, want := range []string{"placed 5", " open 0.01 at 88.", "unsupported operation", "cancelled 5", " canceled 0 filled"} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("no %q in\n%s", want, &out)
			}
		}
	})
}

// TestHarmless: nothing but what is for trying things out, or this machine, is asked.
func TestHarmless(t *testing.T) {
	s, o := simulated(venuetest.Options{})
	defer s.Close()
	for want, all := range map[error][]exchange.Options{
		nil:     {o, {Environment: "demo"}},
		errReal: {{}, {Endpoints: map[string]string{"rest": "https://api.backpack.exchange"}}, {Endpoints: map[string]string{"rest": "http://127.0.0.1:1", "account": "wss://127.0.0.1.example.org"}}, {Environment: "demo", Endpoints: map[string]string{"rest": "https://api.backpack.exchange"}}},
	} {
		for _, o := range all {
			if err := harmless(o); !errors.Is(err, want) {
				t.Errorf("%v: %v", o.Endpoints, err)
			}
		}
	}
	if _, _, err := open("backpack", "demo"); !errors.Is(err, exchange.ErrBadRequest) {
		t.Errorf("an environment that there is not: %v", err)
	}
	c, done, err := open("okx", "")
	if err != nil || c.Venue() != "backpack" {
		t.Fatalf("simulated: %v, %v", c, err)
	}
	done()
}
