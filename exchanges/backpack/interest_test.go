package backpack

import (
	"testing"

	"github.com/depthwire/depthwire/exchange"
)

const (
	interestREST   = `[{"openInterest":"206529.68","symbol":"SOL_USDC_PERP","timestamp":1788285149338}]`                                // 3.6
	interestPushed = `{"E":1788367440000123,"e":"openInterest","o":"206529.68","s":"SOL_USDC_PERP"}`                                    // 4.9
	forcedPushed   = `{"E":1788367440100123,"S":"Bid","T":1788367440099801,"e":"liquidation","p":"97.10","q":"10","s":"SOL_USDC_PERP"}` // 4.10
	statusREST     = `{"message":null,"status":"Ok"}`                                                                                   // 3.1
)

func TestInterest(t *testing.T) {
	in := &exchange.Scope{Market: perpSOL}
	stamp := func(time string) exchange.Stamp { return exchange.Stamp{Symbol: perpSOL.Symbol, Time: at(time)} }
	golden(t, openInterest, in, interestREST, exchange.OpenInterest{Stamp: stamp("2026-09-01T17:52:29.338Z"), Size: d("206529.68")})
	golden(t, openInterest, in, interestPushed, exchange.OpenInterest{Stamp: stamp("2026-09-02T16:44:00.000123Z"), Size: d("206529.68")})
	golden(t, openInterest, in, `[{"openInterest":null,"symbol":"SOL_USDC_PERP","timestamp":1788285149338}]`)
	golden(t, openInterest, in, forcedPushed)
	golden(t, openInterest, &exchange.Scope{Market: perpAV}, interestREST)
}

func TestLiquidations(t *testing.T) {
	in := &exchange.Scope{Market: perpSOL}
	stamp := exchange.Stamp{Symbol: perpSOL.Symbol, Time: at("2026-09-02T16:44:00.099801Z")}
	golden(t, liquidations, in, forcedPushed, exchange.Liquidation{Stamp: stamp, Side: exchange.Buy, Price: d("97.10"), Size: d("10")})
	golden(t, liquidations, in, interestPushed)
	for _, bad := range []string{`{"e":"liquidation","s":"SOL_USDC_PERP","p":"1","q":"1"}`, `{"e":"liquidation","s":"SOL_USDC_PERP","S":"Buy","p":"1","q":"1"}`, `{"e":"liquidation","s":"SOL_USDC_PERP","S":"Ask"}`, `{`} {
		if got, err := liquidations(nil, in, []byte(bad)); err == nil {
			t.Errorf("%s: %+v", bad, got)
		}
	}
}

func TestStatus(t *testing.T) {
	golden(t, status, &exchange.Scope{}, statusREST, exchange.Status{State: exchange.OK})
	golden(t, status, &exchange.Scope{}, `{"message":"back soon","status":"Maintenance"}`, exchange.Status{State: exchange.Maintenance, Message: "back soon"})
}
