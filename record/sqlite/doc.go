// Package sqlite is the embedded sink of package record: one file, no server.
//
//	sink, err := sqlite.Open(ctx, "ticks.db", sqlite.Options{})
//
// # Schema, version 2
//
// Read the views: trades, books, levels, tickers, bid_asks, candles, funding, gaps and frames. Each has venue and symbol, the columns
// of the record.Table of its name, a column ending in _real for each number, to calculate with, and the number of the log and the position
// there. The tables below them, which end in _row, have the number of a row of market instead of venue and symbol, which makes
// them smaller, and faster to write.
//
// Prices and sizes are text, byte for byte as decimal.Decimal prints them. What is absent is NULL, an empty text as well. time is
// the venue's clock, received ours, both in nanoseconds since 1970 UTC.
//
//	trades   one row for each trade; venue, symbol and id are unique where the venue has ids
//	books    one row for each change of a book: state is snapshot, delta or down, and bids and asks are JSON: [["68250.1","0.5"],…]
//	levels   the same, one row for each level
//	gaps     one row for each hole: the closed one where a hole was closed (healed = 1)
//	gaps_row every record.Gap as it came, the openings of closed holes included
//	log      of each log its number, its id in hexadecimal, and its cursor: the position behind the last row that is stored
//	meta     the version of the schema, and how often the file was opened: the last who did is the one who writes
//
// BookAt is the question for the best levels of a book at any nanosecond.
//
// A file of version 1 is not changed: Open answers with record.ErrSchema. Its rows stay readable with any SQLite.
//
// # Guarantees
//
// A batch is stored with its cursor in one transaction. The file is in WAL mode: it can be read by others while it is written. A killed
// process loses nothing that was committed; with synchronous = NORMAL, the default, a power failure may lose the last transactions, never
// a part of one. The cursor then says so, but of what the recorder's log has let go by that time nothing comes again: FULL is for machines that lose power.
//
// A constraint that fails, as of a trigger of yours, and a value that is too long for SQLite (a gigabyte) are record.ErrRefused; all else comes again.
//
// # Size and speed
//
// Bytes on disk for one row, indexes included: trades 125, bid_asks 97, tickers 209, candles 146, funding 98, gaps 121, books 216 with two
// levels a side on average, frames 217 of which 120 are the frame. Writing has the speed of a hand-written loop over the same driver or more:
// 110,000 trades a second on a busy machine of two cores.
//
// The driver is mattn/go-sqlite3 under cgo and modernc.org/sqlite without it.
package sqlite
