package suite

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/depthwire/depthwire/dial"
	"github.com/depthwire/depthwire/internal/backend"
)

// publishMany: more messages than are under way at once arrive in their order, each once, and one that is refused says so.
func (b Broker) publishMany(t *testing.T) {
	backend.Leaks(t)
	server := backend.URL(t, b.Variable)
	topic, ctx := b.topic(t, server), within(t, time.Minute)
	in := dialled(t, dial.Options{}, b.Live(server, topic))
	out := dialled(t, dial.Options{Mode: dial.Send}, b.Live(server, topic)).(dial.Publisher)
	const n = 5000
	messages := make([]dial.Publication, n)
	for i := range messages {
		messages[i] = dial.Publication{ID: fmt.Sprint(topic, i), Body: fmt.Append(nil, "message ", i)}
	}
	var sending sync.WaitGroup
	defer sending.Wait()
	sending.Go(func() {
		if err := out.Publish(ctx, messages); err != nil {
			t.Errorf("publish: %v", err)
		}
	})
	for i := range messages {
		got, err := in.Read(ctx)
		if err != nil || string(got) != string(messages[i].Body) {
			t.Fatalf("read %q, %v; want %q", got, err, messages[i].Body)
		}
	}
	sending.Wait()
	if err := out.Publish(ctx, nil); err != nil {
		t.Errorf("none: %v", err)
	}
	over, end := context.WithCancel(ctx)
	end()
	if err := out.Publish(over, messages[:1]); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that has ended: %v", err)
	}
	if err := out.Publish(ctx, []dial.Publication{{Body: make([]byte, 17<<20)}}); !errors.Is(err, dial.ErrTooLarge) {
		t.Errorf("17 MiB: %v; want ErrTooLarge", err)
	}
}
