package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
)

func TestServe(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // it serves, says so, and ends
	var out bytes.Buffer
	if err := run(ctx, &out); err != nil {
		t.Error(err)
	}
	for _, want := range []string{"/tickers -address 'ws://127.0.0.1:", "/okx -address", "/htx -address", "/okex -address", "DEPTHWIRE_PASSPHRASE=", "/positions -address", "DEPTHWIRE_PRIVATE_KEY=", "/orders -address"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
}
