package binance

import (
	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/scan"
)

// restarted reports whether the venue counts anew: ids are less than half of where the book
// stands, section 5.6. What is late or doubled is never that far behind.
func restarted(at book.At, u *book.Update) bool { return !at.Fresh && u.Last < at.Seq/2 }

// spotRule is section 5.2. Ids have no holes: an event whose first id is at most the next one
// continues the book, also where it overlaps it, because sizes are absolute. After a snapshot a
// later event means that the snapshot is the older one: the events that wait are kept. An
// event that overlaps must follow the one before it: one whose ids are wrong may overlap anything.
func spotRule(at book.At, u *book.Update) book.Verdict {
	switch {
	case restarted(at, u):
		return book.Gap
	case u.Last <= at.Seq:
		return book.Skip
	case u.First == at.Seq+1, u.First <= at.Seq && (at.Heard == 0 || u.First == at.Heard+1):
		return book.Apply
	case at.Fresh:
		return book.OldSnapshot
	}
	return book.Gap
}

// linearRule is section 5.3. Ids are shared by all markets, so that only Prev, the last id
// of the event before, links events. An event covers the changes after Prev: it continues
// every snapshot that is not older than Prev, and not newer than itself, if it follows the one
// before it.
func linearRule(at book.At, u *book.Update) book.Verdict {
	switch {
	case restarted(at, u):
		return book.Gap
	case u.Last <= at.Seq:
		return book.Skip
	case u.Prev == at.Seq:
		return book.Apply
	case !at.Fresh:
		return book.Gap
	case u.Prev < at.Seq && (at.Heard == 0 || u.Prev == at.Heard):
		return book.Apply
	}
	return book.OldSnapshot
}

// snapshot reads the answer of depth, section 3.3, and @depth5, @depth10, @depth20 of spot,
// section 4.6. Spot has no time. What has no id is another message.
func snapshot(dst []book.Update, _ *exchange.Scope, b []byte) ([]book.Update, error) {
	s := scan.New(b)
	dst, u := room(dst)
	for n := 0; ; n++ {
		key, ok := s.NextKey(n)
		if !ok {
			break
		}
		switch string(key) {
		case "lastUpdateId":
			u.Last = s.Int()
		case "T":
			u.Time = s.Milli()
		case "bids":
			u.Bids = levels(&s, u.Bids)
		case "asks":
			u.Asks = levels(&s, u.Asks)
		}
	}
	u.Snapshot = true
	if err := s.End(); err != nil || u.Last == 0 {
		return dst[:len(dst)-1], err
	}
	return dst, nil
}

// deltas reads @depth@100ms, sections 4.6 and 4.8.
func deltas(dst []book.Update, in *exchange.Scope, b []byte) ([]book.Update, error) {
	s := scan.New(b)
	dst, u := room(dst)
	var o origin
	var stamp exchange.Stamp
	for n := 0; ; n++ {
		key, ok := s.NextKey(n)
		if !ok {
			break
		}
		switch string(key) {
		case "e":
			o.event = s.Text()
		case "E":
			if in.Market == nil || in.Market.Kind == exchange.Spot {
				u.Time = s.Milli()
			}
		case "T":
			u.Time = s.Milli()
		case "s":
			o.id = s.Text()
		case "U":
			u.First = s.Int()
		case "u":
			u.Last = s.Int()
		case "pu":
			u.Prev = s.Int()
		case "b":
			u.Bids = levels(&s, u.Bids)
		case "a":
			u.Asks = levels(&s, u.Asks)
		case "st":
			o.family = s.Int()
		}
	}
	if err := s.End(); err != nil || !o.is("depthUpdate", in, &stamp) {
		return dst[:len(dst)-1], err
	}
	return dst, nil
}

// linearPartial reads @depth5, @depth10, @depth20 of futures: they have the name and the shape
// of a delta and are whole, section 4.8.
func linearPartial(dst []book.Update, in *exchange.Scope, b []byte) ([]book.Update, error) {
	n := len(dst)
	dst, err := deltas(dst, in, b)
	for i := range dst[n:] {
		dst[n+i].Snapshot = true
	}
	return dst, err
}

// room appends an Update that has the memory for levels of one that was there before.
func room(dst []book.Update) ([]book.Update, *book.Update) {
	if n := len(dst); n < cap(dst) {
		dst = dst[:n+1]
		dst[n] = book.Update{Bids: dst[n].Bids[:0], Asks: dst[n].Asks[:0]}
	} else {
		dst = append(dst, book.Update{})
	}
	return dst, &dst[len(dst)-1]
}

// levels appends the [price, size] pairs of one side.
func levels(s *scan.Scanner, dst []book.Level) []book.Level {
	for n := 0; s.NextItem(n); n++ {
		price, size := s.Pair()
		dst = append(dst, book.Level{Price: price, Size: size})
	}
	return dst
}
