package record

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

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
}

func newScript[T any]() *script[T] {
	return &script[T]{values: make(chan T, 100_000), ends: make(chan error, 10)}
}

func (s *script[T]) watch(ctx context.Context, _ ...string) (*script[T], error) {
	s.life = ctx
	return s, nil
}

// Next gives what is there before it looks at ctx, as a Subscription does.
func (s *script[T]) Next(ctx context.Context) (v T, err error) {
	if s.life.Err() != nil {
		return v, context.Cause(s.life)
	}
	select {
	case v = <-s.values:
		return v, nil
	default:
	}
	select {
	case v = <-s.values:
		return v, nil
	case err = <-s.ends:
		if s.last {
			s.err = err
		}
		return v, err
	case <-ctx.Done():
		return v, context.Cause(ctx)
	}
}

func (s *script[T]) Err() error   { return s.err }
func (s *script[T]) Close() error { return nil }

// store is a sink in memory. fail, when set, is asked before each attempt.
type store struct {
	fail func(attempt int) error

	mu       sync.Mutex
	attempts []Batch // ranges only
	cursor   uint64
	trades   []exchange.Trade
	books    []exchange.OrderBook
	gaps     []Gap
}

var errSink = errors.New("store: out of order")

func (s *store) Cursor(context.Context) (uint64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cursor, nil
}

func (s *store) Write(ctx context.Context, b *Batch) error {
	s.mu.Lock()
	s.attempts = append(s.attempts, Batch{From: b.From, To: b.To})
	n := len(s.attempts)
	s.mu.Unlock()
	if s.fail != nil {
		if err := s.fail(n); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if b.To <= s.cursor {
		return nil
	}
	if b.From != s.cursor || b.To != b.From+uint64(b.Rows()) {
		return fmt.Errorf("%w: [%d, %d) of %d rows at %d", ErrOverlap, b.From, b.To, b.Rows(), s.cursor)
	}
	s.cursor = b.To
	s.trades = append(s.trades, b.Trades...)
	s.books = append(s.books, b.Books...)
	s.gaps = append(s.gaps, b.Gaps...)
	return nil
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
		ID:    fmt.Sprint(n), Price: decimal.New(int64(n), 2),
	}
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

// start runs a recorder over sink. The test runs in a synctest bubble.
func start(t *testing.T, c Config) *rig {
	client := exchange.New(&exchange.Venue{Name: "test"}, exchange.Options{})
	s := Source{Client: client, Symbols: []string{"A", "B"}}
	g := &rig{Recorder: New(c), trades: newScript[exchange.Trade](), books: newScript[exchange.OrderBook]()}
	ctx, stop := context.WithCancel(t.Context())
	g.stop = stop
	readers := []reader{
		func(ctx context.Context) error { return follow(ctx, g.Recorder, s, &trades, g.trades.watch) },
		func(ctx context.Context) error { return follow(ctx, g.Recorder, s, &books, g.books.watch) },
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
	return &store{
		attempts: slices.Clone(s.attempts), cursor: s.cursor,
		trades: slices.Clone(s.trades), books: slices.Clone(s.books), gaps: slices.Clone(s.gaps),
	}
}
