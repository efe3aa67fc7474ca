package dial

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// echoes serves scheme with an echo of bytes, or of datagrams, and returns
// its address.
func echoes(t *testing.T, scheme string) string {
	t.Helper()
	switch scheme {
	case "udp":
		conn, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		var running sync.WaitGroup
		running.Go(func() {
			b := make([]byte, maxDatagram)
			for {
				n, from, err := conn.ReadFrom(b)
				if err != nil {
					return
				}
				conn.WriteTo(b[:n], from)
			}
		})
		t.Cleanup(func() {
			conn.Close()
			running.Wait()
		})
		return "udp://" + conn.LocalAddr().String()
	case "unix":
		path := filepath.Join(t.TempDir(), "s|k") // the | must be doubled in the address
		l, err := net.Listen("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		accept(t, l, func(c net.Conn) { io.Copy(c, c) })
		return "unix://" + strings.ReplaceAll(path, "|", "||")
	case "tls":
		return "tls://" + listenTLS(t, trusted, func(c net.Conn) { io.Copy(c, c) })
	}
	return "tcp://" + listen(t, func(c net.Conn) { io.Copy(c, c) })
}

// TestSchemes: connect, write, read, close, in each scheme and framing.
func TestSchemes(t *testing.T) {
	for _, scheme := range []string{"tcp", "tls", "unix", "udp"} {
		for _, options := range []string{"", "|framing=raw", "|framing=lines", "|framing=length", "|framing=length&compress=gzip", "|compress=zlib"} {
			if scheme == "udp" && strings.Contains(options, "framing=l") || scheme != "udp" && options == "|compress=zlib" {
				continue
			}
			t.Run(scheme+options, func(t *testing.T) {
				leakFree(t)
				conn := dialed(t, Options{TLS: trusting()}, echoes(t, scheme)+options)
				if b := conn.(Batched); b.Buffered() {
					t.Error("Buffered = true before anything came")
				}
				for i := range 3 {
					msg := fmt.Sprintf("message %d", i)
					write(t, conn, msg)
					want(t, conn, msg)
				}
				if heard := conn.(Heard).LastHeard(); heard.IsZero() {
					t.Error("LastHeard is zero")
				}
				if strings.Contains(options, "framing=l") {
					big := strings.Repeat("big", 100_000)
					write(t, conn, "")
					var writer sync.WaitGroup
					writer.Go(func() { write(t, conn, big) })
					want(t, conn, "")
					want(t, conn, big)
					writer.Wait()
				}
				conn.Close()
				conn.Close()
				if _, err := conn.Read(t.Context()); !errors.Is(err, ErrClosed) {
					t.Errorf("Read = %v; want %v", err, ErrClosed)
				}
				if err := conn.Write(t.Context(), nil); !errors.Is(err, ErrClosed) {
					t.Errorf("Write = %v; want %v", err, ErrClosed)
				}
			})
		}
	}
}

func TestDatagrams(t *testing.T) {
	conn := dialed(t, Options{MaxMessage: 5}, echoes(t, "udp"))
	for _, msg := range []string{"", "five5"} {
		write(t, conn, msg)
		want(t, conn, msg)
	}
	write(t, conn, "sixsix")
	if _, err := conn.Read(t.Context()); !errors.Is(err, ErrTooLarge) {
		t.Errorf("Read = %v; want %v", err, ErrTooLarge)
	}
	write(t, conn, "five5")
	want(t, conn, "five5")
}

func TestLineEndInLine(t *testing.T) {
	conn := dialed(t, Options{Framing: Lines}, echoes(t, "tcp"))
	if err := conn.Write(t.Context(), []byte("one\ntwo")); !errors.Is(err, errLineEnd) {
		t.Errorf("Write = %v; want %v", err, errLineEnd)
	}
	write(t, conn, "nothing was sent of it")
	want(t, conn, "nothing was sent of it")
}

func TestEndOfStream(t *testing.T) {
	for _, c := range []struct {
		options, sent string
		end           error
	}{
		{"", "", io.EOF},
		{"|framing=lines", "", io.EOF},
		{"|framing=lines", "half a li", io.ErrUnexpectedEOF},
		{"|framing=length", "\x00\x00\x00\x05half", io.ErrUnexpectedEOF},
	} {
		conn := dialed(t, Options{}, "tcp://"+listen(t, func(conn net.Conn) { io.WriteString(conn, c.sent) })+c.options)
		for range 2 {
			if _, err := conn.Read(t.Context()); !errors.Is(err, c.end) {
				t.Errorf("%s: Read = %v; want %v", c.options, err, c.end)
			}
		}
	}
}

// pipeline returns a connection whose peer runs script on the other end of a
// net.Pipe. It is for bubbles of synctest.
func pipeline(t *testing.T, o Options, script func(net.Conn)) Conn {
	t.Helper()
	client, server := net.Pipe()
	var running sync.WaitGroup
	running.Go(func() {
		defer server.Close()
		script(server)
	})
	t.Cleanup(running.Wait) // runs after the Close of dialed
	return dialed(t, over(client, o), "tcp://host:1")
}

// TestWriteDeadline: a write that its ctx ended tells the bytes sent. A raw
// stream goes on from there, a frame that was cut is the last.
func TestWriteDeadline(t *testing.T) {
	for framing, next := range map[Framing]error{Raw: nil, Lines: errCut, Length: errCut} {
		synctest.Test(t, func(t *testing.T) {
			conn := pipeline(t, Options{Framing: framing}, func(c net.Conn) {
				io.ReadFull(c, make([]byte, 10))
				time.Sleep(time.Hour)
				io.ReadFull(c, make([]byte, 4))
			})
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			err := conn.Write(ctx, []byte("ten bytes and more"))
			e, ok := errors.AsType[*Error](err)
			if !ok || !errors.Is(err, context.DeadlineExceeded) || e.Sent != 10 || !strings.HasSuffix(err.Error(), ", 10 bytes sent") {
				t.Errorf("%q: Write = %v; want %v, 10 bytes sent", framing, err, context.DeadlineExceeded)
			}
			if err := conn.Write(t.Context(), []byte("more")); !errors.Is(err, next) {
				t.Errorf("%q: Write after it = %v; want %v", framing, err, next)
			}
		})
	}
}

func TestPayloadToDeafPeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		defer server.Close()
		start := time.Now()
		_, err := over(client, Options{HandshakeTimeout: 3 * time.Second}).Dial(t.Context(), "tcp://host:1|payload=hush")
		if !errors.Is(err, ErrTimeout) || time.Since(start) != 3*time.Second || strings.Contains(err.Error(), "hush") {
			t.Errorf("Dial = %v after %v; want %v after 3s", err, time.Since(start), ErrTimeout)
		}
	})
}

// TestReadDeadline: a read that its ctx ended lost nothing.
func TestReadDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := pipeline(t, Options{Framing: Lines}, func(c net.Conn) {
			io.WriteString(c, "half")
			time.Sleep(90 * time.Second)
			io.WriteString(c, " and half\n")
			c.Read(make([]byte, 1)) // until the other end is closed
		})
		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := conn.Read(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Minute {
			t.Errorf("Read = %v after %v; want %v after 1m", err, time.Since(start), context.DeadlineExceeded)
		}
		want(t, conn, "half and half")
		var waiting sync.WaitGroup
		waiting.Go(func() {
			if _, err := conn.Read(t.Context()); !errors.Is(err, ErrClosed) {
				t.Errorf("waiting Read = %v; want %v", err, ErrClosed)
			}
		})
		synctest.Wait()
		conn.Close()
		waiting.Wait()
	})
}

func TestPlainAddresses(t *testing.T) {
	for _, scheme := range []string{"tcp", "tls", "udp"} {
		for _, rest := range []string{"hush", "hush:", ":1", "hush:0", "hush:65536", "hush:http", "user:hush@host:1", "host:1/hush", "ho/sh:1", "[::1:1", "a b:1", "h?hush:1"} {
			if _, err := Dial(t.Context(), scheme+"://"+rest); !errors.Is(err, ErrAddress) || strings.Contains(err.Error(), "hush") {
				t.Errorf("Dial(%s://%s) = %v; want %v without secrets", scheme, rest, err, ErrAddress)
			}
		}
	}
	for _, c := range []struct{ address, says string }{
		{"udp://h:1|framing=lines", "framing"}, {"udp://h:1|proxy=http://u:hush@h:1", "tcp, tls, ws and wss"},
		{"unix://a|proxy=socks5://u:hush@h:1", "tcp, tls, ws and wss"}, {"ws://h|framing=length", "framing"},
		{"tcp://h:1|compress=gzip", "framing=length"}, {"unix://a|compress=gzip&framing=lines", "framing=length"},
	} {
		if _, err := Dial(t.Context(), c.address); !errors.Is(err, ErrOption) || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "hush") {
			t.Errorf("Dial(%s) = %v; want %v with %q", c.address, err, ErrOption, c.says)
		}
	}
}

// closedPort is an address where nobody listens.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	return l.Addr().String()
}

func TestNobodyListens(t *testing.T) {
	leakFree(t)
	addr := closedPort(t)
	for _, scheme := range []string{"tcp", "tls", "ws", "wss"} {
		_, err := Dial(t.Context(), scheme+"://"+addr+"|payload=hush")
		if e, ok := errors.AsType[*Error](err); !errors.Is(err, ErrRefused) || !ok || e.Addr != scheme+"://"+addr || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: Dial = %v; want %v", scheme, err, ErrRefused)
		}
	}
	if _, err := Dial(t.Context(), "unix://"+filepath.Join(t.TempDir(), "hush")); !errors.Is(err, os.ErrNotExist) || strings.Contains(err.Error(), "hush") {
		t.Errorf("Dial of a socket that is not there = %v; want %v without its path", err, os.ErrNotExist)
	}
	conn := dialed(t, Options{Payload: "anyone?"}, "udp://"+addr)
	if _, err := conn.Read(t.Context()); !errors.Is(err, ErrRefused) {
		t.Errorf("udp: Read = %v; want %v", err, ErrRefused)
	}
	server, err := net.ListenPacket("udp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	write(t, conn, "now?")
	b := make([]byte, 10)
	n, from, err := server.ReadFrom(b)
	if err != nil || string(b[:n]) != "now?" {
		t.Fatalf("the server read %q, %v", b[:n], err)
	}
	server.WriteTo([]byte("yes"), from)
	want(t, conn, "yes") // that nobody listened was no end
}

func TestPlainAllocs(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for framing, frame := range map[Framing]string{Raw: "xxxx", Lines: string(delta) + "\n", Length: prefixed(string(delta))} {
		conn := dialed(t, over(&tape{frames: []byte(strings.Repeat(frame, 300)), loop: true}, Options{Framing: framing}), "tcp://host:1")
		n := testing.AllocsPerRun(2000, func() {
			if _, err := conn.Read(ctx); err != nil {
				t.Fatal(err)
			}
		})
		if n != 0 {
			t.Errorf("%q: %v allocations a Read; want 0", framing, n)
		}
	}
}

// TestProxiedStreams: tcp, whose server may speak first, and tls go through
// the proxies as ws does.
func TestProxiedStreams(t *testing.T) {
	leakFree(t)
	for _, proxy := range []string{"socks5://user:hush@" + listen(t, func(c net.Conn) { socksProxy(t, c) }), "http://user:hush@" + listen(t, hastyProxy)} {
		_, port, _ := net.SplitHostPort(listen(t, func(c net.Conn) {
			io.WriteString(c, "welcome\n")
			io.Copy(c, c)
		}))
		conn := dialed(t, Options{Proxy: proxy}, "tcp://name.invalid:"+port+"|framing=lines")
		want(t, conn, "welcome")
		write(t, conn, "through the proxy")
		want(t, conn, "through the proxy")
		_, port, _ = net.SplitHostPort(listenTLS(t, trusted, func(c net.Conn) { io.Copy(c, c) }))
		conn = dialed(t, Options{TLS: trusting()}, "tls://"+certifiedName+":"+port+"|framing=lines&proxy="+proxy)
		write(t, conn, "sealed")
		want(t, conn, "sealed")
		_, port, _ = net.SplitHostPort(closedPort(t))
		_, err := Dial(t.Context(), "tcp://name.invalid:"+port+"|proxy="+proxy)
		if !errors.Is(err, ErrProxy) || strings.Contains(err.Error(), "hush") {
			t.Errorf("Dial of a closed port = %v; want %v without the password", err, ErrProxy)
		}
	}
}

// hastyProxy is an HTTP proxy whose answer and the first bytes of the server
// behind it, if that speaks first, come in one piece.
func hastyProxy(c net.Conn) {
	in := bufio.NewReader(c)
	request, err := in.ReadString('\n')
	for line := request; err == nil && line != "\r\n"; line, err = in.ReadString('\n') {
	}
	if err != nil {
		return
	}
	_, port, _ := net.SplitHostPort(strings.Fields(request)[1])
	target, err := net.Dial("tcp", "127.0.0.1:"+port)
	if err != nil {
		io.WriteString(c, "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
		return
	}
	answer := []byte("HTTP/1.1 200 OK\r\n\r\n")
	if !strings.Contains(request, certifiedName) {
		first := make([]byte, len("welcome\n"))
		io.ReadFull(target, first)
		answer = append(answer, first...)
	}
	c.Write(answer)
	splice(c, target)
}
