// Package sqlite registers the scheme sqlite3.
//
//	sqlite3://file:test.db?cache=shared&mode=memory
//	sqlite3://test.db
//	sqlite3://:memory:
//
// What follows :// goes to the driver as it is: mattn/go-sqlite3, whose
// parameters begin with _ (_journal_mode=WAL, _busy_timeout=5000,
// _txlock=immediate, …), and without cgo modernc.org/sqlite, which has
// _pragma=journal_mode(WAL) instead. A database in memory has one connection
// and lives as long as that; without a name it is this Conn's own, which
// dial.Reuse shares.
//
// A column declared as decimal is a float to SQLite: keep prices in TEXT.
package sqlite
