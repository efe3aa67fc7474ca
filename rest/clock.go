package rest

import (
	"math"
	"sync"
	"time"
)

// drift is how far two clocks are assumed to part: cheap quartz stays within it.
const drift = 100e-6

// Clock is the venue's clock, known by measuring. The zero value runs like the local one, and so does a nil *Clock. It is
// safe for concurrent use.
type Clock struct {
	mu       sync.Mutex
	offset   time.Duration // venue − local
	half     time.Duration // half the round trip of the measurement in use: what it may be wrong by
	taken    time.Time     // when that was; zero: never
	measured time.Time     // the last one, used or not
}

// Measure takes the time that the venue told in an answer: server, for a request sent and received at the local times. The
// offset assumes the middle of the round trip. The measurement with the smallest round trip wins, as long as drift has
// not made it worse than the new one; one that contradicts the former beyond both their errors wins at once, for then a
// clock was set.
func (c *Clock) Measure(sent, received, server time.Time) {
	trip := received.Sub(sent)
	if y := server.Year(); trip < 0 || y < 1971 || y > 2200 { // nonsense, and beyond what int64 nanoseconds hold
		return
	}
	half := trip / 2
	offset := server.Sub(sent.Add(half))
	c.mu.Lock()
	defer c.mu.Unlock()
	c.measured = received
	doubt := c.half + time.Duration(drift*float64(received.Sub(c.taken)))
	if c.taken.IsZero() || half <= doubt || (offset-c.offset).Abs() > doubt+half {
		c.offset, c.half, c.taken = offset, half, received
	}
}

// Offset is how far the venue's clock is ahead of the local one; zero before the first measurement.
func (c *Clock) Offset() time.Duration {
	if c == nil {
		return 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.offset
}

// Now is the venue's time.
func (c *Clock) Now() time.Time { return time.Now().Add(c.Offset()) }

// Age is the time since the last measurement, the longest duration when there was none.
func (c *Clock) Age() time.Duration {
	if c == nil {
		return math.MaxInt64
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.measured.IsZero() {
		return math.MaxInt64
	}
	return time.Since(c.measured)
}
