package kafka_test

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/depthwire/depthwire/dial"
	"github.com/depthwire/depthwire/dial/internal/suite"
	"github.com/depthwire/depthwire/internal/backend"
)

// liar is the client's side of a connection to a broker that announces, while
// it lies, an answer of a gigabyte instead of what it has.
type liar struct {
	net.Conn
	lies *atomic.Bool
	head []byte // of an answer: what came of its length
	left int    // of the answer, behind it
}

// Write is given what the broker answers.
func (l *liar) Write(p []byte) (n int, err error) {
	for n < len(p) && err == nil {
		if l.left == 0 {
			some := min(4-len(l.head), len(p)-n)
			l.head = append(l.head, p[n:n+some]...)
			if n += some; len(l.head) == 4 {
				err = l.begin()
			}
			continue
		}
		some, failed := l.Conn.Write(p[n:min(len(p), n+l.left)])
		n, l.left, err = n+some, l.left-some, failed
	}
	return n, err
}

func (l *liar) begin() error {
	l.left = int(binary.BigEndian.Uint32(l.head))
	if l.lies.Load() {
		l.left = 1 << 30
		binary.BigEndian.PutUint32(l.head, 1<<30)
	}
	_, err := l.Conn.Write(l.head)
	if l.head = l.head[:0]; err == nil && l.left == 1<<30 {
		return suite.Body(l.Conn, l.left)
	}
	return err
}

// A broker that announces more than it should.
func TestLargeAnswers(t *testing.T) {
	authority := backend.NewAuthority(t)
	encrypt := backend.FromStart(authority.Issue(time.Now().Add(time.Hour)))
	plain := func(client, _ net.Conn) (net.Conn, error) { return client, nil }
	t.Run("plain", func(t *testing.T) { largeAnswers(t, dial.Options{}, plain) })
	t.Run("encrypted", func(t *testing.T) { largeAnswers(t, dial.Options{TLS: authority.Client()}, encrypt) })
}

func largeAnswers(t *testing.T, o dial.Options, encrypt func(client, server net.Conn) (net.Conn, error)) {
	backend.Leaks(t)
	server := backend.URL(t, variable)
	host := server[strings.LastIndexByte(server, '@')+1:]
	var lies atomic.Bool
	relay := backend.NewRelay(t, host, func(client, server net.Conn) (net.Conn, error) {
		inner, err := encrypt(client, server)
		return &liar{Conn: inner, lies: &lies}, err
	})
	o.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, relay.Addr())
	}
	o.MaxMessage = 1 << 20
	before := suite.Allocated()
	topic := suite.Topic()

	c := opened(t, o, server+"/"+topic)
	exchange(t, c, o.MaxMessage/2)
	lies.Store(true)
	if _, err := c.Read(bounded(t)); !errors.Is(err, dial.ErrTooLarge) || !errors.Is(err, dial.ErrLost) {
		t.Errorf("read: %v; want ErrTooLarge and ErrLost", err)
	}
	if err := c.Write(bounded(t), []byte("x")); !errors.Is(err, dial.ErrTooLarge) || !errors.Is(err, dial.ErrLost) {
		t.Errorf("write: %v; want ErrTooLarge and ErrLost", err)
	}
	c.Close()
	if _, err := o.Dial(t.Context(), server+"/"+topic); !errors.Is(err, dial.ErrTooLarge) {
		t.Errorf("dial: %v; want ErrTooLarge", err)
	}

	lies.Store(false)
	o.Reconnect, o.Interval = true, 30*time.Millisecond
	again := opened(t, o, server+"/"+topic)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	again.(dial.Enduring).OnLost(func(error) { cancel() })
	exchange(t, again, 10)
	lies.Store(true)
	if _, err := again.Read(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("while the broker lies: %v; want Canceled, when it was noticed", err)
	}
	lies.Store(false)
	if _, err := again.Read(bounded(t)); !errors.Is(err, dial.ErrReconnected) || !errors.Is(err, dial.ErrTooLarge) {
		t.Errorf("when it does not any more: %v; want ErrReconnected and ErrTooLarge", err)
	}
	exchange(t, again, 10)
	if n := suite.Allocated() - before; n > 512<<20 {
		t.Errorf("%d bytes were allocated", n)
	}
}

func opened(t *testing.T, o dial.Options, address string) dial.Conn {
	t.Helper()
	conn, err := o.Dial(bounded(t), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func bounded(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// exchange writes and reads a message of so many bytes.
func exchange(t *testing.T, c dial.Conn, size int) {
	t.Helper()
	if err := c.Write(bounded(t), make([]byte, size)); err != nil {
		t.Fatalf("write: %v", err)
	}
	if msg, err := c.Read(bounded(t)); err != nil || len(msg) != size {
		t.Fatalf("read: %d bytes, %v; want %d", len(msg), err, size)
	}
}
