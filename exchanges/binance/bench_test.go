package binance

import (
	"testing"

	"github.com/depthwire/depthwire/exchange"
)

// BenchmarkParse is one message of each kind that is read by words, without its wrapper.
func BenchmarkParse(b *testing.B) {
	ticker := `{"e":"24hrTicker","E":1763776801004,"s":"BTCUSDT","p":"1250.10000000","P":"1.866","w":"67712.44113120","x":"67000.01000000","c":"68250.10000000","Q":"0.01500000","b":"68250.09000000","B":"3.12000000","a":"68250.10000000","A":"0.45600000","o":"67000.00000000","h":"68800.00000000","l":"66720.55000000","v":"21034.51230000","q":"1424288776.11040000","O":1763690401003,"C":1763776801003,"F":5397123401,"L":5400123640,"n":3000240}`
	best := `{"u":81234567890,"s":"BTCUSDT","b":"68250.09000000","B":"3.12000000","a":"68250.10000000","A":"0.45600000"}`
	trade := `{"e":"trade","E":1763776800126,"s":"BTCUSDT","t":5400123401,"p":"68250.10000000","q":"1.20000000","T":1763776800123,"m":false,"M":true}`
	parse(b, "ticker", tickers, ticker)
	parse(b, "bidAsk", bidAsks, best)
	parse(b, "trade", spotTrades, trade)
	parse(b, "order", orders, reportFill)
	parse(b, "fill", fills, reportFill)
}

func parse[T any](b *testing.B, kind string, p exchange.Parser[T], message string) {
	in := &exchange.Scope{Market: spotBTC}
	data := []byte(message)
	b.Run(kind, func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(data)))
		var rows []T
		var err error
		for b.Loop() {
			if rows, err = p(rows[:0], in, data); err != nil || len(rows) != 1 {
				b.Fatal(err)
			}
		}
	})
}
