package stream

import (
	"sync/atomic"
	"time"
)

// topic is one subscription on one connection. All but what is atomic, and the
// rhythm, which is the reading goroutine's own, is guarded by the hub.
type topic struct {
	name  string
	sinks []Sink

	sent   bool // the venue has been told, on this connection
	again  bool // it is to be told once more: unsubscribe first
	acked  bool
	asked  time.Time
	asks   int
	alarms int // silences in a row without a word in between
	state  TopicState
	err    error

	question string // id of the last one

	last  int64        // as heard, but kept over a renewal: the reading goroutine's own
	heard atomic.Int64 // when data last came, in ns since 1970; 0: not on this connection
	limit atomic.Int64 // silence beyond this many ns is an alarm; 0: not known yet

	rhythm rhythm
}

// wanted reports whether the venue should send the topic.
func (t *topic) wanted() bool { return len(t.sinks) > 0 && t.state != Refused }

// rare reports whether all who have the topic say that its silence means nothing.
func (t *topic) rare() bool {
	for _, sink := range t.sinks {
		if r, ok := sink.(rare); !ok || !r.Rare() {
			return false
		}
	}
	return true
}

// restart puts the topic back to where nothing has been asked.
func (t *topic) restart() {
	t.sent, t.again, t.acked, t.asks, t.alarms, t.last = false, false, false, 0, 0, 0
	t.heard.Store(0)
	if t.state != Refused {
		t.state = Waiting
	}
}

// hear notes that data came at now, in ns. Called by the reading goroutine.
func (t *topic) hear(now int64) {
	if t.last == now && t.heard.Load() != 0 {
		return // of the same batch
	}
	t.heard.Store(now)
	if t.last > 0 {
		if limit, changed := t.rhythm.add(now - t.last); changed {
			t.limit.Store(limit)
		}
	}
	t.last = now
}

// rhythm learns how often a topic speaks: the median of the spaces between its
// messages and the longest of them. A symbol of a quiet market that has been
// silent for long before may be so again.
type rhythm struct {
	n       int
	median  int64
	longest int64
	limit   int64
}

const (
	learned    = 20 // spaces seen before the rhythm is trusted
	leastQuiet = int64(3 * time.Second)
	manyTimes  = 20 // medians
	longTimes  = 3  // longest spaces
)

// add takes one space in ns. The limit is max(3 s, 20 medians, 3 times the
// longest space); changed says that it moved enough to be told.
func (r *rhythm) add(space int64) (limit int64, changed bool) {
	r.n++
	if r.n == 1 {
		r.median = space
	} else if space > r.median {
		r.median += r.median>>5 + 1
	} else {
		r.median -= r.median >> 5
	}
	if space > r.longest {
		r.longest = space
	} else {
		r.longest -= r.longest >> 16 // a silence of long ago is forgotten in the end
	}
	if r.n < learned {
		return 0, false
	}
	limit = max(leastQuiet, manyTimes*r.median, longTimes*r.longest)
	if d := limit - r.limit; d > r.limit>>3 || -d > r.limit>>3 {
		r.limit = limit
		return limit, true
	}
	return r.limit, false
}

func (t *topic) health() TopicHealth {
	h := TopicHealth{Topic: t.name, State: t.state, Asks: t.asks, Err: t.err, Limit: time.Duration(t.limit.Load())}
	if t.rare() {
		h.Limit = 0
	}
	if n := t.heard.Load(); n > 0 {
		h.Heard = time.Unix(0, n)
	}
	return h
}
