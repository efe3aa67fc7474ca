package dial

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
)

// serve starts a gorilla server that hands each connection to script and
// returns its address with scheme ws.
func serve(t testing.TB, script func(*websocket.Conn)) string {
	t.Helper()
	var up websocket.Upgrader
	up.EnableCompression = true // the client must not ask for it
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := up.Upgrade(w, r, nil)
		if err != nil {
			t.Errorf("Upgrade: %v", err)
			return
		}
		defer conn.Close()
		script(conn)
	}))
	t.Cleanup(s.Close)
	return "ws" + strings.TrimPrefix(s.URL, "http")
}

// echo returns what it reads, in its kind, until the connection ends.
func echo(conn *websocket.Conn) {
	for {
		kind, msg, err := conn.ReadMessage()
		if err != nil {
			return
		}
		if conn.WriteMessage(kind, msg) != nil {
			return
		}
	}
}

func write(t testing.TB, conn Conn, msg string) {
	t.Helper()
	if err := conn.Write(t.Context(), []byte(msg)); err != nil {
		t.Fatalf("Write: %v", err)
	}
}

func TestEcho(t *testing.T) {
	leakFree(t)
	url := serve(t, echo)
	conn := dialed(t, Options{ReadBuffer: 1000}, url)
	for _, n := range []int{0, 1, 125, 126, 5000, 65_535, 65_536, 1 << 20} {
		msg := strings.Repeat("m", n)
		write(t, conn, msg)
		want(t, conn, msg)
		if conn.(Typed).Binary() {
			t.Error("Binary = true; want text")
		}
	}
	if heard := conn.(Heard).LastHeard(); time.Since(heard) > time.Minute || time.Since(heard) < 0 {
		t.Errorf("LastHeard = %v", heard)
	}
	http.DefaultClient.CloseIdleConnections()
}

func TestCompressedBothWays(t *testing.T) {
	for _, c := range []Compression{Gzip, GzipRaw, Zlib} {
		conn := dialed(t, Options{Compress: c}, serve(t, echo))
		for range 3 {
			write(t, conn, "hello, hello, hello")
			want(t, conn, "hello, hello, hello")
			if !conn.(Typed).Binary() {
				t.Error("Binary = false; want a compressed message to be binary")
			}
		}
		conn = dialed(t, Options{Compress: c, Mode: Recv}, serve(t, echo))
		write(t, conn, "plain")
		want(t, conn, "plain")
		conn = dialed(t, Options{Compress: c, Mode: Send}, serve(t, echo))
		write(t, conn, "hello")
		packed, err := conn.Read(t.Context())
		var z Inflater
		if msg, zerr := z.Inflate(c, packed); err != nil || zerr != nil || string(msg) != "hello" {
			t.Errorf("%s sent: %q, %v, %v; want hello", c, msg, err, zerr)
		}
	}
}

func TestDamagedMessage(t *testing.T) {
	frames := join(appendFrame(nil, opBinary, true, "junk"), appendFrame(nil, opBinary, true, string(packed(t, Gzip, make([]byte, 2000)))),
		text("as it is"), appendFrame(nil, opBinary, true, string(packed(t, Gzip, []byte("fine")))))
	conn := dialed(t, over(&tape{frames: frames}, Options{Compress: Gzip, Mode: Recv, MaxMessage: 1000}), "ws://host")
	for _, kind := range []error{ErrCompressed, ErrTooLarge} {
		if _, err := conn.Read(t.Context()); !errors.Is(err, kind) {
			t.Fatalf("Read = %v; want %v", err, kind)
		}
	}
	want(t, conn, "as it is")
	want(t, conn, "fine")
}

// TestOnePiece: what comes with the answer to the handshake is not lost.
func TestOnePiece(t *testing.T) {
	frames := join(text("one"), appendFrame(nil, opPing, true, "p"), appendFrame(nil, opText, false, "tw"), appendFrame(nil, opContinuation, true, "o"), text("three"))
	for _, chunk := range []int{0, 1, 200} {
		conn := dialed(t, over(&tape{frames: frames, chunk: chunk}, Options{}), "ws://host/path")
		for i, msg := range []string{"one", "two", "three"} {
			if got := conn.(Batched).Buffered(); chunk == 0 && !got {
				t.Errorf("message %d: Buffered = false; all of them came in one piece", i)
			}
			want(t, conn, msg)
		}
		if conn.(Batched).Buffered() {
			t.Error("Buffered = true after the last message")
		}
		for range 2 {
			if _, err := conn.Read(t.Context()); !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("Read = %v; want %v", err, io.ErrUnexpectedEOF)
			}
		}
	}
}

func TestPingPong(t *testing.T) {
	conn := dialed(t, Options{}, serve(t, func(c *websocket.Conn) {
		c.SetPongHandler(func(payload string) error { return c.WriteMessage(websocket.TextMessage, []byte("pong "+payload)) })
		if err := c.WriteControl(websocket.PingMessage, []byte("are you there"), time.Time{}); err != nil {
			t.Errorf("WriteControl: %v", err)
		}
		echo(c) // gorilla answers the client's ping
	}))
	if err := conn.(Pinger).Ping(t.Context(), []byte("here?")); err != nil {
		t.Fatal(err)
	}
	if err := conn.(Pinger).Ping(t.Context(), make([]byte, 126)); err == nil {
		t.Error("Ping with 126 bytes: no error")
	}
	want(t, conn, "pong are you there") // reading answered the ping
	write(t, conn, "text")
	want(t, conn, "text")
}

func TestCloseCodes(t *testing.T) {
	for _, c := range []struct {
		frame []byte
		want  CloseError
	}{
		{appendFrame(nil, opClose, true, ""), CloseError{Code: 1005}},
		{closeFrame(1000, ""), CloseError{Code: 1000}},
		{closeFrame(1012, "restart"), CloseError{Code: 1012, Reason: "restart"}},
		{closeFrame(4000, "über"), CloseError{Code: 4000, Reason: "über"}},
	} {
		conn := dialed(t, over(&tape{frames: c.frame}, Options{}), "ws://host")
		for range 2 {
			_, err := conn.Read(t.Context())
			if e, ok := errors.AsType[*CloseError](err); !ok || *e != c.want {
				t.Errorf("Read = %v; want %v", err, &c.want)
			}
		}
		if err := conn.Write(t.Context(), []byte("late")); !errors.Is(err, ErrClosed) {
			t.Errorf("Write after the peer's close = %v; want %v", err, ErrClosed)
		}
	}
	for _, frame := range [][]byte{
		appendFrame(nil, opClose, true, "x"), closeFrame(999, ""), closeFrame(1004, ""), closeFrame(1005, ""), closeFrame(1006, ""),
		closeFrame(1015, ""), closeFrame(2999, ""), closeFrame(5000, ""), closeFrame(1000, "\xff"),
	} {
		conn := dialed(t, over(&tape{frames: frame}, Options{}), "ws://host")
		if _, err := conn.Read(t.Context()); !errors.Is(err, ErrProtocol) {
			t.Errorf("Read of % x = %v; want %v", frame, err, ErrProtocol)
		}
	}
}

// TestFarewell: what the peer hears when a connection ends.
func TestFarewell(t *testing.T) {
	for name, c := range map[string]struct {
		server func(*websocket.Conn)
		code   int
	}{
		"closed by us": {func(*websocket.Conn) {}, 1000},
		"closed by peer": {func(c *websocket.Conn) {
			c.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(4321, "x"))
		}, 4321},
		"protocol error": {func(c *websocket.Conn) { c.NetConn().Write([]byte{0xf1, 0}) }, 1002},
	} {
		heard := make(chan error, 1)
		conn := dialed(t, Options{}, serve(t, func(conn *websocket.Conn) {
			c.server(conn)
			_, _, err := conn.ReadMessage()
			heard <- err
		}))
		if name != "closed by us" {
			if _, err := conn.Read(t.Context()); err == nil {
				t.Errorf("%s: Read = nil", name)
			}
		}
		conn.Close()
		if err := <-heard; !websocket.IsCloseError(err, c.code) {
			t.Errorf("%s: the peer read %v; want close code %d", name, err, c.code)
		}
	}
}

func TestOversized(t *testing.T) {
	conn := dialed(t, Options{}, serve(t, func(c *websocket.Conn) {
		for _, msg := range [][]byte{make([]byte, 64<<20), []byte("small")} {
			if err := c.WriteMessage(websocket.BinaryMessage, msg); err != nil {
				t.Errorf("WriteMessage: %v", err)
			}
		}
		echo(c)
	}))
	if _, err := conn.Read(t.Context()); !errors.Is(err, ErrTooLarge) {
		t.Fatalf("Read = %v; want %v", err, ErrTooLarge)
	}
	want(t, conn, "small")
	if n := len(conn.(*socket).in.buf); n != defaultReadBuffer {
		t.Errorf("receive buffer of %d bytes; want %d", n, defaultReadBuffer)
	}
}

func TestCutMidFrame(t *testing.T) {
	conn := dialed(t, Options{}, serve(t, func(c *websocket.Conn) {
		c.NetConn().Write(text("whole message")[:5])
	}))
	if _, err := conn.Read(t.Context()); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("Read = %v; want %v", err, io.ErrUnexpectedEOF)
	}
}

func TestServerFragments(t *testing.T) {
	msg := strings.Repeat("fragment ", 10_000) // gorilla's writer cuts it into 4 kB
	conn := dialed(t, Options{}, serve(t, func(c *websocket.Conn) {
		w, err := c.NextWriter(websocket.TextMessage)
		if err != nil {
			t.Errorf("NextWriter: %v", err)
			return
		}
		for part := range bytes.SplitSeq([]byte(msg), []byte(" ")) {
			w.Write(part)
			w.Write([]byte(" "))
		}
		w.Close()
		echo(c)
	}))
	want(t, conn, msg+" ")
}

func TestConcurrentWrites(t *testing.T) {
	leakFree(t)
	const writers, each = 8, 50
	counts := make(chan map[string]int, 1)
	conn := dialed(t, Options{}, serve(t, func(c *websocket.Conn) {
		seen := make(map[string]int)
		for range writers * each {
			_, msg, err := c.ReadMessage()
			if err != nil {
				t.Errorf("ReadMessage: %v", err)
				break
			}
			seen[string(msg)]++
		}
		counts <- seen
		echo(c) // until the last ping is written
	}))
	var all sync.WaitGroup
	for i := range writers {
		all.Go(func() {
			msg := strings.Repeat(string(rune('a'+i)), 100*(i+1))
			for range each {
				if err := conn.Write(t.Context(), []byte(msg)); err != nil {
					t.Errorf("Write: %v", err)
				}
				if err := conn.(Pinger).Ping(t.Context(), nil); err != nil {
					t.Errorf("Ping: %v", err)
				}
			}
		})
	}
	all.Wait()
	if seen := <-counts; len(seen) != writers {
		t.Errorf("%d kinds of messages arrived; want %d", len(seen), writers)
	}
	http.DefaultClient.CloseIdleConnections()
}

func TestClosed(t *testing.T) {
	leakFree(t)
	conn := dialed(t, Options{}, serve(t, echo))
	ctx, cancel := context.WithCancel(t.Context()) // watched, and outlives the connection
	defer cancel()
	errs := make(chan error)
	var reader sync.WaitGroup
	reader.Go(func() {
		for {
			if _, err := conn.Read(ctx); err != nil {
				errs <- err
				return
			}
		}
	})
	write(t, conn, "x")
	if err := conn.Close(); err != nil {
		t.Errorf("Close = %v", err)
	}
	if err := <-errs; !errors.Is(err, ErrClosed) {
		t.Errorf("waiting Read = %v; want %v", err, ErrClosed)
	}
	reader.Wait()
	if _, err := conn.Read(ctx); !errors.Is(err, ErrClosed) {
		t.Errorf("Read = %v; want %v", err, ErrClosed)
	}
	if err := conn.Write(ctx, nil); !errors.Is(err, ErrClosed) {
		t.Errorf("Write = %v; want %v", err, ErrClosed)
	}
	if err := conn.Close(); err != nil {
		t.Errorf("second Close = %v", err)
	}
}

func TestReadAllocs(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for name, c := range map[string]struct {
		frame []byte
		o     Options
	}{
		"text":  {text(string(delta)), Options{}},
		"gzip":  {appendFrame(nil, opBinary, true, string(packed(t, Gzip, delta))), Options{Compress: Gzip, Mode: Recv}},
		"parts": {join(appendFrame(nil, opText, false, string(delta)), appendFrame(nil, opContinuation, true, "x")), Options{}},
	} {
		conn := dialed(t, over(&tape{frames: bytes.Repeat(c.frame, 300), loop: true}, c.o), "ws://host")
		n := testing.AllocsPerRun(2000, func() {
			if _, err := conn.Read(ctx); err != nil {
				t.Fatal(err)
			}
		})
		if n != 0 {
			t.Errorf("%s: %v allocations a Read; want 0", name, n)
		}
	}
}

// BenchmarkRead reads distinct frames from a stream in memory.
func BenchmarkRead(b *testing.B) {
	for name, size := range map[string]int{"200B": 200, "2kB": 2000} {
		var frames []byte
		for i := range (1 << 20) / size {
			frames = appendFrame(frames, opText, true, strings.Repeat(string(rune('a'+i%26)), size-i%16))
		}
		b.Run("own/"+name, func(b *testing.B) {
			conn := dialed(b, over(&tape{frames: frames, loop: true}, Options{}), "ws://host")
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := conn.Read(ctx); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("gorilla/"+name, func(b *testing.B) {
			dialer := websocket.Dialer{NetDialContext: over(&tape{frames: frames, loop: true}, Options{}).DialContext, ReadBufferSize: 64 << 10}
			// The tape answers the handshake and sends frames behind it, which
			// gorilla keeps in its buffer.
			conn, _, err := dialer.DialContext(b.Context(), "ws://host", nil)
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := conn.ReadMessage(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestTLS(t *testing.T) {
	var up websocket.Upgrader
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/a|b" || r.URL.RawQuery != "key=1" || r.Header.Get("X-Test") != "yes" || r.Header.Get("Sec-Websocket-Extensions") != "" {
			t.Errorf("request %s, header %v", r.URL, r.Header)
		}
		conn, err := up.Upgrade(w, r, nil)
		if err != nil {
			t.Errorf("Upgrade: %v", err)
			return
		}
		defer conn.Close()
		echo(conn)
	}))
	s.Config.ErrorLog = discard
	s.StartTLS()
	defer s.Close()
	url := "wss" + strings.TrimPrefix(s.URL, "https") + "/a||b?key=1"

	_, err := Dial(t.Context(), url)
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); !ok {
		t.Errorf("Dial with an unknown certificate = %v; want it refused", err)
	}
	config := s.Client().Transport.(*http.Transport).TLSClientConfig
	conn := dialed(t, Options{TLS: config, Header: http.Header{"X-Test": {"yes"}}}, url)
	for range 3 {
		write(t, conn, strings.Repeat("secret", 20_000))
		want(t, conn, strings.Repeat("secret", 20_000))
	}
}

// TestWire looks at the client's frames: masked, whole, and a pong with the
// payload of its ping before anything else.
func TestWire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := piped(t, Options{Payload: "first"}, func(c net.Conn, in *bufio.Reader) {
			expect := func(op byte, payload string) {
				t.Helper()
				gotOp, got, err := clientFrame(in)
				if err != nil || gotOp != op || got != payload {
					t.Errorf("client sent opcode %x %q, %v; want %x %q", gotOp, got, err, op, payload)
				}
			}
			expect(opText, "first")
			c.Write(join(appendFrame(nil, opPing, true, "abc"), text("go on")))
			expect(opPong, "abc")
			expect(opPing, "def")
			expect(opText, "bye")
			expect(opClose, "\x03\xe8")
		})
		want(t, conn, "go on")
		if err := conn.(Pinger).Ping(t.Context(), []byte("def")); err != nil {
			t.Error(err)
		}
		write(t, conn, "bye")
		conn.Close()
	})
}
