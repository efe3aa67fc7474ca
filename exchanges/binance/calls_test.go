package binance

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/rest"
)

// TestAccountRequests compares what is sent and what it costs with sections 7.1 to 7.7.
func TestAccountRequests(t *testing.T) {
	one, perp := []*exchange.Market{spotBTC}, []*exchange.Market{linearBTC}
	since, until := time.UnixMilli(1763776800000), time.UnixMilli(1763863200000)
	ref := func(id, own string) exchange.Args { return exchange.Args{Ref: exchange.Ref{ID: id, ClientID: own}} }
	within := func(r exchange.Range) exchange.Args { return exchange.Args{Range: r} }
	s, l := &spotFamily.Pull, &linearFamily.Pull
	for _, tt := range []struct {
		got    func() (string, int)
		want   string
		weight int
	}{
		{func() (string, int) { return sent(t, s.Balances[0], nil, exchange.Args{}) }, "/api/v3/account?omitZeroBalances=true", 20},
		{func() (string, int) { return sent(t, s.OpenOrders, nil, exchange.Args{}) }, "/api/v3/openOrders", 80},
		{func() (string, int) { return sent(t, s.OpenOrders, one, exchange.Args{}) }, "/api/v3/openOrders?symbol=BTCUSDT", 6},
		{func() (string, int) { return sent(t, s.Order, one, ref("48211330987", "")) }, "/api/v3/order?symbol=BTCUSDT&orderId=48211330987", 4},
		{func() (string, int) { return sent(t, s.Order, one, ref("", "go-0001")) }, "/api/v3/order?symbol=BTCUSDT&origClientOrderId=go-0001", 4},
		{func() (string, int) {
			return sent(t, s.Orders, one, within(exchange.Range{Since: since, Until: until}))
		}, "/api/v3/allOrders?symbol=BTCUSDT&startTime=1763776800000&endTime=1763863199999&limit=1000", 20},
		{func() (string, int) {
			return sent(t, s.Orders, one, within(exchange.Range{Since: since, Until: until, FromID: "41"}))
		}, "/api/v3/allOrders?symbol=BTCUSDT&orderId=42&limit=1000", 20},
		{func() (string, int) { return sent(t, s.MyTrades, one, within(exchange.Range{Limit: 7})) }, "/api/v3/myTrades?symbol=BTCUSDT&limit=7", 20},
		{func() (string, int) { return sent(t, s.MyTrades, one, within(exchange.Range{FromID: "5400123401"})) }, "/api/v3/myTrades?symbol=BTCUSDT&fromId=5400123402&limit=1000", 20},
		{func() (string, int) { return sent(t, s.MyTrades, one, within(exchange.Range{Since: since.Add(1)})) }, "/api/v3/myTrades?symbol=BTCUSDT&startTime=1763776800001&limit=1000", 20},
		{func() (string, int) { return sent(t, s.Deposits, nil, exchange.Args{Asset: "BTC", Offset: 1000}) }, "/sapi/v1/capital/deposit/hisrec?coin=BTC&offset=1000&limit=1000", 0},
		{func() (string, int) { return sent(t, s.Withdrawals, nil, within(exchange.Range{Since: since})) }, "/sapi/v1/capital/withdraw/history?startTime=1763776800000&limit=1000", 0},
		{func() (string, int) { return sent(t, l.Balances[0], nil, exchange.Args{}) }, "/fapi/v3/balance", 5},
		{func() (string, int) { return sent(t, l.OpenOrders, nil, exchange.Args{}) }, "/fapi/v1/openOrders", 40},
		{func() (string, int) { return sent(t, l.OpenOrders, perp, exchange.Args{}) }, "/fapi/v1/openOrders?symbol=BTCUSDT", 1},
		{func() (string, int) { return sent(t, l.Order, perp, ref("8389765739703625592", "")) }, "/fapi/v1/order?symbol=BTCUSDT&orderId=8389765739703625592", 1},
		{func() (string, int) { return sent(t, l.Orders, perp, exchange.Args{}) }, "/fapi/v1/allOrders?symbol=BTCUSDT&limit=1000", 5},
		{func() (string, int) { return sent(t, l.MyTrades, perp, within(exchange.Range{Until: until})) }, "/fapi/v1/userTrades?symbol=BTCUSDT&endTime=1763863199999&limit=1000", 5},
		{func() (string, int) { return sent(t, l.Positions, nil, exchange.Args{}) }, "/fapi/v3/positionRisk", 5},
		{func() (string, int) { return sent(t, l.Positions, perp, exchange.Args{}) }, "/fapi/v3/positionRisk?symbol=BTCUSDT", 5},
	} {
		if target, weight := tt.got(); target != tt.want || weight != tt.weight {
			t.Errorf("got %s for %d, want %s for %d", target, weight, tt.want, tt.weight)
		}
	}
	if charges := s.Withdrawals.Cost(nil, exchange.Args{}); len(charges) != 1 || charges[0].Cost != 18_000 || charges[0].Limit != &withdrawalWeight {
		t.Errorf("withdrawals cost %+v", charges) // of what a user has, not an address: ten of them a minute
	}
	if err := s.Orders.Request(&rest.Request{}, one, within(exchange.Range{FromID: "x"})); err == nil {
		t.Error("an id that is none was sent")
	}
}

// TestAccountPages goes on where many have one time.
func TestAccountPages(t *testing.T) {
	at := time.UnixMilli(1763776800000)
	page := make([]exchange.Fill, most)
	for i := range page {
		page[i].ID, page[i].Time = strconv.Itoa(999_000+i), at.Add(time.Duration(i/700)*time.Millisecond)
	}
	more := spotFamily.Pull.MyTrades.Page
	since, until := at.Add(-time.Hour), at.Add(time.Hour)
	if next, ok := more(page, exchange.Args{Range: exchange.Range{Since: since, Until: until}}); !ok || next.Range.FromID != "999999" {
		t.Errorf("goes on behind %q, %v", next.Range.FromID, ok)
	}
	page[3].ID = "1000000" // in whatever order they come
	if next, ok := more(page, exchange.Args{Range: exchange.Range{FromID: "41", Until: until}}); !ok || next.Range.FromID != "1000000" {
		t.Errorf("goes on behind %q, %v", next.Range.FromID, ok)
	}
	if _, ok := more(page, exchange.Args{Range: exchange.Range{Since: since, Until: at}}); ok {
		t.Error("goes on behind the end")
	}
	if _, ok := more(page[:most-1], exchange.Args{Range: exchange.Range{Since: since}}); ok {
		t.Error("goes on behind a page that was not full")
	}
	if next, ok := more(page[:7], exchange.Args{Range: exchange.Range{Limit: 7}}); !ok || !next.Range.Until.Equal(at.Add(time.Millisecond)) || next.Range.FromID != "" {
		t.Errorf("goes back from %v, %v", next.Range, ok)
	}
	moves := slices.Repeat([]exchange.Transaction{{}}, most)
	if next, ok := moreMoves(moves, exchange.Args{Offset: most}); !ok || next.Offset != 2*most {
		t.Errorf("goes on at %d, %v", next.Offset, ok)
	}
	if _, ok := moreMoves(moves[:1], exchange.Args{}); ok {
		t.Error("goes on behind a page that was not full")
	}
}

// All calls and channels of the account say so, and none of the others.
func TestAccountTables(t *testing.T) {
	for _, f := range venue.Families {
		signed := []bool{f.Pull.Orders.Signed, f.Pull.OpenOrders.Signed, f.Pull.Order.Signed, f.Pull.MyTrades.Signed, f.Pull.Balances[0].Signed}
		if slices.Contains(signed, false) || f.Pull.Markets.Signed || f.Pull.Time.Signed {
			t.Errorf("%s: %v", f.Name, signed)
		}
		for _, topic := range []string{f.Push.Orders.Topic(nil, exchange.Args{}), f.Push.MyTrades.Topic(nil, exchange.Args{}), f.Push.Balances.Topic(nil, exchange.Args{})} {
			if topic == "" || f.Sockets[f.Push.Orders.Socket].Private == nil {
				t.Errorf("%s: topic %q", f.Name, topic)
			}
		}
	}
	if spotFamily.Pull.Positions.Parse != nil || linearFamily.Pull.Deposits.Parse != nil {
		t.Error("positions of spot, or deposits twice")
	}
}
