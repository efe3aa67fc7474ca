package exchange_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/wire"
)

// A venue's words make a parser; what is special in it is adjusted: here a volume that counts both sides of a trade, and
// markets that have not opened yet.
func ExampleRows() {
	half := decimal.MustParse("0.5")
	tickers := exchange.Rows(wire.Compile(wire.Format{Words: wire.Words{
		wire.Rows:   "data",
		wire.Event:  "kind",
		wire.Close:  "last",
		wire.Open:   "open",
		wire.Volume: "vol",
		wire.Time:   "ts",
	}}), "ticker", func(t *exchange.Ticker, r *wire.Row, _ *exchange.Market) bool {
		t.Volume = t.Volume.Mul(half)
		return r.Has(wire.Close)
	})

	btc := &exchange.Market{ID: "BTC-USD", Symbol: "BTC/USD"}
	for _, m := range []string{
		`{"kind":"ticker","data":{"last":"110","open":"100","vol":"7","ts":1767225600000}}`,
		`{"kind":"ticker","data":{"open":"100"}}`,
		`{"kind":"something new","data":{"last":"110"}}`,
		`{"kind":"ticker","data":{"last":true}}`,
	} {
		rows, err := tickers(nil, &exchange.Scope{Market: btc}, []byte(m))
		if err != nil {
			fmt.Println("malformed")
		}
		for _, t := range rows {
			fmt.Println(t.Symbol, t.Last, t.Percent, t.Volume)
		}
	}
	// Output:
	// BTC/USD 110 10.0000 3.5
	// malformed
}

// Books needs to be told what is a snapshot: here what has an id and no range of ids.
func ExampleBooks() {
	books := exchange.Books(wire.Compile(wire.Format{Words: wire.Words{
		wire.Seq:   "id",
		wire.First: "from",
		wire.Last:  "to",
		wire.Bids:  "bids",
		wire.Asks:  "asks",
	}}), "", func(u *book.Update, r *wire.Row, _ *exchange.Scope) bool {
		if u.Snapshot = r.Has(wire.Seq); u.Snapshot {
			u.Last = r.Int(wire.Seq)
		}
		return true
	})

	for _, m := range []string{
		`{"id":100,"bids":[["9.9","5"]],"asks":[["10.1","3"]]}`,
		`{"from":101,"to":103,"bids":[["9.9","0"]],"asks":[]}`,
	} {
		rows, err := books(nil, &exchange.Scope{}, []byte(m))
		fmt.Println(rows[0].Snapshot, rows[0].First, rows[0].Last, rows[0].Bids, err)
	}
	// Output:
	// true 0 100 [{9.9 5}] <nil>
	// false 101 103 [{9.9 0}] <nil>
}

// Tables are constants of a program: one that is wrong does not start it, and is named.
func TestWrongTablesAreNamed(t *testing.T) {
	for want, table := range map[string]func(){
		`"book:$ID"`:            func() { exchange.Topic("book:$ID") },
		`"$id@kline_$interval"`: func() { exchange.Topic("$id@kline_$interval") },
		`"$id@kline"`:           func() { exchange.Topic("$id@kline", exchange.Intervals("1m")) },
		`"1001" is of two kinds`: func() {
			exchange.Codes(nil, map[error]string{exchange.ErrAuth: "1000, 1001", exchange.ErrFunds: "1001"})
		},
		`"1000" is of two kinds:`: func() {
			exchange.Codes(nil, map[error]string{exchange.ErrAuth: "1000,1001", exchange.ErrFunds: "1000"})
		},
	} {
		func() {
			defer func() {
				if said, ok := recover().(string); !ok || !strings.Contains(said, want) {
					t.Errorf("%s: panic %q", want, said)
				}
			}()
			table()
		}()
	}
}
