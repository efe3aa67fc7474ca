package dial

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/net/proxy"
)

// dialFunc is a way to reach an address; its methods are what x/net/proxy
// wants.
type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// DialContext calls f.
func (f dialFunc) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return f(ctx, network, address)
}

// Dial is what x/net/proxy demands and does not call, as there is DialContext.
func (f dialFunc) Dial(network, address string) (net.Conn, error) {
	return nil, errors.ErrUnsupported
}

// maxHandshake bounds what an HTTP peer, proxy or server, may send as its
// answer.
const maxHandshake = 64 << 10

// parseProxy does not quote text in its errors, as it may hold a password.
func parseProxy(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || !oneOf(u.Scheme, "http", "https", "socks5") || strings.TrimPrefix(u.Path, "/")+u.RawQuery+u.Fragment != "" {
		return nil, optionError("proxy", "http://, https:// or socks5:// with user:password@, if needed, and host:port")
	}
	return u, nil
}

// dialer returns the way to the network that o describes.
func (o Options) dialer() (dialFunc, error) {
	if o.Proxy == "" {
		return o.DialContext, nil
	}
	via, err := parseProxy(o.Proxy)
	if err != nil {
		return nil, err
	}
	if via.Scheme == "socks5" {
		return socks5(via, o.DialContext)
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := o.DialContext(ctx, network, hostPort(via))
		if err != nil {
			return nil, err
		}
		defer context.AfterFunc(ctx, func() { conn.Close() })()
		tunnel, err := o.connect(ctx, conn, via, address)
		if err != nil {
			conn.Close()
			return nil, err
		}
		return tunnel, nil
	}, nil
}

func socks5(via *url.URL, forward dialFunc) (dialFunc, error) {
	var auth *proxy.Auth
	if via.User != nil {
		password, _ := via.User.Password()
		auth = &proxy.Auth{User: via.User.Username(), Password: password}
	}
	d, err := proxy.SOCKS5("tcp", hostPort(via), auth, forward)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProxy, err)
	}
	through := d.(proxy.ContextDialer)
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		// Without the deadline of ctx, which would race with its end.
		plain, cancel := context.WithCancel(context.WithoutCancel(ctx))
		defer cancel()
		defer context.AfterFunc(ctx, cancel)()
		conn, err := through.DialContext(plain, network, address)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrProxy, err)
		}
		return conn, nil
	}, nil
}

// connect asks an HTTP proxy on conn for a tunnel to address.
func (o Options) connect(ctx context.Context, conn net.Conn, via *url.URL, address string) (net.Conn, error) {
	if via.Scheme == "https" {
		config := o.tlsConfig(via.Hostname(), http11)
		config.ServerName = via.Hostname() // one set in Options is the venue's
		secure := tls.Client(conn, config)
		if err := secure.HandshakeContext(ctx); err != nil {
			return nil, err
		}
		conn = secure
	}
	request := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: address}, Host: address, Header: make(http.Header)}
	if via.User != nil {
		password, _ := via.User.Password()
		request.Header.Set("Proxy-Authorization", basicAuth(via.User.Username(), password))
	}
	if err := request.Write(conn); err != nil {
		return nil, err
	}
	answer := bufio.NewReader(io.LimitReader(conn, maxHandshake))
	response, err := http.ReadResponse(answer, request)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProxy, err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%w: status %d %s", ErrProxy, response.StatusCode, http.StatusText(response.StatusCode))
	}
	if n := answer.Buffered(); n > 0 { // a server behind the proxy that speaks first
		early, _ := answer.Peek(n)
		return &tunnel{Conn: conn, early: early}, nil
	}
	return conn, nil
}

// tunnel is a connection of which the first bytes have been read already.
type tunnel struct {
	net.Conn
	early []byte
}

func (t *tunnel) Read(p []byte) (int, error) {
	if len(t.early) == 0 {
		return t.Conn.Read(p)
	}
	n := copy(p, t.early)
	t.early = t.early[n:]
	return n, nil
}

func basicAuth(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

// hostPort is the address of u with its scheme's default port.
func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "ws": "80", "https": "443", "wss": "443", "socks5": "1080"}[u.Scheme]
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// http11 is the protocol over TLS: an upgrade to WebSocket and a tunnel are
// not possible over HTTP/2.
const http11 = "http/1.1"

// tlsConfig returns a copy of o.TLS for host, with protocols in place of its
// own, if there are any.
func (o Options) tlsConfig(host string, protocols ...string) *tls.Config {
	config := o.TLS.Clone()
	if config == nil {
		config = new(tls.Config)
	}
	if config.ServerName == "" {
		config.ServerName = host
	}
	if len(protocols) > 0 {
		config.NextProtos = protocols
	}
	return config
}
