package clickhouse

import "strings"

// bookAt is the view that turns rows of BookTable into a book. The last row at t says of which log, and the last one before it that
// is no delta where to begin: both are found by reading the table's order backwards. Positions then say what comes when; clocks may
// have gone back by an hour between them.
var bookAt = strings.NewReplacer(
	"MARKET", "venue = {venue:String} AND symbol = {symbol:String}",
	"NEAR", "log = newest.2 AND received >= begun - INTERVAL 1 HOUR AND received <= newest.1 + INTERVAL 1 HOUR",
	"BIDS", levelsAt("bid", "bids"),
	"ASKS", levelsAt("ask", "asks"),
	"PRICE", written("price", "of.1"),
	"SIZE", written("size", "of.2"),
).Replace(`CREATE VIEW IF NOT EXISTS book_at AS
WITH
	(SELECT max((received, toString(log))) FROM (SELECT received, log FROM books WHERE MARKET AND received <= {t:DateTime64(9, 'UTC')}
		ORDER BY venue DESC, symbol DESC, received DESC, log DESC LIMIT 1)) AS newest,
	(SELECT max(received) FROM (SELECT received FROM books WHERE MARKET AND received <= newest.1 AND log = newest.2 AND state != 'delta'
		ORDER BY venue DESC, symbol DESC, received DESC LIMIT 1)) AS begun,
	(SELECT (arrayMax(arrayFilter(x -> x <= until, arrayPushFront(groupArrayIf(pos, state != 'delta'), toUInt64(0)))), maxIf(pos, received <= {t:DateTime64(9, 'UTC')}) AS until)
		FROM books WHERE MARKET AND NEAR) AS range
SELECT side, toUInt32(level) AS level, price, size,
	if(texts.1 != '', texts.1, PRICE) AS price_text, if(texts.2 != '', texts.2, SIZE) AS size_text,
	if(side = 'bid', price >= ifNull(last.4, price), price <= ifNull(last.5, price)) AS known,
	last.3 AS contracts, last.2 AS received, last.6 AS log, last.1 AS pos
FROM (
	SELECT *, row_number() OVER (PARTITION BY side ORDER BY if(side = 'bid', -price, price)) AS level
	FROM (
		SELECT l.1 AS side, l.4.1 AS price, argMax(l.4.2, (l.2, l.3)) AS size, argMax((l.5, l.6), (l.2, l.3)) AS of, argMax((l.7, l.8), (l.2, l.3)) AS texts, any(last) AS last
		FROM (
			SELECT argMin(state, pos) AS state, max((pos, received, contracts, known_bid, known_ask, toString(log))) AS last,
				groupArrayArray(arrayConcat(BIDS, ASKS)) AS all
			FROM books WHERE MARKET AND NEAR AND pos >= range.1 AND pos <= range.2
		)
		ARRAY JOIN all AS l
		WHERE state = 'snapshot'
		GROUP BY side, price
		HAVING size != 0
	)
)
WHERE level <= {n:UInt32}
ORDER BY side = 'ask', level`)

// levelsAt is the changes of a side in a row: the side, the position, the place, the level, how price and size are written, and their
// texts where they are kept.
func levelsAt(side, column string) string {
	return strings.NewReplacer("SIDE", side, "LEVELS", column).Replace(`arrayMap((l, i, pd, sd, p, s) -> ('SIDE', pos, i, l, pd, sd, p, s), LEVELS, arrayEnumerate(LEVELS),
					splitByString('', substring(LEVELS_digits, 1, length(LEVELS))), splitByString('', substring(LEVELS_digits, length(LEVELS) + 1)),
					arrayResize(arraySlice(splitByChar(' ', LEVELS_texts), 1, length(LEVELS)), length(LEVELS), ''),
					arrayResize(arraySlice(splitByChar(' ', LEVELS_texts), length(LEVELS) + 1, length(LEVELS)), length(LEVELS), ''))`)
}
