package record

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/exchange"
)

func TestBatchesAreRangesInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{cursor: 700}
		g := start(t, Config{Sink: s, BatchRows: 1000})
		for i := range 2500 {
			g.trades.values <- trade("A", i)
		}
		synctest.Wait() // two batches are full: they do not wait for the tick
		if n := len(s.look().trades); n != 1999 {
			t.Errorf("%d trades stored at once, want 1999 and the gap of the start", n)
		}
		pass(250 * time.Millisecond)
		synctest.Wait()
		if n := len(s.look().trades); n != 2500 {
			t.Errorf("%d trades stored after 250 ms, want 2500", n)
		}
		for i, x := range s.look().trades {
			if x.Seq != int64(i) {
				t.Fatalf("trade %d has Seq %d", i, x.Seq)
			}
		}
		if len(s.look().gaps) != 1 || s.look().gaps[0].Cause != Start || s.look().gaps[0].Symbol != "A" || s.look().gaps[0].Channel != Trades {
			t.Errorf("gaps %+v, want one start of A trades", s.look().gaps)
		}
		if st := g.Stats(); s.look().cursor != 700+2501 || st.Cursor != s.look().cursor || st.Written != 2501 || st.Waiting != 0 || st.Of(Trades).Rows != 2500 {
			t.Errorf("cursor %d, stats %+v", s.look().cursor, st)
		}
		if err := g.end(); err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

func TestFailingSinkGetsTheSameBatchAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{fail: func(n int) error {
			if n <= 5 {
				return errSink
			}
			return nil
		}}
		g := start(t, Config{Sink: s})
		for i := range 10 {
			g.trades.values <- trade("A", i)
		}
		pass(300 * time.Millisecond)
		g.trades.values <- trade("A", 10) // is not to slip into the batch that is being tried
		pass(time.Minute)
		if len(s.look().attempts) != 7 {
			t.Fatalf("%d attempts, want 6 for the first batch and 1 for the second", len(s.look().attempts))
		}
		for i, a := range s.look().attempts[:6] {
			if a.From != 0 || a.To != 11 {
				t.Errorf("attempt %d: [%d, %d), want [0, 11)", i, a.From, a.To)
			}
		}
		if st := g.Stats(); len(s.look().trades) != 11 || st.Failed != 5 || st.Err != nil {
			t.Errorf("%d trades, stats %+v", len(s.look().trades), st)
		}
	})
}

func TestDeadSinkIsBoundedAndTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const bound = 100
		var dead atomic.Bool
		dead.Store(true)
		s := &store{fail: func(int) error {
			if dead.Load() {
				return errSink
			}
			return nil
		}}
		g := start(t, Config{Sink: s, Buffer: bound, BatchRows: 10})
		lossy := trade("A", 700)
		lossy.Break = &exchange.Break{Cause: "disconnect", From: time.Now().Add(-time.Second), Lost: 3}
		for i := range 1000 {
			x := trade([]string{"A", "B"}[i%2], i)
			if i == 700 {
				x = lossy
			}
			g.trades.values <- x
			pass(time.Millisecond)
		}
		synctest.Wait()
		st := g.Stats()
		if st.Waiting > bound+3 {
			t.Errorf("%d rows wait, bound %d", st.Waiting, bound)
		}
		all := st.Of(Trades)
		if all.Rows+all.Dropped != 1000 || all.Dropped < 890 || !errors.Is(st.Err, errSink) {
			t.Errorf("%d accepted, %d dropped, error %v", all.Rows, all.Dropped, st.Err)
		}
		dead.Store(false)
		pass(11 * time.Second)
		g.trades.values <- trade("A", 1000)
		pass(time.Second)
		var lost uint64
		symbols := map[string]int{}
		for _, gap := range s.told() {
			lost += gap.Lost
			symbols[gap.Symbol]++
			if gap.Cause != Behind || gap.Channel != Trades || !gap.From.Before(gap.To) || gap.Healed {
				t.Errorf("gap %+v", gap)
			}
			if gap.Symbol == "A" && !strings.Contains(gap.Err, "disconnect") {
				t.Errorf("gap %+v does not tell of the disconnect", gap)
			}
		}
		if symbols["A"] != 1 || symbols["B"] != 1 || len(symbols) != 2 {
			t.Errorf("gaps by symbol: %v, want one each", symbols)
		}
		if got := uint64(len(s.look().trades)) + lost; got != 1001+3 {
			t.Errorf("%d stored + %d told as lost = %d, want 1004", len(s.look().trades), lost, got)
		}
		for _, x := range g.Stats().Series {
			if x.Dropped == 0 || x.Gaps != 1 {
				t.Errorf("%+v, want drops and one gap", x)
			}
		}
	})
}

// A sink that is always behind must not make one hole of the whole day.
func TestSlowSinkTellsEachHole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{fail: func(int) error { time.Sleep(50 * time.Millisecond); return nil }}
		g := start(t, Config{Sink: s, Buffer: 40, BatchRows: 10})
		for i := range 3000 { // 1,000 a second against 200
			g.trades.values <- trade("A", i)
			pass(time.Millisecond)
		}
		if err := g.end(); err != nil {
			t.Fatalf("Run: %v", err)
		}
		gaps := s.told()
		var lost uint64
		for _, gap := range gaps {
			lost += gap.Lost
			inside := slices.ContainsFunc(s.look().trades, func(x exchange.Trade) bool {
				return !x.Received.Before(gap.From) && !x.Received.After(gap.To)
			})
			if inside {
				t.Errorf("gap %v to %v has rows in it", gap.From, gap.To)
			}
		}
		if len(gaps) < 20 || uint64(len(s.look().trades))+lost != 3000 {
			t.Errorf("%d gaps, %d stored, %d told as lost; want many, and 3000 together", len(gaps), len(s.look().trades), lost)
		}
	})
}

func TestBreaksBecomeGaps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := new(store)
		g := start(t, Config{Sink: s})
		from := time.Now()
		hole := exchange.Break{Cause: "gap", From: from, FromID: "7", Lost: 2, Err: errors.New("sequence 7 to 10")}
		closed := hole
		closed.To, closed.Healed, closed.Lost = from.Add(time.Second), true, 0
		books := func(state book.State, b *exchange.Break) exchange.OrderBook {
			return exchange.OrderBook{Stamp: exchange.Stamp{Venue: "test", Symbol: "A", Received: time.Now(), Break: b}, State: state}
		}
		g.books.values <- books(book.Syncing, nil) // before the first snapshot: nothing is missing
		g.books.values <- books(book.Live, nil)
		g.books.values <- books(book.Syncing, &hole)
		g.books.values <- books(book.Live, &closed)
		g.books.values <- books(book.Live, &hole) // both ends seen as one by a slow reader
		x := trade("B", 1)
		x.Break = &hole
		g.trades.values <- x
		if err := g.end(); err != nil {
			t.Fatalf("Run: %v", err)
		}
		if len(s.look().books) != 3 {
			t.Errorf("%d books, want the 3 live ones", len(s.look().books))
		}
		told := s.told()
		opening := Gap{Venue: "test", Symbol: "A", Channel: Books, Cause: "gap", From: from, FromID: "7", Lost: 2, Err: "sequence 7 to 10"}
		closing, joined, ofTrades := opening, opening, opening
		closing.To, closing.Healed, closing.Lost = closed.To, true, 0
		joined.Healed = true
		ofTrades.Symbol, ofTrades.Channel = "B", Trades
		for _, want := range []Gap{opening, closing, joined, ofTrades} {
			if !slices.Contains(told, want) {
				t.Errorf("no gap %+v in %+v", want, told)
			}
		}
		if len(told) != 4 {
			t.Errorf("%d gaps, want 4", len(told))
		}
		st := g.Stats()
		if b, tr := st.Of(Books), st.Of(Trades); b.Gaps != 2 || b.Healed != 2 || tr.Gaps != 1 || tr.Healed != 0 {
			t.Errorf("books %+v, trades %+v", b, tr)
		}
	})
}

func TestDrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := new(store)
		g := start(t, Config{Sink: s, BatchEvery: time.Hour})
		for i := range 5500 {
			g.trades.values <- trade("A", i)
		}
		if err := g.end(); err != nil || len(s.look().trades) != 5500 {
			t.Errorf("Run: %v with %d of 5500 stored", err, len(s.look().trades))
		}
	})
}

func TestDrainDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{fail: func(int) error { return errSink }}
		g := start(t, Config{Sink: s, Drain: 3 * time.Second})
		for i := range 42 {
			g.trades.values <- trade("A", i)
		}
		synctest.Wait()
		from := time.Now()
		err := g.end()
		if took := time.Since(from); !errors.Is(err, ErrLeft) || !errors.Is(err, errSink) || !strings.Contains(err.Error(), "42 trades, 1 gaps") || took != 3*time.Second {
			t.Errorf("Run after %v: %v, want ErrLeft with 42 trades, 1 gaps after 3 s", took, err)
		}
	})
}

func TestForeignStoreEndsRun(t *testing.T) {
	for _, why := range []error{ErrFenced, ErrOverlap} {
		synctest.Test(t, func(t *testing.T) {
			s := &store{fail: func(int) error { return why }}
			g := start(t, Config{Sink: s})
			g.trades.values <- trade("A", 1)
			g.run.Wait()
			if !errors.Is(g.result, why) || !errors.Is(g.result, ErrLeft) || len(s.look().attempts) != 1 {
				t.Errorf("Run: %v after %d attempts, want %v after one", g.result, len(s.look().attempts), why)
			}
		})
	}
}

func TestStreamsThatEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := new(store)
		g := start(t, Config{Sink: s})
		delisted := &exchange.Error{Venue: "test", Op: "Watch", Symbol: "B", Kind: exchange.ErrBadSymbol}
		g.trades.ends <- delisted
		synctest.Wait()
		g.trades.values <- trade("A", 1)
		pass(time.Second)
		if told := s.told(); len(told) != 1 || told[0].Cause != Ended || told[0].Symbol != "B" || len(s.look().trades) != 1 {
			t.Fatalf("gaps %+v, %d trades: want the end of B, and A going on", told, len(s.look().trades))
		}
		g.trades.last, g.books.last = true, true
		g.trades.ends <- delisted
		g.books.ends <- delisted
		g.run.Wait()
		if !errors.Is(g.result, ErrEnded) || !errors.Is(g.result, exchange.ErrBadSymbol) {
			t.Errorf("Run: %v, want ErrEnded", g.result)
		}
	})
}

func TestSubscribing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sub := newScript[exchange.Trade]()
		for _, c := range []struct {
			name   string
			errs   []error
			tries  int
			result error
		}{
			{"unknown symbol", []error{exchange.ErrBadSymbol}, 1, exchange.ErrBadSymbol},
			{"not offered", []error{exchange.ErrNotSupported}, 1, exchange.ErrNotSupported},
			{"network", []error{exchange.ErrNetwork, exchange.ErrMaintenance, exchange.ErrRateLimit}, 4, nil},
		} {
			r, tries := New(Config{Sink: new(store)}), 0
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			watch := func(ctx context.Context, s ...string) (*script[exchange.Trade], error) {
				if tries++; tries <= len(c.errs) {
					return nil, c.errs[tries-1]
				}
				return sub.watch(ctx, s...)
			}
			client := exchange.New(&exchange.Venue{Name: "test"}, exchange.Options{})
			err := follow(ctx, r, Source{Client: client, Symbols: []string{"A"}}, &trades, watch)
			cancel()
			client.Close()
			if tries != c.tries || !errors.Is(err, c.result) {
				t.Errorf("%s: %v after %d tries, want %v after %d", c.name, err, tries, c.result, c.tries)
			}
		}
	})
}

func TestConfig(t *testing.T) {
	client := exchange.New(&exchange.Venue{Name: "test"}, exchange.Options{})
	defer client.Close()
	source := []Source{{Client: client, Symbols: []string{"A"}}}
	for name, c := range map[string]Config{
		"no sink":    {Sources: source, Trades: true},
		"no sources": {Sink: new(store), Trades: true},
		"nothing on": {Sink: new(store), Sources: source},
		"no symbols": {Sink: new(store), Sources: []Source{{Client: client}}, Books: true},
		"no client":  {Sink: new(store), Sources: []Source{{Symbols: []string{"A"}}}, Books: true},
	} {
		if err := New(c).Run(t.Context()); !errors.Is(err, ErrConfig) {
			t.Errorf("%s: %v, want ErrConfig", name, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := New(Config{Sink: new(store), Sources: source, Trades: true})
	if err := r.Run(ctx); err != nil {
		t.Errorf("Run with a context that has ended: %v", err)
	}
	if err := r.Run(ctx); !errors.Is(err, ErrConfig) {
		t.Errorf("second Run: %v, want ErrConfig", err)
	}
}

func BenchmarkPut(b *testing.B) {
	q := newQueue(1<<30, 1000)
	x := trade("BTC/USDT", 1)
	b.ReportAllocs()
	for b.Loop() {
		put(q, &trades, &x)
		for full := q.take(false); full != nil; full = q.take(false) {
			q.stored(full)
		}
	}
}
