package exchangetest

import (
	"strings"
	"testing"
	"time"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/stream"
)

var noon = time.Date(2026, 9, 14, 12, 0, 0, 0, time.UTC)

func n(text string) decimal.Decimal { return decimal.MustParse(text) }

// testJudge knows a pair, a contract of 0.01 and a pair without sizes.
func testJudge() *judge {
	return &judge{
		venue: "v", source: exchange.Stream, interval: "1m", began: noon, now: noon.Add(time.Second),
		unsized: map[string]string{"E/U": "no volumes"},
		markets: map[string]exchange.Market{
			"A/B":   {Symbol: "A/B", Kind: exchange.Spot},
			"A/B:B": {Symbol: "A/B:B", Kind: exchange.Swap, Contract: n("0.01")},
			"E/U":   {Symbol: "E/U", Kind: exchange.Spot},
		},
	}
}

func stamp(symbol string) exchange.Stamp {
	return exchange.Stamp{Venue: "v", Symbol: symbol, Source: exchange.Stream, Time: noon, Received: noon}
}

// with returns what the change makes of a value.
func with[T any](v T, change func(*T)) *T {
	change(&v)
	return &v
}

// What is right is passed, and each invariant has a value that breaks it.
func TestJudge(t *testing.T) {
	j := testJudge()
	trade := exchange.Trade{Stamp: stamp("A/B"), ID: "1", Side: exchange.Buy, Price: n("2"), Size: n("3")}
	contract := exchange.Trade{Stamp: stamp("A/B:B"), ID: "1", Side: exchange.Sell, Price: n("2"), Size: n("0.03"), Contracts: n("3")}
	ticker := exchange.Ticker{Stamp: stamp("A/B:B"), Last: n("2"), Bid: n("1"), Ask: n("3"), High: n("4"), Low: n("1"), Volume: n("0.1"), ContractVolume: n("10")}
	touch := exchange.BidAsk{Stamp: stamp("A/B"), Bid: n("1"), BidSize: n("1"), Ask: n("2"), AskSize: n("1")}
	candle := exchange.Candle{Stamp: stamp("A/B"), Interval: "1m", Start: noon, Open: n("2"), High: n("3"), Low: n("1"), Close: n("2")}
	rate := exchange.FundingRate{Stamp: stamp("A/B:B"), Rate: n("-0.0001"), Next: noon.Add(time.Hour)}
	mark := exchange.MarkPrice{Stamp: stamp("A/B:B"), Mark: n("2")}
	level := func(price string) exchange.Level { return exchange.Level{Price: n(price), Size: n("1")} }
	whole := exchange.OrderBook{Stamp: stamp("A/B"), State: book.Live, Bids: []exchange.Level{level("2"), level("1")}, Asks: []exchange.Level{level("3"), level("4")}}
	market := exchange.Market{ID: "ab", Symbol: "A/B", Family: "spot", Kind: exchange.Spot, Active: true}
	for _, c := range []struct {
		name string
		got  value
		want string // part of what is wrong, empty: nothing is
	}{
		{"trade", j.trade(&trade), ""},
		{"trade of contracts", j.trade(&contract), ""},
		{"trade without size", j.trade(with(trade, func(v *exchange.Trade) { v.Symbol, v.Size, v.Side = "E/U", decimal.Decimal{}, "" })), ""},
		{"size where there is none", j.trade(with(trade, func(v *exchange.Trade) { v.Symbol, v.Side = "E/U", "" })), "in spite of"},
		{"side where there is none", j.trade(with(trade, func(v *exchange.Trade) { v.Symbol, v.Size = "E/U", decimal.Decimal{} })), "in spite of"},
		{"another symbol", j.trade(with(trade, func(v *exchange.Trade) { v.Symbol = "X/Y" })), "not asked for"},
		{"another venue", j.trade(with(trade, func(v *exchange.Trade) { v.Venue = "w" })), "venue"},
		{"no source", j.trade(with(trade, func(v *exchange.Trade) { v.Source = 0 })), "source"},
		{"not received", j.trade(with(trade, func(v *exchange.Trade) { v.Received = time.Time{} })), "received"},
		{"received later", j.trade(with(trade, func(v *exchange.Trade) { v.Received = noon.Add(time.Minute) })), "received"},
		{"from the future", j.trade(with(trade, func(v *exchange.Trade) { v.Time = noon.Add(time.Hour) })), "lies ahead"},
		{"no time", j.trade(with(trade, func(v *exchange.Trade) { v.Time = time.Time{} })), "no time"},
		{"no id", j.trade(with(trade, func(v *exchange.Trade) { v.ID = "" })), "no id"},
		{"no side", j.trade(with(trade, func(v *exchange.Trade) { v.Side = "" })), "side"},
		{"no price", j.trade(with(trade, func(v *exchange.Trade) { v.Price = decimal.Decimal{} })), "price"},
		{"negative size", j.trade(with(trade, func(v *exchange.Trade) { v.Size = n("-1") })), "size"},
		{"contracts as base units", j.trade(with(contract, func(v *exchange.Trade) { v.Size = n("3") })), "contracts are"},
		{"contracts left out", j.trade(with(contract, func(v *exchange.Trade) { v.Contracts = decimal.Decimal{} })), "contracts"},

		{"ticker", j.ticker(&ticker), ""},
		{"no last price", j.ticker(with(ticker, func(v *exchange.Ticker) { v.Last = n("0") })), "last"},
		{"ticker crossed", j.ticker(with(ticker, func(v *exchange.Ticker) { v.Bid = n("3") })), "bid 3"},
		{"high below low", j.ticker(with(ticker, func(v *exchange.Ticker) { v.High = n("0.5") })), "high"},
		{"negative volume", j.ticker(with(ticker, func(v *exchange.Ticker) { v.QuoteVolume = n("-1") })), "-1"},
		{"volume of both sides", j.ticker(with(ticker, func(v *exchange.Ticker) { v.Volume = n("0.2") })), "contracts"},
		{"old ticker", j.ticker(with(ticker, func(v *exchange.Ticker) { v.Time = noon.Add(-time.Hour) })), "is old"},
		{"change against percent", j.ticker(with(ticker, func(v *exchange.Ticker) { v.Change, v.Percent = n("1"), n("-1") })), "change"},

		{"touch", j.bidAsk(&touch), ""},
		{"touch crossed", j.bidAsk(with(touch, func(v *exchange.BidAsk) { v.Ask = n("1") })), "ask 1"},
		{"no ask", j.bidAsk(with(touch, func(v *exchange.BidAsk) { v.Ask = decimal.Decimal{} })), "ask"},
		{"touch without size", j.bidAsk(with(touch, func(v *exchange.BidAsk) { v.BidSize = n("0") })), "bid size"},

		{"candle", j.candle(&candle), ""},
		{"another interval", j.candle(with(candle, func(v *exchange.Candle) { v.Interval = "5m" })), "interval"},
		{"begins in between", j.candle(with(candle, func(v *exchange.Candle) { v.Start = noon.Add(-time.Second) })), "start"},
		{"closed too early", j.candle(with(candle, func(v *exchange.Candle) { v.Closed = true })), "closed"},
		{"close above high", j.candle(with(candle, func(v *exchange.Candle) { v.Close = n("9") })), "not between"},

		{"rate", j.funding(&rate), ""},
		{"rate in percent", j.funding(with(rate, func(v *exchange.FundingRate) { v.Rate = n("1.2") })), "rate"},
		{"charged before", j.funding(with(rate, func(v *exchange.FundingRate) { v.Next = noon })), "charged"},
		{"history from the future", j.charged(&rate), "charged"},
		{"mark", j.markPrice(&mark), ""},
		{"no mark", j.markPrice(with(mark, func(v *exchange.MarkPrice) { v.Mark = decimal.Decimal{} })), "mark"},

		{"book", j.orderBook(&whole), ""},
		{"book crossed", j.orderBook(with(whole, func(v *exchange.OrderBook) { v.Asks = []exchange.Level{level("2")} })), "ask 2"},
		{"levels not sorted", j.orderBook(with(whole, func(v *exchange.OrderBook) { v.Bids = []exchange.Level{level("1"), level("2")} })), "2 after 1"},
		{"level twice", j.orderBook(with(whole, func(v *exchange.OrderBook) { v.Asks = []exchange.Level{level("3"), level("3")} })), "3 after 3"},
		{"level without size", j.orderBook(with(whole, func(v *exchange.OrderBook) { v.Asks = []exchange.Level{{Price: n("3")}} })), "level size"},
		{"empty side", j.orderBook(with(whole, func(v *exchange.OrderBook) { v.Asks = nil })), "0 asks"},
		{"levels of a stale book", j.orderBook(with(whole, func(v *exchange.OrderBook) { v.State = book.Stale })), "levels in a book"},
		{"stale without a break", j.orderBook(with(whole, func(v *exchange.OrderBook) { v.State, v.Bids, v.Asks = book.Stale, nil, nil })), "without a break"},
		{"unit not told", j.orderBook(with(whole, func(v *exchange.OrderBook) { v.Symbol = "A/B:B" })), "contracts"},

		{"market", j.market(&market), ""},
		{"market without kind", j.market(with(market, func(v *exchange.Market) { v.Kind = "" })), "kind"},
		{"contract that is not settled", j.market(with(market, func(v *exchange.Market) { v.Kind = exchange.Swap })), "not settled"},
		{"future without an end", j.market(with(market, func(v *exchange.Market) { v.Kind, v.Settle = exchange.Future, "B" })), "expires"},
	} {
		switch {
		case c.want == "" && c.got.wrong != nil:
			t.Errorf("%s: %v", c.name, c.got.wrong)
		case c.want != "" && (c.got.wrong == nil || !strings.Contains(c.got.wrong.Error(), c.want)):
			t.Errorf("%s: %v, want %q", c.name, c.got.wrong, c.want)
		}
	}
}

// One lost delta is told once, and healed.
func TestHoles(t *testing.T) {
	hole := stream.Break{Cause: stream.Gap, From: noon}
	healed := stream.Break{Cause: stream.Gap, From: noon, To: noon.Add(time.Second), Healed: true}
	for _, c := range []struct {
		told    []stream.Break
		noticed bool
		right   bool
	}{
		{nil, false, true},
		{nil, true, false},
		{[]stream.Break{hole}, true, false},
		{[]stream.Break{hole, healed}, true, true},
		{[]stream.Break{hole, healed}, false, false},
		{[]stream.Break{hole, healed, hole, healed}, true, false},
		{[]stream.Break{healed, hole}, true, false},
	} {
		if err := holes(c.told, c.noticed); (err == nil) != c.right {
			t.Errorf("%d breaks, noticed %t: %v", len(c.told), c.noticed, err)
		}
	}
}
