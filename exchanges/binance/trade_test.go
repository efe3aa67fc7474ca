package binance

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/rest"
)

var number = decimal.MustParse

// said are the parameters of an instruction.
func said(t *testing.T, say words, in *exchange.Instruction) []rest.Param {
	t.Helper()
	params, err := say(in)
	if err != nil {
		t.Fatal(err)
	}
	return params
}

// TestInstructions compares what is sent with sections 7.3, 7.4 and 7.7.
func TestInstructions(t *testing.T) {
	order := func(o exchange.NewOrder) exchange.NewOrder {
		o.ClientID = "go-0001"
		return o
	}
	limit := exchange.NewOrder{Side: exchange.Buy, Type: exchange.LimitOrder, Price: number("68250.10")}
	with := func(o exchange.NewOrder, change func(*exchange.NewOrder)) exchange.NewOrder {
		change(&o)
		return order(o)
	}
	s, l := &spotTrading, &linearTrading
	size := number("0.00150000")
	for _, tt := range []struct {
		action *exchange.Action
		market *exchange.Market
		order  exchange.NewOrder
		ref    exchange.Ref
		size   decimal.Decimal
		want   string
	}{
		{&s.Create, spotBTC, order(limit), exchange.Ref{}, size,
			"POST /api/v3/order?symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.00150000&price=68250.10&newClientOrderId=go-0001&newOrderRespType=RESULT"},
		{&s.Create, spotBTC, with(limit, func(o *exchange.NewOrder) { o.TimeInForce = exchange.IOC }), exchange.Ref{}, size,
			"POST /api/v3/order?symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=IOC&quantity=0.00150000&price=68250.10&newClientOrderId=go-0001&newOrderRespType=RESULT"},
		{&s.Create, spotBTC, with(limit, func(o *exchange.NewOrder) { o.Side, o.PostOnly = exchange.Sell, true }), exchange.Ref{}, number("1e-5"),
			"POST /api/v3/order?symbol=BTCUSDT&side=SELL&type=LIMIT_MAKER&quantity=0.00001&price=68250.10&newClientOrderId=go-0001&newOrderRespType=RESULT"},
		{&s.Create, spotBTC, order(exchange.NewOrder{Side: exchange.Sell, Type: exchange.MarketOrder}), exchange.Ref{}, size,
			"POST /api/v3/order?symbol=BTCUSDT&side=SELL&type=MARKET&quantity=0.00150000&newClientOrderId=go-0001&newOrderRespType=RESULT"},
		{&s.Create, spotBTC, order(exchange.NewOrder{Side: exchange.Buy, Type: exchange.MarketOrder, QuoteSize: number("1E2")}), exchange.Ref{}, decimal.Decimal{},
			"POST /api/v3/order?symbol=BTCUSDT&side=BUY&type=MARKET&quoteOrderQty=100&newClientOrderId=go-0001&newOrderRespType=RESULT"},
		{&s.Cancel, spotBTC, exchange.NewOrder{}, exchange.Ref{ID: "48211330987", ClientID: "go-0001"}, decimal.Decimal{}, "DELETE /api/v3/order?symbol=BTCUSDT&orderId=48211330987"},
		{&s.Cancel, spotBTC, exchange.NewOrder{}, exchange.Ref{ClientID: "go-0001"}, decimal.Decimal{}, "DELETE /api/v3/order?symbol=BTCUSDT&origClientOrderId=go-0001"},
		{&s.CancelAll, spotBTC, exchange.NewOrder{}, exchange.Ref{}, decimal.Decimal{}, "DELETE /api/v3/openOrders?symbol=BTCUSDT"},
		{&s.Edit, spotBTC, exchange.NewOrder{}, exchange.Ref{ClientID: "go-0001"}, number("0.00100000"), "PUT /api/v3/order/amend/keepPriority?symbol=BTCUSDT&origClientOrderId=go-0001&newQty=0.00100000&newClientOrderId=go-0001"},
		{&s.Edit, spotBTC, exchange.NewOrder{}, exchange.Ref{ID: "7"}, number("0.001"), "PUT /api/v3/order/amend/keepPriority?symbol=BTCUSDT&orderId=7&newQty=0.001"},
		{&l.Create, linearBTC, order(limit), exchange.Ref{}, number("0.150"),
			"POST /fapi/v1/order?symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.150&price=68250.10&newClientOrderId=go-0001&newOrderRespType=RESULT"},
		{&l.Create, linearBTC, with(limit, func(o *exchange.NewOrder) { o.PostOnly, o.ReduceOnly = true, true }), exchange.Ref{}, number("0.150"),
			"POST /fapi/v1/order?symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTX&quantity=0.150&price=68250.10&reduceOnly=true&newClientOrderId=go-0001&newOrderRespType=RESULT"},
		{&l.Create, linearBTC, order(exchange.NewOrder{Side: exchange.Sell, Type: exchange.MarketOrder, Held: exchange.Long, ReduceOnly: true}), exchange.Ref{}, number("1"),
			"POST /fapi/v1/order?symbol=BTCUSDT&side=SELL&positionSide=LONG&type=MARKET&quantity=1&newClientOrderId=go-0001&newOrderRespType=RESULT"},
		{&l.Cancel, linearBTC, exchange.NewOrder{}, exchange.Ref{ID: "8389765739703625592"}, decimal.Decimal{}, "DELETE /fapi/v1/order?symbol=BTCUSDT&orderId=8389765739703625592"},
		{&l.CancelAll, linearBTC, exchange.NewOrder{}, exchange.Ref{}, decimal.Decimal{}, "DELETE /fapi/v1/allOpenOrders?symbol=BTCUSDT"},
		{&l.Edit, linearBTC, limit, exchange.Ref{ID: "7"}, number("0.2"), "PUT /fapi/v1/order?symbol=BTCUSDT&orderId=7&side=BUY&quantity=0.2&price=68250.10"},
	} {
		r := rest.Request{Method: tt.action.Method, Path: tt.action.Path}
		err := tt.action.Request(&r, []*exchange.Instruction{{NewOrder: tt.order, Ref: tt.ref, Market: tt.market, Amount: tt.size}})
		if got := r.Method + " " + r.Target(); err != nil || got != tt.want {
			t.Errorf("got  %s, %v\nwant %s", got, err, tt.want)
		}
	}
}

func TestInstructionsRefused(t *testing.T) {
	s, l := &spotTrading, &linearTrading
	for name, tt := range map[string]struct {
		action *exchange.Action
		in     exchange.Instruction
		want   error
	}{
		"all of a market on spot":    {&s.Create, exchange.Instruction{NewOrder: exchange.NewOrder{Type: exchange.MarketOrder, TimeInForce: exchange.FOK}}, exchange.ErrNotSupported},
		"all of a market of futures": {&l.Create, exchange.Instruction{NewOrder: exchange.NewOrder{Type: exchange.MarketOrder, TimeInForce: exchange.FOK}}, exchange.ErrNotSupported},
		"another price on spot":      {&s.Edit, exchange.Instruction{NewOrder: exchange.NewOrder{Price: number("1")}, Amount: number("1"), Ref: exchange.Ref{ID: "1"}}, exchange.ErrNotSupported},
		"no change on spot":          {&s.Edit, exchange.Instruction{Ref: exchange.Ref{ID: "1"}}, exchange.ErrNotSupported},
		"quote units of futures":     {&l.Create, exchange.Instruction{NewOrder: exchange.NewOrder{QuoteSize: number("1")}}, exchange.ErrNotSupported},
		"margin of one order":        {&l.Create, exchange.Instruction{NewOrder: exchange.NewOrder{Margin: exchange.IsolatedMargin}}, exchange.ErrNotSupported},
		"price alone on futures":     {&l.Edit, exchange.Instruction{NewOrder: exchange.NewOrder{Side: exchange.Buy, Price: number("1")}, Ref: exchange.Ref{ID: "1"}}, exchange.ErrBadRequest},
		"an id that is none":         {&s.Cancel, exchange.Instruction{Ref: exchange.Ref{ID: `1,"x":2`}}, exchange.ErrBadRequest},
		"an id below zero":           {&l.Cancel, exchange.Instruction{Ref: exchange.Ref{ID: "-1"}}, exchange.ErrBadRequest},
	} {
		tt.in.Market = spotBTC
		if err := tt.action.Request(&rest.Request{}, []*exchange.Instruction{&tt.in}); !errors.Is(err, tt.want) || !strings.HasPrefix(err.Error(), "binance: ") {
			t.Errorf("%s: got %v, want %v", name, err, tt.want)
		}
	}
}

func TestClientIDs(t *testing.T) {
	for _, random := range []uint64{0, 1, 1<<64 - 1} {
		for _, trade := range []*exchange.Trading{&spotTrading, &linearTrading} {
			if id := trade.ClientID(random); !trade.Own(id) {
				t.Errorf("%q is not taken", id)
			}
		}
	}
	for _, tt := range []struct {
		id           string
		spot, linear bool
	}{
		{"go-0001_A", true, true},
		{"a.b:/c", false, true},
		{"", false, false},
		{strings.Repeat("x", 36), true, true},
		{strings.Repeat("x", 37), false, false},
		{"a b", false, false},
		{"ä", false, false},
		{"a\"", false, false},
	} {
		if got, futures := spotTrading.Own(tt.id), linearTrading.Own(tt.id); got != tt.spot || futures != tt.linear {
			t.Errorf("%q: got %v, %v", tt.id, got, futures)
		}
	}
}

// What orders cost, sections 7.3, 7.7 and 9.1.
func TestOrderCosts(t *testing.T) {
	for _, tt := range []struct {
		action *exchange.Action
		want   map[*rest.Limit]int
	}{
		{&spotTrading.Create, map[*rest.Limit]int{&spotWeight: 1, &spotRaw: 1, &spotOrders: 1, &spotDay: 1}},
		{&spotTrading.Cancel, map[*rest.Limit]int{&spotWeight: 1, &spotRaw: 1}},
		{&spotTrading.CancelAll, map[*rest.Limit]int{&spotWeight: 1, &spotRaw: 1}},
		{&spotTrading.Edit, map[*rest.Limit]int{&spotWeight: 4, &spotRaw: 1}},
		{&linearTrading.Create, map[*rest.Limit]int{&linearWeight: 0, &linearOrders: 1, &linearMinute: 1}},
		{&linearTrading.Edit, map[*rest.Limit]int{&linearWeight: 0, &linearOrders: 1, &linearMinute: 1}},
		{&linearTrading.Cancel, map[*rest.Limit]int{&linearWeight: 1}},
		{&linearTrading.CancelAll, map[*rest.Limit]int{&linearWeight: 1}},
	} {
		charges := tt.action.Cost(nil)
		for _, c := range charges {
			if want, ok := tt.want[c.Limit]; !ok || want != c.Cost {
				t.Errorf("%s %s: %d of %s", tt.action.Method, tt.action.Path, c.Cost, c.Limit.Name)
			}
		}
		if len(charges) != len(tt.want) {
			t.Errorf("%s %s: %d charges", tt.action.Method, tt.action.Path, len(charges))
		}
	}
	h := http.Header{}
	if _, ok := spotOrders.Used(h); ok {
		t.Error("nothing was sent")
	}
	h.Set("x-mbx-order-count-10s", "12")
	h.Set("x-mbx-order-count-1d", "34")
	h.Set("x-mbx-order-count-1m", "56")
	for l, want := range map[*rest.Limit]int{&spotOrders: 12, &spotDay: 34, &linearOrders: 12, &linearMinute: 56} {
		if used, ok := l.Used(h); used != want || !ok {
			t.Errorf("%s: got %d, %v", l.Name, used, ok)
		}
	}
}
