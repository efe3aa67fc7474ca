package dial

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// appendFrame is the encoder of the tests: a server's frame, not masked.
func appendFrame(b []byte, op byte, final bool, payload string) []byte {
	if final {
		op |= 0x80
	}
	b = append(b, op)
	switch n := len(payload); {
	case n < 126:
		b = append(b, byte(n))
	case n <= 0xffff:
		b = binary.BigEndian.AppendUint16(append(b, 126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 127), uint64(n))
	}
	return append(b, payload...)
}

func text(payload string) []byte { return appendFrame(nil, opText, true, payload) }

func closeFrame(code uint16, reason string) []byte {
	return appendFrame(nil, opClose, true, string(binary.BigEndian.AppendUint16(nil, code))+reason)
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// accepted is the answer to a handshake with that key.
func accepted(key string) []byte {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return []byte("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
		base64.StdEncoding.EncodeToString(sum[:]) + "\r\n\r\n")
}

// upgrade answers the handshake on conn and sends more in the same piece.
func upgrade(conn net.Conn, more ...byte) (*bufio.Reader, error) {
	in := bufio.NewReader(conn)
	request, err := http.ReadRequest(in)
	if err != nil {
		return nil, err
	}
	_, err = conn.Write(append(accepted(request.Header.Get("Sec-Websocket-Key")), more...))
	return in, err
}

// clientFrame reads one frame of the client, final and masked, and unmasks it.
func clientFrame(in *bufio.Reader) (op byte, payload string, err error) {
	var head [6]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return 0, "", err
	}
	if head[0]&0xf0 != 0x80 || head[1]&0x80 == 0 {
		return 0, "", fmt.Errorf("header % x", head)
	}
	body := make([]byte, head[1]&0x7f) // the tests send less than 126 bytes
	if _, err := io.ReadFull(in, body); err != nil {
		return 0, "", err
	}
	for i := range body {
		body[i] ^= head[2+i%4]
	}
	return head[0] & 0xf, string(body), nil
}

// tape is a network connection in memory: a server that answers the
// handshake, has sent frames in the same piece and hears nothing.
type tape struct {
	pending []byte // received next
	frames  []byte
	loop    bool // frames without end
	chunk   int  // bytes that a Read returns at most; 0: all
}

func (c *tape) Write(p []byte) (int, error) {
	if request, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(p))); err == nil {
		c.pending = append(accepted(request.Header.Get("Sec-Websocket-Key")), c.frames...)
	}
	return len(p), nil
}

func (c *tape) Read(p []byte) (int, error) {
	if len(c.pending) == 0 {
		if !c.loop {
			return 0, io.EOF
		}
		c.pending = c.frames
	}
	if c.chunk > 0 && len(p) > c.chunk {
		p = p[:c.chunk]
	}
	n := copy(p, c.pending)
	c.pending = c.pending[n:]
	return n, nil
}

func (c *tape) Close() error                     { return nil }
func (c *tape) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (c *tape) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (c *tape) SetDeadline(time.Time) error      { return nil }
func (c *tape) SetReadDeadline(time.Time) error  { return nil }
func (c *tape) SetWriteDeadline(time.Time) error { return nil }

// over makes Options dial c.
func over(c net.Conn, o Options) Options {
	o.DialContext = func(context.Context, string, string) (net.Conn, error) { return c, nil }
	return o
}

func dialed(t testing.TB, o Options, address string) Conn {
	t.Helper()
	conn, err := o.Dial(t.Context(), address)
	if err != nil {
		t.Fatalf("Dial: %v", err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func want(t testing.TB, conn Conn, msg string) {
	t.Helper()
	got, err := conn.Read(t.Context())
	if err != nil || string(got) != msg {
		t.Fatalf("Read = %.80q, %v; want %.80q", got, err, msg)
	}
}

// leakFree fails t when it leaves goroutines or, where they can be counted,
// sockets behind.
func leakFree(t *testing.T) {
	before, open := runtime.NumGoroutine(), sockets()
	t.Cleanup(func() {
		deadline := time.Now().Add(5 * time.Second)
		for (runtime.NumGoroutine() > before || sockets() > open) && time.Now().Before(deadline) {
			runtime.Gosched()
		}
		if after := runtime.NumGoroutine(); after > before {
			stacks := make([]byte, 1<<16)
			t.Errorf("%d goroutines, were %d\n%s", after, before, stacks[:runtime.Stack(stacks, true)])
		}
		if after := sockets(); after > open {
			t.Errorf("%d sockets, were %d", after, open)
		}
	})
}

// sockets counts the open sockets of the process: 0 on systems that do not
// show them.
func sockets() (n int) {
	const dir = "/proc/self/fd/"
	files, _ := os.ReadDir(dir)
	for _, file := range files {
		if to, err := os.Readlink(dir + file.Name()); err == nil && strings.HasPrefix(to, "socket:") {
			n++
		}
	}
	return n
}
