package stream

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/depthwire/depthwire/dial"
)

// tick is how often the keeper looks: an alarm is raised at most so late.
const tick = 250 * time.Millisecond

// keep sends what is to be sent on a connection and watches it for silence.
// It returns why the connection must end.
func (s *session) keep(ctx context.Context, conn dial.Conn, d Dialect) error {
	k := keeper{session: s, conn: conn, dialect: d, pacer: newPacer(s.hub.c.Rates), began: time.Now()}
	k.busy, k.beaten, k.paused = k.began, k.began, k.began
	clock := time.NewTimer(tick)
	defer clock.Stop()
	if err := k.greet(ctx); err != nil {
		return err
	}
	first := []func(context.Context, time.Time) error{k.welcome, k.beat, k.end}
	steps := []func(context.Context, time.Time) error{k.call, k.change, k.ask, k.beat, k.listen, k.end}
	for {
		now := time.Now()
		k.rest = tick
		due := steps
		if !k.greeted.Load() {
			due = first
		}
		for _, step := range due {
			if err := step(ctx, now); err != nil {
				return err
			}
		}
		clock.Reset(k.rest)
		select {
		case <-clock.C:
		case <-s.nudge:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// keeper is what keep knows of one connection.
type keeper struct {
	*session
	conn    dial.Conn
	dialect Dialect
	pacer   *pacer
	began   time.Time
	busy    time.Time     // when there was last a topic
	beaten  time.Time     // when the last heartbeat was sent
	rest    time.Duration // until there is something to do, at most a tick
	paused  time.Time     // when there was last a silence of Quiet
}

// lively is how long a connection must have carried data without a pause for silence to count from Quiet again.
const lively = 10 * time.Minute

// writeWithin bounds one write: a peer that takes nothing for so long is dead.
const writeWithin = 10 * time.Second

func (k *keeper) write(ctx context.Context, msg []byte) error {
	ctx, cancel := context.WithTimeout(ctx, writeWithin)
	defer cancel()
	if err := k.conn.Write(ctx, msg); err != nil {
		return fmt.Errorf("stream: write: %w", err)
	}
	return nil
}

// change brings what the venue sends in line with what is wanted. What is
// subscribed and cancelled again before the pace allows to say so is never said.
func (k *keeper) change(ctx context.Context, now time.Time) error {
	for {
		if len(k.queue) == 0 {
			k.plan(now)
		}
		if len(k.queue) == 0 {
			return nil
		}
		if q := k.queue[0]; q.Mute && len(q.Frame) == 0 {
			k.queue = k.queue[1:]
			tell(k.note(q, now))
			continue
		}
		if wait := k.pacer.wait(now, request); wait > 0 {
			if wait > longWait {
				k.pass()
			}
			k.rest = min(k.rest, wait)
			return nil
		}
		if gate := k.hub.c.Gate; gate != nil && !gate() {
			return nil
		}
		q := k.queue[0]
		k.queue = k.queue[1:]
		k.pacer.note(now, request)
		up := k.note(q, now) // before the answer can come
		if err := k.write(ctx, q.Frame); err != nil {
			return err
		}
		tell(up)
	}
}

func tell(up []Sink) {
	for _, sink := range up {
		sink.Up()
	}
}

// longWait is how long a subscription may have to wait for the venue's pace before another
// connection is asked to make it.
const longWait = 5 * time.Second

// pass gives the subscriptions that wait to other connections.
func (k *keeper) pass() {
	var names []string
	k.queue = slices.DeleteFunc(k.queue, func(q Request) bool {
		if !q.Drop {
			names = append(names, q.Topics...)
		}
		return !q.Drop
	})
	if len(names) > 0 {
		k.hub.move(k.session, names)
	}
}

// plan queues the requests that are due.
func (k *keeper) plan(now time.Time) {
	k.hub.mu.Lock()
	defer k.hub.mu.Unlock()
	var held, add, drop []string
	for name, t := range k.topics {
		if t.sent {
			held = append(held, name)
		}
		switch {
		case t.sent && t.again && t.wanted():
			drop, add = append(drop, name), append(add, name)
			t.again, t.asked = false, time.Time{}
		case t.sent && !t.wanted():
			drop = append(drop, name)
			t.sent, t.again = false, false
		case !t.sent && t.wanted():
			add = append(add, name)
			t.sent, t.asked = true, time.Time{} // until it is on the wire
		case !t.sent && len(t.sinks) == 0:
			delete(k.topics, name)
			delete(k.hub.where, name)
		}
	}
	if len(add)+len(drop) > 0 {
		k.queue = k.dialect.Change(now, held, add, drop)
	}
}

// ask sends the questions that are due. Subscriptions go before them.
func (k *keeper) ask(ctx context.Context, now time.Time) error {
	a, ok := k.dialect.(Asker)
	for ok && len(k.queue) == 0 {
		if wait := k.pacer.wait(now, question); wait > 0 {
			k.rest = min(k.rest, wait)
			return nil
		}
		q, due := k.question(a)
		if !due {
			return nil
		}
		k.pacer.note(now, question)
		if err := k.write(ctx, q.Frame); err != nil {
			return err
		}
	}
	return nil
}

// question takes the next question about a topic that the connection carries.
func (k *keeper) question(a Asker) (q Request, due bool) {
	k.hub.mu.Lock()
	defer k.hub.mu.Unlock()
	for len(k.asks) > 0 && !due {
		next := k.asks[0]
		k.asks = k.asks[1:]
		if t := k.topics[next.topic]; t != nil && t.sent && t.wanted() {
			q, due = a.Ask(next.topic, next.from, next.to), true
			if q.ID != "" {
				delete(k.requests, t.question) // it was not answered
				k.requests[q.ID], t.question = q, q.ID
			}
		}
	}
	return q, due
}

// mostUnanswered bounds what is remembered of a venue that does not answer. No connection has as many topics.
const mostUnanswered = 4096

// note remembers what was asked, so that the answer can be matched. It returns the sinks of
// topics that count as subscribed without one.
func (k *keeper) note(q Request, now time.Time) (up []Sink) {
	k.hub.mu.Lock()
	defer k.hub.mu.Unlock()
	if q.ID != "" {
		if len(k.requests) >= mostUnanswered {
			clear(k.requests) // who has answered none of so many will not begin: what is still wanted is asked for again
		}
		k.requests[q.ID] = q
	}
	for _, name := range q.Topics {
		t := k.topics[name]
		if t == nil {
			continue
		}
		if q.Drop {
			t.acked = false
			t.heard.Store(0)
			continue
		}
		t.asked = now
		t.asks++
		if t.state == Waiting {
			t.state = Asked
		}
		if q.Mute && !t.acked {
			t.acked = true
			up = append(up, t.sinks...)
		}
		if q.Mute && len(q.Frame) == 0 {
			t.state, t.err = Subscribed, nil
		}
	}
	return up
}

// beat sends the venue's own heartbeat when it is due. Where the venue has none a control
// ping asks a connection that has been silent for half the bound whether it lives.
func (k *keeper) beat(ctx context.Context, now time.Time) error {
	b, ok := k.dialect.(Beater)
	if !ok {
		return k.ping(ctx, now)
	}
	msg, every := b.Beat(now)
	late := now.Sub(k.beaten) - every
	if late < 0 || (late < every/4 && k.pacer.wait(now, beat) > 0) { // it may come a little later where messages have a pace
		return nil
	}
	k.beaten = now
	k.pacer.note(now, beat)
	return k.write(ctx, msg)
}

func (k *keeper) ping(ctx context.Context, now time.Time) error {
	half := k.hub.c.Quiet / 2
	p, ok := k.conn.(dial.Pinger)
	if !ok || now.Sub(k.lastAny()) < half || now.Sub(k.beaten) < half {
		return nil
	}
	k.beaten = now
	k.pacer.note(now, beat)
	ctx, cancel := context.WithTimeout(ctx, writeWithin)
	defer cancel()
	return p.Ping(ctx, nil)
}

// listen raises the alarms of silence: of the whole connection, which is then
// replaced, and of single topics, which are asked for again.
func (k *keeper) listen(_ context.Context, now time.Time) error {
	quiet := now.Sub(k.lastHeard())
	if quiet > k.hub.c.Quiet {
		k.paused = now
	} else if now.Sub(k.paused) > lively {
		k.patience = 0 // it was not the market
	}
	bound := k.hub.c.Quiet << k.patience
	switch {
	case now.Sub(k.lastAny()) > k.hub.c.Quiet:
		return errDead
	case quiet > bound && !k.calm() && (!k.hub.c.Calm || k.overdue(now)):
		k.patience = min(k.patience+1, 4) // it may be the market that is quiet: do not reconnect for ever
		return errQuiet
	}
	for _, a := range k.alarms(now, quiet) {
		k.hub.c.Log.Warn("topic is silent", "endpoint", k.hub.c.Name, "topic", a.topic.name, "state", a.state, "since", a.since)
		for _, sink := range a.sinks {
			sink.Down(&Break{Cause: Silence, From: a.since, Err: a.err})
		}
	}
	return nil
}

// calm reports whether no topic is wanted of which something is to be heard.
func (k *keeper) calm() bool {
	k.hub.mu.Lock()
	defer k.hub.mu.Unlock()
	for _, t := range k.topics {
		if t.wanted() && !t.rare() {
			return false
		}
	}
	return true
}

// overdue reports whether a topic is silent against a rhythm that it has kept on this connection. Where silence
// is no sign of anything else, that is one: once, for a rhythm that is not heard again says nothing more.
func (k *keeper) overdue(now time.Time) bool {
	k.hub.mu.Lock()
	defer k.hub.mu.Unlock()
	for _, t := range k.topics {
		limit, heard := t.limit.Load(), t.heard.Load()
		if t.wanted() && !t.rare() && limit > 0 && heard > 0 && now.UnixNano()-heard > limit {
			return true
		}
	}
	return false
}

// lastHeard is when data last came, or the connection began.
func (k *keeper) lastHeard() time.Time {
	if n := k.heard.Load(); n > 0 {
		return time.Unix(0, n)
	}
	return k.began
}

// lastAny is when anything last came, control frames included where the connection
// tells of them.
func (k *keeper) lastAny() time.Time {
	last := time.Unix(0, k.any.Load())
	if h, ok := k.conn.(dial.Heard); ok {
		if at := h.LastHeard(); at.After(last) {
			return at
		}
	}
	return last
}

// alarm is one topic whose silence is to be told.
type alarm struct {
	topic *topic
	sinks []Sink
	state TopicState
	since time.Time
	err   error
}

// alarms finds the topics that were not answered, or have gone silent while the
// connection speaks, and has them asked for again.
func (k *keeper) alarms(now time.Time, quiet time.Duration) (all []alarm) {
	k.hub.mu.Lock()
	defer k.hub.mu.Unlock()
	for _, t := range k.topics {
		if !t.sent || !t.wanted() || t.again || t.asked.IsZero() {
			continue
		}
		heard, asked := t.heard.Load(), now.Sub(t.asked)
		if heard > 0 {
			limit := time.Duration(t.limit.Load()) << min(t.alarms, 6)
			since := time.Unix(0, heard)
			if limit == 0 || now.Sub(since) <= limit || quiet > time.Duration(leastQuiet) || t.rare() {
				continue
			}
			t.alarms++
			t.state, t.again = Silent, true
			all = append(all, alarm{t, t.sinks, Silent, since, nil})
			continue
		}
		switch {
		case !t.acked && asked > k.hub.c.Answer<<min(t.asks-1, 5):
			t.sent = false // asked again: the venue may not have heard us
			if t.asks > 1 {
				t.state, t.err = Unanswered, errNoAck
				all = append(all, alarm{t, t.sinks, Unanswered, t.asked, errNoAck})
			}
		case t.acked && asked > k.hub.c.Quiet<<min(t.asks-1, 5) && !t.rare():
			t.state, t.again = Unheard, true // acknowledged, but is there such a thing?
			all = append(all, alarm{t, t.sinks, Unheard, t.asked, nil})
		}
	}
	return all
}

// end says when a connection has served its time.
func (k *keeper) end(_ context.Context, now time.Time) error {
	k.hub.mu.Lock()
	defer k.hub.mu.Unlock()
	if k.leaving(now) && len(k.begun) == 0 {
		k.status.LeaveSince = now
		return fmt.Errorf("%w: %s", errLeaving, k.status.Leave)
	}
	if k.wanted()+len(k.waiting)+len(k.begun) > 0 {
		k.busy = now
		return nil
	}
	if now.Sub(k.busy) > k.hub.c.Linger {
		return errIdle
	}
	return nil
}

// leaving reports whether the venue's notice is to be obeyed. The hub is locked.
func (k *keeper) leaving(now time.Time) bool {
	return k.status.Leave != "" && now.Sub(k.status.LeaveSince) > leaveEvery
}

// leaveEvery is how often a venue's notice is obeyed: some send it for hours.
const leaveEvery = 5 * time.Minute
