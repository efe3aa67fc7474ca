package backpack

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/stream"
)

func TestChange(t *testing.T) {
	got := newDialect().Change(time.Time{}, nil, []string{"trade.SOL_USDC", "depth.SOL_USDC"}, []string{"kline.1m.AAPL.US_USDC_PERP"})
	want := []string{`{"method":"UNSUBSCRIBE","params":["kline.1m.AAPL.US_USDC_PERP"]}`, `{"method":"SUBSCRIBE","params":["depth.SOL_USDC","trade.SOL_USDC"]}`}
	for i, q := range got {
		if len(got) != len(want) || string(q.Frame) != want[i] || q.Drop != (i == 0) || !q.Mute || len(q.Topics) != i+1 {
			t.Errorf("%s %+v", q.Frame, q)
		}
	}
	var many []string
	for i := range 2000 {
		many = append(many, fmt.Sprintf("depth.M%04d_USDC_PERP", i))
	}
	n := 0
	for _, q := range newDialect().Change(time.Time{}, nil, many, nil) {
		if n += len(q.Topics); len(q.Frame) > 8100 {
			t.Errorf("a request of %d bytes", len(q.Frame))
		}
	}
	if n != len(many) {
		t.Errorf("%d topics of %d", n, len(many))
	}
}

func TestTopics(t *testing.T) {
	m := &exchange.Market{ID: "kPEPE_USDC_PERP"}
	f := Venue().Families[1]
	for want, got := range map[string]string{
		"depth.kPEPE_USDC_PERP": f.Push.OrderBook[0].Topic(m, exchange.Args{}), "ticker.kPEPE_USDC_PERP": f.Push.Ticker.Topic(m, exchange.Args{}),
		"kline.1month.kPEPE_USDC_PERP": f.Push.Candles.Topic(m, exchange.Args{Interval: "1M"}), "markPrice.kPEPE_USDC_PERP": f.Push.Funding.Topic(m, exchange.Args{}),
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestRoute(t *testing.T) {
	for _, tt := range []struct{ frame, topic, data string }{
		{`{"data":` + tickerPushed + `,"stream":"ticker.SOL_USDC"}`, "ticker.SOL_USDC", tickerPushed},
		{`{"data":` + depthMerged + `,"stream":"depth.200ms.ETH_USDC_PERP"}`, "depth.200ms.ETH_USDC_PERP", depthMerged},
		{`{"stream":"ticker.SOL_USDC","data":` + tickerPushed + `}`, "ticker.SOL_USDC", tickerPushed},
		{` { "data" : {"a":{"b":1}} , "new" : [ {"stream":"x"} ] , "stream" : "a.B" } `, "a.B", `{"a":{"b":1}}`},
		{`{"data":{"a":1},"other":{"b":2},"stream":"a.B"}`, "a.B", `{"a":1}`},
		{`{"data":{"a":"},\"stream\":\"x"},"stream":"a.B"}`, "a.B", `{"a":"},\"stream\":\"x"}`},
		{`{"data":{"a":{"b":1},"stream":"x"},"stream":"a\u002eB"}`, "a.B", `{"a":{"b":1},"stream":"x"}`},
	} {
		var f stream.Frame
		if err := newDialect().Route([]byte(tt.frame), &f); err != nil || string(f.Topic) != tt.topic || string(f.Data) != tt.data {
			t.Errorf("%s: %v, topic %s, data %s", tt.frame, err, f.Topic, f.Data)
		}
	}
	for frame, code := range map[string]string{
		`{"id":null,"error":{"code":4006,"message":"Invalid stream"}}`: "4006", `{"id":null,"error":{"code":4002,"message":"Parse error"}}`: "4002",
		`{"id":null,"error":{"code":4008,"message":"Invalid depth window"}}`: "4008",
	} {
		var f stream.Frame
		var told *exchange.Error
		if err := newDialect().Route([]byte(frame), &f); !errors.As(err, &told) || told.Code != code || !errors.Is(err, exchange.ErrBadRequest) || f.Topic != nil || len(f.Acks) > 0 {
			t.Errorf("%s: %v", frame, err)
		}
	}
	for _, frame := range []string{``, `{}`, `[]`, `pong`, `{"data":{}}`, `{"stream":"a"}`, `{"data":{"a":1},"stream":"a.B"`, `{"data":{"a":1,"stream":"a.B"}`, `{"data":{"a":1},"stream":"a.B"}}`, "{\"data\":{},\"stream\":7}x", `{"stream":{"a":1},"data":{}}`} {
		var f stream.Frame
		if err := newDialect().Route([]byte(frame), &f); err == nil {
			t.Errorf("%s: taken as %s of %s", frame, f.Data, f.Topic)
		}
	}
}

func TestRefusal(t *testing.T) {
	for _, tt := range []struct {
		status           int
		body, code, text string
	}{
		{400, `{"code":"INVALID_CLIENT_REQUEST","message":"Invalid market symbol"}`, "INVALID_CLIENT_REQUEST", "Invalid market symbol"},
		{400, `{"code":"INVALID_CLIENT_REQUEST","message":"Invalid signature"}`, "INVALID_CLIENT_REQUEST: key", "Invalid signature"},
		{400, `{"code":"INVALID_CLIENT_REQUEST","message":"Request has expired"}`, "INVALID_CLIENT_REQUEST: time", "Request has expired"},
		{400, `{"code":"INVALID_CLIENT_REQUEST","message":"Order not found"}`, "INVALID_CLIENT_REQUEST", "Order not found"},
		{429, `{"code":"TOO_MANY_REQUESTS","message":"Too many requests"}`, "TOO_MANY_REQUESTS", "Too many requests"},
		{200, `{"code":"INVALID_ORDER","message":"not an answer of ours"}`, "", ""},
		{400, "failed to parse parameter `limit`: failed to parse \"DepthLimit\": Expect a valid enumeration value.", "", ""},
		{404, `404 not found`, "", ""}, {403, `<html></html>`, "", ""}, {500, ``, "", ""}, {500, `{"code":"X"`, "", ""}, {500, `{"code":{}}`, "", ""},
	} {
		if code, text, until := refusal(tt.status, []byte(tt.body)); code != tt.code || text != tt.text || !until.IsZero() {
			t.Errorf("%d %s: got %q %q %v", tt.status, tt.body, code, text, until)
		}
	}
	// Section 10: what all the code's kinds are is in the table; these tell the reading of it.
	for code, want := range map[string]error{
		"INVALID_CLIENT_REQUEST": exchange.ErrBadRequest, "INVALID_CLIENT_REQUEST Symbol not found": exchange.ErrBadSymbol, "RESOURCE_NOT_FOUND": exchange.ErrBadSymbol, "INVALID_SIGNATURE": exchange.ErrAuth,
		"TOO_EARLY": exchange.ErrRateLimit, "LEND_REQUIRES_BORROW_REPAY": exchange.ErrFunds, "MAINTENANCE": exchange.ErrMaintenance, "TIMEOUT": exchange.ErrNetwork, "TRADING_PAUSED": exchange.ErrUnavailable,
		"FORBIDDEN": exchange.ErrPermission, "INVALID_CLIENT_REQUEST: key": exchange.ErrAuth, "INVALID_CLIENT_REQUEST: time": exchange.ErrNonce, "ORDER_LIMIT": exchange.ErrInvalidOrder, "INVALID_CLIENT_REQUEST Order not found": exchange.ErrOrderNotFound,
		"GET /api/v1/order: RESOURCE_NOT_FOUND": exchange.ErrOrderNotFound, "DELETE /api/v1/order: RESOURCE_NOT_FOUND": exchange.ErrOrderNotFound, "POST /api/v1/order: INVALID_CLIENT_REQUEST": exchange.ErrInvalidOrder, "4003: time": exchange.ErrNonce,
	} {
		if codes[code] != want {
			t.Errorf("%s: got %v", code, codes[code])
		}
	}
	if n := strings.Count(fmt.Sprint(codes), ":"); len(codes) != 48 || n < 48 {
		t.Errorf("%d codes", len(codes))
	}
}
