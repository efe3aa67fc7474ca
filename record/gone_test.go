package record

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/depthwire/depthwire/exchange"
)

// A symbol that the venue does not have, any more perhaps, costs that symbol only: the ledger and Stats say so, the others go on. When there
// are no others that is the end.
func TestSymbolIsGone(t *testing.T) {
	for _, gone := range [][]string{{"B"}, {"C", "A"}, {"A", "B", "C"}} {
		t.Run(strings.Join(gone, " "), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { recordWithout(t, gone) })
		})
	}
}

func recordWithout(t *testing.T, gone []string) {
	client := exchange.New(&exchange.Venue{Name: "test"}, exchange.Options{})
	defer client.Close()
	s := newStore()
	r := New(Config{Dir: t.TempDir(), Sinks: sinks(s)})
	feed := newScript[exchange.Trade]()
	feed.unknown = gone
	source := Source{Client: client, Symbols: []string{"A", "B", "C"}}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var ended error
	var run sync.WaitGroup
	run.Go(func() {
		ended = r.run(ctx, []reader{follows(r, source, Trades, false, ofTrade, (*Encoder).Trade, feed.watch)})
	})
	synctest.Wait()
	feed.values <- trade("B", 7)
	pass(time.Second)
	stats := r.Stats()
	stop()
	run.Wait()
	if all := len(gone) == 3; errors.Is(ended, ErrEnded) != all || !all && ended != nil || all && !errors.Is(ended, exchange.ErrBadSymbol) {
		t.Errorf("Run: %v", ended)
	}
	told := ""
	for _, g := range s.told() {
		if g.Cause != Ended || g.Channel != Trades || g.Venue != "test" || g.Err == "" {
			t.Errorf("told: %+v", g)
		}
		told += g.Symbol + " "
	}
	if told != strings.Join(gone, " ")+" " {
		t.Errorf("told: %s, gone: %q", told, gone)
	}
	over := 0
	for _, x := range stats.Series {
		if x.Ended {
			over++
		}
	}
	if over != len(gone) || len(s.trades) != 1 != (len(gone) == 3) {
		t.Errorf("%d of %+v have ended; stored: %q", over, stats.Series, s.trades)
	}
}
