package okx

import (
	"errors"
	"strings"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/rest"
	"github.com/depthwire/depthwire/scan"
)

// parseInterest reads what is open of contracts (section 3.6), the same in the stream.
func parseInterest(dst []exchange.OpenInterest, in *exchange.Scope, b []byte) ([]exchange.OpenInterest, error) {
	d := open(b)
	for d.next() {
		var v exchange.OpenInterest
		m := in.Market
		for key := range d.Object() {
			switch string(key) {
			case "instId":
				m = in.At(d.Text())
			case "oi":
				v.Contracts = d.Decimal()
			case "oiCcy":
				v.Size = d.Decimal()
			case "oiUsd":
				v.Value = d.Decimal()
			case "ts":
				v.Time = d.Milli()
			}
		}
		if m != nil {
			v.Symbol = m.Symbol
			dst = append(dst, v)
		}
	}
	return dst, d.End()
}

// typeTopic is that of a channel that has all instruments of a type (section 4.4).
func typeTopic(channel, instType string) func(*exchange.Market, exchange.Args) string {
	return func(*exchange.Market, exchange.Args) string {
		return argChannel + channel + argType + instType + argEnd
	}
}

var forced = map[string]exchange.Side{"buy": exchange.Buy, "sell": exchange.Sell}

var errSide = errors.New("okx: liquidation without a side")

// parseLiquidations reads orders that the venue has made, each instrument with a list of its
// own (section 4.4), the same in the stream. The price is that of bankruptcy.
func parseLiquidations(dst []exchange.Liquidation, in *exchange.Scope, b []byte) ([]exchange.Liquidation, error) {
	d := open(b)
	for d.next() {
		var details []byte
		var m *exchange.Market
		for key := range d.Object() {
			switch string(key) {
			case "instId":
				if id := d.Text(); in.At(id) != nil && in.At(id).ID == string(id) { // there may be others of the family
					m = in.At(id)
				}
			case "details":
				details = d.Raw()
			}
		}
		if m == nil || details == nil {
			continue
		}
		s := scan.New(details)
		for range s.Array() {
			v := liquidation(&s, m)
			if s.Err() == nil && v.Side == "" {
				return dst, errSide
			}
			dst = append(dst, v)
		}
		if err := s.End(); err != nil {
			return dst, err
		}
	}
	return dst, d.End()
}

func liquidation(s *scan.Scanner, m *exchange.Market) (v exchange.Liquidation) {
	v.Symbol = m.Symbol
	for key := range s.Object() {
		switch string(key) {
		case "side":
			v.Side = forced[string(s.Text())]
		case "bkPx":
			v.Price = s.Decimal()
		case "sz":
			v.Contracts = s.Decimal()
		case "ts":
			v.Time = s.Milli()
		}
	}
	v.Size, v.Contracts = m.Sized(v.Contracts, v.Price)
	return v
}

const liquidationRows = 100

// askLiquidations asks for those of a range, the newest first. A swap is alone in its family.
func askLiquidations(r *rest.Request, ms []*exchange.Market, a exchange.Args) error {
	r.Set("instType", "SWAP")
	r.Set("instFamily", strings.TrimSuffix(ms[0].ID, "-SWAP"))
	r.Set("state", "filled")
	askBack(r, a.Range, liquidationRows)
	return nil
}

func beforeLiquidations(page []exchange.Liquidation, a exchange.Args) (exchange.Args, bool) {
	a.Range.Until = page[0].Time.Add(time.Millisecond) // others may have the same time
	return a, true
}

const production = "1" // in env

// parseStatus reads the maintenances that are announced: one that is going on is one (section 3.6).
func parseStatus(dst []exchange.Status, _ *exchange.Scope, b []byte) ([]exchange.Status, error) {
	d, now := open(b), exchange.Status{State: exchange.OK}
	for d.next() {
		var v exchange.Status
		env := production
		for key := range d.Object() {
			switch string(key) {
			case "state":
				if string(d.Text()) == "ongoing" {
					v.State = exchange.Maintenance
				}
			case "end":
				v.Until = d.Milli()
			case "title":
				v.Message = d.Str()
			case "env":
				env = d.Str()
			}
		}
		if v.State == exchange.Maintenance && env == production && !v.Until.Before(now.Until) {
			now = v
		}
	}
	return append(dst, now), d.End()
}
