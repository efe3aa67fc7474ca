// Package database is what the schemes sqlite3, postgres, mysql and clickhouse
// have in common: a dial.Conn that executes SQL over a pool of database/sql.
//
//	conn, err := dial.Dial(ctx, "sqlite3://file:test.db")
//	db := conn.(*database.Conn)
//	result, err := db.Exec(ctx, "SELECT symbol, price FROM ticks WHERE price > ?", 1)
//
// Import the package of the scheme (dial/sqlite, dial/postgres, dial/mysql,
// dial/clickhouse), which has its forms of addresses; this one has the methods.
//
// A Conn has no messages: Read and Write are errors.ErrUnsupported. Any number
// of goroutines may use one Conn; beyond 32 statements at a time they wait. Handle gives its number, by which
// dial.Reuse, or dialling "handle://N", gives another Conn of the same
// connection; it stands until the last of them is closed.
//
// A connection that was lost is made anew by the next statement. One that was
// on its way fails with dial.ErrLost, as nobody knows whether it was executed, and
// is not repeated; one that finds its connection closed already, as Linux can
// tell, was not sent, and takes another. Not in a pool of one connection: that is
// a session, whose loss is always told. With Options.Reconnect a statement that cannot
// be sent, because nobody listens, waits for the server within its ctx and tries
// at the interval. Options that are about messages (payload, compress, mode,
// framing, silence) are refused.
package database
