package postgres

import (
	"context"
	"net"
	"sync"
	"time"
)

// grace is what the driver has to end a statement in its own way when its context is over. Then the network connection gets a deadline:
// lib/pq waits for the answer of a silent server for ever.
const grace = time.Second

// network dials for a pool, and knows the connections that it has.
type network struct {
	mu    sync.Mutex
	conns map[*wire]bool
}

type wire struct {
	net.Conn
	of *network
}

func (n *network) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	w := &wire{conn, n}
	n.conns[w] = true
	return w, nil
}

// Dial and DialTimeout are asked by no lib/pq that finds DialContext.
func (n *network) Dial(network, address string) (net.Conn, error) {
	return n.DialContext(context.Background(), network, address)
}

func (n *network) DialTimeout(network, address string, d time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	return n.DialContext(ctx, network, address)
}

func (w *wire) Close() error {
	w.of.mu.Lock()
	delete(w.of.conns, w)
	w.of.mu.Unlock()
	return w.Conn.Close()
}

// guard cuts what waits on the connections, a grace after ctx.
func (n *network) guard(ctx context.Context) (ended func()) {
	stop := context.AfterFunc(ctx, func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		for w := range n.conns {
			_ = w.SetDeadline(time.Now().Add(grace)) // of one that is closed it is of no account
		}
	})
	return func() { stop() }
}
