package recordtest

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/wal"
)

// Books writes books of three markets from two logs, with a clock that is set back now and then, and compares what ask finds of them with
// the books as they were.
func Books(t *testing.T, s record.Store, ask func(venue, symbol string, at time.Time, depth int) (bids, asks []exchange.Level)) {
	f := &films{r: rand.New(rand.NewPCG(1, 1)), books: make(map[string]*live), now: Begin}
	for i, part := range []struct {
		log  wal.ID
		from uint64
	}{{Log(2), 0}, {Log(1), 50}, {Log(2), 300}} {
		if err := s.Write(t.Context(), f.batch(t, part.log, part.from, 300, int64(i%2))); err != nil {
			t.Fatal(err)
		}
	}
	moments := []time.Time{Begin.Add(-1), f.now.Add(time.Hour)}
	for range 200 {
		at := f.shots[f.r.IntN(len(f.shots))].received
		moments = append(moments, at.Add(time.Duration(f.r.IntN(3)-1)))
	}
	full := 0
	for _, at := range moments {
		market, depth := f.r.IntN(3), 1+f.r.IntN(8)
		wantBids, wantAsks := f.at(market, at, depth)
		bids, asks := ask("okx", symbols[market], at, depth)
		if got, want := fmt.Sprint(bids, asks), fmt.Sprint(wantBids, wantAsks); got != want {
			t.Errorf("%s at %d, %d levels\n got %s\nwant %s", symbols[market], at.UnixNano(), depth, got, want)
		}
		if len(wantBids) > 0 {
			full++
		}
	}
	if full < 50 {
		t.Errorf("only %d of %d books were there", full, len(moments))
	}
	if bids, asks := ask("okx", "NONE/USDT", f.now, 5); len(bids)+len(asks) > 0 {
		t.Error("there is a book of a market that there is not")
	}
}

// films are books as they change.
type films struct {
	r     *rand.Rand
	e     record.Encoder
	books map[string]*live // of a log and a market
	now   time.Time
	shots []shot
}

// live is a book that a recorder follows; not ok: it is not known.
type live struct {
	ok         bool
	bids, asks []exchange.Level
}

// shot is a book after a row.
type shot struct {
	log      wal.ID
	pos      uint64
	market   int
	received time.Time
	book     live
}

func (f *films) batch(t *testing.T, log wal.ID, from uint64, n int, parity int64) *record.Batch {
	b := new(record.Batch)
	b.Reset(log, from)
	for pos := from; pos < from+uint64(n); pos++ {
		f.now = f.now.Add(time.Duration(f.r.IntN(int(time.Second))))
		if f.r.IntN(50) == 0 {
			f.now = f.now.Add(-time.Duration(f.r.IntN(int(10 * time.Second))))
		}
		f.now = f.now.Add(time.Duration((f.now.UnixNano()%2 + parity) % 2)) // two logs have no row at the same nanosecond
		market := f.r.IntN(3)
		if err := b.Add(pos, f.row(log, market)); err != nil {
			t.Fatal(err)
		}
		k := f.book(log, market)
		f.shots = append(f.shots, shot{log, pos, market, f.now, live{k.ok, slices.Clone(k.bids), slices.Clone(k.asks)}})
	}
	return b
}

func (f *films) book(log wal.ID, market int) *live {
	key := fmt.Sprint(log, market)
	if f.books[key] == nil {
		f.books[key] = new(live)
	}
	return f.books[key]
}

func (f *films) row(log wal.ID, market int) []byte {
	k := f.book(log, market)
	b := exchange.OrderBook{Stamp: exchange.Stamp{Venue: "okx", Symbol: symbols[market], Received: f.now}}
	switch {
	case f.r.IntN(30) == 0:
		*k = live{}
		return f.e.Book(record.BookDown, &b, nil, nil)
	case !k.ok || f.r.IntN(20) == 0:
		*k = live{ok: true}
		for i := range f.r.IntN(12) {
			k.bids = append(k.bids, exchange.Level{Price: f.written(1000 - int64(i)), Size: decimal.New(1+f.r.Int64N(50), 1)})
			k.asks = append(k.asks, exchange.Level{Price: f.written(1001 + int64(i)), Size: decimal.New(1+f.r.Int64N(50), 1)})
		}
		return f.e.Book(record.BookSnapshot, &b, k.bids, k.asks)
	}
	bids, asks := f.changes(1000, -1), f.changes(1001, 1)
	k.bids, k.asks = merged(k.bids, bids, -1), merged(k.asks, asks, 1)
	return f.e.Book(record.BookDelta, &b, bids, asks)
}

// written is a price in hundredths, as one writes it or another.
func (f *films) written(hundredths int64) decimal.Decimal {
	d := decimal.New(hundredths, 2)
	switch f.r.IntN(6) {
	case 0:
		return decimal.New(hundredths*1000, 5)
	case 1:
		return decimal.MustParse(fmt.Sprintf("%dE-2", hundredths))
	case 2:
		return d.Reduce()
	}
	return d
}

func (f *films) changes(best, way int64) (side []exchange.Level) {
	for i := range int64(12) {
		if f.r.IntN(6) == 0 {
			side = append(side, exchange.Level{Price: f.written(best + way*i), Size: decimal.New(max(0, f.r.Int64N(60)-20), 1)})
		}
	}
	return side
}

// merged is a side after changes; way is 1 where low is best.
func merged(side, changes []exchange.Level, way int) []exchange.Level {
	side = slices.Clone(side)
	for _, c := range changes {
		side = slices.DeleteFunc(side, func(l exchange.Level) bool { return l.Price.Equal(c.Price) })
		if !c.Size.IsZero() {
			side = append(side, c)
		}
	}
	slices.SortFunc(side, func(a, b exchange.Level) int { return way * a.Price.Cmp(b.Price) })
	return side
}

// at is the book at an instant.
func (f *films) at(market int, at time.Time, depth int) (bids, asks []exchange.Level) {
	var newest, last *shot
	for i := range f.shots {
		if x := &f.shots[i]; x.market == market && !x.received.After(at) && (newest == nil || !x.received.Before(newest.received)) {
			newest = x
		}
	}
	for i := range f.shots {
		if x := &f.shots[i]; x.market == market && !x.received.After(at) && x.log == newest.log && (last == nil || x.pos > last.pos) {
			last = x
		}
	}
	if last == nil {
		return nil, nil
	}
	return last.book.bids[:min(depth, len(last.book.bids))], last.book.asks[:min(depth, len(last.book.asks))]
}

// Sides reads the answer of a question in SQL: side, level, price and size, best first. It closes rows.
func Sides(t *testing.T, rows *sql.Rows) (bids, asks []exchange.Level) {
	t.Helper()
	defer rows.Close()
	for rows.Next() {
		var side, price, size string
		var level int
		if err := rows.Scan(&side, &level, &price, &size); err != nil {
			t.Fatal(err)
		}
		to := &bids
		if side == "ask" {
			to = &asks
		}
		if *to = append(*to, exchange.Level{Price: decimal.MustParse(price), Size: decimal.MustParse(size)}); level != len(*to) {
			t.Errorf("level %d of %s comes as %d", level, side, len(*to))
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return bids, asks
}
