package clickhouse

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/depthwire/depthwire/record"
	"github.com/depthwire/depthwire/record/wal"
)

// Options of a Sink. The zero value is for everyday use.
type Options struct {
	TLS  *tls.Config                                                 // nil: as the address says
	Dial func(ctx context.Context, address string) (net.Conn, error) // how the server is reached; nil: by TCP
}

// Sink writes batches into a database of ClickHouse. It implements record.Store. Write may be called from one goroutine at a time, Read
// from any.
type Sink struct {
	conn     driver.Conn
	password string
	inserts  map[*record.Table]*insert

	first     sync.Once
	transport *http.Transport // of all connections by HTTP

	torn map[wal.ID]span // of each log the last batch that was refused: some of it may be there
}

// The oldest server that has all that the schema needs.
const oldestMajor, oldestMinor = 24, 8

// Open connects, and makes the tables, or brings those of an older version to this one. What is there and is of a newer version,
// or no recording, is a record.ErrSchema, and so is a server that is too old. The context bounds Open.
//
// The address has one of the forms
//
//	clickhouse://user:password@host:9000/database
//	clickhouse://tcp://host:9000?username=…&password=…&database=…
//	clickhouse://http://user:password@host:8123/database
//
// with the parameters of clickhouse-go: secure=true is TLS, as https:// is; durations need units (read_timeout=10s).
// The database must be there.
func Open(ctx context.Context, address string, o Options) (*Sink, error) {
	options, err := parse(address)
	if err != nil {
		return nil, err
	}
	if o.TLS != nil {
		options.TLS = o.TLS
	}
	options.DialContext = dialing(o.Dial, options)
	s := &Sink{password: options.Auth.Password, inserts: make(map[*record.Table]*insert)}
	options.TransportFunc = s.http
	for _, t := range record.Tables {
		s.inserts[t] = newInsert(t)
	}
	if s.conn, err = clickhouse.Open(options); err != nil {
		return nil, s.fail(ctx, "open", err)
	}
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Sink) open(ctx context.Context) error {
	var text string
	if err := s.conn.QueryRow(ctx, "SELECT version()").Scan(&text); err != nil {
		return s.fail(ctx, "open", err)
	}
	if err := recent(text); err != nil {
		return err
	}
	if err := s.migrate(ctx); err != nil {
		return err
	}
	return s.recall(ctx)
}

// recent checks the version of a server.
func recent(version string) error {
	var major, minor int
	if _, err := fmt.Sscanf(version, "%d.%d", &major, &minor); err != nil {
		return fmt.Errorf("clickhouse: open: the server's version is %q", version)
	}
	if cmp.Or(cmp.Compare(major, oldestMajor), cmp.Compare(minor, oldestMinor)) < 0 {
		return fmt.Errorf("%w: the server is ClickHouse %s; it takes %d.%d or newer", record.ErrSchema, version, oldestMajor, oldestMinor)
	}
	return nil
}

// parse makes options of an address. Errors do not quote it: it has a password.
func parse(address string) (*clickhouse.Options, error) {
	rest := strings.TrimPrefix(address, "clickhouse://")
	dsn := rest
	switch {
	case strings.HasPrefix(rest, "https://") && !strings.Contains(rest, "secure="): // the driver wants both
		mark := "?"
		if strings.Contains(rest, "?") {
			mark = "&"
		}
		dsn += mark + "secure=true"
	case !strings.HasPrefix(rest, "tcp://") && !strings.HasPrefix(rest, "http://") && !strings.HasPrefix(rest, "https://"):
		dsn = "clickhouse://" + rest
	}
	o, err := clickhouse.ParseDSN(dsn)
	if err != nil || len(o.Addr) == 0 || o.Addr[0] == "" {
		return nil, fmt.Errorf("clickhouse: bad address: want clickhouse://user:password@host:port/database or clickhouse://tcp://host:port?username=…")
	}
	if o.DialTimeout == 0 {
		o.DialTimeout = 10 * time.Second // it rules the handshake, whatever the context says
	}
	if o.ReadTimeout == 0 {
		o.ReadTimeout = time.Minute
	}
	if o.Compression == nil {
		o.Compression = &clickhouse.Compression{Method: clickhouse.CompressionLZ4}
	}
	return o, nil
}

// http makes all connections share what the first has: the driver forgets those whose greeting has failed.
func (s *Sink) http(t *http.Transport) (http.RoundTripper, error) {
	s.first.Do(func() {
		t.Proxy = nil // the environment's
		t.MaxIdleConns = 0
		s.transport = t
	})
	return s.transport, nil
}

// Close closes the connections.
func (s *Sink) Close() error {
	err := s.conn.Close()
	if s.first.Do(func() {}); s.transport != nil { // nobody makes it any more
		s.transport.CloseIdleConnections()
	}
	if err != nil {
		return s.safe(fmt.Errorf("clickhouse: close: %w", err))
	}
	return nil
}
