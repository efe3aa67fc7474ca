package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"net"
	"sync"
	"time"

	"github.com/lib/pq"
)

// grace is what the driver has to end a statement in its own way when its context is over. Then the network connection gets a deadline:
// lib/pq waits for the answer of a silent server for ever.
const grace = time.Second

// connector connects for a pool, and knows what is under its connections.
type connector struct {
	*pq.Connector
	mu    sync.Mutex
	wires wires
}

type wires map[driver.Conn]*wire

// wire is a network connection that says when it is closed.
type wire struct {
	net.Conn
	once   sync.Once
	closed func()
}

func (w *wire) Close() error {
	err := w.Conn.Close()
	w.once.Do(w.closed)
	return err
}

// handshake is a Connect under way.
type handshake struct {
	mu   sync.Mutex
	wire *wire
	over bool
}

type handshakeKey struct{}

// put is told what was dialled.
func (h *handshake) put(w *wire) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.wire = w; h.over {
		w.Conn.Close()
	}
}

// end cuts it: the driver looks at its context while it dials only.
func (h *handshake) end() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.over = true; h.wire != nil {
		h.wire.Conn.Close()
	}
}

func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	h := new(handshake)
	stop := context.AfterFunc(ctx, h.end)
	conn, err := c.Connector.Connect(context.WithValue(ctx, handshakeKey{}, h))
	if !stop() && err == nil {
		conn.Close()
		err = ctx.Err()
	}
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wires[conn] = h.wire
	h.wire.closed = func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.wires, conn)
	}
	return conn, nil
}

// guard cuts the connection a grace after ctx, unless ended is called before. cut says that it is of no more use.
func (c *connector) guard(ctx context.Context, on *sql.Conn) (ended func() (cut bool)) {
	var w *wire
	_ = on.Raw(func(conn any) error { // an error is one of the statement that follows too
		c.mu.Lock()
		defer c.mu.Unlock()
		if conn, ok := conn.(driver.Conn); ok {
			w = c.wires[conn]
		}
		return nil
	})
	if w == nil {
		return func() bool { return false }
	}
	stop := context.AfterFunc(ctx, func() { _ = w.SetDeadline(time.Now().Add(grace)) })
	return func() bool { return !stop() }
}

// network dials as lib/pq wants it.
type network struct{}

func (network) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	w := &wire{Conn: conn, closed: func() {}}
	if h, ok := ctx.Value(handshakeKey{}).(*handshake); ok {
		h.put(w)
	}
	return w, nil
}

// Dial and DialTimeout are asked by no lib/pq that finds DialContext.
func (n network) Dial(network, address string) (net.Conn, error) {
	return n.DialContext(context.Background(), network, address)
}

func (n network) DialTimeout(network, address string, d time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	return n.DialContext(ctx, network, address)
}
