package exchange_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/exchanges/huobi"
	"github.com/depthwire/depthwire/exchanges/okx"
	"github.com/depthwire/depthwire/rest"
	"github.com/depthwire/depthwire/venuetest"
)

// simulated returns a client of a simulated venue, whose market has moved a little. With the
// real venue it would be okx.New(exchange.Options{}).
func simulated(o exchange.Options) (c *exchange.Client, move func(), end func()) {
	venue := venuetest.OKX(venuetest.Options{Seed: 1, Memory: true})
	o.Endpoints, o.DialContext = venue.Endpoints(), venue.DialContext
	c = okx.New(o)
	venue.Step(200)
	return c, func() { venue.Step(20) }, func() { c.Close(); venue.Close() }
}

func ExampleClient_FetchOrderBook() {
	c, _, end := simulated(exchange.Options{})
	defer end()
	b, err := c.FetchOrderBook(context.Background(), "BTC/USDT", 3)
	if err != nil {
		fmt.Println(err)
		return
	}
	bid, ask := b.Best()
	fmt.Println(b.Source, len(b.Bids), len(b.Asks), bid.Price.Cmp(ask.Price) < 0)
	// Output: rest 3 3 true
}

// With Live the first call subscribes and the others read memory.
func ExampleOptions_live() {
	c, _, end := simulated(exchange.Options{Live: true})
	defer end()
	for range 2 {
		b, err := c.FetchOrderBook(context.Background(), "BTC/USDT", 100)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(b.Source, b.State, len(b.Bids))
	}
	// Output:
	// stream live 100
	// stream live 100
}

func ExampleClient_FetchOrderBooks() {
	c, _, end := simulated(exchange.Options{})
	defer end()
	books, err := c.FetchOrderBooks(context.Background(), 5, "BTC/USDT", "NO/SUCH", "ETH/USDT")
	fmt.Println(errors.Is(err, exchange.ErrBadSymbol))
	for _, b := range books {
		fmt.Printf("%q %d levels\n", b.Symbol, len(b.Bids))
	}
	// Output:
	// true
	// "BTC/USDT" 5 levels
	// "" 0 levels
	// "ETH/USDT" 5 levels
}

func ExampleClient_FetchMarkets() {
	c, _, end := simulated(exchange.Options{})
	defer end()
	markets, err := c.FetchMarkets(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, m := range markets {
		if m.Base == "BTC" && m.Kind == exchange.Swap {
			fmt.Println(m.Symbol, m.ID, "contract", m.Contract, "inverse", m.Inverse)
		}
	}
	// Output:
	// BTC/USD:BTC BTC-USD-SWAP contract 100 inverse true
	// BTC/USD:USD BTC-USD_UM-SWAP contract 0.0001 inverse false
	// BTC/USDT:USDT BTC-USDT-SWAP contract 0.01 inverse false
}

func ExampleClient_Market() {
	c, _, end := simulated(exchange.Options{})
	defer end()
	m, err := c.Market(context.Background(), "BTC-USDT-SWAP") // the venue's own name serves too
	if err != nil {
		fmt.Println(err)
		return
	}
	b, err := c.FetchOrderBook(context.Background(), m.Symbol, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	bid, _ := b.Best()
	fmt.Println(b.Contracts, m.BaseSize(bid.Size, bid.Price).Cmp(bid.Size) < 0)
	// Output: true true
}

func ExampleClient_FetchTime() {
	c, _, end := simulated(exchange.Options{})
	defer end()
	at, err := c.FetchTime(context.Background())
	fmt.Println(time.Since(at).Abs() < time.Minute, err)
	// Output: true <nil>
}

func ExampleClient_FetchTicker() {
	c, _, end := simulated(exchange.Options{})
	defer end()
	t, err := c.FetchTicker(context.Background(), "BTC/USDT")
	fmt.Println(t.Symbol, t.Bid.Cmp(t.Ask) < 0, t.Low.Cmp(t.High) <= 0, err)
	// Output: BTC/USDT true true <nil>
}

func ExampleClient_FetchTickers() {
	c, _, end := simulated(exchange.Options{})
	defer end()
	all, err := c.FetchTickers(context.Background())
	some, also := c.FetchTickers(context.Background(), "BTC/USDT", "ETH/USDT", "BTC/USDT:USDT")
	fmt.Println(len(all) > len(some), len(some), err, also)
	// Output: true 3 <nil> <nil>
}

func ExampleClient_FetchBidAsk() {
	c, _, end := simulated(exchange.Options{})
	defer end()
	q, err := c.FetchBidAsk(context.Background(), "ETH/USDT")
	fmt.Println(q.Bid.Cmp(q.Ask) < 0, q.BidSize.Sign(), err)
	// Output: true 1 <nil>
}

func ExampleClient_FetchTrades() {
	c, _, end := simulated(exchange.Options{})
	defer end()
	trades, err := c.FetchTrades(context.Background(), "BTC/USDT:USDT", exchange.Range{Limit: 10})
	if err != nil {
		fmt.Println(err)
		return
	}
	last := trades[len(trades)-1] // the newest
	fmt.Println(len(trades), last.ID > trades[0].ID, last.Size.Cmp(last.Contracts) < 0)
	// Output: 10 true true
}

func ExampleClient_FetchOHLCV() {
	c, _, end := simulated(exchange.Options{})
	defer end()
	day := time.Now().Add(-24 * time.Hour)
	candles, err := c.FetchOHLCV(context.Background(), "BTC/USDT", "1h", exchange.Range{Since: day}) // as many pages as it takes
	fmt.Println(len(candles) >= 23, candles[0].Closed, err)
	// Output: true true <nil>
}

func ExampleClient_FetchFundingRate() {
	c, _, end := simulated(exchange.Options{})
	defer end()
	f, err := c.FetchFundingRate(context.Background(), "BTC/USDT:USDT")
	fmt.Println(f.Interval, f.Next.After(time.Now()), err)
	_, err = c.FetchFundingRate(context.Background(), "BTC/USDT")
	fmt.Println(errors.Is(err, exchange.ErrNotSupported))
	// Output:
	// 8h0m0s true <nil>
	// true
}

func ExampleClient_FetchFundingRateHistory() {
	c, _, end := simulated(exchange.Options{})
	defer end()
	rates, err := c.FetchFundingRateHistory(context.Background(), "BTC/USDT:USDT", exchange.Range{Limit: 3})
	fmt.Println(len(rates), err)
	// Output: 3 <nil>
}

func ExampleClient_FetchMarkPrice() {
	c, _, end := simulated(exchange.Options{})
	defer end()
	m, err := c.FetchMarkPrice(context.Background(), "BTC/USDT:USDT")
	fmt.Println(m.Mark.Sign(), err)
	// Output: 1 <nil>
}

// A loop over the values as they come. It ends with the context, or by break.
func ExampleClient_WatchTrades() {
	c, move, end := simulated(exchange.Options{})
	defer end()
	trades, err := c.WatchTrades(context.Background(), "BTC/USDT", "ETH/USDT")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer trades.Close()
	n := 0
	for t, err := range trades.All() {
		if err != nil {
			fmt.Println("one of the symbols ended:", err)
			continue
		}
		if t.Break != nil {
			fmt.Println("missing before this one:", t.Break.Cause, t.Break.Lost)
		}
		if n++; n == 2 { // the venue begins with the last trade of each
			break
		}
		move()
	}
	fmt.Println(n, "trades,", trades.Lost(), "lost")
	// Output: 2 trades, 0 lost
}

func ExampleClient_WatchOrderBook() {
	c, _, end := simulated(exchange.Options{})
	defer end()
	books, err := c.WatchOrderBook(context.Background(), 50, "BTC/USDT")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer books.Close()
	b, err := books.Next(context.Background()) // the whole book, then each change: newest wins
	fmt.Println(b.State, len(b.Bids), b.Break == nil, err)
	// Output: live 50 true <nil>
}

// A channel, for select. The newest state waits in it.
func ExampleClient_WatchBidAsk() {
	c, _, end := simulated(exchange.Options{})
	defer end()
	quotes, err := c.WatchBidAsk(context.Background(), "BTC/USDT")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer quotes.Close()
	select {
	case q := <-quotes.Chan():
		fmt.Println(q.Symbol, q.Bid.Cmp(q.Ask) < 0)
	case <-time.After(10 * time.Second):
		fmt.Println("nothing comes")
	}
	// Output: BTC/USDT true
}

func ExampleClient_WatchTicker() {
	c, _, end := simulated(exchange.Options{})
	defer end()
	tickers, err := c.WatchTicker(context.Background(), "BTC/USDT", "BTC/USDT:USDT")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer tickers.Close()
	t, err := tickers.Next(context.Background())
	fmt.Println(t.Venue, t.Last.Sign(), err)
	// Output: okx 1 <nil>
}

func ExampleClient_WatchOHLCV() {
	c, move, end := simulated(exchange.Options{})
	defer end()
	candles, err := c.WatchOHLCV(context.Background(), "1m", "BTC/USDT")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer candles.Close()
	move()
	_, err = c.WatchOHLCV(context.Background(), "7m", "BTC/USDT")
	fmt.Println(errors.Is(err, exchange.ErrBadRequest))
	// Output: true
}

func ExampleClient_WatchFundingRate() {
	c, _, end := simulated(exchange.Options{})
	defer end()
	rates, err := c.WatchFundingRate(context.Background(), "BTC/USDT:USDT")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer rates.Close()
	f, err := rates.Next(context.Background())
	fmt.Println(f.Interval, err)
	// Output: 8h0m0s <nil>
}

func ExampleClient_WatchMarkPrice() {
	c, _, end := simulated(exchange.Options{})
	defer end()
	marks, err := c.WatchMarkPrice(context.Background(), "BTC/USDT:USDT")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer marks.Close()
	m, err := marks.Next(context.Background())
	fmt.Println(m.Mark.Sign(), err)
	// Output: 1 <nil>
}

func ExampleClient_FetchOpenInterest() {
	c, _, end := simulated(exchange.Options{})
	defer end()
	v, err := c.FetchOpenInterest(context.Background(), "BTC/USDT:USDT")
	fmt.Println(v.Contracts.Sign(), v.Size.Cmp(v.Contracts) < 0, err)
	// Output: 1 true <nil>
}

func ExampleClient_WatchOpenInterest() {
	c, _, end := simulated(exchange.Options{})
	defer end()
	open, err := c.WatchOpenInterest(context.Background(), "BTC/USDT:USDT", "BTC/USD:BTC")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer open.Close()
	v, err := open.Next(context.Background())
	fmt.Println(v.Source, v.Value.Sign(), err)
	// Output: stream 1 <nil>
}

func ExampleClient_FetchLiquidations() {
	c, _, end := simulated(exchange.Options{})
	defer end()
	ls, err := c.FetchLiquidations(context.Background(), "BTC/USDT:USDT", exchange.Range{Limit: 2})
	if err != nil || len(ls) != 2 {
		fmt.Println(len(ls), err)
		return
	}
	fmt.Println(ls[1].Side == exchange.Buy || ls[1].Side == exchange.Sell, ls[1].Time.Before(ls[0].Time))
	// Output: true false
}

func ExampleClient_WatchLiquidations() {
	c, move, end := simulated(exchange.Options{})
	defer end()
	ls, err := c.WatchLiquidations(context.Background(), "BTC/USDT:USDT", "BTC/USD:BTC")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer ls.Close()
	for {
		move()
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
		l, err := ls.Next(ctx)
		cancel()
		if err == nil {
			fmt.Println(l.Side == exchange.Sell || l.Side == exchange.Buy, l.Price.Sign(), l.Size.Sign())
			break
		}
	}
	// Output: true 1 1
}

func ExampleClient_FetchStatus() {
	c, _, end := simulated(exchange.Options{})
	defer end()
	s, err := c.FetchStatus(context.Background())
	fmt.Println(s.State, s.Message, err)
	// Output: ok  <nil>
}

// What the tables lack goes through the same sockets and limits.
func ExampleClient_WatchRaw() {
	c, _, end := simulated(exchange.Options{})
	defer end()
	raw, err := c.WatchRaw(context.Background(), "public", `{"channel":"price-limit","instId":"BTC-USDT-SWAP"}`)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer raw.Close()
	m, err := raw.Next(context.Background())
	fmt.Println(len(m.Data) > 0, err)
	// Output: true <nil>
}

func ExampleClient_Call() {
	c, _, end := simulated(exchange.Options{})
	defer end()
	r := &rest.Request{Path: "/api/v5/public/price-limit"}
	r.Set("instId", "BTC-USDT-SWAP")
	answer, err := c.Call(context.Background(), "swap", r)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(answer.Status, len(answer.Body) > 0)
	// Output: 200 true
}

// Secrets are not shown, wherever they are.
func ExampleCredentials() {
	o := exchange.Options{Credentials: exchange.Credentials{
		Key:        exchange.NewSecret("5f0c3d1e-7a2b-4c89-9d10-2e4f6a8b0c1d"),
		Secret:     exchange.NewSecret("6D9F2A77C1E04B58A3F0D1C2B3A49586"),
		Passphrase: exchange.NewSecret("Sample-Pass-1"),
	}}
	c := okx.New(o)
	defer c.Close()
	fmt.Println(c.Err(), o.Credentials)
	o.Credentials.Passphrase = exchange.Secret{}
	fmt.Println(okx.New(o).Err())
	// Output:
	// <nil> {[secret] [secret] [secret] [secret]}
	// okx New: authentication failed: exchange: authentication failed: Credentials.Passphrase is empty
}

func ExampleClient_Health() {
	c, _, end := simulated(exchange.Options{})
	defer end()
	books, err := c.WatchOrderBook(context.Background(), 100, "BTC/USDT")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer books.Close()
	if _, err := books.Next(context.Background()); err != nil {
		fmt.Println(err)
		return
	}
	for _, h := range c.Health() {
		fmt.Println(h.Kind, h.Symbol, h.State, h.Book, h.Connected)
	}
	// Output: order book BTC/USDT subscribed live true
}

func ExampleClient_Offers() {
	c, _, end := simulated(exchange.Options{})
	defer end()
	fmt.Println(c.Families(), slices.Contains(c.Offers(), "WatchOrderBook"), slices.Contains(c.OffersOf("spot"), "WatchFundingRate"))
	// Output: [spot swap future] true false
}

// One book of two venues. Every level tells whose it is, and every venue how it is.
func ExampleConsolidated() {
	okxMarket, huobiMarket := venuetest.OKXMarkets()[:1], venuetest.HuobiMarkets()[:1]
	huobiMarket[0].Price = okxMarket[0].Price // simulated venues know nothing of each other
	first := venuetest.OKX(venuetest.Options{Seed: 1, Memory: true, Markets: okxMarket})
	defer first.Close()
	second := venuetest.Huobi(venuetest.Options{Seed: 2, Memory: true, Markets: huobiMarket, Rate: 50})
	defer second.Close()
	a := okx.New(exchange.Options{Endpoints: first.Endpoints(), DialContext: first.DialContext})
	defer a.Close()
	b := huobi.New(exchange.Options{Endpoints: second.Endpoints(), DialContext: second.DialContext})
	defer b.Close()

	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	books, err := exchange.Consolidate(a, b).WatchOrderBook(ctx, 20, "BTC/USDT")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer books.Close()
	for k, err := range books.All() {
		if err != nil {
			fmt.Println(err)
			return
		}
		if slices.ContainsFunc(k.Venues, func(v exchange.VenueState) bool { return v.Err != nil }) {
			continue // not all are in it yet: Err says why
		}
		bid, ask := k.Best()
		fmt.Println(len(k.Bids), len(k.Asks), len(bid.Venues) > 0, len(ask.Venues) > 0)
		for _, v := range k.Venues {
			fmt.Println(v.Venue, v.Symbol, v.State)
		}
		break
	}
	// Output:
	// 20 20 true true
	// okx BTC/USDT live
	// huobi BTC/USDT live
}

func ExampleError() {
	c, _, end := simulated(exchange.Options{})
	defer end()
	_, err := c.FetchTicker(context.Background(), "BTC/EUR")
	var e *exchange.Error
	if errors.As(err, &e) {
		fmt.Println(e.Op, e.Symbol, errors.Is(err, exchange.ErrBadSymbol), exchange.Retryable(err))
	}
	// Output: FetchTicker BTC/EUR true false
}
