package replay_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/exchanges"
	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/files"
	"github.com/depthwire/depthwire/record/replay"
	"github.com/depthwire/depthwire/record/wal"
	"github.com/depthwire/depthwire/venuetest"
)

const token = "professional-0123456789"

var venues = []struct {
	name    string
	start   func(venuetest.Options) *venuetest.Server
	symbols []string
}{
	{"binance", venuetest.Binance, []string{"BTC/USDT", "ETH/USDT", "BTC/USDT:USDT", "ETH/USDT:USDT"}},
	{"okx", venuetest.OKX, []string{"BTC/USDT", "BTC/USDT:USDT"}},
	{"huobi", venuetest.Huobi, []string{"BTC/USDT", "FLO/USDT", "BTC/USDT:USDT", "BTC/USD:BTC"}},
	{"backpack", venuetest.Backpack, []string{"BTC/USDC", "BONK/USDC", "SOL/USDC:USDC"}},
	{"alltick", venuetest.AllTick, []string{"700/HKD", "BTC/USDT", "EUR/USD"}},
}

// seen is what a client was told of: all trades, and the newest state of each book.
type seen struct {
	mu     sync.Mutex
	trades map[string][]string
	books  map[string]string
	breaks int
}

func text(levels []exchange.Level) (all string) {
	for _, l := range levels {
		all += fmt.Sprint(" ", l.Price, "/", l.Size)
	}
	return all
}

// begun is when the clock of a test in virtual time begins, and with it what a simulated venue does.
var begun = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// watch follows trades and books until ctx ends.
func watch(ctx context.Context, t *testing.T, c *exchange.Client, symbols []string, work *sync.WaitGroup) *seen {
	t.Helper()
	x := &seen{trades: make(map[string][]string), books: make(map[string]string)}
	trades, err := c.WatchTrades(ctx, symbols...)
	if err != nil {
		t.Fatal(err)
	}
	books, err := c.WatchOrderBook(ctx, 0, symbols...)
	if err != nil {
		t.Fatal(err)
	}
	work.Go(func() {
		for {
			v, err := trades.Next(ctx)
			if err != nil {
				if ctx.Err() == nil {
					t.Errorf("trades: %v", err)
				}
				return
			}
			if v.Time.Before(begun) { // what a venue repeats to who subscribes: it goes to the reader that joins first, if there are two
				continue
			}
			x.mu.Lock()
			x.trades[v.Symbol] = append(x.trades[v.Symbol], fmt.Sprint(v.ID, v.First, v.Side, v.Price, v.Size, v.Contracts, v.Cost, v.Time.UnixNano(), v.Seq))
			if v.Break != nil {
				x.breaks++
			}
			x.mu.Unlock()
		}
	})
	work.Go(func() {
		for {
			v, err := books.Next(ctx)
			if err != nil {
				if ctx.Err() == nil {
					t.Errorf("books: %v", err)
				}
				return
			}
			x.mu.Lock()
			x.books[v.Symbol] = fmt.Sprint(v.State, v.Seq, v.Time.UnixNano(), v.KnownBid, v.KnownAsk, v.Contracts, text(v.Bids), " |", text(v.Asks))
			x.mu.Unlock()
		}
	})
	return x
}

// recording records a simulated venue, and returns its directory and what a client saw meanwhile.
func recording(t *testing.T, start func(venuetest.Options) *venuetest.Server, name string, symbols []string, meanwhile func(*venuetest.Server)) (string, *seen) {
	t.Helper()
	s := start(venuetest.Options{Memory: true, Depth: 60})
	defer s.Close()
	var raw record.Tap
	c := open(t, name, exchange.Options{Endpoints: s.Endpoints(), DialContext: s.DialContext, Tap: raw.Frame})
	defer c.Close()
	dir := t.TempDir()
	r := record.New(record.Config{Dir: dir, Sources: []record.Source{{Client: c, Symbols: symbols, Raw: &raw}}})
	ctx, stop := context.WithCancel(t.Context())
	var work sync.WaitGroup
	var err error
	work.Go(func() { err = r.Run(ctx) })
	x := watch(ctx, t, c, symbols, &work)
	time.Sleep(20 * time.Second)
	for i := range 40 {
		s.Step(5)
		time.Sleep(200 * time.Millisecond)
		if i == 20 && meanwhile != nil {
			meanwhile(s)
		}
	}
	time.Sleep(20 * time.Second)
	stop()
	work.Wait()
	if err != nil {
		t.Fatalf("Run: %v", err)
	}
	return dir, x
}

func open(t *testing.T, name string, o exchange.Options) *exchange.Client {
	t.Helper()
	if name == "alltick" {
		o.Token, o.Plan = token, "professional"
	}
	c, err := exchanges.Open(name, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// compare watches a recording that is served, and compares.
func compare(t *testing.T, s *venuetest.Server, name string, symbols []string, long time.Duration, want *seen) {
	t.Helper()
	c := open(t, name, exchange.Options{Endpoints: s.Endpoints(), DialContext: s.DialContext})
	defer c.Close()
	ctx, stop := context.WithCancel(t.Context())
	var work sync.WaitGroup
	got := watch(ctx, t, c, symbols, &work)
	time.Sleep(long)
	stop()
	work.Wait()
	for _, symbol := range symbols {
		if len(want.trades[symbol]) < 10 || want.books[symbol] == "" {
			t.Fatalf("%s: %d trades and %q were recorded", symbol, len(want.trades[symbol]), want.books[symbol])
		}
		if !slices.Equal(got.trades[symbol], want.trades[symbol]) {
			t.Errorf("%s: %d trades, want %d\n%v\n%v", symbol, len(got.trades[symbol]), len(want.trades[symbol]), got.trades[symbol], want.trades[symbol])
		}
		if got.books[symbol] != want.books[symbol] {
			t.Errorf("%s: book\n%.300s, want\n%.300s", symbol, got.books[symbol], want.books[symbol])
		}
	}
}

// What a client saw of a venue it sees again when what was recorded is served.
func TestReplayIsExact(t *testing.T) {
	for _, v := range venues {
		t.Run(v.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dir, want := recording(t, v.start, v.name, v.symbols, nil)
				s, err := replay.Open(t.Context(), dir, replay.Options{Memory: true})
				if err != nil {
					t.Fatal(err)
				}
				defer s.Close()
				if s.Venue() != v.name {
					t.Errorf("venue %s", s.Venue())
				}
				compare(t, s, v.name, v.symbols, 12*time.Second, want)
				select {
				case <-s.Played():
				default:
					t.Error("it does not say that it was played")
				}
			})
		})
	}
}

// A recording in which deltas were lost and connections broke is as exact: the holes are there, and what filled them.
func TestReplayWithFaults(t *testing.T) {
	for _, v := range venues {
		if v.name == "alltick" { // its frames are whole books: it misses nothing
			continue
		}
		t.Run(v.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dir, want := recording(t, v.start, v.name, v.symbols, func(s *venuetest.Server) {
					s.Fault(venuetest.Fault{Kind: venuetest.DropDelta, ID: v.symbols[0]})
					s.Step(5)
					time.Sleep(2 * time.Second)
					s.Step(5)
					time.Sleep(2 * time.Second)
					s.Fault(venuetest.Fault{Kind: venuetest.ResetSocket})
					time.Sleep(5 * time.Second)
				})
				s, err := replay.Open(t.Context(), dir, replay.Options{Memory: true})
				if err != nil {
					t.Fatal(err)
				}
				defer s.Close()
				compare(t, s, v.name, v.symbols, 12*time.Second, want)
			})
		})
	}
}

// In its rhythm a recording takes as long as it did, and N times as fast an N-th of it.
func TestReplaySpeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, _ := recording(t, venuetest.OKX, "okx", []string{"BTC/USDT"}, nil)
		for speed, want := range map[float64]time.Duration{1: 28 * time.Second, 4: 7 * time.Second, 100: 280 * time.Millisecond} {
			s, err := replay.Open(t.Context(), dir, replay.Options{Memory: true, Speed: speed})
			if err != nil {
				t.Fatal(err)
			}
			c := open(t, "okx", exchange.Options{Endpoints: s.Endpoints(), DialContext: s.DialContext})
			begun := time.Now()
			var waiting sync.WaitGroup
			var over time.Duration
			waiting.Go(func() { <-s.Played(); over = time.Since(begun) })
			trades, err := c.WatchTrades(t.Context(), "BTC/USDT")
			if err != nil {
				t.Fatal(err)
			}
			var last time.Duration
			for {
				ctx, stop := context.WithTimeout(t.Context(), 21*time.Second)
				_, err := trades.Next(ctx)
				stop()
				if err != nil {
					break
				}
				last = time.Since(begun)
			}
			if last < want*9/10 || last > want*11/10 {
				t.Errorf("x%v: the last trade after %v, want %v", speed, last, want)
			}
			waiting.Wait()
			if over < last || over > last+5*time.Second {
				t.Errorf("x%v: over after %v, the last trade after %v", speed, over, last)
			}
			c.Close()
			s.Close()
		}
	})
}

// list is every frame as text.
func list(t *testing.T, frames replay.Frames) (all []string) {
	t.Helper()
	if err := frames(t.Context(), func(f *exchange.Frame) error {
		all = append(all, fmt.Sprint(f.Venue, f.Kind, f.Conn, f.URL, string(f.Data), f.Received.UnixNano()))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

// stored brings the log of a recorder into a store.
func stored(t *testing.T, dir string) record.Store {
	t.Helper()
	log, err := wal.View(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := files.Open(t.Context(), filepath.Join(dir, "files"), files.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	in := log.Reader(0)
	defer in.Close()
	for next := uint64(0); next < log.Stats().Next; {
		var b record.Batch
		b.Reset(log.ID(), next)
		for ; next < log.Stats().Next && b.Len() < 100; next++ {
			pos, row, err := in.Next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if err := b.Add(pos, row); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Write(t.Context(), &b); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// A store has the same frames as the log, those of a time when it is asked for one, and is served as well.
func TestStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := venues[0]
		dir, want := recording(t, v.start, v.name, v.symbols, nil)
		store := stored(t, dir)
		defer store.Close()
		begin, end := time.Unix(0, 0), time.Now().Add(time.Hour)
		log, all := list(t, replay.Log(dir)), list(t, replay.Store(store, begin, end))
		if len(log) < 100 || !slices.Equal(log, all) {
			t.Errorf("%d frames in the log, %d in the store", len(log), len(all))
		}
		middle := time.Now().Add(-24 * time.Second) // of 48 s
		early, late := list(t, replay.Store(store, begin, middle)), list(t, replay.Store(store, middle, end))
		if len(early) == 0 || len(late) == 0 || !slices.Equal(slices.Concat(early, late), all) {
			t.Errorf("%d frames early, %d late, of %d", len(early), len(late), len(all))
		}
		over, cancel := context.WithCancel(t.Context())
		cancel()
		if err := replay.Store(store, begin, end)(over, func(*exchange.Frame) error { return nil }); !errors.Is(err, context.Canceled) {
			t.Errorf("a context that has ended: %v", err)
		}
		enough := errors.New("enough")
		if err := replay.Store(store, begin, end)(t.Context(), func(*exchange.Frame) error { return enough }); !errors.Is(err, enough) {
			t.Errorf("the error of fn: %v", err)
		}
		s, err := replay.Serve(t.Context(), replay.Store(store, begin, end), replay.Options{Memory: true})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		compare(t, s, v.name, v.symbols, 12*time.Second, want)
	})
}

// A file has the same frames as the log, and is served as well; what is asked for is cut out of it.
func TestFiles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := venues[2]
		dir, want := recording(t, v.start, v.name, v.symbols, nil)
		path := filepath.Join(t.TempDir(), "capture.jsonl")
		out, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		n, err := replay.Write(t.Context(), out, replay.Log(dir))
		if err := errors.Join(err, out.Close()); err != nil {
			t.Fatal(err)
		}
		if log, file := list(t, replay.Log(dir)), list(t, replay.File(path)); len(log) != n || n < 100 || !slices.Equal(log, file) {
			t.Errorf("%d frames in the log, %d in the file, %d written", len(log), len(file), n)
		}
		s, err := replay.Open(t.Context(), path, replay.Options{Memory: true, Venue: v.name})
		if err != nil {
			t.Fatal(err)
		}
		compare(t, s, v.name, v.symbols, 12*time.Second, want)
		s.Close()
		for name, o := range map[string]replay.Options{"of another venue": {Venue: "okx"}, "from later on": {From: time.Now()}, "until before": {To: time.Unix(1, 0)}} {
			if s, err := replay.Open(t.Context(), path, o); err == nil {
				s.Close()
				t.Errorf("%s there is something", name)
			}
		}
	})
}

// A recording of two venues has to be told apart; one that is none is refused.
func TestRefused(t *testing.T) {
	both := func(_ context.Context, fn func(*exchange.Frame) error) error {
		for _, venue := range []string{"okx", "binance"} {
			if err := fn(&exchange.Frame{Venue: venue, Kind: exchange.FrameOpen, Conn: 1, URL: "wss://x"}); err != nil {
				return err
			}
		}
		return nil
	}
	if _, err := replay.Serve(t.Context(), both, replay.Options{Memory: true}); !errors.Is(err, replay.ErrVenues) {
		t.Errorf("two venues: %v", err)
	}
	empty := t.TempDir()
	nonsense := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(nonsense, []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{empty, nonsense, filepath.Join(empty, "nowhere")} {
		if s, err := replay.Open(t.Context(), path, replay.Options{Memory: true}); err == nil {
			s.Close()
			t.Errorf("%s was served", path)
		}
	}
	if left, err := os.ReadDir(filepath.Join(empty, "nowhere")); err == nil {
		t.Errorf("a directory was made: %v", left)
	}
}
