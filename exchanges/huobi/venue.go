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
)

// common describes what spot and contracts share: the paths of REST below market, where query names a market, and channels.
func common(market, ticker string, query request, l *rest.Limit) *exchange.Family {
	cost, merged := exchange.Cost(1, l), market+"detail/merged"
	return &exchange.Family{
		Pull: exchange.Pull{
			OrderBook: exchange.Call[book.Update]{Path: market + "depth", Cost: cost, Request: askBook(query), Parse: books},
			Ticker:    exchange.Call[exchange.Ticker]{Path: merged, Cost: cost, Request: query, Parse: tickers},
			BidAsk:    exchange.Call[exchange.BidAsk]{Path: merged, Cost: cost, Request: query, Parse: bidAsks},
			Trades:    exchange.Call[exchange.Trade]{Path: market + "history/trade", Cost: cost, Request: askTrades(query), Parse: trades},
			Candles:   exchange.Call[exchange.Candle]{Path: market + "history/kline", Cost: cost, Parse: candles},
		},
		Push: exchange.Push{
			Ticker:  exchange.Channel[exchange.Ticker]{Socket: "market", Topic: exchange.Topic("market.$id." + ticker), Parse: tickers},
			BidAsk:  exchange.Channel[exchange.BidAsk]{Socket: "market", Topic: exchange.Topic("market.$id.bbo"), Parse: bidAsks},
			Trades:  exchange.Channel[exchange.Trade]{Socket: "market", Topic: exchange.Topic("market.$id.trade.detail"), Parse: trades, Span: span},
			Candles: exchange.Channel[exchange.Candle]{Socket: "market", Topic: exchange.Topic("market.$id.kline.$interval", intervals), Parse: candles},
		},
		Auth:      &auth,
		Refusal:   refusal,
		Intervals: intervals,
	}
}

// spot describes sections 3.1 to 3.5 and 4.5.
func spot() *exchange.Family {
	f, other := common("/market/", "ticker", bySymbol, &spotMarket), exchange.Cost(1, &spotOther)
	f.Name, f.Codes = "spot", spotCodes
	f.Base = exchange.Endpoint{Name: "spot.rest", URL: "https://api.huobi.pro"}
	f.Pull.Markets = exchange.Call[exchange.Market]{Path: "/v1/settings/common/market-symbols", Cost: other, Parse: listed(spotRow)}
	f.Pull.Time = exchange.Call[time.Time]{Path: "/v1/common/timestamp", Cost: other, Parse: serverTime}
	f.Pull.Status = exchange.Call[exchange.Status]{Path: "/v2/market-status", Cost: other, Parse: spotStatus}
	f.Pull.Tickers = allOr(f.Pull.Ticker, "/market/tickers")
	f.Pull.Candles.Request, f.Push.Candles.Asked = askPairCandles, 300
	f.Push.OrderBook = []exchange.BookChannel{
		levels(asked, "feed", "mbp.$depth", 5),
		levels(whole, "feed", "mbp.refresh.$depth", 5, 10, 20),
		levels(asked, "feed", "mbp.$depth", 150),
		levels(whole, "market", "depth.step0", 150),
	}
	f.Sockets = map[string]*exchange.Socket{
		"market": socket("spot.stream", "wss://api.huobi.pro", "/ws", 20),
		"feed":   socket("spot.stream", "wss://api.huobi.pro", "/feed", 20),
	}
	spotPull(f)
	spotPush(f)
	f.Trade = spotTrading()
	return f
}

// contracts describes swaps and futures, sections 3.6 to 3.13 and 4.6 to 4.8.
func contracts(family string, p paths) *exchange.Family {
	f, other := common(p.market, "detail", byContract, &contractMarket), exchange.Cost(1, &contractOther)
	f.Name, f.Codes = family, contractCodes
	f.Base = exchange.Endpoint{Name: "contract.rest", URL: "https://api.hbdm.com"}
	all := exchange.Query("", "business_type", "all") // swaps alone unless it is said
	f.Pull.Markets = exchange.Call[exchange.Market]{Path: p.api + "swap_contract_info", Cost: other, Request: all, Parse: listed(contractRow)}
	f.Pull.Time = exchange.Call[time.Time]{Path: "/api/v1/timestamp", Cost: other, Parse: serverTime}
	f.Pull.Status = exchange.Call[exchange.Status]{Path: "/heartbeat/", Cost: other, Parse: contractStatus}
	f.Pull.Candles.Request, f.Pull.Candles.Page, f.Push.Candles.Asked = askCandles, exchange.CandlesPage, mostRows
	charged := p.api + "swap_historical_funding_rate"
	f.Pull.Funding = exchange.Call[exchange.FundingRate]{Path: p.api + "swap_funding_rate", For: exchange.Swaps, Cost: other, Request: byContract, Parse: fundings}
	f.Pull.History = exchange.Call[exchange.FundingRate]{Path: charged, For: exchange.Swaps, Cost: other, Request: askRates, Parse: fundings, Page: earlier}
	if p.tickers != "" {
		last := exchange.Query("contract_code", "period", "1min", "size", "1")
		f.Pull.Tickers = allOr(f.Pull.Ticker, p.tickers)
		open := exchange.Query("contract_code", "business_type", "all")
		f.Pull.OpenInterest = exchange.Call[exchange.OpenInterest]{Path: p.api + "swap_open_interest", Cost: other, Request: open, Parse: interests}
		forced := exchange.Topic("public.$id.liquidation_orders")
		f.Push.Liquidations = exchange.Channel[exchange.Liquidation]{Socket: "notices", Topic: forced, Parse: liquidations, Rare: true}
		f.Pull.MarkPrice = exchange.Call[exchange.MarkPrice]{Path: p.marks, Cost: f.Pull.Ticker.Cost, Request: last, Parse: marks}
	}
	f.Push.OrderBook = []exchange.BookChannel{
		levels(renewed, "market", "depth.size_$depth.high_freq", 20),
		levels(renewed, "market", "depth.size_$depth.high_freq", 150),
		levels(whole, "market", "depth.step0", 150),
	}
	f.Push.Trades.Sparse = true
	rates := exchange.Topic("public.$id.funding_rate")
	f.Push.Funding = exchange.Channel[exchange.FundingRate]{Socket: "notices", Topic: rates, For: exchange.Swaps, Parse: fundings}
	f.Push.MarkPrice = exchange.Channel[exchange.MarkPrice]{Socket: "index", Topic: exchange.Topic("market.$id.mark_price.1min"), Parse: marks}
	f.Sockets = map[string]*exchange.Socket{
		"market":  socket("contract.stream", "wss://api.hbdm.com", p.stream, 32),
		"index":   socket("contract.stream", "wss://api.hbdm.com", "/ws_index", 32),
		"notices": socket("contract.stream", "wss://api.hbdm.com", p.notices, 32),
	}
	f.Sockets["index"].Quiet, f.Sockets["notices"].Quiet = 90*time.Second, 90*time.Second // marks and rates come once a minute
	if f.Name == "linear" {
		linearPull(f)
		linearPush(f)
		f.Trade = linearTrading()
	}
	return f
}

// How books are kept: those of which each message has all, those of section 5.2, and those of section 5.3.
var (
	whole   = exchange.BookChannel{Sync: exchange.SyncRule{Source: exchange.EveryMessage}}
	asked   = exchange.BookChannel{Sync: exchange.SyncRule{Rule: linked, Source: exchange.ByRequest, AfterDelta: true, Trim: true}, Merge: mergeSpot}
	renewed = exchange.BookChannel{Sync: exchange.SyncRule{Rule: counted, Source: exchange.ByResubscribe, Trim: true}, Merge: mergeContract}
)

func levels(kind exchange.BookChannel, socket, channel string, depths ...int) exchange.BookChannel {
	kind.Channel = exchange.Channel[book.Update]{Socket: socket, Topic: exchange.Topic("market.$id." + channel), Parse: books}
	if kind.Depths = depths; kind.Merge != nil {
		kind.Sync.Window = depths[0]
	}
	return kind
}

// socket describes a socket, sections 1.3, 4.2, 4.4 and 9.3, that takes so many subscriptions a second. The venue's pings come every
// 5 s, and one who hears nothing for 15 s is alone. Spot names no pace of subscriptions, but refuses when there are too many.
func socket(endpoint, url, path string, pace time.Duration) *exchange.Socket {
	return &exchange.Socket{
		Endpoint:  exchange.Endpoint{Name: endpoint, URL: url},
		Path:      path,
		Dialect:   newDialect,
		Compress:  "gzip",
		Rates:     []stream.Rate{{Max: 1, Per: time.Second / pace, Requests: true}, {Max: 1, Per: 120 * time.Millisecond, Asks: true}},
		MaxTopics: 50,
		Quiet:     15 * time.Second,
	}
}
