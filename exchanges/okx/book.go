package okx

import (
	"bytes"
	"errors"
	"hash/crc32"
	"sync"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/decimal"
	"github.com/depthwire/depthwire/exchange"
	"github.com/depthwire/depthwire/wire"
)

// window is how many levels a side the venue keeps and sends.
const window = 400

// linked is the rule of section 5.1: each update names the one before it. One that repeats its number is a heartbeat
// (3b), one that falls behind it is the venue counting anew (3c); both continue the book. What was applied already comes
// again now and then (3e). Recordings of 2022 have no numbers: all are zero, all continue, and the checksum judges.
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

// books reads order books of REST and of all channels (sections 3.2, 4.4), whose rows wait for what must stand ahead of
// them. Only updates are deltas.
func books(ahead ...wire.Field) exchange.Parser[book.Update] {
	return exchange.Books(wire.Compile(wire.Format{
		Words: wire.Words{
			wire.Rows:     "data",
			wire.Event:    "action",
			wire.Last:     "seqId",
			wire.Prev:     "prevSeqId",
			wire.Checksum: "checksum", // signed; always 0 since June 2026, which is none (section 5.3)
			wire.Time:     "ts",
			wire.Bids:     "bids",
			wire.Asks:     "asks",
		},
		Awaited: ahead,
	}), "", func(u *book.Update, r *wire.Row, in *exchange.Scope) bool {
		switch string(r.Text(wire.Event)) {
		case "update":
			u.Snapshot = u.Prev == -1
		case "", "snapshot":
			u.Snapshot = true
		default:
			r.Fail(errAction)
		}
		if u.Limit = in.Args.Depth; u.Limit == 0 || u.Limit > window {
			u.Limit = window
		}
		return r.Has(wire.Time)
	})
}

var (
	parseBook  = books(wire.Event)
	parseWhole = books() // of messages without an action, each a whole book
)

// mergeBook reads the usual bytes of an update.
var mergeBook = exchange.Exact(wire.MustForm(`{"arg":{"channel":"books","instId":"{market}"},"action":"update","data":[{"asks":[{asks}],"bids":[{bids}],` +
	`"ts":"{time}","checksum":{checksum},"prevSeqId":{prev},"seqId":{last}}]}`))

// summed is how many levels a side the checksum covers.
const summed = 25

// sums are what checksum works with: the book is asked for copies, and a buffer given to crc32 cannot stay on the stack.
var sums = sync.Pool{New: func() any { return new(sum) }}

type sum struct {
	bids, asks []book.Level
	text       []byte
}

// checksum is the CRC-32 of section 5.3, which the venue sent until June 2026, over the texts of the best levels of both
// sides in turn. The texts were canonical: without zeros at the end.
func checksum(b *book.Book) (uint32, bool) {
	c := sums.Get().(*sum)
	defer sums.Put(c)
	c.bids, c.asks = b.Top(summed, c.bids[:0], c.asks[:0])
	c.text = c.text[:0]
	for i := range summed {
		for _, side := range [2][]book.Level{c.bids, c.asks} {
			if i < len(side) {
				c.text = appendCanonical(appendCanonical(c.text, side[i].Price), side[i].Size)
			}
		}
	}
	return crc32.ChecksumIEEE(bytes.TrimSuffix(c.text, []byte(":"))), true
}

// appendCanonical appends a plain number without zeros at the end of its fraction, and a colon.
func appendCanonical(dst []byte, d decimal.Decimal) []byte {
	if dst = d.AppendTo(dst); d.Scale() > 0 {
		dst = bytes.TrimSuffix(bytes.TrimRight(dst, "0"), []byte("."))
	}
	return append(dst, ':')
}
