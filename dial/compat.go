package dial

import (
	"context"
	"errors"
	"time"
)

// Compat returns the queue in the idiom of the original system: null for
// nothing, the empty string for a lost connection, numbers for the ways to
// read.
func (q *Queue) Compat() Compat { return Compat{q} }

// Compat reads and writes a Queue in the original's idiom. In it an empty
// message cannot be told from a lost connection: the methods of Queue can.
type Compat struct{ q *Queue }

// Read returns the oldest message; ok is false where the original returns
// null. The message is empty when the connection was lost or made anew.
//
// Without a parameter it waits. With -1 it returns at once, with -2 at once
// and the newest message, dropping those before it. Any other number is how
// many milliseconds it waits; below -2 it waits for none.
func (c Compat) Read(param ...int) (msg string, ok bool) {
	var b []byte
	var s State
	switch {
	case len(param) == 0:
		b, s = c.q.Read(context.Background())
	case param[0] == -2:
		b, s = c.q.ReadLatest()
	default:
		b, s = c.q.ReadTimeout(time.Duration(param[0]) * time.Millisecond)
	}
	return string(b), s != None
}

// Write sends one message and returns how many bytes of it were sent: all of
// them, or 0 when the connection is lost. A parameter is how many
// milliseconds it may take; when they are over, it returns what the network
// took until then.
func (c Compat) Write(msg string, ms ...int) int {
	if c.q.Err() != nil {
		return 0
	}
	ctx := context.Background()
	if len(ms) > 0 {
		bounded, cancel := context.WithTimeout(ctx, time.Duration(ms[0])*time.Millisecond)
		defer cancel()
		ctx = bounded
	}
	err := c.q.Write(ctx, []byte(msg))
	if err == nil {
		return len(msg)
	}
	if e, ok := errors.AsType[*Error](err); ok && ctx.Err() != nil {
		return min(e.Sent, len(msg))
	}
	return 0
}

// Close closes the connection.
func (c Compat) Close() error { return c.q.Close() }
