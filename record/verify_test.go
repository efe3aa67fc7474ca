package record

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/record/wal"
)

// shelf is a Store in memory, whose rows are given one by one.
type shelf struct {
	b   Batch
	e   Encoder
	at  uint64
	err error
}

func newShelf() *shelf {
	s := &shelf{}
	s.b.Reset(wal.ID{7}, 0)
	return s
}

func (s *shelf) add(row []byte) {
	s.err = errors.Join(s.err, s.b.Add(s.at, row))
	s.at++
}

func (s *shelf) Write(context.Context, *Batch) error { return nil }
func (s *shelf) Close() error                        { return nil }

func (s *shelf) Read(_ context.Context, t *Table, from, to time.Time, _ []string, fn func(*Rows) error) error {
	r := s.b.Of(t)
	if r == nil || s.err != nil {
		return s.err
	}
	var some Batch
	some.Reset(r.Log, 0)
	one := NewRows(t)
	one.Log = r.Log
	for i, pos := range r.Pos {
		if at := Time(r.Columns[ReceivedColumn].Ints[i]); at.Before(from) || !at.Before(to) {
			continue
		}
		one.Pos = append(one.Pos, pos)
		for j := range one.Columns {
			c, all := &one.Columns[j], &r.Columns[j]
			switch t.Columns[j].Kind {
			case Text, Name:
				c.Texts = append(c.Texts, all.Texts[i])
			case Number:
				c.Numbers = append(c.Numbers, all.Numbers[i])
			case Levels:
				c.Levels = append(c.Levels, all.Levels[i])
			default:
				c.Ints = append(c.Ints, all.Ints[i])
			}
		}
	}
	return fn(one)
}

func TestVerify(t *testing.T) {
	day := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	at := func(n int) time.Time { return day.Add(time.Duration(n) * time.Second) }
	s := newShelf()
	trade := func(n, id int) {
		v := exchange.Trade{Stamp: exchange.Stamp{Venue: "okx", Symbol: "A", Received: at(n)}, ID: strconv.Itoa(id), Price: number("1")}
		s.add(s.e.Trade(&v))
	}
	gap := func(n int, g Gap) { s.add(s.e.Gap(&g, at(n))) }
	ledger := func(cause string, from, to int, fromID, toID string, lost uint64, healed bool) Gap {
		return Gap{Venue: "okx", Symbol: "A", Channel: Trades, Cause: cause, From: at(from), To: at(to), FromID: fromID, ToID: toID, Lost: lost, Healed: healed}
	}
	gap(-7200, Gap{Venue: "okx", Symbol: "A", Channel: Trades, Cause: Start, To: at(-7200), ToID: "100"})
	trade(-7200, 100) // of the day before
	s.at++            // a position of the day before is no business of this one
	trade(10, 200)
	trade(11, 201)
	gap(20, ledger("disconnect", 11, 20, "201", "205", 3, false))
	trade(20, 205)
	trade(30, 206)
	trade(31, 208) // 207 is lost without a word
	trade(32, 208)
	gap(40, Gap{Cause: Budget, From: at(32), FromID: strconv.Itoa(int(s.at)), ToID: strconv.Itoa(int(s.at) + 5), Lost: 5})
	s.at += 4 // the gap stands at the first of five
	trade(40, 212)
	gap(50, ledger("gap", 45, 0, "", "", 0, false))
	gap(51, ledger("gap", 45, 51, "", "", 0, true))
	s.at++ // one is lost of the log
	trade(60, 213)

	b := bookAt("B", book.Live, nil, level("1", "1"), level("2", "1"))
	b.Venue, b.Received = "okx", at(70)
	s.add(s.e.Book(BookDelta, &b, nil, nil)) // from the day before
	s.add(s.e.Book(BookDown, &b, nil, nil))
	s.add(s.e.Book(BookDelta, &b, nil, nil)) // of what?
	s.add(s.e.Book(BookSnapshot, &b, b.Bids, b.Asks))
	s.add(s.e.Book(BookDelta, &b, nil, nil))

	r, err := Verify(t.Context(), s, day, day.Add(24*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Series) != 2 || len(r.Logs) != 1 {
		t.Fatalf("%+v", r)
	}
	a := r.Series[0]
	if a.Symbol != "A" || a.Rows != 8 || !a.Numbered || a.Expected != 14 || a.Present != 7 || a.Gaps != 2 || a.Healed != 1 || a.Lost != 3 || !a.First.Equal(at(10)) || !a.Last.Equal(at(60)) {
		t.Errorf("%+v", a)
	}
	var holes []string
	for _, h := range a.Missing {
		holes = append(holes, fmt.Sprint(h.From, "-", h.To, " ", h.Told))
	}
	if want := []string{"202-204 true", "207-207 false", "209-211 true"}; !slices.Equal(holes, want) {
		t.Errorf("missing %v, want %v", holes, want)
	}
	if k := r.Series[1]; k.Symbol != "B" || k.Rows != 5 || k.Wrong != 1 || k.Accounted() {
		t.Errorf("%+v", k)
	}
	if l := r.Logs[0]; l.Missing != 5 || l.Told != 4 || l.First != 3 || r.Accounted() || a.Accounted() || a.Whole() {
		t.Errorf("%+v", l)
	}
	if s.err != nil {
		t.Fatal(s.err)
	}
}

// spans and positions against a map.
func TestSpans(t *testing.T) {
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 0))
		var s spans
		p := newPositions()
		there := make(map[int64]bool)
		least, most := int64(1<<60), int64(0)
		at := rng.Int64N(10_000)
		for range rng.IntN(300) {
			from := at + rng.Int64N(5)
			to := from + rng.Int64N(4)
			if at = to + 1; rng.IntN(8) == 0 {
				at -= rng.Int64N(min(at, 60) + 1)
			}
			if rng.IntN(30) == 0 {
				at += rng.Int64N(10_000)
			}
			s.add(from, to, time.Time{})
			for n := from; n <= to; n++ {
				there[n] = true
				p.add(uint64(n))
			}
			least, most = min(least, from), max(most, to)
		}
		var want, got, got2 []string
		for n := least; n <= most; n++ {
			if there[n] {
				continue
			}
			from := n
			for !there[n+1] {
				n++
			}
			want = append(want, fmt.Sprint(from, "-", n))
		}
		for _, h := range s.holes() {
			got = append(got, fmt.Sprint(h.From, "-", h.To))
		}
		p.holes(func(first, last uint64) { got2 = append(got2, fmt.Sprint(first, "-", last)) })
		if _, present := s.count(); !slices.Equal(got, want) || !slices.Equal(got2, want) || present != uint64(len(there)) || p.count != present {
			t.Fatalf("seed %d: holes\n%v\n%v, want\n%v", seed, got, got2, want)
		}
	}
}
