package record

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/exchanges/okx"
	"github.com/depthwire/depthwire/venuetest"
)

// A simulated venue is recorded while a delta is lost and the connection breaks: every book that can be made from the rows is the true
// one at its sequence number, none is there while it was not live, and each cause is in the ledger.
func TestRecordSimulatedVenue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := venuetest.OKX(venuetest.Options{Memory: true, Rate: 50, Depth: 60})
		defer s.Close()
		client := okx.New(exchange.Options{Endpoints: s.Endpoints(), DialContext: s.DialContext})
		defer client.Close()
		kept := newStore()
		r := New(Config{
			Dir: t.TempDir(),
			Sources: []Source{
				{Client: client, Symbols: []string{"BTC/USDT", "BTC/USDT:USDT"}, Channels: []Channel{Trades, Books, Tickers, BidAsks, Candles}},
				{Client: client, Symbols: []string{"BTC/USDT:USDT"}, Channels: []Channel{Funding}},
			},
			Snapshot: 3 * time.Second, Sinks: sinks(kept),
		})
		ctx, stop := context.WithCancel(t.Context())
		var run sync.WaitGroup
		var err error
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
			if x.Rows == 0 || x.Dropped > 0 || x.Last.IsZero() || (x.Channel == Books && (x.Gaps == 0 || x.Gaps != x.Healed || x.Down)) {
				t.Errorf("%+v: want rows, no drops, books with gaps and all healed", x)
			}
		}
		if k := st.Sinks[0]; len(st.Series) != 11 || k.Lag != 0 || k.Rows != k.Cursor || st.Live != 2 || st.Books != 2 {
			t.Errorf("stats %+v", st)
		}
		kept.compare(t, s)
	})
}

// compare makes the books again and compares them with the oracle.
func (s *store) compare(t *testing.T, venue *venuetest.Server) {
	t.Helper()
	books := map[string]*Rebuilt{"BTC/USDT": {}, "BTC/USDT:USDT": {}}
	checked, wholes := 0, 0
	for _, r := range s.states {
		b := books[r.symbol]
		b.Apply(r.state, r.bids, r.asks)
		if r.state == BookSnapshot {
			wholes++
		}
		if !b.Live {
			continue
		}
		truth, ok := venue.Book(r.symbol, r.seq)
		if !ok {
			t.Fatalf("%s: no true book at %d", r.symbol, r.seq)
		}
		text := func(levels []exchange.Level) (all []string) {
			for _, l := range levels {
				all = append(all, fmt.Sprint(l.Price.Reduce(), " ", l.Size.Reduce()))
			}
			return all
		}
		var bids, asks []string
		for _, l := range truth.Bids {
			bids = append(bids, fmt.Sprint(number(truth.Price(l)).Reduce(), " ", number(truth.Size(l)).Reduce()))
		}
		for _, l := range truth.Asks {
			asks = append(asks, fmt.Sprint(number(truth.Price(l)).Reduce(), " ", number(truth.Size(l)).Reduce()))
		}
		if got := text(b.Bids); !slices.Equal(got, bids) {
			t.Fatalf("%s at %d: bids\n%v, true\n%v", r.symbol, r.seq, got, bids)
		}
		if got := text(b.Asks); !slices.Equal(got, asks) {
			t.Fatalf("%s at %d: asks\n%v, true\n%v", r.symbol, r.seq, got, asks)
		}
		checked++
	}
	if checked < 200 || wholes < 10 {
		t.Errorf("%d books checked, %d written whole", checked, wholes)
	}
	causes := make(map[string]bool)
	for _, g := range s.gaps {
		if g.Channel == Books {
			causes[g.Cause] = true
		}
	}
	if len(causes) != 3 || !causes[Start] || !causes["gap"] || !causes["disconnect"] {
		t.Errorf("causes of gaps in books: %v", causes)
	}
	if s.tables["funding"] == 0 || s.tables["candles"] == 0 || s.tables["tickers"] == 0 || s.tables["bid_asks"] == 0 || s.tables["trades"] == 0 {
		t.Errorf("rows: %v", s.tables)
	}
}
