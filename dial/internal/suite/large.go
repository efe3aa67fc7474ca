package suite

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/depthwire/depthwire/dial"
	"github.com/depthwire/depthwire/internal/backend"
)

// Liar is a server that announces messages of any size.
type Liar struct {
	// Address is where its messages are read.
	Address func(host string) string
	// Serve answers a client. To who wants messages it sends the head of one, for which
	// Announce is there, and goes on until the connection ends.
	Serve func(conn net.Conn, size int)
	// Largest is what its protocol can announce; 0: a gigabyte.
	Largest int
	// Encrypt makes TLS of a client's connection, for Serve; nil: at once.
	Encrypt func(conn net.Conn, c tls.Certificate) (net.Conn, error)
}

const (
	letThrough = 1 << 20
	gigabyte   = 1 << 30
)

// Body sends the body of a message, or what the client takes of it.
func Body(w io.Writer, size int) error {
	zeros := make([]byte, 64<<10)
	for size > 0 {
		n, err := w.Write(zeros[:min(size, len(zeros))])
		if size -= n; err != nil {
			return err
		}
	}
	return nil
}

// Run runs all tests.
func (l Liar) Run(t *testing.T) {
	if l.Largest == 0 {
		l.Largest = gigabyte
	}
	if l.Encrypt == nil {
		l.Encrypt = backend.Handshake
	}
	t.Run("at the limit", l.atLimit)
	t.Run("above the limit", l.aboveLimit)
	t.Run("gigabyte", func(t *testing.T) { l.gigabyte(t, nil) })
	t.Run("gigabyte encrypted", func(t *testing.T) { l.gigabyte(t, backend.NewAuthority(t)) })
	t.Run("gigabyte with reconnect", l.again)
}

// listen serves messages of a size; count is how many have connected. With an authority it
// is under TLS.
func (l Liar) listen(t *testing.T, size int, a *backend.Authority) (address string, count *atomic.Int64) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	count = new(atomic.Int64)
	var cert tls.Certificate
	if a != nil {
		cert = a.Issue(time.Now().Add(time.Hour))
	}
	var run sync.WaitGroup
	run.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			count.Add(1)
			run.Go(func() {
				defer conn.Close()
				if a != nil {
					encrypted, err := l.Encrypt(conn, cert)
					if err != nil {
						t.Errorf("TLS: %v", err)
						return
					}
					conn = encrypted
				}
				l.Serve(conn, size)
			})
		}
	})
	t.Cleanup(func() {
		ln.Close()
		run.Wait()
	})
	return l.Address(ln.Addr().String()), count
}

func (l Liar) open(t *testing.T, size int, a *backend.Authority) dial.Conn {
	address, _ := l.listen(t, size, a)
	o := dial.Options{MaxMessage: letThrough, Mode: dial.Recv}
	if a != nil {
		o.TLS = a.Client()
	}
	return dialled(t, o, address)
}

func (l Liar) atLimit(t *testing.T) {
	backend.Leaks(t)
	c := l.open(t, letThrough, nil)
	if msg, err := c.Read(within(t, time.Minute)); err != nil || len(msg) != letThrough {
		t.Errorf("%d bytes, %v; want %d", len(msg), err, letThrough)
	}
}

// aboveLimit: what is a little too large costs itself only.
func (l Liar) aboveLimit(t *testing.T) {
	backend.Leaks(t)
	c := l.open(t, 2*letThrough, nil)
	if _, err := c.Read(within(t, time.Minute)); !errors.Is(err, dial.ErrTooLarge) || errors.Is(err, dial.ErrLost) {
		t.Errorf("%v; want ErrTooLarge, of a connection that is not lost", err)
	}
}

// gigabyte: what is far too large is refused before it is received.
func (l Liar) gigabyte(t *testing.T, a *backend.Authority) {
	backend.Leaks(t)
	c := l.open(t, l.Largest, a)
	before := Allocated()
	_, err := c.Read(within(t, time.Minute))
	if !errors.Is(err, dial.ErrTooLarge) || !errors.Is(err, dial.ErrLost) {
		t.Errorf("%v; want ErrTooLarge and ErrLost", err)
	}
	if n := Allocated() - before; n > 64<<20 {
		t.Errorf("%d bytes were allocated for a message of 1 MiB at most", n)
	}
	if err != nil && strings.Contains(err.Error(), "s3cret") {
		t.Errorf("the error has what it may not: %v", err)
	}
	if _, err := c.Read(within(t, time.Minute)); !errors.Is(err, dial.ErrTooLarge) {
		t.Errorf("once more: %v; want ErrTooLarge", err)
	}
}

// again: whoever connects again, to the same, does so at his interval.
func (l Liar) again(t *testing.T) {
	backend.Leaks(t)
	address, count := l.listen(t, l.Largest, nil)
	const interval = 30 * time.Millisecond
	begun, before := time.Now(), Allocated()
	c := dialled(t, dial.Options{MaxMessage: letThrough, Mode: dial.Recv, Reconnect: true, Interval: interval}, address)
	const losses = 5
	for range losses {
		_, err := c.Read(within(t, time.Minute))
		if !errors.Is(err, dial.ErrReconnected) || !errors.Is(err, dial.ErrTooLarge) {
			t.Fatalf("%v; want ErrReconnected and ErrTooLarge", err)
		}
	}
	// Counted first: connections come no faster than attempts may begin.
	made := count.Load()
	if took := time.Since(begun); took < time.Duration(made-1)*interval {
		t.Errorf("%d connections in %v, at intervals of %v", made, took, interval)
	}
	if n := Allocated() - before; n > losses*64<<20 {
		t.Errorf("%d bytes were allocated", n)
	}
}

// Allocated is how many bytes the process has allocated so far.
func Allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}
