package venuetest

import (
	"context"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// window is how many bytes a direction of an in-memory connection holds, as the
// buffers of a socket do.
const window = 256 << 10

// address is the address of an in-memory listener.
type address string

func (a address) Network() string { return "memory" }
func (a address) String() string  { return string(a) }

// listener is a net.Listener without a network.
type listener struct {
	addr  address
	queue chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newListener(addr string) *listener {
	return &listener{addr: address(addr), queue: make(chan net.Conn), done: make(chan struct{})}
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.queue:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *listener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

func (l *listener) Addr() net.Addr { return l.addr }

func (l *listener) dial(ctx context.Context) (net.Conn, error) {
	up, down := newPipe(), newPipe()
	server := &memConn{in: up, out: down, local: l.addr, remote: "client"}
	select {
	case l.queue <- server:
		return &memConn{in: down, out: up, local: "client", remote: l.addr}, nil
	case <-l.done:
		return nil, &net.OpError{Op: "dial", Net: "memory", Addr: l.addr, Err: syscall.ECONNREFUSED}
	case <-ctx.Done():
		return nil, &net.OpError{Op: "dial", Net: "memory", Addr: l.addr, Err: ctx.Err()}
	}
}

// memConn is one end of an in-memory connection.
type memConn struct {
	in, out       *pipe
	local, remote address
}

func (c *memConn) Read(b []byte) (int, error)  { return c.in.read(b) }
func (c *memConn) Write(b []byte) (int, error) { return c.out.write(b) }
func (c *memConn) LocalAddr() net.Addr         { return c.local }
func (c *memConn) RemoteAddr() net.Addr        { return c.remote }

func (c *memConn) Close() error {
	c.in.end(net.ErrClosed, io.ErrClosedPipe)
	c.out.end(io.EOF, net.ErrClosed)
	return nil
}

// reset ends the connection as a TCP reset does: what is in flight is lost.
func (c *memConn) reset() {
	c.out.drop()
	c.in.end(net.ErrClosed, syscall.ECONNRESET)
	c.out.end(syscall.ECONNRESET, net.ErrClosed)
}

func (c *memConn) SetDeadline(t time.Time) error {
	c.in.deadline(&c.in.readBy, t)
	c.out.deadline(&c.out.writeBy, t)
	return nil
}

func (c *memConn) SetReadDeadline(t time.Time) error {
	c.in.deadline(&c.in.readBy, t)
	return nil
}

func (c *memConn) SetWriteDeadline(t time.Time) error {
	c.out.deadline(&c.out.writeBy, t)
	return nil
}

// pipe is one direction of a connection: a bounded buffer.
type pipe struct {
	mu              sync.Mutex
	cond            *sync.Cond
	buf             []byte
	head            int   // what of buf is read
	readErr         error // once the buffer is empty
	writeErr        error
	readBy, writeBy alarm
}

// alarm is a deadline and what wakes the waiting at it.
type alarm struct {
	at    time.Time
	timer *time.Timer
}

func (a *alarm) passed() bool { return !a.at.IsZero() && !time.Now().Before(a.at) }

func newPipe() *pipe {
	p := new(pipe)
	p.cond = sync.NewCond(&p.mu)
	return p
}

func (p *pipe) read(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		switch {
		case p.readErr == net.ErrClosed: // closed at this end: even what has arrived is gone
			return 0, net.ErrClosed
		case p.readBy.passed():
			return 0, os.ErrDeadlineExceeded
		case len(b) == 0:
			return 0, nil
		case len(p.buf) > p.head:
			n := copy(b, p.buf[p.head:])
			if p.head += n; p.head == len(p.buf) || p.head >= window {
				p.buf = p.buf[:copy(p.buf, p.buf[p.head:])]
				p.head = 0
			}
			p.cond.Broadcast()
			return n, nil
		case p.readErr != nil:
			return 0, p.readErr
		}
		p.cond.Wait()
	}
}

func (p *pipe) write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	done := 0
	for {
		switch {
		case p.writeErr != nil:
			return done, p.writeErr
		case p.writeBy.passed():
			return done, os.ErrDeadlineExceeded
		case done == len(b):
			return done, nil
		}
		if room := window - (len(p.buf) - p.head); room > 0 {
			n := min(room, len(b)-done)
			p.buf = append(p.buf, b[done:done+n]...)
			done += n
			p.cond.Broadcast()
			continue
		}
		p.cond.Wait()
	}
}

// end closes the pipe: the reader gets read after what is buffered, the writer write.
func (p *pipe) end(read, write error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.readErr == nil || read == net.ErrClosed {
		p.readErr = read
	}
	if p.writeErr == nil {
		p.writeErr = write
	}
	for _, a := range []*alarm{&p.readBy, &p.writeBy} {
		if a.timer != nil {
			a.timer.Stop()
		}
	}
	p.cond.Broadcast()
}

func (p *pipe) drop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.buf, p.head = nil, 0
}

func (p *pipe) deadline(a *alarm, t time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if a.timer != nil {
		a.timer.Stop()
		a.timer = nil
	}
	a.at = t
	if wait := time.Until(t); !t.IsZero() && wait > 0 && p.writeErr == nil {
		a.timer = time.AfterFunc(wait, func() {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.cond.Broadcast()
		})
	}
	p.cond.Broadcast()
}
