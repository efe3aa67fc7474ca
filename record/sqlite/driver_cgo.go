//go:build cgo

package sqlite

import (
	"errors"

	"github.com/mattn/go-sqlite3" // registers the driver
)

// Driver is the name of the driver in database/sql, to read a file with.
const Driver = "sqlite3"

const readers = "" // what their address ends with: they wait for others by themselves

const readOnly = "?mode=ro"

// code returns SQLite's own number of an error, 0 where there is none.
func code(err error) int {
	if e, ok := errors.AsType[sqlite3.Error](err); ok {
		return int(e.Code)
	}
	return 0
}
