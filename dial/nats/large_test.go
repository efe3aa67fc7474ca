package nats_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/depthwire/depthwire/dial"
	"github.com/depthwire/depthwire/dial/internal/suite"
	"github.com/depthwire/depthwire/internal/backend"
)

func greet(c net.Conn, secure bool) {
	fmt.Fprintf(c, "INFO {\"server_id\":\"x\",\"version\":\"2.9.0\",\"max_payload\":1073741824,\"tls_required\":%v}\r\n", secure)
}

// A server that announces more than it should.
func TestLargeMessages(t *testing.T) {
	suite.Liar{
		Address: func(host string) string { return "nats://test:s3cret@" + host + "/s3cret" },
		Encrypt: func(c net.Conn, cert tls.Certificate) (net.Conn, error) {
			greet(c, true)
			return backend.Handshake(c, cert)
		},
		Serve: func(c net.Conn, size int) {
			if _, greeted := c.(*tls.Conn); !greeted {
				greet(c, false)
			}
			in := bufio.NewReader(c)
			id := ""
			for {
				line, err := in.ReadString('\n')
				if err != nil {
					return
				}
				words := strings.Fields(line)
				switch words[0] {
				case "SUB":
					id = words[len(words)-1]
				case "PING":
					fmt.Fprintf(c, "PONG\r\n")
					if id == "" {
						continue
					}
					fmt.Fprintf(c, "MSG s3cret %s %d\r\n", id, size)
					if suite.Body(c, size) != nil {
						return
					}
					fmt.Fprintf(c, "\r\n")
					id = ""
				}
			}
		},
	}.Run(t)
}

// What a server says before TLS, behind INFO, is not taken for what it said
// under it.
func TestBeforeTLS(t *testing.T) {
	backend.Leaks(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	var serving sync.WaitGroup
	defer serving.Wait()
	serving.Go(func() {
		c, err := ln.Accept()
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		fmt.Fprintf(c, "INFO {\"server_id\":\"x\",\"version\":\"2.9.0\",\"tls_required\":true}\r\nPONG\r\n")
		io.Copy(io.Discard, c)
	})
	_, err = dial.Dial(t.Context(), "nats://"+ln.Addr().String()+"/s3cret?tls=true")
	if !errors.Is(err, dial.ErrProtocol) || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("%v; want ErrProtocol", err)
	}
}

// The reader of a stream, and who publishes to it, hear of it, too.
func TestLargeOverJetStream(t *testing.T) {
	backend.Leaks(t)
	server, topic := backend.URL(t, variable), suite.Topic()
	clients := make(chan net.Conn, 1)
	relay := backend.NewRelay(t, server[strings.LastIndexByte(server, '@')+1:], func(client, _ net.Conn) (net.Conn, error) {
		clients <- client
		return client, nil
	})
	c := open(t, relay.In(server)+"/"+topic+"?stream="+topic)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := c.Write(ctx, []byte("x")); err != nil {
		t.Fatal(err)
	}
	if msg, err := c.Read(ctx); err != nil || string(msg) != "x" {
		t.Fatalf("%q, %v", msg, err)
	}
	fmt.Fprintf(<-clients, "MSG x 1 %d\r\n", 1<<30)
	if err := c.Write(ctx, []byte("y")); !errors.Is(err, dial.ErrTooLarge) || !errors.Is(err, dial.ErrLost) {
		t.Errorf("write: %v; want ErrTooLarge and ErrLost", err)
	}
	if _, err := c.Read(ctx); !errors.Is(err, dial.ErrTooLarge) || !errors.Is(err, dial.ErrLost) {
		t.Errorf("read: %v; want ErrTooLarge and ErrLost", err)
	}
}
