package mqtt_test

import (
	"context"
	"errors"
	"fmt"
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

func expect(t *testing.T, c dial.Conn, want string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if got, err := c.Read(ctx); err != nil || string(got) != want {
		t.Fatalf("read %q, %v; want %q", got, err, want)
	}
}

// The same over a WebSocket.
func TestWebSocket(t *testing.T) {
	backend.Leaks(t)
	address := "mqtt" + backend.URL(t, "TEST_MQTT_WS_URL")[len("ws"):]
	c := open(t, address+"/"+suite.Topic()+"?transport=ws")
	for _, msg := range []string{"one", string(make([]byte, 200_000)), "three"} {
		if err := c.Write(t.Context(), []byte(msg)); err != nil {
			t.Fatal(err)
		}
		expect(t, c, msg)
	}
}

// Wildcards are read; each message has the topic that it came with.
func TestKeys(t *testing.T) {
	backend.Leaks(t)
	topic := suite.Topic()
	c := open(t, backend.URL(t, variable)+"/"+topic+"/%23") // #
	if err := c.Write(t.Context(), []byte("x")); !errors.Is(err, dial.ErrAddress) {
		t.Errorf("write to a wildcard: %v; want ErrAddress", err)
	}
	for _, name := range []string{topic + "/a", topic + "/a/b"} {
		if err := c.(dial.Keyed).WriteKey(t.Context(), name, []byte(name)); err != nil {
			t.Fatal(err)
		}
		expect(t, c, name)
		if got := c.(dial.Keyed).Key(); got != name {
			t.Errorf("key %q, want %q", got, name)
		}
	}
}

// Quality 0 goes through as well, and a retained message waits for who comes
// later.
func TestRetained(t *testing.T) {
	backend.Leaks(t)
	address := backend.URL(t, variable) + "/" + suite.Topic() + "?qos=0&retain=true"
	out := open(t, address+"|mode=send")
	if err := out.Write(t.Context(), []byte("the last price")); err != nil {
		t.Fatal(err)
	}
	expect(t, open(t, address), "the last price")
	out.Write(t.Context(), nil) // takes it away
}

// A Mosquitto that is killed has what it confirmed before it last saved: here
// it does so every two seconds, and shows its clock every ten.
func TestSavedOutlivesKill(t *testing.T) {
	backend.Leaks(t)
	own := backend.Start(t, "mqtt", variable)
	server, topic := own.URL(variable), suite.Topic()
	address := func(qos int) string {
		return fmt.Sprintf("%s/%s%d?qos=%d&client=%s%d", server, topic, qos, qos, topic, qos)
	}
	const n = 300
	for qos := 1; qos <= 2; qos++ {
		open(t, address(qos)+"|mode=recv").Close() // the session is there, and waits
		out := open(t, address(qos)+"|mode=send")
		for i := range n {
			if err := out.Write(t.Context(), []byte(fmt.Sprint(i))); err != nil {
				t.Fatal(err)
			}
		}
	}
	clock := open(t, server+"/$SYS/broker/uptime")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for range 3 { // what it showed last, and two more
		if _, err := clock.Read(ctx); err != nil {
			t.Fatal(err)
		}
	}
	own.Kill()
	own.Start()
	for qos := 1; qos <= 2; qos++ {
		in := open(t, address(qos)+"|mode=recv")
		for i := range n {
			expect(t, in, fmt.Sprint(i))
		}
	}
}

func TestBadAddresses(t *testing.T) {
	for _, rest := range []string{"h", "h/t?qos=3", "h/t?nonsense=1", "h1,h2/t", "h/t?transport=carrier+pigeon"} {
		if _, err := dial.Dial(t.Context(), "mqtt://"+rest); !errors.Is(err, dial.ErrAddress) {
			t.Errorf("%s: %v; want ErrAddress", rest, err)
		}
	}
}
