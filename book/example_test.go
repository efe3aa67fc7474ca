package book_test

import (
	"errors"
	"fmt"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/decimal"
)

// inSequence is the rule of a venue that numbers its deltas without holes.
func inSequence(at book.At, u *book.Update) book.Verdict {
	switch {
	case u.Last <= at.Seq:
		return book.Skip
	case u.First <= at.Seq+1:
		return book.Apply
	case at.Fresh:
		return book.OldSnapshot
	}
	return book.Gap
}

func level(price, size string) book.Level {
	return book.Level{Price: decimal.MustParse(price), Size: decimal.MustParse(size)}
}

func ExampleSync() {
	s := book.NewSync(book.Config{
		Rule: inSequence,
		Tick: decimal.MustParse("0.01"),
		Step: decimal.MustParse("0.001"),
	})
	// A delta that comes before the snapshot waits for it.
	early := book.Update{First: 11, Last: 12, Bids: []book.Level{level("99.95", "2")}}
	fmt.Println(s.Apply(&early), s.State())

	snapshot := book.Update{
		Snapshot: true, Last: 10,
		Bids: []book.Level{level("99.9", "1.5")},
		Asks: []book.Level{level("100.1", "3")},
	}
	fmt.Println(s.Apply(&snapshot), s.State())
	bid, ask := s.Book().Best()
	fmt.Println(bid.Price, bid.Size, ask.Price, ask.Size)

	// 13 is lost: the book is dropped.
	late := book.Update{First: 14, Last: 14}
	fmt.Println(errors.Is(s.Apply(&late), book.ErrGap), s.State())
	// Output:
	// <nil> syncing
	// <nil> live
	// 99.95 2.000 100.10 3.000
	// true syncing
}

func ExampleSync_Begin() {
	s := book.NewSync(book.Config{Rule: inSequence, Tick: decimal.MustParse("0.01"), Step: decimal.MustParse("0.001")})
	snapshot := book.Update{Snapshot: true, Last: 10, Asks: []book.Level{level("100.1", "3")}}
	if err := s.Apply(&snapshot); err != nil {
		fmt.Println(err)
	}
	head := book.Update{First: 11, Last: 11}
	switch s.Begin(&head) {
	case book.Apply:
		s.SetBid(9990, 2, 15, 1) // 99.90 × 1.5
		fmt.Println(s.End())
	case book.Keep:
		// Parse the whole Update and give it to Apply.
	}
	for l := range s.Book().Bids() {
		fmt.Println(l.Price, l.Size)
	}
	// Output:
	// <nil>
	// 99.90 1.500
}

func ExampleBook_Top() {
	s := book.NewSync(book.Config{Tick: decimal.MustParse("1"), Step: decimal.MustParse("1")})
	u := book.Update{Snapshot: true, Limit: 3, Bids: []book.Level{level("9", "1"), level("7", "2"), level("8", "4")}}
	if err := s.Apply(&u); err != nil {
		fmt.Println(err)
	}
	bids, asks := s.Book().Top(2, nil, nil)
	worst, _ := s.Book().Known()
	fmt.Println(bids, asks, worst)
	// Output:
	// [{9 1} {8 4}] [] 7
}
