//go:build cgo

package sqlite

import (
	"database/sql/driver"

	"github.com/mattn/go-sqlite3"
)

var engine driver.Driver = &sqlite3.SQLiteDriver{}

const driverName = "mattn/go-sqlite3"

// parameters are those that the driver reads.
var parameters = []string{
	"_auth", "_auth_crypt", "_auth_pass", "_auth_salt", "_auth_user", "_auto_vacuum", "_vacuum", "_busy_timeout", "_timeout", "_cache_size",
	"_case_sensitive_like", "_cslike", "_defer_foreign_keys", "_defer_fk", "_foreign_keys", "_fk", "_ignore_check_constraints", "_journal_mode", "_journal",
	"_loc", "_locking_mode", "_locking", "_mutex", "_query_only", "_recursive_triggers", "_rt", "_secure_delete", "_stmt_cache_size", "_synchronous", "_sync",
	"_txlock", "_writable_schema",
}
