package amqp_test

import (
	"context"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/depthwire/depthwire/dial/internal/suite"
	"github.com/depthwire/depthwire/internal/backend"
)

func BenchmarkAgainstBare(b *testing.B) {
	server, queue := backend.URL(b, variable), suite.Topic()
	in, out := bareChannel(b, server), bareChannel(b, server)
	if _, err := in.QueueDeclare(queue, true, false, false, false, nil); err != nil {
		b.Fatal(err)
	}
	if err := in.Qos(256, 0, false); err != nil {
		b.Fatal(err)
	}
	deliveries, err := in.Consume(queue, "", false, false, false, false, nil)
	if err != nil {
		b.Fatal(err)
	}
	if err := out.Confirm(false); err != nil {
		b.Fatal(err)
	}
	suite.Compare(b, server+"?queue=dial"+queue, suite.Side{
		Publish: func(ctx context.Context, msg []byte) error {
			c, err := out.PublishWithDeferredConfirmWithContext(ctx, "", queue, true, false, amqp.Publishing{DeliveryMode: amqp.Persistent, Body: msg})
			if err != nil {
				return err
			}
			_, err = c.WaitContext(ctx)
			return err
		},
		Next: func(context.Context) ([]byte, error) {
			d := <-deliveries
			return d.Body, d.Ack(false)
		},
	})
}

func bareChannel(b *testing.B, server string) *amqp.Channel {
	conn, err := amqp.Dial(server)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { conn.Close() })
	channel, err := conn.Channel()
	if err != nil {
		b.Fatal(err)
	}
	return channel
}
