package backpack

import (
	"github.com/tidwall/gjson"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/wire"
)

// openInterest reads rows of section 3.6, and openInterest.<symbol>, section 4.9, which comes
// every minute. A row without a number is left out.
var openInterest = exchange.Rows(wire.Compile(wire.Format{
	Words: wire.Words{
		wire.Event:    "e",
		wire.Market:   "s symbol",
		wire.Time:     "E timestamp",
		wire.Interest: "o openInterest",
	},
	AnyTime: true,
}), "openInterest", func(_ *exchange.OpenInterest, r *wire.Row, _ *exchange.Market) bool { return r.Has(wire.Interest) })

// liquidations reads liquidation.<symbol>, section 4.10, whose side, Bid or Ask, is that of the order.
var liquidations = exchange.Rows(wire.Compile(wire.Format{
	Words: wire.Words{
		wire.Event:  "e",
		wire.Market: "s",
		wire.Time:   "T",
		wire.Side:   "S",
		wire.Price:  "p",
		wire.Size:   "q",
	},
	AnyTime: true,
}), "liquidation", func(v *exchange.Liquidation, r *wire.Row, _ *exchange.Market) bool {
	if side := string(r.Text(wire.Side)); side != "Bid" && side != "Ask" || v.Size.Absent() {
		r.Fail(errIncomplete)
	}
	return true
})

// status reads section 3.1.
func status(dst []exchange.Status, _ *exchange.Scope, b []byte) ([]exchange.Status, error) {
	answer := gjson.ParseBytes(b)
	v := exchange.Status{State: exchange.Maintenance, Message: answer.Get("message").String()}
	if !gjson.ValidBytes(b) || !answer.IsObject() {
		return dst, errEnvelope
	}
	if answer.Get("status").String() == "Ok" {
		v.State = exchange.OK
	}
	return append(dst, v), nil
}
