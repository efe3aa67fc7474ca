package record

import (
	"context"
	"errors"
	"time"

	"github.com/depthwire/depthwire/exchange"
)

// Sink stores batches. A Recorder calls it from one goroutine at a time.
type Sink interface {
	// Cursor returns the position behind the last row that is stored, 0 when
	// there is none: where the next batch begins.
	Cursor(ctx context.Context) (uint64, error)
	// Write stores b, and b.To as the cursor, in one transaction: all of it or
	// nothing. A batch that ends at or before the cursor is stored already, and is
	// left out. b is the sink's only until Write returns. An error that is
	// ErrFenced or ErrOverlap ends the recording; after any other the same batch
	// comes again.
	Write(ctx context.Context, b *Batch) error
	// Close gives back what the sink holds. The Recorder leaves it to the owner.
	Close() error
}

// Kinds of error.
var (
	// ErrFenced is a sink's answer when another writer has taken the store over.
	ErrFenced = errors.New("record: another writer has taken the store over")
	// ErrOverlap is a sink's answer to a batch of which it has only a part.
	ErrOverlap = errors.New("record: batch overlaps the cursor")
	// ErrConfig is Run's answer to a Config that makes no sense.
	ErrConfig = errors.New("record: bad config")
	// ErrLeft is Run's answer when not everything could be written in time.
	ErrLeft = errors.New("record: rows not written")
	// ErrEnded is Run's answer when every subscription has ended by itself.
	ErrEnded = errors.New("record: nothing left to record")
)

// Channel is a kind of rows.
type Channel string

// The channels.
const (
	Trades  Channel = "trades"
	Books   Channel = "books"
	Tickers Channel = "tickers"
	BidAsks Channel = "bidasks"
)

// Batch is a range of what was recorded: the rows at the positions from From,
// inclusive, to To, exclusive. Positions number all rows of a store in the order in
// which they were accepted, gaps included, and never go back. Within a
// kind rows are in order.
type Batch struct {
	From, To uint64
	Trades   []exchange.Trade
	Books    []exchange.OrderBook // live ones only
	Tickers  []exchange.Ticker
	BidAsks  []exchange.BidAsk
	Gaps     []Gap
}

// Rows returns the number of rows.
func (b *Batch) Rows() int {
	return len(b.Trades) + len(b.Books) + len(b.Tickers) + len(b.BidAsks) + len(b.Gaps)
}

// empty makes b fit for new rows, and holds on to none of the old.
func (b *Batch) empty() {
	clear(b.Trades)
	clear(b.Books)
	clear(b.Tickers)
	clear(b.BidAsks)
	clear(b.Gaps)
	*b = Batch{Trades: b.Trades[:0], Books: b.Books[:0], Tickers: b.Tickers[:0], BidAsks: b.BidAsks[:0], Gaps: b.Gaps[:0]}
}

// Causes of gaps that are the recorder's own, beside those of package stream.
const (
	Start  = "start"       // the recording begins with the value received at To
	Behind = "sink behind" // the buffer was full: rows were dropped
	Ended  = "ended"       // the venue ended the stream: nothing follows
)

// Gap is what is known to be missing from one series of rows.
//
// A book that is lost and found gives two: the first, with To zero, when it ceases to be
// live, the second, Healed and with the same From, when it is live again.
type Gap struct {
	Venue, Symbol string
	Channel       Channel
	Cause         string
	From, To      time.Time // on our clock: the last good row, the first one after; zero: not known
	FromID, ToID  string    // the ids at both ends, where the venue numbers its values
	Lost          uint64    // rows that are missing, 0: not known
	Healed        bool      // nothing is wrong any more: the hole was filled, or a new state replaced the old
	Err           string    // what was met, empty when there is nothing to add
}

func gapOf(s series, b *exchange.Break) Gap {
	g := Gap{
		Venue: s.venue, Symbol: s.symbol, Channel: s.channel, Cause: string(b.Cause),
		From: b.From, To: b.To, FromID: b.FromID, ToID: b.ToID, Lost: b.Lost, Healed: b.Healed,
	}
	if b.Err != nil {
		g.Err = b.Err.Error()
	}
	return g
}
