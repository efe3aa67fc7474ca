package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Version is the schema that this package writes.
const Version = 1

// ErrSchema is the kind of a SchemaError.
var ErrSchema = errors.New("sqlite: not a recording of this version")

// SchemaError says that a file is not one that this package can write to.
type SchemaError struct {
	Path  string
	Found int // its schema version, 0: it is no recording at all
}

// Error names the file, its version and ours.
func (e *SchemaError) Error() string {
	if e.Found == 0 {
		return fmt.Sprintf("sqlite: %s is a database, but no recording", e.Path)
	}
	return fmt.Sprintf("sqlite: %s has schema version %d, this program writes version %d", e.Path, e.Found, Version)
}

// Unwrap returns ErrSchema.
func (e *SchemaError) Unwrap() error { return ErrSchema }

// Columns that several tables share are in the same order in all of them: market, time, received, seq.
// The index by time costs 30 % of the speed at which trades are written; without it a question about
// an hour reads the whole file.
const schema = `
CREATE TABLE meta (
	schema INTEGER NOT NULL,
	cursor INTEGER NOT NULL, -- position behind the last row
	epoch  INTEGER NOT NULL  -- of the writer: the last one who opened the file
) STRICT;

CREATE TABLE market (
	id     INTEGER PRIMARY KEY,
	venue  TEXT NOT NULL,
	symbol TEXT NOT NULL,
	UNIQUE (venue, symbol)
) STRICT;

CREATE TABLE trade_row (
	market INTEGER NOT NULL, time INTEGER, received INTEGER NOT NULL, seq INTEGER NOT NULL,
	id TEXT, first TEXT, side TEXT, price TEXT, size TEXT, contracts TEXT, cost TEXT
) STRICT;
CREATE UNIQUE INDEX trade_once ON trade_row (market, id) WHERE id IS NOT NULL;
CREATE INDEX trade_time ON trade_row (market, received);

CREATE TABLE book_row (
	market INTEGER NOT NULL, time INTEGER, received INTEGER NOT NULL, seq INTEGER NOT NULL,
	contracts INTEGER NOT NULL, known_bid TEXT, known_ask TEXT, bids TEXT NOT NULL, asks TEXT NOT NULL
) STRICT;
CREATE INDEX book_time ON book_row (market, received);

CREATE TABLE ticker_row (
	market INTEGER NOT NULL, time INTEGER, received INTEGER NOT NULL, seq INTEGER NOT NULL,
	last TEXT, last_size TEXT, bid TEXT, bid_size TEXT, ask TEXT, ask_size TEXT,
	open TEXT, high TEXT, low TEXT, previous_close TEXT, change TEXT, percent TEXT, vwap TEXT,
	volume TEXT, quote_volume TEXT, contract_volume TEXT, open_time INTEGER, trades INTEGER NOT NULL
) STRICT;
CREATE INDEX ticker_time ON ticker_row (market, received);

CREATE TABLE bid_ask_row (
	market INTEGER NOT NULL, time INTEGER, received INTEGER NOT NULL, seq INTEGER NOT NULL,
	bid TEXT, bid_size TEXT, ask TEXT, ask_size TEXT
) STRICT;
CREATE INDEX bid_ask_time ON bid_ask_row (market, received);

CREATE TABLE gap_row (
	market INTEGER NOT NULL, channel TEXT NOT NULL, cause TEXT NOT NULL,
	from_time INTEGER, to_time INTEGER, from_id TEXT, to_id TEXT,
	lost INTEGER NOT NULL, healed INTEGER NOT NULL, error TEXT
) STRICT;
CREATE INDEX gap_time ON gap_row (market, channel, from_time);

CREATE VIEW trades AS
	SELECT venue, symbol, time, received, seq, r.id, first, side, price, size, contracts, cost,
		CAST(price AS REAL) AS price_real, CAST(size AS REAL) AS size_real
	FROM trade_row r JOIN market m ON m.id = r.market;

CREATE VIEW books AS
	SELECT venue, symbol, time, received, seq, contracts, known_bid, known_ask, bids, asks,
		bids ->> '$[0][0]' AS bid, bids ->> '$[0][1]' AS bid_size,
		asks ->> '$[0][0]' AS ask, asks ->> '$[0][1]' AS ask_size,
		CAST(bids ->> '$[0][0]' AS REAL) AS bid_real, CAST(asks ->> '$[0][0]' AS REAL) AS ask_real
	FROM book_row r JOIN market m ON m.id = r.market;

CREATE VIEW levels AS
	SELECT venue, symbol, time, received, seq, 'bid' AS side, l.key + 1 AS level,
		l.value ->> 0 AS price, l.value ->> 1 AS size,
		CAST(l.value ->> 0 AS REAL) AS price_real, CAST(l.value ->> 1 AS REAL) AS size_real
	FROM book_row r JOIN market m ON m.id = r.market, json_each(r.bids) l
	UNION ALL
	SELECT venue, symbol, time, received, seq, 'ask', l.key + 1, l.value ->> 0, l.value ->> 1,
		CAST(l.value ->> 0 AS REAL), CAST(l.value ->> 1 AS REAL)
	FROM book_row r JOIN market m ON m.id = r.market, json_each(r.asks) l;

CREATE VIEW tickers AS
	SELECT venue, symbol, time, received, seq, last, last_size, bid, bid_size, ask, ask_size,
		open, high, low, previous_close, change, percent, vwap, volume, quote_volume,
		contract_volume, open_time, trades, CAST(last AS REAL) AS last_real
	FROM ticker_row r JOIN market m ON m.id = r.market;

CREATE VIEW bid_asks AS
	SELECT venue, symbol, time, received, seq, bid, bid_size, ask, ask_size,
		CAST(bid AS REAL) AS bid_real, CAST(ask AS REAL) AS ask_real
	FROM bid_ask_row r JOIN market m ON m.id = r.market;

CREATE VIEW gaps AS
	SELECT venue, symbol, channel, cause, from_time, to_time, from_id, to_id, lost, healed, error
	FROM gap_row r JOIN market m ON m.id = r.market
	WHERE r.healed OR NOT EXISTS (
		SELECT 1 FROM gap_row c
		WHERE c.market = r.market AND c.channel = r.channel AND c.from_time = r.from_time AND c.healed);
`

// prepare makes the schema where there is nothing, checks it where there is
// something, and takes the file over: who opened it before cannot write any more.
func prepare(ctx context.Context, conn *sql.Conn, path string) (epoch int64, err error) {
	var tables, ours int
	err = conn.QueryRowContext(ctx, `SELECT count(*), count(*) FILTER (WHERE name = 'meta') FROM sqlite_schema`).Scan(&tables, &ours)
	switch {
	case err != nil:
		return 0, err
	case tables == 0:
		if _, err := conn.ExecContext(ctx, schema); err != nil {
			return 0, err
		}
		if _, err := conn.ExecContext(ctx, `INSERT INTO meta VALUES (?, 0, 0)`, Version); err != nil {
			return 0, err
		}
	case ours == 0:
		return 0, &SchemaError{Path: path}
	}
	var found int
	if err := conn.QueryRowContext(ctx, `SELECT schema FROM meta`).Scan(&found); err != nil || found != Version {
		return 0, errors.Join(&SchemaError{Path: path, Found: found}, err)
	}
	err = conn.QueryRowContext(ctx, `UPDATE meta SET epoch = epoch + 1 RETURNING epoch`).Scan(&epoch)
	return epoch, err
}

var inserts = [...]string{
	insertTrade:  `INSERT INTO trade_row VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
	insertBook:   `INSERT INTO book_row VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
	insertTicker: `INSERT INTO ticker_row VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
	insertBidAsk: `INSERT INTO bid_ask_row VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
	insertGap:    `INSERT INTO gap_row VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
	insertMarket: `INSERT INTO market (venue, symbol) VALUES (?, ?) ON CONFLICT DO UPDATE SET venue = excluded.venue RETURNING id`,
	moveCursor:   `UPDATE meta SET cursor = ? WHERE epoch = ?`,
}

// The statements.
const (
	insertTrade = iota
	insertBook
	insertTicker
	insertBidAsk
	insertGap
	insertMarket
	moveCursor
)
