package mqtt_test

import (
	"context"
	"testing"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"github.com/depthwire/depthwire/dial/internal/suite"
	"github.com/depthwire/depthwire/internal/backend"
)

func BenchmarkAgainstBareQoS1(b *testing.B) { against(b, 1) }
func BenchmarkAgainstBareQoS2(b *testing.B) { against(b, 2) }

func against(b *testing.B, qos byte) {
	server, topic := backend.URL(b, variable), suite.Topic()
	in, out := bareClient(b, server, topic+"in"), bareClient(b, server, topic+"out")
	arrived := make(chan mqtt.Message, 1<<16)
	t := in.Subscribe(topic, qos, func(_ mqtt.Client, m mqtt.Message) { arrived <- m })
	if t.Wait(); t.Error() != nil {
		b.Fatal(t.Error())
	}
	suite.Compare(b, broker(int(qos)).Address(server, "dial"+topic), suite.Side{
		Publish: func(_ context.Context, msg []byte) error {
			t := out.Publish(topic, qos, false, msg)
			t.Wait()
			return t.Error()
		},
		Next: func(context.Context) ([]byte, error) {
			m := <-arrived
			m.Ack()
			return m.Payload(), nil
		},
	})
}

func bareClient(b *testing.B, server, id string) mqtt.Client {
	c := mqtt.NewClient(mqtt.NewClientOptions().AddBroker(server).SetClientID(id).SetCleanSession(false).SetAutoAckDisabled(true))
	t := c.Connect()
	if t.Wait(); t.Error() != nil {
		b.Fatal(t.Error())
	}
	b.Cleanup(func() { c.Disconnect(100) })
	return c
}
