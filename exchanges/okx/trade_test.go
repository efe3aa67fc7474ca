package okx

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/rest"
)

var (
	coin = &exchange.Market{ID: "BTC-USDT", Code: "3", Symbol: "BTC/USDT", Kind: exchange.Spot, Base: "BTC", Quote: "USDT"}
	perp = &exchange.Market{ID: "BTC-USDT-SWAP", Code: "10459", Symbol: "BTC/USDT:USDT", Kind: exchange.Swap, Contract: decimal.MustParse("0.01")}
)

// TestPlace: what an order is, by REST and over the socket, which name the instrument in two ways. The first is that of sections 6.1
// and 8.7.
func TestPlace(t *testing.T) {
	limit := exchange.NewOrder{Side: exchange.Buy, Type: exchange.LimitOrder, Price: decimal.MustParse("50000.1"), ClientID: "sample01"}
	market := exchange.NewOrder{Side: exchange.Sell, Type: exchange.MarketOrder, ClientID: "sample01"}
	with := func(o exchange.NewOrder, change func(*exchange.NewOrder)) exchange.NewOrder { change(&o); return o }
	for _, tt := range []struct {
		m      *exchange.Market
		o      exchange.NewOrder
		amount string
		want   string // empty: refused
	}{
		{coin, limit, "0.0002", `,"tdMode":"cash","side":"buy","ordType":"limit","px":"50000.1","sz":"0.0002","clOrdId":"sample01"}`},
		{coin, with(limit, func(o *exchange.NewOrder) { o.PostOnly = true }), "1.50", `,"tdMode":"cash","side":"buy","ordType":"post_only","px":"50000.1","sz":"1.5","clOrdId":"sample01"}`},
		{coin, with(limit, func(o *exchange.NewOrder) { o.TimeInForce = exchange.IOC }), "2E-3", `,"tdMode":"cash","side":"buy","ordType":"ioc","px":"50000.1","sz":"0.002","clOrdId":"sample01"}`},
		{coin, market, "0.5", `,"tdMode":"cash","side":"sell","ordType":"market","sz":"0.5","tgtCcy":"base_ccy","clOrdId":"sample01"}`},
		{coin, with(market, func(o *exchange.NewOrder) { o.QuoteSize = decimal.MustParse("100") }), "", `,"tdMode":"cash","side":"sell","ordType":"market","sz":"100","tgtCcy":"quote_ccy","clOrdId":"sample01"}`},
		{coin, with(market, func(o *exchange.NewOrder) { o.TimeInForce = exchange.IOC }), "1", `,"tdMode":"cash","side":"sell","ordType":"market","sz":"1","tgtCcy":"base_ccy","clOrdId":"sample01"}`},
		{perp, with(limit, func(o *exchange.NewOrder) { o.TimeInForce, o.ReduceOnly = exchange.FOK, true }), "3", `,"tdMode":"cross","side":"buy","ordType":"fok","px":"50000.1","sz":"3","clOrdId":"sample01","reduceOnly":true}`},
		{perp, with(market, func(o *exchange.NewOrder) { o.Margin, o.Held = exchange.IsolatedMargin, exchange.Short }), "3",
			`,"tdMode":"isolated","side":"sell","posSide":"short","ordType":"market","sz":"3","clOrdId":"sample01"}`},
		{perp, with(market, func(o *exchange.NewOrder) { o.TimeInForce = exchange.IOC }), "3", `,"tdMode":"cross","side":"sell","ordType":"optimal_limit_ioc","sz":"3","clOrdId":"sample01"}`},

		{coin, with(limit, func(o *exchange.NewOrder) { o.TimeInForce = exchange.GTD }), "1", ""},
		{coin, with(limit, func(o *exchange.NewOrder) { o.TimeInForce, o.PostOnly = exchange.IOC, true }), "1", ""},
		{coin, with(limit, func(o *exchange.NewOrder) { o.Type = "stop" }), "1", ""},
		{perp, with(market, func(o *exchange.NewOrder) { o.TimeInForce = exchange.FOK }), "1", ""},
		{perp, with(market, func(o *exchange.NewOrder) { o.QuoteSize = decimal.MustParse("100") }), "", ""},
	} {
		in := &exchange.Instruction{NewOrder: tt.o, Market: tt.m}
		if tt.amount != "" {
			in.Amount = decimal.MustParse(tt.amount)
		}
		var r rest.Request
		err := trading.Create.Request(&r, []*exchange.Instruction{in})
		frame, unmade := trading.Create.Frame(&exchange.Session{}, "o1", []*exchange.Instruction{in})
		if tt.want == "" {
			if !errors.Is(err, exchange.ErrInvalidOrder) || !errors.Is(unmade, exchange.ErrInvalidOrder) {
				t.Errorf("%+v: %s, %v, %v", tt.o, r.Body, err, unmade)
			}
			continue
		}
		if want := `{"instId":"` + tt.m.ID + `"` + tt.want; err != nil || string(r.Body) != want || r.Path != "/api/v5/trade/order" {
			t.Errorf("got %s\n%s, want\n%s (%v)", r.Path, r.Body, want, err)
		}
		if want := `{"id":"o1","op":"order","args":[{"instIdCode":` + tt.m.Code + tt.want + `]}`; unmade != nil || timeless(t, frame) != want {
			t.Errorf("got\n%s, want\n%s (%v)", frame, want, unmade)
		}
	}
}

// timeless is a request over the socket without when it ends, which must be soon.
func timeless(t *testing.T, frame []byte) string {
	t.Helper()
	text, end, ok := strings.Cut(string(frame), `,"expTime":"`)
	until, err := strconv.ParseInt(strings.TrimSuffix(end, `"}`), 10, 64)
	if left := time.Until(time.UnixMilli(until)); !ok || err != nil || left < lasting-time.Second || left > lasting {
		t.Errorf("%s: %s left", frame, left)
	}
	return text + "}"
}

func TestCancelAndAmend(t *testing.T) {
	byID := &exchange.Instruction{Market: coin, Ref: exchange.Ref{ID: "2941177305512812544", ClientID: "sample01"}}
	own := &exchange.Instruction{Market: perp, Ref: exchange.Ref{ClientID: "sample\"02"}}
	for _, tt := range []struct {
		a                        *exchange.Action
		ins                      []*exchange.Instruction
		path, body, frame, limit string
		cost                     int
	}{
		{&trading.Cancel, []*exchange.Instruction{byID}, "cancel-order", `{"instId":"BTC-USDT","ordId":"2941177305512812544"}`,
			`{"id":"c1","op":"cancel-order","args":[{"instIdCode":3,"ordId":"2941177305512812544"}]}`, "okx trade/cancel-order", 1},
		{&trading.Cancel, []*exchange.Instruction{byID, own}, "cancel-batch-orders", `[{"instId":"BTC-USDT","ordId":"2941177305512812544"},{"instId":"BTC-USDT-SWAP","clOrdId":"sample\"02"}]`,
			`{"id":"c1","op":"batch-cancel-orders","args":[{"instIdCode":3,"ordId":"2941177305512812544"},{"instIdCode":10459,"clOrdId":"sample\"02"}]}`, "okx trade/cancel-batch-orders", 2},
		{&trading.Edit, []*exchange.Instruction{{Market: coin, Ref: byID.Ref, NewOrder: exchange.NewOrder{Price: decimal.MustParse("7")}}}, "amend-order", `{"instId":"BTC-USDT","ordId":"2941177305512812544","newPx":"7"}`,
			`{"id":"c1","op":"amend-order","args":[{"instIdCode":3,"ordId":"2941177305512812544","newPx":"7"}]}`, "okx trade/amend-order", 1},
		{&trading.Edit, []*exchange.Instruction{{Market: coin, Ref: byID.Ref, Amount: decimal.MustParse("0.10")}}, "amend-order", `{"instId":"BTC-USDT","ordId":"2941177305512812544","newSz":"0.1"}`,
			`{"id":"c1","op":"amend-order","args":[{"instIdCode":3,"ordId":"2941177305512812544","newSz":"0.1"}]}`, "okx trade/amend-order", 1},
	} {
		var r rest.Request
		err := tt.a.Request(&r, tt.ins)
		if err != nil || r.Path != "/api/v5/trade/"+tt.path || string(r.Body) != tt.body || tt.a.Method != http.MethodPost {
			t.Errorf("got %s\n%s, want\n%s (%v)", r.Path, r.Body, tt.body, err)
		}
		frame, err := tt.a.Frame(&exchange.Session{}, "c1", tt.ins)
		if tt.a == &trading.Edit {
			frame = []byte(timeless(t, frame))
		}
		if err != nil || string(frame) != tt.frame {
			t.Errorf("got\n%s, want\n%s (%v)", frame, tt.frame, err)
		}
		if c := tt.a.Cost(tt.ins); len(c) != 1 || c[0].Limit.Name != tt.limit || c[0].Cost != tt.cost {
			t.Errorf("%s costs %+v", tt.path, c)
		}
	}
	if trading.Cancel.For(&exchange.Instruction{Market: &exchange.Market{ID: "BTC-USDT"}}) {
		t.Error("over the socket without a code")
	}
}

func TestClientID(t *testing.T) {
	for _, random := range []uint64{0, 1, 1 << 63, 1<<64 - 1} {
		if id := trading.ClientID(random); !trading.Own(id) {
			t.Errorf("%d: %q", random, id)
		}
	}
	for _, id := range []string{"", "a b", "a-b", "é", strings.Repeat("a", 33), "a_b", "a\"b"} {
		if trading.Own(id) {
			t.Errorf("%q", id)
		}
	}
}

func TestOrdered(t *testing.T) {
	const placed = `"data":[{"clOrdId":"sample01","ordId":"2941177305512812544","sCode":"0","sMsg":"Order placed","tag":"","ts":"1789389296430"}],"inTime":"1789389296421339","msg":"","outTime":"1789389296431240"}`
	const failed = `{"clOrdId":"sample01","ordId":"","sCode":"51008","sMsg":"Order failed. Insufficient USDT balance in account.","tag":"","ts":"1789389296430"}`
	const gone = `{"clOrdId":"","ordId":"7","sCode":"51400","sMsg":"Cancellation failed as the order has been filled, canceled or does not exist."}`
	for _, tt := range []struct {
		body, want string
		kind       error
	}{
		{`{"code":"0",` + placed, "2941177305512812544/sample01 at 1789389296430", nil},
		{`{"id":"o1","op":"order","code":"0",` + placed, "2941177305512812544/sample01 at 1789389296430", nil},
		{`{"code":"2",` + strings.Replace(placed, "}]", "},"+gone+"]", 1), "2941177305512812544/sample01 at 1789389296430", nil},
		{`{"code":"2",` + strings.Replace(placed, "}]", "},"+failed+"]", 1), "2941177305512812544/sample01 at 1789389296430", exchange.ErrFunds},
		{`{"id":"c1","op":"cancel-order","data":[{"clOrdId":"sample01","ordId":"2941177305512812544","ts":"1789389296530","sCode":"0","sMsg":""}],"code":"0","msg":"","inTime":"1789389296521339","outTime":"1789389296531240"}`,
			"2941177305512812544/sample01 at 1789389296530", nil},
		{`{"code":"0","data":[]`, "", errFrame},
	} {
		os, err := parseOrdered(nil, &exchange.Scope{Market: coin}, []byte(tt.body))
		got := ""
		for _, o := range os {
			w := words{o.ID + "/" + o.ClientID}
			w.at("at", o.Time)
			got += strings.ReplaceAll(w.String(), ", ", " ")
			if o.Status != "" { // it is not told
				t.Errorf("%+v", o)
			}
		}
		if got != tt.want || !errors.Is(err, tt.kind) {
			t.Errorf("%s: got %s, %v", tt.body, got, err)
		}
	}
	if code, text, _ := refusal(200, []byte(`{"id":"o2","op":"order","data":[`+failed+`],"code":"1","msg":""}`)); code != "51008" || !strings.HasPrefix(text, "Order failed.") {
		t.Errorf("%s %s", code, text)
	}
	if code, text, _ := refusal(200, []byte(`{"id":"o3","op":"order","data":[],"code":"60013","msg":"Invalid args","inTime":"1789389296451339","outTime":"1789389296453240"}`)); code != "60013" || text != "Invalid args" {
		t.Errorf("%s %s", code, text)
	}
}
