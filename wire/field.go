package wire

// Field is what a word of a message means.
type Field uint8

// Rows is the word under which rows are nested: an object or an array of them. What stands
// beside it holds for all of its rows.
const Rows Field = 1

// Texts. A side is the taker's, "buy" or "sell" in any case.
const (
	Market Field = iota + 2 // the venue's id of the market
	Event                   // the kind of a message
	TradeID
	FirstID // of the matches that a trade stands for
	Side
	Kind // what sets rows of one kind apart

	// Texts of accounts.
	OrderID
	ClientID // the customer's own
	State    // of an order
	OrderKind
	TimeInForce
	Asset // a currency
	Role  // of a fill: that of the maker, or the taker
	TxID  // of a chain

	firstInt
)

// Whole numbers.
const (
	Seq     Field = iota + firstInt
	Trades        // how many there were
	Matches       // how many a trade stands for
	Class         // what sets markets of one id apart
	First         // ids of an update of a book
	Last
	Prev
	Checksum

	firstNumber
)

// Decimal numbers. Bid and Ask may stand as a price, as a pair of price and size, or as a list of pairs whose first is the best.
const (
	Open Field = iota + firstNumber
	High
	Low
	Close // of a ticker: the last price
	PreviousClose
	Change
	Percent
	VWAP
	Volume
	QuoteVolume
	ContractVolume
	LastSize
	Bid
	BidSize
	Ask
	AskSize
	Price
	Size
	Cost
	Rate
	Realized
	MarkPrice
	IndexPrice
	Average  // price of fills
	Interest // in base units
	InterestContracts
	InterestValue

	firstTime
)

// Times.
const (
	Time Field = iota + firstTime
	Start
	End
	OpenTime
	Next
	After // the one after Next

	firstBool
)

// True or false, or 1 or 0.
const (
	Maker Field = iota + firstBool // the buyer's order was there before: the taker sold
	Closed

	firstLevels
)

// Sides of an order book: lists of pairs, or of objects with Price and Size.
const (
	Bids Field = iota + firstLevels
	Asks

	fields
)

const (
	texts   = firstInt - Market
	ints    = firstNumber - firstInt
	numbers = firstTime - firstNumber
	times   = firstBool - firstTime
)

// A bit of a uint64 tells that a field was there.
var _ [64 - fields]struct{}

func (f Field) bit() uint64 { return 1 << f }
