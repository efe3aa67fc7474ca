package backpack

import (
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/scan"
)

// openInterest reads rows of section 3.6, and openInterest.<symbol>, section 4.9, which comes
// every minute. A row without a number is left out.
func openInterest(dst []exchange.OpenInterest, in *exchange.Scope, b []byte) ([]exchange.OpenInterest, error) {
	s := scan.New(b)
	for n, list := 0, s.Peek() == '['; next(&s, n, list); n++ {
		var v exchange.OpenInterest
		var o origin
		for key := range s.Object() {
			switch string(key) {
			case "E", "timestamp":
				v.Time = when(&s)
			case "o", "openInterest":
				v.Size = s.Decimal()
			default:
				o.read(&s, key)
			}
		}
		if m := o.market(&s, in, "openInterest"); m != nil && !v.Size.Absent() {
			v.Symbol = m.Symbol
			dst = append(dst, v)
		}
	}
	return dst, s.End()
}

var forced = map[string]exchange.Side{"Bid": exchange.Buy, "Ask": exchange.Sell}

// liquidations reads liquidation.<symbol>, section 4.10, whose side is that of the order.
func liquidations(dst []exchange.Liquidation, in *exchange.Scope, b []byte) ([]exchange.Liquidation, error) {
	s := scan.New(b)
	var v exchange.Liquidation
	var o origin
	for key := range s.Object() {
		switch string(key) {
		case "T":
			v.Time = when(&s)
		case "S":
			v.Side = forced[string(s.Text())]
		case "p":
			v.Price = s.Decimal()
		case "q":
			v.Size = s.Decimal()
		default:
			o.read(&s, key)
		}
	}
	if m := o.market(&s, in, "liquidation"); m != nil {
		if v.Side == "" || v.Size.Absent() {
			return dst, errIncomplete
		}
		v.Symbol = m.Symbol
		dst = append(dst, v)
	}
	return dst, s.End()
}

// status reads section 3.1.
func status(dst []exchange.Status, _ *exchange.Scope, b []byte) ([]exchange.Status, error) {
	s := scan.New(b)
	v := exchange.Status{State: exchange.Maintenance}
	for key := range s.Object() {
		switch string(key) {
		case "status":
			if string(s.Text()) == "Ok" {
				v.State = exchange.OK
			}
		case "message":
			v.Message = s.Str()
		}
	}
	return append(dst, v), s.End()
}
