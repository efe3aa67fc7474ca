package nats_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/depthwire/depthwire/dial"
	"github.com/depthwire/depthwire/dial/internal/suite"
	"github.com/depthwire/depthwire/internal/backend"
)

func open(t *testing.T, address string) dial.Conn {
	t.Helper()
	conn, err := dial.Dial(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// Wildcards are read, each message has its subject, and a stream that does not
// take a subject says so.
func TestKeys(t *testing.T) {
	backend.Leaks(t)
	server, topic := backend.URL(t, variable), suite.Topic()
	for _, address := range []string{server + "/core" + topic + ".*", server + "/" + topic + ".*?stream=" + topic} {
		c := open(t, address).(dial.Keyed)
		conn := c.(dial.Conn)
		if err := conn.Write(t.Context(), []byte("x")); !errors.Is(err, dial.ErrAddress) {
			t.Errorf("write to a wildcard: %v; want ErrAddress", err)
		}
		subject := topic + ".btc"
		if address[len(server)+1] == 'c' {
			subject = "core" + subject
		}
		if err := c.WriteKey(t.Context(), subject, []byte("tick")); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if got, err := conn.Read(ctx); err != nil || string(got) != "tick" || c.Key() != subject {
			t.Errorf("read %q of %q, %v; want tick of %s", got, c.Key(), err, subject)
		}
	}
	stored := open(t, server+"/"+topic+".*?stream="+topic)
	if err := stored.(dial.Keyed).WriteKey(t.Context(), "no.stream.takes.this", nil); !errors.Is(err, dial.ErrUnroutable) {
		t.Errorf("a subject of no stream: %v; want ErrUnroutable", err)
	}
	if err := stored.(dial.Keyed).WriteKey(t.Context(), topic+".big", make([]byte, 2<<20)); !errors.Is(err, dial.ErrTooLarge) {
		t.Errorf("2 MiB: %v; want ErrTooLarge", err)
	}
}

// Members of a group share what comes.
func TestGroup(t *testing.T) {
	backend.Leaks(t)
	address := backend.URL(t, variable) + "/" + suite.Topic()
	a, b, out := open(t, address+"?group=g"), open(t, address+"?group=g"), open(t, address+"|mode=send")
	const n = 100
	for range n {
		if err := out.Write(t.Context(), []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	got := 0
	for _, c := range []dial.Conn{a, b} {
		for {
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			_, err := c.Read(ctx)
			cancel()
			if err != nil {
				break
			}
			got++
		}
	}
	if got != n {
		t.Errorf("%d messages, want %d", got, n)
	}
}

func TestBadAddresses(t *testing.T) {
	for _, rest := range []string{"h", "h/t?durable=d", "h/t?stream=S&group=g", "h/t?window=60", "h/t?stream=S&window=-1", "h/t?deliver=never", "u:s3cret@h/t?password=s3cret"} {
		if _, err := dial.Dial(t.Context(), "nats://"+rest); !errors.Is(err, dial.ErrAddress) {
			t.Errorf("%s: %v; want ErrAddress", rest, err)
		}
	}
}
