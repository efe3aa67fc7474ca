package dial

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A silent peer is lost after Options.Silence, counted from the last byte and
// only while a Read waits, under whatever ctx.
func TestSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var peers sync.WaitGroup
		defer peers.Wait()
		o := Options{Framing: Lines, Silence: 5 * time.Second, DialContext: func(context.Context, string, string) (net.Conn, error) {
			client, server := net.Pipe()
			peers.Go(func() {
				defer server.Close()
				for range 3 {
					time.Sleep(4 * time.Second)
					io.WriteString(server, "x\n")
				}
				io.Copy(io.Discard, server) // silent from here on
			})
			return client, nil
		}}
		conn, err := o.Dial(t.Context(), "tcp://peer:1")
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		for range 2 {
			if msg, err := conn.Read(t.Context()); string(msg) != "x" {
				t.Fatalf("%q, %v", msg, err)
			}
		}
		time.Sleep(time.Minute) // busy; the third message waits
		if msg, err := conn.Read(t.Context()); string(msg) != "x" {
			t.Fatalf("after a minute: %q, %v", msg, err)
		}
		begun := time.Now()
		for range 4 { // a ctx that ends first starts nothing anew
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			if _, err := conn.Read(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%v, want DeadlineExceeded", err)
			}
			cancel()
		}
		for range 2 { // for good
			if _, err := conn.Read(t.Context()); !errors.Is(err, ErrTimeout) {
				t.Errorf("%v, want ErrTimeout", err)
			}
		}
		if took := time.Since(begun); took > 6*time.Second {
			t.Errorf("silence was noticed after %v", took)
		}

		again, err := o.Dial(t.Context(), "tcp://peer:1|reconnect=true&silence=3000")
		if err != nil {
			t.Fatal(err)
		}
		defer again.Close()
		begun = time.Now()
		_, err = again.Read(t.Context())
		if took := time.Since(begun); !errors.Is(err, ErrReconnected) || took != 3*time.Second {
			t.Errorf("with reconnect: %v after %v, want ErrReconnected after 3s", err, took)
		}
	})
}
