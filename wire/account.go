package wire

// Numbers, times and truths of accounts have the places of those of tickers and candles: no message has both.
const (
	Total  = Open // of a balance
	Free   = High
	Cash   = Close // free, where Free is empty
	Used   = Low
	Filled = Volume      // of an order
	Paid   = QuoteVolume // for what is filled, in quote units
	Fee    = Change

	Created = Start

	Buyer      = Closed // the account's side is Buy
	ReduceOnly = Closed
)
