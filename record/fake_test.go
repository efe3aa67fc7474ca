package record

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
)

// script is a subscription whose values the test sends.
type script[T any] struct {
	values chan T
	ends   chan error // of single feeds
	life   context.Context
	last   bool // an end is the last one
	err    error

	unknown []string // symbols
}

func newScript[T any]() *script[T] {
	return &script[T]{values: make(chan T, 100_000), ends: make(chan error, 10)}
}

func (s *script[T]) watch(ctx context.Context, symbols ...string) (*script[T], error) {
	for _, symbol := range s.unknown {
		if slices.Contains(symbols, symbol) {
			return nil, &exchange.Error{Venue: "test", Symbol: symbol, Kind: exchange.ErrBadSymbol}
		}
	}
	s.life = ctx
	return s, nil
}

// NextInto gives what is there before it looks at ctx, as a Subscription does.
func (s *script[T]) NextInto(ctx context.Context, dst *T) (err error) {
	if s.life.Err() != nil {
		return context.Cause(s.life)
	}
	select {
	case *dst = <-s.values:
		return nil
	default:
	}
	select {
	case *dst = <-s.values:
		return nil
	case err = <-s.ends:
		if s.last {
			s.err = err
		}
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (s *script[T]) Err() error   { return s.err }
func (s *script[T]) Close() error { return nil }

var errSink = errors.New("store: out of order")

// store is a sink in memory. fail, when set, is asked before each attempt; a torn attempt stores the first half of its rows.
type store struct {
	fail func(b *Batch) error
	torn bool

	mu       sync.Mutex
	attempts []attempt
	rows     map[uint64]string // by position: the table and the columns, as text
	twice    int               // rows that were there already in a batch that is not Again
	tables   map[string]int
	gaps     []Gap
	trades   []string // ids
	states   []bookRow
}

type attempt struct {
	from, to uint64
	again    bool
}

// bookRow is a row of BookTable.
type bookRow struct {
	symbol, state string
	received, seq int64
	bids, asks    []exchange.Level
}

func newStore() *store {
	return &store{rows: make(map[uint64]string), tables: make(map[string]int)}
}

func (s *store) Write(ctx context.Context, b *Batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.attempts = append(s.attempts, attempt{b.From, b.To, b.Again})
	var err error
	if s.fail != nil {
		err = s.fail(b)
	}
	if err != nil && !s.torn {
		return err
	}
	n := 0
	for _, r := range b.Tables {
		for i, pos := range r.Pos {
			if n++; err != nil && n > b.Len()/2 {
				return err
			}
			s.put(b, r, i, pos)
		}
	}
	return err
}

func (s *store) put(b *Batch, r *Rows, i int, pos uint64) {
	if _, ok := s.rows[pos]; ok {
		if !b.Again {
			s.twice++
		}
		return
	}
	text := func(column string) string { return r.Columns[r.Table.Column(column)].Texts[i] }
	number := func(column string) int64 { return r.Columns[r.Table.Column(column)].Ints[i] }
	s.rows[pos] = fmt.Sprint(r.Table.Name, " ", text("venue"), " ", text("symbol"))
	s.tables[r.Table.Name]++
	switch r.Table {
	case TradeTable:
		s.trades = append(s.trades, text("id"))
	case GapTable:
		s.gaps = append(s.gaps, Gap{text("venue"), text("symbol"), Channel(text("channel")), text("cause"), Time(number("from_time")), Time(number("to_time")),
			text("from_id"), text("to_id"), uint64(number("lost")), number("healed") == 1, text("error")})
	case BookTable:
		s.states = append(s.states, bookRow{text("symbol"), text("state"), number("received"), number("seq"),
			slices.Clone(r.Columns[r.Table.Column("bids")].Levels[i]), slices.Clone(r.Columns[r.Table.Column("asks")].Levels[i])})
	}
}

func (s *store) Close() error { return nil }

// told returns the gaps but those that say where the recording starts.
func (s *store) told() []Gap {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.gaps), func(g Gap) bool { return g.Cause == Start })
}

func trade(symbol string, n int) exchange.Trade {
	return exchange.Trade{
		Stamp: exchange.Stamp{Venue: "test", Symbol: symbol, Received: time.Now(), Seq: int64(n)},
		ID:    strconv.Itoa(n), Price: decimal.New(int64(n), 2),
	}
}

func bookAt(symbol string, state book.State, hole *exchange.Break, levels ...exchange.Level) exchange.OrderBook {
	b := exchange.OrderBook{Stamp: exchange.Stamp{Venue: "test", Symbol: symbol, Received: time.Now(), Break: hole}, State: state}
	if half := len(levels) / 2; state == book.Live {
		b.Bids, b.Asks = levels[:half], levels[half:]
	}
	return b
}

// rig is a recorder of one scripted stream of trades and one of books.
type rig struct {
	*Recorder
	trades *script[exchange.Trade]
	books  *script[exchange.OrderBook]
	stop   context.CancelFunc
	result error
	run    sync.WaitGroup
}

// start runs a recorder of a directory. The test runs in a synctest bubble.
func start(t *testing.T, dir string, c Config) *rig {
	c.Dir = dir
	client := exchange.New(&exchange.Venue{Name: "test"}, exchange.Options{})
	s := Source{Client: client, Symbols: []string{"A", "B"}}
	g := &rig{Recorder: New(c), trades: newScript[exchange.Trade](), books: newScript[exchange.OrderBook]()}
	ctx, stop := context.WithCancel(t.Context())
	g.stop = stop
	ofTrades := func(v *exchange.Trade) *exchange.Stamp { return &v.Stamp }
	ofBooks := func(v *exchange.OrderBook) *exchange.Stamp { return &v.Stamp }
	readers := []reader{
		follows(g.Recorder, s, Trades, false, ofTrades, (*Encoder).Trade, g.trades.watch),
		func(ctx context.Context) error {
			k := &bookKeeper{j: g.journal, every: g.o.Snapshot, kept: make(map[string]*keptBook)}
			return follow(ctx, g.Recorder, s, Books, ofBooks, k, g.books.watch)
		},
	}
	g.run.Go(func() { g.result = g.Recorder.run(ctx, readers) })
	t.Cleanup(func() {
		stop()
		g.run.Wait()
		client.Close()
	})
	synctest.Wait()
	return g
}

// end ends the recording and returns what Run said.
func (g *rig) end() error {
	g.stop()
	g.run.Wait()
	return g.result
}

// pass lets d of the bubble's time pass, and everything happen that is then due.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// look returns a copy of what is stored.
func (s *store) look() *store {
	s.mu.Lock()
	defer s.mu.Unlock()
	return &store{attempts: slices.Clone(s.attempts), gaps: slices.Clone(s.gaps), trades: slices.Clone(s.trades), states: slices.Clone(s.states), twice: s.twice}
}
