// Package wire reads a venue's messages by tables instead of code: which word of the venue
// means which [Field], where the rows are, and what the usual message of an order book looks
// like byte for byte.
//
//	var trades = wire.Compile(wire.Format{Words: wire.Words{
//		wire.Rows:    "data",
//		wire.TradeID: "tradeId",
//		wire.Price:   "px",
//		wire.Size:    "sz",
//		wire.Side:    "side",
//		wire.Time:    "ts",
//	}})
//
//	var row wire.Row
//	for row.Begin(trades, message); row.Next(); {
//		price := row.Decimal(wire.Price)
//		…
//	}
//	err := row.End()
//
// A [Row] is tolerant: keys come in any order, unknown ones are skipped. A [Form] is exact: it reads
// a delta of an order book that is byte for byte as the venue writes it, in a fraction of the time, and
// says so when it is not, for a Row to read it.
//
// Rows and Forms are reused and allocate nothing in steady state, but for texts that the caller keeps.
package wire
