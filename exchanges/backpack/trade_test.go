package backpack

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/rest"
)

func ask(t *testing.T, a *exchange.Action, in exchange.Instruction) string {
	t.Helper()
	r := rest.Request{Method: a.Method, Path: a.Path, Header: http.Header{}}
	if err := a.Request(&r, []*exchange.Instruction{&in}); err != nil {
		t.Fatal(err)
	}
	if err := sign(&r, testKey(t, seed), "", signedAt); err != nil {
		t.Errorf("%s cannot be signed: %v", r.Body, err)
	}
	return string(r.Body)
}

// Sections 7.8 and 7.9. Members are written in the order in which they are signed.
func TestTrade(t *testing.T) {
	limit := exchange.NewOrder{ClientID: "4000000001", Side: exchange.Buy, Type: exchange.LimitOrder, TimeInForce: exchange.GTC, PostOnly: true, ReduceOnly: true, Price: d("141.25")}
	market := exchange.NewOrder{ClientID: "7", Side: exchange.Sell, Type: exchange.MarketOrder}
	paid := market
	paid.QuoteSize, paid.TimeInForce = d("1.00050e3"), exchange.FOK
	for want, got := range map[string]string{
		`{"clientId":4000000001,"orderType":"Limit","postOnly":true,"price":"141.25","quantity":"12.5","reduceOnly":true,"side":"Bid","symbol":"SOL_USDC_PERP","timeInForce":"GTC"}`: ask(t, &trade.Create, exchange.Instruction{NewOrder: limit, Market: perpSOL, Amount: d("12.5")}),
		`{"clientId":7,"orderType":"Market","quantity":"0.1","side":"Ask","symbol":"SOL_USDC"}`:                                                                                      ask(t, &trade.Create, exchange.Instruction{NewOrder: market, Market: spotSOL, Amount: d("0.1")}),
		`{"clientId":7,"orderType":"Market","quoteQuantity":"1000.5","side":"Ask","symbol":"SOL_USDC","timeInForce":"FOK"}`:                                                          ask(t, &trade.Create, exchange.Instruction{NewOrder: paid, Market: spotSOL}),
		`{"orderId":"59887375336","symbol":"SOL_USDC_PERP"}`:                                                                                                                         ask(t, &trade.Cancel, exchange.Instruction{Ref: exchange.Ref{ID: "59887375336", ClientID: "77"}, Market: perpSOL}),
		`{"clientId":77,"symbol":"SOL_USDC_PERP"}`:                                                                                                                                   ask(t, &trade.Cancel, exchange.Instruction{Ref: exchange.Ref{ClientID: "77"}, Market: perpSOL}),
		`{"orderId":"1\",\"a\":\"b","symbol":"SOL_USDC"}`:                                                                                                                            ask(t, &trade.Cancel, exchange.Instruction{Ref: exchange.Ref{ID: `1","a":"b`}, Market: spotSOL}),
		`{"symbol":"SOL_USDC"}`: ask(t, &trade.CancelAll, exchange.Instruction{Market: spotSOL}),
	} {
		if got != want {
			t.Errorf("got\n%s, want\n%s", got, want)
		}
	}
	for _, in := range []exchange.Instruction{{NewOrder: exchange.NewOrder{Margin: exchange.IsolatedMargin}}, {NewOrder: exchange.NewOrder{Held: exchange.Long}}} {
		if err := trade.Create.Request(&rest.Request{}, []*exchange.Instruction{&in}); !errors.Is(err, exchange.ErrNotSupported) {
			t.Errorf("%+v: %v", in.NewOrder, err)
		}
	}
	for _, id := range []string{"", "x", "-1", "+1", "01", "1.0", "4294967296", "1e3", "7,\"a\":1"} {
		if err := trade.Cancel.Request(&rest.Request{}, []*exchange.Instruction{{Ref: exchange.Ref{ClientID: id}, Market: spotSOL}}); !errors.Is(err, exchange.ErrBadRequest) || trade.Own(id) {
			t.Errorf("%q is taken: %v", id, err)
		}
	}
	for _, random := range []uint64{0, 1, 1 << 31, 1<<64 - 1, 0x123456789abcdef0} {
		if id := trade.ClientID(random); !trade.Own(id) || id == "0" {
			t.Errorf("%d makes %q", random, id)
		}
	}
	if trade.Edit.Parse != nil {
		t.Error("an order can be changed")
	}
	in := &exchange.Scope{Market: spotSOL}
	if got, err := answered(nil, in, nil); len(got) != 0 || err != nil {
		t.Errorf("of an answer without a body: %v, %v", got, err)
	}
	if got, err := answered(nil, in, []byte(marketREST)); len(got) != 1 || err != nil || got[0].Status != exchange.OrderClosed {
		t.Errorf("got %v, %v", got, err)
	}
}

func query(t *testing.T, request asking, ms markets, a exchange.Args) string {
	t.Helper()
	var r rest.Request
	if err := request(&r, ms, a); err != nil {
		t.Fatal(err)
	}
	return r.RawQuery()
}

// Sections 7.3 to 7.5 and 7.7: what is asked of each endpoint, and of the pages behind the first.
func TestAsk(t *testing.T) {
	sol, all := markets{perpSOL}, within("PERP")
	since, until := at("2026-09-21T14:13:20Z"), at("2026-09-21T15:13:20.0005Z")
	page := func(n int) []exchange.Order { return make([]exchange.Order, n) }
	back, more := olderOrders(page(1000), exchange.Args{})
	if !more || back.Offset != 1000 {
		t.Errorf("behind a page of orders: %+v, %t", back, more)
	}
	if _, more = olderOrders(page(1000), exchange.Args{Range: exchange.Range{Since: since}}); more {
		t.Error("orders before the beginning are asked for")
	}
	if _, more = olderOrders(page(999), exchange.Args{}); more {
		t.Error("there is a page behind one that is not full")
	}
	next, more := moreFills(make([]exchange.Fill, 1000), exchange.Args{Range: exchange.Range{Since: since}})
	if !more || next.Range.Since != since {
		t.Errorf("behind a page of fills: %+v, %t", next, more)
	}
	before, more := olderTransactions(slicesOf(1000, exchange.Transaction{Stamp: exchange.Stamp{Time: since}}), exchange.Args{})
	if !more || !before.Range.Until.Equal(since.Add(1)) {
		t.Errorf("behind a page of deposits: %+v, %t", before, more)
	}
	for want, got := range map[string]string{
		"symbol=SOL_USDC_PERP":                                                query(t, all, sol, exchange.Args{}),
		"marketType=PERP":                                                     query(t, all, nil, exchange.Args{}),
		"orderId=77&symbol=SOL_USDC_PERP":                                     query(t, askOrder, sol, exchange.Args{Ref: exchange.Ref{ID: "77", ClientID: "9"}}),
		"clientId=9&symbol=SOL_USDC_PERP":                                     query(t, askOrder, sol, exchange.Args{Ref: exchange.Ref{ClientID: "9"}}),
		"limit=5&offset=0&marketType=PERP":                                    query(t, askPast(all), nil, exchange.Args{Range: exchange.Range{Limit: 5}}),
		"limit=1000&offset=1000&symbol=SOL_USDC_PERP":                         query(t, askPast(all), sol, back),
		"orderId=77&limit=1000&offset=0&symbol=SOL_USDC_PERP":                 query(t, askPast(all), sol, exchange.Args{Ref: exchange.Ref{ID: "77"}}),
		"fillType=User&sortDirection=Desc&offset=0&limit=100&marketType=PERP": query(t, askFills(all), nil, exchange.Args{Range: exchange.Range{Limit: 100}}),
		"fillType=User&sortDirection=Asc&offset=1000&from=1790000000000&limit=1000&symbol=SOL_USDC_PERP":               query(t, askFills(all), sol, next),
		"fillType=User&sortDirection=Asc&offset=0&from=1790000000000&to=1790003600001&limit=1000&symbol=SOL_USDC_PERP": query(t, askFills(all), sol, exchange.Args{Range: exchange.Range{Since: since, Until: until, Limit: 3}}),
		"limit=7":                       query(t, askTransactions, nil, exchange.Args{Range: exchange.Range{Limit: 7}}),
		"from=1790000000000&limit=1000": query(t, askTransactions, nil, exchange.Args{Range: exchange.Range{Since: since}}),
		"to=1790000000001&limit=1000":   query(t, askTransactions, nil, before),
	} {
		if got != want {
			t.Errorf("got\n%s, want\n%s", got, want)
		}
	}
	if err := askOrder(&rest.Request{}, sol, exchange.Args{Ref: exchange.Ref{ClientID: "mine"}}); !errors.Is(err, exchange.ErrBadRequest) {
		t.Errorf("an id that cannot be one: %v", err)
	}
}

func slicesOf[T any](n int, v T) []T {
	all := make([]T, n)
	for i := range all {
		all[i] = v
	}
	return all
}

// What is private has an instruction to be signed with, and nothing of it is asked without a signature.
func TestPrivateIsSigned(t *testing.T) {
	for _, f := range Venue().Families {
		signed := map[string]bool{}
		for _, c := range f.Pull.Balances {
			signed["GET "+c.Path] = c.Signed
		}
		p := &f.Pull
		for _, c := range []struct {
			path   string
			signed bool
		}{{p.OpenOrders.Path, p.OpenOrders.Signed}, {p.ClosedOrders.Path, p.ClosedOrders.Signed}, {p.Order.Path, p.Order.Signed}, {p.MyTrades.Path, p.MyTrades.Signed},
			{p.Positions.Path, p.Positions.Signed}, {p.Deposits.Path, p.Deposits.Signed}, {p.Withdrawals.Path, p.Withdrawals.Signed}} {
			if c.path != "" {
				signed["GET "+c.path] = c.signed
			}
		}
		for _, a := range []exchange.Action{f.Trade.Create, f.Trade.Cancel, f.Trade.CancelAll} {
			signed[a.Method+" "+a.Path] = true
		}
		for call, ok := range signed {
			if !ok || instructions[call] == "" {
				t.Errorf("%s %s: signed %t, as %q", f.Name, call, ok, instructions[call])
			}
		}
		if want := map[string]int{"spot": 10, "swap": 8}[f.Name]; len(signed) != want {
			t.Errorf("%s: %d calls, want %d", f.Name, len(signed), want)
		}
		if !strings.HasPrefix(f.Push.Orders.Topic(nil, exchange.Args{}), "account.") || f.Push.Orders.Socket != "account" {
			t.Errorf("%s: %+v", f.Name, f.Push.Orders)
		}
	}
}
