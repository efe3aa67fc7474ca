package exchange_test

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/depthwire/depthwire/dial"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/venuetest"
)

// reasons is a log that keeps the errors of warnings.
type reasons struct {
	slog.Handler

	mu  sync.Mutex
	all []error
}

func (r *reasons) Enabled(context.Context, slog.Level) bool { return true }

func (r *reasons) Handle(_ context.Context, record slog.Record) error {
	record.Attrs(func(a slog.Attr) bool {
		if err, ok := a.Value.Any().(error); ok {
			r.mu.Lock()
			r.all = append(r.all, err)
			r.mu.Unlock()
		}
		return true
	})
	return nil
}

func (r *reasons) is(kind error) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.ContainsFunc(r.all, func(err error) bool { return errors.Is(err, kind) })
}

func at(name string) place {
	return places[slices.IndexFunc(places, func(p place) bool { return p.name == name })]
}

// A frame that unpacks to 1 GiB is refused at the limit of size, with an error that says so and for little
// memory; the connection and its topics go on.
func TestGzipBomb(t *testing.T) {
	for _, name := range []string{"huobi spot", "huobi linear"} {
		synctest.Test(t, func(t *testing.T) {
			log := &reasons{Handler: slog.DiscardHandler}
			p := at(name)
			server, c := p.meet(t, venuetest.Options{Seed: 31, Markets: p.only()}, exchange.Options{Log: slog.New(log)})
			defer server.Close()
			defer c.Close()
			w := p.watch(t, server, c, p.symbol)
			settle(t, server, 10*time.Second, w)
			server.Fault(venuetest.Fault{Kind: venuetest.GzipBomb, ID: p.symbol, Channel: p.delta})
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			step(server, 20, 50*time.Millisecond)
			runtime.ReadMemStats(&after)
			if !log.is(dial.ErrTooLarge) {
				t.Errorf("%s: told %v", name, log.all)
			}
			if grown := after.TotalAlloc - before.TotalAlloc; grown > 100<<20 {
				t.Errorf("%s: %d MiB were allocated", name, grown>>20)
			}
			if n := server.Stats().Connections; n != 1 || len(w.breaks) > 0 {
				t.Errorf("%s: %d connections, told %v", name, n, w.breaks)
			}
			w.check(t)
		})
	}
}

// A snapshot that lies inside of a change may have a level that came and went within it. Where no other
// comes the next channel serves, whose messages have all of the book.
func TestSnapshotInsideAChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := at("huobi spot")
		server, c := p.meet(t, venuetest.Options{Seed: 32, Markets: p.only()}, exchange.Options{})
		defer server.Close()
		defer c.Close()
		server.Fault(venuetest.Fault{Kind: venuetest.StaleSnapshot, ID: p.symbol, N: -1})
		w := p.watch(t, server, c, p.symbol)
		for range 60 * 20 { // so much changes in each message that the answer lies inside of one
			server.Step(20)
			pass(50 * time.Millisecond)
		}
		w.check(t)
		if topics := server.Subscriptions(); len(topics) != 1 || topics[0] != "market.btcusdt.depth.step0" {
			t.Errorf("served by %v", topics)
		}
	})
}

// An answer that comes when a later question has been answered changes nothing.
func TestLateAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := at("huobi spot")
		server, c := p.meet(t, venuetest.Options{Seed: 33, Markets: p.only()}, exchange.Options{})
		defer server.Close()
		defer c.Close()
		w := p.watch(t, server, c, p.symbol)
		settle(t, server, 10*time.Second, w)
		server.Fault(venuetest.Fault{Kind: venuetest.SlowSnapshot, ID: p.symbol, For: 6 * time.Second})
		server.Fault(venuetest.Fault{Kind: venuetest.DropDelta, ID: p.symbol, Channel: p.delta})
		step(server, 100, 100*time.Millisecond) // asked again after 5 s
		if len(w.breaks) != 2 || !w.breaks[1].Healed {
			t.Errorf("told %+v", w.breaks)
		}
		w.check(t)
	})
}

// A venue that begins to count anew is noticed, and its book followed again. At OKX that is no hole: a message says so.
func TestCountedAnew(t *testing.T) {
	for _, name := range []string{"huobi spot", "huobi linear", "backpack spot", "backpack swap"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := at(name)
				server, c := p.meet(t, venuetest.Options{Seed: 34, Markets: p.only()}, exchange.Options{})
				defer server.Close()
				defer c.Close()
				w := p.watch(t, server, c, p.symbol)
				settle(t, server, 10*time.Second, w)
				step(server, 10, 50*time.Millisecond)
				server.Fault(venuetest.Fault{Kind: venuetest.SequenceReset, ID: p.symbol, Channel: p.delta})
				step(server, 10, 50*time.Millisecond)
				settle(t, server, 10*time.Second, w)
				before := w.live
				step(server, 10, 50*time.Millisecond)
				if w.live != before+10 {
					t.Errorf("%d live books of 10 steps", w.live-before)
				}
				w.check(t)
				w.checkBreaks(t)
			})
		})
	}
}

// A snapshot in the middle of changes replaces the book, and is no hole.
func TestSecondSnapshot(t *testing.T) {
	for _, name := range []string{"okx spot", "huobi linear"} {
		synctest.Test(t, func(t *testing.T) {
			p := at(name)
			server, c := p.meet(t, venuetest.Options{Seed: 35, Markets: p.only()}, exchange.Options{})
			defer server.Close()
			defer c.Close()
			w := p.watch(t, server, c, p.symbol)
			settle(t, server, 10*time.Second, w)
			for range 5 {
				server.Fault(venuetest.Fault{Kind: venuetest.SecondSnapshot, ID: p.symbol, Channel: p.delta})
				step(server, 5, 50*time.Millisecond)
			}
			w.check(t)
			if len(w.breaks) > 0 {
				t.Errorf("%s: told %+v", name, w.breaks)
			}
		})
	}
}

// Whatever comes together of what can go wrong with topics, snapshots and connections: no book is wrong, and when
// it is over every book is live again.
func TestAnyMixOfFaultsHeals(t *testing.T) {
	kinds := []venuetest.Kind{
		venuetest.ResetSocket, venuetest.CloseSocket, venuetest.CutFrame, venuetest.SilentTopic, venuetest.SilentSocket, venuetest.DeadSocket, venuetest.NeverSpeak,
		venuetest.NoAck, venuetest.DelayAck, venuetest.StaleSnapshot, venuetest.SlowSnapshot, venuetest.SnapshotNever, venuetest.TruncatedFrame, venuetest.NonUTF8Frame,
		venuetest.DropDelta, venuetest.SwapDeltas, venuetest.DuplicateKeys, venuetest.SecondSnapshot, venuetest.HTTPStatus,
	}
	for _, p := range places {
		t.Run(p.name, func(t *testing.T) {
			for seed := range uint64(*seeds) {
				synctest.Test(t, func(t *testing.T) {
					server, c := p.meet(t, venuetest.Options{Seed: seed + 50, Depth: 150, Markets: p.only()}, exchange.Options{})
					defer server.Close()
					defer c.Close()
					hurt, other := p.watch(t, server, c, p.symbol), p.watch(t, server, c, p.other)
					r := rand.New(rand.NewPCG(seed, 4))
					var told []venuetest.Kind
					for range *frames / 4 {
						if r.IntN(12) == 0 {
							f := venuetest.Fault{Kind: kinds[r.IntN(len(kinds))], N: 1 + r.IntN(3), For: time.Duration(r.IntN(9000)) * time.Millisecond}
							if f.Kind == venuetest.HTTPStatus {
								f.Code = 503
							}
							told = append(told, f.Kind)
							server.Fault(f)
						}
						server.Step(1 + r.IntN(9))
						pass(time.Duration(r.IntN(600)) * time.Millisecond)
					}
					server.Heal()
					settle(t, server, 200*time.Second, hurt, other)
					for _, w := range []*watcher{hurt, other} {
						w.check(t)
						w.checkBreaks(t)
					}
					if t.Failed() {
						t.Logf("seed %d: %v\n%+v", seed, told, c.Health())
					}
				})
			}
		})
	}
}
