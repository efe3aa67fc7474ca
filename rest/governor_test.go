package rest

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func weight() *Limit { return &Limit{Name: "weight", Max: 6000, Per: time.Minute, Fixed: true} }

// entry is one admission, seen from outside.
type entry struct {
	at   time.Time
	cost int
}

type journal struct {
	mu      sync.Mutex
	entries []entry
}

func (j *journal) add(cost int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.entries = append(j.entries, entry{time.Now(), cost})
}

// most is the largest sum of a window, counted in the slow and obvious way.
func (j *journal) most(l *Limit) (most int) {
	for _, first := range j.entries {
		from := first.at
		if l.Fixed {
			from = from.Truncate(l.Per)
		}
		sum := 0
		for _, e := range j.entries {
			if !e.at.Before(from) && e.at.Before(from.Add(l.Per)) {
				sum += e.cost
			}
		}
		most = max(most, sum)
	}
	return most
}

func TestWaitNeverExceedsLimits(t *testing.T) {
	for seed := range uint64(40) {
		synctest.Test(t, func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(seed, 1))
			limits := []*Limit{
				{Name: "a", Max: 100, Per: time.Minute, Fixed: true},
				{Name: "b", Max: 40, Per: 2 * time.Second},
				{Name: "c", Max: 3, Per: time.Second, Share: 1},
			}
			var g Governor
			seen := make([]journal, len(limits))
			var wg sync.WaitGroup
			served, cancelled := 0, 0
			var mu sync.Mutex
			for range 200 {
				time.Sleep(time.Duration(rnd.IntN(40)) * time.Millisecond)
				var cs []Charge
				for _, l := range limits {
					if rnd.IntN(2) == 0 {
						cs = append(cs, Charge{l, rnd.IntN(l.allowed()) / 2})
					}
				}
				p, life := Priority(rnd.IntN(5)), time.Hour
				if rnd.IntN(4) == 0 {
					life = time.Duration(rnd.IntN(3000)) * time.Millisecond
				}
				if rnd.IntN(50) == 0 {
					g.Stop(time.Now().Add(time.Second), errors.New("stop"), limits[:rnd.IntN(3)]...)
				}
				wg.Go(func() {
					ctx, cancel := context.WithCancel(t.Context())
					defer time.AfterFunc(life, cancel).Stop()
					defer cancel()
					err := g.Wait(ctx, p, cs...)
					mu.Lock()
					defer mu.Unlock()
					if err != nil {
						cancelled++
						return
					}
					served++
					for _, c := range cs {
						seen[slices.Index(limits, c.Limit)].add(c.Cost)
					}
				})
			}
			wg.Wait()
			if served+cancelled != 200 || served < 100 {
				t.Errorf("seed %d: served %d, cancelled %d", seed, served, cancelled)
			}
			for i, l := range limits {
				if most := seen[i].most(l); most > l.allowed() {
					t.Errorf("seed %d: limit %s: %d in one window, allowed %d", seed, l.Name, most, l.allowed())
				}
			}
			idle(t, &g)
		})
	}
}

func TestWaitServesByPriorityThenArrival(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &Limit{Name: "one a second", Max: 1, Per: time.Second, Fixed: true}
		var g Governor
		must(t, g.Wait(t.Context(), Normal, Charge{l, 1}))
		var mu sync.Mutex
		var got []int
		var wg sync.WaitGroup
		arrivals := []Priority{Normal, Snapshot, Order, Normal, Keep, Cancel, Order, Snapshot}
		for i, p := range arrivals {
			wg.Go(func() {
				must(t, g.Wait(t.Context(), p, Charge{l, 1}))
				mu.Lock()
				defer mu.Unlock()
				got = append(got, i)
			})
			synctest.Wait()
		}
		if u := g.Usage(l); u.Waiting != len(arrivals) || u.Used != 1 || u.Allowed != 1 {
			t.Errorf("usage while waiting: %+v", u)
		}
		wg.Wait()
		if want := []int{5, 2, 6, 4, 1, 7, 0, 3}; !slices.Equal(got, want) {
			t.Errorf("served %v, want %v", got, want)
		}
	})
}

func TestWaitDoesNotPassTheQueueWhenTheTimerIsLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &Limit{Name: "one a second", Max: 1, Per: time.Second, Fixed: true}
		var g Governor
		must(t, g.Wait(t.Context(), Normal, Charge{l, 1}))
		first := make(chan time.Time, 1)
		var wg sync.WaitGroup
		wg.Go(func() {
			must(t, g.Wait(t.Context(), Normal, Charge{l, 1}))
			first <- time.Now()
		})
		synctest.Wait()
		g.timer.Stop() // as if the machine was too busy to fire it
		time.Sleep(1500 * time.Millisecond)
		late := time.Now()
		must(t, g.Wait(t.Context(), Normal, Charge{l, 1}))
		if served := <-first; !served.Equal(late) || !time.Now().After(late) {
			t.Errorf("the first was served %v after the second came, the second %v", served.Sub(late), time.Since(late))
		}
		wg.Wait()
	})
}

func TestWaitSmallCostsDoNotPassABigOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &Limit{Name: "ten a second", Max: 10, Share: 1, Per: time.Second, Fixed: true}
		var g Governor
		must(t, g.Wait(t.Context(), Normal, Charge{l, 5}))
		ctx, cancel := context.WithCancel(t.Context())
		big, small := make(chan error, 1), make(chan error, 1)
		var wg sync.WaitGroup
		wg.Go(func() { big <- g.Wait(ctx, Normal, Charge{l, 10}) })
		synctest.Wait()
		wg.Go(func() { small <- g.Wait(t.Context(), Normal, Charge{l, 1}) })
		synctest.Wait()
		if len(small) != 0 {
			t.Fatal("a small cost passed the one that came first")
		}
		must(t, g.Wait(t.Context(), Order, Charge{l, 1})) // the more urgent may pass
		cancel()
		if err := <-big; !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: got %v", err)
		}
		start := time.Now()
		if must(t, <-small); time.Since(start) != 0 {
			t.Error("the small one waited on after the big one had left")
		}
		wg.Wait()
	})
}

// An order that waits for the day's count must not keep snapshots from the minute's weight.
func TestWaitForOneLimitLeavesOthersOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := weight()
		day := &Limit{Name: "orders", Max: 1, Per: 24 * time.Hour, Fixed: true}
		var g Governor
		must(t, g.Wait(t.Context(), Order, Charge{day, 1}))
		var wg sync.WaitGroup
		start := time.Now()
		wg.Go(func() { must(t, g.Wait(t.Context(), Order, Charge{w, 1}, Charge{day, 1})) })
		synctest.Wait()
		must(t, g.Wait(t.Context(), Normal, Charge{w, 5000}))
		if time.Since(start) != 0 {
			t.Errorf("waited %v for another limit", time.Since(start))
		}
		wg.Wait()
		if d := time.Since(start); d < 24*time.Hour {
			t.Errorf("the order went after %v", d)
		}
	})
}

func TestStopHoldsAllWhoShare(t *testing.T) {
	banned := errors.New("banned")
	synctest.Test(t, func(t *testing.T) {
		a, b := weight(), &Limit{Name: "other", Max: 10, Per: time.Second}
		var g Governor
		g.Stop(time.Now().Add(30*time.Second), banned, a)
		start := time.Now()
		must(t, g.Wait(t.Context(), Normal, Charge{b, 1}))
		if time.Since(start) != 0 {
			t.Error("the stop of one limit held another")
		}
		g.Stop(time.Now().Add(time.Minute), banned)
		g.Stop(time.Now().Add(time.Second), errors.New("shorter")) // must not shorten
		var wg sync.WaitGroup
		for _, cs := range [][]Charge{{{a, 1}}, {{b, 1}}, nil} {
			wg.Go(func() {
				must(t, g.Wait(t.Context(), Cancel, cs...))
				if d := time.Since(start); d < time.Minute || d > time.Minute+time.Second {
					t.Errorf("%v: let go after %v", cs, d)
				}
			})
		}
		if u := g.Usage(b); u.Reason != banned || time.Until(u.Stopped) != time.Minute {
			t.Errorf("usage: %+v", u)
		}
		wg.Wait()
	})
}

func TestStopTellsEarlierDeadlinesAtOnce(t *testing.T) {
	reason := errors.New("banned")
	synctest.Test(t, func(t *testing.T) {
		l := &Limit{Name: "l", Max: 1, Per: 2 * time.Second}
		var g Governor
		must(t, g.Wait(t.Context(), Normal, Charge{l, 1}))
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		start := time.Now()
		check := func(err error) {
			t.Helper()
			var e *LimitError
			if !errors.As(err, &e) || e.RetryAfter != time.Minute || !errors.Is(err, reason) {
				t.Errorf("got %v", err)
			}
			if time.Since(start) != 0 {
				t.Errorf("told after %v", time.Since(start))
			}
		}
		var wg sync.WaitGroup
		wg.Go(func() { check(g.Wait(ctx, Normal, Charge{l, 1})) }) // waits already when the stop comes
		synctest.Wait()
		g.Stop(start.Add(time.Minute), reason)
		check(g.Wait(ctx, Normal, Charge{l, 1}))
		check(g.Wait(ctx, Normal))
		wg.Wait()
	})
}

func TestWaitErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g Governor
		l := weight()
		for name, cs := range map[string][]Charge{
			"above the share": {{l, 5401}}, "sum above it": {{l, 3000}, {l, 3000}}, "negative": {{l, -1}},
			"no limit": {{nil, 1}}, "no size": {{&Limit{Per: time.Second}, 1}}, "no time": {{&Limit{Max: 1}, 1}},
		} {
			if err := g.Wait(t.Context(), Normal, cs...); !errors.Is(err, ErrCharge) {
				t.Errorf("%s: got %v, want ErrCharge", name, err)
			}
		}
		must(t, g.Wait(t.Context(), Normal, Charge{l, 2700}, Charge{l, 2700}))
		ctx, cancel := context.WithTimeout(t.Context(), 59*time.Second)
		defer cancel()
		var e *LimitError
		if err := g.Wait(ctx, Normal, Charge{l, 1}); !errors.As(err, &e) || e.Limit != l || e.RetryAfter != time.Minute {
			t.Errorf("deadline before the next window: got %v", err)
		}
		cancel()
		if err := g.Wait(ctx, Normal); !errors.Is(err, context.Canceled) {
			t.Errorf("ended context: got %v", err)
		}
	})
}

func TestObserveCorrectsUpwards(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, l := range []*Limit{weight(), {Name: "sliding", Max: 6000, Per: time.Minute}} {
			time.Sleep(time.Until(time.Now().Truncate(time.Hour).Add(time.Hour + 30*time.Second)))
			var g Governor
			must(t, g.Wait(t.Context(), Normal, Charge{l, 100}))
			g.Observe(l, 50, time.Now())
			if got := g.Usage(l).Used; got != 100 {
				t.Errorf("%s: corrected downwards to %d", l.Name, got)
			}
			g.Observe(l, 5400, time.Now())
			if got := g.Usage(l).Used; got != 5400 {
				t.Errorf("%s: used %d, want 5400", l.Name, got)
			}
			start := time.Now()
			must(t, g.Wait(t.Context(), Normal, Charge{l, 1}))
			if time.Since(start) < 30*time.Second {
				t.Errorf("%s: went after %v", l.Name, time.Since(start))
			}
			if l.Fixed {
				g.Observe(l, 6000, start) // of the window before
				if got := g.Usage(l).Used; got > 5401 {
					t.Errorf("an old answer closed the new window: used %d", got)
				}
			}
		}
	})
}

func TestGovernorLeavesNothingBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &Limit{Name: "l", Max: 1, Per: time.Hour}
		var g Governor
		must(t, g.Wait(t.Context(), Normal, Charge{l, 1}))
		before := runtime.NumGoroutine()
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for range 1000 {
			wg.Go(func() {
				if err := g.Wait(ctx, Normal, Charge{l, 1}); !errors.Is(err, context.Canceled) {
					t.Errorf("got %v", err)
				}
			})
		}
		synctest.Wait()
		if waiting := runtime.NumGoroutine(); waiting > before+1000 {
			t.Errorf("%d goroutines while 1,000 wait, before %d", waiting, before)
		}
		cancel()
		wg.Wait() // that no goroutine is left the bubble checks
		idle(t, &g)
	})
}

func BenchmarkWait(b *testing.B) {
	minute, second := &Limit{Name: "minute", Max: 1 << 50, Per: time.Minute, Fixed: true}, &Limit{Name: "2 s", Max: 1 << 50, Per: 2 * time.Second}
	for name, cs := range map[string][]Charge{"none": nil, "fixed": {{minute, 1}}, "sliding": {{second, 1}}, "both": {{minute, 1}, {second, 1}}} {
		b.Run(name, func(b *testing.B) {
			var g Governor
			ctx := b.Context()
			b.ReportAllocs()
			for b.Loop() {
				if err := g.Wait(ctx, Normal, cs...); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestWaitDoesNotAllocate(t *testing.T) {
	l := &Limit{Name: "minute", Max: 1 << 50, Per: time.Minute, Fixed: true}
	var g Governor
	ctx := t.Context()
	if n := testing.AllocsPerRun(100, func() { _ = g.Wait(ctx, Normal, Charge{l, 1}) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func idle(t *testing.T, g *Governor) {
	t.Helper()
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.queue) != 0 || !g.wake.IsZero() {
		t.Errorf("%d waiters and the timer %v are left", len(g.queue), g.wake)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}
