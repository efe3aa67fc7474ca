package broker

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// A Write ends when nothing passes, and only then; its user's own deadline
// comes first.
func TestLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		l := &line{Conn: near}
		done := make(chan error)
		write := func(size int) { go func() { _, err := l.Write(make([]byte, size)); done <- err }() }

		write(20 * atOnce)
		for range 20 { // slow, and never still for the limit
			time.Sleep(WriteLimit - spared - time.Millisecond)
			if _, err := io.ReadFull(far, make([]byte, atOnce)); err != nil {
				t.Fatal(err)
			}
		}
		if err := <-done; err != nil {
			t.Errorf("a slow network: %v", err)
		}

		begun := time.Now()
		l.SetWriteDeadline(begun.Add(time.Second))
		write(1)
		if err := <-done; !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(begun) != time.Second {
			t.Errorf("a deadline of 1s: %v after %v", err, time.Since(begun))
		}
		l.SetWriteDeadline(time.Time{})
		write(1)
		io.ReadFull(far, make([]byte, 1))
		if err := <-done; err != nil {
			t.Errorf("after a deadline: %v", err)
		}

		begun = time.Now()
		write(1)
		if err := <-done; !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(begun) > WriteLimit {
			t.Errorf("a stuck network: %v after %v; want %v at most", err, time.Since(begun), WriteLimit)
		}
		if _, err := near.Write(nil); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("behind it: %v; want it closed", err)
		}
	})
}
