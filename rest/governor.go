package rest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Governor keeps the state of limits. The zero value is ready. It is safe for concurrent use; all that count against the
// same limits share one by pointer, REST clients and sockets alike.
type Governor struct {
	// Clock tells the venue's time, by which fixed windows begin; nil means the local one. It is set before the first use.
	Clock *Clock

	mu      sync.Mutex
	budgets map[*Limit]*budget
	stop    stop      // of everything
	queue   []*waiter // by priority, then by arrival
	round   uint64    // of serve, see budget.round
	timer   *time.Timer
	wake    time.Time // when timer fires; zero: it does not
}

// budget is one limit's state.
type budget struct {
	window
	allowed int
	stop    stop
	// In the round of the Governor that round names, a waiter of this priority waits for room here: only the more urgent
	// may pass it, however small their cost.
	head  Priority
	round uint64
}

type stop struct {
	until  time.Time
	reason error
}

type waiter struct {
	priority Priority
	charges  []Charge
	deadline time.Time // zero: none
	heads    bool      // it is the head of a budget
	done     chan struct{}
	err      error // set before done is closed
}

// Wait returns when the charges may be spent, and spends them: all or none. It waits in order of priority, then of arrival;
// those who wait for other limits are not held up. It returns
//
//   - ErrCharge at once for charges that cannot be met at all,
//   - *LimitError at once when the deadline of ctx comes before the limits can have room, or before a stop ends,
//   - the cause of ctx when it ends.
//
// Without waiting it does not allocate.
func (g *Governor) Wait(ctx context.Context, p Priority, cs ...Charge) error {
	if err := check(cs); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	g.mu.Lock()
	now := time.Now()
	if !g.wake.IsZero() && !now.Before(g.wake) { // those in the queue come first, even when the timer is late
		g.serve(now)
	}
	k := g.lack(now, p, cs)
	if k.none() {
		g.spend(now, cs)
		g.mu.Unlock()
		return nil
	}
	deadline, _ := ctx.Deadline()
	if k.after(deadline) {
		g.mu.Unlock()
		return k.err(now)
	}
	w := &waiter{priority: p, charges: slices.Clone(cs), deadline: deadline, done: make(chan struct{})}
	g.enqueue(now, w, k)
	g.mu.Unlock()

	select {
	case <-w.done:
		return w.err
	case <-ctx.Done():
		return g.leave(w, context.Cause(ctx))
	}
}

// Try spends the charges if they may be spent now, and reports whether it has.
func (g *Governor) Try(p Priority, cs ...Charge) bool {
	if check(cs) != nil {
		return false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	k := g.lack(now, p, cs)
	if k.none() {
		g.spend(now, cs)
	}
	return k.none()
}

func check(cs []Charge) error {
	for _, c := range cs {
		switch l := c.Limit; {
		case l == nil || l.Max <= 0 || l.Per <= 0:
			return fmt.Errorf("%w: limit without size", ErrCharge)
		case c.Cost < 0 || cost(cs, l) > l.allowed():
			return fmt.Errorf("%w: %d of %d allowed in limit %s", ErrCharge, c.Cost, l.allowed(), l.Name)
		}
	}
	return nil
}

// cost sums the charges of one limit, of which there may be several.
func cost(cs []Charge, l *Limit) (sum int) {
	for _, c := range cs {
		if c.Limit == l {
			sum += c.Cost
		}
	}
	return sum
}

// lack is what keeps charges from being spent.
type lack struct {
	until  time.Time // not before; zero: only others who come first
	limit  *Limit    // that says so
	reason error
	behind bool // another waiter comes first
}

func (k *lack) none() bool { return k.until.IsZero() && !k.behind }

func (k *lack) after(deadline time.Time) bool { return !deadline.IsZero() && k.until.After(deadline) }

func (k *lack) err(now time.Time) error {
	return &LimitError{Limit: k.limit, RetryAfter: k.until.Sub(now), Reason: k.reason}
}

func (k *lack) later(until time.Time, l *Limit, reason error) {
	if until.After(k.until) {
		k.until, k.limit, k.reason = until, l, reason
	}
}

func (g *Governor) lack(now time.Time, p Priority, cs []Charge) (k lack) {
	if g.stop.until.After(now) {
		k.later(g.stop.until, nil, g.stop.reason)
	}
	offset := g.Clock.Offset()
	for _, c := range cs {
		b := g.budget(c.Limit)
		if b.stop.until.After(now) {
			k.later(b.stop.until, c.Limit, b.stop.reason)
		}
		if b.round == g.round && b.head >= p && c.Cost > 0 {
			k.behind = true
			continue
		}
		if g.short(b, now.Add(offset), cs, c) {
			k.later(b.next(now.Add(offset)).Add(-offset), c.Limit, nil)
		}
	}
	return k
}

// short reports whether the budget lacks room for the charges; c is one of them.
func (g *Governor) short(b *budget, venue time.Time, cs []Charge, c Charge) bool {
	return c.Cost > 0 && b.spent(venue)+cost(cs, c.Limit) > b.allowed
}

func (g *Governor) spend(now time.Time, cs []Charge) {
	venue := now.Add(g.Clock.Offset())
	for _, c := range cs {
		if c.Cost > 0 {
			g.budget(c.Limit).add(venue, c.Cost)
		}
	}
}

func (g *Governor) budget(l *Limit) *budget {
	b := g.budgets[l]
	if b == nil {
		if g.budgets == nil {
			g.budgets = map[*Limit]*budget{}
		}
		b = &budget{window: newWindow(l), allowed: l.allowed(), round: g.round - 1}
		g.budgets[l] = b
	}
	return b
}

func (g *Governor) enqueue(now time.Time, w *waiter, k lack) {
	// behind those of its own priority
	i, _ := slices.BinarySearchFunc(g.queue, w.priority, func(o *waiter, p Priority) int {
		if o.priority >= p {
			return -1
		}
		return 1
	})
	g.queue = slices.Insert(g.queue, i, w)
	g.hold(now, w)
	if !k.behind && (g.wake.IsZero() || k.until.Before(g.wake)) {
		g.sleep(now, k.until)
	}
}

// hold makes w the head of the budgets that lack room for it. Those that have room stay open to others: an order that
// waits for the day's count must not keep snapshots from the minute's weight.
func (g *Governor) hold(now time.Time, w *waiter) {
	venue := now.Add(g.Clock.Offset())
	for _, c := range w.charges {
		b := g.budget(c.Limit)
		held := b.round == g.round && b.head >= w.priority
		if !held && g.short(b, venue, w.charges, c) {
			b.head, b.round = w.priority, g.round
			w.heads = true
		}
	}
}

// leave takes a cancelled waiter out of the queue, unless it was served meanwhile.
func (g *Governor) leave(w *waiter, cause error) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	i := slices.Index(g.queue, w)
	if i < 0 {
		return w.err
	}
	g.queue = slices.Delete(g.queue, i, i+1)
	if w.heads || len(g.queue) == 0 {
		g.serve(time.Now())
	}
	return cause
}

// serve walks the queue: who can go goes, who cannot before his deadline is told, and the timer is set for the next chance.
func (g *Governor) serve(now time.Time) {
	g.round++ // no budget has a head
	var wake time.Time
	g.queue = slices.DeleteFunc(g.queue, func(w *waiter) bool {
		w.heads = false
		k := g.lack(now, w.priority, w.charges)
		switch {
		case k.none():
			g.spend(now, w.charges)
		case k.after(w.deadline):
			w.err = k.err(now)
		default:
			g.hold(now, w)
			if !k.behind && (wake.IsZero() || k.until.Before(wake)) {
				wake = k.until
			}
			return false
		}
		close(w.done)
		return true
	})
	g.sleep(now, wake)
}

// sleep sets the timer. There is one for all who wait, and none while nobody does.
func (g *Governor) sleep(now, wake time.Time) {
	g.wake = wake
	pause := max(wake.Sub(now), time.Millisecond) // wall clocks step: never spin
	switch {
	case wake.IsZero():
		if g.timer != nil {
			g.timer.Stop()
		}
	case g.timer == nil:
		g.timer = time.AfterFunc(pause, func() {
			g.mu.Lock()
			defer g.mu.Unlock()
			g.serve(time.Now())
		})
	default:
		g.timer.Reset(pause)
	}
}

// Stop makes everybody wait until then who charges one of the limits, or simply everybody when none is named. Who has a
// deadline before that gets a *LimitError with the reason at once. A stop is only ever prolonged.
func (g *Governor) Stop(until time.Time, reason error, ls ...*Limit) {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := stop{until, reason}
	if len(ls) == 0 && until.After(g.stop.until) {
		g.stop = s
	}
	for _, l := range ls {
		if b := g.budget(l); until.After(b.stop.until) {
			b.stop = s
		}
	}
	if len(g.queue) > 0 {
		g.serve(time.Now())
	}
}

// reopens is when to try limits again whose venue only said that they are overrun: when the next of their windows begins,
// or after the pause where none has windows.
func (g *Governor) reopens(ls []*Limit, pause time.Duration) time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	now, offset := time.Now(), g.Clock.Offset()
	var at time.Time
	for _, l := range ls {
		if !l.Fixed {
			continue
		}
		if end := g.budget(l).next(now.Add(offset)).Add(-offset); at.IsZero() || end.Before(at) {
			at = end
		}
	}
	if at.IsZero() {
		return now.Add(pause)
	}
	return at
}

// Observe corrects the count of a limit upwards by the venue's own, as told in the answer to a request sent at sent.
func (g *Governor) Observe(l *Limit, used int, sent time.Time) {
	if check([]Charge{{Limit: l}}) != nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	offset := g.Clock.Offset()
	g.budget(l).observe(time.Now().Add(offset), sent.Add(offset), used)
}

// Usage is the state of one limit at one time.
type Usage struct {
	Used, Allowed int
	Waiting       int       // callers that wait and charge it
	Stopped       time.Time // until when it, or everything, is stopped; in the past or zero: it is not
	Reason        error     // of the stop
}

// Usage reports on one limit.
func (g *Governor) Usage(l *Limit) Usage {
	if check([]Charge{{Limit: l}}) != nil {
		return Usage{}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	b := g.budget(l)
	u := Usage{Used: b.spent(g.Clock.Now()), Allowed: b.allowed, Stopped: b.stop.until, Reason: b.stop.reason}
	if g.stop.until.After(u.Stopped) {
		u.Stopped, u.Reason = g.stop.until, g.stop.reason
	}
	for _, w := range g.queue {
		if slices.ContainsFunc(w.charges, func(c Charge) bool { return c.Limit == l }) {
			u.Waiting++
		}
	}
	return u
}
