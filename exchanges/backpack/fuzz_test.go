package backpack

import (
	"bytes"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/stream"
)

// seeds are the messages of the other tests, and some that nobody should send.
func seeds(f *testing.F) {
	for _, s := range privateMessages {
		f.Add([]byte(s))
	}
	for _, s := range []string{tickerREST, tickerPushed, tradesREST, tradePushed, klinesREST, klinePushed, touchPushed, marksREST, markPushed, interestREST, interestPushed, forcedPushed, statusREST, ratesREST, depthREST, depthPushed, depthMerged,
		"[" + rowPerp + "," + rowSpot + "]", `{"data":` + depthMerged + `,"stream":"depth.200ms.ETH_USDC_PERP"}`, `{"stream":"a","data":{"x":{}}}`, `{"data":{},"stream":"\""}`, `{"data":{},"data":7,"stream":"a.b"}`,
		`{"id":null,"error":{"code":4006,"message":"Invalid stream"}}`, `{"code":"INVALID_CLIENT_REQUEST","message":"Invalid market symbol"}`, "1788285151083", "\xff{}", `{"a":[[1,2]],"b":null,"u":1,"u":"2","U":-9}`,
		`{"T":"2026-09-02T16:44:00.123456789012345678901234567890","t":9223372036854775807,"e":"kline","s":"SOL_USDC","c":1e400}`} {
		f.Add([]byte(s))
	}
}

// FuzzRoute: no frame does harm, and what is routed is what a reader of any JSON finds.
func FuzzRoute(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		var got stream.Frame
		if newDialect().Route(b, &got) != nil || got.Topic == nil || !gjson.ValidBytes(b) {
			return
		}
		topic, data := gjson.GetBytes(b, "stream").String(), gjson.GetBytes(b, "data").Raw
		if bytes.Count(b, []byte(`"data"`)) == 1 && bytes.Count(b, []byte(`"stream"`)) == 1 && (string(got.Topic) != topic || string(got.Data) != data) {
			t.Errorf("routed %s to %s, not %s to %s", got.Data, got.Topic, data, topic)
		}
	})
}

// FuzzParse: every parser answers any bytes with values or an error, and the same twice.
func FuzzParse(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, in := range []*exchange.Scope{{Market: spotSOL, Args: exchange.Args{Interval: "1m", Depth: 5}, Received: time.Now()}, {Market: perpSOL}, {}} {
			twice(t, serverTime, in, b)
			twice(t, listed(exchange.Spot, "SPOT"), in, b)
			twice(t, tickers, in, b)
			twice(t, bidAsks, in, b)
			twice(t, touch, in, b)
			twice(t, trades, in, b)
			twice(t, candles, in, b)
			twice(t, markPrices, in, b)
			twice(t, fundingRates, in, b)
			twice(t, chargedRates, in, b)
			twice(t, depth, in, b)
			twice(t, openInterest, in, b)
			twice(t, liquidations, in, b)
			twice(t, status, in, b)
			twice(t, capital, in, b)
			twice(t, balanceUpdates, in, b)
			twice(t, orders, in, b)
			twice(t, answered, in, b)
			twice(t, fills, in, b)
			twice(t, positions, in, b)
			twice(t, deposits, in, b)
			twice(t, withdrawals, in, b)
		}
		refusal(400, b)
	})
}

func twice[T any](t *testing.T, parse exchange.Parser[T], in *exchange.Scope, b []byte) {
	first, err := parse(nil, in, b)
	n := len(first)
	again, err2 := parse(first, in, b)
	if (err == nil) != (err2 == nil) || err == nil && len(again) != 2*n {
		t.Errorf("%d values, %v; then %d, %v", n, err, len(again), err2)
	}
}
