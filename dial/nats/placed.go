package nats

import "fmt"

// Origin implements broker.Placed.
func (l *link) Origin() string {
	if l.js == nil || l.s.durable != "" {
		return ""
	}
	return fmt.Sprintf("nats/%s/%d", l.s.stream, l.s.made.UnixNano())
}

// Seek implements broker.Placed.
func (l *link) Seek(number uint64) { l.s.next, l.s.sought = max(number, 1), true }
