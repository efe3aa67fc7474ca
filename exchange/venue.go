package exchange

import (
	"time"

	"github.com/depthwire/depthwire/book"
	"github.com/depthwire/depthwire/rest"
	"github.com/depthwire/depthwire/stream"
)

// Venue is a place that trades, as data: tables of what it offers and pure
// functions that read what it sends. It is never changed. A zero field is
// something that is not offered.
type Venue struct {
	Name     string
	Families []*Family
}

// Family is a part of a venue with rules of its own: spot, linear contracts, ….
type Family struct {
	Name    string
	Base    Endpoint // of REST
	Pull    Pull
	Push    Push
	Sockets map[string]*Socket
	// Refusal reads the venue's error from an answer, whatever its status: code is
	// empty when the answer is none. until is when the venue may be asked again, where
	// the body says it.
	Refusal func(status int, body []byte) (code, text string, until time.Time)
	Codes   map[string]error // the venue's codes as kinds of error
	// Intervals are the lengths of candles that are offered, and the venue's words for them.
	Intervals map[Interval]string
}

// Endpoint is where a venue listens. Options.Endpoints replaces URL by Name.
type Endpoint struct{ Name, URL string }

// Pull is what can be fetched.
type Pull struct {
	Markets   Call[Market]
	Time      Call[time.Time]
	OrderBook Call[book.Update]
	Ticker    Call[Ticker]
	Tickers   Call[Ticker] // of all markets of the family, when none is named
	BidAsk    Call[BidAsk]
	Trades    Call[Trade]
	Candles   Call[Candle]
	Funding   Call[FundingRate]
	History   Call[FundingRate] // of funding rates that were charged
	MarkPrice Call[MarkPrice]
}

// Push is what can be watched.
type Push struct {
	OrderBook []BookChannel // by depth, the shallowest first
	Ticker    Channel[Ticker]
	BidAsk    Channel[BidAsk]
	Trades    Channel[Trade]
	Candles   Channel[Candle]
	Funding   Channel[FundingRate]
	MarkPrice Channel[MarkPrice]
}

// Call is one REST endpoint.
type Call[T any] struct {
	Path    string
	Cost    func(ms []*Market, a Args) []rest.Charge          // what it costs; nil: nothing
	Request func(r *rest.Request, ms []*Market, a Args) error // makes the query; nil: there is none
	Parse   Parser[T]
	Page    func(page []T, a Args) (next Args, more bool) // what to ask for after a page, oldest first; nil: one page is all
	Batch   int                                           // markets in one request; 0: one
}

// Channel is one kind of stream.
type Channel[T any] struct {
	Socket string
	Topic  func(m *Market, a Args) string // empty: not for this market or these arguments
	Parse  Parser[T]
	// Span returns the ids that a value stands for, where the venue numbers its values
	// without holes: what is missing is then known, and what comes twice is dropped.
	Span func(v *T) (first, last int64, ok bool)
}

// BookChannel is a stream of order books.
type BookChannel struct {
	Channel[book.Update]
	Depths []int // levels a side that it can be asked for, ascending; the last is how deep it goes
	Sync   SyncRule
	// Merge reads a message straight into the book, where the venue's usual form
	// allows it. It returns book.Keep, and has changed nothing, when Parse must read it.
	Merge func(s *book.Sync, in *Scope, b []byte) (book.Verdict, error)
}

// SnapshotSource is where the snapshots of a book come from.
type SnapshotSource uint8

// The sources of snapshots.
const (
	EveryMessage  SnapshotSource = iota // each message is one
	ByCall                              // Pull.OrderBook
	ByResubscribe                       // the first message of a subscription
)

// SyncRule is how the books of a channel are kept.
type SyncRule struct {
	Rule       book.Rule
	Source     SnapshotSource
	AfterDelta bool // ByCall: ask only when the first delta has come
	Window     int  // levels a side: ByCall, those to ask for; otherwise those that the venue keeps
	MayCross   bool
	Sum        func(*book.Book) (sum uint32, ok bool)
}

// Socket is one endpoint of streams.
type Socket struct {
	Endpoint
	Path      string
	Dialect   func() stream.Dialect // one per connection
	Compress  string                // of the frames that the venue sends, as in dial.Options
	Rates     []stream.Rate         // of messages sent on one connection
	Dials     *rest.Limit           // of connections made
	MaxTopics int                   // on one connection
	MaxFrame  int                   // bytes of one message, 0: the default of dial
	Quiet     time.Duration         // twice the venue's heartbeat: no data for so long, and the connection is replaced
}
