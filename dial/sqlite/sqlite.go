package sqlite

import (
	"context"
	"database/sql/driver"
	"fmt"
	"net/url"
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
	return database.Open(ctx, database.Driver{
		Addr:      "sqlite3",
		Connector: connector(rest),
		Single:    inMemory(rest),
	}, o)
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
