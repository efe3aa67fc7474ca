package kafka

import "fmt"

// Origin implements broker.Placed. Kafka does not say when a topic was made.
func (l *link) Origin() string {
	if l.s.group != "" {
		return ""
	}
	return fmt.Sprintf("kafka/%s/%d", l.s.topic, l.s.partition)
}

// Seek implements broker.Placed.
func (l *link) Seek(number uint64) { l.s.next[l.s.partition] = int64(number) }
