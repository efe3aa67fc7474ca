//go:build cgo

package sqlite

import _ "github.com/mattn/go-sqlite3" // registers the driver

// Driver is the name of the driver in database/sql, to read a file with.
const Driver = "sqlite3"
