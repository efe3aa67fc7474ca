package stream

import (
	"cmp"
	"errors"
	"time"
)

// Cause says why something is missing.
type Cause string

// The causes of a Break.
const (
	Disconnect Cause = "disconnect" // the connection was lost; what the venue sent meanwhile is gone
	Gap        Cause = "gap"        // the venue's own sequence jumped
	Checksum   Cause = "checksum"   // the venue's checksum disagrees with the book
	Crossed    Cause = "crossed"    // best bid at or above best ask: an update was lost
	Malformed  Cause = "malformed"  // a message could not be understood
	Silence    Cause = "silence"    // the topic went quiet against its own rhythm
	Overrun    Cause = "overrun"    // the reader was slower than the ring is long
	Overflow   Cause = "overflow"   // more waited for a snapshot than may be kept
)

// Break says what is known to be missing just before the value that carries it.
// It is shared by readers and never changed once published.
type Break struct {
	Cause        Cause
	From, To     time.Time // the hole on our clock: the last good value, the first one after
	FromID, ToID string    // the last id before the hole and the first one after, where the venue numbers its values
	Lost         uint64    // how many values are missing, 0 when that is not known
	Healed       bool      // nothing is missing any more: a new snapshot replaced the state, or the hole was filled
	Err          error     // what was met, nil when there is nothing to add
}

// join tells of two holes, b before c, as one that spans both.
func (b *Break) join(c *Break) *Break {
	if b == nil || c == nil {
		return cmp.Or(b, c)
	}
	if c.Healed && b.To.IsZero() && b.Cause == c.Cause && b.From.Equal(c.From) && b.FromID == c.FromID {
		return c // the same hole: by now it is healed
	}
	j := *c
	if !b.From.IsZero() && (j.From.IsZero() || b.From.Before(j.From)) {
		j.From, j.FromID = b.From, b.FromID
	}
	if b.Cause == Overrun {
		j.Cause = Overrun // the reader missed values; the hole of the venue lies among them
	}
	j.Lost += b.Lost
	j.Healed = j.Healed && b.Healed
	j.Err = errors.Join(b.Err, c.Err)
	return &j
}

// joinState is join for states: the later hole says whether the state is whole now.
func (b *Break) joinState(c *Break) *Break {
	j := b.join(c)
	if b == nil || c == nil || j.Healed == c.Healed {
		return j
	}
	whole := *j
	whole.Healed = c.Healed
	return &whole
}
