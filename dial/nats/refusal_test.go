package nats_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/depthwire/depthwire/dial"
	"github.com/depthwire/depthwire/internal/backend"
)

// guarded is a server that lets nobody publish to, or subscribe to, a subject
// with "guarded" in it: it says so as nats-server does.
func guarded(t *testing.T) (url string) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var run sync.WaitGroup
	run.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			run.Go(func() {
				defer c.Close()
				guard(c)
			})
		}
	})
	t.Cleanup(func() {
		ln.Close()
		run.Wait()
	})
	return "nats://" + ln.Addr().String()
}

func guard(c net.Conn) {
	fmt.Fprintf(c, "INFO {\"server_id\":\"x\",\"version\":\"2.9.0\",\"headers\":true,\"max_payload\":1048576}\r\n")
	in := bufio.NewReader(c)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		words := strings.Fields(line)
		no := ""
		switch words[0] {
		case "PING":
			fmt.Fprintf(c, "PONG\r\n")
		case "SUB":
			no = "Subscription"
		case "PUB":
			no = "Publish"
			size, _ := strconv.Atoi(words[len(words)-1])
			io.CopyN(io.Discard, in, int64(size)+2)
		}
		if no != "" && strings.Contains(words[1], "guarded") {
			fmt.Fprintf(c, "-ERR 'Permissions Violation for %s to %q'\r\n", no, words[1])
		}
	}
}

// What the server does not allow is no success.
func TestNoPermission(t *testing.T) {
	backend.Leaks(t)
	server := guarded(t)
	if _, err := dial.Dial(t.Context(), server+"/guarded.s3cret"); !errors.Is(err, dial.ErrAuth) || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("subscribing: %v; want ErrAuth, without the subject", err)
	}
	c := open(t, server+"/free|mode=send")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for range 2 {
		if err := c.(dial.Keyed).WriteKey(ctx, "guarded.s3cret", []byte("x")); !errors.Is(err, dial.ErrAuth) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("publishing: %v; want ErrAuth, without the subject", err)
		}
		if err := c.Write(ctx, []byte("x")); err != nil {
			t.Errorf("another subject: %v", err)
		}
	}
}

// Each server of a cluster has a certificate for its own name.
func TestClusterCertificates(t *testing.T) {
	backend.Leaks(t)
	authority := backend.NewAuthority(t)
	server := backend.URL(t, variable)
	host := server[strings.LastIndexByte(server, '@')+1:]
	relay := backend.NewRelay(t, host, secure(authority.Issue(time.Now().Add(time.Hour))))
	reach := func(ctx context.Context, network, address string) (net.Conn, error) {
		if !strings.HasPrefix(address, "127.0.0.1:") {
			return nil, errors.New("this server is down")
		}
		return new(net.Dialer).DialContext(ctx, network, relay.Addr())
	}
	address := strings.Replace(server, host, "down.invalid:4222,"+host, 1) + "/cluster"
	conn, err := dial.Options{TLS: authority.Client(), DialContext: reach}.Dial(t.Context(), address)
	if err != nil {
		t.Fatalf("the second server: %v", err)
	}
	conn.Close()
}
