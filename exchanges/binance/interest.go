package binance

import (
	"errors"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/scan"
)

// openInterest reads section 3.9. It is in base units.
func openInterest(dst []exchange.OpenInterest, in *exchange.Scope, b []byte) ([]exchange.OpenInterest, error) {
	s := scan.New(b)
	var v exchange.OpenInterest
	var o origin
	for key := range s.Object() {
		switch string(key) {
		case "openInterest":
			v.Size = s.Decimal()
		case "symbol":
			o.id = s.Text()
		case "time":
			v.Time = s.Milli()
		}
	}
	if s.Err() == nil && !v.Size.Absent() && o.is("", in, &v.Stamp) {
		dst = append(dst, v)
	}
	return dst, s.End()
}

var forced = map[string]exchange.Side{"BUY": exchange.Buy, "SELL": exchange.Sell}

var errSide = errors.New("binance: liquidation without a side")

// liquidations reads @forceOrder, section 4.8: the last order of each second in which there was
// one. The order is an object inside of the event.
func liquidations(dst []exchange.Liquidation, in *exchange.Scope, b []byte) ([]exchange.Liquidation, error) {
	s := scan.New(b)
	var v exchange.Liquidation
	var o origin
	for key := range s.Object() {
		switch string(key) {
		case "e":
			o.event = s.Text()
		case "st":
			o.family = s.Int()
		case "o":
			for key := range s.Object() {
				switch string(key) {
				case "s":
					o.id = s.Text()
				case "S":
					v.Side = forced[string(s.Text())]
				case "q":
					v.Size = s.Decimal()
				case "p":
					v.Price = s.Decimal()
				case "ap":
					v.Average = price(&s)
				case "T":
					v.Time = s.Milli()
				}
			}
		}
	}
	if s.Err() == nil && o.is("forceOrder", in, &v.Stamp) {
		if v.Side == "" {
			return dst, errSide
		}
		dst = append(dst, v)
	}
	return dst, s.End()
}

// status reads section 3.2. It is of the whole venue, and only the hosts of spot tell it.
func status(dst []exchange.Status, _ *exchange.Scope, b []byte) ([]exchange.Status, error) {
	s := scan.New(b)
	v := exchange.Status{State: exchange.Maintenance}
	for key := range s.Object() {
		switch string(key) {
		case "status":
			if string(s.Raw()) == "0" {
				v.State = exchange.OK
			}
		case "msg":
			v.Message = s.Str()
		}
	}
	return append(dst, v), s.End()
}
