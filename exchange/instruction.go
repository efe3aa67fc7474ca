package exchange

import "github.com/depthwire/depthwire/decimal"

// NewOrder is an order to be placed. Exactly one of Size, Contracts and QuoteSize is given, exactly: nothing is rounded.
type NewOrder struct {
	Symbol      string
	ClientID    string // the customer's own id, never used before; empty: one is made
	Side        Side
	Type        OrderType
	TimeInForce TimeInForce // empty: GTC for limit orders
	PostOnly    bool        // refused or cancelled, rather than to take
	ReduceOnly  bool        // never opens a position
	Price       decimal.Decimal
	Size        decimal.Decimal // base units
	Contracts   decimal.Decimal // where the venue counts them
	QuoteSize   decimal.Decimal // quote units to spend or to receive, of market orders where the venue has it
	Margin      MarginMode      // of contracts; empty: cross
	Held        PositionSide    // of accounts that hold both sides of one contract; empty: those that hold one
}

// Instruction is what the venue is told to do with one order.
type Instruction struct {
	NewOrder                 // of Create, and of Edit what is to be changed; checked
	Ref      Ref             // of Cancel and Edit
	Market   *Market         // nil in a CancelAll of all markets
	Amount   decimal.Decimal // Size or Contracts in the unit of the order book; absent where QuoteSize is given
	Account  string          // the venue's id of the account that trades, where Family.Account finds it out
}

// Outcome says what is known of what was to be done, where that has failed.
type Outcome string

// The outcomes.
const (
	NotPlaced Outcome = "not placed" // a new order, for certain
	NotDone   Outcome = "not done"   // a change or a cancellation, for certain
	Placed    Outcome = "placed"     // a new order, for certain, but the venue does not tell its state; OrderError.Order is what is known
	Unknown   Outcome = "unknown"    // the answer was lost, and what the venue says since then proves neither: it must not simply be repeated
)

// OrderError is the error of what changes orders. errors.Is and errors.As find the cause below it, an *Error.
type OrderError struct {
	Outcome  Outcome
	ClientID string // by which the order can be looked for
	Order    Order  // where Outcome is Placed
	Err      error
}

// Error says what is known, and why.
func (e *OrderError) Error() string { return string(e.Outcome) + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *OrderError) Unwrap() error { return e.Err }
