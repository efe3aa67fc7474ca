package backpack_test

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/venuetest"
)

// TestFetchTrades asks for all trades, those from a time on, those before one, the newest.
func TestFetchTrades(t *testing.T) {
	with(t, exchange.Options{}, func(ctx context.Context, c *exchange.Client, s *venuetest.Server) {
		for range 60 {
			time.Sleep(50 * time.Millisecond)
			s.Step(400, spotSOL, perpUS)
		}
		for _, symbol := range []string{spotSOL, perpUS} {
			all := must(c.FetchTrades(ctx, symbol, exchange.Range{Since: time.Now().Add(-time.Hour)}))(t)
			if len(all) < 2100 {
				t.Fatalf("%s: got %d trades", symbol, len(all))
			}
			follow(t, all)
			if newest := must(c.FetchTrades(ctx, symbol, exchange.Range{Limit: 150}))(t); len(newest) != 150 || newest[149].ID != all[len(all)-1].ID {
				t.Errorf("%s: newest: got %d", symbol, len(newest))
			}
			newest := must(c.FetchTrades(ctx, symbol, exchange.Range{Limit: 2050}))(t)
			follow(t, newest)
			if len(newest) != 2050 || newest[2049].ID != all[len(all)-1].ID {
				t.Errorf("%s: newest: got %d", symbol, len(newest))
			}
			middle := all[len(all)/2].Time
			for _, r := range []exchange.Range{{Since: all[0].Time, Until: middle}, {Until: middle, Limit: 900}, {Since: middle, Limit: 10}} {
				some := must(c.FetchTrades(ctx, symbol, r))(t)
				follow(t, some)
				if len(some) == 0 || some[0].Time.Before(r.Since) || !r.Until.IsZero() && !some[len(some)-1].Time.Before(middle) {
					t.Errorf("%s: %+v: got %d", symbol, r, len(some))
				}
			}
		}
		for range 60 {
			time.Sleep(50 * time.Millisecond)
			s.Step(1600, spotSOL)
		}
		if _, err := c.FetchTrades(ctx, spotSOL, exchange.Range{Since: time.Now().Add(-time.Hour)}); !errors.Is(err, exchange.ErrNotSupported) {
			t.Errorf("more trades than the venue tells: %v", err)
		}
	})
}

// follow checks that no id is missing.
func follow(t *testing.T, ts []exchange.Trade) {
	t.Helper()
	last := int64(0)
	for i, v := range ts {
		id, err := strconv.ParseInt(v.ID, 10, 64)
		if err != nil || i > 0 && id != last+1 || v.Price.Sign() <= 0 || v.Size.Sign() <= 0 || v.Cost.Sign() <= 0 || v.Side == "" || v.Time.IsZero() {
			t.Fatalf("trade %d of %d, after %d: %+v", i, len(ts), last, v)
		}
		last = id
	}
}

func TestFetchOHLCV(t *testing.T) {
	with(t, exchange.Options{}, func(ctx context.Context, c *exchange.Client, s *venuetest.Server) {
		step(s, 500)
		now := time.Now().Truncate(time.Minute)
		for _, tt := range []struct {
			r           exchange.Range
			first, last time.Time
			n           int
		}{
			{exchange.Range{Limit: 10}, now.Add(-9 * time.Minute), now, 10},
			{exchange.Range{Limit: 3200}, now.Add(-3199 * time.Minute), now, 3200},
			{exchange.Range{Since: now.Add(-2500 * time.Minute)}, now.Add(-2500 * time.Minute), now, 2501},
			{exchange.Range{Since: now.Add(-2500 * time.Minute), Limit: 1800}, now.Add(-2500 * time.Minute), now.Add(-701 * time.Minute), 1800},
			{exchange.Range{Since: now.Add(-3000 * time.Minute), Until: now.Add(-10 * time.Minute)}, now.Add(-3000 * time.Minute), now.Add(-11 * time.Minute), 2990},
			{exchange.Range{Until: now.Add(-10 * time.Minute), Limit: 1600}, now.Add(-1610 * time.Minute), now.Add(-11 * time.Minute), 1600},
			{exchange.Range{Since: now.Add(-5*time.Minute + 1), Until: now.Add(time.Hour)}, now.Add(-4 * time.Minute), now, 5},
		} {
			ks := must(c.FetchOHLCV(ctx, perpSOL, "1m", tt.r))(t)
			if len(ks) != tt.n || !ks[0].Start.Equal(tt.first) || !ks[len(ks)-1].Start.Equal(tt.last) {
				t.Fatalf("%+v: got %d from %v to %v", tt.r, len(ks), ks[0].Start, ks[len(ks)-1].Start)
			}
			for i := range ks {
				if i > 0 && ks[i].Start.Sub(ks[i-1].Start) != time.Minute || ks[i].Interval != "1m" || ks[i].Low.Sign() <= 0 || ks[i].Closed == ks[i].Start.Equal(now) {
					t.Fatalf("%+v", ks[i])
				}
			}
		}
		if months := must(c.FetchOHLCV(ctx, spotSOL, "1M", exchange.Range{Limit: 12}))(t); len(months) != 12 || months[0].Start.Day() != 1 {
			t.Errorf("got %+v", months)
		}
	})
}

func TestFundingHistory(t *testing.T) {
	with(t, exchange.Options{}, func(ctx context.Context, c *exchange.Client, s *venuetest.Server) {
		now := time.Now()
		for _, tt := range []struct {
			r     exchange.Range
			first time.Time
			n     int
		}{
			{exchange.Range{Limit: 5}, now.Truncate(time.Hour).Add(-4 * time.Hour), 5},
			{exchange.Range{Limit: 2500}, now.Truncate(time.Hour).Add(-2499 * time.Hour), 2500},
			{exchange.Range{Since: now.Truncate(time.Hour).Add(-3000 * time.Hour)}, now.Truncate(time.Hour).Add(-3000 * time.Hour), 3001},
			{exchange.Range{Since: now.Truncate(time.Hour).Add(-3000 * time.Hour), Until: now.Add(-2900 * time.Hour), Limit: 7}, now.Truncate(time.Hour).Add(-3000 * time.Hour), 7},
		} {
			rs := must(c.FetchFundingRateHistory(ctx, perpSOL, tt.r))(t)
			if len(rs) != tt.n || !rs[0].Next.Equal(tt.first) || rs[len(rs)-1].Next.After(now) || rs[1].Next.Sub(rs[0].Next) != time.Hour {
				t.Errorf("%+v: got %d from %v", tt.r, len(rs), rs[0].Next)
			}
		}
	})
}
