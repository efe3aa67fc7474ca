package kafka

import (
	"context"
	"errors"

	"github.com/segmentio/kafka-go"

	"github.com/depthwire/depthwire/dial"
)

// PublishMany implements broker.Many. Messages of one key are in order; those of several partitions travel at the same time.
func (l *link) PublishMany(ctx context.Context, _ uint64, messages []dial.Publication) (confirmed int, err error) {
	for confirmed < len(messages) {
		n := min(len(messages)-confirmed, together)
		done, err := l.publishSome(ctx, messages[confirmed:confirmed+n])
		if confirmed += done; err != nil {
			return confirmed, err
		}
	}
	return confirmed, nil
}

// together is how many messages kafka-go is given at once: it makes a request of as many as belong to one partition.
const together = 8192

func (l *link) publishSome(ctx context.Context, messages []dial.Publication) (confirmed int, err error) {
	out := make([]kafka.Message, len(messages))
	for i, m := range messages {
		out[i] = kafka.Message{Value: m.Body, Key: l.s.key}
		if m.Key != "" {
			out[i].Key = []byte(m.Key)
		}
		if len(out[i].Key) == 0 {
			out[i].Key = nil
		}
		if m.ID != "" {
			out[i].Headers = []kafka.Header{{Key: dial.IDHeader, Value: []byte(m.ID)}}
		}
	}
	err = l.writer.WriteMessages(ctx, out...)
	if err == nil {
		return len(messages), nil
	}
	var several kafka.WriteErrors
	if errors.As(err, &several) {
		for confirmed < len(several) && several[confirmed] == nil {
			confirmed++
		}
	}
	if ctx.Err() != nil {
		return confirmed, ctx.Err()
	}
	return confirmed, l.failure(err)
}
