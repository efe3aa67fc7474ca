package rest

import (
	"math"
	"testing"
	"testing/synctest"
	"time"
)

func TestClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c Clock
		if c.Offset() != 0 || c.Age() != math.MaxInt64 || !c.Now().Equal(time.Now()) {
			t.Error("before the first measurement it is the local clock")
		}
		// measure asks a venue that is ahead by offset; the way there and back take so long.
		measure := func(offset, there, back time.Duration) {
			sent := time.Now()
			time.Sleep(there)
			server := time.Now().Add(offset)
			time.Sleep(back)
			c.Measure(sent, time.Now(), server)
		}
		want := func(name string, want time.Duration) {
			t.Helper()
			if got := c.Offset(); got != want {
				t.Errorf("%s: offset %v, want %v", name, got, want)
			}
		}
		const ahead = 700 * time.Millisecond
		measure(ahead, 80*time.Millisecond, 20*time.Millisecond)
		want("first", ahead+30*time.Millisecond)
		measure(ahead, 10*time.Millisecond, 10*time.Millisecond)
		want("the smaller round trip wins", ahead)
		measure(ahead, 100*time.Millisecond, 50*time.Millisecond)
		want("the longer does not", ahead)
		if c.Age() != 0 {
			t.Errorf("age %v right after a measurement", c.Age())
		}
		time.Sleep(time.Hour)
		if c.Age() != time.Hour {
			t.Errorf("age %v, want 1h", c.Age())
		}
		measure(ahead, 60*time.Millisecond, 40*time.Millisecond)
		want("what is old gives way", ahead+10*time.Millisecond)
		measure(-ahead, 200*time.Millisecond, 200*time.Millisecond)
		want("a clock that was set is believed", -ahead)
		for _, bad := range []time.Time{{}, time.UnixMilli(math.MaxInt64), time.UnixMilli(-5), time.Unix(0, 0)} {
			c.Measure(time.Now(), time.Now(), bad)
		}
		c.Measure(time.Now(), time.Now().Add(-time.Second), time.Now())
		want("nonsense is not", -ahead)
		if got := time.Until(c.Now()); got != -ahead {
			t.Errorf("Now is off by %v", got)
		}
	})
	var none *Clock
	if none.Offset() != 0 || none.Age() != math.MaxInt64 {
		t.Error("a nil clock is the local one")
	}
}
