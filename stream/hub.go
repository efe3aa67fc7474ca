package stream

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/depthwire/depthwire/dial"
)

// Config describes the sockets of a Hub. Dial and Dialect are required; zero
// durations mean the defaults.
type Config struct {
	Name      string                                       // of the endpoint, for logs
	Dial      func(ctx context.Context) (dial.Conn, error) // makes one connection, and waits while the venue allows no more
	Dialect   func() Dialect                               // one per connection
	Rates     []Rate                                       // of messages sent on one connection
	Gate      func() bool                                  // whether a subscription may be sent now, as counted over all connections; nil: always
	MaxTopics int                                          // on one connection, 0: no limit
	MaxConns  int                                          // connections, 0: no limit; a topic for which there is no room is refused
	List      func(topic string) string                    // MaxTopics counts for each list alone; nil: there is one
	Calm      bool                                         // Quiet is about messages of any kind: a lack of data is a sign only where a topic falls out of its own rhythm
	Quiet     time.Duration                                // a connection that carries no data for so long is replaced; pings and pongs are no data (40 s)
	Answer    time.Duration                                // a subscription that is neither answered nor heard for so long is asked again, a greeting makes an end, a request of Do is given up (10 s)
	Linger    time.Duration                                // how long a connection without topics is kept (10 s)
	Backoff   Backoff                                      // between attempts to connect
	Denied    func(why error) error                        // is told of each Frame.Denied, and of each greeting that cannot be made, and says what ends the connection; nil: why itself
	Log       *slog.Logger                                 // nil: nothing is logged
}

// Backoff is the wait between attempts: the first is made at once, the next after
// a random part (full jitter) of Base, of twice Base, and so on up to Cap.
type Backoff struct{ Base, Cap time.Duration }

// Wait returns how long to wait before attempt n, counted from 0. r is in [0, 1).
func (b Backoff) Wait(n int, r float64) time.Duration {
	if n == 0 {
		return 0
	}
	most := b.Cap
	if shift := n - 1; shift < 20 && b.Base<<shift < b.Cap {
		most = b.Base << shift
	}
	return time.Duration(r * float64(most))
}

// Hub keeps topics subscribed, over as many connections as their number needs.
// Its methods may be called from any goroutine and, but for Do, do not wait for the network.
type Hub struct {
	c      Config
	ctx    context.Context
	cancel context.CancelCauseFunc
	work   sync.WaitGroup

	mu       sync.Mutex
	sessions []*session
	where    map[string]*session // by topic
	calls    uint64              // of Do: their ids
	closed   bool
}

// NewHub returns a hub that has no connection yet.
func NewHub(c Config) *Hub {
	c.Quiet = cmp.Or(c.Quiet, 40*time.Second)
	c.Answer = cmp.Or(c.Answer, 10*time.Second)
	c.Linger = cmp.Or(c.Linger, 10*time.Second)
	c.Backoff.Base = cmp.Or(c.Backoff.Base, 500*time.Millisecond)
	c.Backoff.Cap = cmp.Or(c.Backoff.Cap, 30*time.Second)
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	h := &Hub{c: c, where: make(map[string]*session)}
	h.ctx, h.cancel = context.WithCancelCause(context.Background())
	return h
}

// Add subscribes to topic for sink. A topic may have several sinks: the venue
// is asked once, and a sink that comes when it is subscribed is told so.
func (h *Hub) Add(topic string, sink Sink) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return
	}
	s := h.where[topic]
	if s == nil {
		if s = h.room(topic); s == nil {
			h.work.Go(func() { sink.Refused(ErrFull) }) // it may ask the hub for something else
			return
		}
		h.where[topic] = s
	}
	s.add(topic, sink)
}

// Why a venue will not serve topics, without having been asked for each.
var (
	ErrFull   = errors.New("stream: no room: the venue allows no more topics")
	ErrDenied = errors.New("stream: connection refused for good") // to be wrapped by Config.Dial
)

// room returns a connection that may carry one more topic, and say so; nil when there
// can be none.
func (h *Hub) room(topic string) *session {
	for _, s := range h.sessions {
		if !s.spent && (h.c.MaxTopics == 0 || h.beside(s, topic) < h.c.MaxTopics) {
			return s
		}
	}
	if h.c.MaxConns > 0 && len(h.sessions) >= h.c.MaxConns {
		return nil
	}
	return h.open()
}

// open adds a connection.
func (h *Hub) open() *session {
	s := newSession(h)
	h.sessions = append(h.sessions, s)
	h.work.Go(func() { s.run(h.ctx) })
	return s
}

// beside returns how many topics s carries that count together with topic.
func (h *Hub) beside(s *session, topic string) (n int) {
	if h.c.List == nil {
		return len(s.topics)
	}
	for name, t := range s.topics {
		if t.wanted() && h.c.List(name) == h.c.List(topic) {
			n++
		}
	}
	return n
}

// Remove ends sink's part in topic; with the last sink the venue is told to stop.
func (h *Hub) Remove(topic string, sink Sink) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if s := h.where[topic]; s != nil {
		s.remove(topic, sink)
	}
}

// Renew unsubscribes topic and subscribes it again, on the same connection.
func (h *Hub) Renew(topic string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if s := h.where[topic]; s != nil {
		s.renew(topic)
	}
}

// Ask has the question about a topic that is subscribed sent, where the Dialect is an Asker: about the values from from to
// to, both inclusive, unless they are zero. The answer comes as data of the topic; where the connection is lost before, the
// question is too.
func (h *Hub) Ask(topic string, from, to time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	q := inquiry{topic, from, to}
	if s := h.where[topic]; s != nil && !slices.Contains(s.asks, q) {
		s.asks = append(s.asks, q)
		s.poke()
	}
}

// inquiry is what is to be asked about a topic.
type inquiry struct {
	topic    string
	from, to time.Time
}

// Close ends all connections and waits for their goroutines.
func (h *Hub) Close() {
	h.mu.Lock()
	h.closed = true
	h.mu.Unlock()
	h.cancel(errClosed)
	h.work.Wait()
}

var errClosed = errors.New("stream: hub closed")

// move has other connections subscribe to topics that s may not for long: it has used
// up what the venue allows one connection to say.
func (h *Hub) move(s *session, names []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s.spent = true
	for _, name := range names {
		t := s.topics[name]
		if t == nil || !t.wanted() {
			continue
		}
		to := h.room(name)
		if to == nil {
			t.sent = false // it is asked for here, when its time has come
			continue
		}
		delete(s.topics, name)
		to.topics[name] = &topic{name: name, state: Waiting, sinks: t.sinks}
		h.where[name] = to
		to.poke()
	}
	s.changed.Store(true)
}

// forget ends s if nothing was added to it meanwhile.
func (h *Hub) forget(s *session) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if s.wanted() > 0 || len(s.waiting) > 0 {
		return false
	}
	for name := range s.topics {
		delete(h.where, name)
	}
	h.sessions = slices.DeleteFunc(h.sessions, func(x *session) bool { return x == s })
	return true
}

// Health returns the state of every connection and topic.
func (h *Hub) Health() []SocketHealth {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := make([]SocketHealth, 0, len(h.sessions))
	for _, s := range h.sessions {
		all = append(all, s.health())
	}
	return all
}

// SocketHealth tells how one connection is.
type SocketHealth struct {
	Connected  bool
	Since      time.Time // of this state
	Heard      time.Time // when data last came, on any topic
	Connects   uint64    // how often it was made
	Frames     uint64    // messages read
	Unknown    uint64    // messages of topics that nobody wants any more
	Malformed  uint64    // messages that could not be understood
	Topics     []TopicHealth
	Err        error // why it was lost last
	Leave      string
	LeaveSince time.Time
}

// TopicState is how far a subscription is.
type TopicState string

// The states of a topic.
const (
	Waiting    TopicState = "waiting"    // not asked yet: no connection, or the venue's pace
	Asked      TopicState = "asked"      // not answered yet
	Subscribed TopicState = "subscribed" // acknowledged, or heard
	Unheard    TopicState = "unheard"    // acknowledged, but nothing has come for long
	Unanswered TopicState = "unanswered" // asked again and again without an answer
	Silent     TopicState = "silent"     // quiet against its own rhythm
	Refused    TopicState = "refused"    // the venue will not serve it
)

// TopicHealth tells how one topic is.
type TopicHealth struct {
	Topic string
	State TopicState
	Heard time.Time     // zero: never
	Limit time.Duration // silence beyond this is an alarm, 0 while the rhythm is not known
	Asks  int           // how often it was asked for on this connection
	Err   error
}

// Rate allows at most Max messages in any span of Per.
type Rate struct {
	Max      int
	Per      time.Duration
	Requests bool // heartbeats do not count
	Asks     bool // of questions alone
}

// pacer keeps when messages were sent, to say when the next one may be.
type pacer struct {
	rates []Rate
	sent  [][]time.Time // a ring for each rate
	next  []int
}

func newPacer(rates []Rate) *pacer {
	p := &pacer{rates: rates, sent: make([][]time.Time, len(rates)), next: make([]int, len(rates))}
	for i, r := range rates {
		p.sent[i] = make([]time.Time, max(r.Max, 1))
	}
	return p
}

// message is what a rate may count.
type message uint8

const (
	beat message = iota
	request
	question
)

func (r *Rate) counts(m message) bool {
	return (!r.Requests || m != beat) && (!r.Asks || m == question)
}

// wait returns how long to wait before a message may be sent.
func (p *pacer) wait(now time.Time, m message) (wait time.Duration) {
	for i, r := range p.rates {
		if r.Asks && m != question {
			continue
		}
		if oldest := p.sent[i][p.next[i]]; !oldest.IsZero() {
			wait = max(wait, r.Per-now.Sub(oldest))
		}
	}
	return wait
}

// note counts a message that is sent now, allowed or not.
func (p *pacer) note(now time.Time, m message) {
	for i, r := range p.rates {
		if !r.counts(m) {
			continue
		}
		p.sent[i][p.next[i]] = now
		p.next[i] = (p.next[i] + 1) % len(p.sent[i])
	}
}
