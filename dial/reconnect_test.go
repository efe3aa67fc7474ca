package dial

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// flaky is a server that is dialled again and again: it runs the next of its
// scripts on each connection, and refuses where that is nil.
type flaky struct {
	t       *testing.T
	scripts []func(Conn)
	start   time.Time
	mu      sync.Mutex
	dialled []time.Duration // when
	all     sync.WaitGroup
}

func (f *flaky) open(ctx context.Context, rest string, o Options) (Conn, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dialled = append(f.dialled, time.Since(f.start))
	if n := len(f.dialled); n <= len(f.scripts) && f.scripts[n-1] != nil {
		a, b := Pipe()
		f.all.Go(func() {
			defer b.Close()
			want(f.t, b, o.Payload)
			f.scripts[n-1](b)
		})
		return a, nil
	}
	return nil, net.ErrClosed
}

var flakyServers sync.Map // name → *flaky; the registry knows one scheme for them

func init() {
	Register("flaky", func(ctx context.Context, rest string, o Options) (Conn, error) {
		f, _ := flakyServers.Load(rest)
		return f.(*flaky).open(ctx, rest, o)
	})
}

// flakyTest dials a flaky server in a bubble and waits for its scripts.
func flakyTest(t *testing.T, test func(*testing.T, *flaky, Conn), scripts ...func(Conn)) {
	synctest.Test(t, func(t *testing.T) {
		f := &flaky{t: t, scripts: scripts, start: time.Now()}
		flakyServers.Store(t.Name(), f)
		conn, err := Dial(t.Context(), "flaky://"+t.Name()+"|reconnect=true&interval=5000&payload=subscribe|me")
		if err != nil {
			t.Fatal(err)
		}
		test(t, f, conn)
		conn.Close()
		f.all.Wait()
	})
}

func says(msg string, after time.Duration) func(Conn) {
	return func(c Conn) {
		time.Sleep(after)
		if err := c.Write(context.Background(), []byte(msg)); err != nil {
			panic(err)
		}
	}
}

func wantReconnected(t *testing.T, conn Conn) {
	t.Helper()
	if _, err := conn.Read(t.Context()); !errors.Is(err, ErrReconnected) {
		t.Fatalf("Read = %v; want %v", err, ErrReconnected)
	}
}

func TestReconnect(t *testing.T) {
	flakyTest(t, func(t *testing.T, f *flaky, conn Conn) {
		want(t, conn, "one")
		wantReconnected(t, conn) // at once, after a minute
		want(t, conn, "two")
		wantReconnected(t, conn) // broke as soon as it stood, then refused twice
		if err := conn.(Pinger).Ping(t.Context(), nil); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("Ping over a pipe = %v; want %v", err, errors.ErrUnsupported)
		}
		want(t, conn, "three")
		times := []time.Duration{0, 60 * time.Second, 65 * time.Second, 70 * time.Second, 75 * time.Second}
		if !slices.Equal(f.dialled, times) {
			t.Errorf("dialled at %v; want %v", f.dialled, times)
		}
	}, says("one", time.Minute), says("two", 0), nil, nil, says("three", time.Hour))
}

func TestReconnectEndsWithContext(t *testing.T) {
	flakyTest(t, func(t *testing.T, f *flaky, conn Conn) {
		want(t, conn, "one")
		ctx, cancel := context.WithTimeout(t.Context(), 12*time.Second)
		defer cancel()
		for range 2 {
			_, err := conn.Read(ctx)
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Fatalf("Read = %v; want %v", err, context.DeadlineExceeded)
			}
		}
		wantReconnected(t, conn)
		want(t, conn, "two")
	}, says("one", 0), nil, nil, says("two", 0))
}

func TestReconnectEndsWithClose(t *testing.T) {
	flakyTest(t, func(t *testing.T, f *flaky, conn Conn) {
		want(t, conn, "one")
		var reader sync.WaitGroup
		reader.Go(func() {
			if _, err := conn.Read(t.Context()); !errors.Is(err, ErrClosed) {
				t.Errorf("Read = %v; want %v", err, ErrClosed)
			}
		})
		synctest.Wait()
		conn.Close()
		reader.Wait()
		if err := conn.Write(t.Context(), nil); !errors.Is(err, ErrClosed) {
			t.Errorf("Write = %v; want %v", err, ErrClosed)
		}
	}, says("one", 0))
}

// TestReconnectSocket: a damaged message is no reason to dial again, and what
// the connection can do besides messages is found through it.
func TestReconnectSocket(t *testing.T) {
	frames := join(appendFrame(nil, opBinary, true, "junk"), text("fine"))
	conn := dialed(t, over(&tape{frames: frames}, Options{Compress: Gzip, Reconnect: true}), "ws://host")
	if !conn.(Batched).Buffered() {
		t.Error("Buffered = false")
	}
	if _, err := conn.Read(t.Context()); !errors.Is(err, ErrCompressed) {
		t.Errorf("Read = %v; want %v", err, ErrCompressed)
	}
	if !conn.(Typed).Binary() {
		t.Error("Binary = false after a binary message")
	}
	want(t, conn, "fine")
	if err := conn.(Pinger).Ping(t.Context(), nil); err != nil {
		t.Errorf("Ping = %v", err)
	}
	if conn.(Heard).LastHeard().IsZero() {
		t.Error("LastHeard is zero")
	}
}

// redials makes Options reach the peers one after another, each over a
// net.Pipe, and waits for them.
func redials(t *testing.T, o Options, peers ...func(net.Conn)) Options {
	t.Helper()
	var running sync.WaitGroup
	t.Cleanup(running.Wait)
	o.DialContext = func(context.Context, string, string) (net.Conn, error) {
		if len(peers) == 0 {
			return nil, net.ErrClosed
		}
		peer := peers[0]
		peers = peers[1:]
		client, server := net.Pipe()
		running.Go(func() {
			defer server.Close()
			peer(server)
		})
		return client, nil
	}
	return o
}

// expect reads text from a client.
func expect(t *testing.T, c net.Conn, text string) {
	t.Helper()
	b := make([]byte, len(text))
	if _, err := io.ReadFull(c, b); err != nil || string(b) != text {
		t.Errorf("the peer read %q, %v; want %q", b, err, text)
	}
}

// TestReconnectAfterCutWrite: a connection on which a frame was cut cannot
// write any more, and is made anew although its peer is there and silent.
func TestReconnectAfterCutWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		untilClosed := func(c net.Conn) { c.Read(make([]byte, 1)) }
		o := redials(t, Options{Framing: Lines, Reconnect: true, Payload: "me"},
			func(c net.Conn) {
				expect(t, c, "me\nhal")
				time.Sleep(time.Hour)
			},
			func(c net.Conn) {
				expect(t, c, "me\nwhole\n")
				io.WriteString(c, "thanks\n")
				untilClosed(c)
			})
		conn := dialed(t, o, "tcp://host:1")
		var reader sync.WaitGroup
		reader.Go(func() {
			_, err := conn.Read(t.Context())
			if !errors.Is(err, ErrReconnected) || errors.Is(err, ErrClosed) {
				t.Errorf("Read = %v; want %v", err, ErrReconnected)
			}
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := conn.Write(ctx, []byte("half of it")); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Write = %v; want %v", err, context.DeadlineExceeded)
		}
		reader.Wait()
		write(t, conn, "whole")
		want(t, conn, "thanks")
	})
}

// TestReconnectTellsWhy: the error has the cause in its text, though not as
// its kind, and no secret.
func TestReconnectTellsWhy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := redials(t, Options{Framing: Lines, Reconnect: true, Payload: "hush"},
			func(c net.Conn) {
				expect(t, c, "hush\n")
				io.WriteString(c, "ha")
			},
			func(c net.Conn) { expect(t, c, "hush\n") })
		conn := dialed(t, o, "tcp://host:1")
		_, err := conn.Read(t.Context())
		if !errors.Is(err, ErrReconnected) || !strings.Contains(err.Error(), io.ErrUnexpectedEOF.Error()) || errors.Is(err, io.ErrUnexpectedEOF) || strings.Contains(err.Error(), "hush") {
			t.Errorf("Read = %v; want %v with %v in its text", err, ErrReconnected, io.ErrUnexpectedEOF)
		}
	})
}
