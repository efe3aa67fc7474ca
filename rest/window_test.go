package rest

import (
	"math"
	"testing"
	"time"
)

func at(seconds float64) time.Time {
	return time.Date(2026, 9, 14, 12, 0, 0, 0, time.UTC).Add(time.Duration(seconds * float64(time.Second)))
}

func TestAllowed(t *testing.T) {
	for _, c := range []struct {
		max   int
		share float64
		want  int
	}{{6000, 0, 5400}, {2400, 0, 2160}, {40, 0.8, 32}, {10, 0.7, 7}, {1, 0, 1}, {10, 1, 10}, {10, 7, 10}, {10, -1, 9}} {
		if got := (&Limit{Max: c.max, Share: c.share}).allowed(); got != c.want {
			t.Errorf("%d × %v: got %d, want %d", c.max, c.share, got, c.want)
		}
	}
}

func TestFixedWindow(t *testing.T) {
	w := newWindow(&Limit{Max: 6000, Per: time.Minute, Fixed: true})
	for _, c := range []struct {
		name string
		now  float64
		add  int
		want int     // spent after that
		next float64 // when it can fall
	}{
		{"middle of a window", 30, 100, 100, 60},
		{"its last second", 59.5, 10, 110, 60},
		{"just over the boundary all still count", 60, 0, 110, 61},
		{"and what is new", 60.5, 5, 115, 61},
		{"afterwards only the last second is carried over", 61, 0, 15, 120},
		{"the clock steps back", 59.9, 1, 116, 61},
		{"the carry ends with the window", 121, 0, 0, 180},
		{"a window was skipped", 300, 7, 7, 360},
		{"set back for good", 10, 0, 0, 60},
	} {
		w.add(at(c.now), c.add)
		if got := w.spent(at(c.now)); got != c.want {
			t.Errorf("%s: spent %d, want %d", c.name, got, c.want)
		}
		if got := w.next(at(c.now)); !got.Equal(at(c.next)) {
			t.Errorf("%s: next at %v, want %v", c.name, got.Sub(at(0)), c.next)
		}
	}
}

func TestSlidingWindow(t *testing.T) {
	w := newWindow(&Limit{Max: 40, Per: 2 * time.Second})
	const slot = 2.0 / slots
	for _, c := range []struct {
		name string
		now  float64
		add  int
		want int
		next float64
	}{
		{"first", 0, 10, 10, 2 + slot},
		{"later", 1, 5, 15, 2 + slot},
		{"a window later the first still counts, to the end of its slot", 2 + slot/2, 0, 15, 2 + slot},
		{"then not", 2 + slot, 0, 5, 3 + slot},
		{"the clock steps back: what was forgotten stays so", 1.5, 1, 6, 3 + slot},
		{"idle", 60, 0, 0, 62 + 2*slot},
		{"set back for good", -60, 0, 0, -58 + 2*slot},
	} {
		w.add(at(c.now), c.add)
		if got := w.spent(at(c.now)); got != c.want {
			t.Errorf("%s: spent %d, want %d", c.name, got, c.want)
		}
		if got := w.next(at(c.now)); got.Sub(at(c.next)).Abs() > time.Microsecond {
			t.Errorf("%s: next at %v, want %v", c.name, got.Sub(at(0)), c.next)
		}
	}
}

// FuzzWindow walks both kinds of windows with any steps of the clock: no panic, nothing negative, a next that comes.
func FuzzWindow(f *testing.F) {
	f.Add(int64(0), int64(1), uint16(3), true)
	f.Add(int64(-1), int64(-1<<40), uint16(9), false)
	f.Add(int64(math.MaxInt64), int64(math.MinInt64), uint16(1), true)
	f.Fuzz(func(t *testing.T, first, step int64, cost uint16, fixed bool) {
		w := newWindow(&Limit{Max: 1000, Per: 2 * time.Second, Fixed: fixed})
		now := first
		for range 50 {
			at := time.Unix(0, now)
			w.add(at, int(cost))
			if s := w.spent(at); s < 0 {
				t.Fatalf("spent %d", s)
			}
			w.observe(at, at, int(cost)*2)
			if last := int64(math.MaxInt64 - 1<<40); now > -last && now < last && !w.next(at).After(at) {
				t.Fatalf("at %d: next %d", now, w.next(at).UnixNano())
			}
			now += step
		}
	})
}
