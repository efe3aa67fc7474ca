package wire_test

import (
	"fmt"

	"github.com/depthwire/depthwire/wire"
)

// The same table reads an answer of REST and a message of the socket: a field may have several words.
func ExampleCompile() {
	trades := wire.Compile(wire.Format{Words: wire.Words{
		wire.Rows:    "data result",
		wire.Market:  "s symbol",
		wire.TradeID: "id",
		wire.Price:   "p price",
		wire.Size:    "q quantity",
		wire.Side:    "side",
		wire.Time:    "ts",
	}})
	messages := []string{
		`{"s":"BTC-USD","ts":1767225600000,"data":[{"id":7,"p":"87000.10","q":"0.5","side":"buy"},{"id":8,"p":"87000.20","q":"2","side":"sell"}]}`,
		`{"ok":true,"result":[{"side":"buy","quantity":0.25,"price":87000.30,"symbol":"BTC-USD","id":"9","ts":1767225601000}]}`,
	}

	var row wire.Row // one for all messages of a goroutine
	for _, m := range messages {
		for row.Begin(trades, []byte(m)); row.Next(); {
			fmt.Printf("%s %s: %s %s × %s at %s\n", row.Text(wire.Market), row.Text(wire.TradeID), row.Text(wire.Side),
				row.Decimal(wire.Size), row.Decimal(wire.Price), row.Time(wire.Time).Format("15:04:05"))
		}
		if err := row.End(); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// BTC-USD 7: buy 0.5 × 87000.10 at 00:00:00
	// BTC-USD 8: sell 2 × 87000.20 at 00:00:00
	// BTC-USD 9: buy 0.25 × 87000.30 at 00:00:01
}

// Rows that are arrays are read by their columns; zero stands for one that is not read.
func ExampleFormat_columns() {
	candles := wire.Compile(wire.Format{Columns: []wire.Field{wire.Start, wire.Open, wire.High, wire.Low, wire.Close, 0, wire.Volume}})

	var row wire.Row
	for row.Begin(candles, []byte(`[[1767225600000,"10","12","9","11","not read","340"]]`)); row.Next(); {
		fmt.Println(row.Time(wire.Start).Format("15:04"), row.Decimal(wire.Open), row.Decimal(wire.Close), row.Decimal(wire.Volume))
	}
	fmt.Println(row.End())
	// Output:
	// 00:00 10 11 340
	// <nil>
}

// What is absent stays absent, what is null too; a value of another type is an error.
func ExampleRow_Has() {
	quotes := wire.Compile(wire.Format{Words: wire.Words{wire.Bid: "bid", wire.Ask: "ask"}})

	var row wire.Row
	for _, m := range []string{`{"bid":"9.99","ask":null}`, `{"bid":[],"ask":true}`} {
		for row.Begin(quotes, []byte(m)); row.Next(); {
			fmt.Println("bid:", row.Has(wire.Bid), "ask:", row.Has(wire.Ask))
		}
		fmt.Println("error:", row.End() != nil)
	}
	// Output:
	// bid: true ask: false
	// error: false
	// error: true
}

// A Form takes what is byte for byte as the venue usually writes it, and leaves the rest to a Row.
func ExampleForm() {
	form := wire.MustForm(`{"s":"{market}","T":{time},"U":{first},"u":{last},"b":[{bids}],"a":[{asks}]}`)

	var delta wire.Delta // its memory is used again
	for _, m := range []string{
		`{"s":"BTC-USD","T":1767225600000,"U":101,"u":103,"b":[["87000.1","0.5"],["86999.9","0"]],"a":[]}`,
		`{"s":"BTC-USD","U":101,"u":103,"T":1767225600000,"b":[],"a":[]}`, // another order of keys
	} {
		if !form.Read(&delta, "BTC-USD", []byte(m)) {
			fmt.Println("not of this form")
			continue
		}
		fmt.Println(delta.First, delta.Last, len(delta.Asks))
		for _, bid := range delta.Bids {
			fmt.Printf("%de-%d × %de-%d\n", bid.Price, bid.PriceScale, bid.Size, bid.SizeScale)
		}
	}
	// Output:
	// 101 103 0
	// 870001e-1 × 5e-1
	// 869999e-1 × 0e-0
	// not of this form
}

// An Envelope tells what a frame is about; frames that are neither data nor about a topic have neither key.
func ExampleEnvelope() {
	envelope := wire.NewEnvelope("topic", "data") // one for each connection

	for _, frame := range []string{
		`{"topic":"trades:BTC-USD","data":{"id":7}}`,
		`{"data":[1,2],"time":5,"topic":"ticker:BTC-USD"}`,
		`{"id":1,"ok":true}`,
	} {
		topic, data, err := envelope.Open([]byte(frame))
		fmt.Printf("%q %q %v\n", topic, data, err)
	}
	// Output:
	// "trades:BTC-USD" "{\"id\":7}" <nil>
	// "ticker:BTC-USD" "[1,2]" <nil>
	// "" "" <nil>
}
