package clickhouse

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/depthwire/depthwire/internal/backend"
	"github.com/depthwire/depthwire/record"
)

// counted is a view of somebody else's on trades; the table that it fills remembers tokens if window is not 0.
func (p *place) counted(window int) {
	p.exec(fmt.Sprintf("CREATE TABLE counted (day Date, trades UInt64, size Decimal(38, 18)) ENGINE = SummingMergeTree ORDER BY day SETTINGS non_replicated_deduplication_window = %d", window))
	p.exec("CREATE MATERIALIZED VIEW counting TO counted AS SELECT toDate(time) AS day, count() AS trades, sum(ifNull(size, 0)) AS size FROM trades_rows GROUP BY day")
}

// A batch over four days, thus parts, and three tables comes several times: with Again, without it after an error that was none,
// after a new start; views count it once.
func TestOnceAcrossPartitionsTablesAndViews(t *testing.T) {
	both(t, func(t *testing.T, p *place) {
		s := p.open()
		p.counted(1000)
		const n = 300
		b := batch(1, 0, n, 20*time.Minute)
		write(t, s, b)
		p.once(1, n)
		p.want("SELECT toString(uniqExact(_partition_id) > 3) FROM bid_asks", "1")
		write(t, s, b) // the token alone
		p.once(1, n)
		b.Again = true
		write(t, s, b)
		s.Close()
		s = p.open()
		write(t, s, b)
		p.once(1, n)
		p.want("SELECT toString(sum(trades)) FROM counted", fmt.Sprint(n/3))

		other := batch(1, n, n, 20*time.Minute) // rows that are like those before are no duplicates
		write(t, s, other)
		p.once(1, 2*n)
		p.want("SELECT toString(sum(trades)) FROM counted", fmt.Sprint(2*n/3))
	})
}

// What the page says of views must be true: without the window a view counts twice.
func TestViewWithoutWindowCountsTwice(t *testing.T) {
	p := newPlace(t, backend.URL(t, protocols["native"]))
	s := p.open()
	p.counted(0)
	b := batch(1, 0, 30, time.Millisecond)
	write(t, s, b)
	write(t, s, b)
	p.once(1, 30)
	p.want("SELECT toString(sum(trades)) FROM counted", "20")
}

// The server may remember the token of a batch that it has lost, whole or in part.
func TestRowsLostUnderTheirToken(t *testing.T) {
	both(t, func(t *testing.T, p *place) {
		s := p.open()
		b := batch(1, 0, 300, 20*time.Minute)
		write(t, s, b)
		for _, lost := range []string{"pos % 7 = 0 OR toDate(received) > '2026-11-24'", "1"} {
			for _, table := range []string{"trades_rows", "bid_asks", "books"} {
				p.exec("ALTER TABLE " + table + " DELETE WHERE " + lost + " SETTINGS mutations_sync = 2")
			}
			b.Again = false
			write(t, s, b)
			p.want("SELECT toString(count() < 100) FROM books", "1") // as it would be without looking
			b.Again = true
			write(t, s, b)
			p.once(1, 300)
		}
	})
}

// A batch of which something was refused comes again in halves, even from a recorder that has begun anew.
func TestHalvesOfWhatFailed(t *testing.T) {
	both(t, func(t *testing.T, p *place) {
		s := p.open()
		p.exec("ALTER TABLE books ADD CONSTRAINT fine CHECK pos != 5")
		b := batch(1, 0, 60, time.Millisecond)
		err := s.Write(t.Context(), b)
		if !errors.Is(err, record.ErrRefused) {
			t.Fatalf("Write of a row that the constraint forbids: %v, want ErrRefused", err)
		}
		p.exec("ALTER TABLE books DROP CONSTRAINT fine")
		s.Close()
		s = p.open() // the recorder died before the first half
		half := batch(1, 0, 30, time.Millisecond)
		half.Again = true
		write(t, s, half)
		write(t, s, batch(1, 30, 30, time.Millisecond))
		p.once(1, 60)
	})
}

// Two recorders bring the same trades: the view has each once, wherever it looks, and the one that was there first.
func TestTwoCollectors(t *testing.T) {
	both(t, func(t *testing.T, p *place) {
		s := p.open()
		copies := func(log byte, later time.Duration) *record.Batch {
			b := batch(log, 0, 300, 20*time.Minute)
			r := b.Of(record.TradeTable)
			for i := range r.Len() {
				r.Columns[record.ReceivedColumn].Ints[i] += int64(later)
				r.Columns[record.TradeTable.Column("id")].Texts[i] = fmt.Sprint("id", i)
			}
			return b
		}
		write(t, s, copies(1, 0))
		write(t, s, copies(2, -time.Second))
		b := copies(3, time.Hour)
		b.Again = true
		write(t, s, b)
		first := copies(1, 0).Log.String()
		check := func() {
			t.Helper()
			p.want("SELECT concat(toString(count()), ' ', toString(uniqExact(id)), ' ', any(toString(log))) FROM trades", "100 100 "+first)
			p.want("SELECT toString(count()) FROM trades WHERE time >= '2026-11-23 00:00:00' AND time < '2026-11-24 00:00:00'", "24")
			p.want("SELECT toString(count()) FROM trades WHERE received >= '2026-11-23 00:00:00' AND received < '2026-11-24 00:00:00'", "24")
			p.want("SELECT toString(count()) FROM trades WHERE log != '"+first+"'", "0")
		}
		p.want("SELECT toString(count()) FROM trades_rows", "300")
		check()
		p.exec("OPTIMIZE TABLE trades_rows FINAL")
		p.want("SELECT toString(count()) FROM trades_rows", "100")
		check()
		for log := range byte(3) { // whose rows are not there any more, and not missing
			b := copies(log+1, 0)
			b.Again = true
			write(t, s, b)
		}
		check()
	})
}
