package exchange_test

import (
	"bytes"
	"errors"
	"flag"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/stream"
	"github.com/depthwire/depthwire/venuetest"
)

// The long run of the promises: go test ./exchange -run Chaos -seeds 1000 -frames 10000 -timeout 5h
var (
	seeds  = flag.Int("seeds", 6, "seeds of the chaos test, for each market")
	frames = flag.Int("frames", 400, "frames of each seed")
)

// No undetected loss: whatever happens to deltas and snapshots, a book that is served as live
// is the true one at its sequence number, and what was lost is told before the next live
// value.
func TestChaosNeverMakesAWrongBook(t *testing.T) {
	for _, p := range places {
		t.Run(p.name, func(t *testing.T) {
			var live, holes, healed int
			for seed := range uint64(*seeds) {
				synctest.Test(t, func(t *testing.T) {
					server, client := p.meet(t, venuetest.Options{Seed: seed + 1, Depth: 150, Markets: p.only()}, exchange.Options{})
					defer server.Close()
					defer client.Close()
					w := p.watch(t, server, client, p.symbol)
					settle(t, server, 20*time.Second, w)
					server.Chaos(seed, []float64{0.002, 0.02, 0.2}[seed%3])
					r := rand.New(rand.NewPCG(seed, 3))
					for range *frames {
						server.Step(1+r.IntN(4), p.symbol)
						pass(time.Duration(r.IntN(150)) * time.Millisecond)
					}
					server.Heal()
					defer func() {
						if t.Failed() {
							for _, b := range w.breaks[max(0, len(w.breaks)-6):] {
								t.Logf("%s healed %v %s→%s %v", b.Cause, b.Healed, b.FromID, b.ToID, b.Err)
							}
							t.Logf("%+v\n%+v", client.Health(), server.Stats())
						}
					}()
					settle(t, server, 60*time.Second, w)
					w.check(t)
					w.checkBreaks(t)
					live += w.live
					for _, b := range w.breaks {
						if b.Healed {
							healed++
						} else {
							holes++
						}
					}
				})
				if t.Failed() {
					t.Fatalf("seed %d", seed)
				}
			}
			t.Logf("%d seeds × %d frames: %d live books equal to the truth, %d holes told, %d healed", *seeds, *frames, live, holes, healed)
			if (holes == 0) != p.whole || holes != healed {
				t.Errorf("%d holes, %d healed", holes, healed)
			}
		})
	}
}

// checkBreaks sees that each time a book ceased to be live it was told with a hole, and each
// time it came back with the hole healed.
func (w *watcher) checkBreaks(t testing.TB) {
	t.Helper()
	open := false
	for _, b := range w.breaks {
		if b.Healed != open || b.Cause == "" || b.From.IsZero() || (b.Healed && b.To.Before(b.From)) {
			t.Errorf("break out of order: %+v", b)
		}
		open = !b.Healed
	}
	if open {
		t.Error("a hole was never healed")
	}
}

// only returns the markets that the place needs.
func (p place) only() []venuetest.Market { return p.these(p.symbol, p.other) }

// lists are the markets of places that have been asked for theirs.
var lists sync.Map

// these returns the markets of symbols.
func (p place) these(symbols ...string) []venuetest.Market {
	all, ok := lists.Load(p.name)
	if !ok {
		server := p.start(venuetest.Options{Memory: true})
		defer server.Close()
		all, _ = lists.LoadOrStore(p.name, server.Markets())
	}
	return slices.DeleteFunc(slices.Clone(all.([]venuetest.Market)), func(m venuetest.Market) bool { return !slices.Contains(symbols, m.Symbol) })
}

// After one lost delta the symbol is live again within the round trip of its snapshot and
// 100 ms; others on the same connection notice nothing.
func TestOneLostDeltaResyncsOneSymbol(t *testing.T) {
	const trip = 80 * time.Millisecond
	for _, kind := range []venuetest.Kind{venuetest.DropDelta, venuetest.WrongSequence, venuetest.CrossedBook} {
		t.Run(string(kind), func(t *testing.T) {
			inDeltas(t, venuetest.Options{Seed: 1}, exchange.Options{}, func(t *testing.T, p place, server *venuetest.Server, c *exchange.Client) {
				hurt, other := p.watch(t, server, c, p.symbol), p.watch(t, server, c, p.other)
				settle(t, server, 10*time.Second, hurt, other)
				step(server, 20, 100*time.Millisecond)
				server.Fault(venuetest.Fault{Kind: kind, ID: p.symbol, Channel: p.delta})
				server.Fault(venuetest.Fault{Kind: venuetest.SlowSnapshot, ID: p.symbol, For: trip})
				var lost time.Time
				for range 30 {
					step(server, 1, 20*time.Millisecond)
					if lost.IsZero() && hurt.state() != book.Live {
						lost = hurt.since
					}
				}
				if lost.IsZero() {
					t.Fatalf("the loss was not noticed: %v", hurt.states)
				}
				if hurt.state() != book.Live {
					t.Fatalf("not live again: %v", hurt.states)
				}
				if took := hurt.since.Sub(lost); took > trip+100*time.Millisecond {
					t.Errorf("live again after %s, want %s + 100 ms at most", took, trip)
				}
				if len(hurt.breaks) != 2 || hurt.breaks[0].Healed || !hurt.breaks[1].Healed {
					t.Errorf("told %+v, want the hole and its healing", hurt.breaks)
				}
				if len(other.breaks) > 0 || len(other.states) != 1 {
					t.Errorf("the other symbol was told %+v, states %v", other.breaks, other.states)
				}
				if n := server.Stats().Connections; n > 2 {
					t.Errorf("%d connections: the socket was replaced", n)
				}
				hurt.check(t)
				other.check(t)
			})
		})
	}
}

// A cut connection: told at once, live again after it, with the hole healed.
func TestCutConnectionIsToldAndHealed(t *testing.T) {
	for _, kind := range []venuetest.Kind{venuetest.CloseSocket, venuetest.ResetSocket, venuetest.CutFrame, venuetest.Day} {
		t.Run(string(kind), func(t *testing.T) {
			inVirtualTime(t, venuetest.Options{Seed: 2}, exchange.Options{}, func(t *testing.T, p place, server *venuetest.Server, c *exchange.Client) {
				w := p.watch(t, server, c, p.symbol)
				settle(t, server, 10*time.Second, w)
				server.Fault(venuetest.Fault{Kind: kind})
				settleAfter(t, server, w)
				if len(w.breaks) != 2 || w.breaks[0].Cause != stream.Disconnect || !w.breaks[1].Healed {
					t.Errorf("told %+v", w.breaks)
				}
				w.check(t)
			})
		})
	}
}

// A snapshot that was under way when the connection was lost does not make a book live that
// nobody keeps up to date.
func TestSnapshotOfALostConnectionIsNotTaken(t *testing.T) {
	inVirtualTime(t, venuetest.Options{Seed: 8}, exchange.Options{}, func(t *testing.T, p place, server *venuetest.Server, c *exchange.Client) {
		server.Fault(venuetest.Fault{Kind: venuetest.SlowSnapshot, N: -1, For: 2 * time.Second})
		w := p.watch(t, server, c, p.symbol)
		pass(time.Second)
		step(server, 5, 50*time.Millisecond) // the snapshot is asked for
		server.Fault(venuetest.Fault{Kind: venuetest.NeverSpeak, N: -1})
		server.Fault(venuetest.Fault{Kind: venuetest.ResetSocket})
		for range 40 {
			step(server, 1, 100*time.Millisecond)
			if w.state() == book.Live {
				t.Fatal("live without a stream")
			}
		}
		server.Heal()
		settle(t, server, 130*time.Second, w)
		w.check(t)
	})
}

func settleAfter(t testing.TB, server *venuetest.Server, w *watcher) {
	t.Helper()
	step(server, 2, 20*time.Millisecond)
	settle(t, server, 30*time.Second, w)
	step(server, 5, 100*time.Millisecond)
}

// Dead streams of each kind are found and replaced within their bounds.
func TestDeadStreamsAreReplaced(t *testing.T) {
	for _, c := range []struct {
		fault  venuetest.Fault
		others bool          // go on speaking
		within time.Duration // from the fault until live again
	}{
		{venuetest.Fault{Kind: venuetest.SilentTopic}, true, 5 * time.Second},
		{venuetest.Fault{Kind: venuetest.SilentSocket}, false, 63 * time.Second},
		{venuetest.Fault{Kind: venuetest.DeadSocket}, false, 63 * time.Second},
	} {
		t.Run(string(c.fault.Kind), func(t *testing.T) {
			inVirtualTime(t, venuetest.Options{Seed: 3}, exchange.Options{}, func(t *testing.T, p place, server *venuetest.Server, cl *exchange.Client) {
				hurt, other := p.watch(t, server, cl, p.symbol), p.watch(t, server, cl, p.other)
				settle(t, server, 10*time.Second, hurt, other)
				step(server, 50, 100*time.Millisecond)
				f := c.fault
				if c.others {
					f.ID = p.symbol
				}
				server.Fault(f)
				began, seen := time.Now(), hurt.live
				for time.Since(began) < c.within {
					step(server, 1, 100*time.Millisecond)
				}
				if hurt.state() != book.Live || hurt.live == seen {
					t.Fatalf("%s after the fault: %v, %d live values since", c.within, hurt.states, hurt.live-seen)
				}
				if len(hurt.breaks) < 2 {
					t.Errorf("not told: %+v", hurt.breaks)
				}
				if c.others && len(other.breaks) > 0 {
					t.Errorf("the other symbol was told %+v", other.breaks)
				}
				hurt.check(t)
				other.check(t)
			})
		})
	}
	t.Run("never speaks", func(t *testing.T) {
		inVirtualTime(t, venuetest.Options{Seed: 3}, exchange.Options{}, func(t *testing.T, p place, server *venuetest.Server, cl *exchange.Client) {
			server.Fault(venuetest.Fault{Kind: venuetest.NeverSpeak, N: 2})
			w := p.watch(t, server, cl, p.symbol)
			settle(t, server, 130*time.Second, w)
			w.check(t)
		})
	})
}

// A reader at full speed never gets a book as live that is not.
func TestOldIsNeverServedAsNew(t *testing.T) {
	for _, p := range places {
		t.Run(p.name, func(t *testing.T) {
			server := p.start(venuetest.Options{Seed: 4, Rate: 400, Depth: 150, Markets: p.only()})
			defer server.Close()
			c := p.client(exchange.Options{Endpoints: server.Endpoints(), Live: true})
			defer c.Close()
			server.Chaos(1, 0.02)
			var readers sync.WaitGroup
			for range 2 {
				readers.Go(func() {
					for live := 0; live < 300 && t.Context().Err() == nil; {
						b, err := c.FetchOrderBook(t.Context(), p.symbol, min(20, p.depth))
						if err != nil && !errors.Is(err, exchange.ErrRateLimit) && !errors.Is(err, exchange.ErrOutOfSync) {
							t.Errorf("FetchOrderBook: %v", err)
							return
						}
						if err != nil || b.Source != exchange.Stream {
							runtime.Gosched()
							continue
						}
						live++
						if d := differs(server, &b, min(20, p.depth)); d != "" || b.State != book.Live {
							t.Errorf("%s: %s", b.State, d)
							return
						}
					}
				})
			}
			readers.Wait()
		})
	}
}

// A reader who is slow loses, is told how much, and costs the book nothing.
func TestSlowReaderIsToldWhatHeMissed(t *testing.T) {
	inVirtualTime(t, venuetest.Options{Seed: 5}, exchange.Options{Ring: 16}, func(t *testing.T, p place, server *venuetest.Server, c *exchange.Client) {
		w := p.watch(t, server, c, p.symbol)
		fast, err := c.WatchTrades(t.Context(), p.symbol)
		if err != nil {
			t.Fatal(err)
		}
		slow, err := c.WatchTrades(t.Context(), p.symbol)
		if err != nil {
			t.Fatal(err)
		}
		settle(t, server, 10*time.Second, w)
		seen := 0
		fast.OnEvent(func(tr *exchange.Trade) {
			if seen++; tr.Break != nil {
				t.Errorf("the fast reader was told %+v", tr.Break)
			}
		})
		for seen < 200 {
			step(server, 1, 20*time.Millisecond)
		}
		if _, err := slow.Next(t.Context()); err != nil {
			t.Fatal(err)
		}
		v, told := exchange.Trade{}, uint64(0)
		for range 15 {
			v = nextWithin(t, slow.Next, time.Second)
			if v.Break != nil {
				told += v.Break.Lost
			}
		}
		if slow.Lost() < 100 {
			t.Errorf("lost %d, want more than 100", slow.Lost())
		}
		w.check(t)
		if len(w.breaks) > 0 {
			t.Errorf("the book was told %+v", w.breaks)
		}
	})
}

// Subscribing and cancelling leaves nothing behind.
func TestSubscribeAndCancelLeavesNothing(t *testing.T) {
	const cycles = 10_000
	for _, p := range places {
		t.Run(p.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server, c := p.meet(t, venuetest.Options{Seed: 6, Markets: p.only()}, exchange.Options{})
				defer server.Close()
				synctest.Wait()
				before := inBubble()
				for i := range cycles {
					b, err := c.WatchOrderBook(t.Context(), 5, p.symbol)
					if err != nil {
						t.Fatal(err)
					}
					tr, err := c.WatchTrades(t.Context(), p.symbol, p.other)
					if err != nil {
						t.Fatal(err)
					}
					b.Close()
					tr.Close()
					if i%1000 == 0 {
						pass(time.Second)
					}
				}
				pass(time.Minute) // what is not wanted any more is given up
				if topics := server.Subscriptions(); len(topics) > 0 {
					t.Errorf("still subscribed: %v", topics)
				}
				c.Close()
				synctest.Wait()
				if n := inBubble(); n > before {
					t.Errorf("%d goroutines after Close, %d before", n, before)
				}
			})
		})
	}
}

// inBubble counts the goroutines of the test's own bubble: those of the runtime, and what
// earlier tests leave to the network, come and go.
func inBubble() int {
	stacks := make([]byte, 1<<20)
	return bytes.Count(stacks[:runtime.Stack(stacks, true)], []byte("synctest bubble"))
}

// What a hostile or broken venue sends costs the connection and the other symbols
// nothing.
func TestBadInputHurtsOneSymbolOnly(t *testing.T) {
	for _, kind := range []venuetest.Kind{
		venuetest.TruncatedFrame, venuetest.NonUTF8Frame, venuetest.OversizedFrame, venuetest.WrongType, venuetest.DuplicateKeys,
		venuetest.UnknownFields, venuetest.UnknownEvent, venuetest.Fragmented, venuetest.DuplicateDelta, venuetest.SwapDeltas, venuetest.DelayDelta,
	} {
		t.Run(string(kind), func(t *testing.T) {
			onTwoMarkets(t, venuetest.Options{Seed: 7}, func(t *testing.T, p place, server *venuetest.Server, c *exchange.Client) {
				hurt, other := p.watch(t, server, c, p.symbol), p.watch(t, server, c, p.other)
				settle(t, server, 10*time.Second, hurt, other)
				step(server, 10, 50*time.Millisecond)
				n := 3
				if kind == venuetest.OversizedFrame { // 64 MiB each
					n = 1
				}
				server.Fault(venuetest.Fault{Kind: kind, ID: p.symbol, Channel: p.delta, N: n, For: 60 * time.Millisecond})
				step(server, 40, 50*time.Millisecond)
				settle(t, server, 20*time.Second, hurt, other)
				step(server, 5, 50*time.Millisecond)
				hurt.check(t)
				hurt.checkBreaks(t)
				other.check(t)
				if len(other.breaks) > 0 {
					t.Errorf("the other symbol was told %+v", other.breaks)
				}
				if n := server.Stats().Connections; n > 2 {
					t.Errorf("%d connections: the socket was replaced", n)
				}
			})
		})
	}
}
