package record

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/record/wal"
)

func sinks(all ...*store) (targets []Target) {
	for i, s := range all {
		targets = append(targets, Target{Name: fmt.Sprint("s", i), Sink: s})
	}
	return targets
}

// complete says what is not there once and in order of 0 to n.
func (s *store) complete(t *testing.T, n int) {
	t.Helper()
	seen := make(map[string]bool)
	for i, id := range s.look().trades {
		if seen[id] {
			t.Errorf("trade %s is there twice", id)
		}
		seen[id] = true
		if i > 0 && !s.torn {
			a, _ := strconv.Atoi(s.look().trades[i-1])
			if b, _ := strconv.Atoi(id); b < a {
				t.Errorf("trade %d comes after %d", b, a)
			}
		}
	}
	if len(seen) != n {
		t.Errorf("%d trades, want %d", len(seen), n)
	}
	if s.look().twice > 0 {
		t.Errorf("%d rows came twice without a word", s.look().twice)
	}
}

func TestBatchesAreRangesInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		targets := sinks(s)
		targets[0].Rows = 1000
		g := start(t, t.TempDir(), Config{Sinks: targets})
		for i := range 2500 {
			g.trades.values <- trade("A", i)
		}
		pass(time.Second)
		s.complete(t, 2500)
		if n := len(s.look().attempts); n != 3 {
			t.Errorf("%d batches, want two that are full and the rest", n)
		}
		if gaps := s.look().gaps; len(gaps) != 1 || gaps[0].Cause != Start || gaps[0].Symbol != "A" || gaps[0].Channel != Trades {
			t.Errorf("gaps %+v, want one start of A trades", gaps)
		}
		st := g.Stats()
		if k := st.Sinks[0]; k.Cursor != 2501 || k.Rows != 2501 || k.Lag != 0 || k.Batches != 3 || st.Of(Trades).Rows != 2500 || st.Log.Next != 2501 {
			t.Errorf("stats %+v", st)
		}
		if err := g.end(); err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

// Large rows make small batches: what a sink holds at a time is bounded in bytes, too.
func TestBatchOfLargeRows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		g := start(t, t.TempDir(), Config{Sinks: sinks(s)})
		for i := range 400 {
			v := trade("A", i)
			v.ID = strconv.Itoa(i) + strings.Repeat("x", 100_000)
			g.trades.values <- v
		}
		pass(time.Minute)
		if err := g.end(); err != nil {
			t.Errorf("Run: %v", err)
		}
		last := s.look().attempts[len(s.look().attempts)-1]
		if n := len(s.look().attempts); n < 3 || last.to != 401 {
			t.Errorf("%d batches to %d: want three at the least, to 401", n, last.to)
		}
		for _, a := range s.look().attempts {
			if a.to-a.from > 170 {
				t.Errorf("a batch of %d rows of 100 kB", a.to-a.from)
			}
		}
	})
}

// One sink that is down does not hold the other; when it is back it gets everything, the same batch until it takes it, each row once.
func TestSinksAreApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		good, bad := newStore(), newStore()
		back := time.Now().Add(5 * time.Minute)
		bad.torn = true
		bad.fail = func(*Batch) error {
			if time.Now().Before(back) {
				return errSink
			}
			return nil
		}
		g := start(t, t.TempDir(), Config{Sinks: sinks(good, bad), Log: wal.Options{Segment: 1 << 16}})
		for i := range 20_000 {
			g.trades.values <- trade("A", i)
		}
		pass(time.Minute)
		good.complete(t, 20_000)
		st := g.Stats()
		if st.Sinks[0].Lag != 0 || st.Sinks[1].Lag != 20_001 || !errors.Is(st.Sinks[1].Err, errSink) || st.Sinks[1].Failed < 3 || st.Log.First != 0 {
			t.Errorf("stats %+v", st)
		}
		for i, a := range bad.look().attempts {
			if a.from != 0 || a.to != 10_000 || a.again != (i > 0) {
				t.Fatalf("attempt %d: %+v", i, a)
			}
		}
		pass(10 * time.Minute)
		bad.complete(t, 20_000)
		if st := g.Stats(); st.Sinks[1].Lag != 0 || st.Sinks[1].Err != nil || st.Log.First == 0 {
			t.Errorf("stats %+v: want all there, and segments gone", st)
		}
		if err := g.end(); err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

// A recorder that ends with its sink down says so; the next one of the directory goes on with the very batch that was under way.
func TestNextRecorderGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		s := newStore()
		s.torn = true
		s.fail = func(b *Batch) error { return errSink }
		g := start(t, dir, Config{Sinks: sinks(s)})
		for i := range 500 {
			g.trades.values <- trade("A", i)
		}
		pass(time.Minute)
		g.trades.values <- trade("A", 500)
		if err := g.end(); !errors.Is(err, ErrLeft) || !strings.Contains(err.Error(), "s0 lacks 502") {
			t.Errorf("Run: %v", err)
		}
		before := s.look().attempts
		s.fail = nil
		g = start(t, dir, Config{Sinks: sinks(s)})
		pass(time.Second)
		s.complete(t, 501)
		first := s.look().attempts[len(before)]
		if last := before[len(before)-1]; first.from != last.from || first.to != last.to || !first.again {
			t.Errorf("went on with %+v after %+v", first, last)
		}
		g.trades.values <- trade("A", 501)
		if err := g.end(); err != nil {
			t.Errorf("Run: %v", err)
		}
		s.complete(t, 502)
		gaps := s.look().gaps
		if len(gaps) != 2 || gaps[1].Cause != Start || gaps[1].From.IsZero() || !gaps[1].From.Before(gaps[1].To) {
			t.Errorf("gaps %+v: want that the second start says when the first recording ended", gaps)
		}
	})
}

// Rows that the store refuses are in a file, the others in the store.
func TestRefusedRows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		s := newStore()
		bad := map[string]bool{"3": true, "17": true, "18": true, "99": true}
		s.fail = func(b *Batch) error {
			if r := b.Of(TradeTable); r != nil {
				for _, id := range r.Columns[r.Table.Column("id")].Texts {
					if bad[id] {
						return fmt.Errorf("%w: id %s", ErrRefused, id)
					}
				}
			}
			return nil
		}
		g := start(t, dir, Config{Sinks: sinks(s)})
		for i := range 100 {
			g.trades.values <- trade("A", i)
		}
		pass(time.Second)
		g.trades.values <- trade("A", 100)
		if err := g.end(); err != nil {
			t.Errorf("Run: %v", err)
		}
		s.complete(t, 97)
		text, err := os.ReadFile(filepath.Join(dir, "s0.refused.jsonl"))
		if err != nil {
			t.Fatal(err)
		}
		if st := g.Stats().Sinks[0]; st.Refused != 4 || st.Bytes != int64(len(text)) || strings.Count(string(text), "\n") != 4 ||
			!strings.Contains(string(text), `"pos":18,"table":"trades","venue":"test","symbol":"A","reason":"record: the store refuses a row: id 17","record":"AQ`) {
			t.Errorf("%+v\n%s", st, text)
		}
	})
}

// A sink that belongs to another is given up, and with the last one the recording ends. The log keeps what it lacks.
func TestFencedSinkIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		good, fenced := newStore(), newStore()
		fenced.fail = func(b *Batch) error { return ErrFenced }
		g := start(t, t.TempDir(), Config{Sinks: sinks(good, fenced)})
		g.trades.values <- trade("A", 0)
		pass(time.Second)
		if st := g.Stats(); !st.Sinks[1].Over || !errors.Is(st.Sinks[1].Err, ErrFenced) || st.Sinks[0].Over {
			t.Errorf("stats %+v", st)
		}
		good.fail = func(b *Batch) error { return ErrSchema }
		g.trades.values <- trade("A", 1)
		pass(time.Second)
		g.run.Wait() // by itself
		if !errors.Is(g.result, ErrFenced) || !errors.Is(g.result, ErrSchema) {
			t.Errorf("Run: %v", g.result)
		}
	})
}

// What the disk budget has dropped is a gap in its place.
func TestDroppedByBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		back := time.Now().Add(5 * time.Minute)
		s.fail = func(*Batch) error {
			if time.Now().Before(back) {
				return errSink
			}
			return nil
		}
		targets := sinks(s)
		targets[0].Rows = 100
		g := start(t, t.TempDir(), Config{Sinks: targets, Log: wal.Options{Segment: 1 << 16, Buffer: 1 << 12, Budget: 4 << 16, Full: wal.DropOldest}})
		const n = 20_000
		for i := range n {
			g.trades.values <- trade("A", i)
		}
		pass(time.Minute)
		if st := g.Stats(); st.Log.Dropped == 0 || st.Log.Bytes > 4<<16 {
			t.Fatalf("stats %+v", st)
		}
		pass(10 * time.Minute)
		var lost uint64
		for _, gap := range s.told() {
			if lost += gap.Lost; gap.Cause != Budget || gap.FromID == "" || gap.From.IsZero() {
				t.Errorf("gap %+v", gap)
			}
		}
		if got := len(s.look().trades) + int(lost); lost == 0 || got != n {
			t.Errorf("%d trades and %d told as lost are %d, want %d", len(s.look().trades), lost, got, n)
		}
		if err := g.end(); err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

func TestBreaksBecomeGaps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStore()
		g := start(t, t.TempDir(), Config{Sinks: sinks(s)})
		from := time.Now()
		hole := exchange.Break{Cause: "gap", From: from, FromID: "7", Lost: 2, Err: errors.New("sequence 7 to 10")}
		closed := hole
		closed.To, closed.Healed, closed.Lost = from.Add(time.Second), true, 0
		one, two := level("1.0", "5"), level("2.0", "5")
		g.books.values <- bookAt("A", book.Syncing, nil) // before the first snapshot: nothing is missing
		g.books.values <- bookAt("A", book.Live, nil, one, two)
		g.books.values <- bookAt("A", book.Live, nil, one, level("2.0", "6"))
		g.books.values <- bookAt("A", book.Syncing, &hole)
		g.books.values <- bookAt("A", book.Live, &closed, one, two)
		g.books.values <- bookAt("A", book.Live, &hole, one, two) // both ends seen as one by a slow reader
		x := trade("B", 1)
		x.Break = &hole
		g.trades.values <- x
		pass(time.Second)
		if err := g.end(); err != nil {
			t.Fatalf("Run: %v", err)
		}
		var states []string
		for _, r := range s.look().states {
			states = append(states, fmt.Sprintf("%s%d%d", r.state, len(r.bids), len(r.asks)))
		}
		if got := strings.Join(states, " "); got != "snapshot11 delta01 down00 snapshot11 snapshot11 down00" {
			t.Errorf("books: %s", got)
		}
		opening := Gap{Venue: "test", Symbol: "A", Channel: Books, Cause: "gap", From: from.UTC(), FromID: "7", Lost: 2, Err: "sequence 7 to 10"}
		closing, joined, ofTrades := opening, opening, opening
		closing.To, closing.Healed, closing.Lost = closed.To.UTC(), true, 0
		joined.Healed = true
		ofTrades.Symbol, ofTrades.Channel = "B", Trades
		told := s.told()
		if len(told) != 4 {
			t.Errorf("%d gaps", len(told))
		}
		for _, want := range []Gap{opening, closing, joined, ofTrades} {
			found := false
			for _, g := range told {
				found = found || g == want
			}
			if !found {
				t.Errorf("no gap %+v in\n%+v", want, told)
			}
		}
		if st := g.Stats(); st.Of(Books).Gaps != 2 || st.Of(Books).Healed != 2 || st.Of(Trades).Gaps != 1 || st.Books != 1 {
			t.Errorf("stats %+v", st)
		}
	})
}

// A recorder that dies leaves books live; the next one lays them down, as of the last moment that is known.
func TestBooksOfTheDead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		log, _, err := wal.Open(filepath.Join(dir, "log"), wal.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var e Encoder
		for _, symbol := range []string{"A", "B"} {
			b := bookAt(symbol, book.Live, nil, level("1", "1"), level("2", "1"))
			if _, err := log.Append(t.Context(), e.Book(BookSnapshot, &b, b.Bids, b.Asks)); err != nil {
				t.Fatal(err)
			}
			if symbol == "A" {
				if _, err := log.Append(t.Context(), e.Book(BookDown, &b, nil, nil)); err != nil {
					t.Fatal(err)
				}
			}
		}
		ended := time.Now()
		if err := log.Close(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		s := newStore()
		g := start(t, dir, Config{Sinks: sinks(s)})
		pass(time.Second)
		if err := g.end(); err != nil {
			t.Fatal(err)
		}
		states := s.look().states
		if last := states[len(states)-1]; len(states) != 4 || last.symbol != "B" || last.state != BookDown || last.received != ended.UnixNano()+1 {
			t.Errorf("%+v", states)
		}
	})
}

func TestConfigIsChecked(t *testing.T) {
	client := exchange.New(&exchange.Venue{Name: "test"}, exchange.Options{})
	defer client.Close()
	good := func() Config {
		return Config{Dir: t.TempDir(), Sources: []Source{{Client: client, Symbols: []string{"A"}}}, Sinks: sinks(newStore())}
	}
	for name, spoil := range map[string]func(c *Config){
		"no Dir":                             func(c *Config) { c.Dir = "" },
		"no Sources":                         func(c *Config) { c.Sources = nil },
		"no client":                          func(c *Config) { c.Sources[0].Client = nil },
		"no channel":                         func(c *Config) { c.Sources[0].Channels = []Channel{"tades"} },
		"trades of A on test is there twice": func(c *Config) { c.Sources = append(c.Sources, c.Sources[0]) },
		"Depth is -1":                        func(c *Config) { c.Depth = -1 },
		"is nil":                             func(c *Config) { c.Sinks[0].Sink = nil },
		"is no name":                         func(c *Config) { c.Sinks[0].Name = "../x" },
		"two sinks are":                      func(c *Config) { c.Sinks = append(c.Sinks, Target{Name: "S0", Sink: newStore()}) },
	} {
		c := good()
		spoil(&c)
		if err := New(c).Run(t.Context()); !errors.Is(err, ErrConfig) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
