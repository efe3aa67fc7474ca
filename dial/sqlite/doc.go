// Package sqlite registers the scheme sqlite3.
//
//	sqlite3://file:test.db?cache=shared&mode=memory
//	sqlite3://test.db
//	sqlite3://:memory:
//
// What follows :// goes to the driver as it is: mattn/go-sqlite3, whose
// parameters begin with _ (_journal_mode=WAL, _busy_timeout=5000,
// _txlock=immediate, …), and without cgo modernc.org/sqlite, which has
// _pragma=journal_mode(WAL) instead. A parameter that the driver does not know is
// refused. A database in memory has one connection
// and lives as long as that; without a name it is this Conn's own, which
// dial.Reuse shares.
//
// A column declared as decimal is a float to SQLite: keep prices in TEXT. What is
// in a column declared as date, datetime or timestamp comes as a time.Time, the zero
// one where it is none, and of a boolean column all but 0 is true: declare as TEXT
// or INTEGER what is to come back as it is.
package sqlite
