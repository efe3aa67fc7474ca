package record_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/exchanges/okx"
	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/sqlite"
	"github.com/depthwire/depthwire/venuetest"
)

// A simulated venue is recorded into SQLite while a delta is lost and the connection
// breaks: every book in the file is the true one at its sequence number, and each
// cause is in the ledger.
func TestRecordSimulatedVenue(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ticks.db")
	var s *venuetest.Server
	synctest.Test(t, func(t *testing.T) {
		s = venuetest.OKX(venuetest.Options{Memory: true, Rate: 50, Depth: 60})
		defer s.Close()
		client := okx.New(exchange.Options{Endpoints: s.Endpoints(), DialContext: s.DialContext})
		defer client.Close()
		sink, err := sqlite.Open(t.Context(), path, sqlite.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer sink.Close()
		r := record.New(record.Config{
			Sources: []record.Source{{Client: client, Symbols: []string{"BTC/USDT", "BTC/USDT:USDT"}}},
			Trades:  true, Books: true, Tickers: true, BidAsks: true, Depth: 10, Sink: sink,
		})
		ctx, stop := context.WithCancel(t.Context())
		var run sync.WaitGroup
		run.Go(func() { err = r.Run(ctx) })
		time.Sleep(5 * time.Second)
		s.Fault(venuetest.Fault{Kind: venuetest.DropDelta, ID: "BTC/USDT"})
		time.Sleep(5 * time.Second)
		s.Fault(venuetest.Fault{Kind: venuetest.ResetSocket})
		time.Sleep(5 * time.Second)
		stop()
		run.Wait()
		if err != nil {
			t.Fatalf("Run: %v", err)
		}
		st := r.Stats()
		for _, x := range st.Series {
			if x.Rows == 0 || x.Dropped > 0 || (x.Channel == record.Books && (x.Gaps == 0 || x.Gaps != x.Healed)) {
				t.Errorf("%+v: want rows, no drops, books with gaps and all healed", x)
			}
		}
		if len(st.Series) != 8 || st.Waiting != 0 || st.Written != st.Cursor {
			t.Errorf("stats %+v", st)
		}
		compare(t, path, s)
	})
}

// compare reads the recording back and compares it with the oracle.
func compare(t *testing.T, path string, s *venuetest.Server) {
	db, err := sql.Open(sqlite.Driver, path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query(`SELECT symbol, seq, side, price_real, size_real FROM levels WHERE level = 10`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	checked := 0
	for rows.Next() {
		var symbol, side string
		var seq int64
		var price, size float64
		if err := rows.Scan(&symbol, &seq, &side, &price, &size); err != nil {
			t.Fatal(err)
		}
		truth, ok := s.Book(symbol, seq)
		if !ok {
			t.Fatalf("%s: no true book at %d", symbol, seq)
		}
		levels := truth.Bids
		if side == "ask" {
			levels = truth.Asks
		}
		var p, z float64
		if _, err := fmt.Sscan(truth.Price(levels[9]), &p); err != nil {
			t.Fatal(err)
		}
		if _, err := fmt.Sscan(truth.Size(levels[9]), &z); err != nil {
			t.Fatal(err)
		}
		if p != price || z != size {
			t.Fatalf("%s at %d: tenth %s is %v × %v, true is %v × %v", symbol, seq, side, price, size, p, z)
		}
		checked++
	}
	if err := rows.Err(); err != nil || checked < 200 {
		t.Fatalf("%d books checked, %v", checked, err)
	}
	var causes []string
	found, err := db.Query(`SELECT DISTINCT cause FROM gaps WHERE channel = 'books'`)
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	for found.Next() {
		var cause string
		if err := found.Scan(&cause); err != nil {
			t.Fatal(err)
		}
		causes = append(causes, cause)
	}
	slices.Sort(causes)
	if want := []string{"disconnect", "gap", "start"}; !slices.Equal(causes, want) || found.Err() != nil {
		t.Errorf("causes of gaps in books: %v (%v), want %v", causes, found.Err(), want)
	}
}
