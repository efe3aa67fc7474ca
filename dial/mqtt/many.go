package mqtt

import (
	"context"

	"github.com/depthwire/depthwire/dial"
	"github.com/depthwire/depthwire/dial/internal/broker"
)

// PublishMany implements broker.Many.
func (l *link) PublishMany(ctx context.Context, first uint64, messages []dial.Publication) (confirmed int, err error) {
	var waiting [broker.InFlight]uint16
	begun := 0
	for confirmed < len(messages) && err == nil {
		if begun < len(messages) && begun-confirmed < len(waiting) {
			m := &messages[begun]
			if waiting[begun%len(waiting)], err = l.begin(ctx, m.Key, first+uint64(begun), m.Body); err == nil {
				begun++
			}
			continue
		}
		if l.s.qos > 0 {
			err = l.await(ctx, first+uint64(confirmed), waiting[confirmed%len(waiting)])
		}
		if err == nil {
			confirmed++
		}
	}
	if ctx.Err() == nil { // the link is lost: those that are under way are not to be sent once more
		for i := confirmed; i < begun && err != nil; i++ {
			l.again(first+uint64(i), waiting[i%len(waiting)])
		}
	}
	return confirmed, err
}
