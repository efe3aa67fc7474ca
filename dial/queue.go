package dial

import (
	"context"
	"errors"
	"sync"
	"time"
)

// QueueDepth is how many messages a Queue holds before the oldest goes.
const QueueDepth = 2000

// queueBytes bounds what these messages may hold together.
const queueBytes = 256 << 20

// State is what a read of a Queue came to.
type State uint8

const (
	None    State = iota // nothing came in the time given
	Message              // a message, perhaps an empty one
	Lost                 // the connection was lost, or made anew
)

// String returns the name of s.
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return "unknown state"
}

var stateNames = [...]string{"none", "message", "lost"}

// Acknowledging is a Conn of which a Read acknowledges the message that the
// Read before it returned, as those of brokers do.
type Acknowledging interface {
	// Acknowledges reports whether that is so.
	Acknowledges() bool
}

// Queue reads a Conn ahead and keeps what has come for readers who are busy
// elsewhere: the newest 2,000 messages, of at most 256 MiB together. Then the
// oldest goes and is counted.
//
// A loss is told in its place: after the messages that came before it, before
// those that came after. It is told at once when the connection is lost and,
// if Options.Reconnect makes it anew, again then; losses with no message
// between them are told as one. A connection that is lost for good is Lost to
// every read once the messages are taken.
//
// Over an Acknowledging Conn the queue holds one message and drops none: the
// next is read, and the last thereby acknowledged, when a reader asks for it.
//
// Its methods may be called by any number of goroutines; over an Acknowledging
// Conn one at a time may read.
type Queue struct {
	conn Conn
	pump sync.WaitGroup
	end  context.CancelFunc
	hold bool // conn is Acknowledging

	wake   chan struct{} // there may be something to take; who leaves something behind passes it on
	asking chan struct{} // asked may have been set

	mu      sync.Mutex
	ring    []held
	head, n int  // the messages are ring[head], and n-1 behind it
	bytes   int  // of these messages
	lost    bool // after the last of them
	over    bool // and for good
	asked   bool // a reader wants more than the queue holds
	cause   error
	dropped int64
}

// held is a message, and whether the connection was lost before it.
type held struct {
	msg  []byte
	lost bool
}

// NewQueue starts to read conn, which belongs to the queue from then on.
func NewQueue(conn Conn) *Queue {
	ctx, end := context.WithCancel(context.Background())
	q := &Queue{conn: conn, end: end, asked: true, ring: make([]held, QueueDepth),
		wake: make(chan struct{}, 1), asking: make(chan struct{}, 1)}
	if a, ok := conn.(Acknowledging); ok {
		q.hold = a.Acknowledges()
	}
	if e, ok := conn.(Enduring); ok {
		e.OnLost(q.lose)
	}
	q.pump.Go(func() { q.run(ctx) })
	return q
}

// run reads until the connection is lost for good.
func (q *Queue) run(ctx context.Context) {
	for {
		msg, err := q.conn.Read(ctx)
		switch {
		case err == nil:
			q.push(append([]byte{}, msg...))
			if q.hold && !q.wanted(ctx) {
				q.finish(ErrClosed)
				return
			}
		case errors.Is(err, ErrReconnected):
			q.lose(nil)
		case oneMessage(err):
			q.miss()
		case ctx.Err() != nil:
			q.finish(ErrClosed)
			return
		default:
			q.finish(err)
			return
		}
	}
}

// wanted waits until a reader asks for more.
func (q *Queue) wanted(ctx context.Context) bool {
	for {
		q.mu.Lock()
		asked := q.asked
		q.mu.Unlock()
		if asked {
			return true
		}
		select {
		case <-q.asking:
		case <-ctx.Done():
			return false
		}
	}
}

func (q *Queue) push(msg []byte) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.n == len(q.ring) || q.n > 0 && q.bytes+len(msg) > queueBytes {
		q.drop()
		q.dropped++
	}
	q.ring[(q.head+q.n)%len(q.ring)] = held{msg: msg, lost: q.lost}
	q.n++
	q.bytes += len(msg)
	q.lost, q.asked = false, false
	signal(q.wake)
}

// lose tells that the connection was lost, or is there again if cause is nil.
func (q *Queue) lose(cause error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.lost, q.cause = true, cause
	signal(q.wake)
}

func (q *Queue) finish(cause error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.over, q.cause = true, cause
	signal(q.wake)
}

func (q *Queue) miss() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.dropped++
}

// drop takes the oldest message away, and leaves a loss before it in place.
func (q *Queue) drop() []byte {
	oldest := q.ring[q.head]
	q.ring[q.head] = held{}
	q.head = (q.head + 1) % len(q.ring)
	q.n--
	q.bytes -= len(oldest.msg)
	switch {
	case !oldest.lost:
	case q.n > 0:
		q.ring[q.head].lost = true
	default:
		q.lost = true
	}
	return oldest.msg
}

// take returns what is to be told next, and None when there is nothing.
func (q *Queue) take(latest bool) ([]byte, State) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for latest && q.n > 1 {
		q.drop()
	}
	before := &q.lost
	if q.n > 0 {
		before = &q.ring[q.head].lost
	}
	switch {
	case *before:
		*before = false
		q.pass()
		return nil, Lost
	case q.n > 0:
		msg := q.drop()
		q.pass()
		return msg, Message
	case q.over:
		q.pass()
		return nil, Lost
	}
	q.asked = true
	signal(q.asking)
	return nil, None
}

// pass wakes the next reader if there is something for it.
func (q *Queue) pass() {
	if q.n > 0 || q.lost || q.over {
		signal(q.wake)
	}
}

// signal leaves a token in c, which has room for one.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Read waits for the oldest message. It returns None when ctx ends first. The
// message is the reader's own.
func (q *Queue) Read(ctx context.Context) ([]byte, State) { return q.wait(ctx.Done(), nil) }

// ReadTimeout waits for the oldest message, but no longer than d.
func (q *Queue) ReadTimeout(d time.Duration) ([]byte, State) {
	if d <= 0 {
		return q.TryRead()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	return q.wait(nil, timer.C)
}

// TryRead returns the oldest message if there is one, at once.
func (q *Queue) TryRead() ([]byte, State) { return q.take(false) }

// ReadLatest returns the newest message if there is one, at once, and drops
// those before it, which Dropped does not count. A loss among them is told
// first; the newest message is then what the next call returns.
func (q *Queue) ReadLatest() ([]byte, State) { return q.take(true) }

func (q *Queue) wait(done <-chan struct{}, late <-chan time.Time) ([]byte, State) {
	for {
		if msg, s := q.take(false); s != None {
			return msg, s
		}
		select {
		case <-q.wake:
		case <-done:
			return q.take(false)
		case <-late:
			return q.take(false)
		}
	}
}

// Write sends one message, as the Conn does.
func (q *Queue) Write(ctx context.Context, msg []byte) error { return q.conn.Write(ctx, msg) }

// Err returns why the connection is lost, and nil while it stands.
func (q *Queue) Err() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.cause
}

// Dropped returns how many messages no reader will get: newer ones pushed
// them out, or they were too large or damaged.
func (q *Queue) Dropped() int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.dropped
}

// Close closes the connection and waits until nothing of the queue runs.
// Messages that are there already can still be read.
func (q *Queue) Close() error {
	q.end()
	err := q.conn.Close()
	q.pump.Wait()
	return err
}
