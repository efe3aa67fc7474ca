package dial

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestPipe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := Pipe()
		for i := range pipeDepth {
			write(t, a, fmt.Sprint(i))
		}
		full, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := a.Write(full, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Write to a full pipe = %v; want %v", err, context.DeadlineExceeded)
		}
		write(t, b, "back")
		want(t, a, "back")
		a.Close()
		a.Close()
		if _, err := a.Read(t.Context()); !errors.Is(err, ErrClosed) {
			t.Errorf("Read of the closed end = %v; want %v", err, ErrClosed)
		}
		if err := a.Write(t.Context(), nil); !errors.Is(err, ErrClosed) {
			t.Errorf("Write to the closed end = %v; want %v", err, ErrClosed)
		}
		for i := range pipeDepth {
			if !b.(Batched).Buffered() {
				t.Errorf("Buffered = false before message %d", i)
			}
			want(t, b, fmt.Sprint(i))
		}
		_, err := b.Read(t.Context())
		if e, ok := errors.AsType[*CloseError](err); !ok || e.Code != 1000 {
			t.Errorf("Read after the other end closed = %v; want code 1000", err)
		}
		if err := b.Write(t.Context(), nil); err == nil {
			t.Error("Write after the other end closed: no error")
		}
		if b.(Batched).Buffered() {
			t.Error("Buffered = true at the end")
		}
	})
}

func TestPipeWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := Pipe()
		msg := []byte("mine")
		var all sync.WaitGroup
		all.Go(func() {
			want(t, b, "mine")
			if _, err := b.Read(t.Context()); !errors.Is(err, ErrClosed) {
				t.Errorf("waiting Read = %v; want %v", err, ErrClosed)
			}
		})
		synctest.Wait()
		if err := a.Write(t.Context(), msg); err != nil {
			t.Error(err)
		}
		copy(msg, "xxxx") // the pipe has its own copy
		synctest.Wait()
		b.Close()
		all.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		c, _ := Pipe()
		if _, err := c.Read(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Read = %v; want %v", err, context.DeadlineExceeded)
		}
		if _, err := c.Read(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Read after ctx = %v; want %v", err, context.DeadlineExceeded)
		}
	})
}
