package mqtt

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
	"github.com/eclipse/paho.mqtt.golang/packets"

	"github.com/depthwire/depthwire/dial"
	"github.com/depthwire/depthwire/dial/internal/broker"
)

func init() { dial.Register("mqtt", open) }

// A silent broker is noticed after keepAlive and pingTimeout. writeTimeout is
// also what a Write may be held up that began when the connection was lost.
const (
	keepAlive    = 10 * time.Second
	pingTimeout  = 5 * time.Second
	writeTimeout = 5 * time.Second
)

// session is what outlives links.
type session struct {
	*broker.Address
	options dial.Options
	reach   func(ctx context.Context, network, address string) (net.Conn, error)
	topic   string
	qos     byte
	client  string
	named   bool // the broker keeps the session
	retain  bool
	secure  bool
	socket  string // the path of a WebSocket; empty: none

	store *store

	mu      sync.Mutex
	handed  map[uint16]*handed // by the number of the packet: not yet done with, as far as the broker may know
	pending map[uint64]uint16  // by the id of a message: the number of the packet that it is in

	completed completed
}

func open(ctx context.Context, rest string, o dial.Options) (dial.Conn, error) {
	a, err := broker.Parse("mqtt", rest, "", "qos", "client", "retain", "transport", "path", "tls")
	if err != nil {
		return nil, err
	}
	s := &session{Address: a, options: o, topic: a.Path, qos: byte(a.Number("qos", 1, 0, 2)), client: a.Text("client", ""),
		retain: a.Flag("retain", false), secure: a.Flag("tls", false) || o.TLS != nil, handed: make(map[uint16]*handed), pending: make(map[uint64]uint16)}
	s.store = newStore(s.released)
	if a.One("transport", "tcp", "ws") == "ws" {
		s.socket = "/" + strings.TrimPrefix(a.Text("path", "/mqtt"), "/")
	}
	if s.named = s.client != ""; !s.named {
		s.client = broker.Unique()
	} else if o.Mode == dial.Send {
		s.client += "-send"
	}
	switch {
	case a.Err() != nil:
		return nil, a.Err()
	case s.topic == "":
		return nil, fmt.Errorf("%w: want mqtt://host:port/topic", dial.ErrAddress)
	case len(a.Hosts) > 1:
		return nil, fmt.Errorf("%w: one host only", dial.ErrAddress)
	}
	s.defaultPort()
	if s.reach, err = broker.Dialer(o); err != nil {
		return nil, err
	}
	return broker.Open(ctx, a.Show(), o, s.connect)
}

func (s *session) defaultPort() {
	host, port, _ := net.SplitHostPort(s.Hosts[0])
	if port != "" {
		return
	}
	port = "1883"
	switch {
	case s.socket != "" && s.secure:
		port = "443"
	case s.socket != "":
		port = "80"
	case s.secure:
		port = "8883"
	}
	s.Hosts[0] = net.JoinHostPort(host, port)
}

// paho makes a client of the library for one connection.
func (s *session) paho(l *link, clean bool, reach func() (net.Conn, error)) mqtt.Client {
	o := mqtt.NewClientOptions().AddBroker("tcp://" + s.Hosts[0]). // for the record: reach connects
									SetClientID(s.client).SetCleanSession(clean).SetStore(s.store).
									SetAutoReconnect(false).SetConnectRetry(false).SetConnectTimeout(s.options.HandshakeTimeout + time.Second).
									SetKeepAlive(keepAlive).SetPingTimeout(pingTimeout).SetWriteTimeout(writeTimeout).
									SetOrderMatters(true).SetAutoAckDisabled(true).SetProtocolVersion(4)
	if s.User != nil {
		password, _ := s.User.Password()
		o.SetUsername(s.User.Username()).SetPassword(password)
	}
	o.SetCustomOpenConnectionFn(func(_ *url.URL, _ mqtt.ClientOptions) (net.Conn, error) { return reach() })
	o.SetConnectionLostHandler(func(_ mqtt.Client, err error) { l.finish(err) })
	o.SetDefaultPublishHandler(func(_ mqtt.Client, m mqtt.Message) { l.receive(m) })
	return mqtt.NewClient(o)
}

func (s *session) connect(ctx context.Context) (broker.Link, error) {
	l := &link{s: s, inbox: broker.NewInbox(), arrived: make(map[uint16]mqtt.Message), lost: make(chan struct{})}
	present, err := s.join(ctx, l, false)
	if err != nil {
		return nil, err
	}
	if !present {
		s.forget()
	}
	if s.options.Mode == dial.Send || present { // a broker that has the session has the subscription
		return l, nil
	}
	token := l.client.Subscribe(s.topic, s.qos, nil).(*mqtt.SubscribeToken)
	select {
	case <-token.Done():
		err = token.Error()
		if granted := token.Result()[s.topic]; err == nil && granted > 2 {
			err = fmt.Errorf("%w: the broker refused the subscription", dial.ErrAuth)
		}
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// join makes l's client and connects it; present says that the broker had the
// session.
func (s *session) join(ctx context.Context, l *link, clean bool) (present bool, err error) {
	var reached error
	var stop func() bool
	l.client = s.paho(l, clean, func() (net.Conn, error) {
		var conn net.Conn
		if conn, reached = s.transport(ctx); reached == nil {
			stop = context.AfterFunc(ctx, func() { conn.Close() })
			l.guard = broker.NewGuard(conn, &frames{most: broker.Most(s.options)})
			return &observed{Conn: l.guard, acks: &l.acks, store: s.store}, nil
		}
		return nil, reached
	})
	token := l.client.Connect().(*mqtt.ConnectToken)
	<-token.Done() // it ends with ctx, for its connection does
	if stop != nil && !stop() {
		reached = ctx.Err()
	}
	switch err = token.Error(); {
	case err == nil && reached == nil:
		return token.SessionPresent(), nil
	case reached != nil:
		err = reached
	case errors.Is(err, packets.ErrorRefusedBadUsernameOrPassword), errors.Is(err, packets.ErrorRefusedNotAuthorised):
		err = fmt.Errorf("%w: %w", dial.ErrAuth, err)
	}
	l.client.Disconnect(0)
	return false, err
}

// leave ends a session that nobody will come back to: a broker keeps it
// otherwise.
func (s *session) leave() {
	ctx, cancel := context.WithTimeout(context.Background(), farewell)
	defer cancel()
	l := &link{s: s, inbox: broker.NewInbox(), arrived: make(map[uint16]mqtt.Message), lost: make(chan struct{})}
	if _, err := s.join(ctx, l, true); err == nil {
		l.client.Disconnect(disconnect)
	}
}

// farewell bounds what Close asks of the broker.
const farewell = time.Second
