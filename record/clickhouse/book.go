package clickhouse

import "strings"

// bookAt is the view that turns rows of BookTable into a book. The last row at t says of which log, and the last one before it that
// is no delta where to begin: both are found by reading the table's order backwards. Positions then say what comes when; clocks may
// have gone back by an hour between them.
var bookAt = strings.NewReplacer(
	"MARKET", "venue = {venue:String} AND symbol = {symbol:String}",
	"NEAR", "received >= begun - INTERVAL 1 HOUR AND received <= latest + INTERVAL 1 HOUR",
	"PRICE", written("price", "digits.1"),
	"SIZE", written("size", "digits.2"),
).Replace(strings.NewReplacer("BIDS", sideAt("bid", "bids"), "ASKS", sideAt("ask", "asks")).Replace(`CREATE VIEW IF NOT EXISTS book_at AS
WITH
	(SELECT max(received) FROM (SELECT received FROM books
		WHERE MARKET AND received <= {t:DateTime64(9, 'UTC')}
		ORDER BY venue DESC, symbol DESC, received DESC LIMIT 1)) AS latest,
	(SELECT max(toString(log)) FROM books WHERE MARKET AND received = latest) AS of,
	(SELECT max(received) FROM (SELECT received FROM books
		WHERE MARKET AND received <= latest AND log = of AND state != 'delta'
		ORDER BY venue DESC, symbol DESC, received DESC LIMIT 1)) AS begun,
	(SELECT max(pos) FROM books
		WHERE MARKET AND log = of AND received >= begun - INTERVAL 1 HOUR AND received <= {t:DateTime64(9, 'UTC')}) AS until,
	(SELECT max(pos) FROM books WHERE MARKET AND log = of AND NEAR AND state != 'delta' AND pos <= until) AS since,
	(SELECT (argMin(state, pos), argMax(received, pos), argMax(contracts, pos), argMax(tuple(known_bid), pos).1, argMax(tuple(known_ask), pos).1)
		FROM books WHERE MARKET AND log = of AND NEAR AND pos >= since AND pos <= until) AS last
SELECT side, toUInt32(level) AS level, price, size,
	if(texts.1 != '', texts.1, PRICE) AS price_text, if(texts.2 != '', texts.2, SIZE) AS size_text,
	if(side = 'bid', price >= ifNull(last.4, price), price <= ifNull(last.5, price)) AS known,
	last.3 AS contracts, last.2 AS received, of AS log, until AS pos
FROM (
	SELECT *, row_number() OVER (PARTITION BY side ORDER BY if(side = 'bid', -price, price)) AS level
	FROM (
		SELECT side, l.price AS price, argMax(l.size, (pos, i)) AS size,
			argMax((l.price_digits, l.size_digits), (pos, i)) AS digits, argMax((p, s), (pos, i)) AS texts
		FROM (BIDS UNION ALL ASKS)
		GROUP BY side, price
		HAVING size != 0
	)
)
WHERE level <= {n:UInt32} AND last.1 = 'snapshot'
ORDER BY side = 'ask', level`))

// sideAt is the changes of a side: l has the level, i its place in the row, p and s the texts where they are kept.
func sideAt(side, column string) string {
	return strings.NewReplacer("SIDE", side, "LEVELS", column).Replace(`
			SELECT 'SIDE' AS side, pos, l, i, p, s FROM books
			ARRAY JOIN LEVELS AS l, arrayEnumerate(LEVELS) AS i,
				arrayResize(splitByChar(' ', texts.LEVELS_price), length(LEVELS), '') AS p,
				arrayResize(splitByChar(' ', texts.LEVELS_size), length(LEVELS), '') AS s
			WHERE MARKET AND log = of AND NEAR AND pos >= since AND pos <= until
			`)
}
