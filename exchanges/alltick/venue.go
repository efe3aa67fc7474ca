package alltick

import (
	"strings"
	"time"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/rest"
	"github.com/depthwire/depthwire/stream"
)

// New returns a client of AllTick. It sends nothing.
func New(o exchange.Options) *exchange.Client { return exchange.New(Venue(), o) }

// Venue returns the description of AllTick, always the same one. It must not be changed.
func Venue() *exchange.Venue { return venue }

const name = "alltick"

var venue = &exchange.Venue{Name: name, Families: published[free], Plans: published}

const free = "free" // the smallest plan

// plans are those that the vendor publishes.
var plans = map[string]plan{
	free:           {10 * time.Second, 1, 10, 1_000, 10 * time.Second, 5, 10 * time.Second, 1, 5},
	"basic":        {time.Second, 1, 60, 86_400, 3 * time.Second, 100, 3 * time.Second, 1, 100},
	"premium":      {time.Second, 10, 600, 864_000, 2 * time.Second, 200, 3 * time.Second, 3, 200},
	"professional": {time.Second, 20, 1_200, 1_728_000, time.Second, 500, 3 * time.Second, 10, 3_000},
}

var published = func() map[string][]*exchange.Family {
	all := make(map[string][]*exchange.Family)
	for name, p := range plans {
		all[name] = p.families()
	}
	return all
}()

// plan is what a token may do (sections 4.1 and 9). Both families count together.
type plan struct {
	every       time.Duration // in which so many requests are allowed
	burst       int
	minute, day int           // requests
	batch       time.Duration // between two requests of batch-kline
	sets        int           // markets in one of them
	gap         time.Duration // between two connections
	conns       int           // of each family
	codes       int           // on each list of a connection
}

// limit is a little more than the vendor's time long: it counts by the seconds of its clock (section 9.3).
func limit(what string, n int, per time.Duration) *rest.Limit {
	return &rest.Limit{Name: name + " " + what, Max: n, Per: per + per/10, Share: 1}
}

// The two families of section 1.
const (
	stock    = "stock"
	nonStock = "non-stock"
)

// families are the tables for one plan.
func (p plan) families() []*exchange.Family {
	all := []*rest.Limit{limit("requests", p.burst, p.every), limit("requests a minute", p.minute, time.Minute), limit("requests a day", p.day, 24*time.Hour)}
	one, many := exchange.Cost(1, all...), exchange.Cost(1, append(all, limit("batch-kline", 1, p.batch))...)
	dials, asks := limit("connections", 1, p.gap), limit("subscriptions", 1, 3*time.Second)
	socket := func(family, url string) *exchange.Socket {
		return &exchange.Socket{
			Endpoint:  exchange.Endpoint{Name: family, URL: url},
			Dialect:   func() stream.Dialect { return new(dialect) },
			Rates:     []stream.Rate{{Max: 1, Per: 1100 * time.Millisecond}},
			Dials:     dials,
			Asks:      asks,
			MaxTopics: p.codes,
			MaxConns:  p.conns,
			List:      func(topic string) string { list, _, _ := strings.Cut(topic, ":"); return list },
			Quiet:     25 * time.Second, // two heartbeats and a half (section 4.3)
			Calm:      true,
		}
	}
	shares := p.family(stock, "/quote-stock-b-api", socket(stock, "wss://quote.alltick.co/quote-stock-b-ws-api"), one, many)
	others := p.family(nonStock, "/quote-b-api", socket(nonStock, "wss://quote.alltick.co/quote-b-ws-api"), one, many)
	shares.Intervals = stockBars
	shares.Pull.Candles.Page = nil // the end of a range is not heeded: the same page would come (section 3.2)
	return []*exchange.Family{shares, others}
}

type cost = func([]*exchange.Market, exchange.Args) []rest.Charge

func (p plan) family(family, path string, socket *exchange.Socket, one, many cost) *exchange.Family {
	return &exchange.Family{
		Name:      family,
		Base:      exchange.Endpoint{Name: "rest", URL: "https://quote.alltick.co"},
		Token:     "token",
		Sockets:   map[string]*exchange.Socket{family: socket},
		Refusal:   p.refusal,
		Codes:     codes,
		Intervals: bars,
		Listed:    listed(family),
		Adopt:     func(code string) (exchange.Market, bool) { m, of := market(code); return m, of == family },
		Pull: exchange.Pull{
			OrderBook: exchange.Call[book.Update]{Path: path + "/depth-tick", Cost: one, Request: askTicks, Parse: books},
			BidAsk:    exchange.Call[exchange.BidAsk]{Path: path + "/depth-tick", Cost: one, Request: askTicks, Parse: touches},
			Trades:    exchange.Call[exchange.Trade]{Path: path + "/trade-tick", Cost: one, Request: askTrade, Parse: matches},
			Candles:   exchange.Call[exchange.Candle]{Path: path + "/kline", Cost: one, Request: askCandles, Parse: candles, Page: beforeCandles},
			Ticker:    exchange.Call[exchange.Ticker]{Path: path + "/batch-kline", Cost: many, Request: askDays, Parse: days},
			Tickers:   exchange.Call[exchange.Ticker]{Path: path + "/batch-kline", Cost: many, Request: askDays, Parse: days, Batch: p.sets},
		},
		Push: exchange.Push{
			OrderBook: []exchange.BookChannel{{
				Channel: exchange.Channel[book.Update]{Socket: family, Topic: exchange.Topic(depths + "$id"), Parse: books},
				Depths:  []int{levels},
				Sync:    whole,
			}},
			BidAsk: exchange.Channel[exchange.BidAsk]{Socket: family, Topic: exchange.Topic(depths + "$id"), Parse: touches},
			Trades: exchange.Channel[exchange.Trade]{Socket: family, Topic: exchange.Topic(trades + "$id"), Parse: matches},
			Ticker: exchange.Channel[exchange.Ticker]{Socket: family, Topic: exchange.Topic(trades + "$id"), Parse: lasts},
		},
	}
}

// whole: each message is the book (section 5.1). Its time alone orders messages, never seq (section 5.2); pre-opening
// auctions cross (section 5.3); a size of 0 or none removes no level (section 5.4). Where the market is shut REST has the last.
var whole = exchange.SyncRule{Source: exchange.EveryMessage, AfterDelta: true, MayCross: true, KeepZero: true, ByTime: true}

// levels is the most that any class of markets has on a side (section 4.6).
const levels = 10

// bars are the venue's numbers of intervals (section 3.2). Shares have neither 2h nor 4h.
var (
	bars      = exchange.Intervals("1m=1 5m=2 15m=3 30m=4 1h=5 2h=6 4h=7 1d=8 1w=9 1M=10")
	stockBars = exchange.Intervals("1m=1 5m=2 15m=3 30m=4 1h=5 1d=8 1w=9 1M=10")
)
