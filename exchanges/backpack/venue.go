package backpack

import (
	"time"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/rest"
	"github.com/depthwire/depthwire/stream"
)

const name = "backpack"

// New returns a client of Backpack. It sends nothing.
func New(o exchange.Options) *exchange.Client { return exchange.New(Venue(), o) }

// Venue returns the description of Backpack. It is shared and must not be changed.
func Venue() *exchange.Venue { return &venue }

var venue = exchange.Venue{Name: name, Families: []*exchange.Family{
	family(exchange.Spot, "SPOT"),
	family(exchange.Swap, "PERP"),
}}

// Limits, sections 9 and 5. They are published per account; who has none is not told his.
var (
	calls   = &rest.Limit{Name: "backpack requests", Max: 20, Per: time.Second}
	history = &rest.Limit{Name: "backpack historical data", Max: 30, Per: time.Minute}
	wholes  = &rest.Limit{Name: "backpack snapshots", Max: 5, Per: time.Second, Share: 1}
	dials   = &rest.Limit{Name: "backpack connections", Max: 5, Per: time.Second}
)

// window is how many levels a side a book begins with: all that the venue gives, which
// costs no more than fewer, section 3.2.
const window = 5000

// fresh is how old an answer of the venue's cache may be: 30 s are normal, and an hour while
// the origin fails, section 1. Lists of markets may be old.
const fresh = time.Minute

// family describes one marketType of section 1. Both are served by the same hosts.
func family(kind exchange.MarketKind, marketType string) *exchange.Family {
	f := &exchange.Family{
		Name:      string(kind),
		Base:      exchange.Endpoint{Name: "rest", URL: "https://api.backpack.exchange"},
		Sockets:   sockets,
		Auth:      &auth,
		Refusal:   refusal,
		Codes:     codes,
		Intervals: intervals,
		Pull: exchange.Pull{
			Markets:   exchange.Call[exchange.Market]{Path: "/api/v1/markets", Cost: one, Request: exchange.Query("", "marketType", marketType), Parse: listed(kind, marketType)},
			Time:      exchange.Call[time.Time]{Path: "/api/v1/time", Cost: one, Parse: serverTime},
			OrderBook: exchange.Call[book.Update]{Path: "/api/v1/depth", Cost: whole, Request: askDepth, Parse: depth, MaxAge: fresh},
			Ticker:    exchange.Call[exchange.Ticker]{Path: "/api/v1/ticker", Cost: one, Request: ofMarket, Parse: tickers, MaxAge: fresh},
			Tickers:   exchange.Call[exchange.Ticker]{Path: "/api/v1/tickers", Cost: one, Parse: tickers, MaxAge: fresh},
			BidAsk:    exchange.Call[exchange.BidAsk]{Path: "/api/v1/depth", Cost: one, Request: askTouch, Parse: touch, MaxAge: fresh},
			Trades:    exchange.Call[exchange.Trade]{Cost: one, Request: askTrades, Parse: trades, Page: olderTrades, MaxAge: fresh},
			Candles:   exchange.Call[exchange.Candle]{Path: "/api/v1/klines", Cost: both, Request: askCandles, Parse: candles, Page: moreCandles, Sparse: true, MaxAge: fresh},
			Status:    exchange.Call[exchange.Status]{Path: "/api/v1/status", Cost: one, Parse: status},
		},
		Push: exchange.Push{
			OrderBook: []exchange.BookChannel{{
				Channel: exchange.Channel[book.Update]{Socket: "stream", Topic: exchange.Topic("depth.$speed$id"), Parse: depth},
				Depths:  []int{window},
				Sync:    exchange.SyncRule{Rule: sequence, Source: exchange.ByCall, AfterDelta: true, Window: window},
				Merge:   merge,
				Speeds:  map[time.Duration]string{0: "", 200 * time.Millisecond: "200ms.", 600 * time.Millisecond: "600ms.", time.Second: "1000ms."}, // section 4.5
			}},
			Ticker:  exchange.Channel[exchange.Ticker]{Socket: "stream", Topic: exchange.Topic("ticker.$id"), Parse: tickers},
			BidAsk:  exchange.Channel[exchange.BidAsk]{Socket: "stream", Topic: exchange.Topic("bookTicker.$id"), Parse: bidAsks},
			Trades:  exchange.Channel[exchange.Trade]{Socket: "stream", Topic: exchange.Topic("trade.$id"), Parse: trades, Span: span},
			Candles: exchange.Channel[exchange.Candle]{Socket: "stream", Topic: exchange.Topic("kline.$interval.$id", intervals), Parse: candles},
		},
	}
	private(f, marketType)
	if kind == exchange.Swap {
		f.Pull.Funding = exchange.Call[exchange.FundingRate]{Path: "/api/v1/markPrices", Cost: one, Request: ofMarket, Parse: fundingRates, MaxAge: fresh}
		f.Pull.History = exchange.Call[exchange.FundingRate]{Path: "/api/v1/fundingRates", Cost: both, Request: askHistory, Parse: chargedRates, Page: olderRates, MaxAge: fresh}
		f.Pull.MarkPrice = exchange.Call[exchange.MarkPrice]{Path: "/api/v1/markPrices", Cost: one, Request: ofMarket, Parse: markPrices, MaxAge: fresh}
		f.Pull.OpenInterest = exchange.Call[exchange.OpenInterest]{Path: "/api/v1/openInterest", Cost: one, Request: ofMarket, Parse: openInterest, MaxAge: fresh}
		f.Push.Funding = exchange.Channel[exchange.FundingRate]{Socket: "stream", Topic: exchange.Topic("markPrice.$id"), Parse: fundingRates}
		f.Push.MarkPrice = exchange.Channel[exchange.MarkPrice]{Socket: "stream", Topic: exchange.Topic("markPrice.$id"), Parse: markPrices}
		f.Push.OpenInterest = exchange.Channel[exchange.OpenInterest]{Socket: "stream", Topic: exchange.Topic("openInterest.$id"), Parse: openInterest}
		f.Push.Liquidations = exchange.Channel[exchange.Liquidation]{Socket: "stream", Topic: exchange.Topic("liquidation.$id"), Parse: liquidations, Rare: true}
	}
	return f
}

// sockets is the one endpoint of section 4.2, shared by the families, once more for the account. What it allows is not
// published. It pings every minute only, and books may be silent for as long: our own pings
// ask whether the connection lives.
var sockets = map[string]*exchange.Socket{
	"stream": {
		Endpoint:  exchange.Endpoint{Name: "stream", URL: "wss://ws.backpack.exchange"},
		Dialect:   newDialect,
		Rates:     []stream.Rate{{Max: 5, Per: 1100 * time.Millisecond}},
		Dials:     dials,
		MaxTopics: 200,
		Quiet:     40 * time.Second,
		Calm:      true,
	},
	"account": {
		Endpoint: exchange.Endpoint{Name: "account", URL: "wss://ws.backpack.exchange"},
		Private:  newOwner,
		Rates:    []stream.Rate{{Max: 5, Per: 1100 * time.Millisecond}},
		Dials:    dials,
		Quiet:    40 * time.Second,
		Calm:     true,
	},
}

// intervals are the venue's words, section 3.5: only the month has one of its own.
var intervals = exchange.Intervals("1s 1m 3m 5m 15m 30m 1h 2h 4h 6h 8h 12h 1d 3d 1w 1M=1month")
