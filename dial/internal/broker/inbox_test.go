package broker

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
)

// Whoever pushes into a full inbox waits, and nothing is lost or out of order.
func TestInboxHoldsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewInbox()
		big := make([]byte, inboxBytes/4)
		const n = 12
		pushed := 0
		done := make(chan struct{})
		go func() {
			defer close(done)
			for i := range n {
				b.Push(Message{Body: big, Number: uint16(i)})
				pushed = i + 1
			}
		}()
		synctest.Wait()
		if pushed != 4 {
			t.Errorf("%d pushed, want 4: there is room for no more", pushed)
		}
		for i := range n {
			m, err := b.Pop(t.Context())
			if err != nil || m.Number != uint16(i) {
				t.Fatalf("message %d, %v; want %d", m.Number, err, i)
			}
		}
		<-done
	})
}

func TestInboxEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewInbox()
		for i := range 4 {
			b.Push(Message{Number: uint16(i)})
		}
		why := errors.New("the end")
		b.Finish(why, func(m Message) bool { return m.Number%2 == 1 })
		b.Push(Message{Number: 5}) // behind the end
		for _, want := range []uint16{1, 3} {
			if m, err := b.Pop(t.Context()); err != nil || m.Number != want {
				t.Errorf("%d, %v; want %d", m.Number, err, want)
			}
		}
		for range 2 {
			if _, err := b.Pop(t.Context()); err != why {
				t.Errorf("%v, want the end", err)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := NewInbox().Pop(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("%v, want Canceled", err)
		}
	})
}
