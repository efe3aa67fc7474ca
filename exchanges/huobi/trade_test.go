package huobi

import (
	"errors"
	"strings"
	"testing"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/rest"
)

func dec(s string) decimal.Decimal {
	if s == "" {
		return decimal.Decimal{}
	}
	return decimal.MustParse(s)
}

// order is an instruction to place one.
func order(m *exchange.Market, change func(in *exchange.Instruction)) *exchange.Instruction {
	in := &exchange.Instruction{Market: m, Account: "31276149", Amount: dec("0.25")}
	in.Side, in.Type, in.Price, in.ClientID = exchange.Buy, exchange.LimitOrder, dec("2604.11"), "ag-9"
	if m == linear {
		in.Amount, in.Price, in.ClientID = dec("3"), dec("61000.5"), "202608300001"
	}
	if change != nil {
		change(in)
	}
	return in
}

// What is sent for an instruction, by REST and over the socket: sections 7.2, 7.3, 7.6 and 8.
func TestInstructions(t *testing.T) {
	spot, contracts := spotTrading(), linearTrading()
	const place, v5 = "/v1/order/orders/place ", "/v5/trade/order "
	const head, v5head = `{"account-id":"31276149","symbol":"ethusdt","type":`, `{"contract_code":"BTC-USDT","margin_mode":"cross","position_side":"both","side":"buy","type":`
	const tail = `,"source":"spot-api","client-order-id":"ag-9"}`
	limit := `"limit","price":"61000.5","volume":"3","client_order_id":"202608300001","time_in_force":`
	market := func(in *exchange.Instruction) { in.Type, in.Price = exchange.MarketOrder, dec("") }
	for _, tt := range []struct {
		name         string
		action       exchange.Action
		in           *exchange.Instruction
		rest, socket string
	}{
		{"limit", spot.Create, order(pair, nil), place + head + `"buy-limit","amount":"0.25","price":"2604.11"` + tail, `{"cid":"c1","ch":"create-order","params":` + head + `"buy-limit","amount":"0.25","price":"2604.11"` + tail + `}`},
		{"exponents", spot.Create, order(pair, func(in *exchange.Instruction) { in.Amount, in.Price = dec("25e-2"), dec("2.60411E3") }), place + head + `"buy-limit","amount":"0.25","price":"2604.11"` + tail, ""},
		{"post only", spot.Create, order(pair, func(in *exchange.Instruction) { in.PostOnly, in.TimeInForce = true, exchange.GTC }), place + head + `"buy-limit-maker","amount":"0.25","price":"2604.11"` + tail, ""},
		{"ioc", spot.Create, order(pair, func(in *exchange.Instruction) { in.TimeInForce = exchange.IOC }), place + head + `"buy-ioc","amount":"0.25","price":"2604.11"` + tail, ""},
		{"fok", spot.Create, order(pair, func(in *exchange.Instruction) { in.TimeInForce, in.Side = exchange.FOK, exchange.Sell }), place + head + `"sell-limit-fok","amount":"0.25","price":"2604.11"` + tail, ""},
		{"market sell", spot.Create, order(pair, func(in *exchange.Instruction) { market(in); in.Side = exchange.Sell }), place + head + `"sell-market","amount":"0.25"` + tail, ""},
		{"market buy", spot.Create, order(pair, func(in *exchange.Instruction) { market(in); in.Amount, in.QuoteSize = dec(""), dec("500") }), place + head + `"buy-market","amount":"500"` + tail, ""},
		{"market buy of a size", spot.Create, order(pair, market), "", ""},
		{"market sell for quote", spot.Create, order(pair, func(in *exchange.Instruction) {
			market(in)
			in.Side, in.Amount, in.QuoteSize = exchange.Sell, dec(""), dec("500")
		}), "", ""},
		{"market ioc", spot.Create, order(pair, func(in *exchange.Instruction) { market(in); in.Side, in.TimeInForce = exchange.Sell, exchange.IOC }), "", ""},
		{"cancel", spot.Cancel, &exchange.Instruction{Market: pair, Ref: exchange.Ref{ID: "1314507823485263"}}, `/v1/order/orders/1314507823485263/submitcancel {"symbol":"ethusdt"}`, `{"cid":"c1","ch":"cancel","params":{"order-ids":["1314507823485263"]}}`},
		{"cancel by own id", spot.Cancel, &exchange.Instruction{Market: pair, Ref: exchange.Ref{ClientID: "ag-1"}}, `/v1/order/orders/submitCancelClientOrder {"client-order-id":"ag-1"}`, `{"cid":"c1","ch":"cancel","params":{"client-order-ids":["ag-1"]}}`},
		{"cancel all", spot.CancelAll, &exchange.Instruction{Account: "31276149"}, `/v1/order/orders/batchCancelOpenOrders {"account-id":"31276149"}`, `{"cid":"c1","ch":"cancelall","params":{"account-id":"31276149"}}`},
		{"cancel all of one", spot.CancelAll, &exchange.Instruction{Account: "31276149", Market: pair}, `/v1/order/orders/batchCancelOpenOrders {"account-id":"31276149","symbol":"ethusdt"}`, ""},
		{"v5 limit", contracts.Create, order(linear, nil), v5 + v5head + limit + `"gtc"}`, `{"op":"place_order","cid":"c1","data":` + v5head + limit + `"gtc"}}`},
		{"v5 exponents", contracts.Create, order(linear, func(in *exchange.Instruction) { in.Amount, in.Price = dec("3E0"), dec("610005e-1") }), v5 + v5head + limit + `"gtc"}`, ""},
		{"v5 ioc", contracts.Create, order(linear, func(in *exchange.Instruction) { in.TimeInForce = exchange.IOC }), v5 + v5head + limit + `"ioc"}`, ""},
		{"v5 fok", contracts.Create, order(linear, func(in *exchange.Instruction) { in.TimeInForce = exchange.FOK }), v5 + v5head + limit + `"fok"}`, ""},
		{"v5 post only", contracts.Create, order(linear, func(in *exchange.Instruction) { in.PostOnly = true }), v5 + v5head + `"post_only","price":"61000.5","volume":"3","client_order_id":"202608300001"}`, ""},
		{"v5 market", contracts.Create, order(linear, market), v5 + v5head + `"market","volume":"3","client_order_id":"202608300001"}`, ""},
		{"v5 reduce", contracts.Create, order(linear, func(in *exchange.Instruction) { in.ReduceOnly = true }), v5 + v5head + limit + `"gtc","reduce_only":1}`, ""},
		{"v5 hedge", contracts.Create, order(linear, func(in *exchange.Instruction) { in.Held = exchange.Long }), v5 + strings.Replace(v5head, "both", "long", 1) + limit + `"gtc"}`, ""},
		{"v5 isolated", contracts.Create, order(linear, func(in *exchange.Instruction) { in.Margin = exchange.IsolatedMargin }), "", ""},
		{"v5 for quote", contracts.Create, order(linear, func(in *exchange.Instruction) { market(in); in.QuoteSize = dec("5") }), "", ""},
		{"v5 market ioc", contracts.Create, order(linear, func(in *exchange.Instruction) { market(in); in.TimeInForce = exchange.IOC }), "", ""},
		{"v5 cancel", contracts.Cancel, &exchange.Instruction{Market: linear, Ref: exchange.Ref{ID: "7"}}, `/v5/trade/cancel_order {"contract_code":"BTC-USDT","order_id":"7"}`, `{"op":"cancel_order","cid":"c1","data":{"contract_code":"BTC-USDT","order_id":"7"}}`},
		{"v5 cancel by own id", contracts.Cancel, &exchange.Instruction{Market: linear, Ref: exchange.Ref{ClientID: "8"}}, `/v5/trade/cancel_order {"contract_code":"BTC-USDT","client_order_id":"8"}`, ""},
		{"v5 cancel all", contracts.CancelAll, &exchange.Instruction{}, `/v5/trade/cancel_all_orders {}`, `{"op":"cancel_all_orders","cid":"c1","data":{}}`},
	} {
		var r rest.Request
		ins := []*exchange.Instruction{tt.in}
		err := tt.action.Request(&r, ins)
		frame, pushed := tt.action.Frame(nil, "c1", ins)
		switch {
		case tt.rest == "":
			if !errors.Is(err, exchange.ErrNotSupported) || !errors.Is(pushed, exchange.ErrNotSupported) {
				t.Errorf("%s: got %v and %v", tt.name, err, pushed)
			}
		case err != nil || pushed != nil:
			t.Errorf("%s: %v, %v", tt.name, err, pushed)
		case r.Path+" "+string(r.Body) != tt.rest:
			t.Errorf("%s: got\n%s %s, want\n%s", tt.name, r.Path, r.Body, tt.rest)
		case tt.socket != "" && string(frame) != tt.socket:
			t.Errorf("%s: got\n%s, want\n%s", tt.name, frame, tt.socket)
		}
	}
}

// What the venue refuses inside answers, section 7.3.
func TestRefusedInside(t *testing.T) {
	in := &exchange.Scope{Market: pair, Args: exchange.Args{Ref: exchange.Ref{ClientID: "ag-1"}}}
	for _, tt := range []struct {
		b    string
		want error
		id   string
	}{
		{`{"status":"ok","data":10}`, nil, ""},
		{`{"status":"ok","data":3}`, nil, ""},
		{`{"status":"ok","data":0}`, exchange.ErrOrderNotFound, ""},
		{`{"status":"ok","data":-1}`, exchange.ErrOrderNotFound, ""},
		{`{"status":"ok","data":7}`, exchange.ErrOrderNotFound, ""},
		{`{"status":"ok","data":{"success":["ag-1"],"failed":[]}}`, nil, ""},
		{`{"status":"ok","data":{"success":[],"failed":[{"err-msg":"x","order-state":3,"order-id":"","err-code":"order-user-cancel-forbidden"}]}}`, exchange.ErrInvalidOrder, ""},
		{`{"code":200,"data":[{"order_id":"5","client_order_id":"5","code":1047,"message":"no"}]}`, exchange.ErrFunds, ""},
	} {
		rows, err := placed(nil, in, []byte(tt.b))
		if !errors.Is(err, tt.want) || tt.want == nil && (err != nil || len(rows) != 1 || rows[0].ID != tt.id || rows[0].ClientID != "ag-1") {
			t.Errorf("%s: got %+v, %v", tt.b, rows, err)
		}
	}
	for b, want := range map[string]error{
		vectors["closed"]: exchange.ErrOrderNotFound,
		strings.Replace(vectors["closed"], `"order-state":7`, `"order-state":10`, 1): exchange.ErrInvalidOrder,
		vectors["ws.refused"]: exchange.ErrInvalidOrder,
	} {
		if code, text, _ := refusal(200, []byte(b)); spotCodes[code] != want {
			t.Errorf("%s: %s %s is %v", b, code, text, spotCodes[code])
		}
	}
	for b, want := range map[string]bool{
		`{"status":"ok","data":{"success-count":4,"failed-count":0,"next-id":-1}}`:   true,
		`{"status":"ok","data":{"success-count":100,"failed-count":0,"next-id":77}}`: false,
		`{"status":"ok","data":{"success-count":1,"failed-count":1,"next-id":-1}}`:   false,
		`{"status":"ok","data":null}`: false,
		`{`:                           false,
	} {
		if _, err := counted100(nil, in, []byte(b)); (err == nil) != want {
			t.Errorf("%s: %v", b, err)
		}
	}
	for _, b := range []string{`{`, `{"status":"ok"}`, `{"status":"ok","data":null}`} {
		if _, err := placed(nil, in, []byte(b)); !errors.Is(err, errFrame) {
			t.Errorf("%s: %v", b, err)
		}
	}
}

func TestOwnIDs(t *testing.T) {
	spot, contracts := spotTrading(), linearTrading()
	for id, want := range map[string][2]bool{
		"ag-20260830_1": {true, false}, "12": {true, true}, "": {}, "a b": {}, "9223372036854775807": {true, true}, "9223372036854775808": {true, false},
		"0": {true, false}, "-1": {true, false}, "+1": {}, "01": {true, false}, strings.Repeat("x", 65): {},
	} {
		if got := [2]bool{spot.Own(id), contracts.Own(id)}; got != want {
			t.Errorf("%q: %v", id, got)
		}
	}
	for _, random := range []uint64{0, 1, 1 << 63, 1<<64 - 1} {
		if id := spot.ClientID(random); !spot.Own(id) {
			t.Errorf("%d: %s", random, id)
		}
		if id := contracts.ClientID(random); !contracts.Own(id) {
			t.Errorf("%d: %s", random, id)
		}
	}
}
