//go:build !cgo

package sqlite

import (
	"database/sql/driver"

	"modernc.org/sqlite"
)

var engine driver.Driver = &sqlite.Driver{}

const driverName = "modernc.org/sqlite"

// parameters are those that the driver reads.
var parameters = []string{
	"_defensive", "_dqs", "_error_rc", "_inttotime", "_pragma", "_query_only", "_texttotime", "_time_format", "_time_integer_format", "_timezone", "_txlock", "vfs",
}
