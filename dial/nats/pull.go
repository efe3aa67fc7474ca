package nats

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/depthwire/depthwire/dial"
	"github.com/depthwire/depthwire/dial/internal/broker"
)

func (l *link) Next(ctx context.Context) (broker.Message, error) {
	if l.js == nil {
		return l.inbox.Pop(ctx)
	}
	for {
		msgs, err := l.consume(ctx)
		if err != nil {
			return broker.Message{}, err
		}
		m, err := msgs.Next(jetstream.NextContext(ctx))
		if err != nil {
			if err = l.again(ctx, err); err == nil {
				continue
			}
			return broker.Message{}, err
		}
		l.mute = false
		about, err := m.Metadata()
		if err != nil {
			return broker.Message{}, fmt.Errorf("%w: %w", dial.ErrProtocol, err)
		}
		seq := about.Sequence.Stream
		if l.s.sought {
			if l.count++; about.Sequence.Consumer != l.count {
				return broker.Message{}, fmt.Errorf("%w: message %d of the consumer came as its %d", dial.ErrLost, about.Sequence.Consumer, l.count)
			}
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

// heartbeat is how often the server says that a request for messages still
// waits with it. What it says nothing of for twice as long was lost: servers
// are known to forget requests (github.com/nats-io/nats.go/issues/1622).
const heartbeat = 3 * time.Second

// again says what err means that came instead of a message: nil if another
// request for messages can mend it, which nats.go makes by itself, or another
// consumer.
func (l *link) again(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if !errors.Is(err, jetstream.ErrNoHeartbeat) {
		return fmt.Errorf("%w: %w", dial.ErrLost, err) // a consumer that was deleted can be made again
	}
	asking, cancel := context.WithTimeout(ctx, heartbeat)
	defer cancel()
	info, no := l.from.Info(asking)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(no, jetstream.ErrConsumerNotFound) && l.s.durable == "":
		l.forget()
		return nil
	case no != nil:
		return fmt.Errorf("%w: %w: %w", dial.ErrLost, err, no)
	case l.mute && info.NumPending > 0:
		return fmt.Errorf("%w: %w: the server has %d messages and sends none", dial.ErrLost, err, info.NumPending)
	}
	l.mute = info.NumPending > 0
	return nil
}

func (l *link) acknowledge(ctx context.Context, m jetstream.Msg) error {
	err := m.DoubleAck(ctx)
	switch {
	case errors.Is(err, jetstream.ErrMsgAlreadyAckd):
		err = nil
	case errors.Is(err, nats.ErrNoResponders): // the consumer is gone, and what it had goes to the next one
		return fmt.Errorf("%w: %w", dial.ErrLost, err)
	}
	if err == nil {
		l.keep(nil)
	}
	return l.failure(ctx, err)
}

// ackWait is after what time the server gives a message to another reader if
// this one has not said that he is at work, and forgets a consumer that has no
// name and of whom it hears nothing. Its own bound for the latter, 5 s, is less
// than a reader may need for what he has.
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
		config.DeliverPolicy, config.OptStartSeq, config.InactiveThreshold = jetstream.DeliverByStartSequencePolicy, l.s.next, ackWait
	}
	if l.s.sought {
		config.AckPolicy, config.AckWait = jetstream.AckNonePolicy, 0
	}
	consumer, err := l.js.CreateOrUpdateConsumer(ctx, l.s.stream, config)
	if err == nil {
		msgs, err = consumer.Messages(jetstream.PullMaxMessages(prefetch), jetstream.PullHeartbeat(heartbeat))
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
	l.msgs, l.from = msgs, consumer
	if l.work == nil {
		l.work = time.AfterFunc(ackWait/3, l.progress)
	}
	return msgs, nil
}

// forget leaves a consumer that the server does not know any more: the next one
// begins behind what the reader has had.
func (l *link) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.over {
		l.msgs.Stop()
		l.msgs, l.mute, l.count = nil, false, 0
	}
}
