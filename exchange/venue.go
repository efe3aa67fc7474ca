package exchange

import (
	"errors"
	"time"
	"unicode/utf8"

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
	// Plans are the families as the tokens of a venue that sells data have them, by the
	// name that Options.Plan gives. Families is for who names none.
	Plans map[string][]*Family
	// Environments are what a venue has beside the real one, by the name that Options.Environment gives: demo, testnet.
	Environments map[string]Environment
}

// Environment is a venue for trying things out: all addresses that it has, by the names of endpoints, and headers of all requests and
// handshakes. What Endpoints does not name is not there: a family without its Base is left out, its sockets are refused. So
// nothing that is meant for trying goes to the real venue.
type Environment struct {
	Endpoints map[string]string
	Header    map[string]string
}

// Family is a part of a venue with rules of its own: spot, linear contracts, ….
type Family struct {
	Name    string
	Base    Endpoint // of REST
	Token   string   // the query parameter of REST and sockets that carries Options.Token; empty: none is asked for
	Auth    *Auth    // how what is private is signed; nil: there is nothing
	Pull    Pull
	Push    Push
	Trade   Trading
	Sockets map[string]*Socket
	// Refusal reads the venue's error from an answer, whatever its status: code is
	// empty when the answer is none. until is when the venue may be asked again, where
	// the body says it.
	Refusal func(status int, body []byte) (code, text string, until time.Time)
	// Codes are the venue's codes as kinds of error; "code text" where only the text tells them apart, "GET /path: code" where only the
	// request does.
	Codes map[string]error
	// Intervals are the lengths of candles that are offered, and the venue's words for them.
	Intervals map[Interval]string
	// Account is asked once for the venue's id of the account that Args and Instruction then carry; zero: none is needed.
	Account Call[string]
	// Listed are the markets of a family whose venue has no list of them: Pull.Markets is zero.
	Listed []Market
	// Adopt makes the market of an id that is in no list, where the venue knows more
	// markets than can be listed; ok is false for what cannot be an id of the family.
	Adopt func(id string) (m Market, ok bool)
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

	OpenInterest Call[OpenInterest]
	Liquidations Call[Liquidation]
	Status       Call[Status] // of the venue, or of the part of it that the family is in

	// Of the account: all of them are Signed. What is not of one family, as balances and deposits may be, stands in one of
	// the families alone.
	Balances     []Call[Balance] // one for each account that the venue keeps apart
	Orders       Call[Order]     // of any status; zero: OpenOrders and ClosedOrders are asked for
	OpenOrders   Call[Order]
	ClosedOrders Call[Order] // filled, cancelled, expired; zero: those of Orders
	Order        Call[Order] // the one of Args.Ref
	MyTrades     Call[Fill]
	Positions    Call[Position]
	Deposits     Call[Transaction]
	Withdrawals  Call[Transaction]
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

	OpenInterest Channel[OpenInterest]
	Liquidations Channel[Liquidation]

	Balances    AccountChannel[Balance]
	Orders      AccountChannel[Order]
	MyTrades    AccountChannel[Fill]
	Positions   AccountChannel[Position]
	Deposits    AccountChannel[Transaction]
	Withdrawals AccountChannel[Transaction]
}

// AccountChannel is how one kind of the account's data is followed: one topic has all of the family. What the topic cannot
// tell, because it was interrupted or does not exist, the Call of the same name is asked for.
type AccountChannel[T any] struct {
	Channel[T]                        // Topic is asked with a nil Market; Parse is told none and names the market of each value. Args.Account is empty until REST was asked for it
	Hint       func(data []byte) bool // a message of the topic that says only that the Call has news; nil: none does
	Poll       time.Duration          // the Call is asked so often, too; 0: when something is known to be missing
}

// Trading is how orders are given.
type Trading struct {
	Create, Cancel, Edit Action
	CancelAll            Action // of one market, or of all where it is Whole
	// ClientID makes the customer's own id of an order from 64 random bits, in a form that the venue takes. Every order has one: by
	// it a lost answer is cleared up.
	ClientID func(random uint64) string
	// Own reports whether a customer's own id has the form that the venue takes.
	Own func(clientID string) bool
	// Expires is how long after a request was made the venue may still act on it, by the window of its signature. An order that is not found
	// later was not placed. 0: that is never certain.
	Expires time.Duration
}

// Action is one thing that can be done to orders: by REST and, where Socket is not empty, over a socket, which is preferred.
type Action struct {
	Method, Path string
	Whole        bool // no market need be named
	Batch        int  // of Cancel: how many orders one request may name, for a CancelAll that the venue lacks; 0: one
	Cost         func(ins []*Instruction) []rest.Charge
	Request      func(r *rest.Request, ins []*Instruction) error
	// Parse reads the answer, of REST or of the socket. It may say less than an Order has, or name none: what is absent is not known. What the
	// venue refuses inside an answer that is none of Refusal's is an *Error, beside the orders that it has not refused. Scope.Args.Ref is the
	// order's.
	Parse Parser[Order]

	Socket string
	For    func(in *Instruction) bool // what can be done over the socket; nil: all
	// Frame is the request over the socket; the dialect routes the answer to it by id, as Frame.Answer.
	Frame func(s *Session, id string, ins []*Instruction) ([]byte, error)
	// Answer reads what a socket's answer refuses, as Refusal does REST's; nil: Refusal, with status 200.
	Answer func(data []byte) (code, text string)
}

// Call is one REST endpoint.
type Call[T any] struct {
	Method  string // empty: GET
	Path    string
	Signed  bool                                              // it is of the account
	Whole   bool                                              // it may be asked without a market: for all of the family
	Window  time.Duration                                     // the widest range of time that one request may ask for; 0: any
	Keeps   time.Duration                                     // with Window, how far back the venue answers; 0: for ever, and a request without a beginning has the newest, however old
	For     func(m *Market) bool                              // the markets that have it; nil: all of the family
	Cost    func(ms []*Market, a Args) []rest.Charge          // what it costs; nil: nothing
	Request func(r *rest.Request, ms []*Market, a Args) error // makes the query; nil: there is none
	Parse   Parser[T]
	Page    func(page []T, a Args) (next Args, more bool) // what to ask for after a page, oldest first; nil: one page is all
	Sparse  bool                                          // Page is asked after an empty one too: more may lie behind it
	Batch   int                                           // markets in one request; 0: one
	MaxAge  time.Duration                                 // an answer that lay longer in a cache, by its Age header, is refused; 0: none is
}

// Channel is one kind of stream.
type Channel[T any] struct {
	Socket string
	For    func(m *Market) bool           // the markets that have it; nil: all of the family
	Topic  func(m *Market, a Args) string // empty: not for these arguments
	Parse  Parser[T]
	// Span returns the ids that a value stands for, where the venue numbers its values
	// without holes: what is missing is then known, and what comes twice is dropped.
	Span func(v *T) (first, last int64, ok bool)
	// Sparse says that Span's ids only grow: what comes twice is dropped, what is missing not known.
	Sparse bool
	// Shared says that a topic speaks of many markets of the family: Parse is told none, names
	// the market of each value, and each reader gets those of his own.
	Shared bool
	// Asked is how many candles that were missed a question on the socket brings: the dialect is a stream.Asker. 0: none.
	Asked int
	// Rare says that silence means nothing: the topic tells of what may not happen for hours.
	Rare bool
}

// read is Parse of what is text at all: a key that is damaged would be one that is not known, and left out.
func (c *Channel[T]) read(dst []T, in *Scope, b []byte) ([]T, error) {
	if !utf8.Valid(b) {
		return dst, errText
	}
	return c.Parse(dst, in, b)
}

var errText = errors.New("exchange: message is not UTF-8")

// BookChannel is a stream of order books.
type BookChannel struct {
	Channel[book.Update]
	Depths []int // levels a side that it can be asked for, ascending; the last is how deep it goes
	Sync   SyncRule
	// Speeds are the intervals of changes that it can be asked for, 0 for each at once, and the venue's words for them, of
	// which one is Args.Speed; nil: there is one interval only.
	Speeds map[time.Duration]string
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
	ByRequest                           // a question on the socket, answered in the stream: the dialect is a stream.Asker
)

// SyncRule is how the books of a channel are kept.
type SyncRule struct {
	Rule       book.Rule // what links a delta to the book; nil: each message is a snapshot
	Source     SnapshotSource
	AfterDelta bool // ByCall, ByRequest: ask only when the first delta has come, or none for a while; EveryMessage: ask, by Pull.OrderBook, when none has come for a while
	Window     int  // levels a side: ByCall, those to ask for; otherwise those that the venue keeps
	Trim       bool // the venue does not tell what falls out of Window
	MayCross   bool // bids above asks are the venue's own, as in auctions, and no fault
	KeepZero   bool // levels may lack a size: only a snapshot removes them
	ByTime     bool // EveryMessage: the venue's time tells which of two is older, not Last
	// Sum is the checksum that a book must have where an update tells one; nil: none is looked at.
	Sum func(*book.Book) (sum uint32, ok bool)
}

// Socket is one endpoint of streams.
type Socket struct {
	Endpoint
	Path      string
	Dialect   func() stream.Dialect           // one per connection
	Private   func(s *Session) stream.Dialect // in place of Dialect, on a connection that is the account's; it may be a stream.Greeter
	Pass      *Pass                           // what REST gives out to connect with; nil: nothing is needed
	Compress  string                          // of the frames that the venue sends, as in dial.Options
	Rates     []stream.Rate                   // of messages sent on one connection
	Dials     *rest.Limit                     // of connections made
	Asks      *rest.Limit                     // of subscriptions, on all connections together
	MaxTopics int                             // on one connection
	MaxConns  int                             // connections at the same time, 0: no limit; a topic for which there is no room is refused
	List      func(topic string) string       // MaxTopics counts for each list alone; nil: there is one
	MaxFrame  int                             // bytes of one message, 0: the default of dial
	Quiet     time.Duration                   // twice the venue's heartbeat: no data for so long, and the connection is replaced
	Calm      bool                            // markets close: a connection on which only heartbeats are answered is good, but where data came in a rhythm
}

// Pass is a word that REST gives out and that the address of a socket carries (Binance's listen key). It is a secret.
type Pass struct {
	Method, Path string // asks for it
	// Sign makes the requests the key's owner's; nil: Auth.Sign.
	Sign       func(r *rest.Request, k *Key, host string, now time.Time) error
	Read       func(body []byte) (string, error)
	Address    func(pass string) string // what follows the Path of the Socket
	Keep       time.Duration            // it is asked for again, by KeepMethod, so often; refused, the connection is replaced
	KeepMethod string
	Cost       func([]*Market, Args) []rest.Charge
}
