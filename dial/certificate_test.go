package dial

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

const certifiedName = "venue.example"

// authority signs the certificates of the tests.
var authority = sync.OnceValue(func() tls.Certificate {
	return issue(&x509.Certificate{Subject: pkix.Name{CommonName: "authority"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}, nil)
})

// issue makes a certificate that by signs, or it itself.
func issue(template *x509.Certificate, by *tls.Certificate) tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template.SerialNumber = big.NewInt(1)
	if template.NotAfter.IsZero() {
		template.NotAfter = time.Now().Add(time.Hour)
	}
	parent, signer := template, key
	if by != nil {
		parent, signer = by.Leaf, by.PrivateKey.(*ecdsa.PrivateKey)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		panic(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

func trusted() tls.Certificate {
	by := authority()
	return issue(&x509.Certificate{DNSNames: []string{certifiedName}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}, &by)
}

func trusting() *tls.Config {
	roots := x509.NewCertPool()
	roots.AddCert(authority().Leaf)
	return &tls.Config{RootCAs: roots}
}

func listenTLS(t *testing.T, certificate func() tls.Certificate, handle func(net.Conn)) string {
	t.Helper()
	config := &tls.Config{Certificates: []tls.Certificate{certificate()}}
	return listen(t, func(c net.Conn) {
		secure := tls.Server(c, config)
		defer secure.Close()
		handle(secure)
	})
}

// TestCertificates: what is wrong with a certificate is told by type, and the
// server gets nothing of the payload.
func TestCertificates(t *testing.T) {
	leakFree(t)
	by := authority()
	here := []net.IP{net.IPv4(127, 0, 0, 1)}
	for name, c := range map[string]struct {
		certificate tls.Certificate
		is          func(error) bool
	}{
		"expired": {issue(&x509.Certificate{IPAddresses: here, NotAfter: time.Now().Add(-time.Hour)}, &by), func(err error) bool {
			e, ok := errors.AsType[x509.CertificateInvalidError](err)
			return ok && e.Reason == x509.Expired
		}},
		"self-signed": {issue(&x509.Certificate{IPAddresses: here}, nil), func(err error) bool {
			_, ok := errors.AsType[x509.UnknownAuthorityError](err)
			return ok
		}},
		"other host": {issue(&x509.Certificate{DNSNames: []string{"other.example"}}, &by), func(err error) bool {
			_, ok := errors.AsType[x509.HostnameError](err)
			return ok
		}},
	} {
		for _, scheme := range []string{"tls", "wss"} {
			heard := make(chan int64, 1)
			addr := listenTLS(t, func() tls.Certificate { return c.certificate }, func(conn net.Conn) {
				n, _ := io.Copy(io.Discard, conn)
				heard <- n
			})
			_, err := Options{TLS: trusting()}.Dial(t.Context(), scheme+"://"+addr+"|payload=hush")
			if !errors.Is(err, ErrCertificate) || !c.is(err) || strings.Contains(err.Error(), "hush") {
				t.Errorf("%s, %s: Dial = %v; want %v and its cause", scheme, name, err, ErrCertificate)
			}
			if n := <-heard; n != 0 {
				t.Errorf("%s, %s: the server heard %d bytes", scheme, name, n)
			}
		}
	}
}

// TestCloseNotify: the two ends of a TLS stream tell its end from a cut.
func TestCloseNotify(t *testing.T) {
	heard := make(chan error, 1)
	o := Options{TLS: trusting()}
	conn := dialed(t, o, "tls://"+listenTLS(t, trusted, func(c net.Conn) {
		_, err := c.Read(make([]byte, 1))
		heard <- err
	}))
	conn.Close()
	if err := <-heard; err != io.EOF {
		t.Errorf("the peer read %v; want %v", err, io.EOF)
	}
	conn = dialed(t, o, "tls://"+listenTLS(t, trusted, func(c net.Conn) { c.(*tls.Conn).Handshake() }))
	if _, err := conn.Read(t.Context()); !errors.Is(err, io.EOF) {
		t.Errorf("Read of a stream that was ended = %v; want %v", err, io.EOF)
	}
	conn = dialed(t, o, "tls://"+listenTLS(t, trusted, func(c net.Conn) {
		c.(*tls.Conn).Handshake()
		c.(*tls.Conn).NetConn().Close()
	}))
	if _, err := conn.Read(t.Context()); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("Read of a stream that was cut = %v; want %v", err, io.ErrUnexpectedEOF)
	}
}

// TestCloseDeafPeer: a peer that takes no farewell holds Close up for a
// second at most.
func TestCloseDeafPeer(t *testing.T) {
	certificate, o, valid := trusted(), Options{TLS: trusting()}, authority().Leaf.NotAfter
	synctest.Test(t, func(t *testing.T) {
		o := redials(t, o, func(c net.Conn) {
			if err := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{certificate}, SessionTicketsDisabled: true}).Handshake(); err != nil {
				t.Errorf("Handshake: %v", err)
			}
			time.Sleep(time.Hour)
		})
		o.TLS.Time = func() time.Time { return valid } // the clock of the bubble is another
		conn := dialed(t, o, "tls://"+certifiedName+":1")
		start := time.Now()
		conn.Close()
		if took := time.Since(start); took != controlWait {
			t.Errorf("Close took %v; want %v", took, controlWait)
		}
	})
}

func TestNotTLS(t *testing.T) {
	addr := listen(t, func(c net.Conn) { io.WriteString(c, "220 welcome, stranger\r\n") })
	if _, err := Dial(t.Context(), "tls://"+addr); !errors.Is(err, ErrProtocol) {
		t.Errorf("Dial = %v; want %v", err, ErrProtocol)
	}
}
