package okx

import (
	"fmt"
	"testing"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/stream"
)

const (
	interestREST   = `{"code":"0","data":[{"instId":"BTC-USDT-SWAP","instType":"SWAP","oi":"2874410.21000001774","oiCcy":"28744.1021000001774","oiUsd":"1843070011.42","ts":"1789389297053"}],"msg":""}`
	interestPushed = `{"arg":{"channel":"open-interest","instId":"BTC-USDT-SWAP"},"data":[{"instId":"BTC-USDT-SWAP","instType":"SWAP","oi":"2874410.21000001774","oiCcy":"28744.1021000001774","oiUsd":"1843070011.42","ts":"1789389297053"}]}`
	forcedPushed   = `{"arg":{"channel":"liquidation-orders","instType":"SWAP"},"data":[{"details":[{"bkLoss":"0","bkPx":"0.009412","ccy":"","posSide":"short","side":"buy","sz":"27","ts":"1789389294010"}],"instFamily":"IOST-USDT","instId":"IOST-USDT-SWAP","instType":"SWAP","uly":"IOST-USDT"}]}`
	statusREST     = `{"code":"0","data":[{"begin":"1789452000000","end":"1789453800000","env":"1","href":"","maintType":"1","preOpenBegin":"","scheDesc":"","serviceType":"5","state":"ongoing","system":"unified","title":"Trading service upgrade"}],"msg":""}`
)

func sayInterest(v *exchange.OpenInterest) string {
	return fmt.Sprint(v.Symbol, " at ", v.Time.UnixMilli(), ": ", v.Contracts, " contracts, ", v.Size, ", ", v.Value)
}

func sayForced(v *exchange.Liquidation) string {
	return fmt.Sprint(v.Symbol, " at ", v.Time.UnixMilli(), ": ", v.Side, " ", v.Contracts, " contracts, ", v.Size, " for ", v.Price)
}

func sayStatus(v *exchange.Status) string {
	w := words{string(v.State)}
	w.at("until", v.Until)
	return w.String() + " " + v.Message
}

func TestInterest(t *testing.T) {
	want := "BTC/USDT:USDT at 1789389297053: 2874410.21000001774 contracts, 28744.1021000001774, 1843070011.42"
	golden(t, parseInterest, sayInterest, &exchange.Scope{Market: linear}, interestREST, want)
	golden(t, parseInterest, sayInterest, &exchange.Scope{Market: linear}, interestPushed, want)
	golden(t, parseInterest, sayInterest, &exchange.Scope{}, interestPushed)
}

func TestLiquidations(t *testing.T) {
	iost := &exchange.Market{ID: "IOST-USDT-SWAP", Symbol: "IOST/USDT:USDT", Kind: exchange.Swap, Contract: linear.Contract}
	golden(t, parseLiquidations, sayForced, &exchange.Scope{Market: iost}, forcedPushed, "IOST/USDT:USDT at 1789389294010: buy 27 contracts, 0.27 for 0.009412")
	golden(t, parseLiquidations, sayForced, &exchange.Scope{Market: linear}, forcedPushed) // another's
	golden(t, parseLiquidations, sayForced, &exchange.Scope{}, forcedPushed)
	for _, bad := range []string{`{"data":[{"instId":"IOST-USDT-SWAP","details":[{"side":"long","sz":"1","bkPx":"1"}]}]}`, `{"data":[{"instId":"IOST-USDT-SWAP","details":[{"side":"buy","sz":[]}]}]}`, `{`} {
		if got, err := parseLiquidations(nil, &exchange.Scope{Market: iost}, []byte(bad)); err == nil {
			t.Errorf("%s: %+v", bad, got)
		}
	}
	// The topic names a type, not an instrument.
	topic := venue.Families[1].Push.Liquidations.Topic(iost, exchange.Args{})
	var f stream.Frame
	if err := new(dialect).Route([]byte(forcedPushed), &f); err != nil || string(f.Topic) != topic {
		t.Errorf("routed to %s, want %s, %v", f.Topic, topic, err)
	}
	if got := named("Wrong URL or channel:liquidation-orders,instType:SWAP doesn't exist."); got != topic {
		t.Errorf("the error is about %s, want %s", got, topic)
	}
}

func TestStatus(t *testing.T) {
	in := &exchange.Scope{}
	golden(t, parseStatus, sayStatus, in, statusREST, "maintenance, until 1789453800000 Trading service upgrade")
	golden(t, parseStatus, sayStatus, in, `{"code":"0","data":[],"msg":""}`, "ok ")
	golden(t, parseStatus, sayStatus, in, `{"code":"0","data":[{"env":"2","state":"ongoing","end":"1"},{"env":"1","state":"scheduled","end":"2"}],"msg":""}`, "ok ")
	golden(t, parseStatus, sayStatus, in, `{"code":"0","data":[{"env":"1","state":"ongoing","end":""}],"msg":""}`, "maintenance ")
}
