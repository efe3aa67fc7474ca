//go:build cgo

package sqlite

import (
	"database/sql/driver"

	"github.com/mattn/go-sqlite3"
)

var engine driver.Driver = &sqlite3.SQLiteDriver{}
