package stream

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/depthwire/depthwire/dial"
)

// session is one connection's life, over all its reconnections. Its topics are
// guarded by the hub's mutex.
type session struct {
	hub      *Hub
	topics   map[string]*topic
	requests map[string]Request // sent and not answered, by id
	queue    []Request          // to be sent
	asks     []inquiry          // to be sent, in order
	status   SocketHealth       // guarded by the hub as well
	spent    bool               // what may be said on it is used up for long
	patience int                // doublings of Quiet, after replacements that did not help
	waiting  []*call            // requests of Do, to be sent
	begun    map[string]*call   // those that are being answered, by id
	resting  bool               // an attempt to connect has failed, and the next is not due
	tried    time.Time          // when the last attempt to connect began

	changed atomic.Bool   // topics or their sinks did: the reader's routes are old
	nudge   chan struct{} // the keeper has something to do
	heard   atomic.Int64  // when data last came, ns since 1970
	any     atomic.Int64  // when any message last came
	greeted atomic.Bool   // the venue has accepted who connects, or does not ask

	// the reading goroutine's own
	routes                     map[string]*route
	dirty                      []*route
	latest                     *route
	frame                      Frame
	now                        int64
	answers                    int    // to requests of Do, on this connection
	count                      uint64 // of frames: told to frames once in a batch
	frames, unknown, malformed atomic.Uint64
}

// route is where the reader brings the data of a topic.
type route struct {
	topic *topic
	sinks []Sink
	dirty bool
}

func newSession(h *Hub) *session {
	return &session{hub: h, topics: make(map[string]*topic), begun: make(map[string]*call), nudge: make(chan struct{}, 1)}
}

var (
	errIdle    = errors.New("stream: no topics left")
	errQuiet   = errors.New("stream: connection carries no data")
	errDead    = errors.New("stream: connection is dead")
	errLeaving = errors.New("stream: venue closes the connection")
	errNoAck   = errors.New("stream: subscription not answered")
)

func (s *session) add(name string, sink Sink) {
	t := s.topics[name]
	if t == nil {
		t = &topic{name: name, state: Waiting}
		s.topics[name] = t
	}
	if t.state == Refused { // of others, who have been told and go: the venue may have changed its mind
		t.state, t.err, t.acked = Waiting, nil, false
	}
	t.sinks = append(slices.Clone(t.sinks), sink)
	s.poke()
	if t.acked {
		s.hub.work.Go(sink.Up) // it may ask the hub for something
	}
}

func (s *session) remove(name string, sink Sink) {
	if t := s.topics[name]; t != nil {
		t.sinks = slices.DeleteFunc(slices.Clone(t.sinks), func(x Sink) bool { return x == sink })
		s.poke()
	}
}

func (s *session) renew(name string) {
	if t := s.topics[name]; t != nil && t.sent {
		t.again = true
		s.poke()
	}
}

// poke has the reader look at the topics and the keeper at what is to be done.
func (s *session) poke() {
	s.changed.Store(true)
	s.wake()
}

func (s *session) wake() {
	select {
	case s.nudge <- struct{}{}:
	default:
	}
}

func (s *session) wanted() (n int) {
	for _, t := range s.topics {
		if t.wanted() {
			n++
		}
	}
	return n
}

// run connects and serves, for ever, until the hub closes or no topic is left.
func (s *session) run(ctx context.Context) {
	defer s.rest(true) // a request that has come meanwhile waits for nothing
	for tries := 0; ; tries++ {
		if wait := s.hub.c.Backoff.Wait(tries, rand.Float64()); wait > 0 && !s.pause(ctx, wait) {
			return
		}
		spoke, err := s.connect(ctx)
		s.lost(err)
		if errors.Is(err, ErrDenied) {
			s.deny(err)
		}
		if ctx.Err() != nil {
			return
		}
		if (errors.Is(err, errIdle) || s.idle()) && s.hub.forget(s) {
			return
		}
		if spoke || errors.Is(err, errIdle) {
			tries = -1 // the next attempt is made at once
		}
	}
}

// pause waits before the next attempt to connect. Nothing else waits with it.
func (s *session) pause(ctx context.Context, wait time.Duration) bool {
	s.rest(true)
	defer s.rest(false)
	return sleep(ctx, wait)
}

func (s *session) rest(resting bool) {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	s.resting = resting
	if resting {
		s.drop(s.status.Err)
	}
}

// deny refuses all topics: the venue will not have the connection.
func (s *session) deny(why error) {
	s.hub.mu.Lock()
	var routes []*route
	for _, t := range s.topics {
		if t.wanted() {
			routes = append(routes, &route{topic: t, sinks: t.sinks})
		}
	}
	s.hub.mu.Unlock()
	for _, r := range routes {
		s.refuse(r, why)
	}
}

func (s *session) idle() bool {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	return s.wanted()+len(s.waiting) == 0
}

func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// connect makes the connection and serves it until it is lost. spoke tells whether
// it carried data or answers.
func (s *session) connect(ctx context.Context) (spoke bool, err error) {
	s.hub.mu.Lock()
	s.tried = time.Now()
	s.hub.mu.Unlock()
	conn, err := s.hub.c.Dial(ctx)
	if err != nil {
		return false, err
	}
	now := time.Now()
	s.began(now)
	s.heard.Store(0)
	s.any.Store(now.UnixNano())
	s.greeted.Store(false)
	s.answers = 0
	ctx, cancel := context.WithCancelCause(ctx)
	dialect := s.hub.c.Dialect()
	var keeper sync.WaitGroup
	keeper.Go(func() { cancel(s.keep(ctx, conn, dialect)) })
	cancel(s.read(ctx, conn, dialect))
	conn.Close()
	keeper.Wait()
	return s.heard.Load() > 0 || s.answers > 0, context.Cause(ctx)
}

func (s *session) began(now time.Time) {
	s.hub.mu.Lock()
	s.status.Connected, s.status.Since, s.status.Leave = true, now, ""
	s.status.Connects++
	s.requests = make(map[string]Request)
	s.queue, s.asks, s.spent = nil, nil, false
	for _, t := range s.topics {
		t.restart()
	}
	s.changed.Store(true)
	topics := len(s.topics)
	s.hub.mu.Unlock() // a log may be slow, or ask for the Health
	s.hub.c.Log.Info("connected", "endpoint", s.hub.c.Name, "topics", topics)
}

// lost tells every topic that it is no longer kept up to date.
func (s *session) lost(why error) {
	s.hub.mu.Lock()
	told := !s.status.Connected // it was not made: what it would have carried is down already
	s.status.Err = why
	s.hang(why)
	if !told {
		s.status.Connected, s.status.Since = false, time.Now()
	}
	var down []*topic
	for name, t := range s.topics {
		switch {
		case len(t.sinks) == 0:
			delete(s.topics, name)
			delete(s.hub.where, name)
		case t.wanted() && !told:
			t.state = Waiting
			down = append(down, t)
		}
	}
	sinks := make([][]Sink, len(down))
	for i, t := range down {
		sinks[i] = t.sinks
	}
	s.hub.mu.Unlock()
	if !errors.Is(why, errIdle) && !errors.Is(why, errClosed) {
		s.hub.c.Log.Warn("not connected", "endpoint", s.hub.c.Name, "topics down", len(down), "why", why)
	}
	for i, t := range down {
		b := &Break{Cause: Disconnect, Err: why}
		if n := t.heard.Load(); n > 0 {
			b.From = time.Unix(0, n)
		}
		for _, sink := range sinks[i] {
			sink.Down(b)
		}
	}
}

// read takes messages until the connection ends. Everything that is in the
// receive buffer is processed before a reader is woken.
func (s *session) read(ctx context.Context, conn dial.Conn, d Dialect) error {
	batched, _ := conn.(dial.Batched)
	var received time.Time
	for more := false; ; {
		msg, err := conn.Read(ctx)
		if !more { // one reading of the clock for all that came in one piece
			received = time.Now()
			s.now = received.UnixNano()
			s.any.Store(s.now)
		}
		switch {
		case err == nil:
			if err := s.take(ctx, conn, d, msg, received); err != nil {
				s.flush()
				return err
			}
		case ctx.Err() == nil && (errors.Is(err, dial.ErrTooLarge) || errors.Is(err, dial.ErrCompressed)):
			s.odd(err) // skipped by the connection, which goes on
		default:
			s.flush()
			return err
		}
		if more = batched != nil && batched.Buffered(); !more {
			s.flush()
		}
	}
}

func (s *session) flush() {
	s.frames.Store(s.count)
	for _, r := range s.dirty {
		r.dirty = false
		for _, sink := range r.sinks {
			sink.Flush()
		}
	}
	s.dirty = s.dirty[:0]
}

// take brings one message to where it belongs. It returns why the connection must end.
func (s *session) take(ctx context.Context, conn dial.Conn, d Dialect, msg []byte, received time.Time) error {
	s.count++
	f := &s.frame
	f.reset()
	if err := d.Route(msg, f); err != nil {
		s.odd(err)
		return nil
	}
	if s.changed.Load() {
		s.reroute()
	}
	if f.Topic != nil {
		s.deliver(f, received)
	}
	if f.Reply != nil {
		if err := conn.Write(ctx, f.Reply); err != nil {
			s.hub.c.Log.Warn("heartbeat not answered", "endpoint", s.hub.c.Name, "why", err)
		}
	}
	if len(f.Acks) > 0 {
		s.acknowledge(f.Acks)
	}
	if f.Leave != "" {
		s.leave(f.Leave)
	}
	if f.Answer != nil {
		s.answer(f)
	}
	if f.Denied != nil {
		return s.denied(f.Denied)
	}
	if f.Greeted && !s.greeted.Swap(true) {
		s.wake()
	}
	return nil
}

func (s *session) deliver(f *Frame, received time.Time) {
	r := s.latest // messages of one topic come in runs, and bots often watch one symbol
	if r == nil || string(f.Topic) != r.topic.name {
		if r = s.routes[string(f.Topic)]; r == nil {
			s.unknown.Add(1)
			return
		}
		s.latest = r
	}
	first := r.topic.heard.Load() == 0
	r.topic.hear(s.now)
	if s.heard.Load() != s.now {
		s.heard.Store(s.now)
	}
	if first {
		s.up(r)
	}
	for _, sink := range r.sinks {
		if err := sink.Data(f.Data, received); err != nil {
			s.odd(fmt.Errorf("%s: %w", r.topic.name, err))
		}
	}
	if !r.dirty {
		r.dirty = true
		s.dirty = append(s.dirty, r)
	}
}

// odd counts a message that could not be understood. The first of them and
// then fewer and fewer are logged.
func (s *session) odd(err error) {
	if n := s.malformed.Add(1); n&(n-1) == 0 {
		s.hub.c.Log.Warn("message not understood", "endpoint", s.hub.c.Name, "count", n, "why", err)
	}
}

// reroute makes the reader's routes anew. Sinks that go have their batch ended before.
func (s *session) reroute() {
	s.flush()
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	s.changed.Store(false)
	s.latest = nil
	old := s.routes
	s.routes = make(map[string]*route, len(s.topics))
	for name, t := range s.topics {
		if len(t.sinks) == 0 {
			continue
		}
		r := old[name]
		if r == nil || r.topic != t {
			r = &route{topic: t}
		}
		r.sinks = t.sinks
		s.routes[name] = r
	}
}

// up tells a topic's sinks that it is subscribed, once per subscription.
func (s *session) up(r *route) {
	s.hub.mu.Lock()
	told := r.topic.acked
	r.topic.acked, r.topic.alarms = true, 0
	unheard := r.topic.state == Unheard && r.topic.heard.Load() == 0 // once more acknowledged, which it was before
	if r.topic.state != Refused && !unheard {
		r.topic.state, r.topic.err = Subscribed, nil
	}
	sinks := r.topic.sinks // who has come since the routes were made would not be told
	s.hub.mu.Unlock()
	if told {
		return
	}
	for _, sink := range sinks {
		sink.Up()
	}
}

// leave notes that the venue will close the connection: the keeper replaces it.
func (s *session) leave(why string) {
	s.hub.mu.Lock()
	s.status.Leave = why
	s.hub.mu.Unlock()
	s.poke()
}

func (s *session) health() SocketHealth {
	h := s.status
	h.Frames, h.Unknown, h.Malformed = s.frames.Load(), s.unknown.Load(), s.malformed.Load()
	if n := s.heard.Load(); n > 0 {
		h.Heard = time.Unix(0, n)
	}
	for _, t := range s.topics {
		h.Topics = append(h.Topics, t.health())
	}
	slices.SortFunc(h.Topics, func(a, b TopicHealth) int { return cmp.Compare(a.Topic, b.Topic) })
	return h
}
