package record

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/record/wal"
)

// shelves are a Store of the rows of several logs.
type shelves []*shelf

func (s shelves) Write(context.Context, *Batch) error { return nil }
func (s shelves) Close() error                        { return nil }

func (s shelves) Read(ctx context.Context, t *Table, from, to time.Time, columns []string, fn func(*Rows) error) error {
	for _, x := range s {
		if err := x.Read(ctx, t, from, to, columns, fn); err != nil {
			return err
		}
	}
	return nil
}

// hand is how a shelf is filled. Rows are received a number of seconds after the day has begun.
type hand struct {
	*shelf
	day time.Time
}

func newHand(log byte) hand {
	x := hand{newShelf(), time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)}
	x.b.Reset(wal.ID{log}, 0)
	return x
}

func (x hand) stamp(n int) exchange.Stamp {
	return exchange.Stamp{Venue: "okx", Symbol: "A", Received: x.day.Add(time.Duration(n) * time.Second)}
}

func (x hand) trade(n, id int) {
	x.add(x.e.Trade(&exchange.Trade{Stamp: x.stamp(n), ID: strconv.Itoa(id), Price: number("1")}))
}

// start is a row of the ledger; from is when the last one before was received, 0: none was.
func (x hand) start(ch Channel, from, to int, fromID, toID string) {
	g := Gap{Venue: "okx", Symbol: "A", Channel: ch, Cause: Start, To: x.stamp(to).Received, FromID: fromID, ToID: toID}
	if from > 0 {
		g.From = x.stamp(from).Received
	}
	x.add(x.e.Gap(&g, g.To))
}

func (x hand) snapshot(n int) {
	v := bookAt("A", book.Live, nil, level("1", "1"), level("2", "1"))
	v.Stamp = x.stamp(n)
	x.add(x.e.Book(BookSnapshot, &v, v.Bids, v.Asks))
}

// Positions without a row, by log: Missing, Told and Again of each, and whether all is accounted for.
func TestVerifyPositions(t *testing.T) {
	for _, c := range []struct {
		name string
		fill func(a, b hand)
		want string
	}{
		{"another log does not stand in for what one has lost", func(a, b hand) {
			for n := 1; n < 9; n++ {
				a.snapshot(n)
				b.snapshot(n)
			}
			b.at++ // lost
			b.snapshot(9)
		}, "[0 0 0] [1 0 0] false"},
		{"two recorders at the same time bring the same trades, of which one is kept", func(a, b hand) {
			a.start(Trades, 0, 1, "", "1")
			b.start(Trades, 0, 1, "", "1")
			for n := 1; n < 9; n++ {
				a.trade(n, n)
				b.at++
				b.snapshot(n)
			}
		}, "[0 0 0] [8 0 8] true"},
		{"and no more than these", func(a, b hand) {
			a.start(Trades, 0, 1, "", "1")
			b.start(Trades, 0, 1, "", "1")
			for n := 1; n < 9; n++ {
				a.trade(n, n)
				b.at++
				b.snapshot(n)
			}
			b.at++ // lost
			b.snapshot(9)
		}, "[0 0 0] [9 0 8] false"},
		{"a recorder that is at work later does not bring what an earlier one has", func(a, b hand) {
			a.start(Trades, 0, 1, "", "1")
			a.trade(1, 1)
			b.start(Trades, 0, 3, "", "2")
			b.at++
			b.trade(4, 3)
		}, "[0 0 0] [1 0 0] false"},
		{"what the other records of other symbols is not the same", func(a, b hand) {
			a.start(Trades, 0, 1, "", "1")
			a.trade(1, 1)
			a.trade(9, 2)
			b.start(Books, 0, 1, "", "")
			b.at++
			b.snapshot(4)
		}, "[0 0 0] [1 0 0] false"},
		{"a venue that begins its numbers again", func(a, _ hand) {
			a.start(Trades, 0, 1, "", "10")
			for n := 1; n < 4; n++ {
				a.trade(n, 9+n)
			}
			a.start(Trades, 3, 4, "12", "11")
			a.at += 2 // 11 and 12
			a.trade(4, 13)
		}, "[2 0 2] true"},
		{"and that is one more than came again", func(a, _ hand) {
			a.start(Trades, 0, 1, "", "10")
			for n := 1; n < 4; n++ {
				a.trade(n, 9+n)
			}
			a.start(Trades, 3, 4, "12", "11")
			a.at += 3
			a.trade(4, 13)
		}, "[3 0 2] false"},
		{"a partition of a broker has nothing but trades, some of them twice", func(a, _ hand) {
			a.trade(1, 1)
			a.at += 5
			a.trade(2, 2)
		}, "[5 0 5] true"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, b := newHand(1), newHand(2)
			c.fill(a, b)
			all := shelves{a.shelf}
			if b.b.Len() > 0 {
				all = append(all, b.shelf)
			}
			r, err := Verify(t.Context(), all, a.day, a.day.AddDate(0, 0, 1))
			if err = errors.Join(err, a.err, b.err); err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, l := range r.Logs {
				got += fmt.Sprint([]uint64{l.Missing, l.Told, l.Again}, " ")
			}
			if got += fmt.Sprint(r.Accounted()); got != c.want {
				t.Errorf("positions are %s, want %s", got, c.want)
			}
		})
	}
}

// The time in which no recorder was at work is a hole of every series, also of those whose values have no numbers.
func TestVerifyTimeWithoutRecorder(t *testing.T) {
	for _, c := range []struct {
		name string
		ch   Channel
		ids  [2]string
		want string // gaps, healed, whole
	}{
		{"a book is whole again", Books, [2]string{}, "1 1 true"},
		{"trades are missing", Trades, [2]string{}, "1 0 false"},
		{"nothing is missing, by the numbers", Trades, [2]string{"1", "2"}, "0 0 true"},
		{"something is, by the numbers", Trades, [2]string{"1", "9"}, "1 0 false"},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := newHand(1)
			x.start(c.ch, 0, 1, "", c.ids[0])
			row := func(n int, id string) {
				if c.ch == Books {
					x.snapshot(n)
					return
				}
				number, _ := strconv.Atoi(id) // 0 where there is none
				x.trade(n, number)
			}
			row(1, c.ids[0])
			x.start(c.ch, 1, 3600, c.ids[0], c.ids[1])
			row(3600, c.ids[1])
			r, err := Verify(t.Context(), x, x.day, x.day.AddDate(0, 0, 1))
			if err = errors.Join(err, x.err); err != nil || len(r.Series) != 1 {
				t.Fatalf("%v, %+v", err, r)
			}
			s := r.Series[0]
			if got := fmt.Sprint(s.Gaps, s.Healed, s.Whole()); got != c.want || !r.Accounted() {
				t.Errorf("gaps, healed, whole are %s, want %s; accounted: %t", got, c.want, r.Accounted())
			}
			other, err := Verify(t.Context(), x, x.day.AddDate(0, 0, 1), x.day.AddDate(0, 0, 2))
			if err != nil || len(other.Series) != 0 {
				t.Errorf("the next day: %v, %+v", err, other)
			}
		})
	}
}
