package exchange

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/depthwire/depthwire/stream"
)

// refill sees to it that the readers of a series get each closed candle once, in order. It notices when some may be missing: the stream
// was interrupted, or a candle that was seen open has been followed by the next. What is pushed from there on is held back
// while the missing ones are asked for, on the socket where the venue answers that, or else by REST. When they cannot be had
// in time the readers are told by a Break that is not healed.
//
// Values come from the goroutine that reads the socket, and from the workers of Client.refills. Who publishes holds turn, over
// the callbacks of readers too.
type refill struct {
	x    *series[Candle, *Candle]
	gone atomic.Bool // the last reader has left

	turn    sync.Mutex
	last    Candle        // that readers got; Start is zero: none
	hole    *stream.Break // what happened since
	held    []Candle      // pushed since, each the newest of its Start, ascending; empty: nothing is being asked for
	answer  []Candle      // on the socket, so far
	from    time.Time     // the first that is asked for
	clipped bool          // more are missing than are asked for
	life    int           // of the questions: an answer to an earlier one is ignored
	began   time.Time
	tries   int // by REST
	short   int // candles of an answer by REST that had holes
	asked   bool
	deaf    bool // the socket did not answer, since the stream was last interrupted
}

// Bounds of a refill.
const (
	refillWithin = time.Minute // as long as pushed candles may be held back
	refillTries  = 5           // by REST: 1, 2, 4 and 8 s apart
	mostHeld     = 128
	ahead        = time.Minute // a candle that begins so long after now is damaged, or our clock is wrong
)

var (
	errShort = errors.New("exchange: candles are missing in the answer")
	errHeld  = errors.New("exchange: too many candles wait for those that are missing")
	errNoWay = errors.New("exchange: the venue has no call for candles")
)

var byStart = sequence[Candle]{
	at: func(k *Candle) time.Time { return k.Start },
	id: func(k *Candle) string { return k.Start.String() },
}

// take brings a value that was pushed, or answered, to the readers.
func (m *refill) take(v *Candle, received time.Time) {
	m.turn.Lock()
	defer m.turn.Unlock()
	if open := m.x.heard(received); open != nil {
		m.hole, m.deaf = cmp.Or(m.hole, open), false
		m.drop() // some may be missing among what is held: all are asked for anew
	}
	if v.Start.After(received.Add(ahead + v.Interval.Duration())) { // by it nothing can be said to be missing
		m.tell(false, v, nil)
		m.x.feed.Publish(v)
		return
	}
	m.next(v)
}

func (m *refill) next(v *Candle) {
	waiting := len(m.held) > 0
	switch {
	case waiting && v.Start.Before(m.held[0].Start):
		m.reply(v)
	case waiting:
		m.hold(v)
	case m.last.Start.IsZero(), v.Start.Equal(m.last.Start) && !m.last.Closed:
		m.tell(true, v, nil)
		m.publish(v)
	case !v.Start.After(m.last.Start): // readers have it
	case m.last.Closed && (m.hole == nil || v.Start.Equal(m.last.Interval.After(m.last.Start))):
		m.tell(true, v, nil)
		m.publish(v)
	default:
		m.hold(v)
		m.ask()
	}
}

func (m *refill) publish(v *Candle) {
	m.last = *v
	m.last.Raw = nil
	m.x.feed.Publish(v)
}

// hold keeps a value back.
func (m *refill) hold(v *Candle) {
	i, found := slices.BinarySearchFunc(m.held, v, func(a Candle, b *Candle) int { return a.Start.Compare(b.Start) })
	switch {
	case found && m.held[i].Closed:
	case found:
		m.held[i] = *v
	case len(m.held) == mostHeld:
		m.giveUp(errHeld)
		m.next(v)
	default:
		m.held = slices.Insert(m.held, i, *v)
	}
}

// drop ends what is under way.
func (m *refill) drop() {
	m.held, m.answer = nil, nil
	m.life++
}

// ask begins to look for what is missing before the first that is held.
func (m *refill) ask() {
	first, length := m.held[0].Start, max(m.held[0].Interval.Duration(), time.Second)
	m.from, m.clipped, m.began, m.tries, m.short, m.asked = m.last.Start, false, time.Now(), 0, -1, false
	if most := time.Duration(m.x.c.o.Ring / 2); first.Sub(m.from)/length > most { // readers shall not be overrun
		m.from, m.clipped = first.Add(-most*length), true
	}
	if n := int(first.Sub(m.from) / length); n <= m.x.channel.Asked && !m.deaf {
		m.asked = true
		m.x.hub.Ask(m.x.topic, m.from, first.Add(-time.Second))
		m.later(answerLate)
		return
	}
	m.later(0)
}

// later has REST asked after a while.
func (m *refill) later(wait time.Duration) {
	life := m.life
	fetch := func() { m.x.c.refills.do(func() { m.fetch(life) }) }
	if wait == 0 {
		fetch()
		return
	}
	time.AfterFunc(wait, fetch)
}

// reply takes a candle from before those that are held: of an answer, or pushed late.
func (m *refill) reply(v *Candle) {
	if !m.asked && !v.Closed || len(m.answer) > m.x.c.o.Ring || v.Start.Before(m.from) {
		return
	}
	i, found := slices.BinarySearchFunc(m.answer, v, func(a Candle, b *Candle) int { return a.Start.Compare(b.Start) })
	if found {
		m.answer[i] = *v
	} else {
		m.answer = slices.Insert(m.answer, i, *v)
	}
	if m.whole(m.answer) {
		m.fill(m.answer)
	}
}

// whole reports whether rows reach without a hole from the first that is asked for to the first that is held.
func (m *refill) whole(rows []Candle) bool {
	next := m.from
	for i := range rows {
		if !rows[i].Start.Equal(next) {
			return false
		}
		next = rows[i].Interval.After(next)
	}
	return next.Equal(m.held[0].Start)
}

// fetch asks REST, in a life of the questions.
func (m *refill) fetch(life int) {
	m.turn.Lock()
	c, over := m.x.c, m.gone.Load() || life != m.life || len(m.held) == 0
	var a Args
	if !over {
		a = Args{Interval: m.held[0].Interval, Range: Range{Since: m.from, Until: m.held[0].Start}}
		m.deaf = m.deaf || m.asked && m.tries == 0
	}
	began := m.began
	m.turn.Unlock()
	if over || c.ctx.Err() != nil {
		return
	}
	rows, err := m.pull(a, began)
	m.turn.Lock()
	defer m.turn.Unlock()
	switch {
	case life != m.life || len(m.held) == 0 || c.ctx.Err() != nil: // answered, or interrupted, meanwhile
	case err != nil:
		m.retry(err)
	case m.whole(rows), len(rows) > 0 && len(rows) == m.short && (m.clipped || rows[0].Start.Equal(m.from)): // twice the same: nothing was traded where there is none
		m.fill(rows)
	default:
		m.short = len(rows)
		m.retry(errShort)
	}
}

// pull fetches the candles of a. An answer that lay in a cache since before they were closed is refused.
func (m *refill) pull(a Args, began time.Time) ([]Candle, error) {
	call := m.x.market.family.Pull.Candles
	if !call.serves(m.x.market) {
		return nil, errNoWay
	}
	if call.MaxAge > 0 {
		call.MaxAge = max(time.Since(began), 1)
	}
	ctx, cancel := context.WithDeadline(m.x.c.ctx, began.Add(refillWithin))
	defer cancel()
	return many(ctx, m.x.c, "WatchOHLCV", m.x.market, &call, a, byStart)
}

// retry asks once more, or gives up.
func (m *refill) retry(why error) {
	wait := time.Second << m.tries
	if e := (*Error)(nil); errors.As(why, &e) {
		wait = max(wait, e.RetryAfter)
	}
	m.tries++
	if m.tries == refillTries || time.Since(m.began)+wait > refillWithin || !Retryable(why) && why != errShort {
		m.giveUp(why)
		return
	}
	m.later(wait)
}

// fill gives the readers what was missing, and then what was held. All that lies before a candle under way is closed.
func (m *refill) fill(rows []Candle) {
	for i := range rows {
		if v := &rows[i]; v.Start.After(m.last.Start) || v.Start.Equal(m.last.Start) && !m.last.Closed {
			v.Closed = true
			m.tell(!m.clipped, v, nil)
			m.publish(v)
		}
	}
	m.tell(!m.clipped, &m.held[0], nil)
	m.release()
}

// giveUp tells the readers that something is missing.
func (m *refill) giveUp(why error) {
	x := m.x
	x.c.o.Log.Warn("missing candles not found", "venue", x.c.venue.Name, "symbol", x.market.Symbol, "why", why)
	if m.hole == nil {
		m.hole = &stream.Break{Cause: stream.Gap}
	}
	m.tell(false, &m.held[0], fmt.Errorf("%w: %w", ErrOutOfSync, why))
	m.release()
}

// release gives the readers what is held.
func (m *refill) release() {
	held := m.held
	m.drop()
	m.publish(&held[0]) // whatever is missing before it has been told
	for i := range held[1:] {
		m.next(&held[i+1])
	}
	m.x.feed.Flush()
}

// tell has v carry the Break of what happened before it, if anything did.
func (m *refill) tell(healed bool, v *Candle, why error) {
	if m.hole == nil {
		return
	}
	b := *m.hole
	b.To, b.Healed = v.Received, healed
	if b.From.IsZero() {
		b.From = m.last.Received
	}
	if why != nil {
		b.Err = errors.Join(b.Err, why)
	}
	m.hole = nil
	m.x.feed.Lose(&b)
}
