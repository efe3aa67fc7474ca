package dial

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// gateway is a TCP proxy that makes the network's faults.
type gateway struct {
	addr   string
	mu     sync.Mutex
	links  []net.Conn    // both ends of what passes through
	opened chan struct{} // closed while it lets through
	held   chan struct{} // a token when something of the client waits for that
}

// newGateway stands before target until the test ends.
func newGateway(t *testing.T, target string) *gateway {
	g := &gateway{opened: make(chan struct{}), held: make(chan struct{}, 1)}
	close(g.opened)
	g.addr = listen(t, func(client net.Conn) {
		server, err := net.Dial("tcp", target)
		if err != nil {
			t.Errorf("gateway: %v", err)
			return
		}
		g.mu.Lock()
		g.links = append(g.links, client, server)
		g.mu.Unlock()
		var both sync.WaitGroup
		both.Go(func() { g.pass(client, server, g.held) })
		g.pass(server, client, nil)
		both.Wait()
	})
	return g
}

// pass copies from a to b, unless the gateway holds, and closes both at the
// end of either.
func (g *gateway) pass(a, b net.Conn, held chan struct{}) {
	defer a.Close()
	defer b.Close()
	buf := make([]byte, 4<<10)
	for {
		n, err := a.Read(buf)
		if err != nil {
			return
		}
		g.mu.Lock()
		opened := g.opened
		g.mu.Unlock()
		select {
		case <-opened:
		default:
			signal(held)
			<-opened
		}
		if _, err := b.Write(buf[:n]); err != nil {
			return
		}
	}
}

// hold lets nothing through any more, though all connections stand.
func (g *gateway) hold() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.opened = make(chan struct{})
}

// cutWrite writes more than the system's buffers on the way take, into a
// gateway that holds, and ends that when the first bytes have come there.
func (g *gateway) cutWrite(t *testing.T, conn Conn) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var watching sync.WaitGroup
	defer watching.Wait()
	watching.Go(func() {
		<-g.held
		cancel()
	})
	large := make([]byte, 16<<20)
	err := conn.Write(ctx, large)
	e, ok := errors.AsType[*Error](err)
	if !ok || !errors.Is(err, context.Canceled) || e.Sent == 0 || e.Sent >= len(large) {
		t.Errorf("Write = %v; want %v and a part of it sent", err, context.Canceled)
	}
}

// release lets through what was held.
func (g *gateway) release() {
	g.mu.Lock()
	defer g.mu.Unlock()
	close(g.opened)
}

// cut ends all connections in good order, or resets them.
func (g *gateway) cut(reset bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, c := range g.links {
		if reset {
			c.(*net.TCPConn).SetLinger(0)
		}
		c.Close()
	}
	g.links = nil
}

// behind runs test for each scheme, over an echo behind a gateway.
func behind(t *testing.T, o Options, test func(t *testing.T, g *gateway, conn Conn, scheme string)) {
	for _, scheme := range []string{"tcp", "tls", "ws"} {
		t.Run(scheme, func(t *testing.T) {
			leakFree(t)
			o := o
			o.TLS = trusting()
			var target string
			if scheme == "ws" {
				target = strings.TrimPrefix(serve(t, echo), "ws://")
			} else {
				_, target, _ = strings.Cut(echoes(t, scheme), "://")
				o.Framing = Lines
			}
			g := newGateway(t, target)
			test(t, g, dialed(t, o, scheme+"://"+g.addr), scheme)
		})
	}
}

func TestFaultCut(t *testing.T) {
	behind(t, Options{}, func(t *testing.T, g *gateway, conn Conn, scheme string) {
		write(t, conn, "before")
		want(t, conn, "before")
		g.cut(false)
		end := io.ErrUnexpectedEOF // tls and ws have a farewell of their own, which is missing
		if scheme == "tcp" {
			end = io.EOF
		}
		if _, err := conn.Read(t.Context()); !errors.Is(err, end) {
			t.Errorf("Read = %v; want %v", err, end)
		}
	})
}

func TestFaultReset(t *testing.T) {
	behind(t, Options{}, func(t *testing.T, g *gateway, conn Conn, scheme string) {
		write(t, conn, "before")
		want(t, conn, "before")
		g.cut(true)
		if _, err := conn.Read(t.Context()); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("Read = %v; want %v", err, syscall.ECONNRESET)
		}
	})
}

// TestFaultLatency: what is late is not lost, whoever gave up waiting for it.
func TestFaultLatency(t *testing.T) {
	behind(t, Options{}, func(t *testing.T, g *gateway, conn Conn, scheme string) {
		for range 3 {
			g.hold()
			write(t, conn, "late")
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			if _, err := conn.Read(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("Read = %v; want %v", err, context.DeadlineExceeded)
			}
			cancel()
			g.release()
			want(t, conn, "late")
		}
	})
}

// TestFaultHalfOpen: a peer that is gone and did not say so. Reads and writes
// end with their ctx, a write tells the bytes sent, and Close does not wait.
func TestFaultHalfOpen(t *testing.T) {
	behind(t, Options{}, func(t *testing.T, g *gateway, conn Conn, scheme string) {
		write(t, conn, "before")
		want(t, conn, "before") // the last of the handshake has passed, too
		defer g.release()
		defer g.cut(true)
		g.hold()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		if _, err := conn.Read(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Read = %v; want %v", err, context.DeadlineExceeded)
		}
		g.cutWrite(t, conn)
		start := time.Now()
		conn.Close()
		if took := time.Since(start); took > 2*controlWait {
			t.Errorf("Close took %v", took)
		}
	})
}

// TestFaultReconnect: after a cut and a reset the connection is made anew, the
// reader told and the payload sent again.
func TestFaultReconnect(t *testing.T) {
	o := Options{Reconnect: true, Interval: time.Millisecond, Payload: "subscribe"}
	behind(t, o, func(t *testing.T, g *gateway, conn Conn, scheme string) {
		want(t, conn, "subscribe")
		for _, reset := range []bool{false, true} {
			write(t, conn, "before")
			want(t, conn, "before")
			g.cut(reset)
			wantReconnected(t, conn)
			want(t, conn, "subscribe")
		}
		write(t, conn, "after")
		want(t, conn, "after")
	})
}

// TestFaultReconnectHalfOpen: a write that its ctx ended half way shows that
// the connection is no good, and the waiting reader makes it anew.
func TestFaultReconnectHalfOpen(t *testing.T) {
	o := Options{Reconnect: true, Interval: time.Millisecond, Payload: "subscribe"}
	behind(t, o, func(t *testing.T, g *gateway, conn Conn, scheme string) {
		want(t, conn, "subscribe")
		g.hold()
		var reader sync.WaitGroup
		reader.Go(func() {
			wantReconnected(t, conn)
			want(t, conn, "subscribe")
		})
		g.cutWrite(t, conn)
		g.release()
		reader.Wait()
	})
}

// TestFaultQueue: the same through a Queue.
func TestFaultQueue(t *testing.T) {
	o := Options{Reconnect: true, Interval: time.Millisecond, Payload: "subscribe"}
	behind(t, o, func(t *testing.T, g *gateway, conn Conn, scheme string) {
		q := NewQueue(conn)
		defer q.Close()
		expect := func(msg string, s State) {
			t.Helper()
			if got, state := q.Read(t.Context()); string(got) != msg || state != s {
				t.Errorf("Read = %q, %v; want %q, %v", got, state, msg, s)
			}
		}
		expect("subscribe", Message)
		g.cut(true)
		expect("", Lost)
		msg, state := q.Read(t.Context())
		if state == Lost { // the new connection, told apart when the reader was quick
			msg, _ = q.Read(t.Context())
		}
		if string(msg) != "subscribe" {
			t.Errorf("Read = %q; want the answer to the payload", msg)
		}
	})
}

// TestServerRestart: a server that goes away, whose port is refused for a
// while, and comes back.
func TestServerRestart(t *testing.T) {
	leakFree(t)
	serving := func(l net.Listener) (stop func()) {
		var running sync.WaitGroup
		conns := make(chan net.Conn, 1)
		running.Go(func() {
			conn, err := l.Accept()
			if err != nil {
				t.Errorf("Accept: %v", err)
				return
			}
			conns <- conn
			io.Copy(conn, conn)
		})
		return func() {
			l.Close()
			(<-conns).Close()
			running.Wait()
		}
	}
	reserve := func(addr string) net.Listener {
		l, err := net.Listen("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	first := reserve("127.0.0.1:0")
	addr := first.Addr().String()
	stop := serving(first)
	refused := make(chan struct{}, 1)
	o := Options{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		if errors.Is(err, syscall.ECONNREFUSED) {
			signal(refused)
		}
		return conn, err
	}}
	conn := dialed(t, o, "tcp://"+addr+"|framing=lines&reconnect=true&interval=1&payload=me")
	want(t, conn, "me")
	stop()
	var reader sync.WaitGroup
	reader.Go(func() {
		wantReconnected(t, conn)
		want(t, conn, "me")
	})
	<-refused
	<-refused
	stop = serving(reserve(addr))
	reader.Wait()
	write(t, conn, "again")
	want(t, conn, "again")
	stop()
}

// TestReconnectDatagrams: nobody listens at first.
func TestReconnectDatagrams(t *testing.T) {
	leakFree(t)
	addr := closedPort(t)
	conn := dialed(t, Options{Reconnect: true, Interval: time.Nanosecond, Payload: "me"}, "udp://"+addr) // the interval is a millisecond then
	for range 3 {
		wantReconnected(t, conn)
	}
	server, err := net.ListenPacket("udp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	var reader sync.WaitGroup
	reader.Go(func() {
		for {
			msg, err := conn.Read(t.Context())
			if errors.Is(err, ErrReconnected) {
				continue
			}
			if err != nil || string(msg) != "hello" {
				t.Errorf("Read = %q, %v; want hello", msg, err)
			}
			return
		}
	})
	b := make([]byte, 10)
	n, from, err := server.ReadFrom(b)
	if err != nil || string(b[:n]) != "me" {
		t.Errorf("the server read %q, %v; want the payload", b[:n], err)
	}
	server.WriteTo([]byte("hello"), from)
	reader.Wait()
}
