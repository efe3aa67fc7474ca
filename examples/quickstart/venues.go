package main

import (
	"fmt"
	"time"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/exchanges/binance"
	"github.com/depthwire/depthwire/exchanges/okx"
	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/venuetest"
)

// venue is a simulated venue and the client that knows nothing of that.
type venue struct {
	name   string
	server *venuetest.Server
	client *exchange.Client
}

func openVenues() []venue {
	market := venuetest.Options{Seed: uint64(time.Now().UnixNano()), Rate: 100}
	b, o := venuetest.Binance(market), venuetest.OKX(market)
	return []venue{
		{"binance", b, binance.New(exchange.Options{Endpoints: b.Endpoints(), DialContext: b.DialContext})},
		{"okx", o, okx.New(exchange.Options{Endpoints: o.Endpoints(), DialContext: o.DialContext})},
	}
}

func closeVenues(venues []venue) {
	for _, v := range venues {
		v.client.Close()
		v.server.Close()
	}
}

func (b *board) sources() (all []record.Source) {
	for _, v := range b.venues {
		all = append(all, record.Source{Client: v.client, Symbols: symbols})
	}
	return all
}

// accident is something that goes wrong at a part of the time.
type accident struct {
	at      float64
	what    string
	venue   int
	symbols []string
	fault   venuetest.Fault
}

var accidents = []accident{
	{0.4, "one delta dropped", 0, symbols[:1], venuetest.Fault{Kind: venuetest.DropDelta, ID: symbols[0], Channel: "depth"}},
	{0.6, "disconnected", 1, symbols, venuetest.Fault{Kind: venuetest.ResetSocket}},
}

// differs compares a book with the simulator's own at the same sequence number: every
// level of the depth that was asked for. It returns "" when they are equal.
func differs(s *venuetest.Server, b *exchange.OrderBook) string {
	truth, ok := s.Book(b.Symbol, b.Seq)
	if !ok {
		return fmt.Sprintf("sequence number %d was never there", b.Seq)
	}
	for _, side := range []struct {
		name string
		got  []exchange.Level
		want []venuetest.Level
	}{{"bids", b.Bids, truth.Bids}, {"asks", b.Asks, truth.Asks}} {
		if want := min(depth, len(side.want)); len(side.got) != want {
			return fmt.Sprintf("%d %s, not %d", len(side.got), side.name, want)
		}
		for i, l := range side.got {
			price, size := truth.Price(side.want[i]), truth.Size(side.want[i])
			if !l.Price.Equal(decimal.MustParse(price)) || !l.Size.Equal(decimal.MustParse(size)) {
				return fmt.Sprintf("%s %d: %s × %s, not %s × %s", side.name, i, l.Price, l.Size, price, size)
			}
		}
	}
	return ""
}
