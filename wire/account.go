package wire

// Fields of positions and transactions have the places of those of orders.
const (
	Held       = Role // long or short
	MarginMode = TimeInForce

	Network = OrderKind
	Address = TimeInForce
	Tag     = Role
	FeeUnit = Kind // the currency of a Fee, where it may be another one than Asset
)

// Numbers, times and truths of accounts have the places of those of tickers and candles: no message has both.
const (
	Total  = Open // of a balance
	Free   = High
	Cash   = Close // free, where Free is empty
	Used   = Low
	Filled = Volume      // of an order
	Paid   = QuoteVolume // for what is filled, in quote units
	Fee    = Change

	Deducted = Open // of a fill, in FeeUnit: what is paid in place of Fee

	Entry       = Average // of a position
	Unrealized  = PreviousClose
	Leverage    = Percent
	Liquidation = VWAP
	Initial     = Open // margins
	Isolated    = High
	Maintenance = Low

	Created = Start

	Buyer      = Closed // the account's side is Buy
	ReduceOnly = Closed
	PostOnly   = Maker
)
