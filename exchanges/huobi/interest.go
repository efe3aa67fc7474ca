package huobi

import (
	"github.com/tidwall/gjson"

	"github.com/depthwire/depthwire/exchange"
)

// parseInterest reads what is open of contracts (section 3.11), counted on both sides (section 3.9).
func parseInterest(dst []exchange.OpenInterest, in *exchange.Scope, b []byte) ([]exchange.OpenInterest, error) {
	sent := milli(gjson.GetBytes(b, "ts"))
	err := each(b, func(r gjson.Result) {
		id := r.Get("contract_code").String()
		if m := in.At([]byte(id)); m != nil && m.ID == id {
			dst = append(dst, exchange.OpenInterest{
				Stamp: exchange.Stamp{Symbol: m.Symbol, Time: sent},
				Size:  half(number(r.Get("amount"))), Contracts: half(number(r.Get("volume"))), Value: half(number(r.Get("value"))),
			})
		}
	})
	return dst, err
}

// parseLiquidations reads orders that the venue has made (section 4.7.3), which have one side.
func parseLiquidations(dst []exchange.Liquidation, in *exchange.Scope, b []byte) ([]exchange.Liquidation, error) {
	unsided := false
	err := each(b, func(r gjson.Result) {
		id := r.Get("contract_code").String()
		if m := in.At([]byte(id)); m != nil && m.ID == id {
			unsided = unsided || sides[r.Get("direction").String()] == ""
			dst = append(dst, exchange.Liquidation{
				Stamp: exchange.Stamp{Symbol: m.Symbol, Time: milli(r.Get("created_at"))}, Side: sides[r.Get("direction").String()],
				Price: number(r.Get("price")), Size: number(r.Get("amount")), Contracts: number(r.Get("volume")), Cost: number(r.Get("trade_turnover")),
			})
		}
	})
	if unsided {
		return dst, errFrame
	}
	return dst, err
}

// parsePairStatus reads the state of the spot market (section 2.3): 1 is normal. A halt of some pairs is none of the venue.
func parsePairStatus(dst []exchange.Status, _ *exchange.Scope, b []byte) ([]exchange.Status, error) {
	data := gjson.GetBytes(b, "data")
	if !gjson.ValidBytes(b) || !data.Get("marketStatus").Exists() {
		return dst, errFrame
	}
	v := exchange.Status{State: exchange.OK}
	if data.Get("marketStatus").Int() != 1 {
		v.Message, v.Until = "halted: "+data.Get("affectedSymbols").String(), milli(data.Get("haltEndTime"))
		if data.Get("affectedSymbols").String() == "all" {
			v.State = exchange.Maintenance
		}
	}
	return append(dst, v), nil
}

// parseStatus reads the state of the contracts, 0 being maintenance (section 3.12).
func parseStatus(dst []exchange.Status, _ *exchange.Scope, b []byte) ([]exchange.Status, error) {
	data := gjson.GetBytes(b, "data")
	for _, family := range []string{"linear", "inverse"} {
		words := map[string]string{"linear": "linear_swap_", "inverse": "swap_"}[family]
		up := data.Get(words + "heartbeat")
		if !gjson.ValidBytes(b) || !up.Exists() {
			return dst, errFrame
		}
		v := exchange.Status{Family: family, State: exchange.OK}
		if up.Int() != 1 {
			v.State, v.Until = exchange.Maintenance, milli(data.Get(words+"estimated_recovery_time"))
		}
		dst = append(dst, v)
	}
	return dst, nil
}
