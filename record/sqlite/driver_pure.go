//go:build !cgo

package sqlite

import (
	"errors"

	"modernc.org/sqlite" // registers the driver
)

// Driver is the name of the driver in database/sql, to read a file with.
const Driver = "sqlite"

const readers = "?_pragma=busy_timeout(5000)" // what their address ends with

const readOnly = readers + "&mode=ro"

// code returns SQLite's own number of an error, 0 where there is none.
func code(err error) int {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code() & 0xff // what is above says more
	}
	return 0
}
