package postgres

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/lib/pq"

	"github.com/depthwire/depthwire/dial"
	"github.com/depthwire/depthwire/dial/database"
)

func init() { dial.Register("postgres", open) }

func open(ctx context.Context, rest string, o dial.Options) (dial.Conn, error) {
	if err := database.Check(o); err != nil {
		return nil, err
	}
	reach, err := database.Network(o)
	if err != nil {
		return nil, err
	}
	if !pairs(rest) {
		rest = "postgres://" + rest
	}
	config, err := pq.NewConfig(rest)
	if err != nil {
		return nil, fmt.Errorf("%w: want postgres://user:password@host:port/name?sslmode=… or user=… host=… dbname=…", dial.ErrAddress) // the cause quotes it
	}
	if o.TLS != nil {
		if config.SSLMode, err = registered(o.TLSFor(config.Host)); err != nil {
			return nil, err
		}
	}
	connector, err := pq.NewConnectorConfig(config)
	if err != nil {
		return nil, fmt.Errorf("%w: parameters that contradict each other", dial.ErrAddress)
	}
	connector.Dialer(network(reach))
	addr := "postgres"
	if !strings.HasPrefix(config.Host, "/") && !strings.HasPrefix(config.Host, "@") { // a socket of unix
		addr += "://" + net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port)))
	}
	return database.Open(ctx, database.Driver{
		Scheme:    "postgres",
		Addr:      addr,
		Connector: connector,
		Bytes:     func(t string) bool { return t == "BYTEA" },
		Kind:      kind,
	}, o)
}

// pairs reports whether an address is of the form key=value key=value.
func pairs(s string) bool {
	i := strings.IndexAny(s, "=@/?")
	return i >= 0 && s[i] == '='
}

var configurations atomic.Int64

// registered gives a configuration of TLS a name that lib/pq knows it by.
func registered(c *tls.Config) (pq.SSLMode, error) {
	name := "depthwire-" + strconv.FormatInt(configurations.Add(1), 10)
	if err := pq.RegisterTLSConfig(name, c); err != nil {
		return "", fmt.Errorf("%w: TLS: %w", dial.ErrOption, err)
	}
	return pq.SSLMode("pqgo-" + name), nil
}

// kind tells errors of the server apart by their class.
func kind(err error) error {
	e, ok := errors.AsType[*pq.Error](err)
	switch {
	case !ok:
		return nil
	case e.Code.Class() == "28": // invalid authorization specification
		return fmt.Errorf("%w: %s", dial.ErrAuth, e.Code)
	case e.Code == "57P01" || e.Code == "57P02" || e.Code == "57P03": // it shuts down, crashed, starts up
		return dial.ErrLost
	}
	return nil
}

// network is the way to the network as lib/pq wants it.
type network func(ctx context.Context, network, address string) (net.Conn, error)

func (n network) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return n(ctx, network, address)
}

func (n network) Dial(network, address string) (net.Conn, error) {
	return n(context.Background(), network, address)
}

// DialTimeout is asked only by a lib/pq that does not find DialContext.
func (n network) DialTimeout(network, address string, d time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	return n(ctx, network, address)
}
