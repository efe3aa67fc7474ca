package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/exchanges/alltick"
	"github.com/depthwire/depthwire/exchanges/backpack"
	"github.com/depthwire/depthwire/exchanges/binance"
	"github.com/depthwire/depthwire/exchanges/huobi"
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

// openVenues starts five venues. The first two are watched market by market, recorded and hurt; all are consolidated.
func openVenues() []venue {
	market := venuetest.Options{Seed: uint64(time.Now().UnixNano()), Rate: 100}
	on := func(defaults []venuetest.Market) venuetest.Options {
		o := market
		o.Markets = onePrice(defaults)
		return o
	}
	only := func(defaults []venuetest.Market, symbol string) venuetest.Options {
		return on(slices.DeleteFunc(defaults, func(m venuetest.Market) bool { return m.Symbol != symbol }))
	}
	open := func(name string, s *venuetest.Server, client func(exchange.Options) *exchange.Client) venue {
		o := exchange.Options{Endpoints: s.Endpoints(), DialContext: s.DialContext}
		if name == "alltick" {
			o.Token, o.Plan = "professional-0123456789", "professional"
		}
		return venue{name, s, client(o)}
	}
	return []venue{
		open("binance", venuetest.Binance(on(venuetest.BinanceMarkets())), binance.New),
		open("okx", venuetest.OKX(on(venuetest.OKXMarkets())), okx.New),
		open("huobi", venuetest.Huobi(only(venuetest.HuobiMarkets(), consolidated)), huobi.New),
		open("backpack", venuetest.Backpack(only(venuetest.BackpackMarkets(), onBackpack)), backpack.New),
		open("alltick", venuetest.AllTick(only(venuetest.AllTickMarkets(), consolidated)), alltick.New),
	}
}

// consolidated is what is shown of all venues as one book; Backpack has it against another dollar only.
const consolidated, onBackpack = "BTC/USDT", "BTC/USDC"

// onePrice gives what is consolidated one price on all venues: simulated markets know nothing of each other.
func onePrice(ms []venuetest.Market) []venuetest.Market {
	for i := range ms {
		if ms[i].Symbol == consolidated || ms[i].Symbol == onBackpack {
			ms[i].Price = "64000"
		}
	}
	return ms
}

func closeVenues(venues []venue) {
	for _, v := range venues {
		v.client.Close()
		v.server.Close()
	}
}

// channels are what is recorded.
var channels = []record.Channel{record.Trades, record.Books, record.Tickers}

func (b *board) sources() (all []record.Source) {
	for _, v := range b.venues {
		all = append(all, record.Source{Client: v.client, Symbols: symbols, Channels: channels})
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
