package amqp

import (
	"context"
	"fmt"
	"strconv"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/depthwire/depthwire/dial"
)

func (l *link) Publish(ctx context.Context, key string, number uint64, body []byte) error {
	m := dial.Publication{Key: key, Body: body}
	confirmation, err := l.post(ctx, number, &m)
	if err != nil {
		return fmt.Errorf("%w: %w", dial.ErrLost, err)
	}
	return l.taken(ctx, confirmation, id(number, &m))
}

// id is what a message is known by: its own, or one that no other message of the connection has.
func id(number uint64, m *dial.Publication) string {
	if m.ID != "" {
		return m.ID
	}
	return strconv.FormatUint(number, 10)
}

// await waits for a confirmation. Messages that come back do so before they
// are confirmed; whoever waits takes them, also those of others.
func (l *link) await(ctx context.Context, confirmation *amqp.DeferredConfirmation) error {
	returns := l.returns
	for {
		select {
		case r, ok := <-returns:
			if !ok {
				returns = nil
				continue
			}
			l.note(r)
		case <-confirmation.Done():
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-l.lost:
			return l.why
		}
	}
}

// returned bounds what came back and was not asked for: its Write has ended.
const returned = 4096

func (l *link) note(r amqp.Return) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.unrouted) >= returned {
		clear(l.unrouted)
	}
	l.unrouted[r.MessageId] = true
}

// refusal is why a message was not confirmed: its channel ended, or the broker
// does not want it.
func (l *link) refusal() error {
	select {
	case e := <-l.outLost:
		if e != nil && e.Code == amqp.NotFound {
			return fmt.Errorf("%w: %w: %w", dial.ErrLost, dial.ErrUnroutable, discreet(e))
		}
		if e == nil {
			return dial.ErrLost
		}
		return fmt.Errorf("%w: %w", dial.ErrLost, discreet(e))
	case <-l.lost:
		return l.why
	default:
		return fmt.Errorf("%w: the broker refused it", dial.ErrUnroutable)
	}
}

// cameBack reports whether the broker returned a message that it has confirmed.
func (l *link) cameBack(id string) bool {
	for {
		select {
		case r, ok := <-l.returns:
			if ok {
				l.note(r)
				continue
			}
		default:
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		back := l.unrouted[id]
		delete(l.unrouted, id)
		return back
	}
}
