package amqp

import (
	"context"
	"fmt"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/depthwire/depthwire/dial"
	"github.com/depthwire/depthwire/dial/internal/broker"
)

// PublishMany implements broker.Many.
func (l *link) PublishMany(ctx context.Context, first uint64, messages []dial.Publication) (confirmed int, err error) {
	var waiting [broker.InFlight]*amqp.DeferredConfirmation
	next := func() error {
		err := l.taken(ctx, waiting[confirmed%len(waiting)], id(first+uint64(confirmed), &messages[confirmed]))
		if err == nil {
			confirmed++
		}
		return err
	}
	for i := range messages {
		if i-confirmed == len(waiting) {
			if err := next(); err != nil {
				return confirmed, err
			}
		}
		if waiting[i%len(waiting)], err = l.post(ctx, first+uint64(i), &messages[i]); err != nil {
			return confirmed, fmt.Errorf("%w: %w", dial.ErrLost, err)
		}
	}
	for confirmed < len(messages) {
		if err := next(); err != nil {
			return confirmed, err
		}
	}
	return confirmed, nil
}

// post hands a message to the library, in the order of calls.
func (l *link) post(ctx context.Context, number uint64, m *dial.Publication) (*amqp.DeferredConfirmation, error) {
	key := m.Key
	if key == "" {
		key = l.s.key
	}
	message := amqp.Publishing{DeliveryMode: amqp.Persistent, MessageId: id(number, m), Body: m.Body}
	l.sending.Lock()
	defer l.sending.Unlock()
	return l.out.PublishWithDeferredConfirmWithContext(ctx, l.s.exchange, key, true, false, message)
}

// taken returns when a queue has the message.
func (l *link) taken(ctx context.Context, confirmation *amqp.DeferredConfirmation, id string) error {
	if err := l.await(ctx, confirmation); err != nil {
		return err
	}
	switch {
	case !confirmation.Acked():
		return l.refusal()
	case l.cameBack(id):
		return fmt.Errorf("%w: no queue is bound for the key", dial.ErrUnroutable)
	}
	return nil
}
