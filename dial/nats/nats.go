package nats

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/depthwire/depthwire/dial"
	"github.com/depthwire/depthwire/dial/internal/broker"
)

func init() { dial.Register("nats", open) }

// A silent server is noticed after missedPings times pingInterval.
const (
	pingInterval = 10 * time.Second
	missedPings  = 2
)

// session is what outlives links.
type session struct {
	*broker.Address
	options dial.Options
	reach   func(ctx context.Context, network, address string) (net.Conn, error)
	subject string
	stream  string
	durable string
	group   string
	all     bool
	sought  bool          // next is the reader's, who counts himself
	window  time.Duration // 0: that of the server
	secure  bool
	ids     string // before the number of a message

	made   time.Time // the stream
	next   uint64    // of a consumer that is not durable: the sequence to go on from
	recent recent
}

func open(ctx context.Context, rest string, o dial.Options) (dial.Conn, error) {
	a, err := broker.Parse("nats", rest, "4222", "stream", "durable", "deliver", "group", "window", "tls")
	if err != nil {
		return nil, err
	}
	s := &session{Address: a, options: o, subject: a.Path, stream: a.Text("stream", ""), durable: a.Text("durable", ""),
		group: a.Text("group", ""), all: a.One("deliver", "new", "all") == "all", secure: a.Flag("tls", false) || o.TLS != nil, ids: broker.Unique() + "-"}
	s.window = time.Duration(a.Number("window", 0, 0, 7*24*60*60)) * time.Second
	switch {
	case a.Err() != nil:
		return nil, a.Err()
	case s.stream == "" && s.window > 0:
		return nil, fmt.Errorf("%w: window needs stream", dial.ErrAddress)
	case s.subject == "":
		return nil, fmt.Errorf("%w: want nats://host:port/subject", dial.ErrAddress)
	case s.stream == "" && s.durable != "":
		return nil, fmt.Errorf("%w: durable needs stream", dial.ErrAddress)
	case s.stream != "" && s.group != "":
		return nil, fmt.Errorf("%w: group is for core NATS; consumers that name the same durable share a stream", dial.ErrAddress)
	}
	if s.reach, err = broker.Dialer(o); err != nil {
		return nil, err
	}
	return broker.Open(ctx, a.Show(), o, s.connect)
}

func (s *session) connect(ctx context.Context) (broker.Link, error) {
	n := &network{s: s, ctx: ctx}
	l := &link{s: s, network: n, inbox: broker.NewInbox(), closed: make(chan struct{})}
	options := []nats.Option{
		nats.NoReconnect(), nats.Timeout(s.options.HandshakeTimeout + time.Second), nats.PingInterval(pingInterval), nats.MaxPingsOutstanding(missedPings),
		nats.SetCustomDialer(n), nats.SkipHostLookup(), nats.IgnoreDiscoveredServers(), nats.ClosedHandler(l.lost), nats.ErrorHandler(l.complain),
	}
	if s.secure {
		options = append(options, nats.Secure()) // with what network makes
	}
	if user := s.User.Username(); s.User != nil {
		if password, ok := s.User.Password(); ok {
			options = append(options, nats.UserInfo(user, password))
		} else {
			options = append(options, nats.Token(user))
		}
	}
	stop := context.AfterFunc(ctx, n.cut)
	var err error
	l.nc, err = nats.Connect("nats://"+strings.Join(s.Hosts, ",nats://"), options...)
	if err == nil {
		err = s.start(ctx, l)
	}
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		l.Close()
		return nil, n.explain(err)
	}
	return l, nil
}

// explain says why there is no link.
func (n *network) explain(err error) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.err != nil && errors.Is(err, nats.ErrNoServers) {
		return n.err
	}
	return kind(err)
}

// kind gives an error of nats.go its kind.
func kind(err error) error {
	switch {
	case errors.Is(err, nats.ErrAuthorization), errors.Is(err, nats.ErrAuthExpired), errors.Is(err, nats.ErrAuthRevoked):
		return fmt.Errorf("%w: %w", dial.ErrAuth, err)
	case errors.Is(err, nats.ErrMaxPayload):
		return fmt.Errorf("%w: %w", dial.ErrTooLarge, err)
	case errors.Is(err, dial.ErrTooLarge), errors.Is(err, dial.ErrProtocol):
		return fmt.Errorf("%w: %w", dial.ErrLost, err)
	case errors.Is(err, nats.ErrNoResponders), errors.Is(err, jetstream.ErrNoStreamResponse):
		return fmt.Errorf("%w: %w", dial.ErrUnroutable, err)
	case errors.Is(err, nats.ErrConnectionClosed), errors.Is(err, nats.ErrBadSubscription), errors.Is(err, jetstream.ErrMsgIteratorClosed),
		errors.Is(err, nats.ErrNoServers), errors.Is(err, jetstream.ErrConnectionClosed):
		return fmt.Errorf("%w: %w", dial.ErrLost, err)
	}
	return err
}

// start subscribes: before Dial returns, so that what is written after it is
// read.
func (s *session) start(ctx context.Context, l *link) error {
	if s.stream == "" {
		if s.options.Mode == dial.Send {
			return nil
		}
		sub, err := l.nc.QueueSubscribe(s.subject, s.group, func(m *nats.Msg) { l.inbox.Push(broker.Message{Body: m.Data, Key: m.Subject}) })
		if err != nil {
			return err
		}
		sub.SetPendingLimits(-1, pendingBytes)
		if err := l.nc.FlushWithContext(ctx); err != nil {
			return err
		}
		return refused(l.nc, "Subscription", s.subject) // else the server has it
	}
	var err error
	if l.js, err = jetstream.New(l.nc, jetstream.WithDefaultTimeout(silence), jetstream.WithPublishAsyncTimeout(silence)); err != nil {
		return err
	}
	stream, err := l.js.Stream(ctx, s.stream)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		stream, err = l.js.CreateStream(ctx, jetstream.StreamConfig{Name: s.stream, Subjects: []string{s.subject}, Duplicates: s.window})
	}
	if err != nil {
		return kind(err)
	}
	if has := stream.CachedInfo().Config.Duplicates; has < s.window {
		return fmt.Errorf("%w: stream %s remembers ids for %v, the address asks for %v", dial.ErrOption, s.stream, has, s.window)
	}
	if made := stream.CachedInfo().Created; !made.Equal(s.made) { // another stream of the name has numbers of its own
		s.made, s.next, s.recent = made, 1, recent{}
		if !s.all {
			s.next = stream.CachedInfo().State.LastSeq + 1
		}
	}
	return nil
}

// pendingBytes is what nats.go holds beside the inbox for a reader who is slow.
const pendingBytes = 64 << 20

// recent remembers which messages of a stream were delivered: a server that was
// killed forgets acknowledgements of the last moments, and one may be cut off.
type recent struct {
	ring []uint64
	at   int
	has  map[uint64]bool
}

const remembered = 1 << 16

func (r *recent) add(seq uint64) {
	if r.has == nil {
		r.has = make(map[uint64]bool)
	}
	r.has[seq] = true
	if len(r.ring) < remembered {
		r.ring = append(r.ring, seq)
		return
	}
	delete(r.has, r.ring[r.at])
	r.ring[r.at] = seq
	r.at = (r.at + 1) % remembered
}
