package alltick

import (
	"cmp"
	"sync"
	"time"

	"github.com/depthwire/depthwire/exchange"
)

// Limits are what a token may do where that is not what its plan allows. What is zero or less is as in the plan.
type Limits struct {
	Symbols     int // on each list of a connection: one is of trades, one of books
	Connections int // of each family at the same time
	PerSecond   int // requests of both families together
	PerMinute   int
	PerDay      int
}

// NewLimited returns a client of AllTick for a token whose limits differ from those of Options.Plan. It sends nothing.
// Clients of one process share the limits when plan and limits are the same.
func NewLimited(o exchange.Options, l Limits) *exchange.Client {
	v := venueOf(o.Plan, l)
	if v != venue {
		o.Plan = ""
	}
	return exchange.New(v, o)
}

// limited are the venues of plans that differ from the published ones.
var limited sync.Map

// venueOf returns the description for a plan with other limits, always the same one.
func venueOf(name string, l Limits) *exchange.Venue {
	bought, ok := plans[cmp.Or(name, free)]
	p := l.over(bought)
	if !ok || p == bought {
		return venue
	}
	v, _ := limited.LoadOrStore(p, &exchange.Venue{Name: venue.Name, Families: p.families()})
	return v.(*exchange.Venue)
}

// over returns the plan with what the limits say in place of its own.
func (l Limits) over(p plan) plan {
	or := func(n, own int) int { return cmp.Or(max(n, 0), own) }
	if l.PerSecond > 0 {
		p.every, p.burst = time.Second, l.PerSecond
	}
	p.minute, p.day, p.codes, p.conns = or(l.PerMinute, p.minute), or(l.PerDay, p.day), or(l.Symbols, p.codes), or(l.Connections, p.conns)
	return p
}
