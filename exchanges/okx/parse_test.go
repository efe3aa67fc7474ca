package okx

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
)

var (
	pair    = &exchange.Market{ID: "BTC-USDT", Symbol: "BTC/USDT", Kind: exchange.Spot}
	linear  = &exchange.Market{ID: "BTC-USDT-SWAP", Symbol: "BTC/USDT:USDT", Kind: exchange.Swap, Contract: decimal.MustParse("0.01")}
	inverse = &exchange.Market{ID: "BTC-USD-SWAP", Symbol: "BTC/USD:BTC", Kind: exchange.Swap, Inverse: true, Contract: decimal.MustParse("100")}
)

// words is a value as text: what is absent is left out.
type words []string

func (w *words) add(name string, v fmt.Stringer) {
	if s := v.String(); s != "" && s != "0001-01-01 00:00:00 +0000 UTC" && s != "0s" {
		*w = append(*w, name+" "+s)
	}
}

func (w *words) at(name string, t time.Time) {
	if !t.IsZero() {
		*w = append(*w, fmt.Sprint(name, " ", t.UnixMilli()))
	}
}

func (w words) String() string { return strings.Join(w, ", ") }

func sayTicker(v *exchange.Ticker) string {
	w := words{v.Symbol}
	w.at("at", v.Time)
	for _, x := range []struct {
		name string
		v    decimal.Decimal
	}{{"last", v.Last}, {"size", v.LastSize}, {"bid", v.Bid}, {"size", v.BidSize}, {"ask", v.Ask}, {"size", v.AskSize}, {"open", v.Open}, {"high", v.High},
		{"low", v.Low}, {"change", v.Change}, {"percent", v.Percent.Round(4)}, {"volume", v.Volume}, {"quote", v.QuoteVolume}, {"contracts", v.ContractVolume}} {
		w.add(x.name, x.v)
	}
	return w.String()
}

func sayTouch(v *exchange.BidAsk) string {
	w := words{v.Symbol}
	w.at("at", v.Time)
	w.add("bid", v.Bid)
	w.add("size", v.BidSize)
	w.add("ask", v.Ask)
	w.add("size", v.AskSize)
	return fmt.Sprint(w.String(), " seq ", v.Seq)
}

func sayTrade(v *exchange.Trade) string {
	w := words{v.Symbol, string(v.Side), v.First + "…" + v.ID}
	w.at("at", v.Time)
	w.add("price", v.Price)
	w.add("size", v.Size)
	w.add("contracts", v.Contracts)
	return fmt.Sprint(w.String(), " seq ", v.Seq)
}

func sayCandle(v *exchange.Candle) string {
	w := words{string(v.Interval)}
	w.at("start", v.Start)
	for i, x := range []decimal.Decimal{v.Open, v.High, v.Low, v.Close, v.Volume, v.QuoteVolume, v.ContractVolume} {
		w.add([]string{"open", "high", "low", "close", "volume", "quote", "contracts"}[i], x)
	}
	return fmt.Sprint(w.String(), " closed ", v.Closed)
}

func sayFunding(v *exchange.FundingRate) string {
	w := words{v.Symbol}
	w.at("at", v.Time)
	w.add("rate", v.Rate)
	w.at("next", v.Next)
	w.add("every", v.Interval)
	return w.String()
}

func sayMark(v *exchange.MarkPrice) string {
	w := words{v.Symbol}
	w.at("at", v.Time)
	w.add("mark", v.Mark)
	return w.String()
}

// golden is messages, and what they say.
func golden[T any](t *testing.T, parse exchange.Parser[T], say func(*T) string, in *exchange.Scope, b string, want ...string) {
	t.Helper()
	rows, err := parse(nil, in, []byte(b))
	if err != nil || len(rows) != len(want) {
		t.Errorf("%s: %d values, want %d, %v", b, len(rows), len(want), err)
		return
	}
	for i := range rows {
		if got := say(&rows[i]); got != want[i] {
			t.Errorf("%s:\n got %s\nwant %s", b, got, want[i])
		}
	}
}

const (
	tickerREST = `{"code":"0","msg":"","data":[{"instType":"SPOT","instId":"BTC-USDT","last":"64120.4","lastSz":"0.0021","askPx":"64120.5","askSz":"0.71205",` +
		`"bidPx":"64120.4","bidSz":"1.5","open24h":"63050.1","high24h":"64800","low24h":"62911.7","volCcy24h":"512004411.903117205",` +
		`"vol24h":"8011.40211954","ts":"1789389296101","sodUtc0":"63500","sodUtc8":"63777.7"}]}`
	tickerSwap = `{"arg":{"channel":"tickers","instId":"BTC-USDT-SWAP"},"data":[{"instType":"SWAP","instId":"BTC-USDT-SWAP","last":"64120.4","lastSz":"2","askPx":"64120.5","askSz":"71",` +
		`"bidPx":"64120.4","bidSz":"150","open24h":"","high24h":"64800","low24h":"62911.7","sodUtc0":"63500","sodUtc8":"63777.7","volCcy24h":"80114.02","vol24h":"8011402","ts":"1789389296101"}]}`
	tickerDead = `{"code":"0","msg":"","data":[{"instType":"SPOT","instId":"BTC-USDT","last":"","lastSz":"0","askPx":"","askSz":"0","bidPx":"1.5","bidSz":"3","open24h":"","high24h":"","low24h":"",` +
		`"volCcy24h":"0","vol24h":"0","ts":"1789389296101"},{"instId":"GONE-USDT","last":"1"}]}`
	tradesREST = `{"code":"0","msg":"","data":[{"instId":"BTC-USDT","side":"sell","sz":"0.00312","source":"0","px":"64120.4","tradeId":"820177341","ts":"1789389295871"},` +
		`{"instId":"BTC-USDT","side":"buy","sz":"0.0007","source":"0","px":"64120.5","tradeId":"820177340","ts":"1789389295871"}]}`
	tradePushed = `{"arg":{"channel":"trades","instId":"BTC-USDT"},"data":[{"instId":"BTC-USDT","tradeId":"820177341","px":"64120.4","sz":"0.00312","side":"sell","ts":"1789389295871","count":"3","source":"0","seqId":48930221741}]}`
	candleREST  = `{"code":"0","msg":"","data":[["1789389240000","64090.1","64125","64088","64120.4","12.40217755","795004.1127","795004.1127","0"],` +
		`["1789389180000","64101","64101","64077.3","64090.1","8.1","519147.9","519147.9","1"]]}`
	candleSwap = `{"arg":{"channel":"candle1m","instId":"BTC-USD-SWAP"},"data":[["1789389240000","64090.1","64125","64088","64120.4","1240","1.9337","124000","1"]]}`
	markREST   = `{"code":"0","data":[{"instId":"BTC-USDT-SWAP","instType":"SWAP","markPx":"64118.7","ts":"1789389296010"}],"msg":""}`
	fundingNow = `{"code":"0","data":[{"formulaType":"withRate","fundingRate":"0.0000812000000000","fundingTime":"1789401600000","impactValue":"20000.0000000000000000",` +
		`"instId":"BTC-USDT-SWAP","instType":"SWAP","interestRate":"0.0001000000000000","maxFundingRate":"0.00375","method":"current_period",` +
		`"minFundingRate":"-0.00375","nextFundingRate":"","nextFundingTime":"1789430400000","premium":"0.0000311412008891","prevFundingTime":"1789372800000",` +
		`"settFundingRate":"0.0000655000000000","settState":"settled","ts":"1789389290877"}],"msg":""}`
	fundingPast = `{"code":"0","data":[{"formulaType":"withRate","fundingRate":"0.0001","fundingTime":"1789372800000","instId":"BTC-USDT-SWAP","instType":"SWAP","method":"current_period","realizedRate":"0.0000999"},` +
		`{"fundingRate":"-0.0002","fundingTime":"1789344000000","instId":"BTC-USDT-SWAP","realizedRate":""}],"msg":""}`
	bboPushed = `{"arg":{"channel":"bbo-tbt","instId":"BTC-USDT"},"data":[{"asks":[["64120.5","0.71205","0","4"]],"bids":[],"ts":"1789389296102","seqId":48930221750}]}`
)

func TestParse(t *testing.T) {
	spot, swap := &exchange.Scope{Market: pair}, &exchange.Scope{Market: linear}
	coin := &exchange.Scope{Market: inverse, Args: exchange.Args{Interval: "1m"}}
	golden(t, parseTickers, sayTicker, spot, tickerREST, "BTC/USDT, at 1789389296101, last 64120.4, size 0.0021, bid 64120.4, size 1.5, ask 64120.5, size 0.71205, "+
		"open 63050.1, high 64800, low 62911.7, change 1070.3, percent 1.6975, volume 8011.40211954, quote 512004411.903117205")
	golden(t, parseTickers, sayTicker, swap, tickerSwap, "BTC/USDT:USDT, at 1789389296101, last 64120.4, size 2, bid 64120.4, size 150, ask 64120.5, size 71, "+
		"high 64800, low 62911.7, volume 80114.02, contracts 8011402")
	golden(t, parseTickers, sayTicker, spot, `{"code":"0","msg":"","data":[]}`)
	golden(t, parseTickers, sayTicker, &exchange.Scope{}, tickerDead)
	for _, nothing := range []string{`{}`, `{"code":"0","msg":""}`, `{"code":"0","data":null,"msg":""}`, `{"data":[{}]}`} {
		golden(t, parseTickers, sayTicker, spot, nothing)
		golden(t, parseTrades, sayTrade, spot, nothing)
		golden(t, parseCandles, sayCandle, spot, nothing)
		golden(t, parseBook, say, spot, nothing)
	}
	golden(t, parseBest, sayTouch, spot, tickerREST, "BTC/USDT, at 1789389296101, bid 64120.4, size 1.5, ask 64120.5, size 0.71205 seq 0")
	golden(t, parseBest, sayTouch, &exchange.Scope{Market: pair}, strings.Replace(tickerDead, `,{"instId":"GONE-USDT","last":"1"}`, "", 1), "BTC/USDT, at 1789389296101, bid 1.5, size 3 seq 0")
	golden(t, parseBest, sayTouch, spot, bboPushed, "BTC/USDT, at 1789389296102, ask 64120.5, size 0.71205 seq 48930221750")
	golden(t, parseTradeList, sayTrade, spot, tradesREST,
		"BTC/USDT, buy, …820177340, at 1789389295871, price 64120.5, size 0.0007 seq 0", "BTC/USDT, sell, …820177341, at 1789389295871, price 64120.4, size 0.00312 seq 0")
	golden(t, parseTrades, sayTrade, spot, tradePushed, "BTC/USDT, sell, 820177339…820177341, at 1789389295871, price 64120.4, size 0.00312 seq 48930221741")
	golden(t, parseTrades, sayTrade, swap, `{"data":[{"instId":"BTC-USDT-SWAP","tradeId":"-7","px":"64000","sz":"25.5","side":"buy","ts":"1","count":"1"}]}`,
		"BTC/USDT:USDT, buy, …-7, at 1, price 64000, size 0.255, contracts 25.5 seq 0")
	golden(t, parseTrades, sayTrade, coin, `{"data":[{"instId":"BTC-USD-SWAP","tradeId":"7","px":"64000","sz":"32","side":"?","ts":"1"}]}`,
		"BTC/USD:BTC, , …7, at 1, price 64000, size 0.05, contracts 32 seq 0")
	golden(t, parseCandles, sayCandle, &exchange.Scope{Market: pair, Args: exchange.Args{Interval: "1m"}}, candleREST,
		"1m, start 1789389240000, open 64090.1, high 64125, low 64088, close 64120.4, volume 12.40217755, quote 795004.1127 closed false",
		"1m, start 1789389180000, open 64101, high 64101, low 64077.3, close 64090.1, volume 8.1, quote 519147.9 closed true")
	golden(t, parseCandles, sayCandle, coin, candleSwap,
		"1m, start 1789389240000, open 64090.1, high 64125, low 64088, close 64120.4, volume 1.9337, quote 124000, contracts 1240 closed true")
	golden(t, parseMarks, sayMark, swap, markREST, "BTC/USDT:USDT, at 1789389296010, mark 64118.7")
	golden(t, parseFunding, sayFunding, swap, fundingNow, "BTC/USDT:USDT, at 1789389290877, rate 0.0000812000000000, next 1789401600000, every 8h0m0s")
	golden(t, parseHistory, sayFunding, swap, fundingPast,
		"BTC/USDT:USDT, at 1789372800000, rate 0.0000999, next 1789372800000", "BTC/USDT:USDT, at 1789344000000, rate -0.0002, next 1789344000000")
	golden(t, parseTime, func(v *time.Time) string { return fmt.Sprint(v.UnixMilli()) }, &exchange.Scope{}, `{"code":"0","data":[{"ts":"1789389296123"}],"msg":""}`, "1789389296123")
}

// broken reports whether a parser refuses a message.
func broken[T any](t *testing.T, parse exchange.Parser[T], b string) {
	t.Helper()
	if rows, err := parse(nil, &exchange.Scope{Market: pair}, []byte(b)); err == nil {
		t.Errorf("%s: %d values, no error", b, len(rows))
	}
}

func TestParseRefuses(t *testing.T) {
	for _, b := range []string{"", "<html>", `{"data":`, `{"data":[{"ts":{}}]}`, `{"data":[],"data":[]}`, `{"data":"text"}`, "{\"data\":[{\"ts\":\"\xff\"}]}"} {
		broken(t, parseTime, b)
		broken(t, parseTickers, b)
		broken(t, parseBest, b)
		broken(t, parseTrades, b)
		broken(t, parseFunding, b)
		broken(t, parseHistory, b)
		broken(t, parseMarks, b)
		broken(t, parseCandles, b)
	}
	broken(t, parseCandles, `{"data":[["1","2","3","1","2","5"]]}`)
	broken(t, parseTickers, strings.Replace(tickerREST, `"64120.4"`, `"sixty"`, 1))
	broken(t, parseTrades, tradePushed[:len(tradePushed)-9])
}

func TestSpan(t *testing.T) {
	for _, c := range []struct {
		id, first string
		from, to  int64
		ok        bool
	}{
		{"820177341", "820177339", 820177339, 820177341, true},
		{"820177341", "", 820177341, 820177341, true},
		{"-7", "", 0, 0, false}, {"", "", 0, 0, false}, {"x", "", 0, 0, false}, {"7", "x", 0, 0, false},
	} {
		from, to, ok := span(&exchange.Trade{ID: c.id, First: c.first})
		if from != c.from || to != c.to || ok != c.ok {
			t.Errorf("%s…%s: %d…%d %v", c.first, c.id, from, to, ok)
		}
	}
}

// TestParseAllocations: texts of ids are the only memory that a pushed message costs.
func TestParseAllocations(t *testing.T) {
	spot := &exchange.Scope{Market: pair, Args: exchange.Args{Interval: "1m"}}
	allocs(t, "ticker", 0, parseTickers, spot, tickerREST)
	allocs(t, "best", 0, parseBest, spot, bboPushed)
	allocs(t, "trade", 2, parseTrades, spot, tradePushed)
	allocs(t, "candle", 0, parseCandles, spot, candleREST)
	allocs(t, "funding", 0, parseFunding, spot, fundingNow)
	allocs(t, "mark", 0, parseMarks, spot, markREST)
	all, _ := frames(1)
	allocs(t, "book", 0, parseBook, spot, string(all[0]))
}

func allocs[T any](t *testing.T, name string, want float64, parse exchange.Parser[T], in *exchange.Scope, text string) {
	t.Helper()
	b := []byte(text)
	rows, err := parse(nil, in, b)
	if err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(100, func() { rows, _ = parse(rows[:0], in, b) }); n > want {
		t.Errorf("%s: %v allocations, want %v", name, n, want)
	}
}
