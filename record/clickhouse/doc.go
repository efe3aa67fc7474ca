// Package clickhouse stores recordings in ClickHouse, 24.8 or newer, over its own protocol or HTTP.
//
// # Tables
//
// Open makes a table of each of record.Tables, with its name and its columns, in the database that the address names. So do columns look:
//
//	Text      String, empty where absent
//	Name      LowCardinality(String)
//	Moment    DateTime64(9, 'UTC'), 1970-01-01 00:00:00 where absent
//	Count     Int64
//	Flag      Bool
//	Number    Nullable(Decimal(38, 18)), NULL where absent; price_text is the text of price as the venue has sent it
//	Levels    Array(Tuple(price Decimal(38, 18), size Decimal(38, 18))); bids_text has all prices of bids as they were sent, then
//	          all sizes, a space behind each
//
// To these come log (hexadecimal) and pos, by which a row is known. Decimal(38, 18) has 20 digits before the point and 18 after it: of
// a number with more of these the rest is cut off, a larger one is NULL, or 0 within levels, and a size in levels that would become 0
// is 0.000000000000000001. The _text columns have every number exactly, and are made of the others when they are read:
// digits has of each number of the row, in order, a character that is as far behind '0' as it has digits after its point; texts has
// all numbers of a row of which one is written as that cannot say (1E-7, -0, 28 digits), and is empty otherwise. bids_digits and
// bids_texts do the same for levels.
//
// Rows are in partitions by day of received, and in the order of venue, symbol, received, log, pos: asking for a market and a time
// reads little else. Tables whose Key is not empty (trades) are stored as trades_rows, by day of time and in the order of venue,
// symbol and key, and trades is the view to ask: it has one row of each key, the one that was stored first, whoever else has brought it.
// Ask it by time rather than by received, which has an index and no order. Copies go from the disk as parts are merged. Rows without a
// key are all there.
//
// Table depthwire has the version of the schema, depthwire_refused the ranges of batches of which the server has refused something.
//
// # What is sure
//
// A batch is an insert into each table, under a token made of log, range and table, which the server remembers for 10,000 inserts into a
// table (non_replicated_deduplication_window). A batch whose end is not clear comes again under its tokens. A server that was killed may
// remember a token and have lost the rows: therefore Write then waits until the server is done with what it has of this log, reads back which
// positions are there, and inserts those that are not under the next token, until all are. So each position is there once, whether the
// network broke, the recorder was killed, or the server. Rows that were acknowledged are lost only where the machine of the
// server loses what it had not on disk: ALTER TABLE … MODIFY SETTING fsync_after_insert = 1, fsync_part_directory = 1 is against
// that, and slow. It holds for one server, and for one recorder to a log; tables of replicas, which have windows of their own, are not tested.
//
// Materialized views that others put on a table get what comes again as well. They count it once if their target remembers, too:
//
//	CREATE TABLE per_day (day Date, trades UInt64) ENGINE = SummingMergeTree ORDER BY day
//		SETTINGS non_replicated_deduplication_window = 1000;
//	CREATE MATERIALIZED VIEW to_per_day TO per_day AS
//		SELECT toDate(time) AS day, count() AS trades FROM trades_rows GROUP BY day
//
// Without the window they count twice what came twice. Even with it they are not exact where a server that was killed had lost rows, or
// kept those of the table and not the view's, and they count the copies of two recorders. A view that throws makes a batch be refused.
//
// Two recorders of the same markets count once in trades. Tables without a key have the rows of both: ask by log.
//
// Columns may be added to the tables, and constraints: rows that these forbid are record.ErrRefused, as is what does not convert. All
// other errors, wrong passwords and unknown databases included, leave the batch to come again.
//
// # A book at any nanosecond
//
// The view book_at makes of snapshots and deltas what a book was:
//
//	SELECT side, level, price, size
//	FROM book_at(venue = 'okx', symbol = 'BTC/USDT', t = '2026-11-22 03:00:00.123456789', n = 10)
//
// gives the n best levels of each side, bids first, with price_text and size_text as they were sent; known is 0 for a level beyond what
// the venue tells of; contracts, received, log and pos are of the last row that counts: of those received at t or before the newest
// says which log, and of that log's the one at the last position. There is no row where nothing is known: before the first snapshot, and
// while the book was down. Where the recorder's clock went back by more than an hour it may take the wrong rows.
//
// More questions:
//
//	-- candles of a minute
//	SELECT toStartOfMinute(time) AS start, argMin(price, (time, pos)) AS open, max(price) AS high, min(price) AS low,
//		argMax(price, (time, pos)) AS close, sum(size) AS volume
//	FROM trades WHERE venue = 'okx' AND symbol = 'BTC/USDT' AND time >= today() GROUP BY start ORDER BY start
//
//	-- what is missing
//	SELECT venue, symbol, channel, cause, from_time, to_time, lost FROM gaps WHERE received >= today() AND NOT healed
//
//	-- a day goes
//	ALTER TABLE books DROP PARTITION '2026-11-22'
//
// # Size and speed
//
// An insert has a price of its own, whatever its rows: record.Target's Rows at 50,000 costs the server far less than five times 10,000.
//
// Of rows like those of venues a million trades take about 28 MB, best prices 38 MB, tickers 111 MB and changes of books 49 MB;
// BenchmarkInsert tells.
package clickhouse
