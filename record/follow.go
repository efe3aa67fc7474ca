package record

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/record/wal"
)

// The waits before something is tried again: random up to the bound, which doubles.
const (
	againLeast = 100 * time.Millisecond
	againMost  = 10 * time.Second
)

// pause waits before attempt try + 1; false when ctx ended first.
func pause(ctx context.Context, try int) bool {
	wait := time.NewTimer(rand.N(min(againLeast<<min(try, 16), againMost)))
	defer wait.Stop()
	select {
	case <-wait.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// subscription is what a Watch method returns.
type subscription[T any] interface {
	NextInto(ctx context.Context, dst *T) error
	Err() error
	Close() error
}

// keeper is how the values of one channel get into the log.
type keeper[T any] interface {
	// keep brings v into the log, and what is missing before it. With an error it is not there.
	keep(ctx context.Context, v *T) error
	// end is called when nothing more comes.
	end(ctx context.Context)
}

// follow records one channel of one source until ctx ends or the venue ends the stream. Its error is one that trying again would not mend.
func follow[T any, S subscription[T]](ctx context.Context, r *Recorder, s Source, ch Channel, stamp func(*T) *exchange.Stamp, k keeper[T], watch func(context.Context, ...string) (S, error)) error {
	// The subscription outlives ctx: what has come until then is still read.
	life, leave := context.WithCancel(context.WithoutCancel(ctx))
	defer leave()
	writing := context.WithoutCancel(ctx)
	if r.o.Log.Budget > 0 { // a log that is full may stay so
		writing = ctx
	}
	var sub S
	symbols := slices.Clone(s.Symbols)
	begin := func() (err error) {
		stop := context.AfterFunc(ctx, leave)
		defer stop()
		for {
			sub, err = watch(life, symbols...)
			var e *exchange.Error
			if !errors.Is(err, exchange.ErrBadSymbol) || !errors.As(err, &e) || !slices.Contains(symbols, e.Symbol) {
				return err
			}
			r.ended(writing, s.Client.Venue(), ch, err) // delisted since: the others go on
			symbols = slices.DeleteFunc(symbols, func(symbol string) bool { return symbol == e.Symbol })
			if len(symbols) == 0 {
				return errNoSymbols
			}
		}
	}
	switch err := r.insistOn(ctx, s.Client.Venue(), ch, begin); {
	case errors.Is(err, errNoSymbols):
		return nil
	case err != nil || ctx.Err() != nil:
		return err
	}
	defer sub.Close()
	defer k.end(writing)
	var end time.Time // of ctx
	var v T
	for {
		err := sub.NextInto(ctx, &v)
		switch {
		case err == nil:
			if end.IsZero() && ctx.Err() != nil {
				end = time.Now()
			}
			if !end.IsZero() && stamp(&v).Received.After(end) {
				return nil
			}
			if err := k.keep(writing, &v); errors.Is(err, wal.ErrBroken) {
				return err
			} else if err != nil {
				r.unlogged(err)
			}
		case ctx.Err() != nil:
			return nil
		default:
			r.ended(writing, s.Client.Venue(), ch, err)
			if sub.Err() != nil {
				return nil
			}
		}
	}
}

var errNoSymbols = errors.New("record: the venue has none of the symbols")

// insistOn begins a subscription, however long that takes; its error is one that trying
// again would not mend.
func (r *Recorder) insistOn(ctx context.Context, venue string, ch Channel, begin func() error) error {
	for try := 0; ; try++ {
		err := begin()
		switch {
		case err == nil || ctx.Err() != nil:
			return nil
		case !exchange.Retryable(err):
			return err
		}
		r.o.Logger.Warn("cannot subscribe, trying again", "venue", venue, "channel", ch, "why", err)
		if !pause(ctx, try) {
			return nil
		}
	}
}

// ended notes that a venue has ended a stream, or does not have its symbol: the log says so, a gap, and, when it was the last one, Run.
func (r *Recorder) ended(ctx context.Context, venue string, ch Channel, err error) {
	g := Gap{Venue: venue, Channel: ch, Cause: Ended, From: time.Now(), Err: err.Error()}
	var e *exchange.Error
	if errors.As(err, &e) {
		g.Symbol = e.Symbol
	}
	var enc Encoder
	c := r.journal.count(series{venue: venue, symbol: g.Symbol, channel: ch})
	told := r.journal.tell(ctx, &enc, c, &g, g.From)
	r.journal.change(func() { c.ended = true })
	r.o.Logger.Error("stream ended", "venue", venue, "symbol", g.Symbol, "channel", ch, "why", errors.Join(err, told))
	r.mu.Lock()
	defer r.mu.Unlock()
	r.over = append(r.over, err)
}

// unlogged says that the log takes nothing, once a minute.
func (r *Recorder) unlogged(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now := time.Now(); now.Sub(r.complained) > time.Minute {
		r.complained = now
		r.o.Logger.Error("the log takes nothing: what comes is counted, and lost", "why", err)
	}
}

// single keeps values of which each is a row.
type single[T any] struct {
	j        *journal
	ch       Channel
	interval exchange.Interval // of candles
	state    bool              // a value is all there is to know, not one of many
	stamp    func(*T) *exchange.Stamp
	encode   func(e *Encoder, v *T) []byte
	ids      func(v *T) (first, last string)
	counts   map[string]*count // by symbol
	// numbered reports whether the venue numbers the values of a market, without holes: then ids says how. nil: of none.
	numbered func(symbol string) bool
	e        Encoder
}

func (k *single[T]) keep(ctx context.Context, v *T) error {
	s := k.stamp(v)
	c := k.counts[s.Symbol]
	if c == nil {
		c = k.j.count(series{s.Venue, s.Symbol, k.ch, k.interval})
		c.numbered = k.numbered != nil && k.numbered(s.Symbol)
		k.counts[s.Symbol] = c
	}
	first, last := "", ""
	if c.numbered {
		first, last = k.ids(v)
	}
	err := k.j.before(ctx, &k.e, c, s, k.state, first)
	if err == nil {
		err = k.j.row(ctx, c, s.Received, last, k.encode(&k.e, v))
	}
	if err != nil {
		k.j.lose(c, s, err)
	}
	return err
}

func (k *single[T]) end(context.Context) {}
