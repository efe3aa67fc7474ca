package backend

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// Proxy is an HTTP and SOCKS5 proxy on loopback that gives tunnels to who asks
// as "proxy" with the password "s3cret".
type Proxy struct {
	ln      net.Listener
	run     sync.WaitGroup
	tunnels atomic.Int64

	mu    sync.Mutex
	over  bool
	conns []net.Conn
}

// NewProxy listens; it ends with the test.
func NewProxy(t testing.TB) *Proxy {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{ln: ln}
	p.run.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			if p.keep(c) {
				p.run.Go(func() { p.serve(c) })
			}
		}
	})
	t.Cleanup(func() {
		ln.Close()
		p.mu.Lock()
		p.over = true
		for _, c := range p.conns {
			c.Close()
		}
		p.mu.Unlock()
		p.run.Wait()
	})
	return p
}

// SOCKS is its address for who speaks SOCKS5.
func (p *Proxy) SOCKS() string { return "socks5://" + strings.TrimPrefix(p.URL(), "http://") }

// URL is its address, with user and password.
func (p *Proxy) URL() string { return "http://proxy:s3cret@" + p.ln.Addr().String() }

// Tunnels is how many there were.
func (p *Proxy) Tunnels() int64 { return p.tunnels.Load() }

func (p *Proxy) keep(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over {
		c.Close()
		return false
	}
	p.conns = append(p.conns, c)
	return true
}

func (p *Proxy) serve(client net.Conn) {
	defer client.Close()
	in := bufio.NewReader(client)
	first, err := in.Peek(1)
	if err != nil {
		return
	}
	ask, yes := asked, "HTTP/1.1 200 OK\r\n\r\n"
	if first[0] == socks {
		ask, yes = askedSOCKS, "\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"
	}
	target := ask(in, client)
	if target == "" {
		return
	}
	server, err := net.Dial("tcp", target)
	if err != nil || !p.keep(server) {
		return
	}
	p.tunnels.Add(1)
	io.WriteString(client, yes)
	var up sync.WaitGroup
	up.Go(func() {
		relay(server, in)
		server.Close()
	})
	relay(client, server)
	client.Close()
	up.Wait()
}

// asked returns where an HTTP client wants a tunnel to; empty: it has its
// answer.
func asked(in *bufio.Reader, client net.Conn) string {
	r, err := http.ReadRequest(in)
	if err != nil {
		return ""
	}
	r.Header.Set("Authorization", r.Header.Get("Proxy-Authorization"))
	if user, password, _ := r.BasicAuth(); r.Method != http.MethodConnect || user != "proxy" || password != "s3cret" {
		io.WriteString(client, "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
		return ""
	}
	return r.Host
}

const socks = 5 // the version, its first byte

// askedSOCKS is the same for SOCKS5: RFC 1928 and 1929.
func askedSOCKS(in *bufio.Reader, client net.Conn) string {
	take := func(n int) []byte {
		b := make([]byte, n)
		io.ReadFull(in, b) // what is missing is 0, and not what is wanted
		return b
	}
	counted := func() string { return string(take(int(take(1)[0]))) }
	take(1)
	if !strings.Contains(counted(), "\x02") {
		client.Write([]byte{socks, 0xff})
		return ""
	}
	client.Write([]byte{socks, 2})
	take(1)
	if user, password := counted(), counted(); user != "proxy" || password != "s3cret" {
		client.Write([]byte{1, 1})
		return ""
	}
	client.Write([]byte{1, 0})
	var host string
	switch kind := take(4)[3]; kind {
	case 1:
		host = net.IP(take(4)).String()
	case 3:
		host = counted()
	default:
		client.Write([]byte{socks, 8, 0, 1, 0, 0, 0, 0, 0, 0})
		return ""
	}
	return net.JoinHostPort(host, strconv.Itoa(int(binary.BigEndian.Uint16(take(2)))))
}

// relay hides what they are: the kernel's way between two sockets keeps pipes,
// which would count as left behind.
func relay(to io.Writer, from io.Reader) {
	io.Copy(struct{ io.Writer }{to}, struct{ io.Reader }{from})
}
