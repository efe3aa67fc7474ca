package alltick_test

import (
	"context"
	"errors"
	"testing"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/venuetest"
)

// TestNothingPrivate: AllTick sells data. Nothing of an account is asked for, and nothing is sent to say so.
func TestNothingPrivate(t *testing.T) {
	simulated(t, exchange.Options{}, func(t *testing.T, ctx context.Context, s *venuetest.Server, c *exchange.Client) {
		if _, err := c.FetchMarkets(ctx); err != nil {
			t.Fatal(err)
		}
		const symbol = "BTC/USDT"
		var r exchange.Range
		order := exchange.NewOrder{Symbol: symbol, Side: exchange.Buy, Type: exchange.LimitOrder, Price: decimal.New(1, 0), Size: decimal.New(1, 0)}
		ref := exchange.Ref{ID: "1"}
		was := s.Stats()
		for name, err := range map[string]error{
			"FetchBalance":      failure(c.FetchBalance(ctx)),
			"FetchOrder":        failure(c.FetchOrder(ctx, symbol, ref)),
			"FetchOrders":       failure(c.FetchOrders(ctx, symbol, r)),
			"FetchClosedOrders": failure(c.FetchClosedOrders(ctx, "", r)),
			"FetchOpenOrders":   failure(c.FetchOpenOrders(ctx)),
			"FetchMyTrades":     failure(c.FetchMyTrades(ctx, symbol, r)),
			"FetchPositions":    failure(c.FetchPositions(ctx, symbol)),
			"FetchDeposits":     failure(c.FetchDeposits(ctx, "BTC", r)),
			"FetchWithdrawals":  failure(c.FetchWithdrawals(ctx, "", r)),
			"FetchTransactions": failure(c.FetchTransactions(ctx, "", r)),
			"WatchBalance":      failure(c.WatchBalance(ctx)),
			"WatchOrders":       failure(c.WatchOrders(ctx, symbol)),
			"WatchMyTrades":     failure(c.WatchMyTrades(ctx)),
			"WatchPositions":    failure(c.WatchPositions(ctx)),
			"WatchDeposits":     failure(c.WatchDeposits(ctx)),
			"WatchWithdrawals":  failure(c.WatchWithdrawals(ctx)),
			"WatchTransactions": failure(c.WatchTransactions(ctx)),
			"CreateOrder":       failure(c.CreateOrder(ctx, order)),
			"CancelOrder":       failure(c.CancelOrder(ctx, symbol, ref)),
			"CancelAllOrders":   failure(c.CancelAllOrders(ctx, symbol)),
			"CancelAllOrders ":  failure(c.CancelAllOrders(ctx)),
			"EditOrder":         failure(c.EditOrder(ctx, ref, order)),
		} {
			if !errors.Is(err, exchange.ErrNotSupported) {
				t.Errorf("%s: %v, want ErrNotSupported", name, err)
			}
		}
		if now := s.Stats(); len(now.Requests) != len(was.Requests) || now.Connections != was.Connections {
			t.Errorf("asked %v, and %v before", now, was)
		}
	})
	keyed := exchange.Options{Credentials: exchange.Credentials{Key: exchange.NewSecret("a key, s3cret"), Secret: exchange.NewSecret("s3cret, and no use")}}
	simulated(t, keyed, func(t *testing.T, ctx context.Context, _ *venuetest.Server, c *exchange.Client) {
		if err := c.Err(); !errors.Is(err, exchange.ErrBadRequest) {
			t.Errorf("a key of a venue that has none: %v", err)
		}
	})
}

func failure[T any](_ T, err error) error { return err }
