package mqtt_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/depthwire/depthwire/dial"
	"github.com/depthwire/depthwire/dial/internal/suite"
	_ "github.com/depthwire/depthwire/dial/mqtt"
	"github.com/depthwire/depthwire/internal/backend"
)

const variable = "TEST_MQTT_URL"

func broker(qos int) suite.Broker {
	return suite.Broker{
		// Stopped a second time, Mosquitto 2.0.11 brings back what was complete
		// when it was stopped first: of QoS 2 it is known, of QoS 1 it is another message.
		Name: "mqtt", Variable: variable, Kills: 1, Durable: true, Once: qos == 2, Unanswered: qos == 1, Forgets: true, Secure: backend.FromStart,
		Address: func(server, topic string) string {
			return fmt.Sprintf("%s/%s?qos=%d&client=%s", server, topic, qos, topic)
		},
		Live: func(server, topic string) string { return fmt.Sprintf("%s/%s?qos=%d", server, topic, qos) },
		Key:  func(topic string) string { return topic },
	}
}

func TestQoS1(t *testing.T) { broker(1).Run(t) }

func TestQoS2(t *testing.T) { broker(2).Run(t) }

func Example() {
	ctx := context.Background()
	conn, err := dial.Dial(ctx, "mqtt://user:password@localhost:1883/ticks/btc?qos=2&client=writer|reconnect=true")
	if err != nil {
		return // no broker
	}
	defer conn.Close()
	conn.Write(ctx, []byte("the broker has it when Write returns"))
}
