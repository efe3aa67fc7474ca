package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/lib/pq"

	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/internal/sqltable"
)

// BookAt is the question for the best levels of a book at any nanosecond. Its parameters are venue, symbol, nanoseconds since 1970 and
// how many levels a side:
//
//	rows, err := db.Query(postgres.BookAt, "okx", "BTC/USDT", at.UnixNano(), 10)
//
// It answers with side ("bid" or "ask"), level from 1, price and size as text, best first, and with nothing while the book was not known.
// The book is that after the last row, by position, that was received at the instant or before it, in the log of the one that was received
// last. Where the clock was set back, rows up to an hour older than that count.
var BookAt = dialect.BookAt()

var types = map[record.ColumnKind]string{record.Text: "TEXT", record.Name: "TEXT", record.Number: "NUMERIC", record.Moment: "BIGINT",
	record.Count: "BIGINT", record.Flag: "SMALLINT", record.Levels: "JSON"}

var dialect = sqltable.Dialect{
	Name:   "postgres",
	Types:  types,
	Key:    "TEXT",
	Short:  "TEXT",
	Quote:  `"`,
	Begin:  "BEGIN",
	Lock:   " FOR UPDATE",
	Param:  func(n int) string { return fmt.Sprint("$", n) },
	Moment: `'epoch'::timestamptz + r."%[1]s" / 1000 * interval '1 microsecond' AS %[1]s_at`,
	Forms:  true,
	Encode: func(s string) (string, bool) {
		if utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 && !sqltable.Marked(s) {
			return "", false
		}
		return sqltable.Hex(s), true
	},
	Tables: "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p', 'v', 'm', 'f')",
	Enter:  "SELECT 1 FROM pg_advisory_xact_lock(hashtextextended('depthwire ' || current_schema(), 0))",
	Levels: `SELECT venue, symbol, time, received, seq, state, '%[1]s'::text AS side, l.n AS level, l.value ->> 0 AS price, l.value ->> 1 AS size, r.log, r.pos
		FROM books_row r JOIN market m ON m.number = r.market, json_array_elements(r.%[2]s) WITH ORDINALITY l (value, n)`,
	Cast: "BIGINT",
	Prices: sqltable.Prices{
		Sides:  `j.n, j.value ->> 0 AS price, j.value ->> 1 AS size FROM part p, json_array_elements(p.%s) WITH ORDINALITY j (value, n)`,
		Same:   `price::numeric`,
		Number: `price::numeric`,
		Full:   `size::numeric <> 0`,
	},
	Start:   start,
	Refuses: refuses,
}

// start sees to it that the server lets go of a transaction whose client has gone without a word: it holds the lock on meta.
func start(ctx context.Context, conn *sql.Conn) (sqltable.Writer, error) {
	for _, setting := range []string{"idle_in_transaction_session_timeout = '60s'", "tcp_keepalives_idle = 30", "tcp_keepalives_interval = 10", "tcp_keepalives_count = 3"} {
		if _, err := conn.ExecContext(ctx, "SET "+setting); err != nil {
			return nil, err
		}
	}
	return &writer{conn: conn}, nil
}

// refuses tells errors of the server that are about what it was given by their class: data exception, integrity constraint violation,
// program limit exceeded.
func refuses(err error) bool {
	e, ok := errors.AsType[*pq.Error](err)
	if !ok {
		return false
	}
	switch e.Code.Class() {
	case "22", "23", "54":
		return true
	}
	return false
}
