package broker

import (
	"context"
	"sync"
)

// Inbox holds messages that a client library pushes until they are asked for:
// so many and so many bytes at most, then who pushes waits.
type Inbox struct {
	ready chan struct{} // there may be a message, or the end
	room  chan struct{} // there may be room, or the end

	mu    sync.Mutex
	held  []Message
	head  int
	bytes int
	end   error
}

const (
	inboxMessages = 64 << 10
	inboxBytes    = 64 << 20
)

// NewInbox makes an empty one.
func NewInbox() *Inbox {
	return &Inbox{ready: make(chan struct{}, 1), room: make(chan struct{}, 1)}
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Push adds a message, and waits for room. Behind the end it does nothing.
func (b *Inbox) Push(m Message) {
	for !b.push(m) {
		<-b.room
	}
}

func (b *Inbox) push(m Message) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.end != nil {
		signal(b.room) // for the next who waits
		return true
	}
	if n := len(b.held) - b.head; n > 0 && (n >= inboxMessages || b.bytes+len(m.Body) > inboxBytes) {
		return false
	}
	if b.head > 0 && len(b.held) == cap(b.held) { // what was taken makes room before more is allocated
		b.held = b.held[:copy(b.held, b.held[b.head:])]
		b.head = 0
	}
	b.held = append(b.held, m)
	b.bytes += len(m.Body)
	signal(b.ready)
	return true
}

// Pop takes the oldest message; when there is none and will be none, it says
// why.
func (b *Inbox) Pop(ctx context.Context) (Message, error) {
	for {
		m, ok, err := b.pop()
		if ok || err != nil {
			return m, err
		}
		select {
		case <-b.ready:
		case <-ctx.Done():
			return Message{}, ctx.Err()
		}
	}
}

func (b *Inbox) pop() (Message, bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.head == len(b.held) {
		if b.end != nil {
			signal(b.ready)
		}
		return Message{}, false, b.end
	}
	m := b.held[b.head]
	b.held[b.head] = Message{}
	if b.head++; b.head == len(b.held) {
		b.held, b.head = b.held[:0], 0
	}
	b.bytes -= len(m.Body)
	signal(b.room)
	return m, true, nil
}

// Finish says that nothing more will come, and why. With keep, what is there
// can still be taken; without, it is gone.
func (b *Inbox) Finish(why error, keep func(Message) bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.end != nil {
		return
	}
	b.end = why
	left := b.held[b.head:]
	b.held, b.head, b.bytes = nil, 0, 0
	for _, m := range left {
		if keep(m) {
			b.held = append(b.held, m)
		}
	}
	signal(b.ready)
	signal(b.room)
}
