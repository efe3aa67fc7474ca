package clickhouse

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/internal/backend"
	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/recordtest"
	"github.com/depthwire/depthwire/record/wal"
)

// Rows come in by venue and symbol, those of one market in the order of the log, whichever of them are picked.
func TestOrder(t *testing.T) {
	r := record.NewRows(record.TradeTable)
	for i := range 30 {
		r.Pos = append(r.Pos, uint64(i))
		v := r.Columns
		v[record.VenueColumn].Texts = append(v[record.VenueColumn].Texts, []string{"okx", "binance"}[i%2])
		v[record.SymbolColumn].Texts = append(v[record.SymbolColumn].Texts, []string{"b", "", "a"}[i%3])
	}
	var o order
	for range 2 { // and made anew
		got := fmt.Sprint(o.put(r, nil))
		if want := "[1 7 13 19 25 5 11 17 23 29 3 9 15 21 27 4 10 16 22 28 2 8 14 20 26 0 6 12 18 24]"; got != want {
			t.Errorf("all\n got %s\nwant %s", got, want)
		}
		if got := fmt.Sprint(o.put(r, []int{0, 1, 2, 6, 25, 29})); got != "[1 25 29 2 0 6]" {
			t.Errorf("some: %s", got)
		}
	}
}

// The numbers that one reckons with are those that the texts say, cut behind 18 digits; what does not fit is NULL, or 0 in levels, and
// a size in levels is 0 only where it was.
func TestNumbersAreThoseOfTheTexts(t *testing.T) {
	both(t, func(t *testing.T, p *place) {
		s, m := p.open(), recordtest.NewMaker(11)
		write(t, s, m.Batch(recordtest.Log(1), 0, 3000, record.TickerTable, record.BookTable))
		var columns []string
		for _, at := range numbers(record.TickerTable) {
			columns = append(columns, record.TickerTable.Columns[at].Name)
		}
		for _, c := range columns {
			p.want(fmt.Sprintf("SELECT concat(toString(countIf(%[1]s IS DISTINCT FROM toDecimal128OrNull(%[1]s_text, 18))), ' ', toString(countIf(%[1]s < 0) > 0), ' ', toString(countIf(isNull(%[1]s) AND %[1]s_text != '') > 0)) FROM tickers", c), "0 1 1")
		}
		for _, side := range []string{"bids", "asks"} {
			p.want(fmt.Sprintf("SELECT concat(toString(countIf(l.1 != toDecimal128OrZero(price, 18))), ' ', toString(countIf(l.2 != toDecimal128OrZero(size, 18) AND l.2 != toDecimal128('0.000000000000000001', 18))), ' ', "+
				"toString(countIf((l.2 = 0) != (match(size, '^-?[0.]*([eE].*)?$')))), ' ', toString(count() > 1000)) FROM (SELECT splitByChar(' ', %[1]s_text) AS all, length(%[1]s) AS n, %[1]s FROM books) "+
				"ARRAY JOIN %[1]s AS l, arraySlice(all, 1, n) AS price, arraySlice(all, n + 1, n) AS size", side), "0 0 0 1")
		}
	})
}

// A batch may have more names than a byte can tell apart.
func TestManyNames(t *testing.T) {
	both(t, func(t *testing.T, p *place) {
		var e record.Encoder
		b := new(record.Batch)
		b.Reset(wal.ID{1}, 0)
		var want []string
		for i := range 1000 {
			symbol := fmt.Sprintf("S%03d", i*7919%1000)
			want = append(want, symbol)
			if err := b.Add(b.To, e.BidAsk(&exchange.BidAsk{Stamp: exchange.Stamp{Venue: "okx", Symbol: symbol, Received: begin.Add(time.Duration(i))}})); err != nil {
				t.Fatal(err)
			}
		}
		s := p.open()
		write(t, s, b)
		var got []string
		err := s.Read(t.Context(), record.BidAskTable, begin, begin.Add(time.Hour), []string{"symbol"}, func(r *record.Rows) error {
			got = append(got, r.Columns[record.SymbolColumn].Texts...)
			return nil
		})
		if slices.Sort(want); err != nil || !slices.Equal(got, want) {
			t.Errorf("%d symbols came back of %d, %v", len(got), len(want), err)
		}
	})
}

// Over the protocol of its own the server is given values as its types have them: one that somebody has changed is told, and nothing stored.
func TestOtherType(t *testing.T) {
	p := newPlace(t, backend.URL(t, protocols["native"]))
	s := p.open()
	p.exec("ALTER TABLE bid_asks MODIFY COLUMN bid Nullable(Decimal(38, 10))")
	b := recordtest.NewMaker(12).Batch(recordtest.Log(1), 0, 30, record.BidAskTable)
	for range 2 {
		if err := s.Write(t.Context(), b); !errors.Is(err, record.ErrSchema) {
			t.Errorf("Write: %v, want ErrSchema", err)
		}
	}
	p.want("SELECT toString(count()) FROM bid_asks", "0")
	p.exec("ALTER TABLE bid_asks MODIFY COLUMN bid Nullable(Decimal(38, 18))")
	write(t, s, b)
	p.want("SELECT toString(count()) FROM bid_asks", "30")
}
