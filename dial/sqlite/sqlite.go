package sqlite

import (
	"context"
	"database/sql/driver"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/depthwire/depthwire/dial"
	"github.com/depthwire/depthwire/dial/database"
)

func init() { dial.Register("sqlite3", open) }

func open(ctx context.Context, rest string, o dial.Options) (dial.Conn, error) {
	if err := database.Check(o); err != nil {
		return nil, err
	}
	if o.Proxy != "" {
		return nil, fmt.Errorf("%w %q: want none with sqlite3", dial.ErrOption, "proxy")
	}
	if err := check(rest); err != nil {
		return nil, err
	}
	return database.Open(ctx, database.Driver{
		Scheme:    "sqlite3",
		Addr:      "sqlite3",
		Connector: connector(rest),
		Single:    inMemory(rest),
	}, o)
}

// check refuses parameters that nobody would look at: SQLite and its drivers pass over
// those that they do not know.
func check(dsn string) error {
	name, query, _ := strings.Cut(dsn, "?")
	known := parameters
	if strings.HasPrefix(name, "file:") {
		known = append([]string{"mode", "cache", "vfs", "psow", "nolock", "immutable"}, known...)
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return fmt.Errorf("%w: want parameters as name=value&name=value", dial.ErrAddress)
	}
	for parameter := range values {
		if !slices.Contains(known, parameter) {
			return fmt.Errorf("%w: a parameter that is not known (mode, cache and the like are of file:… only): %s takes %s", dial.ErrAddress, driverName, strings.Join(known, ", "))
		}
	}
	return nil
}

// inMemory reports whether a database is one that each connection would have
// another of.
func inMemory(dsn string) bool {
	name, query, _ := strings.Cut(dsn, "?")
	if name == ":memory:" || name == "file::memory:" {
		return true
	}
	values, _ := url.ParseQuery(query)
	return values.Get("mode") == "memory"
}

// connector opens the data source that it names.
type connector string

func (c connector) Connect(context.Context) (driver.Conn, error) {
	return engine.Open(string(c))
}

func (c connector) Driver() driver.Driver { return engine }
