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

var venue = exchange.Venue{Name: name, Families: []*exchange.Family{&spotFamily, &linearFamily}, Environments: environments}

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

// whole is how books are kept of which each message has all; deltasOf, of which the messages are linked by a rule.
var whole = exchange.SyncRule{Source: exchange.EveryMessage}

func deltasOf(r book.Rule) exchange.SyncRule {
	return exchange.SyncRule{Rule: r, Source: exchange.ByCall, AfterDelta: true, Window: window}
}

// How often books change, sections 4.6 and 4.8.
var (
	spotSpeeds   = map[time.Duration]string{100 * time.Millisecond: "@100ms", time.Second: ""}
	linearSpeeds = map[time.Duration]string{100 * time.Millisecond: "@100ms", 250 * time.Millisecond: "", 500 * time.Millisecond: "@500ms"}
)

// The lengths of candles, section 3.5.
var (
	linearBars = exchange.Intervals("1m 3m 5m 15m 30m 1h 2h 4h 6h 8h 12h 1d 3d 1w 1M")
	spotBars   = exchange.Intervals("1s 1m 3m 5m 15m 30m 1h 2h 4h 6h 8h 12h 1d 3d 1w 1M")
)

var spotFamily = spotAccount(exchange.Family{
	Name: spot,
	Base: exchange.Endpoint{Name: "spot.rest", URL: "https://api.binance.com"},
	Pull: exchange.Pull{
		Markets:   exchange.Call[exchange.Market]{Path: "/api/v3/exchangeInfo", Cost: spotCost(20), Request: exchange.Query("", "showPermissionSets", "false"), Parse: spotMarkets},
		Time:      exchange.Call[time.Time]{Path: "/api/v3/time", Cost: spotCost(1), Parse: serverTime},
		OrderBook: exchange.Call[book.Update]{Path: "/api/v3/depth", Cost: spotDepthCost, Request: exchange.QueryBook("symbol", "limit", spotDepths...), Parse: snapshot},
		Ticker:    exchange.Call[exchange.Ticker]{Path: "/api/v3/ticker/24hr", Cost: spotCost(2), Request: bySymbol, Parse: tickers},
		Tickers:   exchange.Call[exchange.Ticker]{Path: "/api/v3/ticker/24hr", Cost: spotTickersCost, Request: bySymbols, Parse: tickers, Batch: 20},
		BidAsk:    exchange.Call[exchange.BidAsk]{Path: "/api/v3/ticker/bookTicker", Cost: spotCost(2), Request: bySymbol, Parse: bidAsks},
		Trades:    exchange.Call[exchange.Trade]{Path: "/api/v3/trades", Cost: spotTradesCost, Request: tradesRange("/api/v3/historicalTrades", "/api/v3/aggTrades", seekers), Parse: spotTrades, Page: tradesPage},
		Candles:   exchange.Call[exchange.Candle]{Path: "/api/v3/klines", Cost: spotCost(2), Request: candlesRange(spotCandleCount), Parse: candles, Page: exchange.PageByTime(spotCandleCount, candleStart, time.Millisecond)},
		Status:    exchange.Call[exchange.Status]{Path: "/sapi/v1/system/status", Cost: spotCost(1), Parse: status},
	},
	Push: exchange.Push{
		OrderBook: []exchange.BookChannel{
			{Channel: exchange.Channel[book.Update]{Socket: "stream", Topic: exchange.Topic("$lower@depth$depth$speed"), Parse: snapshot}, Depths: []int{5, 10, 20}, Sync: whole, Speeds: spotSpeeds},
			{Channel: exchange.Channel[book.Update]{Socket: "stream", Topic: exchange.Topic("$lower@depth$speed"), Parse: spotDeltas}, Depths: []int{window}, Sync: deltasOf(spotRule), Merge: mergeSpot, Speeds: spotSpeeds},
		},
		Ticker:  exchange.Channel[exchange.Ticker]{Socket: "stream", Topic: exchange.Topic("$lower@ticker"), Parse: tickers},
		BidAsk:  exchange.Channel[exchange.BidAsk]{Socket: "stream", Topic: exchange.Topic("$lower@bookTicker"), Parse: bidAsks},
		Trades:  exchange.Channel[exchange.Trade]{Socket: "stream", Topic: exchange.Topic("$lower@trade"), Parse: spotTrades, Span: span},
		Candles: exchange.Channel[exchange.Candle]{Socket: "stream", Topic: exchange.Topic("$lower@kline_$interval", spotBars), Parse: pushedCandles},
	},
	Sockets: map[string]*exchange.Socket{
		// 5 messages a second with the pongs among them, section 4.3.
		"stream": socket("spot.stream", "wss://stream.binance.com:9443", 4, 1024, &spotDials, 40*time.Second),
	},
	Auth:      &auth,
	Refusal:   refusal,
	Codes:     spotCodes,
	Intervals: spotBars,
})

var linearFamily = linearAccount(exchange.Family{
	Name: linear,
	Base: exchange.Endpoint{Name: "linear.rest", URL: "https://fapi.binance.com"},
	Pull: exchange.Pull{
		Markets:   exchange.Call[exchange.Market]{Path: "/fapi/v1/exchangeInfo", Cost: linearCost(1), Parse: linearMarkets},
		Time:      exchange.Call[time.Time]{Path: "/fapi/v1/time", Cost: linearCost(1), Parse: serverTime},
		OrderBook: exchange.Call[book.Update]{Path: "/fapi/v1/depth", Cost: linearDepthCost, Request: exchange.QueryBook("symbol", "limit", linearDepths...), Parse: snapshot},
		Ticker:    exchange.Call[exchange.Ticker]{Path: "/fapi/v1/ticker/24hr", Cost: linearCost(1), Request: bySymbol, Parse: tickers},
		Tickers:   exchange.Call[exchange.Ticker]{Path: "/fapi/v1/ticker/24hr", Cost: linearCost(40), Parse: tickers}, // all, whatever is named
		BidAsk:    exchange.Call[exchange.BidAsk]{Path: "/fapi/v1/ticker/bookTicker", Cost: linearCost(2), Request: bySymbol, Parse: bidAsks},
		Trades:    exchange.Call[exchange.Trade]{Path: "/fapi/v1/aggTrades", Cost: linearCost(20), Request: tradesRange("/fapi/v1/aggTrades", "/fapi/v1/aggTrades", 0), Parse: linearTrades, Page: tradesPage},
		Candles:   exchange.Call[exchange.Candle]{Path: "/fapi/v1/klines", Cost: linearCandlesCost, Request: candlesRange(linearCandleCount), Parse: candles, Page: exchange.PageByTime(linearCandleCount, candleStart, time.Millisecond)},
		Funding:   exchange.Call[exchange.FundingRate]{Path: "/fapi/v1/premiumIndex", Cost: linearCost(1), For: exchange.Swaps, Request: bySymbol, Parse: fundingRates},
		History:   exchange.Call[exchange.FundingRate]{Path: "/fapi/v1/fundingRate", For: exchange.Swaps, Cost: exchange.Cost(1, &linearRates), Request: historyRange, Parse: fundingHistory, Page: exchange.PageByTime(historyCount, charged, time.Minute)},
		MarkPrice: exchange.Call[exchange.MarkPrice]{Path: "/fapi/v1/premiumIndex", Cost: linearCost(1), Request: bySymbol, Parse: markPrices},

		OpenInterest: exchange.Call[exchange.OpenInterest]{Path: "/fapi/v1/openInterest", Cost: linearCost(1), Request: bySymbol, Parse: openInterest},
	},
	Push: exchange.Push{
		OrderBook: []exchange.BookChannel{
			{Channel: exchange.Channel[book.Update]{Socket: "public", Topic: exchange.Topic("$lower@depth$depth$speed"), Parse: linearPartial}, Depths: []int{5, 10, 20}, Sync: whole, Speeds: linearSpeeds},
			{Channel: exchange.Channel[book.Update]{Socket: "public", Topic: exchange.Topic("$lower@depth$speed"), Parse: linearDeltas}, Depths: []int{window}, Sync: deltasOf(linearRule), Merge: mergeLinear, Speeds: linearSpeeds},
		},
		Ticker:    exchange.Channel[exchange.Ticker]{Socket: "market", Topic: exchange.Topic("$lower@ticker"), Parse: tickers},
		BidAsk:    exchange.Channel[exchange.BidAsk]{Socket: "public", Topic: exchange.Topic("$lower@bookTicker"), Parse: bidAsks},
		Trades:    exchange.Channel[exchange.Trade]{Socket: "market", Topic: exchange.Topic("$lower@aggTrade"), Parse: linearTrades, Span: span},
		Candles:   exchange.Channel[exchange.Candle]{Socket: "market", Topic: exchange.Topic("$lower@kline_$interval", linearBars), Parse: pushedCandles},
		Funding:   exchange.Channel[exchange.FundingRate]{Socket: "market", For: exchange.Swaps, Topic: exchange.Topic("$lower@markPrice@1s"), Parse: fundingRates},
		MarkPrice: exchange.Channel[exchange.MarkPrice]{Socket: "market", Topic: exchange.Topic("$lower@markPrice@1s"), Parse: markPrices},

		Liquidations: exchange.Channel[exchange.Liquidation]{Socket: "market", Topic: exchange.Topic("$lower@forceOrder"), Parse: liquidations, Rare: true},
	},
	Sockets: map[string]*exchange.Socket{
		// Streams are split over two bases: a subscription on the wrong one is acknowledged and stays silent, section 4.8. They allow 10
		// messages a second and 200 topics, the older of two figures in circulation. They ping every 3 minutes only: our own pings ask
		// whether a silent connection lives.
		"public": socket("linear.public", "wss://fstream.binance.com/public", 8, 200, &linearDials, time.Minute),
		"market": socket("linear.market", "wss://fstream.binance.com/market", 8, 200, &linearDials, time.Minute),
	},
	Auth:      &auth,
	Refusal:   refusal,
	Codes:     linearCodes,
	Intervals: linearBars,
})

// socket describes a base of streams that takes so many messages in a second: the tenth of a second more is for frames that the
// network brings closer together.
func socket(name, url string, messages, topics int, dials *rest.Limit, quiet time.Duration) *exchange.Socket {
	return &exchange.Socket{
		Endpoint:  exchange.Endpoint{Name: name, URL: url},
		Path:      "/stream",
		Dialect:   newDialect,
		Rates:     []stream.Rate{{Max: messages, Per: 1100 * time.Millisecond}},
		Dials:     dials,
		MaxTopics: topics,
		Quiet:     quiet,
	}
}
