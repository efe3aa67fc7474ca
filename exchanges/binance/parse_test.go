package binance

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/depthwire/depthwire/exchange"
)

// show writes values so that a line of a table holds them.
func show(v any) string {
	text := fmt.Sprintf("%+v", v)
	for _, cut := range []string{
		"Venue: ", "Received:0001-01-01 00:00:00 +0000 UTC ", "Break:<nil> ", " Raw:[]", " net:true", " net:false", "Source: ", " +0000 UTC", "Time:0001-01-01 00:00:00 ", "Seq:0 ",
		"Stamp:{Symbol: } ", "Stamp:{Symbol: Time:", "First: ", "Snapshot:false ", "Checksum:0 HasChecksum:false ", " Limit:0",
	} {
		to := ""
		if strings.HasSuffix(cut, "Time:") {
			to = "{Time:"
		}
		text = strings.ReplaceAll(text, cut, to)
	}
	return text
}

func read[T any](parse exchange.Parser[T], in *exchange.Scope) func(b []byte) (string, error) {
	return func(b []byte) (string, error) {
		vs, err := parse(nil, in, b)
		return show(vs), err
	}
}

var (
	inSpot   = &exchange.Scope{Market: spotBTC, Args: exchange.Args{Interval: "1m"}, Received: time.UnixMilli(1763776830000)}
	inLinear = &exchange.Scope{Market: linearBTC, Args: exchange.Args{Interval: "1m"}, Received: time.UnixMilli(1763776830000)}
	inAll    = &exchange.Scope{}
)

// parsers are all of the package, for the fuzz test too.
var parsers = map[string]func(b []byte) (string, error){
	"time":          read(serverTime, inAll),
	"spotMarkets":   read(spotMarkets, inAll),
	"linearMarkets": read(linearMarkets, inAll),
	"snapshot":      read(snapshot, inSpot),
	"deltas":        read(spotDeltas, inSpot),
	"linearDeltas":  read(linearDeltas, inLinear),
	"linearPartial": read(linearPartial, inLinear),
	"tickers":       read(tickers, inSpot),
	"linearTickers": read(tickers, inLinear),
	"bidAsks":       read(bidAsks, inSpot),
	"linearBidAsks": read(bidAsks, inLinear),
	"spotTrades":    read(spotTrades, inSpot),
	"linearTrades":  read(linearTrades, inLinear),
	"candles":       read(candles, inSpot),
	"pushedCandles": read(pushedCandles, inSpot),
	"markPrices":    read(markPrices, inLinear),
	"fundingRates":  read(fundingRates, inLinear),
	"history":       read(fundingHistory, inLinear),
	"openInterest":  read(openInterest, inLinear),
	"liquidations":  read(liquidations, inLinear),
	"status":        read(status, inAll),

	"spotBalances":   read(spotBalances, inAll),
	"linearBalances": read(linearBalances, inAll),
	"orders":         read(orders, inSpot),
	"linearOrders":   read(orders, inLinear),
	"fills":          read(fills, inSpot),
	"linearFills":    read(fills, inLinear),
	"positions":      read(positions, inLinear),
	"deposits":       read(deposits, inAll),
	"withdrawals":    read(withdrawals, inAll),
}

// The messages are the document's own.
var goldens = []struct{ parser, message, want string }{
	{"time", `{"serverTime":1763776800123}`,
		`[2025-11-22 02:00:00.123]`},
	{"openInterest", `{"openInterest":"90659.509","symbol":"BTCUSDT","time":1763776799010}`,
		`[{Stamp:{Symbol:BTC/USDT:USDT Time:2025-11-22 01:59:59.01 Source:} Size:90659.509 Contracts: Value:}]`},
	{"openInterest", `{"openInterest":"1","symbol":"ETHUSDT","time":1763776799010}`,
		`[]`},
	{"liquidations", `{"e":"forceOrder","E":1763776800140,"o":{"s":"BTCUSDT","S":"SELL","o":"LIMIT","f":"IOC","q":"0.014","p":"67950.10","ap":"68240.00","X":"FILLED","l":"0.014","z":"0.014","T":1763776800133},"ps":"BTCUSDT","st":1}`,
		`[{Stamp:{Symbol:BTC/USDT:USDT Time:2025-11-22 02:00:00.133 Source:} Side:sell Price:67950.10 Average:68240.00 Size:0.014 Contracts: Cost:}]`},
	{"liquidations", `{"e":"forceOrder","o":{"s":"BTCUSDT","S":"SELL","q":"1"},"st":2}`,
		`[]`},
	{"status", `{"status":0,"msg":"normal"}`,
		`[{Stamp:{Symbol: Source:} Family: State:ok Until:0001-01-01 00:00:00 Message:normal}]`},
	{"status", `{"status":1,"msg":"system_maintenance"}`,
		`[{Stamp:{Symbol: Source:} Family: State:maintenance Until:0001-01-01 00:00:00 Message:system_maintenance}]`},
	{"snapshot", `{"lastUpdateId":81234567890,"bids":[["68250.09000000","3.12000000"],["68250.08000000","0.01000000"]],"asks":[["68250.10000000","0.45600000",[]]]}`,
		`[{Snapshot:true First:0 Last:81234567890 Prev:0 Bids:[{Price:68250.09000000 Size:3.12000000} {Price:68250.08000000 Size:0.01000000}] Asks:[{Price:68250.10000000 Size:0.45600000}]}]`},
	{"snapshot", `{"lastUpdateId":8934567890123,"E":1763776800118,"T":1763776800105,"bids":[["68241.50","12.004"]],"asks":[]}`,
		`[{Snapshot:true First:0 Last:8934567890123 Prev:0 Bids:[{Price:68241.50 Size:12.004}] Asks:[] Time:2025-11-22 02:00:00.105}]`},
	{"snapshot", `{"e":"somethingNew"}`,
		`[]`},
	{"deltas", `{"e":"depthUpdate","E":1763776800160,"s":"BTCUSDT","U":81234567900,"u":81234567905,"b":[["68250.09000000","0.00000000"],["68250.07000000","2.50000000"]],"a":[]}`,
		`[{First:81234567900 Last:81234567905 Prev:0 Bids:[{Price:68250.09000000 Size:0.00000000} {Price:68250.07000000 Size:2.50000000}] Asks:[] Time:2025-11-22 02:00:00.16}]`},
	{"deltas", `{"e":"somethingNew","s":"BTCUSDT","U":1,"u":2}`,
		`[]`},
	{"linearDeltas", `{"e":"depthUpdate","E":1763776800121,"T":1763776800105,"s":"BTCUSDT","U":8934567880001,"u":8934567890123,"pu":8934567879990,"b":[["68240.10","0.000"],["68241.50","12.004"]],"a":[["68241.60","8.221"]],"ps":"BTCUSDT","st":1}`,
		`[{First:8934567880001 Last:8934567890123 Prev:8934567879990 Bids:[{Price:68240.10 Size:0.000} {Price:68241.50 Size:12.004}] Asks:[{Price:68241.60 Size:8.221}] Time:2025-11-22 02:00:00.105}]`},
	{"linearDeltas", `{"st":2,"e":"depthUpdate","E":1,"T":1,"s":"BTCUSDT","U":1,"u":2,"pu":0,"b":[],"a":[]}`,
		`[]`},
	{"linearPartial", `{"e":"depthUpdate","E":1763776800121,"T":1763776800105,"s":"BTCUSDT","U":1,"u":9,"pu":0,"b":[["68241.50","12.004"]],"a":[["68241.60","8.221"]]}`,
		`[{Snapshot:true First:1 Last:9 Prev:0 Bids:[{Price:68241.50 Size:12.004}] Asks:[{Price:68241.60 Size:8.221}] Time:2025-11-22 02:00:00.105}]`},
	{"tickers", `{"symbol":"BTCUSDT","priceChange":"1250.10000000","priceChangePercent":"1.866","weightedAvgPrice":"67712.44113120","prevClosePrice":"67000.01000000","lastPrice":"68250.10000000","lastQty":"0.01500000","bidPrice":"68250.09000000","bidQty":"3.12000000","askPrice":"0.00000000","askQty":"0.00000000","openPrice":"67000.00000000","highPrice":"68800.00000000","lowPrice":"66720.55000000","volume":"21034.51230000","quoteVolume":"1424288776.11040000","openTime":1763690400123,"closeTime":1763776800123,"firstId":5397123401,"lastId":5400123401,"count":3000001}`,
		`[{Stamp:{Symbol:BTC/USDT Time:2025-11-22 02:00:00.123 Source:} Last:68250.10000000 LastSize:0.01500000 Bid:68250.09000000 BidSize:3.12000000 Ask: AskSize: Open:67000.00000000 High:68800.00000000 Low:66720.55000000 PreviousClose:67000.01000000 Change:1250.10000000 Percent:1.866 VWAP:67712.44113120 Volume:21034.51230000 QuoteVolume:1424288776.11040000 ContractVolume: OpenTime:2025-11-21 02:00:00.123 Trades:3000001}]`},
	{"tickers", `[{"symbol":"ETHUSDT","lastPrice":"1"},{"symbol":"BTCUSDT","lastPrice":"0.00000000","lastQty":"0.00000000","firstId":-1,"count":0}]`,
		`[{Stamp:{Symbol:BTC/USDT Source:} Last: LastSize: Bid: BidSize: Ask: AskSize: Open: High: Low: PreviousClose: Change: Percent: VWAP: Volume: QuoteVolume: ContractVolume: OpenTrades:0}]`},
	{"tickers", `{"e":"24hrTicker","E":1763776801004,"s":"BTCUSDT","p":"1250.10000000","P":"1.866","w":"67712.44113120","x":"67000.01000000","c":"68250.10000000","Q":"0.01500000","b":"68250.09000000","B":"3.12000000","a":"68250.10000000","A":"0.45600000","o":"67000.00000000","h":"68800.00000000","l":"66720.55000000","v":"21034.51230000","q":"1424288776.11040000","O":1763690401003,"C":1763776801003,"F":5397123401,"L":5400123640,"n":3000240}`,
		`[{Stamp:{Symbol:BTC/USDT Time:2025-11-22 02:00:01.004 Source:} Last:68250.10000000 LastSize:0.01500000 Bid:68250.09000000 BidSize:3.12000000 Ask:68250.10000000 AskSize:0.45600000 Open:67000.00000000 High:68800.00000000 Low:66720.55000000 PreviousClose:67000.01000000 Change:1250.10000000 Percent:1.866 VWAP:67712.44113120 Volume:21034.51230000 QuoteVolume:1424288776.11040000 ContractVolume: OpenTime:2025-11-21 02:00:01.003 Trades:3000240}]`},
	{"linearTickers", `{"e":"24hrTicker","E":1763776800118,"s":"BTCUSDT","p":"1248.60","P":"1.864","w":"67705.12","c":"68241.60","Q":"0.150","o":"66993.00","h":"68790.00","l":"66701.10","v":"180211.412","q":"12201234567.10","O":1763690400000,"C":1763776800118,"F":6895123401,"L":6900123401,"n":4999820,"ps":"BTCUSDT","st":1}`,
		`[{Stamp:{Symbol:BTC/USDT:USDT Time:2025-11-22 02:00:00.118 Source:} Last:68241.60 LastSize:0.150 Bid: BidSize: Ask: AskSize: Open:66993.00 High:68790.00 Low:66701.10 PreviousClose: Change:1248.60 Percent:1.864 VWAP:67705.12 Volume:180211.412 QuoteVolume:12201234567.10 ContractVolume: OpenTime:2025-11-21 02:00:00 Trades:4999820}]`},
	{"linearTickers", `{"e":"24hrTicker","E":1763776800118,"s":"BTCUSDT","st":2}`,
		`[]`},
	{"bidAsks", `{"symbol":"BTCUSDT","bidPrice":"68250.09000000","bidQty":"3.12000000","askPrice":"68250.10000000","askQty":"0.45600000"}`,
		`[{Stamp:{Symbol:BTC/USDT Source:} Bid:68250.09000000 BidSize:3.12000000 Ask:68250.10000000 AskSize:0.45600000}]`},
	{"bidAsks", `{"u":81234567890,"s":"BTCUSDT","b":"68250.09000000","B":"3.12000000","a":"0.00000000","A":"0.00000000"}`,
		`[{Stamp:{Symbol:BTC/USDT Seq:81234567890 Source:} Bid:68250.09000000 BidSize:3.12000000 Ask: AskSize:}]`},
	{"linearBidAsks", `{"symbol":"BTCUSDT","bidPrice":"68241.50","bidQty":"12.004","askPrice":"68241.60","askQty":"8.221","time":1763776800105}`,
		`[{Stamp:{Symbol:BTC/USDT:USDT Time:2025-11-22 02:00:00.105 Source:} Bid:68241.50 BidSize:12.004 Ask:68241.60 AskSize:8.221}]`},
	{"linearBidAsks", `{"e":"bookTicker","u":8934567890123,"s":"BTCUSDT","b":"68241.50","B":"12.004","a":"68241.60","A":"8.221","T":1763776800105,"E":1763776800109,"ps":"BTCUSDT","st":1}`,
		`[{Stamp:{Symbol:BTC/USDT:USDT Time:2025-11-22 02:00:00.105 Seq:8934567890123 Source:} Bid:68241.50 BidSize:12.004 Ask:68241.60 AskSize:8.221}]`},
	{"spotTrades", `[{"id":5400123401,"price":"68250.10000000","qty":"1.50000000","quoteQty":"102375.15000000","time":1763776800123,"isBuyerMaker":false,"isBestMatch":true}]`,
		`[{Stamp:{Symbol:BTC/USDT Time:2025-11-22 02:00:00.123 Seq:5400123401 Source:} ID:5400123401 Side:buy Price:68250.10000000 Size:1.50000000 Contracts: Cost:102375.15000000}]`},
	{"spotTrades", `[{"a":3700123401,"p":"68250.10000000","q":"1.50000000","f":5400123401,"l":5400123403,"T":1763776800123,"m":true,"M":true},{"a":3700123402,"p":"0","q":"0","f":-1,"l":-1,"T":1763776800123,"m":false,"M":true}]`,
		`[{Stamp:{Symbol:BTC/USDT Time:2025-11-22 02:00:00.123 Seq:5400123403 Source:} ID:5400123403 First:5400123401 Side:sell Price:68250.10000000 Size:1.50000000 Contracts: Cost:}]`},
	{"spotTrades", `{"e":"trade","E":1763776800126,"s":"BTCUSDT","t":5400123401,"p":"68250.10000000","q":"1.20000000","T":1763776800123,"m":false,"M":true}`,
		`[{Stamp:{Symbol:BTC/USDT Time:2025-11-22 02:00:00.123 Seq:5400123401 Source:} ID:5400123401 Side:buy Price:68250.10000000 Size:1.20000000 Contracts: Cost:}]`},
	{"linearTrades", `[{"a":2900123401,"p":"68241.60","q":"0.150","nq":"0.150","f":6900123401,"l":6900123401,"T":1763776800123,"m":false}]`,
		`[{Stamp:{Symbol:BTC/USDT:USDT Time:2025-11-22 02:00:00.123 Seq:2900123401 Source:} ID:2900123401 Side:buy Price:68241.60 Size:0.150 Contracts: Cost:}]`},
	{"linearTrades", `{"e":"aggTrade","E":1763776800131,"a":2900123401,"s":"BTCUSDT","p":"68241.60","q":"0.150","nq":"0.150","f":6900123401,"l":6900123401,"T":1763776800105,"m":true,"st":1}`,
		`[{Stamp:{Symbol:BTC/USDT:USDT Time:2025-11-22 02:00:00.105 Seq:2900123401 Source:} ID:2900123401 Side:sell Price:68241.60 Size:0.150 Contracts: Cost:}]`},
	{"linearTrades", `{"e":"aggTrade","E":1,"a":7,"s":"BTCUSDT","p":"0","q":"0","T":1,"X":"INSURANCE_FUND","m":true}`,
		`[]`},
	{"candles", `[[1763776800000,"68240.00000000","68255.50000000","68231.02000000","68250.10000000","14.23510000",1763776859999,"971346.02410000",1834,"8.11020000","553400.11000000","0"]]`,
		`[{Stamp:{Symbol:BTC/USDT Source:} Interval:1m Start:2025-11-22 02:00:00 Open:68240.00000000 High:68255.50000000 Low:68231.02000000 Close:68250.10000000 Volume:14.23510000 QuoteVolume:971346.02410000 ContractVolume: Trades:1834 Closed:false}]`},
	{"pushedCandles", `{"e":"kline","E":1763776802011,"s":"BTCUSDT","k":{"t":1763776800000,"T":1763776859999,"s":"BTCUSDT","i":"1m","f":5400123401,"L":5400123640,"o":"68250.10000000","c":"68252.00000000","h":"68253.40000000","l":"68249.99000000","v":"8.11020000","n":240,"x":true,"q":"553529.11200000","V":"5.01000000","Q":"341922.00000000","B":"0"}}`,
		`[{Stamp:{Symbol:BTC/USDT Time:2025-11-22 02:00:02.011 Source:} Interval:1m Start:2025-11-22 02:00:00 Open:68250.10000000 High:68253.40000000 Low:68249.99000000 Close:68252.00000000 Volume:8.11020000 QuoteVolume:553529.11200000 ContractVolume: Trades:240 Closed:true}]`},
	{"markPrices", `{"symbol":"BTCUSDT","markPrice":"68243.10000000","indexPrice":"68269.71326087","estimatedSettlePrice":"68260.11024813","lastFundingRate":"0.00010000","interestRate":"0.00010000","nextFundingTime":1763798400000,"time":1763776800000}`,
		`[{Stamp:{Symbol:BTC/USDT:USDT Time:2025-11-22 02:00:00 Source:} Mark:68243.10000000 Index:68269.71326087}]`},
	{"markPrices", `{"e":"markPriceUpdate","E":1763776800000,"s":"BTCUSDT","p":"68243.10000000","ap":"68242.98000000","i":"68269.71326087","P":"68260.11024813","r":"0.00010000","T":1763798400000,"st":1}`,
		`[{Stamp:{Symbol:BTC/USDT:USDT Time:2025-11-22 02:00:00 Source:} Mark:68243.10000000 Index:68269.71326087}]`},
	{"fundingRates", `{"e":"markPriceUpdate","E":1763776800000,"s":"BTCUSDT","p":"68243.10000000","i":"68269.71326087","r":"-0.00010000","T":1763798400000,"st":1}`,
		`[{Stamp:{Symbol:BTC/USDT:USDT Time:2025-11-22 02:00:00 Source:} Rate:-0.00010000 Next:2025-11-22 08:00:00 Interval:0s Mark:68243.10000000}]`},
	{"fundingRates", `{"e":"markPriceUpdate","E":1763776800000,"s":"BTCUSDT","p":"68243.10000000","r":"","T":0,"st":1}`,
		`[]`},
	{"history", `[{"symbol":"BTCUSDT","fundingRate":"0.00010000","fundingTime":1763769600001,"markPrice":"","rateType":"Regular"}]`,
		`[{Stamp:{Symbol:BTC/USDT:USDT Time:2025-11-22 00:00:00.001 Source:} Rate:0.00010000 Next:2025-11-22 00:00:00 Interval:0s Mark:}]`},
}

func TestGoldens(t *testing.T) {
	for _, tt := range slices.Concat(goldens, privateGoldens) {
		got, err := parsers[tt.parser]([]byte(tt.message))
		if err != nil || got != tt.want {
			t.Errorf("%s %s:\ngot  %s, %v\nwant %s", tt.parser, tt.message, got, err, tt.want)
		}
	}
}

func TestParsersRefuse(t *testing.T) {
	for name, parse := range parsers {
		for _, b := range []string{"", "7", `"x"`, `{"`, `[{"s":"BTCUSDT"`, "\xff", `{} {}`} {
			if got, err := parse([]byte(b)); err == nil {
				t.Errorf("%s %q: got %s", name, b, got)
			}
		}
	}
	for _, tt := range []struct{ parser, message string }{
		{"deltas", `{"e":"depthUpdate","s":"BTCUSDT","U":"x","u":2,"b":[],"a":[]}`},
		{"deltas", `{"e":"depthUpdate","s":"BTCUSDT","U":1,"u":2,"b":[7,{"x":"1"}],"a":[]}`},
		{"deltas", `{"e":"depthUpdate","s":"BTCUSDT","U":1,"u":2,"b":{},"a":[]}`},
		{"tickers", `{"e":"24hrTicker","s":"BTCUSDT","c":"x"}`},
		{"spotTrades", `{"e":"trade","s":"BTCUSDT","t":1.5,"p":"1","q":"1"}`},
		{"pushedCandles", `{"e":"kline","s":"BTCUSDT","k":7}`},
		{"bidAsks", `{"s":7,"b":"1","B":[]}`},
	} {
		if got, err := parsers[tt.parser]([]byte(tt.message)); err == nil {
			t.Errorf("%s %s: got %s", tt.parser, tt.message, got)
		}
	}
}

// FuzzParse gives all parsers any bytes: they return values or an error.
func FuzzParse(f *testing.F) {
	for _, tt := range slices.Concat(goldens, privateGoldens) {
		f.Add([]byte(tt.message))
		f.Add([]byte(tt.message[:len(tt.message)/2]))
	}
	f.Add([]byte(spotInfo))
	f.Add([]byte(linearInfo))
	f.Fuzz(func(t *testing.T, b []byte) {
		for name, parse := range parsers {
			if got, err := parse(b); err != nil && got == "" {
				t.Errorf("%s: %v", name, err)
			}
		}
		refusal(400, b)
	})
}

func TestParseDoesNotAllocate(t *testing.T) {
	var rows []exchange.Ticker
	var sides []exchange.BidAsk
	for _, tt := range goldens {
		b := []byte(tt.message)
		n := 0.0
		switch tt.parser {
		case "linearTickers":
			n = testing.AllocsPerRun(20, func() { rows, _ = tickers(rows[:0], inLinear, b) })
		case "bidAsks":
			n = testing.AllocsPerRun(20, func() { sides, _ = bidAsks(sides[:0], inSpot, b) })
		}
		if n > 0 {
			t.Errorf("%s: %v allocations", tt.message, n)
		}
	}
}
