// Package postgres is the sink of package record for PostgreSQL, from version 12 on.
//
//	sink, err := postgres.Open(ctx, "postgres://user:password@host:5432/ticks?sslmode=require")
//
// # Schema, version 2
//
// The tables are made in the first schema of the search_path; give it one of their own. Read the views: trades, books, levels, tickers,
// bid_asks, candles, funding, gaps and frames. Each has venue and symbol, the columns of the record.Table of its name, a column ending
// in _at for each moment, a timestamptz to the microsecond, and the number of the log and the position there. The tables below them, which
// end in _row, have the number of a row of market instead of venue and symbol.
//
// Numbers are NUMERIC, which keeps the zeros at the end. What it does not keep, an exponent and the sign of zero, stands as it was written in the column forms:
// "price=1e-7 size=-0.0"; in nearly all rows that is NULL. What is absent is NULL, an empty text as well. time is
// the venue's clock, received ours, both in nanoseconds since 1970 UTC. A text that PostgreSQL cannot hold, because it has a zero byte or is no UTF-8, and
// one that begins with \x, stands there in hexadecimal behind \x, as bytea is written: text::bytea has its bytes.
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
// it is done, and the first gets record.ErrFenced from then on. Errors of the classes data exception, integrity constraint violation and program
// limit exceeded (a trade's id that is too long for an index) are record.ErrRefused; all else comes again.
// When the context of a call ends the server is told; one that is silent is left a second later.
//
// # Size and speed
//
// The tests run with PostgreSQL 15. Bytes on disk for one row, indexes included: trades 230, bid_asks 158, tickers 260, candles 215, funding 159, gaps 201, books 380 with two
// levels a side on average, frames 297 of which 120 are the frame. Rows go by COPY, with the speed of a hand-written loop of COPY over the same driver, and
// a third of the processor time.
package postgres
