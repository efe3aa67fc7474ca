package mysql

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/internal/sqltable"
	"github.com/depthwire/depthwire/record/wal"
)

// Version is the schema that this package writes.
const Version = sqltable.Version

// Sink writes batches into a database of MySQL or MariaDB. It is a record.Keeper and a record.Store.
type Sink struct{ s *sqltable.Store }

// ErrAddress is the kind of an address that Open does not understand.
var ErrAddress = errors.New("mysql: not an address")

// Open connects, makes the tables if there are none, and takes them over: a Sink that had them before gets record.ErrFenced. Where there
// are other tables of the same names, and where they are of another version, it is record.ErrSchema.
//
// The address is mysql://user:password@tcp(host:port)/name or mysql://user:password@host:port/name, or the first of them without
// mysql://, with the parameters of go-sql-driver. Errors do not repeat it. The context bounds Open.
func Open(ctx context.Context, address string) (*Sink, error) {
	to, err := connector(address)
	if err != nil {
		return nil, err
	}
	s, err := sqltable.Open(ctx, &dialect, sqltable.Pool{DB: sql.OpenDB(to)}, sqltable.Pool{DB: sql.OpenDB(to)})
	if err != nil {
		return nil, err
	}
	return &Sink{s}, nil
}

// OpenReader connects to tables that are there for reading alone: the recorder that writes them goes on, and Write is record.ErrFenced. The
// context bounds OpenReader.
func OpenReader(ctx context.Context, address string) (*Sink, error) {
	to, err := connector(address)
	if err != nil {
		return nil, err
	}
	s, err := sqltable.Reader(ctx, &dialect, sqltable.Pool{DB: sql.OpenDB(to)})
	if err != nil {
		return nil, err
	}
	return &Sink{s}, nil
}

func connector(address string) (driver.Connector, error) {
	config, err := parse(strings.TrimPrefix(address, "mysql://"))
	if err != nil {
		return nil, err
	}
	config.Logger = &mysql.NopLogger{} // what it would say comes as an error
	config.MaxAllowedPacket = 0        // what the server says
	c, err := mysql.NewConnector(config)
	if err != nil {
		return nil, malformed()
	}
	return c, nil
}

func malformed() error {
	return fmt.Errorf("%w: want mysql://user:password@tcp(host:port)/name or mysql://user:password@host:port/name", ErrAddress) // the cause quotes it
}

// parse takes the driver's form of an address, and that of a URL.
func parse(rest string) (*mysql.Config, error) {
	target, _, _ := strings.Cut(rest, "?")
	if i := strings.LastIndexByte(target, '@'); strings.Contains(target[i+1:], "(") {
		config, err := mysql.ParseDSN(rest)
		if err != nil {
			return nil, malformed()
		}
		return config, nil
	}
	u, err := url.Parse("mysql://" + rest)
	if err != nil || u.Host == "" {
		return nil, malformed()
	}
	config, err := mysql.ParseDSN(fmt.Sprintf("tcp(%s)/%s?%s", u.Host, strings.TrimPrefix(u.EscapedPath(), "/"), u.RawQuery))
	if err != nil {
		return nil, malformed()
	}
	if u.User != nil {
		config.User = u.User.Username()
		config.Passwd, _ = u.User.Password()
	}
	return config, nil
}

// Write stores a batch in one transaction. When ctx ends on the way nothing of it is stored. Trades that are there already, by
// venue, symbol and id, are left out.
func (s *Sink) Write(ctx context.Context, b *record.Batch) error { return s.s.Write(ctx, b) }

// Cursor returns the position behind the last row that is stored of a log.
func (s *Sink) Cursor(ctx context.Context, log wal.ID) (uint64, error) { return s.s.Cursor(ctx, log) }

// Read calls fn with rows, as record.Store has it. It may be called from any goroutine, also while Write is at work.
func (s *Sink) Read(ctx context.Context, t *record.Table, from, to time.Time, columns []string, fn func(*record.Rows) error) error {
	return s.s.Read(ctx, t, from, to, columns, fn)
}

// Close closes the connections.
func (s *Sink) Close() error { return s.s.Close() }
