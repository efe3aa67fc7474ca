package record

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/exchange"
)

// Config says what is recorded, and where to.
type Config struct {
	Sources []Source
	Trades  bool
	Books   bool // each state of the book that the recorder comes to, Depth levels a side
	Tickers bool
	BidAsks bool
	Depth   int // 0: 20

	Sink       Sink
	BatchRows  int           // of a full batch. 0: 1,000
	BatchEvery time.Duration // how long a row waits for its batch to fill. 0: 250 ms
	// Buffer is how many rows may wait for the sink, the batch being written included;
	// what comes then is dropped, counted and told by gaps. A book of 20 levels a
	// side takes 1.5 KB, other rows less. 0: 50,000.
	Buffer int
	Drain  time.Duration // how long Run goes on writing when its context has ended. 0: 10 s
	Log    *slog.Logger  // nil: silent
}

// Source is what is recorded of one venue. The client stays the caller's.
type Source struct {
	Client  *exchange.Client
	Symbols []string
}

func (c Config) filled() Config {
	or(&c.Depth, 20)
	or(&c.BatchRows, 1000)
	or(&c.BatchEvery, 250*time.Millisecond)
	or(&c.Buffer, 50_000)
	or(&c.Drain, 10*time.Second)
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

func or[T int | time.Duration](v *T, or T) {
	if *v <= 0 {
		*v = or
	}
}

func (c *Config) check() error {
	switch {
	case c.Sink == nil:
		return fmt.Errorf("%w: no sink", ErrConfig)
	case len(c.Sources) == 0:
		return fmt.Errorf("%w: no sources", ErrConfig)
	case !c.Trades && !c.Books && !c.Tickers && !c.BidAsks:
		return fmt.Errorf("%w: none of trades, books, tickers, best prices", ErrConfig)
	}
	for i, s := range c.Sources {
		if s.Client == nil || len(s.Symbols) == 0 {
			return fmt.Errorf("%w: source %d has no client or no symbols", ErrConfig, i)
		}
	}
	return nil
}

// Recorder writes what clients watch into a sink.
type Recorder struct {
	o     Config
	queue *queue
	once  sync.Once

	mu    sync.Mutex
	ended []error // subscriptions that are over
}

// New returns a recorder. It sends nothing; a config that makes no sense is Run's error.
func New(c Config) *Recorder {
	c = c.filled()
	return &Recorder{o: c, queue: newQueue(c.Buffer, min(c.BatchRows, c.Buffer))}
}

// Run subscribes to everything and records until ctx ends, then writes what is
// left, for as long as Config.Drain, and returns nil, or ErrLeft with what was not
// written. A venue or a sink that cannot be reached is tried again for ever. Run ends
// by itself with what cannot be mended: ErrConfig, a symbol or a channel that a venue
// does not have, ErrFenced, ErrOverlap, or ErrEnded. It may be called once.
func (r *Recorder) Run(ctx context.Context) (err error) {
	if err := r.o.check(); err != nil {
		return err
	}
	err = fmt.Errorf("%w: Run was called before", ErrConfig)
	r.once.Do(func() { err = r.run(ctx, r.readers()) })
	return err
}

// reader records one channel of one source until ctx ends.
type reader func(ctx context.Context) error

func (r *Recorder) readers() (all []reader) {
	add := func(on bool, read reader) {
		if on {
			all = append(all, read)
		}
	}
	for _, s := range r.o.Sources {
		c := s.Client
		add(r.o.Trades, func(ctx context.Context) error { return follow(ctx, r, s, &trades, c.WatchTrades) })
		add(r.o.Books, func(ctx context.Context) error { return follow(ctx, r, s, &books, at(r.o.Depth, c.WatchOrderBook)) })
		add(r.o.Tickers, func(ctx context.Context) error { return follow(ctx, r, s, &tickers, c.WatchTicker) })
		add(r.o.BidAsks, func(ctx context.Context) error { return follow(ctx, r, s, &bidAsks, c.WatchBidAsk) })
	}
	return all
}

// run reads until all readers are done, and writes until everything is written.
func (r *Recorder) run(ctx context.Context, readers []reader) error {
	reading, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	writing, quit := context.WithCancel(context.WithoutCancel(ctx))
	defer quit()
	read := make(chan struct{}) // closed when nothing more will come

	var fatal error // of the writer
	var writer sync.WaitGroup
	writer.Go(func() {
		if fatal = r.write(writing, read); fatal != nil {
			stop(fatal)
		}
	})
	broken := r.read(reading, stop, readers)
	deadline := time.AfterFunc(r.o.Drain, quit)
	close(read)
	writer.Wait()
	deadline.Stop()
	return errors.Join(broken, fatal)
}

// read runs the readers. One that cannot go on ends them all.
func (r *Recorder) read(ctx context.Context, stop context.CancelCauseFunc, readers []reader) error {
	var running sync.WaitGroup
	errs := make([]error, len(readers))
	for i, read := range readers {
		running.Go(func() {
			if errs[i] = read(ctx); errs[i] != nil {
				stop(errs[i])
			}
		})
	}
	running.Wait()
	if ctx.Err() != nil {
		return errors.Join(errs...)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return fmt.Errorf("%w: %w", ErrEnded, errors.Join(r.ended...))
}

// The kinds of rows.
var (
	trades = kind[exchange.Trade]{
		channel: Trades,
		stamp:   func(v *exchange.Trade) *exchange.Stamp { return &v.Stamp },
		rows:    func(b *Batch) *[]exchange.Trade { return &b.Trades },
	}
	tickers = kind[exchange.Ticker]{
		channel: Tickers, state: true,
		stamp: func(v *exchange.Ticker) *exchange.Stamp { return &v.Stamp },
		rows:  func(b *Batch) *[]exchange.Ticker { return &b.Tickers },
	}
	bidAsks = kind[exchange.BidAsk]{
		channel: BidAsks, state: true,
		stamp: func(v *exchange.BidAsk) *exchange.Stamp { return &v.Stamp },
		rows:  func(b *Batch) *[]exchange.BidAsk { return &b.BidAsks },
	}
	books = kind[exchange.OrderBook]{
		channel: Books, state: true,
		stamp: func(v *exchange.OrderBook) *exchange.Stamp { return &v.Stamp },
		rows:  func(b *Batch) *[]exchange.OrderBook { return &b.Books },
		gone:  func(v *exchange.OrderBook) bool { return v.State != book.Live },
	}
)
