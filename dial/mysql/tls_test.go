package mysql_test

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"

	"github.com/depthwire/depthwire/internal/backend"
)

// secure offers TLS in place of a server that has none: MariaDB's protocol,
// "Connection", initial handshake packet and SSLRequest. The packets that
// follow have a number one too high for the server, which did not see the
// request.
func secure(c tls.Certificate) func(client, server net.Conn) (net.Conn, error) {
	return func(client, server net.Conn) (net.Conn, error) {
		greeting, err := packet(server)
		if err != nil {
			return nil, err
		}
		const versionAt, clientSSL = 5, 0x800
		zero := versionAt
		for greeting[zero] != 0 {
			zero++
		}
		capabilities := greeting[zero+1+4+8+1:]
		binary.LittleEndian.PutUint16(capabilities, binary.LittleEndian.Uint16(capabilities)|clientSSL)
		if _, err := client.Write(greeting); err != nil {
			return nil, err
		}
		if _, err := packet(client); err != nil { // SSLRequest
			return nil, err
		}
		conn, err := backend.Handshake(client, c)
		return &renumbered{Conn: conn}, err
	}
}

// packet reads one, with its header.
func packet(from io.Reader) ([]byte, error) {
	p := make([]byte, 4)
	if _, err := io.ReadFull(from, p); err != nil {
		return nil, err
	}
	p = append(p, make([]byte, int(p[0])|int(p[1])<<8|int(p[2])<<16)...)
	_, err := io.ReadFull(from, p[4:])
	return p, err
}

// renumbered corrects the numbers of the packets of the login: the client's
// are one too high, and the server's answers one too low.
type renumbered struct {
	net.Conn
	in, out int // packets
}

const login = 1 // packets of it in each direction: the password's method is the one that the server names first

func (r *renumbered) Read(b []byte) (int, error) {
	n, err := r.Conn.Read(b)
	if n >= 4 && r.in < login {
		r.in++
		b[3]--
	}
	return n, err
}

func (r *renumbered) Write(b []byte) (int, error) {
	if len(b) >= 4 && r.out < login {
		r.out++
		b = bytes.Clone(b)
		b[3]++
	}
	return r.Conn.Write(b)
}
