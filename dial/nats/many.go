package nats

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/depthwire/depthwire/dial"
	"github.com/depthwire/depthwire/dial/internal/broker"
)

// PublishMany implements broker.Many.
func (l *link) PublishMany(ctx context.Context, _ uint64, messages []dial.Publication) (confirmed int, err error) {
	if l.js == nil {
		return l.sendMany(ctx, messages)
	}
	var waiting [broker.InFlight]jetstream.PubAckFuture
	for i := range messages {
		if i-confirmed == len(waiting) {
			if err := l.await(ctx, waiting[confirmed%len(waiting)]); err != nil {
				return confirmed, err
			}
			confirmed++
		}
		if waiting[i%len(waiting)], err = l.begin(&messages[i]); err != nil {
			return confirmed, l.failure(ctx, err)
		}
	}
	for confirmed < len(messages) {
		if err := l.await(ctx, waiting[confirmed%len(waiting)]); err != nil {
			return confirmed, err
		}
		confirmed++
	}
	return confirmed, nil
}

func (l *link) begin(m *dial.Publication) (jetstream.PubAckFuture, error) {
	subject := m.Key
	if subject == "" {
		subject = l.s.subject
	}
	if !writable(subject) {
		return nil, fmt.Errorf("%w: a subject with * or > can be read only", dial.ErrAddress)
	}
	options := []jetstream.PublishOpt{jetstream.WithRetryAttempts(0), jetstream.WithStallWait(silence)}
	if m.ID != "" {
		options = append(options, jetstream.WithMsgID(m.ID))
	}
	return l.js.PublishMsgAsync(&nats.Msg{Subject: subject, Data: m.Body}, options...)
}

func (l *link) await(ctx context.Context, stored jetstream.PubAckFuture) error {
	select {
	case <-stored.Ok():
		return nil
	case err := <-stored.Err():
		if errors.Is(err, jetstream.ErrAsyncPublishTimeout) {
			err = fmt.Errorf("%w: %w", dial.ErrLost, err)
		}
		return l.failure(ctx, err)
	case <-ctx.Done():
		return ctx.Err()
	case <-l.closed:
		return fmt.Errorf("%w: before the stream had confirmed", dial.ErrLost)
	}
}

// sendMany is PublishMany of core NATS, where the server confirms all at once.
func (l *link) sendMany(ctx context.Context, messages []dial.Publication) (int, error) {
	for i := range messages {
		subject := messages[i].Key
		if subject == "" {
			subject = l.s.subject
		}
		if !writable(subject) {
			return 0, fmt.Errorf("%w: a subject with * or > can be read only", dial.ErrAddress)
		}
		if err := l.nc.Publish(subject, messages[i].Body); err != nil {
			return 0, l.failure(ctx, err)
		}
	}
	if err := l.flush(ctx); err != nil {
		return 0, l.failure(ctx, err)
	}
	return len(messages), nil
}
