package record

import (
	"log/slog"
	"testing"
	"time"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/record/wal"
)

func openJournal(b *testing.B) *journal {
	log, _, err := wal.Open(b.TempDir(), wal.Options{Budget: 1 << 30, Full: wal.DropOldest})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { log.Close() })
	return newJournal(log, slog.New(slog.DiscardHandler))
}

// BenchmarkKeepTrade is a trade from its reader into the log, synced every 100 ms. The directory is that of TMPDIR: try it on tmpfs and on disk.
func BenchmarkKeepTrade(b *testing.B) {
	k := &single[exchange.Trade]{j: openJournal(b), ch: Trades, stamp: ofTrade, encode: (*Encoder).Trade, counts: make(map[string]*count)}
	v := exchange.Trade{Stamp: stamp, ID: "123456789", Side: exchange.Buy, Price: number("64135.80"), Size: number("0.00547601"), Cost: number("351.2")}
	b.ReportAllocs()
	for b.Loop() {
		if err := k.keep(b.Context(), &v); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkKeepBook is a state of a book of 400 levels a side, of which three have changed.
func BenchmarkKeepBook(b *testing.B) {
	k := &bookKeeper{j: openJournal(b), every: time.Hour, kept: make(map[string]*keptBook)}
	v := exchange.OrderBook{Stamp: exchange.Stamp{Venue: "test", Symbol: "A", Received: time.Now()}, State: book.Live}
	for i := range 400 {
		v.Bids = append(v.Bids, exchange.Level{Price: decimal.New(int64(10_000-i), 1), Size: decimal.New(1, 3)})
		v.Asks = append(v.Asks, exchange.Level{Price: decimal.New(int64(10_001+i), 1), Size: decimal.New(1, 3)})
	}
	b.ReportAllocs()
	for n := int64(0); b.Loop(); n++ {
		for i := range 3 {
			v.Bids[i*50].Size = decimal.New(n, 3)
		}
		if err := k.keep(b.Context(), &v); err != nil {
			b.Fatal(err)
		}
	}
}
