package mysql

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/go-sql-driver/mysql"

	"github.com/depthwire/depthwire/dial"
	"github.com/depthwire/depthwire/dial/database"
)

func init() { dial.Register("mysql", open) }

func open(ctx context.Context, rest string, o dial.Options) (dial.Conn, error) {
	if err := database.Check(o); err != nil {
		return nil, err
	}
	reach, err := database.Network(o)
	if err != nil {
		return nil, err
	}
	config, err := parse(rest)
	if err != nil {
		return nil, err
	}
	if config.Net == "tcp" {
		config.DialFunc = reach
	}
	config.Logger = &mysql.NopLogger{} // what it would say comes as an error
	if o.TLS != nil {
		host, _, _ := net.SplitHostPort(config.Addr)
		config.TLS = o.TLSFor(host)
	}
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return nil, malformed()
	}
	addr := "mysql"
	if config.Net == "tcp" {
		addr += "://" + config.Addr
	}
	return database.Open(ctx, database.Driver{Scheme: "mysql", Addr: addr, Connector: connector, Bytes: bytes, Kind: kind}, o)
}

func malformed() error {
	return fmt.Errorf("%w: want mysql://user:password@tcp(host:port)/name or mysql://user:password@host:port/name", dial.ErrAddress) // the cause quotes it
}

// parse takes the driver's form of an address, and that of a URL.
func parse(rest string) (*mysql.Config, error) {
	target, query, _ := strings.Cut(rest, "?")
	dsn := rest
	if i := strings.LastIndexByte(target, '@'); !strings.Contains(target[i+1:], "(") {
		u, err := url.Parse("mysql://" + rest)
		if err != nil || u.Host == "" {
			return nil, malformed()
		}
		dsn = fmt.Sprintf("tcp(%s)%s?%s", u.Host, "/"+strings.TrimPrefix(u.EscapedPath(), "/"), u.RawQuery)
		config, err := settled(dsn, u.RawQuery)
		if err == nil && u.User != nil {
			config.User = u.User.Username()
			config.Passwd, _ = u.User.Password()
		}
		return config, err
	}
	return settled(dsn, query)
}

// settled parses the driver's form, with times as times unless it says so.
func settled(dsn, query string) (*mysql.Config, error) {
	config, err := mysql.ParseDSN(dsn)
	if err != nil {
		return nil, malformed()
	}
	if values, err := url.ParseQuery(query); err == nil && !values.Has("parseTime") {
		config.ParseTime = true
	}
	return config, nil
}

// bytes reports whether the values of a type are no text.
func bytes(t string) bool {
	return strings.HasSuffix(t, "BLOB") || strings.HasSuffix(t, "BINARY") || t == "BIT" || t == "GEOMETRY"
}

// Errors of the server that are about who connects.
const (
	accessDenied         = 1045
	databaseAccessDenied = 1044
	noSuchUser           = 1698 // a plugin refuses
	shutdown             = 1053
)

func kind(err error) error {
	if errors.Is(err, mysql.ErrInvalidConn) {
		return dial.ErrLost
	}
	e, ok := errors.AsType[*mysql.MySQLError](err)
	if !ok {
		return nil
	}
	switch e.Number {
	case accessDenied, databaseAccessDenied, noSuchUser:
		return fmt.Errorf("%w: %d", dial.ErrAuth, e.Number)
	case shutdown:
		return dial.ErrLost
	}
	return nil
}
