package database

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"net"
	"sync"
	"time"

	"github.com/depthwire/depthwire/dial"
)

// grace is what a driver has to end a statement in its own way when its ctx is
// over. Then the network connection under it gets a deadline: lib/pq waits for
// the answer of a silent server for ever.
const grace = time.Second

// wires are the network connections under those of the pool.
type wires struct {
	mu sync.Mutex
	of map[driver.Conn]net.Conn
}

// dialled is where Network leaves the connection that it made for a Connect.
type dialled struct {
	mu   sync.Mutex
	wire *wire
	over bool
}

type dialledKey struct{}

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

// Network returns what drivers are to dial with: the way that o describes.
func Network(o dial.Options) (func(ctx context.Context, network, address string) (net.Conn, error), error) {
	reach, err := o.Dialer()
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := reach(ctx, network, address)
		if err != nil {
			return nil, err
		}
		w := &wire{Conn: conn, closed: func() {}}
		if d, ok := ctx.Value(dialledKey{}).(*dialled); ok {
			d.put(w)
		}
		return w, nil
	}, nil
}

func (d *dialled) put(w *wire) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.wire = w
	if d.over {
		w.Conn.Close()
	}
}

// end cuts a handshake that its ctx does not end: not every driver looks.
func (d *dialled) end() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.over = true
	if d.wire != nil {
		d.wire.Conn.Close()
	}
}

// connector connects for the pool.
type connector struct {
	driver.Connector
	s *shared
}

func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	bounded, cancel := context.WithTimeout(ctx, c.s.options.HandshakeTimeout)
	defer cancel()
	d := new(dialled)
	stop := context.AfterFunc(bounded, d.end)
	conn, err := c.Connector.Connect(context.WithValue(bounded, dialledKey{}, d))
	if !stop() && err == nil {
		conn.Close()
		err = bounded.Err()
	}
	if err != nil {
		d.end() // not every driver does
		return nil, dial.Failure(ctx, bounded, err)
	}
	c.s.wires.keep(conn, d.wire)
	return conn, nil
}

func (ws *wires) keep(conn driver.Conn, w *wire) {
	if w == nil {
		return // a file, or a socket of unix
	}
	ws.mu.Lock()
	if ws.of == nil {
		ws.of = make(map[driver.Conn]net.Conn)
	}
	ws.of[conn] = w.Conn
	ws.mu.Unlock()
	w.closed = func() {
		ws.mu.Lock()
		defer ws.mu.Unlock()
		delete(ws.of, conn)
	}
}

// under returns the network connection of one of the pool; nil: there is none,
// or the driver has made another.
func (ws *wires) under(on *sql.Conn) (w net.Conn) {
	on.Raw(func(conn any) error {
		ws.mu.Lock()
		defer ws.mu.Unlock()
		if c, ok := conn.(driver.Conn); ok {
			w = ws.of[c]
		}
		return nil
	})
	return w
}

// watch sees to it that what waits on a connection ends, a grace after ctx.
// unwatch reports whether ctx has left the connection alone.
func watch(ctx context.Context, w net.Conn) (unwatch func() bool) {
	if w == nil || ctx.Done() == nil {
		return func() bool { return true }
	}
	return context.AfterFunc(ctx, func() { w.SetDeadline(time.Now().Add(grace)) })
}
