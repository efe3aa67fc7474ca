package nats_test

import (
	"context"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/depthwire/depthwire/dial/internal/suite"
	"github.com/depthwire/depthwire/internal/backend"
)

func BenchmarkAgainstBareCore(b *testing.B) {
	server, subject := backend.URL(b, variable), suite.Topic()
	in, out := bareConn(b, server), bareConn(b, server)
	sub, err := in.SubscribeSync(subject)
	if err != nil {
		b.Fatal(err)
	}
	in.Flush()
	suite.Compare(b, plain(server, "dial."+subject), suite.Side{
		Publish: func(_ context.Context, msg []byte) error {
			if err := out.Publish(subject, msg); err != nil {
				return err
			}
			return out.FlushTimeout(time.Minute)
		},
		Next: func(ctx context.Context) ([]byte, error) {
			m, err := sub.NextMsgWithContext(ctx)
			if err != nil {
				return nil, err
			}
			return m.Data, nil
		},
	})
}

func bareConn(b *testing.B, server string) *nats.Conn {
	nc, err := nats.Connect(server)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(nc.Close)
	return nc
}

func BenchmarkAgainstBareJetStream(b *testing.B) {
	server, subject := backend.URL(b, variable), suite.Topic()
	in, err := jetstream.New(bareConn(b, server))
	if err != nil {
		b.Fatal(err)
	}
	out, err := jetstream.New(bareConn(b, server))
	if err != nil {
		b.Fatal(err)
	}
	stream, err := in.CreateStream(b.Context(), jetstream.StreamConfig{Name: subject, Subjects: []string{subject}})
	if err != nil {
		b.Fatal(err)
	}
	consumer, err := stream.CreateConsumer(b.Context(), jetstream.ConsumerConfig{Durable: "bare", AckPolicy: jetstream.AckExplicitPolicy})
	if err != nil {
		b.Fatal(err)
	}
	msgs, err := consumer.Messages(jetstream.PullMaxMessages(256))
	if err != nil {
		b.Fatal(err)
	}
	defer msgs.Stop()
	var ids atomic.Int64
	suite.Compare(b, stored(server, "dial"+subject), suite.Side{
		Publish: func(ctx context.Context, msg []byte) error {
			_, err := out.Publish(ctx, subject, msg, jetstream.WithMsgID(strconv.FormatInt(ids.Add(1), 10)))
			return err
		},
		Next: func(ctx context.Context) ([]byte, error) {
			m, err := msgs.Next(jetstream.NextContext(ctx))
			if err != nil {
				return nil, err
			}
			return m.Data(), m.DoubleAck(ctx)
		},
	})
}
