package binance

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/rest"
)

// sent is what a call asks for and what it costs in weight.
func sent[T any](t *testing.T, k exchange.Call[T], ms []*exchange.Market, a exchange.Args) (target string, weight int) {
	t.Helper()
	r := &rest.Request{Path: k.Path}
	if k.Request != nil {
		if err := k.Request(r, ms, a); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range k.Cost(ms, a) {
		if c.Limit == &spotWeight || c.Limit == &linearWeight {
			weight += c.Cost
		}
	}
	return strings.ReplaceAll(r.Target(), "%2C", ","), weight
}

func TestRequests(t *testing.T) {
	one, perp := []*exchange.Market{spotBTC}, []*exchange.Market{linearBTC}
	since := time.UnixMilli(1763776800000)
	depth := func(n int) exchange.Args { return exchange.Args{Depth: n} }
	span := func(limit int, since, until time.Time, id string) exchange.Args {
		return exchange.Args{Interval: "1m", Range: exchange.Range{Since: since, Until: until, Limit: limit, FromID: id}}
	}
	none := time.Time{}
	s, l := &spotFamily.Pull, &linearFamily.Pull
	for _, tt := range []struct {
		got    func() (string, int)
		want   string
		weight int
	}{
		{func() (string, int) { return sent(t, s.Markets, nil, depth(0)) }, "/api/v3/exchangeInfo?showPermissionSets=false", 20},
		{func() (string, int) { return sent(t, l.Markets, nil, depth(0)) }, "/fapi/v1/exchangeInfo", 1},
		{func() (string, int) { return sent(t, s.OrderBook, one, depth(0)) }, "/api/v3/depth?limit=5000&symbol=BTCUSDT", 250},
		{func() (string, int) { return sent(t, s.OrderBook, one, depth(1000)) }, "/api/v3/depth?limit=1000&symbol=BTCUSDT", 50},
		{func() (string, int) { return sent(t, s.OrderBook, one, depth(101)) }, "/api/v3/depth?limit=500&symbol=BTCUSDT", 25},
		{func() (string, int) { return sent(t, s.OrderBook, one, depth(7)) }, "/api/v3/depth?limit=10&symbol=BTCUSDT", 5},
		{func() (string, int) { return sent(t, l.OrderBook, perp, depth(0)) }, "/fapi/v1/depth?limit=1000&symbol=BTCUSDT", 20},
		{func() (string, int) { return sent(t, l.OrderBook, perp, depth(101)) }, "/fapi/v1/depth?limit=500&symbol=BTCUSDT", 10},
		{func() (string, int) { return sent(t, l.OrderBook, perp, depth(100)) }, "/fapi/v1/depth?limit=100&symbol=BTCUSDT", 5},
		{func() (string, int) { return sent(t, l.OrderBook, perp, depth(3)) }, "/fapi/v1/depth?limit=5&symbol=BTCUSDT", 2},
		{func() (string, int) { return sent(t, s.Tickers, append(one, perp...), depth(0)) }, "/api/v3/ticker/24hr?symbols=%5B%22BTCUSDT%22,%22BTCUSDT%22%5D", 2},
		{func() (string, int) { return sent(t, s.Tickers, nil, depth(0)) }, "/api/v3/ticker/24hr", 80},
		{func() (string, int) { return sent(t, l.Tickers, nil, depth(0)) }, "/fapi/v1/ticker/24hr", 40},
		{func() (string, int) { return sent(t, s.Trades, one, span(9, none, none, "")) }, "/api/v3/trades?symbol=BTCUSDT&limit=9", 25},
		{func() (string, int) { return sent(t, s.Trades, one, span(9, none, none, "41")) }, "/api/v3/historicalTrades?symbol=BTCUSDT&fromId=42&limit=1000", 25},
		{func() (string, int) {
			return sent(t, s.Trades, one, exchange.Args{Range: exchange.Range{Limit: 9, FromID: "5000"}, Back: true})
		}, "/api/v3/historicalTrades?symbol=BTCUSDT&fromId=4000&limit=1000", 25},
		{func() (string, int) { return sent(t, s.Trades, one, span(9, since, none, "")) }, "/api/v3/aggTrades?symbol=BTCUSDT&startTime=1763776800000&limit=10", 4},
		{func() (string, int) { return sent(t, s.Trades, one, span(0, none, since, "")) }, "/api/v3/aggTrades?symbol=BTCUSDT&endTime=1763776799999&limit=1000", 4},
		{func() (string, int) { return sent(t, l.Trades, perp, span(9, since.Add(1), none, "")) }, "/fapi/v1/aggTrades?symbol=BTCUSDT&startTime=1763776800001&limit=9", 20},
		{func() (string, int) { return sent(t, l.Trades, perp, span(0, since, none, "41")) }, "/fapi/v1/aggTrades?symbol=BTCUSDT&fromId=42&limit=1000", 20},
		{func() (string, int) { return sent(t, s.Candles, one, span(0, none, none, "")) }, "/api/v3/klines?interval=1m&limit=500&symbol=BTCUSDT", 2},
		{func() (string, int) { return sent(t, l.Candles, perp, span(2000, since, none, "")) }, "/fapi/v1/klines?interval=1m&limit=1500&startTime=1763776800000&symbol=BTCUSDT", 10},
		{func() (string, int) { return sent(t, l.Candles, perp, span(0, since, since.Add(time.Hour), "")) }, "/fapi/v1/klines?interval=1m&limit=61&startTime=1763776800000&symbol=BTCUSDT", 1},
		{func() (string, int) { return sent(t, l.Candles, perp, span(100, none, since, "")) }, "/fapi/v1/klines?interval=1m&limit=100&endTime=1763776799999&symbol=BTCUSDT", 2},
		{func() (string, int) { return sent(t, l.Candles, perp, span(0, none, none, "")) }, "/fapi/v1/klines?interval=1m&limit=500&symbol=BTCUSDT", 5},
		{func() (string, int) { return sent(t, l.History, perp, span(7, since, none, "")) }, "/fapi/v1/fundingRate?startTime=1763776800000&limit=7&symbol=BTCUSDT", 0},
		{func() (string, int) { return sent(t, l.Funding, perp, depth(0)) }, "/fapi/v1/premiumIndex?symbol=BTCUSDT", 1},
	} {
		if target, weight := tt.got(); target != tt.want || weight != tt.weight {
			t.Errorf("got %s for %d, want %s for %d", target, weight, tt.want, tt.weight)
		}
	}
}

func TestUsedWeight(t *testing.T) {
	h := http.Header{}
	if _, ok := usedWeight(h); ok {
		t.Error("nothing was sent")
	}
	h.Set("x-mbx-used-weight-1m", "57")
	if used, ok := usedWeight(h); used != 57 || !ok {
		t.Errorf("got %d, %v", used, ok)
	}
}
