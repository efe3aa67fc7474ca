package record

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/record/wal"
)

// lookBack is how many records of a log are read when it is opened, to know when each series ended.
const lookBack = 1 << 20

// resume learns from the end of the log what its last writer was doing. Books that he left live are down since: that is written now, as
// of the last moment of which the log knows.
func (j *journal) resume(ctx context.Context) error {
	st := j.log.Stats()
	from := st.First
	if st.Next-from > lookBack {
		from = st.Next - lookBack
	}
	live := make(map[series]bool)
	var last time.Time
	var b Batch
	in := j.log.Reader(from)
	defer in.Close()
	for pos := from; pos < st.Next; {
		at, record, err := in.Next(ctx)
		var hole *wal.HoleError
		switch {
		case errors.As(err, &hole):
			pos = hole.To
			continue
		case err != nil:
			return err
		}
		pos = at + 1
		if b.Len() >= 1000 || b.names == nil {
			b.Reset(j.log.ID(), at)
		}
		if b.Add(at, record) != nil {
			continue // a sink that comes to it tells of it
		}
		last = later(last, j.learn(b.last(), live))
	}
	return j.lay(ctx, live, last.Add(1))
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// last returns the rows that have the newest one at their end.
func (b *Batch) last() *Rows {
	for _, r := range b.Tables {
		if r.Pos[r.Len()-1] == b.To-1 {
			return r
		}
	}
	return nil
}

// learn notes the newest row, and returns when it was received.
func (j *journal) learn(r *Rows, live map[series]bool) time.Time {
	if r == nil {
		return time.Time{}
	}
	i := r.Len() - 1
	received := Time(r.Columns[ReceivedColumn].Ints[i])
	if r.Table == GapTable {
		return received
	}
	s := series{venue: r.Columns[VenueColumn].Texts[i], symbol: r.Columns[SymbolColumn].Texts[i], channel: Channel(r.Table.Name)}
	if r.Table == CandleTable {
		s.interval = exchange.Interval(r.Columns[r.Table.Column("period")].Texts[i])
	}
	c := j.count(s)
	if c.last = received; r.Table == TradeTable {
		c.lastID = r.Columns[r.Table.Column("id")].Texts[i]
	}
	if r.Table == BookTable {
		live[s] = r.Columns[r.Table.Column("state")].Texts[i] != BookDown
	}
	return received
}

// laid is the Seq of a row by which a book that a dead recorder had left live is laid down: it was received long before the rows around it.
const laid = -1

// lay writes that the books that were live are not, as of since, and tells in the ledger of those rows and of the time in between.
func (j *journal) lay(ctx context.Context, live map[series]bool, since time.Time) error {
	var e Encoder
	var first, next uint64
	for s, is := range live {
		if !is {
			continue
		}
		v := exchange.OrderBook{Stamp: exchange.Stamp{Venue: s.venue, Symbol: s.symbol, Received: since, Seq: laid}}
		pos, err := j.log.Append(ctx, e.Book(BookDown, &v, nil, nil))
		if err != nil && !errors.Is(err, wal.ErrUnsynced) {
			return err
		}
		if next == 0 {
			first = pos
		}
		next = pos + 1
	}
	if next == 0 {
		return nil
	}
	now := time.Now()
	g := Gap{Cause: Resumed, From: since, To: now, FromID: strconv.FormatUint(first, 10), ToID: strconv.FormatUint(next, 10)}
	return j.put(ctx, e.Gap(&g, now))
}
