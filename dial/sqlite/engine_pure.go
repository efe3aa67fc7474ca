//go:build !cgo

package sqlite

import (
	"database/sql/driver"
	"strings"

	"modernc.org/sqlite"
)

var engine driver.Driver = &patient{}

// patient waits 5 s for a database that is locked, if nothing else is said, as
// the other engine does.
type patient struct{ sqlite.Driver }

func (p *patient) Open(dsn string) (driver.Conn, error) {
	switch {
	case strings.Contains(dsn, "busy_timeout"):
		return p.Driver.Open(dsn)
	case strings.Contains(dsn, "?"):
		return p.Driver.Open(dsn + "&_pragma=busy_timeout(5000)")
	}
	return p.Driver.Open(dsn + "?_pragma=busy_timeout(5000)")
}

const driverName = "modernc.org/sqlite"

// parameters are those that the driver reads.
var parameters = []string{
	"_defensive", "_dqs", "_error_rc", "_inttotime", "_pragma", "_query_only", "_texttotime", "_time_format", "_time_integer_format", "_timezone", "_txlock", "vfs",
}
