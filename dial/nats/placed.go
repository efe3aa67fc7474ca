package nats

import (
	"context"
	"fmt"
)

// Origin implements broker.Placed.
func (l *link) Origin() string {
	if l.js == nil || l.s.durable != "" {
		return ""
	}
	return fmt.Sprintf("nats/%s/%d", l.s.stream, l.s.made.UnixNano())
}

// Parts implements broker.Placed.
func (l *link) Parts(context.Context) (int, error) { return 1, nil }

// Seek implements broker.Placed.
func (l *link) Seek(number uint64) { l.s.next, l.s.sought = max(number, 1), true }
