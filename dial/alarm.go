package dial

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// alarm ends the Read that waits when nothing has come for Options.Silence. Only the
// time counts in which somebody reads: what comes while nobody does is not heard.
type alarm struct {
	patience time.Duration // 0: for ever
	heard    *atomic.Int64 // of the intake
	ring     func()        // ends the Read
	rung     atomic.Bool

	mu     sync.Mutex
	timer  *time.Timer // nil: it does not run
	reads  bool
	began  time.Time     // the Read, if one reads; without its monotonic clock, which heard has not
	waited time.Duration // the Reads before it, since something came
}

func (a *alarm) set(patience time.Duration, heard *atomic.Int64, ring func()) {
	if patience == 0 {
		return
	}
	a.patience, a.heard, a.ring = patience, heard, ring
	a.mu.Lock() // the timer may be quick
	defer a.mu.Unlock()
	a.timer = time.AfterFunc(patience, a.look)
}

func (a *alarm) look() {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch left := a.patience - a.silence(); {
	case a.timer == nil:
	case !a.reads:
		a.timer.Reset(max(left, a.patience/8))
	case left > 0:
		a.timer.Reset(left)
	default:
		a.rung.Store(true)
		a.ring()
	}
}

// silence is for how long readers have waited in vain.
func (a *alarm) silence() time.Duration {
	if !a.reads {
		return a.waited
	}
	if heard := time.Unix(0, a.heard.Load()); !heard.Before(a.began) {
		return time.Since(heard)
	}
	return a.waited + time.Since(a.began)
}

func (a *alarm) begin() {
	if a.patience == 0 {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.reads, a.began = true, time.Unix(0, time.Now().UnixNano())
}

func (a *alarm) end() {
	if a.patience == 0 {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.waited = a.silence()
	a.reads = false
}

func (a *alarm) stop() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.timer != nil {
		a.timer.Stop()
		a.timer = nil
	}
}

func (a *alarm) err() error { return fmt.Errorf("%w: nothing came for %v", ErrTimeout, a.patience) }
