// Package sqlite is the embedded sink of package record: one file, no server.
//
//	sink, err := sqlite.Open(ctx, "ticks.db", sqlite.Options{})
//
// # Schema, version 1
//
// Read the views: trades, books, levels, tickers, bid_asks and gaps. Each has venue and
// symbol; the tables below them, which end in _row, have the number of a row of market
// instead. A trade then takes 110 bytes in place of 180, and is written a fifth faster.
//
// Prices and sizes are text, byte for byte as decimal.Decimal prints them, NULL
// where the venue sent none. Views add columns ending in _real for arithmetic. time is
// the venue's clock, received ours, both in nanoseconds since 1970 UTC; time is NULL where
// the venue sends none.
//
//	trades   one row for each trade; venue, symbol and id are unique where the venue has ids
//	books    one row for each state of a book: bids and asks are JSON, best first: [["68250.1","0.5"],…]
//	levels   the same, one row for each level
//	tickers, bid_asks
//	gaps     one row for each hole: the closed one where a hole was closed (healed = 1)
//	gap_row  every record.Gap as it came, the openings of closed holes included
//	meta     schema version, cursor, and the number of times the file was opened
//
// The file is in WAL mode: it can be read by others while it is written. A killed process
// loses nothing that was committed; with synchronous = NORMAL, the default, a power
// failure may lose the last transactions, never a part of one.
//
// The driver is mattn/go-sqlite3 under cgo and modernc.org/sqlite without it.
package sqlite
