package backpack

import (
	"slices"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/scan"
)

// sequence is section 5: ids count without holes, for books told at once and for those
// merged over some time. The first delta after a snapshot may overlap it, because sizes are
// absolute, if it follows the one before it; when it begins later the snapshot is too old.
// Every other begins where the one before ended. Ids far behind are those of a venue that
// counts anew.
func sequence(at book.At, u *book.Update) book.Verdict {
	next := at.Seq + 1
	switch {
	case !at.Fresh && u.Last < at.Seq/2:
		return book.Gap
	case u.Last < next:
		return book.Skip
	case u.First == next, at.Fresh && u.First < next && (at.Heard == 0 || u.First == at.Heard+1):
		return book.Apply
	case at.Fresh:
		return book.OldSnapshot
	}
	return book.Gap
}

// depth reads the answer of /depth, section 3.2, whose bids come worst first and which is
// therefore sorted here, and depth.<symbol>, section 4.5.
func depth(dst []book.Update, in *exchange.Scope, b []byte) ([]book.Update, error) {
	s := scan.New(b)
	was := len(dst)
	dst = slices.Grow(dst, 1)[:was+1] // what lies beyond the end lends its memory for levels
	u := &dst[was]
	*u = book.Update{Bids: u.Bids[:0], Asks: u.Asks[:0]}
	var o origin
	for key := range s.Object() {
		switch string(key) {
		case "T", "timestamp":
			u.Time = when(&s)
		case "U":
			u.First = s.Int()
		case "u":
			u.Last = s.Int()
		case "lastUpdateId":
			u.Last, u.Snapshot = s.Int(), true
		case "a", "asks":
			u.Asks = levels(&s, u.Asks)
		case "b", "bids":
			u.Bids = levels(&s, u.Bids)
		default:
			o.read(&s, key)
		}
	}
	switch err := s.End(); {
	case err != nil:
		return dst[:was], err
	case u.Snapshot && u.Last > 0:
		slices.SortFunc(u.Bids, func(a, b book.Level) int { return b.Price.Cmp(a.Price) })
		slices.SortFunc(u.Asks, func(a, b book.Level) int { return a.Price.Cmp(b.Price) })
		return dst, nil
	case !u.Snapshot && o.market(&s, in, "depth") == nil:
		return dst[:was], nil
	case u.Snapshot || u.First <= 0 || u.Last < u.First:
		return dst[:was], errIncomplete
	}
	return dst, nil
}

// levels appends the [price, size] pairs of one side.
func levels(s *scan.Scanner, dst []book.Level) []book.Level {
	for n := 0; s.NextItem(n); n++ {
		price, size := s.Pair()
		dst = append(dst, book.Level{Price: price, Size: size})
	}
	return dst
}

// touch reads the best prices from the answer of /depth: there is no other call for them,
// section 3.3.
func touch(dst []exchange.BidAsk, in *exchange.Scope, b []byte) ([]exchange.BidAsk, error) {
	books, err := depth(nil, in, b)
	for _, u := range books {
		bid, ask := (&exchange.OrderBook{Bids: u.Bids, Asks: u.Asks}).Best()
		stamp := exchange.Stamp{Time: u.Time, Seq: u.Last}
		dst = append(dst, exchange.BidAsk{Stamp: stamp, Bid: bid.Price, BidSize: bid.Size, Ask: ask.Price, AskSize: ask.Size})
	}
	return dst, err
}
