package nats

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/depthwire/depthwire/dial"
	"github.com/depthwire/depthwire/dial/internal/broker"
)

// link is one connection.
type link struct {
	s       *session
	nc      *nats.Conn
	network *network
	inbox   *broker.Inbox // core NATS

	closed chan struct{} // when nc has ended

	js    jetstream.JetStream
	mu    sync.Mutex
	msgs  jetstream.MessagesContext // from the first Next on
	held  jetstream.Msg             // delivered and not acknowledged
	stale bool                      // for a while already
	work  *time.Timer               // calls progress
	over  bool
}

// lost is called by nats.go when the connection has ended.
func (l *link) lost(nc *nats.Conn) {
	err := dial.ErrLost
	if last := nc.LastError(); last != nil {
		err = l.loss(last)
	}
	l.inbox.Finish(err, func(broker.Message) bool { return true })
	close(l.closed)
}

// complain is called by nats.go for what belongs to no call. Messages that were
// dropped end the link, so that the reader is told.
func (l *link) complain(nc *nats.Conn, _ *nats.Subscription, err error) {
	if errors.Is(err, nats.ErrSlowConsumer) {
		l.inbox.Finish(fmt.Errorf("%w: %w: messages were dropped", dial.ErrLost, err), func(broker.Message) bool { return true })
		nc.Close()
	}
}

func (l *link) Close() error {
	l.mu.Lock()
	l.over = true
	msgs, held := l.msgs, l.held
	if l.work != nil {
		l.work.Stop()
	}
	l.mu.Unlock()
	if msgs != nil {
		l.giveBack(msgs, held)
	}
	l.inbox.Finish(dial.ErrLost, func(broker.Message) bool { return true })
	if l.nc != nil {
		l.nc.Close()
		<-l.closed
	}
	return nil
}

// farewell bounds what Close asks of the server.
const farewell = time.Second

// giveBack tells the server what was not done with, so that another reader has
// it at once.
func (l *link) giveBack(msgs jetstream.MessagesContext, held jetstream.Msg) {
	defer msgs.Stop()
	if l.nc.IsClosed() {
		return
	}
	var back []jetstream.Msg
	if held != nil {
		back = append(back, held)
	}
	msgs.Drain() // first, for what is given back would come here again, behind the others
	for {
		m, err := msgs.Next(jetstream.NextMaxWait(farewell))
		if err != nil {
			break
		}
		back = append(back, m)
	}
	l.nc.FlushTimeout(farewell) // the server knows that nobody listens here
	for _, m := range back {
		m.NakWithDelay(returned) // at once, nats-server 2.9 may deliver the first to nobody, for ackWait
	}
	l.nc.FlushTimeout(farewell)
}

// returned is when what was given back is delivered again: when the server has forgotten for certain who asked for it before.
const returned = 50 * time.Millisecond

func (l *link) Publish(ctx context.Context, key string, id uint64, body []byte) error {
	if key == "" {
		key = l.s.subject
	}
	if !writable(key) {
		return fmt.Errorf("%w: a subject with * or > can be read only", dial.ErrAddress)
	}
	if l.js == nil {
		err := l.nc.Publish(key, body)
		if err == nil {
			err = l.flush(ctx)
		}
		if err == nil {
			return refused(l.nc, "Publish", key)
		}
		return l.failure(ctx, err)
	}
	_, err := l.js.PublishMsg(ctx, &nats.Msg{Subject: key, Data: body}, jetstream.WithMsgID(l.s.ids+strconv.FormatUint(id, 10)),
		jetstream.WithRetryAttempts(0))
	if err != nil {
		if no := refused(l.nc, "Publish", key); no != nil {
			return no // nobody answers
		}
	}
	return l.failure(ctx, err)
}

// refused says that the server does not allow what it was asked for. It says
// so by the way, before it answers what was sent next.
func refused(nc *nats.Conn, what, subject string) error {
	if err := nc.LastError(); err != nil && errors.Is(err, nats.ErrPermissionViolation) && strings.Contains(err.Error(), what+` to "`+subject+`"`) {
		return fmt.Errorf("%w: no permission for the subject", dial.ErrAuth)
	}
	return nil
}

func writable(subject string) bool {
	for i := range len(subject) {
		if (subject[i] == '*' || subject[i] == '>') && (i == 0 || subject[i-1] == '.') {
			return false
		}
	}
	return true
}

// silence is how long the server may take to confirm anything for a caller who
// sets no deadline.
const silence = 30 * time.Second

// flush returns when the server has answered all that was sent.
func (l *link) flush(ctx context.Context) error {
	if _, ok := ctx.Deadline(); !ok {
		ctx = patient{ctx}
	}
	return l.nc.FlushWithContext(ctx)
}

// patient is a ctx for nats.go, which wants a deadline: a server that does not
// answer is noticed by its missing pongs.
type patient struct{ context.Context }

// Deadline says that there is one; nobody waits for it.
func (patient) Deadline() (time.Time, bool) { return time.Time{}, true }

// failure says what err means that ended what waited for the server.
func (l *link) failure(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case l.nc.IsClosed() || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, nats.ErrTimeout):
		return l.loss(err)
	}
	return kind(err)
}

// loss is an error that ended the link, or what the guard refused, which led to it.
func (l *link) loss(err error) error {
	return fmt.Errorf("%w: %w", dial.ErrLost, l.network.guard.Blame(err))
}

func (l *link) Next(ctx context.Context) (broker.Message, error) {
	if l.js == nil {
		return l.inbox.Pop(ctx)
	}
	msgs, err := l.consume(ctx)
	if err != nil {
		return broker.Message{}, err
	}
	for {
		m, err := msgs.Next(jetstream.NextContext(ctx))
		if err != nil {
			if ctx.Err() != nil {
				return broker.Message{}, ctx.Err()
			}
			return broker.Message{}, l.loss(err) // a consumer that was deleted can be made again
		}
		about, err := m.Metadata()
		if err != nil {
			return broker.Message{}, fmt.Errorf("%w: %w", dial.ErrProtocol, err)
		}
		seq := about.Sequence.Stream
		if l.s.sought {
			if seq < l.s.next {
				continue
			}
			l.s.next = seq + 1
			return broker.Message{Body: m.Data(), Key: m.Subject(), Repeated: about.NumDelivered > 1, Place: seq}, nil
		}
		if l.s.recent.has[seq] { // its acknowledgement was cut off, or forgotten
			if err := l.acknowledge(ctx, m); err != nil {
				return broker.Message{}, err
			}
			continue
		}
		l.s.recent.add(seq)
		l.s.next = max(l.s.next, seq+1)
		l.keep(m)
		return broker.Message{Body: m.Data(), Key: m.Subject(), Repeated: about.NumDelivered > 1,
			Place: seq, Ack: func(ctx context.Context) error { return l.acknowledge(ctx, m) }}, nil
	}
}

func (l *link) acknowledge(ctx context.Context, m jetstream.Msg) error {
	err := m.DoubleAck(ctx)
	if errors.Is(err, jetstream.ErrMsgAlreadyAckd) {
		err = nil
	}
	if err == nil {
		l.keep(nil)
	}
	return l.failure(ctx, err)
}

// ackWait is after what time the server gives a message to another reader if
// this one has not said that he is at work.
const ackWait = 30 * time.Second

// keep notes what the reader has; nil: nothing.
func (l *link) keep(m jetstream.Msg) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.held, l.stale = m, false
}

// progress is called from time to time: it tells the server that a message is
// still worked on.
func (l *link) progress() {
	l.mu.Lock()
	held, stale := l.held, l.stale
	l.stale = true
	if !l.over {
		l.work.Reset(ackWait / 3)
	}
	l.mu.Unlock()
	if held != nil && stale {
		held.InProgress()
	}
}

// prefetch is how many messages wait for the reader beside the one he has.
const prefetch = 256

// consume makes the consumer when the first message is asked for: whoever
// only writes takes none away.
func (l *link) consume(ctx context.Context) (jetstream.MessagesContext, error) {
	l.mu.Lock()
	msgs, over := l.msgs, l.over
	l.mu.Unlock()
	if over {
		return nil, dial.ErrLost
	}
	if msgs != nil {
		return msgs, nil
	}
	config := jetstream.ConsumerConfig{Durable: l.s.durable, FilterSubject: l.s.subject, AckPolicy: jetstream.AckExplicitPolicy, AckWait: ackWait}
	if l.s.durable == "" {
		config.DeliverPolicy, config.OptStartSeq = jetstream.DeliverByStartSequencePolicy, l.s.next
	}
	if l.s.sought {
		config.AckPolicy, config.AckWait = jetstream.AckNonePolicy, 0
	}
	consumer, err := l.js.CreateOrUpdateConsumer(ctx, l.s.stream, config)
	if err == nil {
		msgs, err = consumer.Messages(jetstream.PullMaxMessages(prefetch))
	}
	if err != nil {
		return nil, l.failure(ctx, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		msgs.Stop()
		return nil, dial.ErrLost
	}
	l.msgs = msgs
	l.work = time.AfterFunc(ackWait/3, l.progress)
	return msgs, nil
}
