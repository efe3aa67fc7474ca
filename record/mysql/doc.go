// Package mysql is the sink of package record for MySQL, from version 8 on, and MariaDB, from version 10.6 on.
//
//	sink, err := mysql.Open(ctx, "mysql://user:password@tcp(host:3306)/ticks")
//
// # Schema, version 2
//
// Give it a database of its own. Read the views: trades, books, levels, tickers,
// bid_asks, candles, funding, gaps and frames. Each has venue and symbol, the columns of the record.Table of its name, a column ending
// in _real for each number, to calculate with, and the number of the log and the position there. The tables below them, which
// end in _row, have the number of a row of market instead of venue and symbol.
//
// Prices and sizes are text, byte for byte as decimal.Decimal prints them: a DECIMAL has one number of digits for all rows. What is absent
// is NULL, an empty text as well. time is the venue's clock, received ours, both in nanoseconds since 1970 UTC. A text that is no UTF-8, one that ends
// with a blank, which comparisons do not see, and one that begins with \x, stand there in hexadecimal behind \x: UNHEX(SUBSTR(text, 3)) has their bytes.
//
//	trades   one row for each trade; venue, symbol and id are unique where the venue has ids
//	books    one row for each change of a book: state is snapshot, delta or down, and bids and asks are JSON: [["68250.1","0.5"],…]
//	levels   the same, one row for each level
//	gaps     one row for each hole: the closed one where a hole was closed (healed = 1)
//	gaps_row every record.Gap as it came, the openings of closed holes included
//	log      of each log its number, its id in hexadecimal, and its cursor: the position behind the last row that is stored
//	meta     the version of the schema, and how often it was opened: the last who did is the one who writes
//
// BookAt is the question for the best levels of a book at any nanosecond.
//
// # Guarantees
//
// A batch is stored with its cursor in one transaction, which begins with a lock on the row of meta: a second Sink takes over when
// it is done, and the first gets record.ErrFenced from then on. Errors of the classes data exception and integrity constraint violation, as of an
// id or a name of more than 500 characters, a venue or symbol of more than 255, and a row beyond max_allowed_packet, are record.ErrRefused; all else comes again.
// What survives the death of the server is what it is set to: with innodb_flush_log_at_trx_commit = 0 it loses transactions that the recorder's log may have let go.
//
// # Size and speed
//
// The tests run with MariaDB 10.11. About so many bytes on disk for one row, indexes included: trades 294, bid_asks 252, tickers 378, candles 304, funding 252, gaps 283, books 378 with two
// levels a side on average, frames 419 of which 120 are the frame. Rows go by INSERT of about a megabyte, with eight tenths of the speed of a hand-written loop of prepared
// statements of a thousand rows or more, and less than half of its processor time.
package mysql
