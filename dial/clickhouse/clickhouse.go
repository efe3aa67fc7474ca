package clickhouse

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/depthwire/depthwire/dial"
	"github.com/depthwire/depthwire/dial/database"
)

func init() { dial.Register("clickhouse", open) }

func open(ctx context.Context, rest string, o dial.Options) (dial.Conn, error) {
	if err := database.Check(o); err != nil {
		return nil, err
	}
	reach, err := database.Network(o)
	if err != nil {
		return nil, err
	}
	options, err := parse(rest)
	if err != nil {
		return nil, err
	}
	if host, _, err := net.SplitHostPort(options.Addr[0]); err == nil && o.TLS != nil {
		options.TLS = o.TLSFor(host)
	}
	encrypts := options.TLS != nil && options.Protocol == clickhouse.Native // HTTP does itself
	options.DialContext = func(ctx context.Context, addr string) (net.Conn, error) {
		conn, err := reach(ctx, "tcp", addr)
		if err != nil || !encrypts {
			return conn, err
		}
		return secure(ctx, conn, addr, options.TLS)
	}
	options.DialTimeout = o.HandshakeTimeout + time.Second // ours comes first, and is told apart
	options.TransportFunc = func(t *http.Transport) (http.RoundTripper, error) {
		t.Proxy = nil // the environment's
		return t, nil
	}
	return database.Open(ctx, database.Driver{
		Scheme:    "clickhouse",
		Addr:      "clickhouse://" + strings.Join(options.Addr, ","),
		Connector: clickhouse.Connector(options),
		Kind:      kind,
	}, o)
}

func secure(ctx context.Context, conn net.Conn, addr string, config *tls.Config) (net.Conn, error) {
	if config.ServerName == "" {
		config = config.Clone()
		config.ServerName, _, _ = net.SplitHostPort(addr)
	}
	encrypted := tls.Client(conn, config)
	if err := encrypted.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	return encrypted, nil
}

func parse(rest string) (*clickhouse.Options, error) {
	dsn := rest
	if !strings.HasPrefix(rest, "tcp://") && !strings.HasPrefix(rest, "http://") && !strings.HasPrefix(rest, "https://") {
		dsn = "clickhouse://" + rest
	}
	if strings.HasPrefix(rest, "https://") && !strings.Contains(rest, "secure=") { // the driver wants both
		mark := "?"
		if strings.Contains(rest, "?") {
			mark = "&"
		}
		dsn += mark + "secure=true"
	}
	options, err := clickhouse.ParseDSN(dsn)
	if err != nil || len(options.Addr) == 0 || options.Addr[0] == "" {
		return nil, fmt.Errorf("%w: want clickhouse://user:password@host:port/database or clickhouse://tcp://host:port?username=…", dial.ErrAddress) // the cause may quote it
	}
	return options, nil
}

// Codes of exceptions that are about who connects.
const (
	unknownUser          = 192
	wrongPassword        = 193
	requiredPassword     = 194
	ipNotAllowed         = 195
	accessDenied         = 497
	authenticationFailed = 516
)

func kind(err error) error {
	if e, ok := errors.AsType[*clickhouse.Exception](err); ok {
		switch e.Code {
		case unknownUser, wrongPassword, requiredPassword, ipNotAllowed, accessDenied, authenticationFailed:
			return fmt.Errorf("%w: %d", dial.ErrAuth, e.Code)
		}
		return nil
	}
	if errors.Is(err, clickhouse.ErrAcquireConnTimeout) {
		return dial.ErrLost
	}
	return nil
}
