package record

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/record/wal"
)

// journal is the writing end of the log, for all who follow streams. It knows of each series what of it is in the log.
type journal struct {
	log    *wal.Log
	logger *slog.Logger
	append func(ctx context.Context, row []byte) (uint64, error) // the log's

	mu     sync.Mutex // over counts, never over the log
	counts map[series]*count
	said   time.Time // when it was said that the clock was set back
}

// count is what is known of one series. Who follows it writes it, with mu; Stats reads it.
type count struct {
	of            series
	numbered      bool // the venue numbers the rows
	begun         bool // this run has a row of it
	down          bool
	ended         bool // nothing more comes
	rows, dropped uint64
	gaps, healed  uint64
	last          time.Time // when the last row was received that is in the log
	lastID        string    // its id, where the venue numbers the rows
	opened        time.Time // From of the last gap that was told and not healed
	unlogged      *Gap      // what the log did not take, and has not been told
}

func newJournal(l *wal.Log, to *slog.Logger) *journal {
	return &journal{log: l, logger: to, append: l.Append, counts: make(map[series]*count)}
}

// count returns that of a series, made if it is new.
func (j *journal) count(s series) *count {
	j.mu.Lock()
	defer j.mu.Unlock()
	c := j.counts[s]
	if c == nil {
		c = &count{of: s}
		j.counts[s] = c
	}
	return c
}

// change does something to a count.
func (j *journal) change(do func()) {
	j.mu.Lock()
	defer j.mu.Unlock()
	do()
}

// before brings into the log what has to stand in front of a value: that the series begins, that the clock was set back by more than edge,
// what the log did not take, and what the venue left out. whole says that nothing is wrong any more, whatever the Break says: the value is a state, and there. first is its
// id, where the venue numbers the values of the series.
func (j *journal) before(ctx context.Context, e *Encoder, c *count, s *exchange.Stamp, whole bool, first string) error {
	if g := c.unlogged; g != nil {
		g.ToID = first
		if err := j.tell(ctx, e, c, g, s.Received); err != nil {
			return err
		}
		j.change(func() { c.unlogged = nil })
	}
	if !c.begun {
		g := Gap{Venue: c.of.venue, Symbol: c.of.symbol, Channel: c.of.channel, Cause: Start, From: c.last, To: s.Received, FromID: c.lastID, ToID: first}
		if err := j.tell(ctx, e, c, &g, s.Received); err != nil {
			return err
		}
		j.change(func() { c.begun = true })
	} else if back := c.last.UnixNano() - s.Received.UnixNano(); back > int64(edge) && !c.last.IsZero() {
		if err := j.setBack(ctx, e, c, s.Received, time.Duration(back)); err != nil {
			return err
		}
	}
	if s.Break == nil {
		return nil
	}
	g := gapOf(c.of, s.Break)
	g.Healed = g.Healed || whole
	return j.tell(ctx, e, c, &g, s.Received)
}

// setBack tells that our clock was: of each series in the ledger, once a minute in words.
func (j *journal) setBack(ctx context.Context, e *Encoder, c *count, to time.Time, by time.Duration) error {
	g := Gap{Venue: c.of.venue, Symbol: c.of.symbol, Channel: c.of.channel, Cause: Clock, From: c.last, To: to}
	err := j.tell(ctx, e, c, &g, to)
	j.change(func() {
		if j.said.IsZero() || time.Since(j.said) > time.Minute {
			j.said = time.Now()
			j.logger.Warn("the clock was set back: rows keep the order of the log", "by", by, "from", c.last, "to", to)
		}
		if err == nil {
			c.last = to
		}
	})
	return err
}

// put brings a row into the log. One that waits there for the disk is not lost, and not told as such: the log says when it is.
func (j *journal) put(ctx context.Context, row []byte) error {
	_, err := j.append(ctx, row)
	if errors.Is(err, wal.ErrUnsynced) {
		return nil
	}
	return err
}

// tell writes a gap; one that closes another is the same hole.
func (j *journal) tell(ctx context.Context, e *Encoder, c *count, g *Gap, told time.Time) error {
	if err := j.put(ctx, e.Gap(g, told)); err != nil {
		return err
	}
	j.change(func() {
		if g.Cause == Start || g.Cause == Clock {
			return
		}
		if !g.Healed || c.opened.IsZero() || !g.From.Equal(c.opened) {
			c.gaps++
		}
		if g.Healed {
			c.healed++
			c.opened = time.Time{}
		} else {
			c.opened = g.From
		}
	})
	return nil
}

// row writes a row and counts it. id is its own, where the venue numbers the rows.
func (j *journal) row(ctx context.Context, c *count, received time.Time, id string, row []byte) error {
	if err := j.put(ctx, row); err != nil {
		return err
	}
	j.change(func() { c.rows, c.last, c.lastID = c.rows+1, received, id })
	return nil
}

// lose notes that a value is not in the log: it is told when the log takes something again.
func (j *journal) lose(c *count, s *exchange.Stamp, why error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	c.dropped++
	g := c.unlogged
	if g == nil {
		g = &Gap{Venue: c.of.venue, Symbol: c.of.symbol, Channel: c.of.channel, Cause: Unlogged, From: c.last, FromID: c.lastID, Err: why.Error()}
		c.unlogged = g
	}
	g.To = s.Received
	g.Lost++
	if b := s.Break; b != nil { // it is told as one with what was dropped
		if !b.From.IsZero() && b.From.Before(g.From) {
			g.From, g.FromID = b.From, b.FromID
		}
		g.Lost += b.Lost
		g.Err = fmt.Sprintf("%v; among them: %s", why, b.Cause)
	}
}

// untold counts the values that nothing in the log tells of.
func (j *journal) untold() (n uint64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, c := range j.counts {
		if c.unlogged != nil {
			n += c.unlogged.Lost
		}
	}
	return n
}
