package backpack

import (
	"errors"
	"strings"
	"testing"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/stream"
)

const (
	depthREST   = `{"asks":[["98.97","22.39"],["98.98","16.16"],["99","225.81"]],"bids":[["98.93","50.78"],["98.95","159.9"],["98.96","288.77"]],"lastUpdateId":"4330360995","timestamp":1788367430246081}`                                          // 3.2
	depthPushed = `{"E":1788367430394613,"T":1788367430394381,"U":4330361001,"a":[],"b":[["98.95","159.90"]],"e":"depth","s":"SOL_USDC","u":4330361001}`                                                                                             // 4.5
	depthMerged = `{"E":1790134357903774,"T":1790134357900446,"U":7501116422,"a":[["2766.95","6.9498"],["2766.98","22.8939"]],"b":[["2754.43","45.0537"],["2755.33","0.0000"],["2763.10","0.1579"]],"e":"depth","s":"ETH_USDC_PERP","u":7501116464}` // 4.5
)

func TestDepth(t *testing.T) {
	in := &exchange.Scope{Market: spotSOL}
	golden(t, depth, in, depthREST, book.Update{Snapshot: true, Last: 4330360995, Time: at("2026-09-02T16:43:50.246081Z"),
		Bids: []book.Level{{Price: d("98.96"), Size: d("288.77")}, {Price: d("98.95"), Size: d("159.9")}, {Price: d("98.93"), Size: d("50.78")}},
		Asks: []book.Level{{Price: d("98.97"), Size: d("22.39")}, {Price: d("98.98"), Size: d("16.16")}, {Price: d("99"), Size: d("225.81")}}})
	golden(t, depth, in, depthPushed, book.Update{First: 4330361001, Last: 4330361001, Time: at("2026-09-02T16:43:50.394381Z"), Bids: []book.Level{{Price: d("98.95"), Size: d("159.90")}}})
	golden(t, depth, in, depthMerged)
	golden(t, depth, &exchange.Scope{Market: &exchange.Market{ID: "ETH_USDC_PERP"}}, depthMerged, book.Update{First: 7501116422, Last: 7501116464, Time: at("2026-09-23T03:32:37.900446Z"),
		Bids: []book.Level{{Price: d("2754.43"), Size: d("45.0537")}, {Price: d("2755.33"), Size: d("0.0000")}, {Price: d("2763.10"), Size: d("0.1579")}},
		Asks: []book.Level{{Price: d("2766.95"), Size: d("6.9498")}, {Price: d("2766.98"), Size: d("22.8939")}}})
	// Bids are sorted, whatever their order; an id may be a number.
	shuffled := strings.NewReplacer(`["98.93","50.78"],["98.95","159.9"]`, `["98.95","159.9"],["98.93","50.78"]`, `"4330360995"`, `4330360995`).Replace(depthREST)
	one, _ := depth(nil, in, []byte(depthREST))
	golden(t, depth, in, shuffled, one...)
	for _, bad := range []string{`{"asks":[],"bids":[],"lastUpdateId":null}`, `{"e":"depth","s":"SOL_USDC","U":5,"u":4,"a":[],"b":[]}`, `{"e":"depth","s":"SOL_USDC","a":[],"b":[]}`, `{"e":"depth","s":"SOL_USDC","U":1,"u":1,"a":[7]}`, `{`} {
		if got, err := depth(nil, in, []byte(bad)); err == nil {
			t.Errorf("%s: %+v", bad, got)
		}
	}
}

// TestVector is the worked example of section 5. REST writes its numbers without zeros at
// the end, the stream with them: levels are the same by their value.
func TestVector(t *testing.T) {
	in := &exchange.Scope{Market: spotSOL}
	for _, grid := range []bool{true, false} { // a book that knows its steps, and one that does not
		c := book.Config{Rule: sequence}
		if grid {
			c.Tick, c.Step = d("0.01"), d("0.01")
		}
		s := book.NewSync(c)
		apply := func(message string) error {
			rows, err := depth(nil, in, []byte(message))
			if err != nil || len(rows) != 1 {
				t.Fatalf("%s: %d updates, %v", message, len(rows), err)
			}
			return s.Apply(&rows[0])
		}
		if err := apply(`{"asks":[["141.3","12"],["141.35","4.5"],["141.4","30"]],"bids":[["141.1","7"],["141.2","3.25"],["141.25","10"]],"lastUpdateId":"900100","timestamp":1790000000100000}`); err != nil {
			t.Fatal(err)
		}
		for _, tt := range []struct{ ids, asks, bids, want string }{
			{`"U":900098,"u":900098`, `["141.30","99.00"]`, ``, "141.25 10, 141.2 3.25, 141.1 7 | 141.3 12, 141.35 4.5, 141.4 30"},
			{`"U":900099,"u":900101`, `["141.35","0.00"],["141.40","28.00"]`, `["141.25","11.50"]`, "141.25 11.5, 141.2 3.25, 141.1 7 | 141.3 12, 141.4 28"},
			{`"U":900102,"u":900102`, `["141.30","0.00"]`, ``, "141.25 11.5, 141.2 3.25, 141.1 7 | 141.4 28"},
			{`"U":900103,"u":900103`, `["141.33","1.00"]`, `["141.28","2.00"],["141.10","0.00"]`, "141.28 2, 141.25 11.5, 141.2 3.25 | 141.33 1, 141.4 28"},
			{`"U":900102,"u":900103`, ``, ``, "141.28 2, 141.25 11.5, 141.2 3.25 | 141.33 1, 141.4 28"},
			{`"U":900104,"u":900104`, ``, ``, "141.28 2, 141.25 11.5, 141.2 3.25 | 141.33 1, 141.4 28"},
		} {
			if err := apply(`{"E":1,"T":1,` + tt.ids + `,"a":[` + tt.asks + `],"b":[` + tt.bids + `],"e":"depth","s":"SOL_USDC"}`); err != nil {
				t.Fatalf("%s: %v", tt.ids, err)
			}
			if got := sayBook(s); got != tt.want {
				t.Errorf("%s: got %s, want %s", tt.ids, got, tt.want)
			}
		}
		if err := apply(`{"U":900106,"u":900106,"a":[],"b":[["141.29","5.00"]],"e":"depth","s":"SOL_USDC"}`); !errors.Is(err, book.ErrGap) || s.State() != book.Syncing {
			t.Errorf("after a gap: %v, %v", err, s.State())
		}
	}
}

func sayBook(s *book.Sync) string {
	bids, asks := s.Book().Top(0, nil, nil)
	side := func(ls []book.Level) string {
		var all []string
		for _, l := range ls {
			all = append(all, strip(l.Price.String())+" "+strip(l.Size.String()))
		}
		return strings.Join(all, ", ")
	}
	return side(bids) + " | " + side(asks)
}

func strip(number string) string {
	if !strings.Contains(number, ".") {
		return number
	}
	return strings.TrimSuffix(strings.TrimRight(number, "0"), ".")
}

func TestSequence(t *testing.T) {
	for _, tt := range []struct {
		at          book.At
		first, last int64
		want        book.Verdict
	}{
		{book.At{Seq: 100, Fresh: true}, 90, 100, book.Skip},
		{book.At{Seq: 100, Fresh: true}, 101, 105, book.Apply},
		{book.At{Seq: 100, Fresh: true}, 99, 105, book.Apply},
		{book.At{Seq: 100, Fresh: true, Heard: 98}, 99, 105, book.Apply},
		{book.At{Seq: 100, Fresh: true, Heard: 95}, 99, 105, book.OldSnapshot}, // its ids are wrong, or one is missing before it
		{book.At{Seq: 100, Fresh: true}, 102, 105, book.OldSnapshot},
		{book.At{Seq: 100}, 101, 101, book.Apply},
		{book.At{Seq: 100}, 101, 142, book.Apply},
		{book.At{Seq: 100}, 102, 102, book.Gap},
		{book.At{Seq: 100}, 99, 105, book.Gap},
		{book.At{Seq: 100}, 99, 100, book.Skip},
		{book.At{Seq: 100}, 1, 7, book.Gap}, // the venue counts anew
	} {
		if got := sequence(tt.at, &book.Update{First: tt.first, Last: tt.last}); got != tt.want {
			t.Errorf("%+v, %d to %d: got %v, want %v", tt.at, tt.first, tt.last, got, tt.want)
		}
	}
}

// TestAllocations: what comes all the time costs no memory, but for the text of a trade's id.
func TestAllocations(t *testing.T) {
	in := &exchange.Scope{Market: spotSOL, Args: exchange.Args{Interval: "1m"}}
	sync := book.NewSync(book.Config{Rule: sequence, Tick: d("0.01"), Step: d("0.01")})
	rows, _ := depth(nil, in, []byte(depthREST))
	if err := sync.Apply(&rows[0]); err != nil {
		t.Fatal(err)
	}
	dialect := newDialect()
	var f stream.Frame
	frame := []byte(`{"data":` + depthPushed + `,"stream":"depth.SOL_USDC"}`)
	for what, once := range map[string]func() error{
		"depth": func() (err error) {
			if err = dialect.Route(frame, &f); err == nil {
				rows, err = depth(rows[:0], in, f.Data)
				rows[0].First, rows[0].Last = sync.Seq()+1, sync.Seq()+1
			}
			return errors.Join(err, sync.Apply(&rows[0]))
		},
		"ticker": steady(tickers, in, tickerPushed), "bookTicker": steady(bidAsks, in, touchPushed), "kline": steady(candles, in, klinePushed),
		"markPrice": steady(markPrices, &exchange.Scope{Market: perpSOL}, markPushed), "funding": steady(fundingRates, &exchange.Scope{Market: perpSOL}, markPushed),
	} {
		var failed error
		if n := testing.AllocsPerRun(200, func() { failed = errors.Join(failed, once()) }); n > 0 || failed != nil {
			t.Errorf("%s: %v allocations, %v", what, n, failed)
		}
	}
	once := steady(trades, in, tradePushed)
	if n := testing.AllocsPerRun(200, func() { _ = once() }); n > 1 {
		t.Errorf("trade: %v allocations", n)
	}
}

func steady[T any](parse exchange.Parser[T], in *exchange.Scope, message string) func() error {
	b := []byte(message)
	var dst []T
	return func() (err error) {
		dst, err = parse(dst[:0], in, b)
		return err
	}
}

func BenchmarkDepth(b *testing.B) {
	in := &exchange.Scope{Market: spotSOL}
	dialect := newDialect()
	var f stream.Frame
	frame := []byte(`{"data":` + strings.Replace(depthMerged, "ETH_USDC_PERP", "SOL_USDC", 1) + `,"stream":"depth.SOL_USDC"}`)
	var rows []book.Update
	b.ReportAllocs()
	for b.Loop() {
		if err := dialect.Route(frame, &f); err != nil {
			b.Fatal(err)
		}
		var err error
		if rows, err = depth(rows[:0], in, f.Data); err != nil || len(rows) != 1 {
			b.Fatal(err)
		}
	}
}
