package amqp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/depthwire/depthwire/dial"
	"github.com/depthwire/depthwire/dial/internal/broker"
)

func init() { dial.Register("amqp", open) }

// A silent broker is noticed after three heartbeats.
const heartbeat = 5 * time.Second

// session is what outlives links.
type session struct {
	*broker.Address
	options  dial.Options
	reach    func(ctx context.Context, network, address string) (net.Conn, error)
	queue    string
	exchange string
	key      string
	kind     string
	declare  bool
	prefetch int
	secure   bool
}

func open(ctx context.Context, rest string, o dial.Options) (dial.Conn, error) {
	a, err := broker.Parse("amqp", rest, "5672", "queue", "exchange", "key", "type", "declare", "prefetch", "tls")
	if err != nil {
		return nil, err
	}
	s := &session{Address: a, options: o, queue: a.Text("queue", ""), exchange: a.Text("exchange", ""), key: a.Text("key", ""),
		kind: a.One("type", "topic", "direct", "fanout", "headers"), declare: a.Flag("declare", true), prefetch: a.Number("prefetch", 256, 1, 65535),
		secure: a.Flag("tls", false) || o.TLS != nil}
	switch {
	case a.Err() != nil:
		return nil, a.Err()
	case s.queue == "" && s.exchange == "":
		return nil, fmt.Errorf("%w: want queue=… or exchange=…", dial.ErrAddress)
	case len(a.Hosts) > 1:
		return nil, fmt.Errorf("%w: one host only", dial.ErrAddress)
	}
	if s.exchange == "" && s.key == "" {
		s.key = s.queue // the default exchange leads to the queue of the name
	}
	if s.reach, err = broker.Dialer(o); err != nil {
		return nil, err
	}
	return broker.Open(ctx, a.Show(), o, s.connect)
}

// link is one connection, with a channel for each direction: a mistake in one
// ends that channel only.
type link struct {
	s     *session
	conn  *amqp.Connection
	guard *broker.Guard

	lost chan struct{} // closed when the connection has ended
	why  error         // then

	out     *amqp.Channel
	outLost chan *amqp.Error
	sending sync.Mutex // a publishing and the number of its confirmation

	returns   chan amqp.Return // read by those who wait for confirmations
	mu        sync.Mutex
	unrouted  map[string]bool // ids of messages that came back
	over      bool            // Close was called
	notifying sync.WaitGroup

	in         *amqp.Channel
	deliveries <-chan amqp.Delivery // from the first Next on
	beginning  chan error           // while the broker is asked for them
}

func (s *session) connect(ctx context.Context) (broker.Link, error) {
	l := &link{s: s, lost: make(chan struct{}), unrouted: make(map[string]bool)}
	config := amqp.Config{Vhost: s.vhost(), Heartbeat: heartbeat, Locale: "en_US", FrameSize: frameMax}
	if password, ok := s.User.Password(); ok {
		config.SASL = []amqp.Authentication{&amqp.PlainAuth{Username: s.User.Username(), Password: password}}
	} else {
		config.SASL = []amqp.Authentication{&amqp.PlainAuth{Username: "guest", Password: "guest"}}
	}
	var stop func() bool
	config.Dial = func(network, address string) (net.Conn, error) {
		conn, err := s.reach(ctx, network, address)
		if err != nil {
			return nil, err
		}
		stop = context.AfterFunc(ctx, func() { conn.Close() })
		if s.secure { // here, for the guard belongs above it
			host, _, _ := net.SplitHostPort(address)
			if conn, err = broker.Secure(ctx, conn, s.options.TLSFor(host)); err != nil {
				return nil, err
			}
		}
		l.guard = broker.NewGuard(conn, &frames{most: broker.Most(s.options)})
		return l.guard, nil
	}
	var err error
	if l.conn, err = amqp.DialConfig("amqp://"+s.Hosts[0], config); err == nil {
		l.watch()
		err = l.prepare()
	}
	if stop != nil && !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		l.Close()
		return nil, l.explain(err)
	}
	return l, nil
}

func (s *session) vhost() string {
	if s.Path == "" {
		return "/"
	}
	return s.Path
}

// explain gives an error of the library its kind.
func explain(err error) error {
	e, ok := errors.AsType[*amqp.Error](err)
	switch {
	case !ok:
		return err
	case errors.Is(e, amqp.ErrCredentials), errors.Is(e, amqp.ErrSASL), e.Code == amqp.AccessRefused:
		return fmt.Errorf("%w: %d", dial.ErrAuth, e.Code)
	case e.Code == amqp.NotFound || e.Code == amqp.PreconditionFailed || e.Code == amqp.NotAllowed || e.Code == amqp.ResourceLocked:
		return fmt.Errorf("%w: %w", dial.ErrUnroutable, discreet(e)) // what the address names is not there, or is another thing
	}
	return fmt.Errorf("%w: %w", dial.ErrLost, discreet(e))
}

// explain says why the broker did not do what it was asked for.
func (l *link) explain(err error) error {
	if refused := l.guard.Refused(); refused != nil {
		return fmt.Errorf("%w: %w", dial.ErrLost, refused)
	}
	return explain(err)
}

// discreet leaves out what a server says of users, virtual hosts and queues:
// RabbitMQ's reasons are as NOT_FOUND - no queue 'x' in vhost 'y'.
func discreet(e *amqp.Error) error {
	if !e.Server {
		return e
	}
	name, _, _ := strings.Cut(e.Reason, " - ")
	return fmt.Errorf("%d %s", e.Code, name)
}

// watch notices the end of the connection.
func (l *link) watch() {
	closed := l.conn.NotifyClose(make(chan *amqp.Error, 1))
	l.notifying.Go(func() {
		l.why = dial.ErrLost
		if e := <-closed; e != nil {
			l.why = fmt.Errorf("%w: %w", dial.ErrLost, l.guard.Blame(discreet(e)))
		}
		close(l.lost)
	})
}

// prepare makes the channels, and what the address names.
func (l *link) prepare() error {
	var err error
	if l.out, err = l.conn.Channel(); err != nil {
		return err
	}
	if l.in, err = l.conn.Channel(); err != nil {
		return err
	}
	s := l.s
	if s.declare && s.exchange != "" {
		if err := l.out.ExchangeDeclare(s.exchange, s.kind, true, false, false, false, nil); err != nil {
			return err
		}
	}
	if s.declare && s.queue != "" {
		if _, err := l.out.QueueDeclare(s.queue, true, false, false, false, nil); err != nil {
			return err
		}
	}
	if s.declare && s.queue != "" && s.exchange != "" {
		if err := l.out.QueueBind(s.queue, s.key, s.exchange, false, nil); err != nil {
			return err
		}
	}
	if s.declare && s.queue != "" {
		if err := l.settle(); err != nil {
			return err
		}
	}
	if err := l.out.Confirm(false); err != nil {
		return err
	}
	l.outLost = l.out.NotifyClose(make(chan *amqp.Error, 1))
	l.returns = l.out.NotifyReturn(make(chan amqp.Return, returned))
	if s.queue != "" || s.options.Mode == dial.Send {
		return nil // a queue that is there keeps messages until the first Next
	}
	own, err := l.in.QueueDeclare("", false, true, true, false, nil)
	if err != nil {
		return err
	}
	if err := l.in.QueueBind(own.Name, s.key, s.exchange, false, nil); err != nil {
		return err
	}
	return l.consume(own.Name)
}

// settle sees to it that a queue that was declared just now outlives a kill.
// RabbitMQ 3 keeps what it declares in Mnesia: declare-ok comes when the
// record is on disk, but that it is committed is written a moment later. A
// server that is killed in between forgets the queue, and every message that it
// has confirmed in it. The record of the next durable queue takes that with it
// to the disk. The broker deletes the exclusive queue also when it was killed
// before we do.
func (l *link) settle() error {
	channel, err := l.conn.Channel() // of its own: a refusal closes it
	if err != nil {
		return err
	}
	defer channel.Close()
	next, err := channel.QueueDeclare("", true, true, true, false, nil)
	if err == nil {
		_, err = channel.QueueDelete(next.Name, false, false, false)
	}
	if e, ok := errors.AsType[*amqp.Error](err); ok && e.Server && e.Recover {
		return nil // who may not make another queue has what the broker gives
	}
	return err
}

func (l *link) consume(queue string) error {
	if err := l.in.Qos(l.s.prefetch, 0, false); err != nil {
		return err
	}
	var err error
	l.deliveries, err = l.in.Consume(queue, "", false, false, false, false, nil)
	return err
}

func (l *link) Close() error {
	if l.conn == nil {
		return nil
	}
	l.mu.Lock()
	l.over = true
	l.mu.Unlock()
	// The broker may be silent: its answer to the farewell is not waited for long.
	l.conn.CloseDeadline(time.Now().Add(time.Second))
	l.notifying.Wait()
	return nil
}

func (l *link) Next(ctx context.Context) (broker.Message, error) {
	if err := l.begin(ctx); err != nil {
		return broker.Message{}, err
	}
	select {
	case d, ok := <-l.deliveries:
		if !ok {
			return broker.Message{}, l.end()
		}
		return broker.Message{Body: d.Body, Key: d.RoutingKey, Repeated: d.Redelivered, Ack: func(context.Context) error {
			if err := d.Ack(false); err != nil {
				return fmt.Errorf("%w: %w", dial.ErrLost, err)
			}
			return nil
		}}, nil
	case <-ctx.Done():
		return broker.Message{}, ctx.Err()
	}
}

// begin asks for deliveries, once: the library waits for the broker's answer,
// and heeds no ctx.
func (l *link) begin(ctx context.Context) error {
	if l.beginning == nil {
		if l.deliveries != nil {
			return nil
		}
		l.mu.Lock()
		if l.over {
			l.mu.Unlock()
			return dial.ErrLost
		}
		begun := make(chan error, 1)
		l.beginning = begun
		l.notifying.Go(func() { begun <- l.consume(l.s.queue) })
		l.mu.Unlock()
	}
	select {
	case err := <-l.beginning:
		l.beginning = nil
		if err != nil {
			return l.explain(err)
		}
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

var errEnded = errors.New("the broker ended the delivery") // the queue was deleted

// end says why nothing more is delivered.
func (l *link) end() error {
	select {
	case <-l.lost:
		return l.why
	default:
		return fmt.Errorf("%w: %w", dial.ErrLost, l.guard.Blame(errEnded))
	}
}
