package backend

import (
	"crypto/tls"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Relay is a piece of network between a client and a server, which a test may
// cut or silence.
type Relay struct {
	// Secure makes TLS of the client's side, after what the protocol says in
	// the clear; nil: none.
	Secure func(client, server net.Conn) (net.Conn, error)

	target string
	ln     net.Listener
	run    sync.WaitGroup
	frozen atomic.Bool
	delay  atomic.Int64 // nanoseconds
	passed atomic.Int64 // bytes

	mu    sync.Mutex
	over  bool
	conns map[net.Conn]chan struct{} // closed when it is
	thaw  chan struct{}
}

// NewRelay listens on loopback and passes on to target, host:port; with an
// empty target it accepts and says nothing. It ends with the test.
func NewRelay(t testing.TB, target string, secure func(client, server net.Conn) (net.Conn, error)) *Relay {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &Relay{Secure: secure, target: target, ln: ln, conns: make(map[net.Conn]chan struct{}), thaw: make(chan struct{})}
	r.run.Go(r.accept)
	t.Cleanup(r.close)
	return r
}

// Addr is host:port of the client's side.
func (r *Relay) Addr() string { return r.ln.Addr().String() }

// Passed is how many bytes have gone through.
func (r *Relay) Passed() int64 { return r.passed.Load() }

// In returns an address with the relay in place of its host and port.
func (r *Relay) In(address string) string { return strings.ReplaceAll(address, r.target, r.Addr()) }

// Cut ends all connections, as a network does that breaks: with a reset. It returns
// when that was sent, unless the relay is frozen.
func (r *Relay) Cut() {
	r.mu.Lock()
	var all []chan struct{}
	for c, closed := range r.conns {
		all = append(all, closed)
		if tc, ok := c.(*net.TCPConn); ok {
			tc.SetLinger(0)
		}
		c.Close() // it is open while somebody reads it
	}
	r.mu.Unlock()
	for _, closed := range all {
		if !r.frozen.Load() {
			<-closed
		}
	}
}

// Delay keeps every piece for a while before it passes on.
func (r *Relay) Delay(d time.Duration) { r.delay.Store(int64(d)) }

// Freeze silences it in both directions, without an end: what is sent is kept.
func (r *Relay) Freeze() { r.frozen.Store(true) }

// Thaw lets everything pass again.
func (r *Relay) Thaw() {
	r.frozen.Store(false)
	r.mu.Lock()
	defer r.mu.Unlock()
	close(r.thaw)
	r.thaw = make(chan struct{})
}

func (r *Relay) close() {
	r.mu.Lock()
	r.over = true
	r.mu.Unlock()
	r.ln.Close()
	r.Thaw()
	r.Cut()
	r.run.Wait()
}

func (r *Relay) accept() {
	for {
		c, err := r.ln.Accept()
		if err != nil {
			return
		}
		if r.keep(c) {
			r.run.Go(func() { r.serve(c) })
		}
	}
}

func (r *Relay) keep(c net.Conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over {
		c.Close()
		return false
	}
	r.conns[c] = make(chan struct{})
	return true
}

func (r *Relay) drop(c net.Conn) {
	c.Close()
	r.mu.Lock()
	defer r.mu.Unlock()
	close(r.conns[c])
	delete(r.conns, c)
}

func (r *Relay) serve(client net.Conn) {
	defer r.drop(client)
	if r.target == "" {
		io.Copy(io.Discard, client)
		return
	}
	server, err := net.Dial("tcp", r.target)
	if err != nil || !r.keep(server) {
		return
	}
	defer r.drop(server)
	inner := client
	if r.Secure != nil {
		if inner, err = r.Secure(client, server); err != nil {
			return
		}
	}
	var up sync.WaitGroup
	up.Go(func() {
		r.pass(server, inner)
		server.Close()
	})
	r.pass(inner, server)
	client.Close()
	up.Wait()
}

func (r *Relay) pass(to, from net.Conn) {
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		time.Sleep(time.Duration(r.delay.Load())) // what a slow network does
		r.wait()
		if n > 0 {
			r.passed.Add(int64(n))
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func (r *Relay) wait() {
	for r.frozen.Load() {
		r.mu.Lock()
		thaw, over := r.thaw, r.over
		r.mu.Unlock()
		if over {
			return
		}
		if r.frozen.Load() {
			<-thaw
		}
	}
}

// FromStart is a Relay's Secure for protocols that begin with TLS.
func FromStart(c tls.Certificate) func(client, server net.Conn) (net.Conn, error) {
	return func(client, _ net.Conn) (net.Conn, error) { return Handshake(client, c) }
}

// Handshake makes TLS of a client's connection.
func Handshake(client net.Conn, c tls.Certificate) (net.Conn, error) {
	conn := tls.Server(client, &tls.Config{Certificates: []tls.Certificate{c}})
	return conn, conn.Handshake()
}
