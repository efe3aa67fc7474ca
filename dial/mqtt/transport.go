package mqtt

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/depthwire/depthwire/dial"
	"github.com/depthwire/depthwire/dial/internal/broker"
)

// transport connects: TCP, TLS, or a WebSocket over one of them.
func (s *session) transport(ctx context.Context) (net.Conn, error) {
	host, _, _ := net.SplitHostPort(s.Hosts[0])
	reach := func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := s.reach(ctx, network, address)
		if err != nil || !s.secure {
			return conn, err
		}
		return broker.Secure(ctx, conn, s.options.TLSFor(host))
	}
	if s.socket == "" {
		return reach(ctx, "tcp", s.Hosts[0])
	}
	scheme := "ws://"
	if s.secure {
		scheme = "wss://"
	}
	dialer := websocket.Dialer{NetDialContext: reach, NetDialTLSContext: reach, Subprotocols: []string{"mqtt"}}
	ws, response, err := dialer.DialContext(ctx, scheme+s.Hosts[0]+s.socket, nil)
	if err != nil {
		if response != nil && response.StatusCode != http.StatusSwitchingProtocols {
			return nil, &dial.HandshakeError{Status: response.StatusCode, Header: response.Header}
		}
		return nil, err
	}
	ws.SetReadLimit(int64(broker.Most(s.options)))
	return &stream{Conn: ws.NetConn(), ws: ws}, nil
}

// stream is a WebSocket as the byte stream that MQTT makes of it: MQTT 3.1.1,
// section 6.
type stream struct {
	net.Conn
	ws      *websocket.Conn
	message io.Reader // what is left of the last
}

func (s *stream) Read(p []byte) (int, error) {
	for {
		if s.message == nil {
			kind, message, err := s.ws.NextReader()
			if err != nil {
				return 0, tooLarge(err)
			}
			if kind != websocket.BinaryMessage {
				return 0, fmt.Errorf("%w: text in MQTT", dial.ErrProtocol)
			}
			s.message = message
		}
		n, err := s.message.Read(p)
		if err == io.EOF {
			s.message, err = nil, nil
		}
		if n > 0 || err != nil {
			return n, tooLarge(err)
		}
	}
}

func tooLarge(err error) error {
	if errors.Is(err, websocket.ErrReadLimit) {
		return fmt.Errorf("%w: %w", dial.ErrTooLarge, err)
	}
	return err
}

func (s *stream) Write(p []byte) (int, error) {
	if err := s.ws.WriteMessage(websocket.BinaryMessage, p); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (s *stream) SetWriteDeadline(t time.Time) error { return s.ws.SetWriteDeadline(t) }

func (s *stream) SetDeadline(t time.Time) error {
	s.ws.SetWriteDeadline(t)
	return s.Conn.SetReadDeadline(t)
}

// acks tells when acknowledgements have been written: paho does not, and says
// good-bye without them.
type acks struct {
	mu   sync.Mutex
	wait map[uint16]chan struct{}
}

func (a *acks) expect(number uint16) <-chan struct{} {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.wait == nil {
		a.wait = make(map[uint16]chan struct{})
	}
	c := a.wait[number]
	if c == nil {
		c = make(chan struct{})
		a.wait[number] = c
	}
	return c
}

// Packets of four bytes, MQTT 3.1.1, section 2.2.1: their types, with flags, are followed by the
// length of what remains, 2, and the number of another packet, or what the broker says to CONNECT.
const (
	connack = 0x20
	puback  = 0x40
	pubrec  = 0x50
	pubrel  = 0x62
)

// observed is the connection as paho writes to it, a packet at once, and reads the answer to CONNECT.
type observed struct {
	net.Conn
	acks  *acks
	store *store
	head  []byte // the first bytes that came
}

func (o *observed) Read(p []byte) (int, error) {
	n, err := o.Conn.Read(p)
	if missing := 4 - len(o.head); missing > 0 && n > 0 {
		o.head = append(o.head, p[:min(n, missing)]...)
		if len(o.head) == 4 && o.head[0] == connack && o.head[3] == 0 {
			o.store.resume(o.head[2]&1 == 1)
		}
	}
	return n, err
}

func (o *observed) Write(p []byte) (int, error) {
	if len(p) == 4 && p[0] == pubrel {
		o.store.pass(binary.BigEndian.Uint16(p[2:])) // first, for it may arrive though Write fails
	}
	n, err := o.Conn.Write(p)
	if err == nil && len(p) == 4 && (p[0] == puback || p[0] == pubrec) {
		o.acks.written(binary.BigEndian.Uint16(p[2:]))
	}
	return n, err
}

func (a *acks) written(number uint16) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if c := a.wait[number]; c != nil {
		close(c)
		delete(a.wait, number)
	}
}
