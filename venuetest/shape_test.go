package venuetest

import (
	"regexp"
	"strings"
	"testing"
	"time"
)

// document is a message as the venue's document prints it. Levels and rows are
// cut to one, on both sides of the comparison.
type document struct {
	name, path string // REST path, or stream
	want       string
}

var binanceSpotREST = []document{
	{"ping", "/api/v3/ping", `{}`},
	{"time", "/api/v3/time", `{"serverTime":1763776800123}`},
	{"depth", "/api/v3/depth?symbol=BTCUSDT&limit=1", `{"lastUpdateId":81234567890,"bids":[["68250.09000000","3.12000000"]],"asks":[["68250.10000000","0.45600000"]]}`},
	{"trades", "/api/v3/trades?symbol=BTCUSDT&limit=1", `[{"id":5400123401,"price":"68250.10000000","qty":"1.50000000","quoteQty":"102375.15000000","time":1763776800123,"isBuyerMaker":B,"isBestMatch":true}]`},
	{"aggTrades", "/api/v3/aggTrades?symbol=BTCUSDT&limit=1", `[{"a":3700123401,"p":"68250.10000000","q":"1.50000000","f":5400123401,"l":5400123403,"T":1763776800123,"m":B,"M":true}]`},
	{"klines", "/api/v3/klines?symbol=BTCUSDT&interval=1m&limit=1", `[[1763776800000,"68240.00000000","68255.50000000","68231.02000000","68250.10000000","14.23510000",1763776859999,"971346.02410000",1834,"8.11020000","553400.11000000","0"]]`},
	{"avgPrice", "/api/v3/avgPrice?symbol=BTCUSDT", `{"mins":5,"price":"68247.11823514","closeTime":1763776799884}`},
	{"ticker", "/api/v3/ticker/24hr?symbol=BTCUSDT", `{"symbol":"BTCUSDT","priceChange":"1250.10000000","priceChangePercent":"1.866","weightedAvgPrice":"67712.44113120","prevClosePrice":"67000.01000000","lastPrice":"68250.10000000","lastQty":"0.01500000","bidPrice":"68250.09000000","bidQty":"3.12000000","askPrice":"68250.10000000","askQty":"0.45600000","openPrice":"67000.00000000","highPrice":"68800.00000000","lowPrice":"66720.55000000","volume":"21034.51230000","quoteVolume":"1424288776.11040000","openTime":1763690400123,"closeTime":1763776800123,"firstId":5397123401,"lastId":5400123401,"count":3000001}`},
	{"price", "/api/v3/ticker/price?symbol=BTCUSDT", `{"symbol":"BTCUSDT","price":"68250.10000000"}`},
	{"bookTicker", "/api/v3/ticker/bookTicker?symbol=BTCUSDT", `{"symbol":"BTCUSDT","bidPrice":"68250.09000000","bidQty":"3.12000000","askPrice":"68250.10000000","askQty":"0.45600000"}`},
	{"status", "/sapi/v1/system/status", `{"status":0,"msg":"normal"}`},
}

var binanceLinearREST = []document{
	{"depth", "/fapi/v1/depth?symbol=BTCUSDT&limit=5", `{"lastUpdateId":8934567890123,"E":1763776800118,"T":1763776800105,"bids":[["68241.50","12.004"]],"asks":[["68241.60","8.221"]]}`},
	{"trades", "/fapi/v1/trades?symbol=BTCUSDT&limit=1", `[{"id":6900123401,"price":"68241.60","qty":"0.150","quoteQty":"10236.24","time":1763776800123,"isBuyerMaker":B,"isRPITrade":false}]`},
	{"aggTrades", "/fapi/v1/aggTrades?symbol=BTCUSDT&limit=1", `[{"a":2900123401,"p":"68241.60","q":"0.150","nq":"0.150","f":6900123401,"l":6900123401,"T":1763776800123,"m":B}]`},
	{"ticker", "/fapi/v1/ticker/24hr?symbol=BTCUSDT", `{"symbol":"BTCUSDT","priceChange":"1248.60","priceChangePercent":"1.864","weightedAvgPrice":"67705.12","lastPrice":"68241.60","lastQty":"0.150","openPrice":"66993.00","highPrice":"68790.00","lowPrice":"66701.10","volume":"180211.412","quoteVolume":"12201234567.10","openTime":1763690400000,"closeTime":1763776800118,"firstId":6895123401,"lastId":6900123401,"count":4999820}`},
	{"bookTicker", "/fapi/v1/ticker/bookTicker?symbol=BTCUSDT", `{"symbol":"BTCUSDT","bidPrice":"68241.50","bidQty":"12.004","askPrice":"68241.60","askQty":"8.221","time":1763776800105}`},
	{"price", "/fapi/v2/ticker/price?symbol=BTCUSDT", `{"symbol":"BTCUSDT","price":"68241.60","time":1763776800118}`},
	{"premiumIndex", "/fapi/v1/premiumIndex?symbol=BTCUSDT", `{"symbol":"BTCUSDT","markPrice":"68243.10000000","indexPrice":"68269.71326087","estimatedSettlePrice":"68260.11024813","lastFundingRate":"0.00010000","interestRate":"0.00010000","nextFundingTime":1763798400000,"time":1763776800000}`},
	{"premiumIndex of a dated contract", "/fapi/v1/premiumIndex?symbol=BTCUSDT_261225", `{"symbol":"BTCUSDT_261225","markPrice":"68243.10000000","indexPrice":"68269.71326087","estimatedSettlePrice":"68260.11024813","lastFundingRate":"","interestRate":"","nextFundingTime":0,"time":1763776800000}`},
	{"fundingRate", "/fapi/v1/fundingRate?symbol=BTCUSDT&limit=1", `[{"symbol":"BTCUSDT","fundingRate":"0.00010000","fundingTime":1763769600001,"markPrice":"68101.30000000","rateType":"Regular"}]`},
	{"openInterest", "/fapi/v1/openInterest?symbol=BTCUSDT", `{"openInterest":"90659.509","symbol":"BTCUSDT","time":1763776799010}`},
}

var binanceStreams = []document{
	{"spot.stream", "btcusdt@aggTrade", `{"e":"aggTrade","E":1763776800126,"s":"BTCUSDT","a":3700123401,"p":"68250.10000000","q":"1.50000000","f":5400123401,"l":5400123403,"T":1763776800123,"m":B,"M":true}`},
	{"spot.stream", "btcusdt@trade", `{"e":"trade","E":1763776800126,"s":"BTCUSDT","t":5400123401,"p":"68250.10000000","q":"1.20000000","T":1763776800123,"m":B,"M":true}`},
	{"spot.stream", "btcusdt@miniTicker", `{"e":"24hrMiniTicker","E":1763776801004,"s":"BTCUSDT","c":"68250.10000000","o":"67000.00000000","h":"68800.00000000","l":"66720.55000000","v":"21034.51230000","q":"1424288776.11040000"}`},
	{"spot.stream", "btcusdt@ticker", `{"e":"24hrTicker","E":1763776801004,"s":"BTCUSDT","p":"1250.10000000","P":"1.866","w":"67712.44113120","x":"67000.01000000","c":"68250.10000000","Q":"0.01500000","b":"68250.09000000","B":"3.12000000","a":"68250.10000000","A":"0.45600000","o":"67000.00000000","h":"68800.00000000","l":"66720.55000000","v":"21034.51230000","q":"1424288776.11040000","O":1763690401003,"C":1763776801003,"F":5397123401,"L":5400123640,"n":3000240}`},
	{"spot.stream", "btcusdt@bookTicker", `{"u":81234567890,"s":"BTCUSDT","b":"68250.09000000","B":"3.12000000","a":"68250.10000000","A":"0.45600000"}`},
	{"spot.stream", "btcusdt@avgPrice", `{"e":"avgPrice","E":1763776801000,"s":"BTCUSDT","i":"5m","w":"68247.11823514","T":1763776800995}`},
	{"spot.stream", "btcusdt@depth5@100ms", `{"lastUpdateId":81234567899,"bids":[["68250.09000000","3.12000000"]],"asks":[["68250.10000000","0.45600000"]]}`},
	{"spot.stream", "btcusdt@depth@100ms", `{"e":"depthUpdate","E":1763776800160,"s":"BTCUSDT","U":81234567900,"u":81234567905,"b":[["68250.09000000","0.00000000"]],"a":[["68250.09000000","0.00000000"]]}`},
	{"spot.stream", "!miniTicker@arr", `[{"e":"24hrMiniTicker","E":1763776801004,"s":"BTCUSDT","c":"68250.10000000","o":"67000.00000000","h":"68800.00000000","l":"66720.55000000","v":"21034.51230000","q":"1424288776.11040000"}]`},
	{"spot.stream", "btcusdt@kline_1m", `{"e":"kline","E":1763776802011,"s":"BTCUSDT","k":{"t":1763776800000,"T":1763776859999,"s":"BTCUSDT","i":"1m","f":5400123401,"L":5400123640,"o":"68250.10000000","c":"68252.00000000","h":"68253.40000000","l":"68249.99000000","v":"8.11020000","n":240,"x":false,"q":"553529.11200000","V":"5.01000000","Q":"341922.00000000","B":"0"}}`},
	{"linear.market", "btcusdt@aggTrade", `{"e":"aggTrade","E":1763776800131,"a":2900123401,"s":"BTCUSDT","p":"68241.60","q":"0.150","nq":"0.150","f":6900123401,"l":6900123401,"T":1763776800105,"m":B,"st":1}`},
	{"linear.public", "btcusdt@trade", `{"e":"trade","E":1763776800131,"T":1763776800105,"s":"BTCUSDT","t":6900123401,"p":"68241.60","q":"0.150","X":"MARKET","m":B}`},
	{"linear.public", "btcusdt@bookTicker", `{"e":"bookTicker","u":8934567890123,"s":"BTCUSDT","b":"68241.50","B":"12.004","a":"68241.60","A":"8.221","T":1763776800105,"E":1763776800109,"ps":"BTCUSDT","st":1}`},
	{"linear.public", "btcusdt@depth", `{"e":"depthUpdate","E":1763776800121,"T":1763776800105,"s":"BTCUSDT","U":8934567880001,"u":8934567890123,"pu":8934567879990,"b":[["68240.10","0.000"]],"a":[["68241.60","8.221"]],"ps":"BTCUSDT","st":1}`},
	{"linear.public", "btcusdt@depth5", `{"e":"depthUpdate","E":1763776800121,"T":1763776800105,"s":"BTCUSDT","U":8934567880001,"u":8934567890123,"pu":8934567879990,"b":[["68240.10","0.000"]],"a":[["68241.60","8.221"]],"ps":"BTCUSDT","st":1}`},
	{"linear.market", "btcusdt@markPrice", `{"e":"markPriceUpdate","E":1763776800000,"s":"BTCUSDT","p":"68243.10000000","ap":"68242.98000000","i":"68269.71326087","P":"68260.11024813","r":"0.00010000","T":1763798400000,"st":1}`},
	{"linear.market", "btcusdt_261225@markPrice@1s", `{"e":"markPriceUpdate","E":1763776800000,"s":"BTCUSDT_261225","p":"68243.10000000","ap":"68242.98000000","i":"68269.71326087","P":"68260.11024813","r":"","T":0,"st":1}`},
	{"linear.market", "btcusdt@ticker", `{"e":"24hrTicker","E":1763776800118,"s":"BTCUSDT","p":"1248.60","P":"1.864","w":"67705.12","c":"68241.60","Q":"0.150","o":"66993.00","h":"68790.00","l":"66701.10","v":"180211.412","q":"12201234567.10","O":1763690400000,"C":1763776800118,"F":6895123401,"L":6900123401,"n":4999820,"ps":"BTCUSDT","st":1}`},
	{"linear.market", "btcusdt@forceOrder", `{"e":"forceOrder","E":1763776800140,"o":{"s":"BTCUSDT","S":"SELL","o":"LIMIT","f":"IOC","q":"0.014","p":"67950.10","ap":"68240.00","X":"FILLED","l":"0.014","z":"0.014","T":1763776800133},"ps":"BTCUSDT","st":1}`},
	{"linear.market", "btcusdt@kline_1m", `{"e":"kline","E":1763776800251,"s":"BTCUSDT","k":{"t":1763776800000,"T":1763776859999,"s":"BTCUSDT","i":"1m","f":6900123401,"L":6900123500,"o":"68241.60","c":"68243.00","h":"68243.10","l":"68241.50","v":"22.140","n":100,"x":false,"q":"1510898.77400","V":"12.000","Q":"818905.20000","B":"0"}}`},
}

var okxREST = []document{
	{"time", "/api/v5/public/time", `{"ts":"1789389296123"}`},
	{"books", "/api/v5/market/books?instId=BTC-USDT&sz=1", `{"asks":[["64120.5","0.71205","0","4"]],"bids":[["64120.4","1.5","0","7"]],"ts":"1789389296105","seqId":48930221754}`},
	{"ticker", "/api/v5/market/ticker?instId=BTC-USDT", `{"instType":"SPOT","instId":"BTC-USDT","last":"64120.4","lastSz":"0.0021","askPx":"64120.5","askSz":"0.71205","bidPx":"64120.4","bidSz":"1.5","open24h":"63050.1","high24h":"64800","low24h":"62911.7","volCcy24h":"512004411.903117205","vol24h":"8011.40211954","ts":"1789389296101","sodUtc0":"63500","sodUtc8":"63777.7"}`},
	{"trades", "/api/v5/market/trades?instId=BTC-USDT&limit=1", `{"instId":"BTC-USDT","side":"S","sz":"0.00312","source":"0","px":"64120.4","tradeId":"820177341","ts":"1789389295871"}`},
	{"candles", "/api/v5/market/candles?instId=BTC-USDT&bar=1m&limit=1", `["1789389240000","64090.1","64125","64088","64120.4","12.40217755","795004.1127","795004.1127","0"]`},
	{"mark-price", "/api/v5/public/mark-price?instType=SWAP&instId=BTC-USDT-SWAP", `{"instId":"BTC-USDT-SWAP","instType":"SWAP","markPx":"64118.7","ts":"1789389296010"}`},
	{"index", "/api/v5/market/index-tickers?instId=BTC-USDT", `{"instId":"BTC-USDT","idxPx":"64119.2","high24h":"64790.3","sodUtc0":"63501.2","open24h":"63052.8","low24h":"62915.5","sodUtc8":"63780.1","ts":"1789389296050"}`},
	{"funding", "/api/v5/public/funding-rate?instId=BTC-USDT-SWAP", `{"formulaType":"withRate","fundingRate":"0.0000812000000000","fundingTime":"1789401600000","impactValue":"20000.0000000000000000","instId":"BTC-USDT-SWAP","instType":"SWAP","interestRate":"0.0001000000000000","maxFundingRate":"0.00375","method":"current_period","minFundingRate":"-0.00375","nextFundingRate":"","nextFundingTime":"1789430400000","premium":"0.0000311412008891","prevFundingTime":"1789372800000","settFundingRate":"0.0000655000000000","settState":"settled","ts":"1789389290877"}`},
	{"open interest", "/api/v5/public/open-interest?instType=SWAP&instId=BTC-USDT-SWAP", `{"instId":"BTC-USDT-SWAP","instType":"SWAP","oi":"2874410.21000001774","oiCcy":"28744.1021000001774","oiUsd":"1843070011.42","ts":"1789389297053"}`},
	{"price limit", "/api/v5/public/price-limit?instId=BTC-USDT-SWAP", `{"buyLmt":"64760.1","enabled":true,"instId":"BTC-USDT-SWAP","instType":"SWAP","sellLmt":"63477.6","ts":"1789389296000"}`},
	{"instrument", "/api/v5/public/instruments?instType=SWAP&instId=BTC-USDT-SWAP", `{"alias":"","auctionEndTime":"","baseCcy":"","category":"1","contTdSwTime":"1611916860000","ctMult":"1","ctType":"linear","ctVal":"0.01","ctValCcy":"BTC","expTime":"","freq":"","futureSettlement":false,"groupId":"4","instCategory":"1","instFamily":"BTC-USDT","instId":"BTC-USDT-SWAP","instIdCode":10459,"instType":"SWAP","lever":"100","listTime":"1573557408000","longPosRemainingQuota":"","lotSz":"0.01","maxIcebergSz":"100000000.0000000000000000","maxLmtAmt":"20000000","maxLmtSz":"100000000","maxMktAmt":"","maxMktSz":"34000","maxPlatOILmt":"10000000000000","maxStopSz":"34000","maxTriggerSz":"100000000.0000000000000000","maxTwapSz":"100000000.0000000000000000","method":"","minSz":"0.01","openType":"call_auction","optType":"","posLmtAmt":"250000","posLmtPct":"30","preMktSwTime":"","quoteCcy":"","ruleType":"normal","seriesId":"","settleCcy":"USDT","shortPosRemainingQuota":"","state":"live","stk":"","tickSz":"0.1","tradeQuoteCcyList":[],"uly":"BTC-USDT","upcChg":[]}`},
}

var okxStreams = []document{
	{"public", "tickers:BTC-USDT", `{"instType":"SPOT","instId":"BTC-USDT","last":"64120.4","lastSz":"0.0021","askPx":"64120.5","askSz":"0.71205","bidPx":"64120.4","bidSz":"1.5","open24h":"63050.1","high24h":"64800","low24h":"62911.7","sodUtc0":"63500","sodUtc8":"63777.7","volCcy24h":"512004411.903117205","vol24h":"8011.40211954","ts":"1789389296101"}`},
	{"public", "trades:BTC-USDT", `{"instId":"BTC-USDT","tradeId":"820177341","px":"64120.4","sz":"0.00312","side":"S","ts":"1789389295871","count":"3","source":"0","seqId":48930221741}`},
	{"business", "trades-all:BTC-USDT", `{"instId":"BTC-USDT","tradeId":"820177341","px":"64120.4","sz":"0.001","side":"S","source":"0","ts":"1789389295871"}`},
	{"business", "candle1m:BTC-USDT", `["1789389240000","64090.1","64125","64088","64120.4","12.40217755","795004.1127","795004.1127","0"]`},
	{"public", "bbo-tbt:BTC-USDT", `{"asks":[["64120.5","0.71205","0","4"]],"bids":[["64120.4","1.5","0","7"]],"ts":"1789389296102","seqId":48930221750}`},
	{"public", "books5:BTC-USDT", `{"asks":[["64120.5","0.71205","0","4"]],"bids":[["64120.4","1.5","0","7"]],"instId":"BTC-USDT","ts":"1789389296105","seqId":48930221754}`},
	{"public", "books:BTC-USDT", `{"asks":[["64120.5","0.71205","0","4"]],"bids":[["64120.4","1.5","0","7"]],"ts":"1789389296105","checksum":0,"prevSeqId":-1,"seqId":48930221754}`},
	{"public", "mark-price:BTC-USDT", `{"instType":"MARGIN","instId":"BTC-USDT","markPx":"64119.1","ts":"1789389296140"}`},
	{"public", "index-tickers:BTC-USDT", `{"instId":"BTC-USDT","idxPx":"64119.2","high24h":"64790.3","low24h":"62915.5","open24h":"63052.8","sodUtc0":"63501.2","sodUtc8":"63780.1","ts":"1789389296150"}`},
	{"public", "open-interest:BTC-USDT-SWAP", `{"instId":"BTC-USDT-SWAP","instType":"SWAP","oi":"2874410.21000001774","oiCcy":"28744.1021000001774","oiUsd":"1843070011.42","ts":"1789389297053"}`},
	{"public", "liquidation-orders:SWAP", `{"details":[{"bkLoss":"0","bkPx":"0.009412","ccy":"","posSide":"short","side":"buy","sz":"27","ts":"1789389294010"}],"instFamily":"BTC-USDT","instId":"BTC-USDT-SWAP","instType":"SWAP","uly":"BTC-USDT"}`},
	{"public", "price-limit:BTC-USDT-SWAP", `{"instId":"BTC-USDT-SWAP","buyLmt":"64760.1","sellLmt":"63477.6","ts":"1789389296000","enabled":true}`},
}

// alike fails unless got has the names, order, types and number formats of want.
// trimmed numbers have any number of decimals.
func alike(t *testing.T, got, want string, trimmed bool) {
	t.Helper()
	want = strings.NewReplacer(":B", ":true", `:"S"`, `:"buy"`, `"SELL"`, `"buy"`).Replace(want)
	got = strings.NewReplacer(`"m":false`, `"m":true`, `"isBuyerMaker":false`, `"isBuyerMaker":true`, `"sell"`, `"buy"`, `"SELL"`, `"buy"`, `"BUY"`, `"buy"`, `"long"`, `"short"`).Replace(got)
	g, w := shape(t, got), shape(t, want)
	if trimmed {
		g, w = digits.ReplaceAllString(g, `"0"`), digits.ReplaceAllString(w, `"0"`)
	}
	g, w = one(g), one(w)
	if g != w {
		t.Errorf("got  %s\nwant %s\nfrom %.400s", g, w, got)
	}
}

var digits = regexp.MustCompile(`"\d+"`)

// one cuts lists of equal rows to one row.
func one(s string) string {
	for _, row := range []string{`["8","8"]`, `["2","3"]`, `["0","0","0","0"]`} {
		for strings.Contains(s, row+","+row) {
			s = strings.ReplaceAll(s, row+","+row, row)
		}
	}
	return s
}

func TestBinanceRESTShapes(t *testing.T) {
	s := Binance(Options{Memory: true, Seed: 1})
	defer s.Close()
	for endpoint, docs := range map[string][]document{"spot.rest": binanceSpotREST, "linear.rest": binanceLinearREST} {
		for _, d := range docs {
			t.Run(endpoint+" "+d.name, func(t *testing.T) {
				code, head, body := get(t, s, endpoint, d.path)
				if code != 200 || head.Get("Content-Type") != "application/json;charset=UTF-8" || head.Get("X-MBX-USED-WEIGHT-1M") == "" {
					t.Errorf("%d %v", code, head)
				}
				alike(t, body, d.want, false)
			})
		}
	}
}

func TestBinanceStreamShapes(t *testing.T) {
	for _, d := range binanceStreams {
		t.Run(d.name+" "+d.path, func(t *testing.T) {
			s := Binance(Options{Memory: true, Seed: 1})
			defer s.Close()
			raw := dial(t, s, d.name, "/ws/"+d.path)
			wrapped := dial(t, s, d.name, "/stream?streams="+d.path)
			s.Step(100, "BTC/USDT", "BTC/USDT:USDT")
			got := raw.next()
			alike(t, got, d.want, false)
			if w := `{"stream":"` + d.path + `","data":` + got + `}`; wrapped.next() != w {
				t.Errorf("the combined form is not %s", w)
			}
		})
	}
}

func TestOKXRESTShapes(t *testing.T) {
	s := OKX(Options{Memory: true, Seed: 1})
	defer s.Close()
	for _, d := range okxREST {
		t.Run(d.name, func(t *testing.T) {
			code, _, body := get(t, s, "rest", d.path)
			if code != 200 {
				t.Fatalf("%d %s", code, body)
			}
			alike(t, body, `{"code":"0","msg":"","data":[`+d.want+`]}`, true)
		})
	}
}

func TestOKXStreamShapes(t *testing.T) {
	for _, d := range okxStreams {
		t.Run(d.path, func(t *testing.T) {
			s := OKX(Options{Memory: true, Seed: 1})
			defer s.Close()
			channel, id, _ := strings.Cut(d.path, ":")
			word := "instId"
			if channel == "liquidation-orders" {
				word = "instType"
			}
			arg := `{"channel":"` + channel + `","` + word + `":"` + id + `"}`
			c := dial(t, s, d.name, "")
			ack := c.ask(`{"id":"a1","op":"subscribe","args":[` + arg + `]}`)
			if want := `{"id":"a1","event":"subscribe","arg":` + arg + `,"connId":"`; !strings.HasPrefix(ack, want) || len(ack) != len(want)+10 {
				t.Fatalf("ack %s", ack)
			}
			if channel == "trades-all" || channel == "liquidation-orders" {
				s.Step(100)
			}
			action := ""
			if channel == "books" {
				action = `"action":"snapshot",`
			}
			alike(t, c.next(), `{"arg":`+arg+`,`+action+`"data":[`+d.want+`]}`, true)
		})
	}
}

func TestMicroseconds(t *testing.T) {
	s := Binance(Options{Memory: true})
	defer s.Close()
	c := dial(t, s, "spot.stream", "/ws/btcusdt@depth?timeUnit=MICROSECOND")
	s.Step(5)
	d := parse[struct {
		Time  int64  `json:"E"`
		Event string `json:"e"`
	}](t, c.next())
	if off := time.Since(time.UnixMicro(d.Time)); off < 0 || off > time.Minute {
		t.Errorf("E %d is not in µs", d.Time)
	}
}

func TestLevelsAreSorted(t *testing.T) {
	s := Binance(Options{Memory: true, Seed: 4})
	defer s.Close()
	for _, tc := range []struct {
		endpoint string
		bestBid  bool // the first bid is the best
	}{{"spot.stream", true}, {"linear.public", false}} {
		c := dial(t, s, tc.endpoint, "/stream?streams=btcusdt@depth@100ms")
		s.Step(200)
		d := parse[binanceDelta](t, c.next()).Data
		first, last := d.Bids[0][0], d.Bids[len(d.Bids)-1][0]
		if (first > last) != tc.bestBid {
			t.Errorf("%s: bids from %s to %s", tc.endpoint, first, last)
		}
		if a, z := d.Asks[0][0], d.Asks[len(d.Asks)-1][0]; a > z {
			t.Errorf("%s: asks from %s to %s", tc.endpoint, a, z)
		}
	}
}
