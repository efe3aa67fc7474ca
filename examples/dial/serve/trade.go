package main

import (
	"context"
	"time"

	"github.com/depthwire/depthwire/examples/dial/internal/simulated"
)

// trade has the customers do something every second.
func trade(ctx context.Context, okx, backpack simulated.Customer) {
	clock := time.NewTicker(time.Second)
	defer clock.Stop()
	for seed := uint64(0); ; seed++ {
		okx.Trade(seed, 2, "BTC/USDT:USDT", "ETH/USDT:USDT")
		backpack.Trade(seed, 2, "SOL/USDC")
		select {
		case <-ctx.Done():
			return
		case <-clock.C:
		}
	}
}
