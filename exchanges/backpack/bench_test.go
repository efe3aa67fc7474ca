package backpack

import (
	"testing"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/stream"
)

// What the account's socket brings, from the frame to values.
var pushedFrame = []byte(`{"data":` + fillPushed + `,"stream":"account.orderUpdate"}`)

func BenchmarkOrderUpdate(b *testing.B) {
	d, f := newOwner(nil), stream.Frame{}
	var os []exchange.Order
	b.ReportAllocs()
	for b.Loop() {
		if err := d.Route(pushedFrame, &f); err != nil {
			b.Fatal(err)
		}
		var err error
		if os, err = orders(os[:0], ofUSDT, f.Data); err != nil || len(os) != 1 {
			b.Fatal(err)
		}
	}
}

// TestOwnStrings: nothing is allocated for what is pushed but the texts that values keep.
func TestOwnStrings(t *testing.T) {
	var (
		os []exchange.Order
		fs []exchange.Fill
		bs []exchange.Balance
		ps []exchange.Position
	)
	fill, balance, position, all := []byte(fillPushed), []byte(balancePushed), []byte(positionPushed), &exchange.Scope{}
	for name, tt := range map[string]struct {
		texts float64
		read  func()
	}{
		"order":    {4, func() { os, _ = orders(os[:0], ofUSDT, fill) }}, // ID, ClientID, State, TimeInForce
		"fill":     {4, func() { fs, _ = fills(fs[:0], ofUSDT, fill) }},  // ID, OrderID, ClientID, Fee.Asset
		"balance":  {1, func() { bs, _ = balanceUpdates(bs[:0], all, balance) }},
		"position": {1, func() { ps, _ = positions(ps[:0], ofETH, position) }},
	} {
		tt.read()
		if got := testing.AllocsPerRun(100, tt.read); got > tt.texts {
			t.Errorf("%s: %v allocations, want %v", name, got, tt.texts)
		}
	}
}
