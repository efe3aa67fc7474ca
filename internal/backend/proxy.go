package backend

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
)

// Proxy is an HTTP proxy on loopback that gives tunnels to who asks as "proxy"
// with the password "s3cret".
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
	r, err := http.ReadRequest(bufio.NewReader(client))
	if err != nil {
		return
	}
	r.Header.Set("Authorization", r.Header.Get("Proxy-Authorization"))
	if user, password, _ := r.BasicAuth(); r.Method != http.MethodConnect || user != "proxy" || password != "s3cret" {
		io.WriteString(client, "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
		return
	}
	server, err := net.Dial("tcp", r.Host)
	if err != nil || !p.keep(server) {
		return
	}
	p.tunnels.Add(1)
	io.WriteString(client, "HTTP/1.1 200 OK\r\n\r\n")
	var up sync.WaitGroup
	up.Go(func() {
		relay(server, client)
		server.Close()
	})
	relay(client, server)
	client.Close()
	up.Wait()
}

// relay hides what they are: the kernel's way between two sockets keeps pipes,
// which would count as left behind.
func relay(to io.Writer, from io.Reader) {
	io.Copy(struct{ io.Writer }{to}, struct{ io.Reader }{from})
}
