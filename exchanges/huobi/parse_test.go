package huobi

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/stream"
)

var (
	pair    = &exchange.Market{ID: "ethusdt", Symbol: "ETH/USDT", Kind: exchange.Spot, TickSize: decimal.MustParse("0.01"), StepSize: decimal.MustParse("0.0001")}
	linear  = &exchange.Market{ID: "BTC-USDT", Symbol: "BTC/USDT:USDT", Kind: exchange.Swap, Contract: decimal.MustParse("0.001"), TickSize: decimal.MustParse("0.1"), StepSize: decimal.New(1, 0)}
	inverse = &exchange.Market{ID: "BTC-USD", Symbol: "BTC/USD:BTC", Kind: exchange.Swap, Inverse: true, Contract: decimal.MustParse("100"), TickSize: decimal.MustParse("0.1"), StepSize: decimal.New(1, 0)}
)

// The examples of the venue's document.
const (
	tickerPair  = `{"ch":"market.ethusdt.ticker","ts":1788081327526,"tick":{"open":2588.4,"high":2631.9,"low":2571.02,"close":2604.2,"amount":48211.73920114,"vol":1.2548021770912334E8,"count":211034,"bid":2604.17,"bidSize":3.2,"ask":2604.31,"askSize":2.6,"lastPrice":2604.2,"lastSize":1.24E-4}}`
	mergedPair  = `{"ch":"market.ethusdt.detail.merged","status":"ok","ts":1788081327650,"tick":{"id":382156789143,"version":382156789143,"open":2588.4,"close":2604.2,"low":2571.02,"high":2631.9,"amount":48211.73920114,"vol":1.2548021770912334E8,"count":211034,"bid":[2604.17,3.2],"ask":[2604.31,2.6]}}`
	mergedSwap  = `{"ch":"market.BTC-USDT.detail.merged","status":"ok","tick":{"amount":"15266.388","ask":[61250.5,1830],"bid":[61250.4,905],"close":"61250.4","count":188420,"high":"61980","id":1788081327,"low":"60411.2","open":"60802.7","trade_turnover":"933211042.71","ts":1788081327580,"vol":"15266388"},"ts":1788081327580}`
	batchSwap   = `{"status":"ok","ticks":[{"id":1788081327,"ts":1788081327583,"ask":[61250.5,1830],"bid":null,"business_type":"swap","contract_code":"BTC-USDT","open":"60802.7","close":"61250.4","low":"60411.2","high":"61980","amount":"15266.388","count":188420,"vol":"933211042.71","number_of":"15266388"}],"ts":1788081327583}`
	bboPair     = `{"ch":"market.ethusdt.bbo","ts":1788081327540,"tick":{"seqId":163200418861,"ask":2604.31,"askSize":2.6,"bid":2604.17,"bidSize":3.2,"quoteTime":1788081327539,"symbol":"ethusdt"}}`
	bboSwap     = `{"ch":"market.BTC-USDT.bbo","ts":1788081327525,"tick":{"mrid":131596447221,"id":1788081327,"bid":[61250.4,905],"ts":1788081327524,"version":131596447221,"ch":"market.BTC-USDT.bbo"}}`
	tradesPair  = `{"ch":"market.ethusdt.trade.detail","ts":1788081327175,"tick":{"id":163200418861,"ts":1788081327173,"data":[{"id":163200418861359286410323766,"ts":1788081327173,"tradeId":104517381184,"amount":0.506754,"price":2604.31,"direction":"buy"},{"id":163200418861359286410323701,"ts":1788081327173,"tradeId":104517381183,"amount":2.6,"price":2604.31,"direction":"buy"}]}}`
	pulledPair  = `{"ch":"market.ethusdt.trade.detail","status":"ok","ts":1788081327700,"data":[{"id":163200418861,"ts":1788081326939,"data":[{"id":163200418861348400430265987,"ts":1788081326939,"trade-id":104517381182,"amount":1.24E-4,"price":2604.2,"direction":"buy"}]},{"id":163200418805,"ts":1788081326198,"data":[{"id":163200418805348400439066863,"ts":1788081326198,"trade-id":104517381181,"amount":0.01125,"price":2604.17,"direction":"sell"},{"id":163200418805348400429773626,"ts":1788081326198,"trade-id":104517381180,"amount":8.3E-4,"price":2604.11,"direction":"sell"}]}]}`
	tradesSwap  = `{"ch":"market.BTC-USDT.trade.detail","ts":1788081327346,"tick":{"id":131596447221,"ts":1788081327335,"data":[{"amount":2,"ts":1788081327335,"id":1315964472210000,"price":61250.5,"direction":"buy","quantity":0.002,"trade_turnover":122.501},{"amount":14,"ts":1788081327335,"id":1315964472210001,"price":61250.7,"direction":"buy","quantity":0.014,"trade_turnover":857.5098}]}}`
	klinePair   = `{"ch":"market.ethusdt.kline.1min","ts":1788081327370,"tick":{"id":1788081300,"open":2604.0,"close":2604.2,"low":2603.8,"high":2604.31,"amount":12.4448,"vol":32401.829884187,"count":31}}`
	klineSwap   = `{"ch":"market.BTC-USDT.kline.1min","data":[{"amount":4.306,"close":61250.4,"count":82,"high":61262.1,"id":1788081240,"low":61244,"open":61251.7,"trade_turnover":263752.2208,"vol":4306}],"status":"ok","ts":1788081327834}`
	markSwap    = `{"ch":"market.BTC-USDT.mark_price.1min","ts":1788081327831,"tick":{"vol":"0","close":"61249.31","count":"0","high":"61251","id":1788081300,"low":"61244.7","open":"61250.2","trade_turnover":"0","amount":"0"}}`
	fundingPull = `{"status":"ok","data":{"funding_rate":"0.000100000000000000","contract_code":"BTC-USDT","symbol":"BTC","fee_asset":"USDT","funding_time":"1788105600000","estimated_rate":null,"next_funding_time":null},"ts":1788081327494}`
	fundingPush = `{"op":"notify","topic":"public.BTC-USDT.funding_rate","ts":1788081327166,"data":[{"symbol":"BTC","contract_code":"BTC-USDT","fee_asset":"USDT","funding_time":"1788081300000","funding_rate":"0.000087220068774978","settlement_time":"1788105600000","estimated_rate":null}]}`
	fundingPast = `{"status":"ok","data":{"total_page":14,"current_page":1,"total_size":14,"data":[{"avg_premium_index":"0.000049895833333333","funding_rate":"0.000100000000000000","funding_time":"1788076800000","realized_rate":null,"contract_code":"BTC-USDT","symbol":"BTC","fee_asset":"USDT"}]},"ts":1788081327599}`
	stepPair    = `{"ch":"market.ethusdt.depth.step0","ts":1788081327503,"tick":{"bids":[[2604.17,3.2],[2604.11,0.75]],"asks":[[2604.31,2.6],[2604.4,7.0]],"version":163200418861,"ts":1788081327500}}`
	stepSwap    = `{"ch":"market.BTC-USDT.depth.step6","status":"ok","tick":{"asks":[[61250.5,1830],[61250.9,44]],"bids":[[61250.4,905],[61250.1,12]],"ch":"market.BTC-USDT.depth.step6","id":1788081327,"mrid":131596447221,"ts":1788081327468,"version":1788081327},"ts":1788081327533}`
	refresh     = `{"ch":"market.ethusdt.mbp.refresh.20","ts":1788081327405,"tick":{"seqNum":163200418861,"bids":[[2604.12,9.9],[2604.11,0.75]],"asks":[[2604.4,12.0],[2604.44,1.5E-4]]}}`
	rulesPair   = `{"status":"ok","data":[{"symbol":"ethusdt","state":"online","bc":"eth","qc":"usdt","pp":2,"ap":4,"sp":"main","vp":8,"minoa":0.001,"maxoa":10000,"minov":10,"lominoa":0.001,"lomaxoa":10000,"lr":5,"at":"enabled","tags":"activities"},{"symbol":"eth3lusdt","state":"online","bc":"eth3l","qc":"usdt","pp":2,"ap":4,"u":"eth","at":"enabled"},{"symbol":"x","pp":"many"},7,null],"ts":"1788081000417","full":1}`
	rulesSwap   = `{"status":"ok","data":[{"symbol":"BTC","contract_code":"BTC-USDT","contract_size":0.001000000000000000,"price_tick":0.100000000000000000,"delivery_date":"","delivery_time":"","create_date":"20201021","contract_status":1,"business_type":"swap","pair":"BTC-USDT","contract_type":"swap","trade_partition":"USDT"},{"symbol":"BTC","contract_code":"BTC-USDT-261225","contract_size":1E-3,"price_tick":0.1,"delivery_date":"20261225","delivery_time":"1798185600000","create_date":"20260626","contract_status":5,"business_type":"futures","pair":"BTC-USDT","contract_type":"quarter","trade_partition":"USDT"},{"symbol":"BTC","contract_code":"BTC-USD","contract_size":100,"price_tick":0.1,"delivery_time":"","contract_status":1},{"symbol":"BTC","contract_code":"X"}],"ts":1788081327455}`
)

// say makes a text of values.
func say[T any](t *testing.T, parse exchange.Parser[T], in *exchange.Scope, b string, text func(*T) string) string {
	t.Helper()
	rows, err := parse(nil, in, []byte(b))
	var all []string
	for i := range rows {
		all = append(all, text(&rows[i]))
	}
	if err != nil {
		all = append(all, err.Error())
	}
	return strings.Join(all, "; ")
}

func TestParse(t *testing.T) {
	ticker := func(v *exchange.Ticker) string {
		return fmt.Sprint(v.Time.UnixMilli(), v.Last, v.LastSize, v.Bid, v.BidSize, v.Ask, v.AskSize, v.Open, v.High, v.Low, v.Change, v.Percent, v.Volume, v.QuoteVolume, v.ContractVolume, v.Trades)
	}
	bidAsk := func(v *exchange.BidAsk) string {
		return fmt.Sprint(v.Time.UnixMilli(), v.Seq, v.Bid, v.BidSize, v.Ask, v.AskSize)
	}
	traded := func(v *exchange.Trade) string {
		return fmt.Sprint(v.Seq, " ", v.ID, " ", v.Time.UnixMilli(), " ", v.Side, " ", v.Price, v.Size, v.Contracts, v.Cost)
	}
	candle := func(v *exchange.Candle) string {
		return fmt.Sprint(v.Start.Unix(), v.Open, v.High, v.Low, v.Close, v.Volume, v.QuoteVolume, v.ContractVolume, v.Trades, v.Closed)
	}
	funding := func(v *exchange.FundingRate) string {
		return fmt.Sprint(v.Time.UnixMilli(), v.Rate, v.Next.UnixMilli())
	}
	market := func(m *exchange.Market) string {
		return fmt.Sprint(m.Symbol, " ", m.ID, " ", m.Alias, " ", m.Kind, " ", m.Active, m.Inverse, m.Contract, m.TickSize, m.StepSize, m.MinSize, m.MaxSize, m.MinCost, m.Listed.Unix(), m.Expiry.Unix())
	}
	said := func(u *book.Update) string {
		return fmt.Sprint(u.Snapshot, u.Prev, u.Last, u.Time.UnixMilli(), u.Bids, u.Asks)
	}
	p, l := &exchange.Scope{Market: pair, Args: exchange.Args{Interval: "1m"}}, &exchange.Scope{Market: linear, Args: exchange.Args{Interval: "1m"}}
	for i, c := range [][2]string{
		{say(t, tickers, p, tickerPair, ticker), "1788081327526 2604.2 0.000124 2604.17 3.2 2604.31 2.6 2588.4 2631.9 2571.02 15.8 0.6104 48211.73920114 125480217.70912334  211034"},
		{say(t, tickers, p, mergedPair, ticker), "1788081327650 2604.2  2604.17 3.2 2604.31 2.6 2588.4 2631.9 2571.02 15.8 0.6104 48211.73920114 125480217.70912334  211034"},
		{say(t, tickers, l, mergedSwap, ticker), "1788081327580 61250.4  61250.4 905 61250.5 1830 60802.7 61980 60411.2 447.7 0.7363 7633.194 466605521.355 7633194 94210"},
		{say(t, tickers, l, batchSwap, ticker), "1788081327583 61250.4    61250.5 1830 60802.7 61980 60411.2 447.7 0.7363 7633.194 466605521.355 7633194 94210"},
		{say(t, bidAsks, p, bboPair, bidAsk), "1788081327539 163200418861 2604.17 3.2 2604.31 2.6"},
		{say(t, bidAsks, l, bboSwap, bidAsk), "1788081327524 131596447221 61250.4 905  "},
		{say(t, trades, p, tradesPair, traded), "104517381183 163200418861359286410323701 1788081327173 buy 2604.31 2.6  ; 104517381184 163200418861359286410323766 1788081327173 buy 2604.31 0.506754  "},
		{say(t, trades, p, pulledPair, traded), "104517381180 163200418805348400429773626 1788081326198 sell 2604.11 0.00083  ; 104517381181 163200418805348400439066863 1788081326198 sell 2604.17 0.01125  ; 104517381182 163200418861348400430265987 1788081326939 buy 2604.2 0.000124  "},
		{say(t, trades, l, tradesSwap, traded), "1315964472210000 1315964472210000 1788081327335 buy 61250.5 0.001 1 61.2505; 1315964472210001 1315964472210001 1788081327335 buy 61250.7 0.007 7 428.7549"},
		{say(t, candles, p, klinePair, candle), "1788081300 2604 2604.31 2603.8 2604.2 12.4448 32401.829884187  31 false"},
		{say(t, candles, l, klineSwap, candle), "1788081240 61251.7 61262.1 61244 61250.4 2.153 131876.1104 2153 41 true"},
		{say(t, marks, l, markSwap, func(v *exchange.MarkPrice) string { return fmt.Sprint(v.Time.UnixMilli(), v.Mark) }), "1788081327831 61249.31"},
		{say(t, fundings, l, fundingPull, funding), "1788081327494 0.0001 1788105600000"},
		{say(t, fundings, l, fundingPush, funding), "1788081327166 0.000087220068774978 1788105600000"},
		{say(t, fundings, l, fundingPast, funding), "1788081327599 0.0001 1788076800000"},
		{say(t, listed(spotRow), &exchange.Scope{}, rulesPair, market), "ETH/USDT ethusdt spot true false 0.01 0.0001 0.001 10000 10 -62135596800 -62135596800"},
		{say(t, listed(contractRow), &exchange.Scope{}, rulesSwap, market), "BTC/USDT:USDT BTC-USDT swap true false 0.001 0.1 1 1   1603238400 -62135596800; BTC/USDT:USDT-261225 BTC-USDT-261225 BTC-USDT-CQ future false false 0.001 0.1 1 1   1782432000 1798185600; BTC/USD:BTC BTC-USD swap true true 100 0.1 1 1   -62135596800 -62135596800"},
		{say(t, books, p, stepPair, said), "true 0 163200418861 1788081327500 [{2604.17 3.2} {2604.11 0.75}] [{2604.31 2.6} {2604.4 7}]"},
		{say(t, books, l, stepSwap, said), "true 0 1788081327468 1788081327468 [{61250.4 905} {61250.1 12}] [{61250.5 1830} {61250.9 44}]"},
		{say(t, books, p, refresh, said), "true 0 163200418861 1788081327405 [{2604.12 9.9} {2604.11 0.75}] [{2604.4 12} {2604.44 0.00015}]"},
		{say(t, serverTime, p, `{"status":"ok","data":1788081327012}`, func(v *time.Time) string { return fmt.Sprint(v.UnixMilli()) }), "1788081327012"},
		{say(t, serverTime, p, `{"status":"ok","ts":1788081327012}`, func(v *time.Time) string { return fmt.Sprint(v.UnixMilli()) }), "1788081327012"},
	} {
		if squeeze(c[0]) != squeeze(c[1]) {
			t.Errorf("%d: got  %s\n     want %s", i, c[0], c[1])
		}
	}
}

// squeeze takes white space away, and zeros at the end of fractions.
func squeeze(s string) string {
	var out []string
	for _, f := range strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(" {}[];", r) }) {
		if d, err := decimal.ParseString(f); err == nil && strings.ContainsAny(f, ".E") {
			if f = d.Neg().Neg().String(); strings.Contains(f, ".") {
				f = strings.TrimRight(strings.TrimRight(f, "0"), ".")
			}
		}
		out = append(out, f)
	}
	return strings.Join(out, "")
}

func newSync(rule book.Rule, m *exchange.Market, pending int) *book.Sync {
	return book.NewSync(book.Config{Rule: rule, Tick: m.TickSize, Step: m.StepSize, Depth: 150, Trim: true, MaxPending: pending})
}

func feed(t *testing.T, s *book.Sync, m *exchange.Market, frame string) error {
	t.Helper()
	rows, err := books(nil, &exchange.Scope{Market: m, Args: exchange.Args{Depth: 150}}, []byte(frame))
	if err != nil || len(rows) != 1 {
		t.Fatalf("%d updates, %v", len(rows), err)
	}
	return s.Apply(&rows[0])
}

func sayBook(s *book.Sync) string {
	bids, asks := s.Book().Top(0, nil, nil)
	return squeeze(fmt.Sprint(s.State(), s.Seq(), bids, asks))
}

// TestMerges are the worked merges of section 5.4.
func TestMerges(t *testing.T) {
	delta := `{"ch":"market.ethusdt.mbp.150","ts":1788081327105,"tick":{"seqNum":%d,"prevSeqNum":%d,"bids":[%s],"asks":[%s]}}`
	s := newSync(linked, pair, 0)
	for _, f := range []string{
		fmt.Sprintf(delta, 163200418805, 163200418790, "[2604.17,3.2]", ""),
		fmt.Sprintf(delta, 163200418833, 163200418805, "", "[2604.31,0.0],[2604.44,1.5E-4]"),
		`{"id":"r1","rep":"market.ethusdt.mbp.150","status":"ok","ts":1788081327188,"data":{"seqNum":163200418805,"bids":[[2604.17,3.2],[2604.11,0.75],[2604.02,18.0]],"asks":[[2604.31,2.6],[2604.4,7.0],[2604.58,0.4]]}}`,
		fmt.Sprintf(delta, 163200418840, 163200418833, "", ""),
		fmt.Sprintf(delta, 163200418861, 163200418840, "[2604.17,0.0],[2604.12,9.9]", "[2604.4,12.0]"),
	} {
		if err := feed(t, s, pair, f); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := sayBook(s), squeeze("live 163200418861 [{2604.12 9.9} {2604.11 0.75} {2604.02 18}] [{2604.4 12} {2604.44 0.00015} {2604.58 0.4}]"); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if err := feed(t, s, pair, fmt.Sprintf(delta, 163200418902, 163200418870, "[2604.1,1.0]", "")); !errors.Is(err, book.ErrGap) {
		t.Errorf("a hole: %v", err)
	}
	push := `{"ch":"market.BTC-USDT.depth.size_150.high_freq","tick":{"asks":[%s],"bids":[%s],"event":"%s","mrid":131596447221,"ts":1788081327330,"version":%d},"ts":1788081327331}`
	s = newSync(counted, linear, -1)
	for _, f := range []string{
		fmt.Sprintf(push, "[61250.5,1830],[61250.9,44]", "[61250.4,905],[61250.1,12],[61249.8,600]", "snapshot", 88120),
		fmt.Sprintf(push, "[61250.5,1702],[61250.7,20]", "", "update", 88121),
		fmt.Sprintf(push, "", "[61250.4,0],[61250.2,310]", "update", 88122),
	} {
		if err := feed(t, s, linear, f); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := sayBook(s), squeeze("live 88122 [{61250.2 310} {61250.1 12} {61249.8 600}] [{61250.5 1702} {61250.7 20} {61250.9 44}]"); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if err := feed(t, s, linear, fmt.Sprintf(push, "[61250.5,0]", "", "update", 88124)); !errors.Is(err, book.ErrGap) {
		t.Errorf("a hole: %v", err)
	}
}

func TestLinked(t *testing.T) {
	for _, c := range []struct {
		at         book.At
		prev, last int64
		want       book.Verdict
	}{
		{book.At{Seq: 100, Heard: 100}, 100, 107, book.Apply},
		{book.At{Seq: 100, Heard: 100}, 99, 100, book.Skip},
		{book.At{Seq: 100, Heard: 100}, 103, 107, book.Gap},
		{book.At{Seq: 100, Heard: 100}, 98, 103, book.Gap},
		{book.At{Seq: 100, Heard: 7}, 7, 9, book.Gap}, // counted anew
		{book.At{Seq: 100, Fresh: true}, 101, 107, book.OldSnapshot},
		{book.At{Seq: 100, Fresh: true, Heard: 90}, 90, 95, book.Skip},
		{book.At{Seq: 100, Fresh: true}, 98, 107, book.OldSnapshot},
		{book.At{Seq: 100, Fresh: true, Tries: 2}, 98, 107, book.OldSnapshot},
		{book.At{Seq: 100, Fresh: true, Tries: 2}, 101, 107, book.OldSnapshot},
	} {
		if got := linked(c.at, &book.Update{Prev: c.prev, Last: c.last}); got != c.want {
			t.Errorf("%+v, %d to %d: %v, want %v", c.at, c.prev, c.last, got, c.want)
		}
	}
}

func TestRefusal(t *testing.T) {
	for _, c := range []struct {
		body, code string
		spot, swap error
	}{
		{`{"ts":1788081327500,"status":"error","err-code":"invalid-parameter","err-msg":"invalid symbol"}`, "invalid-parameter: symbol", exchange.ErrBadSymbol, exchange.ErrBadSymbol},
		{`{"ts":1,"status":"error","err-code":"invalid-parameter","err-msg":"request limit"}`, "invalid-parameter: limit", exchange.ErrRateLimit, exchange.ErrRateLimit},
		{`{"code":2002,"message":"invalid field value in ` + "`currency`" + `"}`, "2002", exchange.ErrBadRequest, exchange.ErrAuth},
		{`{"status":"error","err_code":1013,"err_msg":"This contract symbol doesn't exist.","ts":1788081327500}`, "1013", nil, exchange.ErrBadSymbol},
		{`{"status":"error","err_code":1032,"err_msg":"x"}`, "1032", nil, exchange.ErrRateLimit},
		{`{"status":"error","err-code":"api-signature-not-valid","err-msg":"Signature not valid: Incorrect Access key"}`, "api-signature-not-valid", exchange.ErrAuth, nil},
		{`{"status":"error","err-code":"api-signature-not-valid","err-msg":"Signature not valid: Incorrect IP address"}`, "api-signature-not-valid: address", exchange.ErrAddress, nil},
		{`{"status":"error","err-code":"api-signature-not-valid","err-msg":"Signature not valid: Invalid submission time"}`, "api-signature-not-valid: time", exchange.ErrNonce, nil},
		{`{"status":"error","err-code":"api-signature-not-valid","err-msg":"API key has no permission"}`, "api-signature-not-valid: permission", exchange.ErrPermission, nil},
		{`{"code":1003,"message":"invalid signature"}`, "1003", exchange.ErrAuth, exchange.ErrUnavailable},
		{`{"code":403,"message":"Verification failure"}`, "403", exchange.ErrAuth, exchange.ErrAuth},
		{`{"status":"error","err_code":12005,"err_msg":"x"}`, "12005", nil, exchange.ErrAddress},
		{`{"status":"error","err_code":12001,"err_msg":"x"}`, "12001", nil, exchange.ErrNonce},
		{`{"status":"maintain"}`, "maintain", exchange.ErrMaintenance, exchange.ErrMaintenance},
		{`{"code":200,"data":[]}`, "", nil, nil},
		{mergedPair, "", nil, nil},
		{"<html>", "", nil, nil},
	} {
		code, _, _ := refusal(200, []byte(c.body))
		if code != c.code || spotCodes[code] != c.spot || contractCodes[code] != c.swap {
			t.Errorf("%s: %q, %v, %v", c.body, code, spotCodes[code], contractCodes[code])
		}
	}
}

func TestDialect(t *testing.T) {
	d := newDialect().(*dialect)
	var sent []string
	for _, q := range append(d.Change(time.Time{}, nil, []string{"public.BTC-USDT.funding_rate", "market.ethusdt.bbo"}, []string{"market.BTC-USDT.depth.size_20.high_freq"}), d.Ask("market.ethusdt.mbp.150", time.Time{}, time.Time{}), d.Ask("market.ethusdt.kline.1min", time.Unix(1788063300, 0), time.Unix(1788081240, 0))) {
		sent = append(sent, fmt.Sprint(string(q.Frame), q.ID, q.Topics, q.Drop))
	}
	want := `{"unsub":"market.BTC-USDT.depth.size_20.high_freq","data_type":"incremental","id":"1"}1[market.BTC-USDT.depth.size_20.high_freq]true
{"sub":"market.ethusdt.bbo","id":"2"}2[market.ethusdt.bbo]false
{"op":"sub","topic":"public.BTC-USDT.funding_rate","cid":"3"}3[public.BTC-USDT.funding_rate]false
{"req":"market.ethusdt.mbp.150","id":"4"}4[market.ethusdt.mbp.150]false
{"req":"market.ethusdt.kline.1min","id":"5","from":1788063300,"to":1788081240}5[]false`
	if got := strings.ReplaceAll(strings.Join(sent, "\n"), " ", ""); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for _, c := range [][2]string{
		{`{"ping":1788081327012}`, `reply {"pong":1788081327012}`},
		{`{"op":"ping","ts":"1788081327012"}`, `reply {"op":"pong","ts":"1788081327012"}`},
		{`{"action":"ping","data":{"ts":1788081327012}}`, `reply {"action":"pong","data":{"ts":1788081327012}}`},
		{`{"pong":1}`, ``},
		{tickerPair, `data market.ethusdt.ticker`},
		{` {"tick":{},"ch":"market.ethusdt.ticker"}`, `data market.ethusdt.ticker`},
		{fundingPush, `data public.BTC-USDT.funding_rate`},
		{`{"id":"4","rep":"market.ethusdt.mbp.150","status":"ok","data":{}}`, `data market.ethusdt.mbp.150 ack 4`},
		{`{"id":"k1","status":"ok","subbed":"market.ethusdt.kline.1min","ts":1}`, `ack k1`},
		{`{"status":"ok","subbed":"market.ethusdt.kline.1min","ts":1}`, `ack market.ethusdt.kline.1min`},
		{`{"id":"k2","status":"ok","unsubbed":"market.ethusdt.kline.1min"}`, `drop k2`},
		{`{"op":"sub","cid":"f1","topic":"public.BTC-USDT.funding_rate","ts":1788081327088,"err-code":0}`, `ack f1`},
		{`{"op":"sub","cid":"f2","topic":"public.NOPE-USDT.funding_rate","ts":1,"err-code":2011,"err-msg":"Contract doesn't exist."}`, `refused f2 huobi: unknown or inactive symbol: 2011 Contract doesn't exist.`},
		{`{"status":"error","ts":1788081327107,"id":"k1","err-code":"bad-request","err-msg":"invalid symbol"}`, `refused k1 huobi: unknown or inactive symbol: bad-request invalid symbol`},
		{`{"status":"error","id":"k1","err-code":"bad-request","err-msg":"429 too many request"}`, `again k1 huobi: rate limit: bad-request 429 too many request`},
		{`{"op":"close","ts":1}`, `leave`},
		{`{"op":"error","ts":1}`, errFrame.Error()},
		{`{"ch":7`, errFrame.Error()},
	} {
		var f stream.Frame
		got := ""
		if err := d.Route([]byte(c[0]), &f); err != nil {
			got = err.Error()
		}
		if f.Topic != nil {
			got += "data " + string(f.Topic) + " "
		}
		if f.Reply != nil {
			got += "reply " + string(f.Reply)
		}
		for _, a := range f.Acks {
			switch {
			case a.Again:
				got += fmt.Sprintf("again %s%s %v", a.ID, a.Topic, a.Err)
			case a.Err != nil:
				got += fmt.Sprintf("refused %s%s %v", a.ID, a.Topic, a.Err)
			case a.Drop:
				got += fmt.Sprintf("drop %s%s", a.ID, a.Topic)
			default:
				got += fmt.Sprintf("ack %s%s", a.ID, a.Topic)
			}
		}
		if got += f.Leave; strings.TrimSpace(strings.ReplaceAll(got, "close", "leave")) != strings.TrimSpace(c[1]) {
			t.Errorf("%s\ngot  %s\nwant %s", c[0], got, c[1])
		}
	}
}

func seeds(f *testing.F) {
	for _, s := range []string{tickerPair, mergedPair, mergedSwap, batchSwap, bboPair, bboSwap, tradesPair, pulledPair, tradesSwap, klinePair, klineSwap, markSwap, fundingPull, fundingPush, fundingPast,
		stepPair, stepSwap, refresh, rulesPair, rulesSwap, `{"ping":1}`, `{"op":"ping","ts":"1"}`, `{"tick":null}`, `{"data":[[],{}],"data":7}`, "\xff{}", `{"status":"maintain"}`,
		`{"ch":"a","tick":{"bids":[[1,2]],"bids":7}}`, `{"id":"4","rep":"market.ethusdt.mbp.150","status":"ok","data":{}}`} {
		f.Add([]byte(s))
		f.Add([]byte(s[:len(s)/2]))
	}
}

func FuzzRoute(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		var frame stream.Frame
		if err := newDialect().Route(b, &frame); err == nil && frame.Topic != nil && !bytes.Equal(frame.Data, b) {
			t.Error("data is not the frame")
		}
	})
}

// FuzzParse: every parser answers any bytes with values or an error, and appends.
func FuzzParse(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, in := range []*exchange.Scope{{Market: pair, Args: exchange.Args{Interval: "1m", Depth: 5}}, {Market: inverse}, {}} {
			twice(t, serverTime, in, b)
			twice(t, listed(spotRow), in, b)
			twice(t, listed(contractRow), in, b)
			twice(t, tickers, in, b)
			twice(t, bidAsks, in, b)
			twice(t, trades, in, b)
			twice(t, candles, in, b)
			twice(t, marks, in, b)
			twice(t, fundings, in, b)
			twice(t, books, in, b)
		}
		refusal(200, b)
	})
}

func twice[T any](t *testing.T, parse exchange.Parser[T], in *exchange.Scope, b []byte) {
	first, err := parse(nil, in, b)
	again, err2 := parse(first, in, b)
	if (err == nil) != (err2 == nil) || err == nil && len(again) != 2*len(first) {
		t.Errorf("%d values, %v; then %d, %v", len(first), err, len(again), err2)
	}
}

// TestCaptures replays recordings of the venue: every frame is understood, every ping
// answered, every number kept, and books end live. Without recordings it is a session made up here.
func TestCaptures(t *testing.T) {
	files := map[string]*exchange.Market{"huobi-spot.jsonl.gz": pair, "huobi-swap.jsonl.gz": inverse}
	folder := os.Getenv("DEPTHWIRE_CAPTURES")
	if folder == "" {
		files = map[string]*exchange.Market{"session": pair}
	}
	for name, like := range files {
		var r io.Reader = strings.NewReader(session(t))
		if folder != "" {
			f, err := os.Open(filepath.Join(folder, name))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if r, err = gzip.NewReader(f); err != nil {
				t.Fatal(err)
			}
		}
		replay(t, name, r, like)
	}
}

// session is a recording in the venue's form.
func session(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, frame := range []string{`{"id":"1","status":"ok","subbed":"market.ethusdt.depth.step0","ts":1}`, stepPair, `{"ping":1788081327012}`, tradesPair} {
		var packed bytes.Buffer
		z := gzip.NewWriter(&packed)
		if _, err := z.Write([]byte(frame)); err != nil || z.Close() != nil {
			t.Fatal(err)
		}
		line, err := json.Marshal(map[string]any{"kind": "in", "b64": packed.Bytes()})
		if err != nil {
			t.Fatal(err)
		}
		all.Write(append(line, '\n'))
	}
	return all.String()
}

func replay(t *testing.T, name string, r io.Reader, like *exchange.Market) {
	t.Helper()
	d := newDialect().(*dialect)
	kept := map[string]*book.Sync{}
	pings, replies, traded := 0, 0, 0
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var line struct {
			Kind string
			B64  []byte
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		if line.B64 == nil {
			continue
		}
		z, err := gzip.NewReader(bytes.NewReader(line.B64))
		if err != nil {
			t.Fatal(err)
		}
		frame, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		var f stream.Frame
		if err := d.Route(frame, &f); err != nil {
			t.Fatalf("%s: %v: %.200s", name, err, frame)
		}
		if bytes.HasPrefix(frame, []byte(`{"ping"`)) {
			pings++
		}
		if f.Reply != nil {
			replies++
		}
		m := *like
		m.TickSize, m.StepSize = decimal.Decimal{}, decimal.Decimal{}
		in := &exchange.Scope{Market: &m, Args: exchange.Args{Depth: 150}}
		switch topic := string(f.Topic); {
		case strings.HasSuffix(topic, ".trade.detail"):
			ts, err := trades(nil, in, f.Data)
			if err != nil || len(ts) != bytes.Count(frame, []byte(`"direction"`)) {
				t.Fatalf("%s: %d trades, %v: %s", name, len(ts), err, frame)
			}
			for i, v := range ts {
				if !bytes.Contains(frame, []byte(`"id":`+v.ID)) || v.Seq <= 0 || v.Price.Sign() <= 0 || v.Size.Sign() <= 0 || v.Side == "" || v.Time.IsZero() || i > 0 && v.Seq <= ts[i-1].Seq {
					t.Errorf("%s: %+v", name, v)
				}
				if scale := v.Contracts.Scale(); !m.Contract.Absent() && scale != 0 {
					t.Errorf("%s: %s contracts: an odd number on both sides", name, v.Contracts)
				}
			}
			traded += len(ts)
		case topic != "":
			rows, err := books(nil, in, f.Data)
			if err != nil || len(rows) != 1 {
				t.Fatalf("%s: %v: %.200s", name, err, frame)
			}
			everyNumber(t, frame, &rows[0])
			s := kept[topic]
			if s == nil {
				s = book.NewSync(book.Config{Depth: 150, MaxPending: -1})
				kept[topic] = s
			}
			if err := s.Apply(&rows[0]); err != nil || s.State() != book.Live {
				t.Errorf("%s: %s: %v", name, topic, err)
			}
		}
	}
	if err := lines.Err(); err != nil || pings == 0 || replies != pings || traded == 0 || len(kept) == 0 {
		t.Errorf("%s: %d pings, %d answers, %d trades, %d books; %v", name, pings, replies, traded, len(kept), err)
	}
}

// everyNumber checks that every number of a book is the one on the wire.
func everyNumber(t *testing.T, frame []byte, u *book.Update) {
	t.Helper()
	var wire struct {
		Tick struct{ Bids, Asks [][]json.Number }
	}
	if err := json.Unmarshal(frame, &wire); err != nil {
		t.Fatal(err)
	}
	for _, side := range []struct {
		got  []book.Level
		want [][]json.Number
	}{{u.Bids, wire.Tick.Bids}, {u.Asks, wire.Tick.Asks}} {
		if len(side.got) != len(side.want) {
			t.Fatalf("%d levels of %d", len(side.got), len(side.want))
		}
		for i, l := range side.got {
			price, size := decimal.MustParse(string(side.want[i][0])), decimal.MustParse(string(side.want[i][1]))
			if !l.Price.Equal(price) || !l.Size.Equal(size) || !l.Price.Exact() || !l.Size.Exact() {
				t.Errorf("%v, want %v", l, side.want[i])
			}
		}
	}
}
