package huobi

import (
	"time"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/rest"
	"github.com/depthwire/depthwire/stream"
)

const name = "huobi"

// New returns a client of HTX. It sends nothing.
func New(o exchange.Options) *exchange.Client { return exchange.New(Venue(), o) }

// Venue returns the description of HTX, always the same one. It must not be changed.
func Venue() *exchange.Venue { return venue }

var venue = &exchange.Venue{Name: name, Families: []*exchange.Family{
	spot(),
	contracts("linear", paths{
		api:     "/linear-swap-api/v1/",
		market:  "/linear-swap-ex/market/",
		tickers: "/v2/linear-swap-ex/market/detail/batch_merged",
		marks:   "/index/market/history/linear_swap_mark_price_kline",
		stream:  "/linear-swap-ws",
		notices: "/linear-swap-notification",
	}),
	contracts("inverse", paths{
		api:     "/swap-api/v1/",
		market:  "/swap-ex/market/",
		stream:  "/swap-ws",
		notices: "/swap-notification",
	}),
}}

// paths are what the families of contracts differ in, sections 1.3 and 3.6 to 3.13. The document lists tickers and marks of linear ones alone.
type paths struct{ api, market, tickers, marks, stream, notices string }

// Budgets of sections 9.1 and 9.2. Spot counts each endpoint alone; one budget for all of them, the least, is simpler.
var (
	spotMarket     = rest.Limit{Name: "huobi spot market data", Max: 3000, Per: 5 * time.Minute, Share: 0.8}
	spotOther      = rest.Limit{Name: "huobi spot", Max: 10, Per: time.Second, Share: 0.8}
	contractMarket = rest.Limit{Name: "huobi contract market data", Max: 800, Per: time.Second, Share: 0.8}
	contractOther  = rest.Limit{Name: "huobi contracts", Max: 240, Per: 3 * time.Second, Share: 0.8}
)

// intervals are the lengths of candles, section 3.5.
var intervals = exchange.Intervals("1m=1min 5m=5min 15m=15min 30m=30min 1h=60min 4h=4hour 1d=1day 1w=1week 1M=1mon")

var (
	bySymbol   = exchange.Query("symbol")
	byContract = exchange.Query("contract_code")
	everything = exchange.Query("", "business_type", "all") // where swaps are alone unless it is said
	lastMinute = exchange.Query("contract_code", "period", "1min", "size", "1")
)

// spot describes sections 3.1 to 3.5 and 4.5.
func spot() *exchange.Family {
	const merged, all = "/market/detail/merged", "/market/tickers"
	market, other := exchange.Cost(1, &spotMarket), exchange.Cost(1, &spotOther)
	return &exchange.Family{
		Name: "spot",
		Base: exchange.Endpoint{Name: "spot.rest", URL: "https://api.huobi.pro"},
		Pull: exchange.Pull{
			Markets:   exchange.Call[exchange.Market]{Path: "/v1/settings/common/market-symbols", Cost: other, Parse: spotMarkets},
			Time:      exchange.Call[time.Time]{Path: "/v1/common/timestamp", Cost: other, Parse: serverTime},
			OrderBook: exchange.Call[book.Update]{Path: "/market/depth", Cost: market, Request: askBook(bySymbol), Parse: books},
			Ticker:    exchange.Call[exchange.Ticker]{Path: merged, Cost: market, Request: bySymbol, Parse: spotTickers},
			Tickers:   exchange.Call[exchange.Ticker]{Cost: market, Request: askTickers(bySymbol, merged, all), Parse: spotTickers, Batch: 1},
			BidAsk:    exchange.Call[exchange.BidAsk]{Path: merged, Cost: market, Request: bySymbol, Parse: bidAsks},
			Trades:    exchange.Call[exchange.Trade]{Path: "/market/history/trade", Cost: market, Request: askTrades(bySymbol), Parse: trades},
			Candles:   exchange.Call[exchange.Candle]{Path: "/market/history/kline", Cost: market, Request: askPairCandles, Parse: spotCandles},
		},
		Push: exchange.Push{
			OrderBook: []exchange.BookChannel{
				window("feed", "mbp.$depth", mergeSpot, asked, 5),
				window("feed", "mbp.refresh.$depth", nil, whole, 5, 10, 20),
				window("feed", "mbp.$depth", mergeSpot, asked, 150),
				window("market", "depth.step0", nil, whole, 150),
			},
			Ticker:  exchange.Channel[exchange.Ticker]{Socket: "market", Topic: topic("ticker"), Parse: spotTickers},
			BidAsk:  exchange.Channel[exchange.BidAsk]{Socket: "market", Topic: topic("bbo"), Parse: bidAsks},
			Trades:  exchange.Channel[exchange.Trade]{Socket: "market", Topic: topic("trade.detail"), Parse: trades, Span: span},
			Candles: exchange.Channel[exchange.Candle]{Socket: "market", Topic: topic("kline.$interval", intervals), Parse: spotCandles},
		},
		Sockets: map[string]*exchange.Socket{
			"market": socket(spotStream, "/ws", 20, beating),
			"feed":   socket(spotStream, "/feed", 20, beating),
		},
		Refusal:   refusal,
		Codes:     spotCodes,
		Intervals: intervals,
	}
}

// contracts describes swaps and futures, sections 3.6 to 3.13 and 4.6 to 4.8.
func contracts(family string, p paths) *exchange.Family {
	merged, trading, kline := p.market+"detail/merged", p.market+"history/trade", p.market+"history/kline"
	rate, charged := p.api+"swap_funding_rate", p.api+"swap_historical_funding_rate"
	market, other := exchange.Cost(1, &contractMarket), exchange.Cost(1, &contractOther)
	f := &exchange.Family{
		Name: family,
		Base: exchange.Endpoint{Name: "contract.rest", URL: "https://api.hbdm.com"},
		Pull: exchange.Pull{
			Markets:   exchange.Call[exchange.Market]{Path: p.api + "swap_contract_info", Cost: other, Request: everything, Parse: contractMarkets},
			Time:      exchange.Call[time.Time]{Path: "/api/v1/timestamp", Cost: other, Parse: serverTime},
			OrderBook: exchange.Call[book.Update]{Path: p.market + "depth", Cost: market, Request: askBook(byContract), Parse: books},
			Ticker:    exchange.Call[exchange.Ticker]{Path: merged, Cost: market, Request: byContract, Parse: contractTickers},
			BidAsk:    exchange.Call[exchange.BidAsk]{Path: merged, Cost: market, Request: byContract, Parse: bidAsks},
			Trades:    exchange.Call[exchange.Trade]{Path: trading, Cost: market, Request: askTrades(byContract), Parse: trades},
			Candles:   exchange.Call[exchange.Candle]{Path: kline, Cost: market, Request: askCandles, Parse: contractCandles, Page: exchange.CandlesPage},
			Funding:   exchange.Call[exchange.FundingRate]{Path: rate, Cost: other, Request: askFunding, Parse: fundingRates},
			History:   exchange.Call[exchange.FundingRate]{Path: charged, Cost: other, Request: askHistory, Parse: fundingRates, Page: historyPage},
		},
		Push: exchange.Push{
			OrderBook: []exchange.BookChannel{
				window("market", "depth.size_$depth.high_freq", mergeContract, renewed, 20),
				window("market", "depth.size_$depth.high_freq", mergeContract, renewed, 150),
				window("market", "depth.step0", nil, whole, 150),
			},
			Ticker:    exchange.Channel[exchange.Ticker]{Socket: "market", Topic: topic("detail"), Parse: contractTickers},
			BidAsk:    exchange.Channel[exchange.BidAsk]{Socket: "market", Topic: topic("bbo"), Parse: bidAsks},
			Trades:    exchange.Channel[exchange.Trade]{Socket: "market", Topic: topic("trade.detail"), Parse: trades, Span: span, Sparse: true},
			Candles:   exchange.Channel[exchange.Candle]{Socket: "market", Topic: topic("kline.$interval", intervals), Parse: contractCandles},
			Funding:   exchange.Channel[exchange.FundingRate]{Socket: "notices", Topic: fundingTopic, Parse: pushedFunding},
			MarkPrice: exchange.Channel[exchange.MarkPrice]{Socket: "index", Topic: topic("mark_price.1min"), Parse: marks},
		},
		Sockets: map[string]*exchange.Socket{
			"market":  socket(contractStream, p.stream, 32, beating),
			"index":   socket(contractStream, "/ws_index", 32, rare),
			"notices": socket(contractStream, p.notices, 32, rare),
		},
		Refusal:   refusal,
		Codes:     contractCodes,
		Intervals: intervals,
	}
	if p.tickers != "" {
		f.Pull.Tickers = exchange.Call[exchange.Ticker]{Cost: market, Request: askTickers(byContract, merged, p.tickers), Parse: contractTickers, Batch: 1}
		f.Pull.MarkPrice = exchange.Call[exchange.MarkPrice]{Path: p.marks, Cost: market, Request: lastMinute, Parse: marks}
	}
	return f
}

func topic(channel string, words ...map[exchange.Interval]string) func(*exchange.Market, exchange.Args) string {
	return exchange.Topic("market.$id."+channel, words...)
}

var fundingTopic = exchange.ForSwaps(exchange.Topic("public.$id.funding_rate"))

// How books are kept: each message has all, section 5.2, section 5.3.
var (
	whole   = exchange.SyncRule{Source: exchange.EveryMessage}
	asked   = exchange.SyncRule{Rule: linked, Source: exchange.ByRequest, AfterDelta: true, Trim: true}
	renewed = exchange.SyncRule{Rule: counted, Source: exchange.ByResubscribe, Trim: true}
)

// merge is what BookChannel has for it.
type merge = func(*book.Sync, *exchange.Scope, []byte) (book.Verdict, error)

func window(socket, channel string, quick merge, sync exchange.SyncRule, depths ...int) exchange.BookChannel {
	if sync.Rule != nil {
		sync.Window = depths[0]
	}
	read := exchange.Channel[book.Update]{Socket: socket, Topic: topic(channel), Parse: books}
	return exchange.BookChannel{Channel: read, Depths: depths, Sync: sync, Merge: quick}
}

var (
	spotStream     = exchange.Endpoint{Name: "spot.stream", URL: "wss://api.huobi.pro"}
	contractStream = exchange.Endpoint{Name: "contract.stream", URL: "wss://api.hbdm.com"}
)

// The venue's pings come every 5 s, and one who hears nothing for 15 s is alone, section 4.2; but funding rates and marks come
// once a minute.
const (
	beating = 15 * time.Second
	rare    = 90 * time.Second
)

// socket describes a socket, sections 1.3, 4.4 and 9.3, that takes so many subscriptions a second. The spot venue names no pace of
// these, but refuses when there are too many.
func socket(e exchange.Endpoint, path string, pace, quiet time.Duration) *exchange.Socket {
	return &exchange.Socket{
		Endpoint:  e,
		Path:      path,
		Dialect:   newDialect,
		Compress:  "gzip",
		Rates:     []stream.Rate{{Max: 1, Per: time.Second / pace, Requests: true}, {Max: 1, Per: 120 * time.Millisecond, Asks: true}},
		MaxTopics: 50,
		Quiet:     quiet,
	}
}
