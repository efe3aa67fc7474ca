package alltick

import (
	"testing"

	"github.com/depthwire/depthwire/exchange"
)

func TestVenueOf(t *testing.T) {
	for _, c := range []struct {
		plan string
		l    Limits
	}{{"", Limits{}}, {"basic", Limits{}}, {"basic", Limits{Symbols: -1}}, {"basic", Limits{Symbols: 100, PerSecond: 1, PerMinute: 60, PerDay: 86_400, Connections: 1}}, {"gold", Limits{Symbols: 7}}} {
		if venueOf(c.plan, c.l) != venue {
			t.Errorf("%q with %+v is not as published", c.plan, c.l)
		}
	}
	l := Limits{Symbols: 7, Connections: 2, PerSecond: 3, PerMinute: 50, PerDay: 900}
	v := venueOf("", l)
	if v == venue || venueOf("free", l) != v || venueOf("basic", l) == v || venueOf("free", Limits{Symbols: 7}) == v {
		t.Error("limits are not shared, or too widely")
	}
	for _, f := range v.Families {
		s, charges := f.Sockets[f.Name], f.Pull.BidAsk.Cost(nil, exchange.Args{})
		if s.MaxTopics != 7 || s.MaxConns != 2 || len(charges) != 3 || charges[0].Limit.Max != 3 || charges[1].Limit.Max != 50 || charges[2].Limit.Max != 900 {
			t.Errorf("%s: %+v, %+v", f.Name, s, charges)
		}
	}
}
