package clickhouse

import (
	"context"
	"crypto/tls"
	"net"
	"syscall"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// dialing is how the driver gets connections.
func dialing(dial func(context.Context, string) (net.Conn, error), o *clickhouse.Options) func(context.Context, string) (net.Conn, error) {
	if dial == nil {
		dialer := &net.Dialer{Timeout: o.DialTimeout}
		dial = func(ctx context.Context, address string) (net.Conn, error) {
			return dialer.DialContext(ctx, "tcp", address)
		}
	}
	if o.Protocol != clickhouse.Native {
		return dial // TLS is the transport's
	}
	if o.TLS != nil {
		dial = secured(dial, o.TLS)
	}
	return func(ctx context.Context, address string) (net.Conn, error) {
		conn, err := dial(ctx, address)
		if err != nil {
			return nil, err
		}
		return greeting(conn), nil
	}
}

// greeted is a connection that is closed when the server's greeting does not come: the driver forgets it then, open.
type greeted struct {
	net.Conn
	done bool // something has come
}

func (c *greeted) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 {
		c.done = true
	} else if err != nil && !c.done {
		c.Conn.Close()
	}
	return n, err
}

// socket is a greeted connection of which the driver may ask the system whether its peer is still there.
type socket struct {
	greeted
	system syscall.Conn
}

func (c *socket) SyscallConn() (syscall.RawConn, error) { return c.system.SyscallConn() }

func greeting(conn net.Conn) net.Conn {
	below := conn
	if t, ok := conn.(*tls.Conn); ok {
		below = t.NetConn()
	}
	if system, ok := below.(syscall.Conn); ok {
		return &socket{greeted{Conn: conn}, system}
	}
	return &greeted{Conn: conn}
}

// secured makes TLS of what dial gives: the driver leaves that to who dials.
func secured(dial func(context.Context, string) (net.Conn, error), config *tls.Config) func(context.Context, string) (net.Conn, error) {
	return func(ctx context.Context, address string) (net.Conn, error) {
		conn, err := dial(ctx, address)
		if err != nil {
			return nil, err
		}
		c := config
		if c.ServerName == "" {
			c = c.Clone()
			c.ServerName, _, _ = net.SplitHostPort(address)
		}
		encrypted := tls.Client(conn, c)
		if err := encrypted.HandshakeContext(ctx); err != nil {
			conn.Close()
			return nil, err
		}
		return encrypted, nil
	}
}
