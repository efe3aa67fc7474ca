package exchangetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/stream"
	"github.com/depthwire/depthwire/venuetest"
)

// check is one thing that must hold. It returns what does not, so that the suite can be tested too.
type check struct {
	name  string
	ring  int  // of events, for readers who are behind
	count bool // of goroutines before there is a venue
	live  bool // Options.Live
	run   func(s *scene) error
}

// scene is one family of a simulated venue and a client of it, in virtual time.
type scene struct {
	h       *Harness
	family  *exchange.Family
	symbols []string
	ctx     context.Context
	server  *venuetest.Server
	client  *exchange.Client
	judge   judge
	pushed  bool // what is fetched must come from streams
	before  int  // goroutines, where check.count asks for them
}

// epoch is when the tests play: virtual time begins in 2000, before the venues did.
var epoch = time.Date(2026, 9, 14, 10, 7, 30, 0, time.UTC)

// levels are a side's in the true book.
const levels = 60

// stage runs a check on a scene of its own.
func (h *Harness) stage(t *testing.T, f *exchange.Family, c check) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		if err := h.play(t.Context(), f, c); err != nil {
			t.Error(err)
		}
	})
}

// play sets the scene, runs the check, and clears up. It is called in a bubble of virtual time.
func (h *Harness) play(ctx context.Context, f *exchange.Family, c check) error {
	time.Sleep(time.Until(epoch))
	s := &scene{h: h, family: f, symbols: h.Symbols[f.Name], ctx: ctx}
	if c.count {
		s.before = inBubble()
	}
	s.server = h.Serve(venuetest.Options{Seed: 1, Memory: true, Depth: levels, Markets: slices.DeleteFunc(slices.Clone(h.Markets), func(m venuetest.Market) bool {
		return !slices.Contains(s.symbols, m.Symbol)
	})})
	defer s.server.Close()
	o := h.Options
	o.Endpoints, o.DialContext, o.Ring, o.Live = s.server.Endpoints(), s.server.DialContext, c.ring, c.live
	s.client = h.New(o)
	defer s.client.Close()
	s.judge = judge{venue: h.Venue.Name, markets: make(map[string]exchange.Market), unsized: h.Unsized, began: time.Now()}
	for _, symbol := range s.symbols {
		m, err := s.client.Market(ctx, symbol)
		if err != nil {
			return fmt.Errorf("market of %s: %w", symbol, err)
		}
		s.judge.markets[m.Symbol] = m
	}
	s.step(10) // so that there are trades
	return c.run(s)
}

// judged returns the judge of values that come from a source now.
func (s *scene) judged(from exchange.Source) *judge {
	if s.pushed {
		from = exchange.Stream
	}
	j := s.judge
	j.source, j.interval, j.now = from, interval, time.Now()
	return &j
}

// step moves the market n times, a quarter of a second apart; what follows from each has happened then.
func (s *scene) step(n int) {
	for range n {
		s.server.Step(3)
		time.Sleep(250 * time.Millisecond)
		synctest.Wait()
	}
}

// until moves the market until done, and reports whether it was within the time.
func (s *scene) until(atMost time.Duration, done func() bool) bool {
	for began, n := time.Now(), 0; time.Since(began) < atMost; n++ {
		if done() {
			return true
		}
		s.step(1)
		switch { // some kinds come once a minute, and of the trades of liquidations some
		case n > 150:
			s.step(5)
			time.Sleep(5 * time.Second)
		case n > 100:
			time.Sleep(time.Second)
		}
		synctest.Wait()
	}
	return done()
}

// long is how long anything may take: the slowest plans subscribe once in three seconds, some connect once in ten.
const long = 90 * time.Second

// rare is how far apart values may be: OKX pushes funding rates after 30 to 90 s.
const rare = 95 * time.Second

func (s *scene) requests() (n int) {
	for _, k := range s.server.Stats().Requests {
		n += k
	}
	return n
}

// sent is how much data the venue has pushed.
func (s *scene) sent() (n int) {
	for _, c := range s.server.Stats().Conns {
		n += c.Sent
	}
	return n
}

// ear is what one reader hears, by symbol.
type ear struct {
	tap *tap

	mu sync.Mutex
	of map[string]*heard
}

// heard is of one symbol.
type heard struct {
	live   int // values
	last   value
	breaks []stream.Break
	ids    map[string]bool
	wrong  []error // the first few
}

// listen has a reader hear what a subscription brings.
func listen(t *tap) *ear {
	e := &ear{tap: t, of: make(map[string]*heard)}
	t.onEvent(e.hear)
	return e
}

func (e *ear) hear(v value) {
	e.mu.Lock()
	defer e.mu.Unlock()
	h := e.of[v.Symbol]
	if h == nil {
		h = &heard{ids: make(map[string]bool)}
		e.of[v.Symbol] = h
	}
	if v.wrong != nil && len(h.wrong) < 3 {
		h.wrong = append(h.wrong, v.wrong)
	}
	if v.id != "" && h.ids[v.id] {
		h.wrong = append(h.wrong, fmt.Errorf("%s: %s came twice", v.Symbol, v.id))
	}
	h.ids[v.id] = true
	if v.Break != nil {
		h.breaks = append(h.breaks, *v.Break)
	}
	if v.live {
		h.live++
	}
	h.last = v
}

// get returns a copy of what was heard of a symbol.
func (e *ear) get(symbol string) heard {
	e.mu.Lock()
	defer e.mu.Unlock()
	h := e.of[symbol]
	if h == nil {
		return heard{}
	}
	c := *h
	c.breaks = slices.Clone(h.breaks)
	return c
}

// wrong joins what is wrong with the values of all symbols.
func (e *ear) wrong() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	var errs []error
	for _, symbol := range slices.Sorted(maps.Keys(e.of)) {
		errs = append(errs, e.of[symbol].wrong...)
	}
	return errors.Join(errs...)
}

// more moves the market until n more values of each symbol are heard, the last one live.
func (s *scene) more(e *ear, n int, symbols ...string) error {
	want := make(map[string]int)
	for _, symbol := range symbols {
		want[symbol] = e.get(symbol).live + n
	}
	short := func(symbol string) bool {
		h := e.get(symbol)
		return h.live < want[symbol] || !h.last.live
	}
	within := long + time.Duration(n)*rare
	if s.until(within, func() bool { return !slices.ContainsFunc(symbols, short) }) {
		return nil
	}
	var errs []error
	for _, symbol := range symbols {
		if short(symbol) {
			errs = append(errs, fmt.Errorf("%s: %d values in %s, want %d", symbol, e.get(symbol).live-want[symbol]+n, within, n))
		}
	}
	return errors.Join(append(errs, s.health())...)
}

// health is what the client says of its streams, as an error for who wonders.
func (s *scene) health() error {
	var errs []error
	for _, h := range s.client.Health() {
		errs = append(errs, fmt.Errorf("stream %s %s: %s, book %s, connected %t, %d malformed, %v", h.Symbol, h.Topic, h.State, h.Book, h.Connected, h.Malformed, h.Err))
	}
	return errors.Join(errs...)
}
