package huobi

import (
	"time"

	"github.com/tidwall/gjson"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/wire"
)

// interests reads what is open of contracts, section 3.11, counted on both sides, section 3.9.
var interests = exchange.Rows(wire.Compile(wire.Format{
	Words: wire.Words{
		wire.Rows:              rows,
		wire.Market:            "contract_code",
		wire.Time:              "ts",
		wire.Interest:          "amount",
		wire.InterestContracts: "volume",
		wire.InterestValue:     "value",
	},
	Awaited: []wire.Field{wire.Time},
}), "", func(v *exchange.OpenInterest, r *wire.Row, _ *exchange.Market) bool {
	v.Size, v.Contracts, v.Value = half(v.Size), half(v.Contracts), half(v.Value)
	return r.Has(wire.InterestContracts)
})

// liquidations reads orders that the venue has made, section 4.7.3, which have one side.
var liquidations = exchange.Rows[exchange.Liquidation](wire.Compile(wire.Format{
	Words: wire.Words{
		wire.Rows:   "data",
		wire.Market: "contract_code",
		wire.Time:   "created_at",
		wire.Side:   "direction",
		wire.Price:  "price",
		wire.Size:   "volume",
		wire.Cost:   "trade_turnover",
	},
}), "", nil)

func until(r gjson.Result) (t time.Time) {
	if ms := r.Int(); ms > 0 {
		t = time.UnixMilli(ms).UTC()
	}
	return t
}

// spotStatus reads the state of the spot market, section 2.3: 1 is normal. A halt of some pairs is none of the venue.
func spotStatus(dst []exchange.Status, _ *exchange.Scope, b []byte) ([]exchange.Status, error) {
	data := gjson.GetBytes(b, "data")
	if !gjson.ValidBytes(b) || !data.Get("marketStatus").Exists() {
		return dst, errFrame
	}
	v := exchange.Status{State: exchange.OK}
	if data.Get("marketStatus").Int() != 1 {
		v.Message, v.Until = "halted: "+data.Get("affectedSymbols").String(), until(data.Get("haltEndTime"))
		if data.Get("affectedSymbols").String() == "all" {
			v.State = exchange.Maintenance
		}
	}
	return append(dst, v), nil
}

// contractStatus reads the state of the contracts, 0 being maintenance, section 3.12.
func contractStatus(dst []exchange.Status, _ *exchange.Scope, b []byte) ([]exchange.Status, error) {
	for _, family := range [][2]string{{"linear", "data.linear_swap_"}, {"inverse", "data.swap_"}} {
		up := gjson.GetBytes(b, family[1]+"heartbeat")
		if !gjson.ValidBytes(b) || !up.Exists() {
			return dst, errFrame
		}
		v := exchange.Status{Family: family[0], State: exchange.OK}
		if up.Int() != 1 {
			v.State, v.Until = exchange.Maintenance, until(gjson.GetBytes(b, family[1]+"estimated_recovery_time"))
		}
		dst = append(dst, v)
	}
	return dst, nil
}
