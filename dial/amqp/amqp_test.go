package amqp_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/depthwire/depthwire/dial"
	_ "github.com/depthwire/depthwire/dial/amqp"
	"github.com/depthwire/depthwire/dial/internal/suite"
	"github.com/depthwire/depthwire/internal/backend"
)

const variable = "TEST_AMQP_URL"

func TestBroker(t *testing.T) {
	suite.Broker{
		Name: "amqp", Variable: variable, Kills: 1, Durable: true, Secure: backend.FromStart,
		Address: func(server, topic string) string { return server + "?queue=" + topic },
		Live:    func(server, topic string) string { return server + "?exchange=" + topic + "&key=a.b" },
		Key:     func(string) string { return "a.b" },
	}.Run(t)
}

// A message that no queue takes is not confirmed as if it were kept.
func TestUnroutable(t *testing.T) {
	backend.Leaks(t)
	conn, err := dial.Dial(t.Context(), backend.URL(t, variable)+"?exchange="+suite.Topic()+"&key=x|mode=send")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for range 3 {
		if err := conn.Write(t.Context(), []byte("to nobody")); !errors.Is(err, dial.ErrUnroutable) {
			t.Errorf("write: %v; want ErrUnroutable", err)
		}
	}
}

// What a broker says of names is in no error.
func TestDiscreet(t *testing.T) {
	backend.Leaks(t)
	server, topic := backend.URL(t, variable), suite.Topic()
	made, err := dial.Dial(t.Context(), server+"?exchange=s3cret"+topic+"&type=direct")
	if err != nil {
		t.Fatal(err)
	}
	defer made.Close()
	for _, rest := range []string{"s3cretvhost?queue=q", "?queue=s3cret" + topic + "&declare=false", "?exchange=s3cret" + topic + "&type=fanout"} {
		conn, err := dial.Dial(t.Context(), server+rest+"|mode=recv")
		if err == nil {
			_, err = conn.Read(t.Context())
			conn.Close()
		}
		if !errors.Is(err, dial.ErrUnroutable) || strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "test") {
			t.Errorf("%s: %v; want ErrUnroutable, without a name", rest, err)
		}
	}
}

func Example() {
	ctx := context.Background()
	conn, err := dial.Dial(ctx, "amqp://user:password@localhost:5672/?queue=orders|reconnect=true")
	if err != nil {
		return // no broker
	}
	defer conn.Close()
	conn.Write(ctx, []byte("on disk when Write returns"))
}
