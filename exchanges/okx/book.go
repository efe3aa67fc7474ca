package okx

import (
	"errors"
	"hash/crc32"
	"sync"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/scan"
)

// window is how many levels a side the venue keeps and sends.
const window = 400

// linked is the rule of section 5.1: each update names the one before it. One that
// repeats its number is a heartbeat (3b), one that falls behind it is the venue counting anew
// (3c); both continue the book. What was applied already comes again now and then (3e).
// Recordings of 2022 have no numbers: all are zero, all continue, and the checksum judges.
func linked(at book.At, u *book.Update) book.Verdict {
	switch {
	case u.Prev == at.Seq:
		return book.Apply
	case u.Last == at.Seq && u.Prev < u.Last:
		return book.Skip
	}
	return book.Gap
}

var errAction = errors.New("okx: book message of unknown action")

// parseBook reads order books of REST and of all channels (sections 3.2, 4.4). Only
// updates of books are deltas. The levels of earlier calls are used again.
func parseBook(dst []book.Update, in *exchange.Scope, b []byte) ([]book.Update, error) {
	d := open(b)
	first := len(dst)
	for d.next() {
		dst = again(dst)
		readBook(&d.Scanner, &dst[len(dst)-1])
	}
	if err := d.End(); err != nil {
		return dst, err
	}
	delta := false
	switch string(d.action) {
	case "", "snapshot":
	case "update":
		delta = true
	default:
		return dst, errAction
	}
	for i := range dst[first:] {
		u := &dst[first+i]
		if u.Snapshot = !delta || u.Prev == -1; u.Snapshot {
			u.Limit = in.Args.Depth
			if u.Limit == 0 || u.Limit > window {
				u.Limit = window
			}
		}
	}
	return dst, nil
}

// again appends an empty update that has the memory of the one that was there before.
func again(dst []book.Update) []book.Update {
	n := len(dst)
	if n == cap(dst) {
		return append(dst, book.Update{})
	}
	dst = dst[:n+1]
	dst[n] = book.Update{Bids: dst[n].Bids[:0], Asks: dst[n].Asks[:0]}
	return dst
}

func readBook(s *scan.Scanner, u *book.Update) {
	for n := 0; ; n++ {
		key, ok := s.NextKey(n)
		if !ok {
			return
		}
		switch string(key) {
		case "asks":
			u.Asks = levels(s, u.Asks[:0])
		case "bids":
			u.Bids = levels(s, u.Bids[:0])
		case "ts":
			u.Time = s.Milli()
		case "checksum": // signed on the wire; always 0 since June 2026, which is none (section 5.3)
			u.Checksum = uint32(s.Int())
			u.HasChecksum = u.Checksum != 0
		case "prevSeqId":
			u.Prev = s.Int()
		case "seqId":
			u.Last = s.Int()
		}
	}
}

func levels(s *scan.Scanner, dst []book.Level) []book.Level {
	for n := 0; s.NextItem(n); n++ {
		price, size := s.Pair()
		dst = append(dst, book.Level{Price: price, Size: size})
	}
	return dst
}

// parseBest reads the best prices of bbo-tbt.
func parseBest(dst []exchange.BidAsk, in *exchange.Scope, b []byte) ([]exchange.BidAsk, error) {
	d := open(b)
	for d.next() {
		var v exchange.BidAsk
		readBest(&d.Scanner, &v)
		if in.Market != nil {
			dst = append(dst, v)
		}
	}
	return dst, d.End()
}

func readBest(s *scan.Scanner, v *exchange.BidAsk) {
	for n := 0; ; n++ {
		key, ok := s.NextKey(n)
		if !ok {
			return
		}
		switch string(key) {
		case "asks":
			v.Ask, v.AskSize = best(s)
		case "bids":
			v.Bid, v.BidSize = best(s)
		case "ts":
			v.Time = s.Milli()
		case "seqId":
			v.Seq = s.Int()
		}
	}
}

// best reads the first level of a side.
func best(s *scan.Scanner) (price, size decimal.Decimal) {
	for n := 0; s.NextItem(n); n++ {
		if n == 0 {
			price, size = s.Pair()
		}
	}
	return price, size
}

// summed is how many levels a side the checksum covers.
const summed = 25

// sums are what checksum works with: the book is asked for copies, and a buffer
// given to crc32 cannot stay on the stack.
var sums = sync.Pool{New: func() any { return new(sum) }}

type sum struct {
	bids, asks []book.Level
	text       []byte
}

// checksum is the CRC-32 of section 5.3, which the venue sent until June 2026, over the texts of the
// best levels of both sides in turn. The texts were canonical: without zeros at the end.
func checksum(b *book.Book) (uint32, bool) {
	c := sums.Get().(*sum)
	defer sums.Put(c)
	c.bids, c.asks = b.Top(summed, c.bids[:0], c.asks[:0])
	c.text = c.text[:0]
	for i := range summed {
		if i < len(c.bids) {
			c.text = appendLevel(c.text, &c.bids[i])
		}
		if i < len(c.asks) {
			c.text = appendLevel(c.text, &c.asks[i])
		}
	}
	return crc32.ChecksumIEEE(c.text), true
}

func appendLevel(dst []byte, l *book.Level) []byte {
	if len(dst) > 0 {
		dst = append(dst, ':')
	}
	dst = appendCanonical(dst, l.Price)
	return appendCanonical(append(dst, ':'), l.Size)
}

// appendCanonical appends a plain number without zeros at the end of its fraction.
func appendCanonical(dst []byte, d decimal.Decimal) []byte {
	dst = d.AppendTo(dst)
	if d.Scale() <= 0 {
		return dst
	}
	end := len(dst)
	for dst[end-1] == '0' {
		end--
	}
	if dst[end-1] == '.' {
		end--
	}
	return dst[:end]
}
