package backpack

import (
	"slices"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/wire"
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
	case u.First <= 0:
		return book.Gap
	case u.First == next, at.Fresh && u.First < next && (at.Heard == 0 || u.First == at.Heard+1):
		return book.Apply
	case at.Fresh:
		return book.OldSnapshot
	}
	return book.Gap
}

// merge reads the usual bytes of a delta, section 4.5.
var merge = exchange.Exact(wire.MustForm(`{"E":{number},"T":{anytime},"U":{first},"a":[{asks}],"b":[{bids}],"e":"depth","s":"{market}","u":{last}}`))

// depth reads the answer of /depth, section 3.2, whose bids come worst first and which is
// therefore sorted here, and depth.<symbol>, section 4.5.
var depth = exchange.Books(wire.Compile(wire.Format{
	Words: wire.Words{
		wire.Event:  "e",
		wire.Market: "s",
		wire.Time:   "T timestamp",
		wire.First:  "U",
		wire.Last:   "u",
		wire.Seq:    "lastUpdateId",
		wire.Bids:   "b bids",
		wire.Asks:   "a asks",
	},
	AnyTime: true,
}), "depth", func(u *book.Update, r *wire.Row, _ *exchange.Scope) bool {
	if u.Snapshot = r.Has(wire.Seq); u.Snapshot {
		u.Last = r.Int(wire.Seq)
		slices.SortFunc(u.Bids, func(a, b book.Level) int { return b.Price.Cmp(a.Price) })
		slices.SortFunc(u.Asks, func(a, b book.Level) int { return a.Price.Cmp(b.Price) })
	}
	if u.Last <= 0 || !u.Snapshot && (u.First <= 0 || u.Last < u.First) {
		r.Fail(errIncomplete)
		return false
	}
	return true
})

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
