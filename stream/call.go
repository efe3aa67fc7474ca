package stream

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/depthwire/depthwire/dial"
)

// What is known of a request that has failed.
var (
	ErrNotSent  = errors.New("stream: request not sent")     // for certain: no byte of it has left
	ErrNoAnswer = errors.New("stream: request not answered") // it was sent, or a part of it: what the venue made of it is not known
)

var errLate = errors.New("stream: not in time")

// call is one request of Do. All but done is guarded by the hub.
type call struct {
	frame func(id string) ([]byte, error)
	until time.Time // when its caller gives up; zero: not before Config.Answer
	id    string    // empty: nothing of it has been written
	begun time.Time // when the writing began
	over  bool      // its caller knows, or does not wait any more
	done  chan result
}

type result struct {
	answer []byte
	err    error
}

// end tells the caller. The hub is locked.
func (c *call) end(answer []byte, err error) {
	if !c.over {
		c.over = true
		c.done <- result{answer, err}
	}
}

// fail ends the call with what is known of it. The hub is locked.
func (c *call) fail(why error) { c.end(nil, c.failure(why)) }

func (c *call) failure(why error) error {
	if c.id == "" {
		return fmt.Errorf("%w: %w", ErrNotSent, why)
	}
	return fmt.Errorf("%w: %w", ErrNoAnswer, why)
}

// Do sends one request over a connection of the hub and returns a copy of the answer, which the Dialect knows by its id,
// Frame.Answer. Where there is no connection one is made, and kept for Linger. frame makes the request; it is called
// by the connection's goroutine just before the writing and must not wait. Requests go out in order, at the venue's
// pace, before subscriptions.
//
// Errors are ErrNotSent or ErrNoAnswer, around the reason. A request is not sent twice. It waits no longer than 3 s to be sent, not at
// all while an attempt to connect takes longer or has failed and the next is not due, and then Config.Answer for the answer.
func (h *Hub) Do(ctx context.Context, frame func(id string) ([]byte, error)) ([]byte, error) {
	c := &call{frame: frame, done: make(chan result, 1)}
	c.until, _ = ctx.Deadline()
	if ctx.Err() != nil {
		return nil, c.failure(context.Cause(ctx))
	}
	s, err := h.carry(c)
	if err != nil {
		return nil, c.failure(err)
	}
	late := time.NewTimer(sendWithin)
	defer late.Stop()
	for {
		select {
		case r := <-c.done:
			return r.answer, r.err
		case <-ctx.Done():
			return h.withdraw(s, c, context.Cause(ctx))
		case now := <-late.C:
			if left := h.left(c, now); left > 0 {
				late.Reset(left)
				continue
			}
			return h.withdraw(s, c, errLate)
		}
	}
}

// sendWithin is how long a request waits for a connection and for the venue's pace: who sends one has another way to do it.
const sendWithin = 3 * time.Second

// carry gives the call to a connection.
func (h *Hub) carry(c *call) (*session, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, errClosed
	}
	s := h.line()
	switch {
	case s.resting:
		return nil, s.status.Err
	case !s.ready() && !s.tried.IsZero() && time.Since(s.tried) > sendWithin:
		return nil, errLate
	}
	s.waiting = append(s.waiting, c)
	s.wake()
	return s, nil
}

// line returns the connection that takes requests: one that stands, if there is one.
func (h *Hub) line() (best *session) {
	for _, s := range h.sessions {
		switch {
		case s.ready() && !s.spent:
			return s
		case best == nil || best.resting:
			best = s
		}
	}
	if best == nil {
		best = h.open()
	}
	return best
}

// ready reports whether the connection stands, and the venue has accepted who connects. The hub is locked.
func (s *session) ready() bool { return s.status.Connected && s.greeted.Load() }

// left is how long the answer may still take, 0 when nothing has been sent.
func (h *Hub) left(c *call, now time.Time) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	if c.id == "" {
		return 0
	}
	return h.c.Answer - now.Sub(c.begun)
}

// withdraw ends the waiting of a call's own caller.
func (h *Hub) withdraw(s *session, c *call, why error) ([]byte, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	c.fail(why) // unless it is over: then what it ended with counts
	delete(s.begun, c.id)
	s.waiting = slices.DeleteFunc(s.waiting, func(x *call) bool { return x == c })
	r := <-c.done
	return r.answer, r.err
}

// call sends the requests that are due.
func (k *keeper) call(ctx context.Context, now time.Time) error {
	for {
		c, id := k.due(now)
		if c == nil {
			return nil
		}
		frame, err := c.frame(id)
		if !k.start(c, id, err) {
			continue
		}
		k.pacer.note(now, request)
		if err := k.write(ctx, frame); err != nil {
			k.unsent(c, err)
			return err
		}
	}
}

// due takes the next request, unless the venue's pace or a connection that is to be replaced has it wait.
func (k *keeper) due(now time.Time) (c *call, id string) {
	k.hub.mu.Lock()
	defer k.hub.mu.Unlock()
	if len(k.waiting) == 0 || k.leaving(now) {
		return nil, ""
	}
	if wait := k.pacer.wait(now, request); wait > 0 {
		k.rest = min(k.rest, wait)
		k.waiting = slices.DeleteFunc(k.waiting, func(c *call) bool {
			if hopeless := wait > sendWithin || !c.until.IsZero() && c.until.Before(now.Add(wait)); !hopeless {
				return false
			}
			c.fail(fmt.Errorf("stream: the venue's pace has it wait for %v", wait))
			return true
		})
		return nil, ""
	}
	c, k.waiting = k.waiting[0], k.waiting[1:]
	k.hub.calls++
	return c, "o" + strconv.FormatUint(k.hub.calls, 10)
}

// start notes that the writing of a request begins. It does not where there is no frame, or nobody waits any more.
func (k *keeper) start(c *call, id string, unmade error) bool {
	k.hub.mu.Lock()
	defer k.hub.mu.Unlock()
	if unmade != nil {
		c.fail(unmade)
	}
	if c.over {
		return false
	}
	c.id, c.begun = id, time.Now()
	k.begun[id] = c
	return true
}

// unsent is about a write that has failed: where no byte has left, that is known. Of others the end of the connection tells.
func (k *keeper) unsent(c *call, err error) {
	k.hub.mu.Lock()
	defer k.hub.mu.Unlock()
	if failed, ok := errors.AsType[*dial.Error](err); ok && failed.Op == "write" && failed.Sent == 0 {
		delete(k.begun, c.id)
		c.id = ""
		c.fail(err)
	}
}

// answer brings an answer to who has asked.
func (s *session) answer(f *Frame) {
	s.answers++
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	c := s.begun[string(f.Answer)]
	if c == nil {
		s.unknown.Add(1)
		return
	}
	delete(s.begun, c.id)
	c.end(slices.Clone(f.Data), nil)
}

// hang ends what was asked on a connection that is lost. What waits to be sent waits on when the connection ends as planned, for the next
// one. The hub is locked.
func (s *session) hang(why error) {
	for _, c := range s.begun {
		c.fail(why)
	}
	clear(s.begun)
	if !errors.Is(why, errIdle) && !errors.Is(why, errLeaving) {
		s.drop(why)
	}
}

// drop ends what waits to be sent. The hub is locked.
func (s *session) drop(why error) {
	for _, c := range s.waiting {
		c.fail(why)
	}
	s.waiting = nil
}
