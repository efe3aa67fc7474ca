package mysql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/go-sql-driver/mysql"

	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/internal/sqltable"
)

// BookAt is the question for the best levels of a book at any nanosecond. Its parameters are venue, symbol, nanoseconds since 1970 and
// how many levels a side:
//
//	rows, err := db.Query(mysql.BookAt, "okx", "BTC/USDT", at.UnixNano(), 10)
//
// It answers with side ("bid" or "ask"), level from 1, price and size, best first, and with nothing while the book was not known.
// The book is that after the last row, by position, that was received at the instant or before it, in the log of the one that was received
// last. Where the clock was set back, rows up to an hour older than that count. Prices are told apart by up to 30 digits behind the point.
var BookAt = dialect.BookAt()

const (
	text  = "CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
	ascii = "CHARACTER SET ascii COLLATE ascii_bin"
)

const pair = `JSON_TABLE(%s, '$[*]' COLUMNS (n FOR ORDINALITY, price VARCHAR(255) ` + ascii + ` PATH '$[0]', size VARCHAR(255) ` + ascii + ` PATH '$[1]')) l`

var dialect = sqltable.Dialect{
	Name: "mysql",
	Types: map[record.ColumnKind]string{record.Text: "LONGTEXT " + text, record.Name: "VARCHAR(500) " + text, record.Number: "VARCHAR(255) " + ascii,
		record.Moment: "BIGINT", record.Count: "BIGINT", record.Flag: "TINYINT", record.Levels: "LONGTEXT " + ascii},
	Key:     "VARCHAR(500) " + text,
	Short:   "VARCHAR(255) " + text,
	Quote:   "`",
	Primary: "PRIMARY KEY (log, pos)",
	Suffix:  " ENGINE = InnoDB",
	Begin:   "START TRANSACTION",
	Lock:    " FOR UPDATE",
	Param:   func(int) string { return "?" },
	Extra:   "r.`%[1]s` + 0e0 AS %[1]s_real",
	Encode: func(s string) (string, bool) { // blanks at the end do not count when texts are compared
		if utf8.ValidString(s) && !strings.HasSuffix(s, " ") && !sqltable.Marked(s) {
			return "", false
		}
		return sqltable.Hex(s), true
	},
	Tables: "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()",
	Enter:  "SELECT GET_LOCK(CONCAT('depthwire ', SHA1(DATABASE())), 60)",
	Leave:  "DO RELEASE_LOCK(CONCAT('depthwire ', SHA1(DATABASE())))",
	Levels: "SELECT venue, symbol, time, received, seq, state, '%[1]s' AS side, l.n AS level, l.price, l.size, l.price + 0e0 AS price_real, l.size + 0e0 AS size_real, r.log, r.pos " +
		"FROM books_row r JOIN market m ON m.number = r.market JOIN " + fmt.Sprintf(pair, "r.%[2]s"),
	Cast: "SIGNED",
	Prices: sqltable.Prices{
		Sides:  "l.n, l.price, l.size FROM part p JOIN " + fmt.Sprintf(pair, "p.%s"),
		Same:   "CAST(price AS DECIMAL(65, 30))",
		Number: "CAST(price AS DECIMAL(65, 30))",
		Full:   "size + 0e0 <> 0",
	},
	Start:   start,
	Refuses: refuses,
}

// Numbers of the server's errors that are about what it was given, beside those of the classes 22, data exception, and 23, integrity
// constraint violation.
const packetTooLarge = 1153

func refuses(err error) bool {
	if errors.Is(err, mysql.ErrPktTooLarge) {
		return true
	}
	e, ok := errors.AsType[*mysql.MySQLError](err)
	if !ok {
		return false
	}
	class := string(e.SQLState[:2])
	return class == "22" || class == "23" || e.Number == packetTooLarge
}

// start makes a session refuse what it cannot hold, compare texts as they are, and end when its client has gone without a word: it may
// hold the lock on meta.
func start(ctx context.Context, conn *sql.Conn) (sqltable.Writer, error) {
	w := &writer{conn: conn}
	for _, text := range []string{
		"SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'",
		"SET NAMES utf8mb4 COLLATE utf8mb4_bin",
		"SET SESSION wait_timeout = 600",
	} {
		if _, err := conn.ExecContext(ctx, text); err != nil {
			return nil, err
		}
	}
	return w, conn.QueryRowContext(ctx, "SELECT @@max_allowed_packet").Scan(&w.packet)
}
