package binance

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
	d := newDialect()
	got := d.Change(time.Time{}, nil, []string{"ethusdt@trade", "btcusdt@depth@100ms"}, []string{"btcusdt@ticker"})
	want := []string{
		`{"method":"UNSUBSCRIBE","params":["btcusdt@ticker"],"id":1}`,
		`{"method":"SUBSCRIBE","params":["btcusdt@depth@100ms","ethusdt@trade"],"id":2}`,
	}
	if len(got) != 2 || string(got[0].Frame) != want[0] || string(got[1].Frame) != want[1] || !got[0].Drop || got[1].Drop || got[1].ID != "2" {
		t.Errorf("got %+v, want %s", got, want)
	}
}

func TestChangeIsSplit(t *testing.T) {
	var topics []string
	for i := range 1024 {
		topics = append(topics, fmt.Sprintf("币安人生%dusdt@depth@100ms", i))
	}
	n := 0
	ids := map[string]bool{}
	for _, r := range newDialect().Change(time.Time{}, nil, topics, nil) {
		if len(r.Frame) > 4088 {
			t.Errorf("frame of %d bytes", len(r.Frame))
		}
		if ids[r.ID] {
			t.Errorf("id %s twice", r.ID)
		}
		ids[r.ID] = true
		n += len(r.Topics)
	}
	if n != len(topics) {
		t.Errorf("got %d topics, want %d", n, len(topics))
	}
}

func TestTopics(t *testing.T) {
	odd := &exchange.Market{ID: "币安人生USDT", Kind: exchange.Spot}
	dated := &exchange.Market{ID: "BTCUSDT_251226", Kind: exchange.Future}
	for _, tt := range []struct {
		got, want string
	}{
		{spotFamily.Push.OrderBook[0].Topic(spotBTC, exchange.Args{Depth: 5, Speed: spotSpeeds[100*time.Millisecond]}), "btcusdt@depth5@100ms"},
		{spotFamily.Push.OrderBook[1].Topic(odd, exchange.Args{Depth: 1000, Speed: spotSpeeds[100*time.Millisecond]}), "币安人生usdt@depth@100ms"},
		{spotFamily.Push.Ticker.Topic(spotBTC, exchange.Args{}), "btcusdt@ticker"},
		{spotFamily.Push.BidAsk.Topic(spotBTC, exchange.Args{}), "btcusdt@bookTicker"},
		{spotFamily.Push.Trades.Topic(spotBTC, exchange.Args{}), "btcusdt@trade"},
		{spotFamily.Push.Candles.Topic(spotBTC, exchange.Args{Interval: "1M"}), "btcusdt@kline_1M"},
		{linearFamily.Push.Trades.Topic(linearBTC, exchange.Args{}), "btcusdt@aggTrade"},
		{linearFamily.Push.Funding.Topic(linearBTC, exchange.Args{}), "btcusdt@markPrice@1s"},
		{linearFamily.Push.MarkPrice.Topic(dated, exchange.Args{}), "btcusdt_251226@markPrice@1s"},
	} {
		if tt.got != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
}

func TestRoute(t *testing.T) {
	const topic, event = "btcusdt@trade", `{"e":"trade","E":1,"s":"BTCUSDT"}`
	candle := `{"e":"kline","k":{"t":1}}`
	for _, tt := range []struct{ frame, topic, data, leave, ack string }{
		{frame: `{"stream":"btcusdt@trade","data":` + event + `}`, topic: topic, data: event},
		{frame: `{"stream":"btcusdt@trade","data":` + candle + `}`, topic: topic, data: candle},
		{frame: `{"stream":"btcusdt@trade","data":` + event + `,"more":{}}`, topic: topic, data: event},
		{frame: `{"stream":"btcusdt@trade","data":` + event + `,"more":[1]}`, topic: topic, data: event},
		{frame: `{"data":` + event + `,"stream":"btcusdt@trade"}`, topic: topic, data: event},
		{frame: " {\n\"stream\" : \"btcusdt@trade\" , \"data\" : " + event + " , \"x\" : null } ", topic: topic, data: event},
		{frame: `{"stream":"\u0062tcusdt@trade","d\u0061ta":` + event + `}`, topic: topic, data: event},
		{frame: `{"stream":"币安人生usdt@trade","data":` + event + `}`, topic: "币安人生usdt@trade", data: event},
		{frame: `{"stream":"!miniTicker@arr","data":[` + event + `]}`, topic: "!miniTicker@arr", data: `[` + event + `]`},
		{frame: `{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1763776800123}}`, leave: "serverShutdown"},
		{frame: `{"e":"serverShutdown","E":1763776800123}`, leave: "serverShutdown"},
		{frame: `{"result":null,"id":12}`, ack: "12 <nil>"},
		{frame: `{"id":"12","result":null}`, ack: "12 <nil>"},
		{frame: `{"code":2,"msg":"Invalid request: too many parameters","id":4}`, ack: "4 binance: bad request: 2 Invalid request: too many parameters"},
		{frame: `{"error":{"code":3,"msg":"Invalid JSON"},"id":5}`, ack: "5 binance: bad request: 3 Invalid JSON"},
	} {
		var f stream.Frame
		if err := newDialect().Route([]byte(tt.frame), &f); err != nil {
			t.Errorf("%s: %v", tt.frame, err)
		}
		ack := ""
		if len(f.Acks) > 0 {
			ack = fmt.Sprintf("%s %v", f.Acks[0].ID, f.Acks[0].Err)
		}
		if string(f.Topic) != tt.topic || string(f.Data) != tt.data || f.Leave != tt.leave || ack != tt.ack {
			t.Errorf("%s: got topic %q, data %q, leave %q, ack %q", tt.frame, f.Topic, f.Data, f.Leave, ack)
		}
	}
}

func TestRouteErrors(t *testing.T) {
	for _, frame := range []string{
		"", "null", "7", "[]", "{}", `{"x":1}`, `{"stream":"a"}`, `{"stream":"a","data":{"x":1}`,
		`{"code":2,"msg":"Invalid request: request ID must be an unsigned integer"}`, `{"error":{"code":2,"msg":"no"},"id":null}`, "<html>",
	} {
		var f stream.Frame
		if err := newDialect().Route([]byte(frame), &f); err == nil || !strings.HasPrefix(err.Error(), "binance: ") {
			t.Errorf("%q: got %v", frame, err)
		}
		if f.Topic != nil || len(f.Acks) > 0 {
			t.Errorf("%q: got %+v", frame, f)
		}
	}
}

func TestRouteDoesNotAllocate(t *testing.T) {
	d := newDialect()
	for _, frame := range []string{`{"stream":"btcusdt@trade","data":{"e":"trade"}}`, `{"data":{"k":{}},"stream":"btcusdt@trade"}`} {
		b := []byte(frame)
		var f stream.Frame
		if n := testing.AllocsPerRun(100, func() { f.Topic = nil; _ = d.Route(b, &f) }); n > 0 {
			t.Errorf("%s: %v allocations", frame, n)
		}
	}
}

func FuzzRoute(f *testing.F) {
	for _, s := range []string{
		`{"stream":"a@b","data":{"x":1}}`, `{"stream":"a@b","data":{},"y":{}}`, `{"result":null,"id":1}`, `{"code":1,"msg":"x","id":"y"}`, `{"e":"serverShutdown"}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var got stream.Frame
		if err := newDialect().Route(b, &got); err == nil && got.Topic == nil && got.Leave == "" && len(got.Acks) == 0 {
			t.Fatal("nothing was said")
		}
	})
}

func TestRefusal(t *testing.T) {
	for _, tt := range []struct {
		status     int
		body       string
		code, text string
		until      int64
	}{
		{400, `{"code":-1121,"msg":"Invalid symbol."}`, "-1121", "Invalid symbol.", 0},
		{200, `{"code":-4046,"msg":"No need to change margin type."}`, "-4046", "No need to change margin type.", 0},
		{200, `{"code":200,"msg":"success"}`, "", "", 0},
		{200, `{"code":"200","msg":"success"}`, "", "", 0},
		{200, `{"serverTime":1763776800123}`, "", "", 0},
		{200, `[{"code":-1121}]`, "", "", 0},
		{400, `{"code":"000002","message":"no","success":false}`, "000002", "no", 0},
		{418, `{"code":-1003,"msg":"Way too much request weight used; IP banned until 1763777000123. Please use the websocket."}`, "-1003", "Way too much request weight used; IP banned until 1763777000123. Please use the websocket.", 1763777000123},
		{200, `{"code":-1003,"msg":"Too much request weight used.","data":{"serverTime":1763776800123,"retryAfter":1763776860000}}`, "-1003", "Too much request weight used.", 1763776860000},
		{451, `{"code":0,"msg":"Service unavailable from a restricted location"}`, "0", "Service unavailable from a restricted location", 0},
		{403, "<html>403 Forbidden</html>", "", "", 0},
		{502, "", "", "", 0},
		{400, `{"code":-1121,"msg":`, "", "", 0},
		{400, `{"code":[],"msg":""}`, "", "", 0},
	} {
		code, text, until := refusal(tt.status, []byte(tt.body))
		if code != tt.code || text != tt.text || (tt.until == 0) != until.IsZero() || tt.until != 0 && until.UnixMilli() != tt.until {
			t.Errorf("%s: got %q %q %v", tt.body, code, text, until)
		}
	}
}

func TestCodes(t *testing.T) {
	for _, tt := range []struct {
		code         string
		spot, linear error
	}{
		{"-1121", exchange.ErrBadSymbol, exchange.ErrBadSymbol},
		{"-1003", exchange.ErrRateLimit, exchange.ErrRateLimit},
		{"-1016", exchange.ErrMaintenance, exchange.ErrMaintenance},
		{"-1021", exchange.ErrNonce, exchange.ErrNonce},
		{"-1022", exchange.ErrAuth, exchange.ErrAuth},
		{"-1007", exchange.ErrNetwork, exchange.ErrNetwork},
		{"-2026", exchange.ErrOrderNotFound, exchange.ErrInvalidOrder},
		{"-2013", exchange.ErrOrderNotFound, exchange.ErrOrderNotFound},
		{"-2019", nil, exchange.ErrFunds},
		{"-4021", nil, exchange.ErrBadRequest},
		{"-4141", nil, exchange.ErrBadSymbol},
		{"-2043", exchange.ErrBadRequest, nil},
		{"-4046", nil, nil},
		{"200", nil, nil},
	} {
		if got := spotCodes[tt.code]; !errors.Is(got, tt.spot) || (got == nil) != (tt.spot == nil) {
			t.Errorf("%s: got %v, want %v", tt.code, got, tt.spot)
		}
		if got := linearCodes[tt.code]; !errors.Is(got, tt.linear) || (got == nil) != (tt.linear == nil) {
			t.Errorf("%s, futures: got %v, want %v", tt.code, got, tt.linear)
		}
	}
}
