package kafka

import (
	"context"
	"fmt"

	"github.com/segmentio/kafka-go"

	"github.com/depthwire/depthwire/dial"
)

// Origin implements broker.Placed. Kafka does not say when a topic was made.
func (l *link) Origin() string {
	if l.s.group != "" {
		return ""
	}
	return fmt.Sprintf("kafka/%s/%d", l.s.topic, l.s.partition)
}

// Parts implements broker.Placed.
func (l *link) Parts(ctx context.Context) (int, error) {
	client := &kafka.Client{Addr: kafka.TCP(l.s.Hosts...), Transport: l.transport}
	answer, err := client.Metadata(ctx, &kafka.MetadataRequest{Topics: []string{l.s.topic}})
	if err != nil {
		return 0, kind(err)
	}
	for _, t := range answer.Topics {
		if t.Name == l.s.topic && t.Error == nil {
			return len(t.Partitions), nil
		}
	}
	return 0, fmt.Errorf("%w: topic %s has no partitions", dial.ErrUnroutable, l.s.topic)
}

// Seek implements broker.Placed.
func (l *link) Seek(number uint64) { l.s.next[l.s.partition] = int64(number) }
