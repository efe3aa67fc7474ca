package dial

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

var discard = log.New(io.Discard, "", 0)

// splice copies both ways until both ends are closed.
func splice(a, b net.Conn) {
	var both sync.WaitGroup
	for _, pair := range [][2]net.Conn{{a, b}, {b, a}} {
		both.Go(func() {
			io.Copy(pair[0], pair[1])
			pair[0].Close()
		})
	}
	both.Wait()
}

// listen serves each connection with handle until the test ends, and returns
// its address.
func listen(t *testing.T, handle func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	accept(t, l, handle)
	return l.Addr().String()
}

// accept serves the connections of l with handle until the test ends.
func accept(t *testing.T, l net.Listener, handle func(net.Conn)) {
	t.Helper()
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer conn.Close()
				handle(conn)
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		all.Wait()
	})
}

// socksProxy is a SOCKS5 server (RFC 1928 and 1929) for user "user" and
// password "hush" that takes every name for 127.0.0.1.
func socksProxy(t *testing.T, conn net.Conn) {
	in := bufio.NewReader(conn)
	take := func(n int) []byte {
		b := make([]byte, n)
		io.ReadFull(in, b)
		return b
	}
	methods := take(int(take(2)[1]))
	if !strings.Contains(string(methods), "\x02") {
		conn.Write([]byte{5, 0xff})
		return
	}
	conn.Write([]byte{5, 2})
	user := string(take(int(take(2)[1])))
	password := string(take(int(take(1)[0])))
	if user != "user" || password != "hush" {
		conn.Write([]byte{1, 1})
		return
	}
	conn.Write([]byte{1, 0})
	request := take(4)
	if request[3] != 3 {
		t.Errorf("address type %d; want a name", request[3])
	}
	take(int(take(1)[0]))
	port := take(2)
	target, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", int(port[0])<<8|int(port[1])))
	if err != nil {
		conn.Write([]byte{5, 5, 0, 1, 0, 0, 0, 0, 0, 0})
		return
	}
	conn.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
	splice(conn, target)
}

// connectProxy is an HTTP proxy for the same user and password.
func connectProxy(t *testing.T) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect {
			t.Errorf("method %s; want CONNECT", r.Method)
		}
		if r.Header.Get("Proxy-Authorization") != basicAuth("user", "hush") {
			w.WriteHeader(http.StatusProxyAuthRequired)
			return
		}
		_, port, _ := net.SplitHostPort(r.Host)
		target, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Errorf("Hijack: %v", err)
			return
		}
		io.WriteString(conn, "HTTP/1.1 200 Connection established\r\n\r\n")
		splice(conn, target)
	})
}

func TestProxies(t *testing.T) {
	socks := listen(t, func(c net.Conn) { socksProxy(t, c) })
	plain := httptest.NewServer(connectProxy(t))
	defer plain.Close()
	secure := httptest.NewTLSServer(connectProxy(t))
	defer secure.Close()
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(serve(t, echo), "ws://"))
	o := Options{TLS: secure.Client().Transport.(*http.Transport).TLSClientConfig}

	for _, proxy := range []string{"socks5://%s@" + socks, "http://%s@" + plain.Listener.Addr().String(), "https://%s@" + secure.Listener.Addr().String()} {
		conn := dialed(t, o, "ws://name.invalid:"+port+"/x|proxy="+fmt.Sprintf(proxy, "user:hush"))
		write(t, conn, "through the proxy")
		want(t, conn, "through the proxy")
		for _, who := range []string{"user:hushhush", "other:hush"} {
			_, err := o.Dial(t.Context(), "ws://name.invalid:"+port+"/x|proxy="+fmt.Sprintf(proxy, who))
			if !errors.Is(err, ErrProxy) || strings.Contains(err.Error(), "hush") || strings.Contains(err.Error(), "other") {
				t.Errorf("Dial with bad credentials = %v; want %v without them", err, ErrProxy)
			}
		}
		if _, err := o.Dial(t.Context(), "ws://name.invalid:1/x|proxy="+fmt.Sprintf(proxy, "user:hush")); !errors.Is(err, ErrProxy) {
			t.Errorf("Dial of a closed port = %v; want %v", err, ErrProxy)
		}
	}
}

// TestProxyTLS: TLS to the venue inside a tunnel.
func TestProxyTLS(t *testing.T) {
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusTeapot) }))
	defer s.Close()
	plain := httptest.NewServer(connectProxy(t))
	defer plain.Close()
	_, port, _ := net.SplitHostPort(s.Listener.Addr().String())
	o := Options{TLS: s.Client().Transport.(*http.Transport).TLSClientConfig, Proxy: "http://user:hush@" + plain.Listener.Addr().String()}
	_, err := o.Dial(t.Context(), "wss://example.com:"+port) // a name of the certificate
	if e, ok := errors.AsType[*HandshakeError](err); !ok || e.Status != http.StatusTeapot {
		t.Errorf("Dial = %v; want the server's answer", err)
	}
}

func TestBadHandshake(t *testing.T) {
	long := strings.Repeat("x", 2000)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(http.StatusTooManyRequests)
		io.WriteString(w, "slow down "+long)
	}))
	defer s.Close()
	_, err := Dial(t.Context(), "ws"+strings.TrimPrefix(s.URL, "http"))
	e, ok := errors.AsType[*HandshakeError](err)
	if !ok || e.Status != 429 || e.Header.Get("Retry-After") != "7" || string(e.Body) != ("slow down " + long)[:1024] {
		t.Errorf("Dial = %v (%+v); want status 429 and its body", err, e)
	}
	for name, answer := range map[string]string{
		"extension":   "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover\r\nSec-WebSocket-Accept: %s\r\n\r\n",
		"accept":      "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: bad%.0s\r\n\r\n",
		"no upgrade":  "HTTP/1.1 101 x\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
		"end":         "HTTP/1.1 101 x\r\nUpgrade%.0s",
		"not HTTP":    "SSH-2.0-x%.0s\r\n\r\n",
		"endless":     "HTTP/1.1 101 x\r\nX: " + strings.Repeat("x", maxHandshake) + "%s",
		"nothing":     "%.0s",
		"early frame": "\x81\x00%.0s",
	} {
		addr := listen(t, func(conn net.Conn) {
			request, err := http.ReadRequest(bufio.NewReader(conn))
			if err != nil {
				return
			}
			accept := strings.Split(string(accepted(request.Header.Get("Sec-Websocket-Key"))), "Accept: ")[1]
			fmt.Fprintf(conn, answer, strings.TrimSpace(accept))
		})
		conn, err := Dial(t.Context(), "ws://user:hush@"+addr+"/hush?hush=1|payload=hush")
		if err == nil {
			conn.Close()
			t.Errorf("%s: Dial = nil", name)
			continue
		}
		if e, ok := errors.AsType[*Error](err); !ok || e.Op != "dial" || e.Addr != "ws://"+addr || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: Dial = %v; want an Error without secrets", name, err)
		}
		if kind := map[string]error{"extension": ErrProtocol, "accept": ErrProtocol, "endless": ErrTooLarge}[name]; kind != nil && !errors.Is(err, kind) {
			t.Errorf("%s: Dial = %v; want %v", name, err, kind)
		}
	}
	for _, address := range []string{"ws://user:hush@host:hush", "ws://%zz/hush", "ws://:80/", "ws://h/#hush"} {
		if _, err := Dial(t.Context(), address); !errors.Is(err, ErrAddress) || strings.Contains(err.Error(), "hush") {
			t.Errorf("Dial(%q) = %v; want %v without secrets", address, err, ErrAddress)
		}
	}
}

func TestURLCredentials(t *testing.T) {
	got := make(chan string, 1)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got <- r.Header.Get("Authorization")
		w.WriteHeader(http.StatusUnauthorized)
	}))
	defer s.Close()
	if _, err := Dial(t.Context(), "ws://user:hush@"+s.Listener.Addr().String()); err == nil {
		t.Error("Dial = nil")
	}
	if auth := <-got; auth != basicAuth("user", "hush") {
		t.Errorf("Authorization %q", auth)
	}
}

// piped returns a connection whose server is script, on the other end of a
// net.Pipe. It is for bubbles of synctest.
func piped(t *testing.T, o Options, script func(net.Conn, *bufio.Reader)) Conn {
	t.Helper()
	client, server := net.Pipe()
	var running sync.WaitGroup
	running.Go(func() {
		defer server.Close()
		in, err := upgrade(server)
		if err != nil {
			t.Errorf("upgrade: %v", err)
			return
		}
		script(server, in)
	})
	conn := dialed(t, over(client, o), "ws://host")
	t.Cleanup(running.Wait) // runs before the Close of dialed
	return conn
}

func TestReadEndsWithContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		frame := text("after two silences")
		conn := piped(t, Options{}, func(c net.Conn, in *bufio.Reader) {
			c.Write(frame[:1])
			time.Sleep(90 * time.Second)
			c.Write(frame[1:7])
			time.Sleep(90 * time.Second)
			c.Write(frame[7:])
		})
		start := time.Now()
		for range 2 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			_, err := conn.Read(ctx)
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Fatalf("Read = %v; want %v", err, context.DeadlineExceeded)
			}
			if _, err := conn.Read(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Fatalf("Read with the same ctx = %v; want %v", err, context.DeadlineExceeded)
			}
			cancel()
		}
		if took := time.Since(start); took != 2*time.Minute {
			t.Errorf("took %v; want 2m", took)
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		if _, err := conn.Read(ctx); !errors.Is(err, context.Canceled) {
			t.Fatalf("Read = %v; want %v", err, context.Canceled)
		}
		want(t, conn, "after two silences") // no byte was lost
	})
}

func TestWriteEndsWithContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := piped(t, Options{}, func(c net.Conn, in *bufio.Reader) {
			time.Sleep(time.Hour) // reads nothing
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		var waiting sync.WaitGroup
		waiting.Go(func() { // waits for the other Write
			time.Sleep(time.Second)
			short, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			if err := conn.Write(short, []byte("y")); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("second Write = %v; want %v", err, context.DeadlineExceeded)
			}
		})
		start := time.Now()
		if err := conn.Write(ctx, []byte("x")); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Write = %v; want %v", err, context.DeadlineExceeded)
		}
		if took := time.Since(start); took != time.Minute {
			t.Errorf("Write took %v; want 1m", took)
		}
		waiting.Wait()
		if err := conn.Write(t.Context(), []byte("z")); err == nil {
			t.Error("Write after one that was cut short: no error")
		}
	})
}

func TestCloseFreesWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := piped(t, Options{}, func(c net.Conn, in *bufio.Reader) { time.Sleep(time.Hour) })
		var writer sync.WaitGroup
		for range 2 { // one writes, one waits for it
			writer.Go(func() {
				if err := conn.Write(t.Context(), []byte("x")); !errors.Is(err, ErrClosed) {
					t.Errorf("Write = %v; want %v", err, ErrClosed)
				}
			})
		}
		synctest.Wait()
		start := time.Now()
		conn.Close()
		writer.Wait()
		if took := time.Since(start); took > controlWait {
			t.Errorf("Close took %v; want at most %v", took, controlWait)
		}
	})
}

func TestPongToDeafPeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := piped(t, Options{}, func(c net.Conn, in *bufio.Reader) {
			c.Write(appendFrame(nil, opPing, true, "p"))
			time.Sleep(time.Hour)
		})
		for range 2 {
			if _, err := conn.Read(t.Context()); !errors.Is(err, ErrTimeout) {
				t.Errorf("Read = %v; want %v", err, ErrTimeout)
			}
		}
	})
}

// TestContextEndsPong: the end of ctx while a pong waits is not the end of
// the connection.
func TestContextEndsPong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := piped(t, Options{}, func(c net.Conn, in *bufio.Reader) {
			c.Write(join(appendFrame(nil, opPing, true, "p"), text("next")))
			time.Sleep(time.Hour)
		})
		ctx, cancel := context.WithTimeout(t.Context(), controlWait/2)
		defer cancel()
		if _, err := conn.Read(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Read = %v; want %v", err, context.DeadlineExceeded)
		}
		want(t, conn, "next")
	})
}

func TestHandshakeTimeout(t *testing.T) {
	for _, scheme := range []string{"ws://host", "wss://host", "ws://host|proxy=http://p:1", "ws://host|proxy=socks5://p:1", "ws://host|proxy=https://p:1"} {
		for name, silent := range map[string]bool{"reads only": false, "does nothing": true} {
			synctest.Test(t, func(t *testing.T) {
				client, server := net.Pipe()
				defer server.Close()
				if !silent {
					var reading sync.WaitGroup
					defer reading.Wait()
					defer server.Close()
					reading.Go(func() { io.Copy(io.Discard, server) })
				}
				start := time.Now()
				_, err := over(client, Options{HandshakeTimeout: 3 * time.Second}).Dial(t.Context(), scheme)
				if !errors.Is(err, ErrTimeout) || time.Since(start) != 3*time.Second {
					t.Errorf("%s, %s: Dial = %v after %v; want %v after 3s", scheme, name, err, time.Since(start), ErrTimeout)
				}
				ctx, cancel := context.WithCancel(t.Context())
				cancel()
				if _, err := over(client, Options{}).Dial(ctx, scheme); !errors.Is(err, context.Canceled) {
					t.Errorf("%s, %s: Dial = %v; want %v", scheme, name, err, context.Canceled)
				}
			})
		}
	}
}
