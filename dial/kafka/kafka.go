package kafka

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/sasl"
	"github.com/segmentio/kafka-go/sasl/plain"
	"github.com/segmentio/kafka-go/sasl/scram"

	"github.com/depthwire/depthwire/dial"
	"github.com/depthwire/depthwire/dial/internal/broker"
)

func init() { dial.Register("kafka", open) }

// session is what outlives links.
type session struct {
	*broker.Address
	options    dial.Options
	reach      func(ctx context.Context, network, address string) (net.Conn, error)
	topic      string
	group      string
	partition  int
	offset     string
	key        []byte
	create     bool
	partitions int
	login      sasl.Mechanism
	secure     bool

	next map[int]int64 // by partition: the offset behind what was delivered; of the goroutine that reads
}

func open(ctx context.Context, rest string, o dial.Options) (dial.Conn, error) {
	a, err := broker.Parse("kafka", rest, "9092", "group", "partition", "offset", "key", "create", "partitions", "sasl", "tls")
	if err != nil {
		return nil, err
	}
	const most = 1 << 20
	s := &session{Address: a, options: o, topic: a.Path, group: a.Text("group", ""), partition: a.Number("partition", 0, 0, most),
		offset: a.Text("offset", "last"), key: []byte(a.Text("key", "")), create: a.Flag("create", true), partitions: a.Number("partitions", 1, 1, most),
		secure: a.Flag("tls", false) || o.TLS != nil, next: make(map[int]int64)}
	if err := s.credentials(); err != nil {
		return nil, err
	}
	_, wrong := strconv.ParseUint(s.offset, 10, 63)
	switch {
	case a.Err() != nil:
		return nil, a.Err()
	case s.topic == "":
		return nil, fmt.Errorf("%w: want kafka://host:port/topic", dial.ErrAddress)
	case s.offset != "first" && s.offset != "last" && wrong != nil:
		return nil, fmt.Errorf("%w: parameter %q: want first, last or a number", dial.ErrAddress, "offset")
	case s.group != "" && (a.Text("offset", "") != "" || a.Text("partition", "") != ""):
		return nil, fmt.Errorf("%w: a group has its own offsets and partitions", dial.ErrAddress)
	}
	if s.reach, err = broker.Dialer(o); err != nil {
		return nil, err
	}
	return broker.Open(ctx, a.Show(), o, s.connect)
}

func (s *session) credentials() (err error) {
	mechanism := s.One("sasl", "plain", "scram-sha-256", "scram-sha-512")
	if s.User == nil {
		return nil
	}
	user := s.User.Username()
	password, _ := s.User.Password()
	switch mechanism {
	case "scram-sha-256":
		s.login, err = scram.Mechanism(scram.SHA256, user, password)
	case "scram-sha-512":
		s.login, err = scram.Mechanism(scram.SHA512, user, password)
	default:
		s.login = plain.Mechanism{Username: user, Password: password}
	}
	if err != nil {
		return fmt.Errorf("%w: a user or password that SCRAM does not allow", dial.ErrAddress)
	}
	return nil
}

// link is one set of connections to the brokers: one that breaks ends all.
type link struct {
	s         *session
	transport *kafka.Transport
	dialer    *kafka.Dialer
	writer    *kafka.Writer
	committed sync.WaitGroup
	commits   chan struct{} // done may have changed

	end    sync.Once
	life   context.Context // ends when a connection broke
	cancel context.CancelFunc
	why    error // then

	// Of the goroutine that reads.
	bounded context.Context // life and the ctx of Next
	within  <-chan struct{} // of that ctx
	unbound func()

	mu      sync.Mutex
	reader  *kafka.Reader         // from the first Next on
	done    map[int]kafka.Message // by partition: the last that the reader is done with
	over    bool
	conns   map[*watched]bool
	aborted bool
}

// Times that kafka-go leaves long: for a fetch that finds nothing, for batches
// to fill, for a group to agree.
const (
	fetchWait    = 200 * time.Millisecond
	batchWait    = time.Millisecond
	joinBackoff  = 200 * time.Millisecond
	sessionLimit = 6 * time.Second // the least that brokers allow, if nobody has set it
	commitLimit  = 5 * time.Second
	farewell     = 2 * time.Second
)

func (s *session) connect(ctx context.Context) (broker.Link, error) {
	l := &link{s: s, unbound: func() {}, commits: make(chan struct{}, 1), done: make(map[int]kafka.Message), conns: make(map[*watched]bool)}
	l.life, l.cancel = context.WithCancel(context.Background())
	l.transport = &kafka.Transport{Dial: l.dial, SASL: s.login}
	l.dialer = &kafka.Dialer{DialFunc: l.dial, SASLMechanism: s.login, Timeout: s.options.HandshakeTimeout}
	l.writer = &kafka.Writer{Addr: kafka.TCP(s.Hosts...), Topic: s.topic, Transport: l.transport, Balancer: &kafka.Hash{},
		RequiredAcks: kafka.RequireAll, BatchTimeout: batchWait, BatchBytes: int64(s.options.MaxMessage), MaxAttempts: 3}
	stop := context.AfterFunc(ctx, l.abort)
	err := l.prepare(ctx)
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// dial makes each connection, and notices when one breaks.
func (l *link) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := l.s.reach(ctx, network, address)
	if err != nil {
		l.finish(err)
		return nil, err
	}
	w := &watched{raw: conn, l: l}
	l.watch(w)
	if l.s.secure { // here, for the guard belongs above it
		host, _, _ := net.SplitHostPort(address)
		if conn, err = broker.Secure(ctx, conn, l.s.options.TLSFor(host)); err != nil {
			l.forget(w)
			l.finish(err)
			return nil, err
		}
	}
	w.Conn = broker.NewGuard(conn, &frames{most: broker.Most(l.s.options)})
	return w, nil
}

// watch remembers a connection, which abort may have come before.
func (l *link) watch(w *watched) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.aborted {
		w.raw.Close()
	}
	l.conns[w] = true
}

func (l *link) forget(w *watched) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, w)
}

// abort ends all connections: kafka-go does not heed every context.
func (l *link) abort() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.aborted = true
	for w := range l.conns {
		w.raw.Close()
	}
}

func (w *watched) Close() error {
	w.l.forget(w)
	return w.Conn.Close()
}

// watched is a connection that tells when the peer or the network ended it.
type watched struct {
	net.Conn
	raw net.Conn // below TLS
	l   *link
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	w.ended(err)
	return n, err
}

// Write is where a connection is found broken that nobody reads from just now: kafka-go makes another, and says nothing.
func (w *watched) Write(p []byte) (int, error) {
	n, err := w.Conn.Write(p)
	w.ended(err)
	return n, err
}

func (w *watched) ended(err error) {
	if timeout, ok := errors.AsType[net.Error](err); err != nil && !errors.Is(err, net.ErrClosed) && (!ok || !timeout.Timeout()) {
		w.l.finish(err)
	}
}

func (l *link) finish(err error) {
	l.mu.Lock()
	over := l.over
	l.mu.Unlock()
	l.end.Do(func() {
		l.why = fmt.Errorf("%w: %w", dial.ErrLost, err)
		if over {
			l.why = dial.ErrLost
		}
		l.cancel()
	})
}

// prepare logs in, and sees to it that the topic is there.
func (l *link) prepare(ctx context.Context) error {
	if err := l.enter(ctx); err != nil {
		return err
	}
	s := l.s
	client := &kafka.Client{Addr: kafka.TCP(s.Hosts...), Transport: l.transport}
	if s.create {
		made, err := client.CreateTopics(ctx, &kafka.CreateTopicsRequest{
			Topics: []kafka.TopicConfig{{Topic: s.topic, NumPartitions: s.partitions, ReplicationFactor: -1}}})
		if err == nil {
			err = made.Errors[s.topic]
		}
		if err != nil && !errors.Is(err, kafka.TopicAlreadyExists) {
			return kind(err)
		}
	}
	if s.group != "" || s.options.Mode == dial.Send {
		return nil
	}
	if _, known := s.next[s.partition]; known {
		return nil
	}
	return s.begin(ctx, client)
}

// begin finds the offset that a reader without a group begins with.
func (s *session) begin(ctx context.Context, client *kafka.Client) error {
	if n, err := strconv.ParseInt(s.offset, 10, 64); err == nil {
		s.next[s.partition] = n
		return nil
	}
	for { // a topic that was made just now has no leader for a moment
		ask := kafka.LastOffsetOf(s.partition)
		if s.offset == "first" {
			ask = kafka.FirstOffsetOf(s.partition)
		}
		answer, err := client.ListOffsets(ctx, &kafka.ListOffsetsRequest{Topics: map[string][]kafka.OffsetRequest{s.topic: {ask}}})
		if err == nil && len(answer.Topics[s.topic]) == 1 {
			at := answer.Topics[s.topic][0]
			if err = at.Error; err == nil {
				s.next[s.partition] = max(at.FirstOffset, at.LastOffset)
				return nil
			}
		}
		if e, ok := errors.AsType[kafka.Error](err); err != nil && (!ok || !e.Temporary() || e == kafka.UnknownTopicOrPartition && !s.create) {
			return kind(err)
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// enter connects to one of the hosts, to see what else is hard to tell: that
// nobody listens, or does not let us in.
func (l *link) enter(ctx context.Context) (err error) {
	for _, host := range l.s.Hosts {
		var conn *kafka.Conn
		if conn, err = l.dialer.DialContext(ctx, "tcp", host); err == nil {
			return conn.Close()
		}
	}
	if refused := l.refused(); refused != nil {
		return refused
	}
	timeout, ok := errors.AsType[net.Error](err)
	if l.s.login != nil && strings.Contains(err.Error(), "SASL") && ctx.Err() == nil && !(ok && timeout.Timeout()) {
		return fmt.Errorf("%w: by SASL", dial.ErrAuth) // the cause may be no more than an end of the connection
	}
	return err
}

// refused says that a broker announced too much: kafka-go may say less.
func (l *link) refused() error {
	if l.life.Err() != nil && errors.Is(l.why, dial.ErrTooLarge) {
		return l.why
	}
	return nil
}

// failure says what err means that ended what waited for a broker.
func (l *link) failure(err error) error {
	if refused := l.refused(); refused != nil {
		return refused
	}
	return kind(err)
}

// kind gives an error of kafka-go its kind: what is no answer of a broker is a
// loss.
func kind(err error) error {
	var several kafka.WriteErrors
	if errors.As(err, &several) {
		for _, one := range several {
			if one != nil {
				err = one
				break
			}
		}
	}
	e, ok := errors.AsType[kafka.Error](err)
	_, large := errors.AsType[kafka.MessageTooLargeError](err)
	switch {
	case large || ok && e == kafka.MessageSizeTooLarge:
		return fmt.Errorf("%w: %w", dial.ErrTooLarge, err)
	case ok && (e == kafka.UnknownTopicOrPartition || e == kafka.InvalidTopic):
		return fmt.Errorf("%w: %w", dial.ErrUnroutable, err)
	case ok && (e == kafka.TopicAuthorizationFailed || e == kafka.GroupAuthorizationFailed || e == kafka.SASLAuthenticationFailed):
		return fmt.Errorf("%w: %w", dial.ErrAuth, err)
	case ok && !e.Temporary():
		return err
	}
	return fmt.Errorf("%w: %w", dial.ErrLost, err)
}
