package okx

import (
	"time"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/rest"
	"github.com/depthwire/depthwire/stream"
)

// New returns a client of OKX. It sends nothing.
func New(o exchange.Options) *exchange.Client { return exchange.New(Venue(), o) }

// Venue returns the description of OKX, always the same one. It must not be changed.
func Venue() *exchange.Venue { return venue }

const name = "okx"

var venue = &exchange.Venue{
	Name: name,
	Families: []*exchange.Family{
		family("spot", "SPOT", "MARGIN"),
		family("swap", "SWAP", "SWAP"),
		family("future", "FUTURES", "FUTURES"),
	},
	Environments: map[string]exchange.Environment{"demo": {
		Endpoints: map[string]string{
			"rest":     "https://www.okx.com",
			"public":   "wss://wspap.okx.com:8443/ws/v5/public",
			"business": "wss://wspap.okx.com:8443/ws/v5/business",
			"private":  "wss://wspap.okx.com:8443/ws/v5/private",
		},
		Header: map[string]string{"x-simulated-trading": "1"}, // of REST
	}},
}

// family describes one instType of section 1. marks is the instType of mark prices and positions, which have no SPOT (sections 3.6
// and 7.6).
func family(family, instType, marks string) *exchange.Family {
	ofType, ofMarks := exchange.Query("", "instType", instType), exchange.Query("instId", "instType", marks)
	f := &exchange.Family{
		Name:      family,
		Base:      exchange.Endpoint{Name: "rest", URL: "https://www.okx.com"},
		Sockets:   sockets,
		Auth:      &auth,
		Refusal:   refusal,
		Codes:     codes,
		Intervals: bars,
		Pull: exchange.Pull{
			Markets:   exchange.Call[exchange.Market]{Path: "/api/v5/public/instruments", Cost: exchange.Cost(1, instrumentCalls), Request: ofType, Parse: parseMarkets},
			Time:      exchange.Call[time.Time]{Path: "/api/v5/public/time", Cost: exchange.Cost(1, timeCalls), Parse: parseTime},
			OrderBook: exchange.Call[book.Update]{Path: "/api/v5/market/books", Cost: exchange.Cost(1, bookCalls), Request: askBook, Parse: parseWhole},
			Ticker:    exchange.Call[exchange.Ticker]{Path: "/api/v5/market/ticker", Cost: exchange.Cost(1, tickerCalls), Request: ofMarket, Parse: parseTickers},
			Tickers:   exchange.Call[exchange.Ticker]{Path: "/api/v5/market/tickers", Cost: exchange.Cost(1, tickersCalls), Request: ofType, Parse: parseTickers},
			BidAsk:    exchange.Call[exchange.BidAsk]{Path: "/api/v5/market/ticker", Cost: exchange.Cost(1, tickerCalls), Request: ofMarket, Parse: parseBest},
			Trades:    exchange.Call[exchange.Trade]{Request: askTrades, Parse: parseTradeList, Page: afterTrades},
			Candles:   exchange.Call[exchange.Candle]{Request: askCandles, Parse: parseCandles, Page: exchange.CandlesPage},
			MarkPrice: exchange.Call[exchange.MarkPrice]{Path: "/api/v5/public/mark-price", Cost: exchange.Cost(1, markCalls), Request: ofMarks, Parse: parseMarks},
			Status:    exchange.Call[exchange.Status]{Path: "/api/v5/system/status", Cost: exchange.Cost(1, statusCalls), Parse: parseStatus},
		},
		Push: exchange.Push{
			OrderBook: []exchange.BookChannel{
				{Channel: exchange.Channel[book.Update]{Socket: "books", Topic: topic("bbo-tbt"), Parse: parseWhole}, Depths: []int{1}, Sync: whole},
				{Channel: exchange.Channel[book.Update]{Socket: "books", Topic: topic("books5"), Parse: parseWhole}, Depths: []int{5}, Sync: whole},
				{Channel: exchange.Channel[book.Update]{Socket: "books", Topic: topic("books"), Parse: parseBook}, Depths: []int{window}, Sync: deltas, Merge: mergeBook},
			},
			Ticker:    exchange.Channel[exchange.Ticker]{Socket: "public", Topic: topic("tickers"), Parse: parseTickers},
			BidAsk:    exchange.Channel[exchange.BidAsk]{Socket: "books", Topic: topic("bbo-tbt"), Parse: parseBest},
			Trades:    exchange.Channel[exchange.Trade]{Socket: "public", Topic: topic("trades"), Parse: parseTrades, Span: span},
			Candles:   exchange.Channel[exchange.Candle]{Socket: "business", Topic: topic("candle$interval", bars), Parse: parseCandles},
			MarkPrice: exchange.Channel[exchange.MarkPrice]{Socket: "public", Topic: topic("mark-price"), Parse: parseMarks},
		},
	}
	ofAccount(f, instType, marks)
	if family != "spot" {
		f.Pull.Funding = exchange.Call[exchange.FundingRate]{Path: "/api/v5/public/funding-rate", For: funded, Cost: exchange.Cost(1, fundingCalls),
			Request: ofMarket, Parse: parseFunding}
		f.Pull.History = exchange.Call[exchange.FundingRate]{Path: "/api/v5/public/funding-rate-history", For: funded, Cost: exchange.Cost(1, historyCalls),
			Request: askHistory, Parse: parseHistory, Page: beforeHistory}
		f.Pull.OpenInterest = exchange.Call[exchange.OpenInterest]{Path: "/api/v5/public/open-interest", Cost: exchange.Cost(1, interestCalls),
			Request: exchange.Query("instId", "instType", instType), Parse: parseInterest}
		f.Push.OpenInterest = exchange.Channel[exchange.OpenInterest]{Socket: "public", Topic: topic("open-interest"), Parse: parseInterest}
		f.Push.Liquidations = exchange.Channel[exchange.Liquidation]{Socket: "public", Topic: exchange.Topic(argChannel + "liquidation-orders" + argType + instType + argEnd),
			Parse: parseLiquidations, Shared: true, Rare: true}
		f.Push.Funding = exchange.Channel[exchange.FundingRate]{Socket: "rates", For: funded, Topic: topic("funding-rate"), Parse: parseFunding}
	}
	if family == "swap" {
		f.Pull.Liquidations = exchange.Call[exchange.Liquidation]{Path: "/api/v5/public/liquidation-orders", Cost: exchange.Cost(1, liquidationCalls),
			Request: askLiquidations, Parse: parseLiquidations, Page: beforeLiquidations}
	}
	return f
}

// How books are kept. In pre-open and call auction a book may be crossed (section 5.2): where each message is the whole
// book that says nothing of loss. In the deltas of continuous trading it does; those of an auction are asked for again
// and again, more and more slowly, until it is over.
var (
	whole  = exchange.SyncRule{Source: exchange.EveryMessage, MayCross: true}
	deltas = exchange.SyncRule{Rule: linked, Source: exchange.ByResubscribe, Window: window, Sum: checksum}
)

// sockets are the endpoints of section 4.1, shared by the families. Order books have connections of their own: the venue
// recommends fewer than 30 book channels on one, while of the other, lighter ones clients commonly use about 100.
var sockets = map[string]*exchange.Socket{
	"public":   socket("public", 100),
	"books":    socket("public", 25),
	"rates":    calm(socket("public", 100)),
	"business": socket("business", 100),
	"private":  own(socket("private", 30)),
	"wallet":   own(socket("business", 30)),
}

// own is a socket of the account's. It has few topics, and the orders that go over it have budgets of their own.
func own(s *exchange.Socket) *exchange.Socket {
	s.Dialect, s.Private, s.Rates = nil, newPrivate, nil
	return calm(s)
}

// calm is a socket whose topics may all be silent for longer than Quiet: funding rates come every 30 to 90 s (section 4.4).
func calm(s *exchange.Socket) *exchange.Socket {
	s.Calm = true
	return s
}

func socket(path string, topics int) *exchange.Socket {
	return &exchange.Socket{
		Endpoint:  exchange.Endpoint{Name: path, URL: "wss://ws.okx.com:8443/ws/v5/" + path},
		Dialect:   newDialect,
		Rates:     []stream.Rate{{Max: 450, Per: time.Hour, Requests: true}, {Max: 4, Per: time.Second}}, // the venue allows 480 an hour; pings count here too
		Dials:     dials,
		MaxTopics: topics,
		Quiet:     2 * beatEvery,
	}
}

// Budgets of sections 3, 4.1 and 9: requests for each endpoint, connections for all. Some are counted for each instrument
// or type; one budget for all of them is simpler.
var (
	dials           = &rest.Limit{Name: "okx connections", Max: 3, Per: time.Second}
	timeCalls       = calls("public/time", 10)
	instrumentCalls = calls("public/instruments", 20)
	bookCalls       = calls("market/books", 40)
	tickerCalls     = calls("market/ticker", 20)
	tickersCalls    = calls("market/tickers", 20)
	tradeCalls      = calls("market/trades", 100)
	oldTradeCalls   = calls("market/history-trades", 20)
	candleCalls     = calls("market/candles", 40)
	oldCandleCalls  = calls("market/history-candles", 20)
	markCalls       = calls("public/mark-price", 10)
	fundingCalls    = calls("public/funding-rate", 10)
	historyCalls    = calls("public/funding-rate-history", 10)
	interestCalls   = calls("public/open-interest", 20)
	statusCalls     = &rest.Limit{Name: "okx system/status", Max: 1, Per: 5 * time.Second, Share: 1}

	liquidationCalls = calls("public/liquidation-orders", 20)

	balanceCalls      = calls("account/balance", 10)
	positionCalls     = calls("account/positions", 10)
	fundCalls         = calls("asset/balances", 12)
	depositCalls      = calls("asset/deposit-history", 12)
	withdrawalCalls   = calls("asset/withdrawal-history", 12)
	pendingCalls      = calls("trade/orders-pending", 60)
	orderCalls        = calls("trade/order", 60)
	historyOrderCalls = calls("trade/orders-history", 40)
	archiveCalls      = calls("trade/orders-history-archive", 20)
	fillCalls         = calls("trade/fills", 60)
	oldFillCalls      = calls("trade/fills-history", 10)

	// These count for REST and the socket together, the last in orders.
	placeCalls      = calls("place order", 60)
	amendCalls      = calls("trade/amend-order", 60)
	cancelCalls     = calls("trade/cancel-order", 60)
	cancelledOrders = calls("trade/cancel-batch-orders", 300)
)

func calls(endpoint string, n int) *rest.Limit {
	return &rest.Limit{Name: "okx " + endpoint, Max: n, Per: 2 * time.Second, Share: 0.8}
}

// bars are the venue's words for intervals (section 3.5). From 6 hours on the plain words begin in UTC+8, those with utc
// as everywhere else.
var bars = exchange.Intervals("1s 1m 3m 5m 15m 30m 1h=1H 2h=2H 4h=4H 6h=6Hutc 12h=12Hutc 1d=1Dutc 2d=2Dutc 3d=3Dutc 1w=1Wutc 1M=1Mutc 3M=3Mutc")
