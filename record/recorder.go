package record

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/record/wal"
)

// Recorder records what clients watch: into a log on disk, and from there into sinks.
type Recorder struct {
	o    Config
	once sync.Once

	mu         sync.Mutex
	journal    *journal // nil before the log is open
	targets    []*target
	over       []error   // subscriptions that are over
	complained time.Time // when it was said that the log takes nothing
}

// New returns a recorder. It does nothing yet; a config that makes no sense is Run's error.
func New(c Config) *Recorder { return &Recorder{o: c.filled()} }

// Run opens the log, subscribes to everything and records until ctx ends; then it brings what is in the log into the sinks, for as long
// as Config.Drain, and returns nil, or ErrLeft with what they do not have yet: that stays in the log, and goes on when it is opened
// again. A venue or a sink that cannot be reached is tried again for ever, while the log grows. Run ends by itself with what cannot
// be mended: ErrConfig, the errors of wal.Open, a channel that a venue does not have, sinks that are all given up, or ErrEnded. A symbol that a
// venue does not have is a stream that it has ended: the ledger says so, and the others go on. Run may be called once.
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
	for _, s := range r.o.Sources {
		c := s.Client
		for _, ch := range s.Channels {
			switch ch {
			case Trades:
				all = append(all, func(ctx context.Context) error {
					k := newSingle(r, ch, false, ofTrade, (*Encoder).Trade)
					k.numbered, k.ids = c.NumbersTrades, tradeIDs
					return follow(ctx, r, s, ch, ofTrade, k, c.WatchTrades)
				})
			case Tickers:
				all = append(all, follows(r, s, ch, true, func(v *exchange.Ticker) *exchange.Stamp { return &v.Stamp }, (*Encoder).Ticker, c.WatchTicker))
			case BidAsks:
				all = append(all, follows(r, s, ch, true, func(v *exchange.BidAsk) *exchange.Stamp { return &v.Stamp }, (*Encoder).BidAsk, c.WatchBidAsk))
			case Funding:
				all = append(all, follows(r, s, ch, true, func(v *exchange.FundingRate) *exchange.Stamp { return &v.Stamp }, (*Encoder).Funding, c.WatchFundingRate))
			case Candles:
				for _, interval := range s.Intervals {
					all = append(all, func(ctx context.Context) error {
						k := newSingle(r, ch, false, ofCandle, (*Encoder).Candle)
						k.interval = interval
						return follow(ctx, r, s, ch, ofCandle, k, at(interval, c.WatchOHLCV))
					})
				}
			case Books:
				all = append(all, func(ctx context.Context) error {
					k := &bookKeeper{j: r.journal, every: r.o.Snapshot, kept: make(map[string]*keptBook)}
					return follow(ctx, r, s, ch, func(v *exchange.OrderBook) *exchange.Stamp { return &v.Stamp }, k, at(r.o.Depth, c.WatchOrderBook))
				})
			}
		}
	}
	return all
}

// follows is a reader of values of which each is a row.
func follows[T any, S subscription[T]](r *Recorder, s Source, ch Channel, state bool, stamp func(*T) *exchange.Stamp, encode func(*Encoder, *T) []byte, watch func(context.Context, ...string) (S, error)) reader {
	return func(ctx context.Context) error {
		return follow(ctx, r, s, ch, stamp, newSingle(r, ch, state, stamp, encode), watch)
	}
}

func newSingle[T any](r *Recorder, ch Channel, state bool, stamp func(*T) *exchange.Stamp, encode func(*Encoder, *T) []byte) *single[T] {
	return &single[T]{j: r.journal, ch: ch, state: state, stamp: stamp, encode: encode, counts: make(map[string]*count)}
}

func ofTrade(v *exchange.Trade) *exchange.Stamp   { return &v.Stamp }
func ofCandle(v *exchange.Candle) *exchange.Stamp { return &v.Stamp }

func tradeIDs(v *exchange.Trade) (first, last string) { return cmp.Or(v.First, v.ID), v.ID }

// at makes a Watch method that needs one thing more like the others.
func at[A, S any](a A, watch func(ctx context.Context, a A, symbols ...string) (S, error)) func(context.Context, ...string) (S, error) {
	return func(ctx context.Context, symbols ...string) (S, error) { return watch(ctx, a, symbols...) }
}

// run opens the log, reads until all readers are done, and writes until everything is written.
func (r *Recorder) run(ctx context.Context, readers []reader) (err error) {
	log, err := r.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	reading, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	writing, quit := context.WithCancel(context.WithoutCancel(ctx))
	defer quit()
	live, done := context.WithCancel(writing)
	defer done()

	given := make([]error, len(r.targets))
	var writers, watch sync.WaitGroup
	for i, t := range r.targets {
		writers.Go(func() { given[i] = t.run(writing, live) })
	}
	if len(r.targets) > 0 {
		watch.Go(func() { writers.Wait(); stop(errGivenUp) })
	}
	for _, s := range r.o.Sources {
		if s.Raw != nil {
			s.Raw.begin(reading, r)
		}
	}
	broken := r.read(reading, stop, readers)
	stop(nil)
	for _, s := range r.o.Sources {
		if s.Raw != nil {
			s.Raw.end()
		}
	}
	synced := log.Sync()
	deadline := time.AfterFunc(r.o.Drain, quit)
	done()
	writers.Wait()
	watch.Wait()
	deadline.Stop()
	if n := r.journal.untold(); n > 0 {
		synced = errors.Join(synced, fmt.Errorf("%w: %d values that the log did not take: no gap tells of them", ErrLeft, n))
	}
	return errors.Join(broken, synced, errors.Join(given...))
}

var errGivenUp = errors.New("record: no sink is left")

// open opens the log and prepares what writes into it and reads from it.
func (r *Recorder) open(ctx context.Context) (*wal.Log, error) {
	log, found, err := wal.Open(filepath.Join(r.o.Dir, "log"), r.o.Log)
	if err != nil {
		return nil, err
	}
	if found.Cut > 0 || found.Damaged > 0 {
		r.o.Logger.Warn("the log was not closed", "bytes cut off its end", found.Cut, "kept in", found.Kept, "records damaged", found.Damaged)
	}
	j := newJournal(log, r.o.Logger)
	if err := j.resume(ctx); err != nil {
		return nil, errors.Join(err, log.Close())
	}
	var targets []*target
	for _, t := range r.o.Sinks {
		targets = append(targets, newTarget(r, t, log))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.journal, r.targets = j, targets
	return log, nil
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
	return fmt.Errorf("%w: %w", ErrEnded, errors.Join(r.over...))
}

// release lets the log forget what all sinks have.
func (r *Recorder) release(log *wal.Log) {
	least := ^uint64(0)
	for _, t := range r.targets {
		least = min(least, t.cursor())
	}
	if err := log.Release(least); err != nil {
		r.o.Logger.Warn("segments of the log cannot be removed", "why", err)
	}
}
