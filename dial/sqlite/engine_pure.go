//go:build !cgo

package sqlite

import (
	"database/sql/driver"

	"modernc.org/sqlite"
)

var engine driver.Driver = &sqlite.Driver{}
