//go:build !cgo

package sqlite

import _ "modernc.org/sqlite" // registers the driver

// Driver is the name of the driver in database/sql, to read a file with.
const Driver = "sqlite"
