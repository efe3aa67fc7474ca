package stream

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// tick is a value of the tests.
type value struct {
	n     int
	at    time.Time
	found *Break
}

var values = Kind[value]{
	Break: func(v *value) **Break { return &v.found },
	Time:  func(v *value) time.Time { return v.at },
}

func publish(f *Feed[value], from, to int) {
	for n := from; n < to; n++ {
		f.Publish(&value{n: n, at: time.Unix(int64(n), 0)})
	}
	f.Flush()
}

func next(t *testing.T, s *Subscription[value]) value {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	v, err := s.Next(ctx)
	if err != nil {
		t.Fatalf("Next: %v", err)
	}
	return v
}

func TestEventsComeInOrder(t *testing.T) {
	f := NewEvents(values, 8)
	publish(f, 0, 3) // before the reader came: not his
	s := Subscribe(t.Context(), nil, f)
	defer s.Close()
	publish(f, 3, 11)
	for want := 3; want < 11; want++ {
		if v := next(t, s); v.n != want || v.found != nil {
			t.Errorf("got %d, break %v; want %d without a break", v.n, v.found, want)
		}
	}
	if s.Lost() != 0 {
		t.Errorf("lost %d, want 0", s.Lost())
	}
}

// A state that is read into memory which is used again costs no allocation; errors come as from Next.
func TestNextInto(t *testing.T) {
	type levels struct {
		value
		prices []int
	}
	n := 0
	f := NewState(Kind[levels]{
		Break: func(v *levels) **Break { return &v.found },
		Time:  func(v *levels) time.Time { return v.at },
	}, func(dst *levels) { dst.n, dst.prices = n, append(dst.prices[:0], n, n+1, n+2) })
	ctx, cancel := context.WithCancel(t.Context())
	s := Subscribe(ctx, nil, f)
	defer s.Close()
	var v levels
	if allocated := testing.AllocsPerRun(100, func() {
		n++
		f.Touch(nil, nil)
		f.Flush()
		if err := s.NextInto(t.Context(), &v); err != nil || v.n != n || len(v.prices) != 3 || v.prices[2] != n+2 {
			t.Fatalf("state %d is %+v, %v", n, v, err)
		}
	}); allocated > 0 {
		t.Errorf("%v allocations", allocated)
	}
	ended := errors.New("the end")
	f.Fail(ended)
	if err := s.NextInto(t.Context(), &v); !errors.Is(err, ended) {
		t.Errorf("after the feed: %v", err)
	}
	cancel()
	if err := s.NextInto(t.Context(), &v); !errors.Is(err, ended) {
		t.Errorf("the final error is %v", err)
	}
}

func TestOverrunIsCountedAndTold(t *testing.T) {
	f := NewEvents(values, 8)
	s := Subscribe(t.Context(), nil, f)
	defer s.Close()
	publish(f, 0, 1)
	next(t, s)
	f.Lose(&Break{Cause: Gap, Lost: 3})
	publish(f, 1, 20) // the one with the venue's own hole is overwritten as well
	v := next(t, s)
	if v.n != 12 || s.Lost() != 11 {
		t.Errorf("got %d, lost %d; want 12, 11", v.n, s.Lost())
	}
	want := Break{Cause: Overrun, From: time.Unix(0, 0), To: time.Unix(12, 0), Lost: 11}
	if v.found == nil || *v.found != want {
		t.Errorf("got break %+v, want %+v", v.found, want)
	}
	if v := next(t, s); v.n != 13 || v.found != nil {
		t.Errorf("got %d %v, want 13 and no break", v.n, v.found)
	}
}

func TestLoseIsToldOnce(t *testing.T) {
	f := NewEvents(values, 8)
	a, b := Subscribe(t.Context(), nil, f), Subscribe(t.Context(), nil, f)
	defer a.Close()
	defer b.Close()
	f.Lose(&Break{Cause: Disconnect, From: time.Unix(1, 0)})
	f.Lose(&Break{Cause: Gap, Lost: 2})
	publish(f, 5, 7)
	for _, s := range []*Subscription[value]{a, b} {
		v := next(t, s)
		if v.found == nil || v.found.Cause != Gap || v.found.Lost != 2 || !v.found.From.Equal(time.Unix(1, 0)) || !v.found.To.Equal(time.Unix(5, 0)) {
			t.Errorf("got %+v, want one break from 1 to 5", v.found)
		}
		if v := next(t, s); v.found != nil {
			t.Errorf("told again: %+v", v.found)
		}
	}
}

func TestStatesConflate(t *testing.T) {
	f := NewState(values, nil)
	publish(f, 0, 4)
	s := Subscribe(t.Context(), nil, f)
	defer s.Close()
	if v := next(t, s); v.n != 3 {
		t.Errorf("a new reader got %d, want the newest, 3", v.n)
	}
	f.Lose(&Break{Cause: Disconnect})
	publish(f, 4, 9) // the value with the break is outdated before it is read
	if v := next(t, s); v.n != 8 || v.found == nil || v.found.Cause != Disconnect {
		t.Errorf("got %d %+v, want 8 with the break", v.n, v.found)
	}
	publish(f, 9, 10)
	if v := next(t, s); v.n != 9 || v.found != nil {
		t.Errorf("got %d %+v, want 9 without a break", v.n, v.found)
	}
	if s.Lost() != 0 {
		t.Errorf("lost %d: outdated is not lost", s.Lost())
	}
}

func TestStateReadWhereItLives(t *testing.T) {
	state := 0
	f := NewState(values, func(dst *value) { dst.n = state })
	s := Subscribe(t.Context(), nil, f)
	defer s.Close()
	var seen []int
	s.OnEvent(func(v *value) {
		seen = append(seen, v.n)
		if (v.n == 2) != (v.found != nil) {
			t.Errorf("callback got %d with break %v", v.n, v.found)
		}
	})
	for state = 1; state <= 3; state++ {
		var b *Break
		if state == 2 {
			b = &Break{Cause: Gap, Healed: true}
		}
		f.Touch(b, nil)
	}
	state = 3
	if fmt.Sprint(seen) != "[1 2 3]" {
		t.Errorf("callbacks saw %v, want each touch", seen)
	}
	if v := next(t, s); v.n != 3 || v.found == nil || !v.found.Healed {
		t.Errorf("got %+v, want 3 with the healed break", v)
	}
}

// A reader who was away sees one hole, and by the newest word whether the state is whole.
func TestStateIsAsWholeAsItsLastBreakSays(t *testing.T) {
	f := NewState(values, func(*value) {})
	s := Subscribe(t.Context(), nil, f)
	defer s.Close()
	lost, healed := &Break{Cause: Gap, From: time.Unix(1, 0)}, &Break{Cause: Gap, From: time.Unix(1, 0), To: time.Unix(2, 0), Healed: true}
	for _, c := range []struct {
		told []*Break
		want bool
	}{{[]*Break{lost, healed}, true}, {[]*Break{lost, healed, lost}, false}, {[]*Break{healed}, true}} {
		for _, b := range c.told {
			f.Touch(b, nil)
		}
		if v := next(t, s); v.found == nil || v.found.Healed != c.want {
			t.Errorf("told %d, got %+v, want healed %v", len(c.told), v.found, c.want)
		}
	}
}

func TestManyBreaksAreKeptInBound(t *testing.T) {
	f := NewState(values, func(*value) {})
	s := Subscribe(t.Context(), nil, f)
	defer s.Close()
	for range 1000 {
		f.Touch(&Break{Cause: Gap, Lost: 1}, nil)
	}
	if v := next(t, s); v.found == nil || v.found.Lost != 1000 {
		t.Errorf("got %+v, want 1000 lost", v.found)
	}
	if len(f.breaks) > keptBreaks {
		t.Errorf("%d breaks kept", len(f.breaks))
	}
}

func TestNextReadsAllFeeds(t *testing.T) {
	a, b := NewEvents(values, 8), NewEvents(values, 8)
	s := Subscribe(t.Context(), nil, a, b)
	defer s.Close()
	publish(a, 0, 4)
	publish(b, 10, 14)
	seen := map[int]bool{}
	for range 8 {
		seen[next(t, s).n] = true
	}
	if len(seen) != 8 {
		t.Errorf("got %v, want 8 values", seen)
	}
}

func TestEndOfFeeds(t *testing.T) {
	refused := errors.New("refused")
	a, b := NewEvents(values, 8), NewEvents(values, 8)
	released := 0
	s := Subscribe(t.Context(), func() { released++ }, a, b)
	publish(a, 0, 1)
	a.Fail(refused)
	if v := next(t, s); v.n != 0 {
		t.Errorf("what came before the end is not delivered")
	}
	if _, err := s.Next(t.Context()); !errors.Is(err, refused) || s.Err() != nil {
		t.Errorf("got %v, Err %v; want the reason, and the subscription alive", err, s.Err())
	}
	publish(b, 1, 2)
	if v := next(t, s); v.n != 1 {
		t.Errorf("the other feed is not read on")
	}
	b.Fail(refused)
	for range 2 {
		if _, err := s.Next(t.Context()); !errors.Is(err, refused) || !errors.Is(s.Err(), refused) {
			t.Errorf("got %v, Err %v; want the final reason, again and again", err, s.Err())
		}
	}
	s.Close()
	s.Close()
	if released != 1 {
		t.Errorf("released %d times", released)
	}
}

func TestAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := NewEvents(values, 8)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		s := Subscribe(ctx, nil, f)
		publish(f, 0, 3)
		got := 0
		for v, err := range s.All() {
			if err != nil || v.n != got {
				t.Fatalf("got %d, %v; want %d", v.n, err, got)
			}
			if got++; got == 3 {
				cancel()
			}
		}
		if got != 3 || !errors.Is(s.Err(), context.Canceled) {
			t.Errorf("ended after %d with %v", got, s.Err())
		}
	})
}

func TestChan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		events, states := NewEvents(values, 64), NewState(values, nil)
		e, s := Subscribe(t.Context(), nil, events), Subscribe(t.Context(), nil, states)
		ec, sc := e.Chan(), s.Chan()
		publish(events, 0, 10)
		publish(states, 0, 10)
		synctest.Wait()
		for want := range 10 {
			if v := <-ec; v.n != want {
				t.Errorf("event %d, want %d", v.n, want)
			}
		}
		if v := <-sc; v.n != 9 {
			t.Errorf("state %d, want the newest, 9", v.n)
		}
		publish(states, 10, 11)
		synctest.Wait()
		publish(states, 11, 12)
		synctest.Wait()
		if v := <-sc; v.n != 11 {
			t.Errorf("state %d, want the newest, 11", v.n)
		}
		e.Close()
		s.Close()
		if _, ok := <-ec; ok {
			t.Error("channel open after Close")
		}
		if _, ok := <-s.Chan(); ok {
			t.Error("channel open after Close")
		}
	})
}

func TestNextHonoursItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := NewEvents(values, 8)
		s := Subscribe(t.Context(), nil, f)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := s.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want a deadline", err)
		}
		publish(f, 0, 1) // and it can go on
		if v := next(t, s); v.n != 0 {
			t.Errorf("got %d", v.n)
		}
		s.Close()
		if _, err := s.Next(t.Context()); !errors.Is(err, ErrClosed) {
			t.Errorf("got %v, want ErrClosed", err)
		}
	})
}

// A slow reader, a fast one and one who comes and goes, while values are published: every
// reader sees ascending values, and lost + read adds up.
func TestReadersAtTheirOwnPace(t *testing.T) {
	const total = 20_000
	f := NewEvents(values, 64)
	var readers sync.WaitGroup
	for i := range 4 {
		s := Subscribe(t.Context(), nil, f)
		readers.Go(func() {
			defer s.Close()
			last, read := -1, uint64(0)
			for last < total-1 {
				v, err := s.Next(t.Context())
				if err != nil {
					t.Errorf("reader %d: %v", i, err)
					return
				}
				if v.n <= last || (v.n > last+1) != (v.found != nil) {
					t.Errorf("reader %d: %d after %d with break %v", i, v.n, last, v.found)
				}
				last = v.n
				read++
				if i%2 == 1 {
					runtime.Gosched()
				}
			}
			if read+s.Lost() != total {
				t.Errorf("reader %d: read %d + lost %d, want %d", i, read, s.Lost(), total)
			}
		})
	}
	for n := range total {
		publish(f, n, n+1)
	}
	readers.Wait()
	if f.Readers() != 0 {
		t.Errorf("%d readers left", f.Readers())
	}
}

func BenchmarkDeliver(b *testing.B) {
	v := value{at: time.Unix(1, 0)}
	for _, n := range []int{1, 10, 1000} {
		b.Run(fmt.Sprintf("callback/%d", n), func(b *testing.B) {
			f := NewEvents(values, 1024)
			sum := 0
			for range n {
				Subscribe(b.Context(), nil, f).OnEvent(func(v *value) { sum += v.n })
			}
			b.ReportAllocs()
			for b.Loop() {
				f.Publish(&v)
				f.Flush()
			}
		})
		b.Run(fmt.Sprintf("ring/%d", n), func(b *testing.B) { // readers who are busy elsewhere
			f := NewEvents(values, 1024)
			for range n {
				Subscribe(b.Context(), nil, f)
			}
			b.ReportAllocs()
			for b.Loop() {
				f.Publish(&v)
				f.Flush()
			}
		})
		b.Run(fmt.Sprintf("channels/%d", n), func(b *testing.B) { // the ordinary way: a buffered channel for each
			all := make([]chan value, n)
			var drains sync.WaitGroup
			for i := range all {
				all[i] = make(chan value, 1024)
				drains.Go(func() {
					for range all[i] {
					}
				})
			}
			b.ReportAllocs()
			for b.Loop() {
				for _, c := range all {
					c <- v
				}
			}
			for _, c := range all {
				close(c)
			}
			drains.Wait()
		})
	}
	b.Run("next/1", func(b *testing.B) { // published, woken, read
		f := NewEvents(values, 1024)
		s := Subscribe(b.Context(), nil, f)
		defer s.Close()
		b.ReportAllocs()
		for b.Loop() {
			f.Publish(&v)
			f.Flush()
			if _, err := s.Next(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	})
}
