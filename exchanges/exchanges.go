package exchanges

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/exchanges/alltick"
	"github.com/depthwire/depthwire/exchanges/backpack"
	"github.com/depthwire/depthwire/exchanges/binance"
	"github.com/depthwire/depthwire/exchanges/huobi"
	"github.com/depthwire/depthwire/exchanges/okx"
)

var venues = map[string]func() *exchange.Venue{
	"alltick":  alltick.Venue,
	"backpack": backpack.Venue,
	"binance":  binance.Venue,
	"huobi":    huobi.Venue,
	"okx":      okx.Venue,
}

// Open returns a client of the venue of that name. It sends nothing. An unknown name is
// an exchange.ErrBadRequest that names the known ones; so are options that do not fit.
func Open(name string, o exchange.Options) (*exchange.Client, error) {
	venue := venues[name]
	if venue == nil {
		return nil, &exchange.Error{
			Venue: "exchanges", Op: "Open", Kind: exchange.ErrBadRequest,
			Message: fmt.Sprintf("no venue %q; there are %s", name, strings.Join(Names(), ", ")),
		}
	}
	c := exchange.New(venue(), o)
	if err := c.Err(); err != nil {
		return nil, err
	}
	return c, nil
}

// Names returns the names of all venues, sorted.
func Names() []string { return slices.Sorted(maps.Keys(venues)) }
