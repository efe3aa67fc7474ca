package huobi

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/rest"
	"github.com/depthwire/depthwire/stream"
)

// New returns a client of HTX. It sends nothing.
func New(o exchange.Options) *exchange.Client { return exchange.New(Venue(), o) }

// Venue returns the description of HTX, always the same one. It must not be changed.
func Venue() *exchange.Venue { return venue }

var venue = &exchange.Venue{Name: name, Families: []*exchange.Family{
	pairs(),
	contracts("linear", "/linear-swap-api/v1/", "/linear-swap-ex/market/", "/v2/linear-swap-ex/market/detail/batch_merged", "/linear-swap-ws", "/linear-swap-notification"),
	contracts("inverse", "/swap-api/v1/", "/swap-ex/market/", "", "/swap-ws", "/swap-notification"),
}}

// pairs describes spot (sections 3.1 to 3.5, 4.5).
func pairs() *exchange.Family {
	f := &exchange.Family{Name: "spot", Base: exchange.Endpoint{Name: "spot.rest", URL: "https://api.huobi.pro"}, Codes: spotCodes}
	f.Pull.Markets = exchange.Call[exchange.Market]{Path: "/v1/settings/common/market-symbols", Cost: one(pairOther), Parse: parsePairs}
	f.Pull.Time = exchange.Call[time.Time]{Path: "/v1/common/timestamp", Cost: one(pairOther), Parse: parseTime}
	f.Pull.Candles = exchange.Call[exchange.Candle]{Request: askPairCandles}
	f.Pull.Status = exchange.Call[exchange.Status]{Path: "/v2/market-status", Cost: one(pairOther), Parse: parsePairStatus}
	f.Push.OrderBook = []exchange.BookChannel{
		books("feed", "mbp.$depth", exchange.SyncRule{Rule: linked, Source: exchange.ByRequest, AfterDelta: true, Window: 5, Trim: true}, 5),
		books("feed", "mbp.refresh.$depth", whole, 5, 10, 20),
		books("feed", "mbp.$depth", exchange.SyncRule{Rule: linked, Source: exchange.ByRequest, AfterDelta: true, Window: 150, Trim: true}, 150),
		books("market", "depth.step0", whole, 150),
	}
	f.Sockets = map[string]*exchange.Socket{"market": socket("spot.stream", "wss://api.huobi.pro", "/ws", 20), "feed": socket("spot.stream", "wss://api.huobi.pro", "/feed", 20)}
	return common(f, "symbol", "/market/", "/market/tickers", "ticker", pairMarket)
}

// contracts describes swaps and futures: they differ in their paths (sections 3.6 to 3.13, 4.6 to 4.8).
func contracts(family, api, market, tickers, path, notices string) *exchange.Family {
	f := &exchange.Family{Name: family, Base: exchange.Endpoint{Name: "contract.rest", URL: "https://api.hbdm.com"}, Codes: contractCodes}
	f.Pull.Markets = exchange.Call[exchange.Market]{Path: api + "swap_contract_info", Cost: one(contractOther), Request: of("", "business_type", "all"), Parse: parseContracts}
	f.Pull.Time = exchange.Call[time.Time]{Path: "/api/v1/timestamp", Cost: one(contractOther), Parse: parseTime}
	f.Pull.Status = exchange.Call[exchange.Status]{Path: "/heartbeat/", Cost: one(contractOther), Parse: parseStatus}
	f.Pull.Candles = exchange.Call[exchange.Candle]{Request: askContractCandles, Page: afterCandles}
	f.Pull.Funding = exchange.Call[exchange.FundingRate]{Path: api + "swap_funding_rate", Cost: one(contractOther), Request: ofFunded, Parse: parseFunding}
	f.Pull.History = exchange.Call[exchange.FundingRate]{Path: api + "swap_historical_funding_rate", Cost: one(contractOther), Request: askHistory, Parse: parseFunding, Page: afterHistory}
	f.Push.OrderBook = []exchange.BookChannel{
		books("market", "depth.size_$depth.high_freq", exchange.SyncRule{Rule: linked, Source: exchange.ByResubscribe, Window: 20, Trim: true}, 20),
		books("market", "depth.size_$depth.high_freq", exchange.SyncRule{Rule: linked, Source: exchange.ByResubscribe, Window: 150, Trim: true}, 150),
		books("market", "depth.step0", whole, 150),
	}
	f.Push.Trades.Sparse = true
	f.Push.Funding = exchange.Channel[exchange.FundingRate]{Socket: "notices", Topic: topic("public.$id.funding_rate"), Parse: parseFunding}
	f.Push.MarkPrice = exchange.Channel[exchange.MarkPrice]{Socket: "index", Topic: topic("market.$id.mark_price.1min"), Parse: parseMarks}
	f.Sockets = map[string]*exchange.Socket{
		"market":  socket("contract.stream", "wss://api.hbdm.com", path, 32),
		"index":   socket("contract.stream", "wss://api.hbdm.com", "/ws_index", 32),
		"notices": socket("contract.stream", "wss://api.hbdm.com", notices, 32),
	}
	if tickers != "" { // the document lists these paths of linear contracts alone
		f.Pull.MarkPrice = exchange.Call[exchange.MarkPrice]{Path: "/index/market/history/linear_swap_mark_price_kline", Cost: one(contractMarket), Request: of("contract_code", "period", "1min", "size", "1"), Parse: parseMarks}
		f.Pull.OpenInterest = exchange.Call[exchange.OpenInterest]{Path: api + "swap_open_interest", Cost: one(contractOther), Request: of("contract_code", "business_type", "all"), Parse: parseInterest}
		f.Push.Liquidations = exchange.Channel[exchange.Liquidation]{Socket: "notices", Topic: topic("public.$id.liquidation_orders"), Parse: parseLiquidations, Rare: true}
	}
	return common(f, "contract_code", market, tickers, "detail", contractMarket)
}

// common adds what the families have in common: the paths of REST below market, where a market is named by key, and the channels.
func common(f *exchange.Family, key, market, tickers, ticker string, l *rest.Limit) *exchange.Family {
	f.Refusal, f.Intervals = refusal, periods
	f.Pull.OrderBook = exchange.Call[book.Update]{Path: market + "depth", Cost: one(l), Request: askBook(key), Parse: parseBook}
	f.Pull.Ticker = exchange.Call[exchange.Ticker]{Path: market + "detail/merged", Cost: one(l), Request: of(key), Parse: parseTickers}
	f.Pull.BidAsk = exchange.Call[exchange.BidAsk]{Path: market + "detail/merged", Cost: one(l), Request: of(key), Parse: parseBidAsk}
	f.Pull.Trades = exchange.Call[exchange.Trade]{Path: market + "history/trade", Cost: one(l), Request: askTrades(key), Parse: parseTrades}
	f.Pull.Candles.Path, f.Pull.Candles.Cost, f.Pull.Candles.Parse = market+"history/kline", one(l), parseCandles
	if tickers != "" {
		f.Pull.Tickers = exchange.Call[exchange.Ticker]{Cost: one(l), Request: askTickers(key, market+"detail/merged", tickers), Parse: parseTickers, Batch: 1}
	}
	f.Push.Ticker = exchange.Channel[exchange.Ticker]{Socket: "market", Topic: topic("market.$id." + ticker), Parse: parseTickers}
	f.Push.BidAsk = exchange.Channel[exchange.BidAsk]{Socket: "market", Topic: topic("market.$id.bbo"), Parse: parseBidAsk}
	f.Push.Trades = exchange.Channel[exchange.Trade]{Socket: "market", Topic: topic("market.$id.trade.detail"), Parse: parseTrades, Span: span, Sparse: f.Push.Trades.Sparse}
	f.Push.Candles = exchange.Channel[exchange.Candle]{Socket: "market", Topic: topic("market.$id.kline.$period"), Parse: parseCandles}
	return f
}

func books(socket, channel string, sync exchange.SyncRule, depths ...int) exchange.BookChannel {
	return exchange.BookChannel{Channel: exchange.Channel[book.Update]{Socket: socket, Topic: topic("market.$id." + channel), Parse: parseBook}, Depths: depths, Sync: sync}
}

// socket describes a socket (sections 1.3, 4.2, 4.4, 9.3): the venue's pings come every 5 s, and one who hears nothing for 15 s is alone; but
// funding rates and marks come once a minute. The spot venue names no pace of subscriptions, but refuses when there are too many.
func socket(endpoint, url, path string, requests time.Duration) *exchange.Socket {
	quiet := 15 * time.Second
	if path == "/ws_index" || strings.HasSuffix(path, "-notification") {
		quiet = 90 * time.Second
	}
	return &exchange.Socket{
		Endpoint: exchange.Endpoint{Name: endpoint, URL: url}, Path: path, Dialect: func() stream.Dialect { return new(dialect) },
		Compress: "gzip", Rates: []stream.Rate{{Max: 1, Per: time.Second / requests, Requests: true}, {Max: 1, Per: 120 * time.Millisecond, Asks: true}}, MaxTopics: 50, Quiet: quiet,
	}
}

// Budgets of sections 9.1 and 9.2. Spot counts each endpoint alone; one budget for all of them, the least, is simpler.
var (
	pairMarket     = &rest.Limit{Name: "huobi spot market data", Max: 3000, Per: 5 * time.Minute, Share: 0.8}
	pairOther      = &rest.Limit{Name: "huobi spot", Max: 10, Per: time.Second, Share: 0.8}
	contractMarket = &rest.Limit{Name: "huobi contract market data", Max: 800, Per: time.Second, Share: 0.8}
	contractOther  = &rest.Limit{Name: "huobi contracts", Max: 240, Per: 3 * time.Second, Share: 0.8}
	whole          = exchange.SyncRule{Source: exchange.EveryMessage}                                                                                                                  // of books of which each message has all
	periods        = map[exchange.Interval]string{"1m": "1min", "5m": "5min", "15m": "15min", "30m": "30min", "1h": "60min", "4h": "4hour", "1d": "1day", "1w": "1week", "1M": "1mon"} // section 3.5
)

func one(l *rest.Limit) func([]*exchange.Market, exchange.Args) []rest.Charge {
	charges := []rest.Charge{{Limit: l, Cost: 1}}
	return func([]*exchange.Market, exchange.Args) []rest.Charge { return charges }
}

// request makes the query of a call.
type request = func(*rest.Request, []*exchange.Market, exchange.Args) error

const (
	mostRows    = 2000 // trades or candles in one answer (sections 3.4, 3.5, 3.8, 3.10)
	newestOnly  = "the venue has the newest 2,000 only"
	name        = "huobi"
	historyRows = 50 // funding rates in one answer
)

// of names the market of a call, where there is one, and what else is always the same.
func of(key string, pairs ...string) request {
	return func(r *rest.Request, ms []*exchange.Market, _ exchange.Args) error {
		if len(ms) > 0 {
			r.Set(key, ms[0].ID)
		}
		for i := 1; i < len(pairs); i += 2 {
			r.Set(pairs[i-1], pairs[i])
		}
		return nil
	}
}

func setInt(r *rest.Request, key string, n int64) { r.Set(key, strconv.FormatInt(n, 10)) }

func refuse(m *exchange.Market, kind error, text string) error {
	return &exchange.Error{Venue: name, Symbol: m.Symbol, Kind: kind, Message: text}
}

// askTickers asks for one market, or for all in another place.
func askTickers(key, path, all string) request {
	return func(r *rest.Request, ms []*exchange.Market, a exchange.Args) error {
		if r.Path = path; len(ms) == 0 {
			r.Path = all
		}
		return of(key, "business_type", "all")(r, ms, a) // which only the list of contracts minds
	}
}

// askBook asks for the book: of contracts there are 20 or 150 levels (section 3.6), of pairs 5, 10, 20 or, when it is not said how many, 150 (section 3.2).
func askBook(key string) request {
	return func(r *rest.Request, ms []*exchange.Market, a exchange.Args) error {
		r.Set("type", "step0")
		few := []int{5, 10, 20}
		if i, _ := slices.BinarySearch(few, a.Depth); a.Depth > 0 && i < len(few) {
			if r.Set("depth", strconv.Itoa(few[i])); ms[0].Kind != exchange.Spot {
				r.Set("type", "step6") // and depth is a word that contracts do not mind
			}
		}
		return of(key)(r, ms, a)
	}
}

// setSize asks for n of the newest, or as many as there are.
func setSize(r *rest.Request, n int) {
	if n <= 0 || n > mostRows {
		n = mostRows
	}
	setInt(r, "size", int64(n))
}

// askTrades asks for the newest trades, all that there are where a range is looked for.
func askTrades(key string) request {
	return func(r *rest.Request, ms []*exchange.Market, a exchange.Args) error {
		if a.Range.FromID != "" {
			return refuse(ms[0], exchange.ErrNotSupported, "trades are not found by their id")
		}
		if !a.Range.Since.IsZero() || !a.Range.Until.IsZero() {
			a.Range.Limit = mostRows
		}
		setSize(r, a.Range.Limit)
		return of(key)(r, ms, a)
	}
}

// askPairCandles asks for as many of the newest candles as reach back to the range: there is no other way (section 3.5).
func askPairCandles(r *rest.Request, ms []*exchange.Market, a exchange.Args) error {
	n, begin := min(a.Range.Limit, mostRows), a.Range.Since
	if begin.IsZero() && !a.Range.Until.IsZero() {
		begin = a.Range.Until.Add(-time.Duration(max(n, 1)) * a.Interval.Duration())
	}
	if !begin.IsZero() {
		n = int(time.Since(begin)/a.Interval.Duration()) + 2
	}
	if n > mostRows {
		return refuse(ms[0], exchange.ErrBadRequest, newestOnly)
	}
	setSize(r, n)
	return of("symbol", "period", periods[a.Interval])(r, ms, a)
}

// askContractCandles asks for the newest candles, or those between two seconds, both inclusive and at most 2,000 apart (section 3.10).
func askContractCandles(r *rest.Request, ms []*exchange.Market, a exchange.Args) error {
	from, to, page := a.Range.Since, a.Range.Until, (mostRows-1)*a.Interval.Duration()
	if from.IsZero() && to.IsZero() {
		setSize(r, a.Range.Limit)
	} else {
		if from.IsZero() {
			from = to.Add(-page)
		}
		if from.Before(ms[0].Listed) {
			from = ms[0].Listed // nothing is older, and an empty page would be the end
		}
		if last := from.Add(page); to.IsZero() || last.Before(to) {
			to = last
		}
		setInt(r, "from", from.Unix())
		setInt(r, "to", to.Unix())
	}
	return of("contract_code", "period", periods[a.Interval])(r, ms, a)
}

// afterCandles goes on behind the last candle of a page, or before the first where no beginning was asked for.
func afterCandles(page []exchange.Candle, a exchange.Args) (exchange.Args, bool) {
	if a.Range.Since.IsZero() {
		a.Range.Until = page[0].Start
		return a, true
	}
	a.Range.Since = page[len(page)-1].Start.Add(time.Second)
	return a, page[len(page)-1].Closed
}

func ofFunded(r *rest.Request, ms []*exchange.Market, a exchange.Args) error {
	if ms[0].Kind != exchange.Swap {
		return refuse(ms[0], exchange.ErrNotSupported, "the contract has no funding")
	}
	return of("contract_code")(r, ms, a)
}

// askHistory asks for a page of rates, the newest first. Pages have numbers, which are kept as the id to go on from.
func askHistory(r *rest.Request, ms []*exchange.Market, a exchange.Args) error {
	page, err := strconv.Atoi(cmp.Or(a.Range.FromID, "1"))
	if err != nil || page < 1 {
		return refuse(ms[0], exchange.ErrBadRequest, "rates have no ids")
	}
	setInt(r, "page_index", int64(page))
	setInt(r, "page_size", historyRows)
	return ofFunded(r, ms, a)
}

func afterHistory(page []exchange.FundingRate, a exchange.Args) (exchange.Args, bool) {
	n, _ := strconv.Atoi(a.Range.FromID) // askHistory has read it
	a.Range.FromID, a.Range.Until = strconv.Itoa(max(n, 1)+1), page[0].Next
	return a, len(page) == historyRows && (a.Range.Since.IsZero() || page[0].Next.After(a.Range.Since))
}
