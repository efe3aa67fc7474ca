package record

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/depthwire/depthwire/exchange"
)

// series is one kind of rows of one market.
type series struct {
	venue, symbol string
	channel       Channel
}

// queue is the bounded buffer between the readers and the writer. Rows are
// gathered in batches of equal size; what does not fit is dropped, and a gap of its series
// says so when there is room again.
type queue struct {
	bound int           // rows, those of the batch being written included
	size  int           // rows of a batch
	full  chan struct{} // of one: a batch is full

	mu      sync.Mutex
	filling *Batch
	ready   []*Batch
	spare   *Batch
	rows    int
	counts  map[series]*count
	written written
}

// count is what is known of one series.
type count struct {
	rows, dropped uint64
	gaps, healed  uint64
	opened        time.Time // From of the last gap that was told and not healed
	behind        *Gap      // of the rows that were dropped and not yet told of
}

// written is what the writer tells.
type written struct {
	cursor  uint64
	rows    uint64
	batches uint64
	failed  uint64
	err     error
}

func newQueue(bound, size int) *queue {
	return &queue{bound: bound, size: size, full: make(chan struct{}, 1), filling: new(Batch), counts: make(map[series]*count)}
}

// kind tells the queue about one kind of rows.
type kind[T any] struct {
	channel Channel
	state   bool // a value is all there is to know, not one of many
	stamp   func(*T) *exchange.Stamp
	rows    func(*Batch) *[]T
	gone    func(*T) bool // v tells that there is nothing: it is no row; nil: never
}

// put accepts v and what is missing before it, or counts it as dropped.
func put[T any](q *queue, k *kind[T], v *T) {
	stamp := k.stamp(v)
	s := series{stamp.Venue, stamp.Symbol, k.channel}
	gone := k.gone != nil && k.gone(v)
	if gone && stamp.Break == nil {
		return // not there yet: nothing is missing
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	c := q.count(s)
	if q.rows >= q.bound {
		c.drop(s, stamp, gone)
		return
	}
	if c.rows == 0 && c.dropped == 0 && !gone {
		q.gap(Gap{Venue: s.venue, Symbol: s.symbol, Channel: s.channel, Cause: Start, To: stamp.Received})
	}
	q.behind(c)
	if b := stamp.Break; b != nil {
		g := gapOf(s, b)
		// A state that is there is whole, whatever was missed before it.
		g.Healed = g.Healed || (k.state && !gone)
		c.tell(g)
		q.gap(g)
	}
	if gone {
		return
	}
	c.rows++
	rows := k.rows(q.filling)
	*rows = append(*rows, *v)
	q.added()
}

func (q *queue) count(s series) *count {
	c := q.counts[s]
	if c == nil {
		c = new(count)
		q.counts[s] = c
	}
	return c
}

// drop counts a row, and what was missing before it, as one hole with those dropped around it.
func (c *count) drop(s series, stamp *exchange.Stamp, gone bool) {
	g := c.behind
	if g == nil {
		g = &Gap{Venue: s.venue, Symbol: s.symbol, Channel: s.channel, Cause: Behind, From: stamp.Received}
		c.behind = g
	}
	g.To = stamp.Received
	if b := stamp.Break; b != nil {
		if !b.From.IsZero() && b.From.Before(g.From) {
			g.From, g.FromID = b.From, b.FromID
		}
		g.Lost += b.Lost
		if g.Err == "" {
			g.Err = "among them: " + string(b.Cause)
		}
	}
	if !gone {
		g.Lost++
		c.dropped++
	}
}

// tell counts a gap; the one that closes another is the same hole.
func (c *count) tell(g Gap) {
	if !g.Healed || !g.From.Equal(c.opened) || c.opened.IsZero() {
		c.gaps++
	}
	c.opened = time.Time{}
	if g.Healed {
		c.healed++
	} else {
		c.opened = g.From
	}
}

// behind tells of the rows of a series that were dropped.
func (q *queue) behind(c *count) {
	if g := c.behind; g != nil {
		c.behind = nil
		c.tell(*g)
		q.gap(*g)
	}
}

// gap accepts a gap, room or not: there are few, at most three before a row.
func (q *queue) gap(g Gap) {
	q.filling.Gaps = append(q.filling.Gaps, g)
	q.added()
}

// end notes that a series has ended.
func (q *queue) end(g Gap) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.count(series{g.Venue, g.Symbol, g.Channel}).tell(g)
	q.gap(g)
}

func (q *queue) added() {
	q.rows++
	if q.filling.Rows() < q.size {
		return
	}
	q.seal()
	select {
	case q.full <- struct{}{}:
	default:
	}
}

func (q *queue) seal() {
	q.ready = append(q.ready, q.filling)
	if q.filling, q.spare = q.spare, nil; q.filling == nil {
		q.filling = new(Batch)
	}
}

// take returns the oldest batch that is full, or, if all is true, what there is. It is
// nil when there is nothing.
func (q *queue) take(all bool) *Batch {
	q.mu.Lock()
	defer q.mu.Unlock()
	if all && len(q.ready) == 0 {
		for _, c := range q.counts {
			q.behind(c) // of series that have been quiet since
		}
	}
	if all && len(q.ready) == 0 && q.filling.Rows() > 0 {
		q.seal()
	}
	if len(q.ready) == 0 {
		return nil
	}
	b := q.ready[0]
	q.ready = slices.Delete(q.ready, 0, 1)
	return b
}

// stored gives the room of a batch back.
func (q *queue) stored(b *Batch) {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := b.Rows()
	q.rows -= n
	q.written.rows += uint64(n)
	q.written.cursor = b.To
	q.written.batches++
	q.written.err = nil
	b.empty()
	q.spare = b
}

func (q *queue) failed(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.written.failed++
	q.written.err = err
}

// left says in words what is in b and in the queue, and what was dropped and not told
// of. It is empty when there is nothing.
func (q *queue) left(b *Batch) string {
	q.mu.Lock()
	defer q.mu.Unlock()
	all := append(slices.Clone(q.ready), q.filling)
	if b != nil {
		all = append(all, b)
	}
	var sum struct{ trades, books, tickers, bidAsks, gaps, dropped int }
	for _, b := range all {
		sum.trades += len(b.Trades)
		sum.books += len(b.Books)
		sum.tickers += len(b.Tickers)
		sum.bidAsks += len(b.BidAsks)
		sum.gaps += len(b.Gaps)
	}
	for _, c := range q.counts {
		if c.behind != nil {
			sum.dropped += int(c.behind.Lost)
		}
	}
	var words []string
	for _, x := range []struct {
		n    int
		what string
	}{{sum.trades, "trades"}, {sum.books, "books"}, {sum.tickers, "tickers"}, {sum.bidAsks, "best prices"}, {sum.gaps, "gaps"}, {sum.dropped, "dropped before"}} {
		if x.n > 0 {
			words = append(words, fmt.Sprint(x.n, " ", x.what))
		}
	}
	return strings.Join(words, ", ")
}
