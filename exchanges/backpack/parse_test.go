package backpack

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
)

// Messages of the venue's document, by section.
const (
	tickerREST   = `{"firstPrice":"100.87","high":"101.19","lastPrice":"98.98","low":"97.38","priceChange":"-1.89","priceChangePercent":"-0.018737","quoteVolume":"1498114.9234","symbol":"SOL_USDC","trades":"6796","volume":"15089.56"}`                                                                                                                                               // 3.3
	tickerPushed = `{"E":1788367430549233,"V":"1498114.9234","c":"98.98","e":"ticker","h":"101.19","l":"97.38","n":6796,"o":"100.87","s":"SOL_USDC","v":"15089.56"}`                                                                                                                                                                                                                     // 4.1
	tradesREST   = `[{"id":381731418,"isBuyerMaker":false,"price":"100.67","quantity":"0.22","quoteQuantity":"22.1474","timestamp":1788285123140},{"id":381731417,"isBuyerMaker":true,"price":"100.67","quantity":"2.05","quoteQuantity":"206.3735","timestamp":1788285119299}]`                                                                                                         // 3.4
	tradePushed  = `{"E":1788367431700125,"T":1788367431699801,"a":"59887375340","b":"59887375311","e":"trade","m":true,"p":"98.96","q":"1.25","s":"SOL_USDC","t":381740012}`                                                                                                                                                                                                            // 4.6
	klinesREST   = `[{"close":"101.02","end":"2026-09-01 16:53:00","high":"101.05","low":"101.02","open":"101.05","quoteVolume":"44.4554","start":"2026-09-01 16:52:00","trades":"3","volume":"0.44"},{"close":"101.06","end":"2026-09-01 16:54:00","high":"101.06","low":"101.06","open":"101.06","quoteVolume":"44.4664","start":"2026-09-01 16:53:00","trades":"2","volume":"0.44"}]` // 3.5
	klinePushed  = `{"E":1788367436500301,"T":"2026-09-02T16:44:00","X":false,"c":"98.98","e":"kline","h":"99.02","l":"98.93","n":14,"o":"98.95","s":"SOL_USDC","t":"2026-09-02T16:43:00","v":"211.44"}`                                                                                                                                                                                 // 4.7
	touchPushed  = `{"A":"22.39","B":"288.77","E":1788367430247487,"T":1788367430246081,"a":"98.97","b":"98.96","e":"bookTicker","s":"SOL_USDC","u":4330360995}`                                                                                                                                                                                                                         // 4.4
	marksREST    = `[{"fundingRate":"0.0000093695347311482301432578","indexPrice":"7.25278079","markPrice":"7.249","nextFundingTimestamp":1788285600000,"symbol":"AVAX_USDC_PERP"}]`                                                                                                                                                                                                     // 3.6
	markPushed   = `{"E":1788367430422109,"T":1788367430421396,"e":"markPrice","f":"0.0000125","i":"98.94998504","n":1788368400000,"p":"98.94","s":"SOL_USDC_PERP"}`                                                                                                                                                                                                                     // 4.8
	ratesREST    = `[{"fundingRate":"0.0000125","intervalEndTimestamp":"2026-09-23T04:00:00","symbol":"SOL_USDC_PERP"},{"fundingRate":"0.000010077","intervalEndTimestamp":"2026-09-23T03:00:00","symbol":"SOL_USDC_PERP"}]`                                                                                                                                                             // 3.6
)

var (
	spotSOL = &exchange.Market{ID: "SOL_USDC", Symbol: "SOL/USDC", Kind: exchange.Spot}
	perpSOL = &exchange.Market{ID: "SOL_USDC_PERP", Symbol: "SOL/USDC:USDC", Kind: exchange.Swap}
	perpAV  = &exchange.Market{ID: "AVAX_USDC_PERP", Symbol: "AVAX/USDC:USDC", Kind: exchange.Swap}
)

func d(text string) decimal.Decimal { return decimal.MustParse(text) }

func at(text string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		panic(err)
	}
	return t
}

// golden checks what a parser makes of a message for a market. Numbers are compared as they
// are written.
func golden[T any](t *testing.T, parse exchange.Parser[T], in *exchange.Scope, message string, want ...T) {
	t.Helper()
	got, err := parse(nil, in, []byte(message))
	if err != nil || say(got) != say(want) {
		t.Errorf("%.60s…: %v\ngot  %s\nwant %s", message, err, say(got), say(want))
	}
}

// say prints values with what is absent left out.
func say[T any](values []T) string {
	var b strings.Builder
	for i := range values {
		v := reflect.ValueOf(values[i])
		fields(&b, v)
		b.WriteString("\n")
	}
	return b.String()
}

func fields(b *strings.Builder, v reflect.Value) {
	for i := range v.NumField() {
		f := v.Field(i)
		if !v.Type().Field(i).IsExported() || f.IsZero() {
			continue
		}
		if v.Type().Field(i).Anonymous {
			fields(b, f)
			continue
		}
		fmt.Fprintf(b, " %s=%v", v.Type().Field(i).Name, f.Interface())
	}
}

func TestTickers(t *testing.T) {
	in := &exchange.Scope{Market: spotSOL}
	want := exchange.Ticker{Stamp: exchange.Stamp{Symbol: "SOL/USDC"}, Open: d("100.87"), High: d("101.19"), Low: d("97.38"), Last: d("98.98"), Change: d("-1.89"), Percent: d("-1.873700"), QuoteVolume: d("1498114.9234"), Volume: d("15089.56"), Trades: 6796}
	golden(t, tickers, in, tickerREST, want)
	golden(t, tickers, in, "", exchange.Ticker{Stamp: exchange.Stamp{Symbol: "SOL/USDC"}})
	want.Time = at("2026-09-02T16:43:50.549233Z")
	pushed, err := tickers(nil, in, []byte(tickerPushed))
	if err != nil || len(pushed) != 1 || !pushed[0].Percent.Round(4).Equal(d("-1.8737")) {
		t.Fatalf("got %+v, %v", pushed, err)
	}
	pushed[0].Percent = want.Percent
	if say(pushed) != say([]exchange.Ticker{want}) {
		t.Errorf("got %s", say(pushed))
	}
	golden(t, tickers, &exchange.Scope{Market: perpSOL}, tickerPushed)
	golden(t, tickers, in, `{"e":"ticker","s":"SOL_USDC","c":"86625","o":null}`, exchange.Ticker{Stamp: exchange.Stamp{Symbol: "SOL/USDC"}, Last: d("86625")})
}

func TestTrades(t *testing.T) {
	in := &exchange.Scope{Market: spotSOL}
	golden(t, trades, in, tradesREST,
		exchange.Trade{Stamp: exchange.Stamp{Symbol: "SOL/USDC", Time: at("2026-09-01T17:51:59.299Z"), Seq: 381731417}, ID: "381731417", Side: exchange.Sell, Price: d("100.67"), Size: d("2.05"), Cost: d("206.3735")},
		exchange.Trade{Stamp: exchange.Stamp{Symbol: "SOL/USDC", Time: at("2026-09-01T17:52:03.14Z"), Seq: 381731418}, ID: "381731418", Side: exchange.Buy, Price: d("100.67"), Size: d("0.22"), Cost: d("22.1474")})
	golden(t, trades, in, tradePushed, exchange.Trade{Stamp: exchange.Stamp{Symbol: "SOL/USDC", Time: at("2026-09-02T16:43:51.699801Z"), Seq: 381740012}, ID: "381740012", Side: exchange.Sell, Price: d("98.96"), Size: d("1.25")})
	golden(t, trades, in, `[]`)
	if _, err := trades(nil, in, []byte(`[{"id":null,"isBuyerMaker":false,"price":"1","quantity":"1","timestamp":1788285123140}]`)); err == nil {
		t.Error("a trade without an id is taken")
	}
}

func TestCandles(t *testing.T) {
	in := &exchange.Scope{Market: spotSOL, Args: exchange.Args{Interval: "1m"}, Received: at("2026-09-01T16:53:30Z")}
	first := exchange.Candle{Stamp: exchange.Stamp{Symbol: "SOL/USDC"}, Interval: "1m", Start: at("2026-09-01T16:52:00Z"), Open: d("101.05"), High: d("101.05"), Low: d("101.02"), Close: d("101.02"), Volume: d("0.44"), QuoteVolume: d("44.4554"), Trades: 3, Closed: true}
	second := exchange.Candle{Stamp: exchange.Stamp{Symbol: "SOL/USDC"}, Interval: "1m", Start: at("2026-09-01T16:53:00Z"), Open: d("101.06"), High: d("101.06"), Low: d("101.06"), Close: d("101.06"), Volume: d("0.44"), QuoteVolume: d("44.4664"), Trades: 2}
	golden(t, candles, in, klinesREST, first, second)
	pushed := exchange.Candle{Stamp: exchange.Stamp{Symbol: "SOL/USDC", Time: at("2026-09-02T16:43:56.500301Z")}, Interval: "1m", Start: at("2026-09-02T16:43:00Z"), Open: d("98.95"), High: d("99.02"), Low: d("98.93"), Close: d("98.98"), Volume: d("211.44"), Trades: 14}
	golden(t, candles, in, klinePushed, pushed)
	pushed.Closed = true
	golden(t, candles, in, strings.Replace(klinePushed, "false", "true", 1), pushed)
	pushed.Closed = false
	seconds := strings.NewReplacer(`"2026-09-02T16:44:00"`, "1788367440", `"2026-09-02T16:43:00"`, "1788367380").Replace(klinePushed)
	golden(t, candles, in, seconds, pushed)
	golden(t, candles, in, `{"T":"2026-09-02T16:44:00","X":true,"c":null,"e":"kline","h":null,"l":null,"n":0,"o":null,"s":"SOL_USDC","t":"2026-09-02T16:43:00","v":"0"}`)
	for _, bad := range []string{`"2026-13-01 16:52:00"`, `"yesterday"`, `null`, `"2026-09-01 16:52:00 and a tail that is much too long for a time"`} {
		if _, err := candles(nil, in, []byte(strings.Replace(klinesREST, `"2026-09-01 16:52:00"`, bad, 1))); err == nil {
			t.Errorf("start %s is taken", bad)
		}
	}
}

func TestBidAsks(t *testing.T) {
	in := &exchange.Scope{Market: spotSOL}
	want := exchange.BidAsk{Stamp: exchange.Stamp{Symbol: "SOL/USDC", Time: at("2026-09-02T16:43:50.246081Z"), Seq: 4330360995}, Bid: d("98.96"), BidSize: d("288.77"), Ask: d("98.97"), AskSize: d("22.39")}
	golden(t, bidAsks, in, touchPushed, want)
	golden(t, bidAsks, in, strings.Replace(touchPushed, "4330360995", `"4330360995"`, 1), want)
	want.Ask, want.AskSize = decimal.Decimal{}, decimal.Decimal{}
	golden(t, bidAsks, in, strings.NewReplacer(`"22.39"`, "null", `"98.97"`, "null").Replace(touchPushed), want)
	golden(t, touch, in, depthREST, exchange.BidAsk{Stamp: exchange.Stamp{Time: at("2026-09-02T16:43:50.246081Z"), Seq: 4330360995}, Bid: d("98.96"), BidSize: d("288.77"), Ask: d("98.97"), AskSize: d("22.39")})
}

func TestMarks(t *testing.T) {
	now := at("2026-09-23T03:30:00Z")
	in := &exchange.Scope{Market: perpAV, Received: now}
	golden(t, markPrices, in, marksREST, exchange.MarkPrice{Stamp: exchange.Stamp{Symbol: "AVAX/USDC:USDC"}, Mark: d("7.249"), Index: d("7.25278079")})
	golden(t, fundingRates, in, marksREST, exchange.FundingRate{Stamp: exchange.Stamp{Symbol: "AVAX/USDC:USDC"}, Rate: d("0.0000093695347311482301432578"), Next: at("2026-09-01T18:00:00Z"), Mark: d("7.249")})
	in.Market = perpSOL
	stamp := exchange.Stamp{Symbol: "SOL/USDC:USDC", Time: at("2026-09-02T16:43:50.421396Z")}
	golden(t, markPrices, in, markPushed, exchange.MarkPrice{Stamp: stamp, Mark: d("98.94"), Index: d("98.94998504")})
	golden(t, fundingRates, in, markPushed, exchange.FundingRate{Stamp: stamp, Rate: d("0.0000125"), Next: at("2026-09-02T17:00:00Z"), Mark: d("98.94")})
	golden(t, fundingRates, in, `{"e":"markPrice","s":"SOL_USDC_PERP","p":"0.5"}`)
	golden(t, chargedRates, in, ratesREST, exchange.FundingRate{Stamp: exchange.Stamp{Symbol: "SOL/USDC:USDC"}, Rate: d("0.000010077"), Next: at("2026-09-23T03:00:00Z")})
	if _, err := chargedRates(nil, in, []byte(strings.Replace(ratesREST, "2026-09-23T03", "soon", 1))); err == nil {
		t.Error("a rate without a time is taken")
	}
}

func TestServerTime(t *testing.T) {
	for text, want := range map[string]string{"1788285151083": "2026-09-01T17:52:31.083Z", "1788285151": "2026-09-01T17:52:31Z", "1788367430246081": "2026-09-02T16:43:50.246081Z", `"2026-09-01T17:54:04.094"`: "2026-09-01T17:54:04.094Z", `"2025-01-21T06:34:54.691858"`: "2025-01-21T06:34:54.691858Z"} {
		if got, err := serverTime(nil, &exchange.Scope{}, []byte(text)); err != nil || !got[0].Equal(at(want)) {
			t.Errorf("%s: got %v, %v", text, got, err)
		}
	}
}

const (
	rowPerp = `{"baseSymbol":"SOL","createdAt":"2025-01-21T06:34:54.691858","filters":{"price":{"borrowEntryFeeMaxMultiplier":null,"borrowEntryFeeMinMultiplier":null,"discoveryBoundBand":null,"maxImpactMultiplier":"1.01","maxMultiplier":"2","maxPrice":"1000","maxPriceUpdateMultiplier":"1.0025","meanMarkPriceBand":{"maxMultiplier":"1.1","minMultiplier":"0.9"},"meanPremiumBand":{"tolerancePct":"0.05"},"minImpactMultiplier":"0.99","minMultiplier":"0.25","minPrice":"0.01","minPriceUpdateMultiplier":"0.9975","tickSize":"0.01"},"quantity":{"maxQuantity":null,"minQuantity":"0.01","stepSize":"0.01"}},"fundingInterval":3600000,"fundingRateLowerBound":"-100","fundingRateUpperBound":"100","imfFunction":{"base":"0.02","factor":"0.00006","type":"sqrt"},"marketType":"PERP","mmfFunction":{"base":"0.0135","factor":"0.000036","type":"sqrt"},"openInterestLimit":"4000000","orderBookState":"Open","positionLimitWeight":"1","quoteSymbol":"USDC","rwaMarketType":null,"symbol":"SOL_USDC_PERP","visible":true}`
	rowSpot = `{"baseSymbol":"SOL","createdAt":"2025-01-21T06:34:54.691858","filters":{"price":{"maxPrice":null,"minPrice":"0.01","tickSize":"0.01"},"quantity":{"maxQuantity":null,"minQuantity":"0.01","stepSize":"0.01"},"new":7},"fundingInterval":28800000,"marketType":"SPOT","orderBookState":"Open","quoteSymbol":"USDC","symbol":"SOL_USDC","visible":true}`
)

// TestMarkets is section 2: the examples, and rows that are to be left out or are not active.
func TestMarkets(t *testing.T) {
	edit := func(old, new string) string { return strings.Replace(rowSpot, old, new, 1) }
	rows := []string{
		rowPerp, rowSpot,
		edit(`"SOL_USDC"`, `"kBONK_USDC"`), edit(`"SOL_USDC"`, `"A_USDC"`), edit(`"tickSize":"0.01"`, `"tickSize":null`), edit(`"stepSize":"0.01"`, `"stepSize":"much"`),
		edit(`"Open"`, `"PostOnly"`), edit(`"Open"`, `"SomethingNew"`), edit(`true`, `false`), edit(`"SPOT"`, `"PREDICTION"`), edit(`"SOL_USDC"`, `"a\"b"`), edit(`"baseSymbol":"SOL"`, `"baseSymbol":"AAPL.US"`),
	}
	list := "[" + strings.Join(rows, ",") + "]"
	listedAt := at("2025-01-21T06:34:54.691858Z")
	perp := exchange.Market{ID: "SOL_USDC_PERP", Symbol: "SOL/USDC:USDC", Kind: exchange.Swap, Base: "SOL", Quote: "USDC", Settle: "USDC", Active: true, Status: "Open", Listed: listedAt, TickSize: d("0.01"), StepSize: d("0.01"), MinSize: d("0.01"), MinPrice: d("0.01"), MaxPrice: d("1000")}
	spot := exchange.Market{ID: "SOL_USDC", Symbol: "SOL/USDC", Kind: exchange.Spot, Base: "SOL", Quote: "USDC", Active: true, Status: "Open", Listed: listedAt, TickSize: d("0.01"), StepSize: d("0.01"), MinSize: d("0.01"), MinPrice: d("0.01")}
	change := func(f func(*exchange.Market)) exchange.Market {
		m := spot
		f(&m)
		return m
	}
	golden(t, listed(exchange.Swap, "PERP"), &exchange.Scope{}, list, perp)
	golden(t, listed(exchange.Spot, "SPOT"), &exchange.Scope{}, list, spot,
		change(func(m *exchange.Market) { m.ID = "kBONK_USDC" }), change(func(m *exchange.Market) { m.ID = "A_USDC" }),
		change(func(m *exchange.Market) { m.Status, m.Active = "PostOnly", false }), change(func(m *exchange.Market) { m.Status, m.Active = "SomethingNew", false }),
		change(func(m *exchange.Market) { m.Active = false }), change(func(m *exchange.Market) { m.Base, m.Symbol = "AAPL.US", "AAPL.US/USDC" }))
	if _, err := listed(exchange.Spot, "SPOT")(nil, &exchange.Scope{}, []byte(`[`+rowSpot)); err == nil {
		t.Error("a list without an end is taken")
	}
}
