package record

import (
	"time"

	"github.com/depthwire/depthwire/exchange"
)

// Channel is a kind of what is recorded, and the name of its table.
type Channel string

// The channels.
const (
	Trades  Channel = "trades"
	Books   Channel = "books"
	Tickers Channel = "tickers"
	BidAsks Channel = "bid_asks"
	Candles Channel = "candles"
	Funding Channel = "funding"
	Frames  Channel = "frames"
)

// Causes of gaps that are the recorder's own, beside those of package stream.
const (
	Start    = "start"       // the recording begins, or begins again, with the value received at To; From is when the last one came before
	Unlogged = "log"         // the log took nothing: the disk was full, or broken
	Budget   = "disk budget" // rows were dropped to keep the log within its budget; whose they were is not known
	Damaged  = "log damaged" // rows cannot be read from the log any more
	Resumed  = "resumed"     // the recorder died with books that were live: the positions FromID to ToID, that excluded, lay them down as of From
	Refused  = "refused"     // the store has refused the row that stood here; it is in a file beside the log
	Ended    = "ended"       // the venue ended the stream, or does not have the symbol: nothing follows
	Clock    = "clock"       // our clock was set back, from From to To: nothing is missing, but moments between the two come twice
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

// series is one kind of rows of one market.
type series struct {
	venue, symbol string
	channel       Channel
	interval      exchange.Interval // of candles
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
