package binance

import (
	"net/http"
	"strconv"
	"time"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/rest"
	"github.com/depthwire/depthwire/stream"
)

const name = "binance"

// Names of the families.
const (
	spot   = "spot"
	linear = "linear"
)

// New returns a client of Binance.
func New(o exchange.Options) *exchange.Client { return exchange.New(Venue(), o) }

// Venue returns the description of Binance. It is shared and must not be changed.
func Venue() *exchange.Venue { return &venue }

var venue = exchange.Venue{Name: name, Families: []*exchange.Family{&spotFamily, &linearFamily}}

// Limits, sections 4.3 and 9.1. They hold per public address; windows are fixed.
var (
	spotWeight   = rest.Limit{Name: "REQUEST_WEIGHT", Max: 6000, Per: time.Minute, Fixed: true, Used: usedWeight}
	spotRaw      = rest.Limit{Name: "RAW_REQUESTS", Max: 300_000, Per: 5 * time.Minute, Fixed: true}
	spotDials    = rest.Limit{Name: "connections", Max: 300, Per: 5 * time.Minute}
	linearWeight = rest.Limit{Name: "REQUEST_WEIGHT", Max: 2400, Per: time.Minute, Fixed: true, Used: usedWeight}
	linearRates  = rest.Limit{Name: "fundingRate", Max: 500, Per: 5 * time.Minute, Fixed: true}
	linearDials  = rest.Limit{Name: "connections", Max: 300, Per: 5 * time.Minute}
)

// usedWeight reads the venue's own count, section 9.2.
func usedWeight(h http.Header) (used int, ok bool) {
	used, err := strconv.Atoi(h.Get("X-MBX-USED-WEIGHT-1M"))
	return used, err == nil
}

// window is how many levels a side a book begins with: 5,000 would cost five times the
// weight on spot, and futures give no more, section 3.3.
const window = 1000

var spotFamily = exchange.Family{
	Name: spot,
	Base: exchange.Endpoint{Name: "spot.rest", URL: "https://api.binance.com"},
	Pull: exchange.Pull{
		Markets:   exchange.Call[exchange.Market]{Path: "/api/v3/exchangeInfo", Cost: spotCost(20), Request: noPermissionSets, Parse: spotMarkets},
		Time:      exchange.Call[time.Time]{Path: "/api/v3/time", Cost: spotCost(1), Parse: serverTime},
		OrderBook: exchange.Call[book.Update]{Path: "/api/v3/depth", Cost: spotDepthCost, Request: spotDepth, Parse: snapshot},
		Ticker:    exchange.Call[exchange.Ticker]{Path: "/api/v3/ticker/24hr", Cost: spotCost(2), Request: bySymbol, Parse: tickers},
		Tickers:   exchange.Call[exchange.Ticker]{Path: "/api/v3/ticker/24hr", Cost: spotTickersCost, Request: bySymbols, Parse: tickers, Batch: 20},
		BidAsk:    exchange.Call[exchange.BidAsk]{Path: "/api/v3/ticker/bookTicker", Cost: spotCost(2), Request: bySymbol, Parse: bidAsks},
		Trades:    exchange.Call[exchange.Trade]{Path: "/api/v3/trades", Cost: spotTradesCost, Request: spotTradesRange, Parse: spotTrades, Page: tradesPage},
		Candles:   exchange.Call[exchange.Candle]{Path: "/api/v3/klines", Cost: spotCost(2), Request: candlesRange(1000), Parse: candles, Page: candlesPage(1000)},
		Status:    exchange.Call[exchange.Status]{Path: "/sapi/v1/system/status", Cost: spotCost(1), Parse: status},
	},
	Push: exchange.Push{
		OrderBook: []exchange.BookChannel{
			{
				Channel: exchange.Channel[book.Update]{Socket: "stream", Topic: partialTopic, Parse: snapshot},
				Depths:  []int{5, 10, 20},
				Sync:    exchange.SyncRule{Source: exchange.EveryMessage},
			},
			{
				Channel: exchange.Channel[book.Update]{Socket: "stream", Topic: topic("depth@100ms"), Parse: deltas},
				Depths:  []int{window},
				Sync:    exchange.SyncRule{Rule: spotRule, Source: exchange.ByCall, AfterDelta: true, Window: window},
				Merge:   mergeSpot,
			},
		},
		Ticker:  exchange.Channel[exchange.Ticker]{Socket: "stream", Topic: topic("ticker"), Parse: tickers},
		BidAsk:  exchange.Channel[exchange.BidAsk]{Socket: "stream", Topic: topic("bookTicker"), Parse: bidAsks},
		Trades:  exchange.Channel[exchange.Trade]{Socket: "stream", Topic: topic("trade"), Parse: spotTrades, Span: span},
		Candles: exchange.Channel[exchange.Candle]{Socket: "stream", Topic: candleTopic, Parse: pushedCandles},
	},
	Sockets: map[string]*exchange.Socket{
		"stream": {
			Endpoint: exchange.Endpoint{Name: "spot.stream", URL: "wss://stream.binance.com:9443"},
			Path:     "/stream",
			Dialect:  newDialect,
			// 5 a second with the pongs among them, section 4.3. The tenth of a second more is for frames
			// that the network brings closer together.
			Rates:     []stream.Rate{{Max: 4, Per: 1100 * time.Millisecond}},
			Dials:     &spotDials,
			MaxTopics: 1024,
			Quiet:     40 * time.Second,
		},
	},
	Refusal:   refusal,
	Codes:     spotCodes,
	Intervals: intervals("1s", "1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "3d", "1w", "1M"),
}

var linearFamily = exchange.Family{
	Name: linear,
	Base: exchange.Endpoint{Name: "linear.rest", URL: "https://fapi.binance.com"},
	Pull: exchange.Pull{
		Markets:   exchange.Call[exchange.Market]{Path: "/fapi/v1/exchangeInfo", Cost: linearCost(1), Parse: linearMarkets},
		Time:      exchange.Call[time.Time]{Path: "/fapi/v1/time", Cost: linearCost(1), Parse: serverTime},
		OrderBook: exchange.Call[book.Update]{Path: "/fapi/v1/depth", Cost: linearDepthCost, Request: linearDepth, Parse: snapshot},
		Ticker:    exchange.Call[exchange.Ticker]{Path: "/fapi/v1/ticker/24hr", Cost: linearCost(1), Request: bySymbol, Parse: tickers},
		Tickers:   exchange.Call[exchange.Ticker]{Path: "/fapi/v1/ticker/24hr", Cost: linearCost(40), Parse: tickers}, // all, whatever is named
		BidAsk:    exchange.Call[exchange.BidAsk]{Path: "/fapi/v1/ticker/bookTicker", Cost: linearCost(2), Request: bySymbol, Parse: bidAsks},
		Trades:    exchange.Call[exchange.Trade]{Path: "/fapi/v1/aggTrades", Cost: linearCost(20), Request: linearTradesRange, Parse: linearTrades, Page: tradesPage},
		Candles:   exchange.Call[exchange.Candle]{Path: "/fapi/v1/klines", Cost: linearCandlesCost, Request: candlesRange(1500), Parse: candles, Page: candlesPage(1500)},
		Funding:   exchange.Call[exchange.FundingRate]{Path: "/fapi/v1/premiumIndex", Cost: linearCost(1), Request: byPerpetual, Parse: fundingRates},
		History:   exchange.Call[exchange.FundingRate]{Path: "/fapi/v1/fundingRate", Cost: fundingCost, Request: historyRange, Parse: fundingHistory, Page: historyPage},
		MarkPrice: exchange.Call[exchange.MarkPrice]{Path: "/fapi/v1/premiumIndex", Cost: linearCost(1), Request: bySymbol, Parse: markPrices},

		OpenInterest: exchange.Call[exchange.OpenInterest]{Path: "/fapi/v1/openInterest", Cost: linearCost(1), Request: bySymbol, Parse: openInterest},
	},
	Push: exchange.Push{
		OrderBook: []exchange.BookChannel{
			{
				Channel: exchange.Channel[book.Update]{Socket: "public", Topic: partialTopic, Parse: linearPartial},
				Depths:  []int{5, 10, 20},
				Sync:    exchange.SyncRule{Source: exchange.EveryMessage},
			},
			{
				Channel: exchange.Channel[book.Update]{Socket: "public", Topic: topic("depth@100ms"), Parse: deltas},
				Depths:  []int{window},
				Sync:    exchange.SyncRule{Rule: linearRule, Source: exchange.ByCall, AfterDelta: true, Window: window},
				Merge:   mergeLinear,
			},
		},
		Ticker:    exchange.Channel[exchange.Ticker]{Socket: "market", Topic: topic("ticker"), Parse: tickers},
		BidAsk:    exchange.Channel[exchange.BidAsk]{Socket: "public", Topic: topic("bookTicker"), Parse: bidAsks},
		Trades:    exchange.Channel[exchange.Trade]{Socket: "market", Topic: topic("aggTrade"), Parse: linearTrades, Span: span},
		Candles:   exchange.Channel[exchange.Candle]{Socket: "market", Topic: candleTopic, Parse: pushedCandles},
		Funding:   exchange.Channel[exchange.FundingRate]{Socket: "market", Topic: fundingTopic, Parse: fundingRates},
		MarkPrice: exchange.Channel[exchange.MarkPrice]{Socket: "market", Topic: topic("markPrice@1s"), Parse: markPrices},

		Liquidations: exchange.Channel[exchange.Liquidation]{Socket: "market", Topic: topic("forceOrder"), Parse: liquidations, Rare: true},
	},
	Sockets: map[string]*exchange.Socket{
		"public": linearSocket("linear.public", "wss://fstream.binance.com/public"),
		"market": linearSocket("linear.market", "wss://fstream.binance.com/market"),
	},
	Refusal:   refusal,
	Codes:     linearCodes,
	Intervals: intervals("1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "3d", "1w", "1M"),
}

// linearSocket describes one of the two bases over which the streams of futures are split:
// a subscription on the wrong one is acknowledged and stays silent, section 4.8.
func linearSocket(name, url string) *exchange.Socket {
	return &exchange.Socket{
		Endpoint:  exchange.Endpoint{Name: name, URL: url},
		Path:      "/stream",
		Dialect:   newDialect,
		Rates:     []stream.Rate{{Max: 8, Per: 1100 * time.Millisecond}}, // of 10 a second
		Dials:     &linearDials,
		MaxTopics: 200, // the older of two figures in circulation, right under both
		// The venue pings every 3 minutes only; that a silent connection lives is asked by our own pings.
		Quiet: time.Minute,
	}
}

// intervals are told to the venue in the words of exchange.Interval.
func intervals(names ...string) map[exchange.Interval]string {
	m := make(map[exchange.Interval]string, len(names))
	for _, n := range names {
		m[exchange.Interval(n)] = n
	}
	return m
}
