package record

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/record/wal"
)

// mute is a store that does not say how far it is until a moment.
type mute struct {
	*store
	until time.Time
}

func (m *mute) Cursor(context.Context, wal.ID) (uint64, error) {
	if time.Now().Before(m.until) {
		return 0, errSink
	}
	return 0, nil
}

// A sink is as far behind as the oldest row is old that it lacks, also one that has never been written to; a quiet market is no lag.
func TestBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		back := time.Now().Add(3 * time.Minute)
		bad := newStore()
		bad.fail = func(*Batch) error {
			if time.Now().Before(back) {
				return errSink
			}
			return nil
		}
		dumb := &mute{newStore(), back}
		g := start(t, t.TempDir(), Config{Sinks: []Target{{Name: "bad", Sink: bad}, {Name: "dumb", Sink: dumb}}})
		behind := func(when string, least, most time.Duration) {
			t.Helper()
			for _, k := range g.Stats().Sinks {
				if k.Behind < least || k.Behind > most {
					t.Errorf("%s: %s is %v behind, want %v to %v", when, k.Name, k.Behind, least, most)
				}
			}
		}
		pass(time.Minute)
		behind("without rows", 0, 0)
		g.trades.values <- trade("A", 0)
		pass(2*time.Minute - time.Second)
		behind("down from the start", 2*time.Minute-time.Second, 3*time.Minute)
		pass(time.Minute)
		behind("up", 0, 0)
		pass(time.Hour)
		g.trades.values <- trade("A", 1)
		pass(100 * time.Millisecond)
		if k := g.Stats().Sinks[0]; k.Lag == 0 {
			t.Error("the row is written before its batch is due")
		}
		behind("a row after a quiet hour", 0, time.Second)
		pass(time.Second)
		behind("after it", 0, 0)
		if err := g.end(); err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

// Tickers and best prices of which nothing has come are there, and have no Last.
func TestSilentSeriesAreReported(t *testing.T) {
	client := exchange.New(&exchange.Venue{Name: "test"}, exchange.Options{})
	defer client.Close()
	now := time.Unix(1, 0)
	r := New(Config{Sources: []Source{
		{Client: client, Symbols: []string{"B", "A"}, Channels: []Channel{Trades, Tickers}},
		{Client: client, Symbols: []string{"C"}, Channels: []Channel{Tickers}},
		{Client: client, Symbols: []string{"id-of-D"}, Channels: []Channel{BidAsks}},
	}})
	got := r.silent([]SeriesStats{
		{Venue: "test", Symbol: "B", Channel: Tickers, Last: now},
		{Venue: "test", Symbol: "D", Channel: BidAsks, Last: now},
		{Venue: "other", Symbol: "A", Channel: Tickers, Last: now},
	})
	want := []SeriesStats{
		{Venue: "other", Symbol: "A", Channel: Tickers, Last: now},
		{Venue: "test", Symbol: "A", Channel: Tickers},
		{Venue: "test", Symbol: "B", Channel: Tickers, Last: now},
		{Venue: "test", Symbol: "C", Channel: Tickers},
		{Venue: "test", Symbol: "D", Channel: BidAsks, Last: now},
	}
	if !slices.Equal(got, want) {
		t.Errorf("series are\n%+v\nwant\n%+v", got, want)
	}
}
