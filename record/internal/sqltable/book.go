package sqltable

import "fmt"

// Prices is how a dialect calculates with the texts of levels.
type Prices struct {
	Sides  string // n, price and size of the levels in a column of part p, %s, and FROM
	Same   string // what is equal of prices that are
	Number string // a price as a number, to order by
	Full   string // whether a size is not zero
}

// BookAt returns the question for the best levels of a book at an instant. Its parameters are venue, symbol, nanoseconds since 1970,
// and how many levels a side; it answers with side (bid or ask), level from 1, price and size, best first.
//
// The book is that after the last row, by position, that was received at the instant or before, in the log of the one received last. Where
// the clock was set back, rows up to an hour older than that count as well.
func (d *Dialect) BookAt() string {
	const query = `WITH asked AS (
	SELECT m.number AS market, t.at FROM (SELECT number FROM market WHERE venue = %[3]s AND symbol = %[4]s) m CROSS JOIN (SELECT CAST(%[5]s AS %[6]s) AS at) t
), newest AS (
	SELECT r.log, r.received FROM books_row r
	WHERE r.market = (SELECT market FROM asked) AND r.received <= (SELECT at FROM asked) ORDER BY r.received DESC, r.log DESC LIMIT 1
), latest AS (
	SELECT max(r.pos) AS pos FROM books_row r WHERE r.market = (SELECT market FROM asked) AND r.log = (SELECT log FROM newest)
	AND r.received <= (SELECT at FROM asked) AND r.received > (SELECT received FROM newest) - 3600000000000
), whole AS (
	SELECT r.pos, r.state FROM books_row r WHERE r.market = (SELECT market FROM asked) AND r.log = (SELECT log FROM newest)
	AND r.pos <= (SELECT pos FROM latest) AND r.state <> 'delta' ORDER BY r.pos DESC LIMIT 1
), part AS (
	SELECT r.pos, r.bids, r.asks FROM books_row r WHERE r.market = (SELECT market FROM asked) AND r.log = (SELECT log FROM newest)
	AND r.pos >= (SELECT pos FROM whole WHERE state = 'snapshot') AND r.pos <= (SELECT pos FROM latest)
), told AS (
	SELECT 'bid' AS side, p.pos, %[1]s
	UNION ALL SELECT 'ask', p.pos, %[2]s
), news AS (
	SELECT side, price, size, %[8]s AS number, row_number() OVER (PARTITION BY side, %[9]s ORDER BY pos DESC, n DESC) AS age FROM told
), standing AS (
	SELECT side, price, size, row_number() OVER (PARTITION BY side ORDER BY CASE side WHEN 'bid' THEN -number ELSE number END) AS level FROM news WHERE age = 1 AND %[10]s
)
SELECT side, level, price, size FROM standing WHERE level <= %[7]s ORDER BY side DESC, level`
	return fmt.Sprintf(query, fmt.Sprintf(d.Prices.Sides, "bids"), fmt.Sprintf(d.Prices.Sides, "asks"),
		d.Param(1), d.Param(2), d.Param(3), d.Cast, d.Param(4), d.Prices.Number, d.Prices.Same, d.Prices.Full)
}
