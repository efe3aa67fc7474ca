package clickhouse_test

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/depthwire/depthwire/dial"
	"github.com/depthwire/depthwire/internal/backend"
)

// A server that does not greet as one should, or not at all, costs no connection: the driver forgets those, open.
func TestNoGreeting(t *testing.T) {
	for name, greeting := range map[string]string{
		"silent":    "",
		"half":      "\x00\x0aClickHou",
		"foreign":   "SSH-2.0-OpenSSH_9.9\r\n",
		"exception": "\x02\x84\x02\x00\x00\x0dDB::Exception\x02no\x00\x00",
		"old":       "\x00\x03old\x01\x01\x01",
		"teapot":    "HTTP/1.1 418 I'm a teapot\r\nContent-Length: 2\r\n\r\nno",
	} {
		for scheme, address := range map[string]string{"native": "clickhouse://u:p@", "http": "clickhouse://http://u:p@"} {
			t.Run(name+"/"+scheme, func(t *testing.T) {
				backend.Leaks(t)
				server := greets(t, greeting)
				for range 2 {
					if c, err := (dial.Options{HandshakeTimeout: 100 * time.Millisecond}).Dial(t.Context(), address+server+"/d"); err == nil {
						c.Close()
						t.Error("it is taken for a server")
					}
				}
			})
		}
	}
}

// greets returns the address of a server that says something to who comes, and then waits until he goes.
func greets(t *testing.T, greeting string) string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var run sync.WaitGroup
	run.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			run.Go(func() {
				defer conn.Close()
				io.WriteString(conn, greeting)
				conn.SetReadDeadline(time.Now().Add(time.Minute))
				if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
					t.Error("the connection is open still")
				}
			})
		}
	})
	t.Cleanup(func() {
		ln.Close()
		run.Wait() // for who has not gone
	})
	return ln.Addr().String()
}
