package exchange

import (
	"time"

	"github.com/depthwire/depthwire/decimal"
)

// Balance is what one account has of one currency. What a venue does not say is absent.
type Balance struct {
	Stamp          // Symbol is empty
	Account string // the venue's kind of account: spot, linear, trading, funding, …
	Asset   string
	Free    decimal.Decimal // to spend
	Used    decimal.Decimal // held by orders and the like
	Total   decimal.Decimal
}

// Order is an order of the account as it stands. Its Time is that of its last change. What a venue does not say is
// absent.
type Order struct {
	Stamp
	ID, ClientID    string // the venue's own text; the customer's own, empty where he gave none
	Created         time.Time
	Type            OrderType
	TimeInForce     TimeInForce
	PostOnly        bool
	ReduceOnly      bool
	Side            Side
	Price           decimal.Decimal // the limit; absent where there is none
	Average         decimal.Decimal // of what is filled; absent before
	Size            decimal.Decimal // base units; absent where the order is for an amount of quote units
	Contracts       decimal.Decimal // Size as the venue counts it, where it counts contracts
	QuoteSize       decimal.Decimal // in quote units, of orders for such an amount
	Filled          decimal.Decimal // base units
	FilledContracts decimal.Decimal // Filled as the venue counts it, where it counts contracts
	Cost            decimal.Decimal // of what is filled, in quote units, where the venue says it
	Fee             Fee             // of all that is filled
	Status          OrderStatus
	State           string // the venue's own word for Status
}

// Remaining is what may still be filled, base units at the order's price; absent where Size is.
func (o *Order) Remaining() decimal.Decimal {
	switch {
	case o.Size.Absent() || o.Filled.IsZero() || o.Filled.Absent():
		return o.Size
	case o.Contracts.Sign() > 0: // of inverse ones the two sizes are at two prices
		return o.Size.Mul(o.Contracts.Sub(o.FilledContracts)).Quo(o.Contracts)
	}
	return o.Size.Sub(o.Filled)
}

// Fee is what was paid: below zero the venue has paid it. Where nothing is known both are empty.
type Fee struct {
	Asset  string
	Amount decimal.Decimal
}

// OrderType says by what price an order trades.
type OrderType string

// The types of orders. Another one is in the venue's own word, in lower case.
const (
	LimitOrder  OrderType = "limit"
	MarketOrder OrderType = "market"
)

// TimeInForce says how long an order lives.
type TimeInForce string

// The times in force. Empty: the venue does not say it.
const (
	GTC TimeInForce = "GTC" // until it is cancelled
	IOC TimeInForce = "IOC" // what cannot be filled at once is cancelled
	FOK TimeInForce = "FOK" // all at once, or nothing
	GTD TimeInForce = "GTD" // until a time
)

// OrderStatus is where an order stands.
type OrderStatus string

// The statuses of orders. Empty: the venue has a new word, which is in Order.State.
const (
	OrderOpen     OrderStatus = "open"
	OrderClosed   OrderStatus = "closed" // all of it is filled
	OrderCanceled OrderStatus = "canceled"
	OrderExpired  OrderStatus = "expired"
	OrderRejected OrderStatus = "rejected"
)

// Fill is one trade of the account.
type Fill struct {
	Stamp
	ID                string // the venue's own text. A match of the account with itself is two fills, which may have one ID.
	OrderID, ClientID string // ClientID is empty where the venue does not say it
	Side              Side   // the account's
	Role              Role
	Price             decimal.Decimal
	Size              decimal.Decimal // base units
	Contracts         decimal.Decimal // where the venue counts them
	Cost              decimal.Decimal // in quote units, where the venue says it
	Fee               Fee
}

// Role is whose order was in the book.
type Role string

// The roles. Empty: neither, of what the venue itself has traded.
const (
	Maker Role = "maker"
	Taker Role = "taker"
)

// Position is a contract, or a loan of a pair, that the account holds; of size zero it is one that has been closed. What a venue does
// not say is absent.
type Position struct {
	Stamp
	ID                   string // empty where positions have none
	Side                 PositionSide
	Size                 decimal.Decimal // base units, above zero; absent where the venue counts quote units
	Contracts            decimal.Decimal // where the venue counts them
	Entry                decimal.Decimal // average price
	Mark                 decimal.Decimal
	Liquidation          decimal.Decimal // the price at which the venue closes it
	Unrealized           decimal.Decimal // profit in the currency of settlement, below zero a loss
	Realized             decimal.Decimal
	Leverage             decimal.Decimal
	MarginMode           MarginMode
	Initial, Maintenance decimal.Decimal // margins
	Created              time.Time

	net bool // the sign of what is held says the side: the other one is not held
}

// PositionSide says what a position gains by.
type PositionSide string

// The sides of positions.
const (
	Long  PositionSide = "long"  // a higher price
	Short PositionSide = "short" // a lower price
)

// MarginMode says what answers for a position. Empty: the venue does not say it here.
type MarginMode string

// The modes of margins.
const (
	CrossMargin    MarginMode = "cross"    // all that the account has
	IsolatedMargin MarginMode = "isolated" // what was set aside for it
)

// Transaction is a deposit or a withdrawal. What a venue does not say is absent.
type Transaction struct {
	Stamp               // Symbol is empty; Time is when it was begun
	ID, ClientID string // the venue's own text; the customer's own
	Kind         TransactionKind
	Asset        string
	Network      string // the venue's word for the chain
	Address, Tag string // where it went
	TxID         string // the chain's, empty as long as there is none
	Amount       decimal.Decimal
	Fee          Fee
	Status       TransactionStatus
	State        string    // the venue's own word for Status
	Done         time.Time // when it was completed, zero where that is not told
}

// TransactionKind says which way the money went.
type TransactionKind string

// The kinds of transactions.
const (
	Deposit    TransactionKind = "deposit"
	Withdrawal TransactionKind = "withdrawal"
)

// TransactionStatus is where a transaction stands.
type TransactionStatus string

// The statuses of transactions. Empty: the venue has a new word, which is in Transaction.State.
const (
	TransactionPending  TransactionStatus = "pending"
	TransactionOK       TransactionStatus = "ok"
	TransactionFailed   TransactionStatus = "failed"
	TransactionCanceled TransactionStatus = "canceled"
)
